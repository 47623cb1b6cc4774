/*
 * Values into the vectors of DuckDB's data chunks from texts: the inverse of text.h, for scalars and for what is nested.
 *
 * Nothing is cast. A text that the type can't hold, or that would come back as another one, is VF_VALUE with the reason in a few words.
 */
#ifndef VF_ENGINE_DUCKDB_PUT_H
#define VF_ENGINE_DUCKDB_PUT_H

#include <stdbool.h>

#include "base/buf.h"
#include "engine/duckdb/logical.h"

/* One place of a vector. */
struct vf_duckdb_slot {
    const struct vf_duckdb_library *lib;
    const struct vf_duckdb_logical *logical;
    duckdb_vector vector;
    void *data; /* of the vector; it moves when a list grows */
    idx_t at;
};

/* A scalar from its neutral text, as vf_duckdb_text() writes it; validity isn't touched. VF_INTERNAL: a type that vf_duckdb_takes_text() doesn't know. */
enum vf_status vf_duckdb_put_text(const struct vf_duckdb_slot *slot, const char *text, size_t size_bytes,
                                  struct vf_error *err) VF_CHECKED;
bool vf_duckdb_takes_text(const struct vf_duckdb_logical *logical);

bool vf_duckdb_is_whole(duckdb_type id); /* TINYINT to HUGEINT, and those without a sign */

/* The parts of it that are no texts where they come from. */
enum vf_status vf_duckdb_put_whole(const struct vf_duckdb_slot *slot, int64_t value, struct vf_error *err) VF_CHECKED;
enum vf_status vf_duckdb_put_date(const struct vf_duckdb_slot *slot, int32_t days, struct vf_error *err) VF_CHECKED;
/* `nanoseconds`: of a microsecond, 0 to 999. */
enum vf_status vf_duckdb_put_moment(const struct vf_duckdb_slot *slot, int64_t timestamp_us, int64_t nanoseconds,
                                    struct vf_error *err) VF_CHECKED;
enum vf_status vf_duckdb_put_interval(const struct vf_duckdb_slot *slot, const void *interval,
                                      struct vf_error *err) VF_CHECKED; /* a struct vf_interval, unaligned */
void vf_duckdb_put_uuid(const struct vf_duckdb_slot *slot, const uint8_t uuid[16]);

/*
 * A LIST, ARRAY, STRUCT, MAP or UNION from the JSON that vf_duckdb_json() writes of it, byte for byte: its members in their order, no blanks, numbers with all their digits. JSON null within is
 * NULL; as the whole value it is VF_VALUE, for a missing value is none. After a failure the place holds NULL.
 */
enum vf_status vf_duckdb_put_json(const struct vf_duckdb_slot *slot, const char *json, size_t size_bytes,
                                  struct vf_buf *scratch, struct vf_error *err) VF_CHECKED;
bool vf_duckdb_is_nested(const struct vf_duckdb_logical *logical);

/* NULL, in all parts of a nested value. */
void vf_duckdb_put_null(const struct vf_duckdb_slot *slot);

#endif

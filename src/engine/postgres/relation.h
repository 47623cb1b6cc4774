/*
 * A table and its columns as the catalogue has them at the time of a scan or a load.
 */
#ifndef VF_ENGINE_POSTGRES_RELATION_H
#define VF_ENGINE_POSTGRES_RELATION_H

#include "engine/postgres/codec.h"
#include "engine/postgres/conn.h"

struct vf_pg_relation {
    struct vf_arena arena; /* everything below */
    const char *schema, *name;
    char relkind;
    uint32_t oid;
    size_t n_fields;
    struct vf_pg_codec *codecs;
    const char **names;
    const char **casts; /* each column's type, as it may stand in a statement */
    size_t n_key;
    size_t *key;
};

/* VF_NOTFOUND: no such table, or no such column in it. Released in any case. */
enum vf_status vf_pg_relation_open(struct vf_pg_conn *conn, const struct vf_relation *wanted,
                                   struct vf_pg_relation *relation, struct vf_error *err) VF_CHECKED;
void vf_pg_relation_release(struct vf_pg_relation *relation);
/* JSON of the key of a row of the batch; "{}" without a key. `row` may be the one that is being built. */
void vf_pg_relation_key(const struct vf_pg_relation *relation, const struct vf_batch *batch, int64_t row,
                        struct vf_buf *out);

#endif

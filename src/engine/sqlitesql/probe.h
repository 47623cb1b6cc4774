/*
 * What was seen of a column's values: counted while the table is read once, and judged afterwards (decide.c).
 */
#ifndef VF_ENGINE_SQLITESQL_PROBE_H
#define VF_ENGINE_SQLITESQL_PROBE_H

#include "engine/engine.h"
#include "engine/sqlitesql/conn.h"
#include "engine/sqlitesql/scan.h"
#include "vector/text.h"

/* What a text may be a writing of. All but JSON and vectors count only in the very writing that this program would write. */
enum vf_text_guess {
    VF_GUESS_BOOL,
    VF_GUESS_DATE,
    VF_GUESS_TIME,
    VF_GUESS_TIMESTAMP,
    VF_GUESS_TIMESTAMPTZ,
    VF_GUESS_OTHER_TIME, /* a date or time in another writing: reading it would change it */
    VF_GUESS_UUID,
    VF_GUESS_DECIMAL,
    VF_GUESS_JSON,     /* an object or array */
    VF_GUESS_JSON_ANY, /* also a scalar */
    VF_GUESS_VECTOR,   /* a JSON array of two or more numbers, and nothing else */
    VF_GUESS_COUNT,
};

/* Units that a whole number may count time since 1970 in, by its size: 1973 to 2103. */
enum vf_epoch_unit {
    VF_EPOCH_SECONDS,
    VF_EPOCH_MILLISECONDS,
    VF_EPOCH_MICROSECONDS,
    VF_EPOCH_COUNT,
};

#define VF_PROBE_DIMS 8

/* How often a size was seen; the sizes beyond the first few are counted together. */
struct vf_size_histogram {
    size_t n_sizes;
    size_t sizes[VF_PROBE_DIMS];
    int64_t counts[VF_PROBE_DIMS];
    int64_t n_other;
};

struct vf_vector_stats {
    struct vf_size_histogram dims; /* of vectors that could be read; for blobs: bytes / 4, where that is whole */
    int64_t n_not_finite, n_zero;
    double min_norm, max_norm;  /* of the others; min > max: none */
    int64_t n_elements, n_wild; /* elements that are no likely part of an embedding */
    struct vf_vector_text_stats text;
    int64_t n_rewritten; /* texts that aren't in the shortest writing of their numbers */
};

struct vf_probe {
    bool is_fixed; /* the type is known: values are only tried against it */
    struct vf_field field;
    struct vf_batch scratch; /* where a value of a fixed column is decoded to */
    bool guesses_text;       /* texts are looked at closely */
    bool guesses_blob;
    int64_t n_null, n_integer, n_real, n_text, n_blob;
    int64_t n_unfit; /* fixed: values that the type can't hold */
    int64_t min_integer, max_integer;
    int64_t n_bit; /* integers 0 and 1 */
    int64_t n_epoch[VF_EPOCH_COUNT];
    int64_t n_small;        /* integers 0 <= n < 10^8, too small to tell a unit */
    int64_t n_real_inexact; /* integers that a double can't hold */
    int64_t n_odd_float;    /* texts that stand for a float: types.h */
    int64_t n_guess[VF_GUESS_COUNT];
    int64_t n_blob_16;
    struct vf_vector_stats vectors;      /* JSON texts, or of a fixed column */
    struct vf_vector_stats blob_vectors; /* blobs as float32 */
    size_t last_dim;                     /* of the last JSON text that was a vector */
    struct vf_buf floats;                /* room for one vector */
};

/* Prepare for a column. `is_fixed`: its type isn't to be decided. Release in any case. */
enum vf_status vf_probe_init(struct vf_probe *probe, const struct vf_column *column, bool is_fixed,
                             struct vf_error *err) VF_CHECKED;
void vf_probe_release(struct vf_probe *probe);
enum vf_status vf_probe_add(struct vf_probe *probe, const struct vf_sqlite_value *value,
                            struct vf_error *err) VF_CHECKED;

/* A vector of the type of a fixed column, of which only the length is known; it is finite and isn't zero. */
void vf_probe_add_length(struct vf_probe *probe, double norm);

/* The parts of it for texts and blobs. */
enum vf_status vf_probe_add_text(struct vf_probe *probe, const char *text, size_t size_bytes,
                                 struct vf_error *err) VF_CHECKED;
enum vf_status vf_probe_add_blob(struct vf_probe *probe, const uint8_t *bytes, size_t size_bytes,
                                 struct vf_error *err) VF_CHECKED;
void vf_probe_add_vector(struct vf_vector_stats *stats, const float *values, size_t dim);

int64_t vf_probe_count(const struct vf_probe *probe); /* values that aren't NULL */
/* The size seen most often, and how often. 0: none. */
size_t vf_histogram_mode(const struct vf_size_histogram *histogram, int64_t *count);

/* Decide type and form of the column, or only judge how the values fit, and write its evidence. `plain`: by how the values are stored, whatever they may be a writing of. Texts in the arena. */
enum vf_status vf_probe_decide(const struct vf_probe *probe, bool plain, struct vf_arena *arena,
                               struct vf_column *column, struct vf_error *err) VF_CHECKED;

#endif

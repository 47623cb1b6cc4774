/*
 * Vector indexes from one builder to another: what each can build, and what becomes of an index that another has built.
 *
 * Both are data. vf_index_builders[] says of each builder which distances and elements it takes, how many dimensions, and which parameters it has; vf_index_rules[] says, for each kind of index
 * and each builder, which parameters carry over and by which rule. vf_index_translate() is the only code over them, so that no engine has an opinion of its own: an engine lists its
 * builders in its limits (engine.h), and adds only what is dialect. docs/indexes.md is printed from these tables.
 */
#ifndef VF_MODEL_VECTOR_INDEX_H
#define VF_MODEL_VECTOR_INDEX_H

#include "model/schema.h"

enum vf_index_builder {
    VF_BUILDER_NONE,             /* the end of a list */
    VF_BUILDER_PGVECTOR_HNSW,    /* PostgreSQL */
    VF_BUILDER_PGVECTOR_IVFFLAT, /* PostgreSQL */
    VF_BUILDER_DUCKDB_HNSW,      /* DuckDB's extension vss, in the file */
    VF_BUILDER_DUCKDB_SESSION,   /* the same in the memory of whoever opens the file */
    VF_BUILDER_LIBSQL_DISKANN,   /* libSQL's libsql_vector_idx */
    VF_BUILDER_USEARCH,          /* a file beside the database */
    VF_BUILDER_VEC0,             /* sqlite-vec: looks at every vector */
    VF_BUILDER_COUNT,
};

enum vf_index_parameter {
    VF_PARAM_M,
    VF_PARAM_EF_CONSTRUCTION,
    VF_PARAM_EF_SEARCH,
    VF_PARAM_LISTS,
    VF_PARAM_NEIGHBOURS,
    VF_PARAM_ALPHA,
    VF_PARAM_COUNT,
};

/* A distance that a builder has. */
struct vf_index_metric {
    enum vf_metric metric; /* METRIC_NONE ends the list */
    const char *native;    /* as the builder calls it */
    const char *returned;  /* the number that a search there gives; the order is always that of the metric */
};

/* Vectors that a builder takes. */
struct vf_index_element {
    enum vf_element element; /* NONE ends the list; F32 with `sparse` is a sparse vector */
    bool sparse;
    uint32_t max_dim;        /* 0: no limit; of a sparse vector, the values that aren't zero */
    enum vf_element cast_to; /* with more dimensions, the column is indexed as this element; NONE: it isn't */
};

struct vf_index_range {
    const char *native; /* as the builder calls it; NULL: it has no such parameter */
    uint32_t fallback;  /* what it takes when nothing is said; 0: it depends, see the note */
    uint32_t min, max;  /* max 0: no limit is known */
};

struct vf_index_builder_info {
    const char *name;    /* "pgvector hnsw" */
    const char *product; /* "pgvector" */
    enum vf_index_kind kind;
    enum vf_index_place place;
    struct vf_index_metric metrics[8];
    struct vf_index_element elements[8];
    struct vf_index_range ranges[VF_PARAM_COUNT];
    uint32_t min_ef_per_m; /* ef_construction is at least so many times m; 0: no such rule */
    bool only_large;   /* isn't built for a table of fewer rows than the plan's threshold, unless the plan names it */
    bool needs_finite; /* with NaN or infinity in it its searches fail: it isn't built over such vectors */
    enum vf_element compress; /* of DISKANN: what copies of neighbours are kept as when nothing is said */
    const char *note;         /* what else is to be known, for the page */
};

/* How a parameter of the builder comes from one of the index. */
enum vf_index_carry {
    VF_CARRY_END,
    VF_CARRY_SAME,
    VF_CARRY_TWICE,
    VF_CARRY_HALF,
    VF_CARRY_ROWS, /* near the square root of the rows, counted when it is built */
};

struct vf_index_carried {
    enum vf_index_carry carry;
    enum vf_index_parameter to, from;
};

struct vf_index_rule {
    enum vf_index_kind from;
    enum vf_index_builder to;
    struct vf_index_carried carried[VF_PARAM_COUNT];
    const char *why; /* what isn't the same, what was chosen, and why; NULL: the same kind of index */
};

extern const struct vf_index_builder_info vf_index_builders[VF_BUILDER_COUNT];
extern const struct vf_index_rule vf_index_rules[]; /* ended by to == VF_BUILDER_NONE */

/* "m", "ef_construction", "ef_search", "lists", "neighbours", "alpha": as the plan file calls them. */
const char *vf_index_parameter_name(enum vf_index_parameter parameter);
uint32_t *vf_index_parameter(struct vf_vector_index *index, enum vf_index_parameter parameter);

/* How much there is to be indexed, and when it is worth it. */
struct vf_index_scale {
    int64_t n_rows;            /* -1: unknown, and then taken for many */
    int64_t min_rows;          /* below it, a builder that is only for large tables builds nothing; 0: no threshold */
    double min_norm, max_norm; /* of the column's vectors; max_norm 0: not measured */
    int64_t n_not_finite;      /* of them, 0 when it wasn't measured */
};

/* What is wanted, and of what. */
struct vf_index_wish {
    enum vf_index_kind kind;
    struct vf_vector_index
        index; /* a parameter that the builder has by its own name goes before the rule; `place` other than ANY is the user's word */
    struct vf_type type; /* of the column in the target */
    struct vf_index_scale scale;
};

struct vf_index_outcome {
    enum vf_index_builder builder; /* NONE: nothing is built, and `why` says why */
    enum vf_index_kind kind;
    struct vf_vector_index
        index; /* what is built: parameters that carry over, within the builder's limits; `place` is the builder's */
    const char *why; /* what differs, or NULL */
};

/*
 * Choose among the target's builders, in their order, NONE ends the list: one of the same kind as is wished and at the same place as the first goes before the others. Texts are in the
 * arena or static. VF_NOMEM alone is an error.
 */
enum vf_status vf_index_translate(const struct vf_index_wish *wish, const enum vf_index_builder *builders,
                                  struct vf_arena *arena, struct vf_index_outcome *outcome,
                                  struct vf_error *err) VF_CHECKED;

/* The parameter as the builder takes it: what the index says, or the builder's own value when it doesn't. */
uint32_t vf_index_parameter_of(enum vf_index_builder builder, const struct vf_vector_index *index,
                               enum vf_index_parameter parameter);
/* The builder's word for the metric, or NULL when it hasn't got it. */
const char *vf_index_metric_native(enum vf_index_builder builder, enum vf_metric metric);

#endif

/* The translation of vector indexes: every row of the table against what is written here by hand, every limit, every exception. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/alloc.h"
#include "model/vector_index.h"

#define H VF_INDEX_HNSW
#define I VF_INDEX_IVFFLAT
#define D VF_INDEX_DISKANN
#define E VF_INDEX_EXACT

static const struct vf_type f32_384 = {.kind = VF_K_VECTOR, .element = VF_E_F32, .dim = 384};

static struct vf_index_wish wish_of(enum vf_index_kind kind)
{
    struct vf_index_wish wish = {.kind = kind, .type = f32_384, .index = {.metric = VF_METRIC_COSINE}};

    switch (kind) {
    case VF_INDEX_HNSW:
        wish.index.m = 24;
        wish.index.ef_construction = 200;
        wish.index.ef_search = 50;
        break;
    case VF_INDEX_IVFFLAT:
        wish.index.lists = 77;
        break;
    case VF_INDEX_DISKANN:
        wish.index.neighbours = 31;
        wish.index.ef_construction = 90;
        wish.index.ef_search = 210;
        wish.index.alpha_milli = 1300;
        wish.index.compress = VF_E_BIT;
        break;
    case VF_INDEX_BTREE:
    case VF_INDEX_HASH:
    case VF_INDEX_EXACT:
    case VF_INDEX_FULLTEXT:
    case VF_INDEX_OTHER:
        break;
    }
    return wish;
}

static struct vf_index_outcome translate(const struct vf_index_wish *wish, struct vf_arena *arena,
                                         enum vf_index_builder first, enum vf_index_builder second)
{
    const enum vf_index_builder builders[] = {first, second, VF_BUILDER_NONE};
    struct vf_index_outcome outcome;

    assert_int_equal(vf_index_translate(wish, builders, arena, &outcome, NULL), VF_OK);
    return outcome;
}

/* What is expected of each kind of index at each builder: m, ef_construction, ef_search, lists, neighbours, alpha, compress; a word of the remark. */
static const struct {
    enum vf_index_kind from;
    enum vf_index_builder to;
    enum vf_index_kind kind;
    uint32_t m, ef_construction, ef_search, lists, neighbours, alpha;
    enum vf_element compress;
    const char *why;
} expected[] = {
    {H, VF_BUILDER_PGVECTOR_HNSW, H, 24, 200, 50, 0, 0, 0, VF_E_NONE, NULL},
    {H, VF_BUILDER_PGVECTOR_IVFFLAT, I, 0, 0, 0, 0, 0, 0, VF_E_NONE, "mean nothing"},
    {H, VF_BUILDER_DUCKDB_HNSW, H, 24, 200, 50, 0, 0, 0, VF_E_NONE, NULL},
    {H, VF_BUILDER_DUCKDB_SESSION, H, 24, 200, 50, 0, 0, 0, VF_E_NONE, NULL},
    {H, VF_BUILDER_LIBSQL_DISKANN, D, 0, 200, 50, 0, 48, 0, VF_E_I8, "2 x m"},
    {H, VF_BUILDER_USEARCH, H, 24, 200, 50, 0, 0, 0, VF_E_NONE, NULL},
    {H, VF_BUILDER_VEC0, E, 0, 0, 0, 0, 0, 0, VF_E_NONE, "exact"},
    {I, VF_BUILDER_PGVECTOR_HNSW, H, 0, 0, 0, 0, 0, 0, VF_E_NONE, "instead of IVFFlat"},
    {I, VF_BUILDER_PGVECTOR_IVFFLAT, I, 0, 0, 0, 77, 0, 0, VF_E_NONE, NULL},
    {I, VF_BUILDER_DUCKDB_HNSW, H, 0, 0, 0, 0, 0, 0, VF_E_NONE, "instead of IVFFlat"},
    {I, VF_BUILDER_DUCKDB_SESSION, H, 0, 0, 0, 0, 0, 0, VF_E_NONE, "instead of IVFFlat"},
    {I, VF_BUILDER_LIBSQL_DISKANN, D, 0, 0, 0, 0, 0, 0, VF_E_I8, "instead of IVFFlat"},
    {I, VF_BUILDER_USEARCH, H, 0, 0, 0, 0, 0, 0, VF_E_NONE, "instead of IVFFlat"},
    {I, VF_BUILDER_VEC0, E, 0, 0, 0, 0, 0, 0, VF_E_NONE, "exact"},
    {D, VF_BUILDER_PGVECTOR_HNSW, H, 16, 90, 210, 0, 0, 0, VF_E_NONE, "instead of DiskANN"},
    {D, VF_BUILDER_PGVECTOR_IVFFLAT, I, 0, 0, 0, 0, 0, 0, VF_E_NONE, "mean nothing"},
    {D, VF_BUILDER_DUCKDB_HNSW, H, 16, 90, 210, 0, 0, 0, VF_E_NONE, "instead of DiskANN"},
    {D, VF_BUILDER_DUCKDB_SESSION, H, 16, 90, 210, 0, 0, 0, VF_E_NONE, "instead of DiskANN"},
    {D, VF_BUILDER_LIBSQL_DISKANN, D, 0, 90, 210, 0, 31, 1300, VF_E_BIT, NULL},
    {D, VF_BUILDER_USEARCH, H, 16, 90, 210, 0, 0, 0, VF_E_NONE, "instead of DiskANN"},
    {D, VF_BUILDER_VEC0, E, 0, 0, 0, 0, 0, 0, VF_E_NONE, "exact"},
    {E, VF_BUILDER_PGVECTOR_HNSW, H, 0, 0, 0, 0, 0, 0, VF_E_NONE, "was exact"},
    {E, VF_BUILDER_PGVECTOR_IVFFLAT, I, 0, 0, 0, 0, 0, 0, VF_E_NONE, "was exact"},
    {E, VF_BUILDER_DUCKDB_HNSW, H, 0, 0, 0, 0, 0, 0, VF_E_NONE, "was exact"},
    {E, VF_BUILDER_DUCKDB_SESSION, H, 0, 0, 0, 0, 0, 0, VF_E_NONE, "was exact"},
    {E, VF_BUILDER_LIBSQL_DISKANN, D, 0, 0, 0, 0, 0, 0, VF_E_I8, "was exact"},
    {E, VF_BUILDER_USEARCH, H, 0, 0, 0, 0, 0, 0, VF_E_NONE, "was exact"},
    {E, VF_BUILDER_VEC0, E, 0, 0, 0, 0, 0, 0, VF_E_NONE, NULL},
};

#define N_EXPECTED (sizeof(expected) / sizeof(expected[0]))

static void test_every_rule(void **state)
{
    struct vf_arena arena = {0};
    size_t n_rules = 0;
    (void)state;
    for (const struct vf_index_rule *rule = vf_index_rules; rule->to != VF_BUILDER_NONE; rule++) {
        size_t i = 0;
        while (i < N_EXPECTED && (expected[i].from != rule->from || expected[i].to != rule->to))
            i++;
        assert_true(i < N_EXPECTED);
        struct vf_index_wish wish = wish_of(rule->from);
        struct vf_index_outcome made = translate(&wish, &arena, rule->to, VF_BUILDER_NONE);
        assert_int_equal(made.builder, rule->to);
        assert_int_equal(made.kind, expected[i].kind);
        assert_int_equal(made.index.metric, VF_METRIC_COSINE);
        assert_int_equal(made.index.m, expected[i].m);
        assert_int_equal(made.index.ef_construction, expected[i].ef_construction);
        assert_int_equal(made.index.ef_search, expected[i].ef_search);
        assert_int_equal(made.index.lists, expected[i].lists);
        assert_int_equal(made.index.neighbours, expected[i].neighbours);
        assert_int_equal(made.index.alpha_milli, expected[i].alpha);
        assert_int_equal(made.index.compress, expected[i].compress);
        assert_int_equal(made.index.place, rule->to == VF_BUILDER_USEARCH          ? VF_PLACE_SIDECAR
                                           : rule->to == VF_BUILDER_DUCKDB_SESSION ? VF_PLACE_SESSION
                                                                                   : VF_PLACE_DATABASE);
        if (expected[i].why == NULL)
            assert_null(made.why);
        else
            assert_non_null(strstr(made.why, expected[i].why));
        n_rules++;
    }
    assert_int_equal(n_rules, N_EXPECTED);
    vf_arena_release(&arena);
}

/* Which distances each builder has, for f32 and for bits; every pair that isn't here is refused. */
static void test_metrics(void **state)
{
    static const struct {
        enum vf_index_builder builder;
        const char *f32, *bits;
    } has[] = {
        {VF_BUILDER_PGVECTOR_HNSW, "l2 l2sq cosine ip l1", "hamming jaccard"},
        {VF_BUILDER_PGVECTOR_IVFFLAT, "l2 l2sq cosine ip", "hamming"},
        {VF_BUILDER_DUCKDB_HNSW, "l2 l2sq cosine ip", ""},
        {VF_BUILDER_DUCKDB_SESSION, "l2 l2sq cosine ip", ""},
        {VF_BUILDER_LIBSQL_DISKANN, "l2 l2sq cosine", "hamming"},
        {VF_BUILDER_USEARCH, "l2 l2sq cosine ip", "hamming jaccard"},
        {VF_BUILDER_VEC0, "l2 l2sq cosine l1", "hamming"},
    };
    struct vf_arena arena = {0};
    (void)state;
    assert_int_equal(sizeof(has) / sizeof(has[0]), VF_BUILDER_COUNT - 1);
    for (size_t i = 0; i < sizeof(has) / sizeof(has[0]); i++) {
        for (int bits = 0; bits < 2; bits++) {
            for (enum vf_metric metric = VF_METRIC_NONE; metric <= VF_METRIC_JACCARD; metric++) {
                char word[32] = " ", words[64] = " ";
                struct vf_index_wish wish = {.kind = H, .type = f32_384, .index = {.metric = metric}};
                wish.type.element = bits ? VF_E_BIT : VF_E_F32;
                strncat(strncat(word, vf_metric_name(metric), 20), " ", 2);
                strncat(strncat(words, bits ? has[i].bits : has[i].f32, 50), " ", 2);
                struct vf_index_outcome made = translate(&wish, &arena, has[i].builder, VF_BUILDER_NONE);
                bool wanted = strstr(words, word) != NULL;
                if ((made.builder != VF_BUILDER_NONE) != wanted)
                    fail_msg("%s %s %s", vf_index_builders[has[i].builder].name, word, bits ? "bits" : "f32");
                if (!wanted)
                    assert_non_null(strstr(made.why, "distance"));
            }
        }
    }
    vf_arena_release(&arena);
}

static void test_inner_product_of_unit_vectors(void **state)
{
    struct vf_arena arena = {0};
    struct vf_index_wish wish = {.kind = H, .type = f32_384, .index = {.metric = VF_METRIC_IP}};
    (void)state;
    wish.scale.min_norm = 0.9995;
    wish.scale.max_norm = 1.0005;
    struct vf_index_outcome made = translate(&wish, &arena, VF_BUILDER_LIBSQL_DISKANN, VF_BUILDER_NONE);
    assert_int_equal(made.index.metric, VF_METRIC_COSINE);
    assert_non_null(strstr(made.why, "all vectors have length 1"));
    made = translate(&wish, &arena, VF_BUILDER_USEARCH, VF_BUILDER_NONE); /* has it: nothing to replace */
    assert_int_equal(made.index.metric, VF_METRIC_IP);
    assert_null(made.why);
    wish.scale.min_norm = 0.99;
    made = translate(&wish, &arena, VF_BUILDER_LIBSQL_DISKANN, VF_BUILDER_NONE);
    assert_int_equal(made.builder, VF_BUILDER_NONE);
    assert_non_null(strstr(made.why, "(ip)"));
    vf_arena_release(&arena);
}

static void test_dimensions(void **state)
{
    static const struct {
        enum vf_index_builder builder;
        enum vf_kind kind;
        enum vf_element element;
        uint32_t dim;
        bool built;
        enum vf_element cast;
        const char *why;
    } cases[] = {
        {VF_BUILDER_PGVECTOR_HNSW, VF_K_VECTOR, VF_E_F32, 2000, true, VF_E_NONE, NULL},
        {VF_BUILDER_PGVECTOR_HNSW, VF_K_VECTOR, VF_E_F32, 2001, true, VF_E_F16, NULL},
        {VF_BUILDER_PGVECTOR_HNSW, VF_K_VECTOR, VF_E_F32, 4000, true, VF_E_F16, NULL},
        {VF_BUILDER_PGVECTOR_HNSW, VF_K_VECTOR, VF_E_F32, 4001, false, VF_E_NONE,
         "2000 dimensions of f32 vectors, and 4000"},
        {VF_BUILDER_PGVECTOR_HNSW, VF_K_VECTOR, VF_E_F16, 4000, true, VF_E_NONE, NULL},
        {VF_BUILDER_PGVECTOR_HNSW, VF_K_VECTOR, VF_E_F16, 4001, false, VF_E_NONE, "4000 dimensions of f16"},
        {VF_BUILDER_PGVECTOR_HNSW, VF_K_VECTOR, VF_E_F32, 0, false, VF_E_NONE, "is known"},
        {VF_BUILDER_PGVECTOR_HNSW, VF_K_VECTOR, VF_E_F64, 3, false, VF_E_NONE, "of f64 vectors"},
        {VF_BUILDER_PGVECTOR_HNSW, VF_K_SPARSE, VF_E_NONE, 30000, true, VF_E_NONE, NULL},
        {VF_BUILDER_PGVECTOR_HNSW, VF_K_BLOB, VF_E_NONE, 0, false, VF_E_NONE, "doesn't hold vectors"},
        {VF_BUILDER_PGVECTOR_IVFFLAT, VF_K_SPARSE, VF_E_NONE, 30000, false, VF_E_NONE, "sparse"},
        {VF_BUILDER_PGVECTOR_IVFFLAT, VF_K_VECTOR, VF_E_F32, 3072, true, VF_E_F16, NULL},
        {VF_BUILDER_DUCKDB_HNSW, VF_K_VECTOR, VF_E_F32, 100000, true, VF_E_NONE, NULL},
        {VF_BUILDER_DUCKDB_HNSW, VF_K_VECTOR, VF_E_F16, 8, false, VF_E_NONE, "of f16 vectors"},
        {VF_BUILDER_LIBSQL_DISKANN, VF_K_VECTOR, VF_E_F32, 65536, true, VF_E_NONE, NULL},
        {VF_BUILDER_LIBSQL_DISKANN, VF_K_VECTOR, VF_E_F32, 65537, false, VF_E_NONE, "65536"},
        {VF_BUILDER_USEARCH, VF_K_VECTOR, VF_E_I8, 1000000, true, VF_E_NONE, NULL},
        {VF_BUILDER_VEC0, VF_K_VECTOR, VF_E_F32, 8193, false, VF_E_NONE, "8192"},
    };
    struct vf_arena arena = {0};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct vf_index_wish wish = {.kind = H,
                                     .type = {.kind = cases[i].kind, .element = cases[i].element, .dim = cases[i].dim},
                                     .index = {.metric = VF_METRIC_COSINE}};
        struct vf_index_outcome made = translate(&wish, &arena, cases[i].builder, VF_BUILDER_NONE);
        if ((made.builder != VF_BUILDER_NONE) != cases[i].built)
            fail_msg("%zu: %s", i, made.why != NULL ? made.why : "built");
        if (!cases[i].built && strstr(made.why, cases[i].why) == NULL)
            fail_msg("%zu: %s", i, made.why);
        if (cases[i].built)
            assert_int_equal(made.index.element, cases[i].cast);
    }
    vf_arena_release(&arena);
}

static void test_casts(void **state)
{
    struct vf_arena arena = {0};
    struct vf_index_wish wish = wish_of(H);
    (void)state;
    wish.index.element = VF_E_F16; /* an index on the column as halfvec */
    assert_int_equal(translate(&wish, &arena, VF_BUILDER_PGVECTOR_HNSW, VF_BUILDER_NONE).index.element, VF_E_F16);
    assert_int_equal(translate(&wish, &arena, VF_BUILDER_USEARCH, VF_BUILDER_NONE).index.element, VF_E_F16);
    struct vf_index_outcome made = translate(&wish, &arena, VF_BUILDER_DUCKDB_HNSW, VF_BUILDER_NONE);
    assert_int_equal(made.builder, VF_BUILDER_DUCKDB_HNSW); /* takes no halves, and the column as it is */
    assert_int_equal(made.index.element, VF_E_NONE);
    wish.scale.max_norm = 70000;
    made = translate(&wish, &arena, VF_BUILDER_PGVECTOR_HNSW, VF_BUILDER_NONE);
    assert_non_null(strstr(made.why, "65504"));
    vf_arena_release(&arena);
}

static void test_ranges(void **state)
{
    struct vf_arena arena = {0};
    struct vf_index_wish wish = wish_of(H);
    (void)state;
    wish.index.m = 300;
    wish.index.ef_construction = 2000;
    struct vf_index_outcome made = translate(&wish, &arena, VF_BUILDER_PGVECTOR_HNSW, VF_BUILDER_NONE);
    assert_int_equal(made.index.m, 100);
    assert_int_equal(made.index.ef_construction, 1000);
    assert_non_null(strstr(made.why, "m is 100 instead of 300, the most that pgvector takes"));
    assert_non_null(strstr(made.why, "ef_construction is 1000 instead of 2000"));
    wish.index.m = 1;
    made = translate(&wish, &arena, VF_BUILDER_PGVECTOR_HNSW, VF_BUILDER_NONE);
    assert_int_equal(made.index.m, 2);
    assert_non_null(strstr(made.why, "the least"));
    wish.index.m = 24; /* ef_construction >= 2 m */
    wish.index.ef_construction = 40;
    made = translate(&wish, &arena, VF_BUILDER_PGVECTOR_HNSW, VF_BUILDER_NONE);
    assert_int_equal(made.index.ef_construction, 48);
    assert_non_null(strstr(made.why, "at least 2 x m"));
    wish.index.m = 0; /* by the default of 16 */
    wish.index.ef_construction = 20;
    assert_int_equal(translate(&wish, &arena, VF_BUILDER_PGVECTOR_HNSW, VF_BUILDER_NONE).index.ef_construction, 32);
    wish.index.m = 40; /* and the default of 64 is too little for it */
    wish.index.ef_construction = 0;
    assert_int_equal(translate(&wish, &arena, VF_BUILDER_PGVECTOR_HNSW, VF_BUILDER_NONE).index.ef_construction, 80);
    wish.index.m = 4294967295; /* neighbours = 2 m doesn't run over */
    assert_int_equal(translate(&wish, &arena, VF_BUILDER_LIBSQL_DISKANN, VF_BUILDER_NONE).index.neighbours, UINT32_MAX);
    vf_arena_release(&arena);
}

/* What the plan says under the builder's own name goes before the rule. */
static void test_own_word(void **state)
{
    struct vf_arena arena = {0};
    struct vf_index_wish wish = wish_of(H);
    (void)state;
    wish.index.neighbours = 20;
    wish.index.compress = VF_E_F16;
    struct vf_index_outcome made = translate(&wish, &arena, VF_BUILDER_LIBSQL_DISKANN, VF_BUILDER_NONE);
    assert_int_equal(made.index.neighbours, 20);
    assert_int_equal(made.index.compress, VF_E_F16);
    assert_int_equal(made.index.m, 0);
    made = translate(&wish, &arena, VF_BUILDER_USEARCH, VF_BUILDER_NONE);
    assert_int_equal(made.index.neighbours, 0);
    assert_int_equal(made.index.compress, VF_E_NONE);
    vf_arena_release(&arena);
}

static void test_choice(void **state)
{
    struct vf_arena arena = {0};
    struct vf_index_wish wish = wish_of(I);
    (void)state;
    /* PostgreSQL: the same kind, else the first. */
    assert_int_equal(translate(&wish, &arena, VF_BUILDER_PGVECTOR_HNSW, VF_BUILDER_PGVECTOR_IVFFLAT).kind, I);
    wish.index.metric = VF_METRIC_L1;
    struct vf_index_outcome made = translate(&wish, &arena, VF_BUILDER_PGVECTOR_HNSW, VF_BUILDER_PGVECTOR_IVFFLAT);
    assert_int_equal(made.kind, H);
    assert_non_null(strstr(made.why, "instead of IVFFlat"));
    /* libSQL: its own graph before a sidecar of the source's kind; DuckDB: the sidecar, and its own by the user's word. */
    wish = wish_of(H);
    wish.index.file = "x.usearch";
    made = translate(&wish, &arena, VF_BUILDER_LIBSQL_DISKANN, VF_BUILDER_USEARCH);
    assert_int_equal(made.builder, VF_BUILDER_LIBSQL_DISKANN);
    assert_null(made.index.file);
    made = translate(&wish, &arena, VF_BUILDER_USEARCH, VF_BUILDER_DUCKDB_HNSW);
    assert_int_equal(made.builder, VF_BUILDER_USEARCH);
    assert_string_equal(made.index.file, "x.usearch");
    wish.index.place = VF_PLACE_DATABASE;
    assert_int_equal(translate(&wish, &arena, VF_BUILDER_USEARCH, VF_BUILDER_DUCKDB_HNSW).builder,
                     VF_BUILDER_DUCKDB_HNSW);
    wish.index.place = VF_PLACE_SESSION;
    made = translate(&wish, &arena, VF_BUILDER_DUCKDB_HNSW, VF_BUILDER_DUCKDB_SESSION);
    assert_int_equal(made.builder, VF_BUILDER_DUCKDB_SESSION);
    assert_string_equal(made.index.file, "x.usearch"); /* the plan's word for the script's file */
    made = translate(&wish, &arena, VF_BUILDER_USEARCH, VF_BUILDER_NONE);
    assert_int_equal(made.builder, VF_BUILDER_NONE);
    assert_non_null(strstr(made.why, "no index that a session builds"));
    wish.index.place = VF_PLACE_SIDECAR;
    made = translate(&wish, &arena, VF_BUILDER_PGVECTOR_HNSW, VF_BUILDER_PGVECTOR_IVFFLAT);
    assert_int_equal(made.builder, VF_BUILDER_NONE);
    assert_non_null(strstr(made.why, "beside a database file"));
    made = translate(&wish, &arena, VF_BUILDER_NONE, VF_BUILDER_NONE);
    assert_int_equal(made.builder, VF_BUILDER_NONE);
    /* The reason is that of the builder that was wanted most. */
    wish = wish_of(H);
    wish.type.dim = 4001;
    made = translate(&wish, &arena, VF_BUILDER_PGVECTOR_HNSW, VF_BUILDER_VEC0);
    assert_int_equal(made.builder, VF_BUILDER_VEC0);
    wish.type.dim = 9000;
    made = translate(&wish, &arena, VF_BUILDER_PGVECTOR_HNSW, VF_BUILDER_VEC0);
    assert_non_null(strstr(made.why, "2000"));
    vf_arena_release(&arena);
}

static void test_threshold(void **state)
{
    struct vf_arena arena = {0};
    struct vf_index_wish wish = wish_of(H);
    (void)state;
    wish.scale.min_rows = 1000;
    wish.scale.n_rows = 999;
    struct vf_index_outcome made = translate(&wish, &arena, VF_BUILDER_USEARCH, VF_BUILDER_DUCKDB_HNSW);
    assert_int_equal(made.builder, VF_BUILDER_NONE);
    assert_non_null(strstr(made.why, "fewer than 1000 rows"));
    assert_int_equal(translate(&wish, &arena, VF_BUILDER_LIBSQL_DISKANN, VF_BUILDER_NONE).builder, VF_BUILDER_NONE);
    assert_int_equal(translate(&wish, &arena, VF_BUILDER_PGVECTOR_HNSW, VF_BUILDER_NONE).builder,
                     VF_BUILDER_PGVECTOR_HNSW);
    wish.scale.n_rows = 1000;
    assert_int_equal(translate(&wish, &arena, VF_BUILDER_USEARCH, VF_BUILDER_NONE).builder, VF_BUILDER_USEARCH);
    wish.scale.n_rows = -1; /* unknown */
    assert_int_equal(translate(&wish, &arena, VF_BUILDER_USEARCH, VF_BUILDER_NONE).builder, VF_BUILDER_USEARCH);
    wish.scale.n_rows = 3; /* the user wants it */
    wish.index.place = VF_PLACE_SIDECAR;
    assert_int_equal(translate(&wish, &arena, VF_BUILDER_USEARCH, VF_BUILDER_NONE).builder, VF_BUILDER_USEARCH);
    vf_arena_release(&arena);
}

/* The table itself: what is filled in wrong would be found in the database only. */
static void test_table(void **state)
{
    (void)state;
    for (enum vf_index_builder b = VF_BUILDER_NONE + 1; b < VF_BUILDER_COUNT; b++) {
        const struct vf_index_builder_info *info = &vf_index_builders[b];
        assert_non_null(info->name);
        assert_non_null(info->product);
        assert_non_null(info->note);
        assert_int_not_equal(info->place, VF_PLACE_ANY);
        for (const struct vf_index_element *row = info->elements; row->element != VF_E_NONE; row++)
            assert_true(row->cast_to == VF_E_NONE || row->max_dim > 0);
        for (enum vf_index_parameter p = 0; p < VF_PARAM_COUNT; p++) {
            const struct vf_index_range *range = &info->ranges[p];
            assert_true(range->native != NULL || (range->fallback | range->min | range->max) == 0);
            assert_true(range->max == 0 || range->fallback <= range->max);
            assert_true(range->fallback == 0 || range->fallback >= range->min);
        }
        /* The defaults must be taken as they are. */
        struct vf_vector_index nothing = {0};
        assert_true(vf_index_parameter_of(b, &nothing, VF_PARAM_EF_CONSTRUCTION) >=
                    info->min_ef_per_m * vf_index_parameter_of(b, &nothing, VF_PARAM_M));
    }
    struct vf_vector_index index = {0};
    for (enum vf_index_parameter p = 0; p < VF_PARAM_COUNT; p++)
        *vf_index_parameter(&index, p) = p + 1;
    for (enum vf_index_parameter p = 0; p < VF_PARAM_COUNT; p++) /* each has a place of its own */
        assert_int_equal(*vf_index_parameter(&index, p), p + 1);
    assert_string_equal(vf_index_parameter_name(VF_PARAM_COUNT), "unknown");
}

static void test_kinds(void **state)
{
    enum vf_index_kind read;
    (void)state;
    for (enum vf_index_kind kind = VF_INDEX_BTREE; kind <= VF_INDEX_OTHER; kind++) {
        assert_true(vf_index_kind_parse(vf_index_kind_name(kind), &read));
        assert_int_equal(read, kind);
        assert_int_equal(vf_index_is_vector(kind), kind >= VF_INDEX_HNSW && kind <= VF_INDEX_EXACT);
    }
    assert_false(vf_index_kind_parse("gin", &read));
}

static void test_no_memory(void **state)
{
    const enum vf_index_builder builders[] = {VF_BUILDER_DUCKDB_HNSW, VF_BUILDER_PGVECTOR_HNSW, VF_BUILDER_NONE};
    struct vf_index_wish wish = wish_of(I);
    struct vf_index_outcome made;
    enum vf_status status = VF_NOMEM;
    (void)state;
    wish.index.metric = VF_METRIC_L1;
    for (int64_t at = 0; status != VF_OK; at++) {
        struct vf_arena arena = {0};
        assert_true(at < 100);
        vf_alloc_fail_at(at, false);
        status = vf_index_translate(&wish, builders, &arena, &made, NULL);
        vf_alloc_fail_at(-1, false);
        if (status != VF_OK)
            assert_int_equal(status, VF_NOMEM);
        else
            assert_non_null(made.why);
        vf_arena_release(&arena);
    }
    assert_int_equal(made.builder, VF_BUILDER_PGVECTOR_HNSW);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_rule),
        cmocka_unit_test(test_metrics),
        cmocka_unit_test(test_inner_product_of_unit_vectors),
        cmocka_unit_test(test_dimensions),
        cmocka_unit_test(test_casts),
        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_own_word),
        cmocka_unit_test(test_choice),
        cmocka_unit_test(test_threshold),
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_no_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "model/vector_index.h"

/* clang-format off: tables */

const struct vf_index_builder_info vf_index_builders[VF_BUILDER_COUNT] =
    {
        [VF_BUILDER_PGVECTOR_HNSW] =
            {
                .name = "pgvector hnsw",
                .product = "pgvector",
                .kind = VF_INDEX_HNSW,
                .place = VF_PLACE_DATABASE,
                .metrics = {{VF_METRIC_L2, "l2_ops", "l2"},
                            {VF_METRIC_L2_SQUARED, "l2_ops", "l2, the square root of it"},
                            {VF_METRIC_COSINE, "cosine_ops", "cosine; a zero vector isn't in the index"},
                            {VF_METRIC_IP, "ip_ops", "ip"},
                            {VF_METRIC_L1, "l1_ops", "l1"},
                            {VF_METRIC_HAMMING, "hamming_ops", "hamming"},
                            {VF_METRIC_JACCARD, "jaccard_ops", "jaccard"}},
                .elements = {{VF_E_F32, false, 2000, VF_E_F16},
                             {VF_E_F16, false, 4000, VF_E_NONE},
                             {VF_E_BIT, false, 64000, VF_E_NONE},
                             {VF_E_F32, true, 1000, VF_E_NONE}},
                .ranges = {[VF_PARAM_M] = {"m", 16, 2, 100},
                           [VF_PARAM_EF_CONSTRUCTION] = {"ef_construction", 64, 4, 1000},
                           [VF_PARAM_EF_SEARCH] = {"hnsw.ef_search", 40, 1, 1000}},
                .min_ef_per_m = 2,
                .note = "ef_search is a setting of the session, not of the index. With more than 2000 dimensions the "
                        "index is on the column cast to halfvec, and only queries with that cast use it.",
            },
        [VF_BUILDER_PGVECTOR_IVFFLAT] =
            {
                .name = "pgvector ivfflat",
                .product = "pgvector",
                .kind = VF_INDEX_IVFFLAT,
                .place = VF_PLACE_DATABASE,
                .metrics = {{VF_METRIC_L2, "l2_ops", "l2"},
                            {VF_METRIC_L2_SQUARED, "l2_ops", "l2, the square root of it"},
                            {VF_METRIC_COSINE, "cosine_ops", "cosine; a zero vector isn't in the index"},
                            {VF_METRIC_IP, "ip_ops", "ip"},
                            {VF_METRIC_HAMMING, "hamming_ops", "hamming"}},
                .elements = {{VF_E_F32, false, 2000, VF_E_F16},
                             {VF_E_F16, false, 4000, VF_E_NONE},
                             {VF_E_BIT, false, 64000, VF_E_NONE}},
                .ranges = {[VF_PARAM_LISTS] = {"lists", 0, 1, 32768}},
                .note = "Always built after the rows: its centres are those of the rows that are there. lists, when it "
                        "isn't said, is near the square root of the rows.",
            },
        [VF_BUILDER_DUCKDB_HNSW] =
            {
                .name = "duckdb hnsw",
                .product = "DuckDB's vss",
                .kind = VF_INDEX_HNSW,
                .place = VF_PLACE_DATABASE,
                .metrics = {{VF_METRIC_L2, "l2sq", "l2 (array_distance), though the index's word says the square"},
                            {VF_METRIC_L2_SQUARED, "l2sq", "l2, the square root of it"},
                            {VF_METRIC_COSINE, "cosine", "cosine; 2 for a zero vector"},
                            {VF_METRIC_IP, "ip", "ip (array_negative_inner_product)"}},
                .elements = {{VF_E_F32, false, 100000, VF_E_NONE}},
                .ranges = {[VF_PARAM_M] = {"M", 16, 2, 0},
                           [VF_PARAM_EF_CONSTRUCTION] = {"ef_construction", 128, 1, 0},
                           [VF_PARAM_EF_SEARCH] = {"ef_search", 64, 1, 0}},
                .only_large = true,
                .needs_finite = true,
                .note = "M0, the links of the lowest layer, is 2 x M. It lies in the file only with "
                        "hnsw_enable_experimental_persistence, is wrong after deletes, and a DuckDB without vss can't "
                        "write to its table: "
                        "so a sidecar goes before it, and `to: database` asks for it.",
            },
        [VF_BUILDER_DUCKDB_SESSION] =
            {
                .name = "duckdb session",
                .product = "DuckDB's vss",
                .kind = VF_INDEX_HNSW,
                .place = VF_PLACE_SESSION,
                .metrics = {{VF_METRIC_L2, "l2sq", "l2 (array_distance), though the index's word says the square"},
                            {VF_METRIC_L2_SQUARED, "l2sq", "l2, the square root of it"},
                            {VF_METRIC_COSINE, "cosine", "cosine; 2 for a zero vector"},
                            {VF_METRIC_IP, "ip", "ip (array_negative_inner_product)"}},
                .elements = {{VF_E_F32, false, 100000, VF_E_NONE}},
                .ranges = {[VF_PARAM_M] = {"M", 16, 2, 0},
                           [VF_PARAM_EF_CONSTRUCTION] = {"ef_construction", 128, 1, 0},
                           [VF_PARAM_EF_SEARCH] = {"ef_search", 64, 1, 0}},
                .only_large = true,
                .needs_finite = true,
                .note = "Made by an SQL file beside the database (`to: session`), which whoever opens it runs: it "
                        "copies keys "
                        "and vectors into a temporary table, builds the index over that, in memory, and is asked "
                        "there. Nothing of it is in the database, which needs no extension.",
            },
        [VF_BUILDER_LIBSQL_DISKANN] =
            {
                .name = "libsql diskann",
                .product = "libSQL",
                .kind = VF_INDEX_DISKANN,
                .place = VF_PLACE_DATABASE,
                .metrics = {{VF_METRIC_L2, "l2", "l2"},
                            {VF_METRIC_L2_SQUARED, "l2", "l2, the square root of it"},
                            {VF_METRIC_COSINE, "cosine", "cosine; NULL for a zero vector"},
                            {VF_METRIC_HAMMING, "cosine", "hamming, of F1BIT_BLOB"}},
                .elements = {{VF_E_F32, false, 65536, VF_E_NONE},
                             {VF_E_F64, false, 65536, VF_E_NONE},
                             {VF_E_F16, false, 65536, VF_E_NONE},
                             {VF_E_BF16, false, 65536, VF_E_NONE},
                             {VF_E_BIT, false, 65536, VF_E_NONE}},
                .ranges = {[VF_PARAM_EF_CONSTRUCTION] = {"insert_l", 70, 1, 0},
                           [VF_PARAM_EF_SEARCH] = {"search_l", 200, 1, 0},
                           [VF_PARAM_NEIGHBOURS] = {"max_neighbors", 0, 1, 0},
                           [VF_PARAM_ALPHA] = {"alpha", 1200, 1000, 0}},
                .only_large = true,
                .needs_finite = true,
                .compress = VF_E_I8,
                .note = "max_neighbors, when it isn't said, grows with the dimensions, and every row holds copies of "
                        "its neighbours' vectors: 80 KB a row at 384 dimensions. "
                        "So the copies are kept as float8 (`compress: i8`) unless the plan says something else, and "
                        "neighbours are said. A few vectors with NaN or infinity ruin it: it isn't built over them.",
            },
        [VF_BUILDER_USEARCH] =
            {
                .name = "usearch sidecar",
                .product = "usearch",
                .kind = VF_INDEX_HNSW,
                .place = VF_PLACE_SIDECAR,
                .metrics = {{VF_METRIC_L2, "l2sq", "l2 squared"},
                            {VF_METRIC_L2_SQUARED, "l2sq", "l2sq"},
                            {VF_METRIC_COSINE, "cos", "cosine; a zero vector isn't in the file"},
                            {VF_METRIC_IP, "ip", "1 + ip, that is 1 - the inner product"},
                            {VF_METRIC_HAMMING, "hamming", "hamming"},
                            {VF_METRIC_JACCARD, "tanimoto", "jaccard"}},
                .elements = {{VF_E_F32, false, 0, VF_E_NONE},
                             {VF_E_F64, false, 0, VF_E_NONE},
                             {VF_E_F16, false, 0, VF_E_NONE},
                             {VF_E_BF16, false, 0, VF_E_NONE},
                             {VF_E_I8, false, 0, VF_E_NONE},
                             {VF_E_BIT, false, 0, VF_E_NONE}},
                .ranges = {[VF_PARAM_M] = {"connectivity", 16, 2, 512},
                           [VF_PARAM_EF_CONSTRUCTION] = {"expansion_add", 128, 1, 65536},
                           [VF_PARAM_EF_SEARCH] = {"expansion_search", 64, 1, 65536}},
                .only_large = true,
                .note = "Double precision and signed bytes are indexed as float32; half precision as it is. ef_search "
                        "isn't in usearch's file: it is in the file of ours beside it (docs/design/sidecar.md).",
            },
        [VF_BUILDER_VEC0] =
            {
                .name = "vec0",
                .product = "sqlite-vec",
                .kind = VF_INDEX_EXACT,
                .place = VF_PLACE_DATABASE,
                .metrics = {{VF_METRIC_L2, "l2", "l2"},
                            {VF_METRIC_L2_SQUARED, "l2", "l2, the square root of it"},
                            {VF_METRIC_COSINE, "cosine", "cosine; NULL for a zero vector"},
                            {VF_METRIC_L1, "l1", "l1"},
                            {VF_METRIC_HAMMING, "hamming", "hamming, of bits"}},
                .elements = {{VF_E_F32, false, 8192, VF_E_NONE},
                             {VF_E_I8, false, 8192, VF_E_NONE},
                             {VF_E_BIT, false, 8192, VF_E_NONE}},
                .note = "Has no parameters, and its recall is 1: every search reads every vector. Its distance is a "
                        "part of the column's declaration, one for each vector; an index that said it is remembered "
                        "for the way back.",
            },
};

#define SAME(p)                                                                                                        \
    {                                                                                                                  \
        VF_CARRY_SAME, (p), (p)                                                                                        \
    }
#define FROM(p, q)                                                                                                     \
    {                                                                                                                  \
        VF_CARRY_SAME, (p), (q)                                                                                        \
    }
#define TWICE(p, q)                                                                                                    \
    {                                                                                                                  \
        VF_CARRY_TWICE, (p), (q)                                                                                       \
    }
#define HALF(p, q)                                                                                                     \
    {                                                                                                                  \
        VF_CARRY_HALF, (p), (q)                                                                                        \
    }
#define ROWS(p)                                                                                                        \
    {                                                                                                                  \
        VF_CARRY_ROWS, (p), (p)                                                                                        \
    }
#define GRAPH      SAME(VF_PARAM_M), SAME(VF_PARAM_EF_CONSTRUCTION), SAME(VF_PARAM_EF_SEARCH)
#define FROM_PAGES HALF(VF_PARAM_M, VF_PARAM_NEIGHBOURS), SAME(VF_PARAM_EF_CONSTRUCTION), SAME(VF_PARAM_EF_SEARCH)

const struct vf_index_rule vf_index_rules[] = {
    {VF_INDEX_HNSW, VF_BUILDER_PGVECTOR_HNSW, {GRAPH}, NULL},
    {VF_INDEX_HNSW,
     VF_BUILDER_PGVECTOR_IVFFLAT,
     {ROWS(VF_PARAM_LISTS)},
     "lists instead of a graph: m and ef_construction mean nothing there"},
    {VF_INDEX_HNSW, VF_BUILDER_DUCKDB_HNSW, {GRAPH}, NULL},
    {VF_INDEX_HNSW, VF_BUILDER_DUCKDB_SESSION, {GRAPH}, NULL},
    {VF_INDEX_HNSW,
     VF_BUILDER_LIBSQL_DISKANN,
     {TWICE(VF_PARAM_NEIGHBOURS, VF_PARAM_M), SAME(VF_PARAM_EF_CONSTRUCTION), SAME(VF_PARAM_EF_SEARCH)},
     "a DiskANN graph instead of HNSW, the only one that libSQL has: as many neighbours as the lowest layer of HNSW "
     "has links (2 x m)"},
    {VF_INDEX_HNSW, VF_BUILDER_USEARCH, {GRAPH}, NULL},
    {VF_INDEX_HNSW,
     VF_BUILDER_VEC0,
     {{VF_CARRY_END, 0, 0}},
     "search is exact: every vector is looked at; the index is remembered for the way back"},

    {VF_INDEX_IVFFLAT,
     VF_BUILDER_PGVECTOR_HNSW,
     {{VF_CARRY_END, 0, 0}},
     "HNSW instead of IVFFlat: lists means nothing there, and m and ef_construction are the defaults unless the plan "
     "says them"},
    {VF_INDEX_IVFFLAT, VF_BUILDER_PGVECTOR_IVFFLAT, {SAME(VF_PARAM_LISTS)}, NULL},
    {VF_INDEX_IVFFLAT,
     VF_BUILDER_DUCKDB_HNSW,
     {{VF_CARRY_END, 0, 0}},
     "HNSW instead of IVFFlat, the only index that DuckDB has: lists means nothing there, and M and ef_construction "
     "are "
     "the defaults unless the plan says them"},
    {VF_INDEX_IVFFLAT,
     VF_BUILDER_DUCKDB_SESSION,
     {{VF_CARRY_END, 0, 0}},
     "HNSW instead of IVFFlat, the only index that DuckDB has: lists means nothing there, and M and ef_construction "
     "are "
     "the defaults unless the plan says them"},
    {VF_INDEX_IVFFLAT,
     VF_BUILDER_LIBSQL_DISKANN,
     {{VF_CARRY_END, 0, 0}},
     "a DiskANN graph instead of IVFFlat, the only index that libSQL has: lists means nothing there"},
    {VF_INDEX_IVFFLAT,
     VF_BUILDER_USEARCH,
     {{VF_CARRY_END, 0, 0}},
     "HNSW instead of IVFFlat, the only index that usearch has: lists means nothing there, and m and ef_construction "
     "are the defaults unless the plan says them"},
    {VF_INDEX_IVFFLAT,
     VF_BUILDER_VEC0,
     {{VF_CARRY_END, 0, 0}},
     "search is exact: every vector is looked at; the index is remembered for the way back"},

    {VF_INDEX_DISKANN,
     VF_BUILDER_PGVECTOR_HNSW,
     {FROM_PAGES},
     "HNSW instead of DiskANN: half as many links in a layer (m) as it has neighbours, so that the lowest layer has as "
     "many"},
    {VF_INDEX_DISKANN,
     VF_BUILDER_PGVECTOR_IVFFLAT,
     {ROWS(VF_PARAM_LISTS)},
     "lists instead of a graph: neighbours mean nothing there"},
    {VF_INDEX_DISKANN,
     VF_BUILDER_DUCKDB_HNSW,
     {FROM_PAGES},
     "HNSW instead of DiskANN: half as many links in a layer (M) as it has neighbours, so that the lowest layer has as "
     "many"},
    {VF_INDEX_DISKANN,
     VF_BUILDER_DUCKDB_SESSION,
     {FROM_PAGES},
     "HNSW instead of DiskANN: half as many links in a layer (M) as it has neighbours, so that the lowest layer has as "
     "many"},
    {VF_INDEX_DISKANN,
     VF_BUILDER_LIBSQL_DISKANN,
     {SAME(VF_PARAM_NEIGHBOURS), SAME(VF_PARAM_EF_CONSTRUCTION), SAME(VF_PARAM_EF_SEARCH), SAME(VF_PARAM_ALPHA)},
     NULL},
    {VF_INDEX_DISKANN,
     VF_BUILDER_USEARCH,
     {FROM_PAGES},
     "HNSW instead of DiskANN: half as many links in a layer (m) as it has neighbours, so that the lowest layer has as "
     "many"},
    {VF_INDEX_DISKANN,
     VF_BUILDER_VEC0,
     {{VF_CARRY_END, 0, 0}},
     "search is exact: every vector is looked at; the index is remembered for the way back"},

    {VF_INDEX_EXACT, VF_BUILDER_PGVECTOR_HNSW, {{VF_CARRY_END, 0, 0}}, "an approximate index, where search was exact"},
    {VF_INDEX_EXACT,
     VF_BUILDER_PGVECTOR_IVFFLAT,
     {ROWS(VF_PARAM_LISTS)},
     "an approximate index, where search was exact"},
    {VF_INDEX_EXACT, VF_BUILDER_DUCKDB_HNSW, {{VF_CARRY_END, 0, 0}}, "an approximate index, where search was exact"},
    {VF_INDEX_EXACT, VF_BUILDER_DUCKDB_SESSION, {{VF_CARRY_END, 0, 0}}, "an approximate index, where search was exact"},
    {VF_INDEX_EXACT, VF_BUILDER_LIBSQL_DISKANN, {{VF_CARRY_END, 0, 0}}, "an approximate index, where search was exact"},
    {VF_INDEX_EXACT, VF_BUILDER_USEARCH, {{VF_CARRY_END, 0, 0}}, "an approximate index, where search was exact"},
    {VF_INDEX_EXACT, VF_BUILDER_VEC0, {{VF_CARRY_END, 0, 0}}, NULL},

    {VF_INDEX_OTHER, VF_BUILDER_NONE, {{VF_CARRY_END, 0, 0}}, NULL},
};
/* clang-format on */

#include "ferry/verify_index.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ferry/script.h"
#include "ferry/sidecar.h"
#include "vector/convert.h"
#include "vector/distance.h"

#define K             10   /* neighbours asked for */
#define TIE_TOLERANCE 1e-6 /* the databases compute in float32 */

/* A row that an index of keys has named: which question, and under which number it is looked for. */
struct named_row {
    uint64_t key; /* the graph's key, or the hash of the line that it stands for */
    size_t query, place;
};

struct recall {
    const struct vf_sidecar *sidecar; /* conn, relation, label: of a database's own index, too */
    bool ordinal;
    const char *names[VF_VECTOR_MAX_KEY];
    enum vf_metric metric;
    enum vf_element element;
    size_t dim, width; /* bytes of a vector as it lies in a batch */
    bool is_bits;

    /* The questions: those with the smallest digests so far. */
    size_t max_queries, n_queries, largest;
    struct vf_hash128 *chosen;
    unsigned char *queries; /* width bytes each */
    float *wide;            /* the same as float32 */

    float *block; /* rows of a batch as float32 */
    size_t block_rows;
    uint64_t first_row;
    uint64_t *exact_rows;
    double *exact;
    size_t *n_exact;
    double *found; /* K distances a question, infinite where nothing was found */
    size_t n_named;
    struct named_row *named;
    struct vf_buf line;
};

static void release(struct recall *r)
{
    vf_free(r->chosen);
    vf_free(r->queries);
    vf_free(r->wide);
    vf_free(r->block);
    vf_free(r->exact_rows);
    vf_free(r->exact);
    vf_free(r->n_exact);
    vf_free(r->found);
    vf_free(r->named);
    vf_buf_release(&r->line);
}

static enum vf_status prepare(struct recall *r, uint32_t n_queries, struct vf_error *err)
{
    const struct vf_type type = r->sidecar->relation->fields[r->sidecar->relation->n_key].type;

    r->element = type.element;
    r->dim = type.dim;
    r->width = vf_element_bytes(type.element, type.dim);
    r->is_bits = type.element == VF_E_BIT;
    r->metric = r->sidecar->index.metric;
    r->max_queries = n_queries;
    for (size_t i = 0; i < r->sidecar->relation->n_key; i++)
        r->names[i] = r->sidecar->relation->fields[i].name;
    vf_buf_init(&r->line, VF_BUF_MAX);
    r->chosen = vf_calloc(n_queries, sizeof(*r->chosen));
    r->queries = vf_alloc(n_queries, r->width);
    r->wide = vf_alloc(n_queries, r->dim * sizeof(float));
    r->exact_rows = vf_alloc(n_queries, K * sizeof(*r->exact_rows));
    r->exact = vf_alloc(n_queries, K * sizeof(*r->exact));
    r->n_exact = vf_calloc(n_queries, sizeof(*r->n_exact));
    r->found = vf_alloc(n_queries, K * sizeof(*r->found));
    r->named = vf_alloc(n_queries, K * sizeof(*r->named));
    if (r->chosen == NULL || r->queries == NULL || r->wide == NULL || r->exact_rows == NULL || r->exact == NULL ||
        r->n_exact == NULL || r->found == NULL || r->named == NULL)
        return vf_error_nomem(err);
    for (size_t i = 0; i < n_queries * K; i++)
        r->found[i] = INFINITY;
    return VF_OK;
}

/* ---- the questions ---- */

static bool is_less(struct vf_hash128 a, struct vf_hash128 b)
{
    return a.high != b.high ? a.high < b.high : a.low < b.low;
}

/* A vector without a distance to others is no question. */
static bool is_sound(const struct recall *r, const unsigned char *vector)
{
    bool any = false;

    if (vf_find_nonfinite(r->element, vector, r->dim) >= 0)
        return false;
    for (size_t i = 0; i < r->width && !any; i++)
        any = (vector[i] & 0x7f) != 0;
    return any || r->metric != VF_METRIC_COSINE;
}

static void choose(struct recall *r, const unsigned char *vector, struct vf_hash128 digest)
{
    size_t place = r->n_queries;

    if (place == r->max_queries) {
        if (!is_less(digest, r->chosen[r->largest]))
            return;
        place = r->largest;
    }
    if (!is_sound(r, vector))
        return;
    if (place == r->n_queries)
        r->n_queries++;
    r->chosen[place] = digest;
    memcpy(r->queries + place * r->width, vector, r->width);
    for (size_t i = r->largest = 0; i < r->n_queries; i++)
        r->largest = is_less(r->chosen[r->largest], r->chosen[i]) ? i : r->largest;
}

static enum vf_status choose_rows(void *context, const struct vf_batch *batch, const struct vf_hash128 *digests,
                                  struct vf_error *err)
{
    struct recall *r = context;
    const unsigned char *vectors = batch->columns[batch->n_columns - 1].data;

    (void)err;
    for (int64_t row = 0; row < batch->n_rows; row++)
        choose(r, vectors + (size_t)row * r->width, digests[row]);
    return VF_OK;
}

static void widen(const struct recall *r, const void *vectors, size_t n, float *out)
{
    size_t n_values = n * r->dim;

    switch (r->element) {
    case VF_E_F64:
        vf_f32_from_f64_array(out, vectors, n_values, NULL);
        break;
    case VF_E_F16:
        vf_f16_to_f32_array(out, vectors, n_values);
        break;
    case VF_E_BF16:
        vf_bf16_to_f32_array(out, vectors, n_values);
        break;
    case VF_E_I8:
        vf_f32_from_i8_array(out, vectors, n_values);
        break;
    case VF_E_F32:
        memcpy(out, vectors, n_values * sizeof(float));
        break;
    case VF_E_NONE:
    case VF_E_BIT:
        break;
    }
}

static const void *question(const struct recall *r, size_t i)
{
    return r->is_bits ? (const void *)(r->queries + i * r->width) : (const void *)(r->wide + i * r->dim);
}

/* ---- exact search over all rows, and the distances of the rows that were named ---- */

static int compare_named(const void *a, const void *b)
{
    const struct named_row *x = a, *y = b;

    return x->key < y->key ? -1 : x->key > y->key;
}

/* A vector that isn't finite has no distance: the databases' own index may hold it, exact search may not. */
static void measure_row(struct recall *r, uint64_t key, const void *vector)
{
    size_t low = 0, high = r->n_named;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (r->named[middle].key < key)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < r->n_named && r->named[low].key == key; low++) {
        const struct named_row *named = &r->named[low];
        r->found[named->query * K + named->place] = vf_distance(r->metric, question(r, named->query), vector, r->dim);
    }
}

static uint64_t key_of(struct recall *r, const struct vf_batch *batch, int64_t row)
{
    const struct vf_relation *relation = r->sidecar->relation;

    if (!r->ordinal)
        return (uint64_t)vf_array_i64(&batch->columns[0], row);
    vf_buf_clear(&r->line);
    vf_batch_key_json(batch, row, relation->n_key, relation->key, r->names, &r->line);
    return r->line.data != NULL ? vf_hash128(r->line.data, r->line.size_bytes).low : 0;
}

static enum vf_status measure_rows(void *context, const struct vf_batch *batch, const struct vf_hash128 *digests,
                                   struct vf_error *err)
{
    struct recall *r = context;
    size_t n = (size_t)batch->n_rows;
    const void *vectors = batch->columns[batch->n_columns - 1].data;
    const unsigned char *block = vectors;
    size_t stride = r->width;

    (void)digests;
    if (!r->is_bits) {
        if (r->block_rows < n) {
            vf_free(r->block);
            r->block = vf_alloc(n, r->dim * sizeof(float));
            r->block_rows = r->block != NULL ? n : 0;
        }
        if (r->block == NULL)
            return vf_error_nomem(err);
        widen(r, vectors, n, r->block);
        block = (const unsigned char *)r->block;
        stride = r->dim * sizeof(float);
    }
    for (size_t q = 0; q < r->n_queries; q++)
        vf_knn_add(question(r, q), block, n, r->dim, r->metric, r->first_row, K, r->exact_rows + q * K,
                   r->exact + q * K, &r->n_exact[q]);
    for (size_t row = 0; row < n && r->n_named > 0; row++)
        measure_row(r, key_of(r, batch, (int64_t)row), block + row * stride);
    r->first_row += n;
    return vf_buf_check(&r->line, err);
}

/* ---- asking a sidecar ---- */

/* Lines of the keys file instead of their numbers. */
static enum vf_status read_lines(struct recall *r, struct vf_error *err)
{
    char path[PATH_MAX], *line = NULL;
    size_t cap = 0, at = 0;
    ssize_t size;

    snprintf(path, sizeof(path), "%s" VF_SIDECAR_KEYS, r->sidecar->path);
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return vf_error_set(err, VF_STATE, "cannot open \"%s\"", path);
    qsort(r->named, r->n_named, sizeof(*r->named), compare_named);
    for (uint64_t number = 0; at < r->n_named && (size = getline(&line, &cap, file)) > 0; number++) {
        size_t size_bytes = (size_t)size - (line[size - 1] == '\n');
        for (; at < r->n_named && r->named[at].key == number; at++)
            r->named[at].key = vf_hash128(line, size_bytes).low;
    }
    free(line); /* foreign */
    fclose(file);
    return at == r->n_named ? VF_OK : vf_error_set(err, VF_STATE, "\"%s\" has too few lines", path);
}

static enum vf_status ask_graph(struct recall *r, struct vf_error *err)
{
    const struct vf_hnsw_options options = vf_sidecar_options(r->sidecar);
    struct vf_hnsw *graph = NULL;
    enum vf_status status = vf_hnsw_load(&options, r->sidecar->path, &graph, err);

    for (size_t q = 0; q < r->n_queries && status == VF_OK; q++) {
        uint64_t keys[K];
        float distances[K];
        size_t n_found = 0;
        status = vf_hnsw_search(graph, r->queries + q * r->width, K, keys, distances, &n_found, err);
        for (size_t i = 0; i < n_found && status == VF_OK; i++)
            r->named[r->n_named++] = (struct named_row){.key = keys[i], .query = q, .place = i};
    }
    vf_hnsw_free(graph);
    if (status == VF_OK && r->ordinal)
        status = read_lines(r, err);
    if (status == VF_OK && r->n_named > 1)
        qsort(r->named, r->n_named, sizeof(*r->named), compare_named);
    return status;
}

/* ---- asking a database ---- */

static enum vf_status ask_one(struct recall *r, const struct vf_nearest *nearest, size_t q, struct vf_batch *batch,
                              struct vf_error *err)
{
    struct vf_conn *conn = r->sidecar->conn;
    struct vf_scan *scan = NULL;
    bool more = true;
    size_t place = 0;
    float *wide = vf_alloc(r->dim, sizeof(*wide));
    enum vf_status status = wide == NULL ? vf_error_nomem(err) : vf_conn_nearest(conn, nearest, &scan, err);

    while (status == VF_OK && more) {
        vf_batch_reset(batch);
        status = vf_scan_read(conn, scan, batch, &more, err);
        const struct vf_array *vectors = &batch->columns[batch->n_columns - 1];
        for (int64_t row = 0; row < batch->n_rows && place < K && status == VF_OK; row++) {
            const void *vector = vectors->data + (size_t)row * r->width;
            if (!r->is_bits)
                widen(r, vector, 1, wide);
            if (!vf_array_is_null(vectors, row))
                r->found[q * K + place++] = vf_distance(r->metric, question(r, q), r->is_bits ? vector : wide, r->dim);
        }
    }
    if (scan != NULL)
        vf_scan_close(conn, scan);
    vf_free(wide);
    return status;
}

static enum vf_status ask_database(struct recall *r, struct vf_nearest *nearest, struct vf_error *err)
{
    struct vf_batch batch = {0};
    enum vf_status status = vf_crossing_batch_init(r->sidecar->relation, r->sidecar->batch_bytes, &batch, err);

    if (status != VF_OK)
        return status;
    status = vf_conn_begin(r->sidecar->conn, err); /* the settings for it are gone with it */
    for (size_t q = 0; q < r->n_queries && status == VF_OK; q++) {
        nearest->vector = r->queries + q * r->width;
        status = vf_cancel_check(r->sidecar->cancel, err);
        if (status == VF_OK)
            status = ask_one(r, nearest, q, &batch, err);
    }
    vf_conn_rollback(r->sidecar->conn);
    vf_batch_release(&batch);
    return status;
}

/* ---- the sum ---- */

static double sum_up(struct recall *r)
{
    size_t n_hits = 0, n_wanted = 0;

    for (size_t q = 0; q < r->n_queries; q++) {
        vf_knn_sort(r->exact_rows + q * K, r->exact + q * K, r->n_exact[q]);
        if (r->n_exact[q] == 0)
            continue;
        double farthest = r->exact[q * K + r->n_exact[q] - 1];
        double tolerance = TIE_TOLERANCE * (r->metric == VF_METRIC_COSINE ? 1 : fabs(farthest));
        size_t hits = 0;
        for (size_t i = 0; i < K; i++)
            hits += r->found[q * K + i] <= farthest + tolerance;
        n_hits += hits < r->n_exact[q] ? hits : r->n_exact[q];
        n_wanted += r->n_exact[q];
    }
    return n_wanted > 0 ? (double)n_hits / (double)n_wanted : 1;
}

static enum vf_status scan_rows(const struct recall *r,
                                enum vf_status (*rows)(void *, const struct vf_batch *, const struct vf_hash128 *,
                                                       struct vf_error *),
                                void *context, struct vf_digest *digest, struct vf_error *err)
{
    struct vf_vector_scan scan = {.conn = r->sidecar->conn,
                                  .relation = r->sidecar->relation,
                                  .batch_bytes = r->sidecar->batch_bytes,
                                  .cancel = r->sidecar->cancel,
                                  .label = r->sidecar->label,
                                  .rows = rows,
                                  .context = context};
    enum vf_status status = vf_vector_scan_run(&scan, err);

    *digest = scan.digest;
    return status;
}

/* ---- one index ---- */

/* What has built the index, as far as it is known by its kind and place. */
static enum vf_index_builder builder_of(const struct vf_conn *target, const struct vf_index *index)
{
    const enum vf_index_builder *builders = vf_conn_limits(target)->index_builders;

    for (size_t i = 0; builders[i] != VF_BUILDER_NONE; i++) {
        if (vf_index_builders[builders[i]].kind == index->kind &&
            vf_index_builders[builders[i]].place == index->vector.place)
            return builders[i];
    }
    return index->vector.place == VF_PLACE_SIDECAR ? VF_BUILDER_USEARCH : VF_BUILDER_PGVECTOR_HNSW;
}

static uint32_t search_width(const struct vf_conn *target, const struct vf_index *index)
{
    return index->kind == VF_INDEX_IVFFLAT
               ? 0
               : vf_index_parameter_of(builder_of(target, index), &index->vector, VF_PARAM_EF_SEARCH);
}

/* One list of a hundred finds little; the root of their number is what pgvector recommends. */
static uint32_t count_probes(const struct vf_index *index, int64_t n_rows)
{
    double lists = index->vector.lists > 0 ? index->vector.lists : sqrt((double)n_rows);

    return index->kind == VF_INDEX_IVFFLAT ? (uint32_t)ceil(sqrt(lists)) : 0;
}

/* What was measured against what is asked. Lists are a coarse index by choice: their recall is told, and not judged. */
static void judge(const struct vf_plan *plan, struct vf_verify_index *out, struct vf_arena *arena)
{
    out->min_recall = out->kind == VF_INDEX_IVFFLAT ? 0 : plan->verify.min_recall;
    out->equal = out->recall >= out->min_recall;
    if (!out->equal)
        out->why = vf_arena_printf(arena, "recall@%d is %.3f, below %.3f, at ef_search %u", K, out->recall,
                                   out->min_recall, (unsigned)out->ef_search);
}

static enum vf_status measure(struct recall *r, struct vf_crossing *crossing, const struct vf_plan_table *table,
                              const struct vf_index *index, struct vf_arena *arena, struct vf_verify_index *out,
                              struct vf_error *err)
{
    struct vf_digest digest;
    struct vf_error asking = {0};
    struct vf_nearest nearest = {.relation = r->sidecar->relation,
                                 .table = &table->target,
                                 .index = index,
                                 .k = K,
                                 .ef_search = out->ef_search,
                                 .probes = out->probes};

    for (size_t q = 0; q < r->n_queries && !r->is_bits; q++)
        widen(r, r->queries + q * r->width, 1, r->wide + q * r->dim);
    bool is_sidecar = index->vector.place == VF_PLACE_SIDECAR;
    enum vf_status status = is_sidecar ? ask_graph(r, &asking) : ask_database(r, &nearest, &asking);
    if (status == VF_MISSING && !is_sidecar) { /* it is built, and can't be asked */
        out->why = vf_arena_strdup(arena, asking.message);
        return out->why == NULL ? vf_error_nomem(err) : VF_OK;
    }
    if (status != VF_OK) {
        if (err != NULL)
            *err = asking;
        return status;
    }
    status = scan_rows(r, measure_rows, r, &digest, err);
    if (status != VF_OK)
        return status;
    out->measured = true;
    out->n_queries = (int64_t)r->n_queries;
    out->k = K;
    out->recall = sum_up(r);
    judge(crossing->plan, out, arena);
    return VF_OK;
}

/* A sidecar that isn't of these rows is named with the reason, and not asked. */
static enum vf_status check_sidecar(struct recall *r, struct vf_digest digest, struct vf_arena *arena,
                                    struct vf_verify_index *out, struct vf_error *err)
{
    struct vf_sidecar_description found = {0};
    enum vf_sidecar_state state;
    enum vf_status status = vf_sidecar_check(r->sidecar, &digest, arena, &state, &out->why, &found, err);

    if (status != VF_OK)
        return status;
    out->state = vf_sidecar_state_name(state);
    out->equal = state == VF_SIDECAR_FRESH;
    r->ordinal = found.ordinal;
    return VF_OK;
}

static enum vf_status check_script(struct vf_crossing *crossing, const struct vf_plan_table *table,
                                   const struct vf_index *index, struct vf_arena *arena, struct vf_verify_index *out,
                                   struct vf_error *err)
{
    enum vf_sidecar_state state;
    enum vf_status status = vf_script_check(crossing, table, index, arena, &state, &out->why, err);

    if (status != VF_OK)
        return status;
    out->state = vf_sidecar_state_name(state);
    out->equal = state == VF_SIDECAR_FRESH;
    return VF_OK;
}

static enum vf_status verify_index(struct vf_crossing *crossing, const struct vf_plan_table *table,
                                   const struct vf_index *index, struct vf_sidecar *sidecar, struct vf_arena *arena,
                                   struct vf_verify_index *out, struct vf_error *err)
{
    struct recall r = {.sidecar = sidecar};
    bool search = crossing->plan->verify.search;
    struct vf_digest digest;
    enum vf_status status = prepare(&r, search ? crossing->plan->verify.n_queries : 1, err);

    if (status == VF_OK)
        status = scan_rows(&r, choose_rows, &r, &digest, err);
    if (status == VF_OK) {
        out->n_vectors = digest.n_rows;
        if (index->vector.place == VF_PLACE_SIDECAR)
            status = check_sidecar(&r, digest, arena, out, err);
        else if (index->vector.place == VF_PLACE_SESSION)
            status = check_script(crossing, table, index, arena, out, err);
    }
    out->probes = count_probes(index, out->n_vectors);
    if (status == VF_OK && search && out->equal)
        status = measure(&r, crossing, table, index, arena, out, err);
    release(&r);
    return status;
}

/* As a sidecar is described, for what a scan of the column needs; false: the column can't be measured. */
static bool describe(const struct vf_crossing *crossing, const struct vf_plan_table *table,
                     const struct vf_index *index, struct vf_vector_relation *relation, struct vf_sidecar *sidecar)
{
    const struct vf_type type = table->to.fields[index->parts[0].column].type;

    *sidecar = (struct vf_sidecar){.label = table->to.name,
                                   .relation = &relation->relation,
                                   .index = index->vector,
                                   .conn = crossing->target,
                                   .batch_bytes = vf_crossing_batch_bytes(crossing, 1),
                                   .cancel = crossing->cancel};
    return type.kind == VF_K_VECTOR && type.dim > 0 && index->vector.metric != VF_METRIC_NONE &&
           vf_vector_relation_init(relation, &table->to, (size_t)index->parts[0].column);
}

/* One that is there, or should be, and how much it finds. */
static enum vf_status add_index(struct vf_crossing *crossing, const struct vf_plan_table *table,
                                const struct vf_plan_index *planned, struct vf_arena *arena,
                                struct vf_verify_index *out, struct vf_error *err)
{
    const struct vf_index *index = &planned->mapping.index;
    struct vf_vector_relation relation;
    struct vf_sidecar sidecar;
    struct vf_error why = {0};

    *out = (struct vf_verify_index){.name = planned->source.name,
                                    .file = vf_index_is_beside(index->vector.place) ? index->vector.file : NULL,
                                    .kind = index->kind,
                                    .state = "built",
                                    .ef_search = search_width(crossing->target, index),
                                    .equal = true};
    if (!describe(crossing, table, index, &relation, &sidecar)) {
        out->why = "its recall can't be measured: the table has no key, or the vectors no one dimension";
        return VF_OK;
    }
    enum vf_status status = VF_OK;
    if (index->vector.place == VF_PLACE_SIDECAR)
        status = vf_sidecar_of_plan(crossing, table, planned, &relation, arena, &sidecar, &why);
    if (status == VF_OK)
        status = verify_index(crossing, table, index, &sidecar, arena, out, &why);
    if (status == VF_VALUE && index->vector.place != VF_PLACE_SIDECAR) { /* the row is named as a difference already */
        out->why = vf_arena_printf(arena, "its recall can't be measured: %s", why.message);
        return out->why == NULL ? vf_error_nomem(err) : VF_OK;
    }
    if (status != VF_OK && err != NULL)
        *err = why;
    return status;
}

enum vf_status vf_verify_indexes(struct vf_crossing *crossing, const struct vf_plan_table *table,
                                 struct vf_arena *arena, struct vf_verify_table *result, struct vf_error *err)
{
    enum vf_status status = VF_OK;

    result->indexes = vf_arena_alloc(arena, table->n_indexes + 1, sizeof(*result->indexes));
    if (result->indexes == NULL)
        return vf_error_nomem(err);
    for (size_t i = 0; i < table->n_indexes && status == VF_OK; i++) {
        const struct vf_index *index = &table->indexes[i].mapping.index;
        bool is_of_column = vf_index_is_approximate(index->kind) && index->n_parts == 1 && index->parts[0].column >= 0;
        if (!is_of_column || (!vf_index_is_beside(index->vector.place) && !crossing->plan->verify.search))
            continue;
        struct vf_verify_index *out = &result->indexes[result->n_indexes++];
        status = add_index(crossing, table, &table->indexes[i], arena, out, err);
        result->n_bad_indexes += !out->equal;
    }
    vf_error_side(status != VF_OK ? err : NULL, VF_SIDE_TARGET);
    return status;
}

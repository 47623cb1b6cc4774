/* HNSW graphs by usearch: what goes in is found again, what would damage a graph stays out, files are what they say. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "random.h"
#include "vector/convert.h"
#include "vector/distance.h"
#include "vector/hnsw.h"

#define DIM 24
#define N   3000

static struct vf_error err;

static char folder[256];

static const char *path_of(const char *name)
{
    static char path[512];

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

static int set_up(void **state)
{
    const char *scratch = getenv("TMPDIR");
    (void)state;
    snprintf(folder, sizeof(folder), "%s/vf_hnsw_XXXXXX", scratch != NULL ? scratch : "/tmp");
    return mkdtemp(folder) != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    remove(path_of("a.usearch"));
    remove(path_of("b.usearch"));
    return rmdir(folder);
}

/* Clusters, as embeddings have them. */
static float *make_vectors(size_t n, size_t dim)
{
    float *vectors = vf_alloc(n * dim, sizeof(*vectors));
    uint64_t seed = 7;

    for (size_t i = 0; i < n * dim; i++) {
        size_t cluster = i / dim % 20;
        double noise = (double)(random_bits(&seed) >> 40) / (double)(1 << 24);
        vectors[i] = (float)(sin((double)(cluster * dim + i % dim)) + noise);
    }
    return vectors;
}

static struct vf_hnsw_options options_of(enum vf_metric metric, enum vf_element element)
{
    return (struct vf_hnsw_options){.metric = metric, .element = element, .dim = DIM, .n_threads = 4};
}

static struct vf_hnsw *build(const struct vf_hnsw_options *options, const void *vectors, size_t n, int64_t first_key)
{
    struct vf_hnsw *graph = NULL;
    struct vf_hnsw_counts counts = {0};
    uint64_t *keys = vf_alloc(n, sizeof(*keys));
    size_t half = n / 2;

    for (size_t i = 0; i < n; i++)
        keys[i] = (uint64_t)(first_key + (int64_t)i);
    if (vf_hnsw_new(options, 0, &graph, &err) != VF_OK)
        fail_msg("%s", err.message);
    assert_int_equal(vf_hnsw_add(graph, keys, vectors, half, &counts, &err), VF_OK);
    const char *rest = (const char *)vectors + half * vf_element_bytes(options->element, options->dim);
    if (vf_hnsw_add(graph, keys + half, rest, n - half, &counts, &err) != VF_OK)
        fail_msg("%s", err.message);
    assert_int_equal(counts.n_added, n);
    assert_int_equal(vf_hnsw_size(graph), n);
    vf_free(keys);
    return graph;
}

/* Of 200 vectors, how many of their ten nearest (by exact search) are found. */
static double recall_of(struct vf_hnsw *graph, enum vf_metric metric, const void *vectors, size_t n,
                        size_t vector_bytes, size_t dim, int64_t first_key)
{
    uint64_t keys[10], exact[10];
    float distances[10];
    double exact_distances[10];
    size_t n_hits = 0, n_exact = 0;

    for (size_t q = 0; q < 200; q++) {
        size_t found;
        const void *query = (const char *)vectors + q * (n / 200) * vector_bytes;
        assert_int_equal(vf_hnsw_search(graph, query, 10, keys, distances, &found, &err), VF_OK);
        size_t wanted = vf_knn_exact(query, vectors, n, dim, metric, 10, exact, exact_distances);
        for (size_t i = 0; i < found; i++) {
            const void *vector = (const char *)vectors + (size_t)((int64_t)keys[i] - first_key) * vector_bytes;
            n_hits += vf_distance(metric, query, vector, dim) <= exact_distances[wanted - 1] + 1e-9;
        }
        n_exact += wanted;
    }
    return (double)n_hits / (double)n_exact;
}

static void test_metrics(void **state)
{
    static const enum vf_metric metrics[] = {VF_METRIC_L2, VF_METRIC_L2_SQUARED, VF_METRIC_COSINE, VF_METRIC_IP};
    float *vectors = make_vectors(N, DIM);
    (void)state;
    for (size_t i = 0; i < sizeof(metrics) / sizeof(metrics[0]); i++) {
        struct vf_hnsw_options options = options_of(metrics[i], VF_E_F32);
        struct vf_hnsw *graph = build(&options, vectors, N, -5000); /* a negative key is one like another */
        double recall = recall_of(graph, metrics[i], vectors, N, DIM * sizeof(float), DIM, -5000);
        if (recall < 0.9)
            fail_msg("%s: recall %g", vf_metric_name(metrics[i]), recall);
        vf_hnsw_free(graph);
    }
    vf_free(vectors);
}

/* Vectors are found by themselves: threads that begin on an empty graph would lose some of the first ones for good. */
static void test_all_are_found(void **state)
{
    float *vectors = make_vectors(N, DIM);
    struct vf_hnsw_options options = options_of(VF_METRIC_L2, VF_E_F32);
    size_t n_lost = 0;
    (void)state;
    options.n_threads = 8;
    struct vf_hnsw *graph = build(&options, vectors, N, 0);
    for (size_t i = 0; i < N; i++) {
        uint64_t key;
        float distance;
        size_t found;
        assert_int_equal(vf_hnsw_search(graph, vectors + i * DIM, 1, &key, &distance, &found, &err), VF_OK);
        n_lost += found != 1 || distance > 1e-6f;
    }
    assert_in_range(n_lost, 0, N / 20);
    vf_hnsw_free(graph);
    vf_free(vectors);
}

/* Halves, f64, signed bytes and bits, each in its neutral form. */
static void test_elements(void **state)
{
    float *vectors = make_vectors(N, DIM);
    uint16_t *halves = vf_alloc(N * DIM, 2);
    double *doubles = vf_alloc(N * DIM, 8);
    int8_t *bytes = vf_alloc(N * DIM, 1);
    uint8_t *bits = vf_alloc(N, DIM / 8);
    (void)state;
    vf_f16_from_f32_array(halves, vectors, N * DIM);
    vf_f64_from_f32_array(doubles, vectors, N * DIM);
    for (size_t i = 0; i < N * DIM; i++)
        bytes[i] = (int8_t)(vectors[i] * 50);
    for (size_t i = 0; i < N; i++)
        vf_bits_from_f32_array(bits + i * (DIM / 8), vectors + i * DIM, DIM);
    const struct {
        enum vf_element element;
        enum vf_metric metric;
        const void *vectors;
    } cases[] = {
        {VF_E_F16, VF_METRIC_COSINE, halves}, {VF_E_F64, VF_METRIC_L2, doubles}, {VF_E_I8, VF_METRIC_COSINE, bytes}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct vf_hnsw_options options = options_of(cases[i].metric, cases[i].element);
        struct vf_hnsw *graph = build(&options, cases[i].vectors, N, 0);
        size_t width = vf_element_bytes(cases[i].element, DIM), n_lost = 0;
        for (size_t k = 0; k < N; k += 7) {
            uint64_t key;
            float distance;
            size_t found;
            const void *query = (const char *)cases[i].vectors + k * width;
            assert_int_equal(vf_hnsw_search(graph, query, 1, &key, &distance, &found, &err), VF_OK);
            n_lost += found != 1 || distance > 1e-3f;
        }
        assert_in_range(n_lost, 0, N / 7 / 20);
        vf_hnsw_free(graph);
    }
    for (enum vf_metric metric = VF_METRIC_HAMMING; metric <= VF_METRIC_JACCARD; metric++) {
        struct vf_hnsw_options options = options_of(metric, VF_E_BIT);
        struct vf_hnsw *graph = build(&options, bits, N, 0);
        double recall = recall_of(graph, metric, bits, N, DIM / 8, DIM, 0);
        if (recall < 0.9)
            fail_msg("%s: recall %g", vf_metric_name(metric), recall);
        vf_hnsw_free(graph);
    }
    vf_free(vectors);
    vf_free(halves);
    vf_free(doubles);
    vf_free(bytes);
    vf_free(bits);
}

static void test_left_out(void **state)
{
    static const float vectors[][2] = {{1, 0}, {NAN, 0}, {0, INFINITY}, {0, -0.0f}, {0, 1}, {-INFINITY, 1}};
    static const uint64_t keys[] = {1, 2, 3, 4, 5, 6};
    (void)state;
    for (int cosine = 0; cosine < 2; cosine++) {
        struct vf_hnsw *graph = NULL;
        struct vf_hnsw_counts counts = {0};
        uint64_t found_keys[10];
        float distances[10];
        size_t found;
        struct vf_hnsw_options options = {
            .metric = cosine ? VF_METRIC_COSINE : VF_METRIC_L2, .element = VF_E_F32, .dim = 2};
        assert_int_equal(vf_hnsw_new(&options, 6, &graph, &err), VF_OK);
        assert_int_equal(vf_hnsw_add(graph, keys, vectors, 6, &counts, &err), VF_OK);
        assert_int_equal(counts.n_not_finite, 3);
        assert_int_equal(counts.n_zero, cosine);
        assert_int_equal(counts.n_added, 3 - cosine);
        assert_int_equal(vf_hnsw_size(graph), 3 - cosine);
        assert_int_equal(vf_hnsw_search(graph, vectors[0], 10, found_keys, distances, &found, &err), VF_OK);
        assert_int_equal(found, 3 - cosine);
        assert_int_equal(found_keys[0], 1);
        assert_int_equal(vf_hnsw_search(graph, vectors[1], 10, found_keys, distances, &found, &err), VF_OK);
        assert_int_equal(found, 0); /* nothing is near to NaN */
        vf_hnsw_free(graph);
    }
}

static void test_keys(void **state)
{
    static const float vectors[][2] = {{1, 0}, {0, 1}};
    struct vf_hnsw_options options = {.metric = VF_METRIC_L2, .element = VF_E_F32, .dim = 2};
    struct vf_hnsw_counts counts = {0};
    struct vf_hnsw *graph = NULL;
    (void)state;
    assert_int_equal(vf_hnsw_new(&options, 2, &graph, &err), VF_OK);
    assert_int_equal(vf_hnsw_add(graph, (const uint64_t[]){7, VF_HNSW_NO_KEY}, vectors, 2, &counts, &err), VF_VALUE);
    assert_non_null(strstr(err.message, "2^64-1"));
    assert_int_equal(vf_hnsw_size(graph), 0);
    assert_int_equal(vf_hnsw_add(graph, (const uint64_t[]){7, 7}, vectors, 2, &counts, &err), VF_VALUE);
    assert_string_equal(err.message, "two vectors have the key 7");
    vf_hnsw_free(graph);
}

static void flip(const char *path, off_t at)
{
    unsigned char byte;
    int fd = open(path, O_RDWR);

    assert_int_equal(pread(fd, &byte, 1, at), 1);
    byte ^= 0xff;
    assert_int_equal(pwrite(fd, &byte, 1, at), 1);
    close(fd);
}

static void test_files(void **state)
{
    float *vectors = make_vectors(N, DIM);
    struct vf_hnsw_options options = options_of(VF_METRIC_COSINE, VF_E_F32), other;
    struct stat info;
    (void)state;
    struct vf_hnsw *graph = build(&options, vectors, N, 0), *loaded = NULL;
    const char *path = path_of("a.usearch");
    umask(0);
    assert_int_equal(vf_hnsw_save(graph, path, &err), VF_OK);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    vf_hnsw_free(graph);
    assert_int_equal(vf_hnsw_load(&options, path, &loaded, &err), VF_OK);
    assert_int_equal(vf_hnsw_size(loaded), N);
    assert_true(recall_of(loaded, VF_METRIC_COSINE, vectors, N, DIM * sizeof(float), DIM, 0) > 0.9);
    assert_string_not_equal(vf_hnsw_version(loaded), "");
    vf_hnsw_free(loaded);

    /* A file of other vectors would take the place of the options. */
    other = options;
    other.dim = DIM + 1;
    assert_int_equal(vf_hnsw_load(&other, path, &loaded, &err), VF_STATE);
    assert_non_null(strstr(err.message, "of other vectors"));
    other = options;
    other.metric = VF_METRIC_L2;
    assert_int_equal(vf_hnsw_load(&other, path, &loaded, &err), VF_STATE);
    other = options;
    other.kept = VF_E_F16;
    assert_int_equal(vf_hnsw_load(&other, path, &loaded, &err), VF_STATE);

    assert_int_equal(truncate(path, info.st_size - 100), 0);
    assert_int_equal(vf_hnsw_load(&options, path, &loaded, &err), VF_STATE);
    assert_non_null(strstr(err.message, "can't be read"));
    assert_int_equal(truncate(path, 40), 0);
    assert_int_equal(vf_hnsw_load(&options, path, &loaded, &err), VF_STATE);
    assert_non_null(strstr(err.message, "isn't a usearch file"));
    assert_int_equal(truncate(path, 0), 0);
    assert_int_equal(vf_hnsw_load(&options, path, &loaded, &err), VF_STATE);
    assert_int_equal(vf_hnsw_load(&options, path_of("none"), &loaded, &err), VF_STATE);
    assert_non_null(strstr(err.message, "No such file"));

    /* Not written where it can't be, nor through a link. */
    graph = build(&options, vectors, 10, 0);
    assert_int_equal(vf_hnsw_save(graph, path_of("no/such/folder"), &err), VF_ENGINE);
    assert_int_equal(symlink("/dev/null", path_of("b.usearch")), 0);
    assert_int_equal(vf_hnsw_save(graph, path_of("b.usearch"), &err), VF_ENGINE);
    remove(path_of("b.usearch"));
    /* A file that others could read is made the owner's. */
    close(open(path_of("b.usearch"), O_CREAT | O_WRONLY, 0666));
    assert_int_equal(vf_hnsw_save(graph, path_of("b.usearch"), &err), VF_OK);
    assert_int_equal(stat(path_of("b.usearch"), &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    flip(path_of("b.usearch"), 8 + 10 * DIM * 4); /* the magic word behind the vectors */
    assert_int_equal(vf_hnsw_load(&options, path_of("b.usearch"), &loaded, &err), VF_STATE);
    vf_hnsw_free(graph);
    vf_free(vectors);
}

static void test_memory(void **state)
{
    struct vf_hnsw_options options = {.metric = VF_METRIC_L2, .element = VF_E_F32, .dim = 1536, .max_bytes = 1 << 20};
    struct vf_hnsw_counts counts = {0};
    struct vf_hnsw *graph = NULL;
    static uint64_t keys[8000];
    (void)state;
    assert_true(vf_hnsw_free_bytes() > 1 << 20);
    options.max_bytes = UINT64_C(100) << 20;
    assert_int_equal(vf_hnsw_new(&options, 100000, &graph, &err), VF_MISSING);
    assert_non_null(strstr(err.message, "100000 vectors of 1536 dimensions, m 16, needs about 6"));
    assert_non_null(strstr(err.hint, "element: f16"));
    options.kept = VF_E_F16;
    assert_int_equal(vf_hnsw_new(&options, 100000, &graph, &err), VF_MISSING);
    assert_non_null(strstr(err.hint, "m: 8"));
    /* An index that grows meets the limit later. */
    options = (struct vf_hnsw_options){
        .metric = VF_METRIC_L2, .element = VF_E_F32, .dim = 1, .max_bytes = UINT64_C(33) << 20};
    float *vectors = vf_calloc(8000, sizeof(float));
    for (size_t i = 0; i < 8000; i++)
        keys[i] = i;
    assert_int_equal(vf_hnsw_new(&options, 0, &graph, &err), VF_OK);
    assert_int_equal(vf_hnsw_add(graph, keys, vectors, 100, &counts, &err), VF_OK);
    assert_int_equal(vf_hnsw_add(graph, keys + 100, vectors, 7900, &counts, &err), VF_MISSING);
    assert_int_equal(vf_hnsw_size(graph), 100);
    vf_hnsw_free(graph);
    vf_free(vectors);
    /* What the estimate says is near to what the file of a graph takes, and not below it. */
    options = options_of(VF_METRIC_COSINE, VF_E_F32);
    vectors = make_vectors(N, DIM);
    graph = build(&options, vectors, N, 0);
    struct stat info;
    assert_int_equal(vf_hnsw_save(graph, path_of("a.usearch"), &err), VF_OK);
    assert_int_equal(stat(path_of("a.usearch"), &info), 0);
    assert_true((uint64_t)info.st_size < vf_hnsw_estimate(&options, N));
    vf_hnsw_free(graph);
    vf_free(vectors);
}

static void test_no_library(void **state)
{
    struct vf_hnsw_options options = {.library_dir = folder, .metric = VF_METRIC_L2, .element = VF_E_F32, .dim = 2};
    struct vf_hnsw *graph = NULL;
    (void)state;
    assert_int_equal(vf_hnsw_available(folder, &err), VF_MISSING);
    assert_non_null(strstr(err.message, "the library of usearch can't be opened"));
    assert_non_null(strstr(err.hint, "libusearch_c.so by --library-dir, or take the sidecar out"));
    assert_int_equal(vf_hnsw_new(&options, 0, &graph, &err), VF_MISSING);
    assert_int_equal(vf_hnsw_available(NULL, &err), VF_OK);
}

static void test_no_memory_of_ours(void **state)
{
    static const float vectors[][2] = {{1, 0}, {0, 1}};
    struct vf_hnsw_options options = {.metric = VF_METRIC_L2, .element = VF_E_F32, .dim = 2, .n_threads = 1};
    enum vf_status status = VF_NOMEM;
    (void)state;
    for (int64_t at = 0; status != VF_OK; at++) {
        struct vf_hnsw *graph = NULL;
        struct vf_hnsw_counts counts = {0};
        uint64_t key;
        float distance;
        size_t found;
        assert_true(at < 20);
        vf_alloc_fail_at(at, false);
        status = vf_hnsw_new(&options, 2, &graph, &err);
        if (status == VF_OK)
            status = vf_hnsw_add(graph, (const uint64_t[]){1, 2}, vectors, 2, &counts, &err);
        if (status == VF_OK)
            status = vf_hnsw_search(graph, vectors, 1, &key, &distance, &found, &err);
        vf_alloc_fail_at(-1, false);
        if (status != VF_OK)
            assert_int_equal(status, VF_NOMEM);
        vf_hnsw_free(graph);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_metrics),  cmocka_unit_test(test_all_are_found), cmocka_unit_test(test_elements),
        cmocka_unit_test(test_left_out), cmocka_unit_test(test_keys),          cmocka_unit_test(test_files),
        cmocka_unit_test(test_memory),   cmocka_unit_test(test_no_library),    cmocka_unit_test(test_no_memory_of_ours),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}

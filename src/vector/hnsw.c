#include "vector/hnsw.h"

#ifdef VF_HAVE_USEARCH

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <usearch.h>

#include "base/alloc.h"
#include "base/library.h"
#include "vector/convert.h"

#define FIRST_CAPACITY 1024
#define MAX_THREADS    256
#define BATCH_OF_ROWS  16 /* that a thread takes at once */

/* ---- the library ---- */

#define USEARCH_FUNCTIONS(X)                                                                                           \
    X(version)                                                                                                         \
    X(init) X(free) X(reserve) X(change_threads_add) X(add) X(search) X(save) X(load) X(metadata) X(size) X(capacity)

#define USEARCH_POINTER(name) __typeof__(&usearch_##name) name;
struct usearch {
    USEARCH_FUNCTIONS(USEARCH_POINTER)
};

#define USEARCH_SYMBOL(name) {"usearch_" #name, offsetof(struct usearch, name)},
static const struct vf_library_symbol symbols[] = {USEARCH_FUNCTIONS(USEARCH_SYMBOL)};

struct vf_hnsw {
    struct usearch lib;
    void *handle;
    usearch_index_t index;
    struct vf_hnsw_options options; /* without 0 for defaults */
    usearch_scalar_kind_t kind;     /* of the vectors that are given to the library */
    size_t given_bytes;             /* of one of them */
    size_t vector_bytes;            /* of one of the caller's */
    uint64_t capacity;
};

static enum vf_status open_library(const char *folder, struct usearch *lib, void **handle, struct vf_error *err)
{
    enum vf_status status =
        vf_library_open(VF_LIBRARY_USEARCH, folder, symbols, sizeof(symbols) / sizeof(symbols[0]), lib, handle, err);

    if (status == VF_MISSING && err != NULL)
        vf_error_hint(err,
                      "name the folder that has %s by --library-dir, or take the sidecar out of the plan's indexes",
                      vf_library_file(VF_LIBRARY_USEARCH));
    return status;
}

enum vf_status vf_hnsw_available(const char *library_dir, struct vf_error *err)
{
    struct usearch lib;
    void *handle = NULL;
    enum vf_status status = open_library(library_dir, &lib, &handle, err);

    vf_library_close(handle);
    return status;
}

/* usearch's word is static. */
static enum vf_status fail(const struct vf_hnsw *graph, const char *what, usearch_error_t word, struct vf_error *err)
{
    bool is_memory = word != NULL && (strstr(word, "memory") != NULL || strstr(word, "alloc") != NULL);

    vf_error_set(err, is_memory ? VF_MISSING : VF_FAILED, "can't %s: usearch says: %s", what,
                 word != NULL ? word : "nothing");
    if (is_memory)
        vf_error_hint(err, "%s%s", graph->options.kept == VF_E_F32 ? "\"element: f16\" halves the vectors; " : "",
                      "a smaller m needs less memory, too");
    return is_memory ? VF_MISSING : VF_FAILED;
}

/* ---- options ---- */

static usearch_metric_kind_t metric_kind(enum vf_metric metric)
{
    switch (metric) {
    case VF_METRIC_L2:
    case VF_METRIC_L2_SQUARED:
        return usearch_metric_l2sq_k;
    case VF_METRIC_COSINE:
        return usearch_metric_cos_k;
    case VF_METRIC_IP:
        return usearch_metric_ip_k;
    case VF_METRIC_HAMMING:
        return usearch_metric_hamming_k;
    case VF_METRIC_JACCARD:
        return usearch_metric_tanimoto_k;
    case VF_METRIC_L1:
    case VF_METRIC_NONE:
        break;
    }
    return usearch_metric_unknown_k;
}

static usearch_scalar_kind_t scalar_kind(enum vf_element element)
{
    switch (element) {
    case VF_E_F16:
        return usearch_scalar_f16_k;
    case VF_E_BF16:
        return usearch_scalar_bf16_k;
    case VF_E_BIT:
        return usearch_scalar_b1_k;
    case VF_E_NONE:
    case VF_E_F32:
    case VF_E_F64:
    case VF_E_I8:
        break;
    }
    return usearch_scalar_f32_k;
}

/* f64 and i8 are handed over as f32. */
static enum vf_element given_as(enum vf_element element)
{
    return element == VF_E_F16 || element == VF_E_BF16 || element == VF_E_BIT ? element : VF_E_F32;
}

static struct vf_hnsw_options complete(const struct vf_hnsw_options *options)
{
    struct vf_hnsw_options full = *options;
    long n_cores = sysconf(_SC_NPROCESSORS_ONLN);

    full.m = full.m > 0 ? full.m : 16;
    full.ef_construction = full.ef_construction > 0 ? full.ef_construction : 128;
    full.ef_search = full.ef_search > 0 ? full.ef_search : 64;
    full.kept = full.kept != VF_E_NONE ? full.kept : given_as(full.element);
    full.n_threads = full.n_threads > 0 ? full.n_threads : n_cores > 0 ? (unsigned)n_cores : 1;
    full.n_threads = full.n_threads < MAX_THREADS ? full.n_threads : MAX_THREADS;
    return full;
}

uint64_t vf_hnsw_estimate(const struct vf_hnsw_options *options, uint64_t n)
{
    const struct vf_hnsw_options full = complete(options);
    /* Links: 2 m in the lowest layer, m in each of the few above, 4 bytes each; key, levels, places in tables and locks beside them. */
    uint64_t row_bytes = vf_element_bytes(full.kept, full.dim) + 8 * (uint64_t)full.m + 2 * (uint64_t)full.m + 96;

    return n > UINT64_MAX / 2 / row_bytes ? UINT64_MAX / 2 : n * row_bytes + (UINT64_C(32) << 20);
}

/* ---- memory ---- */

static uint64_t read_number(const char *path, const char *key, uint64_t unit)
{
    char line[256];
    unsigned long long value = 0;
    FILE *file = fopen(path, "r");

    if (file == NULL)
        return 0;
    while (value == 0 && fgets(line, sizeof(line), file) != NULL) {
        if (strncmp(line, key, strlen(key)) == 0 && sscanf(line + strlen(key), "%llu", &value) != 1)
            value = 0;
    }
    fclose(file);
    return value * unit;
}

uint64_t vf_hnsw_free_bytes(void)
{
    uint64_t available = read_number("/proc/meminfo", "MemAvailable:", 1024);
    uint64_t limit = read_number("/sys/fs/cgroup/memory.max", "", 1);
    uint64_t used = read_number("/sys/fs/cgroup/memory.current", "", 1);

    if (limit > used && limit - used < available)
        available = limit - used;
    return available;
}

/* An allocation that fails inside the library may end the process: so what can't fit isn't tried. */
static enum vf_status check_memory(const struct vf_hnsw_options *options, uint64_t n, struct vf_error *err)
{
    uint64_t free_bytes = options->max_bytes > 0 ? options->max_bytes : vf_hnsw_free_bytes();
    uint64_t needed = vf_hnsw_estimate(options, n);
    struct vf_hnsw_options smaller = *options;

    if (free_bytes == 0 || needed <= free_bytes)
        return VF_OK;
    vf_error_set(
        err, VF_MISSING,
        "an HNSW graph of %llu vectors of %zu dimensions, m %u, needs about %llu MiB of memory, and %llu MiB are free",
        (unsigned long long)n, options->dim, (unsigned)options->m, (unsigned long long)(needed >> 20),
        (unsigned long long)(free_bytes >> 20));
    if (options->kept == VF_E_F32) {
        smaller.kept = VF_E_F16;
        vf_error_hint(err,
                      "\"element: f16\" of the index in the plan needs about %llu MiB; or take the index out of it",
                      (unsigned long long)(vf_hnsw_estimate(&smaller, n) >> 20));
    } else {
        smaller.m = options->m / 2 > 4 ? options->m / 2 : 4;
        vf_error_hint(err, "\"m: %u\" of the index in the plan needs about %llu MiB; or take the index out of it",
                      (unsigned)smaller.m, (unsigned long long)(vf_hnsw_estimate(&smaller, n) >> 20));
    }
    return VF_MISSING;
}

/* ---- making and freeing ---- */

static enum vf_status make(const struct vf_hnsw_options *options, struct vf_hnsw **made, struct vf_error *err)
{
    struct vf_hnsw *graph = vf_calloc(1, sizeof(*graph));
    usearch_error_t word = NULL;

    if (graph == NULL)
        return vf_error_nomem(err);
    graph->options = complete(options);
    graph->kind = scalar_kind(given_as(options->element));
    graph->given_bytes = vf_element_bytes(given_as(options->element), options->dim);
    graph->vector_bytes = vf_element_bytes(options->element, options->dim);
    usearch_init_options_t init = {
        .metric_kind = metric_kind(options->metric),
        .quantization = scalar_kind(graph->options.kept),
        .dimensions = options->dim,
        .connectivity = graph->options.m,
        .expansion_add = graph->options.ef_construction,
        .expansion_search = graph->options.ef_search,
    };
    enum vf_status status = open_library(options->library_dir, &graph->lib, &graph->handle, err);
    if (status == VF_OK && (init.metric_kind == usearch_metric_unknown_k || options->dim == 0))
        status = vf_error_set(err, VF_INTERNAL, "usearch has no graph for metric %s of %zu dimensions",
                              vf_metric_name(options->metric), options->dim);
    if (status == VF_OK)
        graph->index = graph->lib.init(&init, &word);
    if (word != NULL)
        status = fail(graph, "make an HNSW graph", word, err);
    if (status != VF_OK) {
        vf_hnsw_free(graph);
        return status;
    }
    *made = graph;
    return VF_OK;
}

/* The number of threads is set anew after each reservation, which takes it back. */
static enum vf_status reserve(struct vf_hnsw *graph, uint64_t capacity, struct vf_error *err)
{
    usearch_error_t word = NULL;
    enum vf_status status = check_memory(&graph->options, capacity, err);

    if (status != VF_OK)
        return status;
    graph->lib.reserve(graph->index, (size_t)capacity, &word);
    if (word == NULL)
        graph->lib.change_threads_add(graph->index, graph->options.n_threads, &word);
    if (word != NULL)
        return fail(graph, "reserve memory for an HNSW graph", word, err);
    graph->capacity = capacity;
    return VF_OK;
}

enum vf_status vf_hnsw_new(const struct vf_hnsw_options *options, uint64_t expected, struct vf_hnsw **graph,
                           struct vf_error *err)
{
    struct vf_hnsw *made = NULL;
    enum vf_status status = make(options, &made, err);

    if (status == VF_OK)
        status = reserve(made, expected > FIRST_CAPACITY ? expected : FIRST_CAPACITY, err);
    if (status == VF_OK)
        *graph = made;
    else
        vf_hnsw_free(made);
    return status;
}

void vf_hnsw_free(struct vf_hnsw *graph)
{
    usearch_error_t word = NULL;

    if (graph == NULL)
        return;
    if (graph->index != NULL)
        graph->lib.free(graph->index, &word);
    vf_library_close(graph->handle);
    vf_free(graph);
}

size_t vf_hnsw_size(const struct vf_hnsw *graph)
{
    usearch_error_t word = NULL;

    return graph->lib.size(graph->index, &word);
}

const char *vf_hnsw_version(const struct vf_hnsw *graph)
{
    return graph->lib.version();
}

/* ---- one vector ---- */

/* As the library takes it: the vector itself, or `scratch`, with f64 and i8 as f32. */
static const void *give(const struct vf_hnsw *graph, const void *vector, float *scratch)
{
    size_t dim = graph->options.dim;

    if (graph->options.element == VF_E_F64)
        vf_f32_from_f64_array(scratch, vector, dim, NULL);
    else if (graph->options.element == VF_E_I8)
        vf_f32_from_i8_array(scratch, vector, dim);
    else
        return vector;
    return scratch;
}

static bool is_zero(const struct vf_hnsw *graph, const void *given)
{
    const unsigned char *bytes = given;
    size_t width = given_as(graph->options.element) == VF_E_F32 ? 4 : 2;

    if (graph->options.element == VF_E_BIT)
        return false;
    for (size_t i = 0; i < graph->given_bytes; i++) {
        bool has_sign = i % width == width - 1; /* negative zero is zero */
        if ((bytes[i] & (has_sign ? 0x7f : 0xff)) != 0)
            return false;
    }
    return true;
}

enum verdict { SOUND, ZERO, NOT_FINITE };

static enum verdict judge(const struct vf_hnsw *graph, const void *given)
{
    if (vf_find_nonfinite(given_as(graph->options.element), given, graph->options.dim) >= 0)
        return NOT_FINITE;
    return graph->options.metric == VF_METRIC_COSINE && is_zero(graph, given) ? ZERO : SOUND;
}

/* ---- adding ---- */

struct work {
    struct vf_hnsw *graph;
    const uint64_t *keys;
    const unsigned char *vectors;
    size_t n;
    atomic_size_t next;
    atomic_bool failed;
    pthread_mutex_t mutex; /* of what is below */
    struct vf_hnsw_counts counts;
    struct vf_error err;
    enum vf_status status;
};

/* The first failure is the one that is told; `word` NULL: no memory for the thread's own buffer. */
static void note_failure(struct work *work, uint64_t key, usearch_error_t word)
{
    char what[64];

    snprintf(what, sizeof(what), "add the vector with key %llu", (unsigned long long)key);
    pthread_mutex_lock(&work->mutex);
    if (work->status == VF_OK) {
        if (word == NULL)
            work->status = vf_error_nomem(&work->err);
        else if (strstr(word, "Duplicate") != NULL)
            work->status = vf_error_set(&work->err, VF_VALUE, "two vectors have the key %llu", (unsigned long long)key);
        else
            work->status = fail(work->graph, what, word, &work->err);
    }
    pthread_mutex_unlock(&work->mutex);
    atomic_store(&work->failed, true);
}

static bool add_one(struct work *work, size_t i, float *scratch, struct vf_hnsw_counts *counts)
{
    const struct vf_hnsw *graph = work->graph;
    const void *given = give(graph, work->vectors + i * graph->vector_bytes, scratch);
    usearch_error_t word = NULL;

    switch (judge(graph, given)) {
    case NOT_FINITE:
        counts->n_not_finite++;
        return true;
    case ZERO:
        counts->n_zero++;
        return true;
    case SOUND:
        break;
    }
    graph->lib.add(graph->index, work->keys[i], given, graph->kind, &word);
    if (word != NULL) {
        note_failure(work, work->keys[i], word);
        return false;
    }
    counts->n_added++;
    return true;
}

static void *add_main(void *argument)
{
    struct work *work = argument;
    struct vf_hnsw_counts counts = {0};
    float *scratch = vf_alloc(work->graph->options.dim, sizeof(*scratch));
    bool going = scratch != NULL;

    if (scratch == NULL)
        note_failure(work, 0, NULL);
    while (going && !atomic_load(&work->failed)) {
        size_t first = atomic_fetch_add(&work->next, BATCH_OF_ROWS);
        if (first >= work->n)
            break;
        for (size_t i = first; i < work->n && i < first + BATCH_OF_ROWS && going; i++)
            going = add_one(work, i, scratch, &counts);
    }
    pthread_mutex_lock(&work->mutex);
    work->counts.n_added += counts.n_added;
    work->counts.n_zero += counts.n_zero;
    work->counts.n_not_finite += counts.n_not_finite;
    pthread_mutex_unlock(&work->mutex);
    vf_free(scratch);
    return NULL;
}

static void run_threads(struct work *work, unsigned n_threads)
{
    pthread_t threads[MAX_THREADS];
    unsigned n_started = 0;

    /* The caller's own thread works too; one that can't be started is only missing. */
    while (n_started + 1 < n_threads && pthread_create(&threads[n_started], NULL, add_main, work) == 0)
        n_started++;
    add_main(work);
    for (unsigned i = 0; i < n_started; i++)
        pthread_join(threads[i], NULL);
}

enum vf_status vf_hnsw_add(struct vf_hnsw *graph, const uint64_t *keys, const void *vectors, size_t n,
                           struct vf_hnsw_counts *counts, struct vf_error *err)
{
    size_t n_there = vf_hnsw_size(graph);
    size_t n_serial = n_there >= VF_HNSW_SERIAL ? 0 : VF_HNSW_SERIAL - n_there;
    struct work work = {.graph = graph, .keys = keys, .vectors = vectors};
    enum vf_status status = VF_OK;

    for (size_t i = 0; i < n; i++) {
        if (keys[i] == VF_HNSW_NO_KEY)
            return vf_error_set(err, VF_VALUE, "usearch can't find a vector with the key 2^64-1 again");
    }
    for (uint64_t capacity = graph->capacity; capacity < n_there + n; capacity = graph->capacity) {
        uint64_t wanted = capacity * 2 > n_there + n ? capacity + capacity / 2 : n_there + n;
        status = reserve(graph, wanted > n_there + n ? wanted : n_there + n, err);
        if (status != VF_OK)
            return status;
    }
    pthread_mutex_init(&work.mutex, NULL);
    work.n = n < n_serial ? n : n_serial;
    if (work.n > 0)
        run_threads(&work, 1);
    atomic_store(&work.next, n < n_serial ? n : n_serial);
    work.n = n;
    if (work.status == VF_OK && n > n_serial)
        run_threads(&work, graph->options.n_threads);
    pthread_mutex_destroy(&work.mutex);
    counts->n_added += work.counts.n_added;
    counts->n_zero += work.counts.n_zero;
    counts->n_not_finite += work.counts.n_not_finite;
    if (work.status != VF_OK && err != NULL)
        *err = work.err;
    return work.status;
}

/* ---- searching ---- */

enum vf_status vf_hnsw_search(struct vf_hnsw *graph, const void *query, size_t k, uint64_t *keys, float *distances,
                              size_t *n_found, struct vf_error *err)
{
    float *scratch = vf_alloc(graph->options.dim, sizeof(*scratch));
    usearch_error_t word = NULL;
    size_t found = 0;

    if (scratch == NULL)
        return vf_error_nomem(err);
    const void *given = give(graph, query, scratch);
    if (judge(graph, given) == SOUND && k > 0 && vf_hnsw_size(graph) > 0)
        found = graph->lib.search(graph->index, given, graph->kind, k < VF_HNSW_MAX_FOUND ? k : VF_HNSW_MAX_FOUND, keys,
                                  distances, &word);
    vf_free(scratch);
    if (word != NULL)
        return fail(graph, "search an HNSW graph", word, err);
    *n_found = found;
    return VF_OK;
}

/* ---- files ---- */

static enum vf_status make_durable(const char *path, struct vf_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool failed = fd < 0 || fsync(fd) != 0;
    int code = errno;

    if (fd >= 0)
        close(fd);
    return failed ? vf_error_set(err, VF_ENGINE, "cannot make \"%s\" durable: %s", path, strerror(code)) : VF_OK;
}

/* The file is made first, for its owner alone: the library would make it for everybody who may read. */
enum vf_status vf_hnsw_save(struct vf_hnsw *graph, const char *path, struct vf_error *err)
{
    usearch_error_t word = NULL;
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);

    if (fd < 0)
        return vf_error_set(err, VF_ENGINE, "cannot write \"%s\": %s", path, strerror(errno));
    bool is_own = fchmod(fd, S_IRUSR | S_IWUSR) == 0;
    close(fd);
    if (!is_own)
        return vf_error_set(err, VF_ENGINE, "cannot make \"%s\" readable by its owner alone: %s", path,
                            strerror(errno));
    graph->lib.save(graph->index, path, &word);
    if (word != NULL) {
        vf_error_set(err, VF_ENGINE, "cannot write \"%s\": usearch says: %s", path, word);
        vf_error_hint(err, "look for free space on the disk");
        return VF_ENGINE;
    }
    return make_durable(path, err);
}

/* What the file says of itself against what is expected; loading would put it in the place of the options without a word. */
static enum vf_status check_file(struct vf_hnsw *graph, const char *path, struct vf_error *err)
{
    usearch_init_options_t found = {0};
    usearch_error_t word = NULL;

    graph->lib.metadata(path, &found, &word);
    if (word != NULL)
        return vf_error_set(err, VF_STATE, "\"%s\" isn't a usearch file: %s", path, word);
    if (found.metric_kind == metric_kind(graph->options.metric) && found.dimensions == graph->options.dim &&
        found.quantization == scalar_kind(graph->options.kept) && !found.multi)
        return VF_OK;
    return vf_error_set(
        err, VF_STATE,
        "\"%s\" is a usearch file of other vectors: %zu dimensions, not %zu, or another metric or element", path,
        found.dimensions, graph->options.dim);
}

enum vf_status vf_hnsw_load(const struct vf_hnsw_options *options, const char *path, struct vf_hnsw **graph,
                            struct vf_error *err)
{
    struct vf_hnsw *made = NULL;
    usearch_error_t word = NULL;
    struct stat info;
    enum vf_status status = stat(path, &info) == 0
                                ? make(options, &made, err)
                                : vf_error_set(err, VF_STATE, "cannot open \"%s\": %s", path, strerror(errno));

    if (status == VF_OK)
        status = check_file(made, path, err);
    if (status == VF_OK)
        made->lib.load(made->index, path, &word);
    if (word != NULL)
        status = vf_error_set(err, VF_STATE, "\"%s\" can't be read: usearch says: %s", path, word);
    if (status == VF_OK) {
        made->capacity = made->lib.capacity(made->index, &word);
        *graph = made;
    } else {
        vf_hnsw_free(made);
    }
    return status;
}

#else

static enum vf_status not_built(struct vf_error *err)
{
    vf_error_set(err, VF_MISSING, "this vecferry was built without usearch");
    vf_error_hint(err, "build it with usearch.h (Meson option usearch), or take the sidecar out of the plan's indexes");
    return VF_MISSING;
}

enum vf_status vf_hnsw_available(const char *library_dir, struct vf_error *err)
{
    (void)library_dir;
    return not_built(err);
}

uint64_t vf_hnsw_estimate(const struct vf_hnsw_options *options, uint64_t n)
{
    (void)options, (void)n;
    return 0;
}

uint64_t vf_hnsw_free_bytes(void)
{
    return 0;
}

enum vf_status vf_hnsw_new(const struct vf_hnsw_options *options, uint64_t expected, struct vf_hnsw **graph,
                           struct vf_error *err)
{
    (void)options, (void)expected, (void)graph;
    return not_built(err);
}

void vf_hnsw_free(struct vf_hnsw *graph)
{
    (void)graph;
}

enum vf_status vf_hnsw_add(struct vf_hnsw *graph, const uint64_t *keys, const void *vectors, size_t n,
                           struct vf_hnsw_counts *counts, struct vf_error *err)
{
    (void)graph, (void)keys, (void)vectors, (void)n, (void)counts;
    return not_built(err);
}

enum vf_status vf_hnsw_search(struct vf_hnsw *graph, const void *query, size_t k, uint64_t *keys, float *distances,
                              size_t *n_found, struct vf_error *err)
{
    (void)graph, (void)query, (void)k, (void)keys, (void)distances, (void)n_found;
    return not_built(err);
}

size_t vf_hnsw_size(const struct vf_hnsw *graph)
{
    (void)graph;
    return 0;
}

const char *vf_hnsw_version(const struct vf_hnsw *graph)
{
    (void)graph;
    return "";
}

enum vf_status vf_hnsw_save(struct vf_hnsw *graph, const char *path, struct vf_error *err)
{
    (void)graph, (void)path;
    return not_built(err);
}

enum vf_status vf_hnsw_load(const struct vf_hnsw_options *options, const char *path, struct vf_hnsw **graph,
                            struct vf_error *err)
{
    (void)options, (void)path, (void)graph;
    return not_built(err);
}

#endif

/*
 * HNSW graphs by usearch: built from blocks of vectors on all cores, saved to a file that usearch itself can load, loaded and searched.
 *
 * The library is opened at run time (base/library.h); without it, or when vecferry was built without usearch.h, everything here is VF_MISSING. What is measured of usearch, and guarded against:
 * memory must be reserved before a vector is added, and the number of threads set after that; two threads that start on an empty graph leave vectors that are never found, so the first
 * VF_HNSW_SERIAL ones go in alone; NaN damages the graph around it, so vectors that aren't finite are left out, and zero vectors under cosine too, for their distance isn't defined; the key 2^64-1 is
 * taken and never found; a file replaces the options that an index was made with, so they are compared first; saving isn't atomic, so it goes to a name of the caller's choosing.
 *
 * A graph is used by one thread at a time; it starts its own for adding.
 */
#ifndef VF_VECTOR_HNSW_H
#define VF_VECTOR_HNSW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/element.h"
#include "base/error.h"
#include "base/metric.h"

#define VF_HNSW_SERIAL    1000
#define VF_HNSW_NO_KEY    UINT64_MAX /* no vector can have this key */
#define VF_HNSW_MAX_FOUND 4096       /* neighbours asked for at once */

struct vf_hnsw;

struct vf_hnsw_options {
    const char *library_dir; /* NULL: as base/library.h says */
    enum vf_metric metric;   /* L2 and L2_SQUARED are one; HAMMING and JACCARD for bits */
    enum vf_element element; /* of the vectors that are added and searched for */
    enum vf_element kept; /* as what the graph keeps them: F32, F16, BF16, BIT; NONE: as they come, f64 and i8 as f32 */
    size_t dim;
    uint32_t m, ef_construction, ef_search; /* 0: usearch's 16, 128 and 64 */
    unsigned n_threads;                     /* 0: one for each core */
    uint64_t max_bytes;                     /* of memory; 0: what the machine has free */
};

struct vf_hnsw_counts {
    int64_t n_added, n_zero, n_not_finite;
};

/* Is the library there? VF_MISSING says what to do. */
enum vf_status vf_hnsw_available(const char *library_dir, struct vf_error *err) VF_CHECKED;

/* Memory for `n` vectors, in bytes: the vectors themselves, their links, and what usearch keeps beside them. */
uint64_t vf_hnsw_estimate(const struct vf_hnsw_options *options, uint64_t n);
/* What the machine has free, in bytes; 0: not known. */
uint64_t vf_hnsw_free_bytes(void);

/* An empty graph with room for `expected` vectors, which grows when there are more. VF_MISSING: no library, or not enough memory, with a smaller setting as the hint. */
enum vf_status vf_hnsw_new(const struct vf_hnsw_options *options, uint64_t expected, struct vf_hnsw **graph,
                           struct vf_error *err) VF_CHECKED;
void vf_hnsw_free(struct vf_hnsw *graph); /* NULL is fine */

/* Add n vectors that lie one after the other, in the neutral form, each under its key, on all threads. Counts are added to. VF_VALUE: a key that is there already, or VF_HNSW_NO_KEY; VF_MISSING: memory. */
enum vf_status vf_hnsw_add(struct vf_hnsw *graph, const uint64_t *keys, const void *vectors, size_t n,
                           struct vf_hnsw_counts *counts, struct vf_error *err) VF_CHECKED;

/* The k nearest by the graph, nearest first; *n_found of them. Distances are usearch's: l2 squared, 1 - dot product. A query that isn't finite finds nothing. */
enum vf_status vf_hnsw_search(struct vf_hnsw *graph, const void *query, size_t k, uint64_t *keys, float *distances,
                              size_t *n_found, struct vf_error *err) VF_CHECKED;

size_t vf_hnsw_size(const struct vf_hnsw *graph);
const char *vf_hnsw_version(const struct vf_hnsw *graph); /* of the library */

/* Write the graph to `path` (a new file with mode 0600, or one that is emptied) and make it durable. The caller renames it. */
enum vf_status vf_hnsw_save(struct vf_hnsw *graph, const char *path, struct vf_error *err) VF_CHECKED;
/* VF_STATE: the file isn't usearch's, is cut short, or holds another kind of vectors than `options` say; ef_search is taken from the options, as the file hasn't got it. */
enum vf_status vf_hnsw_load(const struct vf_hnsw_options *options, const char *path, struct vf_hnsw **graph,
                            struct vf_error *err) VF_CHECKED;

#endif

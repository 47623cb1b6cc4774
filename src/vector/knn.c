#include "vector/distance.h"

#include <math.h>

#include "base/element.h"

/* The k nearest as a heap with the farthest on top. */
struct heap {
    uint64_t *indexes;
    double *distances;
    size_t n;
};

/* The order of results: by distance, equal ones by place. */
static bool is_before(double distance_a, uint64_t index_a, double distance_b, uint64_t index_b)
{
    if (distance_a != distance_b)
        return distance_a < distance_b;
    return index_a < index_b;
}

static bool is_entry_before(const struct heap *heap, size_t a, size_t b)
{
    return is_before(heap->distances[a], heap->indexes[a], heap->distances[b], heap->indexes[b]);
}

static void swap_entries(struct heap *heap, size_t a, size_t b)
{
    uint64_t index = heap->indexes[a];
    double distance = heap->distances[a];

    heap->indexes[a] = heap->indexes[b];
    heap->distances[a] = heap->distances[b];
    heap->indexes[b] = index;
    heap->distances[b] = distance;
}

static void sift_up(struct heap *heap, size_t i)
{
    while (i > 0 && is_entry_before(heap, (i - 1) / 2, i)) {
        swap_entries(heap, i, (i - 1) / 2);
        i = (i - 1) / 2;
    }
}

static void sift_down(struct heap *heap, size_t i)
{
    for (;;) {
        size_t farthest = i;

        for (size_t child = 2 * i + 1; child <= 2 * i + 2 && child < heap->n; child++) {
            if (is_entry_before(heap, farthest, child))
                farthest = child;
        }
        if (farthest == i)
            return;
        swap_entries(heap, i, farthest);
        i = farthest;
    }
}

static void offer(struct heap *heap, size_t k, uint64_t index, double distance)
{
    if (heap->n < k) {
        heap->indexes[heap->n] = index;
        heap->distances[heap->n] = distance;
        sift_up(heap, heap->n++);
    } else if (is_before(distance, index, heap->distances[0], heap->indexes[0])) {
        heap->indexes[0] = index;
        heap->distances[0] = distance;
        sift_down(heap, 0);
    }
}

void vf_knn_add(const void *query, const void *block, size_t n, size_t dim, enum vf_metric metric, uint64_t first_index,
                size_t k, uint64_t *indexes, double *distances, size_t *found)
{
    struct heap heap = {.indexes = indexes, .distances = distances, .n = *found};
    size_t width_bytes = vf_element_bytes(vf_metric_is_for_bits(metric) ? VF_E_BIT : VF_E_F32, dim);
    const unsigned char *vectors = block;

    if (k == 0)
        return;
    for (size_t i = 0; i < n; i++) {
        double distance = vf_distance(metric, query, vectors + i * width_bytes, dim);

        if (!isnan(distance))
            offer(&heap, k, first_index + i, distance);
    }
    *found = heap.n;
}

void vf_knn_sort(uint64_t *indexes, double *distances, size_t found)
{
    struct heap heap = {.indexes = indexes, .distances = distances, .n = found};

    while (heap.n > 1) {
        swap_entries(&heap, 0, --heap.n);
        sift_down(&heap, 0);
    }
}

size_t vf_knn_exact(const void *query, const void *block, size_t n, size_t dim, enum vf_metric metric, size_t k,
                    uint64_t *indexes, double *distances)
{
    size_t found = 0;

    vf_knn_add(query, block, n, dim, metric, 0, k, indexes, distances, &found);
    vf_knn_sort(indexes, distances, found);
    return found;
}

/*
 * How far two vectors are from each other.
 *
 * Both the model (what an index was built for) and the vector room (distances, nearest neighbours) speak of metrics, so the enum lives here.
 */
#ifndef VF_BASE_METRIC_H
#define VF_BASE_METRIC_H

#include <stdbool.h>

enum vf_metric {
    VF_METRIC_NONE,       /* not known, or not a vector; no distance can be computed with it */
    VF_METRIC_L2,         /* sqrt(sum (a-b)^2): pgvector <->, vec0 L2, DuckDB array_distance */
    VF_METRIC_L2_SQUARED, /* sum (a-b)^2: usearch l2sq */
    VF_METRIC_COSINE,     /* 1 - a.b / (|a| |b|), kept within 0 and 2: pgvector <=> */
    VF_METRIC_IP,         /* -a.b, the negative inner product: pgvector <#> */
    VF_METRIC_L1,         /* sum |a-b|: pgvector <+> */
    VF_METRIC_HAMMING,    /* bits that differ: pgvector <~> */
    VF_METRIC_JACCARD,    /* 1 - bits in both / bits in either; 1 when neither has bits, as pgvector <%> */
};

/* "none", "l2", "l2sq", "cosine", "ip", "l1", "hamming", "jaccard"; static. */
const char *vf_metric_name(enum vf_metric metric);
bool vf_metric_parse(const char *name, enum vf_metric *metric);
/* Hamming and Jaccard are for bits, the others for float32. */
bool vf_metric_is_for_bits(enum vf_metric metric);

#endif

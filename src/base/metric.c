#include "base/metric.h"

#include <stddef.h>
#include <string.h>

static const char *const metrics[] = {
    [VF_METRIC_NONE] = "none", [VF_METRIC_L2] = "l2", [VF_METRIC_L2_SQUARED] = "l2sq", [VF_METRIC_COSINE] = "cosine",
    [VF_METRIC_IP] = "ip",     [VF_METRIC_L1] = "l1", [VF_METRIC_HAMMING] = "hamming", [VF_METRIC_JACCARD] = "jaccard",
};

#define N_METRICS (sizeof(metrics) / sizeof(metrics[0]))

const char *vf_metric_name(enum vf_metric metric)
{
    return (size_t)metric < N_METRICS ? metrics[metric] : metrics[VF_METRIC_NONE];
}

bool vf_metric_parse(const char *name, enum vf_metric *metric)
{
    for (size_t i = 0; i < N_METRICS; i++) {
        if (strcmp(name, metrics[i]) == 0) {
            *metric = (enum vf_metric)i;
            return true;
        }
    }
    return false;
}

bool vf_metric_is_for_bits(enum vf_metric metric)
{
    return metric == VF_METRIC_HAMMING || metric == VF_METRIC_JACCARD;
}

#include "base/status.h"

#include <stddef.h>

static const struct {
    enum vf_status status;
    int exit_code;
    const char *text;
} statuses[] = {
#define VF_STATUS_ROW(name, value, exit_code, text) {VF_##name, exit_code, text},
    VF_STATUS_LIST(VF_STATUS_ROW)
#undef VF_STATUS_ROW
};

#define N_STATUSES (sizeof(statuses) / sizeof(statuses[0]))

const char *vf_status_text(enum vf_status status)
{
    for (size_t i = 0; i < N_STATUSES; i++) {
        if (statuses[i].status == status)
            return statuses[i].text;
    }
    return "unknown status";
}

static int exit_code_by_side(enum vf_side side)
{
    switch (side) {
    case VF_SIDE_SOURCE:
        return 6;
    case VF_SIDE_TARGET:
        return 7;
    case VF_SIDE_NONE:
        break;
    }
    return 1;
}

bool vf_status_is_refusal(enum vf_status status)
{
    return status == VF_ENGINE || status == VF_VALUE || status == VF_MISSING || status == VF_USAGE ||
           status == VF_STATE || status == VF_NOTFOUND;
}

int vf_status_exit_code(enum vf_status status, enum vf_side side)
{
    if (status == VF_OK)
        return 0;
    for (size_t i = 0; i < N_STATUSES; i++) {
        if (statuses[i].status == status)
            return statuses[i].exit_code != 0 ? statuses[i].exit_code : exit_code_by_side(side);
    }
    return 12; /* a number that is no status is a bug of ours: internal error */
}

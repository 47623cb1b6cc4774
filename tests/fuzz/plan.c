/* ferry.yaml. */
#include "ferry/plan.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
    struct vf_plan plan = {0};
    struct vf_error err = {0};
    enum vf_status status = vf_plan_read("ferry.yaml", (const char *)data, size_bytes, &plan, &err);

    (void)status;
    vf_plan_release(&plan);
    return 0;
}

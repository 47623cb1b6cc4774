#include "base/element.h"

#include <stdint.h>
#include <string.h>

static const struct {
    const char *name;
    size_t n_bits;
} elements[] = {
    [VF_E_NONE] = {"none", 0},  [VF_E_F32] = {"f32", 32}, [VF_E_F64] = {"f64", 64}, [VF_E_F16] = {"f16", 16},
    [VF_E_BF16] = {"bf16", 16}, [VF_E_I8] = {"i8", 8},    [VF_E_BIT] = {"bit", 1},
};

#define N_ELEMENTS (sizeof(elements) / sizeof(elements[0]))

const char *vf_element_name(enum vf_element element)
{
    return (size_t)element < N_ELEMENTS ? elements[element].name : elements[VF_E_NONE].name;
}

bool vf_element_parse(const char *name, enum vf_element *element)
{
    for (size_t i = VF_E_NONE + 1; i < N_ELEMENTS; i++) {
        if (strcmp(name, elements[i].name) == 0) {
            *element = (enum vf_element)i;
            return true;
        }
    }
    return false;
}

size_t vf_element_bytes(enum vf_element element, size_t dim)
{
    size_t n_bits = (size_t)element < N_ELEMENTS ? elements[element].n_bits : 0;

    if (n_bits == 1)
        return dim / 8 + (dim % 8 != 0);
    if (n_bits == 0 || dim > SIZE_MAX / (n_bits / 8))
        return 0;
    return dim * (n_bits / 8);
}

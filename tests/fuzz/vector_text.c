/* Texts of vectors: what is read and written again must read as the same bits. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "fuzz.h"
#include "vector/text.h"

#define MAX_DIM 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
    const struct vf_vector_text_options options = {0};
    float values[MAX_DIM], again[MAX_DIM];
    size_t dim = 0, dim_again = 0;
    struct vf_buf text;

    if (vf_vector_text_read_f32((const char *)data, size_bytes, &options, values, MAX_DIM, &dim, NULL) != VF_OK)
        return 0;
    vf_buf_init(&text, VF_BUF_MAX);
    if (vf_vector_text_write(&text, VF_E_F32, values, dim, NULL) != VF_OK ||
        vf_vector_text_read_f32(text.data, text.size_bytes, &options, again, MAX_DIM, &dim_again, NULL) != VF_OK ||
        dim_again != dim || memcmp(values, again, dim * sizeof(*values)) != 0)
        abort();
    vf_buf_release(&text);
    return 0;
}

/* Texts of vectors: what is read must be what the C library reads, counted or not, and what is written again must read as the same bits. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "fuzz.h"
#include "vector/text.h"

#define MAX_DIM 64

/* The text as it was read, number by number. */
static void check_with_libc(const uint8_t *data, size_t size_bytes, const float *values, size_t dim)
{
    char *text = malloc(size_bytes + 1);
    const char *at = text;

    if (text == NULL)
        abort();
    memcpy(text, data, size_bytes);
    text[size_bytes] = '\0';
    for (size_t i = 0; i < dim; i++) {
        char *end = NULL;
        float value;

        at += strspn(at, " \t\r\n[,");
        value = strtof(at, &end);
        if (memcmp(&value, &values[i], sizeof(value)) != 0)
            abort();
        at = end;
    }
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
    struct vf_vector_text_stats stats = {0};
    const struct vf_vector_text_options options = {0}, counting = {.stats = &stats};
    float values[MAX_DIM], again[MAX_DIM];
    size_t dim = 0, dim_again = 0;
    struct vf_buf text;

    if (vf_vector_text_read_f32((const char *)data, size_bytes, &options, values, MAX_DIM, &dim, NULL) != VF_OK)
        return 0;
    check_with_libc(data, size_bytes, values, dim);
    if (vf_vector_text_read_f32((const char *)data, size_bytes, &counting, again, MAX_DIM, &dim_again, NULL) != VF_OK ||
        dim_again != dim || memcmp(values, again, dim * sizeof(*values)) != 0 || stats.n_numbers != dim)
        abort();
    vf_buf_init(&text, VF_BUF_MAX);
    if (vf_vector_text_write(&text, VF_E_F32, values, dim, NULL) != VF_OK ||
        vf_vector_text_read_f32(text.data, text.size_bytes, &options, again, MAX_DIM, &dim_again, NULL) != VF_OK ||
        dim_again != dim || memcmp(values, again, dim * sizeof(*values)) != 0)
        abort();
    vf_buf_release(&text);
    return 0;
}

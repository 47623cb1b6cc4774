#include "vector/text.h"

#include <math.h>
#include <string.h>

#include "vector/number.h"
#include "vector/number_run.h"

/* Runs are worth their beginning from some numbers on: a text that has many numbers of another form is read without. */
#define TRIAL_RUNS  16
#define WORTH_A_RUN 16

struct reader {
    const char *begin;
    const char *p;
    const char *end;
    bool strict;
    struct vf_error *err;
};

static size_t offset_of(const struct reader *reader, const char *where)
{
    return (size_t)(where - reader->begin);
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void skip_spaces(struct reader *reader)
{
    while (reader->p < reader->end && is_space(*reader->p))
        reader->p++;
}

/* Does the text go on with this word, in any case? */
static bool goes_on_with(const struct reader *reader, const char *p, const char *word)
{
    for (; *word != '\0'; word++, p++) {
        if (p == reader->end || (*p | 0x20) != *word)
            return false;
    }
    return true;
}

static enum vf_status unexpected(const struct reader *reader, const char *p)
{
    size_t offset = offset_of(reader, p);

    if (p == reader->end)
        return vf_error_set(reader->err, VF_VALUE, "vector text: the text ends at offset %zu, before the vector does",
                            offset);
    if (*p == '[')
        return vf_error_set(reader->err, VF_VALUE, "vector text: nested array at offset %zu", offset);
    if (goes_on_with(reader, p, "null"))
        return vf_error_set(reader->err, VF_VALUE, "vector text: null element at offset %zu", offset);
    if (goes_on_with(reader, p, "nan"))
        return vf_error_set(reader->err, VF_VALUE, "vector text: NaN at offset %zu", offset);
    if (goes_on_with(reader, p, "inf"))
        return vf_error_set(reader->err, VF_VALUE, "vector text: Infinity at offset %zu", offset);
    if (*p > ' ' && *p < 0x7f)
        return vf_error_set(reader->err, VF_VALUE, "vector text: unexpected character \"%c\" at offset %zu", *p,
                            offset);
    return vf_error_set(reader->err, VF_VALUE, "vector text: unexpected byte 0x%02x at offset %zu",
                        (unsigned)(unsigned char)*p, offset);
}

static enum vf_status too_large(const struct reader *reader, const char *p, enum vf_element element)
{
    return vf_error_set(reader->err, VF_VALUE, "vector text: number too large for %s at offset %zu",
                        vf_element_name(element), offset_of(reader, p));
}

static enum vf_status begin(struct reader *reader)
{
    skip_spaces(reader);
    if (reader->p == reader->end)
        return vf_error_set(reader->err, VF_VALUE, "vector text: empty text");
    if (*reader->p != '[')
        return vf_error_set(reader->err, VF_VALUE, "vector text: expected \"[\" at offset %zu",
                            offset_of(reader, reader->p));
    reader->p++;
    skip_spaces(reader);
    if (reader->p < reader->end && *reader->p == ']')
        return vf_error_set(reader->err, VF_VALUE, "vector text: empty vector");
    return VF_OK;
}

/* Behind a number: `*more` is true behind a comma, false behind the bracket. */
static enum vf_status go_on(struct reader *reader, bool *more)
{
    skip_spaces(reader);
    if (reader->p == reader->end || (*reader->p != ',' && *reader->p != ']'))
        return unexpected(reader, reader->p);
    *more = *reader->p++ == ',';
    if (*more)
        skip_spaces(reader);
    return VF_OK;
}

static enum vf_status finish(struct reader *reader, const struct vf_vector_text_options *options, size_t found,
                             size_t max_dim, size_t *dim)
{
    skip_spaces(reader);
    if (reader->p != reader->end)
        return vf_error_set(reader->err, VF_VALUE, "vector text: trailing bytes at offset %zu",
                            offset_of(reader, reader->p));
    if (options->expected_dim != 0 && found != options->expected_dim)
        return vf_error_set(reader->err, VF_VALUE, "vector text: expected %zu dimensions, found %zu",
                            options->expected_dim, found);
    if (found > max_dim)
        return vf_error_set(reader->err, VF_VALUE, "vector text: %zu dimensions, at most %zu are possible", found,
                            max_dim);
    *dim = found;
    return VF_OK;
}

static void count_rendering(const struct vf_number *number, float value, struct vf_vector_text_stats *stats)
{
    double relative_error;

    stats->n_numbers++;
    if (vf_number_is_rendering_of_f32(number, value, &relative_error))
        return;
    stats->n_inexact++;
    if (relative_error > stats->max_relative_error)
        stats->max_relative_error = relative_error;
}

/* Integers however they are written: 100, 1e2, 100.0. */
static bool to_i8(const struct vf_number *number, int8_t *value)
{
    uint64_t significand = number->significand;
    int64_t exponent = number->exponent;
    unsigned limit = number->negative ? 128 : 127;

    if (number->truncated)
        return false;
    if (significand == 0) {
        *value = 0;
        return true;
    }
    for (; exponent < 0 && significand % 10 == 0; exponent++)
        significand /= 10;
    for (; exponent > 0 && significand <= limit; exponent--)
        significand *= 10;
    if (exponent != 0 || significand > limit)
        return false;
    *value = (int8_t)(number->negative ? -(int)significand : (int)significand);
    return true;
}

/* Convert one number and put it in its place; numbers beyond `max_dim` are checked and dropped. `at` is where the number begins. */
static inline enum vf_status store(const struct reader *reader, const struct vf_number *number, enum vf_element element,
                                   const char *at, void *out, size_t index, size_t max_dim,
                                   struct vf_vector_text_stats *stats)
{
    if (element == VF_E_F32) {
        float value = vf_number_to_f32(number);

        if (isinf(value))
            return too_large(reader, at, element);
        if (index < max_dim)
            ((float *)out)[index] = value;
        if (stats != NULL)
            count_rendering(number, value, stats);
    } else if (element == VF_E_F64) {
        double value = vf_number_to_f64(number);

        if (isinf(value))
            return too_large(reader, at, element);
        if (index < max_dim)
            ((double *)out)[index] = value;
    } else {
        int8_t value = 0;

        if (!to_i8(number, &value))
            return vf_error_set(reader->err, VF_VALUE, "vector text: not an integer from -128 to 127 at offset %zu",
                                offset_of(reader, at));
        if (index < max_dim)
            ((int8_t *)out)[index] = value;
    }
    return VF_OK;
}

/* Many numbers at once, as far as that goes: they are added to `*found`, and the next one is at reader->p. */
static inline void read_run(struct reader *reader, const struct vf_vector_text_options *options, void *out,
                            size_t max_dim, size_t *found, size_t *n_runs)
{
    struct vf_number_run run = {.text = reader->p, .end = reader->end, .stats = options->stats};
    size_t n;

    if (*n_runs > TRIAL_RUNS + *found / WORTH_A_RUN || reader->p - reader->begin < VF_NUMBER_RUN_MARGIN ||
        *found >= max_dim)
        return;
    run.out = (float *)out + *found;
    run.max_numbers = max_dim - *found;
    n = vf_number_run_f32(&run);
    ++*n_runs;
    *found += n;
    reader->p = run.text;
    skip_spaces(reader);
}

/* One loop for all elements; it is inlined with a constant `element`, so that the hot path has no branch on it. */
__attribute__((always_inline)) static inline enum vf_status read_numbers(struct reader *reader,
                                                                         const struct vf_vector_text_options *options,
                                                                         enum vf_element element, void *out,
                                                                         size_t max_dim, size_t *dim)
{
    size_t found = 0;
    bool more = true;
    size_t n_runs = 0;
    enum vf_status status = begin(reader);

    while (status == VF_OK && more) {
        struct vf_number number;
        const char *at;

        if (element == VF_E_F32)
            read_run(reader, options, out, max_dim, &found, &n_runs);
        at = reader->p;
        if (vf_number_scan(&reader->p, reader->end, reader->strict, &number) != VF_NUMBER_OK)
            return unexpected(reader, reader->p);
        status = store(reader, &number, element, at, out, found, max_dim, options->stats);
        if (status != VF_OK)
            return status;
        found++;
        if (reader->p < reader->end && *reader->p == ',') { /* most often */
            reader->p++;
            if (reader->p < reader->end && *reader->p <= ' ')
                skip_spaces(reader);
        } else {
            status = go_on(reader, &more);
        }
    }
    return status == VF_OK ? finish(reader, options, found, max_dim, dim) : status;
}

static struct reader open_reader(const char *text, size_t size_bytes, const struct vf_vector_text_options *options,
                                 struct vf_error *err)
{
    return (struct reader){
        .begin = text, .p = text, .end = text + size_bytes, .strict = options->syntax == VF_VECTOR_JSON, .err = err};
}

enum vf_status vf_vector_text_read_f32(const char *text, size_t size_bytes,
                                       const struct vf_vector_text_options *options, float *out, size_t max_dim,
                                       size_t *dim, struct vf_error *err)
{
    struct reader reader = open_reader(text, size_bytes, options, err);

    return read_numbers(&reader, options, VF_E_F32, out, max_dim, dim);
}

enum vf_status vf_vector_text_read_f64(const char *text, size_t size_bytes,
                                       const struct vf_vector_text_options *options, double *out, size_t max_dim,
                                       size_t *dim, struct vf_error *err)
{
    struct reader reader = open_reader(text, size_bytes, options, err);

    return read_numbers(&reader, options, VF_E_F64, out, max_dim, dim);
}

enum vf_status vf_vector_text_read_i8(const char *text, size_t size_bytes, const struct vf_vector_text_options *options,
                                      int8_t *out, size_t max_dim, size_t *dim, struct vf_error *err)
{
    struct reader reader = open_reader(text, size_bytes, options, err);

    return read_numbers(&reader, options, VF_E_I8, out, max_dim, dim);
}

size_t vf_vector_text_count(const char *text, size_t size_bytes)
{
    const char *end = text + size_bytes;
    size_t n_commas = 0;

    while (text < end && is_space(*text))
        text++;
    if (text == end || *text != '[')
        return 0;
    for (text++; text < end && is_space(*text); text++)
        ;
    if (text == end || *text == ']')
        return 0;
    for (; text < end; text++)
        n_commas += *text == ',';
    return n_commas + 1;
}

enum vf_status vf_vector_text_read_bits(const char *text, size_t size_bytes, void *out, size_t max_dim, size_t *dim,
                                        struct vf_error *err)
{
    unsigned char *bytes = out;
    struct reader reader = {.begin = text, .p = text, .end = text + size_bytes, .err = err};

    if (size_bytes == 0)
        return vf_error_set(err, VF_VALUE, "vector text: empty text");
    if (size_bytes > max_dim)
        return vf_error_set(err, VF_VALUE, "vector text: %zu bits, at most %zu are possible", size_bytes, max_dim);
    memset(bytes, 0, vf_element_bytes(VF_E_BIT, size_bytes));
    for (size_t i = 0; i < size_bytes; i++) {
        if (text[i] != '0' && text[i] != '1')
            return unexpected(&reader, text + i);
        if (text[i] == '1')
            bytes[i / 8] = (unsigned char)(bytes[i / 8] | 0x80u >> i % 8);
    }
    *dim = size_bytes;
    return VF_OK;
}

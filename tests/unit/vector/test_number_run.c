#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>

#include "random.h"
#include "vector/number.h"
#include "vector/number_run.h"

/* Whole texts, because a run is only ever a part of one; they end where their memory ends, so that the sanitizer sees what is read beyond. */

#define MAX_NUMBERS      400
#define MAX_NUMBER_BYTES 64

struct sample {
    char numbers[MAX_NUMBERS][MAX_NUMBER_BYTES];
    size_t n_numbers;
    char *text;
    size_t size_bytes;
    float out[MAX_NUMBERS];
};

static void begin_sample(struct sample *sample)
{
    sample->n_numbers = 0;
}

static char *next_number(struct sample *sample)
{
    assert_true(sample->n_numbers < MAX_NUMBERS);
    return sample->numbers[sample->n_numbers++];
}

static void make_text(struct sample *sample, const char *between)
{
    char *at = sample->text = malloc(2 + sample->n_numbers * (MAX_NUMBER_BYTES + 4));

    assert_non_null(at);
    *at++ = '[';
    for (size_t i = 0; i < sample->n_numbers; i++)
        at += sprintf(at, "%s%s", i > 0 ? between : "", sample->numbers[i]);
    *at++ = ']';
    sample->size_bytes = (size_t)(at - sample->text);
    sample->text = realloc(sample->text, sample->size_bytes);
    assert_non_null(sample->text);
}

static void read_one(const char *text, float *value, bool *is_rendering, double *relative_error)
{
    struct vf_number number;
    const char *p = text;

    assert_int_equal(vf_number_scan(&p, text + strlen(text), true, &number), VF_NUMBER_OK);
    *value = vf_number_to_f32(&number);
    *is_rendering = vf_number_is_rendering_of_f32(&number, *value, relative_error);
}

/* The text against its numbers one by one, and those against strtof; what is counted, too. */
static void check_sample(struct sample *sample, const char *between, bool count)
{
    struct vf_vector_text_stats stats = {0}, expected = {0};
    struct vf_vector_text_options options = {.syntax = VF_VECTOR_JSON, .stats = count ? &stats : NULL};
    struct vf_error err = {0};
    size_t dim = 0;

    make_text(sample, between);
    if (vf_vector_text_read_f32(sample->text, sample->size_bytes, &options, sample->out, MAX_NUMBERS, &dim, &err) !=
        VF_OK)
        fail_msg("%s: %.*s", err.message, (int)sample->size_bytes, sample->text);
    assert_int_equal(dim, sample->n_numbers);
    for (size_t i = 0; i < dim; i++) {
        const char *text = sample->numbers[i];
        double relative_error = 0;
        bool is_rendering = false;
        float value;

        read_one(text, &value, &is_rendering, &relative_error);
        if (bits_of_f32(sample->out[i]) != bits_of_f32(value) || bits_of_f32(value) != bits_of_f32(strtof(text, NULL)))
            fail_msg("%s read as %a, by itself as %a, by the C library as %a", text, (double)sample->out[i],
                     (double)value, (double)strtof(text, NULL));
        expected.n_inexact += !is_rendering;
        if (!is_rendering && relative_error > expected.max_relative_error)
            expected.max_relative_error = relative_error;
    }
    if (count && (stats.n_numbers != dim || stats.n_inexact != expected.n_inexact ||
                  stats.max_relative_error != expected.max_relative_error))
        fail_msg("%zu numbers, %zu inexact, at most %g; expected %zu, %zu, %g: %.*s", (size_t)stats.n_numbers,
                 (size_t)stats.n_inexact, stats.max_relative_error, dim, (size_t)expected.n_inexact,
                 expected.max_relative_error, (int)sample->size_bytes, sample->text);
    free(sample->text);
}

static const char *const separators[] = {",", ", ", ",  ", " , ", ",\n"};

static void check(struct sample *sample, uint64_t *seed)
{
    uint64_t choice = random_bits(seed);

    /* The most frequent form, nearly always. */
    check_sample(sample, separators[choice % 16 < 5 ? choice % 16 : choice % 2], (choice & 16) != 0);
}

/* Digits at random, of every length, with the point at every place; few of them in a form that no run takes. */
static void put_random_number(char *out, uint64_t *seed)
{
    uint64_t bits = random_bits(seed);
    unsigned n_fraction = 1 + (unsigned)bits % 40;
    unsigned n_zeros = (bits >> 8) % 4 == 0 ? (unsigned)(bits >> 10) % (n_fraction + 1) : 0;

    if ((bits >> 16) % 2 == 0)
        *out++ = '-';
    if ((bits >> 17) % 32 == 0)
        out += sprintf(out, "%u", (unsigned)(bits >> 22) % 1000);
    else
        *out++ = (bits >> 17) % 4 == 0 ? (char)('0' + (bits >> 22) % 10) : '0';
    if ((bits >> 32) % 64 != 0) {
        *out++ = '.';
        for (unsigned i = 0; i < n_fraction; i++)
            *out++ = i < n_zeros ? '0' : (char)('0' + random_bits(seed) % 10);
    }
    if ((bits >> 40) % 64 == 0)
        out += sprintf(out, "e%d", (int)((bits >> 46) % 60) - 50);
    *out = '\0';
}

static void test_random_digits(void **state)
{
    uint64_t seed = 1;
    uint64_t n = how_many(1000, 100000);
    struct sample *sample = calloc(1, sizeof(*sample));

    (void)state;
    assert_non_null(sample);
    for (uint64_t i = 0; i < n; i++) {
        begin_sample(sample);
        for (uint64_t left = 1 + random_bits(&seed) % MAX_NUMBERS; left > 0; left--)
            put_random_number(next_number(sample), &seed);
        check(sample, &seed);
    }
    free(sample);
}

/* A float32 as programs print it: the shortest, 6 to 17 digits, or a double near it. */
static void put_printed_float(char *out, uint64_t *seed)
{
    uint64_t bits = random_bits(seed);
    unsigned exponent = 127 - (unsigned)(bits >> 32) % 24;
    float value = f32_of_bits((uint32_t)(bits & 0x807fffff) | exponent << 23);
    double near = f64_of_bits(bits_of_f64((double)value) + (bits >> 40) % 5 - 2);

    if (bits >> 60 < 4)
        out[vf_number_write_f32(value, out)] = '\0';
    else if (bits >> 60 < 10)
        snprintf(out, MAX_NUMBER_BYTES, "%.*f", 1 + (int)((bits >> 50) % 25), (double)value);
    else
        snprintf(out, MAX_NUMBER_BYTES, "%.*g", 15 + (int)((bits >> 50) % 3), near);
}

static void test_printed_floats(void **state)
{
    uint64_t seed = 2;
    uint64_t n = how_many(1000, 100000);
    struct sample *sample = calloc(1, sizeof(*sample));

    (void)state;
    assert_non_null(sample);
    for (uint64_t i = 0; i < n; i++) {
        begin_sample(sample);
        for (uint64_t left = 1 + random_bits(&seed) % MAX_NUMBERS; left > 0; left--)
            put_printed_float(next_number(sample), &seed);
        check(sample, &seed);
    }
    free(sample);
}

/* The middle between two floats, cut to every number of digits, and one unit more or less in the last one: what decides is as far behind as can be. */
static void put_near_middle(struct sample *sample, uint64_t *seed)
{
    uint64_t bits = random_bits(seed);
    unsigned exponent = 127 - (unsigned)(bits >> 32) % 30;
    float value = f32_of_bits((uint32_t)(bits & 0x7fffff) | exponent << 23);
    double middle = ((double)value + (double)f32_of_bits(bits_of_f32(value) + 1)) / 2;
    int n_fraction = 1 + (int)((bits >> 40) % 34);

    for (int more = -1; more <= 1; more++) {
        char *number = next_number(sample);
        size_t last;

        snprintf(number, MAX_NUMBER_BYTES, "%.*f", n_fraction, middle);
        last = strlen(number) - 1;
        if (number[last] + more >= '0' && number[last] + more <= '9')
            number[last] = (char)(number[last] + more);
    }
}

static void test_middles(void **state)
{
    uint64_t seed = 3;
    uint64_t n = how_many(1000, 100000);
    struct sample *sample = calloc(1, sizeof(*sample));

    (void)state;
    assert_non_null(sample);
    for (uint64_t i = 0; i < n; i++) {
        begin_sample(sample);
        while (sample->n_numbers + 3 <= MAX_NUMBERS)
            put_near_middle(sample, &seed);
        check(sample, &seed);
    }
    free(sample);
}

/* Powers of two and their neighbours, where the distance to the next float changes, and zeros. */
static void test_edges(void **state)
{
    struct sample *sample = calloc(1, sizeof(*sample));

    (void)state;
    assert_non_null(sample);
    for (int n_fraction = 1; n_fraction <= 36; n_fraction++) {
        begin_sample(sample);
        for (int power = 3; power >= -24; power--) {
            for (int next = -2; next <= 2; next++)
                snprintf(next_number(sample), MAX_NUMBER_BYTES, "%.*f", n_fraction,
                         (double)f32_of_bits((uint32_t)(127 + power) << 23) * (1 + next * 0x1p-25));
        }
        for (int i = 0; i < 4; i++)
            snprintf(next_number(sample), MAX_NUMBER_BYTES, "%s0.%0*d", i % 2 == 0 ? "-" : "", n_fraction, i / 2);
        snprintf(next_number(sample), MAX_NUMBER_BYTES, "9.%.*s", n_fraction, "999999999999999999999999999999999999");
        check_sample(sample, ",", false);
        check_sample(sample, ", ", true);
    }
    free(sample);
}

/* The text with another byte, against a text that is too short for a run, where it is at the same place of the only number before the last. */
static void check_byte(const char *text, size_t size_bytes, const char *small, size_t small_bytes, size_t at,
                       size_t index)
{
    const struct vf_vector_text_options options = {.syntax = VF_VECTOR_JSON};
    struct vf_error err = {0}, small_err = {0};
    float out[41], small_out[3];
    size_t dim = 0, small_dim = 0;
    char offset[32];
    enum vf_status status = vf_vector_text_read_f32(text, size_bytes, &options, out, 41, &dim, &err);
    enum vf_status small_status =
        vf_vector_text_read_f32(small, small_bytes, &options, small_out, 3, &small_dim, &small_err);

    if (status != small_status || (status == VF_OK && (dim != small_dim + 38 || out[index] != small_out[0])))
        fail_msg("byte 0x%02x at %zu: \"%s\", \"%s\"", (unsigned)(unsigned char)text[at], at, err.message,
                 small_err.message);
    snprintf(offset, sizeof(offset), "at offset %zu", at);
    if (text[at] == 'x')
        assert_non_null(strstr(err.message, offset));
}

/* A byte that doesn't belong there is found, at every place of a number, and in each of some numbers in a row: some are read by four, some alone. */
static void test_no_other_byte_is_taken(void **state)
{
    const char number[] = "-0.0123456789,";
    char text[40 * 14 + 2], small[] = "[-0.0123456789,0.5]";
    size_t size_bytes = 1;

    (void)state;
    text[0] = '[';
    for (int i = 0; i < 40; i++, size_bytes += 14)
        memcpy(text + size_bytes, number, 14);
    text[size_bytes - 1] = ']';
    assert_true(sizeof(small) < VF_NUMBER_RUN_MARGIN);
    for (size_t index = 8; index < 22; index++) {
        for (size_t place = 0; place < 14; place++) {
            size_t at = 1 + index * 14 + place;

            for (int c = 0; c < 256; c++) {
                text[at] = small[1 + place] = (char)c;
                check_byte(text, size_bytes, small, sizeof(small) - 1, at, index);
            }
            text[at] = small[1 + place] = number[place];
        }
    }
}

/* As many as there is room for, and the commas of the next ones aren't taken for numbers. */
static void test_room(void **state)
{
    char text[2000];
    size_t size_bytes = 0;
    float out[101] = {0};

    (void)state;
    for (int i = 0; i < 100; i++)
        size_bytes += (size_t)sprintf(text + size_bytes, "%c0.%d", i == 0 ? '[' : ',', 1000 + i);
    text[size_bytes++] = ']';
    for (size_t room = 0; room <= 101; room++) {
        struct vf_vector_text_options options = {.syntax = VF_VECTOR_JSON};
        struct vf_error err = {0};
        size_t dim = 0;
        enum vf_status status;

        out[room < 101 ? room : 100] = -1;
        status = vf_vector_text_read_f32(text, size_bytes, &options, out, room, &dim, &err);
        assert_int_equal(status, room >= 100 ? VF_OK : VF_VALUE);
        if (room < 100)
            assert_non_null(strstr(err.message, "100 dimensions"));
        assert_true(out[room < 101 ? room : 100] == -1);
    }
}

/* That the tests above are about runs at all. */
static void test_runs_are_taken(void **state)
{
    char text[VF_NUMBER_RUN_MARGIN + 200];
    float out[40];
    struct vf_number_run run = {.text = text + VF_NUMBER_RUN_MARGIN, .out = out, .max_numbers = 40};
    size_t n;

    (void)state;
    memset(text, ' ', sizeof(text));
    for (int i = 0; i < 20; i++)
        memcpy(text + VF_NUMBER_RUN_MARGIN + i * 10, i % 2 == 0 ? "-0.012345," : "0.1234567,", 10);
    run.end = text + sizeof(text);
    n = vf_number_run_f32(&run);
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("popcnt")) {
        assert_int_equal(n, 19); /* whole blocks only: three of 64 bytes */
        assert_ptr_equal(run.text, text + VF_NUMBER_RUN_MARGIN + 190);
        assert_true(out[0] == -0.012345f && out[1] == 0.1234567f);
        return;
    }
#endif
    assert_int_equal(n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_digits),  cmocka_unit_test(test_printed_floats),
        cmocka_unit_test(test_middles),        cmocka_unit_test(test_edges),
        cmocka_unit_test(test_room),           cmocka_unit_test(test_no_other_byte_is_taken),
        cmocka_unit_test(test_runs_are_taken),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

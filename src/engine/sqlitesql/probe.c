#include "engine/sqlitesql/probe.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/sqlitesql/decimal.h"
#include "engine/sqlitesql/json_scan.h"
#include "engine/sqlitesql/types.h"
#include "model/temporal.h"
#include "vector/convert.h"

#define PATIENCE        1000 /* texts after which a guess that never came true is given up: it can't be true of all */
#define LONGEST_TIME    40
#define EXACT_F64_LIMIT (INT64_C(1) << 53)
/* A part of an embedding is zero or between these: float32 values of models have a length near 1, and other data read as float32 have exponents all over the place. */
#define SMALLEST_LIKELY 1e-9
#define LARGEST_LIKELY  1e6

enum vf_status vf_probe_init(struct vf_probe *probe, const struct vf_column *column, bool is_fixed,
                             struct vf_error *err)
{
    enum vf_sqlite_affinity affinity = vf_sqlite_affinity_of(column->native);
    *probe = (struct vf_probe){
        .is_fixed = is_fixed,
        .field = {.name = column->name, .native = column->native, .type = column->type, .form = column->form},
        .guesses_text = affinity != VF_SQLITE_INTEGER && affinity != VF_SQLITE_REAL,
        .guesses_blob = true,
        .min_integer = INT64_MAX,
        .max_integer = INT64_MIN,
    };
    probe->vectors.min_norm = probe->blob_vectors.min_norm = HUGE_VAL;
    probe->vectors.max_norm = probe->blob_vectors.max_norm = -HUGE_VAL;
    vf_buf_init(&probe->floats, VF_BUF_MAX);
    return is_fixed ? vf_batch_init(&probe->scratch, 1, &column->type, 1, SIZE_MAX / 2, err) : VF_OK;
}

void vf_probe_release(struct vf_probe *probe)
{
    vf_batch_release(&probe->scratch);
    vf_buf_release(&probe->floats);
}

int64_t vf_probe_count(const struct vf_probe *probe)
{
    return probe->n_integer + probe->n_real + probe->n_text + probe->n_blob;
}

/* ---- sizes ---- */

static void count_size(struct vf_size_histogram *histogram, size_t size)
{
    for (size_t i = 0; i < histogram->n_sizes; i++) {
        if (histogram->sizes[i] == size) {
            histogram->counts[i]++;
            return;
        }
    }
    if (histogram->n_sizes == VF_PROBE_DIMS) {
        histogram->n_other++;
        return;
    }
    histogram->sizes[histogram->n_sizes] = size;
    histogram->counts[histogram->n_sizes++] = 1;
}

size_t vf_histogram_mode(const struct vf_size_histogram *histogram, int64_t *count)
{
    size_t mode = 0;
    *count = 0;
    for (size_t i = 0; i < histogram->n_sizes; i++) {
        if (histogram->counts[i] > *count) {
            *count = histogram->counts[i];
            mode = histogram->sizes[i];
        }
    }
    return mode;
}

/* ---- vectors ---- */

static void add_norm(struct vf_vector_stats *stats, double norm)
{
    stats->n_zero += norm == 0;
    if (norm < stats->min_norm)
        stats->min_norm = norm;
    if (norm > stats->max_norm)
        stats->max_norm = norm;
}

void vf_probe_add_vector(struct vf_vector_stats *stats, const float *values, size_t dim)
{
    double sum = 0;
    count_size(&stats->dims, dim);
    if (vf_find_nonfinite_f32(values, dim) >= 0) {
        stats->n_not_finite++;
        return;
    }
    for (size_t i = 0; i < dim; i++) {
        double value = fabs((double)values[i]);
        sum += value * value;
        stats->n_wild += value != 0 && (value < SMALLEST_LIKELY || value > LARGEST_LIKELY);
    }
    stats->n_elements += (int64_t)dim;
    add_norm(stats, sqrt(sum));
}

void vf_probe_add_length(struct vf_probe *probe, double norm)
{
    probe->n_blob++;
    count_size(&probe->vectors.dims, probe->field.type.dim);
    probe->vectors.n_elements += probe->field.type.dim;
    add_norm(&probe->vectors, norm);
}

static float *room_for(struct vf_probe *probe, size_t dim, struct vf_error *err)
{
    vf_buf_clear(&probe->floats);
    float *room = (float *)(void *)vf_buf_reserve(&probe->floats, dim * sizeof(float));
    if (room == NULL)
        (void)(vf_buf_check(&probe->floats, err) == VF_OK);
    return room;
}

/* Read as a vector of at most `room` numbers. *found 0: it isn't one. */
static enum vf_status read_guess(struct vf_probe *probe, const char *text, size_t size_bytes, size_t room,
                                 size_t *found, struct vf_error *err)
{
    const struct vf_vector_text_options options = {.syntax = VF_VECTOR_JSON, .stats = &probe->vectors.text};
    struct vf_vector_text_stats before = probe->vectors.text;
    float *values = room_for(probe, room, err);
    if (values == NULL)
        return VF_NOMEM;
    if (vf_vector_text_read_f32(text, size_bytes, &options, values, room, found, NULL) != VF_OK || *found < 2) {
        probe->vectors.text = before;
        *found = 0;
        return VF_OK;
    }
    probe->n_guess[VF_GUESS_VECTOR]++;
    probe->last_dim = *found;
    probe->vectors.n_rewritten += !vf_vector_text_is_shortest(text, size_bytes, values, *found);
    vf_probe_add_vector(&probe->vectors, values, *found);
    return VF_OK;
}

/* Counting the numbers first costs a third of reading them, so the dimension of the last one is tried. */
static enum vf_status guess_vector(struct vf_probe *probe, const char *text, size_t size_bytes, struct vf_error *err)
{
    size_t found = 0;
    enum vf_status status = VF_OK;
    if (probe->last_dim > 0)
        status = read_guess(probe, text, size_bytes, probe->last_dim, &found, err);
    if (status != VF_OK || found > 0)
        return status;
    size_t dim = vf_vector_text_count(text, size_bytes);
    return dim < 2 || dim == probe->last_dim ? VF_OK : read_guess(probe, text, size_bytes, dim, &found, err);
}

enum vf_status vf_probe_add_blob(struct vf_probe *probe, const uint8_t *bytes, size_t size_bytes, struct vf_error *err)
{
    probe->n_blob_16 += size_bytes == 16;
    if (!probe->guesses_blob)
        return VF_OK;
    if (size_bytes < 8 || size_bytes % 4 != 0) {
        count_size(&probe->blob_vectors.dims, 0);
        return VF_OK;
    }
    size_t dim = size_bytes / 4;
    float *values = room_for(probe, dim, err);
    if (values == NULL)
        return VF_NOMEM;
    vf_copy_le(VF_E_F32, values, bytes, dim);
    vf_probe_add_vector(&probe->blob_vectors, values, dim);
    return VF_OK;
}

/* ---- texts ---- */

static bool is_same(const char *a, size_t a_bytes, const char *b, size_t b_bytes)
{
    return a_bytes == b_bytes && memcmp(a, b, a_bytes) == 0;
}

static bool guess_timestamp(struct vf_probe *probe, const char *text, size_t size_bytes, bool with_zone)
{
    char out[VF_TEMPORAL_TEXT_BYTES];
    int64_t timestamp_us = 0;
    if (!vf_timestamp_parse(text, size_bytes, with_zone, &timestamp_us))
        return false;
    bool is_exact = is_same(text, size_bytes, out, vf_timestamp_format(timestamp_us, with_zone, out));
    if (is_exact)
        probe->n_guess[with_zone ? VF_GUESS_TIMESTAMPTZ : VF_GUESS_TIMESTAMP]++;
    return true;
}

static void guess_time(struct vf_probe *probe, const char *text, size_t size_bytes)
{
    char out[VF_TEMPORAL_TEXT_BYTES];
    int32_t days = 0;
    int64_t time_us = 0;
    if (vf_date_parse(text, size_bytes, &days)) {
        bool is_exact = is_same(text, size_bytes, out, vf_date_format(days, out));
        probe->n_guess[is_exact ? VF_GUESS_DATE : VF_GUESS_OTHER_TIME]++;
        return;
    }
    if (vf_time_parse(text, size_bytes, &time_us)) {
        bool is_exact = is_same(text, size_bytes, out, vf_time_format(time_us, out));
        probe->n_guess[is_exact ? VF_GUESS_TIME : VF_GUESS_OTHER_TIME]++;
        return;
    }
    int64_t before = probe->n_guess[VF_GUESS_TIMESTAMP] + probe->n_guess[VF_GUESS_TIMESTAMPTZ];
    bool is_time = guess_timestamp(probe, text, size_bytes, false) || guess_timestamp(probe, text, size_bytes, true);
    if (is_time && probe->n_guess[VF_GUESS_TIMESTAMP] + probe->n_guess[VF_GUESS_TIMESTAMPTZ] == before)
        probe->n_guess[VF_GUESS_OTHER_TIME]++;
}

static bool is_lower_uuid(const char *text, size_t size_bytes)
{
    uint8_t uuid[16];
    char out[37];
    if (size_bytes != 36 || !vf_uuid_parse(text, size_bytes, uuid))
        return false;
    vf_uuid_format(uuid, out);
    return memcmp(text, out, 36) == 0;
}

static bool looks_like_time(const char *text, size_t size_bytes)
{
    return size_bytes > 0 && size_bytes <= LONGEST_TIME &&
           ((text[0] >= '0' && text[0] <= '9') || text[0] == '+' || text[0] == '-');
}

static void guess_short(struct vf_probe *probe, const char *text, size_t size_bytes)
{
    probe->n_guess[VF_GUESS_BOOL] += is_same(text, size_bytes, "true", 4) || is_same(text, size_bytes, "false", 5);
    probe->n_guess[VF_GUESS_UUID] += is_lower_uuid(text, size_bytes);
    probe->n_guess[VF_GUESS_DECIMAL] += vf_sqlite_decimal_is_plain(text, size_bytes);
    if (looks_like_time(text, size_bytes))
        guess_time(probe, text, size_bytes);
}

enum vf_status vf_probe_add_text(struct vf_probe *probe, const char *text, size_t size_bytes, struct vf_error *err)
{
    probe->n_odd_float += is_same(text, size_bytes, VF_SQLITE_NAN, strlen(VF_SQLITE_NAN)) ||
                          is_same(text, size_bytes, VF_SQLITE_NEGATIVE_ZERO, strlen(VF_SQLITE_NEGATIVE_ZERO)) ||
                          is_same(text, size_bytes, VF_SQLITE_INFINITY, strlen(VF_SQLITE_INFINITY)) ||
                          is_same(text, size_bytes, VF_SQLITE_MINUS_INFINITY, strlen(VF_SQLITE_MINUS_INFINITY));
    if (!probe->guesses_text)
        return VF_OK;
    bool is_container = false;
    size_t blanks = 0;
    while (blanks < size_bytes && memchr(" \t\r\n", text[blanks], 4) != NULL)
        blanks++;
    char first = blanks < size_bytes ? text[blanks] : '\0';
    if (first != '[' && first != '{') {
        if (size_bytes < 512)
            guess_short(probe, text, size_bytes);
        bool is_json = probe->field.type.kind == VF_K_JSON && vf_sqlite_json_is_valid(text, size_bytes, &is_container);
        probe->n_guess[VF_GUESS_JSON_ANY] += is_json;
    } else {
        int64_t n_vectors = probe->n_guess[VF_GUESS_VECTOR];
        enum vf_status status = first == '[' ? guess_vector(probe, text, size_bytes, err) : VF_OK;
        if (status != VF_OK)
            return status;
        bool is_json =
            probe->n_guess[VF_GUESS_VECTOR] > n_vectors || vf_sqlite_json_is_valid(text, size_bytes, &is_container);
        probe->n_guess[VF_GUESS_JSON] += is_json;
        probe->n_guess[VF_GUESS_JSON_ANY] += is_json;
    }
    if (probe->n_text == PATIENCE) {
        int64_t n_any = 0;
        for (size_t i = 0; i < VF_GUESS_COUNT; i++)
            n_any += probe->n_guess[i];
        probe->guesses_text = n_any > 0;
    }
    return VF_OK;
}

/* ---- numbers ---- */

static void add_integer(struct vf_probe *probe, int64_t value)
{
    if (value < probe->min_integer)
        probe->min_integer = value;
    if (value > probe->max_integer)
        probe->max_integer = value;
    probe->n_bit += value == 0 || value == 1;
    probe->n_real_inexact += value > EXACT_F64_LIMIT || value < -EXACT_F64_LIMIT;
    if (value < 0)
        return;
    probe->n_small += value < 100000000;
    int64_t low = 100000000;
    for (size_t unit = 0; unit < VF_EPOCH_COUNT; unit++, low *= 1000)
        probe->n_epoch[unit] += value >= low && value <= low * 42;
}

/* ---- columns whose type is known ---- */

static void add_fixed_vector(struct vf_probe *probe)
{
    const struct vf_array *array = &probe->scratch.columns[0];
    size_t size_bytes = 0;
    const uint8_t *bytes = vf_array_value(array, 0, &size_bytes);
    if (array->type.element == VF_E_F32)
        vf_probe_add_vector(&probe->vectors, (const float *)(const void *)bytes, size_bytes / 4);
}

static enum vf_status try_fixed(struct vf_probe *probe, const struct vf_sqlite_value *value, struct vf_error *err)
{
    vf_batch_reset(&probe->scratch);
    enum vf_status status = vf_sqlite_decode(&probe->field, value, &probe->scratch.columns[0], err);
    if (status == VF_VALUE) {
        probe->n_unfit++;
        vf_batch_cancel_row(&probe->scratch);
        return VF_OK;
    }
    if (status == VF_OK && probe->field.type.kind == VF_K_VECTOR) {
        vf_batch_end_row(&probe->scratch);
        add_fixed_vector(probe);
    } else {
        vf_batch_cancel_row(&probe->scratch);
    }
    return status;
}

enum vf_status vf_probe_add(struct vf_probe *probe, const struct vf_sqlite_value *value, struct vf_error *err)
{
    switch (value->type) {
    case SQLITE_INTEGER:
        probe->n_integer++;
        break;
    case SQLITE_FLOAT:
        probe->n_real++;
        break;
    case SQLITE_TEXT:
        probe->n_text++;
        break;
    case SQLITE_BLOB:
        probe->n_blob++;
        break;
    default:
        probe->n_null++;
        return VF_OK;
    }
    if (probe->is_fixed)
        return try_fixed(probe, value, err);
    if (value->type == SQLITE_INTEGER)
        add_integer(probe, value->integer);
    if (value->type == SQLITE_TEXT)
        return vf_probe_add_text(probe, (const char *)value->bytes, value->size_bytes, err);
    return value->type == SQLITE_BLOB ? vf_probe_add_blob(probe, value->bytes, value->size_bytes, err) : VF_OK;
}

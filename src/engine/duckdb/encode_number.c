/* Numbers into columns of another type of numbers, where the plan says so: exactly, or not at all. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "engine/duckdb/encode.h"

/* The digits of the largest double, those behind the point of a DECIMAL, sign and point. */
#define MAX_PLAIN_BYTES 400

static enum vf_status inexact(const struct vf_duckdb_column *column, const char *text, struct vf_error *err)
{
    char name[32];
    return vf_error_set(err, VF_VALUE, "%s has no exact value in %s", text,
                        vf_duckdb_logical_name(&column->logical, name));
}

/* A number as vf_format_f64() writes it: 0.d0 d1 d2 ... times ten to the power of `point`. */
struct digits {
    char digits[32];
    int n, point;
};

static void read_digits(const char *text, struct digits *out)
{
    int n_before = -1, exponent = 0;
    *out = (struct digits){.n = 0};
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '.')
            n_before = out->n;
        else if (*c >= '0' && *c <= '9')
            out->digits[out->n++] = *c;
        else if (*c == 'e' && sscanf(c + 1, "%d", &exponent) == 1)
            break;
    }
    out->point = (n_before < 0 ? out->n : n_before) + exponent;
    while (out->n > 0 && out->n > out->point && out->digits[out->n - 1] == '0')
        out->n--;
}

/* Without an exponent, and with `scale` digits behind the point. false: it has more of them. */
static bool write_plain(const char *text, int scale, char out[MAX_PLAIN_BYTES])
{
    struct digits number;
    size_t used = 0;
    read_digits(text, &number);
    if (number.n - number.point > scale)
        return false;
    if (text[0] == '-')
        out[used++] = '-';
    if (number.point <= 0)
        out[used++] = '0';
    for (int i = number.point > 0 ? 0 : number.point; i < number.point + scale; i++) {
        if (i == number.point)
            out[used++] = '.';
        out[used++] = i >= 0 && i < number.n ? number.digits[i] : '0';
    }
    out[used] = '\0';
    return true;
}

/* To FLOAT and DOUBLE. */
static bool put_float(const struct vf_duckdb_column *column, double value, idx_t slot)
{
    if (column->logical.id == DUCKDB_TYPE_DOUBLE) {
        ((double *)column->data)[slot] = value;
        return true;
    }
    float narrow = (float)value;
    ((float *)column->data)[slot] = narrow;
    return (double)narrow == value || (isnan(value) && isnan(narrow));
}

/* To a DECIMAL or a whole type, by the digits. */
static enum vf_status put_digits(struct vf_duckdb_column *column, const char *text, idx_t slot, struct vf_error *err)
{
    const struct vf_duckdb_slot to = {
        .lib = column->lib, .logical = &column->logical, .vector = column->vector, .data = column->data, .at = slot};
    char plain[MAX_PLAIN_BYTES];
    if (!write_plain(text, column->logical.id == DUCKDB_TYPE_DECIMAL ? column->logical.scale : 0, plain))
        return inexact(column, text, err);
    return vf_duckdb_put_text(&to, plain, strlen(plain), err);
}

enum vf_status vf_duckdb_put_number(struct vf_duckdb_column *column, const struct vf_array *array, int64_t row,
                                    idx_t slot, struct vf_error *err)
{
    bool is_float = array->type.kind == VF_K_F32 || array->type.kind == VF_K_F64;
    bool to_float = column->logical.id == DUCKDB_TYPE_FLOAT || column->logical.id == DUCKDB_TYPE_DOUBLE;
    int64_t whole = is_float ? 0 : array->type.kind == VF_K_BOOL ? vf_array_bool(array, row) : vf_array_i64(array, row);
    double value = is_float ? vf_array_f64(array, row) : (double)whole;
    char text[32];
    if (is_float)
        vf_format_f64(value, text);
    else
        snprintf(text, sizeof(text), "%" PRId64, whole);
    if (!to_float)
        return isfinite(value) && !(is_float && value == 0 && signbit(value)) ? put_digits(column, text, slot, err)
                                                                              : inexact(column, text, err);
    /* 2^63 is the one double beyond the whole numbers that a cast back can't be asked about. */
    bool is_exact = is_float || (value < 9223372036854775808.0 && (int64_t)value == whole);
    return is_exact && put_float(column, value, slot) ? VF_OK : inexact(column, text, err);
}

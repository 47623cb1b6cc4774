#include "model/float_text.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"

size_t vf_format_f32(float value, char *out)
{
    char text[32];
    /* Six digits always survive in a float, so no text has fewer unless %g leaves zeros out; below the normal range that isn't so. */
    int precision = isnormal(value) ? 6 : 1;

    if (!isfinite(value) || value == 0)
        return vf_format_f64((double)value, out);
    for (; precision < 9; precision++) {
        snprintf(text, sizeof(text), "%.*g", precision, (double)value);
        if (strtof(text, NULL) == value)
            break;
    }
    snprintf(text, sizeof(text), "%.*g", precision, (double)value);
    /* The same locale wrote and reads `text`; the double nearest to so few digits has them as its own shortest text. */
    return vf_format_f64(strtod(text, NULL), out);
}

/* Is a double the middle between two floats? Then the digits that it doesn't have decide. */
static bool is_middle(double wide)
{
    return (float)nextafter(wide, -INFINITY) != (float)nextafter(wide, INFINITY) && (double)(float)wide != wide;
}

/* A decimal without its point, "1.25e3" as "125e1", since strtof() takes only the locale's point. false: too long. */
static bool without_point(const char *text, size_t size_bytes, char *out, size_t out_bytes)
{
    size_t used = 0, at = 0, n_decimals = 0;
    bool after_point = false;

    for (; at < size_bytes && text[at] != 'e' && text[at] != 'E' && used < out_bytes; at++) {
        if (text[at] == '.') {
            after_point = true;
        } else {
            out[used++] = text[at];
            n_decimals += after_point;
        }
    }
    int64_t exponent = 0;
    if (used == out_bytes || (at < size_bytes && !vf_parse_i64(text + at + 1, size_bytes - at - 1, &exponent)))
        return false;
    int size = snprintf(out + used, out_bytes - used, "e%" PRId64, exponent - (int64_t)n_decimals);
    return size > 0 && (size_t)size < out_bytes - used;
}

bool vf_parse_f32(const char *text, size_t size_bytes, float *value)
{
    char number[256];
    double wide;

    if (!vf_parse_f64(text, size_bytes, &wide))
        return false;
    float narrow = (float)wide;
    if (isfinite(wide) && is_middle(wide) && without_point(text, size_bytes, number, sizeof(number)))
        narrow = strtof(number, NULL);
    if (isfinite(wide) && isinf(narrow))
        return false;
    *value = narrow;
    return true;
}

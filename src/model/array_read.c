#include "model/array_text.h"

#include <stdint.h>
#include <string.h>

#include "base/text.h"
#include "model/float_text.h"

static const struct {
    int64_t min, max;
} ranges[] = {
    [VF_K_I8] = {INT8_MIN, INT8_MAX},
    [VF_K_I16] = {INT16_MIN, INT16_MAX},
    [VF_K_I32] = {INT32_MIN, INT32_MAX},
    [VF_K_I64] = {INT64_MIN, INT64_MAX},
};

/*
 * The text is read twice by the same functions: first all is checked and the shape is found, then the elements are handed out. So nobody sees a part of an
 * array that turns out to be none.
 */
struct reader {
    const char *text;
    size_t size_bytes, at;
    enum vf_kind kind;
    struct vf_array_shape shape;
    struct vf_buf string; /* the string just read, without its escapes */
    enum vf_status (*element)(void *context, const char *text, size_t size_bytes, struct vf_error *err);
    void *context; /* element is NULL in the first pass */
    struct vf_error *err;
};

static enum vf_status bad(const struct reader *reader, const char *what)
{
    return vf_error_set(reader->err, VF_VALUE, "not an array of %s: %s at byte %zu", vf_kind_name(reader->kind), what,
                        reader->at);
}

static char peek(const struct reader *reader)
{
    return reader->at < reader->size_bytes ? reader->text[reader->at] : '\0';
}

static void skip_blanks(struct reader *reader)
{
    while (peek(reader) == ' ' || peek(reader) == '\n' || peek(reader) == '\t' || peek(reader) == '\r')
        reader->at++;
}

static bool take(struct reader *reader, char c)
{
    skip_blanks(reader);
    if (peek(reader) != c || c == '\0')
        return false;
    reader->at++;
    return true;
}

static bool take_word(struct reader *reader, const char *word)
{
    size_t size_bytes = strlen(word);

    if (reader->size_bytes - reader->at < size_bytes || memcmp(reader->text + reader->at, word, size_bytes) != 0)
        return false;
    reader->at += size_bytes;
    return true;
}

/* ---- strings ---- */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The four digits of \uXXXX; -1 when they aren't. */
static int32_t take_unit(struct reader *reader)
{
    int32_t unit = 0;

    for (int i = 0; i < 4; i++) {
        int digit = hex_digit(peek(reader));
        if (digit < 0)
            return -1;
        unit = unit * 16 + digit;
        reader->at++;
    }
    return unit;
}

/* Behind "\u": one unit, or two that are a surrogate pair (RFC 8259, section 7). */
static enum vf_status take_unicode(struct reader *reader)
{
    int32_t point = take_unit(reader);

    if (point >= 0xd800 && point < 0xdc00 && take_word(reader, "\\u")) {
        int32_t low = take_unit(reader);
        point = low >= 0xdc00 && low < 0xe000 ? 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00) : -1;
    }
    if (point < 0 || (point >= 0xd800 && point < 0xe000))
        return bad(reader, "an escape that is no character");
    vf_buf_code_point(&reader->string, (uint32_t)point);
    return VF_OK;
}

static enum vf_status take_escape(struct reader *reader)
{
    static const char from[] = "\"\\/bfnrt";
    static const char to[] = "\"\\/\b\f\n\r\t";
    char c = peek(reader);
    const char *found = c != '\0' ? strchr(from, c) : NULL;

    if (found == NULL && c != 'u')
        return bad(reader, "an unknown escape");
    reader->at++;
    if (found == NULL)
        return take_unicode(reader);
    vf_buf_char(&reader->string, to[found - from]);
    return VF_OK;
}

/* Behind the opening quote, to behind the closing one. */
static enum vf_status take_string(struct reader *reader)
{
    vf_buf_clear(&reader->string);
    for (;;) {
        size_t begin = reader->at;
        while (reader->at < reader->size_bytes && (unsigned char)peek(reader) >= 0x20 && peek(reader) != '"' &&
               peek(reader) != '\\')
            reader->at++;
        vf_buf_add(&reader->string, reader->text + begin, reader->at - begin);
        if (peek(reader) == '"')
            break;
        if (peek(reader) != '\\')
            return bad(reader, reader->at < reader->size_bytes ? "a control character" : "a string without its end");
        reader->at++;
        enum vf_status status = take_escape(reader);
        if (status != VF_OK)
            return status;
    }
    reader->at++;
    return vf_buf_check(&reader->string, reader->err);
}

/* ---- elements ---- */

/* The extent of a number as JSON has it (RFC 8259, section 6); 0: none. */
static size_t number_bytes(const char *text, size_t size_bytes, bool *is_whole, bool *has_exponent)
{
    size_t at = size_bytes > 0 && text[0] == '-', begin = at;

    *is_whole = true;
    *has_exponent = false;
    while (at < size_bytes && text[at] >= '0' && text[at] <= '9')
        at++;
    if (at == begin || (text[begin] == '0' && at > begin + 1))
        return 0;
    if (at < size_bytes && text[at] == '.') {
        begin = ++at;
        *is_whole = false;
        while (at < size_bytes && text[at] >= '0' && text[at] <= '9')
            at++;
        if (at == begin)
            return 0;
    }
    if (at < size_bytes && (text[at] == 'e' || text[at] == 'E')) {
        at++;
        *has_exponent = true;
        at += at < size_bytes && (text[at] == '-' || text[at] == '+');
        begin = at;
        while (at < size_bytes && text[at] >= '0' && text[at] <= '9')
            at++;
        if (at == begin)
            return 0;
    }
    return at;
}

static enum vf_status give(struct reader *reader, const char *text, size_t size_bytes)
{
    return reader->element == NULL ? VF_OK : reader->element(reader->context, text, size_bytes, reader->err);
}

/* NULL, or what is wrong with a number of the right syntax. */
static const char *number_fault(enum vf_kind kind, const char *text, size_t size_bytes, bool is_whole,
                                bool has_exponent)
{
    int64_t i64;
    float f32;
    double f64;

    if (kind == VF_K_F32)
        return vf_parse_f32(text, size_bytes, &f32) ? NULL : "a number out of range";
    if (kind == VF_K_F64)
        return vf_parse_f64(text, size_bytes, &f64) ? NULL : "a number out of range";
    if (kind == VF_K_DECIMAL)
        return has_exponent ? "a decimal with an exponent" : NULL;
    if (!is_whole || has_exponent)
        return "a number that isn't whole";
    if (!vf_parse_i64(text, size_bytes, &i64) || i64 < ranges[kind].min || i64 > ranges[kind].max)
        return "a number out of range";
    return NULL;
}

static enum vf_status take_number(struct reader *reader)
{
    const char *text = reader->text + reader->at;
    bool is_whole, has_exponent;
    size_t size_bytes = number_bytes(text, reader->size_bytes - reader->at, &is_whole, &has_exponent);

    if (size_bytes == 0)
        return bad(reader, "something that is no number");
    const char *fault = number_fault(reader->kind, text, size_bytes, is_whole, has_exponent);
    if (fault != NULL)
        return bad(reader, fault);
    reader->at += size_bytes;
    return give(reader, text, size_bytes);
}

/* NaN and the infinities, for which JSON has no numbers. */
static bool is_special(const char *text, size_t size_bytes)
{
    static const char *const words[] = {"NaN", "Infinity", "-Infinity"};

    for (size_t i = 0; i < 3; i++) {
        if (size_bytes == strlen(words[i]) && memcmp(text, words[i], size_bytes) == 0)
            return true;
    }
    return false;
}

static enum vf_status take_string_element(struct reader *reader)
{
    bool is_float = reader->kind == VF_K_F32 || reader->kind == VF_K_F64 || reader->kind == VF_K_DECIMAL;
    enum vf_status status = take_string(reader);
    const char *text = reader->string.data != NULL ? reader->string.data : "";

    if (status != VF_OK)
        return status;
    if (is_float && !is_special(text, reader->string.size_bytes))
        return bad(reader, "a string that is no number");
    return give(reader, text, reader->string.size_bytes);
}

static enum vf_status take_element(struct reader *reader)
{
    bool is_integer = reader->kind >= VF_K_I8 && reader->kind <= VF_K_I64;
    bool is_number = is_integer || (reader->kind >= VF_K_F32 && reader->kind <= VF_K_DECIMAL);

    skip_blanks(reader);
    if (take_word(reader, "null"))
        return give(reader, NULL, 0);
    if (reader->kind == VF_K_BOOL && take_word(reader, "true"))
        return give(reader, "true", 4);
    if (reader->kind == VF_K_BOOL && take_word(reader, "false"))
        return give(reader, "false", 5);
    if (reader->kind != VF_K_BOOL && !is_integer && take(reader, '"'))
        return take_string_element(reader);
    return is_number ? take_number(reader) : bad(reader, "an element of another type");
}

/* ---- arrays ---- */

static enum vf_status take_array(struct reader *reader, int depth);

/* The first element says how deep all of them are. */
static enum vf_status take_item(struct reader *reader, int depth)
{
    int *n_dimensions = &reader->shape.n_dimensions;

    if (take(reader, '[')) {
        if (*n_dimensions != 0 && depth + 1 >= *n_dimensions)
            return bad(reader, "an array among elements");
        return take_array(reader, depth + 1);
    }
    if (*n_dimensions == 0)
        *n_dimensions = depth + 1;
    return *n_dimensions == depth + 1 ? take_element(reader) : bad(reader, "an element among arrays");
}

/* Behind the opening bracket of an array within `depth` others, to behind its closing one. It has an element at least, so the size 0 is "not known yet". */
static enum vf_status take_array(struct reader *reader, int depth)
{
    int64_t n_items = 0;

    if (depth == VF_ARRAY_MAX_DIMENSIONS)
        return bad(reader, "more than 6 dimensions");
    do {
        enum vf_status status = take_item(reader, depth);
        if (status != VF_OK)
            return status;
        n_items++;
    } while (take(reader, ','));
    if (!take(reader, ']'))
        return bad(reader, "neither a comma nor a closing bracket");
    if (n_items > INT32_MAX)
        return bad(reader, "too many elements");
    if (reader->shape.size[depth] == 0)
        reader->shape.size[depth] = (int32_t)n_items;
    return reader->shape.size[depth] == n_items ? VF_OK : bad(reader, "an array of another length than its neighbours");
}

static enum vf_status take_bound(struct reader *reader, int32_t *bound)
{
    const char *text = reader->text + reader->at;
    bool is_whole, has_exponent;
    size_t size_bytes = number_bytes(text, reader->size_bytes - reader->at, &is_whole, &has_exponent);
    int64_t value = 0;

    if (!vf_parse_i64(text, size_bytes, &value) || value < INT32_MIN || value > INT32_MAX)
        return bad(reader, "a lower bound that is no 32-bit number");
    *bound = (int32_t)value;
    reader->at += size_bytes;
    return VF_OK;
}

/* `{"lower":[0,-1],"array":` */
static enum vf_status take_lower(struct reader *reader, int *n_bounds)
{
    *n_bounds = 0;
    skip_blanks(reader);
    if (!take_word(reader, "\"lower\"") || !take(reader, ':') || !take(reader, '['))
        return bad(reader, "an object without \"lower\" in front");
    do {
        if (*n_bounds == VF_ARRAY_MAX_DIMENSIONS)
            return bad(reader, "more than 6 lower bounds");
        skip_blanks(reader);
        enum vf_status status = take_bound(reader, &reader->shape.lower[(*n_bounds)++]);
        if (status != VF_OK)
            return status;
    } while (take(reader, ','));
    if (!take(reader, ']') || !take(reader, ','))
        return bad(reader, "lower bounds without their end");
    skip_blanks(reader);
    return take_word(reader, "\"array\"") && take(reader, ':') ? VF_OK : bad(reader, "an object without \"array\"");
}

static enum vf_status take_items(struct reader *reader)
{
    if (!take(reader, '['))
        return bad(reader, "no opening bracket");
    skip_blanks(reader);
    if (reader->shape.n_dimensions == 0 && take(reader, ']'))
        return VF_OK;
    return take_array(reader, 0);
}

static enum vf_status check_bounds(const struct reader *reader, int n_bounds)
{
    if (n_bounds != reader->shape.n_dimensions)
        return bad(reader, "as many lower bounds as dimensions are wanted");
    for (int d = 0; d < n_bounds; d++) {
        if (reader->shape.lower[d] > INT32_MAX - reader->shape.size[d] + 1)
            return bad(reader, "a lower bound that leaves no room for the elements");
    }
    return VF_OK;
}

static enum vf_status take_whole(struct reader *reader)
{
    bool has_lower = take(reader, '{');
    int n_bounds = 0;
    enum vf_status status = has_lower ? take_lower(reader, &n_bounds) : VF_OK;

    if (status == VF_OK)
        status = take_items(reader);
    if (status == VF_OK && has_lower)
        status = take(reader, '}') ? check_bounds(reader, n_bounds) : bad(reader, "an object without its end");
    skip_blanks(reader);
    if (status == VF_OK && reader->at < reader->size_bytes)
        return bad(reader, "something behind the array");
    return status;
}

enum vf_status vf_array_read(const char *text, size_t size_bytes, enum vf_kind kind, struct vf_array_shape *shape,
                             enum vf_status (*element)(void *context, const char *text, size_t size_bytes,
                                                       struct vf_error *err),
                             void *context, struct vf_error *err)
{
    struct reader reader = {.text = text, .size_bytes = size_bytes, .kind = kind, .err = err};

    vf_buf_init(&reader.string, VF_BUF_MAX);
    for (int d = 0; d < VF_ARRAY_MAX_DIMENSIONS; d++)
        reader.shape.lower[d] = 1;
    reader.at = vf_utf8_check(text, size_bytes);
    enum vf_status status = reader.at < size_bytes ? bad(&reader, "bytes that aren't UTF-8") : VF_OK;
    reader.at = 0;
    if (status == VF_OK)
        status = take_whole(&reader);
    if (status == VF_OK) {
        *shape = reader.shape;
        reader.at = 0;
        reader.element = element;
        reader.context = context;
        status = take_whole(&reader);
    }
    vf_buf_release(&reader.string);
    return status;
}

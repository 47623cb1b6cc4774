#include "model/json_normal.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "model/json_text.h"

/* A member of an object: its name is in `names`, its writing, with the name, in `out`. */
struct member {
    size_t name, name_bytes;
    size_t begin, end;
    size_t offset; /* in the text, for messages */
};

/* The names and members of the objects that are open lie one behind the other, as on a stack. */
struct normal {
    const char *text, *at, *end;
    struct vf_buf *out;
    struct vf_buf names, members, sorted;
    const char *why;
    size_t offset;
};

static bool refuse(struct normal *normal, size_t offset, const char *why)
{
    normal->why = why;
    normal->offset = offset;
    return false;
}

static void skip_blanks(struct normal *normal)
{
    while (normal->at < normal->end && strchr(" \t\n\r", *normal->at) != NULL)
        normal->at++;
}

/* ---- strings ---- */

static void put_string(struct vf_buf *out, const char *text, size_t size_bytes)
{
    static const char plain[] = "\"\\\b\f\n\r\t", escapes[] = "\"\\bfnrt";
    vf_buf_char(out, '"');
    for (size_t i = 0, begin = 0; i <= size_bytes; i++) {
        if (i < size_bytes && (unsigned char)text[i] >= 0x20 && text[i] != '"' && text[i] != '\\')
            continue;
        vf_buf_add(out, text + begin, i - begin);
        begin = i + 1;
        if (i == size_bytes)
            break;
        const char *found = memchr(plain, text[i], sizeof(plain) - 1);
        if (found != NULL)
            vf_buf_printf(out, "\\%c", escapes[found - plain]);
        else
            vf_buf_printf(out, "\\u%04x", (unsigned char)text[i]);
    }
    vf_buf_char(out, '"');
}

/* The string that begins here: what it means is appended to `names`, from *begin on. */
static bool take_string(struct normal *normal, size_t *begin)
{
    const char *token = normal->at++;
    while (normal->at < normal->end && *normal->at != '"')
        normal->at += *normal->at == '\\' ? 2 : 1;
    normal->at++;
    *begin = normal->names.size_bytes;
    if (!vf_json_text_string(token, (size_t)(normal->at - token), &normal->names))
        return refuse(normal, (size_t)(token - normal->text), "half of a surrogate pair in a string");
    if (normal->names.status == VF_OK && normal->names.size_bytes > *begin &&
        memchr(normal->names.data + *begin, 0, normal->names.size_bytes - *begin) != NULL)
        return refuse(normal, (size_t)(token - normal->text), "U+0000 in a string");
    return true;
}

static bool put_text(struct normal *normal)
{
    size_t begin = 0;
    if (!take_string(normal, &begin))
        return false;
    if (normal->names.status == VF_OK)
        put_string(normal->out, normal->names.data == NULL ? "" : normal->names.data + begin,
                   normal->names.size_bytes - begin);
    normal->names.size_bytes = begin;
    return true;
}

/* ---- numbers ---- */

/* -12.50e3 in its parts. */
struct number {
    bool is_negative;
    const char *whole, *fraction;
    int64_t n_whole, n_fraction;
    int64_t exponent;
};

static int64_t count_digits(struct normal *normal)
{
    const char *begin = normal->at;
    while (normal->at < normal->end && *normal->at >= '0' && *normal->at <= '9')
        normal->at++;
    return normal->at - begin;
}

static void take_number(struct normal *normal, struct number *number)
{
    *number = (struct number){.is_negative = *normal->at == '-'};
    normal->at += number->is_negative;
    number->whole = normal->at;
    number->n_whole = count_digits(normal);
    if (normal->at < normal->end && *normal->at == '.') {
        number->fraction = ++normal->at;
        number->n_fraction = count_digits(normal);
    }
    if (normal->at < normal->end && (*normal->at == 'e' || *normal->at == 'E')) {
        normal->at++;
        bool is_negative = *normal->at == '-';
        normal->at += *normal->at == '-' || *normal->at == '+';
        /* Far beyond every limit it is only large. */
        for (; normal->at < normal->end && *normal->at >= '0' && *normal->at <= '9'; normal->at++)
            number->exponent =
                number->exponent > INT32_MAX ? number->exponent : number->exponent * 10 + (*normal->at - '0');
        number->exponent = is_negative ? -number->exponent : number->exponent;
    }
}

/* Digit i of whole and fraction together; zeros lie around them. */
static char digit_at(const struct number *number, int64_t i)
{
    if (i < 0 || i >= number->n_whole + number->n_fraction)
        return '0';
    return i < number->n_whole ? number->whole[i] : number->fraction[i - number->n_whole];
}

static bool put_number(struct normal *normal)
{
    struct number number;
    size_t offset = (size_t)(normal->at - normal->text);
    take_number(normal, &number);
    int64_t n_all = number.n_whole + number.n_fraction, first = 0;
    while (first < n_all && digit_at(&number, first) == '0')
        first++;
    bool is_zero = first == n_all;
    int64_t point = number.n_whole + number.exponent; /* digits before it are whole ones */
    int64_t n_fraction = number.n_fraction - number.exponent;
    n_fraction = n_fraction < 0 ? 0 : n_fraction;
    if (n_fraction > VF_JSON_MAX_FRACTION_DIGITS || (!is_zero && point - first > VF_JSON_MAX_WHOLE_DIGITS))
        return refuse(normal, offset, "a number beyond the range of numeric");
    if (number.is_negative && !is_zero)
        vf_buf_char(normal->out, '-');
    if (is_zero || first >= point)
        vf_buf_char(normal->out, '0');
    for (int64_t i = first; !is_zero && i < point; i++)
        vf_buf_char(normal->out, digit_at(&number, i));
    if (n_fraction > 0)
        vf_buf_char(normal->out, '.');
    for (int64_t i = 0; i < n_fraction; i++)
        vf_buf_char(normal->out, is_zero ? '0' : digit_at(&number, point + i));
    return true;
}

/* ---- objects and arrays ---- */

static bool put_value(struct normal *normal);

static int compare(const struct normal *normal, const struct member *a, const struct member *b)
{
    if (a->name_bytes != b->name_bytes)
        return a->name_bytes < b->name_bytes ? -1 : 1;
    return a->name_bytes == 0 ? 0 : memcmp(normal->names.data + a->name, normal->names.data + b->name, a->name_bytes);
}

/* Heap sort: qsort() has no context, and the names are in one. */
static void sift(const struct normal *normal, struct member *members, size_t root, size_t n)
{
    for (size_t child = 2 * root + 1; child < n; child = 2 * root + 1) {
        child += child + 1 < n && compare(normal, &members[child], &members[child + 1]) < 0;
        if (compare(normal, &members[root], &members[child]) >= 0)
            return;
        struct member swapped = members[root];
        members[root] = members[child];
        members[child] = swapped;
        root = child;
    }
}

static void sort(const struct normal *normal, struct member *members, size_t n)
{
    for (size_t root = n / 2; root-- > 0;)
        sift(normal, members, root, n);
    for (size_t last = n; last-- > 1;) {
        struct member swapped = members[0];
        members[0] = members[last];
        members[last] = swapped;
        sift(normal, members, 0, last);
    }
}

/* The members lie in `out` from `begin` on in the order of the text: bring them into that of their names. */
static bool order_members(struct normal *normal, struct member *members, size_t n, size_t begin)
{
    bool is_sorted = true;
    for (size_t i = 1; i < n && is_sorted; i++)
        is_sorted = compare(normal, &members[i - 1], &members[i]) < 0;
    if (is_sorted)
        return true;
    sort(normal, members, n);
    vf_buf_clear(&normal->sorted);
    for (size_t i = 0; i < n; i++) {
        if (i > 0 && compare(normal, &members[i - 1], &members[i]) == 0) {
            size_t second = members[i].offset > members[i - 1].offset ? members[i].offset : members[i - 1].offset;
            return refuse(normal, second, "a name that is in the object twice");
        }
        vf_buf_str(&normal->sorted, i > 0 ? ", " : "");
        vf_buf_add(&normal->sorted, normal->out->data + members[i].begin, members[i].end - members[i].begin);
    }
    if (normal->sorted.status == VF_OK)
        memcpy(normal->out->data + begin, normal->sorted.data, normal->sorted.size_bytes); /* as many bytes as before */
    else
        normal->out->status = normal->sorted.status;
    return true;
}

static bool put_member(struct normal *normal)
{
    struct member member = {.offset = (size_t)(normal->at - normal->text), .begin = normal->out->size_bytes};
    if (!take_string(normal, &member.name) || normal->names.status != VF_OK)
        return normal->why == NULL;
    member.name_bytes = normal->names.size_bytes - member.name;
    put_string(normal->out, member.name_bytes > 0 ? normal->names.data + member.name : "", member.name_bytes);
    vf_buf_str(normal->out, ": ");
    skip_blanks(normal);
    normal->at++; /* the colon */
    if (!put_value(normal))
        return false;
    member.end = normal->out->size_bytes;
    vf_buf_add(&normal->members, &member, sizeof(member));
    return true;
}

static bool put_container(struct normal *normal)
{
    bool is_object = *normal->at == '{';
    size_t names = normal->names.size_bytes, members = normal->members.size_bytes, n = 0;
    vf_buf_char(normal->out, *normal->at++);
    size_t begin = normal->out->size_bytes;
    for (skip_blanks(normal); *normal->at != '}' && *normal->at != ']'; skip_blanks(normal)) {
        if (n++ > 0) {
            normal->at++; /* the comma */
            skip_blanks(normal);
            vf_buf_str(normal->out, ", ");
        }
        if (is_object ? !put_member(normal) : !put_value(normal))
            return false;
        if (normal->out->status != VF_OK || normal->names.status != VF_OK || normal->members.status != VF_OK)
            return true; /* no memory: vf_json_normal() says so */
    }
    vf_buf_char(normal->out, *normal->at++);
    if (is_object && n > 1 && normal->out->status == VF_OK &&
        !order_members(normal, (struct member *)(void *)(normal->members.data + members), n, begin))
        return false;
    normal->names.size_bytes = names;
    normal->members.size_bytes = members;
    return true;
}

/* The text is JSON of limited depth: vf_json_text_check() has seen it. */
static bool put_value(struct normal *normal)
{
    skip_blanks(normal);
    char c = *normal->at;
    if (c == '{' || c == '[')
        return put_container(normal);
    if (c == '"')
        return put_text(normal);
    if (c == '-' || (c >= '0' && c <= '9'))
        return put_number(normal);
    const char *word = c == 't' ? "true" : c == 'f' ? "false" : "null";
    vf_buf_str(normal->out, word);
    normal->at += strlen(word);
    return true;
}

const char *vf_json_normal(const char *text, size_t size_bytes, struct vf_buf *out, size_t *offset)
{
    const char *why = vf_json_text_check(text, size_bytes, offset);
    if (why != NULL)
        return why;
    struct normal normal = {.text = text, .at = text, .end = text + size_bytes, .out = out};
    vf_buf_init(&normal.names, VF_BUF_MAX);
    vf_buf_init(&normal.members, VF_BUF_MAX);
    vf_buf_init(&normal.sorted, VF_BUF_MAX);
    put_value(&normal);
    if (out->status == VF_OK && normal.names.status != VF_OK)
        out->status = normal.names.status;
    if (out->status == VF_OK && normal.members.status != VF_OK)
        out->status = normal.members.status;
    vf_buf_release(&normal.names);
    vf_buf_release(&normal.members);
    vf_buf_release(&normal.sorted);
    *offset = normal.offset;
    return normal.why;
}

#include "model/type.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const kind_names[] = {
#define VF_KIND_NAME(name, text) [VF_K_##name] = (text),
    VF_KIND_LIST(VF_KIND_NAME)
#undef VF_KIND_NAME
};

const char *vf_kind_name(enum vf_kind kind)
{
    return (unsigned)kind < VF_KIND_COUNT ? kind_names[kind] : "unknown";
}

bool vf_kind_parse(const char *name, enum vf_kind *kind)
{
    for (unsigned i = 0; i < VF_KIND_COUNT; i++) {
        if (strcmp(kind_names[i], name) == 0) {
            *kind = (enum vf_kind)i;
            return true;
        }
    }
    return false;
}

enum vf_layout vf_type_layout(struct vf_type type)
{
    if (type.kind == VF_K_BOOL)
        return VF_LAYOUT_BITS;
    return vf_type_width(type) > 0 ? VF_LAYOUT_FIXED : VF_LAYOUT_VARIABLE;
}

size_t vf_type_width(struct vf_type type)
{
    static const unsigned char widths[VF_KIND_COUNT] = {
        [VF_K_I8] = 1,   [VF_K_I16] = 2,       [VF_K_I32] = 4,         [VF_K_I64] = 8,
        [VF_K_F32] = 4,  [VF_K_F64] = 8,       [VF_K_UUID] = 16,       [VF_K_DATE] = 4,
        [VF_K_TIME] = 8, [VF_K_TIMESTAMP] = 8, [VF_K_TIMESTAMPTZ] = 8, [VF_K_INTERVAL] = 16,
    };

    if (type.kind == VF_K_VECTOR)
        return type.dim > 0 ? vf_element_bytes(type.element, type.dim) : 0;
    return (unsigned)type.kind < VF_KIND_COUNT ? widths[type.kind] : 0;
}

bool vf_type_equal(struct vf_type a, struct vf_type b)
{
    if (a.kind != b.kind)
        return false;
    if (a.kind == VF_K_ARRAY)
        return a.element_kind == b.element_kind;
    if (a.kind == VF_K_VECTOR)
        return a.element == b.element && a.dim == b.dim;
    if (a.kind == VF_K_JSON)
        return a.normal == b.normal;
    return a.kind != VF_K_SPARSE || a.dim == b.dim;
}

char *vf_type_format(struct vf_type type, char out[48])
{
    const char *name = vf_kind_name(type.kind);

    if (type.kind == VF_K_ARRAY)
        snprintf(out, 48, "array(%s)", vf_kind_name(type.element_kind));
    else if (type.kind == VF_K_VECTOR)
        snprintf(out, 48, "vector(%s,%u)", vf_element_name(type.element), (unsigned)type.dim);
    else if (type.kind == VF_K_SPARSE)
        snprintf(out, 48, "sparse(%u)", (unsigned)type.dim);
    else
        snprintf(out, 48, "%s%s", name, type.kind == VF_K_JSON && type.normal ? "b" : "");
    return out;
}

/* A whole number that fills the text and fits into 32 bits. */
static bool parse_dim(const char *text, uint32_t *dim)
{
    char *end;

    if (text[0] < '0' || text[0] > '9' || strlen(text) > 10)
        return false;
    unsigned long value = strtoul(text, &end, 10);
    *dim = (uint32_t)value;
    return *end == '\0' && value <= UINT32_MAX;
}

static bool parse_arguments(char *arguments, struct vf_type *type)
{
    char *comma = strchr(arguments, ',');

    if (type->kind == VF_K_ARRAY)
        return vf_kind_parse(arguments, &type->element_kind);
    if (type->kind == VF_K_SPARSE) {
        type->element = VF_E_F32;
        return parse_dim(arguments, &type->dim);
    }
    if (type->kind != VF_K_VECTOR || comma == NULL)
        return false;
    *comma = '\0';
    return vf_element_parse(arguments, &type->element) && parse_dim(comma + 1, &type->dim);
}

bool vf_type_parse(const char *text, struct vf_type *type)
{
    char copy[48];
    size_t size = strlen(text);

    *type = (struct vf_type){0};
    if (size >= sizeof(copy))
        return false;
    if (strcmp(text, "jsonb") == 0) {
        *type = (struct vf_type){.kind = VF_K_JSON, .normal = true};
        return true;
    }
    memcpy(copy, text, size + 1);
    char *open = strchr(copy, '(');
    if (open == NULL)
        return vf_kind_parse(copy, &type->kind) && type->kind != VF_K_ARRAY && type->kind != VF_K_VECTOR &&
               type->kind != VF_K_SPARSE;
    if (copy[size - 1] != ')')
        return false;
    *open = '\0';
    copy[size - 1] = '\0';
    return vf_kind_parse(copy, &type->kind) && parse_arguments(open + 1, type);
}

/* ---- forms ---- */

static const struct {
    const char *name, *meaning;
} forms[] = {
#define VF_FORM_ROW(name, text, meaning) [VF_FORM_##name] = {text, meaning},
    VF_FORM_LIST(VF_FORM_ROW)
#undef VF_FORM_ROW
};

const char *vf_form_name(enum vf_form form)
{
    return (unsigned)form < VF_FORM_COUNT ? forms[form].name : "unknown";
}

bool vf_form_parse(const char *name, enum vf_form *form)
{
    for (unsigned i = 0; i < VF_FORM_COUNT; i++) {
        if (strcmp(forms[i].name, name) == 0) {
            *form = (enum vf_form)i;
            return true;
        }
    }
    return false;
}

const char *vf_form_meaning(enum vf_form form)
{
    return (unsigned)form < VF_FORM_COUNT ? forms[form].meaning : "";
}

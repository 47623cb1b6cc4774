#include <string.h>

#include "base/text.h"
#include "ferry/plan_make.h"
#include "model/temporal.h"

static bool is_epoch(enum vf_form form, int64_t *units_per_second)
{
    *units_per_second = form == VF_FORM_EPOCH_S ? 1 : form == VF_FORM_EPOCH_MS ? 1000 : 1000000;
    return form == VF_FORM_EPOCH_S || form == VF_FORM_EPOCH_MS || form == VF_FORM_EPOCH_US;
}

/* The literal as a time, when it is a number of the column's form; false: it isn't. */
static bool to_timestamp(const struct vf_column *column, int64_t *timestamp_us)
{
    const char *text = column->def.text;
    int64_t units, number;
    double days;

    if (is_epoch(column->form, &units))
        return vf_parse_i64(text, strlen(text), &number) && vf_timestamp_from_epoch(number, units, timestamp_us);
    return vf_parse_f64(text, strlen(text), &days) && vf_timestamp_from_julian(days, timestamp_us);
}

static const char *bool_text(const char *text)
{
    if (strcmp(text, "1") == 0 || strcmp(text, "true") == 0)
        return "true";
    return strcmp(text, "0") == 0 || strcmp(text, "false") == 0 ? "false" : NULL;
}

static const char *timestamp_text(const struct vf_column *column, struct vf_arena *arena)
{
    bool with_zone = column->type.kind == VF_K_TIMESTAMPTZ;
    char text[VF_TEMPORAL_TEXT_BYTES];
    int64_t ignored, timestamp_us, units;

    if (vf_timestamp_parse(column->def.text, strlen(column->def.text), with_zone, &ignored))
        return column->def.text;
    if (!is_epoch(column->form, &units) && column->form != VF_FORM_JULIAN)
        return column->def.text; /* the database's own writing, which its engine has read */
    if (!to_timestamp(column, &timestamp_us))
        return NULL;
    vf_timestamp_format(timestamp_us, with_zone, text);
    return vf_arena_strdup(arena, text);
}

void vf_plan_retype_default(struct vf_column *column, struct vf_arena *arena)
{
    const char *text = column->def.text;

    if (column->def.kind != VF_DEFAULT_LITERAL)
        return;
    if (column->type.kind == VF_K_BOOL)
        text = bool_text(text);
    else if (column->type.kind == VF_K_TIMESTAMP || column->type.kind == VF_K_TIMESTAMPTZ)
        text = timestamp_text(column, arena);
    if (text != NULL)
        column->def.text = text;
    else
        column->def.kind = VF_DEFAULT_EXPRESSION;
}

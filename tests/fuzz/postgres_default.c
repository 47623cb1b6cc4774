/* Defaults as PostgreSQL shows them, of a column whose type the first byte says: a literal that is understood is written so that it reads as the same. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "engine/postgres/conn.h"
#include "engine/postgres/inspect.h"
#include "fuzz.h"

static const struct {
    const char *native;
    struct vf_type type;
} types[] = {
    {"boolean", {.kind = VF_K_BOOL}},
    {"integer", {.kind = VF_K_I32}},
    {"double precision", {.kind = VF_K_F64}},
    {"numeric(8,3)", {.kind = VF_K_DECIMAL}},
    {"text", {.kind = VF_K_TEXT}},
    {"bytea", {.kind = VF_K_BLOB}},
    {"uuid", {.kind = VF_K_UUID}},
    {"date", {.kind = VF_K_DATE}},
    {"time without time zone", {.kind = VF_K_TIME}},
    {"timestamp without time zone", {.kind = VF_K_TIMESTAMP}},
    {"timestamp with time zone", {.kind = VF_K_TIMESTAMPTZ}},
    {"interval", {.kind = VF_K_INTERVAL}},
    {"jsonb", {.kind = VF_K_JSON}},
    {"public.mood", {.kind = VF_K_ENUM}},
    {"integer[]", {.kind = VF_K_ARRAY}},
    {"inet", {.kind = VF_K_OTHER}},
    {"vector(3)", {.kind = VF_K_VECTOR, .element = VF_E_F32, .dim = 3}},
};
#define N_TYPES (sizeof(types) / sizeof(types[0]))

static void write_and_read(struct vf_column *column, struct vf_arena *arena)
{
    const struct vf_pg_types none = {0};
    const struct vf_default was = column->def;
    const char *why = NULL;
    struct vf_buf text;

    vf_buf_init(&text, VF_BUF_MAX);
    if (was.kind == VF_DEFAULT_LITERAL && vf_pg_default_write(column, &none, &text, &why)) {
        if (vf_pg_default_parse(text.data + strspn(text.data, " "), column->type, arena, &column->def, NULL) != VF_OK ||
            column->def.kind != VF_DEFAULT_LITERAL || !vf_str_equal(column->def.text, was.text))
            abort();
    }
    vf_buf_release(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
    size_t which = size_bytes > 0 ? data[0] % N_TYPES : 0;
    char *text = vf_strndup((const char *)data + (size_bytes > 0), size_bytes - (size_bytes > 0));
    struct vf_column column = {.name = "c", .native = types[which].native, .type = types[which].type};
    struct vf_arena arena = {0};

    if (text != NULL && vf_pg_default_parse(text, column.type, &arena, &column.def, NULL) == VF_OK)
        write_and_read(&column, &arena);
    vf_arena_release(&arena);
    vf_free(text);
    return 0;
}

/* Texts of DuckDB's catalogue: defaults of a column whose type the first byte says, lists in parentheses, names, sequences. A literal that is understood is written so that it reads as the same. */
#include <stdlib.h>

#include "base/text.h"
#include "engine/duckdb/default.h"
#include "engine/duckdb/inspect.h"
#include "fuzz.h"

static const struct {
    const char *native;
    enum vf_kind kind;
} types[] = {
    {"BOOLEAN", VF_K_BOOL}, {"INTEGER", VF_K_I32},         {"DECIMAL(9,2)", VF_K_DECIMAL},
    {"VARCHAR", VF_K_TEXT}, {"BLOB", VF_K_BLOB},           {"UUID", VF_K_UUID},
    {"DATE", VF_K_DATE},    {"TIMESTAMP", VF_K_TIMESTAMP}, {"JSON", VF_K_JSON},
    {"DOUBLE", VF_K_F64},
};
#define N_TYPES (sizeof(types) / sizeof(types[0]))

static void write_and_read(struct vf_column *column, struct vf_arena *arena)
{
    const struct vf_default was = column->def;
    const char *why = NULL;
    struct vf_buf text;

    vf_buf_init(&text, VF_BUF_MAX);
    /* from_hex(), in which a blob is written, comes back as DuckDB's own literal. */
    if (was.kind == VF_DEFAULT_LITERAL && column->type.kind != VF_K_BLOB &&
        vf_duckdb_default_write(column, &text, &why)) {
        if (vf_duckdb_default_parse(text.data, arena, column, NULL) != VF_OK ||
            column->def.kind != VF_DEFAULT_LITERAL || !vf_str_equal(column->def.text, was.text))
            abort();
    }
    vf_buf_release(&text);
}

static void read_names(const char *text, struct vf_arena *arena)
{
    const char *at = text, *schema = NULL, *name = NULL;
    int64_t next = 0;

    for (const char *part = vf_duckdb_next_part(&at, arena); part != NULL; part = vf_duckdb_next_part(&at, arena))
        (void)vf_duckdb_part_name(part, arena);
    (void)vf_duckdb_split_name(text, arena, &schema, &name);
    (void)vf_duckdb_sequence_next(text, &next);
    (void)vf_duckdb_nextval_name(text, arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
    size_t which = size_bytes > 0 ? data[0] % N_TYPES : 0;
    char *text = vf_strndup((const char *)data + (size_bytes > 0), size_bytes - (size_bytes > 0));
    struct vf_column column = {.name = "c", .native = types[which].native, .type = {.kind = types[which].kind}};
    struct vf_arena arena = {0};

    if (text != NULL)
        read_names(text, &arena);
    if (text != NULL && vf_duckdb_default_parse(text, &arena, &column, NULL) == VF_OK)
        write_and_read(&column, &arena);
    vf_arena_release(&arena);
    vf_free(text);
    return 0;
}

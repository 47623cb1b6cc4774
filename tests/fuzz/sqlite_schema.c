/* Texts of sqlite_master: CREATE TABLE, CREATE INDEX, defaults. */
#include "base/alloc.h"
#include "engine/sqlitesql/create_table.h"
#include "engine/sqlitesql/default.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
    char *text = vf_strndup((const char *)data, size_bytes);
    struct vf_arena arena = {0};
    struct vf_error err = {0};
    struct vf_sqlite_constraint *first = NULL;
    struct vf_sqlite_index_text index = {0};
    struct vf_column column = {.name = "c", .native = "TEXT", .type = {.kind = VF_K_TEXT}};
    enum vf_status status = text != NULL ? vf_sqlite_parse_create_table(text, &arena, &first, &err) : VF_NOMEM;

    if (text != NULL)
        status = vf_sqlite_parse_create_index(text, &arena, &index, &err);
    if (text != NULL)
        status = vf_sqlite_default_parse(text, &arena, &column, &err);
    (void)status;
    vf_arena_release(&arena);
    vf_free(text);
    return 0;
}

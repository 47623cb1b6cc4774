/* Texts of FTS5 tables and of the triggers that keep them in step. */
#include <stdlib.h>

#include "engine/sqlitesql/fulltext.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
    char *text = vf_strndup((const char *)data, size_bytes);
    struct vf_fts5_declaration declaration = {0};
    struct vf_arena arena = {0};
    bool understood = false;

    if (text != NULL && vf_fts5_parse(text, &arena, &declaration, &understood, NULL) == VF_OK && understood) {
        for (size_t i = 0; i < declaration.n_columns; i++) {
            if (declaration.columns[i] == NULL)
                abort();
        }
    }
    if (text != NULL)
        (void)vf_fts5_trigger_event(text, "docs_fts");
    vf_arena_release(&arena);
    vf_free(text);
    return 0;
}

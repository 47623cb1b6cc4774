/* Views, in the dialect that the first byte says; what is understood is written for all, and read again as the same. */
#include <stdlib.h>

#include "dialects.h"
#include "engine/query.h"

static const struct vf_table first = {.name = "t", .n_columns = N_COLUMNS, .columns = columns, .primary_key = -1};
static const struct vf_table second = {.name = "u", .n_columns = 3, .columns = columns, .primary_key = -1};
static const struct vf_table *const tables[] = {&first, &second};

static void write_and_read(const struct vf_dialect *from, const struct vf_dialect *to, const struct vf_query *query,
                           struct vf_arena *arena)
{
    const struct vf_query_scope_of scope = {.relations = {.n = 2, .tables = tables}, .from = from};
    const struct vf_query *again = NULL;
    const char *why = NULL;
    struct vf_buf text;

    vf_buf_init(&text, VF_BUF_MAX);
    if (vf_query_write(to, &scope, query, arena, &text, &why) &&
        (vf_query_read(to, &scope, text.data, arena, &again, &why, NULL) != VF_OK || again == NULL))
        abort();
    vf_buf_release(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
    const struct vf_query_scope_of scope = {.relations = {.n = 2, .tables = tables}, .collation = "de_DE"};
    const struct vf_dialect *from;
    char *text = take_text(data, size_bytes, &from);
    const struct vf_query *query = NULL;
    struct vf_arena arena = {0};
    const char *why = NULL;

    enum vf_status status =
        text != NULL && from != NULL ? vf_query_read(from, &scope, text, &arena, &query, &why, NULL) : VF_NOMEM;
    for (size_t i = 0; status == VF_OK && query != NULL && i < N_DIALECTS; i++) {
        if (dialect(i) != NULL)
            write_and_read(from, dialect(i), query, &arena);
    }
    vf_arena_release(&arena);
    vf_free(text);
    return 0;
}

/* Expressions of checks and indexes, in the dialect that the first byte says; what is understood is written for all, and read again. */
#include <stdlib.h>

#include "dialects.h"

static const struct vf_table table = {.name = "t", .n_columns = N_COLUMNS, .columns = columns};

/* What a dialect writes it reads as the same. */
static void write_and_read(const struct vf_dialect *from, const struct vf_dialect *to, const struct vf_expr *expr,
                           struct vf_arena *arena)
{
    const struct vf_expr_scope scope = {.table = &table, .from = from, .is_condition = true};
    const struct vf_expr *again = NULL;
    const char *why = NULL;
    struct vf_buf text;

    vf_buf_init(&text, VF_BUF_MAX);
    if (vf_expr_write(to, &scope, expr, arena, &text, &why) &&
        (vf_expr_read(to, &scope, text.data, arena, &again, &why, NULL) != VF_OK || again == NULL))
        abort();
    vf_buf_release(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
    const struct vf_expr_scope scope = {.table = &table, .is_condition = true, .collation = "de_DE"};
    const struct vf_dialect *from;
    char *text = take_text(data, size_bytes, &from);
    const struct vf_expr *expr = NULL;
    struct vf_arena arena = {0};
    const char *why = NULL;

    enum vf_status status =
        text != NULL && from != NULL ? vf_expr_read(from, &scope, text, &arena, &expr, &why, NULL) : VF_NOMEM;
    for (size_t i = 0; status == VF_OK && expr != NULL && i < N_DIALECTS; i++) {
        if (dialect(i) != NULL)
            write_and_read(from, dialect(i), expr, &arena);
    }
    vf_arena_release(&arena);
    vf_free(text);
    return 0;
}

/* Expressions of full-text indexes as PostgreSQL shows them: what is understood is written so that it reads as the same. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "engine/postgres/fulltext.h"
#include "fuzz.h"

static struct vf_column columns[] = {
    {.name = "a", .native = "text", .type = {.kind = VF_K_TEXT}},
    {.name = "b", .native = "character varying(20)", .type = {.kind = VF_K_TEXT}},
    {.name = "odd \"name\"", .native = "text", .type = {.kind = VF_K_TEXT}},
    {.name = "j", .native = "jsonb", .type = {.kind = VF_K_JSON}},
    {.name = "n", .native = "integer", .type = {.kind = VF_K_I32}},
};
static const struct vf_table table = {
    .name = "t", .n_columns = sizeof(columns) / sizeof(columns[0]), .columns = columns, .primary_key = -1};

static bool read(const char *text, struct vf_arena *arena, struct vf_index *index)
{
    bool understood = false;

    *index = (struct vf_index){.kind = VF_INDEX_FULLTEXT};
    if (vf_pg_fulltext_parse(text, &table, arena, &index->parts, &index->fulltext, &understood, NULL) != VF_OK)
        return false;
    index->n_parts = understood ? index->fulltext.n_parts : 0;
    return understood;
}

static bool is_same(const struct vf_index *a, const struct vf_index *b)
{
    if (a->n_parts != b->n_parts || !vf_str_equal(a->fulltext.language, b->fulltext.language))
        return false;
    for (size_t i = 0; i < a->n_parts; i++) {
        const struct vf_fulltext_part *left = &a->fulltext.parts[i], *right = &b->fulltext.parts[i];
        if (a->parts[i].column != b->parts[i].column || left->coalesced != right->coalesced ||
            left->weight < right->weight || left->weight > right->weight || !vf_str_equal(left->joined, right->joined))
            return false;
    }
    return true;
}

/* PostgreSQL shows the word in capitals, and only so is it read. */
static void show_as_postgres(char *text)
{
    static const char word[] = "coalesce(";

    for (char *at = strstr(text, word); at != NULL; at = strstr(at, word)) {
        for (size_t i = 0; word[i] != '('; i++)
            *at++ -= 'a' - 'A';
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
    char *text = vf_strndup((const char *)data, size_bytes);
    struct vf_index index, again;
    struct vf_arena arena = {0};
    struct vf_buf written;

    vf_buf_init(&written, VF_BUF_MAX);
    /* Not what is written in another way than PostgreSQL shows it. */
    if (text != NULL && strstr(text, "coalesce(") == NULL && strchr(text, '\\') == NULL && read(text, &arena, &index)) {
        vf_pg_fulltext_write(&table, &index, &written);
        show_as_postgres(written.data);
        if (!read(written.data, &arena, &again) || !is_same(&index, &again))
            abort();
    }
    vf_buf_release(&written);
    vf_arena_release(&arena);
    vf_free(text);
    return 0;
}

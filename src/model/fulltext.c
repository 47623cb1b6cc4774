#include "model/fulltext.h"

#include <string.h>

#include "base/buf.h"
#include "base/text.h"

#define WORDS "unicode61"

const struct vf_text_builder_info vf_text_builders[VF_TEXT_BUILDERS] = {
    [VF_TEXT_NONE] = {.name = "none"},
    [VF_TEXT_POSTGRES] =
        {
            .name = "PostgreSQL",
            .search = "to_tsvector('english', content) @@ plainto_tsquery('english', 'word')",
            .ranking = "ts_rank, more is better: how often and how near",
            .words = "its parser's: addresses, numbers and words with hyphens are words of their own kind",
            .in_step = "always in step",
            .note = "An index on an expression is used by queries that repeat the expression; `column` in the plan "
                    "makes a generated column instead, which queries name. A row with more than 1 MB of "
                    "words can't be indexed.",
        },
    [VF_TEXT_FTS5] =
        {
            .name = "FTS5",
            .search = "SELECT * FROM documents_fts WHERE documents_fts MATCH '\"word\"' ORDER BY rank",
            .ranking = "bm25, less is better, negative",
            .words = "runs of letters and digits of Unicode",
            .in_step = "three triggers, which are made with it",
            .note =
                "An FTS5 table beside the table (external content): the texts lie there only once. Its rowid is the "
                "table's integer primary key; where there is none it is the table's rowid, which VACUUM may change. "
                "There is a stemmer for English alone, and there are no stop words.",
        },
    [VF_TEXT_DUCKDB] =
        {
            .name = "DuckDB fts",
            .search = "SELECT *, fts_main_documents.match_bm25(id, 'word') AS score FROM documents",
            .ranking = "bm25, more is better",
            .words = "what its pattern `ignore` leaves: here runs of letters and digits of Unicode",
            .in_step = "never: it is built anew, by PRAGMA create_fts_index(..., overwrite = 1)",
            .note =
                "Needs the extension fts, which is found by `--duckdb-extensions` and never downloaded, a key of one "
                "column, and a table whose name needs no quotes. Its tables lie in a schema of their own, and are "
                "never "
                "copied.",
        },
};

/* FTS5 has a stemmer for English alone; of the others it takes the words as they are. */
const struct vf_text_language vf_text_languages[] = {
    {"simple", "none", WORDS " remove_diacritics 0", "none"},
    {"english", "english", "porter " WORDS, "english"},
    {"arabic", "arabic", NULL, "arabic"},
    {"armenian", "armenian", NULL, NULL},
    {"basque", "basque", NULL, "basque"},
    {"catalan", "catalan", NULL, "catalan"},
    {"danish", "danish", NULL, "danish"},
    {"dutch", "dutch", NULL, "dutch"},
    {"estonian", "estonian", NULL, NULL},
    {"finnish", "finnish", NULL, "finnish"},
    {"french", "french", NULL, "french"},
    {"german", "german", NULL, "german"},
    {"greek", "greek", NULL, "greek"},
    {"hindi", "hindi", NULL, "hindi"},
    {"hungarian", "hungarian", NULL, "hungarian"},
    {"indonesian", "indonesian", NULL, "indonesian"},
    {"irish", "irish", NULL, "irish"},
    {"italian", "italian", NULL, "italian"},
    {"lithuanian", "lithuanian", NULL, "lithuanian"},
    {"nepali", "nepali", NULL, "nepali"},
    {"norwegian", "norwegian", NULL, "norwegian"},
    {"portuguese", "portuguese", NULL, "portuguese"},
    {"romanian", "romanian", NULL, "romanian"},
    {"russian", "russian", NULL, "russian"},
    {"serbian", "serbian", NULL, "serbian"},
    {"spanish", "spanish", NULL, "spanish"},
    {"swedish", "swedish", NULL, "swedish"},
    {"tamil", "tamil", NULL, "tamil"},
    {"turkish", "turkish", NULL, "turkish"},
    {"yiddish", "yiddish", NULL, NULL},
    {NULL, NULL, NULL, NULL},
};

const struct vf_text_language *vf_text_language_find(const char *language)
{
    for (const struct vf_text_language *row = vf_text_languages; language != NULL && row->language != NULL; row++) {
        if (strcmp(row->language, language) == 0)
            return row;
    }
    return NULL;
}

enum vf_text_builder vf_fulltext_builder(enum vf_fulltext_form form)
{
    switch (form) {
    case VF_FULLTEXT_EXPRESSION:
    case VF_FULLTEXT_COLUMN:
        return VF_TEXT_POSTGRES;
    case VF_FULLTEXT_EXTERNAL:
    case VF_FULLTEXT_OWN:
        return VF_TEXT_FTS5;
    case VF_FULLTEXT_TABLES:
        return VF_TEXT_DUCKDB;
    case VF_FULLTEXT_NOT:
        break;
    }
    return VF_TEXT_NONE;
}

/* ---- FTS5's words ---- */

static bool has_word(const char *text, const char *word)
{
    while (text != NULL && *text != '\0') {
        char own[32];
        text += strspn(text, " '\"");
        size_t size = strcspn(text, " '\"");
        if (size < sizeof(own)) {
            memcpy(own, text, size);
            own[size] = '\0';
            if (size > 0 && vf_strcasecmp(own, word) == 0)
                return true;
        }
        text += size;
    }
    return false;
}

void vf_fulltext_read_tokenizer(const char *tokenizer, struct vf_fulltext *fulltext)
{
    bool is_stemmed = has_word(tokenizer, "porter");

    fulltext->language = is_stemmed ? "english" : "simple";
    fulltext->stemmer = is_stemmed ? "porter" : "none";
    fulltext->stop_words = "none";
    fulltext->folds_accents = !has_word(tokenizer, "ascii") && !has_word(tokenizer, "trigram") &&
                              !(has_word(tokenizer, "remove_diacritics") && has_word(tokenizer, "0"));
}

/* ---- what each builder makes of it ---- */

/* The parts as columns that stand alone or are put together, as the builder does it. */
static enum vf_status copy_parts(const struct vf_fulltext *wish, struct vf_arena *arena, struct vf_fulltext *made,
                                 struct vf_error *err)
{
    made->parts = vf_arena_alloc(arena, wish->n_parts + 1, sizeof(*made->parts));
    made->n_parts = wish->n_parts;
    if (made->parts == NULL)
        return vf_error_nomem(err);
    if (wish->n_parts > 0)
        memcpy(made->parts, wish->parts, wish->n_parts * sizeof(*made->parts));
    return VF_OK;
}

static bool has_weights(const struct vf_fulltext *fulltext)
{
    for (size_t i = 0; i < fulltext->n_parts; i++) {
        if (fulltext->parts[i].weight > 0)
            return true;
    }
    return false;
}

static void make_postgres(const struct vf_fulltext *wish, struct vf_fulltext *made)
{
    bool stands_alone = has_weights(wish);
    size_t n_before = 0;

    made->form = made->column != NULL ? VF_FULLTEXT_COLUMN : VF_FULLTEXT_EXPRESSION;
    if (wish->language == NULL)
        made->language = "simple";
    bool is_plain = strcmp(made->language, "simple") == 0;
    const struct vf_text_language *row = vf_text_language_find(made->language);
    made->stemmer = row != NULL ? row->stemmer : NULL;
    made->stop_words = is_plain ? "none" : "postgresql";
    made->folds_accents = false;
    made->tokenizer = made->prefix = made->detail = NULL;
    for (size_t i = 0; i < made->n_parts; i++) {
        if (made->parts[i].unindexed)
            continue;
        made->parts[i].coalesced = made->n_parts > 1;
        made->parts[i].joined = n_before++ > 0 && !stands_alone ? " " : NULL;
    }
}

static void make_fts5(const struct vf_fulltext *wish, struct vf_fulltext *made)
{
    const struct vf_text_language *row = vf_text_language_find(wish->language);

    made->form = VF_FULLTEXT_EXTERNAL;
    made->detail = NULL;
    if (made->tokenizer == NULL)
        made->tokenizer = row != NULL && row->fts5 != NULL ? row->fts5 : WORDS;
    vf_fulltext_read_tokenizer(made->tokenizer, made);
    for (size_t i = 0; i < made->n_parts; i++) {
        made->parts[i].coalesced = true;
        made->parts[i].joined = NULL;
    }
}

static void make_duckdb(const struct vf_fulltext *wish, struct vf_fulltext *made)
{
    const struct vf_text_language *row = vf_text_language_find(wish->language);
    bool is_porter = vf_str_equal(wish->stemmer, "porter");
    bool stops = wish->stop_words != NULL && strcmp(wish->stop_words, "none") != 0;

    made->form = VF_FULLTEXT_TABLES;
    made->stemmer = is_porter ? "porter" : row != NULL && row->duckdb != NULL ? row->duckdb : "none";
    made->language = strcmp(made->stemmer, "none") == 0 ? "simple" : wish->language;
    made->stop_words = stops && vf_str_equal(wish->language, "english") ? "duckdb" : "none";
    made->folds_accents = wish->folds_accents;
    made->tokenizer = made->prefix = made->detail = NULL;
    for (size_t i = 0; i < made->n_parts; i++) {
        made->parts[i].weight = 0;
        made->parts[i].coalesced = true;
        made->parts[i].joined = NULL;
    }
}

/* ---- what differs ---- */

static void say(struct vf_buf *out, const char *text)
{
    vf_buf_str(out, out->size_bytes > 0 ? "; " : "");
    vf_buf_str(out, text);
}

static const char *stemmer_word(const struct vf_fulltext *fulltext)
{
    return fulltext->stemmer == NULL                   ? "its own stemming"
           : strcmp(fulltext->stemmer, "none") == 0    ? "no stemming"
           : strcmp(fulltext->stemmer, "porter") == 0  ? "Porter's first stemmer"
           : strcmp(fulltext->stemmer, "english") == 0 ? "Porter's second stemmer (english)"
                                                       : fulltext->stemmer;
}

static const char *stop_word(const struct vf_fulltext *fulltext)
{
    return fulltext->stop_words == NULL || strcmp(fulltext->stop_words, "none") == 0 ? "no stop words"
           : strcmp(fulltext->stop_words, "postgresql") == 0                         ? "PostgreSQL's stop words"
           : strcmp(fulltext->stop_words, "duckdb") == 0                             ? "DuckDB's stop words"
                                                                                     : "stop words of the user's own";
}

static bool hides_nulls(const struct vf_fulltext *fulltext)
{
    for (size_t i = 0; i < fulltext->n_parts; i++) {
        if (!fulltext->parts[i].coalesced && !fulltext->parts[i].unindexed && fulltext->n_parts > 1)
            return true;
    }
    return false;
}

static void compare(const struct vf_fulltext *wish, const struct vf_fulltext *made, struct vf_buf *out)
{
    enum vf_text_builder from = vf_fulltext_builder(wish->form), to = vf_fulltext_builder(made->form);

    if (!vf_str_equal(wish->stemmer, made->stemmer)) {
        say(out, stemmer_word(made));
        vf_buf_printf(out, " instead of %s", stemmer_word(wish));
    }
    if (strcmp(stop_word(wish), stop_word(made)) != 0) {
        say(out, stop_word(made));
        vf_buf_printf(out, " instead of %s", stop_word(wish));
    }
    if (wish->folds_accents != made->folds_accents)
        say(out, made->folds_accents ? "accents make no difference" : "accents make a difference");
    if (has_word(wish->tokenizer, "trigram") && !has_word(made->tokenizer, "trigram"))
        say(out, "whole words instead of parts of words (trigram)");
    if (wish->prefix != NULL && made->prefix == NULL)
        say(out, "beginnings of words have no index of their own");
    if (has_weights(wish) && !has_weights(made))
        say(out, "no weights");
    if (hides_nulls(wish) && !hides_nulls(made))
        say(out, "a row with a NULL in one of the columns is found by the others");
    if (from != to)
        say(out, to == VF_TEXT_POSTGRES ? "ranked by ts_rank" : "ranked by bm25");
    if (to == VF_TEXT_DUCKDB)
        say(out, "not kept in step: build it anew after changes");
}

enum vf_status vf_fulltext_translate(const struct vf_fulltext *wish, enum vf_text_builder builder,
                                     struct vf_arena *arena, struct vf_fulltext *made, const char **why,
                                     struct vf_error *err)
{
    struct vf_buf text;
    enum vf_text_builder from = vf_fulltext_builder(wish->form);

    *made = *wish;
    *why = NULL;
    made->here = NULL;
    enum vf_status status = copy_parts(wish, arena, made, err);
    if (status != VF_OK)
        return status;
    if (from != builder) { /* what is the other's own */
        made->key = made->on_insert = made->on_delete = made->on_update = NULL;
        made->is_late = builder == VF_TEXT_DUCKDB;
    }
    if (builder == VF_TEXT_POSTGRES && from != builder)
        make_postgres(wish, made);
    else if (builder == VF_TEXT_FTS5 && from != builder)
        make_fts5(wish, made);
    else if (builder == VF_TEXT_DUCKDB && from != builder)
        make_duckdb(wish, made);
    if (builder != VF_TEXT_POSTGRES)
        made->column = NULL;
    vf_buf_init(&text, VF_BUF_MAX);
    compare(wish, made, &text);
    status = vf_buf_check(&text, err);
    if (status == VF_OK && text.size_bytes > 0 && (*why = vf_arena_strdup(arena, text.data)) == NULL)
        status = vf_error_nomem(err);
    vf_buf_release(&text);
    return status;
}

bool vf_fulltext_is_same_words(const struct vf_fulltext *a, const struct vf_fulltext *b)
{
    return vf_fulltext_builder(a->form) == vf_fulltext_builder(b->form) && a->stemmer != NULL &&
           vf_str_equal(a->stemmer, b->stemmer) && vf_str_equal(a->stop_words, b->stop_words) &&
           !vf_str_equal(a->stop_words, "own") && a->folds_accents == b->folds_accents &&
           vf_str_equal(a->tokenizer, b->tokenizer) &&
           (a->form != VF_FULLTEXT_TABLES || vf_str_equal(a->detail, b->detail));
}

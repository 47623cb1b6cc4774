#include <string.h>

#include "base/text.h"
#include "engine/postgres/fulltext.h"

#define MAX_DEPTH 64
#define MAX_PARTS 64

struct reader {
    const char *at;
    const struct vf_table *table;
    struct vf_arena *arena;
    int depth;
    size_t n_parts;
    struct vf_key_part parts[MAX_PARTS];
    struct vf_fulltext_part texts[MAX_PARTS];
    const char *language;
    const char *separator; /* the literal since the last column of the same to_tsvector(), or NULL */
    bool joins;            /* a column of it was there before */
    bool no_memory;
};

/* ---- words ---- */

static void skip_blanks(struct reader *reader)
{
    reader->at += strspn(reader->at, " \n\t");
}

static bool take(struct reader *reader, const char *sign)
{
    skip_blanks(reader);
    if (!vf_str_starts(reader->at, sign))
        return false;
    reader->at += strlen(sign);
    return true;
}

static bool is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$' ||
           (unsigned char)c >= 0x80;
}

/* A name of a function with its parenthesis. */
static bool take_call(struct reader *reader, const char *name)
{
    const char *before = reader->at;

    (void)take(reader, "pg_catalog.");
    if (take(reader, name) && take(reader, "("))
        return true;
    reader->at = before;
    return false;
}

/* '...' with '' inside; NULL: there is none. */
static const char *take_literal(struct reader *reader)
{
    const char *before = reader->at;

    if (!take(reader, "'"))
        return NULL;
    const char *start = reader->at, *end = start;
    while (*end != '\0' && (*end != '\'' || end[1] == '\''))
        end += *end == '\'' ? 2 : 1;
    char *text = *end == '\'' ? vf_arena_strndup(reader->arena, start, (size_t)(end - start)) : NULL;
    if (text == NULL) {
        reader->no_memory |= *end == '\'';
        reader->at = before;
        return NULL;
    }
    size_t n = 0;
    for (const char *c = start; c < end; c++) {
        text[n++] = *c;
        c += *c == '\'';
    }
    text[n] = '\0';
    reader->at = end + 1;
    return text;
}

/* Casts say nothing new: every text is one, and a configuration is a name. */
static void take_casts(struct reader *reader)
{
    while (take(reader, "::")) {
        if (take(reader, "\"char\""))
            continue;
        while (is_name_char(*reader->at) || *reader->at == '.' || (*reader->at == ' ' && is_name_char(reader->at[1])))
            reader->at++;
        if (take(reader, "(")) {
            reader->at += strspn(reader->at, "0123456789, ");
            (void)take(reader, ")");
        }
    }
}

/* A column's number, or -1. */
static int take_column(struct reader *reader)
{
    char name[256];
    size_t n = 0;

    skip_blanks(reader);
    const char *at = reader->at;
    bool quoted = *at == '"';
    at += quoted;
    for (; *at != '\0' && n + 1 < sizeof(name) && (quoted || is_name_char(*at)); at++) {
        if (quoted && *at == '"' && *++at != '"')
            break;
        name[n++] = *at;
    }
    name[n] = '\0';
    int column = n > 0 ? vf_table_find_column(reader->table, name) : -1;
    if (column >= 0)
        reader->at = at;
    return column;
}

/* ---- texts ---- */

static bool add_part(struct reader *reader, int column, bool coalesced)
{
    if (column < 0 || reader->n_parts == MAX_PARTS)
        return false;
    const char *joined = !reader->joins ? NULL : reader->separator != NULL ? reader->separator : "";
    bool is_loose = !reader->joins && reader->separator != NULL; /* a literal before the first column */
    reader->parts[reader->n_parts] = (struct vf_key_part){.column = column};
    reader->texts[reader->n_parts] = (struct vf_fulltext_part){.coalesced = coalesced, .joined = joined};
    reader->n_parts++;
    reader->joins = true;
    reader->separator = NULL;
    return !is_loose;
}

/* column, (column)::text */
static int take_plain_column(struct reader *reader)
{
    bool in_parentheses = take(reader, "(");
    int column = take_column(reader);

    if (column < 0)
        return -1;
    take_casts(reader);
    if (in_parentheses && !take(reader, ")"))
        return -1;
    take_casts(reader);
    return column;
}

static bool take_texts(struct reader *reader);

static bool take_text(struct reader *reader)
{
    if (take_call(reader, "COALESCE")) {
        int column = take_plain_column(reader);
        const char *empty = column >= 0 && take(reader, ",") ? take_literal(reader) : NULL;
        if (empty == NULL || strcmp(empty, vf_pg_fulltext_empty(&reader->table->columns[column])) != 0)
            return false;
        take_casts(reader);
        if (!take(reader, ")"))
            return false;
        take_casts(reader);
        return add_part(reader, column, true);
    }
    const char *literal = take_literal(reader);
    if (literal != NULL) {
        take_casts(reader);
        if (reader->separator != NULL || !reader->joins)
            return false;
        reader->separator = literal;
        return true;
    }
    if (take(reader, "(")) {
        if (++reader->depth > MAX_DEPTH || !take_texts(reader) || !take(reader, ")"))
            return false;
        reader->depth--;
        take_casts(reader);
        return true;
    }
    int column = take_column(reader);
    take_casts(reader);
    return add_part(reader, column, false);
}

static bool take_texts(struct reader *reader)
{
    do {
        if (!take_text(reader))
            return false;
    } while (take(reader, "||"));
    return true;
}

/* ---- vectors ---- */

static bool take_vectors(struct reader *reader);

/* Behind a name, as PostgreSQL shows it, or NULL: in quotes, where it isn't a plain word. */
static const char *skip_name(const char *at)
{
    if (*at != '"') {
        const char *end = at + strspn(at, "abcdefghijklmnopqrstuvwxyz0123456789_$");
        return end > at ? end : NULL;
    }
    for (at++; *at != '\0'; at++) {
        if (*at == '"' && *++at != '"')
            return at;
    }
    return NULL;
}

/* The name of a configuration, without the schema that all have. NULL: it isn't one as PostgreSQL shows them. */
static const char *configuration(const char *language)
{
    bool is_common = vf_str_starts(language, "pg_catalog.");
    const char *name = language + (is_common ? strlen("pg_catalog.") : 0), *end = skip_name(name);

    if (end != NULL && *end == '.' && !is_common)
        end = skip_name(end + 1);
    return end != NULL && *end == '\0' ? name : NULL;
}

/* Behind "to_tsvector(". Without a configuration its result depends on a setting, and can't be indexed. */
static bool take_to_tsvector(struct reader *reader)
{
    const char *language = take_literal(reader);

    if (language == NULL)
        return false;
    take_casts(reader);
    if (!take(reader, ","))
        return false;
    language = configuration(language);
    if (language == NULL)
        return false;
    if (reader->language != NULL && strcmp(reader->language, language) != 0)
        return false; /* two languages in one index: no other database has that */
    reader->language = language;
    reader->joins = false;
    reader->separator = NULL;
    return take_texts(reader) && reader->separator == NULL && take(reader, ")");
}

static double weight_of(const char *letter)
{
    static const double weights[] = {10, 4, 2, 1};

    return letter != NULL && letter[0] >= 'A' && letter[0] <= 'D' && letter[1] == '\0' ? weights[letter[0] - 'A'] : 0;
}

static bool take_setweight(struct reader *reader)
{
    size_t first = reader->n_parts;

    if (!take_vectors(reader) || !take(reader, ","))
        return false;
    double weight = weight_of(take_literal(reader));
    take_casts(reader);
    for (size_t i = first; i < reader->n_parts; i++)
        reader->texts[i].weight = weight;
    return weight > 0 && take(reader, ")");
}

static bool take_vector(struct reader *reader)
{
    if (take_call(reader, "setweight"))
        return ++reader->depth <= MAX_DEPTH && take_setweight(reader);
    if (take_call(reader, "to_tsvector"))
        return take_to_tsvector(reader);
    if (!take(reader, "(") || ++reader->depth > MAX_DEPTH || !take_vectors(reader))
        return false;
    return take(reader, ")");
}

static bool take_vectors(struct reader *reader)
{
    do {
        if (!take_vector(reader))
            return false;
    } while (take(reader, "||"));
    return true;
}

enum vf_status vf_pg_fulltext_parse(const char *text, const struct vf_table *table, struct vf_arena *arena,
                                    struct vf_key_part **parts, struct vf_fulltext *fulltext, bool *understood,
                                    struct vf_error *err)
{
    struct reader reader = {.at = text, .table = table, .arena = arena};

    *understood = take_vectors(&reader);
    skip_blanks(&reader);
    *understood = *understood && *reader.at == '\0' && reader.n_parts > 0;
    if (reader.no_memory)
        return vf_error_nomem(err);
    if (!*understood)
        return VF_OK;
    *fulltext = (struct vf_fulltext){.form = VF_FULLTEXT_EXPRESSION, .language = reader.language};
    const struct vf_text_language *row = vf_text_language_find(reader.language);
    fulltext->stemmer = row != NULL ? row->stemmer : NULL;
    fulltext->stop_words = row == NULL ? "own" : strcmp(row->stemmer, "none") == 0 ? "none" : "postgresql";
    fulltext->n_parts = reader.n_parts;
    fulltext->parts = vf_arena_alloc(arena, reader.n_parts, sizeof(*fulltext->parts));
    *parts = vf_arena_alloc(arena, reader.n_parts, sizeof(**parts));
    if (fulltext->parts == NULL || *parts == NULL)
        return vf_error_nomem(err);
    memcpy(fulltext->parts, reader.texts, reader.n_parts * sizeof(*fulltext->parts));
    memcpy(*parts, reader.parts, reader.n_parts * sizeof(**parts));
    return VF_OK;
}

/* ---- of a whole schema ---- */

static bool is_generated_tsvector(const struct vf_column *column)
{
    return column->generated == VF_GENERATED_STORED && column->expression != NULL &&
           strcmp(column->native, "tsvector") == 0;
}

static enum vf_status read_column(struct vf_schema *schema, const struct vf_table *table, int column,
                                  struct vf_index *index, bool *understood, struct vf_error *err)
{
    struct vf_fulltext fulltext;
    struct vf_key_part *parts = NULL;
    enum vf_status status = vf_pg_fulltext_parse(table->columns[column].expression, table, &schema->arena, &parts,
                                                 &fulltext, understood, err);

    if (status != VF_OK || !*understood)
        return status;
    fulltext.form = VF_FULLTEXT_COLUMN;
    fulltext.column = table->columns[column].name;
    fulltext.place = column;
    index->kind = VF_INDEX_FULLTEXT;
    index->why = NULL;
    index->fulltext = fulltext;
    index->n_parts = fulltext.n_parts;
    index->parts = parts;
    return VF_OK;
}

static const char not_understood[] =
    "its words come from an expression that isn't understood: add_on in the plan makes a full-text index of the texts";
static const char by_trigger[] =
    "its column is filled by a trigger or by the application, with texts that aren't known: "
    "add_on in the plan makes a full-text index of them";

static enum vf_status recognise_index(struct vf_schema *schema, const struct vf_table *table, struct vf_index *index,
                                      struct vf_error *err)
{
    struct vf_fulltext fulltext;
    struct vf_key_part *parts = NULL;
    bool understood = false, fits = index->n_parts == 1 && index->n_included == 0 && index->kind == VF_INDEX_OTHER &&
                                    (vf_str_equal(index->method, "gin") || vf_str_equal(index->method, "gist"));

    if (!fits)
        return VF_OK;
    if (index->parts[0].column >= 0) {
        const struct vf_column *column = &table->columns[index->parts[0].column];
        if (strcmp(column->native, "tsvector") != 0)
            return VF_OK;
        index->why = column->generated == VF_GENERATED_STORED ? not_understood : by_trigger;
        return column->generated == VF_GENERATED_STORED && column->expression != NULL
                   ? read_column(schema, table, index->parts[0].column, index, &understood, err)
                   : VF_OK;
    }
    if (strstr(index->parts[0].expression, "to_tsvector(") != NULL)
        index->why = not_understood;
    enum vf_status status =
        vf_pg_fulltext_parse(index->parts[0].expression, table, &schema->arena, &parts, &fulltext, &understood, err);
    if (status != VF_OK || !understood)
        return status;
    index->kind = VF_INDEX_FULLTEXT;
    index->why = NULL;
    index->fulltext = fulltext;
    index->n_parts = fulltext.n_parts;
    index->parts = parts;
    return VF_OK;
}

static enum vf_status recognise_columns(struct vf_schema *schema, struct vf_table *table, struct vf_error *err)
{
    enum vf_status status = VF_OK;

    for (size_t i = 0; i < table->n_columns && status == VF_OK; i++) {
        struct vf_index read = {.name = table->columns[i].name, .method = ""};
        bool understood = false;
        if (!is_generated_tsvector(&table->columns[i]) || vf_table_fulltext_of(table, table->columns[i].name) != NULL)
            continue;
        status = read_column(schema, table, (int)i, &read, &understood, err);
        struct vf_index *added = status == VF_OK && understood ? vf_table_add_index(schema, table) : NULL;
        if (added != NULL)
            *added = read;
        else if (status == VF_OK && understood)
            status = vf_error_nomem(err);
    }
    return status;
}

enum vf_status vf_pg_fulltext_recognise(struct vf_schema *schema, struct vf_error *err)
{
    enum vf_status status = VF_OK;

    for (size_t i = 0; i < schema->n_tables && status == VF_OK; i++) {
        struct vf_table *table = &schema->tables[i];
        for (size_t k = 0; k < table->n_indexes && status == VF_OK; k++)
            status = recognise_index(schema, table, &table->indexes[k], err);
        if (status == VF_OK)
            status = recognise_columns(schema, table, err);
    }
    return status;
}

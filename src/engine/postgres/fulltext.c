#include "engine/postgres/fulltext.h"

#include <string.h>

#include "base/text.h"

/* ---- writing ---- */

static bool is_text(const struct vf_column *column)
{
    return column->type.kind == VF_K_TEXT;
}

static bool is_json(const struct vf_column *column)
{
    return strcmp(column->native, "json") == 0 || strcmp(column->native, "jsonb") == 0;
}

const char *vf_pg_fulltext_empty(const struct vf_column *column)
{
    return is_json(column) ? "{}" : "";
}

static void write_text(const struct vf_column *column, bool coalesced, struct vf_buf *out)
{
    bool is_cast = !is_text(column);

    vf_buf_str(out, coalesced ? "coalesce(" : "");
    vf_pg_quote(out, column->name);
    vf_buf_str(out, is_cast && !is_json(column) ? "::pg_catalog.text" : "");
    if (coalesced)
        vf_buf_printf(out, ", '%s')", vf_pg_fulltext_empty(column));
}

static char letter_of(double weight, double max)
{
    static const double weights[] = {10, 4, 2, 1};

    for (int i = 0; i < 4; i++) {
        if (weight >= weights[i] && weight <= weights[i])
            return (char)('A' + i);
    }
    double part = max > 0 ? weight / max : 0;
    return part >= 0.7 ? 'A' : part >= 0.3 ? 'B' : part >= 0.15 ? 'C' : 'D';
}

static double max_weight(const struct vf_fulltext *fulltext)
{
    double max = 0;

    for (size_t i = 0; i < fulltext->n_parts; i++)
        max = fulltext->parts[i].weight > max ? fulltext->parts[i].weight : max;
    return max;
}

/* to_tsvector('english', a || ' ' || b), with setweight() around it when it has a weight; *i is moved behind the parts of it. */
static void write_vector(const struct vf_table *table, const struct vf_index *index, double max, size_t *i,
                         struct vf_buf *out)
{
    const struct vf_fulltext *fulltext = &index->fulltext;
    double weight = fulltext->parts[*i].weight;
    bool is_first = true;

    vf_buf_str(out, weight > 0 ? "pg_catalog.setweight(" : "");
    vf_buf_str(out, "pg_catalog.to_tsvector(");
    vf_pg_quote_text(out, fulltext->language, strlen(fulltext->language));
    vf_buf_str(out, "::pg_catalog.regconfig, ");
    for (; *i < index->n_parts && (is_first || fulltext->parts[*i].joined != NULL); (*i)++) {
        const struct vf_fulltext_part *part = &fulltext->parts[*i];
        if (part->unindexed)
            continue;
        if (!is_first && part->joined[0] != '\0') {
            vf_buf_str(out, " || ");
            vf_pg_quote_text(out, part->joined, strlen(part->joined));
        }
        vf_buf_str(out, is_first ? "" : " || ");
        write_text(&table->columns[index->parts[*i].column], part->coalesced, out);
        is_first = false;
    }
    vf_buf_char(out, ')');
    if (weight > 0)
        vf_buf_printf(out, ", '%c')", letter_of(weight, max));
}

void vf_pg_fulltext_write(const struct vf_table *table, const struct vf_index *index, struct vf_buf *out)
{
    double max = max_weight(&index->fulltext);
    bool is_first = true;

    for (size_t i = 0; i < index->n_parts;) {
        if (index->fulltext.parts[i].unindexed) {
            i++;
            continue;
        }
        vf_buf_str(out, is_first ? "" : " || ");
        write_vector(table, index, max, &i, out);
        is_first = false;
    }
}

void vf_pg_fulltext_write_column(const struct vf_table *table, const struct vf_index *index, struct vf_buf *out)
{
    vf_pg_quote(out, index->fulltext.column);
    vf_buf_str(out, " tsvector GENERATED ALWAYS AS (");
    vf_pg_fulltext_write(table, index, out);
    vf_buf_str(out, ") STORED");
}

/* ---- mapping ---- */

/* Why a column's words can't be indexed; NULL: they can. */
static const char *obstacle(const struct vf_table *table, const struct vf_index *index, struct vf_arena *arena)
{
    size_t n = 0;

    for (size_t i = 0; i < index->n_parts; i++) {
        const struct vf_column *column = &table->columns[index->parts[i].column];
        const struct vf_fulltext_part *part = &index->fulltext.parts[i];
        bool is_number = column->type.kind >= VF_K_I8 && column->type.kind <= VF_K_I64;
        bool is_alone =
            part->joined == NULL && (i + 1 == index->n_parts || index->fulltext.parts[i + 1].joined == NULL);
        if (part->unindexed)
            continue;
        n++;
        if (!is_text(column) && !is_number && !(is_json(column) && is_alone) && column->type.kind != VF_K_UUID)
            return vf_arena_printf(arena, "column \"%s\" is of type %s, whose words PostgreSQL can't index",
                                   column->name, column->native);
    }
    return n > 0 ? NULL : "no column of it is indexed";
}

/* JSON has words only by itself, never put together with texts. */
static void set_json_apart(const struct vf_table *table, struct vf_index *index)
{
    for (size_t i = 0; i < index->n_parts; i++) {
        if (!is_json(&table->columns[index->parts[i].column]))
            continue;
        index->fulltext.parts[i].joined = NULL;
        if (i + 1 < index->n_parts)
            index->fulltext.parts[i + 1].joined = NULL;
    }
}

/* A configuration that the server doesn't have is taken for "simple". */
static enum vf_status find_language(struct vf_pg_conn *conn, struct vf_arena *arena, struct vf_index_mapping *mapping,
                                    struct vf_error *err)
{
    struct vf_fulltext *fulltext = &mapping->index.fulltext;
    const char *params[] = {fulltext->language};
    char text[8];
    enum vf_status status =
        vf_pg_get_text(conn,
                       "SELECT (count(*) > 0)::text FROM pg_catalog.pg_ts_config c JOIN pg_catalog.pg_namespace n ON "
                       "n.oid = c.cfgnamespace WHERE (c.cfgname = $1 AND n.nspname = 'pg_catalog') OR "
                       "pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.cfgname) = $1",
                       1, params, text, sizeof(text), err);

    if (status != VF_OK || text[0] == 't')
        return status;
    mapping->why = vf_arena_printf(arena, "the server has no configuration \"%s\": words are taken as they are",
                                   fulltext->language);
    fulltext->language = "simple";
    fulltext->stemmer = fulltext->stop_words = "none";
    return mapping->why != NULL ? VF_OK : vf_error_nomem(err);
}

static bool has_column(const struct vf_table *table, const char *name)
{
    return vf_table_find_column(table, name) >= 0;
}

enum vf_status vf_pg_map_fulltext(struct vf_pg_conn *conn, const struct vf_table *table, struct vf_arena *arena,
                                  struct vf_index_mapping *mapping, struct vf_error *err)
{
    struct vf_index *index = &mapping->index;
    struct vf_fulltext *fulltext = &index->fulltext;

    set_json_apart(table, index);
    mapping->why = obstacle(table, index, arena);
    if (mapping->why == NULL && fulltext->column != NULL && has_column(table, fulltext->column))
        mapping->why = vf_arena_printf(arena, "the table has a column \"%s\" of its own", fulltext->column);
    mapping->moved = mapping->why == NULL;
    if (!mapping->moved)
        return VF_OK;
    if (!vf_str_equal(index->method, "gist") && !vf_str_equal(index->method, ""))
        index->method = "gin";
    if (index->name != NULL && vf_strcasecmp(index->name, table->name) == 0)
        index->name = vf_arena_printf(arena, "%s_idx", index->name);
    if (index->name != NULL && strlen(index->name) > 63)
        index->name = vf_arena_strndup(arena, index->name, vf_utf8_cut(index->name, strlen(index->name), 63));
    if (index->name == NULL)
        index->name = vf_arena_printf(arena, "%s_fulltext_idx", table->name);
    return index->name == NULL ? vf_error_nomem(err) : find_language(conn, arena, mapping, err);
}

/* ---- searching and checking ---- */

enum vf_status vf_pg_text_match(struct vf_conn *base, const struct vf_table *table, const struct vf_index *index,
                                const char *word, struct vf_buf *out, struct vf_error *err)
{
    const struct vf_fulltext *fulltext = &index->fulltext;

    (void)base, (void)err;
    if (fulltext->form == VF_FULLTEXT_COLUMN)
        vf_pg_quote(out, fulltext->column);
    else
        vf_pg_fulltext_write(table, index, out);
    vf_buf_str(out, " @@ pg_catalog.plainto_tsquery(");
    vf_pg_quote_text(out, fulltext->language, strlen(fulltext->language));
    vf_buf_str(out, "::pg_catalog.regconfig, ");
    vf_pg_quote_text(out, word, strlen(word));
    vf_buf_char(out, ')');
    return VF_OK;
}

/* The server keeps its indexes in step; that it is there, is valid and is of these columns is what can be looked at. */
enum vf_status vf_pg_text_check(struct vf_conn *base, const struct vf_table *table, const struct vf_index *index,
                                struct vf_arena *arena, struct vf_text_state *state, struct vf_error *err)
{
    struct vf_pg_conn *conn = vf_pg_conn_of(base);
    bool is_column = index->method != NULL && index->method[0] == '\0';
    const char *params[] = {is_column ? index->fulltext.column : index->name, table->schema, table->name};
    PGresult *result = NULL;
    enum vf_status status = vf_pg_query(
        conn,
        is_column ? "SELECT true FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class t ON t.oid = a.attrelid "
                    "JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace WHERE a.attname = $1 AND "
                    "a.attgenerated = 's' AND NOT a.attisdropped AND n.nspname = coalesce($2, current_schema()) AND "
                    "t.relname = $3"
                  : "SELECT i.indisvalid AND i.indisready FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON "
                    "c.oid = i.indexrelid JOIN pg_catalog.pg_class t ON t.oid = i.indrelid JOIN "
                    "pg_catalog.pg_namespace n ON n.oid = t.relnamespace WHERE c.relname = $1 AND n.nspname = "
                    "coalesce($2, current_schema()) AND t.relname = $3",
        3, params, &result, err);

    (void)arena;
    if (status == VF_OK) {
        bool is_there = PQntuples(result) > 0;
        state->is_sound = is_there && vf_pg_is_true(result, 0, 0);
        state->why = state->is_sound ? NULL : is_there ? "it isn't valid: its build was broken off" : "it isn't there";
    }
    PQclear(result);
    return status;
}

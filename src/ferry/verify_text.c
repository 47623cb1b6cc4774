#include "ferry/verify_text.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/text.h"

#define N_WORDS   20
#define MAX_ROWS  20000 /* that are looked at for words */
#define MAX_KEY   32
#define MAX_TEXTS 16
#define MIN_WORD  4
#define MAX_WORD  30

/* Key and texts of a table on one side: fields [0, n_key) are the key. */
struct text_relation {
    struct vf_relation relation;
    struct vf_field fields[MAX_KEY + MAX_TEXTS];
    size_t key[MAX_KEY];
};

/* A row that a word has found. */
struct hit {
    uint64_t row;
    bool is_plain; /* it holds the word itself, between blanks */
};

struct hits {
    struct hit *hits;
    size_t n, cap;
};

struct word {
    char text[MAX_WORD + 1];
    uint64_t row;
};

struct search {
    struct vf_crossing *crossing;
    const struct vf_plan_table *table;
    const struct vf_index *index;    /* in the target */
    const struct vf_index *original; /* in the source, as its database has it; NULL: it can't be searched */
    struct text_relation target, source;
    const char *names[MAX_KEY]; /* of the key, the same for both */
    size_t n_words;
    struct word words[N_WORDS];
    struct hits found, wanted;
    struct vf_buf line;
    bool compares; /* the rows of both sides are the same */
};

/* ---- what is read ---- */

static bool is_text(const struct vf_field *field)
{
    return field->type.kind == VF_K_TEXT;
}

/* `of` are the columns whose words are indexed, as numbered in `whole`. */
static bool make_relation(const struct vf_relation *whole, const struct vf_index *index, struct text_relation *out)
{
    size_t n = 0;

    if (whole->n_key == 0 || whole->n_key > MAX_KEY)
        return false;
    out->relation = *whole;
    for (size_t i = 0; i < whole->n_key; i++) {
        out->key[i] = n;
        out->fields[n++] = whole->fields[whole->key[i]];
    }
    for (size_t i = 0; i < index->n_parts && n < MAX_KEY + MAX_TEXTS; i++) {
        const struct vf_field *field = &whole->fields[index->parts[i].column];
        if (!index->fulltext.parts[i].unindexed && is_text(field))
            out->fields[n++] = *field;
    }
    out->relation.fields = out->fields;
    out->relation.key = out->key;
    out->relation.n_fields = n;
    return n > whole->n_key;
}

static uint64_t row_of(struct search *search, const struct vf_batch *batch, int64_t row)
{
    size_t n_key = search->target.relation.n_key;

    vf_buf_clear(&search->line);
    vf_batch_key_json(batch, row, n_key, search->target.key, search->names, &search->line);
    return search->line.data != NULL ? vf_hash128(search->line.data, search->line.size_bytes).low : 0;
}

static enum vf_status read_all(struct search *search, struct vf_conn *conn, const struct vf_relation *relation,
                               enum vf_status (*row)(struct search *, const struct vf_batch *, int64_t, void *,
                                                     struct vf_error *),
                               void *context, int64_t max_rows, struct vf_error *err)
{
    struct vf_scan *scan = NULL;
    struct vf_batch batch = {0};
    int64_t n_rows = 0;
    bool more = true;
    enum vf_status status = vf_crossing_batch_init(relation, vf_crossing_batch_bytes(search->crossing, 1), &batch, err);

    if (status != VF_OK)
        return status;
    status = vf_scan_open(conn, relation, NULL, &scan, err);
    while (status == VF_OK && more && n_rows < max_rows) {
        vf_batch_reset(&batch);
        status = vf_scan_read(conn, scan, &batch, &more, err);
        for (int64_t i = 0; i < batch.n_rows && status == VF_OK; i++)
            status = row(search, &batch, i, context, err);
        n_rows += batch.n_rows;
        if (status == VF_OK)
            status = vf_cancel_check(search->crossing->cancel, err);
    }
    vf_scan_close(conn, scan);
    vf_batch_release(&batch);
    return status;
}

/* ---- words ---- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* The longest word between blanks that is of letters a to z only; its size, 0: there is none. */
static size_t longest_word(const char *text, size_t size_bytes, const char **word)
{
    size_t best = 0;

    for (size_t i = 0; i < size_bytes;) {
        size_t start = i;
        bool is_plain = true;
        for (; i < size_bytes && !is_blank(text[i]); i++)
            is_plain &= lower(text[i]) >= 'a' && lower(text[i]) <= 'z';
        if (is_plain && i - start > best && i - start >= MIN_WORD && i - start <= MAX_WORD) {
            best = i - start;
            *word = text + start;
        }
        i++;
    }
    return best;
}

static bool holds(const char *text, size_t size_bytes, const char *word)
{
    size_t n = strlen(word);

    for (size_t i = 0; i + n <= size_bytes; i++) {
        size_t k = 0;
        if (i > 0 && !is_blank(text[i - 1]))
            continue;
        while (k < n && lower(text[i + k]) == word[k])
            k++;
        if (k == n && (i + n == size_bytes || is_blank(text[i + n])))
            return true;
    }
    return false;
}

static bool has_word(const struct search *search, const char *text)
{
    for (size_t i = 0; i < search->n_words; i++) {
        if (strcmp(search->words[i].text, text) == 0)
            return true;
    }
    return false;
}

/* The rows with the smallest hashes give the words, so that the same rows give the same ones. */
static enum vf_status choose_row(struct search *search, const struct vf_batch *batch, int64_t row, void *context,
                                 struct vf_error *err)
{
    struct word made = {.row = row_of(search, batch, row)};
    size_t place = search->n_words, largest = 0, best = 0;

    (void)context;
    for (size_t i = 0; i < search->n_words; i++)
        largest = search->words[i].row > search->words[largest].row ? i : largest;
    if (place == N_WORDS && made.row >= search->words[largest].row)
        return vf_buf_check(&search->line, err);
    for (size_t i = search->target.relation.n_key; i < batch->n_columns; i++) {
        const char *word = NULL;
        size_t size_bytes = 0;
        if (vf_array_is_null(&batch->columns[i], row))
            return VF_OK; /* where a NULL hides a row, it is found by nothing */
        const char *text = (const char *)vf_array_value(&batch->columns[i], row, &size_bytes);
        size_t n = longest_word(text, size_bytes, &word);
        for (size_t k = 0; k < n && n > best; k++)
            made.text[k] = lower(word[k]);
        if (n > best)
            made.text[best = n] = '\0';
    }
    if (best == 0 || has_word(search, made.text))
        return VF_OK;
    if (place == N_WORDS)
        place = largest;
    else
        search->n_words++;
    search->words[place] = made;
    return VF_OK;
}

/* ---- searching ---- */

struct found {
    struct hits *hits;
    const char *word;
};

static enum vf_status note_hit(struct search *search, const struct vf_batch *batch, int64_t row, void *context,
                               struct vf_error *err)
{
    const struct found *found = context;
    struct hits *hits = found->hits;
    struct hit hit = {.row = row_of(search, batch, row)};
    bool has_null = false;

    for (size_t i = search->target.relation.n_key; i < batch->n_columns; i++) {
        size_t size_bytes = 0;
        if (vf_array_is_null(&batch->columns[i], row)) {
            has_null = true;
            continue;
        }
        const char *text = (const char *)vf_array_value(&batch->columns[i], row, &size_bytes);
        hit.is_plain |= holds(text, size_bytes, found->word);
    }
    hit.is_plain &= !has_null;
    if (hits->n == hits->cap) {
        size_t cap = hits->cap > 0 ? hits->cap * 2 : 64;
        struct hit *grown = vf_realloc(hits->hits, cap, sizeof(*grown));
        if (grown == NULL)
            return vf_error_nomem(err);
        hits->hits = grown;
        hits->cap = cap;
    }
    hits->hits[hits->n++] = hit;
    return VF_OK;
}

static int compare_hits(const void *a, const void *b)
{
    const struct hit *x = a, *y = b;

    return x->row < y->row ? -1 : x->row > y->row;
}

/* VF_MISSING: this side can't be searched. */
static enum vf_status ask(struct search *search, bool is_target, const char *word, struct hits *hits,
                          struct vf_error *err)
{
    struct vf_conn *conn = is_target ? search->crossing->target : search->crossing->source;
    const struct vf_table *table = is_target ? &search->table->target : &search->table->source;
    struct vf_relation relation = is_target ? search->target.relation : search->source.relation;
    const char *own = relation.where;
    struct found found = {.hits = hits, .word = word};
    struct vf_buf where;

    hits->n = 0;
    vf_buf_init(&where, VF_BUF_MAX);
    if (own != NULL)
        vf_buf_printf(&where, "(%s\n) AND ", own);
    enum vf_status status =
        vf_conn_text_match(conn, table, is_target ? search->index : search->original, word, &where, err);
    if (status == VF_OK)
        status = vf_buf_check(&where, err);
    if (status == VF_OK) {
        relation.where = where.data;
        status = read_all(search, conn, &relation, note_hit, &found, INT64_MAX, err);
    }
    vf_buf_release(&where);
    if (hits->n > 1)
        qsort(hits->hits, hits->n, sizeof(*hits->hits), compare_hits);
    return status;
}

static bool has_row(const struct hits *hits, uint64_t row)
{
    const struct hit key = {.row = row};

    return hits->n > 0 && bsearch(&key, hits->hits, hits->n, sizeof(*hits->hits), compare_hits) != NULL;
}

/* Rows of `a` that `b` hasn't got; those that hold the word itself alone. */
static size_t count_missing(const struct hits *a, const struct hits *b, bool plain_only)
{
    size_t n = 0;

    for (size_t i = 0; i < a->n; i++)
        n += (a->hits[i].is_plain || !plain_only) && !has_row(b, a->hits[i].row);
    return n;
}

static bool has_stop_words(const struct vf_index *index)
{
    return index->fulltext.stop_words == NULL || strcmp(index->fulltext.stop_words, "none") != 0;
}

/* The sets of both sides; a stop word of one of them says nothing. */
static void compare(struct search *search, const struct word *word, struct vf_arena *arena, struct vf_verify_index *out)
{
    const struct hits *found = &search->found, *wanted = &search->wanted;
    bool is_same = vf_fulltext_is_same_words(&search->original->fulltext, &search->index->fulltext);

    if (wanted->n == 0 && has_stop_words(search->original))
        return;
    out->n_compared++;
    out->n_same += count_missing(found, wanted, false) == 0 && count_missing(wanted, found, false) == 0;
    size_t n_missing = count_missing(wanted, found, !is_same), n_extra = count_missing(found, wanted, !is_same);
    if (!search->compares || (n_missing == 0 && n_extra == 0))
        return;
    out->equal = false;
    out->why = vf_arena_printf(arena, "\"%s\" finds %zu rows fewer, and %zu more, than in the source", word->text,
                               n_missing, n_extra);
}

static enum vf_status try_word(struct search *search, const struct word *word, struct vf_arena *arena,
                               struct vf_verify_index *out, struct vf_error *err)
{
    struct vf_error missing = {0};
    enum vf_status status = ask(search, true, word->text, &search->found, err);

    if (status == VF_OK && search->original != NULL) {
        status = ask(search, false, word->text, &search->wanted, &missing);
        if (status == VF_MISSING)
            search->original = NULL;
        else if (status != VF_OK && err != NULL)
            *err = missing;
        status = status == VF_MISSING ? VF_OK : status;
    }
    if (status != VF_OK)
        return status;
    if (search->found.n == 0 && has_stop_words(search->index))
        return VF_OK;
    out->n_words++;
    if (!has_row(&search->found, word->row)) {
        out->equal = false;
        out->why = vf_arena_printf(arena, "\"%s\" doesn't find the row that holds it", word->text);
    } else if (search->original != NULL) {
        compare(search, word, arena, out);
    }
    return !out->equal && out->why == NULL ? vf_error_nomem(err) : VF_OK;
}

/* ---- one index ---- */

static bool has_column(const struct vf_index *index, const char *const *names, const char *name)
{
    for (size_t i = 0; i < index->n_parts; i++) {
        if (!index->fulltext.parts[i].unindexed && strcmp(names[i], name) == 0)
            return true;
    }
    return false;
}

/* Are the words of the same columns in both? The plan may say others. */
static bool has_same_columns(const struct vf_plan_table *table, const struct vf_index *own,
                             const struct vf_index *planned)
{
    const char *there[MAX_TEXTS], *here[MAX_TEXTS];
    bool same = own->n_parts <= MAX_TEXTS && planned->n_parts <= MAX_TEXTS;

    for (size_t i = 0; same && i < own->n_parts; i++)
        there[i] = table->source.columns[own->parts[i].column].name;
    for (size_t i = 0; same && i < planned->n_parts; i++)
        here[i] = table->from.fields[planned->parts[i].column].name;
    for (size_t i = 0; same && i < own->n_parts; i++)
        same = own->fulltext.parts[i].unindexed || has_column(planned, here, there[i]);
    for (size_t i = 0; same && i < planned->n_parts; i++)
        same = planned->fulltext.parts[i].unindexed || has_column(own, there, here[i]);
    return same;
}

/* The index as the source's database has it, whatever was remembered of it. */
static const struct vf_index *find_original(const struct vf_crossing *crossing, const struct vf_plan_table *table,
                                            const struct vf_index *planned)
{
    for (size_t i = 0; i < table->source.n_indexes; i++) {
        const struct vf_index *index = &table->source.indexes[i];
        if (index->kind != VF_INDEX_FULLTEXT || !vf_str_equal(index->name, planned->name))
            continue;
        const struct vf_index *own = index->fulltext.here != NULL ? index->fulltext.here : index;
        bool is_here = vf_fulltext_builder(own->fulltext.form) == vf_conn_limits(crossing->source)->text_builder;
        return is_here && has_same_columns(table, own, planned) ? own : NULL;
    }
    return NULL;
}

static enum vf_status search_words(struct search *search, const struct vf_plan_index *planned, struct vf_arena *arena,
                                   struct vf_verify_index *out, struct vf_error *err)
{
    const struct vf_plan_table *table = search->table;

    if (!make_relation(&table->to, search->index, &search->target)) {
        out->why = "no words are searched: the table has no key, or no column of text";
        return VF_OK;
    }
    for (size_t i = 0; i < table->from.n_key; i++)
        search->names[i] = table->from.fields[table->from.key[i]].name;
    if (!make_relation(&table->from, search->index, &search->source))
        return VF_OK;
    search->original = find_original(search->crossing, table, &planned->source);
    enum vf_status status =
        read_all(search, search->crossing->target, &search->target.relation, choose_row, NULL, MAX_ROWS, err);
    for (size_t i = 0; i < search->n_words && status == VF_OK && out->equal; i++)
        status = try_word(search, &search->words[i], arena, out, err);
    return status;
}

static enum vf_status verify_text(struct vf_crossing *crossing, const struct vf_plan_table *table,
                                  const struct vf_plan_index *planned, const struct vf_verify_table *rows,
                                  struct vf_arena *arena, struct vf_verify_index *out, struct vf_error *err)
{
    struct search *search = vf_calloc(1, sizeof(*search));
    struct vf_text_state state = {0};
    struct vf_error missing = {0};

    if (search == NULL)
        return vf_error_nomem(err);
    search->crossing = crossing;
    search->table = table;
    search->index = &planned->mapping.index;
    search->compares = rows->equal && rows->n_rejected == 0;
    vf_buf_init(&search->line, VF_BUF_MAX);
    enum vf_status status =
        vf_conn_text_check(crossing->target, &table->target, search->index, arena, &state, &missing);
    if (status == VF_OK) {
        out->n_documents = state.n_documents;
        out->equal = state.is_sound;
        out->why = state.why;
        out->state = state.is_sound ? "built" : "stale";
        if (state.is_sound && crossing->plan->verify.search)
            status = search_words(search, planned, arena, out, err);
    } else if (status == VF_MISSING) { /* it is built, and can't be asked here */
        out->why = vf_arena_strdup(arena, missing.message);
        status = out->why != NULL ? VF_OK : vf_error_nomem(err);
    } else if (err != NULL) {
        *err = missing;
    }
    vf_free(search->found.hits);
    vf_free(search->wanted.hits);
    vf_buf_release(&search->line);
    vf_free(search);
    return status;
}

enum vf_status vf_verify_texts(struct vf_crossing *crossing, const struct vf_plan_table *table, struct vf_arena *arena,
                               struct vf_verify_table *result, struct vf_error *err)
{
    enum vf_status status = VF_OK;

    for (size_t i = 0; i < table->n_indexes && status == VF_OK; i++) {
        const struct vf_plan_index *planned = &table->indexes[i];
        if (planned->mapping.index.kind != VF_INDEX_FULLTEXT)
            continue;
        struct vf_verify_index *out = &result->indexes[result->n_indexes++];
        *out = (struct vf_verify_index){
            .name = planned->mapping.index.name, .kind = VF_INDEX_FULLTEXT, .state = "built", .equal = true};
        status = verify_text(crossing, table, planned, result, arena, out, err);
        result->n_bad_indexes += !out->equal;
    }
    return status;
}

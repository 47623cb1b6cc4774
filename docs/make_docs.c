/*
 * Prints those pages of docs/ that are made from the library's own tables: make_docs types|options|indexes|fulltext|objects|readme
 *
 * scripts/docs writes them; a test compares them.
 */
#include <stdio.h>
#include <string.h>

#include "engine/duckdb/types.h"
#include "engine/files/files.h"
#include "engine/postgres/postgres.h"
#include "engine/sqlitesql/types.h"
#include "model/fulltext.h"
#include "model/type.h"
#include "model/vector_index.h"
#include "print_objects.h"
#include "vecferry/vecferry.h"

/* A bar would end the cell. */
static void put_cell(const char *text)
{
    for (; text != NULL && *text != '\0'; text++) {
        if (*text == '|')
            putchar('\\');
        putchar(*text);
    }
}

static const char *form_of(enum vf_form form)
{
    return form == VF_FORM_NATIVE ? "" : vf_form_name(form);
}

static void put_row(const char *kind, const char *native, enum vf_form form, const char *note)
{
    printf("| %s | `%s` | %s | ", kind, native, form_of(form));
    put_cell(note);
    puts(" |");
}

/* ---- types ---- */

static void print_sqlite(void)
{
    puts("\n## To SQLite\n\n`form` is how the value lies in the column, when the declared type alone doesn't say; the "
         "forms are below. Everything here is exact: digests of both sides compare\nequal. What SQLite can't declare "
         "(the length of a varchar, the labels of an enum, the scale of a numeric) is remembered in `vecferry_schema` "
         "in the target, so that the way\nback ends with the types that the way there began with.\n\n"
         "| kind | declared as | form | |\n| --- | --- | --- | --- |");
    for (size_t i = 0; i < VF_KIND_COUNT; i++) {
        const struct vf_sqlite_type *type = &vf_sqlite_types[i];
        put_row(vf_kind_name(type->kind), type->native, type->form, type->note);
    }
}

/* What the words of a declaration mean before the values were looked at: asked of the engine, word by word. */
static void print_declarations(void)
{
    static const char *const declared[] = {
        "INTEGER",      "REAL",          "TEXT",           "VARCHAR(20)",     "BLOB",
        "NUMERIC",      "BOOLEAN",       "DATE",           "DATETIME",        "TIMESTAMP",
        "TIMESTAMPTZ",  "UUID",          "JSON",           "F32_BLOB(384)",   "F64_BLOB(384)",
        "F8_BLOB(384)", "F16_BLOB(384)", "FB16_BLOB(384)", "F1BIT_BLOB(384)", "VECTOR(384)"};

    puts("\n## From SQLite\n\nSQLite keeps a type with every value, and the declaration of a column is only a wish. So "
         "vecferry reads both: the declaration says what is meant, and all stored\nvalues are looked at. Where they "
         "agree on something narrower (all integers are 0 or 1; all blobs are 4 x 384 bytes of finite float32; all "
         "texts are JSON arrays of 384\nnumbers), the plan takes that and shows the evidence, and `type:` and `read:` "
         "of the column in the plan overrule it.\nA column and the one that it refers to get one type: where one has no values that of the "
         "other, and where theirs differ what both are stored as.\n\n| declared | read as | form |\n| --- | --- | --- |");
    for (size_t i = 0; i < sizeof(declared) / sizeof(declared[0]); i++) {
        struct vf_sqlite_meaning meaning = vf_sqlite_type_of(declared[i]);
        char type[48];
        printf("| `%s` | %s | %s |\n", declared[i], vf_type_format(meaning.type, type), form_of(meaning.form));
    }
}

static void print_postgres(void)
{
    puts("\n## To and from PostgreSQL\n\n| kind | declared as | read from | |\n| --- | --- | --- | --- |");
    for (const struct vf_postgres_type *type = vf_postgres_types; type->native != NULL; type++) {
        printf("| %s | `%s` | ", vf_kind_name(type->kind), type->native);
        put_cell(type->from);
        fputs(" | ", stdout);
        put_cell(type->note);
        puts(" |");
    }
}

static void print_duckdb(void)
{
    puts("\n## To DuckDB\n\nEverything here is exact: a value that the type can't hold (NaN in a DECIMAL, a year after "
         "294247) is rejected by name. What DuckDB can't declare is remembered in\n`vecferry_schema`, as in SQLite.\n\n"
         "| kind | declared as | form | |\n| --- | --- | --- | --- |");
    for (size_t i = 0; i < VF_KIND_COUNT; i++) {
        const struct vf_duckdb_type *type = &vf_duckdb_types[i];
        put_row(vf_kind_name(type->kind), type->native, type->form, type->note);
    }
    puts("\n## From DuckDB\n\n`FLOAT[n]`, `DOUBLE[n]` and `TINYINT[n]` are vectors, and a row with a NULL in one is "
         "rejected; `FLOAT[]` and `DOUBLE[]` are vectors when all values are of one length.\nOther lists and arrays of "
         "scalars are arrays. What is nested deeper (`STRUCT`, `MAP`, `UNION`, lists of lists) is json: a map is an "
         "object when its keys are texts, else\npairs; a union is an object with its one member. The same JSON is "
         "written back into such a type, or into the one that `to:` names: byte for byte what DuckDB would give back, "
         "or\nthe row is rejected with the place and the reason.\n\n"
         "| declared | read as | |\n| --- | --- | --- |");
    for (size_t i = 0; i < vf_duckdb_n_words; i++) {
        const struct vf_duckdb_word *word = &vf_duckdb_words[i];
        printf("| `%s` | %s | ", word->native, vf_kind_name(word->kind));
        put_cell(word->note);
        puts(" |");
    }
}

static void print_files(void)
{
    puts("\n## In a folder of files\n\nHow a row's file looks otherwise: [files.md](files.md).\n\n"
         "| kind | in the JSON |\n| --- | --- |");
    for (size_t i = 0; i < VF_KIND_COUNT; i++) {
        printf("| %s | ", vf_kind_name(vf_files_types[i].kind));
        put_cell(vf_files_types[i].form);
        puts(" |");
    }
}

static void print_forms(void)
{
    puts("\n## Forms\n\nThe words that `read:` (in the source) and `as:` (in the target) of a column take in the plan "
         "file.\n\n"
         "| form | how the value lies there |\n| --- | --- |");
    for (enum vf_form form = 0; form < VF_FORM_COUNT; form++) {
        printf("| %s | ", vf_form_name(form));
        put_cell(vf_form_meaning(form));
        puts(" |");
    }
}

static void print_types(void)
{
    puts(
        "# Types\n\n<!-- Made by scripts/docs from the tables of the program; don't change it by hand. -->\n\n"
        "Between two databases a value has a neutral kind. Each engine has a table: which of its types are read as the "
        "kind, and what a column of the kind is declared as.\n`type:` of a column in the plan file is written with "
        "these names, e.g. `i64`, `vector(f32,384)`, `array(text)`.");
    print_sqlite();
    print_declarations();
    print_postgres();
    print_duckdb();
    print_files();
    print_forms();
}

/* ---- options ---- */

static const char *kind_text(enum vecferry_option_kind kind)
{
    switch (kind) {
    case VECFERRY_FLAG:
        return "flag";
    case VECFERRY_TEXT:
        return "text";
    case VECFERRY_NUMBER:
        return "number, 1 to 1024";
    case VECFERRY_SIZE:
        return "size, at least 8M";
    case VECFERRY_LIST:
        return "text, several times";
    }
    return "";
}

static void print_option(const struct vecferry_option *option)
{
    fputs("| ", stdout);
    if (option->verbs[0] == '\0')
        printf("`%s`", option->name);
    else
        printf("`--%s%s%s`", option->name, option->argument != NULL ? " " : "",
               option->argument != NULL ? option->argument : "");
    if (option->letter != 0)
        printf(", `-%c`", option->letter);
    printf(" | %s | %s | ", option->verbs[0] != '\0' ? option->verbs : "the arguments of each command",
           kind_text(option->kind));
    put_cell(option->help);
    if (option->fallback != NULL)
        printf(" (default: %s)", option->fallback);
    puts(" |");
}

static void print_options(void)
{
    puts("# Options\n\n<!-- Made by scripts/docs from the table of the program; don't change it by hand. -->\n\n"
         "The command line, the library (`vecferry_set(v, \"accept-losses\", \"true\")`), the environment and the help "
         "know "
         "the same table. An option given on the command line\nwins over the environment, where each has a twin "
         "(`VECFERRY_ACCEPT_LOSSES=1` for `--accept-losses`); "
         "both win over the plan file, and that over the default.\n\n| option | commands | value | |\n| --- | --- | "
         "--- | --- |");
    for (const struct vecferry_option *option = vecferry_options(); option->name != NULL; option++)
        print_option(option);
}

/* ---- vector indexes ---- */

static void print_metrics(void)
{
    puts(
        "\n## Distances\n\nA metric here is what docs/plan.md calls `metric`: `l2` is the Euclidean distance and "
        "`l2sq` its square, `cosine` is 1 - the cosine of the angle, `ip` is the inner\nproduct taken negative, so "
        "that less is nearer. Two words for one order (l2 and l2sq) translate into each other; the number that a "
        "search returns may change,\nand the table says to what. A builder without a row for a metric builds no index "
        "for it, with one exception: `ip` becomes `cosine` where all vectors were\nmeasured to have length 1, "
        "which gives the same order.\n\n| builder | metric | its word | a search returns |\n| --- | --- | --- | --- |");
    for (enum vf_index_builder b = VF_BUILDER_NONE + 1; b < VF_BUILDER_COUNT; b++) {
        const struct vf_index_builder_info *info = &vf_index_builders[b];
        for (const struct vf_index_metric *row = info->metrics; row->metric != VF_METRIC_NONE; row++)
            printf("| %s | %s | `%s` | %s |\n", info->name, vf_metric_name(row->metric), row->native, row->returned);
    }
}

static void print_elements(void)
{
    puts("\n## Dimensions\n\n| builder | vectors of | dimensions at most | with more |\n| --- | --- | --- | --- |");
    for (enum vf_index_builder b = VF_BUILDER_NONE + 1; b < VF_BUILDER_COUNT; b++) {
        const struct vf_index_builder_info *info = &vf_index_builders[b];
        for (const struct vf_index_element *row = info->elements; row->element != VF_E_NONE; row++) {
            printf("| %s | %s | ", info->name, row->sparse ? "sparse f32" : vf_element_name(row->element));
            if (row->max_dim == 0)
                fputs("no limit", stdout);
            else
                printf("%u%s", row->max_dim, row->sparse ? " that aren't zero" : "");
            if (row->cast_to != VF_E_NONE)
                printf(" | indexed as %s |\n", vf_element_name(row->cast_to));
            else
                puts(row->max_dim == 0 ? " | |" : " | no index: search is exact |");
        }
    }
}

/* alpha is kept in thousandths. */
static void print_range(const struct vf_index_range *range, bool is_alpha)
{
    printf("`%s` | ", range->native);
    if (is_alpha) {
        printf("%g | %g or more |\n", range->fallback / 1000.0, range->min / 1000.0);
        return;
    }
    if (range->fallback > 0)
        printf("%u", range->fallback);
    fputs(" | ", stdout);
    if (range->max > 0)
        printf("%u to %u |\n", range->min, range->max);
    else
        printf("%u or more |\n", range->min);
}

static void print_parameters(void)
{
    puts("\n## Parameters\n\n| builder | in the plan | its word | default | |\n| --- | --- | --- | --- | --- |");
    for (enum vf_index_builder b = VF_BUILDER_NONE + 1; b < VF_BUILDER_COUNT; b++) {
        for (enum vf_index_parameter p = 0; p < VF_PARAM_COUNT; p++) {
            if (vf_index_builders[b].ranges[p].native == NULL)
                continue;
            printf("| %s | %s | ", vf_index_builders[b].name, vf_index_parameter_name(p));
            print_range(&vf_index_builders[b].ranges[p], p == VF_PARAM_ALPHA);
        }
    }
    puts("");
    for (enum vf_index_builder b = VF_BUILDER_NONE + 1; b < VF_BUILDER_COUNT; b++) {
        const struct vf_index_builder_info *info = &vf_index_builders[b];
        printf("- **%s**: %s%s\n", info->name, info->note,
               info->only_large ? " Built only for tables of at least `index_min_rows` rows, unless the plan names it."
                                : "");
    }
}

static void print_carried(const struct vf_index_rule *rule)
{
    const char *separator = "";

    for (size_t i = 0; i < VF_PARAM_COUNT && rule->carried[i].carry != VF_CARRY_END; i++) {
        const struct vf_index_carried *step = &rule->carried[i];
        const char *from = vf_index_parameter_name(step->from);
        printf("%s%s = ", separator, vf_index_parameter_name(step->to));
        if (step->carry == VF_CARRY_ROWS)
            fputs("√rows", stdout);
        else
            printf("%s%s", step->carry == VF_CARRY_TWICE ? "2 × " : step->carry == VF_CARRY_HALF ? "½ × " : "", from);
        separator = ", ";
    }
}

static void print_indexes(void)
{
    puts(
        "# Vector indexes\n\n<!-- Made by scripts/docs from the tables of the program; don't change it by hand. -->\n\n"
        "What becomes of a vector index on the way from one database to another. An index has a neutral description "
        "(kind, metric, parameters: the keys of an index\nin docs/plan.md), and each target has builders, its usual "
        "one first. The builder of the same kind is taken, else the first that can; what then isn't the same is a "
        "note\nof the plan, and an index that nothing can build is in `not_moved` with the reason. A parameter that "
        "the plan says under the builder's own name goes before the rule,\none that nobody says is the builder's "
        "default, and one beyond the builder's range is brought within it, which the plan says.\n\nVector indexes are "
        "built last, after the rows.\n\n## From one to another\n\n| index in the source | builder in the target | "
        "parameters | what isn't the same |\n| --- | --- | --- | --- |");
    for (const struct vf_index_rule *rule = vf_index_rules; rule->to != VF_BUILDER_NONE; rule++) {
        printf("| %s | %s | ", vf_index_kind_name(rule->from), vf_index_builders[rule->to].name);
        print_carried(rule);
        fputs(" | ", stdout);
        put_cell(rule->why);
        puts(" |");
    }
    puts("\n`hnsw` is the kind of pgvector's, DuckDB's and usearch's alike; `exact` stands for a column that has no "
         "index, and whose distance is known (vec0).");
    print_metrics();
    print_elements();
    print_parameters();
}

/* ---- full-text indexes ---- */

/* What one builder makes of an index of another: asked of the translation itself. */
static void print_difference(const struct vf_fulltext *from, enum vf_text_builder to)
{
    struct vf_arena arena = {0};
    struct vf_fulltext made;
    const char *why = NULL;

    if (vf_fulltext_translate(from, to, &arena, &made, &why, NULL) == VF_OK) {
        printf("| %s: %s | %s | ", vf_text_builders[vf_fulltext_builder(from->form)].name, from->language,
               vf_text_builders[to].name);
        if (made.tokenizer != NULL)
            printf("`tokenize: %s` | ", made.tokenizer);
        else
            printf("%s | ", made.stemmer != NULL ? made.stemmer : "");
        put_cell(why);
        puts(" |");
    }
    vf_arena_release(&arena);
}

static void print_differences(void)
{
    static struct vf_fulltext_part parts[] = {{.coalesced = true}};
    static const struct vf_fulltext examples[] = {
        {.form = VF_FULLTEXT_EXPRESSION, .language = "english", .stemmer = "english", .stop_words = "postgresql"},
        {.form = VF_FULLTEXT_EXPRESSION, .language = "german", .stemmer = "german", .stop_words = "postgresql"},
        {.form = VF_FULLTEXT_EXPRESSION, .language = "simple", .stemmer = "none", .stop_words = "none"},
        {.form = VF_FULLTEXT_EXTERNAL,
         .language = "english",
         .stemmer = "porter",
         .stop_words = "none",
         .folds_accents = true,
         .tokenizer = "porter unicode61"},
        {.form = VF_FULLTEXT_EXTERNAL,
         .language = "simple",
         .stemmer = "none",
         .stop_words = "none",
         .folds_accents = true,
         .tokenizer = "unicode61"},
        {.form = VF_FULLTEXT_EXTERNAL,
         .language = "simple",
         .stemmer = "none",
         .stop_words = "none",
         .tokenizer = "trigram"},
        {.form = VF_FULLTEXT_TABLES,
         .language = "english",
         .stemmer = "porter",
         .stop_words = "duckdb",
         .folds_accents = true,
         .is_late = true},
        {.form = VF_FULLTEXT_TABLES,
         .language = "german",
         .stemmer = "german",
         .stop_words = "duckdb",
         .folds_accents = true,
         .is_late = true},
    };

    puts("\n## From one to another\n\n| index | becomes | stemmer or tokenizer | what isn't the same |\n"
         "| --- | --- | --- | --- |");
    for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
        struct vf_fulltext from = examples[i];
        from.n_parts = 1;
        from.parts = parts;
        for (enum vf_text_builder to = VF_TEXT_NONE + 1; to < VF_TEXT_BUILDERS; to++) {
            if (to != vf_fulltext_builder(from.form))
                print_difference(&from, to);
        }
    }
}

static void print_languages(void)
{
    puts("\n## Languages\n\n`language` of an index in the plan is PostgreSQL's word. Where a database has no stemmer "
         "for "
         "it, words are taken as they are.\n\n| language | FTS5 | DuckDB |\n| --- | --- | --- |");
    for (const struct vf_text_language *row = vf_text_languages; row->language != NULL; row++)
        printf("| `%s` | %s%s%s | %s |\n", row->language, row->fts5 != NULL ? "`" : "",
               row->fts5 != NULL ? row->fts5 : "", row->fts5 != NULL ? "`" : "",
               row->duckdb != NULL ? row->duckdb : "");
}

static void print_fulltext(void)
{
    puts("# Full-text search\n\n<!-- Made by scripts/docs from the tables of the program; don't change it by hand. "
         "-->\n\n"
         "A full-text index has a neutral description: its columns with their weights, language, stemmer, stop words, "
         "tokenizer and prefixes, the keys of an index in\ndocs/plan.md. It is read from tsvector columns and from "
         "indexes on "
         "`to_tsvector(...)` in PostgreSQL, from FTS5 tables in SQLite and libSQL, and from the tables of\nDuckDB's "
         "extension, "
         "and it is built on the target last, after the rows. The tables in which a database keeps its words are never "
         "copied. "
         "What isn't the same is a\nnote of the plan; what can't be built is in `not_moved`, and is remembered, so "
         "that the way "
         "back ends with the definition that the way there began with.\n\n"
         "| | a search | order | words | when a row changes |\n| --- | --- | --- | --- | --- |");
    for (enum vf_text_builder b = VF_TEXT_NONE + 1; b < VF_TEXT_BUILDERS; b++) {
        const struct vf_text_builder_info *info = &vf_text_builders[b];
        printf("| %s | `", info->name);
        put_cell(info->search);
        printf("` | %s | %s | %s |\n", info->ranking, info->words, info->in_step);
    }
    puts("");
    for (enum vf_text_builder b = VF_TEXT_NONE + 1; b < VF_TEXT_BUILDERS; b++)
        printf("- **%s**: %s\n", vf_text_builders[b].name, vf_text_builders[b].note);
    print_differences();
    print_languages();
    puts("\n## What is read, and what is only named\n\n"
         "| in the source | what becomes of it |\n| --- | --- |\n"
         "| PostgreSQL: GIN or GiST on `to_tsvector('configuration', ...)`; a column GENERATED ALWAYS AS (...) STORED "
         "of such "
         "expressions, with an index or without | a full-text index. The expression may put columns together "
         "(`coalesce(a, '') \\|\\| ' ' \\|\\| b`) and weigh them (`setweight(...)`). A generated column isn't copied: "
         "it is made "
         "with the index |\n"
         "| PostgreSQL: a tsvector column that a trigger or the application fills | its values, as text; its index and "
         "the "
         "trigger are named. `add_on` in the plan makes a full-text index of the texts |\n"
         "| PostgreSQL: other functions in the expression, two configurations in one index | named |\n"
         "| FTS5 beside a table (`content=`) | a full-text index of that table, with its three triggers |\n"
         "| FTS5 with texts of its own | a table with its rowid, and a full-text index of it; in SQLite an FTS5 table "
         "again |\n"
         "| FTS5 without content (`content=''`), FTS3 and FTS4 with texts of their own | named; what is lost are data, "
         "so the "
         "copy stops until `--accept-losses` is said |\n"
         "| FTS3 and FTS4 beside a table | named |\n"
         "| DuckDB: `fts_main_TABLE` | a full-text index of that table |");
}

/* ---- the engines, for the README ---- */

/* The engines that users know, in the order in which they are shown; what a URL looks like, and what a column of a kind is declared as. */
struct shown_engine {
    const char *name, *label, *url;
    const char *(*native)(enum vf_kind kind); /* NULL: not in the table of types */
};

static const char *postgres_native(enum vf_kind kind)
{
    for (const struct vf_postgres_type *type = vf_postgres_types; type->native != NULL; type++) {
        if (type->kind == kind)
            return type->native;
    }
    return "";
}

static const char *sqlite_native(enum vf_kind kind)
{
    return vf_sqlite_types[kind].native;
}

static const char *duckdb_native(enum vf_kind kind)
{
    return vf_duckdb_types[kind].native;
}

/* As SQLite, but vectors, which it can index, are declared. */
static const char *turso_native(enum vf_kind kind)
{
    return kind == VF_K_VECTOR ? "F32_BLOB(n)" : sqlite_native(kind);
}

static const struct shown_engine shown[] = {
    {"postgres", "PostgreSQL", "postgresql://host/db", postgres_native},
    {"sqlite", "SQLite, libSQL files", "file.db, sqlite:/file.db", sqlite_native},
    {"duckdb", "DuckDB", "duckdb:/file.duckdb", duckdb_native},
    {"turso", "Turso, libSQL servers", "libsql://host, http://host", turso_native},
    {"files", "folder of JSON files", "files:/folder", NULL},
};
#define N_SHOWN (sizeof(shown) / sizeof(shown[0]))

static const char *yes(unsigned caps, enum vf_engine_caps cap)
{
    return (caps & (unsigned)cap) != 0 ? "yes" : "-";
}

static void print_engines(void)
{
    puts("| | named by | target | reads one instant | several readers of it | several writers | keys made after the "
         "rows | sequences |\n"
         "| --- | --- | --- | --- | --- | --- | --- | --- |");
    for (size_t i = 0; i < N_SHOWN; i++) {
        const struct vf_engine_ops *ops = vf_engine_find(shown[i].name);
        if (ops == NULL)
            continue;
        printf("| %s | `%s` | %s | %s | %s | %s | %s | %s |\n", shown[i].label, shown[i].url,
               yes(ops->caps, VF_CAP_TARGET), yes(ops->caps, VF_CAP_SNAPSHOT), yes(ops->caps, VF_CAP_SHARED_SNAPSHOT),
               yes(ops->caps, VF_CAP_PARALLEL_LOAD), yes(ops->caps, VF_CAP_LATE_KEYS),
               yes(ops->caps, VF_CAP_SEQUENCES));
    }
}

/* Which goes to which: everything that can be read to everything that can be written, itself included. */
static void print_directions(void)
{
    fputs("\n| from \\ to |", stdout);
    for (size_t i = 0; i < N_SHOWN; i++) {
        if (vf_engine_find(shown[i].name) != NULL)
            printf(" %s |", shown[i].label);
    }
    fputs("\n| --- |", stdout);
    for (size_t i = 0; i < N_SHOWN; i++) {
        if (vf_engine_find(shown[i].name) != NULL)
            fputs(" --- |", stdout);
    }
    putchar('\n');
    for (size_t i = 0; i < N_SHOWN; i++) {
        const struct vf_engine_ops *from = vf_engine_find(shown[i].name);
        if (from == NULL)
            continue;
        printf("| %s |", shown[i].label);
        for (size_t k = 0; k < N_SHOWN; k++) {
            const struct vf_engine_ops *to = vf_engine_find(shown[k].name);
            if (to != NULL)
                printf(" %s |", from->scan_open != NULL ? yes(to->caps, VF_CAP_TARGET) : "-");
        }
        putchar('\n');
    }
}

static void print_natives(void)
{
    fputs("\n| kind |", stdout);
    for (size_t i = 0; i < N_SHOWN; i++) {
        if (vf_engine_find(shown[i].name) != NULL && shown[i].native != NULL)
            printf(" %s |", shown[i].label);
    }
    fputs("\n| --- |", stdout);
    for (size_t i = 0; i < N_SHOWN; i++) {
        if (vf_engine_find(shown[i].name) != NULL && shown[i].native != NULL)
            fputs(" --- |", stdout);
    }
    putchar('\n');
    for (enum vf_kind kind = 0; kind < VF_KIND_COUNT; kind++) {
        printf("| %s |", vf_kind_name(kind));
        for (size_t i = 0; i < N_SHOWN; i++) {
            if (vf_engine_find(shown[i].name) != NULL && shown[i].native != NULL)
                printf(" `%s` |", shown[i].native(kind));
        }
        putchar('\n');
    }
}

static void print_readme(void)
{
    print_engines();
    print_directions();
    print_natives();
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "types") == 0)
        print_types();
    else if (argc == 2 && strcmp(argv[1], "options") == 0)
        print_options();
    else if (argc == 2 && strcmp(argv[1], "indexes") == 0)
        print_indexes();
    else if (argc == 2 && strcmp(argv[1], "objects") == 0)
        print_objects();
    else if (argc == 2 && strcmp(argv[1], "fulltext") == 0)
        print_fulltext();
    else if (argc == 2 && strcmp(argv[1], "readme") == 0)
        print_readme();
    else
        return 2;
    return fflush(stdout) == 0 ? 0 : 1;
}

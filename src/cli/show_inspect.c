#include "cli/cli.h"

#include <inttypes.h>
#include <string.h>

static void put_label(FILE *out, const json_t *object)
{
    if (vf_text_of(object, "schema")[0] != '\0') {
        vf_show_text(out, vf_text_of(object, "schema"));
        fputc('.', out);
    }
    vf_show_text(out, vf_text_of(object, "name"));
}

/* What was measured of a vector column: how many, which dimensions, which lengths, and what an index would stumble over. */
static void show_vectors(FILE *out, const json_t *evidence)
{
    if (vf_number_of(evidence, "min_dim") > 0)
        fprintf(out, "; %" PRId64 " vectors, dim %" PRId64, vf_number_of(evidence, "n_values"),
                vf_number_of(evidence, "min_dim"));
    if (vf_number_of(evidence, "max_dim") > vf_number_of(evidence, "min_dim"))
        fprintf(out, "..%" PRId64, vf_number_of(evidence, "max_dim"));
    double max_norm = json_number_value(json_object_get(evidence, "max_norm"));
    if (max_norm > 0)
        fprintf(out, ", norm %.4g..%.4g", json_number_value(json_object_get(evidence, "min_norm")), max_norm);
    if (vf_number_of(evidence, "n_not_finite") > 0)
        fprintf(out, ", %" PRId64 " with NaN or infinity", vf_number_of(evidence, "n_not_finite"));
    if (vf_number_of(evidence, "n_zero") > 0)
        fprintf(out, ", %" PRId64 " zero", vf_number_of(evidence, "n_zero"));
}

static void show_column(FILE *out, const json_t *column)
{
    const json_t *evidence = json_object_get(column, "evidence");

    fputs("    ", out);
    vf_show_text(out, vf_text_of(column, "name"));
    fputs("  ", out);
    vf_show_text(out, vf_text_of(column, "native"));
    fprintf(out, "  %s", vf_text_of(column, "type"));
    if (strcmp(vf_text_of(column, "form"), "native") != 0 && vf_text_of(column, "form")[0] != '\0')
        fprintf(out, " as %s", vf_text_of(column, "form"));
    if (json_is_true(json_object_get(column, "not_null")))
        fputs(" not null", out);
    if (evidence != NULL) {
        show_vectors(out, evidence);
        if (vf_text_of(evidence, "text")[0] != '\0') {
            fputs("; ", out);
            vf_show_text(out, vf_text_of(evidence, "text"));
        }
    }
    fputc('\n', out);
}

static void show_parts(FILE *out, const json_t *index, const json_t *columns)
{
    size_t i;
    json_t *part;

    json_array_foreach(json_object_get(index, "parts"), i, part)
    {
        int64_t column = vf_number_of(part, "column");
        fputs(i > 0 ? ", " : "", out);
        if (vf_text_of(part, "expression")[0] != '\0')
            vf_show_text(out, vf_text_of(part, "expression"));
        else
            vf_show_text(out, vf_text_of(json_array_get(columns, (size_t)column), "name"));
    }
}

/* The parameters that are known, as the plan calls them. */
static void show_parameters(FILE *out, const json_t *vector)
{
    static const char *const names[] = {"m", "ef_construction", "ef_search", "lists", "neighbours"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (vf_number_of(vector, names[i]) > 0)
            fprintf(out, " %s %lld", names[i], (long long)vf_number_of(vector, names[i]));
    }
}

static void show_index(FILE *out, const json_t *index, const json_t *columns)
{
    const json_t *vector = json_object_get(index, "vector");
    const char *constraint = vf_text_of(index, "constraint");

    fputs("    ", out);
    if (strcmp(constraint, "primary") == 0)
        fputs("primary key (", out);
    else {
        fprintf(out, "%s%s ", json_is_true(json_object_get(index, "unique")) ? "unique " : "",
                vf_text_of(index, "method")[0] != '\0' ? vf_text_of(index, "method") : "index");
        vf_show_text(out, vf_text_of(index, "name"));
        fputs(" (", out);
    }
    show_parts(out, index, columns);
    fputc(')', out);
    if (vector != NULL && vf_text_of(vector, "metric")[0] != '\0' && strcmp(vf_text_of(vector, "metric"), "none") != 0)
        fprintf(out, " %s", vf_text_of(vector, "metric"));
    if (vector != NULL)
        show_parameters(out, vector);
    if (vf_text_of(index, "unread")[0] != '\0') {
        fputs(", distance unknown: ", out);
        vf_show_text(out, vf_text_of(index, "unread"));
    }
    fputc('\n', out);
}

static void show_table(FILE *out, const json_t *table)
{
    const json_t *columns = json_object_get(table, "columns");
    char rows[32], bytes[32];
    size_t i;
    json_t *item;

    put_label(out, table);
    if (vf_number_of(table, "n_rows") >= 0)
        fprintf(out, "  %s%s rows", json_is_true(json_object_get(table, "n_rows_exact")) ? "" : "~",
                vf_show_count(vf_number_of(table, "n_rows"), rows));
    if (vf_number_of(table, "size_bytes") > 0)
        fprintf(out, "  %s", vf_show_bytes(vf_number_of(table, "size_bytes"), bytes));
    fputc('\n', out);
    json_array_foreach(columns, i, item) show_column(out, item);
    json_array_foreach(json_object_get(table, "indexes"), i, item) show_index(out, item, columns);
}

/* shop.documents.embedding.usearch  documents.embedding cosine, 1 500 vectors: stale: the vectors, or their keys, have changed since it was built */
static void show_sidecar(FILE *out, const json_t *sidecar)
{
    char count[32];
    const char *state = vf_text_of(sidecar, "state"), *why = vf_text_of(sidecar, "why");
    bool is_built = json_is_true(json_object_get(sidecar, "built"));

    vf_show_text(out, vf_text_of(sidecar, "file"));
    if (vf_text_of(sidecar, "table")[0] != '\0') {
        fputs("  ", out);
        vf_show_text(out, vf_text_of(sidecar, "table"));
        fputc('.', out);
        vf_show_text(out, vf_text_of(sidecar, "column"));
        fprintf(out, " %s, %s vectors", vf_text_of(sidecar, "metric"),
                vf_show_count(vf_number_of(sidecar, "vectors"), count));
    }
    fprintf(out, ": %s%s", is_built ? "built anew" : state, why[0] == '\0' ? "" : is_built ? ", for " : ": ");
    vf_show_text(out, why);
    fputc('\n', out);
}

void vf_show_sidecars(FILE *out, const json_t *result)
{
    size_t i;
    json_t *item;

    json_array_foreach(json_object_get(result, "sidecars"), i, item) show_sidecar(out, item);
}

void vf_show_inspect(FILE *out, const json_t *result)
{
    const json_t *schema = json_object_get(result, "schema");
    size_t i;
    json_t *item;

    fprintf(out, "%s %s", vf_text_of(result, "product"), vf_text_of(result, "version"));
    if (vf_text_of(result, "vector_product")[0] != '\0')
        fprintf(out, ", %s %s", vf_text_of(result, "vector_product"), vf_text_of(result, "vector_version"));
    if (vf_text_of(result, "guarantee")[0] != '\0')
        fprintf(out, "\nguarantee: %s", vf_text_of(result, "guarantee"));
    fputs("\n\n", out);
    json_array_foreach(json_object_get(schema, "tables"), i, item) show_table(out, item);
    json_array_foreach(json_object_get(schema, "others"), i, item)
    {
        fprintf(out, "%s ", vf_text_of(item, "kind"));
        put_label(out, item);
        if (vf_text_of(item, "on")[0] != '\0') {
            fputs(" on ", out);
            vf_show_text(out, vf_text_of(item, "on"));
        }
        fputc('\n', out);
    }
    if (json_array_size(json_object_get(result, "sidecars")) > 0)
        fputc('\n', out);
    vf_show_sidecars(out, result);
}

#include "cli/cli.h"

#include <inttypes.h>
#include <string.h>

#define SHOW_BYTES 32

char *vf_show_count(int64_t count, char *out)
{
    char digits[24];
    int size = snprintf(digits, sizeof(digits), "%" PRId64, count);
    size_t used = 0;

    for (int i = 0; i < size && used + 2 < SHOW_BYTES; i++) {
        if (i > 0 && (size - i) % 3 == 0 && digits[i - 1] != '-')
            out[used++] = ' ';
        out[used++] = digits[i];
    }
    out[used] = '\0';
    return out;
}

char *vf_show_bytes(int64_t size_bytes, char *out)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
    double value = (double)size_bytes;
    size_t unit = 0;

    while (value >= 1024 && unit + 1 < sizeof(units) / sizeof(units[0])) {
        value /= 1024;
        unit++;
    }
    snprintf(out, SHOW_BYTES, unit == 0 || value >= 100 ? "%.0f %s" : "%.1f %s", value, units[unit]);
    return out;
}

char *vf_show_rate(double per_second, char *out)
{
    if (per_second >= 1e6)
        snprintf(out, SHOW_BYTES, "%.1fM", per_second / 1e6);
    else if (per_second >= 1e4)
        snprintf(out, SHOW_BYTES, "%.1fk", per_second / 1e3);
    else
        snprintf(out, SHOW_BYTES, "%.0f", per_second);
    return out;
}

char *vf_show_time(int64_t duration_us, char *out)
{
    int64_t seconds = duration_us / 1000000;

    if (duration_us < 10000000)
        snprintf(out, SHOW_BYTES, "%.2f s", (double)duration_us / 1e6);
    else if (seconds < 3600)
        snprintf(out, SHOW_BYTES, "%d:%02d", (int)(seconds / 60), (int)(seconds % 60));
    else
        snprintf(out, SHOW_BYTES, "%d:%02d:%02d", (int)(seconds / 3600), (int)(seconds / 60 % 60), (int)(seconds % 60));
    return out;
}

size_t vf_control_size(const char *text)
{
    const unsigned char *c = (const unsigned char *)text;

    if (c[0] == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0)
        return 2;
    return (c[0] < 0x20 && c[0] != '\0') || c[0] == 0x7f;
}

void vf_show_text(FILE *out, const char *text)
{
    while (text != NULL && *text != '\0') {
        size_t n = vf_control_size(text);
        if (n == 0)
            fputc((unsigned char)*text++, out);
        for (; n > 0; n--)
            fprintf(out, "\\x%02x", (unsigned char)*text++);
    }
}

/* ---- helpers over JSON ---- */

const char *vf_text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text != NULL ? text : "";
}

int64_t vf_number_of(const json_t *object, const char *key)
{
    return (int64_t)json_integer_value(json_object_get(object, key));
}

/* ---- plan --diff ---- */

void vf_show_changes(FILE *out, const json_t *result)
{
    const json_t *list = json_object_get(result, "changes");
    size_t i;
    json_t *item;

    json_array_foreach(list, i, item)
    {
        const char *change = vf_text_of(item, "change"), *before = vf_text_of(item, "before"),
                   *after = vf_text_of(item, "after");
        bool is_change = strcmp(change, "changed") == 0;
        fprintf(out, "%c ", is_change ? '~' : strcmp(change, "came") == 0 ? '+' : '-');
        vf_show_text(out, vf_text_of(item, "what"));
        if (vf_text_of(item, "object")[0] != '\0') {
            fputc(' ', out);
            vf_show_text(out, vf_text_of(item, "object"));
        }
        if (before[0] != '\0' || after[0] != '\0')
            fputs(": ", out);
        vf_show_text(out, before);
        if (is_change)
            fputs(" -> ", out);
        vf_show_text(out, after);
        fputc('\n', out);
    }
    if (!json_is_true(json_object_get(result, "changed")))
        fputs("nothing that counts has changed in the source\n", out);
}

/* ---- the end of copy and verify ---- */

static void show_differences(FILE *out, const json_t *table)
{
    const json_t *list = json_object_get(table, "differences");
    size_t i;
    json_t *item;

    json_array_foreach(list, i, item)
    {
        fputs("  ", out);
        fprintf(out, "%s ", vf_text_of(item, "kind"));
        vf_show_text(out, vf_text_of(item, "key"));
        if (vf_text_of(item, "column")[0] != '\0') {
            fputs(" column ", out);
            vf_show_text(out, vf_text_of(item, "column"));
        }
        if (vf_text_of(item, "detail")[0] != '\0') {
            fputs(": ", out);
            vf_show_text(out, vf_text_of(item, "detail"));
        }
        fputc('\n', out);
    }
    int64_t n_more = vf_number_of(table, "n_differences") - (int64_t)json_array_size(list);
    if (n_more > 0)
        fprintf(out, "  and %s%" PRId64 " more\n", json_is_true(json_object_get(table, "at_least")) ? "at least " : "",
                n_more);
}

/* Indexes that aren't what they should be, or couldn't be measured. */
static void show_indexes(FILE *out, const json_t *table)
{
    const json_t *list = json_object_get(table, "indexes");
    size_t i;
    json_t *item;

    json_array_foreach(list, i, item)
    {
        if (vf_text_of(item, "why")[0] == '\0')
            continue;
        fputs("  index ", out);
        vf_show_text(out, vf_text_of(item, "file")[0] != '\0' ? vf_text_of(item, "file") : vf_text_of(item, "name"));
        fprintf(out, " %s: ", vf_text_of(item, "state"));
        vf_show_text(out, vf_text_of(item, "why"));
        fputc('\n', out);
    }
}

/* The lowest recall of all indexes that were measured. */
static void show_recall(FILE *out, const json_t *tables)
{
    const json_t *worst = NULL;
    size_t i, k;
    json_t *table, *item;

    json_array_foreach(tables, i, table)
    {
        json_array_foreach(json_object_get(table, "indexes"), k, item)
        {
            const json_t *recall = json_object_get(item, "recall");
            if (recall != NULL &&
                (worst == NULL || json_number_value(recall) < json_number_value(json_object_get(worst, "recall"))))
                worst = item;
        }
    }
    if (worst == NULL)
        return;
    fprintf(out, "; recall@%" PRId64 " %.3f", vf_number_of(worst, "k"),
            json_number_value(json_object_get(worst, "recall")));
    if (json_number_value(json_object_get(worst, "min_recall")) > 0)
        fprintf(out, " (min %.3g)", json_number_value(json_object_get(worst, "min_recall")));
    if (json_object_get(worst, "probes") != NULL)
        fprintf(out, " at probes %" PRId64, vf_number_of(worst, "probes"));
    else
        fprintf(out, " at ef_search %" PRId64, vf_number_of(worst, "ef_search"));
}

/* How many words were searched for, and how many find the same rows on both sides. */
static void show_words(FILE *out, const json_t *tables)
{
    int64_t n_words = 0, n_compared = 0, n_same = 0;
    size_t i, k;
    json_t *table, *item;

    json_array_foreach(tables, i, table)
    {
        json_array_foreach(json_object_get(table, "indexes"), k, item)
        {
            n_words += vf_number_of(item, "words");
            n_compared += vf_number_of(item, "words_compared");
            n_same += vf_number_of(item, "words_same");
        }
    }
    if (n_words > 0)
        fprintf(out, "; %" PRId64 " words find their rows", n_words);
    if (n_compared > 0)
        fprintf(out, ", %" PRId64 " of %" PRId64 " the same as in the source", n_same, n_compared);
}

static void show_verdict(FILE *out, const json_t *table)
{
    const json_t *equal = json_object_get(table, "equal");

    if (equal == NULL)
        fputs("not verified", out);
    else
        fputs(json_is_true(equal) ? "digest equal" : "DIFFERS", out);
    if (vf_number_of(table, "rejected") > 0)
        fprintf(out, ", %" PRId64 " rejected", vf_number_of(table, "rejected"));
}

/* What the user asked for is told all the same. */
static void show_changed(FILE *out, const json_t *table)
{
    size_t i;
    json_t *column;

    json_array_foreach(json_object_get(table, "nul"), i, column)
    {
        fputs("  ", out);
        vf_show_text(out, vf_text_of(column, "column"));
        fprintf(out, ": %" PRId64 " texts changed, as nul: %s says\n", vf_number_of(column, "changed"),
                vf_text_of(column, "how"));
    }
}

static int64_t rows_of(const json_t *table)
{
    return json_object_get(table, "rows") != NULL ? vf_number_of(table, "rows") : vf_number_of(table, "target_rows");
}

static void show_table(FILE *out, const json_t *table, int width)
{
    char rows[SHOW_BYTES], bytes[SHOW_BYTES], rate[SHOW_BYTES], time[SHOW_BYTES];
    int64_t elapsed_us =
        json_object_get(table, "copy_us") != NULL ? vf_number_of(table, "copy_us") : vf_number_of(table, "verify_us");
    const char *name = vf_text_of(table, "name");
    size_t size = strlen(name);

    vf_show_text(out, name);
    fprintf(out, "%*s  %12s rows  %10s  %8s rows/s  %8s  ", size < (size_t)width ? width - (int)size : 0, "",
            vf_show_count(rows_of(table), rows), vf_show_bytes(vf_number_of(table, "bytes"), bytes),
            vf_show_rate(elapsed_us > 0 ? (double)rows_of(table) * 1e6 / (double)elapsed_us : 0, rate),
            vf_show_time(elapsed_us, time));
    show_verdict(out, table);
    fputc('\n', out);
    show_changed(out, table);
    show_differences(out, table);
    show_indexes(out, table);
}

/* Of views the name, and what was found of what they show. */
static void show_views(FILE *out, const json_t *list)
{
    size_t i;
    json_t *view;

    json_array_foreach(list, i, view)
    {
        const json_t *equal = json_object_get(view, "equal");
        fputs("view ", out);
        vf_show_text(out, vf_text_of(view, "name"));
        vf_show_target(out, view);
        fputs(json_is_null(equal) ? ": not compared" : json_is_true(equal) ? ": equal" : ": DIFFERS", out);
        if (json_object_get(view, "target_rows") != NULL)
            fprintf(out, ", %" PRId64 " rows", vf_number_of(view, "target_rows"));
        if (vf_text_of(view, "why")[0] != '\0') {
            fputs(json_is_true(equal) ? "; not compared: " : ": ", out);
            vf_show_text(out, vf_text_of(view, "why"));
        }
        fputc('\n', out);
        show_differences(out, view);
    }
}

static int name_width(const json_t *tables)
{
    size_t i, width = 8;
    json_t *table;

    json_array_foreach(tables, i, table)
    {
        size_t size = strlen(vf_text_of(table, "name"));
        if (size > width && size <= 40)
            width = size;
    }
    return (int)width;
}

static void show_sum(FILE *out, const json_t *result, const json_t *tables)
{
    char rows[SHOW_BYTES], bytes[SHOW_BYTES], time[SHOW_BYTES];
    int64_t n_rows = 0, n_bytes = 0;
    size_t i;
    json_t *table;

    json_array_foreach(tables, i, table)
    {
        n_rows += rows_of(table);
        n_bytes += vf_number_of(table, "bytes");
    }
    bool was_copied = json_object_get(result, "run") != NULL;
    bool was_verified = !was_copied || json_is_true(json_object_get(result, "verified"));
    fprintf(out, "%zu tables, %s rows, %s in %s; ", json_array_size(tables), vf_show_count(n_rows, rows),
            vf_show_bytes(n_bytes, bytes),
            vf_show_time(was_copied ? vf_number_of(result, "copy_us") : vf_number_of(result, "verify_us"), time));
    if (!was_verified)
        fputs("not verified", out);
    else if (vf_number_of(result, "n_differences") > 0)
        fprintf(out, "DIFFERENT: %" PRId64 " row%s", vf_number_of(result, "n_differences"),
                vf_number_of(result, "n_differences") == 1 ? "" : "s");
    else
        fprintf(out, "verified in %s: counts, digests, dimensions",
                vf_show_time(vf_number_of(result, "verify_us"), time));
    if (was_verified)
        show_recall(out, tables);
    show_words(out, tables);
    const char *guarantee = vf_text_of(json_object_get(result, "source"), "guarantee");
    if (guarantee[0] != '\0')
        fprintf(out, "\nguarantee of the source: %s", guarantee);
    size_t n_not_moved = json_array_size(json_object_get(result, "not_moved"));
    fprintf(out, "\nnot moved: %zu objects%s; %" PRId64 " rejected rows\n", n_not_moved,
            n_not_moved > 0 ? " (named above)" : "", vf_number_of(result, "rejected"));
}

/* With several targets, the tables of each stand below its URL. */
static void show_heading(FILE *out, const json_t *result, const json_t *table, int64_t *last)
{
    int64_t target = vf_number_of(table, "target");

    if (target == *last)
        return;
    *last = target;
    fprintf(out, "target %" PRId64 ": ", target);
    vf_show_text(out, vf_text_of(json_object_get(result, target == 1 ? "target" : "target2"), "url"));
    fputc('\n', out);
}

void vf_show_tables(FILE *out, const json_t *result)
{
    int64_t target = 0;
    const json_t *tables = json_object_get(result, "tables");
    size_t i;
    json_t *table;

    if (tables == NULL)
        return;
    vf_show_problems(out, result);
    int width = name_width(tables);
    json_array_foreach(tables, i, table)
    {
        show_heading(out, result, table, &target);
        show_table(out, table, width);
    }
    show_views(out, json_object_get(result, "views"));
    vf_show_list(out, json_object_get(result, "unfinished"));
    if (json_object_get(result, "files") != NULL) {
        fprintf(out, "%zu files, one for each value of ", json_array_size(json_object_get(result, "files")));
        vf_show_text(out, vf_text_of(result, "by"));
        fputc('\n', out);
    }
    show_sum(out, result, tables);
}

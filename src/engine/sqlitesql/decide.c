#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "engine/sqlitesql/probe.h"
#include "engine/sqlitesql/types.h"

/*
 * A type is taken when every value is exactly that, or, where a few may be damaged (vectors, declared types), nine of ten; the others are counted as bad. What would have to be written in
 * another way to become a date, a uuid or a decimal stays a text.
 */

struct judge {
    const struct vf_probe *probe;
    struct vf_arena *arena;
    struct vf_column *column;
    int64_t n; /* values that aren't NULL */
    struct vf_buf why;
};

static bool is_most(int64_t part, int64_t whole)
{
    return part > 0 && part >= whole - whole / 10;
}

static void settle(struct judge *judge, enum vf_kind kind, enum vf_form form, int64_t n_good)
{
    judge->column->type = (struct vf_type){.kind = kind};
    judge->column->form = form;
    judge->column->evidence.n_bad = judge->n - n_good;
}

/* "10 integers, 1 text": what is stored, when it is of several kinds. */
static void say_storage(struct judge *judge)
{
    const struct vf_probe *p = judge->probe;
    const struct {
        int64_t n;
        const char *name;
    } classes[] = {{p->n_integer, "integers"}, {p->n_real, "reals"}, {p->n_text, "texts"}, {p->n_blob, "blobs"}};
    const char *between = "";
    for (size_t i = 0; i < 4; i++) {
        if (classes[i].n == 0)
            continue;
        vf_buf_printf(&judge->why, "%s%" PRId64 " %s", between, classes[i].n, classes[i].name);
        between = ", ";
    }
}

/* ---- whole numbers ---- */

static const char *const unit_names[VF_EPOCH_COUNT] = {"seconds", "milliseconds", "microseconds"};
static const enum vf_form unit_forms[VF_EPOCH_COUNT] = {VF_FORM_EPOCH_S, VF_FORM_EPOCH_MS, VF_FORM_EPOCH_US};

static bool has_suffix(const char *name, const char *suffix)
{
    size_t n = strlen(name);
    size_t m = strlen(suffix);
    return n >= m && vf_strcasecmp(name + n - m, suffix) == 0;
}

/* A name is never evidence alone; it only makes it worth while to look at the numbers. */
static bool speaks_of_time(const struct vf_column *column)
{
    static const char *const declared[] = {
        "DATE", "DATETIME", "TIMESTAMP", "TIMESTAMPTZ", "TIMESTAMP WITH TIME ZONE", "DATETIMEOFFSET", NULL};
    static const char *const suffixes[] = {"_at",       "_time",   "_date",   "_on",     "_ts",      "_until",
                                           "_since",    "At",      "Time",    "Date",    "date",     "time",
                                           "timestamp", "expires", "created", "updated", "modified", "deleted"};
    if (vf_sqlite_declared_is(column->native, declared))
        return true;
    for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
        if (has_suffix(column->name, suffixes[i]))
            return true;
    }
    return false;
}

/* One unit for all, but for a few numbers too small for any (0 for "never"). false: not a time, or not one unit. */
static bool decide_epoch(struct judge *judge)
{
    const struct vf_probe *p = judge->probe;
    int64_t n_large = p->n_epoch[0] + p->n_epoch[1] + p->n_epoch[2];
    for (size_t unit = 0; unit < VF_EPOCH_COUNT; unit++) {
        if (!is_most(p->n_epoch[unit], p->n_integer))
            continue;
        if (n_large != p->n_epoch[unit] || p->n_epoch[unit] + p->n_small != p->n_integer)
            break;
        settle(judge, VF_K_TIMESTAMPTZ, unit_forms[unit], p->n_integer);
        vf_buf_printf(&judge->why, "all integers from %" PRId64 " to %" PRId64 ": %s since 1970", p->min_integer,
                      p->max_integer, unit_names[unit]);
        if (p->n_small > 0)
            vf_buf_printf(&judge->why, "; %" PRId64 " are very small", p->n_small);
        return true;
    }
    if (n_large > 0 && n_large != p->n_epoch[0] && n_large != p->n_epoch[1] && n_large != p->n_epoch[2])
        vf_buf_printf(&judge->why,
                      "as times the integers would be of mixed units (%" PRId64 " seconds, %" PRId64
                      " milliseconds, %" PRId64 " microseconds), so they stay integers; ",
                      p->n_epoch[0], p->n_epoch[1], p->n_epoch[2]);
    return false;
}

static bool speaks_of_truth(const char *name)
{
    static const char *const prefixes[] = {"is_", "has_", "can_", "was_", "should_", "is", "has"};
    static const char *const suffixes[] = {"_flag", "_enabled", "_disabled", "_active", "_deleted", "_verified"};
    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
        size_t n = strlen(prefixes[i]);
        bool is_camel = i >= 5 && strncmp(name, prefixes[i], n) == 0 && name[n] >= 'A' && name[n] <= 'Z';
        if (i < 5 ? strncmp(name, prefixes[i], n) == 0 : is_camel)
            return true;
    }
    for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
        if (has_suffix(name, suffixes[i]))
            return true;
    }
    return false;
}

static bool is_key(const struct vf_column *column)
{
    return column->generated != VF_GENERATED_NO;
}

static void decide_integer(struct judge *judge)
{
    const struct vf_probe *p = judge->probe;
    if (p->n_integer == judge->n && !is_key(judge->column) && speaks_of_time(judge->column) && decide_epoch(judge))
        return;
    if (p->n_bit == judge->n && !is_key(judge->column) && speaks_of_truth(judge->column->name)) {
        settle(judge, VF_K_BOOL, VF_FORM_INTEGER, judge->n);
        vf_buf_str(&judge->why, "every value is 0 or 1, and the name speaks of truth");
        return;
    }
    settle(judge, VF_K_I64, VF_FORM_NATIVE, p->n_integer);
    if (p->n_integer == judge->n)
        vf_buf_printf(&judge->why, "all integers from %" PRId64 " to %" PRId64, p->min_integer, p->max_integer);
    else
        say_storage(judge);
}

static void decide_bool(struct judge *judge)
{
    const struct vf_probe *p = judge->probe;
    int64_t n_words = p->n_guess[VF_GUESS_BOOL];
    if (p->n_integer > p->n_bit && !is_most(p->n_bit, judge->n)) {
        decide_integer(judge);
        return;
    }
    bool is_text = n_words > p->n_bit;
    settle(judge, VF_K_BOOL, is_text ? VF_FORM_TEXT : VF_FORM_INTEGER, is_text ? n_words : p->n_bit);
    if (judge->column->evidence.n_bad == 0) {
        vf_buf_printf(&judge->why, "every value is %s", is_text ? "true or false" : "0 or 1");
    } else {
        vf_buf_printf(&judge->why, "%" PRId64 " values are 0 or 1, %" PRId64 " true or false, of ", p->n_bit, n_words);
        say_storage(judge);
    }
}

/* ---- vectors ---- */

static void say_dims(struct judge *judge, const struct vf_size_histogram *dims)
{
    vf_buf_str(&judge->why, "dimensions");
    for (size_t i = 0; i < dims->n_sizes; i++) {
        if (dims->sizes[i] == 0)
            vf_buf_printf(&judge->why, "%s none (%" PRId64 ")", i > 0 ? "," : "", dims->counts[i]);
        else
            vf_buf_printf(&judge->why, "%s %zu (%" PRId64 ")", i > 0 ? "," : "", dims->sizes[i], dims->counts[i]);
    }
    if (dims->n_other > 0)
        vf_buf_printf(&judge->why, ", others (%" PRId64 ")", dims->n_other);
}

static void note_vectors(struct vf_evidence *evidence, const struct vf_vector_stats *stats)
{
    bool is_seen = false;
    for (size_t i = 0; i < stats->dims.n_sizes; i++) {
        int64_t dim = (int64_t)stats->dims.sizes[i];
        if (dim == 0)
            continue;
        if (!is_seen || dim < evidence->min_dim)
            evidence->min_dim = dim;
        if (!is_seen || dim > evidence->max_dim)
            evidence->max_dim = dim;
        is_seen = true;
    }
    evidence->n_not_finite = stats->n_not_finite;
    evidence->n_zero = stats->n_zero;
    if (stats->min_norm <= stats->max_norm) {
        evidence->min_norm = stats->min_norm;
        evidence->max_norm = stats->max_norm;
    }
    evidence->n_inexact = (int64_t)stats->text.n_inexact;
    evidence->max_relative_error = stats->text.max_relative_error;
}

static void say_norms(struct judge *judge, const struct vf_vector_stats *stats)
{
    if (stats->min_norm <= stats->max_norm)
        vf_buf_printf(&judge->why, ", lengths %.4g to %.4g", stats->min_norm, stats->max_norm);
    if (stats->n_not_finite > 0)
        vf_buf_printf(&judge->why, ", %" PRId64 " with NaN or infinity", stats->n_not_finite);
}

static void take_vector(struct judge *judge, enum vf_form form, size_t dim, int64_t n_good,
                        const struct vf_vector_stats *stats)
{
    settle(judge, VF_K_VECTOR, form, n_good);
    judge->column->type.element = VF_E_F32;
    judge->column->type.dim = (uint32_t)dim;
    note_vectors(&judge->column->evidence, stats);
    judge->column->evidence.n_rewritten = stats->n_rewritten;
    vf_buf_printf(&judge->why, "%" PRId64 " of %" PRId64 " values are %s of %zu float32", n_good, judge->n,
                  form == VF_FORM_JSON ? "JSON arrays" : "blobs", dim);
    say_norms(judge, stats);
    if (form == VF_FORM_JSON && stats->text.n_inexact > 0)
        vf_buf_printf(&judge->why,
                      "; %" PRIu64 " of %" PRIu64 " numbers aren't writings of a float32 (largest relative error %.3g)",
                      stats->text.n_inexact, stats->text.n_numbers, stats->text.max_relative_error);
    if (n_good < judge->n) {
        vf_buf_str(&judge->why, "; ");
        say_dims(judge, &stats->dims);
    }
}

static bool decide_vector_text(struct judge *judge)
{
    const struct vf_vector_stats *stats = &judge->probe->vectors;
    int64_t n_good = 0;
    size_t dim = vf_histogram_mode(&stats->dims, &n_good);
    if (dim >= 2 && is_most(n_good, judge->n)) {
        take_vector(judge, VF_FORM_JSON, dim, n_good, stats);
        return true;
    }
    if (is_most(judge->probe->n_guess[VF_GUESS_VECTOR], judge->n)) {
        say_dims(judge, &stats->dims);
        vf_buf_str(&judge->why, " of JSON arrays of numbers are too mixed for a vector; ");
        note_vectors(&judge->column->evidence, stats);
    }
    return false;
}

static bool decide_vector_blob(struct judge *judge)
{
    const struct vf_vector_stats *stats = &judge->probe->blob_vectors;
    int64_t n_good = 0;
    size_t dim = vf_histogram_mode(&stats->dims, &n_good);
    bool is_likely = stats->n_wild * 16 < stats->n_elements && stats->max_norm > 0;
    if (dim >= 2 && is_most(n_good, judge->n) && is_likely && !is_most(stats->n_not_finite, judge->n)) {
        take_vector(judge, VF_FORM_BYTES, dim, n_good, stats);
        return true;
    }
    if (dim >= 2 && judge->n > 0 && is_likely) {
        say_dims(judge, &stats->dims);
        vf_buf_str(&judge->why, " of float32 would be too mixed for a vector; ");
    } else if (dim >= 2 && is_most(n_good, judge->n)) {
        vf_buf_printf(&judge->why, "%zu bytes each, but not likely to be float32: ", dim * 4);
    }
    return false;
}

/* ---- texts and blobs ---- */

struct exact_guess {
    enum vf_text_guess guess;
    enum vf_kind kind;
    enum vf_form form;
    const char *what;
};

static const struct exact_guess exact_guesses[] = {
    {VF_GUESS_DATE, VF_K_DATE, VF_FORM_ISO, "an ISO date"},
    {VF_GUESS_TIME, VF_K_TIME, VF_FORM_ISO, "an ISO time"},
    {VF_GUESS_TIMESTAMP, VF_K_TIMESTAMP, VF_FORM_ISO, "an ISO timestamp without zone"},
    {VF_GUESS_TIMESTAMPTZ, VF_K_TIMESTAMPTZ, VF_FORM_ISO, "an ISO timestamp in UTC"},
    {VF_GUESS_UUID, VF_K_UUID, VF_FORM_TEXT, "a uuid in its usual writing"},
    {VF_GUESS_JSON, VF_K_JSON, VF_FORM_TEXT, "a JSON object or array"},
};

/* All values are texts in one exact writing. */
static bool decide_exact(struct judge *judge)
{
    const struct vf_probe *p = judge->probe;
    for (size_t i = 0; i < sizeof(exact_guesses) / sizeof(exact_guesses[0]); i++) {
        const struct exact_guess *exact = &exact_guesses[i];
        if (p->n_guess[exact->guess] != judge->n)
            continue;
        settle(judge, exact->kind, exact->form, judge->n);
        vf_buf_printf(&judge->why, "every value is %s", exact->what);
        return true;
    }
    return false;
}

/* Why a text that nearly is something stays a text. */
static void say_nearly(struct judge *judge)
{
    const struct vf_probe *p = judge->probe;
    int64_t n_exact = p->n_guess[VF_GUESS_DATE] + p->n_guess[VF_GUESS_TIME] + p->n_guess[VF_GUESS_TIMESTAMP] +
                      p->n_guess[VF_GUESS_TIMESTAMPTZ];
    int64_t n_times = n_exact + p->n_guess[VF_GUESS_OTHER_TIME];
    if (is_most(n_times, judge->n)) {
        vf_buf_printf(&judge->why,
                      "%" PRId64 " of %" PRId64 " values are dates or times, but %" PRId64
                      " of them in a writing that would change (and %" PRId64 " are none): they stay texts",
                      n_times, judge->n, p->n_guess[VF_GUESS_OTHER_TIME], judge->n - n_times);
        return;
    }
    for (size_t i = 4; i < sizeof(exact_guesses) / sizeof(exact_guesses[0]); i++) {
        if (!is_most(p->n_guess[exact_guesses[i].guess], judge->n))
            continue;
        vf_buf_printf(&judge->why, "%" PRId64 " of %" PRId64 " values aren't %s: they stay texts",
                      judge->n - p->n_guess[exact_guesses[i].guess], judge->n, exact_guesses[i].what);
        return;
    }
    if (p->n_text == judge->n)
        vf_buf_str(&judge->why, "all texts");
    else
        say_storage(judge);
}

static void decide_text(struct judge *judge)
{
    if (decide_vector_text(judge) || decide_exact(judge))
        return;
    settle(judge, VF_K_TEXT, VF_FORM_NATIVE, judge->probe->n_text);
    say_nearly(judge);
}

static void decide_blob(struct judge *judge)
{
    static const char *const uuid_names[] = {"UUID", "GUID", "UNIQUEIDENTIFIER", NULL};
    if (vf_sqlite_declared_is(judge->column->native, uuid_names) && judge->probe->n_blob_16 == judge->n) {
        settle(judge, VF_K_UUID, VF_FORM_BYTES, judge->n);
        vf_buf_str(&judge->why, "every value is 16 bytes, and declared a uuid");
        return;
    }
    if (decide_vector_blob(judge))
        return;
    settle(judge, VF_K_BLOB, VF_FORM_NATIVE, judge->probe->n_blob);
    if (judge->probe->n_blob == judge->n)
        vf_buf_str(&judge->why, "all blobs");
    else
        say_storage(judge);
}

/* Does the column keep a whole number and a floating-point one apart? By its affinity others make one of both. */
static bool keeps_classes(const struct vf_column *column)
{
    return vf_sqlite_affinity_of(column->native) == VF_SQLITE_BLOB;
}

static void decide_real(struct judge *judge)
{
    const struct vf_probe *p = judge->probe;
    int64_t n_good = p->n_real + p->n_integer - p->n_real_inexact + p->n_odd_float;
    settle(judge, VF_K_F64, VF_FORM_NATIVE, n_good);
    if (keeps_classes(judge->column))
        judge->column->evidence.n_rewritten = p->n_integer - p->n_real_inexact;
    if (n_good == judge->n)
        vf_buf_str(&judge->why, "all numbers");
    else
        say_storage(judge);
}

/* Reals are doubles in the file, whatever is declared: their shortest decimal is what a person put in. */
static void decide_decimal(struct judge *judge)
{
    const struct vf_probe *p = judge->probe;
    settle(judge, VF_K_DECIMAL, VF_FORM_NATIVE, p->n_integer + p->n_real + p->n_guess[VF_GUESS_DECIMAL]);
    if (!is_most(judge->n - judge->column->evidence.n_bad, judge->n)) {
        decide_text(judge);
        return;
    }
    say_storage(judge);
    if (p->n_real > 0)
        vf_buf_str(&judge->why, "; of a real the shortest decimal is taken");
}

static void decide_json(struct judge *judge)
{
    const struct vf_probe *p = judge->probe;
    int64_t n_good = p->n_guess[VF_GUESS_JSON_ANY] + p->n_integer + p->n_real;
    if (!is_most(n_good, judge->n)) {
        decide_text(judge);
        return;
    }
    if (decide_vector_text(judge))
        return;
    settle(judge, VF_K_JSON, VF_FORM_TEXT, n_good);
    vf_buf_printf(&judge->why, "declared JSON, and %" PRId64 " of %" PRId64 " values are", n_good, judge->n);
}

/* By what is stored most. */
static void decide_by_storage(struct judge *judge)
{
    const struct vf_probe *p = judge->probe;
    int64_t most = p->n_integer;
    for (size_t i = 0; i < 3; i++) {
        int64_t n = i == 0 ? p->n_real : i == 1 ? p->n_text : p->n_blob;
        most = n > most ? n : most;
    }
    if (p->n_integer + p->n_real > p->n_text && p->n_real > 0 && p->n_integer + p->n_real > p->n_blob)
        decide_real(judge);
    else if (p->n_integer == most)
        decide_integer(judge);
    else if (p->n_text == most)
        decide_text(judge);
    else
        decide_blob(judge);
}

/* ---- all ---- */

static void decide(struct judge *judge)
{
    const struct vf_probe *p = judge->probe;
    struct vf_sqlite_meaning declared = vf_sqlite_type_of(judge->column->native);
    switch (declared.type.kind) {
    case VF_K_BOOL:
        decide_bool(judge);
        return;
    case VF_K_I64:
        decide_integer(judge);
        return;
    case VF_K_F64:
        decide_real(judge);
        return;
    case VF_K_DECIMAL:
        decide_decimal(judge);
        return;
    case VF_K_JSON:
        decide_json(judge);
        return;
    case VF_K_TEXT:
    case VF_K_INTERVAL:
        if (p->n_text > 0) {
            decide_text(judge);
            return;
        }
        break;
    case VF_K_BLOB:
        if (p->n_blob > 0 && p->n_blob >= p->n_text) {
            decide_blob(judge);
            return;
        }
        break;
    case VF_K_I8:
    case VF_K_I16:
    case VF_K_I32:
    case VF_K_F32:
    case VF_K_UUID:
    case VF_K_DATE:
    case VF_K_TIME:
    case VF_K_TIMESTAMP:
    case VF_K_TIMESTAMPTZ:
    case VF_K_ENUM:
    case VF_K_ARRAY:
    case VF_K_OTHER:
    case VF_K_VECTOR:
    case VF_K_SPARSE:
    case VF_KIND_COUNT:
    default:
        break;
    }
    decide_by_storage(judge);
}

/* What most of the values are stored as. */
static void decide_plain(struct judge *judge)
{
    const struct vf_probe *p = judge->probe;
    const struct {
        int64_t n;
        enum vf_kind kind;
    } classes[] = {{p->n_text, VF_K_TEXT}, {p->n_integer, VF_K_I64}, {p->n_real, VF_K_F64}, {p->n_blob, VF_K_BLOB}};
    size_t most = 0;
    for (size_t i = 1; i < sizeof(classes) / sizeof(classes[0]); i++)
        most = classes[i].n > classes[most].n ? i : most;
    settle(judge, classes[most].kind, VF_FORM_NATIVE, classes[most].n);
    say_storage(judge);
    vf_buf_str(&judge->why, "; what refers to it, or what it refers to, is no more than that");
}

static void judge_fixed(struct judge *judge)
{
    const struct vf_probe *p = judge->probe;
    struct vf_evidence *evidence = &judge->column->evidence;
    evidence->n_bad = p->n_unfit;
    if (p->field.type.kind == VF_K_VECTOR)
        note_vectors(evidence, &p->vectors);
    if (evidence->text != NULL)
        vf_buf_str(&judge->why, evidence->text);
    else
        vf_buf_printf(&judge->why, "declared %s", judge->column->native);
    if (vf_sqlite_is_float8(judge->column->native) && p->field.form == VF_FORM_LIBSQL)
        vf_buf_str(&judge->why, "; 8 bits a number, read as the float32 that libSQL makes of them");
    if (p->n_unfit > 0)
        vf_buf_printf(&judge->why, "; %" PRId64 " of %" PRId64 " values don't fit", p->n_unfit, judge->n);
    if (p->field.type.kind == VF_K_VECTOR)
        say_norms(judge, &p->vectors);
}

enum vf_status vf_probe_decide(const struct vf_probe *probe, bool plain, struct vf_arena *arena,
                               struct vf_column *column, struct vf_error *err)
{
    struct judge judge = {.probe = probe, .arena = arena, .column = column, .n = vf_probe_count(probe)};
    vf_buf_init(&judge.why, VF_BUF_MAX);
    column->evidence.measured = true;
    column->evidence.n_values = judge.n;
    column->evidence.n_null = probe->n_null;
    if (probe->is_fixed)
        judge_fixed(&judge);
    else if (judge.n == 0)
        vf_buf_str(&judge.why, "no values: the type is what is declared");
    else if (plain)
        decide_plain(&judge);
    else
        decide(&judge);
    enum vf_status status = vf_buf_check(&judge.why, err);
    if (status == VF_OK) {
        column->evidence.text = vf_arena_strdup(arena, judge.why.data != NULL ? judge.why.data : "");
        if (column->evidence.text == NULL)
            status = vf_error_nomem(err);
    }
    vf_buf_release(&judge.why);
    return status;
}

/*
 * What the targets that read SQL of a dialect share: the columns that the SQL may name, the dialects, and how a dialect and a text are made of the bytes of the fuzzer.
 */
#ifndef VF_TESTS_FUZZ_DIALECTS_H
#define VF_TESTS_FUZZ_DIALECTS_H

#include "engine/engine.h"
#include "fuzz.h"

#define N_COLUMNS  6
#define N_DIALECTS 3

static struct vf_column columns[N_COLUMNS] = {
    {.name = "a", .native = "bigint", .type = {.kind = VF_K_I64}},
    {.name = "name", .native = "text", .type = {.kind = VF_K_TEXT}},
    {.name = "price", .native = "numeric(10,2)", .type = {.kind = VF_K_DECIMAL}, .form = VF_FORM_TEXT},
    {.name = "ok", .native = "boolean", .type = {.kind = VF_K_BOOL}},
    {.name = "score", .native = "double precision", .type = {.kind = VF_K_F64}},
    {.name = "at", .native = "timestamp with time zone", .type = {.kind = VF_K_TIMESTAMPTZ}, .form = VF_FORM_EPOCH_S},
};

/* NULL: the build has no engine of it. */
static const struct vf_dialect *dialect(size_t i)
{
    static const char *const names[N_DIALECTS] = {"postgres", "sqlite", "duckdb"};

    return vf_dialect_find(names[i % N_DIALECTS]);
}

/* The first byte says the dialect, the others are the text, to be freed with vf_free(). */
static char *take_text(const uint8_t *data, size_t size_bytes, const struct vf_dialect **from)
{
    *from = dialect(size_bytes > 0 ? data[0] : 0);
    return vf_strndup((const char *)data + (size_bytes > 0), size_bytes - (size_bytes > 0));
}

#endif

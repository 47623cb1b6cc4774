/*
 * Types of DuckDB: what a declared type means, and what a neutral type is declared as.
 *
 * Lists and fixed arrays of scalars are arrays; FLOAT[n], DOUBLE[n] and TINYINT[n] are vectors. What is nested deeper (structs, maps, unions, lists of lists) is JSON, in the one writing of text.h, which put.h reads back.
 */
#ifndef VF_ENGINE_DUCKDB_TYPES_H
#define VF_ENGINE_DUCKDB_TYPES_H

#include <stdbool.h>

#include "engine/engine.h"

struct vf_duckdb_meaning {
    struct vf_type type;
    enum vf_form form;
    bool is_cast; /* its values are read as what DuckDB's CAST to VARCHAR makes of them, and written by the cast back */
};

/* `native` as duckdb_columns() gives it, or as a person writes it. */
struct vf_duckdb_meaning vf_duckdb_type_of(const char *native);

/* May the text be written behind a column's name? Words, numbers, quoted names and labels, brackets: never a semicolon, a comment or unbalanced parentheses. */
bool vf_duckdb_is_type_name(const char *native);

/* "DECIMAL(12,2)" in any case, also "numeric(12,2)": false when it is another type. */
bool vf_duckdb_decimal_of(const char *native, unsigned *width, unsigned *scale);

/* Append ENUM('a', 'b'), as duckdb_columns() shows it. */
void vf_duckdb_write_enum(size_t n_labels, const char *const *labels, struct vf_buf *out);

/* What a column of each neutral kind becomes, in the order of the kinds. The documentation's table is made from it. */
struct vf_duckdb_type {
    enum vf_kind kind;
    const char *native;
    enum vf_form form;
    enum vf_fidelity fidelity;
    const char *note; /* or NULL */
};
extern const struct vf_duckdb_type vf_duckdb_types[VF_KIND_COUNT];

/* The other direction, for the documentation: X(native, kind, note) in types.c. */
struct vf_duckdb_word {
    const char *native;
    enum vf_kind kind;
    bool is_cast;
    const char *note;
};
extern const struct vf_duckdb_word vf_duckdb_words[];
extern const size_t vf_duckdb_n_words;

#define VF_DUCKDB_MAX_ARRAY 100000 /* elements of a fixed array */

#endif

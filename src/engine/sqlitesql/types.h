/*
 * Types of SQLite: what a declared type means, and what a neutral type is declared as.
 *
 * SQLite itself knows five storage classes and takes any words for a type; what the words mean is a convention of the programs that use the file. By declaration alone a column is what its
 * name says (vf_sqlite_type_of()); looking at the values (evidence.h) decides better.
 */
#ifndef VF_ENGINE_SQLITESQL_TYPES_H
#define VF_ENGINE_SQLITESQL_TYPES_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/engine.h"
#include "model/type.h"

/* "Determination Of Column Affinity", https://sqlite.org/datatype3.html 3.1 */
enum vf_sqlite_affinity {
    VF_SQLITE_TEXT,
    VF_SQLITE_NUMERIC,
    VF_SQLITE_INTEGER,
    VF_SQLITE_REAL,
    VF_SQLITE_BLOB,
};
enum vf_sqlite_affinity vf_sqlite_affinity_of(const char *declared);

struct vf_sqlite_meaning {
    struct vf_type type;
    enum vf_form form;
};
struct vf_sqlite_meaning vf_sqlite_type_of(const char *declared);

/* libSQL's vectors of 8-bit numbers: their float32 are read exactly, and float32 can't be written as such exactly. */
bool vf_sqlite_is_float8(const char *declared);

/* What libSQL declares a column of the type as, without its dimensions: "F32_BLOB"; NULL: it has no such type, or not for so many dimensions. */
const char *vf_sqlite_libsql_name(struct vf_type type);

/* Is the declaration's name (without what stands in parentheses) one of the words? In any case. */
bool vf_sqlite_declared_is(const char *declared, const char *const *words);

/* May the text be written behind a column's name? Words, and one pair of parentheses with numbers: a declaration may come from a foreign file, and is written without quotes. */
bool vf_sqlite_is_type_name(const char *declared);

/* Floats that a REAL column can't hold as numbers are texts in it: SQLite makes NULL of NaN, and stores -0.0 as the integer 0. The affinity leaves both as they are, and in arithmetic the second is -0.0.
 * The infinities can be held, but not brought over to a server: JSON has none. */
#define VF_SQLITE_NAN            "NaN"
#define VF_SQLITE_NEGATIVE_ZERO  "-0.0 (negative zero)"
#define VF_SQLITE_INFINITY       "Infinity"
#define VF_SQLITE_MINUS_INFINITY "-Infinity"

/* What a column of each neutral kind becomes, in the order of the kinds. The documentation's table is made from it. */
struct vf_sqlite_type {
    enum vf_kind kind;
    const char *native;
    enum vf_form form;
    enum vf_fidelity fidelity;
    const char *note; /* or NULL */
};
extern const struct vf_sqlite_type vf_sqlite_types[VF_KIND_COUNT];

#endif

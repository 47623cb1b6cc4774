/*
 * Decimals of the batch (model/type.h): "-12.50"; and the numbers of SQLite written so.
 */
#ifndef VF_ENGINE_SQLITESQL_DECIMAL_H
#define VF_ENGINE_SQLITESQL_DECIMAL_H

#include <stdbool.h>
#include <stddef.h>

#define VF_SQLITE_DECIMAL_BYTES 400 /* the longest plain writing of a double is below */

/* Written as a decimal of the batch is: no exponent, no "+", no zeros in front; "-0" isn't, for it is no decimal. NaN, Infinity and -Infinity are. */
bool vf_sqlite_decimal_is_plain(const char *text, size_t size_bytes);
/* The shortest decimal that reads back to the double, without exponent, in `out` with a NUL; returns its length. */
size_t vf_sqlite_decimal_from_f64(double value, char out[VF_SQLITE_DECIMAL_BYTES]);

#endif

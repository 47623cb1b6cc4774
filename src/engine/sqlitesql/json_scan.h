/* Is a text JSON (RFC 8259)? Without allocation and without recursion; what is nested deeper than VF_SQLITE_JSON_DEPTH isn't. */
#ifndef VF_ENGINE_SQLITESQL_JSON_SCAN_H
#define VF_ENGINE_SQLITESQL_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#define VF_SQLITE_JSON_DEPTH 1000

/* *is_container: an object or an array. UTF-8 isn't checked. */
bool vf_sqlite_json_is_valid(const char *text, size_t size_bytes, bool *is_container);

#endif

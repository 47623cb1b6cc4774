/*
 * DuckDB's functions, reached through one table of pointers: the library is opened when the first DuckDB file is, and a program that meets none starts without it.
 *
 * duckdb.h is needed for building only. The table lists what is used and nothing more, so that an older or newer library will do as long as it has these.
 */
#ifndef VF_ENGINE_DUCKDB_LIBRARY_H
#define VF_ENGINE_DUCKDB_LIBRARY_H

#include <duckdb.h>

#include "base/error.h"

#define VF_DUCKDB_FUNCTIONS(X)                                                                                         \
    X(open_ext)                                                                                                        \
    X(close)                                                                                                           \
    X(connect)                                                                                                         \
    X(disconnect)                                                                                                      \
    X(library_version)                                                                                                 \
    X(create_config)                                                                                                   \
    X(set_config)                                                                                                      \
    X(destroy_config)                                                                                                  \
    X(free)                                                                                                            \
    X(vector_size)                                                                                                     \
    X(prepare)                                                                                                         \
    X(query)                                                                                                           \
    X(prepare_error)                                                                                                   \
    X(prepared_statement_column_type)                                                                                  \
    X(destroy_prepare)                                                                                                 \
    X(bind_int64)                                                                                                      \
    X(bind_varchar_length)                                                                                             \
    X(bind_blob)                                                                                                       \
    X(bind_null)                                                                                                       \
    X(pending_prepared)                                                                                                \
    X(pending_prepared_streaming)                                                                                      \
    X(pending_error)                                                                                                   \
    X(pending_execute_task)                                                                                            \
    X(execute_pending)                                                                                                 \
    X(destroy_pending)                                                                                                 \
    X(destroy_result)                                                                                                  \
    X(result_error)                                                                                                    \
    X(column_count)                                                                                                    \
    X(column_logical_type)                                                                                             \
    X(rows_changed)                                                                                                    \
    X(query_progress)                                                                                                  \
    X(fetch_chunk)                                                                                                     \
    X(create_data_chunk)                                                                                               \
    X(destroy_data_chunk)                                                                                              \
    X(data_chunk_reset)                                                                                                \
    X(data_chunk_get_vector)                                                                                           \
    X(data_chunk_get_size)                                                                                             \
    X(data_chunk_set_size)                                                                                             \
    X(vector_get_data)                                                                                                 \
    X(vector_get_validity)                                                                                             \
    X(vector_ensure_validity_writable)                                                                                 \
    X(unsafe_vector_assign_string_element_len)                                                                         \
    X(valid_utf8_check)                                                                                                \
    X(destroy_error_data)                                                                                              \
    X(list_vector_get_child)                                                                                           \
    X(list_vector_get_size)                                                                                            \
    X(list_vector_set_size)                                                                                            \
    X(list_vector_reserve)                                                                                             \
    X(array_vector_get_child)                                                                                          \
    X(struct_vector_get_child)                                                                                         \
    X(create_logical_type)                                                                                             \
    X(destroy_logical_type)                                                                                            \
    X(logical_type_get_alias)                                                                                          \
    X(get_type_id)                                                                                                     \
    X(decimal_width)                                                                                                   \
    X(decimal_scale)                                                                                                   \
    X(decimal_internal_type)                                                                                           \
    X(enum_internal_type)                                                                                              \
    X(enum_dictionary_size)                                                                                            \
    X(enum_dictionary_value)                                                                                           \
    X(list_type_child_type)                                                                                            \
    X(array_type_child_type)                                                                                           \
    X(array_type_array_size)                                                                                           \
    X(map_type_key_type)                                                                                               \
    X(map_type_value_type)                                                                                             \
    X(struct_type_child_count)                                                                                         \
    X(struct_type_child_name)                                                                                          \
    X(struct_type_child_type)                                                                                          \
    X(union_type_member_count)                                                                                         \
    X(union_type_member_name)                                                                                          \
    X(union_type_member_type)                                                                                          \
    X(appender_create_ext)                                                                                             \
    X(appender_create_query)                                                                                           \
    X(appender_add_column)                                                                                             \
    X(appender_column_type)                                                                                            \
    X(appender_error)                                                                                                  \
    X(append_data_chunk)                                                                                               \
    X(appender_flush)                                                                                                  \
    X(appender_clear)                                                                                                  \
    X(appender_destroy)

struct vf_duckdb_library {
#define VF_DUCKDB_MEMBER(name) __typeof__(&duckdb_##name) name;
    VF_DUCKDB_FUNCTIONS(VF_DUCKDB_MEMBER)
#undef VF_DUCKDB_MEMBER
};

/* The library in the folder (see base/library.h). It is opened once and stays: threads of it may run until the process ends. VF_MISSING: it isn't there, or lacks a function. */
enum vf_status vf_duckdb_library_get(const char *folder, const struct vf_duckdb_library **library,
                                     struct vf_error *err) VF_CHECKED;

#endif

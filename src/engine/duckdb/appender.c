#include <stdio.h>
#include <string.h>

#include "engine/duckdb/encode.h"

/* ---- opening ---- */

static enum vf_status fail(struct vf_duckdb_appender *appender, struct vf_error *err)
{
    const char *message = appender->handle != NULL ? appender->lib->appender_error(appender->handle) : NULL;
    return vf_duckdb_explain(message, err);
}

static enum vf_status make_columns(struct vf_duckdb_appender *appender, const struct vf_duckdb_library *lib, size_t n,
                                   struct vf_error *err)
{
    *appender = (struct vf_duckdb_appender){.lib = lib, .n_columns = n};
    appender->columns = vf_arena_alloc(&appender->arena, n + 1, sizeof(*appender->columns));
    if (appender->columns == NULL)
        return vf_error_nomem(err);
    for (size_t i = 0; i < n; i++) {
        appender->columns[i].lib = lib;
        vf_buf_init(&appender->columns[i].scratch, VF_BUF_MAX);
    }
    return VF_OK;
}

/* The chunk has a VARCHAR where the value is given as text. */
static enum vf_status make_chunk(struct vf_duckdb_appender *appender, duckdb_logical_type *types, struct vf_error *err)
{
    const struct vf_duckdb_library *lib = appender->lib;
    for (size_t i = 0; i < appender->n_columns; i++) {
        if (!appender->columns[i].as_text)
            continue;
        lib->destroy_logical_type(&types[i]);
        types[i] = lib->create_logical_type(DUCKDB_TYPE_VARCHAR);
    }
    appender->chunk = lib->create_data_chunk(types, appender->n_columns);
    return appender->chunk == NULL ? vf_error_nomem(err) : VF_OK;
}

static void destroy_types(const struct vf_duckdb_library *lib, duckdb_logical_type *types, size_t n)
{
    for (size_t i = 0; types != NULL && i < n; i++) {
        if (types[i] != NULL)
            lib->destroy_logical_type(&types[i]);
    }
    vf_free(types);
}

static void take_vectors(struct vf_duckdb_appender *appender)
{
    const struct vf_duckdb_library *lib = appender->lib;
    appender->n_rows = 0;
    for (size_t i = 0; i < appender->n_columns; i++) {
        struct vf_duckdb_column *column = &appender->columns[i];
        column->vector = lib->data_chunk_get_vector(appender->chunk, i);
        column->data = lib->vector_get_data(column->vector);
        column->validity = NULL;
        if (column->as_text)
            continue;
        if (column->logical.id == DUCKDB_TYPE_ARRAY)
            column->child = lib->array_vector_get_child(column->vector);
        else if (column->logical.id == DUCKDB_TYPE_LIST)
            column->child = lib->list_vector_get_child(column->vector);
    }
}

static enum vf_status add_column(struct vf_duckdb_appender *appender, size_t i, const struct vf_field *field,
                                 duckdb_logical_type *type, struct vf_error *err)
{
    struct vf_duckdb_column *column = &appender->columns[i];
    column->field = field;
    if (appender->lib->appender_add_column(appender->handle, field->name) != DuckDBSuccess)
        return fail(appender, err);
    *type = appender->lib->appender_column_type(appender->handle, i);
    if (*type == NULL)
        return fail(appender, err);
    enum vf_status status = vf_duckdb_logical_read(appender->lib, *type, &appender->arena, &column->logical, err);
    if (status == VF_OK)
        vf_duckdb_choose_put(column);
    return status;
}

enum vf_status vf_duckdb_appender_open(struct vf_duckdb_conn *conn, const char *catalog,
                                       const struct vf_relation *relation, struct vf_duckdb_appender *appender,
                                       struct vf_error *err)
{
    size_t n = relation->n_fields;
    duckdb_logical_type *types = vf_calloc(n + 1, sizeof(duckdb_logical_type));
    enum vf_status status = types == NULL ? vf_error_nomem(err) : make_columns(appender, conn->lib, n, err);
    if (status == VF_OK && conn->lib->appender_create_ext(conn->handle, catalog, vf_duckdb_schema(relation->schema),
                                                          relation->name, &appender->handle) != DuckDBSuccess)
        status = fail(appender, err);
    for (size_t i = 0; status == VF_OK && i < n; i++)
        status = add_column(appender, i, &relation->fields[i], &types[i], err);
    if (status == VF_OK)
        status = make_chunk(appender, types, err);
    destroy_types(conn->lib, types, n);
    if (status != VF_OK) {
        vf_duckdb_appender_close(appender);
        vf_error_wrap(err, "table %s", relation->name);
        return status;
    }
    take_vectors(appender);
    return VF_OK;
}

static enum vf_status put_number(struct vf_duckdb_column *column, const struct vf_array *array, int64_t row, idx_t slot,
                                 struct vf_error *err)
{
    (void)array;
    (void)err;
    ((int64_t *)column->data)[slot] = row;
    return VF_OK;
}

enum vf_status vf_duckdb_appender_open_query(struct vf_duckdb_conn *conn, const char *query,
                                             const struct vf_duckdb_appender *like, size_t n_columns,
                                             const size_t *columns, struct vf_duckdb_appender *appender,
                                             struct vf_error *err)
{
    const struct vf_duckdb_library *lib = conn->lib;
    size_t n = n_columns + 1;
    duckdb_logical_type *types = vf_calloc(n + 1, sizeof(duckdb_logical_type));
    const char **names = vf_calloc(n + 1, sizeof(*names));
    enum vf_status status = types == NULL || names == NULL ? vf_error_nomem(err) : make_columns(appender, lib, n, err);
    for (size_t i = 0; status == VF_OK && i < n; i++) {
        types[i] = i == 0 ? lib->create_logical_type(DUCKDB_TYPE_BIGINT)
                          : lib->appender_column_type(like->handle, columns[i - 1]);
        names[i] = vf_arena_printf(&appender->arena, "c%zu", i);
        if (types[i] == NULL || names[i] == NULL)
            status = vf_error_nomem(err);
        if (i > 0) {
            appender->columns[i].field = like->columns[columns[i - 1]].field;
            appender->columns[i].logical = like->columns[columns[i - 1]].logical;
            vf_duckdb_choose_put(&appender->columns[i]);
        } else {
            appender->columns[i].put = put_number;
        }
    }
    if (status == VF_OK &&
        lib->appender_create_query(conn->handle, query, n, types, NULL, names, &appender->handle) != DuckDBSuccess)
        status = fail(appender, err);
    if (status == VF_OK)
        status = make_chunk(appender, types, err);
    destroy_types(lib, types, n);
    vf_free(names);
    if (status != VF_OK) {
        vf_duckdb_appender_close(appender);
        return status;
    }
    take_vectors(appender);
    return VF_OK;
}

/* ---- filling ---- */

static void put_null(struct vf_duckdb_column *column, idx_t slot)
{
    const struct vf_duckdb_library *lib = column->lib;
    if (column->validity == NULL) {
        lib->vector_ensure_validity_writable(column->vector);
        column->validity = lib->vector_get_validity(column->vector);
    }
    column->validity[slot >> 6] &= ~(UINT64_C(1) << (slot & 63));
    if (column->as_text)
        return;
    const struct vf_duckdb_slot to = {
        .lib = lib, .logical = &column->logical, .vector = column->vector, .data = column->data, .at = slot};
    duckdb_type element = column->logical.id == DUCKDB_TYPE_ARRAY ? column->logical.children[0].id : 0;
    if (element == DUCKDB_TYPE_FLOAT || element == DUCKDB_TYPE_DOUBLE || element == DUCKDB_TYPE_TINYINT) {
        /* The elements of a NULL are stored too: zeros instead of what the memory held, and all at once. */
        size_t size_bytes = vf_duckdb_width(&column->logical.children[0]) * column->logical.array_size;
        memset((uint8_t *)lib->vector_get_data(column->child) + slot * size_bytes, 0, size_bytes);
    } else if (vf_duckdb_is_nested(&column->logical)) {
        vf_duckdb_put_null(&to);
    }
}

static void put_valid(struct vf_duckdb_column *column, idx_t slot)
{
    if (column->validity != NULL)
        column->validity[slot >> 6] |= UINT64_C(1) << (slot & 63);
}

static enum vf_status hand_over(struct vf_duckdb_appender *appender, struct vf_error *err)
{
    const struct vf_duckdb_library *lib = appender->lib;
    if (appender->n_rows == 0)
        return VF_OK;
    lib->data_chunk_set_size(appender->chunk, appender->n_rows);
    enum vf_status status = VF_OK;
    if (lib->append_data_chunk(appender->handle, appender->chunk) != DuckDBSuccess)
        status = fail(appender, err);
    lib->data_chunk_reset(appender->chunk);
    take_vectors(appender);
    return status;
}

enum vf_status vf_duckdb_appender_add(struct vf_duckdb_appender *appender, const struct vf_array *const *arrays,
                                      int64_t row, size_t *column, struct vf_error *err)
{
    if (appender->n_rows == appender->lib->vector_size()) {
        *column = appender->n_columns;
        enum vf_status status = hand_over(appender, err);
        if (status != VF_OK)
            return status == VF_VALUE ? vf_error_set(err, VF_ENGINE, "%s", err != NULL ? err->message : "") : status;
    }
    for (size_t i = 0; i < appender->n_columns; i++) {
        struct vf_duckdb_column *to = &appender->columns[i];
        *column = i;
        if (arrays[i] != NULL && vf_array_is_null(arrays[i], row)) {
            put_null(to, appender->n_rows);
            continue;
        }
        put_valid(to, appender->n_rows);
        enum vf_status status = to->put(to, arrays[i], row, appender->n_rows, err);
        if (status != VF_OK)
            return status;
    }
    appender->n_rows++;
    return VF_OK;
}

enum vf_status vf_duckdb_appender_flush(struct vf_duckdb_appender *appender, struct vf_error *err)
{
    enum vf_status status = hand_over(appender, err);
    if (status == VF_OK && appender->lib->appender_flush(appender->handle) != DuckDBSuccess)
        status = fail(appender, err);
    return status;
}

void vf_duckdb_appender_close(struct vf_duckdb_appender *appender)
{
    if (appender->lib == NULL)
        return;
    if (appender->chunk != NULL)
        appender->lib->destroy_data_chunk(&appender->chunk);
    if (appender->handle != NULL) {
        appender->lib->appender_clear(appender->handle); /* what wasn't flushed is given up */
        appender->lib->appender_destroy(&appender->handle);
    }
    for (size_t i = 0; appender->columns != NULL && i < appender->n_columns; i++)
        vf_buf_release(&appender->columns[i].scratch);
    vf_arena_release(&appender->arena);
    *appender = (struct vf_duckdb_appender){0};
}

enum vf_status vf_duckdb_append_batch(struct vf_duckdb_conn *conn, const char *catalog,
                                      const struct vf_relation *relation, const struct vf_batch *batch,
                                      struct vf_error *err)
{
    struct vf_duckdb_appender appender = {0};
    size_t column = 0;
    const struct vf_array **arrays = vf_calloc(relation->n_fields + 1, sizeof(*arrays));
    if (arrays == NULL)
        return vf_error_nomem(err);
    for (size_t i = 0; i < relation->n_fields; i++)
        arrays[i] = &batch->columns[i];
    enum vf_status status = vf_duckdb_appender_open(conn, catalog, relation, &appender, err);
    for (int64_t row = 0; status == VF_OK && row < batch->n_rows; row++) {
        status = vf_duckdb_appender_add(&appender, arrays, row, &column, err);
        if (status == VF_VALUE) /* a key that the type can't hold isn't in the table */
            status = VF_OK;
    }
    if (status == VF_OK)
        status = vf_duckdb_appender_flush(&appender, err);
    vf_duckdb_appender_close(&appender);
    vf_free(arrays);
    return status;
}

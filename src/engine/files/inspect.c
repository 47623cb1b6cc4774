#include <string.h>

#include "engine/definition.h"
#include "engine/files/conn.h"
#include "engine/memory.h"
#include "engine/store.h"

struct inspecting {
    struct vf_files_conn *conn;
    struct vf_schema *schema;
};

static enum vf_status add_table(void *context, const char *name, struct vf_error *err)
{
    struct inspecting *inspecting = context;
    struct vf_files_table table = {0};
    struct vf_files_list list = {0};
    struct vf_table copy = {0};
    enum vf_status status = vf_files_table_load(inspecting->conn, name, &table, err);
    if (status == VF_OK)
        status = vf_files_list_table(inspecting->conn, &table.place, &list, err);
    if (status == VF_OK)
        status = vf_definition_copy(&table.def, inspecting->schema, &copy, err);
    struct vf_table *place = status == VF_OK ? vf_schema_add_table(inspecting->schema) : NULL;
    if (status == VF_OK && place == NULL)
        status = vf_error_nomem(err);
    if (place != NULL) {
        *place = copy;
        place->n_rows = (int64_t)list.n_entries;
        place->n_rows_exact = true;
        place->size_bytes = 0;
        for (size_t i = 0; i < list.n_entries; i++)
            place->size_bytes += (int64_t)list.entries[i].size_bytes;
        for (size_t i = 0; i < copy.n_columns && table.is_foreign; i++) {
            place->columns[i].evidence = table.def.columns[i].evidence;
            place->columns[i].evidence.text =
                vf_arena_strdup(&inspecting->schema->arena, table.def.columns[i].evidence.text);
        }
    }
    vf_files_list_release(&list);
    vf_files_table_release(&table);
    return status;
}

enum vf_status vf_files_inspect(struct vf_conn *conn, const struct vf_inspect_options *options,
                                struct vf_schema *schema, struct vf_error *err)
{
    struct inspecting inspecting = {.conn = vf_files_conn_of(conn), .schema = schema};
    (void)options; /* what is known of a table needs no look at its rows, and of a foreign one all of them */
    enum vf_status status = vf_files_table_each(inspecting.conn, add_table, &inspecting, err);
    return status == VF_OK ? vf_memory_lay(conn, schema, err) : status;
}

/*
 * Inspecting a database: from the catalogue to the neutral schema.
 *
 * Names are asked for with an empty search_path, so that the catalogue's own functions write them in full and no name can be hidden by another schema. Tables are found in the order of their
 * names, and everything that isn't translated is named among the others.
 */
#ifndef VF_ENGINE_POSTGRES_INSPECT_H
#define VF_ENGINE_POSTGRES_INSPECT_H

#include "engine/postgres/conn.h"

/* While inspecting: which table of the schema has which OID, and which of its columns has which number. */
struct vf_pg_seen {
    int64_t oid;
    int relkind;
    size_t n_numbers;
    int *numbers; /* attnum of each column */
};

struct vf_pg_inspection {
    struct vf_pg_conn *conn;
    struct vf_schema *schema;
    struct vf_arena arena;
    struct vf_pg_seen *seen; /* by the index of the table */
    size_t last;             /* found last: the catalogue's rows come table by table */
    struct vf_error *err;
};

enum vf_status vf_pg_inspect(struct vf_conn *conn, const struct vf_inspect_options *options, struct vf_schema *schema,
                             struct vf_error *err) VF_CHECKED;

/* The table with that OID, or NULL. */
struct vf_table *vf_pg_seen_table(struct vf_pg_inspection *inspection, int64_t oid);
/* The column with that number, or -1. */
int vf_pg_seen_column(const struct vf_pg_inspection *inspection, const struct vf_table *table, int number);
/* "{1,2}" or "1 2" as numbers in the schema's arena; returns how many, -1: no memory. */
int vf_pg_numbers(const char *text, struct vf_arena *arena, int **numbers);

/* What this user can't read: `unread` of the tables. */
enum vf_status vf_pg_inspect_rights(struct vf_pg_inspection *inspection) VF_CHECKED;
enum vf_status vf_pg_inspect_keys(struct vf_pg_inspection *inspection) VF_CHECKED;
enum vf_status vf_pg_inspect_objects(struct vf_pg_inspection *inspection) VF_CHECKED;
enum vf_status vf_pg_inspect_others(struct vf_pg_inspection *inspection) VF_CHECKED;
enum vf_status vf_pg_inspect_values(struct vf_pg_inspection *inspection,
                                    const struct vf_inspect_options *options) VF_CHECKED;

/* A default as pg_get_expr() writes it, into the small model. NULL: none. */
enum vf_status vf_pg_default_parse(const char *text, struct vf_type type, struct vf_arena *arena,
                                   struct vf_default *def, struct vf_error *err) VF_CHECKED;
/* The default of a column as DDL; false: it can't be declared, and *why says why. */
bool vf_pg_default_write(const struct vf_column *column, const struct vf_pg_types *types, struct vf_buf *out,
                         const char **why);

#endif

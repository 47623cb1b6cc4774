#include <string.h>

#include "engine/mem/db.h"
#include "engine/refuse.h"

struct vf_mem_load {
    struct vf_mem_conn *conn;
    const struct vf_relation *relation;
    struct vf_mem_table *table;
    int *columns;
    struct vf_mem_cell *cells; /* one row of the table */
    uint8_t (*scratch)[2][8];  /* for each field: the number as given, and converted */
};

static struct vf_mem_load *vf_mem_load_of(struct vf_load *load)
{
    return (struct vf_mem_load *)(void *)load;
}

enum vf_status vf_mem_match_fields(const struct vf_mem_table *table, const struct vf_relation *relation, int *columns,
                                   struct vf_error *err)
{
    for (size_t i = 0; i < relation->n_fields; i++) {
        columns[i] = vf_table_find_column(&table->def, relation->fields[i].name);
        if (columns[i] < 0)
            return vf_error_set(err, VF_NOTFOUND, "table %s has no column \"%s\"", relation->name,
                                relation->fields[i].name);
    }
    return VF_OK;
}

static enum vf_status load_make(struct vf_mem_load *load, struct vf_error *err)
{
    const struct vf_relation *relation = load->relation;
    load->table = vf_mem_table_find(load->conn->db, relation->schema, relation->name);
    if (load->table == NULL)
        return vf_error_set(err, VF_NOTFOUND, "there is no table \"%s\"", relation->name);
    load->columns = vf_calloc(relation->n_fields + 1, sizeof(int));
    load->cells = vf_calloc(load->table->def.n_columns + 1, sizeof(*load->cells));
    load->scratch = vf_calloc(relation->n_fields + 1, sizeof(*load->scratch));
    if (load->columns == NULL || load->cells == NULL || load->scratch == NULL)
        return vf_error_nomem(err);
    enum vf_status status = vf_mem_match_fields(load->table, relation, load->columns, err);
    for (size_t i = 0; status == VF_OK && i < relation->n_fields; i++) {
        struct vf_type type = load->table->def.columns[load->columns[i]].type;
        if (!vf_mem_type_fits(relation->fields[i].type, type))
            status = vf_error_set(err, VF_ENGINE, "table %s: column %s is %s and can't hold %s", relation->name,
                                  relation->fields[i].name, vf_kind_name(type.kind),
                                  vf_kind_name(relation->fields[i].type.kind));
    }
    return status;
}

enum vf_status vf_mem_load_open(struct vf_conn *conn, const struct vf_relation *relation, struct vf_load **load,
                                struct vf_error *err)
{
    struct vf_mem_conn *mem = vf_mem_conn_of(conn);
    struct vf_mem_load *made = vf_calloc(1, sizeof(*made));
    if (made == NULL)
        return vf_error_nomem(err);
    made->conn = mem;
    made->relation = relation;
    vf_mem_lock(mem->db);
    enum vf_status status = load_make(made, err);
    vf_mem_unlock(mem->db);
    if (status != VF_OK) {
        vf_mem_load_close((struct vf_load *)(void *)made);
        return status;
    }
    *load = (struct vf_load *)(void *)made;
    return VF_OK;
}

static void fill_cells(struct vf_mem_load *load, const struct vf_batch *batch, int64_t row, struct vf_refusal *refusal)
{
    const struct vf_table *def = &load->table->def;
    for (size_t i = 0; i < def->n_columns; i++)
        load->cells[i] = (struct vf_mem_cell){.is_null = true};
    for (size_t i = 0; refusal->reason == NULL && i < load->relation->n_fields; i++) {
        struct vf_mem_cell given = vf_mem_cell_of(&batch->columns[i], row, load->scratch[i][0]);
        const struct vf_column *column = &def->columns[load->columns[i]];
        refusal->reason = vf_mem_cell_convert(batch->columns[i].type, column->type, &given,
                                              &load->cells[load->columns[i]], load->scratch[i][1]);
        refusal->sqlstate = "22003";
        refusal->column = column->name;
    }
}

static bool in_primary_key(const struct vf_mem_table *table, int column)
{
    for (size_t i = 0; i < table->n_uniques; i++) {
        for (size_t k = 0; table->uniques[i].is_primary && k < table->uniques[i].n_columns; k++) {
            if (table->uniques[i].columns[k] == column)
                return true;
        }
    }
    return false;
}

static void check_nulls(const struct vf_mem_load *load, struct vf_refusal *refusal)
{
    for (size_t i = 0; refusal->reason == NULL && i < load->relation->n_fields; i++) {
        int column = load->columns[i];
        const struct vf_column *def = &load->table->def.columns[column];
        if (!load->cells[column].is_null || !(def->not_null || in_primary_key(load->table, column)))
            continue;
        refusal->reason = "NULL in a column that doesn't take it";
        refusal->sqlstate = "23502";
        refusal->column = def->name;
    }
}

static enum vf_status check_keys(const struct vf_mem_load *load, struct vf_refusal *refusal, struct vf_error *err)
{
    const struct vf_mem_row *other = NULL;
    const struct vf_mem_unique *unique = NULL;
    if (refusal->reason != NULL)
        return VF_OK;
    enum vf_status status = vf_mem_table_conflict(load->table, load->cells, &other, &unique, err);
    if (status != VF_OK || other == NULL)
        return status;
    if (!vf_mem_row_visible(other, load->conn))
        return vf_error_set(err, VF_TEMPORARY, "table %s: another transaction is loading a row with the same key",
                            load->relation->name);
    refusal->reason = "the key is there already";
    refusal->sqlstate = "23505";
    refusal->column = NULL;
    refusal->key = unique->name;
    return VF_OK;
}

static enum vf_status add_row(const struct vf_mem_load *load, struct vf_error *err)
{
    struct vf_mem_row *row = NULL;
    enum vf_status status = vf_mem_row_make(load->table->def.n_columns, load->cells, &row, err);
    if (status != VF_OK)
        return status;
    status = vf_mem_table_add(load->table, row, load->conn, err);
    if (status != VF_OK)
        vf_mem_row_unref(row);
    return status;
}

enum vf_status vf_mem_load_write(struct vf_load *load, const struct vf_batch *batch, struct vf_reject_list *rejects,
                                 struct vf_error *err)
{
    struct vf_mem_load *mem = vf_mem_load_of(load);
    enum vf_status status = VF_OK;
    if (!mem->conn->in_transaction || mem->conn->failed)
        return vf_error_set(err, VF_INTERNAL, "table %s: loading without a good transaction", mem->relation->name);
    vf_mem_lock(mem->conn->db);
    for (int64_t row = 0; status == VF_OK && row < batch->n_rows; row++) {
        struct vf_refusal refusal = {0};
        fill_cells(mem, batch, row, &refusal);
        check_nulls(mem, &refusal);
        status = check_keys(mem, &refusal, err);
        if (status == VF_OK && refusal.reason == NULL)
            status = add_row(mem, err);
        else if (status == VF_OK)
            status = vf_refuse_row(mem->relation, batch, row, &refusal, rejects, err);
    }
    vf_mem_unlock(mem->conn->db);
    if (status != VF_OK)
        mem->conn->failed = true;
    return status;
}

void vf_mem_load_close(struct vf_load *load)
{
    struct vf_mem_load *mem = vf_mem_load_of(load);
    vf_free(mem->columns);
    vf_free(mem->cells);
    vf_free(mem->scratch);
    vf_free(mem);
}

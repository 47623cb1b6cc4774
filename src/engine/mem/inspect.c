#include <math.h>
#include <string.h>

#include "base/text.h"
#include "engine/definition.h"
#include "engine/mem/db.h"
#include "engine/store.h"
#include "model/schema_json.h"

static void measure_vector(struct vf_evidence *evidence, struct vf_type type, const struct vf_mem_cell *cell)
{
    double square = 0;
    int64_t dim = type.dim;
    if (type.element == VF_E_F32) {
        dim = (int64_t)(cell->size_bytes / sizeof(float));
        for (int64_t i = 0; i < dim; i++) {
            float element = 0;
            memcpy(&element, cell->bytes + (size_t)i * sizeof(element), sizeof(element));
            square += (double)element * (double)element;
        }
        double norm = sqrt(square);
        evidence->n_not_finite += !isfinite(square);
        evidence->n_zero += square == 0;
        evidence->min_norm = evidence->n_values == 1 ? norm : fmin(norm, evidence->min_norm);
        evidence->max_norm = evidence->n_values == 1 ? norm : fmax(norm, evidence->max_norm);
    }
    evidence->min_dim = evidence->n_values == 1 || dim < evidence->min_dim ? dim : evidence->min_dim;
    evidence->max_dim = dim > evidence->max_dim ? dim : evidence->max_dim;
}

static void measure_column(const struct vf_mem_table *table, size_t column, const struct vf_mem_conn *conn,
                           int64_t sample_rows, struct vf_column *out)
{
    struct vf_evidence *evidence = &out->evidence;
    int64_t n_seen = 0;
    evidence->measured = true;
    for (size_t i = 0; i < table->n_rows; i++) {
        const struct vf_mem_cell *cell = &table->rows[i]->cells[column];
        if (!vf_mem_row_visible(table->rows[i], conn))
            continue;
        if (sample_rows > 0 && n_seen == sample_rows) {
            evidence->sampled = true;
            return;
        }
        n_seen++;
        evidence->n_null += cell->is_null;
        evidence->n_values += !cell->is_null;
        if (!cell->is_null && out->type.kind == VF_K_VECTOR)
            measure_vector(evidence, out->type, cell);
    }
}

static bool wants_evidence(const struct vf_inspect_options *options, const struct vf_table *table)
{
    char label[512];
    bool wanted = options->n_only == 0;
    vf_table_label(table->schema, table->name, label, sizeof(label));
    for (size_t i = 0; !wanted && i < options->n_only; i++)
        wanted = strcmp(options->only[i], table->name) == 0 || strcmp(options->only[i], label) == 0;
    return options->evidence && wanted;
}

static enum vf_status copy_table(const struct vf_mem_conn *conn, const struct vf_mem_table *table,
                                 const struct vf_inspect_options *options, struct vf_schema *schema,
                                 struct vf_error *err)
{
    struct vf_table copy = {0};
    enum vf_status status = vf_definition_copy(&table->def, schema, &copy, err);
    struct vf_table *place = status == VF_OK ? vf_schema_add_table(schema) : NULL;
    if (status != VF_OK)
        return status;
    if (place == NULL)
        return vf_error_nomem(err);

    *place = copy;
    place->n_rows = place->size_bytes = 0;
    place->n_rows_exact = true;
    for (size_t i = 0; i < table->n_rows; i++) {
        place->n_rows += vf_mem_row_visible(table->rows[i], conn);
        place->size_bytes += (int64_t)table->rows[i]->size_bytes;
    }
    for (size_t i = 0; wants_evidence(options, place) && i < place->n_columns; i++)
        measure_column(table, i, conn, options->sample_rows, &place->columns[i]);
    return VF_OK;
}

static enum vf_status copy_sequence(const struct vf_sequence *sequence, struct vf_schema *schema, struct vf_error *err)
{
    struct vf_buf json;
    struct vf_sequence copy = {0};
    vf_buf_init(&json, VF_BUF_MAX);
    vf_sequence_to_json(sequence, &json);
    enum vf_status status = vf_buf_check(&json, err);
    if (status == VF_OK)
        status = vf_sequence_from_json(json.data, schema, &copy, err);
    vf_buf_release(&json);
    struct vf_sequence *place = status == VF_OK ? vf_schema_add_sequence(schema) : NULL;
    if (place != NULL)
        *place = copy;
    return status == VF_OK && place == NULL ? vf_error_nomem(err) : status;
}

static enum vf_status copy_user_type(const struct vf_user_type *type, struct vf_schema *schema, struct vf_error *err)
{
    struct vf_buf json;
    struct vf_user_type copy = {0};
    vf_buf_init(&json, VF_BUF_MAX);
    vf_user_type_to_json(type, &json);
    enum vf_status status = vf_buf_check(&json, err);
    if (status == VF_OK)
        status = vf_user_type_from_json(json.data, schema, &copy, err);
    vf_buf_release(&json);
    struct vf_user_type *place = status == VF_OK ? vf_schema_add_user_type(schema) : NULL;
    if (place != NULL)
        *place = copy;
    return status == VF_OK && place == NULL ? vf_error_nomem(err) : status;
}

enum vf_status vf_mem_inspect(struct vf_conn *conn, const struct vf_inspect_options *options, struct vf_schema *schema,
                              struct vf_error *err)
{
    struct vf_mem_conn *mem = vf_mem_conn_of(conn);
    enum vf_status status = VF_OK;
    vf_mem_lock(mem->db);
    for (const struct vf_mem_table *table = mem->db->tables; status == VF_OK && table != NULL; table = table->next) {
        if (!vf_str_starts(table->def.name, VF_STORE_PREFIX))
            status = copy_table(mem, table, options, schema, err);
    }
    for (size_t i = 0; status == VF_OK && i < mem->db->catalog.n_sequences; i++)
        status = copy_sequence(&mem->db->catalog.sequences[i], schema, err);
    for (size_t i = 0; status == VF_OK && i < mem->db->catalog.n_user_types; i++)
        status = copy_user_type(&mem->db->catalog.user_types[i], schema, err);
    vf_mem_unlock(mem->db);
    return status;
}

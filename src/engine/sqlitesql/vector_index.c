#include "engine/sqlitesql/vector_index.h"

#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "base/text.h"
#include "engine/sqlitesql/libsql_index.h"
#include "engine/sqlitesql/libsql_vector.h"
#include "engine/sqlitesql/target.h"
#include "engine/sqlitesql/types.h"

/* ---- reading ---- */

static int find_column(const struct vf_table *table, const char *name)
{
    for (size_t i = 0; i < table->n_columns; i++) {
        if (vf_strcasecmp(table->columns[i].name, name) == 0)
            return (int)i;
    }
    return -1;
}

bool vf_sqlite_read_vector_index(struct vf_schema *schema, const struct vf_table *table, struct vf_index *index)
{
    const char *name = NULL;
    if (index->n_parts != 1 || index->parts[0].expression == NULL || !vf_libsql_index_is(index->parts[0].expression))
        return true;
    if (!vf_libsql_index_parse(index->parts[0].expression, &schema->arena, &name, &index->vector))
        return false;
    int column = find_column(table, name);
    index->kind = column < 0 ? VF_INDEX_OTHER : VF_INDEX_DISKANN;
    index->method = column < 0 ? VF_LIBSQL_INDEX_FUNCTION : "diskann";
    if (column < 0)
        return true;
    index->parts[0] = (struct vf_key_part){.column = column, .nulls_first = true};
    /* A cosine over bits is their Hamming distance there. */
    if (table->columns[column].type.element == VF_E_BIT && index->vector.metric == VF_METRIC_COSINE)
        index->vector.metric = VF_METRIC_HAMMING;
    return true;
}

/* ---- mapping ---- */

static struct vf_libsql_cost cost_of(const struct vf_table *table, const struct vf_index *index)
{
    const struct vf_column *column = &table->columns[index->parts[0].column];
    return vf_libsql_index_cost(&index->vector, column->type.element, column->type.dim);
}

uint64_t vf_sqlite_vector_index_bytes(const struct vf_table *table, const struct vf_index *index)
{
    return table->n_rows > 0 ? (uint64_t)table->n_rows * cost_of(table, index).row_bytes : 0;
}

static const char *obstacle(const struct vf_sqlite_conn *conn, const struct vf_table *table,
                            const struct vf_index *index, struct vf_arena *arena)
{
    if (conn->no_vector_index != NULL)
        return conn->no_vector_index;
    if (index->kind != VF_INDEX_DISKANN || index->n_parts != 1 || index->parts[0].column < 0)
        return "libSQL has no index of this kind; it is remembered for the way back";
    const struct vf_column *column = &table->columns[index->parts[0].column];
    struct vf_sqlite_meaning declared = vf_sqlite_type_of(column->native);
    if (column->form != VF_FORM_LIBSQL || declared.form != VF_FORM_LIBSQL || declared.type.dim > VF_LIBSQL_MAX_DIM)
        return vf_arena_printf(arena,
                               "libSQL indexes columns that are declared F32_BLOB(n) or as one of its sisters, with at "
                               "most %d dimensions, and this one is declared \"%s\"",
                               VF_LIBSQL_MAX_DIM, column->native);
    if (vf_sqlite_is_float8(column->native))
        return "float32, which the column's values are, isn't indexed in a column that is declared F8_BLOB";
    if (table->without_rowid && table->primary_key >= 0 && table->indexes[table->primary_key].n_parts > 1)
        return "libSQL builds no vector index on a table WITHOUT ROWID whose key has several columns";
    return NULL;
}

/* Letters, digits and "_"; a name that had other characters gets a number of its own, so that two stay two. */
static const char *plain_name(const char *name, struct vf_arena *arena)
{
    if (vf_libsql_index_name_is_plain(name))
        return name;
    char *plain =
        vf_arena_printf(arena, "v_%s_%08x", name, (unsigned)(vf_hash128(name, strlen(name)).low & 0xffffffff));
    for (char *c = plain; c != NULL && *c != '\0'; c++) {
        bool is_letter = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9');
        if (!is_letter)
            *c = '_';
    }
    return plain;
}

static const char *size_text(uint64_t size_bytes, char *out, size_t out_bytes)
{
    static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
    size_t unit = 0;
    double size = (double)size_bytes;
    while (size >= 1024 && unit < sizeof(units) / sizeof(units[0]) - 1) {
        size /= 1024;
        unit++;
    }
    int tenths = (int)(size * 10 + 0.5);
    if (unit == 0 || tenths >= 1000)
        snprintf(out, out_bytes, "%d %s", tenths / 10, units[unit]);
    else
        snprintf(out, out_bytes, "%d.%d %s", tenths / 10, tenths % 10, units[unit]);
    return out;
}

static const char *cost_text(const struct vf_table *table, const struct vf_index *index, struct vf_arena *arena)
{
    const struct vf_libsql_cost cost = cost_of(table, index);
    char row[32], all[32];
    size_text(cost.row_bytes, row, sizeof(row));
    if (table->n_rows <= 0)
        return vf_arena_printf(arena, "the index takes %s a row", row);
    double seconds = cost.row_ms * (double)table->n_rows / 1000;
    size_text(vf_sqlite_vector_index_bytes(table, index), all, sizeof(all));
    return vf_arena_printf(arena, "the index takes %s a row, %s in all, and about %.0f %s to build", row, all,
                           seconds < 120 ? seconds + 0.5 : seconds / 60 + 0.5, seconds < 120 ? "s" : "min");
}

/* libSQL can keep neighbours as bits only for cosine, and bits have nothing to compress. */
static void fit_compression(const struct vf_table *table, struct vf_index *index)
{
    bool is_cosine = index->vector.metric == VF_METRIC_COSINE;
    if (table->columns[index->parts[0].column].type.element == VF_E_BIT)
        index->vector.compress = VF_E_NONE;
    else if (index->vector.compress == VF_E_BIT && !is_cosine)
        index->vector.compress = VF_E_I8;
}

enum vf_status vf_sqlite_map_vector_index(struct vf_sqlite_conn *conn, const struct vf_table *table,
                                          struct vf_arena *arena, struct vf_index_mapping *mapping,
                                          struct vf_error *err)
{
    struct vf_index *index = &mapping->index;
    (void)err;
    mapping->why = obstacle(conn, table, index, arena);
    mapping->moved = mapping->why == NULL;
    if (mapping->moved && index->predicate != NULL && index->predicate_expr == NULL) {
        mapping->moved = false;
        mapping->why = "its condition isn't one that was translated";
    }
    if (!mapping->moved)
        return VF_OK;
    fit_compression(table, index);
    index->method = "diskann";
    index->n_included = 0;
    index->included = NULL;
    if (index->name == NULL)
        index->name = vf_arena_printf(arena, "%s_%s_idx", table->name, table->columns[index->parts[0].column].name);
    const char *plain = index->name != NULL ? plain_name(index->name, arena) : NULL;
    const char *cost = cost_text(table, index, arena);
    if (plain == NULL || cost == NULL)
        return vf_error_nomem(err);
    mapping->why = plain == index->name
                       ? cost
                       : vf_arena_printf(arena, "named %s, since libSQL can't quote the name; %s", plain, cost);
    index->name = plain;
    return mapping->why == NULL ? vf_error_nomem(err) : VF_OK;
}

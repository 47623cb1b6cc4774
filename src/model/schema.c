#include "model/schema.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "base/text.h"

void vf_schema_release(struct vf_schema *schema)
{
    vf_arena_release(&schema->arena);
    *schema = (struct vf_schema){0};
}

struct vf_table *vf_schema_add_table(struct vf_schema *schema)
{
    void *array = schema->tables;
    struct vf_table *table = vf_arena_push(&schema->arena, &array, &schema->n_tables, sizeof(*table));

    schema->tables = array;
    if (table != NULL) {
        table->primary_key = -1;
        table->n_rows = -1;
        table->size_bytes = -1;
    }
    return table;
}

struct vf_user_type *vf_schema_add_user_type(struct vf_schema *schema)
{
    void *array = schema->user_types;
    struct vf_user_type *type = vf_arena_push(&schema->arena, &array, &schema->n_user_types, sizeof(*type));

    schema->user_types = array;
    return type;
}

struct vf_sequence *vf_schema_add_sequence(struct vf_schema *schema)
{
    void *array = schema->sequences;
    struct vf_sequence *sequence = vf_arena_push(&schema->arena, &array, &schema->n_sequences, sizeof(*sequence));

    schema->sequences = array;
    return sequence;
}

struct vf_other *vf_schema_add_other(struct vf_schema *schema)
{
    void *array = schema->others;
    struct vf_other *other = vf_arena_push(&schema->arena, &array, &schema->n_others, sizeof(*other));

    schema->others = array;
    return other;
}

struct vf_column *vf_table_add_column(struct vf_schema *schema, struct vf_table *table)
{
    void *array = table->columns;
    struct vf_column *column = vf_arena_push(&schema->arena, &array, &table->n_columns, sizeof(*column));

    table->columns = array;
    if (column != NULL)
        column->native = "";
    return column;
}

struct vf_index *vf_table_add_index(struct vf_schema *schema, struct vf_table *table)
{
    void *array = table->indexes;
    struct vf_index *index = vf_arena_push(&schema->arena, &array, &table->n_indexes, sizeof(*index));

    table->indexes = array;
    return index;
}

struct vf_foreign_key *vf_table_add_foreign_key(struct vf_schema *schema, struct vf_table *table)
{
    void *array = table->foreign_keys;
    struct vf_foreign_key *key = vf_arena_push(&schema->arena, &array, &table->n_foreign_keys, sizeof(*key));

    table->foreign_keys = array;
    return key;
}

struct vf_check *vf_table_add_check(struct vf_schema *schema, struct vf_table *table)
{
    void *array = table->checks;
    struct vf_check *check = vf_arena_push(&schema->arena, &array, &table->n_checks, sizeof(*check));

    table->checks = array;
    return check;
}

struct vf_key_part *vf_index_add_part(struct vf_schema *schema, struct vf_index *index)
{
    void *array = index->parts;
    struct vf_key_part *part = vf_arena_push(&schema->arena, &array, &index->n_parts, sizeof(*part));

    index->parts = array;
    return part;
}

static const char *const index_kinds[] = {
    [VF_INDEX_BTREE] = "btree",       [VF_INDEX_HASH] = "hash",       [VF_INDEX_HNSW] = "hnsw",
    [VF_INDEX_IVFFLAT] = "ivfflat",   [VF_INDEX_DISKANN] = "diskann", [VF_INDEX_EXACT] = "exact",
    [VF_INDEX_FULLTEXT] = "fulltext", [VF_INDEX_OTHER] = "other",
};

#define N_INDEX_KINDS (sizeof(index_kinds) / sizeof(index_kinds[0]))

static bool is_of_dialect(enum vf_default_kind kind)
{
    return kind == VF_DEFAULT_NOW || kind == VF_DEFAULT_TODAY || kind == VF_DEFAULT_TIME || kind == VF_DEFAULT_UUID ||
           kind == VF_DEFAULT_HEX || kind == VF_DEFAULT_HEX_UPPER || kind == VF_DEFAULT_EXPRESSION;
}

static void set_default(struct vf_default *def, const char *dialect)
{
    if (is_of_dialect(def->kind) && def->text != NULL && def->dialect == NULL)
        def->dialect = dialect;
}

static void set_checks(struct vf_check *checks, size_t n_checks, const char *dialect)
{
    for (size_t i = 0; i < n_checks; i++)
        checks[i].dialect = checks[i].dialect != NULL ? checks[i].dialect : dialect;
}

void vf_table_set_dialect(struct vf_table *table, const char *dialect)
{
    for (size_t i = 0; i < table->n_columns; i++) {
        struct vf_column *column = &table->columns[i];
        if (column->expression != NULL && column->dialect == NULL)
            column->dialect = dialect;
        set_default(&column->def, dialect);
    }
    for (size_t i = 0; i < table->n_indexes; i++) {
        struct vf_index *index = &table->indexes[i];
        bool has_text = index->predicate != NULL;
        for (size_t k = 0; k < index->n_parts; k++)
            has_text = has_text || index->parts[k].expression != NULL;
        if (has_text && index->dialect == NULL)
            index->dialect = dialect;
    }
    set_checks(table->checks, table->n_checks, dialect);
}

void vf_schema_set_dialect(struct vf_schema *schema, const char *dialect)
{
    for (size_t i = 0; i < schema->n_tables; i++)
        vf_table_set_dialect(&schema->tables[i], dialect);
    for (size_t i = 0; i < schema->n_user_types; i++) {
        set_default(&schema->user_types[i].def, dialect);
        set_checks(schema->user_types[i].checks, schema->user_types[i].n_checks, dialect);
    }
}

bool vf_index_is_vector(enum vf_index_kind kind)
{
    return kind == VF_INDEX_HNSW || kind == VF_INDEX_IVFFLAT || kind == VF_INDEX_DISKANN || kind == VF_INDEX_EXACT;
}

bool vf_index_is_approximate(enum vf_index_kind kind)
{
    return vf_index_is_vector(kind) && kind != VF_INDEX_EXACT;
}

const char *vf_index_kind_name(enum vf_index_kind kind)
{
    return (size_t)kind < N_INDEX_KINDS ? index_kinds[kind] : index_kinds[VF_INDEX_OTHER];
}

bool vf_index_kind_parse(const char *name, enum vf_index_kind *kind)
{
    for (size_t i = 0; i < N_INDEX_KINDS; i++) {
        if (strcmp(name, index_kinds[i]) == 0) {
            *kind = (enum vf_index_kind)i;
            return true;
        }
    }
    return false;
}

static const char *const index_places[] = {
    [VF_PLACE_ANY] = "any",
    [VF_PLACE_DATABASE] = "database",
    [VF_PLACE_SIDECAR] = "sidecar",
    [VF_PLACE_SESSION] = "session",
};

#define N_INDEX_PLACES (sizeof(index_places) / sizeof(index_places[0]))

const char *vf_index_place_name(enum vf_index_place place)
{
    return (size_t)place < N_INDEX_PLACES ? index_places[place] : index_places[VF_PLACE_ANY];
}

bool vf_index_place_parse(const char *name, enum vf_index_place *place)
{
    for (size_t i = VF_PLACE_ANY + 1; i < N_INDEX_PLACES; i++) {
        if (strcmp(name, index_places[i]) == 0) {
            *place = (enum vf_index_place)i;
            return true;
        }
    }
    return false;
}

bool vf_index_is_beside(enum vf_index_place place)
{
    return place == VF_PLACE_SIDECAR || place == VF_PLACE_SESSION;
}

struct vf_table *vf_schema_find_table(const struct vf_schema *schema, const char *schema_name, const char *name)
{
    for (size_t i = 0; i < schema->n_tables; i++) {
        struct vf_table *table = &schema->tables[i];
        bool schema_fits = schema_name == NULL || (table->schema != NULL && strcmp(table->schema, schema_name) == 0);
        if (schema_fits && strcmp(table->name, name) == 0)
            return table;
    }
    return NULL;
}

int vf_table_find_column(const struct vf_table *table, const char *name)
{
    for (size_t i = 0; i < table->n_columns; i++) {
        if (strcmp(table->columns[i].name, name) == 0)
            return (int)i;
    }
    return -1;
}

const struct vf_index *vf_table_fulltext_of(const struct vf_table *table, const char *column)
{
    for (size_t i = 0; i < table->n_indexes; i++) {
        const struct vf_index *index = &table->indexes[i];
        if (index->kind == VF_INDEX_FULLTEXT && index->fulltext.form == VF_FULLTEXT_COLUMN &&
            index->fulltext.column != NULL && strcmp(index->fulltext.column, column) == 0)
            return index;
    }
    return NULL;
}

#define LABEL_HASH_BYTES 17 /* "~" and 16 digits */

/* Chunks, rejected rows and memories are kept by the labels of tables: two tables never have one. */
char *vf_table_label(const char *schema, const char *name, char *out, size_t out_bytes)
{
    int size = snprintf(out, out_bytes, "%s%s%s", schema != NULL ? schema : "", schema != NULL ? "." : "", name);

    if (size < 0 || (size_t)size < out_bytes)
        return out;
    struct vf_hash128 hash = vf_hash128(name, strlen(name));
    if (schema != NULL)
        hash = vf_hash128_add(hash, vf_hash128(schema, strlen(schema)));
    size_t kept_bytes = vf_utf8_cut(out, out_bytes - 1, out_bytes - 1 - LABEL_HASH_BYTES);
    snprintf(out + kept_bytes, out_bytes - kept_bytes, "~%016" PRIx64, hash.low);
    return out;
}

void vf_schema_label_columns(struct vf_schema *schema)
{
    for (size_t i = 0; i < schema->n_tables; i++) {
        for (size_t k = 0; k < schema->tables[i].n_columns; k++) {
            struct vf_column *column = &schema->tables[i].columns[k];
            const struct vf_user_type *found = NULL;
            if (column->type_name == NULL)
                continue;
            for (size_t n = 0; n < schema->n_user_types && found == NULL; n++) {
                const struct vf_user_type *type = &schema->user_types[n];
                if (type->kind == VF_USER_TYPE_ENUM && vf_str_equal(type->schema, column->type_schema) &&
                    strcmp(type->name, column->type_name) == 0)
                    found = type;
            }
            column->n_labels = found != NULL ? found->n_labels : 0;
            column->labels = found != NULL ? found->labels : NULL;
            if (found == NULL)
                column->type_schema = column->type_name = NULL;
        }
    }
}

bool vf_enum_fits(const char *name, size_t n_labels, const char *const *labels, uint32_t max_bytes)
{
    bool fits = max_bytes == 0 || strlen(name) <= max_bytes;

    for (size_t i = 0; i < n_labels && fits; i++)
        fits = max_bytes == 0 || strlen(labels[i]) <= max_bytes;
    return fits && n_labels > 0;
}

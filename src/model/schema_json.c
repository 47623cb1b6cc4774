#include "model/schema_json.h"

#include <string.h>

#include "model/json_fields.h"

/* ---- words of the enums ---- */

#define N_WORDS(words) (sizeof(words) / sizeof((words)[0]))

static const char *const default_words[] = {
    [VF_DEFAULT_NONE] = "none", [VF_DEFAULT_LITERAL] = "literal",     [VF_DEFAULT_NULL] = "null",
    [VF_DEFAULT_NOW] = "now",   [VF_DEFAULT_TODAY] = "today",         [VF_DEFAULT_TIME] = "time",
    [VF_DEFAULT_UUID] = "uuid", [VF_DEFAULT_SEQUENCE] = "sequence",   [VF_DEFAULT_EXPRESSION] = "expression",
    [VF_DEFAULT_HEX] = "hex",   [VF_DEFAULT_HEX_UPPER] = "hex_upper",
};

static const char *const generated_words[] = {
    [VF_GENERATED_NO] = "no",
    [VF_GENERATED_IDENTITY_ALWAYS] = "identity_always",
    [VF_GENERATED_IDENTITY_BY_DEFAULT] = "identity_by_default",
    [VF_GENERATED_AUTOINCREMENT] = "autoincrement",
    [VF_GENERATED_STORED] = "stored",
    [VF_GENERATED_VIRTUAL] = "virtual",
};

static const char *const fulltext_words[] = {
    [VF_FULLTEXT_NOT] = "not",       [VF_FULLTEXT_EXPRESSION] = "expression",
    [VF_FULLTEXT_COLUMN] = "column", [VF_FULLTEXT_EXTERNAL] = "external",
    [VF_FULLTEXT_OWN] = "own",       [VF_FULLTEXT_TABLES] = "tables",
};

static const char *const constraint_words[] = {
    [VF_CONSTRAINT_NONE] = "none", [VF_CONSTRAINT_PRIMARY] = "primary", [VF_CONSTRAINT_UNIQUE] = "unique"};

static const char *const fk_action_words[] = {
    [VF_FK_NO_ACTION] = "no_action", [VF_FK_RESTRICT] = "restrict",       [VF_FK_CASCADE] = "cascade",
    [VF_FK_SET_NULL] = "set_null",   [VF_FK_SET_DEFAULT] = "set_default",
};

static const char *const partition_words[] = {
    [VF_PARTITION_NONE] = "none",
    [VF_PARTITION_RANGE] = "range",
    [VF_PARTITION_LIST] = "list",
    [VF_PARTITION_HASH] = "hash",
};

static const char *const table_words[] = {
    [VF_TABLE_ORDINARY] = "ordinary", [VF_TABLE_VEC0] = "vec0", [VF_TABLE_VIEW] = "view"};

static const char *const role_words[] = {
    [VF_ROLE_NONE] = "none",
    [VF_ROLE_METADATA] = "metadata",
    [VF_ROLE_PARTITION] = "partition",
    [VF_ROLE_AUXILIARY] = "auxiliary",
};

static const char *const user_type_words[] = {
    [VF_USER_TYPE_ENUM] = "enum",
    [VF_USER_TYPE_DOMAIN] = "domain",
    [VF_USER_TYPE_COMPOSITE] = "composite",
    [VF_USER_TYPE_RANGE] = "range",
};

static const char *index_word(unsigned value)
{
    return vf_index_kind_name((enum vf_index_kind)value);
}

static const char *place_word(unsigned value)
{
    return vf_index_place_name((enum vf_index_place)value);
}

static const char *form_word(unsigned value)
{
    return vf_form_name((enum vf_form)value);
}

static const char *metric_word(unsigned value)
{
    return vf_metric_name((enum vf_metric)value);
}

static const char *element_word(unsigned value)
{
    return vf_element_name((enum vf_element)value);
}

static const struct vf_json_words default_kinds = {N_WORDS(default_words), default_words, NULL};
static const struct vf_json_words generated_kinds = {N_WORDS(generated_words), generated_words, NULL};
static const struct vf_json_words fulltext_forms = {N_WORDS(fulltext_words), fulltext_words, NULL};
static const struct vf_json_words index_kinds = {VF_INDEX_OTHER + 1, NULL, index_word};
static const struct vf_json_words places = {VF_PLACE_SESSION + 1, NULL, place_word};
static const struct vf_json_words constraint_kinds = {N_WORDS(constraint_words), constraint_words, NULL};
static const struct vf_json_words fk_actions = {N_WORDS(fk_action_words), fk_action_words, NULL};
static const struct vf_json_words partition_strategies = {N_WORDS(partition_words), partition_words, NULL};
static const struct vf_json_words table_kinds = {N_WORDS(table_words), table_words, NULL};
static const struct vf_json_words roles = {N_WORDS(role_words), role_words, NULL};
static const struct vf_json_words user_type_kinds = {N_WORDS(user_type_words), user_type_words, NULL};
static const struct vf_json_words forms = {VF_FORM_COUNT, NULL, form_word};
static const struct vf_json_words metrics = {VF_METRIC_JACCARD + 1, NULL, metric_word};
static const struct vf_json_words elements = {VF_E_BIT + 1, NULL, element_word};

/* ---- tables of fields ---- */

/* clang-format off */
#define AT(struct_, member)              .offset = offsetof(struct struct_, member)
#define FIELD(struct_, member, kind_)    {.name = #member, .kind = VF_JSON_##kind_, AT(struct_, member)}
#define REQUIRED(struct_, member, kind_) {.name = #member, .kind = VF_JSON_##kind_, .required = true, AT(struct_, member)}
#define WORD(struct_, member, words_)    {.name = #member, .kind = VF_JSON_WORD, AT(struct_, member), .words = &(words_)}
#define STRUCT(struct_, member, name_, shape_) {.name = (name_), .kind = VF_JSON_STRUCT, AT(struct_, member), .shape = &(shape_)}
#define ARRAY(struct_, member, count_, kind_)                                                                          \
    {.name = #member, .kind = VF_JSON_##kind_, AT(struct_, member), .count_offset = offsetof(struct struct_, count_)}
#define STRUCTS(struct_, member, shape_)                                                                               \
    {.name = #member, .kind = VF_JSON_STRUCTS, AT(struct_, member), .count_offset = offsetof(struct struct_, n_##member), .shape = &(shape_)}
#define SHAPE(struct_, fields_) .size_bytes = sizeof(struct struct_), .n_fields = N_WORDS(fields_), .fields = (fields_)
/* clang-format on */

static const struct vf_json_field default_fields[] = {
    WORD(vf_default, kind, default_kinds),
    FIELD(vf_default, text, TEXT),
    FIELD(vf_default, dialect, TEXT),
    FIELD(vf_default, is_utc, BOOL),
};
static const struct vf_json_shape default_shape = {SHAPE(vf_default, default_fields)};

static const struct vf_json_field evidence_fields[] = {
    FIELD(vf_evidence, measured, BOOL),
    FIELD(vf_evidence, sampled, BOOL),
    FIELD(vf_evidence, n_values, I64),
    FIELD(vf_evidence, n_null, I64),
    FIELD(vf_evidence, n_bad, I64),
    FIELD(vf_evidence, n_inexact, I64),
    FIELD(vf_evidence, max_relative_error, F64),
    FIELD(vf_evidence, n_compared, I64),
    FIELD(vf_evidence, n_rewritten, I64),
    FIELD(vf_evidence, min_dim, I64),
    FIELD(vf_evidence, max_dim, I64),
    FIELD(vf_evidence, n_not_finite, I64),
    FIELD(vf_evidence, n_zero, I64),
    FIELD(vf_evidence, min_norm, F64),
    FIELD(vf_evidence, max_norm, F64),
    FIELD(vf_evidence, text, TEXT),
};
static const struct vf_json_shape evidence_shape = {SHAPE(vf_evidence, evidence_fields)};

static void prepare_column(void *object)
{
    ((struct vf_column *)object)->native = "";
}

static const struct vf_json_field column_fields[] = {
    REQUIRED(vf_column, name, TEXT),
    FIELD(vf_column, native, TEXT),
    REQUIRED(vf_column, type, TYPE),
    WORD(vf_column, form, forms),
    FIELD(vf_column, not_null, BOOL),
    {.name = "not_null_name", .kind = VF_JSON_TEXT, .is_sparse = true, AT(vf_column, not_null_name)},
    {.name = "key_not_null", .kind = VF_JSON_BOOL, .is_sparse = true, AT(vf_column, key_not_null)},
    WORD(vf_column, role, roles),
    WORD(vf_column, generated, generated_kinds),
    FIELD(vf_column, expression, TEXT),
    FIELD(vf_column, dialect, TEXT),
    STRUCT(vf_column, def, "default", default_shape),
    FIELD(vf_column, collation, TEXT),
    FIELD(vf_column, comment, TEXT),
    FIELD(vf_column, type_schema, TEXT),
    FIELD(vf_column, type_name, TEXT),
    ARRAY(vf_column, labels, n_labels, TEXTS),
    {.name = "evidence",
     .kind = VF_JSON_STRUCT,
     .is_evidence = true,
     AT(vf_column, evidence),
     .shape = &evidence_shape},
};
static const struct vf_json_shape column_shape = {SHAPE(vf_column, column_fields), .prepare = prepare_column};

static const struct vf_json_field part_fields[] = {
    REQUIRED(vf_key_part, column, INT),       FIELD(vf_key_part, expression, TEXT),
    FIELD(vf_key_part, descending, BOOL),     FIELD(vf_key_part, nulls_first, BOOL),
    FIELD(vf_key_part, operator_class, TEXT), FIELD(vf_key_part, collation, TEXT),
};
static const struct vf_json_shape part_shape = {SHAPE(vf_key_part, part_fields)};

static const struct vf_json_field vector_index_fields[] = {
    WORD(vf_vector_index, metric, metrics),
    WORD(vf_vector_index, element, elements),
    FIELD(vf_vector_index, m, U32),
    FIELD(vf_vector_index, ef_construction, U32),
    FIELD(vf_vector_index, ef_search, U32),
    FIELD(vf_vector_index, lists, U32),
    FIELD(vf_vector_index, neighbours, U32),
    FIELD(vf_vector_index, alpha_milli, U32),
    WORD(vf_vector_index, compress, elements),
    WORD(vf_vector_index, place, places),
    FIELD(vf_vector_index, file, TEXT),
};
static const struct vf_json_shape vector_index_shape = {SHAPE(vf_vector_index, vector_index_fields)};

static const struct vf_json_field fulltext_part_fields[] = {
    FIELD(vf_fulltext_part, weight, F64),
    FIELD(vf_fulltext_part, unindexed, BOOL),
    FIELD(vf_fulltext_part, coalesced, BOOL),
    FIELD(vf_fulltext_part, joined, TEXT),
};
static const struct vf_json_shape fulltext_part_shape = {SHAPE(vf_fulltext_part, fulltext_part_fields)};

static const struct vf_json_field fulltext_fields[] = {
    WORD(vf_fulltext, form, fulltext_forms), FIELD(vf_fulltext, language, TEXT),
    FIELD(vf_fulltext, stemmer, TEXT),       FIELD(vf_fulltext, stop_words, TEXT),
    FIELD(vf_fulltext, folds_accents, BOOL), FIELD(vf_fulltext, tokenizer, TEXT),
    FIELD(vf_fulltext, prefix, TEXT),        FIELD(vf_fulltext, detail, TEXT),
    FIELD(vf_fulltext, column, TEXT),        FIELD(vf_fulltext, place, INT),
    FIELD(vf_fulltext, key, TEXT),           FIELD(vf_fulltext, on_insert, TEXT),
    FIELD(vf_fulltext, on_delete, TEXT),     FIELD(vf_fulltext, on_update, TEXT),
    FIELD(vf_fulltext, is_late, BOOL),       STRUCTS(vf_fulltext, parts, fulltext_part_shape),
};
static const struct vf_json_shape fulltext_shape = {SHAPE(vf_fulltext, fulltext_fields)};

static const struct vf_json_field index_fields[] = {
    FIELD(vf_index, name, TEXT),
    WORD(vf_index, kind, index_kinds),
    FIELD(vf_index, method, TEXT),
    WORD(vf_index, constraint, constraint_kinds),
    FIELD(vf_index, unique, BOOL),
    FIELD(vf_index, nulls_not_distinct, BOOL),
    FIELD(vf_index, deferrable, BOOL),
    FIELD(vf_index, initially_deferred, BOOL),
    STRUCTS(vf_index, parts, part_shape),
    ARRAY(vf_index, included, n_included, INTS),
    FIELD(vf_index, predicate, TEXT),
    FIELD(vf_index, dialect, TEXT),
    STRUCT(vf_index, vector, "vector", vector_index_shape),
    FIELD(vf_index, definition, TEXT),
    FIELD(vf_index, unread, TEXT),
    FIELD(vf_index, unread_remedy, TEXT),
    {.name = "fulltext", .kind = VF_JSON_STRUCT, .is_sparse = true, AT(vf_index, fulltext), .shape = &fulltext_shape},
};
static const struct vf_json_shape index_shape = {SHAPE(vf_index, index_fields)};

static const struct vf_json_field foreign_key_fields[] = {
    FIELD(vf_foreign_key, name, TEXT),
    ARRAY(vf_foreign_key, columns, n_columns, INTS),
    FIELD(vf_foreign_key, to_schema, TEXT),
    REQUIRED(vf_foreign_key, to_table, TEXT),
    ARRAY(vf_foreign_key, to_columns, n_columns, TEXTS),
    WORD(vf_foreign_key, on_delete, fk_actions),
    WORD(vf_foreign_key, on_update, fk_actions),
    FIELD(vf_foreign_key, match_full, BOOL),
    FIELD(vf_foreign_key, deferrable, BOOL),
    FIELD(vf_foreign_key, initially_deferred, BOOL),
    FIELD(vf_foreign_key, not_valid, BOOL),
};
static const struct vf_json_shape foreign_key_shape = {SHAPE(vf_foreign_key, foreign_key_fields)};

static const struct vf_json_field check_fields[] = {
    FIELD(vf_check, name, TEXT),
    FIELD(vf_check, expression, TEXT),
    FIELD(vf_check, dialect, TEXT),
    FIELD(vf_check, of, TEXT),
};
static const struct vf_json_shape check_shape = {SHAPE(vf_check, check_fields)};

static const struct vf_json_field partition_by_fields[] = {
    WORD(vf_partition_by, strategy, partition_strategies),
    ARRAY(vf_partition_by, columns, n_columns, INTS),
    FIELD(vf_partition_by, text, TEXT),
    FIELD(vf_partition_by, why, TEXT),
};
static const struct vf_json_shape partition_by_shape = {SHAPE(vf_partition_by, partition_by_fields)};

static void prepare_partition(void *object)
{
    ((struct vf_partition *)object)->parent = -1;
}

static const struct vf_json_field partition_fields[] = {
    FIELD(vf_partition, schema, TEXT),
    REQUIRED(vf_partition, name, TEXT),
    FIELD(vf_partition, parent, INT),
    FIELD(vf_partition, is_default, BOOL),
    FIELD(vf_partition, is_foreign, BOOL),
    ARRAY(vf_partition, low, n_low, TEXTS),
    ARRAY(vf_partition, high, n_high, TEXTS),
    FIELD(vf_partition, modulus, I64),
    FIELD(vf_partition, remainder, I64),
    {.name = "by", .kind = VF_JSON_STRUCT, .is_sparse = true, AT(vf_partition, by), .shape = &partition_by_shape},
};
static const struct vf_json_shape partition_shape = {SHAPE(vf_partition, partition_fields),
                                                     .prepare = prepare_partition};

static void prepare_table(void *object)
{
    struct vf_table *table = object;

    table->primary_key = -1;
    table->n_rows = -1;
    table->size_bytes = -1;
}

static const struct vf_json_field table_name_fields[] = {
    FIELD(vf_table_name, schema, TEXT),
    REQUIRED(vf_table_name, name, TEXT),
};
static const struct vf_json_shape table_name_shape = {SHAPE(vf_table_name, table_name_fields)};

static const struct vf_json_field table_fields[] = {
    FIELD(vf_table, schema, TEXT),
    REQUIRED(vf_table, name, TEXT),
    WORD(vf_table, kind, table_kinds),
    STRUCTS(vf_table, columns, column_shape),
    FIELD(vf_table, primary_key, INT),
    STRUCTS(vf_table, indexes, index_shape),
    STRUCTS(vf_table, foreign_keys, foreign_key_shape),
    STRUCTS(vf_table, checks, check_shape),
    FIELD(vf_table, n_rows, I64),
    FIELD(vf_table, n_rows_exact, BOOL),
    FIELD(vf_table, size_bytes, I64),
    FIELD(vf_table, strict, BOOL),
    FIELD(vf_table, without_rowid, BOOL),
    FIELD(vf_table, vec0_chunk_size, U32),
    FIELD(vf_table, comment, TEXT),
    {.name = "unlogged", .kind = VF_JSON_BOOL, .is_sparse = true, AT(vf_table, unlogged)},
    {.name = "partition_by",
     .kind = VF_JSON_STRUCT,
     .is_sparse = true,
     AT(vf_table, partition_by),
     .shape = &partition_by_shape},
    {.name = "partitions",
     .kind = VF_JSON_STRUCTS,
     .is_sparse = true,
     AT(vf_table, partitions),
     .count_offset = offsetof(struct vf_table, n_partitions),
     .shape = &partition_shape},
    {.name = "parents",
     .kind = VF_JSON_STRUCTS,
     .is_sparse = true,
     AT(vf_table, parents),
     .count_offset = offsetof(struct vf_table, n_parents),
     .shape = &table_name_shape},
};
static const struct vf_json_shape table_shape = {SHAPE(vf_table, table_fields), .prepare = prepare_table};

static const struct vf_json_field user_type_fields[] = {
    FIELD(vf_user_type, schema, TEXT),
    REQUIRED(vf_user_type, name, TEXT),
    WORD(vf_user_type, kind, user_type_kinds),
    ARRAY(vf_user_type, labels, n_labels, TEXTS),
    FIELD(vf_user_type, base, TEXT),
    FIELD(vf_user_type, not_null, BOOL),
    STRUCT(vf_user_type, def, "default", default_shape),
    ARRAY(vf_user_type, field_names, n_fields, TEXTS),
    ARRAY(vf_user_type, field_natives, n_fields, TEXTS),
    STRUCTS(vf_user_type, checks, check_shape),
};
static const struct vf_json_shape user_type_shape = {SHAPE(vf_user_type, user_type_fields)};

static const struct vf_json_field sequence_fields[] = {
    FIELD(vf_sequence, schema, TEXT),      REQUIRED(vf_sequence, name, TEXT),
    FIELD(vf_sequence, native, TEXT),      FIELD(vf_sequence, start, I64),
    FIELD(vf_sequence, increment, I64),    FIELD(vf_sequence, min, I64),
    FIELD(vf_sequence, max, I64),          FIELD(vf_sequence, cache, I64),
    FIELD(vf_sequence, cycle, BOOL),       FIELD(vf_sequence, last, I64),
    FIELD(vf_sequence, is_called, BOOL),   FIELD(vf_sequence, owner_schema, TEXT),
    FIELD(vf_sequence, owner_table, TEXT), FIELD(vf_sequence, owner_column, TEXT),
    FIELD(vf_sequence, identity, BOOL),    FIELD(vf_sequence, is_hidden, BOOL),
};
static const struct vf_json_shape sequence_shape = {SHAPE(vf_sequence, sequence_fields)};

static const struct vf_json_field other_fields[] = {
    FIELD(vf_other, kind, TEXT),       FIELD(vf_other, schema, TEXT), FIELD(vf_other, name, TEXT),
    FIELD(vf_other, on, TEXT),         FIELD(vf_other, text, TEXT),   FIELD(vf_other, why, TEXT),
    FIELD(vf_other, holds_data, BOOL),
};
static const struct vf_json_shape other_shape = {SHAPE(vf_other, other_fields)};

static const struct vf_json_field schema_fields[] = {
    STRUCTS(vf_schema, tables, table_shape),
    STRUCTS(vf_schema, user_types, user_type_shape),
    STRUCTS(vf_schema, sequences, sequence_shape),
    STRUCTS(vf_schema, others, other_shape),
    FIELD(vf_schema, collation, TEXT),
};
static const struct vf_json_shape schema_shape = {SHAPE(vf_schema, schema_fields)};

/* ---- writing ---- */

void vf_table_to_json(const struct vf_table *table, bool with_evidence, struct vf_buf *out)
{
    vf_json_write_object(table, &table_shape, with_evidence, out);
}

void vf_user_type_to_json(const struct vf_user_type *type, struct vf_buf *out)
{
    vf_json_write_object(type, &user_type_shape, false, out);
}

void vf_sequence_to_json(const struct vf_sequence *sequence, struct vf_buf *out)
{
    vf_json_write_object(sequence, &sequence_shape, false, out);
}

void vf_schema_to_json(const struct vf_schema *schema, bool with_evidence, struct vf_buf *out)
{
    vf_json_write_object(schema, &schema_shape, with_evidence, out);
}

/* ---- reading ---- */

static enum vf_status read_text(const char *text, const struct vf_json_shape *shape, struct vf_schema *schema,
                                void *object, struct vf_error *err)
{
    json_error_t error;
    json_t *json = json_loads(text, 0, &error);

    if (json == NULL)
        return vf_error_set(err, VF_USAGE, "not JSON: %s at byte %d", error.text, error.position);
    enum vf_status status = vf_json_read_object(json, shape, &schema->arena, object, err);
    json_decref(json);
    return status;
}

/* Numbers of columns come from outside the program: one that points past the columns would be read out of bounds later. */
static bool is_column(const struct vf_table *table, int column)
{
    return column >= 0 && (size_t)column < table->n_columns;
}

static enum vf_status no_column(const char *where, size_t at, int column, struct vf_error *err)
{
    return vf_error_set(err, VF_USAGE, "%s[%zu]: there is no column %d", where, at, column);
}

static enum vf_status check_index(const struct vf_table *table, size_t at, struct vf_error *err)
{
    const struct vf_index *index = &table->indexes[at];

    for (size_t i = 0; i < index->n_parts; i++) {
        const struct vf_key_part *part = &index->parts[i];
        if (!is_column(table, part->column) && !(part->column == -1 && part->expression != NULL))
            return no_column("indexes", at, part->column, err);
    }
    for (size_t i = 0; i < index->n_included; i++) {
        if (!is_column(table, index->included[i]))
            return no_column("indexes", at, index->included[i], err);
    }
    if (index->kind == VF_INDEX_FULLTEXT &&
        (index->fulltext.form == VF_FULLTEXT_NOT || index->fulltext.n_parts != index->n_parts))
        return vf_error_set(err, VF_USAGE, "indexes[%zu]: \"fulltext\" doesn't say of each part what it is", at);
    return VF_OK;
}

static enum vf_status check_foreign_key(const struct vf_table *table, size_t at, struct vf_error *err)
{
    const struct vf_foreign_key *key = &table->foreign_keys[at];

    if (key->n_columns > 0 && (key->columns == NULL || key->to_columns == NULL))
        return vf_error_set(err, VF_USAGE, "foreign_keys[%zu]: \"columns\" and \"to_columns\" differ in length", at);
    for (size_t i = 0; i < key->n_columns; i++) {
        if (!is_column(table, key->columns[i]))
            return no_column("foreign_keys", at, key->columns[i], err);
    }
    return VF_OK;
}

static bool is_by(const struct vf_table *table, const struct vf_partition_by *by)
{
    for (size_t i = 0; i < by->n_columns; i++) {
        if (!is_column(table, by->columns[i]))
            return false;
    }
    return by->strategy == VF_PARTITION_NONE || by->n_columns > 0 || by->why != NULL;
}

/* A bound becomes a statement: what isn't a value is one of three words. */
static bool is_bound(size_t n, const char *const *values)
{
    for (size_t i = 0; i < n; i++) {
        if (values[i][0] != '=' && strcmp(values[i], "MINVALUE") != 0 && strcmp(values[i], "MAXVALUE") != 0 &&
            strcmp(values[i], "NULL") != 0)
            return false;
    }
    return true;
}

static enum vf_status check_partitions(const struct vf_table *table, struct vf_error *err)
{
    if (!is_by(table, &table->partition_by))
        return vf_error_set(err, VF_USAGE, "\"partition_by\": there is no such column");
    for (size_t i = 0; i < table->n_partitions; i++) {
        const struct vf_partition *partition = &table->partitions[i];
        if (partition->parent < -1 || partition->parent >= (int)i || !is_by(table, &partition->by) ||
            !is_bound(partition->n_low, partition->low) || !is_bound(partition->n_high, partition->high))
            return vf_error_set(err, VF_USAGE, "partitions[%zu]: its parent, columns or bounds aren't any", i);
    }
    return VF_OK;
}

static enum vf_status check_table(const struct vf_table *table, struct vf_error *err)
{
    enum vf_status status = check_partitions(table, err);

    if (table->primary_key < -1 || (table->primary_key >= 0 && (size_t)table->primary_key >= table->n_indexes))
        return vf_error_set(err, VF_USAGE, "there is no index %d for \"primary_key\"", table->primary_key);
    for (size_t i = 0; status == VF_OK && i < table->n_indexes; i++)
        status = check_index(table, i, err);
    for (size_t i = 0; status == VF_OK && i < table->n_foreign_keys; i++)
        status = check_foreign_key(table, i, err);
    return status;
}

enum vf_status vf_table_from_json(const char *text, struct vf_schema *schema, struct vf_table *table,
                                  struct vf_error *err)
{
    enum vf_status status = read_text(text, &table_shape, schema, table, err);

    return status == VF_OK ? check_table(table, err) : status;
}

enum vf_status vf_user_type_from_json(const char *text, struct vf_schema *schema, struct vf_user_type *type,
                                      struct vf_error *err)
{
    enum vf_status status = read_text(text, &user_type_shape, schema, type, err);

    if (status == VF_OK && type->n_fields > 0 && (type->field_names == NULL || type->field_natives == NULL))
        return vf_error_set(err, VF_USAGE, "\"field_names\" and \"field_natives\" differ in length");
    return status;
}

enum vf_status vf_sequence_from_json(const char *text, struct vf_schema *schema, struct vf_sequence *sequence,
                                     struct vf_error *err)
{
    return read_text(text, &sequence_shape, schema, sequence, err);
}

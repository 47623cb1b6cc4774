#include "support.h"

#include <stdio.h>
#include <string.h>

static const struct vf_index *find_index(const struct vf_table *table, const char *name)
{
    for (size_t i = 0; i < table->n_indexes; i++) {
        if (table->indexes[i].name != NULL && strcmp(table->indexes[i].name, name) == 0)
            return &table->indexes[i];
    }
    fail_msg("no index %s", name);
    return NULL;
}

static const struct vf_other *find_other(const struct vf_schema *schema, const char *name)
{
    for (size_t i = 0; i < schema->n_others; i++) {
        if (strcmp(schema->others[i].name, name) == 0)
            return &schema->others[i];
    }
    fail_msg("%s isn't named", name);
    return NULL;
}

static void declared_types_by_convention_and_affinity(void **state)
{
    static const struct {
        const char *native;
        enum vf_kind kind;
        enum vf_form form;
    } expected[] = {
        {"INTEGER", VF_K_I64, VF_FORM_NATIVE},
        {"TINYINT", VF_K_I64, VF_FORM_NATIVE},
        {"VARCHAR(20)", VF_K_TEXT, VF_FORM_NATIVE},
        {"", VF_K_BLOB, VF_FORM_NATIVE},
        {"REAL", VF_K_F64, VF_FORM_NATIVE},
        {"BOOLEAN", VF_K_BOOL, VF_FORM_INTEGER},
        {"NUMERIC(10,2)", VF_K_DECIMAL, VF_FORM_NATIVE},
        {"DATETIME", VF_K_TIMESTAMP, VF_FORM_ISO},
        {"uuid", VF_K_UUID, VF_FORM_TEXT},
        {"JSON", VF_K_JSON, VF_FORM_TEXT},
        {"F32_BLOB(3)", VF_K_VECTOR, VF_FORM_LIBSQL},
        {"FLOAT32(4)", VF_K_VECTOR, VF_FORM_LIBSQL},
        {"F1BIT_BLOB(9)", VF_K_VECTOR, VF_FORM_LIBSQL},
        {"VECTOR(2)", VF_K_VECTOR, VF_FORM_BYTES},
        {"VECTOR", VF_K_DECIMAL, VF_FORM_NATIVE},
    };
    struct vf_schema schema;
    char sql[2000] = "CREATE TABLE t (";
    (void)state;
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
        snprintf(sql + strlen(sql), sizeof(sql) - strlen(sql), "%sc%zu %s", i > 0 ? ", " : "", i, expected[i].native);
    strncat(sql, ")", sizeof(sql) - strlen(sql) - 1);
    run_sql("a.db", sql);
    struct vf_conn *conn = open_side("a.db", VF_SIDE_SOURCE);
    inspect(conn, false, &schema);
    const struct vf_table *table = find_table(&schema, "t");
    assert_int_equal(table->n_columns, sizeof(expected) / sizeof(expected[0]));
    for (size_t i = 0; i < table->n_columns; i++) {
        assert_string_equal(table->columns[i].native, expected[i].native);
        assert_int_equal(table->columns[i].type.kind, expected[i].kind);
        assert_int_equal(table->columns[i].form, expected[i].form);
    }
    assert_int_equal(table->columns[10].type.dim, 3);
    assert_int_equal(table->columns[12].type.element, VF_E_BIT);
    vf_schema_release(&schema);
    vf_conn_close(conn);
}

static void names_that_need_quotes_are_kept(void **state)
{
    struct vf_schema schema;
    (void)state;
    run_sql("a.db", "CREATE TABLE \"x\"\"; DROP TABLE y;--\" (\"a\"\"b\" INTEGER, [c d] TEXT, `e``f` TEXT, \"\" TEXT);"
                    "CREATE TABLE \"order\" (\"references\" TEXT, \"%s%n\" TEXT, \"new\nline\" TEXT)");
    struct vf_conn *conn = open_side("a.db", VF_SIDE_SOURCE);
    inspect(conn, true, &schema);
    assert_int_equal(schema.n_tables, 2);
    assert_non_null(find_column(&schema, "x\"; DROP TABLE y;--", "a\"b"));
    assert_non_null(find_column(&schema, "x\"; DROP TABLE y;--", "c d"));
    assert_non_null(find_column(&schema, "x\"; DROP TABLE y;--", "e`f"));
    assert_non_null(find_column(&schema, "x\"; DROP TABLE y;--", ""));
    assert_non_null(find_column(&schema, "order", "new\nline"));
    vf_schema_release(&schema);
    vf_conn_close(conn);
}

static void keys_checks_and_foreign_keys(void **state)
{
    struct vf_schema schema;
    (void)state;
    run_sql("a.db", "CREATE TABLE parent (id INTEGER PRIMARY KEY AUTOINCREMENT, code TEXT COLLATE NOCASE CONSTRAINT "
                    "code_once UNIQUE);"
                    "CREATE TABLE child (a TEXT NOT NULL, b INT, parent_id INTEGER REFERENCES Parent ON DELETE CASCADE "
                    "DEFERRABLE INITIALLY DEFERRED, CONSTRAINT \"child key\" PRIMARY KEY (a, b), "
                    "CONSTRAINT positive CHECK (b > 0 AND a <> ')'), "
                    "CONSTRAINT fk2 FOREIGN KEY (b) REFERENCES parent(id) ON UPDATE SET NULL, "
                    "FOREIGN KEY (a) REFERENCES nowhere(x)) WITHOUT ROWID;"
                    "CREATE TABLE autoincrement_in_name (\"AUTOINCREMENT\" INTEGER PRIMARY KEY);"
                    "INSERT INTO parent (id) VALUES (41)");
    struct vf_conn *conn = open_side("a.db", VF_SIDE_SOURCE);
    inspect(conn, false, &schema);

    const struct vf_table *parent = find_table(&schema, "parent");
    assert_int_equal(parent->columns[0].generated, VF_GENERATED_AUTOINCREMENT);
    assert_true(parent->columns[0].not_null);
    assert_string_equal(parent->columns[1].collation, "NOCASE");
    assert_int_equal(find_index(parent, "code_once")->constraint, VF_CONSTRAINT_UNIQUE);
    assert_int_equal(parent->n_rows, 1);
    assert_int_equal(find_column(&schema, "autoincrement_in_name", "AUTOINCREMENT")->generated,
                     VF_GENERATED_IDENTITY_BY_DEFAULT);
    assert_int_equal(schema.n_sequences, 1);
    assert_int_equal(schema.sequences[0].last, 41);
    assert_string_equal(schema.sequences[0].owner_table, "parent");

    const struct vf_table *child = find_table(&schema, "child");
    assert_true(child->without_rowid);
    assert_int_equal(child->indexes[child->primary_key].n_parts, 2);
    assert_string_equal(child->indexes[child->primary_key].name, "child key");
    assert_true(child->columns[1].not_null);
    assert_int_equal(child->n_checks, 1);
    assert_string_equal(child->checks[0].name, "positive");
    assert_string_equal(child->checks[0].expression, "b > 0 AND a <> ')'");
    assert_int_equal(child->n_foreign_keys, 2);
    assert_string_equal(child->foreign_keys[0].to_table, "parent");
    assert_string_equal(child->foreign_keys[0].to_columns[0], "id");
    assert_int_equal(child->foreign_keys[0].on_delete, VF_FK_CASCADE);
    assert_true(child->foreign_keys[0].initially_deferred);
    assert_string_equal(child->foreign_keys[1].name, "fk2");
    assert_int_equal(child->foreign_keys[1].on_update, VF_FK_SET_NULL);
    assert_false(child->foreign_keys[1].deferrable);
    assert_string_equal(find_other(&schema, "nowhere")->kind, "foreign key");
    vf_schema_release(&schema);
    vf_conn_close(conn);
}

static void indexes_with_all_that_they_have(void **state)
{
    struct vf_schema schema;
    (void)state;
    run_sql("a.db", "CREATE TABLE t (a TEXT, b INTEGER, c TEXT);"
                    "CREATE UNIQUE INDEX \"i 1\" ON t (a COLLATE NOCASE DESC, b);"
                    "CREATE INDEX i2 ON t (lower(a || ','), b DESC) WHERE b IS NOT NULL AND c = 'x';"
                    "CREATE INDEX i3 ON t (json_extract(a, '$.n'))");
    struct vf_conn *conn = open_side("a.db", VF_SIDE_SOURCE);
    inspect(conn, false, &schema);
    const struct vf_table *table = find_table(&schema, "t");
    const struct vf_index *first = find_index(table, "i 1");
    assert_true(first->unique);
    assert_true(first->parts[0].descending);
    assert_string_equal(first->parts[0].collation, "NOCASE");
    assert_false(first->parts[0].nulls_first);
    assert_true(first->parts[1].nulls_first);
    const struct vf_index *second = find_index(table, "i2");
    assert_int_equal(second->parts[0].column, -1);
    assert_string_equal(second->parts[0].expression, "lower(a || ',')");
    assert_int_equal(second->parts[1].column, 1);
    assert_true(second->parts[1].descending);
    /* Before 3.44 SQLite doesn't read a file with such an index at all, when its schema isn't trusted. */
    assert_string_equal(find_index(table, "i3")->parts[0].expression, "json_extract(a, '$.n')");
    assert_string_equal(second->predicate, "b IS NOT NULL AND c = 'x'");
    vf_schema_release(&schema);
    vf_conn_close(conn);
}

static void defaults_are_understood_or_shown(void **state)
{
    static const struct {
        const char *sql;
        enum vf_default_kind kind;
        const char *text;
    } expected[] = {
        {"INTEGER DEFAULT 7", VF_DEFAULT_LITERAL, "7"},
        {"INTEGER DEFAULT -7", VF_DEFAULT_LITERAL, "-7"},
        {"REAL DEFAULT (1.5e3)", VF_DEFAULT_LITERAL, "1.5e3"},
        {"TEXT DEFAULT 'it''s'", VF_DEFAULT_LITERAL, "it's"},
        {"TEXT DEFAULT \"old\"", VF_DEFAULT_LITERAL, "old"},
        {"BLOB DEFAULT x'00ff'", VF_DEFAULT_LITERAL, "\\x00ff"},
        {"BOOLEAN DEFAULT TRUE", VF_DEFAULT_LITERAL, "true"},
        {"BOOLEAN DEFAULT 0", VF_DEFAULT_LITERAL, "false"},
        {"INTEGER DEFAULT 0x10", VF_DEFAULT_EXPRESSION, "0x10"},
        {"TEXT DEFAULT CURRENT_TIMESTAMP", VF_DEFAULT_NOW, "CURRENT_TIMESTAMP"},
        {"TEXT DEFAULT (datetime('now'))", VF_DEFAULT_NOW, "(datetime('now'))"},
        {"INTEGER DEFAULT (unixepoch())", VF_DEFAULT_NOW, "(unixepoch())"},
        {"INTEGER DEFAULT (strftime('%s', 'now'))", VF_DEFAULT_NOW, "(strftime('%s', 'now'))"},
        {"TEXT DEFAULT CURRENT_DATE", VF_DEFAULT_TODAY, "CURRENT_DATE"},
        {"TEXT DEFAULT (hex(randomblob(16)))", VF_DEFAULT_HEX_UPPER, "(hex(randomblob(16)))"},
        {"TEXT DEFAULT NULL", VF_DEFAULT_NULL, NULL},
        {"TEXT DEFAULT (lower('A') || 'b')", VF_DEFAULT_EXPRESSION, "lower('A') || 'b'"},
        {"TEXT", VF_DEFAULT_NONE, NULL},
    };
    struct vf_schema schema;
    char sql[3000] = "CREATE TABLE t (";
    (void)state;
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
        snprintf(sql + strlen(sql), sizeof(sql) - strlen(sql), "%sc%zu %s", i > 0 ? ", " : "", i, expected[i].sql);
    strncat(sql, ")", sizeof(sql) - strlen(sql) - 1);
    run_sql("a.db", sql);
    struct vf_conn *conn = open_side("a.db", VF_SIDE_SOURCE);
    inspect(conn, false, &schema);
    const struct vf_table *table = find_table(&schema, "t");
    for (size_t i = 0; i < table->n_columns; i++) {
        if (table->columns[i].def.kind != expected[i].kind)
            fail_msg("%s: kind %d", expected[i].sql, (int)table->columns[i].def.kind);
        if (expected[i].text != NULL)
            assert_string_equal(table->columns[i].def.text, expected[i].text);
    }
    vf_schema_release(&schema);
    vf_conn_close(conn);
}

static void generated_columns_and_strict_tables(void **state)
{
    struct vf_schema schema;
    (void)state;
    run_sql("a.db",
            "CREATE TABLE t (a INTEGER, b INTEGER GENERATED ALWAYS AS (a * (2)) STORED, c TEXT AS (a || 'x')) STRICT");
    struct vf_conn *conn = open_side("a.db", VF_SIDE_SOURCE);
    inspect(conn, false, &schema);
    assert_true(find_table(&schema, "t")->strict);
    assert_int_equal(find_column(&schema, "t", "b")->generated, VF_GENERATED_STORED);
    assert_string_equal(find_column(&schema, "t", "b")->expression, "a * (2)");
    assert_int_equal(find_column(&schema, "t", "c")->generated, VF_GENERATED_VIRTUAL);
    vf_schema_release(&schema);
    vf_conn_close(conn);
}

static void what_is_no_user_table_is_hidden_or_named(void **state)
{
    struct vf_schema schema;
    (void)state;
    run_sql("a.db", "CREATE TABLE docs (id INTEGER PRIMARY KEY, body TEXT);"
                    "CREATE VIRTUAL TABLE docs_fts USING fts5(body);"
                    "CREATE VIRTUAL TABLE old USING FTS4(body);"
                    "CREATE VIRTUAL TABLE places USING rtree(id, x1, x2);"
                    "CREATE TABLE docs_fts_data2 (a);"
                    "CREATE VIEW v AS SELECT 1;"
                    "CREATE TRIGGER tr AFTER INSERT ON docs BEGIN SELECT 1; END;"
                    "CREATE TABLE vecferry_runs (a);"
                    "CREATE TABLE libsql_vector_meta_shadow (name TEXT, metadata BLOB)");
    struct vf_conn *conn = open_side("a.db", VF_SIDE_SOURCE);
    inspect(conn, false, &schema);
    assert_int_equal(schema.n_tables, 3);
    assert_non_null(find_table(&schema, "docs"));
    assert_non_null(find_table(&schema, "docs_fts_data2"));
    assert_string_equal(find_column(&schema, "docs_fts", "rowid")->native, "INTEGER"); /* it holds its texts itself */
    assert_string_equal(find_other(&schema, "old")->kind, "full-text index");
    assert_true(find_other(&schema, "old")->holds_data);
    assert_string_equal(find_other(&schema, "places")->kind, "virtual table");
    assert_string_equal(find_other(&schema, "v")->kind, "view");
    assert_string_equal(find_other(&schema, "tr")->on, "docs");
    assert_int_equal(schema.n_others, 4);
    vf_schema_release(&schema);
    vf_conn_close(conn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(declared_types_by_convention_and_affinity, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(names_that_need_quotes_are_kept, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(keys_checks_and_foreign_keys, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(indexes_with_all_that_they_have, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(defaults_are_understood_or_shown, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(generated_columns_and_strict_tables, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(what_is_no_user_table_is_hidden_or_named, make_folder, remove_folder),
    };
    return cmocka_run_group_tests_name("sqlite inspect", tests, NULL, NULL);
}

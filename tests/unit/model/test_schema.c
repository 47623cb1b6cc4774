#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "model/problem.h"
#include "model/schema.h"

static void test_what_is_added_is_empty_and_stays(void **state)
{
    struct vf_schema schema = {0};
    char name[8];

    (void)state;
    for (int i = 0; i < 100; i++) {
        struct vf_table *table = vf_schema_add_table(&schema);
        assert_int_equal(table->primary_key, -1);
        assert_int_equal(table->n_rows, -1);
        assert_int_equal(table->size_bytes, -1);
        assert_int_equal(table->n_columns, 0);
        snprintf(name, sizeof(name), "t%d", i);
        table->name = vf_arena_strdup(&schema.arena, name);
        table->schema = i % 2 == 0 ? "even" : NULL;
        for (int c = 0; c < i % 9; c++) {
            struct vf_column *column = vf_table_add_column(&schema, table);
            assert_string_equal(column->native, "");
            snprintf(name, sizeof(name), "c%d", c);
            column->name = vf_arena_strdup(&schema.arena, name);
        }
    }
    assert_int_equal(schema.n_tables, 100);
    for (int i = 0; i < 100; i++) {
        const struct vf_table *table = &schema.tables[i];
        snprintf(name, sizeof(name), "t%d", i);
        assert_string_equal(table->name, name);
        assert_int_equal(table->n_columns, i % 9);
        for (int c = 0; c < i % 9; c++) {
            snprintf(name, sizeof(name), "c%d", c);
            assert_int_equal(vf_table_find_column(table, name), c);
        }
        assert_int_equal(vf_table_find_column(table, "c99"), -1);
    }
    vf_schema_release(&schema);
    assert_int_equal(schema.n_tables, 0);
    vf_schema_release(&schema);
}

static void test_every_list_grows(void **state)
{
    struct vf_schema schema = {0};
    struct vf_table *table = vf_schema_add_table(&schema);
    struct vf_index *index = vf_table_add_index(&schema, table);

    (void)state;
    for (int i = 0; i < 10; i++) {
        vf_index_add_part(&schema, index)->column = i;
        vf_table_add_foreign_key(&schema, table)->n_columns = (size_t)i;
        vf_table_add_check(&schema, table)->expression = "x";
        vf_schema_add_user_type(&schema)->n_labels = (size_t)i;
        vf_schema_add_sequence(&schema)->start = i;
        vf_schema_add_other(&schema)->kind = "view";
    }
    for (int i = 0; i < 10; i++) {
        assert_int_equal(index->parts[i].column, i);
        assert_int_equal(table->foreign_keys[i].n_columns, i);
        assert_string_equal(table->checks[i].expression, "x");
        assert_int_equal(schema.user_types[i].n_labels, i);
        assert_int_equal(schema.sequences[i].start, i);
        assert_string_equal(schema.others[i].kind, "view");
    }
    assert_int_equal(index->n_parts, 10);
    assert_int_equal(schema.n_sequences, 10);
    vf_schema_release(&schema);
}

static void test_tables_are_found_by_exact_name(void **state)
{
    struct vf_schema schema = {0};
    char label[64], other[64];

    (void)state;
    vf_schema_add_table(&schema)->name = "docs";
    struct vf_table *table = vf_schema_add_table(&schema);
    table->schema = "a";
    table->name = "docs";
    table = vf_schema_add_table(&schema);
    table->schema = "b";
    table->name = "docs";
    assert_ptr_equal(vf_schema_find_table(&schema, NULL, "docs"), &schema.tables[0]);
    assert_ptr_equal(vf_schema_find_table(&schema, "b", "docs"), &schema.tables[2]);
    assert_null(vf_schema_find_table(&schema, "c", "docs"));
    assert_null(vf_schema_find_table(&schema, NULL, "Docs"));
    assert_string_equal(vf_table_label("a", "docs", label, sizeof(label)), "a.docs");
    assert_string_equal(vf_table_label(NULL, "docs", label, sizeof(label)), "docs");
    /* Cut at a whole letter, and still another label than that of any other table. */
    vf_table_label("a", "with a name that is so long that no label has the room for \303\274 one", label,
                   sizeof(label));
    vf_table_label("a", "with a name that is so long that no label has the room for \303\274 two", other,
                   sizeof(other));
    assert_memory_equal(label, "a.with a name that is so long that no label ha~", 47);
    assert_string_not_equal(label, other);
    for (size_t n_umlauts = 0; n_umlauts < 4; n_umlauts++) {
        snprintf(other, sizeof(other), "%.*s%s", (int)n_umlauts, "aaaa",
                 "\303\274\303\274\303\274\303\274\303\274\303\274\303\274\303\274\303\274\303\274\303\274\303\274\303"
                 "\274\303\274");
        vf_table_label(other, other, label, sizeof(label));
        assert_int_equal(vf_utf8_check(label, strlen(label)), strlen(label));
    }
    vf_schema_release(&schema);
}

static void test_no_memory(void **state)
{
    struct vf_schema schema = {0};
    struct vf_table table = {0};
    struct vf_index index = {0};

    (void)state;
    vf_alloc_fail_at(0, true);
    assert_null(vf_schema_add_table(&schema));
    assert_null(vf_schema_add_user_type(&schema));
    assert_null(vf_schema_add_sequence(&schema));
    assert_null(vf_schema_add_other(&schema));
    assert_null(vf_table_add_column(&schema, &table));
    assert_null(vf_table_add_index(&schema, &table));
    assert_null(vf_table_add_foreign_key(&schema, &table));
    assert_null(vf_table_add_check(&schema, &table));
    assert_null(vf_index_add_part(&schema, &index));
    vf_alloc_fail_at(-1, false);
    assert_int_equal(schema.n_tables + schema.n_others + table.n_columns + index.n_parts, 0);
    assert_non_null(vf_schema_add_table(&schema));
    vf_schema_release(&schema);
}

/* ---- problems ---- */

static void test_problems_are_copied_in_order(void **state)
{
    struct vf_problem_list list = {0};
    char object[] = "docs.v", remedy[] = "pass --lossy";

    (void)state;
    for (int i = 0; i < 20; i++)
        assert_int_equal(
            vf_problem_add(&list, VF_SEVERITY_LOSS, VF_USAGE, object, remedy, NULL, "problem %d of '%s'", i, object),
            VF_OK);
    assert_int_equal(vf_problem_add(&list, VF_SEVERITY_BLOCK, VF_MISSING, NULL, NULL, NULL, "no pgvector"), VF_OK);
    memset(object, 'x', sizeof(object) - 1);
    memset(remedy, 'x', sizeof(remedy) - 1);
    assert_int_equal(list.n_problems, 21);
    assert_string_equal(list.problems[7].what, "problem 7 of 'docs.v'");
    assert_string_equal(list.problems[7].object, "docs.v");
    assert_string_equal(list.problems[7].remedy, "pass --lossy");
    assert_int_equal(list.problems[7].severity, VF_SEVERITY_LOSS);
    assert_int_equal(list.problems[20].status, VF_MISSING);
    assert_string_equal(list.problems[20].object, "");
    assert_string_equal(list.problems[20].remedy, "");
    vf_problem_list_release(&list);
    assert_int_equal(list.n_problems, 0);
    vf_problem_list_release(&list);
}

static void test_problems_without_memory(void **state)
{
    struct vf_problem_list list = {0};
    struct vf_error err = {0};

    (void)state;
    vf_alloc_fail_at(0, true);
    assert_int_equal(vf_problem_add(&list, VF_SEVERITY_NOTE, VF_OK, "a", "b", &err, "c"), VF_NOMEM);
    vf_alloc_fail_at(-1, false);
    assert_int_equal(err.status, VF_NOMEM);
    assert_int_equal(list.n_problems, 0);
    vf_problem_list_release(&list);
}

static void test_names_of_severities(void **state)
{
    (void)state;
    assert_string_equal(vf_severity_name(VF_SEVERITY_NOTE), "note");
    assert_string_equal(vf_severity_name(VF_SEVERITY_LOSS), "loss");
    assert_string_equal(vf_severity_name(VF_SEVERITY_BLOCK), "block");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_added_is_empty_and_stays),
        cmocka_unit_test(test_every_list_grows),
        cmocka_unit_test(test_tables_are_found_by_exact_name),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_problems_are_copied_in_order),
        cmocka_unit_test(test_problems_without_memory),
        cmocka_unit_test(test_names_of_severities),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "support.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/sqlite/lock.h"
#include "engine/store.h"

static struct vf_column parent_columns[] = {
    {.name = "id",
     .native = "INTEGER",
     .type = {.kind = VF_K_I64},
     .not_null = true,
     .generated = VF_GENERATED_AUTOINCREMENT},
    {.name = "name",
     .native = "TEXT",
     .type = {.kind = VF_K_TEXT},
     .not_null = true,
     .def = {.kind = VF_DEFAULT_LITERAL, .text = "it's"}},
    {.name = "made",
     .native = "TEXT",
     .type = {.kind = VF_K_TIMESTAMPTZ},
     .form = VF_FORM_ISO,
     .def = {.kind = VF_DEFAULT_NOW, .text = NULL}},
    {.name = "key",
     .native = "TEXT",
     .type = {.kind = VF_K_UUID},
     .form = VF_FORM_TEXT,
     .def = {.kind = VF_DEFAULT_UUID, .text = NULL}},
    {.name = "secs",
     .native = "INTEGER",
     .type = {.kind = VF_K_TIMESTAMPTZ},
     .form = VF_FORM_EPOCH_S,
     .def = {.kind = VF_DEFAULT_LITERAL, .text = "2024-01-01T00:00:00Z"}},
    {.name = "ok",
     .native = "BOOLEAN",
     .type = {.kind = VF_K_BOOL},
     .form = VF_FORM_INTEGER,
     .def = {.kind = VF_DEFAULT_LITERAL, .text = "true"}},
    {.name = "bytes",
     .native = "BLOB",
     .type = {.kind = VF_K_BLOB},
     .def = {.kind = VF_DEFAULT_LITERAL, .text = "\\x00ff"}},
    {.name = "odd",
     .native = "TEXT",
     .type = {.kind = VF_K_TEXT},
     .def = {.kind = VF_DEFAULT_EXPRESSION, .text = "abs(random()); DROP TABLE x"}},
};
static struct vf_key_part parent_parts[] = {{.column = 0}, {.column = 1, .descending = true}, {.column = 1}};
static struct vf_index parent_indexes[] = {
    {.constraint = VF_CONSTRAINT_PRIMARY, .unique = true, .n_parts = 1, .parts = &parent_parts[0]},
    {.name = "parent_name_key",
     .constraint = VF_CONSTRAINT_UNIQUE,
     .unique = true,
     .n_parts = 1,
     .parts = &parent_parts[2]},
};
static struct vf_table parent = {.name = "pa\"rent",
                                 .n_columns = 8,
                                 .columns = parent_columns,
                                 .primary_key = 0,
                                 .n_indexes = 2,
                                 .indexes = parent_indexes};

static struct vf_column child_columns[] = {
    {.name = "a", .native = "INTEGER", .type = {.kind = VF_K_I32}, .not_null = true},
    {.name = "b", .native = "TEXT", .type = {.kind = VF_K_TEXT}, .not_null = true, .collation = "NOCASE"},
};
static struct vf_key_part child_parts[] = {{.column = 0}, {.column = 1}};
static struct vf_index child_indexes[] = {
    {.constraint = VF_CONSTRAINT_PRIMARY, .unique = true, .n_parts = 2, .parts = child_parts}};
static int child_fk_columns[] = {0};
static const char *child_fk_to[] = {"id"};
static struct vf_foreign_key child_keys[] = {{.name = "child_fk",
                                              .n_columns = 1,
                                              .columns = child_fk_columns,
                                              .to_table = "pa\"rent",
                                              .to_columns = child_fk_to,
                                              .on_delete = VF_FK_CASCADE,
                                              .deferrable = true,
                                              .initially_deferred = true}};
static struct vf_table child = {.name = "child",
                                .n_columns = 2,
                                .columns = child_columns,
                                .primary_key = 0,
                                .n_indexes = 1,
                                .indexes = child_indexes,
                                .n_foreign_keys = 1,
                                .foreign_keys = child_keys};

static void apply(struct vf_conn *conn, const struct vf_step *step)
{
    struct vf_error err = {0};
    must(vf_conn_apply(conn, step, &err), &err);
}

static void tables_with_keys_and_defaults(void **state)
{
    struct vf_schema schema;
    struct vf_error err = {0};
    char text[400];
    (void)state;
    struct vf_conn *conn = open_side("t.db", VF_SIDE_TARGET);
    for (int i = 0; i < 2; i++) { /* a step may be repeated */
        apply(conn, &(struct vf_step){.kind = VF_STEP_TABLE, .table = &parent});
        apply(conn, &(struct vf_step){.kind = VF_STEP_TABLE, .table = &child});
    }
    run_sql("t.db", "INSERT INTO \"pa\"\"rent\" DEFAULT VALUES");
    assert_int_equal(
        ask_i64("t.db", "SELECT name = 'it''s' AND secs = 1704067200 AND ok = 1 AND bytes = x'00ff' AND odd IS NULL "
                        "AND made LIKE '____-__-__T__:__:__.___Z' AND typeof(secs) = 'integer' FROM \"pa\"\"rent\""),
        1);
    ask_text("t.db", "SELECT key FROM \"pa\"\"rent\"", text, sizeof(text));
    assert_int_equal(strlen(text), 36);
    assert_int_equal(text[14], '4');

    inspect(conn, false, &schema);
    assert_int_equal(find_column(&schema, "pa\"rent", "id")->generated, VF_GENERATED_AUTOINCREMENT);
    const struct vf_table *found = find_table(&schema, "child");
    assert_string_equal(found->foreign_keys[0].name, "child_fk");
    assert_int_equal(found->foreign_keys[0].on_delete, VF_FK_CASCADE);
    assert_true(found->foreign_keys[0].initially_deferred);
    assert_string_equal(found->columns[1].collation, "NOCASE");
    assert_int_equal(found->indexes[found->primary_key].n_parts, 2);
    vf_schema_release(&schema);

    run_sql("t.db", "INSERT INTO child VALUES (1, 'x'), (99, 'orphan')");
    assert_int_equal(
        vf_conn_apply(conn, &(struct vf_step){.kind = VF_STEP_FOREIGN_KEY, .table = &child, .foreign_key = child_keys},
                      &err),
        VF_VALUE);
    assert_string_equal(err.message,
                        "table child: the row with rowid 2 refers to a row of table pa\"rent that doesn't exist");
    run_sql("t.db", "DELETE FROM child WHERE a = 99");
    apply(conn, &(struct vf_step){.kind = VF_STEP_FOREIGN_KEY, .table = &child, .foreign_key = child_keys});

    const struct vf_sequence sequence = {
        .name = "s", .last = 500, .is_called = true, .owner_table = "pa\"rent", .owner_column = "id"};
    apply(conn, &(struct vf_step){.kind = VF_STEP_SEQUENCE_VALUE, .sequence = &sequence});
    run_sql("t.db", "INSERT INTO \"pa\"\"rent\" (name) VALUES ('next')");
    assert_int_equal(ask_i64("t.db", "SELECT max(id) FROM \"pa\"\"rent\""), 501);

    bool exists = false;
    bool has_rows = false;
    must(vf_conn_table_state(conn, NULL, "CHILD", &exists, &has_rows, &err), &err);
    assert_true(exists && has_rows);
    apply(conn, &(struct vf_step){.kind = VF_STEP_DROP_TABLE, .table = &child});
    must(vf_conn_table_state(conn, NULL, "child", &exists, &has_rows, &err), &err);
    assert_false(exists);
    vf_conn_close(conn);
}

static void indexes_are_made_or_the_reason_is_said(void **state)
{
    struct vf_error err = {0};
    struct vf_arena arena = {0};
    struct vf_index_mapping mapping;
    char text[400];
    (void)state;
    struct vf_conn *conn = open_side("t.db", VF_SIDE_TARGET);
    run_sql("t.db", "CREATE TABLE other (a); CREATE INDEX by_name ON other (a)");
    apply(conn, &(struct vf_step){.kind = VF_STEP_TABLE, .table = &parent});

    struct vf_index plain = {
        .name = "by_name", .n_parts = 1, .parts = &parent_parts[1], .predicate = "name IS NOT NULL AND ok = 1"};
    const struct vf_expr_scope scope = {.table = &parent, .is_condition = true};
    const char *why = NULL;
    must(vf_expr_read(vf_dialect_find("sqlite"), &scope, plain.predicate, &arena, &plain.predicate_expr, &why, &err),
         &err);
    must(vf_conn_map_index(conn, &parent, &plain, &arena, &mapping, &err), &err);
    assert_true(mapping.moved);
    assert_string_equal(mapping.index.name, "by_name_pa\"rent");
    apply(conn, &(struct vf_step){.kind = VF_STEP_INDEX, .table = &parent, .index = &mapping.index});
    apply(conn, &(struct vf_step){.kind = VF_STEP_INDEX, .table = &parent, .index = &mapping.index});
    ask_text("t.db", "SELECT sql FROM sqlite_master WHERE name = 'by_name_pa\"rent'", text, sizeof(text));
    assert_non_null(strstr(text, "(\"name\" DESC) WHERE (\"name\" IS NOT NULL) AND (\"ok\" = 1)"));

    plain.predicate = "length(name) > 3";
    plain.predicate_expr = NULL;
    must(vf_conn_map_index(conn, &parent, &plain, &arena, &mapping, &err), &err);
    assert_false(mapping.moved);
    assert_non_null(strstr(mapping.why, "condition"));
    struct vf_index hnsw = {.name = "h", .kind = VF_INDEX_HNSW, .n_parts = 1, .parts = parent_parts};
    must(vf_conn_map_index(conn, &parent, &hnsw, &arena, &mapping, &err), &err);
    assert_false(mapping.moved);
    assert_non_null(strstr(mapping.why, "metric"));
    struct vf_column vector = {
        .name = "v", .native = "BLOB", .type = {.kind = VF_K_VECTOR, .element = VF_E_F32, .dim = 3}};
    struct vf_table vectors = {.name = "vectors", .n_columns = 1, .columns = &vector, .primary_key = -1};
    struct vf_key_part on_v = {.column = 0};
    hnsw.parts = &on_v;
    hnsw.vector.metric = VF_METRIC_L2;
    must(vf_conn_map_index(conn, &vectors, &hnsw, &arena, &mapping, &err), &err);
    assert_true(mapping.moved);
    assert_int_equal(mapping.index.vector.place, VF_PLACE_SIDECAR);
    hnsw.vector.place = VF_PLACE_DATABASE;
    must(vf_conn_map_index(conn, &vectors, &hnsw, &arena, &mapping, &err), &err);
    assert_false(mapping.moved);
    assert_non_null(strstr(mapping.why, "no approximate index"));
    vf_arena_release(&arena);
    vf_conn_close(conn);
}

static void pages_and_modes_of_a_bulk_load(void **state)
{
    struct vf_error err = {0};
    char mode[16];
    (void)state;
    struct vf_conn *conn = open_side("new.db", VF_SIDE_TARGET);
    apply(conn, &(struct vf_step){.kind = VF_STEP_TABLE, .table = &parent});
    must(vf_conn_begin_bulk(conn, &(struct vf_load_estimate){.max_row_bytes = 40000}, &err), &err);
    ask_text("new.db", "PRAGMA journal_mode", mode, sizeof(mode));
    assert_string_equal(mode, "wal");
    must(vf_conn_end_bulk(conn, &err), &err);
    vf_conn_close(conn);
    ask_text("new.db", "PRAGMA journal_mode", mode, sizeof(mode));
    assert_string_equal(mode, "delete");
    assert_int_equal(ask_i64("new.db", "PRAGMA page_size"), 32768);
    assert_int_equal(ask_i64("new.db", "SELECT count(*) FROM sqlite_master WHERE name LIKE 'vecferry%'"), 0);
    assert_int_not_equal(access(path_of("new.db-wal"), F_OK), 0);

    /* A large load into a new file needs no log of what it adds; the second run of it, whose file isn't new, has one. */
    for (int i = 0; i < 2; i++) {
        const struct vf_load_estimate large = {.size_bytes = INT64_C(1) << 30};
        conn = open_side("large.db", VF_SIDE_TARGET);
        must(vf_conn_begin_bulk(conn, &large, &err), &err);
        must(vf_conn_begin(conn, &err), &err);
        apply(conn, &(struct vf_step){.kind = VF_STEP_TABLE, .table = &parent});
        must(vf_conn_commit(conn, &err), &err);
        ask_text("large.db", "PRAGMA journal_mode", mode, sizeof(mode));
        assert_string_equal(mode, i == 0 ? "delete" : "wal");
        if (i == 1)
            must(vf_conn_end_bulk(conn, &err), &err);
        vf_conn_close(conn);
    }
    ask_text("large.db", "PRAGMA journal_mode", mode, sizeof(mode));
    assert_string_equal(mode, "delete");

    /* A file of the user's keeps its settings, also when a first run was killed. */
    run_sql("old.db", "PRAGMA page_size = 4096; PRAGMA journal_mode = TRUNCATE; CREATE TABLE t (a)");
    run_sql("wal.db", "PRAGMA journal_mode = WAL; CREATE TABLE t (a)");
    for (int i = 0; i < 2; i++) {
        conn = open_side("old.db", VF_SIDE_TARGET);
        must(vf_conn_begin_bulk(conn, &(struct vf_load_estimate){.max_row_bytes = 40000}, &err), &err);
        if (i == 1)
            must(vf_conn_end_bulk(conn, &err), &err);
        vf_conn_close(conn);
    }
    ask_text("old.db", "PRAGMA journal_mode", mode, sizeof(mode));
    assert_string_equal(mode, "delete"); /* TRUNCATE is a mode of a connection: to the file it is DELETE */
    assert_int_equal(ask_i64("old.db", "PRAGMA page_size"), 4096);
    conn = open_side("wal.db", VF_SIDE_TARGET);
    must(vf_conn_begin_bulk(conn, &(struct vf_load_estimate){0}, &err), &err);
    must(vf_conn_end_bulk(conn, &err), &err);
    vf_conn_close(conn);
    ask_text("wal.db", "PRAGMA journal_mode", mode, sizeof(mode));
    assert_string_equal(mode, "wal");
}

static void one_run_at_a_time(void **state)
{
    struct vf_error err = {0};
    int status = 0;
    (void)state;
    struct vf_conn *first = open_side("t.db", VF_SIDE_TARGET);
    struct vf_conn *second = open_side("t.db", VF_SIDE_TARGET);
    must(vf_conn_lock(first, "vecferry copy", &err), &err);
    assert_int_equal(vf_conn_lock(second, "another", &err), VF_LOCKED);
    assert_non_null(strstr(err.message, "is being filled by another run: vecferry copy (process "));
    vf_conn_unlock(first);
    assert_int_not_equal(access(path_of("t.db-vecferry-lock"), F_OK), 0);

    pid_t child_process = fork();
    if (child_process == 0) /* dies with the lock, and leaves the file behind */
        _exit(vf_conn_lock(second, "a run that is killed", NULL) == VF_OK ? 0 : 1);
    waitpid(child_process, &status, 0);
    assert_int_equal(status, 0);
    assert_int_equal(access(path_of("t.db-vecferry-lock"), F_OK), 0);
    must(vf_conn_lock(first, "vecferry copy --resume", &err), &err);
    vf_conn_close(first);
    vf_conn_close(second);
}

static void another_writer_is_said(void **state)
{
    struct vf_error err = {0};
    (void)state;
    run_sql("t.db", "CREATE TABLE t (a)");
    struct vf_conn *conn = open_side("t.db", VF_SIDE_TARGET);
    sqlite3 *other = open_raw("t.db");
    sqlite3_exec(other, "BEGIN EXCLUSIVE", NULL, NULL, NULL);
    assert_int_equal(vf_conn_begin(conn, &err), VF_LOCKED);
    assert_non_null(strstr(err.message, "locked by another program"));
    assert_true(strlen(err.hint) > 0);
    sqlite3_close(other);
    vf_conn_close(conn);
}

static enum vf_status count_run(void *context, const struct vf_store_run *run, struct vf_error *err)
{
    int *n = context;
    (void)err;
    assert_string_equal(run->run, "0123456789abcdef");
    ++*n;
    return VF_OK;
}

static void records_are_kept(void **state)
{
    struct vf_error err = {0};
    int n = 0;
    bool claimed = false;
    (void)state;
    struct vf_conn *conn = open_side("t.db", VF_SIDE_TARGET);
    must(vf_store_list_runs(conn, count_run, &n, &err), &err);
    must(vf_store_create(conn, &err), &err);
    const struct vf_store_run run = {.run = "0123456789abcdef",
                                     .plan_sha256 = "x",
                                     .source = "s",
                                     .state = "copying",
                                     .tool_version = "1",
                                     .plan_text = "p"};
    must(vf_store_put_run(conn, &run, &err), &err);
    must(vf_store_put_run(conn, &run, &err), &err);
    must(vf_store_list_runs(conn, count_run, &n, &err), &err);
    assert_int_equal(n, 1);
    struct vf_store_chunk chunk = {.run = run.run, .table = "t", .version = 1, .generation = "", .owner = ""};
    struct vf_store_chunk stale = chunk;
    must(vf_store_put_chunk(conn, &chunk, &err), &err);
    must(vf_store_claim_chunk(conn, &chunk, "me", 5, &claimed, &err), &err);
    assert_true(claimed);
    must(vf_store_claim_chunk(conn, &stale, "you", 5, &claimed, &err), &err);
    assert_false(claimed);
    must(vf_conn_begin(conn, &err), &err);
    must(vf_store_finish_chunk(conn, &chunk, &err), &err);
    vf_conn_rollback(conn);
    must(vf_conn_begin(conn, &err), &err);
    must(vf_store_finish_chunk(conn, &chunk, &err), &err);
    must(vf_conn_commit(conn, &err), &err);
    assert_int_equal(vf_store_finish_chunk(conn, &chunk, &err), VF_LOCKED);
    must(vf_store_forget(conn, run.run, &err), &err);
    n = 0;
    must(vf_store_list_runs(conn, count_run, &n, &err), &err);
    assert_int_equal(n, 0);
    vf_conn_close(conn);
}

static void what_stops_a_load_is_found_before(void **state)
{
    struct vf_error err = {0};
    struct vf_problem_list problems = {0};
    struct vf_table tables[] = {{.name = "sqlite_x", .primary_key = -1}};
    const struct vf_schema wanted = {.n_tables = 1, .tables = tables};
    (void)state;
    struct vf_conn *conn = open_side("t.db", VF_SIDE_TARGET);
    must(vf_conn_preflight(conn, &wanted, &(struct vf_load_estimate){.size_bytes = INT64_MAX / 4}, &problems, &err),
         &err);
    assert_int_equal(problems.n_problems, 2);
    assert_non_null(strstr(problems.problems[0].what, "MiB free"));
    assert_non_null(strstr(problems.problems[1].what, "for itself"));
    assert_string_equal(problems.problems[1].object, "sqlite_x");
    assert_string_equal(problems.problems[1].say, "rename: my_sqlite_x");
    vf_problem_list_release(&problems);
    vf_conn_close(conn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(tables_with_keys_and_defaults, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(indexes_are_made_or_the_reason_is_said, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(pages_and_modes_of_a_bulk_load, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(one_run_at_a_time, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(another_writer_is_said, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(records_are_kept, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(what_stops_a_load_is_found_before, make_folder, remove_folder),
    };
    return cmocka_run_group_tests_name("sqlite target", tests, NULL, NULL);
}

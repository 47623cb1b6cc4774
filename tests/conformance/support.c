#include "conformance.h"

#include <stdio.h>
#include <string.h>

#include "base/url.h"

static const struct conf_quirks *current;

void conf_use(const struct conf_quirks *quirks)
{
    current = quirks;
}

void conf_check(enum vf_status status, const struct vf_error *err, const char *call, const char *file, int line)
{
    if (status == VF_OK)
        return;
    print_error("%s: %s: %s\n", call, vf_status_text(status), err->message);
    _fail(file, line);
}

void conf_check_failed(enum vf_status status, const struct vf_error *err, enum vf_status wanted, const char *word,
                       const char *call, const char *file, int line)
{
    if (status == wanted && strstr(err->message, word) != NULL && err->message[0] != '\0')
        return;
    print_error("%s: %s: \"%s\", but wanted: %s with \"%s\"\n", call, vf_status_text(status), err->message,
                vf_status_text(wanted), word);
    _fail(file, line);
}

struct vf_conn *conf_open(const struct conf *conf, enum vf_side side)
{
    struct vf_url url = {0};
    struct vf_conn *conn = NULL;
    const struct vf_open_options options = {.side = side, .application = "conformance"};
    CONF_OK(vf_url_parse(conf->database.url, &url, &err));
    CONF_OK(vf_conn_open_with(vf_engine_find(conf->quirks->engine), &url, &options, &conn, &err));
    vf_url_release(&url);
    assert_non_null(conn);
    return conn;
}

const char *conf_label(const struct conf_quirks *quirks)
{
    return quirks->label != NULL ? quirks->label : quirks->engine;
}

int conf_setup(void **state)
{
    static struct conf conf;
    conf = (struct conf){.quirks = current};
    if (!current->make(&conf.database))
        return -1;
    conf.conn = conf_open(&conf, VF_SIDE_TARGET);
    *state = &conf;
    return 0;
}

int conf_teardown(void **state)
{
    struct conf *conf = *state;
    vf_conn_close(conf->conn);
    conf->quirks->drop(&conf->database);
    return 0;
}

int conf_run(const struct conf_quirks *quirks)
{
    struct conf_database probe;
    int failed = 0;
    if (!quirks->make(&probe)) {
        print_message("skipped: no %s database can be made here\n", conf_label(quirks));
        return 77;
    }
    quirks->drop(&probe);
    conf_use(quirks);
    failed += _cmocka_run_group_tests("basic", conf_tests_basic, conf_n_tests_basic, NULL, NULL);
    failed += _cmocka_run_group_tests("rows", conf_tests_rows, conf_n_tests_rows, NULL, NULL);
    failed += _cmocka_run_group_tests("scan", conf_tests_scan, conf_n_tests_scan, NULL, NULL);
    failed += _cmocka_run_group_tests("records", conf_tests_records, conf_n_tests_records, NULL, NULL);
    failed += _cmocka_run_group_tests("apply", conf_tests_apply, conf_n_tests_apply, NULL, NULL);
    return failed > 0;
}

/* ---- tables ---- */

static void table_key(struct conf_table *table, const struct conf *conf)
{
    size_t n = table->relation.n_key;
    struct vf_index_mapping mapping;
    table->relation.key = table->key;
    table->def.primary_key = -1;
    if (n == 0)
        return;
    table->primary = (struct vf_index){
        .name = vf_arena_printf(&table->arena, "%s_pkey", table->def.name),
        .method = "btree",
        .constraint = VF_CONSTRAINT_PRIMARY,
        .unique = true,
        .n_parts = n,
        .parts = table->parts,
    };
    for (size_t i = 0; i < n; i++)
        table->parts[i].column = (int)table->key[i];
    CONF_OK(vf_conn_map_index(conf->conn, &table->def, &table->primary, &table->arena, &mapping, &err));
    assert_true(mapping.moved);
    table->primary = mapping.index;
    table->def.primary_key = 0;
    table->def.n_indexes = 1;
    table->def.indexes = &table->primary;
}

/* Mapped with the source's name of the type, as a plan does it; then what the engine answered takes its place. */
static void table_column(struct conf_table *table, const struct conf *conf, size_t i, const struct conf_column *wanted)
{
    struct vf_column *column = &table->columns[i];
    struct vf_mapping mapping;
    assert_true(vf_type_parse(wanted->type, &table->types[i]));
    *column = (struct vf_column){
        .name = wanted->name,
        .native = wanted->native != NULL ? wanted->native : wanted->type,
        .type = table->types[i],
        .not_null = wanted->not_null || wanted->key,
    };
    CONF_OK(vf_conn_map_column(conf->conn, &table->def, column, &table->arena, &mapping, &err));
    table->fidelity[i] = mapping.fidelity;
    if (mapping.fidelity == VF_FIDELITY_NONE)
        return;
    assert_non_null(mapping.native);
    column->native = mapping.native;
    column->form = mapping.form;
    table->fields[i] = (struct vf_field){.name = column->name,
                                         .native = column->native,
                                         .type = column->type,
                                         .form = column->form,
                                         .not_null = column->not_null};
    if (wanted->key)
        table->key[table->relation.n_key++] = i;
}

void conf_table_init(struct conf_table *table, const struct conf *conf, const char *name, size_t n_columns,
                     const struct conf_column *columns)
{
    assert_true(n_columns <= CONF_MAX_COLUMNS);
    *table = (struct conf_table){0};
    table->def = (struct vf_table){
        .schema = conf->quirks->schema,
        .name = name,
        .n_columns = n_columns,
        .columns = table->columns,
        .primary_key = -1,
        .n_rows = -1,
        .size_bytes = -1,
    };
    for (size_t i = 0; i < n_columns; i++)
        table_column(table, conf, i, &columns[i]);
    table->relation.schema = conf->quirks->schema;
    table->relation.name = name;
    table->relation.n_fields = n_columns;
    table->relation.fields = table->fields;
    table_key(table, conf);
}

void conf_table_release(struct conf_table *table)
{
    vf_arena_release(&table->arena);
    *table = (struct conf_table){0};
}

void conf_table_make(const struct conf_table *table, struct vf_conn *conn, const struct conf *conf)
{
    const struct vf_step extension = {.kind = VF_STEP_EXTENSION, .name = conf->quirks->extension};
    const struct vf_step make = {.kind = VF_STEP_TABLE, .table = &table->def};
    if (extension.name != NULL)
        CONF_OK(vf_conn_apply(conn, &extension, &err));
    CONF_OK(vf_conn_apply(conn, &make, &err));
}

void conf_table_finish(const struct conf_table *table, struct vf_conn *conn)
{
    const struct vf_step index = {.kind = VF_STEP_INDEX, .table = &table->def, .index = &table->primary};
    if (table->def.n_indexes > 0 && vf_conn_can(conn, VF_CAP_LATE_KEYS))
        CONF_OK(vf_conn_apply(conn, &index, &err));
}

void conf_batch_init(struct vf_batch *batch, const struct conf_table *table, int64_t max_rows)
{
    CONF_OK(vf_batch_init(batch, table->relation.n_fields, table->types, max_rows, (size_t)16 << 20, &err));
}

void conf_plain_init(struct conf_table *table, const struct conf *conf, const char *name)
{
    static const struct conf_column columns[] = {
        {.name = "id", .type = "i64", .key = true},
        {.name = "name", .type = "text", .not_null = true},
        {.name = "note", .type = "text"},
    };
    conf_table_init(table, conf, name, 3, columns);
}

void conf_plain_rows(struct vf_batch *batch, int64_t first, int64_t n)
{
    for (int64_t id = first; id < first + n; id++) {
        char name[32];
        int size = snprintf(name, sizeof(name), "name %lld", (long long)id);
        CONF_OK(vf_array_add_fixed(&batch->columns[0], &id, &err));
        CONF_OK(vf_array_add_bytes(&batch->columns[1], name, (size_t)size, &err));
        if (id % 3 == 0)
            CONF_OK(vf_array_add_null(&batch->columns[2], &err));
        else
            CONF_OK(vf_array_add_bytes(&batch->columns[2], "a note that makes the row a little longer", 41, &err));
        vf_batch_end_row(batch);
    }
}

void conf_write(struct vf_conn *conn, const struct conf_table *table, const struct vf_batch *batch,
                struct vf_reject_list *rejects)
{
    struct vf_load *load = NULL;
    CONF_OK(vf_load_open(conn, &table->relation, &load, &err));
    CONF_OK(vf_load_write(conn, load, batch, rejects, &err));
    vf_load_close(conn, load);
}

void conf_load(struct vf_conn *conn, const struct conf_table *table, const struct vf_batch *batch)
{
    CONF_OK(vf_conn_begin(conn, &err));
    conf_write(conn, table, batch, NULL);
    CONF_OK(vf_conn_commit(conn, &err));
}

void conf_plain_table(struct conf_table *table, const struct conf *conf, const char *name, int64_t n)
{
    struct vf_batch batch = {0};
    conf_plain_init(table, conf, name);
    conf_table_make(table, conf->conn, conf);
    conf_batch_init(&batch, table, n + 1);
    conf_plain_rows(&batch, 1, n);
    if (n > 0)
        conf_load(conf->conn, table, &batch);
    conf_table_finish(table, conf->conn);
    vf_batch_release(&batch);
}

/* ---- digests ---- */

void conf_digest_batch(const struct vf_batch *batch, struct vf_digest *digest)
{
    struct vf_hash128 *rows = vf_calloc((size_t)batch->n_rows + 1, sizeof(*rows));
    struct vf_buf scratch;
    assert_non_null(rows);
    vf_buf_init(&scratch, VF_BUF_MAX);
    CONF_OK(vf_canon_rows(batch, &scratch, rows, &err));
    for (int64_t i = 0; i < batch->n_rows; i++)
        vf_digest_add_row(digest, rows[i]);
    vf_buf_release(&scratch);
    vf_free(rows);
}

void conf_digest_scan(struct vf_conn *conn, const struct conf_table *table, const struct vf_chunk *chunk,
                      struct vf_digest *digest)
{
    struct vf_batch batch = {0};
    struct vf_scan *scan = NULL;
    bool more = true;
    conf_batch_init(&batch, table, 97);
    CONF_OK(vf_scan_open(conn, &table->relation, chunk, &scan, &err));
    while (more) {
        vf_batch_reset(&batch);
        CONF_OK(vf_scan_read(conn, scan, &batch, &more, &err));
        if (batch.rejects.n_rejects > 0)
            fail_msg("%s, column %s: %s", batch.rejects.rejects[0].key, batch.rejects.rejects[0].column,
                     batch.rejects.rejects[0].reason);
        conf_digest_batch(&batch, digest);
    }
    vf_scan_close(conn, scan);
    vf_batch_release(&batch);
}

void conf_expect_same(struct vf_digest a, struct vf_digest b, const char *what)
{
    if (a.n_rows != b.n_rows)
        fail_msg("%s: %lld rows, and %lld", what, (long long)a.n_rows, (long long)b.n_rows);
    if (!vf_digest_equal(a, b))
        fail_msg("%s: %lld rows on both sides, but other values", what, (long long)a.n_rows);
}

int64_t conf_count(struct vf_conn *conn, const struct conf_table *table)
{
    struct vf_digest digest = {0};
    conf_digest_scan(conn, table, NULL, &digest);
    return digest.n_rows;
}

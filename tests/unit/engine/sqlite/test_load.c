#include "support.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "engine/sqlitesql/conn.h"
#include "model/canon.h"
#include "model/temporal.h"

/* A table of one column of each type, mapped, made, loaded, and read again. */

enum {
    C_ID,
    C_BOOL,
    C_I16,
    C_F32,
    C_F64,
    C_DECIMAL,
    C_TEXT,
    C_BLOB,
    C_UUID,
    C_DATE,
    C_TIME,
    C_TIMESTAMP,
    C_TIMESTAMPTZ,
    C_INTERVAL,
    C_JSON,
    C_VECTOR,
    C_F16,
    C_BIT,
    C_VARIES,
    C_SPARSE,
    N_COLUMNS,
};

static struct vf_column columns[N_COLUMNS] = {
    {.name = "id", .native = "bigint", .type = {.kind = VF_K_I64}, .not_null = true},
    {.name = "bool", .native = "boolean", .type = {.kind = VF_K_BOOL}},
    {.name = "i16", .native = "smallint", .type = {.kind = VF_K_I16}},
    {.name = "f32", .native = "real", .type = {.kind = VF_K_F32}},
    {.name = "f64", .native = "double precision", .type = {.kind = VF_K_F64}},
    {.name = "decimal", .native = "numeric", .type = {.kind = VF_K_DECIMAL}},
    {.name = "text", .native = "text", .type = {.kind = VF_K_TEXT}},
    {.name = "blob", .native = "bytea", .type = {.kind = VF_K_BLOB}},
    {.name = "uuid", .native = "uuid", .type = {.kind = VF_K_UUID}},
    {.name = "date", .native = "date", .type = {.kind = VF_K_DATE}},
    {.name = "time", .native = "time", .type = {.kind = VF_K_TIME}},
    {.name = "timestamp", .native = "timestamp", .type = {.kind = VF_K_TIMESTAMP}},
    {.name = "timestamptz", .native = "timestamptz", .type = {.kind = VF_K_TIMESTAMPTZ}},
    {.name = "interval", .native = "interval", .type = {.kind = VF_K_INTERVAL}},
    {.name = "json", .native = "json", .type = {.kind = VF_K_JSON}},
    {.name = "vector", .native = "vector(3)", .type = {.kind = VF_K_VECTOR, .element = VF_E_F32, .dim = 3}},
    {.name = "f16", .native = "halfvec(2)", .type = {.kind = VF_K_VECTOR, .element = VF_E_F16, .dim = 2}},
    {.name = "bit", .native = "bit(9)", .type = {.kind = VF_K_VECTOR, .element = VF_E_BIT, .dim = 9}},
    {.name = "varies", .native = "vector", .type = {.kind = VF_K_VECTOR, .element = VF_E_F32}},
    {.name = "sparse", .native = "sparsevec(7)", .type = {.kind = VF_K_SPARSE, .element = VF_E_F32, .dim = 7}},
};

static struct vf_key_part id_part = {.column = C_ID};
static struct vf_index id_key = {.constraint = VF_CONSTRAINT_PRIMARY, .unique = true, .n_parts = 1, .parts = &id_part};

static struct vf_table all_types_table(void)
{
    return (struct vf_table){.name = "all types",
                             .n_columns = N_COLUMNS,
                             .columns = columns,
                             .primary_key = 0,
                             .n_indexes = 1,
                             .indexes = &id_key};
}

/* The table as the target has it. */
static void map_table(struct vf_conn *conn, struct vf_table *table, struct vf_column *mapped, struct vf_arena *arena)
{
    struct vf_error err = {0};
    for (size_t i = 0; i < table->n_columns; i++) {
        struct vf_mapping mapping;
        must(vf_conn_map_column(conn, table, &table->columns[i], arena, &mapping, &err), &err);
        assert_int_equal(mapping.fidelity, VF_FIDELITY_EXACT);
        mapped[i] = table->columns[i];
        mapped[i].native = mapping.native;
        mapped[i].form = mapping.form;
    }
    table->columns = mapped;
}

static void new_batch(const struct vf_relation *relation, struct vf_batch *batch)
{
    struct vf_error err = {0};
    struct vf_type types[N_COLUMNS];
    for (size_t i = 0; i < relation->n_fields; i++)
        types[i] = relation->fields[i].type;
    must(vf_batch_init(batch, relation->n_fields, types, 1000, 1 << 20, &err), &err);
}

static void add(struct vf_batch *batch, size_t column, const void *bytes, size_t size_bytes)
{
    struct vf_error err = {0};
    struct vf_array *array = &batch->columns[column];
    enum vf_status status = array->layout == VF_LAYOUT_VARIABLE ? vf_array_add_bytes(array, bytes, size_bytes, &err)
                                                                : vf_array_add_fixed(array, bytes, &err);
    must(status, &err);
}

struct extremes {
    int16_t i16;
    float f32;
    double f64;
    const char *decimal, *text;
    size_t text_bytes;
    int32_t date;
    int64_t time, timestamp, timestamptz;
    struct vf_interval interval;
    float vector[3];
};

static void add_row(struct vf_batch *batch, int64_t id, const struct extremes *x)
{
    static const uint8_t uuid[16] = {1, 2, 0xff};
    static const uint8_t bits[2] = {0x81, 0x80};
    static const uint16_t halves[2] = {0x3c00, 0x0001};
    static const uint8_t sparse[16] = {7, 0, 0, 0, 1, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0x20, 0xc0};
    struct vf_error err = {0};
    add(batch, C_ID, &id, 8);
    must(vf_array_add_bool(&batch->columns[C_BOOL], id % 2 == 0, &err), &err);
    add(batch, C_I16, &x->i16, 2);
    add(batch, C_F32, &x->f32, 4);
    add(batch, C_F64, &x->f64, 8);
    add(batch, C_DECIMAL, x->decimal, strlen(x->decimal));
    add(batch, C_TEXT, x->text, x->text_bytes);
    add(batch, C_BLOB, x->text, x->text_bytes);
    add(batch, C_UUID, uuid, 16);
    add(batch, C_DATE, &x->date, 4);
    add(batch, C_TIME, &x->time, 8);
    add(batch, C_TIMESTAMP, &x->timestamp, 8);
    add(batch, C_TIMESTAMPTZ, &x->timestamptz, 8);
    add(batch, C_INTERVAL, &x->interval, sizeof(x->interval));
    add(batch, C_JSON, "1", 1);
    add(batch, C_VECTOR, x->vector, sizeof(x->vector));
    add(batch, C_F16, halves, sizeof(halves));
    add(batch, C_BIT, bits, sizeof(bits));
    add(batch, C_VARIES, x->vector, (size_t)((uint64_t)id % 3 + 1) * 4);
    add(batch, C_SPARSE, sparse, sizeof(sparse));
    vf_batch_end_row(batch);
}

static void fill(struct vf_batch *batch)
{
    static const struct extremes rows[] = {
        {INT16_MIN,
         1.17549435e-38F,
         5e-324,
         "0.10",
         "a\0b",
         3,
         -719162,
         0,
         0,
         0,
         {1, -2, 3},
         {1e-45F, 3.4028235e38F, -0.0F}},
        {INT16_MAX,
         -0.0F,
         -0.0,
         "-12345678901234567890123456789012345678.90",
         "",
         0,
         2932896,
         INT64_C(86400000000),
         1,
         -1,
         {0, 0, 0},
         {0, 0, 0}},
        {0,
         INFINITY,
         -HUGE_VAL,
         "NaN",
         "\xff\xfe",
         2,
         VF_DATE_INFINITY,
         1,
         VF_TIMESTAMP_INFINITY,
         VF_TIMESTAMP_MINUS_INFINITY,
         {-1, 400, -1},
         {1, 2, 3}},
        {1,
         NAN,
         (double)NAN,
         "Infinity",
         "it's \"x\"",
         8,
         -2440588,
         86399999999,
         INT64_C(9223371331200000000) - 1000000,
         INT64_C(-211813488000000000),
         {1, 1, 1},
         {0.1F, 0.2F, 0.3F}},
    };
    struct vf_error err = {0};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        add_row(batch, i == 0 ? INT64_MIN : i == 1 ? INT64_MAX : (int64_t)i, &rows[i]);
    int64_t id = 77;
    add(batch, C_ID, &id, 8);
    for (size_t i = 1; i < N_COLUMNS; i++)
        must(vf_array_add_null(&batch->columns[i], &err), &err);
    vf_batch_end_row(batch);
}

/* Rows come back in the order of the rowid. */
static void check_equal(const struct vf_batch *a, const struct vf_batch *b)
{
    struct vf_buf scratch;
    vf_buf_init(&scratch, VF_BUF_MAX);
    assert_int_equal(a->n_rows, b->n_rows);
    for (int64_t i = 0; i < a->n_rows; i++) {
        int64_t place = 0;
        while (vf_array_i64(&b->columns[C_ID], place) != vf_array_i64(&a->columns[C_ID], i))
            place++;
        for (size_t c = 0; c < a->n_columns; c++) {
            struct vf_hash128 before = vf_canon_columns(a, i, 1, &c, &scratch);
            if (!vf_hash128_equal(before, vf_canon_columns(b, place, 1, &c, &scratch)))
                fail_msg("row %d, column %s has changed", (int)i, columns[c].name);
        }
    }
    vf_buf_release(&scratch);
}

static void write_batch(struct vf_conn *conn, const struct vf_relation *relation, const struct vf_batch *batch,
                        struct vf_reject_list *rejects)
{
    struct vf_error err = {0};
    struct vf_load *load = NULL;
    must(vf_conn_begin(conn, &err), &err);
    must(vf_load_open(conn, relation, &load, &err), &err);
    must(vf_load_write(conn, load, batch, rejects, &err), &err);
    vf_load_close(conn, load);
    must(vf_conn_commit(conn, &err), &err);
}

static void every_type_comes_back_as_it_was(void **state)
{
    struct vf_error err = {0};
    struct vf_arena arena = {0};
    struct vf_column mapped[N_COLUMNS];
    struct vf_batch batch = {0};
    struct vf_batch again = {0};
    struct vf_reject_list rejects = {0};
    struct vf_table table = all_types_table();
    struct vf_conn *conn = open_side("t.db", VF_SIDE_TARGET);
    (void)state;
    map_table(conn, &table, mapped, &arena);
    must(vf_conn_apply(conn, &(struct vf_step){.kind = VF_STEP_TABLE, .table = &table}, &err), &err);
    must(vf_conn_begin_bulk(conn, &(struct vf_load_estimate){.size_bytes = 1000}, &err), &err);
    struct vf_relation relation = relation_of(&table);
    new_batch(&relation, &batch);
    fill(&batch);
    write_batch(conn, &relation, &batch, &rejects);
    assert_int_equal(rejects.n_rejects, 0);
    must(vf_conn_end_bulk(conn, &err), &err);
    vf_conn_close(conn);

    assert_int_equal(ask_i64("t.db", "SELECT count(*) FROM \"all types\" WHERE rowid = id"), 5);
    assert_int_equal(ask_i64("t.db", "SELECT count(*) FROM \"all types\" WHERE typeof(json) = 'text' AND json = '1'"),
                     4);
    assert_int_equal(ask_i64("t.db", "SELECT length(vector) FROM \"all types\" WHERE id = 2"), 12);
    assert_int_equal(ask_i64("t.db", "SELECT hex(bit) = '8180' FROM \"all types\" WHERE id = 2"), 1);

    conn = open_side("t.db", VF_SIDE_SOURCE);
    read_all(conn, &relation, NULL, &again);
    if (again.rejects.n_rejects > 0)
        fail_msg("%s: %s", again.rejects.rejects[0].column, again.rejects.rejects[0].reason);
    check_equal(&batch, &again);
    vf_conn_close(conn);
    vf_batch_release(&batch);
    vf_batch_release(&again);
    free_relation(&relation);
    vf_arena_release(&arena);
}

static void rows_are_found_by_key(void **state)
{
    struct vf_error err = {0};
    struct vf_schema schema;
    struct vf_batch keys = {0};
    struct vf_batch found = {0};
    struct vf_scan *scan = NULL;
    bool more = true;
    (void)state;
    run_sql("a.db", "CREATE TABLE t (v TEXT, a INTEGER, b TEXT, PRIMARY KEY (a, b));"
                    "INSERT INTO t VALUES ('one', 1, 'x'), ('two', 1, 'y'), ('three', 2, 'x')");
    struct vf_conn *conn = open_side("a.db", VF_SIDE_SOURCE);
    inspect(conn, false, &schema);
    struct vf_relation relation = relation_of(find_table(&schema, "t"));
    const struct vf_type types[2] = {{.kind = VF_K_I64}, {.kind = VF_K_TEXT}};
    must(vf_batch_init(&keys, 2, types, 10, 1000, &err), &err);
    for (int64_t i = 1; i <= 2; i++) {
        add(&keys, 0, &i, 8);
        add(&keys, 1, "x", 1);
        vf_batch_end_row(&keys);
        add(&keys, 0, &i, 8);
        add(&keys, 1, "nowhere", 7);
        vf_batch_end_row(&keys);
    }
    const struct vf_type row[3] = {{.kind = VF_K_TEXT}, {.kind = VF_K_I64}, {.kind = VF_K_TEXT}};
    must(vf_batch_init(&found, 3, row, 10, 1000, &err), &err);
    must(vf_conn_lookup(conn, &relation, &keys, &scan, &err), &err);
    must(vf_scan_read(conn, scan, &found, &more, &err), &err);
    assert_false(more);
    assert_int_equal(found.n_rows, 2);
    size_t size_bytes = 0;
    assert_memory_equal(vf_array_value(&found.columns[0], 1, &size_bytes), "three", 5);
    vf_batch_reset(&found);
    must(vf_scan_read(conn, scan, &found, &more, &err), &err);
    assert_int_equal(found.n_rows, 0);
    vf_scan_close(conn, scan);
    vf_batch_release(&keys);
    vf_batch_release(&found);
    free_relation(&relation);
    vf_schema_release(&schema);
    vf_conn_close(conn);
}

static void refused_rows_are_named_and_the_others_are_in(void **state)
{
    struct vf_error err = {0};
    struct vf_schema schema;
    struct vf_batch batch = {0};
    struct vf_reject_list rejects = {0};
    struct vf_load *load = NULL;
    (void)state;
    run_sql("t.db",
            "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT UNIQUE ON CONFLICT REPLACE, n INTEGER CHECK (n < 10))");
    struct vf_conn *conn = open_side("t.db", VF_SIDE_TARGET);
    inspect(conn, false, &schema);
    struct vf_relation relation = relation_of(find_table(&schema, "t"));
    new_batch(&relation, &batch);
    static const char *const names[] = {"a", "b", "a", "d"};
    static const int64_t numbers[] = {1, 2, 3, 11};
    for (int64_t i = 0; i < 4; i++) {
        add(&batch, 0, &i, 8);
        add(&batch, 1, names[i], 1);
        add(&batch, 2, &numbers[i], 8);
        vf_batch_end_row(&batch);
    }
    write_batch(conn, &relation, &batch, &rejects);
    assert_int_equal(rejects.n_rejects, 2);
    assert_string_equal(rejects.rejects[0].key, "{\"id\": 2}");
    assert_string_equal(rejects.rejects[0].column, "name");
    assert_int_equal(rejects.rejects[0].row, 2);
    assert_non_null(strstr(rejects.rejects[0].reason, "UNIQUE constraint failed: t.name"));
    assert_memory_equal(rejects.rejects[0].original, "a", 1);
    assert_non_null(strstr(rejects.rejects[1].reason, "CHECK constraint failed"));
    assert_int_equal(ask_i64("t.db", "SELECT sum(id * 10 + n) FROM t"), 13);

    must(vf_conn_begin(conn, &err), &err);
    must(vf_load_open(conn, &relation, &load, &err), &err);
    assert_int_equal(vf_load_write(conn, load, &batch, NULL, &err), VF_VALUE);
    assert_non_null(strstr(err.message, "UNIQUE constraint failed"));
    vf_load_close(conn, load);
    vf_conn_rollback(conn);
    assert_int_equal(ask_i64("t.db", "SELECT count(*) FROM t"), 2);
    vf_reject_list_release(&rejects);
    vf_batch_release(&batch);
    free_relation(&relation);
    vf_schema_release(&schema);
    vf_conn_close(conn);
}

static void values_that_dont_fit_are_rejected_by_the_scan(void **state)
{
    static struct vf_field fields[] = {
        {.name = "id", .native = "INTEGER", .type = {.kind = VF_K_I64}, .not_null = true},
        {.name = "n", .native = "INTEGER", .type = {.kind = VF_K_I32}},
        {.name = "v",
         .native = "TEXT",
         .type = {.kind = VF_K_VECTOR, .element = VF_E_F32, .dim = 2},
         .form = VF_FORM_JSON},
        {.name = "t", .native = "TEXT", .type = {.kind = VF_K_TIMESTAMP}, .form = VF_FORM_ISO, .not_null = true},
    };
    static const size_t key[] = {0};
    static const struct {
        const char *column, *reason, *original;
    } expected[] = {
        {"n", "a text (\"abc\") where i32 is expected", "abc"},
        {"n", "an integer (2147483648) where i32 is expected", "2147483648"},
        {"n", "a real number (1.5) where i32 is expected", "1.5"},
        {"v", "offset", "[1,"},
        {"v", "expected 2 dimensions, found 3", "[1,2,3]"},
        {"t", "a text (\"2024-02-30 00:00:00\") where timestamp is expected", "2024-02-30 00:00:00"},
        {"t", "NULL in a column that is NOT NULL", NULL},
    };
    const struct vf_relation relation = {.name = "t", .n_fields = 4, .fields = fields, .n_key = 1, .key = key};
    struct vf_batch batch = {0};
    (void)state;
    run_sql(
        "a.db",
        "CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER, v TEXT, t TEXT);"
        "INSERT INTO t VALUES (1, 'abc', '[1,2]', '2024-01-01 00:00:00'), (2, 2147483648, NULL, '2024-01-01 00:00:00'),"
        "(3, 1.5, NULL, '2024-01-01 00:00:00'), (4, 1, '[1,', '2024-01-01 00:00:00'),"
        "(5, 1, '[1,2,3]', '2024-01-01 00:00:00'), (6, 1, '[1,2]', '2024-02-30 00:00:00'), (7, 1, NULL, NULL),"
        "(8, -5, '[0.25,-0]', '2024-01-01 00:00:00')");
    struct vf_conn *conn = open_side("a.db", VF_SIDE_SOURCE);
    read_all(conn, &relation, NULL, &batch);
    assert_int_equal(batch.n_rows, 1);
    assert_int_equal(vf_array_i64(&batch.columns[1], 0), -5);
    assert_int_equal(batch.rejects.n_rejects, 7);
    for (size_t i = 0; i < 7; i++) {
        const struct vf_reject *reject = &batch.rejects.rejects[i];
        char id[32];
        snprintf(id, sizeof(id), "{\"id\": %zu}", i + 1);
        assert_string_equal(reject->table, "t");
        assert_string_equal(reject->key, id);
        assert_string_equal(reject->column, expected[i].column);
        assert_non_null(strstr(reject->reason, expected[i].reason));
        if (expected[i].original == NULL)
            assert_null(reject->original);
        else
            assert_memory_equal(reject->original, expected[i].original, strlen(expected[i].original));
    }
    vf_batch_release(&batch);
    vf_conn_close(conn);
}

static void tables_are_cut_at_rowids_and_each_row_is_read_once(void **state)
{
    struct vf_error err = {0};
    struct vf_schema schema;
    struct vf_chunk_list dense = {0};
    struct vf_chunk_list sparse = {0};
    (void)state;
    run_sql("a.db",
            "CREATE TABLE dense (id INTEGER PRIMARY KEY, t TEXT);"
            "WITH RECURSIVE n(i) AS (SELECT -500 UNION ALL SELECT i + 1 FROM n WHERE i < 499) "
            "INSERT INTO dense SELECT i, printf('%0100d', i) FROM n;"
            "CREATE TABLE sparse (\"rowid\" TEXT, t TEXT);"
            "INSERT INTO sparse (_rowid_, t) SELECT id * id * id * 1000000000, t FROM dense WHERE id >= 0;"
            "INSERT INTO sparse (_rowid_, t) VALUES (-9223372036854775808, 'first'), (9223372036854775807, 'last')");
    struct vf_conn *conn = open_side("a.db", VF_SIDE_SOURCE);
    inspect(conn, false, &schema);
    assert_int_equal(find_table(&schema, "dense")->n_rows, 1000);
    struct vf_relation relations[2] = {relation_of(find_table(&schema, "dense")),
                                       relation_of(find_table(&schema, "sparse"))};
    must(vf_conn_split(conn, &relations[0], 10000, &dense, &err), &err);
    must(vf_conn_split(conn, &relations[1], 10000, &sparse, &err), &err);
    assert_true(dense.n_chunks > 8);
    assert_string_equal(dense.generation, "");
    assert_true(strlen(sparse.generation) > 0);
    const struct vf_chunk_list *lists[2] = {&dense, &sparse};
    for (int i = 0; i < 2; i++) {
        int64_t n_rows = 0;
        assert_null(lists[i]->chunks[0].low);
        assert_null(lists[i]->chunks[lists[i]->n_chunks - 1].high);
        for (size_t c = 0; c < lists[i]->n_chunks; c++) {
            struct vf_batch batch = {0};
            read_all(conn, &relations[i], &lists[i]->chunks[c], &batch);
            assert_in_range(batch.n_rows, 1, 250);
            n_rows += batch.n_rows;
            vf_batch_release(&batch);
        }
        assert_int_equal(n_rows, i == 0 ? 1000 : 502);
    }
    relations[0].where = "id < 0 -- all but these";
    struct vf_batch batch = {0};
    read_all(conn, &relations[0], NULL, &batch);
    assert_int_equal(batch.n_rows, 500);
    vf_batch_release(&batch);
    vf_chunk_list_release(&dense);
    vf_chunk_list_release(&sparse);
    free_relation(&relations[0]);
    free_relation(&relations[1]);
    vf_schema_release(&schema);
    vf_conn_close(conn);
}

/* Keys of all storage classes and of several columns, with a collation by which values are equal that are two for the bytes. */
static void tables_without_rowid_are_cut_at_keys(void **state)
{
    struct vf_error err = {0};
    struct vf_schema schema;
    (void)state;
    run_sql(
        "a.db",
        "CREATE TABLE n (i INTEGER PRIMARY KEY);"
        "WITH RECURSIVE c(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM c WHERE i < 999) INSERT INTO n SELECT i FROM c;"
        "CREATE TABLE t (k PRIMARY KEY, v TEXT) WITHOUT ROWID;"
        "INSERT INTO t SELECT CASE i % 4 WHEN 0 THEN i - 500 WHEN 1 THEN i / 7.0 WHEN 2 THEN 'it''s, ' || char(0) || i "
        "ELSE CAST(i AS BLOB) END, printf('%0100d', i) FROM n;"
        "CREATE TABLE \"t,wo\" (a TEXT COLLATE NOCASE, v TEXT, \"b\"\"c\" INTEGER, PRIMARY KEY (\"b\"\"c\" DESC, a)) "
        "WITHOUT ROWID;"
        "INSERT INTO \"t,wo\" SELECT CASE i % 2 WHEN 0 THEN 'KEY' ELSE 'key' END || i, printf('%0100d', i), i / 100 "
        "FROM n");
    struct vf_conn *conn = open_side("a.db", VF_SIDE_SOURCE);
    inspect(conn, false, &schema);
    static const char *const names[] = {"t", "t,wo"};
    for (int i = 0; i < 2; i++) {
        struct vf_chunk_list list = {0};
        struct vf_relation relation = relation_of(find_table(&schema, names[i]));
        int64_t n_rows = 0;
        must(vf_conn_split(conn, &relation, 10000, &list, &err), &err);
        assert_in_range(list.n_chunks, 8, 20);
        assert_string_equal(list.generation, ""); /* VACUUM changes no key */
        for (size_t c = 0; c < list.n_chunks; c++) {
            struct vf_batch batch = {0};
            read_all(conn, &relation, &list.chunks[c], &batch);
            int64_t n_read = batch.n_rows + (int64_t)batch.rejects.n_rejects; /* not all are of the one type */
            assert_in_range(n_read, 1, 130);
            n_rows += n_read;
            vf_batch_release(&batch);
        }
        assert_int_equal(n_rows, 1000);
        static const char *const wrong[] = {"", "7", "i7,i8,i9", "i7)--,i1", "tzz,i1", "t0,i1", "i7,", "n"};
        for (size_t k = 0; k < sizeof(wrong) / sizeof(wrong[0]); k++) {
            struct vf_scan *scan = NULL;
            const struct vf_chunk chunk = {.low = wrong[k]};
            assert_int_equal(vf_scan_open(conn, &relation, &chunk, &scan, &err), VF_STATE);
            assert_non_null(strstr(err.message, "is no bound of a chunk of this table"));
        }
        vf_chunk_list_release(&list);
        free_relation(&relation);
    }
    vf_schema_release(&schema);
    vf_conn_close(conn);
}

static void batches_are_bounded_in_bytes_and_lose_no_row(void **state)
{
    struct vf_error err = {0};
    static const struct vf_field field = {.name = "t", .native = "TEXT", .type = {.kind = VF_K_TEXT}};
    const struct vf_relation relation = {.name = "t", .n_fields = 1, .fields = &field};
    struct vf_batch batch = {0};
    struct vf_scan *scan = NULL;
    bool more = true;
    int64_t n_rows = 0;
    (void)state;
    run_sql(
        "a.db",
        "CREATE TABLE t (t TEXT); INSERT INTO t VALUES ('a'), (printf('%05000d', 1)), ('b'), (printf('%0400d', 1)), "
        "(printf('%0400d', 1)), (printf('%0400d', 1)), ('c')");
    struct vf_conn *conn = open_side("a.db", VF_SIDE_SOURCE);
    must(vf_batch_init(&batch, 1, &field.type, 100, 1000, &err), &err);
    must(vf_scan_open(conn, &relation, NULL, &scan, &err), &err);
    while (more) {
        vf_batch_reset(&batch);
        must(vf_scan_read(conn, scan, &batch, &more, &err), &err);
        assert_true(batch.n_rows == 1 || batch.size_bytes <= 1100);
        n_rows += batch.n_rows;
    }
    assert_int_equal(n_rows, 7);
    vf_scan_close(conn, scan);
    vf_batch_release(&batch);
    vf_conn_close(conn);
}

static void a_full_disk_is_no_rejected_row(void **state)
{
    struct vf_error err = {0};
    static const struct vf_field field = {.name = "t", .native = "TEXT", .type = {.kind = VF_K_TEXT}};
    const struct vf_relation relation = {.name = "t", .n_fields = 1, .fields = &field};
    struct vf_batch batch = {0};
    struct vf_reject_list rejects = {0};
    struct vf_load *load = NULL;
    char text[5000];
    (void)state;
    memset(text, 'x', sizeof(text));
    run_sql("t.db", "CREATE TABLE t (t TEXT); INSERT INTO t VALUES ('before')");
    struct vf_conn *conn = open_side("t.db", VF_SIDE_TARGET);
    must(vf_sqlite_exec(vf_sqlite_conn_of(conn), "PRAGMA max_page_count = 20", &err), &err);
    must(vf_batch_init(&batch, 1, &field.type, 1000, 1 << 20, &err), &err);
    for (int i = 0; i < 100; i++) {
        must(vf_array_add_bytes(&batch.columns[0], text, sizeof(text), &err), &err);
        vf_batch_end_row(&batch);
    }
    must(vf_conn_begin(conn, &err), &err);
    must(vf_load_open(conn, &relation, &load, &err), &err);
    assert_int_equal(vf_load_write(conn, load, &batch, &rejects, &err), VF_ENGINE);
    assert_non_null(strstr(err.message, "database or disk is full"));
    assert_non_null(strstr(err.hint, "--resume"));
    assert_int_equal(err.side, VF_SIDE_TARGET);
    assert_int_equal(rejects.n_rejects, 0);
    vf_load_close(conn, load);
    vf_conn_rollback(conn);
    vf_conn_close(conn);
    assert_int_equal(ask_i64("t.db", "SELECT count(*) FROM t"), 1);
    vf_batch_release(&batch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_type_comes_back_as_it_was, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(rows_are_found_by_key, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(refused_rows_are_named_and_the_others_are_in, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_full_disk_is_no_rejected_row, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(values_that_dont_fit_are_rejected_by_the_scan, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(tables_are_cut_at_rowids_and_each_row_is_read_once, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(tables_without_rowid_are_cut_at_keys, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(batches_are_bounded_in_bytes_and_lose_no_row, make_folder, remove_folder),
    };
    return cmocka_run_group_tests_name("sqlite load and scan", tests, NULL, NULL);
}

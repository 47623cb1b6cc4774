#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/schema_json.h"

#define OK(call) assert_int_equal((call), VF_OK)

/* ---- a schema with every field set ---- */

static void fill_evidence(struct vf_evidence *evidence)
{
    *evidence = (struct vf_evidence){
        .measured = true,
        .sampled = true,
        .n_values = 1,
        .n_null = 2,
        .n_bad = 3,
        .n_inexact = 4,
        .max_relative_error = 0.1,
        .n_compared = 10,
        .n_rewritten = 9,
        .min_dim = 5,
        .max_dim = 6,
        .n_not_finite = 7,
        .n_zero = 8,
        .min_norm = 1e-300,
        .max_norm = (double)INFINITY,
        .text = "a sentence",
    };
}

static void fill_columns(struct vf_schema *schema, struct vf_table *table)
{
    static const struct vf_type types[] = {
        {.kind = VF_K_I64},
        {.kind = VF_K_VECTOR, .element = VF_E_F16, .dim = 384},
        {.kind = VF_K_ARRAY, .element_kind = VF_K_TEXT},
    };
    static const char *labels[] = {"sad", "happy"};

    for (size_t i = 0; i < 3; i++) {
        struct vf_column *column = vf_table_add_column(schema, table);
        *column = (struct vf_column){
            .name = i == 0   ? "id"
                    : i == 1 ? "a \"quoted\" \xc3\xa4"
                             : "tags",
            .native = i == 0 ? "" : "halfvec(384)",
            .type = types[i],
            .form = i == 0 ? VF_FORM_LIBSQL : VF_FORM_NATIVE,
            .not_null = i == 0,
            .key_not_null = i == 0,
            .not_null_name = i == 0 ? "id_set" : NULL,
            .role = i == 0 ? VF_ROLE_METADATA : VF_ROLE_NONE,
            .generated = i == 0 ? VF_GENERATED_IDENTITY_ALWAYS : VF_GENERATED_STORED,
            .expression = "upper(title)",
            .dialect = "postgres",
            .def = {.kind = VF_DEFAULT_LITERAL, .text = "it's", .is_utc = true},
            .collation = "C",
            .comment = "line one\nline two",
            .type_schema = "public",
            .type_name = "mood",
            .n_labels = 2,
            .labels = labels,
        };
        fill_evidence(&column->evidence);
    }
}

static void fill_index(struct vf_schema *schema, struct vf_table *table)
{
    static int included[] = {2};
    struct vf_index *index = vf_table_add_index(schema, table);

    *index = (struct vf_index){
        .name = "docs_v",
        .kind = VF_INDEX_HNSW,
        .method = "hnsw",
        .constraint = VF_CONSTRAINT_UNIQUE,
        .unique = true,
        .nulls_not_distinct = true,
        .deferrable = true,
        .initially_deferred = true,
        .n_included = 1,
        .included = included,
        .predicate = "id > 0",
        .dialect = "sqlite",
        .vector = {.metric = VF_METRIC_JACCARD,
                   .element = VF_E_BIT,
                   .m = 16,
                   .ef_construction = 64,
                   .ef_search = 40,
                   .lists = 100,
                   .neighbours = 32,
                   .alpha_milli = 1300,
                   .compress = VF_E_I8,
                   .place = VF_PLACE_SIDECAR,
                   .file = "docs.usearch"},
        .definition = "CREATE INDEX ...",
        .unread = "no extension",
        .unread_remedy = "load it",
    };
    struct vf_key_part *part = vf_index_add_part(schema, index);
    *part = (struct vf_key_part){
        .column = 1, .descending = true, .nulls_first = true, .operator_class = "halfvec_l2_ops", .collation = "de"};
    part = vf_index_add_part(schema, index);
    *part = (struct vf_key_part){.column = -1, .expression = "lower(title)"};
}

static void fill_table(struct vf_schema *schema)
{
    static int columns[] = {2, 0};
    static const char *to_columns[] = {"x", "y"};
    struct vf_table *table = vf_schema_add_table(schema);

    table->schema = "public";
    table->name = "docs";
    table->kind = VF_TABLE_VEC0;
    fill_columns(schema, table);
    fill_index(schema, table);
    table->primary_key = 0;
    struct vf_foreign_key *key = vf_table_add_foreign_key(schema, table);
    *key = (struct vf_foreign_key){
        .name = "fk",
        .n_columns = 2,
        .columns = columns,
        .to_schema = "other",
        .to_table = "target",
        .to_columns = to_columns,
        .on_delete = VF_FK_SET_DEFAULT,
        .on_update = VF_FK_CASCADE,
        .match_full = true,
        .deferrable = true,
        .initially_deferred = true,
        .not_valid = true,
    };
    *vf_table_add_check(schema, table) =
        (struct vf_check){.name = "positive", .expression = "id > 0", .dialect = "duckdb", .of = "(id > 0)"};
    table->n_rows = INT64_C(9007199254740993);
    table->n_rows_exact = true;
    table->size_bytes = 123;
    table->strict = true;
    table->without_rowid = true;
    table->vec0_chunk_size = 8;
    table->comment = "a comment";
}

static void fill_rest(struct vf_schema *schema)
{
    static const char *labels[] = {"sad", "ok", "happy"}, *names[] = {"a", "b"}, *natives[] = {"integer", "text"};

    static struct vf_check checks[] = {{.name = NULL, .expression = "VALUE > 0"}};
    *vf_schema_add_user_type(schema) = (struct vf_user_type){
        .schema = "public",
        .name = "everything",
        .kind = VF_USER_TYPE_RANGE,
        .n_labels = 3,
        .labels = labels,
        .base = "integer",
        .not_null = true,
        .def = {.kind = VF_DEFAULT_EXPRESSION, .text = "f()"},
        .n_fields = 2,
        .field_names = names,
        .field_natives = natives,
        .n_checks = 1,
        .checks = checks,
    };
    *vf_schema_add_sequence(schema) = (struct vf_sequence){
        .schema = "public",
        .name = "docs_id_seq",
        .native = "bigint",
        .start = 1,
        .increment = -2,
        .min = INT64_MIN,
        .max = INT64_MAX,
        .cache = 3,
        .cycle = true,
        .last = 4,
        .is_called = true,
        .is_hidden = true,
        .owner_schema = "public",
        .owner_table = "docs",
        .owner_column = "id",
        .identity = true,
    };
    *vf_schema_add_other(schema) =
        (struct vf_other){"view", "public", "v", "docs", "SELECT 1", "views aren't moved", false, NULL};
}

static char *to_text(const struct vf_schema *schema, bool with_evidence)
{
    struct vf_buf out;

    vf_buf_init(&out, VF_BUF_MAX);
    vf_schema_to_json(schema, with_evidence, &out);
    OK(vf_buf_check(&out, NULL));
    return vf_buf_detach(&out);
}

/* ---- what is written ---- */

static void test_every_field_is_written(void **state)
{
    struct vf_schema schema = {0};

    (void)state;
    fill_table(&schema);
    fill_rest(&schema);
    char *text = to_text(&schema, true);
    static const char *const parts[] = {
        ("{\"tables\":[{\"schema\":\"public\",\"name\":\"docs\",\"kind\":\"vec0\",\"columns\":[{\"name\":\"id\","
         "\"native\":\"\","
         "\"type\":\"i64\",\"form\":\"libsql\",\"not_null\":true,\"not_null_name\":\"id_set\",\"key_not_null\":true,"
         "\"role\":\"metadata\",\"generated\":\"identity_"
         "always\",\"expression\":"
         "\"upper(title)\",\"dialect\":\"postgres\","
         "\"default\":{\"kind\":\"literal\",\"text\":\"it's\",\"dialect\":null,\"is_utc\":true},\"collation\":\"C\","
         "\"comment\":\"line one\\nline two\","
         "\"type_schema\":\"public\",\"type_name\":\"mood\",\"labels\":[\"sad\",\"happy\"],"
         "\"evidence\":{\"measured\":true,\"sampled\":true,\"n_values\":1,\"n_null\":2,\"n_bad\":3,\"n_inexact\":4,"
         "\"max_relative_error\":0.1,\"n_compared\":10,\"n_rewritten\":9,\"min_dim\":5,\"max_dim\":6,\"n_not_finite\":"
         "7,\"n_zero\":8,"
         "\"min_norm\":1e-300,"
         "\"max_norm\":\"inf\",\"text\":\"a sentence\"}},"),
        ("\"type\":\"vector(f16,384)\""),
        ("\"type\":\"array(text)\""),
        ("\"primary_key\":0,\"indexes\":[{\"name\":\"docs_v\",\"kind\":\"hnsw\",\"method\":\"hnsw\",\"constraint\":"
         "\"unique\","
         "\"unique\":true,\"nulls_not_distinct\":true,\"deferrable\":true,\"initially_deferred\":true,\"parts\":["
         "{\"column\":1,\"expression\":null,\"descending\":true,\"nulls_first\":true,\"operator_class\":\"halfvec_l2_"
         "ops\",\"collation\":\"de\"},"
         "{\"column\":-1,\"expression\":\"lower(title)\",\"descending\":false,\"nulls_first\":false,\"operator_class\":"
         "null,\"collation\":null}],"
         "\"included\":[2],\"predicate\":\"id > "
         "0\",\"dialect\":\"sqlite\",\"vector\":{\"metric\":\"jaccard\",\"element\":\"bit\",\"m\":16,\"ef_"
         "construction\":64,"
         "\"ef_search\":40,\"lists\":100,\"neighbours\":32,\"alpha_milli\":1300,\"compress\":\"i8\",\"place\":"
         "\"sidecar\",\"file\":\"docs.usearch\"},\"definition\":\"CREATE INDEX ...\",\"unread\":\"no "
         "extension\",\"unread_remedy\":\"load it\"}]"),
        ("\"foreign_keys\":[{\"name\":\"fk\",\"columns\":[2,0],\"to_schema\":\"other\",\"to_table\":\"target\",\"to_"
         "columns\":[\"x\",\"y\"],"
         "\"on_delete\":\"set_default\",\"on_update\":\"cascade\",\"match_full\":true,\"deferrable\":true,\"initially_"
         "deferred\":true,"
         "\"not_valid\":true}],\"checks\":[{\"name\":\"positive\",\"expression\":\"id > "
         "0\",\"dialect\":\"duckdb\",\"of\":\"(id > 0)\"}],\"n_rows\":9007199254740993,"
         "\"n_rows_exact\":true,\"size_bytes\":123,\"strict\":true,\"without_rowid\":true,\"vec0_chunk_size\":8,"
         "\"comment\":\"a comment\"}]"),
        ("\"user_types\":[{\"schema\":\"public\",\"name\":\"everything\",\"kind\":\"range\",\"labels\":[\"sad\",\"ok\","
         "\"happy\"],"
         "\"base\":\"integer\",\"not_null\":true,\"default\":{\"kind\":\"expression\",\"text\":\"f()\",\"dialect\":"
         "null,\"is_utc\":false},\"field_names\":[\"a\",\"b\"],"
         "\"field_natives\":[\"integer\",\"text\"],\"checks\":[{\"name\":null,\"expression\":\"VALUE > "
         "0\",\"dialect\":null,\"of\":null}]}]"),
        ("\"sequences\":[{\"schema\":\"public\",\"name\":\"docs_id_seq\",\"native\":\"bigint\",\"start\":1,"
         "\"increment\":-2,"
         "\"min\":-9223372036854775808,\"max\":9223372036854775807,\"cache\":3,\"cycle\":true,\"last\":4,\"is_called\":"
         "true,"
         "\"owner_schema\":\"public\",\"owner_table\":\"docs\",\"owner_column\":\"id\",\"identity\":true,\"is_hidden\":"
         "true}]"),
        ("\"others\":[{\"kind\":\"view\",\"schema\":\"public\",\"name\":\"v\",\"on\":\"docs\",\"text\":\"SELECT 1\","
         "\"why\":\"views aren't moved\",\"holds_data\":false}],\"collation\":null}"),
    };
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (strstr(text, parts[i]) == NULL)
            fail_msg("not in the text: %s\nthe text: %s", parts[i], text);
    }
    vf_free(text);
    text = to_text(&schema, false);
    assert_null(strstr(text, "evidence"));
    vf_free(text);
    vf_schema_release(&schema);
}

static void test_the_empty_schema(void **state)
{
    const struct vf_schema schema = {0};

    (void)state;
    char *text = to_text(&schema, true);
    assert_string_equal(text, "{\"tables\":[],\"user_types\":[],\"sequences\":[],\"others\":[],\"collation\":null}");
    vf_free(text);
}

/* ---- and back ---- */

/* Bounds become statements: nothing but values and three words is one. */
static void test_partitions(void **state)
{
    static const char text[] =
        "{\"name\":\"t\",\"columns\":[{\"name\":\"a\",\"type\":\"i64\"}],\"partition_by\":{\"strategy\":\"range\","
        "\"columns\":[%d],\"text\":\"RANGE (a)\"},\"partitions\":[{\"name\":\"p\",\"parent\":%d,\"low\":[\"%s\"],"
        "\"high\":[\"=it's\"]}]}";
    static const struct {
        int column, parent;
        const char *low;
        bool is_good;
    } cases[] = {{0, -1, "MINVALUE", true}, {0, -1, "=1); DROP TABLE t", true}, {1, -1, "MINVALUE", false},
                 {0, 0, "MINVALUE", false}, {0, -2, "MINVALUE", false},         {0, -1, "1); DROP TABLE t", false},
                 {0, -1, "", false},        {0, -1, "minvalue", false}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct vf_schema schema = {0};
        struct vf_table table;
        struct vf_error err = {0};
        struct vf_buf once, again;
        char written[1000];
        snprintf(written, sizeof(written), text, cases[i].column, cases[i].parent, cases[i].low);
        enum vf_status status = vf_table_from_json(written, &schema, &table, &err);
        assert_int_equal(status, cases[i].is_good ? VF_OK : VF_USAGE);
        if (cases[i].is_good) {
            assert_int_equal(table.partition_by.strategy, VF_PARTITION_RANGE);
            assert_int_equal(table.n_partitions, 1);
            assert_string_equal(table.partitions[0].low[0], cases[i].low);
            assert_string_equal(table.partitions[0].high[0], "=it's");
            vf_buf_init(&once, VF_BUF_MAX);
            vf_buf_init(&again, VF_BUF_MAX);
            vf_table_to_json(&table, false, &once);
            OK(vf_table_from_json(once.data, &schema, &table, &err));
            vf_table_to_json(&table, false, &again);
            assert_string_equal(once.data, again.data);
            assert_non_null(strstr(once.data, "\"partitions\":[{"));
            vf_buf_release(&once);
            vf_buf_release(&again);
        }
        vf_schema_release(&schema);
    }
}

static void test_what_is_written_is_read_back(void **state)
{
    struct vf_schema schema = {0}, back = {0};
    struct vf_table table;
    struct vf_user_type type;
    struct vf_sequence sequence;
    struct vf_buf once, again;
    struct vf_error err = {0};

    (void)state;
    fill_table(&schema);
    fill_rest(&schema);
    vf_buf_init(&once, VF_BUF_MAX);
    vf_buf_init(&again, VF_BUF_MAX);
    vf_table_to_json(&schema.tables[0], true, &once);
    OK(vf_table_from_json(once.data, &back, &table, &err));
    vf_schema_release(&schema); /* nothing of it may be borrowed */
    vf_table_to_json(&table, true, &again);
    assert_string_equal(once.data, again.data);
    assert_true(isinf(table.columns[0].evidence.max_norm));
    assert_int_equal(table.n_rows, INT64_C(9007199254740993));

    fill_rest(&schema);
    vf_buf_clear(&once);
    vf_buf_clear(&again);
    vf_user_type_to_json(&schema.user_types[0], &once);
    OK(vf_user_type_from_json(once.data, &back, &type, &err));
    vf_user_type_to_json(&type, &again);
    assert_string_equal(once.data, again.data);

    vf_buf_clear(&once);
    vf_buf_clear(&again);
    vf_sequence_to_json(&schema.sequences[0], &once);
    OK(vf_sequence_from_json(once.data, &back, &sequence, &err));
    vf_sequence_to_json(&sequence, &again);
    assert_string_equal(once.data, again.data);
    assert_true(sequence.min == INT64_MIN && sequence.max == INT64_MAX);
    assert_int_equal(back.n_tables + back.n_user_types + back.n_sequences, 0); /* not added to the lists */

    vf_buf_release(&once);
    vf_buf_release(&again);
    vf_schema_release(&schema);
    vf_schema_release(&back);
}

static void test_fulltext(void **state)
{
    struct vf_schema schema = {0};
    struct vf_table read = {0};
    struct vf_buf once, again;
    struct vf_key_part parts[2] = {{.column = 0}, {.column = 0}};
    struct vf_fulltext_part texts[2] = {{.weight = 2.5, .unindexed = true}, {.coalesced = true, .joined = " - "}};
    struct vf_column column = {.name = "c", .native = ""};
    struct vf_index index = {.kind = VF_INDEX_FULLTEXT,
                             .n_parts = 2,
                             .parts = parts,
                             .fulltext = {.form = VF_FULLTEXT_EXTERNAL,
                                          .language = "english",
                                          .stemmer = "porter",
                                          .stop_words = "own",
                                          .folds_accents = true,
                                          .tokenizer = "porter",
                                          .prefix = "2",
                                          .detail = "none",
                                          .column = "tsv",
                                          .key = "id",
                                          .on_insert = "i",
                                          .on_delete = "d",
                                          .on_update = "u",
                                          .place = 3,
                                          .is_late = true,
                                          .n_parts = 2,
                                          .parts = texts}};
    struct vf_table table = {
        .name = "t", .primary_key = -1, .n_columns = 1, .columns = &column, .n_indexes = 1, .indexes = &index};

    (void)state;
    vf_buf_init(&once, VF_BUF_MAX);
    vf_buf_init(&again, VF_BUF_MAX);
    vf_table_to_json(&table, false, &once);
    OK(vf_table_from_json(once.data, &schema, &read, NULL));
    vf_table_to_json(&read, false, &again);
    assert_string_equal(once.data, again.data);
    assert_string_equal(read.indexes[0].fulltext.parts[1].joined, " - ");
    assert_string_equal(read.indexes[0].fulltext.on_update, "u");
    assert_int_equal(read.indexes[0].fulltext.place, 3);
    index.fulltext.n_parts = 1; /* fewer than the index has: later they would be read beyond their end */
    vf_buf_clear(&once);
    vf_table_to_json(&table, false, &once);
    assert_int_equal(vf_table_from_json(once.data, &schema, &read, NULL), VF_USAGE);
    index.kind = VF_INDEX_BTREE;
    index.fulltext = (struct vf_fulltext){0};
    vf_buf_clear(&once);
    vf_table_to_json(&table, false, &once);
    assert_null(strstr(once.data, "fulltext"));
    vf_buf_release(&once);
    vf_buf_release(&again);
    vf_schema_release(&schema);
}

static void test_every_word_of_every_enum(void **state)
{
    struct vf_schema schema = {0};
    struct vf_buf out;

    (void)state;
    vf_buf_init(&out, VF_BUF_MAX);
    for (unsigned i = 0; i < 16; i++) {
        struct vf_table table = {.name = "t", .primary_key = -1}, read;
        struct vf_index index = {
            .kind = (enum vf_index_kind)(i % (VF_INDEX_OTHER + 1)),
            .constraint = (enum vf_constraint)(i % (VF_CONSTRAINT_UNIQUE + 1)),
            .vector = {.metric = (enum vf_metric)(i % (VF_METRIC_JACCARD + 1)),
                       .element = (enum vf_element)(i % (VF_E_BIT + 1))},
        };
        if (index.kind == VF_INDEX_FULLTEXT)
            index.fulltext.form = (enum vf_fulltext_form)(1 + i / 8 % VF_FULLTEXT_TABLES);
        struct vf_column column = {
            .name = "c",
            .native = "",
            .form = (enum vf_form)(i % VF_FORM_COUNT),
            .generated = (enum vf_generated)(i % (VF_GENERATED_VIRTUAL + 1)),
            .def.kind = (enum vf_default_kind)(i % (VF_DEFAULT_EXPRESSION + 1)),
        };
        struct vf_foreign_key key = {.to_table = "u", .on_delete = (enum vf_fk_action)(i % (VF_FK_SET_DEFAULT + 1))};
        table.n_columns = table.n_indexes = table.n_foreign_keys = 1;
        table.columns = &column;
        table.indexes = &index;
        table.foreign_keys = &key;
        vf_buf_clear(&out);
        vf_table_to_json(&table, false, &out);
        assert_null(strstr(out.data, "unknown"));
        OK(vf_table_from_json(out.data, &schema, &read, NULL));
        assert_int_equal(read.indexes[0].kind, index.kind);
        assert_int_equal(read.indexes[0].constraint, index.constraint);
        assert_int_equal(read.indexes[0].fulltext.form, index.fulltext.form);
        assert_int_equal(read.indexes[0].vector.metric, index.vector.metric);
        assert_int_equal(read.indexes[0].vector.element, index.vector.element);
        assert_int_equal(read.indexes[0].vector.compress, index.vector.compress);
        assert_int_equal(read.indexes[0].vector.place, index.vector.place);
        assert_int_equal(read.columns[0].form, column.form);
        assert_int_equal(read.columns[0].generated, column.generated);
        assert_int_equal(read.columns[0].def.kind, column.def.kind);
        assert_int_equal(read.foreign_keys[0].on_delete, key.on_delete);
    }
    vf_buf_release(&out);
    vf_schema_release(&schema);
}

static void test_unknown_fields_are_ignored_and_absent_ones_zero(void **state)
{
    struct vf_schema schema = {0};
    struct vf_table table;

    (void)state;
    OK(vf_table_from_json("{\"name\": \"t\", \"from_the_future\": [1, {\"a\": null}], \"comment\": null, "
                          "\"columns\": [{\"name\": \"c\", \"type\": \"i64\", \"colour\": \"red\"}]}",
                          &schema, &table, NULL));
    assert_string_equal(table.name, "t");
    assert_null(table.schema);
    assert_null(table.comment);
    assert_int_equal(table.primary_key, -1);
    assert_int_equal(table.n_rows, -1);
    assert_int_equal(table.size_bytes, -1);
    assert_int_equal(table.n_columns, 1);
    assert_string_equal(table.columns[0].native, "");
    assert_int_equal(table.columns[0].form, VF_FORM_NATIVE);
    assert_false(table.columns[0].evidence.measured);
    vf_schema_release(&schema);
}

/* Arrays in a schema have room for the next power of two: what was read can be added to like what was built. */
static void test_a_table_that_was_read_can_grow(void **state)
{
    struct vf_schema schema = {0};
    struct vf_table table;
    char name[2] = "d";

    (void)state;
    OK(vf_table_from_json(
        "{\"name\":\"t\",\"columns\":[{\"name\":\"a\",\"type\":\"i64\"},{\"name\":\"b\",\"type\":\"i64\"},"
        "{\"name\":\"c\",\"type\":\"i64\"}]}",
        &schema, &table, NULL));
    for (int i = 0; i < 20; i++) {
        struct vf_column *column = vf_table_add_column(&schema, &table);
        assert_non_null(column);
        column->name = name;
    }
    assert_int_equal(table.n_columns, 23);
    assert_string_equal(table.columns[2].name, "c");
    assert_string_equal(table.columns[22].name, "d");
    vf_schema_release(&schema);
}

static void check_refused(const char *text, const char *message)
{
    struct vf_schema schema = {0};
    struct vf_table table;
    struct vf_error err = {0};

    if (vf_table_from_json(text, &schema, &table, &err) != VF_USAGE)
        fail_msg("taken for a table: %s", text);
    assert_string_equal(err.message, message);
    vf_schema_release(&schema);
}

#define ONE "{\"name\":\"t\",\"columns\":[{\"name\":\"c\",\"type\":\"i64\"}],"

static void test_what_is_no_table(void **state)
{
    (void)state;
    check_refused("", "not JSON: '[' or '{' expected near end of file at byte 0");
    check_refused("[]", "not a JSON object");
    check_refused("{}", "\"name\" is missing");
    check_refused("{\"name\":null}", "\"name\" is missing");
    check_refused("{\"name\":1}", "\"name\" isn't a string");
    check_refused("{\"name\":\"t\",\"strict\":1}", "\"strict\" isn't true or false");
    check_refused("{\"name\":\"t\",\"n_rows\":1.5}", "\"n_rows\" isn't a whole number");
    check_refused("{\"name\":\"t\",\"primary_key\":4294967296}", "\"primary_key\" is out of range: 4294967296");
    check_refused("{\"name\":\"t\",\"kind\":\"heap\"}", "\"kind\" isn't known: 'heap'");
    check_refused("{\"name\":\"t\",\"columns\":{}}", "\"columns\" isn't an array");
    check_refused("{\"name\":\"t\",\"columns\":[{\"name\":\"c\",\"type\":\"i64\"},{\"name\":\"d\",\"type\":\"i65\"}]}",
                  "columns[1]: \"type\" isn't known: 'i65'");
    check_refused(ONE "\"primary_key\":0}", "there is no index 0 for \"primary_key\"");
    check_refused(ONE "\"primary_key\":-2}", "there is no index -2 for \"primary_key\"");
    check_refused(ONE "\"indexes\":[{\"parts\":[{\"column\":1}]}]}", "indexes[0]: there is no column 1");
    check_refused(ONE "\"indexes\":[{\"parts\":[{\"column\":-1}]}]}", "indexes[0]: there is no column -1");
    check_refused(ONE "\"indexes\":[{\"included\":[7]}]}", "indexes[0]: there is no column 7");
    check_refused(ONE "\"indexes\":[{\"vector\":{\"m\":-1}}]}", "indexes[0]: vector: \"m\" is out of range: -1");
    check_refused(ONE "\"foreign_keys\":[{\"to_table\":\"u\",\"columns\":[-1],\"to_columns\":[\"x\"]}]}",
                  "foreign_keys[0]: there is no column -1");
    check_refused(ONE "\"foreign_keys\":[{\"to_table\":\"u\",\"columns\":[0],\"to_columns\":[\"x\",\"y\"]}]}",
                  "foreign_keys[0]: \"to_columns\" has 2 elements instead of 1");
    check_refused(ONE "\"foreign_keys\":[{\"to_table\":\"u\",\"to_columns\":[\"x\"]}]}",
                  "foreign_keys[0]: \"columns\" and \"to_columns\" differ in length");
    check_refused(ONE "\"foreign_keys\":[{\"to_table\":\"u\",\"columns\":[0],\"to_columns\":[null]}]}",
                  "foreign_keys[0]: \"to_columns\" isn't a string");
}

static void test_no_memory_at_any_allocation(void **state)
{
    struct vf_schema schema = {0};
    struct vf_buf out;
    bool passed = false;
    int64_t at = 0;

    (void)state;
    vf_buf_init(&out, VF_BUF_MAX);
    fill_table(&schema);
    vf_table_to_json(&schema.tables[0], true, &out);
    for (; !passed; at++) {
        struct vf_schema back = {0};
        struct vf_table table;
        struct vf_error err = {0};
        vf_alloc_fail_at(at, true);
        enum vf_status read = vf_table_from_json(out.data, &back, &table, &err);
        vf_alloc_fail_at(-1, false);
        passed = read == VF_OK;
        if (!passed)
            assert_int_equal(read, VF_NOMEM);
        vf_schema_release(&back);
    }
    assert_true(at > 1);
    vf_buf_release(&out);
    vf_schema_release(&schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_field_is_written),
        cmocka_unit_test(test_the_empty_schema),
        cmocka_unit_test(test_partitions),
        cmocka_unit_test(test_what_is_written_is_read_back),
        cmocka_unit_test(test_fulltext),
        cmocka_unit_test(test_every_word_of_every_enum),
        cmocka_unit_test(test_unknown_fields_are_ignored_and_absent_ones_zero),
        cmocka_unit_test(test_a_table_that_was_read_can_grow),
        cmocka_unit_test(test_what_is_no_table),
        cmocka_unit_test(test_no_memory_at_any_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

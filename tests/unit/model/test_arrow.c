#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "batch_tools.h"
#include "model/arrow.h"

static const struct {
    struct vf_type type;
    const char *format;
} formats[] = {
    {{.kind = VF_K_BOOL}, "b"},
    {{.kind = VF_K_I8}, "c"},
    {{.kind = VF_K_I16}, "s"},
    {{.kind = VF_K_I32}, "i"},
    {{.kind = VF_K_I64}, "l"},
    {{.kind = VF_K_F32}, "f"},
    {{.kind = VF_K_F64}, "g"},
    {{.kind = VF_K_DECIMAL}, "u"},
    {{.kind = VF_K_TEXT}, "u"},
    {{.kind = VF_K_BLOB}, "z"},
    {{.kind = VF_K_UUID}, "w:16"},
    {{.kind = VF_K_DATE}, "tdD"},
    {{.kind = VF_K_TIME}, "ttu"},
    {{.kind = VF_K_TIMESTAMP}, "tsu:"},
    {{.kind = VF_K_TIMESTAMPTZ}, "tsu:UTC"},
    {{.kind = VF_K_INTERVAL}, "w:16"},
    {{.kind = VF_K_JSON}, "u"},
    {{.kind = VF_K_ENUM}, "u"},
    {{.kind = VF_K_ARRAY, .element_kind = VF_K_I32}, "u"},
    {{.kind = VF_K_OTHER}, "u"},
    {{.kind = VF_K_SPARSE, .dim = 7}, "z"},
    {{.kind = VF_K_VECTOR, .element = VF_E_F32, .dim = 3}, "+w:3"},
    {{.kind = VF_K_VECTOR, .element = VF_E_F64, .dim = 3}, "+w:3"},
    {{.kind = VF_K_VECTOR, .element = VF_E_F16, .dim = 3}, "+w:3"},
    {{.kind = VF_K_VECTOR, .element = VF_E_I8, .dim = 3}, "+w:3"},
    {{.kind = VF_K_VECTOR, .element = VF_E_BF16, .dim = 3}, "w:6"},
    {{.kind = VF_K_VECTOR, .element = VF_E_BIT, .dim = 10}, "w:2"},
    {{.kind = VF_K_VECTOR, .element = VF_E_F32}, "z"},
};
enum { N_FORMATS = sizeof(formats) / sizeof(formats[0]) };

/* A batch with a column of each type: a row of NULLs, and one of zeros. */
static void make_batch(struct vf_batch *batch, const char **names)
{
    static const uint8_t zeros[64];
    struct vf_type types[N_FORMATS];

    for (size_t i = 0; i < N_FORMATS; i++) {
        types[i] = formats[i].type;
        names[i] = "a name";
    }
    begin_batch(batch, N_FORMATS, types);
    for (size_t i = 0; i < N_FORMATS; i++)
        add_null(batch, i);
    vf_batch_end_row(batch);
    for (size_t i = 0; i < N_FORMATS; i++) {
        if (batch->columns[i].layout == VF_LAYOUT_BITS)
            add_bool(batch, i, true);
        else if (batch->columns[i].layout == VF_LAYOUT_FIXED)
            add_fixed(batch, i, zeros);
        else
            add_text(batch, i, "abc");
    }
    vf_batch_end_row(batch);
}

static void test_formats_of_all_types(void **state)
{
    static const char *const elements[] = {"f", "g", "e", "c"};
    const char *names[N_FORMATS];
    struct vf_batch batch;
    struct ArrowSchema schema;
    struct ArrowArray array;
    size_t n_lists = 0;

    (void)state;
    make_batch(&batch, names);
    OK(vf_batch_to_arrow_take(&batch, names, &schema, &array, NULL));
    assert_string_equal(schema.format, "+s");
    assert_int_equal(schema.n_children, N_FORMATS);
    assert_int_equal(schema.flags, 0);
    assert_int_equal(array.length, 2);
    assert_int_equal(array.null_count, 0);
    assert_int_equal(array.n_buffers, 1);
    assert_int_equal(array.n_children, N_FORMATS);
    for (size_t i = 0; i < N_FORMATS; i++) {
        const struct ArrowSchema *field = schema.children[i];
        const struct ArrowArray *column = array.children[i];
        bool is_variable = strcmp(formats[i].format, "u") == 0 || strcmp(formats[i].format, "z") == 0;
        bool is_list = formats[i].format[0] == '+';
        assert_string_equal(field->format, formats[i].format);
        assert_string_equal(field->name, "a name");
        assert_int_equal(field->flags, ARROW_FLAG_NULLABLE);
        assert_null(field->metadata);
        assert_null(field->dictionary);
        assert_int_equal(field->n_children, is_list);
        assert_int_equal(column->length, 2);
        assert_int_equal(column->null_count, 1);
        assert_int_equal(column->offset, 0);
        assert_int_equal(column->n_buffers, is_list ? 1 : is_variable ? 3 : 2);
        assert_int_equal(column->n_children, is_list);
        assert_int_equal(*(const uint8_t *)column->buffers[0] & 3, 2); /* validity: row 1 only */
        if (!is_list)
            continue;
        assert_string_equal(field->children[0]->format, elements[n_lists++]);
        assert_string_equal(field->children[0]->name, "item");
        assert_int_equal(column->children[0]->length, 6);
        assert_int_equal(column->children[0]->null_count, 0);
        assert_int_equal(column->children[0]->n_buffers, 2);
        assert_null(column->children[0]->buffers[0]);
        assert_non_null(column->children[0]->buffers[1]);
    }
    assert_int_equal(n_lists, 4);
    schema.release(&schema);
    assert_null(schema.release);
    array.release(&array);
    assert_null(array.release);
    vf_batch_release(&batch);
}

static void test_values_are_not_copied(void **state)
{
    const struct vf_type types[] = {
        {.kind = VF_K_TEXT}, {.kind = VF_K_VECTOR, .element = VF_E_F32, .dim = 2}, {.kind = VF_K_I64}};
    const char *const names[] = {"t", "v", "n"};
    const float v[] = {1.5F, -2};
    const int64_t n = 7;
    struct vf_batch batch;
    struct ArrowSchema schema;
    struct ArrowArray array;

    (void)state;
    begin_batch(&batch, 3, types);
    for (int i = 0; i < 2; i++) {
        add_text(&batch, 0, i == 0 ? "one" : "three");
        add_fixed(&batch, 1, v);
        add_fixed(&batch, 2, &n);
        vf_batch_end_row(&batch);
    }
    add_null(&batch, 0); /* of a row that was never ended */
    const void *texts = batch.columns[0].data, *offsets = batch.columns[0].offsets, *vectors = batch.columns[1].data,
               *numbers = batch.columns[2].data;
    OK(vf_batch_to_arrow_take(&batch, names, &schema, &array, NULL));
    assert_ptr_equal(array.children[0]->buffers[1], offsets);
    assert_ptr_equal(array.children[0]->buffers[2], texts);
    assert_ptr_equal(array.children[1]->children[0]->buffers[1], vectors);
    assert_ptr_equal(array.children[2]->buffers[1], numbers);
    assert_int_equal(((const int32_t *)offsets)[2], 8);
    assert_memory_equal(texts, "onethree", 8);
    assert_int_equal(array.children[0]->length, 2);
    assert_int_equal(array.children[0]->null_count, 0);
    assert_string_equal(schema.children[1]->name, "v");
    assert_int_equal(batch.n_columns, 0);
    assert_null(batch.columns);
    schema.release(&schema);
    array.release(&array);
}

static void test_timestamps_are_moved_to_1970(void **state)
{
    const struct vf_type type = {.kind = VF_K_TIMESTAMPTZ};
    const char *const name = "at";
    const int64_t values[] = {0, -VF_EPOCH_2000_US, VF_TIMESTAMP_INFINITY, VF_TIMESTAMP_MINUS_INFINITY};
    const int64_t wanted[] = {VF_EPOCH_2000_US, 0, INT64_MAX, INT64_MIN, 0};
    const int64_t last = INT64_MAX - VF_EPOCH_2000_US;
    struct vf_batch batch;
    struct ArrowSchema schema;
    struct ArrowArray array;
    struct vf_error err = {0};

    (void)state;
    begin_batch(&batch, 1, &type);
    for (size_t i = 0; i < 4; i++) {
        add_fixed(&batch, 0, &values[i]);
        vf_batch_end_row(&batch);
    }
    add_null(&batch, 0);
    vf_batch_end_row(&batch);
    OK(vf_batch_to_arrow_take(&batch, &name, &schema, &array, &err));
    assert_memory_equal(array.children[0]->buffers[1], wanted, sizeof(wanted));
    schema.release(&schema);
    array.release(&array);

    begin_batch(&batch, 1, &type);
    add_fixed(&batch, 0, &values[0]);
    vf_batch_end_row(&batch);
    add_fixed(&batch, 0, &last);
    vf_batch_end_row(&batch);
    assert_int_equal(vf_batch_to_arrow_take(&batch, &name, &schema, &array, &err), VF_VALUE);
    assert_string_equal(err.message,
                        "column \"at\", row 1: a timestamp after the year 294246 doesn't fit into Arrow's range");
    assert_int_equal(vf_array_i64(&batch.columns[0], 0), 0); /* nothing was taken, nothing moved */
    assert_null(schema.release);
    assert_null(array.release);
    vf_batch_release(&batch);
}

/* A consumer may move a child out (by copying the struct and clearing its release), release the parent, and go on using the child. */
static void test_a_child_outlives_its_parent(void **state)
{
    const char *names[N_FORMATS];
    struct vf_batch batch;
    struct ArrowSchema schema, field;
    struct ArrowArray array, column, text;

    (void)state;
    make_batch(&batch, names);
    OK(vf_batch_to_arrow_take(&batch, names, &schema, &array, NULL));
    column = *array.children[21];
    array.children[21]->release = NULL;
    text = *array.children[8];
    array.children[8]->release = NULL;
    field = *schema.children[21];
    schema.children[21]->release = NULL;
    schema.release(&schema);
    array.release(&array);

    assert_string_equal(field.format, "+w:3");
    assert_string_equal(field.children[0]->format, "f");
    assert_true(((const float *)column.children[0]->buffers[1])[5] == 0.0F);
    assert_memory_equal(text.buffers[2], "abc", 3);
    field.release(&field);
    column.release(&column);
    text.release(&text);
}

static void test_no_memory_at_any_allocation(void **state)
{
    const char *names[N_FORMATS];
    bool passed = false;
    int64_t at = 0;

    (void)state;
    for (; !passed; at++) {
        struct vf_batch batch;
        struct ArrowSchema schema;
        struct ArrowArray array;
        struct vf_error err = {0};
        make_batch(&batch, names);
        vf_alloc_fail_at(at, false);
        enum vf_status status = vf_batch_to_arrow_take(&batch, names, &schema, &array, &err);
        vf_alloc_fail_at(-1, false);
        passed = status == VF_OK;
        if (passed) {
            schema.release(&schema);
            array.release(&array);
        } else {
            assert_int_equal(status, VF_NOMEM);
            assert_int_equal(batch.n_rows, 2); /* nothing was taken */
            assert_null(schema.release);
            assert_null(array.release);
        }
        vf_batch_release(&batch);
    }
    assert_true(at > N_FORMATS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_formats_of_all_types),         cmocka_unit_test(test_values_are_not_copied),
        cmocka_unit_test(test_timestamps_are_moved_to_1970), cmocka_unit_test(test_a_child_outlives_its_parent),
        cmocka_unit_test(test_no_memory_at_any_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The description of a sidecar, written and read: whole, or with the reason why not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ferry/sidecar_file.h"

static char folder[] = "/tmp/vf-sidecar-XXXXXX";
static char path[128], description_path[160];

static int make_folder(void **state)
{
    static const char *const key[] = {"id", "part"};
    const struct vf_sidecar_description description = {.database = "sqlite:1:2",
                                                       .database_file = "shop.db",
                                                       .schema = "main",
                                                       .table = "documents",
                                                       .column = "embedding",
                                                       .type = "vector(f32,3)",
                                                       .n_key = 2,
                                                       .key = key,
                                                       .ordinal = true,
                                                       .metric = VF_METRIC_COSINE,
                                                       .kept = VF_E_F16,
                                                       .m = 16,
                                                       .ef_construction = 64,
                                                       .ef_search = 40,
                                                       .n_vectors = 5,
                                                       .n_in_graph = 4,
                                                       .n_zero = 1,
                                                       .vecferry_version = "0.1.0",
                                                       .usearch_version = "2.0.0"};
    struct vf_error err = {0};

    (void)state;
    strcpy(strrchr(folder, '-') + 1, "XXXXXX");
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(path, sizeof(path), "%s/shop.documents.embedding.usearch", folder);
    snprintf(description_path, sizeof(description_path), "%s.json", path);
    return vf_sidecar_write(&description, description_path, &err) == VF_OK ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(description_path);
    return rmdir(folder);
}

static void check_read(const struct vf_sidecar_description *d)
{
    assert_string_equal(d->database, "sqlite:1:2");
    assert_string_equal(d->schema, "main");
    assert_string_equal(d->table, "documents");
    assert_string_equal(d->column, "embedding");
    assert_int_equal(d->n_key, 2);
    assert_string_equal(d->key[0], "id");
    assert_string_equal(d->key[1], "part");
    assert_true(d->ordinal);
    assert_int_equal(d->metric, VF_METRIC_COSINE);
    assert_int_equal(d->kept, VF_E_F16);
    assert_int_equal(d->n_in_graph, 4);
}

/* A description that there was no memory for isn't called damaged, and nothing of it is left out. */
static void test_there_and_back(void **state)
{
    enum vf_status status = VF_NOMEM;
    int64_t at = 0;

    (void)state;
    for (; status != VF_OK; at++) {
        struct vf_sidecar_description read = {0};
        struct vf_arena arena = {0};
        struct vf_error err = {0};

        vf_alloc_fail_at(at, false);
        status = vf_sidecar_read(path, &arena, &read, &err);
        vf_alloc_fail_at(-1, false);
        assert_true(status == VF_OK || status == VF_NOMEM);
        assert_int_equal(err.status, status);
        if (status == VF_OK)
            check_read(&read);
        vf_arena_release(&arena);
    }
    assert_true(at > 1);
}

static void read_text(const char *text, enum vf_status expected, const char *message)
{
    struct vf_sidecar_description read = {0};
    struct vf_arena arena = {0};
    struct vf_error err = {0};
    FILE *file = fopen(description_path, "w");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    assert_int_equal(vf_sidecar_read(path, &arena, &read, &err), expected);
    if (strstr(err.message, message) == NULL)
        assert_string_equal(err.message, message);
    vf_arena_release(&arena);
}

static void test_what_is_no_description(void **state)
{
    (void)state;
    read_text("{", VF_VALUE, "isn't JSON");
    read_text("{\"format\": \"another\"}", VF_STATE, "isn't the description of a sidecar");
    read_text("{\"format\": \"vecferry sidecar\", \"version\": 99}", VF_VALUE, "is of version 99");
    read_text("{\"format\": \"vecferry sidecar\", \"version\": 1}", VF_VALUE, "is damaged");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_there_and_back, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_what_is_no_description, make_folder, remove_folder),
    };
    return cmocka_run_group_tests_name("sidecar file", tests, NULL, NULL);
}

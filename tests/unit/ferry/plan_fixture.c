#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/text.h"
#include "base/url.h"
#include "engine/mem/mem.h"
#include "plan_fixture.h"

struct fake fake;

static struct vf_engine_ops source_ops, target_ops;

/* ---- the engines ---- */

static enum vf_status map_column(struct vf_conn *conn, const struct vf_table *table, const struct vf_column *column,
                                 struct vf_arena *arena, struct vf_mapping *mapping, struct vf_error *err)
{
    enum vf_status status = vf_mem_engine.map_column(conn, table, column, arena, mapping, err);

    if (status == VF_OK && fake.lossy != NULL && strcmp(column->name, fake.lossy) == 0) {
        mapping->fidelity = VF_FIDELITY_LOSSY;
        mapping->how = "half the digits go";
    }
    if (status == VF_OK && fake.none != NULL && strcmp(column->name, fake.none) == 0) {
        mapping->fidelity = VF_FIDELITY_NONE;
        mapping->how = "there is no such type";
    }
    if (status == VF_OK && fake.renamed_type != NULL)
        mapping->native = fake.renamed_type;
    return status;
}

static enum vf_status inspect(struct vf_conn *conn, const struct vf_inspect_options *options, struct vf_schema *schema,
                              struct vf_error *err)
{
    enum vf_status status = vf_mem_engine.inspect(conn, options, schema, err);

    fake.n_evidence_only = options->evidence ? (int)options->n_only : -1;
    if (status == VF_OK && fake.inspected != NULL)
        fake.inspected(schema);
    return status;
}

static struct vf_conn *open_side(const char *text, enum vf_side side)
{
    const struct vf_open_options options = {.side = side};
    struct vf_url url = {0};
    struct vf_conn *conn = NULL;

    assert_int_equal(vf_url_parse(text, &url, NULL), VF_OK);
    assert_int_equal(vf_conn_open_with(&vf_mem_engine, &url, &options, &conn, NULL), VF_OK);
    vf_url_release(&url);
    return conn;
}

void fixture_open(struct fixture *fixture)
{
    *fixture = (struct fixture){0};
    fake = (struct fake){.source_caps = vf_mem_engine.caps, .target_caps = vf_mem_engine.caps};
    vf_mem_drop(NULL);
    make_table("first", "id i64 key");
    fixture->source = open_side("mem:s", VF_SIDE_SOURCE);
    fixture->target = open_side("mem:t", VF_SIDE_TARGET);
}

/* The caps are looked at when a plan is made, so a test may change them until then. */
static void arm(struct fixture *fixture)
{
    source_ops = target_ops = vf_mem_engine;
    source_ops.inspect = inspect;
    source_ops.caps = fake.source_caps;
    target_ops.map_column = map_column;
    target_ops.caps = fake.target_caps;
    target_ops.name = fake.other_name ? "other" : vf_mem_engine.name;
    ((struct vf_conn_base *)(void *)fixture->source)->ops = &source_ops;
    ((struct vf_conn_base *)(void *)fixture->target)->ops = &target_ops;
}

void fixture_close(struct fixture *fixture)
{
    vf_plan_release(&fixture->plan);
    vf_conn_close(fixture->source);
    vf_conn_close(fixture->target);
}

int fixture_teardown(void **state)
{
    (void)state;
    vf_mem_drop(NULL);
    return 0;
}

enum vf_status fixture_make(struct fixture *fixture, const struct vf_plan_options *options)
{
    const struct vf_plan_options none = {0};

    arm(fixture);
    vf_plan_release(&fixture->plan);
    vf_error_clear(&fixture->err);
    return vf_plan_make(fixture->source, fixture->target, options != NULL ? options : &none, &fixture->plan,
                        &fixture->err);
}

enum vf_status fixture_bind(struct fixture *fixture, const char *text, const struct vf_plan_options *options)
{
    const struct vf_plan_options none = {0};

    arm(fixture);
    vf_plan_release(&fixture->plan);
    vf_error_clear(&fixture->err);
    enum vf_status status = vf_plan_read("ferry.yaml", text, strlen(text), &fixture->plan, &fixture->err);
    if (status == VF_OK)
        status = vf_plan_bind(&fixture->plan, fixture->source, fixture->target, options != NULL ? options : &none,
                              &fixture->err);
    return status;
}

char *fixture_write(const struct fixture *fixture)
{
    struct vf_buf out;

    vf_buf_init(&out, VF_BUF_MAX);
    vf_plan_write(&fixture->plan, &out);
    assert_int_equal(vf_buf_check(&out, NULL), VF_OK);
    return vf_buf_detach(&out);
}

/* ---- looking ---- */

const struct vf_problem *find_problem(const struct vf_plan *plan, enum vf_severity severity, const char *object,
                                      const char *word)
{
    for (size_t i = 0; i < plan->problems.n_problems; i++) {
        const struct vf_problem *problem = &plan->problems.problems[i];
        if (problem->severity == severity && strcmp(problem->object, object) == 0 &&
            strstr(problem->what, word) != NULL)
            return problem;
    }
    for (size_t i = 0; i < plan->problems.n_problems; i++)
        print_message("%s %s: %s\n", vf_severity_name(plan->problems.problems[i].severity),
                      plan->problems.problems[i].object, plan->problems.problems[i].what);
    fail_msg("no %s about \"%s\" with \"%s\"", vf_severity_name(severity), object, word);
    return NULL;
}

const struct vf_other *find_not_moved(const struct vf_plan *plan, const char *kind, const char *name)
{
    for (size_t i = 0; i < plan->n_not_moved; i++) {
        if (strcmp(plan->not_moved[i].kind, kind) == 0 && strcmp(plan->not_moved[i].name, name) == 0)
            return &plan->not_moved[i];
    }
    fail_msg("%s \"%s\" isn't named", kind, name);
    return NULL;
}

const struct vf_plan_table *find_plan_table(const struct vf_plan *plan, const char *name)
{
    for (size_t i = 0; i < plan->n_tables; i++) {
        if (strcmp(plan->tables[i].source.name, name) == 0)
            return &plan->tables[i];
    }
    fail_msg("table \"%s\" isn't in the plan", name);
    return NULL;
}

size_t count_problems(const struct vf_plan *plan, enum vf_severity severity)
{
    size_t n = 0;

    for (size_t i = 0; i < plan->problems.n_problems; i++)
        n += plan->problems.problems[i].severity == severity;
    return n;
}

void assert_holds(const char *text, const char *word)
{
    if (strstr(text, word) == NULL)
        fail_msg("\"%s\" isn't in:\n%s", word, text);
}

void assert_holds_not(const char *text, const char *word)
{
    if (strstr(text, word) != NULL)
        fail_msg("\"%s\" is in:\n%s", word, text);
}

/* ---- tables ---- */

void make_table(const char *name, const char *columns)
{
    assert_int_equal(vf_mem_create_table("s", name, columns, NULL), VF_OK);
}

void make_vectors(const char *name, int n_rows)
{
    const float elements[] = {1, 2};

    make_table(name, "id i64 key, v vector(f32,2)");
    for (int64_t i = 0; i < n_rows; i++) {
        const struct vf_mem_value row[] = {vf_mem_i64(i), vf_mem_f32s(elements, 2)};
        assert_int_equal(vf_mem_add_row("s", name, 2, row, NULL), VF_OK);
    }
}

void define_table(const struct vf_table *table)
{
    assert_int_equal(vf_mem_define_table("s", table, NULL), VF_OK);
}

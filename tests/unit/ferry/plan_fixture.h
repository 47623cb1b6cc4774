/*
 * What the tests of the plan share: two mem databases behind engines that can be made to say other things than mem does.
 *
 * The wrappers are copies of mem's table of functions with some replaced; what the replacements answer is set by the test in `fake`.
 */
#ifndef VF_TEST_PLAN_FIXTURE_H
#define VF_TEST_PLAN_FIXTURE_H

#include "base/buf.h"
#include "ferry/plan.h"

struct fake {
    unsigned source_caps, target_caps;
    bool other_name;                             /* the target calls itself another engine */
    const char *lossy, *none;                    /* columns of these names are mapped so */
    const char *renamed_type;                    /* native type that every column gets in the target */
    void (*inspected)(struct vf_schema *schema); /* change what inspect found; NULL: nothing */
    int n_evidence_only; /* of the last inspection: -1 without evidence, else how many tables were named */
};

extern struct fake fake;

struct fixture {
    struct vf_conn *source, *target;
    struct vf_plan plan;
    struct vf_error err;
};

/* Empties the databases and opens both sides. The source's tables are to be made after it, by mem's functions, in database "s". */
void fixture_open(struct fixture *fixture);
void fixture_close(struct fixture *fixture);
int fixture_teardown(void **state);

/* vf_plan_make() into fixture->plan, which is released before; `options` NULL: none. */
enum vf_status fixture_make(struct fixture *fixture, const struct vf_plan_options *options);
/* vf_plan_read() as "ferry.yaml", then vf_plan_bind(). */
enum vf_status fixture_bind(struct fixture *fixture, const char *text, const struct vf_plan_options *options);
/* The plan's text; to be freed with vf_free(). */
char *fixture_write(const struct fixture *fixture);

/* Both fail the test when there is none (or, for the problem, when nothing of it holds `word`). */
const struct vf_problem *find_problem(const struct vf_plan *plan, enum vf_severity severity, const char *object,
                                      const char *word);
const struct vf_other *find_not_moved(const struct vf_plan *plan, const char *kind, const char *name);
const struct vf_plan_table *find_plan_table(const struct vf_plan *plan, const char *name);
size_t count_problems(const struct vf_plan *plan, enum vf_severity severity);
void assert_holds(const char *text, const char *word);
void assert_holds_not(const char *text, const char *word);

void make_table(const char *name, const char *columns);
/* A table of one vector column "v" of two f32 and a key, with rows. */
void make_vectors(const char *name, int n_rows);
void define_table(const struct vf_table *table);

#endif

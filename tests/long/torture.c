/*
 * Copies one SQLite file to another with every allocation failing in turn (or every STEP-th): each run ends with an error or right, and what it left behind can be started over.
 *
 *     torture SOURCE TARGET [STEP]
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "vecferry/vecferry.h"

#define AGAIN_EVERY 16 /* runs after which the target is filled once more, without a failure */

static int copy(const char *source, const char *target, int64_t fail_at, int64_t *n_allocations)
{
    vecferry *v = vecferry_new();

    if (v == NULL || vecferry_set(v, "source", source) != 0 || vecferry_set(v, "target", target) != 0 ||
        vecferry_set(v, "drop-existing", "true") != 0)
        exit(2);
    vf_alloc_fail_at(fail_at, false);
    int code = vecferry_copy(v);
    *n_allocations = vf_alloc_count();
    vf_alloc_fail_at(-1, false);
    if (code != VECFERRY_OK && (vecferry_error(v) == NULL || vecferry_error(v)[0] == '\0')) {
        printf("not ok 1 - allocation %" PRId64 ": exit code %d without a message\n", fail_at, code);
        exit(1);
    }
    vecferry_free(v);
    return code;
}

int main(int argc, char **argv)
{
    int64_t step = argc > 3 ? atoll(argv[3]) : 1, n_allocations = INT64_MAX, n_runs = 0, n_failed = 0;

    if (argc < 3 || step < 1)
        return 2;
    printf("1..1\n");
    for (int64_t at = 0; at < n_allocations; at += step, n_runs++) {
        int code = copy(argv[1], argv[2], at, &n_allocations);
        int64_t ignored;
        n_failed += code != VECFERRY_OK;
        if (code == VECFERRY_DIFFERS) {
            printf("not ok 1 - allocation %" PRId64 ": the copy says that both sides differ\n", at);
            return 1;
        }
        if (code != VECFERRY_OK)
            n_allocations = INT64_MAX; /* of a run that came to an end, at the end */
        if (n_runs % AGAIN_EVERY == 0 && copy(argv[1], argv[2], -1, &ignored) != VECFERRY_OK) {
            printf("not ok 1 - allocation %" PRId64 ": the target can't be filled any more\n", at);
            return 1;
        }
    }
    printf("# %" PRId64 " runs, %" PRId64 " of them failed\n%s 1 - every allocation fails in turn\n", n_runs, n_failed,
           n_failed > 0 ? "ok" : "not ok");
    return n_failed > 0 ? 0 : 1;
}

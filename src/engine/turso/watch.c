#include "engine/turso/watch.h"

#include <string.h>

#include "engine/turso/answer.h"
#include "engine/turso/rows.h"

void vf_hrana_watch_write(struct vf_hrana *db)
{
    static const char *const questions[] = {"SELECT total_changes()", "PRAGMA schema_version"};
    for (size_t i = 0; i < 2; i++) {
        (void)vf_hrana_step(db, questions[i], strlen(questions[i]));
        vf_hrana_step_end(db, true, VF_HRANA_ALWAYS, 0);
    }
}

static bool take(struct vf_hrana *db, size_t step, int64_t *value)
{
    struct vf_json rows;
    int64_t ignored = 0;
    bool first = true;
    if (!vf_hrana_went_well(db, step))
        return false;
    return (vf_hrana_open_result(db->results[step].value, &rows, &ignored) && vf_json_next_element(&rows, &first) &&
            vf_hrana_first_integer(rows, value)) ||
           vf_hrana_fail_protocol(db, "a number");
}

bool vf_hrana_watch_take(struct vf_hrana *db, size_t step)
{
    db->watch.is_fresh = take(db, step, &db->watch.n_changes) && take(db, step + 1, &db->watch.schema_version);
    return db->watch.is_fresh;
}

bool vf_hrana_watch_ask(struct vf_hrana *db)
{
    vf_hrana_new(db, false);
    vf_hrana_watch_write(db);
    return vf_hrana_run(db, VF_HRANA_REPEATABLE) && vf_hrana_watch_take(db, 0);
}

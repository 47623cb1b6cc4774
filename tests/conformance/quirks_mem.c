#include "conformance.h"

#include <stdatomic.h>
#include <stdio.h>

#include "engine/mem/mem.h"

static bool make(struct conf_database *database)
{
    static _Atomic int n_made;
    int number = atomic_fetch_add(&n_made, 1);
    snprintf(database->private, sizeof(database->private), "conformance-%d", number);
    snprintf(database->url, sizeof(database->url), "mem:conformance-%d", number);
    return true;
}

static void drop(const struct conf_database *database)
{
    vf_mem_drop(database->private);
}

const struct conf_quirks conf_mem = {
    .engine = "mem",
    .caps = VF_CAP_SNAPSHOT | VF_CAP_SHARED_SNAPSHOT | VF_CAP_PARALLEL_LOAD | VF_CAP_LATE_KEYS | VF_CAP_SCHEMAS |
            VF_CAP_USER_TYPES | VF_CAP_SEQUENCES | VF_CAP_VECTOR_INDEX | VF_CAP_TARGET,
    .bad_url = "mem:nowhere",
    .make = make,
    .drop = drop,
};

/*
 * One file a value of a column: the values, their files, and what of a plan goes into each.
 *
 * A plan with `by` is made once. For each value it is copied with a filter more: the engine's own condition for the value, beside the user's filter. Every file is a target of its own, with
 * its run, markers and rejected rows, and is written with the hash and the text of the one plan. The values are not part of the plan: they are read from the snapshot, before the first file.
 */
#ifndef VF_FERRY_BY_H
#define VF_FERRY_BY_H

#include "ferry/copy.h"
#include "ferry/verify.h"

#define VF_BY_MAX_VALUES 10000 /* more files than this are a mistake */

struct vf_by_value {
    const char *text; /* NUL-terminated; NULL: the rows without a value */
    const char *name; /* of the file: what stands for {} */
};

struct vf_by {
    struct vf_arena arena;
    size_t n_values;
    struct vf_by_value *values; /* the rows without one first, then in the order of their bytes */
};
void vf_by_release(struct vf_by *by);

/*
 * The values in all tables that are divided, as the plan's filters leave them. VF_SAFETY: none, or more than VF_BY_MAX_VALUES; VF_VALUE: a row's value can't be read, so that it would be in
 * no file; VF_USAGE: the column is of different types in two tables, or of one whose values are no names.
 */
enum vf_status vf_by_list(struct vf_crossing *crossing, struct vf_by *by, struct vf_error *err) VF_CHECKED;

/*
 * A file name for a value, in the arena: lower case letters, digits, "_" and "-" stand for themselves, every other byte is "%" and two hexadecimal digits in lower case, the rows without a
 * value are "%null", the empty text is "%empty". So it has no "/", no ".", no upper case, and different values have different names, also where the file system folds case. A name longer
 * than 120 bytes is cut and ended by "%~" and the value's XXH3-128.
 */
const char *vf_by_name(const char *text, struct vf_arena *arena);

/* `pattern` with `name` for its "{}", in the arena. vf_by_check_pattern(): "{}" is there once, in the last part of the path, and for all but folders a "." follows. */
enum vf_status vf_by_check_pattern(const struct vf_url *url, struct vf_error *err) VF_CHECKED;
enum vf_status vf_by_url(const struct vf_url *pattern, const char *name, struct vf_url *url,
                         struct vf_error *err) VF_CHECKED;

/* The plan with the filters of one value; it shares everything else with `plan`, and lives as long as the arena. */
enum vf_status vf_by_plan(struct vf_conn *source, const struct vf_plan *plan, const struct vf_by_value *value,
                          struct vf_arena *arena, struct vf_plan *part, struct vf_error *err) VF_CHECKED;

/* What the files hold together, table by table. */
struct vf_by_sum {
    struct vf_digest source, target; /* of the parts */
    int64_t n_rejected;
    size_t n_parts;
};

/* Read the source's table once more, without the values' filters: is it what the parts are together? *whole has its digest. A table that isn't divided is that in each file already. */
enum vf_status vf_by_compare_whole(struct vf_crossing *crossing, const struct vf_plan_table *table,
                                   const struct vf_by_sum *sum, struct vf_digest *whole,
                                   struct vf_error *err) VF_CHECKED;

#endif

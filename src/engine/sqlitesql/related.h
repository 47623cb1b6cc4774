/*
 * Columns that refer to each other get one type: related.c.
 */
#ifndef VF_ENGINE_SQLITESQL_RELATED_H
#define VF_ENGINE_SQLITESQL_RELATED_H

#include "model/schema.h"

struct vf_related {
    struct vf_schema *schema;
    struct vf_column **
        plain; /* for each table its columns as their storage alone says; NULL: its values weren't looked at, and it stays as it is */
};

void vf_sqlite_relate_types(const struct vf_related *related);

#endif

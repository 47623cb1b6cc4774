/*
 * What an engine can't declare, from vecferry_schema: a table that was moved here remembers what it was where it came from.
 *
 * An engine's inspect reads its catalogue, and then lays the memory over it. A column that is still declared as it was gets its source's type back, together with the form in which its
 * values lie here; a column that has been changed since is what its declaration says. Indexes, checks, names of foreign keys, types and sequences that only the source had come back too.
 */
#ifndef VF_ENGINE_MEMORY_H
#define VF_ENGINE_MEMORY_H

#include "engine/engine.h"

/* The evidence text of a column that got its type from the memory: compared as a pointer. */
/* Did a move make the column, and is it still as it was declared then? What its values are is remembered. */
bool vf_memory_has_made(const struct vf_column *column);

enum vf_status vf_memory_lay(struct vf_conn *conn, struct vf_schema *schema, struct vf_error *err) VF_CHECKED;
/* Afterwards, for engines that can't declare every foreign key: those that were only remembered come back, and with them the actions that they had. */
enum vf_status vf_memory_lay_keys(struct vf_conn *conn, struct vf_schema *schema, struct vf_error *err) VF_CHECKED;
/* Full-text indexes alone, for engines whose inspect doesn't lay the memory: they can declare everything else that came here. */
enum vf_status vf_memory_lay_fulltext(struct vf_conn *conn, struct vf_schema *schema, struct vf_error *err) VF_CHECKED;

#endif

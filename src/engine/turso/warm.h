/*
 * The questions that inspecting asks of the catalogue about each table, asked for many tables in one request, so that their answers are there (memo.h) when they are wanted.
 */
#ifndef VF_ENGINE_TURSO_WARM_H
#define VF_ENGINE_TURSO_WARM_H

#include "engine/turso/conn.h"

/* Only what goes well is kept: the others are asked again, one by one, and then their failure is told. */
void vf_turso_warm(struct vf_turso_conn *conn);

#endif

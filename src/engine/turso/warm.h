/*
 * The questions that inspecting asks of the catalogue about each table, asked for many tables in one request, so that their answers are there (memo.h) when they are wanted.
 */
#ifndef VF_ENGINE_TURSO_WARM_H
#define VF_ENGINE_TURSO_WARM_H

#include "engine/turso/conn.h"

/* What is asked first of all, as the source is opened or its snapshot begins: up to NULL. */
extern const char *const vf_turso_first_questions[];
/* They were steps of the request before, from that one on: their answers are kept. */
void vf_turso_keep_first(struct vf_hrana *db, size_t step);

/* Only what goes well is kept: the others are asked again, one by one, and then their failure is told. */
void vf_turso_warm(struct vf_turso_conn *conn);

/* vf_sqlite_conn.ask_ahead */
void vf_turso_ask_ahead(struct vf_sqlite_conn *conn, size_t n, const struct vf_buf *statements);

#endif

/*
 * libvecferry: move a database that holds vector embeddings between PostgreSQL+pgvector, SQLite and others, with proof
 *
 * The only public header. All that the program `vecferry` does is done by these functions. A handle holds the options, the callbacks and the result of its
 * last call; it has no global state behind it, never exits, never prints, and never asks. Different handles may be used by different threads at the same time;
 * one handle by one thread at a time, except for vecferry_cancel().
 *
 *     vecferry *v = vecferry_new();
 *     vecferry_set(v, "source", "sqlite:shop.db");
 *     vecferry_set(v, "target", "postgresql://app@localhost/shop");
 *     int code = vecferry_copy(v);
 *     if (code != 0)
 *         fprintf(stderr, "%s\n%s\n", vecferry_error(v), vecferry_hint(v));
 *     vecferry_free(v);
 *
 * Every verb returns an exit code as docs/exit-codes.md lists them: 0 is success, and for copy and verify it means that both sides were compared and agree.
 */
#ifndef VECFERRY_H
#define VECFERRY_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define VECFERRY_API __attribute__((visibility("default")))

typedef struct vecferry vecferry;

enum vecferry_exit {
    VECFERRY_OK = 0,
    VECFERRY_FAILED = 1,
    VECFERRY_USAGE = 2,
    VECFERRY_DIFFERS = 3, /* finished, but there are differences or rejected rows */
    VECFERRY_CONNECT = 4,
    VECFERRY_TEMPORARY = 5, /* safe to retry with "resume" */
    VECFERRY_SOURCE = 6,
    VECFERRY_TARGET = 7,
    VECFERRY_LOCKED = 8,   /* another runner holds the lock */
    VECFERRY_STATE = 9,    /* the state refuses: other plan, stale work, rows in the target, losses not accepted */
    VECFERRY_MISSING = 10, /* a capability is missing: extension, version, privilege, disk */
    VECFERRY_SAFETY = 11,
    VECFERRY_INTERNAL = 12,
    VECFERRY_CANCELLED = 130, /* by SIGINT; 143 by SIGTERM: the reason that vecferry_cancel() was given */
};

/* "0.1.0"; static. */
VECFERRY_API const char *vecferry_version(void);

/* A handle, or NULL when memory has run out. Freed with vecferry_free(), which accepts NULL. */
VECFERRY_API vecferry *vecferry_new(void);
VECFERRY_API void vecferry_free(vecferry *v);

/* ---- options ---- */

enum vecferry_option_kind {
    VECFERRY_FLAG, /* "true" or "false" */
    VECFERRY_TEXT,
    VECFERRY_NUMBER, /* a positive whole number */
    VECFERRY_SIZE,   /* bytes: 64M, 1.5G, powers of 1024 */
    VECFERRY_LIST,   /* each vecferry_set() adds one */
};

/* One row of the table from which the library, the command line, the help, the manual and the completions are made. */
struct vecferry_option {
    const char *name; /* long name, as on the command line: "accept-losses" */
    char letter;      /* short form, or 0 */
    enum vecferry_option_kind kind;
    const char *argument; /* what its value is called in the help, "SIZE"; NULL for a flag */
    const char *verbs;    /* the verbs that take it, separated by blanks: "plan copy" */
    const char *help;     /* one line */
    const char *fallback; /* its default as a text, or NULL */
};

/* All options, ended by a row whose name is NULL; static. */
VECFERRY_API const struct vecferry_option *vecferry_options(void);

/* Set an option by its name; `value` is copied, NULL takes it back to its default. 0, or VECFERRY_USAGE with vecferry_error() saying what is wrong. */
VECFERRY_API int vecferry_set(vecferry *v, const char *name, const char *value);

/* ---- what happens meanwhile ---- */

enum vecferry_stage {
    VECFERRY_STAGE_INSPECT,
    VECFERRY_STAGE_COPY,
    VECFERRY_STAGE_INDEX,
    VECFERRY_STAGE_VERIFY,
    VECFERRY_STAGE_DONE,
};

/* State of one table, or of one index that is built; counts only grow within a stage, those of an index within a phase. */
struct vecferry_progress {
    enum vecferry_stage stage;
    const char *table;  /* valid during the call */
    int64_t n_rows;     /* rows done, in this run */
    int64_t total_rows; /* -1: unknown */
    int total_is_exact;
    int64_t n_bytes; /* of values */
    int64_t n_rejected;
    int64_t elapsed_us; /* since this table's stage began */
    int finished;       /* this table is done with this stage */
    unsigned target;    /* number of the target, from 1; 0: there is only one */
    const char *
        phase; /* of an index: what is done just now, in the database's words; NULL: it doesn't say. Valid during the call */
};

/* Called from the thread that called the verb, about ten times a second for each table that moves, and once when it is finished. NULL: none. */
VECFERRY_API void vecferry_on_progress(vecferry *v,
                                       void (*progress)(void *context, const struct vecferry_progress *progress),
                                       void *context);

/* Log lines, redacted; may be called from any thread. level: 0 error, 1 warning, 2 info, 3 debug; lines above `level` aren't made. */
VECFERRY_API void vecferry_on_log(vecferry *v, int level, void (*log)(void *context, int level, const char *message),
                                  void *context);

/* Ask the verb that runs to stop after saving its state; it then returns `reason` (130 or 143). Async-signal-safe, from any thread. */
VECFERRY_API void vecferry_cancel(vecferry *v, int reason);

/* ---- verbs ---- */

VECFERRY_API int vecferry_inspect(vecferry *v); /* option source */
VECFERRY_API int vecferry_plan(vecferry *v); /* source and target (and target2), or file; vecferry_plan_text() has it */
VECFERRY_API int vecferry_copy(vecferry *v); /* source and target (and target2), or file */
VECFERRY_API int vecferry_verify(vecferry *v); /* source and target (and target2), or file */
VECFERRY_API int vecferry_index(vecferry *v);  /* target: its sidecars that no longer fit are built anew */

/* ---- results; valid until the next verb on this handle or vecferry_free() ---- */

/* The result of the last verb as one JSON object (docs/json.md), also after a failure; never NULL. */
VECFERRY_API const char *vecferry_result(const vecferry *v);
/* The plan as ferry.yaml, or NULL when the last verb made none. */
VECFERRY_API const char *vecferry_plan_text(const vecferry *v);
/*
 * Write the texts of what the last plan or copy doesn't move into a folder: one file an object, index.json and index.txt with the reasons. It is made if it isn't there and there is something to
 * write; one that holds other things than a report is refused. The option "report" makes the verb do it. 0, or an exit code with vecferry_error() saying what is wrong.
 */
VECFERRY_API int vecferry_report(vecferry *v, const char *folder);
/* What failed, in one line, and what to do about it; empty texts when nothing failed or nothing is known. Redacted. */
VECFERRY_API const char *vecferry_error(const vecferry *v);
VECFERRY_API const char *vecferry_hint(const vecferry *v);

#ifdef __cplusplus
}
#endif

#endif

/*
 * The conformance suite: what every engine must do, as tests.
 *
 * An engine runs it from a file of its own (engine_<name>.c) with a struct conf_quirks that says how a fresh database is made and in what the engine differs on purpose. The suite
 * speaks to the engine through the checked calls of engine/engine.h only. Each test gets a fresh database.
 */
#ifndef VF_TESTS_CONFORMANCE_H
#define VF_TESTS_CONFORMANCE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/engine.h"
#include "engine/store.h"
#include "model/batch.h"
#include "model/canon.h"
#include "model/schema.h"

#define CONF_MAX_COLUMNS 48

/* A database made for one test. */
struct conf_database {
    char url[512];
    char private[512]; /* what drop() needs */
};

struct conf_quirks {
    const char *engine;
    const char *label;     /* what the tests call it; NULL: as the engine */
    unsigned caps;         /* exactly these */
    const char *schema;    /* that tables are made in, or NULL */
    const char *extension; /* to be made before vectors, or NULL */
    const char *bad_url;   /* nothing can be opened there */
    /* Types (in the writing of vf_type_format) that the engine doesn't take exactly, as words between blanks. */
    const char *not_exact;
    bool no_nan;          /* of scalar floats */
    bool no_minus_zero;   /* of scalar floats */
    bool no_array_bounds; /* arrays whose lower bounds aren't 1 */
    bool one_database;    /* there is only the one that was given: it can't be compared with another */
    bool
        one_connection; /* of the server, for all clients: they see each other's transactions, and a snapshot is watched: a change fails the scan */
    bool no_late_join;  /* a snapshot can't be joined any more once the database was written to */
    bool jsonb;         /* rewrites JSON */
    bool no_key_actions;   /* foreign keys have no ON DELETE and ON UPDATE */
    const char *user_enum; /* native type of an enum column, or NULL: as for mem and SQLite, where a name is enough */
    /* false: it can't be made here, and the suite is skipped */
    bool (*make)(struct conf_database *database);
    void (*drop)(const struct conf_database *database);
    /* Let readers and a writer work at the same time, where a database isn't made so; NULL: it is. */
    void (*share)(const struct conf_database *database);
};

/* All tests for one engine; returns what main() returns (77: skipped). */
int conf_run(const struct conf_quirks *quirks);
const char *conf_label(const struct conf_quirks *quirks);

extern const struct conf_quirks conf_files, conf_mem, conf_sqlite, conf_libsql, conf_postgres, conf_duckdb,
    conf_tursodb, conf_sqld, conf_hrana, conf_hrana_alone;

/* A database that is a file in a folder of its own: test.db. */
bool conf_file_make(struct conf_database *database, const char *scheme);
void conf_file_drop(const struct conf_database *database);

/* The state of a test. */
struct conf {
    const struct conf_quirks *quirks;
    struct conf_database database;
    struct vf_conn *conn; /* to the target side */
};

int conf_setup(void **state);
int conf_teardown(void **state);
void conf_use(const struct conf_quirks *quirks); /* for the setups that follow */

/* The call must succeed; else the test fails with the error's message. `err` must be the error's name. */
#define CONF_OK(call)                                                                                                  \
    do {                                                                                                               \
        struct vf_error err = {0};                                                                                     \
        enum vf_status conf_status = (call);                                                                           \
        conf_check(conf_status, &err, #call, __FILE__, __LINE__);                                                      \
    } while (0)
void conf_check(enum vf_status status, const struct vf_error *err, const char *call, const char *file, int line);
/* The call must fail in that way, and its message must hold the word. */
#define CONF_FAILS(call, wanted, word)                                                                                 \
    do {                                                                                                               \
        struct vf_error err = {0};                                                                                     \
        enum vf_status conf_status = (call);                                                                           \
        conf_check_failed(conf_status, &err, wanted, word, #call, __FILE__, __LINE__);                                 \
    } while (0)
void conf_check_failed(enum vf_status status, const struct vf_error *err, enum vf_status wanted, const char *word,
                       const char *call, const char *file, int line);

struct vf_conn *conf_open(const struct conf *conf, enum vf_side side);

/* ---- tables ---- */

struct conf_column {
    const char *name;
    const char *type;   /* as vf_type_parse() reads it */
    const char *native; /* what the source called the type, or NULL: the same text */
    bool not_null;
    bool key;
};

struct conf_table {
    struct vf_arena arena;
    struct vf_table def; /* as the target has it */
    struct vf_column columns[CONF_MAX_COLUMNS];
    struct vf_index primary;
    struct vf_key_part parts[8];
    struct vf_type types[CONF_MAX_COLUMNS];
    struct vf_field fields[CONF_MAX_COLUMNS];
    size_t key[8];
    struct vf_relation relation;
    enum vf_fidelity fidelity[CONF_MAX_COLUMNS];
};

/* Ask the engine what the columns become; nothing is made. `name` is borrowed. */
void conf_table_init(struct conf_table *table, const struct conf *conf, const char *name, size_t n_columns,
                     const struct conf_column *columns);
void conf_table_release(struct conf_table *table);
void conf_table_make(const struct conf_table *table, struct vf_conn *conn, const struct conf *conf);
void conf_table_finish(const struct conf_table *table, struct vf_conn *conn); /* keys, where they come after the rows */
void conf_batch_init(struct vf_batch *batch, const struct conf_table *table, int64_t max_rows);

/* The table of most tests: (id i64 key, name text not null, note text). */
void conf_plain_init(struct conf_table *table, const struct conf *conf, const char *name);
/* Append rows first..first+n to it. */
void conf_plain_rows(struct vf_batch *batch, int64_t first, int64_t n);

/* In a transaction of its own. */
void conf_load(struct vf_conn *conn, const struct conf_table *table, const struct vf_batch *batch);
void conf_write(struct vf_conn *conn, const struct conf_table *table, const struct vf_batch *batch,
                struct vf_reject_list *rejects); /* in the open one */
/* A plain table with n rows, finished. */
void conf_plain_table(struct conf_table *table, const struct conf *conf, const char *name, int64_t n);

void conf_digest_batch(const struct vf_batch *batch, struct vf_digest *digest); /* adds */
void conf_digest_scan(struct vf_conn *conn, const struct conf_table *table, const struct vf_chunk *chunk,
                      struct vf_digest *digest); /* adds */
void conf_expect_same(struct vf_digest a, struct vf_digest b, const char *what);
int64_t conf_count(struct vf_conn *conn, const struct conf_table *table);

/* ---- data ---- */

/* Append sample number `index` of the array's type; false: there are no more. Only what the engine says it can hold. */
bool conf_sample(struct vf_array *array, size_t index, const struct vf_limits *limits, const struct conf_quirks *quirks,
                 const struct conf_quirks *other);
/* One of every type; each element is a type in the writing of vf_type_format(). */
extern const struct conf_column conf_types[];
extern const size_t conf_n_types;
bool conf_is_exact(const struct conf_quirks *quirks, const char *type);

/* ---- the tests, by file ---- */

extern const struct CMUnitTest conf_tests_basic[], conf_tests_rows[], conf_tests_scan[], conf_tests_records[],
    conf_tests_apply[];
extern const size_t conf_n_tests_basic, conf_n_tests_rows, conf_n_tests_scan, conf_n_tests_records, conf_n_tests_apply;

#define CONF_TEST(function) cmocka_unit_test_setup_teardown(function, conf_setup, conf_teardown)

#endif

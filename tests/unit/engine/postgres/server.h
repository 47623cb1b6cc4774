/*
 * A fresh database for each test, on the server of VECFERRY_TEST_POSTGRES. Without that server a test fails.
 */
#ifndef VF_TESTS_POSTGRES_SERVER_H
#define VF_TESTS_POSTGRES_SERVER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/engine.h"

struct server {
    char url[512]; /* of the test's database */
    char name[64];
    struct vf_conn *source, *target;
};

int server_setup(void **state);
int server_teardown(void **state);

/* Statements in the test's database, or in the first one of the server; the test fails when they do. */
void server_run(const struct server *server, const char *sql);
/* First field of the first row, in a static buffer. */
const char *server_ask(const struct server *server, const char *sql);
struct vf_conn *server_open(const struct server *server, enum vf_side side);

/* The call must succeed; `err` must be the error's name. */
#define OK(call)                                                                                                       \
    do {                                                                                                               \
        struct vf_error err = {0};                                                                                     \
        if ((call) != VF_OK)                                                                                           \
            fail_msg("%s: %s", #call, err.message);                                                                    \
    } while (0)
/* The call must fail in that way, and its message must hold the word. */
#define FAILS(call, wanted, word)                                                                                      \
    do {                                                                                                               \
        struct vf_error err = {0};                                                                                     \
        enum vf_status failed_status = (call);                                                                         \
        if (failed_status != (wanted) || strstr(err.message, (word)) == NULL)                                          \
            fail_msg("%s: %s: %s", #call, vf_status_text(failed_status), err.message);                                 \
    } while (0)

#define SERVER_TEST(function) cmocka_unit_test_setup_teardown(function, server_setup, server_teardown)

#endif

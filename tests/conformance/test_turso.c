#include "conformance.h"

#include <stdlib.h>
#include <string.h>

#include "base/url.h"

/* A server that is there: which kind, it says itself. */
static int run_on(const char *text)
{
    struct vf_url url = {0};
    struct vf_conn *conn = NULL;
    struct vf_server server;
    struct vf_error err = {0};
    const struct vf_open_options options = {.side = VF_SIDE_SOURCE};
    enum vf_status status = vf_url_parse(text, &url, &err);
    if (status == VF_OK)
        status = vf_conn_open_with(vf_engine_find("turso"), &url, &options, &conn, &err);
    if (status == VF_OK)
        status = vf_conn_describe(conn, &server, &err);
    if (status != VF_OK)
        print_error("%s\n", err.message);
    vf_conn_close(conn);
    vf_url_release(&url);
    return status != VF_OK ? 1 : conf_run(strcmp(server.product, "tursodb") == 0 ? &conf_hrana_alone : &conf_hrana);
}

int main(void)
{
    const char *other = getenv("VECFERRY_TEST_HRANA");
    if (other != NULL)
        return run_on(other);
    int on_tursodb = conf_run(&conf_tursodb);
    int on_sqld = conf_run(&conf_sqld);
    return on_tursodb != 0 ? on_tursodb : on_sqld;
}

#include "engine/postgres/conn.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"

/* What makes texts mean the same everywhere. extra_float_digits 3 is for servers before 12, and does no harm later. */
static const char session[] = "SET TimeZone = 'UTC';"
                              "SET DateStyle = 'ISO, MDY';"
                              "SET IntervalStyle = 'iso_8601';"
                              "SET extra_float_digits = 3;"
                              "SET bytea_output = 'hex';"
                              "SET lc_monetary = 'C';"
                              "SET xmlbinary = 'base64';"
                              "SET statement_timeout = 0;"
                              "SET idle_in_transaction_session_timeout = 0;"
                              "SET lock_timeout = 0;"
                              "SET standard_conforming_strings = on;"
                              "SET client_min_messages = 'warning';"
                              "SET row_security = off;";

static void on_notice(void *context, const PGresult *result)
{
    const struct vf_pg_conn *conn = context;
    const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    if (conn->base.options.log != NULL && message != NULL)
        vf_log_write(conn->base.options.log, VF_LOG_INFO, "server: %s", message);
}

/* What the user's URL may overrule comes before it, the password behind it. */
static PGconn *connect_to(const struct vf_url *url, const struct vf_open_options *options)
{
    const char *keys[12] = {"connect_timeout", "keepalives_idle", "keepalives_interval", "keepalives_count",
                            "application_name"};
    const char *values[12] = {"10", "30", "10", "3", options->application != NULL ? options->application : "vecferry"};
    size_t n = 5;
    keys[n] = "dbname";
    values[n++] = url->text;
    keys[n] = "client_encoding";
    values[n++] = "UTF8";
    if (options->password != NULL) {
        keys[n] = "password";
        values[n++] = options->password;
    }
    return PQconnectdbParams(keys, values, 1);
}

static enum vf_status fail_connect(const PGconn *pg, struct vf_error *err)
{
    char line[1024];
    size_t n = 0;
    const char *message = pg != NULL ? PQerrorMessage(pg) : "out of memory";
    for (; *message != '\0' && n + 1 < sizeof(line); message++)
        line[n++] = *message == '\n' || *message == '\t' ? ' ' : *message;
    while (n > 0 && line[n - 1] == ' ')
        n--;
    line[n] = '\0';
    vf_redact(line);
    vf_error_set(err, VF_CONNECT, "cannot connect to the server: %s", line);
    if (pg != NULL && (PQconnectionNeedsPassword(pg) || PQconnectionUsedPassword(pg)))
        vf_error_hint(err,
                      "check the user and the password: a password comes from a password file or command, ~/.pgpass or "
                      "PGPASSWORD");
    else
        vf_error_hint(err, "check host, port, database and user of the URL, and that the server runs");
    return VF_CONNECT;
}

/* Texts of a SQL_ASCII database may hold any bytes, and nobody knows in which encoding. */
static enum vf_status check_encoding(struct vf_pg_conn *conn, struct vf_error *err)
{
    const char *encoding = PQparameterStatus(conn->pg, "server_encoding");
    if (encoding == NULL || strcmp(encoding, "SQL_ASCII") != 0)
        return VF_OK;
    vf_error_set(err, VF_MISSING,
                 "the database \"%s\" has the encoding SQL_ASCII: nobody knows which characters its bytes are",
                 PQdb(conn->pg));
    vf_error_hint(err, "restore a dump of it into a database with the encoding UTF8, with pg_dump --encoding");
    return VF_MISSING;
}

static enum vf_status start_session(struct vf_pg_conn *conn, struct vf_error *err)
{
    const char *product = PQparameterStatus(conn->pg, "server_version");
    if (conn->version < 130000)
        return vf_error_set(err, VF_MISSING, "the server is PostgreSQL %s: 13 is the oldest that is known here",
                            product != NULL ? product : "of an unknown version");
    enum vf_status status = check_encoding(conn, err);
    if (status == VF_OK)
        status = vf_pg_exec(conn, session, err);
    if (status == VF_OK && conn->base.options.side == VF_SIDE_SOURCE)
        status = vf_pg_exec(conn, "SET default_transaction_read_only = on", err);
    return status;
}

enum vf_status vf_pg_open(const struct vf_url *url, const struct vf_open_options *options, struct vf_conn **conn,
                          struct vf_error *err)
{
    struct vf_pg_conn *opened = vf_calloc(1, sizeof(*opened));
    if (opened == NULL)
        return vf_error_nomem(err);
    opened->base.options = *options;
    opened->base.options.password = NULL;
    opened->pg = connect_to(url, options);
    enum vf_status status = VF_OK;
    if (PQstatus(opened->pg) != CONNECTION_OK) {
        status = fail_connect(opened->pg, err);
    } else {
        PQsetNoticeReceiver(opened->pg, on_notice, opened);
        opened->version = PQserverVersion(opened->pg);
        status = start_session(opened, err);
    }
    if (status != VF_OK) {
        vf_pg_close((struct vf_conn *)(void *)opened);
        return status;
    }
    *conn = (struct vf_conn *)(void *)opened;
    return VF_OK;
}

/* The server ends a session when it sees the connection closed, which takes a moment; a lock is given back before that. */
void vf_pg_close(struct vf_conn *base)
{
    struct vf_pg_conn *conn = vf_pg_conn_of(base);
    PGTransactionStatusType state = PQtransactionStatus(conn->pg);
    if (state == PQTRANS_INTRANS || state == PQTRANS_INERROR)
        PQclear(PQexec(conn->pg, "ROLLBACK"));
    if (conn->is_locked && PQtransactionStatus(conn->pg) == PQTRANS_IDLE)
        PQclear(PQexec(conn->pg, "SELECT pg_advisory_unlock_all()"));
    PQfinish(conn->pg);
    vf_pg_types_forget(&conn->types);
    vf_free(conn);
}

/* pg_control_system() says which cluster it is; where it isn't permitted, what is known of the server stands for it. */
static enum vf_status identify(struct vf_pg_conn *conn, char *out, size_t out_bytes, struct vf_error *err)
{
    char cluster[80] = "";
    enum vf_status status =
        vf_pg_get_text(conn, "SELECT has_function_privilege('pg_catalog.pg_control_system()', 'EXECUTE')::text", 0,
                       NULL, cluster, sizeof(cluster), err);
    bool may = cluster[0] == 't';
    if (status == VF_OK && may)
        status = vf_pg_get_text(conn, "SELECT system_identifier::text FROM pg_catalog.pg_control_system()", 0, NULL,
                                cluster, sizeof(cluster), err);
    else if (status == VF_OK)
        status = vf_pg_get_text(conn,
                                "SELECT coalesce(host(inet_server_addr()), 'local') || ':' || "
                                "coalesce(inet_server_port()::text, current_setting('port'))",
                                0, NULL, cluster, sizeof(cluster), err);
    char database[32] = "";
    if (status == VF_OK)
        status = vf_pg_get_text(conn, "SELECT oid::text FROM pg_catalog.pg_database WHERE datname = current_database()",
                                0, NULL, database, sizeof(database), err);
    snprintf(out, out_bytes, "%s/%s", cluster, database);
    return status;
}

enum vf_status vf_pg_describe(struct vf_conn *base, struct vf_server *server, struct vf_error *err)
{
    struct vf_pg_conn *conn = vf_pg_conn_of(base);
    const char *version = PQparameterStatus(conn->pg, "server_version");
    *server = (struct vf_server){.version_number = conn->version};
    snprintf(server->product, sizeof(server->product), "PostgreSQL");
    snprintf(server->version, sizeof(server->version), "%s", version != NULL ? version : "");
    const char *encoding = PQparameterStatus(conn->pg, "server_encoding");
    snprintf(server->encoding, sizeof(server->encoding), "%s", encoding != NULL ? encoding : "");
    snprintf(server->session, sizeof(server->session), "%d", PQbackendPID(conn->pg));
    enum vf_status status =
        vf_pg_get_text(conn, "SELECT extversion FROM pg_catalog.pg_extension WHERE extname = 'vector'", 0, NULL,
                       server->vector_version, sizeof(server->vector_version), err);
    if (server->vector_version[0] != '\0')
        snprintf(server->vector_product, sizeof(server->vector_product), "pgvector");
    return status == VF_OK ? identify(conn, server->identity, sizeof(server->identity), err) : status;
}

#include <stdio.h>
#include <string.h>

#include "engine/postgres/relation.h"
#include "engine/postgres/scan.h"

#define BLOCK_BYTES 8192

/* ---- snapshots ---- */

enum vf_status vf_pg_begin_snapshot(struct vf_conn *base, char *token, size_t token_bytes, struct vf_error *err)
{
    struct vf_pg_conn *conn = vf_pg_conn_of(base);
    if (PQtransactionStatus(conn->pg) != PQTRANS_IDLE)
        return vf_error_set(err, VF_INTERNAL, "a snapshot can't begin within a transaction");
    enum vf_status status = vf_pg_exec(conn, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", err);
    if (status != VF_OK)
        return status;
    conn->in_snapshot = true;
    if (token != NULL)
        status = vf_pg_get_text(conn, "SELECT pg_catalog.pg_export_snapshot()", 0, NULL, token, token_bytes, err);
    else
        status = vf_pg_exec(conn, "SELECT 1", err); /* the first statement takes the snapshot */
    if (status != VF_OK)
        vf_pg_end_snapshot(base);
    return status;
}

enum vf_status vf_pg_join_snapshot(struct vf_conn *base, const char *token, struct vf_error *err)
{
    struct vf_pg_conn *conn = vf_pg_conn_of(base);
    struct vf_buf sql;
    if (PQtransactionStatus(conn->pg) != PQTRANS_IDLE)
        return vf_error_set(err, VF_INTERNAL, "a snapshot can't be joined within a transaction");
    enum vf_status status = vf_pg_exec(conn, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", err);
    if (status != VF_OK)
        return status;
    conn->in_snapshot = true;
    vf_buf_init(&sql, 1 << 16);
    vf_buf_str(&sql, "SET TRANSACTION SNAPSHOT ");
    vf_pg_quote_text(&sql, token, strlen(token));
    status = vf_pg_exec_buf(conn, &sql, err);
    vf_buf_release(&sql);
    if (status == VF_OK)
        return VF_OK;
    vf_pg_end_snapshot(base);
    if (status == VF_TEMPORARY || status == VF_CANCELLED || status == VF_NOMEM)
        return status;
    vf_error_wrap(err, "the snapshot is gone, the transaction that exported it has ended");
    vf_error_hint(err, "start the copy again: the rows of two instants must not be mixed");
    if (err != NULL)
        err->status = VF_STATE;
    return VF_STATE;
}

void vf_pg_end_snapshot(struct vf_conn *base)
{
    struct vf_pg_conn *conn = vf_pg_conn_of(base);
    if (!conn->in_snapshot)
        return;
    conn->in_snapshot = false;
    if (PQtransactionStatus(conn->pg) != PQTRANS_IDLE) {
        enum vf_status ignored = vf_pg_exec(conn, "ROLLBACK", NULL);
        (void)ignored;
    }
}

/* ---- chunks ---- */

/* A file with rows: the table itself, or one of its partitions. */
struct leaf {
    int64_t oid;
    int64_t n_blocks, n_rows;
    int64_t size_bytes; /* with what is stored out of line */
    bool is_heap;
};

/* The size of the file stands for the block count, because pg_class.relpages is old or -1. relfilenode: as the snapshot sees it, and as it is now. */
static const char leaf_query[] =
    "SELECT c.oid::bigint, pg_catalog.pg_relation_size(c.oid), pg_catalog.pg_table_size(c.oid), "
    "greatest(c.reltuples, -1)::bigint, c.relkind IN ('r', 'm') AND coalesce(am.amname = 'heap', false), "
    "c.relfilenode::bigint, coalesce(pg_catalog.pg_relation_filenode(c.oid), 0)::bigint "
    "FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_am am ON am.oid = c.relam "
    "WHERE c.oid IN (SELECT $1::oid WHERE NOT $2::boolean UNION ALL "
    "SELECT t.relid FROM pg_catalog.pg_partition_tree($1::oid) t WHERE t.isleaf AND $2::boolean) AND c.relkind <> 'f' "
    "ORDER BY c.oid::bigint";

static enum vf_status add_chunk(struct vf_chunk_list *chunks, size_t *cap, const struct vf_chunk *chunk,
                                struct vf_error *err)
{
    if (chunks->n_chunks == *cap) {
        *cap = *cap == 0 ? 16 : *cap * 2;
        struct vf_chunk *grown = vf_arena_alloc(&chunks->arena, *cap, sizeof(*grown));
        if (grown == NULL)
            return vf_error_nomem(err);
        if (chunks->n_chunks > 0)
            memcpy(grown, chunks->chunks, chunks->n_chunks * sizeof(*grown));
        chunks->chunks = grown;
    }
    chunks->chunks[chunks->n_chunks] = *chunk;
    chunks->chunks[chunks->n_chunks].number = (int64_t)chunks->n_chunks;
    chunks->n_chunks++;
    return VF_OK;
}

static const char *bound(struct vf_arena *arena, const struct leaf *leaf, bool is_partition, int64_t block)
{
    if (!is_partition)
        return block < 0 ? NULL : vf_arena_printf(arena, "%lld", (long long)block);
    return block < 0 ? vf_arena_printf(arena, "%lld:", (long long)leaf->oid)
                     : vf_arena_printf(arena, "%lld:%lld", (long long)leaf->oid, (long long)block);
}

/* Blocks of one file. Vectors lie out of line, so a block stands for more bytes than it has. */
static enum vf_status cut_leaf(const struct leaf *leaf, bool is_partition, bool is_last, uint64_t target_bytes,
                               struct vf_chunk_list *chunks, size_t *cap, struct vf_error *err)
{
    int64_t step = leaf->n_blocks;
    if (leaf->is_heap && leaf->n_blocks > 0) {
        int64_t block_bytes = leaf->size_bytes / leaf->n_blocks + 1;
        step = target_bytes > (uint64_t)block_bytes * (uint64_t)leaf->n_blocks ? leaf->n_blocks
                                                                               : (int64_t)target_bytes / block_bytes;
    }
    if (step < 1)
        step = 1;
    int64_t block = 0;
    enum vf_status status = VF_OK;
    do {
        int64_t next = block + step < leaf->n_blocks && leaf->is_heap ? block + step : -1;
        int64_t n = (next < 0 ? leaf->n_blocks : next) - block;
        struct vf_chunk chunk = {
            .low = bound(&chunks->arena, leaf, is_partition, is_partition || block > 0 ? block : -1),
            .n_rows = leaf->n_rows < 0 || leaf->n_blocks == 0 ? -1 : leaf->n_rows * n / leaf->n_blocks,
            .size_bytes = leaf->n_blocks == 0 ? 0 : leaf->size_bytes / leaf->n_blocks * n};
        if (next >= 0 || !is_last)
            chunk.high = bound(&chunks->arena, leaf, is_partition, next);
        status = add_chunk(chunks, cap, &chunk, err);
        block = next;
    } while (block >= 0 && status == VF_OK);
    return status;
}

static enum vf_status cut(struct vf_pg_conn *conn, const struct vf_pg_relation *relation, const PGresult *result,
                          uint64_t target_bytes, struct vf_chunk_list *chunks, struct vf_error *err)
{
    int n = PQntuples(result);
    bool is_partitioned = relation->relkind == 'p';
    size_t cap = 0;
    uint64_t generation = 1469598103934665603u; /* FNV-1a over the file numbers */
    enum vf_status status = VF_OK;
    for (int row = 0; row < n && status == VF_OK; row++) {
        struct leaf leaf = {.oid = vf_pg_i64(result, row, 0, 0),
                            .n_blocks = vf_pg_i64(result, row, 1, 0) / BLOCK_BYTES,
                            .size_bytes = vf_pg_i64(result, row, 2, 0),
                            .n_rows = vf_pg_i64(result, row, 3, -1),
                            .is_heap = vf_pg_is_true(result, row, 4) && conn->version >= 140000};
        int64_t seen = vf_pg_i64(result, row, 5, 0), now = vf_pg_i64(result, row, 6, 0);
        if (conn->in_snapshot && seen != now)
            return vf_error_set(
                err, VF_STATE,
                "table \"%s\" was truncated or rewritten after the snapshot: its rows can't be seen any "
                "more; start again",
                relation->name);
        generation = (generation ^ (uint64_t)now) * 1099511628211u;
        status = cut_leaf(&leaf, is_partitioned, row + 1 == n, target_bytes, chunks, &cap, err);
        if (!is_partitioned)
            snprintf(chunks->generation, sizeof(chunks->generation), "%lld", (long long)now);
    }
    if (is_partitioned)
        snprintf(chunks->generation, sizeof(chunks->generation), "%016llx", (unsigned long long)generation);
    if (status == VF_OK && chunks->n_chunks == 0) /* a partitioned table without partitions */
        status = add_chunk(chunks, &cap, &(struct vf_chunk){.n_rows = 0, .size_bytes = 0}, err);
    return status;
}

/* TRUNCATE and REFRESH don't care for snapshots: what is to be read is locked against them first. A materialized view can't be named by LOCK, and reading it is as good. */
static enum vf_status lock_table(struct vf_pg_conn *conn, const struct vf_pg_relation *relation, struct vf_error *err)
{
    struct vf_buf sql;
    bool is_view = relation->relkind == 'm';
    if (!conn->in_snapshot || strchr("rpm", relation->relkind) == NULL)
        return VF_OK;
    vf_buf_init(&sql, 1 << 16);
    vf_buf_str(&sql, is_view ? "SELECT FROM " : "LOCK TABLE ");
    vf_pg_quote_table(&sql, relation->schema, relation->name);
    vf_buf_str(&sql, is_view ? " LIMIT 0" : " IN ACCESS SHARE MODE");
    enum vf_status status = vf_pg_exec_buf(conn, &sql, err);
    vf_buf_release(&sql);
    return status;
}

enum vf_status vf_pg_split(struct vf_conn *base, const struct vf_relation *wanted, uint64_t target_bytes,
                           struct vf_chunk_list *chunks, struct vf_error *err)
{
    struct vf_pg_conn *conn = vf_pg_conn_of(base);
    struct vf_pg_relation relation;
    PGresult *result = NULL;
    char oid[24];
    *chunks = (struct vf_chunk_list){0};
    enum vf_status status = vf_pg_relation_open(conn, wanted, &relation, err);
    if (status == VF_OK)
        status = lock_table(conn, &relation, err);
    snprintf(oid, sizeof(oid), "%lu", (unsigned long)relation.oid);
    const char *params[] = {oid, relation.relkind == 'p' ? "true" : "false"};
    if (status == VF_OK)
        status = vf_pg_query(conn, leaf_query, 2, params, &result, err);
    if (status == VF_OK)
        status = cut(conn, &relation, result, target_bytes, chunks, err);
    PQclear(result);
    vf_pg_relation_release(&relation);
    if (status != VF_OK)
        vf_chunk_list_release(chunks);
    return status;
}

#include "engine/turso/memo.h"

#include <string.h>

#include "base/alloc.h"

#define MAX_RESULT_BYTES ((size_t)512 << 10)
#define MAX_ALL_BYTES    ((size_t)8 << 20)
#define N_HEADS          1024

/* A question and its answer, behind each other. */
struct entry {
    struct entry *next;
    size_t sql_bytes, arguments_bytes, result_bytes;
    char text[];
};

struct vf_hrana_memo {
    size_t size_bytes;
    struct entry *heads[N_HEADS];
};

void vf_hrana_memo_begin(struct vf_hrana *db)
{
    if (db->memo == NULL)
        db->memo = vf_calloc(1, sizeof(*db->memo));
}

void vf_hrana_memo_end(struct vf_hrana *db)
{
    for (size_t i = 0; db->memo != NULL && i < N_HEADS; i++) {
        for (struct entry *entry = db->memo->heads[i], *next; entry != NULL; entry = next) {
            next = entry->next;
            vf_free(entry);
        }
    }
    vf_free(db->memo);
    db->memo = NULL;
}

static size_t head_of(const char *sql, size_t sql_bytes, const struct vf_buf *arguments)
{
    uint64_t hash = vf_hash128(sql, sql_bytes).low;
    if (arguments->size_bytes > 0)
        hash ^= vf_hash128(arguments->data, arguments->size_bytes).high;
    return (size_t)(hash % N_HEADS);
}

bool vf_hrana_memo_find(const struct vf_hrana *db, const char *sql, size_t sql_bytes, const struct vf_buf *arguments,
                        struct vf_buf *result)
{
    if (db->memo == NULL)
        return false;
    const struct entry *entry = db->memo->heads[head_of(sql, sql_bytes, arguments)];
    for (; entry != NULL; entry = entry->next) {
        if (entry->sql_bytes == sql_bytes && entry->arguments_bytes == arguments->size_bytes &&
            memcmp(entry->text, sql, sql_bytes) == 0 &&
            (arguments->size_bytes == 0 ||
             memcmp(entry->text + sql_bytes, arguments->data, arguments->size_bytes) == 0))
            break;
    }
    if (entry == NULL)
        return false;
    vf_buf_add(result, entry->text + sql_bytes + entry->arguments_bytes, entry->result_bytes);
    return result->status == VF_OK;
}

void vf_hrana_memo_keep(struct vf_hrana *db, const char *sql, size_t sql_bytes, const struct vf_buf *arguments,
                        const char *result, size_t result_bytes)
{
    struct vf_hrana_memo *memo = db->memo;
    size_t size_bytes = sizeof(struct entry) + sql_bytes + arguments->size_bytes + result_bytes;
    if (memo == NULL || result_bytes > MAX_RESULT_BYTES || size_bytes > MAX_ALL_BYTES - memo->size_bytes)
        return;
    struct entry *entry = vf_alloc(1, size_bytes);
    if (entry == NULL)
        return; /* it is asked for again */
    struct entry **head = &memo->heads[head_of(sql, sql_bytes, arguments)];
    *entry = (struct entry){*head, sql_bytes, arguments->size_bytes, result_bytes};
    memcpy(entry->text, sql, sql_bytes);
    if (arguments->size_bytes > 0)
        memcpy(entry->text + sql_bytes, arguments->data, arguments->size_bytes);
    memcpy(entry->text + sql_bytes + arguments->size_bytes, result, result_bytes);
    *head = entry;
    memo->size_bytes += size_bytes;
}

#include "base/alloc.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* The failing mode is process-wide on purpose: the code under test must not know that it is being tested. */
static _Atomic int64_t count;
static _Atomic int64_t fail_at = -1;
static _Atomic bool fail_sticky;

static bool must_fail(void)
{
    int64_t at = atomic_load_explicit(&fail_at, memory_order_relaxed);
    int64_t number = atomic_fetch_add_explicit(&count, 1, memory_order_relaxed);

    if (at < 0 || number < at)
        return false;
    return number == at || atomic_load_explicit(&fail_sticky, memory_order_relaxed);
}

/* false when n * size doesn't fit, or only into a size that no object can have. */
static bool multiply(size_t n, size_t size, size_t *bytes)
{
    if (size != 0 && n > PTRDIFF_MAX / size)
        return false;
    *bytes = n * size;
    if (*bytes == 0)
        *bytes = 1; /* malloc(0) may return NULL, which here means "no memory" */
    return true;
}

void *vf_alloc(size_t n, size_t size)
{
    size_t bytes;

    if (!multiply(n, size, &bytes) || must_fail())
        return NULL;
    return malloc(bytes);
}

void *vf_calloc(size_t n, size_t size)
{
    size_t bytes;

    if (!multiply(n, size, &bytes) || must_fail())
        return NULL;
    return calloc(1, bytes);
}

void *vf_realloc(void *old, size_t n, size_t size)
{
    size_t bytes;

    if (!multiply(n, size, &bytes) || must_fail())
        return NULL;
    return realloc(old, bytes);
}

char *vf_strdup(const char *text)
{
    return text == NULL ? NULL : vf_strndup(text, strlen(text));
}

char *vf_strndup(const char *text, size_t size_bytes)
{
    char *copy;

    if (text == NULL || size_bytes == SIZE_MAX)
        return NULL;
    copy = vf_alloc(size_bytes + 1, 1);
    if (copy == NULL)
        return NULL;
    memcpy(copy, text, size_bytes);
    copy[size_bytes] = '\0';
    return copy;
}

void vf_free(void *memory)
{
    free(memory);
}

void vf_alloc_fail_at(int64_t at, bool sticky)
{
    atomic_store(&fail_at, -1);
    atomic_store(&count, 0);
    atomic_store(&fail_sticky, sticky);
    atomic_store(&fail_at, at);
}

int64_t vf_alloc_count(void)
{
    return atomic_load(&count);
}

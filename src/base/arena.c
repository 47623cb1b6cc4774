#include "base/alloc.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A batch of a copy holds some hundred kilobytes; small users (one schema, one plan) shouldn't pay for that. */
#define FIRST_BLOCK_BYTES ((size_t)4096)
#define MAX_BLOCK_BYTES   ((size_t)1 << 20)

struct vf_arena_block {
    struct vf_arena_block *next;
    size_t cap_bytes;
    size_t used_bytes;
    alignas(max_align_t) unsigned char data[];
};

/* 0 when `bytes` is too large to be rounded up. */
static size_t round_up(size_t bytes)
{
    const size_t mask = alignof(max_align_t) - 1;

    return bytes > PTRDIFF_MAX - mask ? 0 : (bytes + mask) & ~mask;
}

/* Blocks double, so that the number of allocations grows with the logarithm of the size. */
static struct vf_arena_block *block_add(struct vf_arena *arena, size_t bytes)
{
    size_t cap_bytes = FIRST_BLOCK_BYTES;
    struct vf_arena_block *block;

    if (arena->blocks != NULL && arena->blocks->cap_bytes < MAX_BLOCK_BYTES)
        cap_bytes = arena->blocks->cap_bytes * 2;
    else if (arena->blocks != NULL)
        cap_bytes = MAX_BLOCK_BYTES;
    if (cap_bytes < bytes)
        cap_bytes = bytes;
    if (cap_bytes > PTRDIFF_MAX - sizeof(struct vf_arena_block))
        return NULL;
    block = vf_alloc(sizeof(struct vf_arena_block) + cap_bytes, 1);
    if (block == NULL)
        return NULL;
    block->next = arena->blocks;
    block->cap_bytes = cap_bytes;
    block->used_bytes = 0;
    arena->blocks = block;
    return block;
}

/* `size_bytes` uncleared bytes, aligned. */
static void *take(struct vf_arena *arena, size_t size_bytes)
{
    size_t bytes = round_up(size_bytes == 0 ? 1 : size_bytes);
    struct vf_arena_block *block = arena->blocks;
    void *memory;

    if (bytes == 0)
        return NULL;
    if (block == NULL || block->cap_bytes - block->used_bytes < bytes)
        block = block_add(arena, bytes);
    if (block == NULL)
        return NULL;
    memory = block->data + block->used_bytes;
    block->used_bytes += bytes;
    arena->used_bytes += bytes;
    return memory;
}

void *vf_arena_alloc(struct vf_arena *arena, size_t n, size_t size)
{
    void *memory;

    if (size != 0 && n > PTRDIFF_MAX / size)
        return NULL;
    memory = take(arena, n * size);
    if (memory != NULL)
        memset(memory, 0, n * size);
    return memory;
}

char *vf_arena_strdup(struct vf_arena *arena, const char *text)
{
    return text == NULL ? NULL : vf_arena_strndup(arena, text, strlen(text));
}

char *vf_arena_strndup(struct vf_arena *arena, const char *text, size_t size_bytes)
{
    char *copy;

    if (text == NULL || size_bytes == SIZE_MAX)
        return NULL;
    copy = take(arena, size_bytes + 1);
    if (copy == NULL)
        return NULL;
    memcpy(copy, text, size_bytes);
    copy[size_bytes] = '\0';
    return copy;
}

char *vf_arena_printf(struct vf_arena *arena, const char *fmt, ...)
{
    va_list args;
    char *text;
    int size;

    va_start(args, fmt);
    size = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    if (size < 0)
        return NULL;
    text = take(arena, (size_t)size + 1);
    if (text == NULL)
        return NULL;
    va_start(args, fmt);
    vsnprintf(text, (size_t)size + 1, fmt, args);
    va_end(args);
    return text;
}

void *vf_arena_push(struct vf_arena *arena, void **array, size_t *n, size_t size)
{
    if (*n == 0 || (*n & (*n - 1)) == 0) {
        void *grown = vf_arena_alloc(arena, *n == 0 ? 1 : *n * 2, size);
        if (grown == NULL)
            return NULL;
        if (*n > 0)
            memcpy(grown, *array, *n * size);
        *array = grown;
    }
    void *element = (char *)*array + *n * size;
    memset(element, 0, size);
    (*n)++;
    return element;
}

void vf_arena_reset(struct vf_arena *arena)
{
    struct vf_arena_block *largest = arena->blocks;
    struct vf_arena_block *block = arena->blocks;

    for (; block != NULL; block = block->next) {
        if (block->cap_bytes > largest->cap_bytes)
            largest = block;
    }
    block = arena->blocks;
    while (block != NULL) {
        struct vf_arena_block *next = block->next;

        if (block != largest)
            vf_free(block);
        block = next;
    }
    if (largest != NULL) {
        largest->next = NULL;
        largest->used_bytes = 0;
    }
    arena->blocks = largest;
    arena->used_bytes = 0;
}

void vf_arena_release(struct vf_arena *arena)
{
    struct vf_arena_block *block = arena->blocks;

    while (block != NULL) {
        struct vf_arena_block *next = block->next;

        vf_free(block);
        block = next;
    }
    *arena = (struct vf_arena){0};
}

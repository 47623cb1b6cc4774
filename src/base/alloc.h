/*
 * Memory: every allocation of the project goes through here.
 *
 * Sizes are overflow-checked. All functions return NULL when memory has run out or when the failing
 * mode says so; the caller turns that into VF_NOMEM. Freed with vf_free(). Nothing aborts.
 *
 * The failing mode is for tests: allocation number n (counted from 0 over all threads) fails, once or
 * from there on. The counters are atomic.
 */
#ifndef VF_BASE_ALLOC_H
#define VF_BASE_ALLOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void *vf_alloc(size_t n, size_t size);                 /* n * size bytes, not cleared */
void *vf_calloc(size_t n, size_t size);                /* the same, cleared */
void *vf_realloc(void *old, size_t n, size_t size);    /* `old` stays valid when this returns NULL */
char *vf_strdup(const char *text);                     /* NULL for NULL */
char *vf_strndup(const char *text, size_t size_bytes); /* always NUL-terminated */
void vf_free(void *memory);                            /* NULL is fine */

/* Make allocation number `at` fail, and all after it when `sticky`; a negative `at` switches the mode off. Resets the count. */
void vf_alloc_fail_at(int64_t at, bool sticky);
/* Allocations since the last vf_alloc_fail_at(). */
int64_t vf_alloc_count(void);

/*
 * An arena: many small allocations that are freed together. Passed explicitly, never a global.
 * Pointers from it are valid until vf_arena_reset() or vf_arena_release(). Alignment is that of max_align_t.
 * A zeroed struct is an empty arena; release accepts that and may be called twice.
 */
struct vf_arena {
    struct vf_arena_block *blocks; /* newest first */
    size_t used_bytes;             /* handed out since the last reset */
};

void *vf_arena_alloc(struct vf_arena *arena, size_t n, size_t size); /* cleared */
char *vf_arena_strdup(struct vf_arena *arena, const char *text);     /* NULL for NULL */
char *vf_arena_strndup(struct vf_arena *arena, const char *text, size_t size_bytes);
char *vf_arena_printf(struct vf_arena *arena, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/*
 * Room for one more element, cleared, behind the *n that *array has in the arena; NULL: no memory, nothing was changed. The capacity is the next power of two, so it needs no field; the old place is
 * left to the arena.
 */
void *vf_arena_push(struct vf_arena *arena, void **array, size_t *n, size_t size);
void vf_arena_reset(struct vf_arena *arena); /* keeps the largest block */
void vf_arena_release(struct vf_arena *arena);

#endif

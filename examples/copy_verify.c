/*
 * Copies a database and verifies the copy, with libvecferry: the least that a program of your own needs.
 *
 *     cc copy_verify.c $(pkg-config --cflags --libs vecferry) -o copy_verify
 *     ./copy_verify sqlite:shop.db postgresql://app@localhost/shop
 */
#include <stdio.h>
#include <vecferry/vecferry.h>

static void show(void *context, const struct vecferry_progress *progress)
{
    (void)context;
    if (progress->finished)
        printf("%s: %lld rows\n", progress->table, (long long)progress->n_rows);
}

int main(int argc, char **argv)
{
    vecferry *v = argc == 3 ? vecferry_new() : NULL;

    if (v == NULL) {
        fputs("usage: copy_verify SOURCE TARGET\n", stderr);
        return VECFERRY_USAGE;
    }
    vecferry_on_progress(v, show, NULL);
    int code = vecferry_set(v, "source", argv[1]);
    if (code == 0)
        code = vecferry_set(v, "target", argv[2]);
    if (code == 0)
        code = vecferry_set(v, "no-verify", "true"); /* as a step of its own, below */
    if (code == 0)
        code = vecferry_copy(v);
    if (code == 0)
        code = vecferry_verify(v);
    if (code != 0)
        fprintf(stderr, "%s\n%s\n", vecferry_error(v), vecferry_hint(v));
    vecferry_free(v);
    return code;
}

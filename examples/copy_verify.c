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

static int failed(const vecferry *v, int code)
{
    fprintf(stderr, "%s\n%s\n", vecferry_error(v), vecferry_hint(v));
    return code;
}

int main(int argc, char **argv)
{
    vecferry *v = vecferry_new();
    int code = VECFERRY_USAGE;

    if (v == NULL || argc != 3)
        return VECFERRY_USAGE;
    vecferry_on_progress(v, show, NULL);
    if (vecferry_set(v, "source", argv[1]) == 0 && vecferry_set(v, "target", argv[2]) == 0 && vecferry_set(v, "no-verify", "true") == 0)
        code = vecferry_copy(v);
    if (code == 0)
        code = vecferry_verify(v);
    if (code != 0)
        failed(v, code);
    vecferry_free(v);
    return code;
}

/* Calls a fuzz target with the files that are named, and with each of them cut off at every byte of its beginning. */
#include <stdio.h>
#include <stdlib.h>

#include "fuzz.h"

#define MAX_BYTES ((size_t)1 << 20)
#define MAX_CUTS  ((size_t)256)

static int replay(const char *path, uint8_t *bytes)
{
    FILE *file = fopen(path, "rb");

    if (file == NULL) {
        fprintf(stderr, "can't read %s\n", path);
        return 1;
    }
    size_t size_bytes = fread(bytes, 1, MAX_BYTES, file);
    fclose(file);
    for (size_t cut = 0; cut < size_bytes && cut < MAX_CUTS; cut++) {
        uint8_t *copy = malloc(cut + 1); /* lint: its end is where the sanitizer looks */
        for (size_t i = 0; copy != NULL && i < cut; i++)
            copy[i] = bytes[i];
        LLVMFuzzerTestOneInput(copy, cut);
        free(copy);
    }
    LLVMFuzzerTestOneInput(bytes, size_bytes);
    return 0;
}

int main(int argc, char **argv)
{
    uint8_t *bytes = malloc(MAX_BYTES); /* lint: no library of ours */
    int failed = bytes == NULL || argc < 2;

    printf("1..%d\n", argc - 1);
    for (int i = 1; i < argc && bytes != NULL; i++) {
        int bad = replay(argv[i], bytes);
        printf("%sok %d - %s\n", bad ? "not " : "", i, argv[i]);
        failed |= bad;
    }
    free(bytes);
    return failed;
}

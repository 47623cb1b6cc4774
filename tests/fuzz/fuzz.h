/*
 * What a fuzz target is: one function that takes any bytes. With clang's libFuzzer it is the whole program (make fuzz); in the test build replay.c calls it with every file of its corpus.
 */
#ifndef VF_TESTS_FUZZ_H
#define VF_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes);

#endif

/*
 * Numbers as sqld reads them. Its JSON reader doesn't look for the nearest double: it takes the digits as an integer, as many as fit into 64 bits, rounds that to a double, and multiplies or
 * divides by a rounded power of ten. The shortest digits of one double in five become its neighbour that way, so a client that writes those loses data on a real server.
 */
#ifndef HRANA_NUMBER_H
#define HRANA_NUMBER_H

#include "hrana/text.h"

/* The same JSON with each number that has a fraction, an exponent or very many digits written as the double that sqld would have read. */
void text_reread_numbers(const struct text *json, struct text *out);

#endif

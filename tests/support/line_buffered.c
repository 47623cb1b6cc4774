/*
 * LeakSanitizer ends a program without flushing stdio: a test program that leaks would lose all that it had printed,
 * and with it which tests had run. So every test program writes line by line.
 */
#include <stdio.h>

static void __attribute__((constructor)) line_buffered(void)
{
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
}

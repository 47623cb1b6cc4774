#include "conformance.h"

int main(void)
{
    return conf_run(&conf_duckdb);
}

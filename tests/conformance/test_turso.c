#include "conformance.h"

#include <stdlib.h>

int main(void)
{
    if (getenv("VECFERRY_TEST_HRANA") != NULL)
        return conf_run(&conf_hrana);
    int on_tursodb = conf_run(&conf_tursodb);
    int on_sqld = conf_run(&conf_sqld);
    return on_tursodb != 0 ? on_tursodb : on_sqld;
}

/* URLs: what is shown of one holds no password, and no control character. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/url.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
    char *text = vf_strndup((const char *)data, size_bytes);
    struct vf_error err = {0};
    struct vf_url url = {0};
    char shown[512];

    if (text != NULL && vf_url_parse(text, &url, &err) == VF_OK) {
        vf_url_show(&url, shown, sizeof(shown));
        for (const char *at = shown; *at != '\0'; at++) {
            if ((unsigned char)*at < ' ')
                abort();
        }
    }
    vf_url_release(&url);
    vf_free(text);
    return 0;
}

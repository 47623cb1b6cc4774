/*
 * What a secret looks like, for those who refuse one instead of hiding it. Hiding is vf_redact(), see log.h.
 */
#ifndef VF_BASE_REDACT_H
#define VF_BASE_REDACT_H

#include <stdbool.h>

/* Does `text` hold something that has the form of a secret (a URL with a password, password=..., token=..., "Bearer ...")? Remembered secrets are not
 * looked for: a short password may be a part of an honest name. */
bool vf_redact_would(const char *text);

#endif

/* POST /v2/pipeline and /v3/pipeline: requests on one stream, answered when all of them have been run. */
#ifndef HRANA_PIPELINE_H
#define HRANA_PIPELINE_H

#include "hrana/program.h"
#include "hrana/text.h"

/* Add the answer to `out`. False: `failure` is the answer, and the stream is gone. */
bool pipeline_run(struct server *server, int version, struct access access, const struct text *body, struct text *out,
                  struct failure *failure);

#endif

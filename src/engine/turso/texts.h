/*
 * Texts that aren't UTF-8: sqld can't put them into its JSON, and ends the request, and with it the stream, where one comes.
 *
 * With ?text=bytes in the URL a scan asks for the bytes of its texts, and then such a row is a reject, as one of a file is. Otherwise the page that failed is asked for once more in that way, by a
 * stream of its own, so that the row can be named.
 */
#ifndef VF_ENGINE_TURSO_TEXTS_H
#define VF_ENGINE_TURSO_TEXTS_H

#include "engine/turso/rows.h"

enum vf_hrana_bytes {
    VF_HRANA_BYTES_OF_TEXTS, /* and the other values as they are */
    VF_HRANA_BYTES_ALONE,    /* NULL for all but texts */
};

/* A SELECT whose first column is a rowid or NULL, so that it gives that, the others with texts as blobs, and behind them for each whether it is one. */
void vf_hrana_write_texts(const char *sql, enum vf_hrana_bytes bytes, struct vf_buf *out);
/* The current row of such a statement as the plain one would have given it. */
void vf_hrana_take_texts(struct vf_hrana_stmt *stmt);

/* Is that what the server's answer says? */
bool vf_hrana_says_no_utf8(const struct vf_http_answer *answer);
/* The error of it, without the row. */
void vf_hrana_set_no_utf8(struct vf_error *why);
/* Reading the rows of this text has failed and the stream is gone: was it for a text? Then the failure of the session names it. */
void vf_hrana_name_text(struct vf_hrana *db, const char *sql);

#endif

/*
 * The least that reading rows from a libSQL server costs: libcurl, and what comes is counted and thrown away.
 *
 *     bench_hrana_read URL pages|cursor TABLE ROWS PAGE_ROWS
 *
 * pages: /v2/pipeline, so many rows a request in the order of the rowid, which counts from 1; cursor: /v3/cursor, one request.
 */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rows.h"

static size_t take(char *bytes, size_t size, size_t n, void *context)
{
    size_t *n_bytes = context;

    (void)bytes;
    *n_bytes += size * n;
    return size * n;
}

static void ask(CURL *curl, const char *url, const char *body)
{
    long status = 0;

    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
    CURLcode code = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    if (code != CURLE_OK || status != 200)
        bench_die("%s: %s, HTTP %ld", url, curl_easy_strerror(code), status);
}

int main(int argc, char **argv)
{
    char url[512], body[512];
    size_t n_bytes = 0;

    if (argc != 6)
        bench_die("usage: bench_hrana_read URL pages|cursor TABLE ROWS PAGE_ROWS");
    long n_rows = strtol(argv[4], NULL, 10), page_rows = strtol(argv[5], NULL, 10);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    CURL *curl = curl_easy_init();
    struct curl_slist *headers =
        curl_slist_append(curl_slist_append(NULL, "Content-Type: application/json"), "Expect:");
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_BUFFERSIZE, 512L << 10);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &n_bytes);
    if (strcmp(argv[2], "cursor") == 0) {
        snprintf(url, sizeof(url), "%s/v3/cursor", argv[1]);
        snprintf(body, sizeof(body), "{\"batch\":{\"steps\":[{\"stmt\":{\"sql\":\"SELECT rowid, * FROM %s\"}}]}}",
                 argv[3]);
        ask(curl, url, body);
    }
    snprintf(url, sizeof(url), "%s/v2/pipeline", argv[1]);
    for (long last = 0; last < n_rows && strcmp(argv[2], "pages") == 0; last += page_rows) {
        snprintf(body, sizeof(body),
                 "{\"requests\":[{\"type\":\"execute\",\"stmt\":{\"sql\":\"SELECT rowid, * FROM %s WHERE rowid > %ld "
                 "ORDER BY rowid LIMIT %ld\"}}]}",
                 argv[3], last, page_rows);
        ask(curl, url, body);
    }
    printf("%zu bytes\n", n_bytes);
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    curl_global_cleanup();
    return n_bytes > (size_t)n_rows ? 0 : 1;
}

#include "cli/cli.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define PLAIN_INTERVAL_S 30
#define MAX_LIVE         16 /* tables shown at once on a terminal */
#define BAR_CELLS        8

enum mode {
    MODE_OFF,
    MODE_PLAIN, /* not a terminal: a line every 30 seconds */
    MODE_LIVE,
    MODE_JSON,
};

struct live {
    char table[128], phase[64];
    enum vecferry_stage stage;
    struct vecferry_progress last;
    bool is_used;
};

/* One display a process: signals and the terminal are the process's too. */
static struct {
    enum mode mode;
    struct live live[MAX_LIVE];
    int n_drawn;
    time_t last_plain;
    volatile sig_atomic_t asked; /* by SIGUSR1 */
} display;

static void on_usr1(int number)
{
    (void)number;
    display.asked = 1;
}

int vf_terminal_columns(void)
{
    const char *columns = getenv("COLUMNS");
    struct winsize size;

    if (columns != NULL && strtol(columns, NULL, 10) > 0)
        return (int)strtol(columns, NULL, 10);
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    return 80;
}

static const char *stage_name(enum vecferry_stage stage)
{
    switch (stage) {
    case VECFERRY_STAGE_INSPECT:
        return "inspect";
    case VECFERRY_STAGE_COPY:
        return "copy";
    case VECFERRY_STAGE_INDEX:
        return "index";
    case VECFERRY_STAGE_VERIFY:
        return "verify";
    case VECFERRY_STAGE_DONE:
        return "done";
    }
    return "";
}

/* ---- JSON lines ---- */

static void put_json(const struct vecferry_progress *progress)
{
    char now[32];
    json_t *line = json_object();

    json_object_set_new(line, "v", json_integer(1));
    json_object_set_new(line, "type", json_string(progress->finished ? "event" : "status"));
    json_object_set_new(line, "ts", json_string(vf_show_now(now)));
    json_object_set_new(line, "stage", json_string(stage_name(progress->stage)));
    json_object_set_new(line, "table", json_string(progress->table));
    if (progress->target > 0)
        json_object_set_new(line, "target", json_integer(progress->target));
    json_object_set_new(line, "rows", json_integer(progress->n_rows));
    json_object_set_new(line, "total_rows",
                        progress->total_rows >= 0 ? json_integer(progress->total_rows) : json_null());
    if (progress->phase != NULL)
        json_object_set_new(line, "phase", json_string(progress->phase));
    json_object_set_new(line, "bytes", json_integer(progress->n_bytes));
    json_object_set_new(line, "rejected", json_integer(progress->n_rejected));
    json_object_set_new(line, "elapsed_us", json_integer(progress->elapsed_us));
    json_object_set_new(line, "finished", json_boolean(progress->finished));
    json_dumpf(line, stdout, JSON_COMPACT);
    fputc('\n', stdout);
    fflush(stdout);
    json_decref(line);
}

/* ---- lines for people ---- */

static void put_bar(char *out, size_t out_bytes, double part)
{
    size_t used = (size_t)snprintf(out, out_bytes, "▕");

    for (int i = 0; i < BAR_CELLS; i++)
        used += (size_t)snprintf(out + used, out_bytes - used, "%s", part * BAR_CELLS >= i + 0.5 ? "█" : " ");
    snprintf(out + used, out_bytes - used, "▏");
}

/* documents  612 480/986 400 62% ▕██████  ▏ 48.2k rows/s 301 MB/s ETA 0:07 */
static void format_line(const struct vecferry_progress *progress, const char *table, bool bar, char *out,
                        size_t out_bytes)
{
    char rows[32], total[32], rate[32], speed[32], eta[32], cells[BAR_CELLS * 4 + 16] = "";
    double seconds = (double)progress->elapsed_us / 1e6;
    double per_second = seconds > 0 ? (double)progress->n_rows / seconds : 0;
    bool has_total = progress->total_rows > 0;
    double part = has_total ? (double)progress->n_rows / (double)progress->total_rows : 0;
    int used = snprintf(out, out_bytes, "%-8s %s  %s", stage_name(progress->stage), table,
                        vf_show_count(progress->n_rows, rows));

    if (part > 1)
        part = 1;
    if (has_total && used > 0 && (size_t)used < out_bytes)
        used += snprintf(out + used, out_bytes - (size_t)used, "/%s%s %d%%", progress->total_is_exact ? "" : "~",
                         vf_show_count(progress->total_rows, total), (int)(part * 100));
    if (bar && has_total)
        put_bar(cells, sizeof(cells), part);
    if ((size_t)used < out_bytes)
        used +=
            snprintf(out + used, out_bytes - (size_t)used, " %s %s rows/s %s/s", cells, vf_show_rate(per_second, rate),
                     vf_show_bytes(seconds > 0 ? (int64_t)((double)progress->n_bytes / seconds) : 0, speed));
    if (has_total && !progress->finished && per_second > 0 && progress->total_rows > progress->n_rows &&
        (size_t)used < out_bytes)
        snprintf(out + used, out_bytes - (size_t)used, " ETA %s",
                 vf_show_time((int64_t)((double)(progress->total_rows - progress->n_rows) / per_second * 1e6), eta));
}

/* index    documents_embedding_idx  building index: loading tuples  612 480/~986 400 62% ▕██████  ▏ 0:42, or with nothing known  index    documents_n / 0:42 */
static void format_index(const struct vecferry_progress *progress, const char *name, bool live, char *out,
                         size_t out_bytes)
{
    static const char *const turning[] = {"|", "/", "-", "\\"};
    char rows[32], total[32], elapsed[32], cells[BAR_CELLS * 4 + 16] = "", counts[96] = "";
    bool has_total = progress->total_rows > 0;
    double part = has_total ? (double)progress->n_rows / (double)progress->total_rows : 0;

    part = part > 1 ? 1 : part;
    if (has_total)
        snprintf(counts, sizeof(counts), "  %s/%s%s %d%%", vf_show_count(progress->n_rows, rows),
                 progress->total_is_exact ? "" : "~", vf_show_count(progress->total_rows, total), (int)(part * 100));
    if (live && has_total)
        put_bar(cells, sizeof(cells), part);
    snprintf(out, out_bytes, "%-8s %s%s%s%s %s%s%s", stage_name(progress->stage), name,
             progress->phase != NULL ? "  " : "", progress->phase != NULL ? progress->phase : "",
             progress->finished ? "" : counts, cells,
             live && !has_total ? turning[progress->elapsed_us / 250000 % 4] : "", live && !has_total ? " " : "");
    size_t used = strlen(out);
    if (used < out_bytes)
        snprintf(out + used, out_bytes - used, "%s%s", cells[0] != '\0' ? " " : "",
                 vf_show_time(progress->elapsed_us, elapsed));
}

/* At most `columns` cells; a multi-byte character counts as one cell, which is right for what format_line writes. */
static void put_cut(const char *line, int columns)
{
    for (int cell = 0; *line != '\0' && cell < columns; cell++) {
        fputc(*line++, stderr);
        while (((unsigned char)*line & 0xc0) == 0x80)
            fputc(*line++, stderr);
    }
}

static void put_line(const struct live *live, bool bar)
{
    char line[512];

    if (live->stage == VECFERRY_STAGE_INDEX)
        format_index(&live->last, live->table, bar, line, sizeof(line));
    else
        format_line(&live->last, live->table, bar, line, sizeof(line));
    put_cut(line, vf_terminal_columns() - 1);
}

static void erase_live(void)
{
    for (; display.n_drawn > 0; display.n_drawn--)
        fputs("\033[1A\033[2K", stderr);
}

static void draw_live(void)
{
    for (int i = 0; i < MAX_LIVE; i++) {
        if (!display.live[i].is_used)
            continue;
        put_line(&display.live[i], true);
        fputc('\n', stderr);
        display.n_drawn++;
    }
    fflush(stderr);
}

/* Names and phases come from a database: nothing in them may reach the terminal as a control sequence. */
static void copy_plain(char *out, size_t out_bytes, const char *text)
{
    size_t used = 0;

    while (text != NULL && *text != '\0' && used + 1 < out_bytes) {
        size_t n = vf_control_size(text);
        out[used++] = n > 0 ? '?' : *text;
        text += n > 0 ? n : 1;
    }
    out[used] = '\0';
}

static struct live *find_live(const struct vecferry_progress *progress)
{
    struct live *unused = NULL;
    char table[sizeof(unused->table)];

    copy_plain(table, sizeof(table), progress->table);
    for (int i = 0; i < MAX_LIVE; i++) {
        struct live *live = &display.live[i];
        if (live->is_used && live->stage == progress->stage && strcmp(live->table, table) == 0)
            return live;
        if (!live->is_used && unused == NULL)
            unused = live;
    }
    return unused;
}

/* Its texts are the caller's only during the call. */
static void keep(struct live *live, const struct vecferry_progress *progress)
{
    live->stage = progress->stage;
    live->last = *progress;
    copy_plain(live->table, sizeof(live->table), progress->table);
    copy_plain(live->phase, sizeof(live->phase), progress->phase);
    live->last.table = live->table;
    live->last.phase = live->phase[0] != '\0' ? live->phase : NULL;
}

static void show_live(const struct vecferry_progress *progress)
{
    struct live *live = find_live(progress);

    erase_live();
    if (live != NULL) {
        live->is_used = true;
        keep(live, progress);
        if (progress->finished) { /* a line that stays */
            put_line(live, false);
            fputc('\n', stderr);
            live->is_used = false;
        }
    }
    draw_live();
}

static void show_plain(const struct vecferry_progress *progress)
{
    time_t now = time(NULL);
    struct live live = {0};

    if (!display.asked && now - display.last_plain < PLAIN_INTERVAL_S)
        return;
    display.asked = 0;
    display.last_plain = now;
    keep(&live, progress);
    put_line(&live, false);
    fputc('\n', stderr);
    fflush(stderr);
}

static void on_progress(void *context, const struct vecferry_progress *progress)
{
    (void)context;
    switch (display.mode) {
    case MODE_OFF:
        if (display.asked)
            show_plain(progress);
        return;
    case MODE_PLAIN:
        show_plain(progress);
        return;
    case MODE_LIVE:
        show_live(progress);
        return;
    case MODE_JSON:
        put_json(progress);
        return;
    }
}

void vf_progress_begin(struct vf_cli *cli)
{
    struct sigaction action = {.sa_handler = on_usr1, .sa_flags = SA_RESTART};
    const char *term = getenv("TERM");
    bool is_terminal = isatty(STDERR_FILENO) && term != NULL && strcmp(term, "dumb") != 0;

    sigemptyset(&action.sa_mask);
    sigaction(SIGUSR1, &action, NULL);
    memset(&display, 0, sizeof(display));
    display.last_plain = time(NULL);
    display.mode = cli->quiet ? MODE_OFF : cli->json ? MODE_JSON : is_terminal ? MODE_LIVE : MODE_PLAIN;
    vecferry_on_progress(cli->v, on_progress, NULL);
}

void vf_progress_end(void)
{
    if (display.mode == MODE_LIVE)
        erase_live();
    fflush(stderr);
}

// SPDX-License-Identifier: Apache-2.0
/* Reads a stream as Server-Sent Events for as long as it is let, coming back by cursor: what has
 * been printed is not printed again (seq <= last), what was missed is told. */
#include "app/command.h"
#include "app/event_source.h"
#include "app/remote.h"
#include "app/tail_acts.h"
#include "app/terminal.h"
#include "base/rand.h"
#include "sys/sys.h"
#include "wire/json.h"
#include "wire/url.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    SILENCE_MS = 35 * 1000, // the server says something every 15 s
    BACKOFF_MS = 500,
    BACKOFF_MS_MAX = 30 * 1000,
    LINE_BYTES_MAX = 4 * EVENT_SOURCE_BYTES_MAX,
    ANSWER_BYTES_MAX = 64 * 1024,
    KEYS_MAX = 100000,
};

static const struct option_kind kinds[] = {REMOTE_OPTIONS,
                                           {.name = "after", .has_value = true},
                                           {.name = "lane", .has_value = true},
                                           {.name = NULL}};

struct tail {
    const struct command *command;
    const struct remote *remote;
    const char *stream;
    char after[EVENT_SOURCE_ID_MAX]; // where to begin; empty: the server's backfill
    const char *lane;
    bool is_json;
    struct event_source source;
    struct tail_acts acts;
    int64_t last_seq;
    int status;          // of the answer under way
    struct buf answer;   // of one that is no stream of events
    bool output_is_gone; // nobody reads us any more
    bool has_hello;      // this connection got that far
    bool had_hello;      // one did: from then on it comes back by itself
    struct rand rand;
};

/* ---- printing ---- */

static void print(struct tail *tail, const struct buf *line)
{
    if (sys_file_write_all(1, buf_str(line)) != ERR_OK) {
        tail->output_is_gone = true;
    }
}

static void write_gap(struct buf *line, const struct json *event)
{
    int64_t shed = 0;
    struct str why = STR_NONE;
    if (json_get_i64(json_member(event, "shed"), &shed) && shed > 0) {
        buf_addf(line, "-- %" PRId64 " comments left out", shed);
    } else {
        buf_add_str(line, STR("-- comments left out"));
    }
    if (json_get_str(json_member(event, "why"), &why)) {
        buf_add_str(line, STR(": "));
        terminal_write(line, why);
    }
    buf_add_byte(line, '\n');
}

/* What a person wants to see of it; the rest is silence. */
static void write_line(struct tail *tail, struct buf *line, const struct json *event,
                       struct str type)
{
    if (str_eq(type, STR("comment"))) {
        tail_acts_write_comment(&tail->acts, line, event);
    } else if (str_eq(type, STR("gap"))) {
        write_gap(line, event);
    } else if (str_eq(type, STR("resync"))) {
        buf_add_str(line, STR("-- the stream's history is another now\n"));
    } else if (str_eq(type, STR("stream"))) {
        struct str state = STR_NONE;
        (void)json_get_str(json_member(event, "state"), &state);
        buf_add_str(line, STR("-- the stream is "));
        terminal_write(line, state);
        buf_add_byte(line, '\n');
    } else {
        tail_acts_write(&tail->acts, line, event, type);
    }
}

/* Signals of which a reader of lines wants to know. */
static bool is_worth_a_line(struct str type)
{
    return str_eq(type, STR("gap")) || str_eq(type, STR("warned")) ||
           str_eq(type, STR("unwarned")) || str_eq(type, STR("held")) ||
           str_eq(type, STR("approved")) || str_eq(type, STR("rejected")) ||
           str_eq(type, STR("notice"));
}

/* Keeps the place; says whether it is to be printed: an event not printed before, or the word on
 * events that are missing. */
static bool is_worth_printing(struct tail *tail, const struct json *event, struct str type)
{
    int64_t seq = 0;
    if (str_eq(type, STR("resync"))) {
        tail->last_seq = 0;
        tail_acts_forget(&tail->acts);
        return true;
    }
    if (str_eq(type, STR("hello"))) {
        tail->has_hello = true;
        tail->had_hello = true;
        return false;
    }
    if (json_member(event, "prev") == NULL || !json_get_i64(json_member(event, "seq"), &seq)) {
        return is_worth_a_line(type);
    }
    if (seq <= tail->last_seq) {
        return false;
    }
    const bool is_known =
        !tail->is_json && (tail_acts_knows(&tail->acts, (uint64_t)seq) ||
                           (str_eq(type, STR("comment")) && tail_acts_hides(&tail->acts, event)));
    tail->last_seq = seq;
    tail_acts_pass(&tail->acts, (uint64_t)seq);
    return !is_known;
}

static void print_line(struct tail *tail, const struct json *event, struct str type,
                       struct str data)
{
    struct buf line;
    buf_init(&line, MEM_OTHER, LINE_BYTES_MAX);
    if (tail->is_json) {
        terminal_write(&line, data);
        buf_add_byte(&line, '\n');
    } else {
        write_line(tail, &line, event, type);
    }
    print(tail, &line);
    buf_done(&line);
}

static void print_event(struct tail *tail, const struct json *event, struct str type,
                        struct str data)
{
    if (is_worth_printing(tail, event, type)) {
        print_line(tail, event, type, data);
    }
}

/* An act ahead of its place: told now, and not again there. */
static void print_early(struct tail *tail, const struct json *event, struct str type,
                        struct str data)
{
    int64_t seq = 0;
    (void)json_get_i64(json_member(event, "seq"), &seq);
    if (seq <= tail->last_seq || tail_acts_knows(&tail->acts, (uint64_t)seq)) {
        return;
    }
    tail_acts_early(&tail->acts, event);
    print_line(tail, event, type, data);
}

/* What it left out, as a gap, then its events; as JSON it is printed as it came. */
static void print_digest(struct tail *tail, const struct json *digest, struct str data)
{
    int64_t to = 0, shed = 0;
    const struct json *events = json_member(digest, "events");
    if (!json_get_i64(json_member(digest, "to"), &to) || to <= tail->last_seq) {
        return;
    }
    if (tail->is_json) {
        print_event(tail, digest, STR("gap"), data);
    } else if (json_get_i64(json_member(digest, "shed"), &shed) && shed > 0) {
        print_event(tail, digest, STR("gap"), STR_NONE);
    }
    for (size_t i = 0; !tail->is_json && i < json_length(events); i++) {
        struct str type = STR_NONE;
        (void)json_get_str(json_member(json_at(events, i), "type"), &type);
        print_event(tail, json_at(events, i), type, STR_NONE);
    }
    tail->last_seq = to;
    tail_acts_pass(&tail->acts, (uint64_t)to);
}

static void on_event(void *user, struct str data)
{
    struct tail *tail = user;
    struct json *event = NULL;
    struct json_fault fault;
    struct str type = STR_NONE;
    if (json_parse_with(data, KEYS_MAX, &event, &fault) != ERR_OK) {
        return; // the server's next version may know what we do not
    }
    (void)json_get_str(json_member(event, "type"), &type);
    if (str_eq(type, STR("digest"))) {
        print_digest(tail, event, data);
    } else if (json_member(event, "early") != NULL) {
        print_early(tail, event, type, data);
    } else {
        print_event(tail, event, type, data);
    }
    json_free(event);
}

/* ---- the connection ---- */

static bool on_status(void *user, int status)
{
    struct tail *tail = user;
    tail->status = status;
    return true;
}

static bool on_body(void *user, struct str bytes)
{
    struct tail *tail = user;
    if (tail->status != 200) {
        buf_add_str(&tail->answer, bytes);
        return buf_ok(&tail->answer);
    }
    return event_source_feed(&tail->source, bytes, on_event, tail) == ERR_OK &&
           !tail->output_is_gone;
}

static enum err connect_once(struct tail *tail)
{
    static const struct client_ops ops = {.status = on_status, .body = on_body};

    struct buf path, headers;
    buf_init(&path, MEM_OTHER, CLIENT_URL_MAX);
    buf_init(&headers, MEM_OTHER, 16 * 1024);
    buf_add_str(&path, STR("/v1/streams/"));
    url_write(&path, str_of(tail->stream));
    buf_add_str(&path, STR("/events?lane="));
    url_write(&path, str_of(tail->lane));
    buf_add_str(&headers, STR("Accept: text/event-stream\r\n"));
    remote_write_auth(tail->remote, &headers);
    if (tail->source.id[0] != '\0') {
        buf_addf(&headers, "Last-Event-ID: %s\r\n", tail->source.id);
    } else if (tail->after[0] != '\0') {
        buf_add_str(&path, STR("&after="));
        url_write(&path, str_of(tail->after));
    }
    const struct client_request request = remote_get(tail->remote, &path, &headers, SILENCE_MS);
    event_source_restart(&tail->source);
    buf_reset(&tail->answer);
    tail->status = 0;
    tail->has_hello = false;
    const enum err err =
        buf_ok(&path) && buf_ok(&headers) ? client_ask(&request, &ops, tail) : ERR_LIMIT;
    buf_done(&path);
    buf_done(&headers);
    return err;
}

/* Whether coming back may help: the server was there and is away, or is busy; not unwilling. */
static bool may_pass(const struct tail *tail, enum err err)
{
    if (err == ERR_OK) {
        return tail->status == 200 || tail->status == 429 || tail->status >= 500;
    }
    return tail->had_hello && (err == ERR_CLOSED || err == ERR_AGAIN || err == ERR_SYS);
}

/* Between half and all of a time that doubles, so that many do not come back at once. */
static void back_off(struct tail *tail, unsigned tries)
{
    uint32_t wait_ms = tail->source.retry_ms > 0 ? tail->source.retry_ms : BACKOFF_MS;
    for (unsigned i = 0; i < tries && wait_ms < BACKOFF_MS_MAX; i++) {
        wait_ms *= 2;
    }
    wait_ms = wait_ms > BACKOFF_MS_MAX ? BACKOFF_MS_MAX : wait_ms;
    sys_sleep_ms(wait_ms / 2 + (uint32_t)rand_below(&tail->rand, wait_ms / 2 + 1));
}

static int follow(struct tail *tail)
{
    char why[CLIENT_WHY_MAX];
    unsigned tries = 0;
    for (;;) {
        const enum err err = connect_once(tail);
        if (tail->output_is_gone) {
            return COMMAND_OK;
        }
        if (!may_pass(tail, err)) {
            if (err == ERR_OK) {
                remote_explain(tail->status, buf_str(&tail->answer), why);
            } else {
                client_explain(err, &tail->remote->url, why);
            }
            return command_failed(tail->command, why);
        }
        tries = tail->has_hello ? 0 : tries + 1;
        back_off(tail, tries);
    }
}

static int run(const struct command *command, const struct options *options)
{
    struct remote remote;
    char why[CLIENT_WHY_MAX];
    const char *after = options_value(options, "after");
    const char *lane = options_value(options, "lane");
    if (remote_find(options, &remote, why) != ERR_OK) {
        return command_misused(command, why);
    }
    struct tail tail = {.command = command,
                        .remote = &remote,
                        .stream = options->words[0],
                        .lane = lane == NULL ? "full" : lane,
                        .is_json = options_has(options, "json")};
    if (after != NULL && strlen(after) >= sizeof(tail.after)) {
        return command_misused(command, "--after is a cursor such as k3f9.4071");
    }
    snprintf(tail.after, sizeof(tail.after), "%s", after == NULL ? "" : after);
    sys_signal_ignore_pipe();
    rand_init(&tail.rand, sys_random_u64());
    event_source_init(&tail.source);
    tail_acts_init(&tail.acts);
    buf_init(&tail.answer, MEM_OTHER, ANSWER_BYTES_MAX);
    const int code = follow(&tail);
    event_source_done(&tail.source);
    tail_acts_done(&tail.acts);
    buf_done(&tail.answer);
    return code;
}

const struct command command_tail = {
    .name = "tail",
    .usage = "STREAM [--after CURSOR] [--lane LANE] [--json] [--url URL] [--token JWT]",
    .summary = "prints a stream's comments as they come",
    .help = REMOTE_HELP
    "  --after C      from this place on [the newest 50]\n"
    "  --lane L       full, readable, digest or control [full]\n"
    "  --json         print the events themselves, one a line, and what is said of gaps\n",
    .spec = {.kinds = kinds, .words_min = 1, .words_max = 1},
    .run = run,
};

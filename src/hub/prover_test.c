// SPDX-License-Identifier: Apache-2.0
#include "hub/prover_test.h"

#include "base/mem.h"
#include "base/must.h"
#include "base/reach.h"
#include "wire/json.h"
#include "wire/json_slice.h"
#include "wire/stored.h"
#include "wire/ws.h"

#include <stdlib.h>
#include <string.h>

enum { DIGESTS_PARSED_OF = 16, DIGEST_KEYS_MAX = 100000 };

#define holds(prover, cond)                                                                        \
    ((cond) ? (void)0 : (prover)->log->broken((prover)->log, "a reader was told: not " #cond))

enum { LINE_BYTES_MAX = 1 << 20 };

static enum unpack_kind kind_of(const struct encoding *encoding)
{
    return encoding == &prover_encoding_gzip       ? UNPACK_GZIP
           : encoding == &prover_encoding_messages ? UNPACK_MESSAGES
                                                   : UNPACK_NOTHING;
}

/* ---- a reader and what it believes ---- */

static uint64_t number(const struct prover *prover, const char *json, const char *name)
{
    char key[40];
    (void)snprintf(key, sizeof(key), "\"%s\":", name);
    const char *at = strstr(json, key);
    holds(prover, at != NULL);
    return strtoull(at + strlen(key), NULL, 10);
}

static bool is_act(unsigned kind)
{
    return kind != EVENT_COMMENT && kind != EVENT_REMOVED;
}

/* The last counted hole must have brought all the acts it promised. */
static void close_gap(struct prover *prover)
{
    holds(prover, prover->gap_got == prover->gap_carried);
    prover->gap_from = prover->gap_to = prover->gap_got = prover->gap_carried = 0;
}

static void saw(struct prover *prover, uint64_t seq, uint64_t prev, uint32_t kind, struct str body)
{
    if (prover->log->saw != NULL && !prover->is_retold) {
        prover->log->saw(prover->log, seq, prev, kind, body);
    }
}

/* So many events of from..to came, and those are what the lane carries. */
static void check_carried(const struct prover *prover, uint64_t from, uint64_t to, uint64_t came)
{
    struct prover_log *log = prover->log;
    const uint64_t carried = log->carried(log, prover->lane, from, to);
    holds(prover, came <= carried);
    holds(prover, came == carried || log->oldest(log) > from);
}

static unsigned kind_in(const struct prover *prover, const char *json)
{
    static const char begin[] = "{\"type\":\"";
    holds(prover, strncmp(json, begin, sizeof(begin) - 1) == 0);
    const char *name = json + sizeof(begin) - 1;
    for (unsigned kind = EVENT_COMMENT; kind < EVENT_KINDS; kind++) {
        const struct str wanted = str_of(event_kind_name((enum event_kind)kind));
        if (strncmp(name, wanted.at, wanted.len) == 0 && name[wanted.len] == '"') {
            return kind;
        }
    }
    holds(prover, false);
    return 0;
}

/* What stands behind prev, up to what is for staff or the brace that ends it; white space may
 * follow. */
static struct str body_in(const char *json)
{
    struct str body = str_of(strstr(json, "\"prev\":") + 7);
    while (body.at[0] != ',' && body.at[0] != '}') {
        body = (struct str){.at = body.at + 1, .len = body.len - 1};
    }
    const size_t comma = body.at[0] == ',';
    const char *staff = strstr(body.at, ",\"by\":");
    if (staff != NULL) {
        const size_t len = (size_t)(staff - body.at);
        return (struct str){.at = body.at + comma, .len = len > comma ? len - comma : 0};
    }
    while (body.at[body.len - 1] == ' ') {
        body.len--;
    }
    return (struct str){.at = body.at + comma, .len = body.len - comma - 1};
}

/* No comment in this text was removed before it began to leave. */
static void check_fence(const struct prover *prover, struct str text, uint64_t within)
{
    char begin[80];
    const char *at = text.at, *const end = text.at + text.len;
    if (text.len == 0 || prover->fenced == NULL || prover->log->removed == NULL) {
        return;
    }
    const struct str stream = prover->join.stream;
    const int len =
        snprintf(begin, sizeof(begin),
                 "{\"type\":\"comment\",\"stream\":\"%.*s\",\"seq\":", (int)stream.len, stream.at);
    while ((at = memmem(at, (size_t)(end - at), begin, (size_t)len)) != NULL) {
        at += len;
        const uint64_t seq = strtoull(at, NULL, 10);
        holds(prover, !prover->log->removed(prover->log, seq, within, prover->begun));
    }
}

static void note_begun(struct prover *prover)
{
    prover->begun = prover->fenced == NULL ? 0 : *prover->fenced;
}

static void tell(const struct prover *prover, struct str json)
{
    if (!prover->is_retold && prover->log->told != NULL) {
        prover->log->told(prover->log, json);
    }
}

/* Nobody is shown what is another's alone, nor told of it by a prev: promise P8. */
static void check_place(const struct prover *prover, const char *json)
{
    struct prover_log *log = prover->log;
    holds(prover, log->is_place == NULL || log->is_place(log, number(prover, json, "seq"),
                                                         number(prover, json, "prev")));
}

static void note_act(struct prover *prover, uint64_t seq)
{
    prover->acts_seen = seq > prover->acts_seen ? seq : prover->acts_seen;
    prover->owed = seq >= prover->owed ? 0 : prover->owed;
}

void prover_is_owed(struct prover *prover, uint64_t act)
{
    prover->owed = act > prover->acts_seen ? act : 0;
}

/* Who does not moderate is told by nothing who did what. */
static void check_staff(const struct prover *prover, const char *line)
{
    const bool is_told = strstr(line, ",\"by\":") != NULL;
    const bool is_act = (line[0] == 'E' && strstr(line, "\"type\":\"comment\"") == NULL &&
                         strstr(line, "\"type\":\"removed\"") == NULL) ||
                        strstr(line, "\"early\":true") != NULL;
    holds(prover, !is_told || prover->join.moderates);
    holds(prover, is_told || !is_act || !prover->join.moderates || prover->log->lacks_staff);
}

static void believe_event(struct prover *prover, const char *line)
{
    const char *json = line + 2;
    holds(prover, line[0] == 'E' && line[1] == ' ' && prover->greeted);
    const unsigned kind = kind_in(prover, json);
    const uint64_t seq = number(prover, json, "seq"), prev = number(prover, json, "prev");
    saw(prover, seq, prev, kind, body_in(json));
    holds(prover, is_act(kind) || prover->owed == 0); // promise P10
    if (is_act(kind)) {
        note_act(prover, seq);
    }
    check_fence(prover, str_of(json), seq);
    check_place(prover, json);
    tell(prover, str_of(json));
    prover->events++;
    prover->life_told++;
    if (seq <= prover->gap_to) {
        holds(prover, seq >= prover->gap_from && is_act(kind));
        reach(GAP_ACTS);
        prover->gap_got++;
        prover->gap_from = seq + 1; // positions grow
        return;
    }
    close_gap(prover);
    holds(prover, seq > prover->last);
    holds(prover, prev <= prover->last); // else something was missed without a word
    check_carried(prover, seq, seq, 1);
    prover->last = seq;
}

/* The numbers add up to the log; what retention took meanwhile is nowhere any more. */
static void check_counts(const struct prover *prover, uint64_t removed)
{
    struct prover_log *log = prover->log;
    const uint64_t from = prover->gap_from, to = prover->gap_to;
    const uint64_t told = prover->gap_carried + prover->gap_shed + removed;
    const uint32_t spared = 1U << EVENT_COMMENT | 1U << EVENT_REMOVED;
    const uint64_t acts = log->count(log, from, to, UINT32_MAX & ~spared);
    const uint64_t all = log->count(log, from, to, UINT32_MAX);
    holds(prover, prover->gap_carried <= acts && told <= all);
    if (log->oldest(log) <= from) {
        holds(prover, prover->gap_carried == acts && told == all);
    }
}

/* What of from..to was spared, and is removed: all that was when the log came to `to`, and nothing
 * that is not by now. */
static void check_removed(const struct prover *prover, enum lane lane, const uint64_t hole[2],
                          uint64_t removed)
{
    struct prover_log *log = prover->log;
    if (log->count_removed == NULL) {
        holds(prover, removed == 0);
    } else if (log->oldest(log) <= hole[0]) {
        holds(prover, removed >= log->count_removed(log, lane, hole[0], hole[1], hole[1]));
        holds(prover, removed <= log->count_removed(log, lane, hole[0], hole[1], UINT64_MAX));
    }
}

static bool is_why(const char *json, const char *why)
{
    const char *at = strstr(json, "\"why\":\"");
    return at != NULL && strncmp(at + 7, why, strlen(why)) == 0;
}

static void believe_gap(struct prover *prover, const char *json)
{
    const uint64_t from = number(prover, json, "from"), to = number(prover, json, "to");
    holds(prover, from <= to && to > prover->last);
    holds(prover, from == prover->last + 1);
    prover->gaps++;
    if (strstr(json, "\"expired\"") != NULL) {
        reach(GAP_EXPIRED);
        close_gap(prover);
        holds(prover, strstr(json, "carried") == NULL);
        struct prover_log *log = prover->log;
        holds(prover, log->count(log, log->expired(log) + 1, to, UINT32_MAX) == 0);
        prover->expired++;
    } else {
        close_gap(prover);
        prover->gap_from = from;
        prover->gap_to = to;
        prover->gap_carried = number(prover, json, "carried");
        prover->gap_shed = number(prover, json, "shed");
        const uint64_t removed = number(prover, json, "removed");
        check_counts(prover, removed);
        check_removed(prover, LANE_CONTROL, (uint64_t[]){from, to}, removed);
        reach_if(is_why(json, "slow reader"), GAP_SLOW);
        reach_if(is_why(json, "behind"), GAP_BEHIND);
        reach_if(is_why(json, "slow reader") && removed > 0, GAP_SLOW_REMOVED);
        reach_if(is_why(json, "behind") && removed > 0, GAP_BEHIND_REMOVED);
        if (is_why(json, "lane")) {
            reach(GAP_LANE);
            reach_if(removed > 0, GAP_LANE_REMOVED);
            holds(prover, prover->lane == LANE_READABLE || prover->lane == LANE_CONTROL);
            check_carried(prover, from, to, prover->gap_carried);
        }
        prover->life_told += prover->gap_shed + removed;
        prover->life_spared += prover->gap_shed + removed;
    }
    prover->last = to;
}

static void believe_mark(struct prover *prover, const char *json)
{
    holds(prover, prover->lane == LANE_READABLE || prover->lane == LANE_CONTROL);
    close_gap(prover);
    holds(prover, number(prover, json, "seq") == prover->last); // the gap before it told the rest
    reach(MARKED);
    prover->marks++;
}

/* It is JSON with so many events: one digest in many is asked, a parser being slow. */
static void parse_digest(struct prover *prover, const char *text, uint64_t count)
{
    struct json *root = NULL;
    struct json_fault fault;
    if (prover->digests % DIGESTS_PARSED_OF != 0) {
        return;
    }
    mem_fail_after(0); // it is not our memory that may fail
    holds(prover, json_parse_with(str_of(text), DIGEST_KEYS_MAX, &root, &fault) == ERR_OK);
    holds(prover, json_length(json_member(root, "events")) == count);
    json_free(root);
}

static uint64_t count_digest(struct prover *prover, const char *text, uint64_t from, uint64_t to)
{
    static const char name[] = "\"events\":[";
    uint64_t last = 0, count = 0;
    const char *at = strstr(text, name);
    holds(prover, at != NULL);
    at += sizeof(name) - 1;
    for (struct str event = json_slice_value(str_of(at)); event.len > 0 && event.at[0] == '{';
         event = json_slice_value(str_of(at))) {
        const uint64_t seq = number(prover, event.at, "seq");
        holds(prover, seq > last && seq >= from && seq <= to);
        check_fence(prover, event, seq);
        check_place(prover, event.at);
        tell(prover, event);
        check_carried(prover, seq, seq, 1);
        last = seq;
        count++;
        at = event.at + event.len;
        at += strspn(at, " ");
        at += *at == ',';
    }
    parse_digest(prover, text, count);
    return count;
}

static void believe_digest(struct prover *prover, const char *json)
{
    struct prover_log *log = prover->log;
    const uint64_t from = number(prover, json, "from"), to = number(prover, json, "to");
    const uint64_t carried = number(prover, json, "carried");
    const uint64_t removed = number(prover, json, "removed");
    const uint64_t told = carried + number(prover, json, "shed") + removed;
    holds(prover, prover->lane == LANE_DIGEST && prover->greeted);
    close_gap(prover);
    holds(prover, from == prover->last + 1 && from <= to);
    holds(prover, told <= log->count(log, from, to, UINT32_MAX));
    holds(prover, told == log->count(log, from, to, UINT32_MAX) || log->oldest(log) > from);
    holds(prover, count_digest(prover, json, from, to) == carried);
    check_removed(prover, LANE_DIGEST, (uint64_t[]){from, to}, removed);
    reach_if(removed > 0, DIGEST_REMOVED);
    prover->digest_removed = removed;
    check_carried(prover, from, to, carried);
    prover->life_told += told;
    prover->life_spared += told - carried;
    prover->events += carried;
    reach(DIGESTED);
    prover->digests++;
    prover->last = to;
}

/* What moves the cursor, with the id it moves it to. */
static void believe_moving(struct prover *prover, const char *line)
{
    char *json = NULL;
    const uint64_t seq = strtoull(line + 2, &json, 10);
    if (strstr(json, "\"type\":\"mark\"") != NULL) {
        believe_mark(prover, json);
    } else {
        holds(prover, strstr(json, "\"type\":\"digest\"") != NULL);
        believe_digest(prover, json + 1);
    }
    holds(prover, seq == prover->last);
}

static void believe_early(struct prover *prover, const char *json)
{
    holds(prover, strncmp(json, "S {\"type\":\"comment\"", 19) != 0 && prover->greeted);
    reach(ACTED_EARLY);
    note_act(prover, number(prover, json, "seq"));
    tell(prover, str_of(json + 2));
    prover->earlies++;
    prover->early_after = prover->events;
}

static void believe_notice(struct prover *prover, const char *json)
{
    prover->notices++;
    if (strstr(json, "\"many\":") != NULL) {
        holds(prover, prover->join.moderates);
        prover->hushed += number(prover, json, "many");
        return;
    }
    if (prover->log->notified != NULL) {
        prover->log->notified(prover->log, str_of(json + 2));
        return;
    }
    const uint64_t user = number(prover, json, "for");
    const bool to_moderators = number(prover, json, "moderators") != 0;
    holds(prover,
          (user != 0 && user == prover->join.user) || (to_moderators && prover->join.moderates));
}

static void believe_lane(struct prover *prover, const char *json)
{
    struct str name = {.at = strstr(json, "\"lane\":\"") + 8};
    while (name.at[name.len] != '"') {
        name.len++;
    }
    holds(prover, lane_of_name(name, &prover->lane) == ERR_OK);
    holds(prover, prover->changes || prover->hellos > 1 || prover->lane == prover->join.lane);
    if (prover->lane == prover->asked) { // else that hello was on its way already
        prover->changes = false;
    }
}

/* Where it stands. */
static bool is_same_place(const struct prover *prover)
{
    return prover->hello_seq == prover->last;
}

static void believe_hello(struct prover *prover, const char *json)
{
    holds(prover, !prover->greeted || prover->hellos > 0);
    close_gap(prover);
    prover->hellos++;
    prover->owed = 0; // who begins anew is sent copies of acts as if just come
    prover->greeted = true;
    prover->hello_seq = number(prover, json, "seq");
    prover->hello_latest = number(prover, json, "latest");
    prover->viewers_told = (uint32_t)number(prover, json, "viewers");
    prover->resumed = strstr(json, "\"resumed\":true") != NULL;
    holds(prover, prover->hello_latest >= prover->head_at_join);
    believe_lane(prover, json);
    if (prover->resumed && prover->hellos > 1) {
        holds(prover, is_same_place(prover)); // a change of lane: it goes on
        reach(LANE_CHANGED);
        return;
    }
    holds(prover, !prover->resumed || prover->hello_seq == prover->join.cursor.seq);
    if (!prover->resumed && prover->hellos == 1 && prover->log->expired(prover->log) == 0 &&
        prover->lane == LANE_FULL) {
        struct prover_log *log = prover->log;
        const uint32_t comments = 1U << EVENT_COMMENT | 1U << EVENT_RESTORE;
        const uint32_t places = comments | 1U << EVENT_REMOVED; // some may be removed since
        const uint64_t all = log->count(log, 0, prover->hello_latest, comments);
        const uint64_t got = log->count(log, prover->hello_seq + 1, prover->hello_latest, places);
        holds(prover, got >= (all < prover->join.tail ? all : prover->join.tail));
    }
    prover->last = prover->hello_seq;
    prover->life_from = prover->hello_seq;
    prover->life_told = 0;
    prover->life_spared = 0;
}

void prover_settle(const struct prover *prover)
{
    struct prover_log *log = prover->log;
    if (!prover->greeted || prover->gap_got != prover->gap_carried) {
        return;
    }
    const uint64_t from = prover->life_from + 1;
    const uint64_t expired = log->expired(log) < prover->last ? log->expired(log) : prover->last;
    const uint64_t all = log->count(log, from, prover->last, UINT32_MAX);
    const uint64_t lost = expired < from ? 0 : log->count(log, from, expired, UINT32_MAX);
    holds(prover, prover->life_told <= all && prover->life_told + lost >= all);
    reach_if(all > 0 && prover->lane == LANE_FULL, ADDED_UP_FULL);
    reach_if(all > 0 && prover->lane == LANE_READABLE, ADDED_UP_READABLE);
    reach_if(all > 0 && prover->lane == LANE_DIGEST, ADDED_UP_DIGEST);
    reach_if(all > 0 && prover->lane == LANE_CONTROL, ADDED_UP_CONTROL);
    reach_if(all > 0 && prover->unpack.kind != UNPACK_NOTHING, ADDED_UP_INFLATED);
    reach_if(prover->life_spared > 0, ADDED_UP_SHED);
}

static void note_signal(struct prover *prover, const char *json)
{
    const bool is_gap = strstr(json, "\"type\":\"gap\"") != NULL;
    if (prover->first_signal[0] == '\0') {
        (void)snprintf(prover->first_signal, sizeof(prover->first_signal), "%s", json);
    }
    if (is_gap) {
        (void)snprintf(prover->last_gap, sizeof(prover->last_gap), "%s", json);
    }
    if (strstr(json, "\"type\":\"presence\"") == NULL) {
        (void)snprintf(prover->last_signal, sizeof(prover->last_signal), "%s", json);
    }
}

static bool is_notice(const char *line)
{
    return strncmp(line, "S {\"type\":\"held\"", 16) == 0 ||
           strncmp(line, "S {\"type\":\"approved\"", 20) == 0 ||
           strncmp(line, "S {\"type\":\"rejected\"", 20) == 0 ||
           strncmp(line, "S {\"type\":\"notice\"", 18) == 0 ||
           strncmp(line, "S {\"type\":\"warned\"", 18) == 0 ||
           strncmp(line, "S {\"type\":\"unwarned\"", 20) == 0;
}

static void believe(struct prover *prover, const char *line)
{
    check_staff(prover, line);
    if (line[0] == 'S') {
        const bool is_early = strstr(line, "\"early\":true") != NULL;
        check_fence(prover, str_of(line), is_early ? number(prover, line, "seq") : 0);
    }
    if (line[0] == 'E') {
        believe_event(prover, line);
        return;
    }
    if (line[0] == 'M') {
        believe_moving(prover, line);
        return;
    }
    if (line[0] == '#') {
        return;
    }
    holds(prover, line[0] == 'S');
    note_signal(prover, line + 2);
    if (strstr(line, "\"type\":\"hello\"") != NULL) {
        believe_hello(prover, line);
    } else if (strstr(line, "\"type\":\"gap\"") != NULL) {
        believe_gap(prover, line);
    } else if (strstr(line, "\"early\":true") != NULL) {
        believe_early(prover, line);
    } else if (is_notice(line)) {
        believe_notice(prover, line);
    } else if (strstr(line, "\"type\":\"resync\"") != NULL) {
        prover->resynced = true;
        holds(prover, !prover->resumed);
        if (prover->log->dropped != NULL) {
            prover->log->dropped(prover->log);
        }
    } else {
        holds(prover, strstr(line, "\"type\":\"presence\"") != NULL);
        prover->presences++;
        prover->viewers_told = (uint32_t)number(prover, line, "viewers");
        prover->hidden_told = (uint32_t)number(prover, line, "hidden");
        holds(prover,
              number(prover, line, "watching") + prover->hidden_told == prover->viewers_told);
    }
}

static void parse(struct prover *prover)
{
    char *at = prover->bytes, *end = NULL;
    size_t left = prover->len;
    while (left > 0 && (end = memchr(at, '\n', left)) != NULL) {
        *end = '\0';
        believe(prover, at);
        if (prover->unpack.kind == UNPACK_NOTHING) {
            note_begun(prover); // the next one begins here
        }
        left -= (size_t)(end - at) + 1;
        at = end + 1;
    }
    memmove(prover->bytes, at, left);
    prover->len = left;
}

void prover_take(struct prover *prover, const uint8_t *bytes, size_t len)
{
    if (len == 0) {
        return;
    }
    struct buf text;
    const uint64_t fails = mem_fail_left();
    mem_fail_after(0); // the server's memory fails, not the client's
    if (prover->len == 0 && unpack_is_whole(&prover->unpack)) {
        note_begun(prover);
    }
    buf_init(&text, MEM_OTHER, SIZE_MAX);
    holds(prover,
          unpack_take(&prover->unpack, (struct str){.at = (const char *)bytes, .len = len}, &text));
    if (text.len > 0) {
        prover->bytes = realloc(prover->bytes, prover->len + text.len);
        must(prover->bytes != NULL);
        memcpy(prover->bytes + prover->len, text.bytes, text.len);
        prover->len += text.len;
        parse(prover);
    }
    buf_done(&text);
    mem_fail_after(fails);
}

void prover_hear_own(struct prover *prover)
{
    struct buf own;
    buf_init(&own, MEM_OTHER, 64);
    if (prover->unpack.kind == UNPACK_GZIP) {
        stored_write(&own, STR("#\n"));
    } else if (prover->unpack.kind == UNPACK_MESSAGES) {
        ws_write_text(&own, STR("#\n"));
    } else {
        buf_add_str(&own, STR("#\n"));
    }
    prover_take(prover, own.bytes, own.len);
    buf_done(&own);
}

void prover_keep(struct prover *prover, const uint8_t *bytes, size_t len)
{
    const bool is_plain = prover->join.encoding->part == NULL;
    holds(prover, !is_plain || prover->len > 0); // only the rest of a begun frame
    prover_take(prover, bytes, len);
    holds(prover, prover->len == 0 && unpack_is_whole(&prover->unpack));
}

void prover_begin(struct prover *prover, struct prover_log *log, const struct join *join,
                  uint64_t head)
{
    free(prover->bytes);
    unpack_end(&prover->unpack);
    *prover =
        (struct prover){.log = log, .join = *join, .last = join->cursor.seq, .head_at_join = head};
    unpack_begin(&prover->unpack, kind_of(join->encoding));
}

void prover_changes_lane(struct prover *prover, enum lane lane)
{
    prover->changes = true;
    prover->asked = lane;
}

void prover_end(struct prover *prover)
{
    prover_settle(prover);
    free(prover->bytes);
    unpack_end(&prover->unpack);
    prover->bytes = NULL;
    prover->len = 0;
}

static void collect_fenced(const struct prover *prover, const struct event *event)
{
    struct buf json;
    buf_init(&json, MEM_OTHER, LINE_BYTES_MAX);
    event_write(&json, event, prover->join.stream, event->prev);
    check_fence(prover, buf_str(&json), event->seq);
    tell(prover, buf_str(&json));
    buf_done(&json);
}

void prover_collect(struct prover *prover, const struct viewer *viewer, struct event *const *events,
                    size_t count)
{
    note_begun(prover);
    if (!prover->join.has_cursor || prover->resynced) {
        prover->last = viewer->expired.to > 0 ? viewer->expired.from - 1
                       : count > 0            ? events[0]->prev
                                              : viewer->last_seq;
    }
    if (viewer->expired.to > 0) {
        holds(prover, viewer->expired.from == prover->last + 1);
        prover->last = viewer->expired.to;
        prover->expired++;
    }
    const uint64_t from = prover->last;
    prover->collected_from = from;
    for (size_t i = 0; i < count; i++) {
        const struct event *event = events[i];
        holds(prover, event->seq > prover->last && event->prev <= prover->last);
        saw(prover, event->seq, event->prev, event->kind,
            (struct str){.at = event->body, .len = event->body_len});
        collect_fenced(prover, event);
        holds(prover, prover->log->is_place == NULL ||
                          prover->log->is_place(prover->log, event->seq, event->prev));
        prover->last = event->seq;
        prover->collected++;
    }
    holds(prover, prover->last == viewer->last_seq);
    const uint64_t all = prover->log->count(prover->log, from + 1, prover->last, UINT32_MAX);
    const uint64_t expired = prover->log->expired(prover->log);
    const uint64_t upto = expired < prover->last ? expired : prover->last;
    const uint64_t gone = prover->log->count(prover->log, from + 1, upto, UINT32_MAX);
    holds(prover, count <= all && count + gone >= all);
    reach_if(count > 0, ADDED_UP_POLL);
}

/* Live they are lines of three kinds; here a list. */
static void believe_member(struct prover *prover, struct str member)
{
    const bool is_mark = str_has_prefix(member, STR("{\"type\":\"mark\""));
    const bool is_digest = str_has_prefix(member, STR("{\"type\":\"digest\""));
    struct buf json, line;
    buf_init(&json, MEM_OTHER, LINE_BYTES_MAX);
    buf_init(&line, MEM_OTHER, LINE_BYTES_MAX);
    buf_add_str(&json, member);
    buf_add_byte(&json, '\0');
    if (is_mark || is_digest) {
        const char *text = (const char *)json.bytes;
        buf_addf(&line, "M %llu ",
                 (unsigned long long)number(prover, text, is_mark ? "seq" : "to"));
    } else {
        const bool is_gap = str_has_prefix(member, STR("{\"type\":\"gap\""));
        buf_add_str(&line, is_gap ? STR("S ") : STR("E "));
    }
    buf_add(&line, json.bytes, json.len);
    holds(prover, buf_ok(&line));
    believe(prover, (const char *)line.bytes);
    buf_done(&json);
    buf_done(&line);
}

void prover_collect_sparse(const struct prover *prover, struct str members)
{
    struct prover lane = {.log = prover->log,
                          .fenced = prover->fenced,
                          .begun = prover->begun,
                          .join = prover->join,
                          .is_retold = true,
                          .greeted = true,
                          .hellos = 1,
                          .lane = (enum lane)prover->join.lane,
                          .last = prover->collected_from,
                          .life_from = prover->collected_from};
    while (members.len > 0) {
        const struct str member = json_slice_value(members);
        holds(prover, member.len > 0);
        believe_member(&lane, member);
        members = (struct str){.at = members.at + member.len, .len = members.len - member.len};
        if (members.len > 0) {
            holds(prover, members.at[0] == ',');
            members = (struct str){.at = members.at + 1, .len = members.len - 1};
        }
    }
    holds(prover, lane.last == prover->last && lane.gap_got == lane.gap_carried);
    prover_settle(&lane);
}

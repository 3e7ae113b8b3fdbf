// SPDX-License-Identifier: Apache-2.0
#include "api/api_fake.h"

#include "api/desk.h"
#include "api/router.h"
#include "wire/json.h"

/* ---- posting ---- */

static struct exchange *post(const char *body)
{
    return fake_ask(&(struct fake_ask){.method = "POST",
                                       .path = "/v1/streams/demo/comments",
                                       .body = body,
                                       .bearer = fake_bearer("ann", "viewer")});
}

static void a_comment_is_answered_by_its_place(void **state)
{
    (void)state;
    fake.submit = (struct submit){.end = SUBMIT_DONE, .id = STR("c1"), .rate = {5, 4, 9001}};
    fake.submit.event = fake_comment(4072);
    struct exchange *exchange = post(
        "{\"text\":\" hi\\r\\n \",\"cid\":\"x-1\",\"reply_to\":\"c0\",\"media_ms\":5,\"new\":1}");
    assert_says(exchange, 201,
                "{\"id\":\"c1\",\"seq\":4072,\"epoch\":\"k3f9\",\"at\":1763700000123,"
                "\"state\":\"visible\",\"comment\":{\"type\":\"comment\",\"stream\":\"demo\","
                "\"seq\":4072,\"prev\":4071,");
    assert_non_null(strstr(exchange->headers, "RateLimit-Limit: 5\r\nRateLimit-Remaining: 4\r\n"
                                              "RateLimit-Reset: 10\r\n"));
    assert_int_equal(fake.submitted.media_ms, 5);
    fake.submit.end = SUBMIT_DUPLICATE;
    assert_says(post("{\"text\":\"hi\",\"cid\":\"x-1\"}"), 200, "\"duplicate\":true");
    assert_false(fake.submitted.unfit);
    assert_says(post("{\"text\":\"\",\"cid\":\"x-1\"}"), 200, "\"duplicate\":true");
    assert_true(fake.submitted.unfit);
    fake.submit.event->kind = EVENT_REMOVED;
    exchange = post("{\"text\":\"hi\",\"cid\":\"x-1\"}");
    assert_says(exchange, 200, "\"state\":\"deleted\"");
    assert_null(strstr(exchange->body, "hello"));
}

static void what_is_wrong_with_a_comment_is_named(void **state)
{
    static const struct {
        const char *body, *code, *field;
    } wrong[] = {
        {"", "bad_json", ""},
        {"[]", "bad_json", ""},
        {"{\"text\":\"a\"", "bad_json", ""},
        {"{\"text\":\"a\",\"text\":\"b\"}", "bad_json", ""},
        {"{\"text\":\"\xFF\"}", "bad_utf8", ""},
        {"{\"text\":\"\\ud800\"}", "bad_json", ""},
        {"{}", "bad_field", "text"},
        {"{\"text\":7}", "bad_field", "text"},
        {"{\"text\":\" \\n\"}", "empty", "text"},
        {"{\"text\":\"a\\u0000b\"}", "bad_text", "text"},
        {"{\"text\":\"\",\"cid\":\"k\"}", "empty", "text"},
        {"{\"text\":\"a\",\"cid\":\"\"}", "bad_field", "cid"},
        {"{\"text\":\"a\",\"cid\":\"a b\"}", "bad_field", "cid"},
        {"{\"text\":\"a\",\"cid\":7}", "bad_field", "cid"},
        {"{\"text\":\"a\",\"reply_to\":7}", "bad_field", "reply_to"},
        {"{\"text\":\"a\",\"media_ms\":-1}", "bad_field", "media_ms"},
        {"{\"text\":\"a\",\"media_ms\":1.5}", "bad_field", "media_ms"},
    };
    (void)state;
    fake.submit =
        (struct submit){.end = SUBMIT_REFUSED, .refusal = REFUSAL_UNFIT, .rate = {5, 4, 9001}};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct exchange *exchange = post(wrong[i].body);
        assert_says(exchange, 422, wrong[i].code);
        assert_non_null(strstr(exchange->body, wrong[i].field));
    }
    char text[1100] = "{\"text\":\"";
    memset(text + 9, 'a', 501);
    memcpy(text + 510, "\"}", 3);
    assert_says(post(text), 422, "\"too_long\"");
    assert_non_null(strstr(post("{\"text\":\"\"}")->headers, "RateLimit-Remaining: 4\r\n"));
    fake.submit.refusal = REFUSAL_STORE_DOWN; // what it needs is not a disk
    assert_says(post("{\"text\":\"\"}"), 422, "\"empty\"");
}

static void a_held_comment_has_no_place_yet(void **state)
{
    (void)state;
    fake.submit = (struct submit){.end = SUBMIT_DONE, .id = STR("c1"), .state = COMMENT_HELD};
    fake.submit.event = fake_comment(0);
    assert_says(post("{\"text\":\"hi\"}"), 201,
                "{\"id\":\"c1\",\"epoch\":\"k3f9\",\"at\":1763700000123,\"state\":\"held\","
                "\"comment\":{\"type\":\"comment\",\"stream\":\"demo\",\"id\":\"c1\",");
    fake.submit.end = SUBMIT_DUPLICATE;
    fake.submit.state = COMMENT_DELETED; // rejected
    struct exchange *exchange = post("{\"text\":\"hi\",\"cid\":\"x\"}");
    assert_says(exchange, 200, "\"state\":\"deleted\",\"duplicate\":true}");
    assert_null(strstr(exchange->body, "hello"));
}

static void a_shadowed_author_is_told_what_all_are(void **state)
{
    (void)state;
    fake.submit = (struct submit){.end = SUBMIT_DONE, .id = STR("c1"), .rate = {5, 4, 9001}};
    fake.submit.event = fake_comment(7);
    fake.submit.state = COMMENT_VISIBLE;
    const struct exchange usual = *post("{\"text\":\"hi\"}");
    fake.submit.state = COMMENT_SHADOWED;
    fake.submit.event->flags = EVENT_FLAG_SHADOW;
    const struct exchange *theirs = post("{\"text\":\"hi\"}");
    assert_int_equal(theirs->status, usual.status);
    assert_string_equal(theirs->headers, usual.headers);
    assert_string_equal(theirs->body, usual.body);
}

static void what_stands_in_the_way_is_named(void **state)
{
    (void)state;
    fake.submit =
        (struct submit){.end = SUBMIT_REFUSED, .refusal = REFUSAL_MUST_ACKNOWLEDGE, .act = 81};
    assert_says(post("{\"text\":\"hi\"}"), 403, "\"act\":\"a81\"");
}

static void rules_have_what_they_need_to_know(void **state)
{
    (void)state;
    fake.submit =
        (struct submit){.end = SUBMIT_REFUSED, .refusal = REFUSAL_LINKS_OFF, .asked_traits = true};
    (void)post("{\"text\":\"see https://example.com/ now\"}");
    assert_false(fake.submitted.has_traits); // nobody has asked yet
    (void)post("{\"text\":\"see https://example.com/ now\"}");
    assert_true(fake.submitted.has_traits);
    assert_int_equal(fake.submitted.traits.bits & TRAIT_LINK, TRAIT_LINK);
    assert_int_equal(fake.submitted.author.role_bits & ROLE_VIEWER, ROLE_VIEWER);
    assert_int_equal(fake.submitted.wish.outcome, OUTCOME_ALLOW);
}

static void traits_are_found_only_while_a_rule_looks_at_them(void **state)
{
    (void)state;
    fake.submit = (struct submit){.end = SUBMIT_DONE, .id = STR("c1"), .asked_traits = true};
    fake.submit.event = fake_comment(7);
    (void)post("{\"text\":\"hi\"}");
    (void)post("{\"text\":\"hi\"}");
    assert_true(fake.submitted.has_traits);
    fake.submit.asked_traits = false; // the mode is off
    (void)post("{\"text\":\"hi\"}");
    (void)post("{\"text\":\"hi\"}");
    assert_false(fake.submitted.has_traits);
    assert_int_equal(fake.submitted.traits.folded.len, 0);
}

static struct terms *some_terms(void)
{
    const struct term list[] = {{STR("darn"), TERM_WORD, OUTCOME_REFUSE},
                                {STR("heck"), TERM_WORD, OUTCOME_HOLD}};
    struct terms *terms = NULL;
    uint32_t bad = 0;
    assert_int_equal(terms_new(list, 2, &terms, &bad), ERR_OK);
    return terms;
}

static void terms_of_the_server_are_wished_of_the_engine(void **state)
{
    (void)state;
    fake.submit = (struct submit){.end = SUBMIT_REFUSED, .refusal = REFUSAL_BLOCKED_TERM};
    fake_set_policy((struct policy_options){.terms = some_terms()});
    assert_says(post("{\"text\":\"d\u200Barn it\"}"), 422, "\"blocked_term\"");
    assert_int_equal(fake.submitted.wish.outcome, OUTCOME_REFUSE);
    assert_int_equal(fake.submitted.wish.refusal, REFUSAL_BLOCKED_TERM);
    (void)post("{\"text\":\"what the HECK\"}");
    assert_int_equal(fake.submitted.wish.outcome, OUTCOME_HOLD);
    (void)fake_ask(&(struct fake_ask){.method = "POST",
                                      .path = "/v1/streams/demo/comments",
                                      .body = "{\"text\":\"darn\"}",
                                      .bearer = fake_bearer("mod", "moderator")});
    assert_int_equal(fake.submitted.wish.outcome, OUTCOME_ALLOW);
    fake_set_policy((struct policy_options){0}); // reloaded without them
    (void)post("{\"text\":\"darn\"}");
    assert_int_equal(fake.submitted.wish.outcome, OUTCOME_ALLOW);
}

static void a_body_must_say_that_it_is_json(void **state)
{
    (void)state;
    struct fake_ask ask = {.method = "POST",
                           .path = "/v1/streams/demo/comments",
                           .bearer = fake_bearer("ann", "viewer")};
    assert_says(fake_ask(&ask), 415, "\"bad_type\"");
    ask.name = "Content-Type";
    ask.value = "text/plain";
    assert_says(fake_ask(&ask), 415, "\"bad_type\"");
    ask.value = "application/json; charset=iso-8859-1";
    assert_says(fake_ask(&ask), 415, "\"bad_type\"");
    ask.value = "Application/JSON; charset=UTF-8";
    assert_says(fake_ask(&ask), 422, "\"bad_json\"");
}

static void the_header_is_a_cid_too(void **state)
{
    (void)state;
    fake.submit = (struct submit){.end = SUBMIT_REFUSED, .refusal = REFUSAL_RATE_USER};
    struct fake_ask ask = {.method = "POST",
                           .path = "/v1/streams/demo/comments",
                           .body = "{\"text\":\"a\"}",
                           .bearer = fake_bearer("ann", "viewer"),
                           .name = "Idempotency-Key",
                           .value = "\"key-1\""};
    (void)fake_ask(&ask);
    assert_int_equal(fake.submitted.cid.len, 5);
    ask.body = "{\"text\":\"a\",\"cid\":\"other\"}";
    assert_says(fake_ask(&ask), 422, "\"field\":\"cid\"");
    ask.value = "a b";
    assert_says(fake_ask(&ask), 422, "Idempotency-Key");
}

static void a_refusal_says_why_and_when_to_come_again(void **state)
{
    static const struct {
        enum refusal refusal;
        uint32_t retry_after_ms;
        int status;
        const char *code, *header;
    } refusals[] = {
        {REFUSAL_NO_STREAM, 0, 404, "no_stream", ""},
        {REFUSAL_STREAM_ENDED, 0, 409, "stream_ended", ""},
        {REFUSAL_NO_COMMENT, 0, 404, "no_comment", ""},
        {REFUSAL_RATE_USER, 8001, 429, "rate_user", "Retry-After: 9\r\n"},
        {REFUSAL_RATE_ADDRESS, 100, 429, "rate_address", "Retry-After: 1\r\n"},
        {REFUSAL_RATE_STREAM, 1000, 429, "rate_stream", "Retry-After: 1\r\n"},
        {REFUSAL_OVERLOADED, 0, 503, "overloaded", "Retry-After: 1\r\n"},
        {REFUSAL_STORE_DOWN, 0, 503, "store_down", "Retry-After: 5\r\n"},
        {REFUSAL_BANNED, 0, 403, "banned", ""},
        {REFUSAL_MUTED, 59001, 403, "muted", "Retry-After: 60\r\n"},
        {REFUSAL_MUST_ACKNOWLEDGE, 0, 403, "must_acknowledge", ""},
        {REFUSAL_SLOW_MODE, 3000, 429, "slow_mode", "Retry-After: 3\r\n"},
        {REFUSAL_WRONG_ROLE, 0, 403, "wrong_role", ""},
        {REFUSAL_LINKS_OFF, 0, 422, "links_off", ""},
        {REFUSAL_EMOTE_ONLY, 0, 422, "emote_only", ""},
        {REFUSAL_NOT_UNIQUE, 9000, 422, "not_unique", "Retry-After: 9\r\n"},
        {REFUSAL_BLOCKED_TERM, 0, 422, "blocked_term", ""},
        {REFUSAL_BAD_TEXT, 0, 422, "bad_text", ""},
        {REFUSAL_BY_HOOK, 0, 403, "forbidden", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        fake.submit = (struct submit){.end = SUBMIT_REFUSED,
                                      .refusal = refusals[i].refusal,
                                      .retry_after_ms = refusals[i].retry_after_ms};
        struct exchange *exchange = post("{\"text\":\"a\"}");
        assert_says(exchange, refusals[i].status, refusals[i].code);
        assert_non_null(strstr(exchange->headers, refusals[i].header));
    }
    fake.submit.end = SUBMIT_UNKNOWN;
    assert_says(post("{\"text\":\"a\"}"), 503, "same cid");
    fake.is_draining = true;
    assert_says(post("{\"text\":\"a\"}"), 503, "\"draining\"");
    assert_says(fake_ask(&(struct fake_ask){
                    .method = "POST", .path = "/v1/streams/demo/comments", .body = "{}"}),
                401, "\"no_token\"");
}

/* ---- reading ---- */

static void history_says_what_it_covers(void **state)
{
    (void)state;
    fake.read = (struct read){.head = 9, .count = 2, .more = true};
    fake.events[0] = fake_comment(5);
    fake.events[1] = fake_comment(7);
    const char *path = "/v1/streams/demo/comments";
    struct exchange *exchange = fake_ask(&(struct fake_ask){.method = "GET", .path = path});
    assert_says(exchange, 200,
                "{\"epoch\":\"k3f9\",\"cursor\":\"k3f9.9\",\"before\":\"k3f9.5\","
                "\"latest_seq\":9,\"comments\":[{");
    assert_non_null(strstr(exchange->body, "}],\"more\":true}"));
    assert_int_equal(fake.asked.from, READ_BEFORE);
    assert_int_equal(fake.asked.limit, 50);
    assert_says(fake_ask(&(struct fake_ask){
                    .method = "GET", .path = path, .query = "after=k3f9.4&limit=2"}),
                200, "\"cursor\":\"k3f9.7\"");
    assert_int_equal(fake.asked.from, READ_AFTER);
    fake.read.more = false;
    assert_says(fake_ask(&(struct fake_ask){
                    .method = "GET", .path = path, .query = "after=4&before=k3f9.8"}),
                200, "\"cursor\":\"k3f9.7\"");
    assert_int_equal(fake.asked.upto, 7);
    assert_says(fake_ask(&(struct fake_ask){.method = "GET", .path = path, .query = "before=8"}),
                200, "\"cursor\":\"k3f9.7\"");
    assert_int_equal(fake.asked.bound, 8);
}

static void a_cursor_of_another_life_begins_anew(void **state)
{
    (void)state;
    fake.read = (struct read){.head = 9};
    assert_says(fake_ask(&(struct fake_ask){
                    .method = "GET", .path = "/v1/streams/demo/comments", .query = "after=old.4"}),
                200, "{\"epoch\":\"k3f9\",\"resync\":true,\"cursor\":\"k3f9.9\"");
    assert_int_equal(fake.asked.from, READ_BEFORE);
    assert_says(fake_ask(&(struct fake_ask){
                    .method = "GET", .path = "/v1/streams/demo/log", .query = "after=old.4"}),
                200, "\"resync\":true");
    assert_int_equal(fake.asked.from, READ_AFTER);
    assert_int_equal(fake.asked.bound, 0);
    fake.reads = 0;
    assert_says(fake_ask(&(struct fake_ask){
                    .method = "GET", .path = "/v1/streams/demo/log", .query = "after=k3f9.10"}),
                200, "\"resync\":true");
    assert_int_equal(fake.reads, 2);
}

static void the_log_tells_what_is_kept_no_more(void **state)
{
    (void)state;
    fake.read = (struct read){.head = 9, .oldest = 8, .count = 1};
    fake.events[0] = fake_comment(8);
    struct fake_ask ask = {.method = "GET", .path = "/v1/streams/demo/log", .query = "after=3"};
    assert_says(fake_ask(&ask), 200,
                "\"events\":[{\"type\":\"gap\",\"stream\":\"demo\",\"from\":4,\"to\":7,"
                "\"why\":\"expired\"},{\"type\":\"comment\"");
    ask.query = "after=7";
    assert_null(strstr(fake_ask(&ask)->body, "\"gap\""));
    fake.read = (struct read){.head = 9, .oldest = 10};
    assert_says(fake_ask(&ask), 200, "\"from\":8,\"to\":9,\"why\":\"expired\"}],\"more\":false");
}

static void what_is_wrong_with_a_query_is_named(void **state)
{
    static const struct {
        const char *path, *query;
        int status;
        const char *code;
    } wrong[] = {
        {"/v1/streams/demo/comments", "limit=0", 422, "\"field\":\"limit\""},
        {"/v1/streams/demo/comments", "limit=501", 422, "bad_field"},
        {"/v1/streams/demo/comments", "limit=-1", 422, "bad_field"},
        {"/v1/streams/demo/comments", "limit=1&limit=2", 422, "bad_field"},
        {"/v1/streams/demo/comments", "after=K.1", 400, "bad_cursor"},
        {"/v1/streams/demo/comments", "before=9007199254740992", 400, "bad_cursor"},
        {"/v1/streams/demo/comments", "tombstones=2", 422, "bad_field"},
        {"/v1/streams/demo/log", "after=k3f9.", 400, "bad_cursor"},
        {"/v1/streams/demo/events", "tail=501", 422, "\"field\":\"tail\""},
        {"/v1/streams/demo/events", "lane=best", 422, "\"field\":\"lane\""},
        {"/v1/streams/demo/events", "session=a%20b", 422, "\"field\":\"session\""},
        {"/v1/streams/demo/events", "after=%zz", 400, "bad_cursor"},
        {"/v1/streams/demo/poll", "wait=31", 422, "\"field\":\"wait\""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_says(fake_ask(&(struct fake_ask){
                        .method = "GET", .path = wrong[i].path, .query = wrong[i].query}),
                    wrong[i].status, wrong[i].code);
    }
    assert_int_equal(fake.opened, 0);
}

static void a_store_that_cannot_be_read_is_named(void **state)
{
    (void)state;
    fake.read.result = ERR_SYS;
    const struct fake_ask history = {.method = "GET", .path = "/v1/streams/demo/comments"};
    const struct fake_ask snapshot = {.method = "GET", .path = "/v1/streams/demo/snapshot"};
    assert_says(fake_ask(&history), 503, "\"store_down\"");
    assert_says(fake_ask(&snapshot), 503, "\"store_down\"");
    fake.read.result = ERR_NOT_FOUND;
    assert_says(fake_ask(&history), 404, "\"no_stream\"");
    assert_says(fake_ask(&snapshot), 404, "\"no_stream\"");
}

static void a_snapshot_is_read_twice_a_second(void **state)
{
    (void)state;
    fake.read = (struct read){.head = 9, .count = 1};
    fake.events[0] = fake_comment(9);
    struct fake_ask ask = {.method = "GET", .path = "/v1/streams/demo/snapshot"};
    struct exchange *exchange = fake_ask(&ask);
    assert_says(exchange, 200,
                "{\"type\":\"snapshot\",\"stream\":\"demo\",\"epoch\":\"k3f9\","
                "\"cursor\":\"k3f9.9\",\"comments\":[{\"type\":\"comment\"");
    assert_non_null(strstr(exchange->headers, "Cache-Control: public, max-age=1\r\n"));
    char etag[32];
    (void)snprintf(etag, sizeof(etag), "%.18s", strstr(exchange->headers, "ETag: ") + 6);
    fake.mono_ms += 499;
    ask.name = "If-None-Match";
    ask.value = etag;
    assert_int_equal(fake_ask(&ask)->status, 304);
    assert_int_equal(fake.reads, 2); // of comments and of pins
    fake.mono_ms += 1;
    assert_int_equal(fake_ask(&ask)->status, 304);
    assert_int_equal(fake.reads, 4);
}

static void who_says_who_they_are_has_a_snapshot_of_their_own(void **state)
{
    (void)state;
    fake.read = (struct read){.head = 9, .count = 1};
    fake.events[0] = fake_comment(9);
    struct fake_ask ask = {.method = "GET", .path = "/v1/streams/demo/snapshot"};
    assert_int_equal(fake_ask(&ask)->status, 200);
    assert_true(fake.asked_comments.folded);
    assert_true(fake.asked_comments.view == 0);
    ask.bearer = fake_bearer("ann", "viewer");
    const struct exchange *exchange = fake_ask(&ask);
    assert_non_null(strstr(exchange->headers, "Cache-Control: private, max-age=1\r\n"));
    assert_true(fake.asked_comments.view == port_user_hash(fake.shared->port, STR("ann")));
    assert_int_equal(fake.reads, 4);
    ask.bearer = fake_bearer("ben", "viewer");
    assert_int_equal(fake_ask(&ask)->status, 200);
    assert_int_equal(fake.reads, 6);
    assert_int_equal(fake_ask(&ask)->status, 200);
    assert_int_equal(fake.reads, 6);
}

static struct event *act_event(enum event_kind kind, uint64_t seq, const char *body)
{
    struct event *event = event_new(str_of(body));
    assert_non_null(event);
    event->kind = (uint8_t)kind;
    event->seq = seq;
    return event;
}

static void a_snapshot_has_the_pins_in_force(void **state)
{
    (void)state;
    fake.read = (struct read){.head = 9, .count = 7};
    fake.events[0] = act_event(EVENT_PIN, 1, "\"target\":3,\"comment\":{\"text\":\"three\"}");
    fake.events[1] = act_event(EVENT_PIN, 2, "\"target\":4,\"comment\":{\"text\":\"four\"}");
    fake.events[2] = act_event(EVENT_PIN, 3, "\"target\":5,\"comment\":{\"text\":\"five\"}");
    fake.events[3] = act_event(EVENT_UNPIN, 4, "\"target\":4");
    fake.events[4] = act_event(EVENT_PIN, 5, "\"target\":3,\"comment\":{\"text\":\"again\"}");
    fake.events[5] = act_event(EVENT_UNPIN, 6, "\"target\":99");
    fake.events[6] = act_event(EVENT_PIN, 7, "\"nonsense\":1");
    const struct fake_ask ask = {.method = "GET", .path = "/v1/streams/demo/snapshot"};
    assert_says(fake_ask(&ask), 200, "\"pins\":[{\"text\":\"five\"},{\"text\":\"again\"}]}");
}

static void tombstones_are_listed_when_asked_for(void **state)
{
    (void)state;
    fake.read = (struct read){.head = 9, .count = 2};
    fake.events[0] = event_new(STR("\"id\":\"c0\""));
    fake.events[0]->kind = EVENT_REMOVED;
    fake.events[0]->seq = 8;
    fake.events[1] = fake_comment(9);
    struct fake_ask ask = {.method = "GET",
                           .path = "/v1/streams/demo/comments",
                           .query = "tombstones=1",
                           .bearer = fake_bearer("ann", "viewer")};
    assert_says(fake_ask(&ask), 200,
                "\"comments\":[{\"seq\":8,\"id\":\"c0\",\"state\":\"deleted\"},{\"type\":"
                "\"comment\",");
    assert_int_equal(fake.asked.kinds, 1U << EVENT_COMMENT | 1U << EVENT_REMOVED);
    assert_true(fake.asked.folded);
    assert_true(fake.asked.view == port_user_hash(fake.shared->port, STR("ann")));
    ask.query = "tombstones=2";
    assert_says(fake_ask(&ask), 422, "\"tombstones\"");
    ask.query = NULL;
    (void)fake_ask(&ask);
    assert_int_equal(fake.asked.kinds, 1U << EVENT_COMMENT);
}

static void a_reader_is_recognized(void **state)
{
    (void)state;
    struct fake_ask ask = {.method = "GET", .path = "/v1/streams/demo/events"};
    (void)fake_ask(&ask);
    assert_true(fake.join.user == 0 && !fake.join.moderates);
    ask.bearer = fake_bearer("ann", "host");
    (void)fake_ask(&ask);
    assert_true(fake.join.user == port_user_hash(fake.shared->port, STR("ann")));
    assert_true(fake.join.moderates);
    ask.path = "/v1/streams/demo/poll";
    ask.bearer = fake_bearer("ben", "viewer");
    (void)fake_ask(&ask);
    assert_true(fake.join.user == port_user_hash(fake.shared->port, STR("ben")));
    assert_false(fake.join.moderates);
}

static void a_reader_begins_where_it_says(void **state)
{
    (void)state;
    (void)fake_ask(&(struct fake_ask){.method = "GET",
                                      .path = "/v1/streams/demo/events",
                                      .query = "after=k3f9.4&tail=7",
                                      .name = "Last-Event-ID",
                                      .value = "k3f9.6"});
    assert_int_equal(fake.opened, 1);
    assert_string_equal(fake.join_stream, "demo");
    assert_true(fake.join.has_cursor);
    assert_int_equal(fake.join.cursor.seq, 6);
    assert_int_equal(fake.join.tail, 7);
    (void)fake_ask(&(struct fake_ask){
        .method = "GET", .path = "/v1/streams/demo/events", .query = "session=s1"});
    const uint64_t session = fake.join.identity;
    assert_false(fake.join.has_cursor);
    assert_int_equal(fake.join.tail, 50);
    (void)fake_ask(&(struct fake_ask){
        .method = "GET", .path = "/v1/streams/demo/events", .query = "session=s1"});
    assert_int_equal(fake.join.identity, session);
    (void)fake_ask(&(struct fake_ask){.method = "GET", .path = "/v1/streams/demo/events"});
    assert_int_not_equal(fake.join.identity, session);
    (void)fake_ask(&(struct fake_ask){
        .method = "POST", .path = "/v1/streams/demo/heartbeat", .body = "{\"session\":\"s1\"}"});
    assert_int_equal(fake.present.identity, session);
}

static void a_poll_sets_the_pace(void **state)
{
    (void)state;
    struct event *event = fake_comment(5);
    fake.events[0] = event;
    fake.found = (struct poll_found){.events = fake.events, .count = 1, .cursor = {{"k3f9"}, 5}};
    const char *path = "/v1/streams/demo/poll";
    struct exchange *exchange =
        fake_ask(&(struct fake_ask){.method = "GET", .path = path, .query = "wait=10&after=0"});
    assert_says(exchange, 200,
                "{\"epoch\":\"k3f9\",\"cursor\":\"k3f9.5\",\"events\":[{\"type\":\"comment\","
                "\"stream\":\"demo\",\"seq\":5");
    assert_int_equal(fake.wait_ms, 10000);
    fake.found.count = 0;
    fake.found.resync = true;
    exchange = fake_ask(&(struct fake_ask){.method = "GET", .path = path, .query = "wait=0"});
    assert_says(exchange, 200, "\"resync\":true,\"events\":[],\"next_ms\":1000,\"pins\":[]}");
    fake.found = (struct poll_found){.expired_from = 2, .expired_to = 4, .cursor = {.seq = 4}};
    exchange = fake_ask(&(struct fake_ask){.method = "GET", .path = path, .query = "after=1"});
    assert_says(exchange, 200,
                "\"cursor\":\"k3f9.4\",\"events\":[{\"type\":\"gap\",\"stream\":\"demo\","
                "\"from\":2,\"to\":4,\"why\":\"expired\"}],");
    assert_says(fake_ask(&(struct fake_ask){.method = "GET", .path = path}), 200, "\"next_ms\":0,");
    assert_int_equal(fake.wait_ms, 25000);
}

/* ---- presence ---- */

static void a_beat_needs_a_name(void **state)
{
    (void)state;
    const char *path = "/v1/streams/demo/heartbeat";
    fake.presence.viewers = 3;
    assert_says(fake_ask(&(struct fake_ask){.method = "POST", .path = path, .body = "{}"}), 422,
                "\"field\":\"session\"");
    assert_says(fake_ask(&(struct fake_ask){.method = "POST",
                                            .path = path,
                                            .body = "{\"session\":\"a\",\"state\":\"away\"}"}),
                422, "\"field\":\"state\"");
    assert_says(fake_ask(&(struct fake_ask){.method = "POST",
                                            .path = path,
                                            .body = "{\"state\":\"hidden\"}",
                                            .bearer = fake_bearer("ann", "viewer")}),
                200, "{\"viewers\":3,\"next_ms\":10000}");
    assert_true(fake.present.hidden);
    const struct fake_ask one_more = {
        .method = "POST", .path = path, .body = "{\"session\":\"a\"}"};
    fake.presence.beat = BEAT_FULL;
    assert_says(fake_ask(&one_more), 503, "\"full\"");
    fake.presence.beat = BEAT_FULL_ADDRESS;
    assert_says(fake_ask(&one_more), 429, "\"rate_address\"");
}

static void presence_lists_names_as_text(void **state)
{
    (void)state;
    struct str roster[] = {STR("Ann"), STR("<b>\"")};
    fake.presence.roster = roster;
    fake.presence.roster_count = 2;
    assert_says(fake_ask(&(struct fake_ask){.method = "GET", .path = "/v1/streams/demo/presence"}),
                200, "\"roster\":[\"Ann\",\"<b>\\\"\"]}");
    assert_int_equal(fake.present.identity, 0);
}

/* ---- streams ---- */

static void only_managers_change_a_stream(void **state)
{
    (void)state;
    struct fake_ask put = {
        .method = "PUT", .path = "/v1/streams/demo", .body = "{\"retention_days\":7}"};
    assert_says(fake_ask(&put), 401, "\"no_token\"");
    put.bearer = fake_bearer("ann", "vip");
    assert_says(fake_ask(&put), 403, "\"wrong_role\"");
    put.bearer = fake_bearer("ann", "host");
    fake.stream = (struct stream_call){.created = true, .now = STREAM_LIVE, .retention_now = 7};
    assert_says(fake_ask(&put), 201, "\"retention_days\":7");
    assert_int_equal(fake.streamed.retention_days, 7);
    put.body = "{\"state\":\"paused\"}";
    fake.stream = (struct stream_call){.now = STREAM_PAUSED, .retention_now = -1};
    assert_says(fake_ask(&put), 200, "\"state\":\"paused\"");
    assert_int_equal(fake.streamed.state, STREAM_PAUSED);
    put.body = "{\"state\":\"ended\"}";
    assert_says(fake_ask(&put), 422, "\"field\":\"state\"");
    put.body = "{\"retention_days\":-1}";
    assert_says(fake_ask(&put), 422, "\"field\":\"retention_days\"");
    put = (struct fake_ask){
        .method = "POST", .path = "/v1/streams/demo/end", .bearer = fake_bearer("ann", "admin")};
    fake.stream.now = STREAM_ENDED;
    fake.stream.created = true;
    assert_says(fake_ask(&put), 200, "\"state\":\"ended\"");
    assert_int_equal(fake.streamed.what, STREAM_DO_END);
}

static void a_stream_nobody_named_is_live_unless_streams_are_explicit(void **state)
{
    (void)state;
    fake.stream.result = ERR_NOT_FOUND;
    const struct fake_ask get = {.method = "GET", .path = "/v1/streams/demo"};
    assert_says(fake_ask(&get), 200, "\"state\":\"live\",\"epoch\":\"k3f9\",\"seq\":0");
    assert_says(fake_ask(&(struct fake_ask){.method = "GET", .path = "/v1/streams/demo/explain"}),
                200, "\"tier\":\"push\",\"why\":\"every viewer is sent every comment: 12 viewers,");
    assert_says(fake_ask(&(struct fake_ask){.method = "GET", .path = "/v1/streams/demo/metrics"}),
                200, "\"viewers\":{\"all\":12");
    assert_says(fake_ask(&(struct fake_ask){.method = "GET", .path = "/v1/streams/demo/node"}), 200,
                "\"nodes\":[{");
    fake_set_policy((struct policy_options){.streams_are_explicit = true});
    assert_says(fake_ask(&get), 404, "\"no_stream\"");
}

/* ---- health ---- */

static void readiness_gives_its_reasons(void **state)
{
    (void)state;
    const struct fake_ask ready = {.method = "GET", .path = "/readyz"};
    assert_says(fake_ask(&ready), 200, "{\"ready\":true,\"reasons\":[]}");
    fake.is_well = false;
    fake.is_draining = true;
    assert_says(fake_ask(&ready), 503,
                "{\"ready\":false,\"reasons\":[\"the disk is full\",\"the server is draining\"]}");
}

static void metrics_are_for_who_may_see_them(void **state)
{
    (void)state;
    struct fake_ask metrics = {.method = "GET", .path = "/metrics"};
    assert_says(fake_ask(&metrics), 403, "metrics.token");
    fake_set_policy((struct policy_options){.metrics_token = STR("sesame")});
    assert_says(fake_ask(&metrics), 401, "\"no_token\"");
    metrics.bearer = STR("Bearer sesamf");
    assert_says(fake_ask(&metrics), 401, "\"bad_token\"");
    metrics.bearer = STR("Bearer sesame");
    struct exchange *exchange = fake_ask(&metrics);
    assert_says(exchange, 200, "roar_posts_answered_total{outcome=\"accepted\"} 0\n");
    assert_non_null(strstr(exchange->body, "roar_stream_viewers{stream=\"demo\"} 12\n"));
    assert_non_null(strstr(exchange->body, "roar_problems_total{code=\"bad_token\"} 1\n"));
    fake_set_policy((struct policy_options){.metrics_are_open = true});
    metrics.bearer = STR_NONE;
    assert_int_equal(fake_ask(&metrics)->status, 200);
}

/* ---- pages ---- */

static void the_page_comes_with_its_rules(void **state)
{
    (void)state;
    struct fake_ask page = {
        .method = "GET", .path = "/", .name = "Accept-Encoding", .value = "gzip, br;q=0"};
    struct exchange *exchange = fake_ask(&page);
    assert_int_equal(exchange->status, 200);
    assert_non_null(strstr(exchange->headers, "Content-Encoding: gzip\r\n"));
    assert_non_null(strstr(exchange->headers, "Content-Security-Policy: default-src 'none';"));
    assert_non_null(strstr(exchange->headers, "Referrer-Policy: no-referrer\r\n"));
    assert_non_null(strstr(exchange->headers, "Cross-Origin-Opener-Policy: same-origin\r\n"));
    page.value = "identity";
    exchange = fake_ask(&page);
    assert_null(strstr(exchange->headers, "Content-Encoding"));
    assert_non_null(strstr(exchange->body, "<!doctype html>"));
    char etag[64];
    const char *begin = strstr(exchange->headers, "ETag: ") + 6;
    (void)snprintf(etag, sizeof(etag), "%.*s", (int)strcspn(begin, "\r"), begin);
    page.name = "If-None-Match";
    page.value = etag;
    assert_int_equal(fake_ask(&page)->status, 304);
}

static void the_description_lists_every_route_and_no_other(void **state)
{
    (void)state;
    const struct exchange *exchange =
        fake_ask(&(struct fake_ask){.method = "GET", .path = "/openapi.json"});
    assert_int_equal(exchange->status, 200);
    struct json *root = NULL;
    struct json_fault fault;
    assert_int_equal(json_parse_with(str_of(exchange->body), 100000, &root, &fault), ERR_OK);
    const struct route_table *table = api_routes();
    for (size_t i = 0; i < table->count; i++) {
        const struct route *route = &table->routes[i];
        const bool is_asset = strcmp(route->pattern, "/assets/*") == 0;
        char method[8];
        size_t len = 0;
        for (; route->method[len] != '\0'; len++) {
            method[len] = (char)(route->method[len] | 0x20);
        }
        method[len] = '\0';
        const struct json *path =
            json_member(json_member(root, "paths"), is_asset ? "/assets/{file}" : route->pattern);
        if (json_member(path, method) == NULL) {
            print_message("openapi.json lacks %s %s\n", route->method, route->pattern);
        }
        assert_non_null(json_member(path, method));
    }
    json_free(root);
    size_t operations = 0;
    for (const char *at = exchange->body; (at = strstr(at, "\"operationId\"")) != NULL; at++) {
        operations++;
    }
    assert_int_equal(operations, table->count);
}

static void a_new_policy_is_taken_with_the_next_request(void **state)
{
    (void)state;
    const struct fake_ask ask = {.method = "GET",
                                 .path = "/v1/streams/demo/presence",
                                 .bearer = fake_bearer("ann", "viewer")};
    assert_int_equal(fake_ask(&ask)->status, 200);
    struct policy_options options = {0};
    struct policy *policy = NULL;
    assert_int_equal(jwt_keys_new(&options.keys), ERR_OK);
    assert_int_equal(jwt_keys_add_secret(options.keys, STR("another secret of at least 32 bytes")),
                     ERR_OK);
    assert_int_equal(policy_new(&options, &policy), ERR_OK);
    api_shared_set_policy(fake.shared, policy);
    policy_unref(policy);
    assert_says(fake_ask(&ask), 401, "\"bad_token\"");
}

/* Two looks of half the time each; then the port has it still. */
static void a_post_that_the_store_keeps_is_unknown(void **state)
{
    struct wheel *wheel = reactor_wheel(fake.reactor);
    (void)state;
    fake.mono_ms = reactor_now_ms(fake.reactor);
    fake.keeps_submit = true;
    fake.submit = (struct submit){.end = SUBMIT_DONE, .id = STR("c1"), .rate = {.limit = 5}};
    fake.submit.event = fake_comment(7);
    const struct exchange *exchange = fake_ask(&(struct fake_ask){
        .method = "POST",
        .path = "/v1/streams/demo/comments",
        .body = "{\"text\":\"hi\",\"cid\":\"x\"}",
        .bearer = fake_bearer("ann", "viewer"),
    });
    for (int i = 0; i < 2; i++) {
        assert_false(exchange->is_answered);
        fake.mono_ms += 1600;
        wheel_turn(wheel, fake.mono_ms);
    }
    assert_says(exchange, 503, "\"store_down\"");
    assert_says(exchange, 503, "The outcome is unknown");
    assert_null(strstr(exchange->headers, "RateLimit"));
    assert_non_null(strstr(exchange->headers, "Retry-After"));
    fake.kept->call.done(&fake.kept->call); // gives its memory back, and answers nobody
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_set_up, fake_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_post_that_the_store_keeps_is_unknown),
        TEST(a_comment_is_answered_by_its_place),
        TEST(what_is_wrong_with_a_comment_is_named),
        TEST(a_held_comment_has_no_place_yet),
        TEST(a_shadowed_author_is_told_what_all_are),
        TEST(what_stands_in_the_way_is_named),
        TEST(rules_have_what_they_need_to_know),
        TEST(traits_are_found_only_while_a_rule_looks_at_them),
        TEST(terms_of_the_server_are_wished_of_the_engine),
        TEST(a_body_must_say_that_it_is_json),
        TEST(the_header_is_a_cid_too),
        TEST(a_refusal_says_why_and_when_to_come_again),
        TEST(history_says_what_it_covers),
        TEST(a_cursor_of_another_life_begins_anew),
        TEST(the_log_tells_what_is_kept_no_more),
        TEST(what_is_wrong_with_a_query_is_named),
        TEST(a_store_that_cannot_be_read_is_named),
        TEST(a_snapshot_is_read_twice_a_second),
        TEST(who_says_who_they_are_has_a_snapshot_of_their_own),
        TEST(a_snapshot_has_the_pins_in_force),
        TEST(tombstones_are_listed_when_asked_for),
        TEST(a_reader_is_recognized),
        TEST(a_reader_begins_where_it_says),
        TEST(a_poll_sets_the_pace),
        TEST(a_beat_needs_a_name),
        TEST(presence_lists_names_as_text),
        TEST(only_managers_change_a_stream),
        TEST(a_stream_nobody_named_is_live_unless_streams_are_explicit),
        TEST(readiness_gives_its_reasons),
        TEST(metrics_are_for_who_may_see_them),
        TEST(the_page_comes_with_its_rules),
        TEST(the_description_lists_every_route_and_no_other),
        TEST(a_new_policy_is_taken_with_the_next_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

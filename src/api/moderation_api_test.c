// SPDX-License-Identifier: Apache-2.0
#include "api/api_fake.h"

#include "wire/json.h"

static struct exchange *ask_as(const char *method, const char *path, const char *body,
                               const char *role)
{
    return fake_ask(&(struct fake_ask){
        .method = method, .path = path, .body = body, .bearer = fake_bearer("mod", role)});
}

static struct exchange *act(const char *body)
{
    return ask_as("POST", "/v1/streams/demo/moderation", body, "moderator");
}

/* ---- acts ---- */

static void an_act_is_answered_by_its_name(void **state)
{
    (void)state;
    fake.act = (struct act_call){.end = ACT_DONE, .act_n = 81, .seq = 4090, .changed = 1};
    assert_says(act("{\"do\":\"delete\",\"seq\":4072,\"reason\":\"spam\"}"), 200,
                "{\"act\":\"a81\",\"seq\":4090,\"changed\":1}");
    assert_int_equal(fake.acted.act.what, ACT_DELETE);
    assert_int_equal(fake.acted.by.kind, ACTOR_USER);
    assert_int_equal(fake.acted.by.role_bits & ROLE_MODERATOR, ROLE_MODERATOR);
    fake.act.end = ACT_DUPLICATE;
    assert_says(act("{\"do\":\"delete\",\"seq\":4072}"), 200,
                "{\"act\":\"a81\",\"seq\":4090,\"duplicate\":true}");
    fake.act = (struct act_call){.end = ACT_DONE, .act_n = 82};
    assert_says(act("{\"do\":\"ban\",\"user\":\"u9\"}"), 200, "{\"act\":\"a82\"}");
    assert_says(ask_as("POST", "/v1/streams/demo/moderation/undo", "{\"act\":\"a81\"}", "host"),
                200, "{\"act\":\"a82\"}");
    assert_int_equal(fake.acted.act.what, ACT_UNDO);
    assert_int_equal(fake.acted.act.act, 81);
}

static void acts_are_for_moderators(void **state)
{
    static const struct {
        const char *method, *path;
    } paths[] = {
        {"POST", "/v1/streams/demo/moderation"},
        {"POST", "/v1/streams/demo/moderation/undo"},
        {"GET", "/v1/streams/demo/moderation/log"},
        {"GET", "/v1/streams/demo/moderation/held"},
        {"POST", "/v1/streams/demo/moderation/held/c1/claim"},
        {"POST", "/v1/streams/demo/moderation/held/c1/release"},
        {"GET", "/v1/streams/demo/moderation/users/u9"},
        {"GET", "/v1/streams/demo/moderation/acts/a1"},
        {"GET", "/v1/streams/demo/moderation/rules"},
        {"GET", "/v1/streams/demo/moderation/similar"},
        {"POST", "/v1/streams/demo/appeals/a1/decision"},
        {"POST", "/v1/moderation"},
        {"POST", "/v1/moderation/undo"},
        {"GET", "/v1/moderation/log"},
    };
    (void)state;
    fake.found_json = "";
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        const char *body = strcmp(paths[i].method, "POST") == 0 ? "{}" : NULL;
        assert_says(ask_as(paths[i].method, paths[i].path, body, "viewer"), 403, "\"wrong_role\"");
        assert_says(ask_as(paths[i].method, paths[i].path, body, "bot"), 403, "\"wrong_role\"");
        const struct fake_ask nobody = {
            .method = paths[i].method, .path = paths[i].path, .body = body};
        assert_says(fake_ask(&nobody), 401, "\"no_token\"");
    }
}

static void what_is_wrong_with_an_act_is_named(void **state)
{
    (void)state;
    assert_says(act("{\"do\":\"explode\"}"), 422, "\"field\":\"do\"");
    assert_says(act("{\"do\":\"delete\"}"), 422, "\"field\":\"seq\"");
    assert_says(act("{\"do\":\"timeout\",\"user\":\"u\",\"seconds\":9999999}"), 422,
                "\"field\":\"seconds\"");
    assert_says(act("[]"), 422, "\"bad_json\"");
    assert_int_equal(fake.acted.act.what, 0);
}

static void a_refused_act_says_why(void **state)
{
    static const struct {
        enum act_refusal refusal;
        int status;
        const char *code;
    } refusals[] = {
        {ACT_REFUSAL_NO_STREAM, 404, "no_stream"},    {ACT_REFUSAL_NO_COMMENT, 404, "no_comment"},
        {ACT_REFUSAL_NOT_FOUND, 404, "not_found"},    {ACT_REFUSAL_OWN, 403, "forbidden"},
        {ACT_REFUSAL_HIGHER_ROLE, 403, "wrong_role"}, {ACT_REFUSAL_STATE, 409, "conflict"},
        {ACT_REFUSAL_OVERLOADED, 503, "overloaded"},  {ACT_REFUSAL_STORE_DOWN, 503, "store_down"},
        {ACT_REFUSAL_DRAINING, 503, "draining"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        fake.act = (struct act_call){.end = ACT_REFUSED, .refusal = refusals[i].refusal};
        struct exchange *exchange = act("{\"do\":\"delete\",\"seq\":1}");
        assert_says(exchange, refusals[i].status, refusals[i].code);
        assert_int_equal(strstr(exchange->headers, "Retry-After: 1\r\n") != NULL,
                         refusals[i].status == 503);
    }
    fake.act = (struct act_call){.end = ACT_REFUSED, .refusal = ACT_REFUSAL_STATE};
    assert_says(act("{\"do\":\"undo\",\"act\":\"a1\"}"), 409, "is not undone");
    assert_says(act("{\"do\":\"approve\",\"id\":\"c1\"}"), 409, "It does not wait");
    assert_says(act("{\"do\":\"clear\"}"), 409, "look again");
    fake.act = (struct act_call){
        .end = ACT_REFUSED, .refusal = ACT_REFUSAL_BAD_VALUE, .detail = "line 3: nothing is left"};
    assert_says(act("{\"do\":\"terms\",\"value\":[]}"), 422, "line 3: nothing is left");
    assert_says(act("{\"do\":\"terms\",\"value\":[]}"), 422, "\"field\":\"value\"");
    fake.act = (struct act_call){.end = ACT_UNKNOWN};
    assert_says(act("{\"do\":\"clear\"}"), 503, "The outcome is unknown");
}

/* Two looks of half the time each; then the port has it still. */
static void an_act_that_the_store_keeps_is_unknown(void **state)
{
    struct wheel *wheel = reactor_wheel(fake.reactor);
    (void)state;
    fake.mono_ms = reactor_now_ms(fake.reactor);
    fake.keeps_act = true;
    fake.act = (struct act_call){.end = ACT_DONE, .act_n = 5};
    const struct exchange *exchange = act("{\"do\":\"ban\",\"user\":\"u9\"}");
    for (int i = 0; i < 2; i++) {
        assert_false(exchange->is_answered);
        fake.mono_ms += 1600;
        wheel_turn(wheel, fake.mono_ms);
    }
    assert_says(exchange, 503, "The outcome is unknown");
    assert_true(str_eq(fake.kept_act->act.users[0], STR("u9"))); // the request's, kept for it
    fake.kept_act->call.done(&fake.kept_act->call);
}

static void lists_may_be_longer_than_other_bodies(void **state)
{
    struct buf body;
    (void)state;
    assert_true(api_takes_long(STR("/v1/streams/demo/moderation")));
    assert_true(api_takes_long(STR("/v1/moderation")));
    assert_false(api_takes_long(STR("/v1/streams/demo/comments")));
    buf_init(&body, MEM_OTHER, 1 << 20);
    buf_add_str(&body, STR("{\"do\":\"terms\",\"value\":["));
    for (int i = 0; i < 1000; i++) {
        buf_addf(&body, "%s{\"text\":\"t%d\",\"match\":\"word\",\"action\":\"hold\"}",
                 i == 0 ? "" : ",", i);
    }
    buf_add(&body, "]}", 3);
    fake.act = (struct act_call){.end = ACT_DONE, .act_n = 5};
    assert_int_equal(act((const char *)body.bytes)->status, 200);
    buf_done(&body);
}

static void admins_act_on_all_streams(void **state)
{
    (void)state;
    fake.act = (struct act_call){.end = ACT_DONE, .act_n = 7};
    assert_says(ask_as("POST", "/v1/moderation", "{\"do\":\"ban\",\"user\":\"u9\"}", "admin"), 200,
                "{\"act\":\"a7\"}");
    assert_int_equal(fake.acted.stream.len, 0);
    assert_says(ask_as("POST", "/v1/moderation", "{\"do\":\"ban\",\"user\":\"u9\"}", "moderator"),
                403, "\"wrong_role\"");
    assert_says(ask_as("POST", "/v1/moderation", "{\"do\":\"delete\",\"seq\":9}", "admin"), 422,
                "\"field\":\"do\"");
    assert_says(ask_as("POST", "/v1/moderation", "{\"do\":\"slow\",\"seconds\":9}", "admin"), 200,
                "a7");
    assert_says(ask_as("POST", "/v1/moderation/undo", "{\"act\":\"a7\"}", "admin"), 200, "a7");
}

static void a_warning_is_acknowledged_by_anybody(void **state)
{
    (void)state;
    fake.act = (struct act_call){.end = ACT_DONE, .act_n = 9};
    assert_says(ask_as("POST", "/v1/streams/demo/acknowledge", "{\"act\":\"a3\"}", "viewer"), 200,
                "{\"act\":\"a9\"}");
    assert_int_equal(fake.acted.act.what, ACT_ACKNOWLEDGE);
    assert_int_equal(fake.acted.act.act, 3);
    assert_says(ask_as("POST", "/v1/streams/demo/acknowledge", "{}", "viewer"), 422, "\"act\"");
}

static void house_rules_are_put_with_a_stream(void **state)
{
    static const char path[] = "/v1/streams/demo";
    (void)state;
    fake.stream = (struct stream_call){.now = STREAM_LIVE, .retention_now = -1};
    fake.act = (struct act_call){.end = ACT_DONE, .act_n = 9};
    assert_says(ask_as("PUT", path, "{\"rules\":{\"caps\":{\"percent\":70}}}", "host"), 200,
                "\"stream\":\"demo\"");
    assert_int_equal(fake.acted.act.what, ACT_RULES);
    assert_int_equal(fake.streamed.what, STREAM_DO_PUT);
    fake.acted = (struct act_call){0};
    assert_int_equal(ask_as("PUT", path, "{\"retention_days\":3}", "host")->status, 200);
    assert_int_equal(fake.acted.act.what, 0);
    assert_says(ask_as("PUT", path, "{\"rules\":[]}", "host"), 422, "\"field\":\"rules\"");
    fake.act = (struct act_call){
        .end = ACT_REFUSED, .refusal = ACT_REFUSAL_BAD_VALUE, .detail = "rules.caps.percent ..."};
    assert_says(ask_as("PUT", path, "{\"rules\":{\"caps\":1}}", "host"), 422, "rules.caps.percent");
    fake.stream.result = ERR_SYS;
    assert_says(ask_as("PUT", path, "{\"rules\":{}}", "host"), 503, "\"store_down\"");
}

/* ---- what is looked up ---- */

static void what_is_found_is_answered(void **state)
{
    (void)state;
    fake.found_json = "\"entries\":[],\"cursor\":\"7\",\"more\":false";
    struct fake_ask ask = {.method = "GET",
                           .path = "/v1/streams/demo/moderation/log",
                           .query = "after=7&limit=20",
                           .bearer = fake_bearer("mod", "moderator")};
    assert_says(fake_ask(&ask), 200, "{\"entries\":[],\"cursor\":\"7\",\"more\":false}");
    assert_int_equal(fake.looked.what, MODERATION_LOG);
    assert_int_equal(fake.looked.after, 7);
    assert_int_equal(fake.looked.limit, 20);
    assert_int_equal(fake.looked.before, 0);
    ask.query = "before=9007199254740991&limit=3";
    assert_int_equal(fake_ask(&ask)->status, 200);
    assert_int_equal(fake.looked.before, SEQ_MAX);
    ask.query = "before=7&after=2";
    assert_says(fake_ask(&ask), 422, "\"field\":\"before\"");
    ask.query = "before=0";
    assert_says(fake_ask(&ask), 422, "\"field\":\"before\"");
    ask.query = "limit=0";
    assert_says(fake_ask(&ask), 422, "\"field\":\"limit\"");
    ask.query = "after=x";
    assert_says(fake_ask(&ask), 422, "\"field\":\"after\"");
    ask.query = NULL;
    ask.path = "/v1/streams/demo/moderation/users/u%2F9";
    assert_int_equal(fake_ask(&ask)->status, 200);
    assert_int_equal(fake.looked.what, MODERATION_USER);
    ask.path = "/v1/streams/demo/moderation/acts/81";
    assert_says(fake_ask(&ask), 404, "\"not_found\"");
    ask.path = "/v1/streams/demo/moderation/acts/a81";
    fake.moderation.result = ERR_NOT_FOUND;
    assert_says(fake_ask(&ask), 404, "\"not_found\"");
    ask.path = "/v1/streams/demo/moderation/held"; // nobody named it yet
    assert_says(fake_ask(&ask), 200,
                "{\"comments\":[],\"count\":0,\"cursor\":\"\",\"more\":false,\"claims\":[]}");
    ask.query = "after=01J&limit=2";
    fake.moderation.result = ERR_DENIED;
    assert_says(fake_ask(&ask), 422, "\"field\":\"after\"");
    assert_int_equal(fake.looked.id.len, 3);
    ask.query = "after=a%20b";
    assert_says(fake_ask(&ask), 422, "\"field\":\"after\"");
    ask.query = NULL;
    fake.moderation.result = ERR_SYS;
    assert_says(fake_ask(&ask), 503, "\"store_down\"");
    fake.moderation.result = ERR_NOT_FOUND;
    fake_set_policy((struct policy_options){.streams_are_explicit = true});
    assert_says(fake_ask(&ask), 404, "\"not_found\"");
}

#define REACH_A81 "/v1/streams/demo/moderation/reach/a81"

static void an_act_says_how_far_it_got(void **state)
{
    (void)state;
    fake.found_json = "\"entry\":{}";
    fake.moderation.has_event = fake.knows_reach = true;
    fake.reach = (struct reach_figures){.viewers = 12,
                                        .applied = 11,
                                        .cut = 1,
                                        .comments = 2,
                                        .exposure_ms = 36500,
                                        .p50_ms = 4,
                                        .p95_ms = 9};
    assert_says(ask_as("GET", REACH_A81, NULL, "moderator"), 200,
                "{\"act\":\"a81\",\"event\":true,\"known\":true,\"state\":\"measuring\","
                "\"viewers\":12,\"applied\":11,\"p50_ms\":4,\"p95_ms\":9,\"cut\":1,"
                "\"comments\":2,\"exposure_viewer_s\":36.5,\"exposure_partial\":false}");
    assert_int_equal(fake.looked.what, MODERATION_ACT);
    assert_int_equal(fake.looked.after, 81);
    assert_int_equal(fake.reached.act, 81);
    assert_says(ask_as("GET", "/v1/streams/demo/moderation/reach/81", NULL, "moderator"), 404,
                "\"not_found\"");
    assert_says(ask_as("GET", REACH_A81, NULL, "viewer"), 403, "\"wrong_role\"");
    assert_says(ask_as("GET", "/v1/moderation/reach/a81", NULL, "moderator"), 403,
                "\"wrong_role\"");
    assert_says(ask_as("GET", "/v1/moderation/reach/a81", NULL, "admin"), 200, "\"viewers\":12");
    assert_int_equal(fake.looked.stream.len, 0);
    fake.moderation.result = ERR_NOT_FOUND;
    assert_says(ask_as("GET", REACH_A81, NULL, "moderator"), 404, "\"not_found\"");
}

static void what_was_kept_of_it_is_told_where_no_hub_knows_better(void **state)
{
    (void)state;
    fake.found_json = "\"entry\":{}";
    assert_says(ask_as("GET", REACH_A81, NULL, "moderator"), 200,
                "\"event\":false,\"known\":true,\"state\":\"none\"");
    fake.moderation.has_event = true;
    assert_says(ask_as("GET", REACH_A81, NULL, "moderator"), 200,
                "\"known\":false,\"state\":\"unknown\",\"viewers\":0");
    fake.moderation.has_reach = true;
    fake.moderation.reach = (struct reach_figures){.viewers = 5, .is_partly_exposed = true};
    assert_says(ask_as("GET", REACH_A81, NULL, "moderator"), 200,
                "\"known\":true,\"state\":\"partial\",\"viewers\":5");
    fake.knows_reach = true;
    fake.reach = (struct reach_figures){.viewers = 6, .is_settled = true};
    assert_says(ask_as("GET", REACH_A81, NULL, "moderator"), 200,
                "\"state\":\"settled\",\"viewers\":6");
    fake.moderation.reach.is_settled = true;
    fake.reached.act = 0;
    assert_says(ask_as("GET", REACH_A81, NULL, "moderator"), 200,
                "\"state\":\"settled\",\"viewers\":5");
    assert_int_equal(fake.reached.act, 0); // hubs were not asked
}

static void two_moderators_never_take_the_same(void **state)
{
    struct fake_ask ask = {
        .method = "POST", .path = "/v1/streams/demo/moderation/held/c1/claim", .body = "{}"};
    (void)state;
    ask.bearer = fake_bearer("ann", "moderator");
    assert_says(fake_ask(&ask), 200, "{\"id\":\"c1\",\"by\":\"ann\",\"left_ms\":60000}");
    ask.bearer = fake_bearer("ben", "moderator");
    struct exchange *exchange = fake_ask(&ask);
    assert_says(exchange, 409, "\"conflict\"");
    assert_non_null(strstr(exchange->headers, "Retry-After: 60\r\n"));
    fake.act = (struct act_call){.end = ACT_REFUSED, .refusal = ACT_REFUSAL_CLAIMED};
    ask.path = "/v1/streams/demo/moderation";
    ask.body = "{\"do\":\"approve\",\"id\":\"c1\"}";
    exchange = fake_ask(&ask);
    assert_says(exchange, 409, "\"conflict\"");
    assert_non_null(strstr(exchange->headers, "Retry-After: 60\r\n"));
    fake.act = (struct act_call){.end = ACT_DONE, .act_n = 5};
    static const char *const asking[] = {
        "{\"do\":\"reject\",\"seq\":7}", "{\"do\":\"reject\",\"seqs\":[7,8]}",
        "{\"do\":\"delete\",\"ids\":[\"c1\",\"c2\"]}", "{\"do\":\"delete\",\"seqs\":[7,8]}"};
    for (size_t i = 0; i < sizeof(asking) / sizeof(asking[0]); i++) {
        ask.body = asking[i];
        assert_int_equal(fake_ask(&ask)->status, 200); // what waits is the engine's to say
        assert_int_equal(fake.acted.claimed_count, 1);
    }
    static const char *const others[] = {"{\"do\":\"delete\",\"id\":\"c1\"}",
                                         "{\"do\":\"purge\",\"user\":\"u9\"}",
                                         "{\"do\":\"clear\"}"};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        ask.body = others[i];
        assert_int_equal(fake_ask(&ask)->status, 200);
        assert_int_equal(fake.acted.claimed_count, 0);
    }
    ask.body = "{\"do\":\"approve\",\"id\":\"c1\"}";
    fake.found_json = "\"comments\":[]";
    const struct fake_ask look = {
        .method = "GET", .path = "/v1/streams/demo/moderation/held", .bearer = ask.bearer};
    assert_says(fake_ask(&look), 200,
                "{\"comments\":[],\"claims\":[{\"id\":\"c1\",\"by\":\"ann\",\"left_ms\":60000}]}");
    ask.bearer = fake_bearer("ann", "moderator");
    assert_int_equal(fake_ask(&ask)->status, 200);
    assert_int_equal(fake.acted.claimed_count, 0); // it is theirs
    ask.path = "/v1/streams/demo/moderation/held/c1/release";
    ask.body = "";
    assert_says(fake_ask(&ask), 200, "{\"id\":\"c1\"}");
    ask.bearer = fake_bearer("ben", "moderator");
    ask.path = "/v1/streams/demo/moderation/held/c1/claim";
    assert_int_equal(fake_ask(&ask)->status, 200);
    ask.path = "/v1/streams/demo/moderation/held/a%20b/claim";
    assert_says(fake_ask(&ask), 404, "\"no_comment\"");
}

/* ---- appeals ---- */

static void who_is_concerned_appeals(void **state)
{
    (void)state;
    fake.act = (struct act_call){.end = ACT_DONE, .act_n = 90, .against = 81};
    assert_says(ask_as("POST", "/v1/streams/demo/appeals",
                       "{\"id\":\"01J\",\"text\":\"It was a joke\"}", "viewer"),
                201, "{\"appeal\":\"a90\",\"act\":\"a81\",\"state\":\"open\"}");
    assert_true(fake.acted.act.at == ACT_AT_ID);
    assert_says(ask_as("POST", "/v1/streams/demo/appeals",
                       "{\"id\":\"01J\",\"act\":\"a81\",\"text\":\"no\"}", "viewer"),
                422, "\"field\":\"act\"");
    assert_says(ask_as("POST", "/v1/streams/demo/appeals", "{\"seq\":5,\"text\":\"no\"}", "viewer"),
                422, "\"field\":\"seq\"");
    assert_says(ask_as("POST", "/v1/streams/demo/appeals",
                       "{\"act\":\"a81\",\"text\":\"It was a joke\"}", "viewer"),
                201, "{\"appeal\":\"a90\",\"act\":\"a81\",\"state\":\"open\"}");
    assert_int_equal(fake.acted.act.what, ACT_APPEAL);
    fake.act.end = ACT_DUPLICATE;
    assert_says(ask_as("POST", "/v1/streams/demo/appeals",
                       "{\"act\":\"a81\",\"text\":\"It was a joke\"}", "viewer"),
                200, "\"duplicate\":true");
    assert_says(ask_as("POST", "/v1/streams/demo/appeals", "{\"act\":\"a81\"}", "viewer"), 422,
                "\"field\":\"text\"");
    fake.act = (struct act_call){.end = ACT_DONE, .act_n = 95};
    assert_says(ask_as("POST", "/v1/streams/demo/appeals/a90/decision",
                       "{\"decision\":\"granted\",\"reason\":\"so it was\"}", "moderator"),
                200, "{\"appeal\":\"a90\",\"act\":\"a95\",\"state\":\"granted\"}");
    assert_int_equal(fake.acted.act.what, ACT_DECIDE);
    assert_int_equal(fake.acted.act.act, 90);
    assert_says(ask_as("POST", "/v1/streams/demo/appeals/90/decision", "{}", "moderator"), 404,
                "\"not_found\"");
}

static void everybody_sees_their_own_appeals(void **state)
{
    (void)state;
    fake.found_json = "\"appeals\":[]";
    assert_says(ask_as("GET", "/v1/streams/demo/appeals", NULL, "viewer"), 200, "{\"appeals\":[]}");
    assert_int_equal(fake.looked.user.len, 3);
    assert_says(ask_as("GET", "/v1/streams/demo/appeals", NULL, "moderator"), 200, "[]");
    assert_int_equal(fake.looked.user.len, 0);
}

static void a_statement_gives_its_reasons(void **state)
{
    static const char path[] = "/v1/streams/demo/appeals/a90/statement";
    (void)state;
    fake.found_json = "\"appeals\":[{\"id\":\"a90\",\"act\":\"a81\",\"user\":\"mod\",\"at\":5,"
                      "\"text\":\"It was a joke\",\"state\":\"open\"}]";
    fake.found_act = "\"entry\":{\"act\":\"a81\",\"do\":\"delete\",\"kind\":\"rule\",\"by\":\"r\","
                     "\"at\":4,\"reason\":\"spam\",\"policy\":\"terms\",\"target\":\"seq:7\"},"
                     "\"lifted\":false";
    struct exchange *exchange = ask_as("GET", path, NULL, "viewer");
    assert_says(exchange, 200, "\"restriction\":\"removal of content\"");
    assert_says(exchange, 200, "\"automated\":{\"detection\":true,\"decision\":true}");
    assert_says(exchange, 200, "\"redress\":{\"appeal\":\"a90\"");
    assert_null(strstr(exchange->body, "\"by\""));
    assert_int_equal(fake.looked.after, 81);
    struct json *root = NULL;
    struct json_fault fault;
    assert_int_equal(json_parse(str_of(exchange->body), &root, &fault), ERR_OK);
    json_free(root);
    fake.found_json = "\"appeals\":[]";
    assert_says(ask_as("GET", path, NULL, "viewer"), 404, "\"not_found\"");
    fake.found_json = "\"appeals\":[{\"id\":\"a91\",\"act\":\"a81\"}]"; // the next one
    assert_says(ask_as("GET", path, NULL, "viewer"), 404, "\"not_found\"");
}

static void a_poll_tells_who_is_warned(void **state)
{
    enum { EVE = 7 };
    static const char json[] = "{\"type\":\"warned\",\"act\":\"a5\"}";
    static union {
        struct notice notice;
        char bytes[sizeof(struct notice) + sizeof(json)];
    } told = {.notice.json_len = sizeof(json) - 1};
    const struct fake_ask first = {.method = "GET", .path = "/v1/streams/demo/poll"};
    const struct fake_ask later = {
        .method = "GET", .path = "/v1/streams/demo/poll", .query = "after=1"};
    (void)state;
    memcpy(told.notice.json, json, sizeof(json) - 1);
    fake.found = (struct poll_found){.user = EVE};
    fake.warning = &told.notice;
    fake.warned_user = EVE + 1;
    assert_says(fake_ask(&later), 200, "\"next_ms\":0}");
    fake.warned_user = EVE;
    assert_says(fake_ask(&later), 200,
                "\"next_ms\":0,\"warned\":[{\"type\":\"warned\",\"act\":\"a5\"}]}");
    assert_says(fake_ask(&first), 200, "\"act\":\"a5\"}],\"pins\":[]}");
    fake.warning = NULL; // it is somebody like them
    assert_says(fake_ask(&later), 200, "\"next_ms\":0}");
    fake.warnings_result = ERR_SYS; // else what is not told would be over
    assert_says(fake_ask(&later), 200, "\"next_ms\":0,\"warned_unknown\":true}");
    fake.found.user = 0;
    assert_says(fake_ask(&first), 200, "\"next_ms\":0,\"pins\":[]}");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_set_up, fake_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_act_is_answered_by_its_name),
        TEST(acts_are_for_moderators),
        TEST(what_is_wrong_with_an_act_is_named),
        TEST(a_refused_act_says_why),
        TEST(an_act_that_the_store_keeps_is_unknown),
        TEST(lists_may_be_longer_than_other_bodies),
        TEST(admins_act_on_all_streams),
        TEST(a_warning_is_acknowledged_by_anybody),
        TEST(house_rules_are_put_with_a_stream),
        TEST(what_is_found_is_answered),
        TEST(an_act_says_how_far_it_got),
        TEST(what_was_kept_of_it_is_told_where_no_hub_knows_better),
        TEST(two_moderators_never_take_the_same),
        TEST(who_is_concerned_appeals),
        TEST(everybody_sees_their_own_appeals),
        TEST(a_statement_gives_its_reasons),
        TEST(a_poll_tells_who_is_warned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

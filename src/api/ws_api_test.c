// SPDX-License-Identifier: Apache-2.0
#include "api/api_fake.h"

static void open_socket(const char *path, struct str bearer)
{
    (void)fake_ask(&(struct fake_ask){
        .method = "GET", .path = path, .bearer = bearer, .name = "Upgrade", .value = "websocket"});
}

static void say(const char *text)
{
    fake_ws.sent[0] = '\0';
    fake_ws.ops->message(&fake_ws, str_of(text));
}

static void assert_heard(const char *part)
{
    if (strstr(fake_ws.sent, part) == NULL) {
        print_message("expected %s, got %s\n", part, fake_ws.sent);
    }
    assert_non_null(strstr(fake_ws.sent, part));
}

static int tear_down(void **state)
{
    if (fake_ws.ops != NULL) {
        fake_ws.ops->closed(&fake_ws);
    }
    ws_conn_set_claims(&fake_ws, NULL);
    fake_ws = (struct ws_conn){0};
    return fake_tear_down(state);
}

static void the_stream_of_the_url_is_joined(void **state)
{
    (void)state;
    open_socket("/v1/streams/demo/ws", STR_NONE);
    assert_int_equal(fake.opened, 1);
    assert_string_equal(fake.join_stream, "demo");
    fake_ws.ops->joined(&fake_ws, STR("demo"));
    assert_int_equal(fake_ws.sends, 0);
}

static void a_refused_url_is_told_and_closed(void **state)
{
    (void)state;
    open_socket("/v1/streams/demo/ws", STR_NONE);
    fake_ws.ops->refused(&fake_ws, STR("demo"), VIEWER_NO_STREAM);
    assert_heard("{\"type\":\"reply\",\"ok\":false,\"problem\":{");
    assert_heard("\"no_stream\"");
    assert_int_equal(fake_ws.close_code, 1008);
}

static void a_join_is_answered_before_what_follows(void **state)
{
    (void)state;
    open_socket("/v1/ws", STR_NONE);
    assert_int_equal(fake.opened, 0);
    say("{\"do\":\"join\",\"ref\":\"j\",\"stream\":\"demo\",\"after\":\"k3f9.4\",\"tail\":3}");
    assert_string_equal(fake_ws.sent, "");
    assert_int_equal(fake.join.cursor.seq, 4);
    assert_int_equal(fake.join.tail, 3);
    fake_ws.ops->joined(&fake_ws, STR("demo"));
    assert_heard("{\"type\":\"reply\",\"ref\":\"j\",\"ok\":true,\"status\":200,"
                 "\"data\":{\"stream\":\"demo\"}}");
    say("{\"do\":\"leave\",\"ref\":2}");
    assert_heard("\"ref\":2,\"ok\":true");
    say("{\"do\":\"leave\",\"ref\":3,\"stream\":\"demo\"}");
    assert_heard("\"not_found\"");
    fake_ws.join_result = ERR_EXISTS;
    say("{\"do\":\"join\",\"stream\":\"demo\"}");
    assert_heard("joined already");
    fake_ws.join_result = ERR_LIMIT;
    say("{\"do\":\"join\",\"stream\":\"demo\"}");
    assert_heard("as many streams as one may");
}

static void what_is_wrong_with_a_join_is_named(void **state)
{
    static const struct {
        const char *message, *code;
    } wrong[] = {
        {"{\"do\":\"join\"}", "\"field\":\"stream\""},
        {"{\"do\":\"join\",\"stream\":7}", "\"field\":\"stream\""},
        {"{\"do\":\"join\",\"stream\":\"-\"}", "bad_name"},
        {"{\"do\":\"join\",\"stream\":\"a\",\"after\":4}", "bad_cursor"},
        {"{\"do\":\"join\",\"stream\":\"a\",\"tail\":501}", "\"field\":\"tail\""},
        {"{\"do\":\"join\",\"stream\":\"a\",\"lane\":\"best\"}", "\"field\":\"lane\""},
        {"{\"do\":\"lane\",\"stream\":\"a\",\"lane\":\"all\"}", "\"field\":\"lane\""},
        {"{\"do\":\"react\",\"stream\":\"a\"}", "\"not_found\""},
        {"{\"do\":\"beat\",\"stream\":\"a\",\"state\":\"x\"}", "\"field\":\"state\""},
        {"{\"do\":\"auth\"}", "\"field\":\"token\""},
        {"{\"do\":\"lane\",\"stream\":\"a\",\"lane\":\"full\"}", "\"not_found\""},
    };
    (void)state;
    open_socket("/v1/ws", STR_NONE);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        say(wrong[i].message);
        assert_heard(wrong[i].code);
    }
    assert_int_equal(fake.opened, 0);
    assert_int_equal(fake_ws.bad_messages, 0);
}

static void messages_that_break_the_contract_are_counted(void **state)
{
    static const char *const wrong[] = {"",
                                        "[]",
                                        "{\"do\":1}",
                                        "{}",
                                        "{\"do\":\"sing\"}",
                                        "{\"do\":\"join\",\"ref\":{}}",
                                        "{\"do\":\"auth\",\"token\":\"x\"}",
                                        "{\"do\":\"join\""};
    (void)state;
    open_socket("/v1/ws", STR_NONE);
    for (uint32_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        say(wrong[i]);
        assert_heard("\"ok\":false");
        assert_int_equal(fake_ws.bad_messages, i + 1);
    }
    assert_heard("\"bad_json\"");
}

static void a_comment_may_be_posted_here(void **state)
{
    (void)state;
    open_socket("/v1/streams/demo/ws", STR_NONE);
    say("{\"do\":\"post\",\"ref\":1,\"text\":\"hi\"}");
    assert_heard("\"no_token\"");
    fake_ws.ops->closed(&fake_ws);
    open_socket("/v1/streams/demo/ws", fake_bearer("ann", "viewer"));
    fake.submit = (struct submit){.end = SUBMIT_DONE, .id = STR("c1")};
    fake.submit.event = fake_comment(7);
    say("{\"do\":\"post\",\"ref\":1,\"text\":\"hi\",\"cid\":\"x\"}");
    assert_heard("{\"type\":\"reply\",\"ref\":1,\"ok\":true,\"status\":201,\"data\":{\"id\":\"c1\","
                 "\"seq\":7,");
    assert_string_equal(fake.address, "192.0.0.1");
    fake.submit.end = SUBMIT_REFUSED;
    fake.submit.refusal = REFUSAL_RATE_USER;
    fake.submit.retry_after_ms = 8000;
    say("{\"do\":\"post\",\"ref\":2,\"text\":\"hi\"}");
    assert_heard("\"ref\":2,\"ok\":false,\"problem\":{");
    assert_heard("\"retry_after\":8");
    say("{\"do\":\"post\",\"ref\":3,\"text\":\" \"}");
    assert_heard("\"empty\"");
    assert_int_equal(fake_ws.bad_messages, 0);
}

static void a_beat_is_answered(void **state)
{
    (void)state;
    fake.presence.viewers = 5;
    open_socket("/v1/streams/demo/ws", fake_bearer("ann", "viewer"));
    say("{\"do\":\"beat\",\"ref\":9,\"state\":\"hidden\"}");
    assert_heard("\"ref\":9,\"ok\":true,\"status\":200,\"data\":{\"viewers\":5,\"next_ms\":10000}");
    assert_true(fake.present.hidden);
    assert_int_equal(fake.present.identity, fake.join.identity);
    assert_int_not_equal(fake.present.address, 0);
}

static void who_it_is_may_be_said_first(void **state)
{
    (void)state;
    fake_set_policy((struct policy_options){.read_needs_token = true});
    open_socket("/v1/streams/demo/ws", STR_NONE);
    assert_int_equal(fake.opened, 0);
    say("{\"do\":\"join\",\"ref\":1,\"stream\":\"demo\"}");
    assert_heard("\"no_token\"");
    char text[JWT_BYTES_MAX];
    (void)snprintf(text, sizeof(text), "{\"do\":\"auth\",\"ref\":2,\"token\":\"%s\"}",
                   fake_bearer("ann", "viewer").at + 7);
    say(text);
    assert_heard("\"ref\":2,\"ok\":true,\"status\":200,\"data\":{\"user\":{\"id\":\"ann\"");
    assert_int_equal(fake.opened, 1);
    (void)snprintf(text, sizeof(text), "{\"do\":\"auth\",\"token\":\"%s\"}",
                   fake_bearer("bob", "viewer").at + 7);
    say(text);
    assert_heard("\"forbidden\"");
}

static void who_never_says_it_is_closed(void **state)
{
    (void)state;
    struct wheel *wheel = reactor_wheel(fake.reactor);
    fake_set_policy((struct policy_options){.read_needs_token = true});
    fake.mono_ms = reactor_now_ms(fake.reactor);
    open_socket("/v1/ws", STR_NONE);
    wheel_turn(wheel, fake.mono_ms + 9900);
    assert_int_equal(fake_ws.sends, 0);
    wheel_turn(wheel, fake.mono_ms + 10100);
    assert_heard("\"no_token\"");
    assert_int_equal(fake_ws.close_code, 1008);
}

static void who_says_it_later_is_not_counted_twice(void **state)
{
    (void)state;
    open_socket("/v1/streams/demo/ws", STR_NONE);
    char text[JWT_BYTES_MAX];
    (void)snprintf(text, sizeof(text), "{\"do\":\"auth\",\"token\":\"%s\"}",
                   fake_bearer("ann", "viewer").at + 7);
    say(text);
    assert_heard("\"ok\":true");
    say("{\"do\":\"beat\"}");
    assert_int_equal(fake.present.identity, fake.join.identity);
    assert_int_not_equal(fake.present.address, 0);
}

static void the_debug_socket_says_it_back(void **state)
{
    (void)state;
    open_socket("/debug/ws", STR_NONE);
    say("{ anything");
    assert_string_equal(fake_ws.sent, "{ anything");
    fake_ws.ops->binary(&fake_ws, STR("\x01\x02"));
    assert_string_equal(fake_ws.sent, "\x01\x02");
}

static void an_act_is_answered_by_its_ref(void **state)
{
    (void)state;
    open_socket("/v1/streams/demo/ws", fake_bearer("mod", "moderator"));
    fake.act = (struct act_call){.end = ACT_DONE, .act_n = 81, .seq = 90};
    say("{\"do\":\"act\",\"ref\":2,\"act\":{\"do\":\"delete\",\"seq\":7}}");
    assert_heard("{\"type\":\"reply\",\"ref\":2,\"ok\":true,\"status\":200,\"data\":{\"act\":"
                 "\"a81\",\"seq\":90,\"changed\":0}}");
    assert_int_equal(fake.acted.act.what, ACT_DELETE);
    assert_string_equal(fake.acted_stream, "demo");
    say("{\"do\":\"act\",\"ref\":3,\"act\":{\"do\":\"explode\"}}");
    assert_heard("\"ref\":3,\"ok\":false");
    assert_heard("\"field\":\"do\"");
    say("{\"do\":\"act\",\"ref\":4,\"act\":\"delete\"}");
    assert_heard("\"field\":\"act\"");
    fake.act = (struct act_call){.end = ACT_REFUSED, .refusal = ACT_REFUSAL_NO_COMMENT};
    say("{\"do\":\"act\",\"ref\":5,\"stream\":\"demo\",\"act\":{\"do\":\"pin\",\"seq\":7}}");
    assert_heard("\"no_comment\"");
    assert_int_equal(fake_ws.bad_messages, 0);
}

static void acts_are_no_viewers(void **state)
{
    (void)state;
    open_socket("/v1/streams/demo/ws", fake_bearer("ann", "viewer"));
    say("{\"do\":\"act\",\"ref\":2,\"act\":{\"do\":\"delete\",\"seq\":7}}");
    assert_heard("\"wrong_role\"");
    assert_int_equal(fake.acted.act.what, 0);
}

static void an_act_may_come_back_after_its_socket_closed(void **state)
{
    (void)state;
    open_socket("/v1/streams/demo/ws", fake_bearer("mod", "moderator"));
    fake.keeps_act = true;
    say("{\"do\":\"act\",\"ref\":2,\"act\":{\"do\":\"ban\",\"user\":\"u9\"}}");
    fake_ws.ops->closed(&fake_ws);
    fake_ws.ops = NULL;
    assert_true(str_eq(fake.kept_act->act.users[0], STR("u9")));
    fake.kept_act->call.done(&fake.kept_act->call);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_stream_of_the_url_is_joined),
        TEST(a_refused_url_is_told_and_closed),
        TEST(a_join_is_answered_before_what_follows),
        TEST(what_is_wrong_with_a_join_is_named),
        TEST(messages_that_break_the_contract_are_counted),
        TEST(a_comment_may_be_posted_here),
        TEST(a_beat_is_answered),
        TEST(who_it_is_may_be_said_first),
        TEST(who_never_says_it_is_closed),
        TEST(who_says_it_later_is_not_counted_twice),
        TEST(the_debug_socket_says_it_back),
        TEST(an_act_is_answered_by_its_ref),
        TEST(acts_are_no_viewers),
        TEST(an_act_may_come_back_after_its_socket_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: Apache-2.0
#include "api/api_fake.h"

/* ---- the gates ---- */

static void what_is_not_there_says_so(void **state)
{
    (void)state;
    assert_says(fake_ask(&(struct fake_ask){.method = "GET", .path = "/v2", .query = ""}), 404,
                "\"not_found\"");
    assert_says(fake_ask(&(struct fake_ask){.method = "GET", .path = "/assets/none.js"}), 404,
                "\"not_found\"");
    assert_says(fake_ask(&(struct fake_ask){.method = "GET", .path = "/v1/streams/%zz"}), 400,
                "\"bad_request\"");
    assert_says(fake_ask(&(struct fake_ask){.method = "GET", .path = "/v1/streams/-a"}), 400,
                "\"bad_name\"");
    assert_says(fake_ask(&(struct fake_ask){.method = "GET", .path = "/v1/streams//events"}), 404,
                "\"not_found\"");
    struct exchange *exchange =
        fake_ask(&(struct fake_ask){.method = "DELETE", .path = "/v1/streams/demo/comments"});
    assert_says(exchange, 405, "\"method_not_allowed\"");
    assert_non_null(strstr(exchange->headers, "Allow: POST, GET, HEAD, OPTIONS\r\n"));
}

static void every_answer_is_dressed(void **state)
{
    (void)state;
    struct exchange *exchange = fake_ask(&(struct fake_ask){.method = "GET", .path = "/healthz"});
    assert_says(exchange, 200, "\"alive\"");
    assert_non_null(strstr(exchange->headers, "Cache-Control: no-store\r\n"));
    assert_non_null(strstr(exchange->headers, "Vary: Origin\r\n"));
    assert_null(strstr(exchange->headers, "Access-Control"));
}

static void pages_of_other_origins_are_told_apart(void **state)
{
    (void)state;
    const struct str origin = STR("https://a.example");
    fake_set_policy((struct policy_options){.origins = &origin, .origin_count = 1});
    struct exchange *exchange = fake_ask(&(struct fake_ask){.method = "GET",
                                                            .path = "/v1/streams/demo/presence",
                                                            .name = "Origin",
                                                            .value = "https://a.example"});
    assert_says(exchange, 200, "\"viewers\"");
    assert_non_null(
        strstr(exchange->headers, "Access-Control-Allow-Origin: https://a.example\r\n"));
    static const char *const paths[] = {"/v1/streams/demo/presence", "/v1/streams/demo/ws",
                                        "/v1/tickets", "/v1/streams/demo/comments"};
    static const char *const methods[] = {"GET", "GET", "POST", "POST"};
    for (size_t i = 0; i < 4; i++) {
        exchange = fake_ask(&(struct fake_ask){.method = methods[i],
                                               .path = paths[i],
                                               .name = "Origin",
                                               .value = "https://evil.example"});
        assert_says(exchange, 403, "\"bad_origin\"");
        assert_null(strstr(exchange->headers, "Access-Control"));
    }
    exchange = fake_ask(&(struct fake_ask){.method = "GET",
                                           .path = "/v1/streams/demo/presence",
                                           .name = "Origin",
                                           .value = "http://chat.example"});
    assert_int_equal(exchange->status, 200);
}

static void pages_of_other_origins_may_not_debug_either(void **state)
{
    static const char *const ways[][2] = {{"POST", "/debug/echo"}, {"GET", "/debug/ws"}};
    (void)state;
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        assert_says(fake_ask(&(struct fake_ask){.method = ways[i][0],
                                                .path = ways[i][1],
                                                .body = "x",
                                                .name = "Origin",
                                                .value = "https://evil.example"}),
                    403, "\"bad_origin\"");
    }
    assert_says(fake_ask(&(struct fake_ask){.method = "POST",
                                            .path = "/debug/echo",
                                            .body = "x",
                                            .name = "Origin",
                                            .value = "http://chat.example"}),
                200, "x");
}

static void a_preflight_is_answered_for_listed_origins(void **state)
{
    (void)state;
    const struct str origin = STR("https://a.example");
    fake_set_policy((struct policy_options){.origins = &origin, .origin_count = 1});
    struct exchange *exchange = fake_ask(&(struct fake_ask){.method = "OPTIONS",
                                                            .path = "/v1/streams/demo/comments",
                                                            .name = "Origin",
                                                            .value = "https://a.example"});
    assert_int_equal(exchange->status, 204);
    assert_non_null(strstr(exchange->headers, "Allow: POST, GET, HEAD, OPTIONS\r\n"));
    assert_non_null(
        strstr(exchange->headers, "Access-Control-Allow-Origin: https://a.example\r\n"));
    exchange = fake_ask(&(struct fake_ask){.method = "OPTIONS",
                                           .path = "/v1/streams/demo/comments",
                                           .name = "Origin",
                                           .value = "https://evil.example"});
    assert_says(exchange, 403, "\"bad_origin\"");
}

static void a_field_that_counts_is_sent_once(void **state)
{
    static const char *const names[] = {"content-type", "Idempotency-Key", "LAST-EVENT-ID"};
    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct exchange *exchange =
            fake_ask(&(struct fake_ask){.method = "POST",
                                        .path = "/v1/streams/demo/comments",
                                        .body = "{\"text\":\"a\"}",
                                        .bearer = fake_bearer("ann", "viewer"),
                                        .name = names[i],
                                        .value = "application/json",
                                        .more = "application/json"});
        assert_says(exchange, 400, "\"bad_request\"");
        assert_non_null(strstr(exchange->body, "\"field\":\""));
    }
}

/* ---- credentials ---- */

static void a_bad_credential_is_never_quietly_anonymous(void **state)
{
    (void)state;
    static const char *const wrong[] = {"Bearer x.y.z", "Bearer ", "Basic YTpi", "x"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct exchange *exchange = fake_ask(&(struct fake_ask){
            .method = "GET", .path = "/v1/streams/demo/presence", .bearer = str_of(wrong[i])});
        assert_says(exchange, 401, "\"bad_token\"");
        assert_non_null(strstr(exchange->headers, "WWW-Authenticate: Bearer realm=\"roar\", "
                                                  "error=\"invalid_token\"\r\n"));
    }
    const struct str bearer = fake_bearer("ann", "viewer");
    fake.wall_ms += 7200 * 1000;
    assert_says(fake_ask(&(struct fake_ask){
                    .method = "GET", .path = "/v1/streams/demo/presence", .bearer = bearer}),
                401, "\"expired_token\"");
    assert_says(fake_ask(&(struct fake_ask){
                    .method = "GET", .path = "/v1/streams/demo/presence", .query = "ticket=0123"}),
                401, "\"bad_token\"");
}

static void a_token_in_the_url_is_taken_only_where_it_is_on(void **state)
{
    (void)state;
    char query[JWT_BYTES_MAX];
    (void)snprintf(query, sizeof(query), "token=%s", fake_bearer("ann", "viewer").at + 7);
    const struct fake_ask ask = {
        .method = "GET", .path = "/v1/streams/demo/presence", .query = query};
    assert_says(fake_ask(&ask), 401, "auth.query_token");
    fake_set_policy((struct policy_options){.has_query_token = true});
    assert_says(fake_ask(&ask), 200, "\"viewers\"");
}

static void a_ticket_stands_for_its_token_once(void **state)
{
    (void)state;
    assert_says(fake_ask(&(struct fake_ask){.method = "POST", .path = "/v1/tickets"}), 401,
                "\"no_token\"");
    struct exchange *exchange = fake_ask(&(struct fake_ask){
        .method = "POST", .path = "/v1/tickets", .bearer = fake_bearer("ann", "viewer")});
    assert_says(exchange, 201, "\"expires_in\":30");
    char query[64];
    (void)snprintf(query, sizeof(query), "ticket=%.32s",
                   strstr(exchange->body, "\"ticket\":\"") + 10);
    const struct fake_ask ask = {
        .method = "GET", .path = "/v1/streams/demo/events", .query = query};
    (void)fake_ask(&ask);
    assert_int_equal(fake.opened, 1);
    assert_says(fake_ask(&ask), 401, "\"bad_token\"");
}

static void reading_may_need_a_token(void **state)
{
    (void)state;
    fake_set_policy((struct policy_options){.read_needs_token = true, .has_guests = true});
    assert_says(fake_ask(&(struct fake_ask){.method = "GET", .path = "/v1/streams/demo/comments"}),
                401, "\"no_token\"");
    assert_says(fake_ask(&(struct fake_ask){.method = "GET",
                                            .path = "/v1/streams/demo/comments",
                                            .bearer = fake_bearer("ann", "viewer")}),
                200, "\"comments\"");
    assert_int_equal(fake_ask(&(struct fake_ask){.method = "POST", .path = "/v1/guests"})->status,
                     201);
    assert_int_equal(fake_ask(&(struct fake_ask){.method = "GET", .path = "/healthz"})->status,
                     200);
}

static void guests_get_a_token_that_works_where_they_are_on(void **state)
{
    (void)state;
    struct exchange *exchange = fake_ask(&(struct fake_ask){
        .method = "POST", .path = "/v1/guests", .body = "{\"name\":\" Zo\xC3\xAB \"}"});
    assert_says(exchange, 201, "\"name\":\"Zo\xC3\xAB\"");
    char bearer[JWT_BYTES_MAX];
    const char *token = strstr(exchange->body, "\"token\":\"") + 9;
    (void)snprintf(bearer, sizeof(bearer), "Bearer %.*s", (int)strcspn(token, "\""), token);
    assert_says(fake_ask(&(struct fake_ask){
                    .method = "POST", .path = "/v1/tickets", .bearer = str_of(bearer)}),
                201, "ticket");
    assert_says(fake_ask(&(struct fake_ask){.method = "POST", .path = "/v1/guests"}), 201,
                "\"Guest ");
    assert_says(fake_ask(&(struct fake_ask){
                    .method = "POST", .path = "/v1/guests", .body = "{\"name\":\"a\\nb\"}"}),
                422, "\"bad_field\"");
    assert_says(fake_ask(&(struct fake_ask){
                    .method = "POST", .path = "/v1/guests", .body = "{\"name\":7}"}),
                422, "\"field\":\"name\"");
    fake_set_policy((struct policy_options){.has_guests = false});
    assert_says(fake_ask(&(struct fake_ask){.method = "POST", .path = "/v1/guests"}), 403,
                "\"forbidden\"");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_set_up, fake_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_not_there_says_so),
        TEST(every_answer_is_dressed),
        TEST(pages_of_other_origins_are_told_apart),
        TEST(pages_of_other_origins_may_not_debug_either),
        TEST(a_preflight_is_answered_for_listed_origins),
        TEST(a_field_that_counts_is_sent_once),
        TEST(a_bad_credential_is_never_quietly_anonymous),
        TEST(a_token_in_the_url_is_taken_only_where_it_is_on),
        TEST(a_ticket_stands_for_its_token_once),
        TEST(reading_may_need_a_token),
        TEST(guests_get_a_token_that_works_where_they_are_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

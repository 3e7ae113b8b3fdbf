// SPDX-License-Identifier: Apache-2.0
#include "api/api_fake.h"

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
        TEST(a_bad_credential_is_never_quietly_anonymous),
        TEST(a_token_in_the_url_is_taken_only_where_it_is_on),
        TEST(a_ticket_stands_for_its_token_once),
        TEST(reading_may_need_a_token),
        TEST(guests_get_a_token_that_works_where_they_are_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

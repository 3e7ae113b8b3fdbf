// SPDX-License-Identifier: Apache-2.0
#include "api/router.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct route routes[] = {
    {"GET", "/v1/streams/{stream}/comments", NULL, 0},
    {"POST", "/v1/streams/{stream}/comments", NULL, 0},
    {"GET", "/v1/streams/{stream}/events", NULL, ROUTE_READER},
    {"PUT", "/v1/streams/{stream}", NULL, 0},
    {"GET", "/", NULL, 0},
    {"GET", "/assets/*", NULL, 0},
    {"POST", "/debug/echo", NULL, ROUTE_DEV},
    {"GET", "/v1/streams/{stream}/moderation/users/{user}", NULL, 0},
};
static const struct route_table table = {routes, 8, false};
static const struct route_table dev_table = {routes, 8, true};

static enum route_end find(const char *method, const char *path, struct routed *ret)
{
    return router_find(&table, str_of(method), str_of(path), ret);
}

static void a_route_is_found_with_its_stream(void **state)
{
    (void)state;
    struct routed routed;
    assert_int_equal(find("POST", "/v1/streams/demo/comments", &routed), ROUTE_FOUND);
    assert_ptr_equal(routed.route, &routes[1]);
    assert_true(str_eq(routed.stream, STR("demo")));
    assert_int_equal(find("PUT", "/v1/streams/demo", &routed), ROUTE_FOUND);
    assert_int_equal(find("GET", "/", &routed), ROUTE_FOUND);
    assert_int_equal(routed.stream.len, 0);
    assert_int_equal(find("GET", "/assets/page-ab12.js", &routed), ROUTE_FOUND);
    assert_int_equal(find("GET", "/assets/a/b/c/d/e/f/g/h/i/j", &routed), ROUTE_FOUND);
}

static void a_second_name_is_found_too(void **state)
{
    (void)state;
    struct routed routed;
    assert_int_equal(find("GET", "/v1/streams/demo/moderation/users/u%2F9", &routed), ROUTE_FOUND);
    assert_true(str_eq(routed.stream, STR("demo")));
    assert_true(str_eq(routed.part, STR("u/9")));
    assert_int_equal(find("GET", "/v1/streams/demo/moderation/users/", &routed), ROUTE_NO_PATH);
    assert_int_equal(find("GET", "/v1/streams/demo/moderation/users", &routed), ROUTE_NO_PATH);
    assert_int_equal(find("GET", "/v1/streams/demo/moderation/users/a/b", &routed), ROUTE_NO_PATH);
    assert_int_equal(find("POST", "/v1/streams/demo/moderation/users/a", &routed), ROUTE_NO_METHOD);
    assert_int_equal(find("PUT", "/v1/streams/demo", &routed), ROUTE_FOUND);
    assert_int_equal(routed.part.len, 0);
}

static void a_percent_sign_is_decoded_once_and_strictly(void **state)
{
    (void)state;
    struct routed routed;
    assert_int_equal(find("PUT", "/v1/str%65ams/d%65mo", &routed), ROUTE_FOUND);
    assert_true(str_eq(routed.stream, STR("demo")));
    assert_int_equal(find("PUT", "/v1/streams/a%2Fb", &routed), ROUTE_FOUND);
    assert_true(str_eq(routed.stream, STR("a/b")));
    assert_int_equal(find("PUT", "/v1/streams/%2565", &routed), ROUTE_FOUND);
    assert_true(str_eq(routed.stream, STR("%65")));
    assert_int_equal(find("PUT", "/v1/streams/a%2", &routed), ROUTE_BAD_PATH);
    assert_int_equal(find("PUT", "/v1/streams/a%zz", &routed), ROUTE_BAD_PATH);
    assert_int_equal(find("PUT", "/v1/streams/%ff", &routed), ROUTE_BAD_PATH);
}

static void what_is_no_path_of_ours_is_not_found(void **state)
{
    static const char *const paths[] = {"",
                                        "*",
                                        "v1",
                                        "//",
                                        "/v1",
                                        "/v1/streams",
                                        "/v1/streams/",
                                        "/v1/streams/a/",
                                        "/v1/streams/a/comments/",
                                        "/v1/streams/a/comments/b",
                                        "/V1/streams/a/comments",
                                        "/assets",
                                        "/debug/echo",
                                        "/v1/streams/a/b/c/d/e/f/g/h/i/j"};
    (void)state;
    struct routed routed;
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        assert_int_equal(find("PUT", paths[i], &routed), ROUTE_NO_PATH);
    }
    assert_int_equal(router_find(&dev_table, STR("POST"), STR("/debug/echo"), &routed),
                     ROUTE_FOUND);
}

static void a_name_too_long_to_keep_stays_too_long(void **state)
{
    (void)state;
    char path[700] = "/v1/streams/";
    memset(path + 12, 'a', 600);
    struct routed routed;
    assert_int_equal(find("PUT", path, &routed), ROUTE_FOUND);
    assert_int_equal(routed.stream.len, ROUTE_NAME_BYTES_MAX);
}

static void a_method_that_is_not_there_names_those_that_are(void **state)
{
    (void)state;
    struct routed routed;
    struct buf out;
    buf_init(&out, MEM_OTHER, 256);
    assert_int_equal(find("DELETE", "/v1/streams/a/comments", &routed), ROUTE_NO_METHOD);
    router_methods(&table, STR("/v1/streams/a/comments"), &out);
    assert_true(str_eq(buf_str(&out), STR("GET, HEAD, POST, OPTIONS")));
    buf_reset(&out);
    router_methods(&table, STR("/nowhere"), &out);
    assert_int_equal(out.len, 0);
    assert_int_equal(find("OPTIONS", "*", &routed), ROUTE_NO_METHOD);
    router_methods(&table, STR("*"), &out);
    assert_true(str_eq(buf_str(&out), STR("GET, HEAD, POST, PUT, OPTIONS")));
    buf_done(&out);
}

static void head_is_for_what_ends(void **state)
{
    (void)state;
    struct routed routed;
    assert_int_equal(find("HEAD", "/v1/streams/a/comments", &routed), ROUTE_FOUND);
    assert_int_equal(find("HEAD", "/v1/streams/a/events", &routed), ROUTE_NO_METHOD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_route_is_found_with_its_stream),
        cmocka_unit_test(a_second_name_is_found_too),
        cmocka_unit_test(a_percent_sign_is_decoded_once_and_strictly),
        cmocka_unit_test(what_is_no_path_of_ours_is_not_found),
        cmocka_unit_test(a_name_too_long_to_keep_stays_too_long),
        cmocka_unit_test(a_method_that_is_not_there_names_those_that_are),
        cmocka_unit_test(head_is_for_what_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

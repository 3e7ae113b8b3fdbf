// SPDX-License-Identifier: Apache-2.0
#include "api/policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct policy *policy_of(const struct str *origins, uint32_t count, enum err expected)
{
    struct policy_options options = {.origins = origins, .origin_count = count};
    assert_int_equal(jwt_keys_new(&options.keys), ERR_OK);
    struct policy *policy = NULL;
    assert_int_equal(policy_new(&options, &policy), expected);
    return policy;
}

static void without_a_list_only_the_own_host_is_allowed(void **state)
{
    (void)state;
    struct policy *policy = policy_of(NULL, 0, ERR_OK);
    const struct str host = STR("chat.example:8080");
    assert_true(policy_allows_origin(policy, STR("http://chat.example:8080"), host));
    assert_true(policy_allows_origin(policy, STR("https://CHAT.example:8080"), host));
    assert_false(policy_allows_origin(policy, STR("http://chat.example"), host));
    assert_false(policy_allows_origin(policy, STR("http://evil.example"), host));
    assert_false(policy_allows_origin(policy, STR("http://chat.example:8080.evil.example"), host));
    assert_false(policy_allows_origin(policy, STR("http://evil.example/chat.example:8080"), host));
    assert_false(policy_allows_origin(policy, STR("null"), host));
    assert_false(policy_allows_origin(policy, STR_NONE, STR_NONE));
    assert_false(policy_lists_origin(policy, STR("http://chat.example:8080")));
    policy_unref(policy);
}

static void the_list_is_exact(void **state)
{
    (void)state;
    const struct str origins[] = {STR("https://a.example"), STR("https://b.example:8443")};
    struct policy *policy = policy_of(origins, 2, ERR_OK);
    const struct str host = STR("api.example");
    assert_true(policy_allows_origin(policy, STR("https://a.example"), host));
    assert_true(policy_allows_origin(policy, STR("https://b.example:8443"), host));
    assert_false(policy_allows_origin(policy, STR("http://a.example"), host));
    assert_false(policy_allows_origin(policy, STR("https://b.example"), host));
    assert_false(policy_allows_origin(policy, STR("https://sub.a.example"), host));
    assert_false(policy_allows_origin(policy, STR("https://a.example.evil"), host));
    policy_unref(policy);
}

static void what_is_no_origin_is_refused_at_start(void **state)
{
    static const struct str wrong[] = {STR("*"), STR("a.example"), STR("https://"),
                                       STR("https://a.example/"), STR("https://*.example")};
    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_null(policy_of(&wrong[i], 1, ERR_PROTO));
    }
}

static void a_policy_lives_as_long_as_somebody_holds_it(void **state)
{
    (void)state;
    const struct str origin = STR("https://a.example");
    struct policy *policy = policy_of(&origin, 1, ERR_OK);
    assert_ptr_equal(policy_ref(policy), policy);
    policy_unref(policy);
    assert_true(policy_lists_origin(policy, origin));
    policy_unref(policy);
    policy_unref(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_list_only_the_own_host_is_allowed),
        cmocka_unit_test(the_list_is_exact),
        cmocka_unit_test(what_is_no_origin_is_refused_at_start),
        cmocka_unit_test(a_policy_lives_as_long_as_somebody_holds_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: Apache-2.0
#include "wire/ws_extension.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static bool agrees(const char *value)
{
    bool deflates = false;
    assert_int_equal(ws_extension_choose(str_of(value), &deflates), ERR_OK);
    return deflates;
}

static void what_clients_offer_is_accepted(void **state)
{
    (void)state;
    assert_true(agrees("permessage-deflate"));
    assert_true(agrees("permessage-deflate; client_max_window_bits"));
    assert_true(agrees("permessage-deflate; client_max_window_bits=15"));
    assert_true(agrees("permessage-deflate;client_no_context_takeover;server_max_window_bits=14"));
    assert_true(agrees(" permessage-deflate ; server_max_window_bits = \"1\\5\" "));
    assert_true(agrees("x-webkit-deflate-frame, permessage-deflate"));
    assert_true(agrees("permessage-deflate; server_max_window_bits=10, permessage-deflate"));
}

static void what_cannot_be_shared_is_declined(void **state)
{
    (void)state;
    assert_false(agrees("permessage-deflate; server_no_context_takeover"));
    assert_false(agrees("permessage-deflate; server_max_window_bits=13"));
    assert_false(agrees("permessage-bzip2, foo; bar=1"));
}

static void what_the_extension_does_not_know_is_declined(void **state)
{
    (void)state;
    assert_false(agrees("permessage-deflate; server_max_window_bits"));
    assert_false(agrees("permessage-deflate; server_max_window_bits=16"));
    assert_false(agrees("permessage-deflate; server_max_window_bits=014"));
    assert_false(agrees("permessage-deflate; server_max_window_bits=123456789012345678901"));
    assert_false(agrees("permessage-deflate; client_max_window_bits=7"));
    assert_false(agrees("permessage-deflate; client_max_window_bits=x"));
    assert_false(agrees("permessage-deflate; client_no_context_takeover=1"));
    assert_false(agrees("permessage-deflate; client_max_window_bits; client_max_window_bits"));
    assert_false(agrees("permessage-deflate; unheard_of"));
}

static void what_is_no_list_is_said_to_be_none(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        " ",
        ",",
        "permessage-deflate,",
        "permessage-deflate;",
        "permessage-deflate; =1",
        "permessage-deflate; a=",
        "permessage-deflate; a=\"\"",
        "permessage-deflate; a=\"b",
        "permessage-deflate; a=\"b\\",
        "permessage-deflate; a=\"b c\"",
        "permessage-deflate permessage-deflate",
        "permessage-deflate; a=b=c",
        "\"permessage-deflate\"",
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        bool deflates = false;
        assert_int_equal(ws_extension_choose(str_of(wrong[i]), &deflates), ERR_PROTO);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_clients_offer_is_accepted),
        cmocka_unit_test(what_cannot_be_shared_is_declined),
        cmocka_unit_test(what_the_extension_does_not_know_is_declined),
        cmocka_unit_test(what_is_no_list_is_said_to_be_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: Apache-2.0
#include "net/webhook.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* The example of the standard's own libraries. */
static void a_message_is_signed_as_the_standard_does(void **state)
{
    (void)state;
    struct webhook_key key = {.len = 0};
    struct webhook webhook;
    assert_int_equal(webhook_key_read(STR("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), &key), ERR_OK);
    webhook_init(&webhook);
    buf_add_str(&webhook.body, STR("{\"test\": 2432232314}"));
    assert_int_equal(webhook_sign(&webhook, &key, STR("msg_p5jXN8AQM9LWM0D4loKWxJek"), 1614265330),
                     ERR_OK);
    assert_string_equal(webhook.outcall.headers[0], "webhook-id: msg_p5jXN8AQM9LWM0D4loKWxJek");
    assert_string_equal(webhook.outcall.headers[1], "webhook-timestamp: 1614265330");
    assert_string_equal(webhook.outcall.headers[2],
                        "webhook-signature: v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    webhook_done(&webhook);
}

static void without_a_key_nothing_is_signed(void **state)
{
    (void)state;
    const struct webhook_key none = {.len = 0};
    struct webhook webhook;
    webhook_init(&webhook);
    buf_add_str(&webhook.body, STR("{}"));
    assert_int_equal(webhook_sign(&webhook, &none, STR("m1"), 1), ERR_OK);
    assert_null(webhook.outcall.headers[2]);
    webhook_done(&webhook);
}

static void a_key_that_is_none_is_refused(void **state)
{
    (void)state;
    struct webhook_key key = {.len = 7};
    assert_int_equal(webhook_key_read(STR("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), &key), ERR_PROTO);
    assert_int_equal(webhook_key_read(STR("whsec_c2hvcnQ="), &key), ERR_PROTO);
    assert_int_equal(webhook_key_read(STR("whsec_***"), &key), ERR_PROTO);
    assert_int_equal(webhook_key_read(STR(""), &key), ERR_PROTO);
    assert_int_equal(key.len, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_is_signed_as_the_standard_does),
        cmocka_unit_test(without_a_key_nothing_is_signed),
        cmocka_unit_test(a_key_that_is_none_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

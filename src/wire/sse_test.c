// SPDX-License-Identifier: Apache-2.0
#include "wire/sse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void blocks_are_as_the_standard_says(void **state)
{
    struct buf out;

    (void)state;
    buf_init(&out, MEM_OTHER, 256);
    sse_write_retry(&out, 2731);
    sse_write(&out, STR_NONE, STR("{\"type\":\"hello\"}"));
    sse_write(&out, STR("k3f9.4072"), STR("{\"type\":\"comment\"}"));
    assert_true(str_eq(buf_str(&out), STR("retry: 2731\n\n"
                                          "data: {\"type\":\"hello\"}\n\n"
                                          "id: k3f9.4072\ndata: {\"type\":\"comment\"}\n\n")));
    buf_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(blocks_are_as_the_standard_says)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: Apache-2.0
#include "suite.h"

#include "subject.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define SUITE_TEST(test) cmocka_unit_test_setup_teardown(test, subject_set_up, subject_tear_down),

int main(int count, char **words)
{
    const struct CMUnitTest tests[] = {SUITE(SUITE_TEST)};
    if (count > 1) {
        cmocka_set_test_filter(words[1]);
    }
    return cmocka_run_group_tests_name(subject_name, tests, NULL, NULL);
}

// SPDX-License-Identifier: Apache-2.0
#include "hub/model_test.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

enum { SEEDS = 240 };

static uint64_t setting(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text == NULL ? otherwise : strtoull(text, NULL, 10);
}

/* ROAR_SEED=n replays one history; ROAR_SEEDS=n runs more of them. */
static void every_history_keeps_its_promises(void **state)
{
    (void)state;
    const uint64_t one = setting("ROAR_SEED", 0);
    const uint64_t last = one > 0 ? one : setting("ROAR_SEEDS", SEEDS);
    for (uint64_t seed = one > 0 ? one : 1; seed <= last; seed++) {
        print_message("# seed %llu\n", (unsigned long long)seed);
        model_history(seed);
    }
    assert_true(one > 0 || model_ridden_bytes() > 900 * last);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_history_keeps_its_promises)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

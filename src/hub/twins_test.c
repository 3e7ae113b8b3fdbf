// SPDX-License-Identifier: Apache-2.0
#include "hub/twins_test.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

int twins_begin(void **state, struct hub_options options, uint64_t seed)
{
    static struct twins twins;
    for (int i = 0; i < 2; i++) {
        void *world = NULL;
        assert_int_equal(world_begin_with(&world, options), 0);
        twins.of[i] = world;
    }
    rand_init(&twins.rand, seed);
    *state = &twins;
    return 0;
}

int twins_end(void **state)
{
    struct twins *twins = *state;
    for (int i = 0; i < 2; i++) {
        void *world = twins->of[i];
        world_end(&world);
    }
    return 0;
}

void twins_assert_same(const struct twins *twins, int i)
{
    const struct prover *one = &twins->of[0]->readers[i].prover;
    const struct prover *other = &twins->of[1]->readers[i].prover;
    assert_int_equal(one->last, other->last);
    assert_int_equal(one->events, other->events);
    assert_int_equal(one->gaps, other->gaps);
    assert_int_equal(one->gap_carried, other->gap_carried);
    assert_int_equal(one->marks, other->marks);
    assert_int_equal(one->digests, other->digests);
    assert_int_equal(one->earlies, other->earlies);
    assert_int_equal(one->hellos, other->hellos);
    assert_int_equal(one->hello_seq, other->hello_seq);
    assert_int_equal(one->hello_latest, other->hello_latest);
    assert_string_equal(one->last_signal, other->last_signal);
    assert_string_equal(one->last_gap, other->last_gap);
}

// SPDX-License-Identifier: Apache-2.0
#include "base/map.h"

#include "base/rand.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

enum { KEYS = 500, STEPS = 20000 };

struct thing {
    struct map_node node;
    char key[16];
    bool is_in;
};

static struct thing things[KEYS];

static void make_things(void)
{
    for (int i = 0; i < KEYS; i++) {
        things[i] = (struct thing){.is_in = false};
        snprintf(things[i].key, sizeof(things[i].key), "key-%d", i);
        things[i].node.key = str_of(things[i].key);
    }
}

static size_t walk_and_drop(struct map *map, bool drop)
{
    size_t seen = 0;
    struct map_walk walk = {0};
    for (struct map_node *node = map_next(map, &walk); node != NULL; node = map_next(map, &walk)) {
        struct thing *thing = map_entry(node, struct thing, node);
        assert_true(thing->is_in);
        if (drop) {
            map_remove(map, node);
            thing->is_in = false;
        }
        seen++;
    }
    return seen;
}

static void test_holds_what_an_array_of_flags_holds(void **state)
{
    (void)state;
    struct map map;
    struct rand rand;
    size_t count = 0;
    make_things();
    rand_init(&rand, 3);
    map_init(&map, MEM_OTHER, 99);
    for (int step = 0; step < STEPS; step++) {
        struct thing *thing = &things[rand_below(&rand, KEYS)];
        struct map_node *found = map_find(&map, str_of(thing->key));
        assert_ptr_equal(found, thing->is_in ? &thing->node : NULL);
        if (thing->is_in) {
            map_remove(&map, &thing->node);
            count--;
        } else {
            assert_int_equal(map_add(&map, &thing->node), ERR_OK);
            count++;
        }
        thing->is_in = !thing->is_in;
        assert_int_equal(map.count, count);
    }
    assert_int_equal(walk_and_drop(&map, false), count);
    assert_int_equal(walk_and_drop(&map, true), count);
    assert_int_equal(map.count, 0);
    map_done(&map);
}

static void test_no_memory_leaves_it_as_it_was(void **state)
{
    (void)state;
    struct map map;
    make_things();
    map_init(&map, MEM_OTHER, 1);
    mem_fail_after(1);
    assert_int_equal(map_add(&map, &things[0].node), ERR_NOMEM);
    mem_fail_after(0);
    assert_null(map_find(&map, str_of(things[0].key)));
    assert_int_equal(map_add(&map, &things[0].node), ERR_OK);
    assert_ptr_equal(map_find(&map, STR("key-0")), &things[0].node);
    map_done(&map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_holds_what_an_array_of_flags_holds),
        cmocka_unit_test(test_no_memory_leaves_it_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: Apache-2.0
#include "bench/known.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define FRAME "id: k.8\ndata: {\"seq\":8,\"prev\":7}\n\n"

static void a_frame_is_known_behind_its_event_byte_for_byte(void **state)
{
    struct known known = {.frames = NULL};
    (void)state;
    assert_null(known_find(&known, 7, STR(FRAME)));
    known_add(&known, &(struct known_event){.seq = 8, .prev = 7, .due_us = 5}, STR(FRAME));

    const struct known_frame *frame = known_find(&known, 7, STR(FRAME "id: k.9\n"));
    assert_non_null(frame);
    assert_int_equal(frame->event.seq, 8);
    assert_int_equal(frame->event.due_us, 5);
    assert_int_equal(frame->len, sizeof(FRAME) - 1);

    assert_null(known_find(&known, 6, STR(FRAME)));
    assert_null(known_find(&known, 7 + KNOWN_FRAMES, STR(FRAME))); // has the same place
    for (size_t at = 0; at < sizeof(FRAME) - 1; at++) {
        char other[] = FRAME;
        other[at] ^= 1;
        assert_null(known_find(&known, 7, (struct str){.at = other, .len = sizeof(FRAME) - 1}));
        assert_null(known_find(&known, 7, (struct str){.at = other, .len = at}));
    }
    known_done(&known);
}

static void the_newest_has_the_place_and_what_is_too_long_none(void **state)
{
    struct known known = {.frames = NULL};
    static char text[KNOWN_BYTES_MAX + 1];
    (void)state;
    memset(text, 'x', sizeof(text));
    const struct known_event first = {.seq = 8, .prev = 7};
    const struct known_event second = {.seq = 9 + KNOWN_FRAMES, .prev = 7 + KNOWN_FRAMES};
    known_add(&known, &first, STR(FRAME));
    known_add(&known, &first, (struct str){.at = text, .len = sizeof(text)});
    assert_non_null(known_find(&known, 7, STR(FRAME)));
    known_add(&known, &second, (struct str){.at = text, .len = KNOWN_BYTES_MAX});
    assert_null(known_find(&known, 7, STR(FRAME)));
    assert_non_null(known_find(&known, second.prev, (struct str){.at = text, .len = sizeof(text)}));
    known_done(&known);
    known_done(&known);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_frame_is_known_behind_its_event_byte_for_byte),
        cmocka_unit_test(the_newest_has_the_place_and_what_is_too_long_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

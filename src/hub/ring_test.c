// SPDX-License-Identifier: Apache-2.0
#include "hub/ring.h"

#include "base/mem.h"
#include "base/must.h"
#include "base/rand.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { SEEDS = 300, STEPS = 400, READERS = 6, FRAMES_MAX = STEPS };

/* What was ever appended, to hold the ring against. */
struct history {
    uint8_t bytes[FRAMES_MAX * 700];
    struct ring_frame frames[FRAMES_MAX];
    uint64_t ends[FRAMES_MAX];
    uint32_t count;
};

static struct history history;

static void append_one(struct ring *ring, struct rand *rand)
{
    uint8_t bytes[700];
    const size_t len = 1 + rand_below(rand, rand_below(rand, 8) == 0 ? 699 : 90);
    struct ring_place place = ring->last;
    if (rand_below(rand, 5) > 0) { // else a signal
        place.seq += 1 + rand_below(rand, 4);
        place.ordinal++;
    }
    for (size_t i = 0; i < len; i++) {
        bytes[i] = (uint8_t)rand_next(rand);
    }
    const uint64_t at = ring->head;
    ring_append(ring, (struct str){.at = (const char *)bytes, .len = len},
                &(struct ring_frame){.place = place, .events = 1});
    if (ring->head == at + len) { // kept
        memcpy(history.bytes + at, bytes, len);
        history.frames[history.count] = (struct ring_frame){.offset = at, .place = place};
        history.ends[history.count] = at + len;
        history.count++;
    }
}

static void check_against_history(const struct ring *ring)
{
    ring_check(ring);
    if (ring->head > ring->tail) {
        assert_memory_equal(ring_at(ring, ring->tail), history.bytes + ring->tail,
                            ring->head - ring->tail);
    }
    for (uint32_t i = 0; i < ring->frame_count; i++) {
        const struct ring_frame *frame = ring_frame(ring, i);
        const uint32_t known = history.count - ring->frame_count + i;
        assert_int_equal(frame->offset, history.frames[known].offset);
        assert_int_equal(frame->place.seq, history.frames[known].place.seq);
        assert_int_equal(ring_frame_end(ring, i), history.ends[known]);
        assert_int_equal(ring_frame_at(ring, frame->offset), i);
        assert_int_equal(ring_frame_at(ring, ring_frame_end(ring, i) - 1), i);
    }
}

static void check_find(const struct ring *ring, struct rand *rand)
{
    uint32_t index = 0;
    const uint64_t seq = rand_below(rand, ring->last.seq + 3);
    if (!ring_find(ring, seq, &index)) {
        assert_true(seq < ring->before.seq || seq > ring->last.seq);
        return;
    }
    assert_true(ring_place_before(ring, index).seq <= seq);
    assert_true(index == ring->frame_count || ring_frame(ring, index)->place.seq > seq);
}

/* As a viewer's cursor is: the start of a frame, or head. */
static void need_somewhere(struct ring *ring, struct rand *rand)
{
    const uint32_t index = (uint32_t)rand_below(rand, ring->frame_count + UINT64_C(1));
    ring->needed = index < ring->frame_count ? ring_frame(ring, index)->offset : ring->head;
}

static void shrink_some(struct ring *ring, struct rand *rand)
{
    const uint64_t held = ring_held_bytes(ring), needed = ring->needed;
    const bool was_needed = needed >= ring->tail && needed < ring->head;
    mem_fail_after(rand_below(rand, 4));
    ring_shrink(ring);
    mem_fail_after(0);
    assert_true(ring_held_bytes(ring) <= held);
    assert_true(!was_needed || ring->tail <= needed);
}

static void any_history_is_kept_byte_for_byte_up_to_the_bound(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct rand rand;
        struct ring ring;
        rand_init(&rand, seed);
        history.count = 0;
        const uint64_t bytes_max = 100 + rand_below(&rand, 12000);
        ring_init(&ring, bytes_max, (struct ring_place){.seq = 10, .ordinal = 3});
        for (int i = 0; i < STEPS; i++) {
            mem_fail_after(seed % 3 == 0 && rand_below(&rand, 4) == 0 ? 1 : 0);
            append_one(&ring, &rand);
            mem_fail_after(0);
            if (rand_below(&rand, 10) == 0) {
                need_somewhere(&ring, &rand);
            }
            if (rand_below(&rand, 20) == 0) {
                shrink_some(&ring, &rand);
            }
            if (ring.frame_count <= history.count) {
                check_against_history(&ring);
            }
            check_find(&ring, &rand);
            assert_true(ring.cap <= bytes_max);
        }
        ring_done(&ring);
    }
    assert_int_equal(mem_held_bytes(MEM_RING), 0);
}

static void append_text(struct ring *ring, size_t len)
{
    static const char text[8192];
    const struct ring_place place = {.seq = ring->last.seq + 1, .ordinal = ring->last.ordinal + 1};
    ring_append(ring, (struct str){.at = text, .len = len},
                &(struct ring_frame){.place = place, .events = 1});
}

static void what_nobody_needs_goes_before_it_grows(void **state)
{
    (void)state;
    struct ring ring;
    ring_init(&ring, 64 * 1024, (struct ring_place){0});
    for (int i = 0; i < 1000; i++) {
        append_text(&ring, 100);
        ring.needed = ring.head;
    }
    assert_int_equal(ring.cap, RING_BYTES_MIN);
    const uint64_t slow = ring.head;
    for (int i = 0; i < 600; i++) {
        append_text(&ring, 100);
        ring.needed = slow;
    }
    assert_int_equal(ring.cap, 64 * 1024);
    assert_true(ring.tail <= slow);
    for (int i = 0; i < 100; i++) {
        append_text(&ring, 100);
        ring.needed = slow;
    }
    assert_int_equal(ring.cap, 64 * 1024);
    assert_true(ring.tail > slow);
    ring_done(&ring);
}

static void what_cannot_be_kept_is_forgotten_with_its_place(void **state)
{
    (void)state;
    struct ring ring;
    ring_init(&ring, 1000, (struct ring_place){0});
    append_text(&ring, 100);
    const uint64_t reader = ring.head;
    append_text(&ring, 1001);
    ring_check(&ring);
    assert_true(reader < ring.tail);
    assert_int_equal(ring.last.ordinal, 2);
    assert_int_equal(ring_place_before(&ring, 0).ordinal, 2);
    const uint64_t after = ring.head;
    append_text(&ring, 1000);
    ring_check(&ring);
    assert_int_equal(ring.tail, after);
    ring_done(&ring);
}

/* It moves no event, and tells of some that nobody can be sent any more. */
static void what_tells_of_lost_events_is_missed_when_it_is_lost(void **state)
{
    (void)state;
    struct ring ring;
    ring_init(&ring, 1000, (struct ring_place){0});
    append_text(&ring, 100);
    uint64_t reader = ring.head;
    ring_lose(&ring, ring.last); // a signal
    assert_int_equal(ring.tail, reader);
    const struct ring_place beyond = {.seq = ring.last.seq + 5, .ordinal = ring.last.ordinal};
    ring_append(&ring, STR("gap"), &(struct ring_frame){.place = beyond});
    ring_check(&ring);
    reader = ring.head;
    ring_lose(&ring, (struct ring_place){.seq = beyond.seq + 1, .ordinal = beyond.ordinal});
    ring_check(&ring);
    assert_true(reader < ring.tail);
    ring_done(&ring);
}

/* The crowd left, or the burst is over. */
static void it_shrinks_to_what_was_waited_for(void **state)
{
    (void)state;
    struct ring ring;
    ring_init(&ring, 64 * 1024, (struct ring_place){0});
    for (int i = 0; i < 500; i++) {
        append_text(&ring, 100); // nobody reads
    }
    assert_int_equal(ring.cap, 64 * 1024);
    ring_shrink(&ring);
    assert_int_equal(ring.cap, 64 * 1024); // they are waited for
    assert_int_equal(ring.tail, 0);
    ring.needed = ring.head;
    ring_shrink(&ring); // they were until now
    for (int i = 0; i < 100; i++) {
        append_text(&ring, 100);
        ring.needed = ring.head;
    }
    ring_shrink(&ring);
    ring_check(&ring);
    assert_int_equal(ring.cap, RING_BYTES_MIN);
    assert_true(ring.frame_cap <= 2 * RING_FRAMES_MIN);
    assert_int_equal(ring.head, 60000);
    ring_shrink(&ring);
    assert_int_equal(ring_held_bytes(&ring), 0);
    append_text(&ring, 100);
    ring_check(&ring);
    assert_int_equal(ring.cap, RING_BYTES_MIN);
    ring_done(&ring);
}

/* However its slowest reader creeps along behind it, and at its bound as well. */
static void a_byte_is_moved_three_times_at_most(void **state)
{
    enum { LEN = 100 };
    (void)state;
    struct ring ring;
    uint64_t moved = 0, appended = 0;
    ring_init(&ring, 16 * 1024, (struct ring_place){0});
    for (int i = 0; i < 20000; i++) {
        const uint8_t *bytes = ring.bytes;
        const uint64_t tail = ring.tail;
        append_text(&ring, LEN);
        appended += LEN;
        if (ring.bytes != bytes || (ring.tail > tail && ring.start == 0)) {
            moved += ring.head - ring.tail - LEN;
        }
        if (i > 155 && i < 15000) { // all but a few frames of the ring behind; then not at all
            ring.needed += LEN;
        }
        if (ring.needed < ring.tail) {
            ring.needed = ring.tail;
        }
    }
    assert_in_range(moved, 1, 3 * appended);
    ring_done(&ring);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_history_is_kept_byte_for_byte_up_to_the_bound),
        cmocka_unit_test(what_nobody_needs_goes_before_it_grows),
        cmocka_unit_test(what_cannot_be_kept_is_forgotten_with_its_place),
        cmocka_unit_test(what_tells_of_lost_events_is_missed_when_it_is_lost),
        cmocka_unit_test(it_shrinks_to_what_was_waited_for),
        cmocka_unit_test(a_byte_is_moved_three_times_at_most),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

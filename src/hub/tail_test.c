// SPDX-License-Identifier: Apache-2.0
#include "hub/tail.h"

#include "base/mem.h"
#include "base/must.h"
#include "base/rand.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { SEEDS = 200, LOG = 300 };

static struct event *log_of[LOG];

static void make_log(struct rand *rand)
{
    uint64_t prev = 0;
    for (int i = 0; i < LOG; i++) {
        struct event *event =
            event_new((struct str){.at = "xxxxxxxxxxxxxxxxxxxx", .len = rand_below(rand, 20)});
        must(event != NULL);
        event->kind = rand_below(rand, 6) == 0 ? EVENT_PIN : EVENT_COMMENT;
        event->prev = prev;
        event->seq = prev + 1 + rand_below(rand, 3);
        prev = event->seq;
        log_of[i] = event;
    }
}

static void free_log(void)
{
    for (int i = 0; i < LOG; i++) {
        event_unref(log_of[i]);
    }
}

/* What it says to cover, it has: exactly the log after that place. */
static void check(const struct tail *tail, int end, struct rand *rand)
{
    tail_check(tail);
    for (int n = 0; n < 5; n++) {
        const int at = (int)rand_below(rand, (uint64_t)end + 1);
        const uint64_t seq = at == 0 ? 0 : log_of[at - 1]->seq;
        uint32_t count = 0;
        if (!tail_covers(tail, seq)) {
            continue;
        }
        struct event *const *events = tail_after(tail, seq, &count);
        assert_int_equal(count, end - at);
        for (uint32_t i = 0; i < count; i++) {
            assert_ptr_equal(events[i], log_of[at + (int)i]);
        }
    }
    uint64_t start = 0;
    const uint32_t wanted = 1 + (uint32_t)rand_below(rand, 40);
    if (tail_find_start(tail, wanted, (struct lane_rule){.lane = LANE_FULL}, &start)) {
        uint32_t comments = 0, all = 0;
        for (int i = 0; i < end; i++) {
            const bool counts = (TAIL_COUNTED_KINDS >> log_of[i]->kind & 1U) != 0;
            all += counts;
            comments += counts && log_of[i]->seq > start;
        }
        assert_int_equal(comments, all < wanted ? all : wanted);
    }
}

static int push_some(struct tail *tail, int end, uint64_t count)
{
    for (; count > 0 && end < LOG; count--) {
        tail_push(tail, log_of[end]);
        end++;
    }
    return end;
}

static void extend(struct tail *tail)
{
    int front = 0; // how many of the log are not covered
    while (front < LOG && log_of[front]->seq <= tail->covers) {
        front++;
    }
    const int from = front > 30 ? front - 30 : 0;
    tail_extend(tail, log_of + from, (uint32_t)(front - from), from == 0);
}

static void a_tail_has_all_that_it_covers(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct rand rand;
        struct tail tail;
        rand_init(&rand, seed);
        make_log(&rand);
        int end = 100;
        tail_init(&tail, 20 + (uint32_t)rand_below(&rand, 200), 2000 + rand_below(&rand, 40000),
                  log_of[99]->seq);
        for (int i = 0; i < 60 && end < LOG; i++) {
            mem_fail_after(seed % 3 == 0 && rand_below(&rand, 4) == 0 ? 1 : 0);
            if (rand_below(&rand, 4) == 0 && tail_has_room(&tail)) {
                extend(&tail);
            } else {
                end = push_some(&tail, end, rand_below(&rand, 8));
            }
            mem_fail_after(0);
            check(&tail, end, &rand);
        }
        tail_done(&tail);
        free_log();
    }
    assert_int_equal(mem_held_bytes(MEM_EVENT), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_tail_has_all_that_it_covers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

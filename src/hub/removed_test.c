// SPDX-License-Identifier: Apache-2.0
#include "hub/removed.h"

#include "base/mem.h"
#include "base/must.h"
#include "base/rand.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { SEEDS = 300, LOG = 200, STEPS = 60, USERS = 3 };

/* A log, what a hub holds of it, and which of it really is removed. */
struct rig {
    struct rand rand;
    struct tail tail, shadowed;
    struct removed removed;
    uint64_t seqs[LOG];
    uint8_t kinds[LOG], users[LOG];
    bool is_shadowed[LOG], is_removed[LOG];
    int count;
};

static uint64_t below(struct rig *rig, uint64_t limit)
{
    return rand_below(&rig->rand, limit);
}

static void grow(struct rig *rig)
{
    static const char *const bodies[USERS] = {
        "\"user\":{\"id\":\"u0\"}", "\"user\":{\"id\":\"u1\"}", "\"user\":{\"id\":\"u2\"}"};
    const int i = rig->count++;
    rig->users[i] = (uint8_t)below(rig, USERS);
    struct event *event = event_new(str_of(bodies[rig->users[i]]));
    must(event != NULL);
    rig->kinds[i] = below(rig, 6) == 0 ? EVENT_PIN : EVENT_COMMENT;
    rig->is_removed[i] =
        rig->kinds[i] == EVENT_COMMENT && below(rig, 12) == 0; // a read found it so
    rig->is_shadowed[i] = rig->kinds[i] == EVENT_COMMENT && below(rig, 8) == 0;
    rig->seqs[i] = (i == 0 ? 0 : rig->seqs[i - 1]) + 1 + below(rig, 3);
    event->kind = rig->is_removed[i] ? EVENT_REMOVED : rig->kinds[i];
    event->flags = rig->is_shadowed[i] ? EVENT_FLAG_SHADOW : 0;
    event->seq = rig->seqs[i];
    if (!rig->is_shadowed[i] && rig->is_removed[i]) {
        removed_note(&rig->removed, event->seq);
    }
    tail_push(rig->is_shadowed[i] ? &rig->shadowed : &rig->tail, event);
    event_unref(event);
}

static void apply(struct rig *rig, const struct removal *removal)
{
    static const char *const names[USERS] = {"u0", "u1", "u2"};
    assert_int_equal(tail_redact(&rig->tail, removal), ERR_OK);
    assert_int_equal(tail_redact(&rig->shadowed, removal), ERR_OK);
    removed_apply(&rig->removed, removal, &rig->tail, &rig->shadowed);
    for (int i = 0; i < rig->count; i++) {
        const bool is_named = removal_covers(removal, rig->seqs[i], str_of(names[rig->users[i]]));
        rig->is_removed[i] = rig->is_removed[i] || (rig->kinds[i] == EVENT_COMMENT && is_named);
    }
}

static void take_away(struct rig *rig)
{
    static const char *const names[USERS] = {"u0", "u1", "u2"};
    uint64_t seqs[5];
    struct removal removal = {.of = REMOVAL_SEQS, .seqs = seqs};
    const uint64_t how = below(rig, 8);
    if (how < 6) {
        for (int i = 0; i < rig->count && removal.count < 5; i++) {
            if (rig->kinds[i] == EVENT_COMMENT && below(rig, 20) == 0) {
                seqs[removal.count++] = rig->seqs[i];
            }
        }
    } else {
        removal = (struct removal){.of = how == 6 ? REMOVAL_USER : REMOVAL_ALL,
                                   .user = str_of(names[below(rig, USERS)]),
                                   .upto = rig->seqs[below(rig, (uint64_t)rig->count)]};
    }
    apply(rig, &removal);
}

/* What it says is so. */
static uint64_t check(struct rig *rig)
{
    const uint64_t after = below(rig, rig->seqs[rig->count - 1] + 1);
    const uint64_t upto = after + below(rig, 200);
    uint64_t said = 0, found = 0;
    removed_check(&rig->removed);
    if (!removed_count(&rig->removed, after, upto, &said)) {
        assert_true(after < rig->removed.since);
        return 0;
    }
    for (int i = 0; i < rig->count; i++) {
        found += rig->is_removed[i] && !rig->is_shadowed[i] && rig->seqs[i] > after &&
                 rig->seqs[i] <= upto;
    }
    assert_int_equal(said, found);
    return found;
}

static void it_knows_what_it_says(void **state)
{
    (void)state;
    uint64_t found = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct rig rig = {.count = 0};
        rand_init(&rig.rand, seed);
        tail_init(&rig.tail, 20 + (uint32_t)below(&rig, 100), 1 << 20, 0);
        tail_init(&rig.shadowed, below(&rig, 2) == 0 ? 5 : 100, 1 << 20, 0);
        rig.tail.is_whole = true;
        removed_init(&rig.removed, 0);
        for (int step = 0; step < STEPS && rig.count < LOG - 5; step++) {
            for (uint64_t n = 1 + below(&rig, 4); n > 0; n--) {
                grow(&rig);
            }
            mem_fail_after(seed % 4 == 3 && below(&rig, 4) == 0 ? 1 : 0);
            if (below(&rig, 30) == 0) {
                removed_note(&rig.removed, rig.seqs[rig.count - 1] + 1); // fails, or is forgotten
                removed_forget(&rig.removed, rig.seqs[rig.count - 1] + 1);
            }
            mem_fail_after(0);
            if (below(&rig, 3) == 0) {
                take_away(&rig);
            }
            found += check(&rig);
        }
        removed_done(&rig.removed);
        tail_done(&rig.tail);
        tail_done(&rig.shadowed);
    }
    assert_true(found > SEEDS);
}

static void it_is_bounded(void **state)
{
    (void)state;
    struct removed removed;
    uint64_t count = 0;
    removed_init(&removed, 7);
    for (uint64_t seq = 1; seq <= 3 * REMOVED_PLACES_MAX; seq++) {
        removed_note(&removed, seq);
        removed_note(&removed, seq);
    }
    removed_check(&removed);
    const uint64_t since = 2 * (uint64_t)REMOVED_PLACES_MAX;
    assert_int_equal(removed.since, since);
    assert_true(removed_count(&removed, since, since + 9, &count));
    assert_int_equal(count, 9);
    assert_false(removed_count(&removed, since - 1, since + 9, &count));
    assert_true(removed.cap <= 2 * REMOVED_PLACES_MAX);
    removed_done(&removed);
}

static void without_memory_it_says_nothing(void **state)
{
    (void)state;
    struct removed removed;
    uint64_t count = 1;
    removed_init(&removed, 0);
    mem_fail_after(1);
    removed_note(&removed, 10);
    mem_fail_after(0);
    assert_false(removed_count(&removed, 9, 20, &count));
    assert_true(removed_count(&removed, 10, 20, &count));
    assert_int_equal(count, 0);
    removed_note(&removed, 12);
    assert_true(removed_count(&removed, 10, 20, &count));
    assert_int_equal(count, 1);
    removed_done(&removed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(it_knows_what_it_says),
                                       cmocka_unit_test(it_is_bounded),
                                       cmocka_unit_test(without_memory_it_says_nothing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

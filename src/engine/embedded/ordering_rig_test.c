// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/ordering_rig_test.h"

#include "engine/embedded/acts.h"
#include "engine/embedded/store_memory_test.h"
#include "engine/embedded/submits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void open_ordering(struct ordering_rig *rig)
{
    assert_int_equal(
        ordering_open(&rig->ordering, &rig->store, &rig->identity, rig->rules, rig->now), ERR_OK);
}

void ordering_rig_open(struct ordering_rig *rig, const struct embedded_rules *rules,
                       struct moment now)
{
    rig->rules = rules;
    rig->now = now;
    log_tail_init(&rig->tail, 1, 1 << 20);
    bus_init(&rig->bus,
             &(struct bus_bounds){.events_max = BUS_EVENTS_MAX, .bytes_max = BUS_BYTES_MAX});
    store_memory_open(&rig->store, &rig->identity);
    open_ordering(rig);
}

void ordering_rig_close(struct ordering_rig *rig)
{
    ordering_close(&rig->ordering);
    bus_done(&rig->bus);
    store_close(&rig->store);
    log_tail_done(&rig->tail);
}

void ordering_rig_reopen(struct ordering_rig *rig)
{
    ordering_close(&rig->ordering);
    open_ordering(rig);
}

struct outlet ordering_rig_outlet(struct ordering_rig *rig)
{
    return (struct outlet){.heads = &rig->ordering.heads,
                           .bus = &rig->bus,
                           .tail = &rig->tail,
                           .mono_ms = rig->now.mono_ms};
}

void ordering_rig_begin(struct ordering_rig *rig)
{
    ordering_begin(&rig->ordering);
    assert_int_equal(store_begin_write(&rig->store), ERR_OK);
}

void ordering_rig_commit(struct ordering_rig *rig)
{
    const struct outlet outlet = ordering_rig_outlet(rig);
    assert_int_equal(store_commit(&rig->store), ERR_OK);
    ordering_settle(&rig->ordering);
    outbox_publish(&rig->ordering.outbox, &outlet);
}

struct submit ordering_rig_comment(const char *stream, const char *user)
{
    return (struct submit){.stream = str_of(stream),
                           .author = {.id = str_of(user), .name = STR("A name")},
                           .address = STR("address"),
                           .text = STR("secret"),
                           .media_ms = -1};
}

uint64_t ordering_rig_post(struct ordering_rig *rig, const struct submit *submit)
{
    struct verdict verdict;
    assert_int_equal(submits_judge(&rig->ordering, submit, rig->now, &verdict), ERR_OK);
    assert_int_equal(verdict.end, SUBMIT_DONE);
    const uint64_t seq = verdict.event->seq;
    event_unref(verdict.event);
    return seq;
}

struct act_verdict ordering_rig_act(struct ordering_rig *rig, const struct act_call *call)
{
    struct act_verdict verdict;
    assert_int_equal(acts_judge(&rig->ordering, call, rig->now, &verdict), ERR_OK);
    return verdict;
}

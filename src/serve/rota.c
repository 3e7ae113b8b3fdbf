// SPDX-License-Identifier: Apache-2.0
#include "serve/rota.h"

static struct link *slot_of(struct rota *rota, int64_t number)
{
    return &rota->slots[number % ROTA_SLOTS];
}

static void arm(struct rota *rota, int64_t number)
{
    wheel_arm(rota->wheel, &rota->timer, number * ROTA_SLOT_MS);
}

/* To the next slot that holds anything; with none the timer rests. */
static void arm_next(struct rota *rota)
{
    if (!list_is_empty(&rota->overdue)) {
        arm(rota, rota->at);
        return;
    }
    for (int64_t number = rota->at; number < rota->at + ROTA_SLOTS; number++) {
        if (!list_is_empty(slot_of(rota, number))) {
            arm(rota, number);
            return;
        }
    }
}

/* The calendar begins behind `last` from here on: what is planned anew is planned from now. */
static void take_due(struct rota *rota, int64_t last)
{
    for (int i = 0; i < ROTA_SLOTS && rota->at <= last; i++) {
        list_push_all(&rota->overdue, slot_of(rota, rota->at));
        rota->at++;
    }
    rota->at = rota->at > last ? rota->at : last + 1;
}

static void on_fire(struct timer *timer)
{
    struct rota *rota = list_entry(timer, struct rota, timer);
    const int64_t now_ms = rota->now_ms(rota->user);
    uint32_t seen = 0;
    take_due(rota, now_ms / ROTA_SLOT_MS);
    rota->is_firing = true;
    for (; seen < rota->due_max && !list_is_empty(&rota->overdue); seen++) {
        rota->due(list_entry(list_pop(&rota->overdue), struct sweep_entry, link), now_ms);
    }
    rota->is_firing = false;
    if (rota->seen != NULL && seen > 0) {
        metric_observe(rota->seen, seen);
    }
    arm_next(rota);
}

void rota_init(struct rota *rota, const struct rota_options *options)
{
    *rota = (struct rota){.wheel = options->wheel,
                          .due_max = options->due_max > 0 ? options->due_max : ROTA_DUE_MAX,
                          .seen = options->seen,
                          .now_ms = options->now_ms,
                          .due = options->due,
                          .user = options->user,
                          .timer = {.fire = on_fire}};
    for (int i = 0; i < ROTA_SLOTS; i++) {
        list_init(&rota->slots[i]);
    }
    list_init(&rota->overdue);
    rota->at = options->now_ms(options->user) / ROTA_SLOT_MS;
}

void rota_done(struct rota *rota)
{
    if (rota->wheel != NULL) {
        wheel_cancel(rota->wheel, &rota->timer);
        rota->wheel = NULL;
    }
}

void rota_plan(struct rota *rota, struct sweep_entry *entry, int64_t at_ms)
{
    const bool is_at_rest = !rota->is_firing && !list_holds(&rota->timer.link);
    if (is_at_rest) { // every slot is empty
        rota->at = rota->now_ms(rota->user) / ROTA_SLOT_MS;
    }
    int64_t number = (at_ms + ROTA_SLOT_MS - 1) / ROTA_SLOT_MS;
    number = number > rota->at ? number : rota->at;
    number = number < rota->at + ROTA_SLOTS ? number : rota->at + ROTA_SLOTS - 1;
    list_remove(&entry->link);
    list_push(slot_of(rota, number), &entry->link);
    entry->due_ms = number * ROTA_SLOT_MS;
    if (!rota->is_firing && (is_at_rest || entry->due_ms < rota->timer.at_ms)) {
        arm(rota, number);
    }
}

// SPDX-License-Identifier: Apache-2.0
#include "serve/sweep.h"

static struct sweep_entry *first_of(const struct sweep *sweep)
{
    return list_is_empty(&sweep->entries)
               ? NULL
               : list_entry(sweep->entries.next, struct sweep_entry, link);
}

/* The timer may stand too early, when its entry left since; then it finds nothing due. */
static void on_fire(struct timer *timer)
{
    struct sweep *sweep = list_entry(timer, struct sweep, timer);
    const int64_t now_ms = sweep->now_ms(sweep->user);
    struct sweep_entry *entry = first_of(sweep);
    while (entry != NULL && entry->due_ms <= now_ms) {
        list_remove(&entry->link);
        sweep->due(entry, now_ms);
        entry = first_of(sweep);
    }
    if (entry != NULL) {
        wheel_arm(sweep->wheel, &sweep->timer, entry->due_ms);
    }
}

void sweep_init(struct sweep *sweep, const struct sweep_options *options)
{
    *sweep = (struct sweep){.wheel = options->wheel,
                            .interval_ms = options->interval_ms,
                            .now_ms = options->now_ms,
                            .due = options->due,
                            .user = options->user,
                            .timer = {.fire = on_fire}};
    list_init(&sweep->entries);
}

void sweep_done(struct sweep *sweep)
{
    if (sweep->wheel != NULL) {
        wheel_cancel(sweep->wheel, &sweep->timer);
        sweep->wheel = NULL;
    }
}

void sweep_add(struct sweep *sweep, struct sweep_entry *entry)
{
    list_remove(&entry->link);
    entry->due_ms = sweep->now_ms(sweep->user) + sweep->interval_ms;
    list_push(&sweep->entries, &entry->link);
    if (!list_holds(&sweep->timer.link)) {
        wheel_arm(sweep->wheel, &sweep->timer, entry->due_ms);
    }
}

void sweep_remove(struct sweep_entry *entry)
{
    list_remove(&entry->link);
}

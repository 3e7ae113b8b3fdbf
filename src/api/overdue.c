// SPDX-License-Identifier: Apache-2.0
#include "api/overdue.h"

static void on_due(struct sweep_entry *due, int64_t now_ms)
{
    (void)now_ms;
    struct overdue_entry *entry = list_entry(due, struct overdue_entry, entry);
    if (entry->was_seen) {
        entry->late(entry);
    } else {
        entry->was_seen = true;
        sweep_add(&entry->overdue->sweep, due);
    }
}

void overdue_init(struct overdue *overdue, const struct sweep_options *options)
{
    struct sweep_options own = *options;
    own.due = on_due;
    sweep_init(&overdue->sweep, &own);
}

bool overdue_has_begun(const struct overdue *overdue)
{
    return overdue->sweep.wheel != NULL;
}

void overdue_add(struct overdue *overdue, struct overdue_entry *entry,
                 void (*late)(struct overdue_entry *entry))
{
    *entry = (struct overdue_entry){.overdue = overdue, .late = late};
    sweep_add(&overdue->sweep, &entry->entry);
}

void overdue_remove(struct overdue_entry *entry)
{
    sweep_remove(&entry->entry);
}

void overdue_done(struct overdue *overdue)
{
    sweep_done(&overdue->sweep);
}

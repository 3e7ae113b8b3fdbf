// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/removers.h"

#include "base/mem.h"
#include "engine/embedded/evidence.h"
#include "engine/embedded/sweeps.h"

#include <stddef.h>
#include <stdlib.h>

enum { BEGIN_WITH = 8 };

struct search {
    struct store *store;
    const struct store_row *row;
    struct sweeps sweeps;
    struct removers found;
    uint32_t cap;
    uint64_t excepted; // it was restored: sweeps of acts up to this one do not remove it
};

static enum err add(struct search *search, uint64_t act)
{
    struct removers *found = &search->found;
    if (found->count == search->cap) {
        const uint32_t cap = search->cap == 0 ? BEGIN_WITH : search->cap * 2;
        uint64_t *acts = mem_resize(MEM_ENGINE, found->acts, cap * sizeof(*acts));
        if (acts == NULL) {
            return ERR_NOMEM;
        }
        found->acts = acts;
        search->cap = cap;
    }
    found->acts[found->count++] = act;
    return ERR_OK;
}

/* Those that have reached its row. */
static enum err look_at_removals(struct search *search)
{
    sqlite3_stmt *walk = NULL;
    int64_t act = 0;
    enum err err = ERR_OK;
    TRY(evidence_acts(search->store, search->row->stream, search->row->seq, &walk));
    while ((err = evidence_next_act(search->store, walk, &act)) == ERR_OK) {
        if (act < 0 && (uint64_t)-act > search->excepted) {
            search->excepted = (uint64_t)-act;
        } else if (act > 0 && act != EVIDENCE_SHADOW &&
                   !sweeps_is_lifted(&search->sweeps, (uint64_t)act)) {
            TRY(add(search, (uint64_t)act));
        }
    }
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

/* Those that are still on their way to it. */
static enum err look_at_sweeps(struct search *search)
{
    uint64_t act = 0;
    uint32_t at = 0;
    while ((act = sweeps_each(&search->sweeps, search->row, search->excepted, &at)) != 0) {
        TRY(add(search, act));
    }
    return ERR_OK;
}

static enum err look(struct search *search)
{
    TRY(search->row->kind == EVENT_REMOVED ? look_at_removals(search) : ERR_OK);
    return look_at_sweeps(search);
}

static int newest_first(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a;
    const uint64_t y = *(const uint64_t *)b;
    return (x < y) - (x > y);
}

enum err removers_find(struct store *store, const struct store_row *row,
                       struct removers *ret_removers)
{
    struct search search = {.store = store, .row = row};
    TRY(sweeps_load_on(store, row, &search.sweeps));
    const enum err err = look(&search);
    sweeps_done(&search.sweeps);
    if (err != ERR_OK) {
        removers_done(&search.found);
        return err;
    }
    if (search.found.count > 0) {
        qsort(search.found.acts, search.found.count, sizeof(search.found.acts[0]), newest_first);
    }
    *ret_removers = search.found;
    return ERR_OK;
}

void removers_done(struct removers *removers)
{
    mem_free(MEM_ENGINE, removers->acts);
    *removers = (struct removers){.count = 0};
}

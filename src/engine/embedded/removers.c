// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/removers.h"

#include "engine/embedded/evidence.h"
#include "engine/embedded/sweeps.h"

#include <stddef.h>

struct search {
    struct store *store;
    const struct store_row *row;
    struct sweeps sweeps;
    uint64_t below, newest;
    uint64_t excepted; // it was restored: sweeps of acts up to this one do not remove it
};

static void consider(struct search *search, uint64_t act)
{
    if (act < search->below && act > search->newest) {
        search->newest = act;
    }
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
            consider(search, (uint64_t)act);
        }
    }
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

/* Those that are still on their way to it. */
static void look_at_sweeps(struct search *search)
{
    uint64_t act = search->excepted;
    while ((act = sweeps_after(&search->sweeps, search->row, act)) != 0) {
        consider(search, act);
    }
}

enum err removers_newest(struct store *store, const struct store_row *row, uint64_t below,
                         uint64_t *ret_act)
{
    struct search search = {.store = store, .row = row, .below = below};
    TRY(sweeps_load_on(store, row, &search.sweeps));
    const enum err err = row->kind == EVENT_REMOVED ? look_at_removals(&search) : ERR_OK;
    look_at_sweeps(&search);
    sweeps_done(&search.sweeps);
    *ret_act = err == ERR_OK ? search.newest : *ret_act;
    return err;
}

// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/ranks.h"

#include "base/hash.h"
#include "engine/embedded/store_sanctions.h"

#include <string.h>

/* What is newer than all that was known is seldom. */
static enum err note_all(struct ranks *ranks, struct store *store, const struct rank *rank)
{
    ranks_forget(ranks);
    return store_sanctions_set_all_roles(store, rank->user, rank->roles);
}

enum err ranks_note(struct ranks *ranks, struct store *store, const struct rank *rank)
{
    const uint64_t who[] = {(uint64_t)rank->stream, rank->user_hash};
    const uint64_t hash = hash_bytes(0, who, sizeof(who));
    const uint64_t known = hash_bytes(rank->roles, &hash, sizeof(hash)) | 1; // none is 0
    uint64_t *place = &ranks->known[hash % RANKS_KNOWN];
    uint32_t roles = 0;
    if (rank->stream == 0) {
        return note_all(ranks, store, rank);
    }
    if (*place == known) {
        return ERR_OK;
    }
    TRY(store_sanctions_roles(store, rank->stream, rank->user, &roles));
    if (roles != rank->roles) {
        TRY(store_sanctions_set_roles(store, rank->stream, rank->user, rank->roles));
    }
    *place = known;
    return ERR_OK;
}

void ranks_forget(struct ranks *ranks)
{
    memset(ranks, 0, sizeof(*ranks));
}

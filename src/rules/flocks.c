// SPDX-License-Identifier: Apache-2.0
#include "rules/flocks.h"

#include "base/hash.h"
#include "base/mem.h"

#include <stdbool.h>
#include <stddef.h>

enum { PAIRS = SKETCH_PLACES / 2, PAIRS_AGREE = 2, KEYS_A_TEXT = 2, ROOM = 2 };

_Static_assert(PAIRS - (SKETCH_PLACES - SKETCH_ALIKE) >= PAIRS_AGREE, "who is near meets");

static uint32_t power_of_two(uint32_t least)
{
    uint32_t power = 1;
    while (power < least) {
        power *= 2;
    }
    return power;
}

enum err flocks_init(struct flocks *flocks, uint32_t max, uint64_t seed)
{
    const uint32_t keys = power_of_two(ROOM * KEYS_A_TEXT * max);
    const uint32_t heads = power_of_two(PAIRS * max);
    *flocks =
        (struct flocks){.max = max, .key_mask = keys - 1, .head_mask = heads - 1, .seed = seed};
    flocks->keys = mem_new(MEM_ENGINE, keys * sizeof(*flocks->keys));
    flocks->heads = mem_new(MEM_ENGINE, heads * sizeof(*flocks->heads));
    flocks->links = mem_new(MEM_ENGINE, (PAIRS * (size_t)max + 1) * sizeof(*flocks->links));
    flocks->firsts = mem_new(MEM_ENGINE, ((size_t)max + 1) * sizeof(*flocks->firsts));
    flocks->asked = mem_new(MEM_ENGINE, ((size_t)max + 1) * sizeof(*flocks->asked));
    if (flocks->keys == NULL || flocks->heads == NULL || flocks->links == NULL ||
        flocks->firsts == NULL || flocks->asked == NULL) {
        flocks_done(flocks);
        return ERR_NOMEM;
    }
    return ERR_OK;
}

void flocks_done(struct flocks *flocks)
{
    mem_free(MEM_ENGINE, flocks->keys);
    mem_free(MEM_ENGINE, flocks->heads);
    mem_free(MEM_ENGINE, flocks->links);
    mem_free(MEM_ENGINE, flocks->firsts);
    mem_free(MEM_ENGINE, flocks->asked);
    *flocks = (struct flocks){.count = 0};
}

/* ---- by what is the same ---- */

/* Where it is, or belongs. */
static struct flock_key *find_key(const struct flocks *flocks, uint64_t key)
{
    uint32_t at = (uint32_t)hash_bytes(flocks->seed, &key, sizeof(key)) & flocks->key_mask;
    while (flocks->keys[at].key != 0 && flocks->keys[at].key != key) {
        at = (at + 1) & flocks->key_mask;
    }
    return &flocks->keys[at];
}

static uint32_t flock_of_key(const struct flocks *flocks, uint64_t key)
{
    return key == 0 ? 0 : find_key(flocks, key)->flock;
}

/* Of a flock first come stays. */
static void add_key(struct flocks *flocks, uint64_t key, uint32_t flock)
{
    struct flock_key *place = key == 0 ? NULL : find_key(flocks, key);
    if (place != NULL && place->key == 0) {
        *place = (struct flock_key){.key = key, .flock = flock};
    }
}

/* ---- by what is near ---- */

static uint32_t *chain_of(const struct flocks *flocks, const struct sketch *sketch, uint32_t pair)
{
    const uint16_t *least = &sketch->least[2 * pair];
    const uint64_t value = (uint64_t)pair << 32 | (uint64_t)least[0] << 16 | least[1];
    const uint64_t hash = hash_bytes(flocks->seed, &value, sizeof(value));
    return &flocks->heads[(uint32_t)hash & flocks->head_mask];
}

/* Each flock is held against it once. */
static bool is_first_of_near(struct flocks *flocks, uint32_t flock, const struct sketch *sketch)
{
    if (flocks->asked[flock] == flocks->texts) {
        return false;
    }
    flocks->asked[flock] = flocks->texts;
    return sketch_is_near(&flocks->firsts[flock], sketch);
}

static uint32_t near_in_chain(struct flocks *flocks, uint32_t link, const struct sketch *sketch)
{
    while (link != 0 && !is_first_of_near(flocks, flocks->links[link].flock, sketch)) {
        link = flocks->links[link].next;
    }
    return link == 0 ? 0 : flocks->links[link].flock;
}

static uint32_t flock_near(struct flocks *flocks, const struct sketch *sketch)
{
    uint32_t flock = 0;
    for (uint32_t pair = 0; pair < PAIRS && flock == 0; pair++) {
        flock = near_in_chain(flocks, *chain_of(flocks, sketch, pair), sketch);
    }
    return flock;
}

static uint32_t chain_len(const struct flocks *flocks, uint32_t link)
{
    uint32_t len = 0;
    while (link != 0) {
        len++;
        link = flocks->links[link].next;
    }
    return len;
}

static void add_to_chains(struct flocks *flocks, uint32_t flock)
{
    const struct sketch *sketch = &flocks->firsts[flock];
    for (uint32_t pair = 0; pair < PAIRS && sketch->is_known; pair++) {
        uint32_t *head = chain_of(flocks, sketch, pair);
        if (chain_len(flocks, *head) < FLOCKS_CHAIN_MAX) {
            flocks->links[++flocks->link_count] =
                (struct flock_link){.flock = flock, .next = *head};
            *head = flocks->link_count;
        }
    }
}

static uint32_t flock_by_sketch(struct flocks *flocks, struct str reading)
{
    struct sketch sketch;
    sketch_draw(reading, &sketch);
    const uint32_t near = sketch.is_known ? flock_near(flocks, &sketch) : 0;
    if (near != 0) {
        return near;
    }
    flocks->firsts[++flocks->count] = sketch;
    add_to_chains(flocks, flocks->count);
    return flocks->count;
}

uint32_t flocks_join(struct flocks *flocks, const struct flock_text *text)
{
    if ((text->likeness == 0 && text->stem == 0) || flocks->texts == flocks->max) {
        return 0;
    }
    flocks->texts++;
    uint32_t flock = flock_of_key(flocks, text->likeness);
    flock = flock != 0 ? flock : flock_of_key(flocks, text->stem);
    flock = flock != 0 ? flock : flock_by_sketch(flocks, text->reading);
    add_key(flocks, text->likeness, flock);
    add_key(flocks, text->stem, flock);
    return flock;
}

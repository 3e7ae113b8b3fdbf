// SPDX-License-Identifier: Apache-2.0
#include "rules/crowds.h"

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

enum err crowds_init(struct crowds *crowds, uint32_t max, uint64_t seed)
{
    const uint32_t keys = power_of_two(ROOM * KEYS_A_TEXT * max);
    const uint32_t heads = power_of_two(PAIRS * max);
    *crowds =
        (struct crowds){.max = max, .key_mask = keys - 1, .head_mask = heads - 1, .seed = seed};
    crowds->keys = mem_new(MEM_ENGINE, keys * sizeof(*crowds->keys));
    crowds->heads = mem_new(MEM_ENGINE, heads * sizeof(*crowds->heads));
    crowds->links = mem_new(MEM_ENGINE, (PAIRS * (size_t)max + 1) * sizeof(*crowds->links));
    crowds->firsts = mem_new(MEM_ENGINE, ((size_t)max + 1) * sizeof(*crowds->firsts));
    crowds->asked = mem_new(MEM_ENGINE, ((size_t)max + 1) * sizeof(*crowds->asked));
    if (crowds->keys == NULL || crowds->heads == NULL || crowds->links == NULL ||
        crowds->firsts == NULL || crowds->asked == NULL) {
        crowds_done(crowds);
        return ERR_NOMEM;
    }
    return ERR_OK;
}

void crowds_done(struct crowds *crowds)
{
    mem_free(MEM_ENGINE, crowds->keys);
    mem_free(MEM_ENGINE, crowds->heads);
    mem_free(MEM_ENGINE, crowds->links);
    mem_free(MEM_ENGINE, crowds->firsts);
    mem_free(MEM_ENGINE, crowds->asked);
    *crowds = (struct crowds){.count = 0};
}

/* ---- by what is the same ---- */

/* Where it is, or belongs. */
static struct crowd_key *find_key(const struct crowds *crowds, uint64_t key)
{
    uint32_t at = (uint32_t)hash_bytes(crowds->seed, &key, sizeof(key)) & crowds->key_mask;
    while (crowds->keys[at].key != 0 && crowds->keys[at].key != key) {
        at = (at + 1) & crowds->key_mask;
    }
    return &crowds->keys[at];
}

static uint32_t crowd_of_key(const struct crowds *crowds, uint64_t key)
{
    return key == 0 ? 0 : find_key(crowds, key)->crowd;
}

/* Of a crowd first come stays. */
static void add_key(struct crowds *crowds, uint64_t key, uint32_t crowd)
{
    struct crowd_key *place = key == 0 ? NULL : find_key(crowds, key);
    if (place != NULL && place->key == 0) {
        *place = (struct crowd_key){.key = key, .crowd = crowd};
    }
}

/* ---- by what is near ---- */

static uint32_t *chain_of(const struct crowds *crowds, const struct sketch *sketch, uint32_t pair)
{
    const uint16_t *least = &sketch->least[2 * pair];
    const uint64_t value = (uint64_t)pair << 32 | (uint64_t)least[0] << 16 | least[1];
    const uint64_t hash = hash_bytes(crowds->seed, &value, sizeof(value));
    return &crowds->heads[(uint32_t)hash & crowds->head_mask];
}

/* Each crowd is held against it once. */
static bool is_first_of_near(struct crowds *crowds, uint32_t crowd, const struct sketch *sketch)
{
    if (crowds->asked[crowd] == crowds->texts) {
        return false;
    }
    crowds->asked[crowd] = crowds->texts;
    return sketch_is_near(&crowds->firsts[crowd], sketch);
}

static uint32_t near_in_chain(struct crowds *crowds, uint32_t link, const struct sketch *sketch)
{
    while (link != 0 && !is_first_of_near(crowds, crowds->links[link].crowd, sketch)) {
        link = crowds->links[link].next;
    }
    return link == 0 ? 0 : crowds->links[link].crowd;
}

static uint32_t crowd_near(struct crowds *crowds, const struct sketch *sketch)
{
    uint32_t crowd = 0;
    for (uint32_t pair = 0; pair < PAIRS && crowd == 0; pair++) {
        crowd = near_in_chain(crowds, *chain_of(crowds, sketch, pair), sketch);
    }
    return crowd;
}

static uint32_t chain_len(const struct crowds *crowds, uint32_t link)
{
    uint32_t len = 0;
    while (link != 0) {
        len++;
        link = crowds->links[link].next;
    }
    return len;
}

static void add_to_chains(struct crowds *crowds, uint32_t crowd)
{
    const struct sketch *sketch = &crowds->firsts[crowd];
    for (uint32_t pair = 0; pair < PAIRS && sketch->is_known; pair++) {
        uint32_t *head = chain_of(crowds, sketch, pair);
        if (chain_len(crowds, *head) < CROWDS_CHAIN_MAX) {
            crowds->links[++crowds->link_count] =
                (struct crowd_link){.crowd = crowd, .next = *head};
            *head = crowds->link_count;
        }
    }
}

static uint32_t crowd_by_sketch(struct crowds *crowds, struct str reading)
{
    struct sketch sketch;
    sketch_draw(reading, &sketch);
    const uint32_t near = sketch.is_known ? crowd_near(crowds, &sketch) : 0;
    if (near != 0) {
        return near;
    }
    crowds->firsts[++crowds->count] = sketch;
    add_to_chains(crowds, crowds->count);
    return crowds->count;
}

uint32_t crowds_join(struct crowds *crowds, const struct crowd_text *text)
{
    if ((text->likeness == 0 && text->stem == 0) || crowds->texts == crowds->max) {
        return 0;
    }
    crowds->texts++;
    uint32_t crowd = crowd_of_key(crowds, text->likeness);
    crowd = crowd != 0 ? crowd : crowd_of_key(crowds, text->stem);
    crowd = crowd != 0 ? crowd : crowd_by_sketch(crowds, text->reading);
    add_key(crowds, text->likeness, crowd);
    add_key(crowds, text->stem, crowd);
    return crowd;
}

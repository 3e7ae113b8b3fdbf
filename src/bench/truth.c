// SPDX-License-Identifier: Apache-2.0
#include "bench/truth.h"

#include "base/mem.h"

#include <stddef.h>

enum { CAP_FIRST = 256, CAP_MAX = 64 * 1024 * 1024 };

void truth_done(struct truth *truth)
{
    mem_free(MEM_OTHER, truth->seqs);
    mem_free(MEM_OTHER, truth->hashes);
    mem_free(MEM_OTHER, truth->removals);
    *truth = (struct truth){.count = 0};
}

/* The finalizer of MurmurHash3: sums of it tell sets apart. */
uint64_t truth_hash(uint64_t seq)
{
    seq ^= seq >> 33;
    seq *= UINT64_C(0xff51afd7ed558ccd);
    seq ^= seq >> 33;
    seq *= UINT64_C(0xc4ceb9fe1a85ec53);
    return seq ^ seq >> 33;
}

static enum err grow(struct truth *truth)
{
    const uint32_t cap = truth->cap == 0 ? CAP_FIRST : truth->cap * 2;
    if (cap > CAP_MAX) {
        return ERR_NOMEM;
    }
    uint64_t *seqs = mem_resize(MEM_OTHER, truth->seqs, cap * sizeof(*seqs));
    if (seqs == NULL) {
        return ERR_NOMEM;
    }
    truth->seqs = seqs;
    uint64_t *hashes = mem_resize(MEM_OTHER, truth->hashes, cap * sizeof(*hashes));
    if (hashes == NULL) {
        return ERR_NOMEM;
    }
    truth->hashes = hashes;
    truth->cap = cap;
    return ERR_OK;
}

enum err truth_add(struct truth *truth, uint64_t seq, uint64_t prev)
{
    const uint64_t head = truth_head(truth);
    if (seq <= head || prev >= seq || (truth->count > 0 && prev != head)) {
        return ERR_PROTO;
    }
    if (truth->count == truth->cap) {
        TRY(grow(truth));
    }
    const uint64_t before = truth->count == 0 ? 0 : truth->hashes[truth->count - 1];
    truth->seqs[truth->count] = seq;
    truth->hashes[truth->count] = before + truth_hash(seq);
    truth->count++;
    return ERR_OK;
}

/* How many are at or below `seq`. */
static uint32_t rank(const struct truth *truth, uint64_t seq)
{
    uint32_t low = 0, high = truth->count;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (truth->seqs[middle] <= seq) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

bool truth_holds(const struct truth *truth, uint64_t seq)
{
    const uint32_t upto = rank(truth, seq);
    return upto > 0 && truth->seqs[upto - 1] == seq;
}

uint64_t truth_head(const struct truth *truth)
{
    return truth->count == 0 ? 0 : truth->seqs[truth->count - 1];
}

struct truth_part truth_part(const struct truth *truth, uint64_t after, uint64_t upto)
{
    const uint32_t from = rank(truth, after), to = rank(truth, upto);
    if (to <= from) {
        return (struct truth_part){.count = 0};
    }
    return (struct truth_part){.count = to - from,
                               .hash = truth->hashes[to - 1] -
                                       (from == 0 ? 0 : truth->hashes[from - 1])};
}

/* How many removed ones are at or below `seq`. */
static uint32_t removed_upto(const struct truth *truth, uint64_t seq)
{
    uint32_t low = 0, high = truth->removed;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (truth->removals[middle].seq <= seq) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

enum err truth_add_removed(struct truth *truth)
{
    if (truth->removed == truth->removed_cap) {
        const uint32_t cap = truth->removed_cap == 0 ? CAP_FIRST : truth->removed_cap * 2;
        struct truth_removal *removals =
            mem_resize(MEM_OTHER, truth->removals, cap * sizeof(*removals));
        if (removals == NULL) {
            return ERR_NOMEM;
        }
        truth->removals = removals;
        truth->removed_cap = cap;
    }
    truth->removals[truth->removed++] =
        (struct truth_removal){.seq = truth_head(truth), .by = UINT64_MAX};
    return ERR_OK;
}

void truth_retracted(struct truth *truth, uint64_t seq, uint64_t by)
{
    const uint32_t upto = removed_upto(truth, seq);
    struct truth_removal *removal = upto == 0 ? NULL : &truth->removals[upto - 1];
    if (removal != NULL && removal->seq == seq && by < removal->by) {
        removal->by = by;
    }
}

uint64_t truth_removed(const struct truth *truth, uint64_t after, uint64_t upto, uint64_t by)
{
    uint64_t count = 0;
    const uint32_t end = removed_upto(truth, upto);
    for (uint32_t i = removed_upto(truth, after); i < end; i++) {
        count += truth->removals[i].by <= by;
    }
    return count;
}

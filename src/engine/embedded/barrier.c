// SPDX-License-Identifier: Apache-2.0
/* A home that falls behind is told so before its letter of the barrier comes: its streams are
 * closed by then, and what they missed is read from a log that has the act. */
#include "engine/embedded/barrier.h"

#include "base/mem.h"
#include "base/must.h"
#include "base/mutant.h"

#include <stdatomic.h>
#include <stddef.h>

struct barrier_letter {
    struct letter letter;
    struct barrier *barrier; // a reference
};

struct barrier {
    struct act_call **acts; // behind the letters; [act_max]
    uint32_t act_count, act_max;
    uint32_t letter_max;
    _Atomic uint32_t left; // letters that are not opened, and one of who sends them
    struct barrier_letter letters[];
};

struct barrier *barrier_new(const struct bus *bus, uint32_t acts_max)
{
    struct barrier *barrier =
        mem_new(MEM_ENGINE, sizeof(*barrier) + bus->home_count * sizeof(barrier->letters[0]) +
                                acts_max * sizeof(struct act_call *));
    if (barrier != NULL) {
        barrier->letter_max = bus->home_count;
        barrier->acts = (struct act_call **)(void *)&barrier->letters[bus->home_count];
        barrier->act_max = acts_max;
        atomic_init(&barrier->left, 1);
    }
    return barrier;
}

void barrier_free(struct barrier *barrier)
{
    mem_free(MEM_ENGINE, barrier);
}

void barrier_add(struct barrier *barrier, struct act_call *act)
{
    must(barrier->act_count < barrier->act_max);
    barrier->acts[barrier->act_count++] = act;
}

static void opened(struct barrier *barrier)
{
    /* acq_rel: what each home did before its letter opened is done before the answers. */
    if (atomic_fetch_sub_explicit(&barrier->left, 1, memory_order_acq_rel) != 1) {
        return;
    }
    for (uint32_t i = 0; i < barrier->act_count; i++) {
        call_finish(&barrier->acts[i]->call);
    }
    barrier_free(barrier);
}

static void open_letter(struct letter *letter)
{
    opened(((struct barrier_letter *)(void *)letter)->barrier);
}

void barrier_send(struct barrier *barrier, struct bus *bus)
{
    struct bus_home_walk walk = bus_homes(bus);
    struct home *home = NULL;
    uint32_t sent = 0;
    while (!mutant(BARRIER_SKIPPED) && (home = bus_next_home(&walk)) != NULL) {
        must(sent < barrier->letter_max);
        struct barrier_letter *letter = &barrier->letters[sent++];
        *letter = (struct barrier_letter){.letter = {.open = open_letter}, .barrier = barrier};
        atomic_fetch_add_explicit(&barrier->left, 1, memory_order_relaxed);
        home_send(home, &letter->letter);
    }
    opened(barrier);
}

// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/publication.h"

#include "base/mutant.h"

#include <stddef.h>

static void open_late(struct letter *letter)
{
    call_finish((struct call *)(void *)((char *)letter - offsetof(struct call, letter)));
}

void publication_begin(struct publication *publication)
{
    atomic_store_explicit(&publication->is_sending, true, memory_order_seq_cst);
}

void publication_raise(struct publication *publication, uint64_t next_n)
{
    atomic_store_explicit(&publication->next_n, next_n, memory_order_release);
    atomic_store_explicit(&publication->is_sending, false, memory_order_release);
}

static void finish_late(const struct publication *publication, struct call *call)
{
    call->letter.open = open_late;
    home_send(publication->ordering, &call->letter);
}

void publication_finish(const struct publication *publication, struct call *call, uint64_t newest_n)
{
    if (newest_n < atomic_load_explicit(&publication->next_n, memory_order_acquire) ||
        mutant(READ_AHEAD)) {
        call_finish(call);
        return;
    }
    finish_late(publication, call);
}

void publication_finish_behind(const struct publication *publication, struct call *call)
{
    if (atomic_load_explicit(&publication->is_sending, memory_order_seq_cst)) {
        finish_late(publication, call);
    } else {
        call_finish(call);
    }
}

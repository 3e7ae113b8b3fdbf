// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/publication.h"

#include "base/mutant.h"

#include <stddef.h>

static void open_late(struct letter *letter)
{
    call_finish((struct call *)(void *)((char *)letter - offsetof(struct call, letter)));
}

void publication_raise(struct publication *publication, uint64_t next_n)
{
    atomic_store_explicit(&publication->next_n, next_n, memory_order_release);
}

void publication_finish(const struct publication *publication, struct call *call, uint64_t newest_n)
{
    if (newest_n < atomic_load_explicit(&publication->next_n, memory_order_acquire) ||
        mutant(READ_AHEAD)) {
        call_finish(call);
        return;
    }
    call->letter.open = open_late;
    home_send(publication->ordering, &call->letter);
}

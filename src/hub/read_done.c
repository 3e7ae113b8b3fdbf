// SPDX-License-Identifier: Apache-2.0
#include "base/mem.h"
#include "hub/port.h"

#include <stddef.h>

void read_done(struct read *read)
{
    for (uint32_t i = 0; i < read->count; i++) {
        event_unref(read->events[i]);
    }
    mem_free(MEM_EVENT, read->events);
    read->events = NULL;
    read->count = 0;
}

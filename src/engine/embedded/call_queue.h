// SPDX-License-Identifier: Apache-2.0
/* call_queue -- calls that wait their turn with the ordering thread, by their letters.
 *
 * Owns:    nothing: the letters are of the calls it holds.
 * Used by: writer.c, lease.c.
 * Thread:  the ordering thread's.
 * Bound:   the askers': each call is memory they hold.
 */
#pragma once

#include "base/home.h"

#include <stdint.h>

struct call_queue {
    struct letter *first, **last;
    uint32_t count;
};

void call_queue_init(struct call_queue *queue);
void call_queue_push(struct call_queue *queue, struct letter *letter);
/* All of `from` stand before what waits in `to`. */
void call_queue_put_back(struct call_queue *from, struct call_queue *to);
struct letter *call_queue_pop(struct call_queue *queue); // NULL: empty

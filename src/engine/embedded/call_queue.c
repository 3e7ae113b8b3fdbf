// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/call_queue.h"

#include <stddef.h>

void call_queue_init(struct call_queue *queue)
{
    *queue = (struct call_queue){.first = NULL};
    queue->last = &queue->first;
}

void call_queue_push(struct call_queue *queue, struct letter *letter)
{
    letter->next = NULL;
    *queue->last = letter;
    queue->last = &letter->next;
    queue->count++;
}

void call_queue_put_back(struct call_queue *from, struct call_queue *to)
{
    if (from->first == NULL) {
        return;
    }
    *from->last = to->first;
    to->last = to->first == NULL ? from->last : to->last;
    to->first = from->first;
    to->count += from->count;
    call_queue_init(from);
}

struct letter *call_queue_pop(struct call_queue *queue)
{
    struct letter *letter = queue->first;
    if (letter != NULL) {
        queue->first = letter->next;
        queue->count--;
        if (queue->first == NULL) {
            queue->last = &queue->first;
        }
    }
    return letter;
}

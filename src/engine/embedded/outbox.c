// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/outbox.h"

#include "base/mem.h"
#include "wire/removal.h"

#include <stddef.h>

enum { ITEMS_MIN = 64, RETRACTS_EACH_MAX = 16 };

void outbox_init(struct outbox *outbox)
{
    *outbox = (struct outbox){.items = NULL};
}

void outbox_clear(struct outbox *outbox)
{
    for (uint32_t i = 0; i < outbox->count; i++) {
        event_unref(outbox->items[i].event);
    }
    outbox->count = 0;
}

void outbox_done(struct outbox *outbox)
{
    outbox_clear(outbox);
    mem_free(MEM_ENGINE, outbox->items);
    outbox_init(outbox);
}

enum err outbox_add(struct outbox *outbox, struct head *head, struct event *event, int64_t asked_ms)
{
    if (outbox->count == outbox->cap) {
        const uint32_t cap = outbox->cap == 0 ? ITEMS_MIN : outbox->cap * 2;
        struct outbox_item *grown =
            mem_resize(MEM_ENGINE, outbox->items, cap * sizeof(*outbox->items));
        if (grown == NULL) {
            return ERR_NOMEM;
        }
        outbox->items = grown;
        outbox->cap = cap;
    }
    outbox->items[outbox->count++] =
        (struct outbox_item){.head = head, .event = event_ref(event), .asked_ms = asked_ms};
    return ERR_OK;
}

/* What was published before is not handed out any more. Many retracts at once, or one there is no
 * memory to read, cost the tail what it has of the stream. */
static void redact(const struct outlet *outlet, const struct outbox_item *item, bool is_storm)
{
    const struct event *event = item->event;
    const struct str body = {.at = event->body, .len = event->body_len};
    struct removal removal;
    if (event->kind != EVENT_RETRACT) {
        return;
    }
    if (is_storm || removal_read(body, &removal) != ERR_OK) {
        log_tail_drop(outlet->tail, item->head->node.key);
        return;
    }
    log_tail_redact(outlet->tail, item->head->node.key, &removal);
    removal_done(&removal);
}

static bool has_storm(const struct outbox *outbox)
{
    uint32_t retracts = 0;
    for (uint32_t i = 0; i < outbox->count; i++) {
        retracts += outbox->items[i].event->kind == EVENT_RETRACT;
    }
    return retracts > RETRACTS_EACH_MAX;
}

static void publish(const struct outlet *outlet, const struct outbox_item *item, bool is_storm)
{
    struct event *event = item->event;
    const int64_t now_ms = outlet->mono_ms;
    const bool was_waited_for = item->asked_ms != 0 && now_ms > item->asked_ms;
    event->published_mono_ms = now_ms; // no other thread has it yet
    event->waited_ms = was_waited_for ? (uint32_t)(now_ms - item->asked_ms) : 0;
    redact(outlet, item, is_storm);
    log_tail_append(outlet->tail, item->head->node.key, event, item->head->row.ground_seq);
    bus_publish(outlet->bus, &item->head->subs, event);
    if (list_is_empty(&item->head->subs)) { // nobody watches, or the last one has fallen behind
        heads_idle(outlet->heads, item->head);
    }
}

void outbox_publish(struct outbox *outbox, const struct outlet *outlet)
{
    const bool is_storm = has_storm(outbox);
    log_tail_set_ahead(outlet->tail, true);
    for (uint32_t i = 0; i < outbox->count; i++) {
        publish(outlet, &outbox->items[i], is_storm);
    }
    bus_flush(outlet->bus);
    log_tail_set_ahead(outlet->tail, false);
    outbox_clear(outbox);
}

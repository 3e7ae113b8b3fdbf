// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/outbox.h"

#include "base/mem.h"
#include "base/mutant.h"
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
        notice_unref(outbox->items[i].notice);
    }
    outbox->count = 0;
    outbox->events = 0;
}

void outbox_done(struct outbox *outbox)
{
    outbox_clear(outbox);
    mem_free(MEM_ENGINE, outbox->items);
    outbox_init(outbox);
}

static enum err has_room(struct outbox *outbox)
{
    if (outbox->count < outbox->cap) {
        return ERR_OK;
    }
    const uint32_t cap = outbox->cap == 0 ? ITEMS_MIN : outbox->cap * 2;
    struct outbox_item *grown = mem_resize(MEM_ENGINE, outbox->items, cap * sizeof(*outbox->items));
    if (grown == NULL) {
        return ERR_NOMEM;
    }
    outbox->items = grown;
    outbox->cap = cap;
    return ERR_OK;
}

enum err outbox_add(struct outbox *outbox, struct head *head, struct event *event, int64_t asked_ms)
{
    TRY(has_room(outbox));
    outbox->items[outbox->count++] =
        (struct outbox_item){.head = head, .event = event_ref(event), .asked_ms = asked_ms};
    outbox->events++;
    return ERR_OK;
}

enum err outbox_notify(struct outbox *outbox, struct head *head, struct notice *notice)
{
    if (notice == NULL || has_room(outbox) != ERR_OK) {
        notice_unref(notice);
        return ERR_NOMEM;
    }
    outbox->items[outbox->count++] = (struct outbox_item){.head = head, .notice = notice};
    return ERR_OK;
}

enum err outbox_forget(struct outbox *outbox)
{
    TRY(has_room(outbox));
    outbox->items[outbox->count++] = (struct outbox_item){.head = NULL};
    return ERR_OK;
}

/* What was published before is not handed out any more. Many retracts at once, or one there is no
 * memory to read, cost the tail what it has of the stream. */
static void redact(const struct outlet *outlet, const struct outbox_item *item, bool is_storm)
{
    const struct event *event = item->event;
    const struct str body = {.at = event->body, .len = event->body_len};
    struct removal removal;
    if (event->kind != EVENT_RETRACT || mutant(ENGINE_TAIL_KEEPS)) {
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
        const struct event *event = outbox->items[i].event;
        retracts += event != NULL && event->kind == EVENT_RETRACT;
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
    if (!bus_is_watched(&item->head->subs)) { // nobody watches, or the last one has fallen behind
        heads_idle(outlet->heads, item->head);
    }
}

static void notify(const struct outlet *outlet, const struct outbox_item *item)
{
    if (item->head == NULL) {
        bus_notify_homes(outlet->bus, item->notice);
        return;
    }
    bus_notify(outlet->bus, &item->head->subs, item->notice);
    if (!bus_is_watched(&item->head->subs)) {
        heads_idle(outlet->heads, item->head);
    }
}

void outbox_publish(struct outbox *outbox, const struct outlet *outlet)
{
    const bool is_storm = has_storm(outbox);
    log_tail_set_ahead(outlet->tail, true);
    for (uint32_t i = 0; i < outbox->count; i++) {
        if (outbox->items[i].event != NULL) {
            publish(outlet, &outbox->items[i], is_storm);
        } else if (outbox->items[i].notice != NULL) {
            notify(outlet, &outbox->items[i]);
        } else if (!mutant(ENGINE_TAIL_KEEPS)) {
            log_tail_forget(outlet->tail);
        }
    }
    bus_flush(outlet->bus);
    log_tail_set_ahead(outlet->tail, false);
    outbox_clear(outbox);
}

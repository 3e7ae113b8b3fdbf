// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/log_tail.h"

#include "base/must.h"
#include "engine/embedded/store_streams.h"
#include "wire/removal.h"

#include <stddef.h>
#include <string.h>

/* Of a stream no seq is left out, so the place of an event is arithmetic:
 *
 *      seq   floor+1  floor+2 ...                      head = floor + count
 *      ring  [first]  [first+1] ... modulo cap         cap a power of two
 */
enum { CAP_MIN = 8 };
_Static_assert((LOG_TAIL_EVENTS_MAX & (LOG_TAIL_EVENTS_MAX - 1)) == 0, "the ring's cap doubles");

struct entry {
    struct map_node node; // in tail->by_name
    struct link used;     // in tail->used
    struct event **ring;  // owned; [cap]
    uint32_t first, count, cap;
    uint64_t bytes;
    uint64_t floor, ground;
    uint64_t public_head;  // the newest that is not shadowed
    uint32_t shadows;      // in the ring
    uint32_t removed;      // in the ring, and not shadowed
    bool may_have_shadows; // below the floor
    char name[];
};

static void lock(struct log_tail *tail)
{
    must(pthread_mutex_lock(&tail->lock) == 0);
}

static void unlock(struct log_tail *tail)
{
    must(pthread_mutex_unlock(&tail->lock) == 0);
}

void log_tail_init(struct log_tail *tail, uint64_t seed, uint64_t bytes_max)
{
    *tail = (struct log_tail){.bytes_max = bytes_max};
    must(pthread_mutex_init(&tail->lock, NULL) == 0);
    map_init(&tail->by_name, MEM_EVENT, seed);
    list_init(&tail->used);
}

static uint64_t weight(const struct event *event)
{
    return sizeof(*event) + event->body_len + 2 * sizeof(struct event *); // the ring is half empty
}

static uint64_t weight_alone(const struct entry *entry) // without events
{
    return sizeof(*entry) + entry->node.key.len;
}

static struct event **place(const struct entry *entry, uint32_t index)
{
    return &entry->ring[(entry->first + index) & (entry->cap - 1)];
}

static bool is_shadowed(const struct event *event)
{
    return (event->flags & EVENT_FLAG_SHADOW) != 0;
}

static bool is_removed(const struct event *event)
{
    return event->kind == EVENT_REMOVED && !is_shadowed(event);
}

static void drop_oldest(struct log_tail *tail, struct entry *entry)
{
    struct event *event = *place(entry, 0);
    entry->shadows -= is_shadowed(event);
    entry->removed -= is_removed(event);
    entry->may_have_shadows = entry->may_have_shadows || is_shadowed(event);
    entry->bytes -= weight(event);
    tail->bytes -= weight(event);
    entry->first = (entry->first + 1) & (entry->cap - 1);
    entry->count--;
    entry->floor++;
    event_unref(event);
}

static void forget(struct log_tail *tail, struct entry *entry)
{
    while (entry->count > 0) {
        drop_oldest(tail, entry);
    }
    tail->bytes -= weight_alone(entry);
    list_remove(&entry->used);
    map_remove(&tail->by_name, &entry->node);
    mem_free(MEM_EVENT, entry->ring);
    mem_free(MEM_EVENT, entry);
}

static void forget_all(struct log_tail *tail)
{
    while (!list_is_empty(&tail->used)) {
        forget(tail, list_entry(tail->used.next, struct entry, used));
    }
}

void log_tail_forget(struct log_tail *tail)
{
    lock(tail);
    tail->redactions++;
    forget_all(tail);
    unlock(tail);
}

void log_tail_done(struct log_tail *tail)
{
    forget_all(tail);
    map_done(&tail->by_name);
    must(pthread_mutex_destroy(&tail->lock) == 0);
}

static struct entry *find(struct log_tail *tail, struct str stream)
{
    struct map_node *node = map_find(&tail->by_name, stream);
    if (node == NULL) {
        return NULL;
    }
    struct entry *entry = map_entry(node, struct entry, node);
    list_remove(&entry->used);
    list_push(&tail->used, &entry->used);
    return entry;
}

static struct entry *make(struct log_tail *tail, struct str stream,
                          const struct log_tail_place *where)
{
    struct entry *entry = mem_new(MEM_EVENT, sizeof(*entry) + stream.len);
    if (entry == NULL) {
        return NULL;
    }
    memcpy(entry->name, stream.at, stream.len);
    entry->node.key = (struct str){.at = entry->name, .len = stream.len};
    entry->floor = where->head;
    entry->public_head = where->public_head;
    entry->ground = where->ground;
    entry->may_have_shadows = where->has_shadows;
    if (map_add(&tail->by_name, &entry->node) != ERR_OK) {
        mem_free(MEM_EVENT, entry);
        return NULL;
    }
    list_push(&tail->used, &entry->used);
    tail->bytes += weight_alone(entry);
    return entry;
}

static void keep_bounds(struct log_tail *tail, struct entry *entry)
{
    while (entry->count > 1 && entry->bytes > LOG_TAIL_BYTES_MAX) {
        drop_oldest(tail, entry);
    }
    while (tail->bytes > tail->bytes_max && tail->used.next != &entry->used) {
        forget(tail, list_entry(tail->used.next, struct entry, used));
    }
}

void log_tail_wake(struct log_tail *tail, struct str stream, const struct log_tail_place *where)
{
    lock(tail);
    struct entry *entry = find(tail, stream);
    if (entry != NULL) {
        entry->may_have_shadows = entry->may_have_shadows && where->has_shadows;
    } else {
        entry = make(tail, stream, where);
    }
    if (entry != NULL) { // without memory the store answers
        keep_bounds(tail, entry);
    }
    unlock(tail);
}

static bool has_room(struct entry *entry)
{
    if (entry->count < entry->cap) {
        return true;
    }
    const uint32_t cap = entry->cap == 0 ? CAP_MIN : entry->cap * 2;
    struct event **ring = mem_new(MEM_EVENT, cap * sizeof(struct event *));
    if (ring == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < entry->count; i++) {
        ring[i] = *place(entry, i);
    }
    mem_free(MEM_EVENT, entry->ring);
    entry->ring = ring;
    entry->first = 0;
    entry->cap = cap;
    return true;
}

/* At the newest end or at the oldest; there is room. */
static void put(struct log_tail *tail, struct entry *entry, struct event *event, bool oldest)
{
    if (oldest) {
        entry->first = (entry->first - 1) & (entry->cap - 1);
        entry->floor--;
    }
    *place(entry, oldest ? 0 : entry->count) = event_ref(event);
    entry->shadows += is_shadowed(event);
    entry->removed += is_removed(event);
    if (!oldest && !is_shadowed(event)) {
        entry->public_head = event->seq;
    }
    entry->count++;
    entry->bytes += weight(event);
    tail->bytes += weight(event);
}

void log_tail_append(struct log_tail *tail, struct str stream, struct event *event, uint64_t ground)
{
    lock(tail);
    struct entry *entry = find(tail, stream);
    if (entry == NULL) {
        const struct log_tail_place where = {.head = event->seq - 1,
                                             .public_head = event->prev,
                                             .ground = ground,
                                             .has_shadows = true}; // for all we know
        entry = make(tail, stream, &where);
    }
    if (entry != NULL && entry->count == LOG_TAIL_EVENTS_MAX) {
        drop_oldest(tail, entry);
    }
    if (entry != NULL && has_room(entry)) {
        must(entry->floor + entry->count + 1 == event->seq);
        put(tail, entry, event, false);
        keep_bounds(tail, entry);
    } else if (entry != NULL) {
        forget(tail, entry); // a tail that misses its newest event would lie
    }
    unlock(tail);
}

uint64_t log_tail_redactions(struct log_tail *tail)
{
    lock(tail);
    const uint64_t redactions = tail->redactions;
    unlock(tail);
    return redactions;
}

void log_tail_fill(struct log_tail *tail, struct str stream, const struct log_tail_find *found)
{
    lock(tail);
    struct event *const *events = found->events;
    struct entry *entry = found->redactions == tail->redactions ? find(tail, stream) : NULL;
    uint32_t left = found->count;
    while (entry != NULL && left > 0 && events[left - 1]->seq > entry->floor) {
        left--;
    }
    while (entry != NULL && left > 0 && events[left - 1]->seq == entry->floor &&
           entry->floor > entry->ground && entry->count < LOG_TAIL_EVENTS_MAX &&
           entry->bytes + weight(events[left - 1]) <= LOG_TAIL_BYTES_MAX && has_room(entry)) {
        put(tail, entry, events[--left], true);
    }
    if (entry != NULL) {
        keep_bounds(tail, entry);
    }
    unlock(tail);
}

void log_tail_expire(struct log_tail *tail, struct str stream, uint64_t ground)
{
    lock(tail);
    struct map_node *node = map_find(&tail->by_name, stream);
    if (node != NULL) {
        struct entry *entry = map_entry(node, struct entry, node);
        entry->ground = ground;
        while (entry->count > 0 && entry->floor < ground) {
            drop_oldest(tail, entry);
        }
        must(entry->floor >= ground);
    }
    unlock(tail);
}

/* False: there was no memory for what has to stand there. */
static bool redact(struct log_tail *tail, struct entry *entry, const struct removal *removal)
{
    for (uint32_t i = 0; i < entry->count; i++) {
        struct event **at = place(entry, i);
        struct event *instead = NULL;
        if (removal_event(removal, *at, &instead) != ERR_OK) {
            return false;
        }
        if (instead == NULL) {
            continue;
        }
        tail->bytes = tail->bytes - weight(*at) + weight(instead);
        entry->bytes = entry->bytes - weight(*at) + weight(instead);
        entry->removed += (uint32_t)is_removed(instead) - (uint32_t)is_removed(*at);
        event_unref(*at);
        *at = instead;
    }
    return true;
}

static void redact_or_forget(struct log_tail *tail, struct entry *entry,
                             const struct removal *removal)
{
    if (!redact(tail, entry, removal)) {
        forget(tail, entry);
    }
}

void log_tail_redact(struct log_tail *tail, struct str stream, const struct removal *removal)
{
    lock(tail);
    tail->redactions++;
    struct map_node *node = stream.len == 0 ? NULL : map_find(&tail->by_name, stream);
    if (node != NULL) {
        redact_or_forget(tail, map_entry(node, struct entry, node), removal);
    }
    struct link *link = stream.len == 0 ? tail->used.next : &tail->used;
    while (link != &tail->used) {
        struct entry *entry = list_entry(link, struct entry, used);
        link = link->next;
        redact_or_forget(tail, entry, removal);
    }
    unlock(tail);
}

static bool is_wanted(const struct read *read, const struct event *event)
{
    return (read->kinds >> event->kind & 1U) != 0 &&
           (!is_shadowed(event) || read->view == READ_VIEW_ALL);
}

void log_tail_drop(struct log_tail *tail, struct str stream)
{
    lock(tail);
    struct entry *entry = find(tail, stream);
    tail->redactions++;
    if (entry != NULL) {
        forget(tail, entry);
    }
    unlock(tail);
}

/* It may be one that was restored, or whose shadow was undone: the store knows. */
static bool is_unsure(const struct read *read, const struct event *event)
{
    return read->folded && (event->kind == EVENT_REMOVED || is_shadowed(event));
}

static uint64_t head_of(const struct entry *entry)
{
    return entry->floor + entry->count;
}

/* Fills events from the front; true: the answer is whole. */
static bool collect_after(const struct entry *entry, struct read *read, struct event **events)
{
    const uint64_t after = read->bound > entry->ground ? read->bound : entry->ground;
    const uint64_t upto = read->upto < head_of(entry) ? read->upto : head_of(entry);
    if (after < entry->floor) {
        return false;
    }
    for (uint64_t seq = after + 1; seq <= upto; seq++) {
        struct event *event = *place(entry, (uint32_t)(seq - entry->floor - 1));
        if (is_unsure(read, event)) {
            return false;
        }
        if (!is_wanted(read, event)) {
            continue;
        }
        if (read->count == read->limit) {
            read->more = true;
            return true;
        }
        events[read->count++] = event;
    }
    return true;
}

/* Fills events from the back of the array; true: the answer is whole. */
static bool collect_before(const struct entry *entry, struct read *read, struct event **events)
{
    const bool holds_all = entry->floor == entry->ground;
    uint64_t seq = read->bound - 1 < head_of(entry) ? read->bound - 1 : head_of(entry);
    for (; seq > entry->floor; seq--) {
        struct event *event = *place(entry, (uint32_t)(seq - entry->floor - 1));
        if (is_unsure(read, event)) {
            return false;
        }
        if (!is_wanted(read, event)) {
            continue;
        }
        if (read->count == read->limit) {
            read->more = true;
            return true;
        }
        events[read->limit - ++read->count] = event;
    }
    /* What lies below the floor is of unknown kinds; if every kind is wanted, it is more, unless it
     * is another's alone. */
    const bool is_seen = read->view == READ_VIEW_ALL || !entry->may_have_shadows;
    if (!holds_all && read->count == read->limit && read->kinds == UINT32_MAX && is_seen) {
        read->more = true;
        return true;
    }
    return holds_all;
}

static bool collect(const struct entry *entry, struct read *read, struct event **events)
{
    read->count = 0;
    read->more = false;
    if (read->from == READ_AFTER) {
        return collect_after(entry, read, events);
    }
    if (read->bound == 0 || !collect_before(entry, read, events)) {
        return false;
    }
    memmove(events, events + read->limit - read->count, read->count * sizeof(struct event *));
    return true;
}

void log_tail_set_ahead(struct log_tail *tail, bool is_ahead)
{
    lock(tail);
    tail->is_ahead = is_ahead;
    unlock(tail);
}

bool log_tail_is_ahead(struct log_tail *tail)
{
    lock(tail);
    const bool is_ahead = tail->is_ahead;
    unlock(tail);
    return is_ahead;
}

static enum log_tail_answer kind_of(const struct log_tail *tail, bool answered)
{
    if (!answered) {
        return LOG_TAIL_NONE;
    }
    return tail->is_ahead ? LOG_TAIL_AHEAD : LOG_TAIL_WHOLE;
}

enum log_tail_answer log_tail_read(struct log_tail *tail, struct read *read)
{
    must(read->limit >= 1 && read->limit <= READ_LIMIT_MAX);
    struct event **events = mem_new(MEM_EVENT, read->limit * sizeof(struct event *));
    if (events == NULL) {
        return LOG_TAIL_NONE;
    }
    lock(tail);
    const bool is_anyones = read->view == 0 || read->view == READ_VIEW_ALL;
    const struct entry *entry = is_anyones ? find(tail, read->stream) : NULL;
    const bool answered = entry != NULL && collect(entry, read, events);
    if (answered) {
        for (uint32_t i = 0; i < read->count; i++) {
            (void)event_ref(events[i]);
        }
        read->head = entry->public_head;
        read->heard = head_of(entry);
        read->oldest = store_streams_oldest(entry->ground, read->head);
        read->reached = 0;
    }
    const enum log_tail_answer answer = kind_of(tail, answered);
    unlock(tail);
    if (!answered || read->count == 0) {
        mem_free(MEM_EVENT, events);
        events = NULL;
    }
    if (answered) {
        read->result = ERR_OK;
        read->events = events;
    }
    return answer;
}

uint64_t log_tail_count_of(const struct count_call *count, uint64_t ground, uint64_t head)
{
    const uint64_t after = count->after > ground ? count->after : ground;
    const uint64_t upto = count->upto < head ? count->upto : head;
    return upto > after ? upto - after : 0;
}

/* False: it cannot say how many below its floor are shadowed, or removed. */
static bool count_public(const struct entry *entry, struct count_call *count)
{
    const uint64_t head = head_of(entry);
    const bool is_below = count->after < entry->floor && entry->floor > entry->ground;
    uint64_t found = log_tail_count_of(count, entry->ground, head), removed = 0;
    if (is_below && found > 0 && (entry->may_have_shadows || count->with_removed)) {
        return false;
    }
    const uint64_t first = count->after > entry->floor ? count->after + 1 : entry->floor + 1;
    const uint64_t last = count->upto < head ? count->upto : head;
    for (uint64_t seq = first; entry->shadows + entry->removed > 0 && seq <= last; seq++) {
        const struct event *event = *place(entry, (uint32_t)(seq - entry->floor - 1));
        found -= is_shadowed(event);
        removed += is_removed(event);
    }
    count->count = found;
    count->removed = count->with_removed ? removed : 0;
    count->heard = head;
    return true;
}

enum log_tail_answer log_tail_count(struct log_tail *tail, struct count_call *count)
{
    lock(tail);
    const struct entry *entry = count->view == 0 ? find(tail, count->stream) : NULL;
    const bool answered = entry != NULL && count_public(entry, count);
    if (answered) {
        count->result = ERR_OK;
        count->oldest = store_streams_oldest(entry->ground, entry->public_head);
    }
    const enum log_tail_answer answer = kind_of(tail, answered);
    unlock(tail);
    return answer;
}

// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/bus.h"

#include "base/mem.h"
#include "base/must.h"
#include "base/mutant.h"

#include <stdatomic.h>
#include <stddef.h>

/* One committed batch becomes one letter a home, filled stream by stream:
 *
 *      stream ── subs ──▶ sub ──▶ sub            a sub: one watch, one home
 *                          │       │
 *                          ▼       ▼
 *                     bus_home  bus_home         parcel: (watch, event), (watch, event), ...
 *
 * A home counts what lies unopened there; the ordering thread adds when it sends, the home takes
 * off when it opens. The sub itself is the letter that says "behind", so that saying it needs no
 * memory: also when there is none for a parcel. Each letter holds a reference on its home's
 * counts, since it may be opened after the bus is gone. */

enum { ITEMS_MIN = 16, ROW_MAX = 512, BITS_OF_ONE = 63 };

/* Of all homes beyond those that have a bit of their own: it is set for good. */
#define BIT_OF_MANY (UINT64_C(1) << BITS_OF_ONE)

struct bus_home {
    struct link link;      // in bus->homes
    struct link laden;     // in bus->laden while `parcel` has something
    struct home *home;     // borrowed; outlives its watches
    struct link subs;      // of struct sub: whose watches are there
    uint64_t bit;          // in bus_subs.fallen
    struct parcel *parcel; // owned until it is sent
    uint32_t watches;      // that are on
    uint32_t fallen;       // streams of which one fell behind that is not back
    /* -- atomic: gauges, relaxed, but for the first two -- */
    _Atomic uint32_t refs;
    _Atomic uint32_t untold; // watches that fell behind, and go on until the letter is opened
    _Atomic uint64_t events, bytes; // unopened
};

struct item {
    struct watch *watch; // borrowed until unwatched, which is answered behind this letter
    struct event *event; // a reference; NULL: a notice
    struct notice *notice;
};

struct parcel {
    struct letter letter;
    struct bus_home *at; // a reference
    uint64_t bytes;
    uint32_t count, cap;
    struct item items[]; // [cap]
};

struct sub {
    struct letter behind;
    struct link link;      // in of->list
    struct link home_link; // in at->subs
    struct watch *watch;
    struct bus_subs *of; // borrowed, as is the next; they outlive it
    struct bus_home *at;
};

void bus_init(struct bus *bus, const struct bus_bounds *bounds)
{
    bus->bounds = *bounds;
    bus->home_count = 0;
    list_init(&bus->homes);
    list_init(&bus->laden);
    bus->unsent = NULL;
}

/* ---- who follows ---- */

void bus_subs_init(struct bus_subs *subs)
{
    list_init(&subs->list);
    subs->fallen = 0;
}

bool bus_is_watched(const struct bus_subs *subs)
{
    return !list_is_empty(&subs->list);
}

bool bus_is_followed(const struct bus_subs *subs)
{
    return bus_is_watched(subs) || subs->fallen != 0;
}

static void is_back(struct bus_subs *subs, struct bus_home *at)
{
    if (at->bit != BIT_OF_MANY && (subs->fallen & at->bit) != 0) {
        subs->fallen &= ~at->bit;
        at->fallen--;
    }
}

/* ---- homes ---- */

static void home_unref(struct bus_home *at)
{
    if (atomic_fetch_sub_explicit(&at->refs, 1, memory_order_acq_rel) == 1) {
        mem_free(MEM_ENGINE, at);
    }
}

void bus_done(struct bus *bus)
{
    struct link *link = NULL;
    must(list_is_empty(&bus->laden));
    while ((link = list_pop(&bus->homes)) != NULL) {
        home_unref(list_entry(link, struct bus_home, link));
    }
}

static struct bus_home *known_home(const struct bus *bus, const struct home *home)
{
    for (struct link *link = bus->homes.next; link != &bus->homes; link = link->next) {
        struct bus_home *at = list_entry(link, struct bus_home, link);
        if (at->home == home) {
            return at;
        }
    }
    return NULL;
}

static struct bus_home *find_home(struct bus *bus, struct home *home)
{
    struct bus_home *known = known_home(bus, home);
    if (known != NULL) {
        return known;
    }
    struct bus_home *made = mem_new(MEM_ENGINE, sizeof(*made));
    if (made != NULL) {
        made->home = home;
        made->bit = bus->home_count < BITS_OF_ONE ? UINT64_C(1) << bus->home_count : BIT_OF_MANY;
        atomic_init(&made->refs, 1);
        list_init(&made->subs);
        list_push(&bus->homes, &made->link);
        bus->home_count++;
    }
    return made;
}

enum err bus_add(struct bus *bus, struct bus_subs *subs, struct watch *watch)
{
    struct bus_home *at = find_home(bus, watch->call.home);
    struct sub *sub = at == NULL ? NULL : mem_new(MEM_ENGINE, sizeof(*sub));
    if (sub == NULL) {
        return ERR_NOMEM;
    }
    sub->watch = watch;
    sub->of = subs;
    sub->at = at;
    at->watches++;
    is_back(subs, at);
    list_push(&subs->list, &sub->link);
    list_push(&at->subs, &sub->home_link);
    return ERR_OK;
}

void bus_remove(struct bus *bus, struct bus_subs *subs, const struct watch *watch)
{
    must(list_is_empty(&bus->laden)); // between batches
    for (struct link *link = subs->list.next; link != &subs->list; link = link->next) {
        struct sub *sub = list_entry(link, struct sub, link);
        if (sub->watch == watch) {
            list_remove(link);
            list_remove(&sub->home_link);
            sub->at->watches--;
            mem_free(MEM_ENGINE, sub);
            return;
        }
    }
    struct bus_home *at = known_home(bus, watch->call.home); // it had fallen behind
    if (at != NULL) {
        is_back(subs, at);
    }
}

static void open_behind(struct letter *letter)
{
    struct sub *sub = (struct sub *)(void *)((char *)letter - offsetof(struct sub, behind));
    struct watch *watch = sub->watch;
    struct bus_home *at = sub->at;
    mem_free(MEM_ENGINE, sub);
    watch->on_behind(watch);
    atomic_fetch_sub_explicit(&at->untold, 1, memory_order_release);
    home_unref(at);
}

/* What its letter already holds is sent first, so that nothing comes after it is told. */
static void fall_behind(struct bus *bus, struct sub *sub)
{
    list_remove(&sub->link);
    list_remove(&sub->home_link);
    sub->at->watches--;
    sub->at->fallen += sub->at->bit != BIT_OF_MANY && (sub->of->fallen & sub->at->bit) == 0;
    sub->of->fallen |= sub->at->bit;
    bus_flush(bus);
    sub->behind.open = open_behind;
    if (mutant(BEHIND_UNTOLD)) {
        mem_free(MEM_ENGINE, sub);
        return;
    }
    atomic_fetch_add_explicit(&sub->at->untold, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&sub->at->refs, 1, memory_order_relaxed); // its letter's
    home_send(sub->at->home, &sub->behind);
}

static void open_events(struct item *items, uint32_t count)
{
    struct event *events[ROW_MAX];
    must(count > 0 && count <= ROW_MAX);
    for (uint32_t i = 0; i < count; i++) {
        events[i] = items[i].event;
    }
    items->watch->on_events(items->watch, events, count);
    for (uint32_t i = 0; i < count; i++) {
        event_unref(events[i]);
    }
}

static void open_notices(struct item *items, uint32_t count)
{
    struct notice *notices[ROW_MAX];
    must(count > 0 && count <= ROW_MAX);
    for (uint32_t i = 0; i < count; i++) {
        notices[i] = items[i].notice;
    }
    items->watch->on_notices(items->watch, notices, count);
    for (uint32_t i = 0; i < count; i++) {
        notice_unref(notices[i]);
    }
}

/* Of one watch and one kind. */
static uint32_t count_row(const struct item *items, uint32_t count)
{
    uint32_t row = 1;
    while (row < count && row < ROW_MAX && items[row].watch == items->watch &&
           (items[row].event == NULL) == (items->event == NULL)) {
        row++;
    }
    return row;
}

static void open_parcel(struct letter *letter)
{
    struct parcel *parcel =
        (struct parcel *)(void *)((char *)letter - offsetof(struct parcel, letter));
    for (uint32_t i = 0, row = 0; i < parcel->count; i += row) {
        struct item *items = &parcel->items[i];
        row = count_row(items, parcel->count - i);
        if (items->event != NULL) {
            open_events(items, row);
        } else {
            open_notices(items, row);
        }
    }
    atomic_fetch_sub_explicit(&parcel->at->events, parcel->count, memory_order_relaxed);
    atomic_fetch_sub_explicit(&parcel->at->bytes, parcel->bytes, memory_order_relaxed);
    home_unref(parcel->at);
    mem_free(MEM_EVENT, parcel);
}

static bool has_room(struct bus_home *at)
{
    struct parcel *parcel = at->parcel;
    if (parcel != NULL && parcel->count < parcel->cap) {
        return true;
    }
    const uint32_t cap = parcel == NULL ? ITEMS_MIN : parcel->cap * 2;
    struct parcel *grown =
        mem_resize(MEM_EVENT, parcel, sizeof(*grown) + cap * sizeof(struct item));
    if (grown == NULL) {
        return false;
    }
    if (parcel == NULL) {
        *grown = (struct parcel){.letter = {.open = open_parcel}, .at = at};
        atomic_fetch_add_explicit(&at->refs, 1, memory_order_relaxed);
    }
    grown->cap = cap;
    at->parcel = grown;
    return true;
}

static bool is_behind(const struct bus *bus, struct bus_home *at)
{
    return atomic_load_explicit(&at->events, memory_order_relaxed) >= bus->bounds.events_max ||
           atomic_load_explicit(&at->bytes, memory_order_relaxed) >= bus->bounds.bytes_max;
}

/* False: it has fallen behind. */
static bool put_in(struct bus *bus, struct sub *sub, struct item item, uint64_t bytes)
{
    if (is_behind(bus, sub->at) || !has_room(sub->at)) {
        fall_behind(bus, sub);
        return false;
    }
    struct parcel *parcel = sub->at->parcel;
    item.watch = sub->watch;
    parcel->items[parcel->count++] = item;
    parcel->bytes += bytes;
    atomic_fetch_add_explicit(&sub->at->events, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&sub->at->bytes, bytes, memory_order_relaxed);
    if (!list_holds(&sub->at->laden)) {
        list_push(&bus->laden, &sub->at->laden);
    }
    return true;
}

void bus_publish(struct bus *bus, struct bus_subs *subs, struct event *event)
{
    struct link *next = NULL;
    for (struct link *link = subs->list.next; link != &subs->list; link = next) {
        struct sub *sub = list_entry(link, struct sub, link);
        next = link->next;
        if (mutant(BUS_LOSES) && event->seq % 16 == 0) {
            continue;
        }
        if (put_in(bus, sub, (struct item){.event = event}, sizeof(*event) + event->body_len)) {
            (void)event_ref(event);
        }
    }
}

static void count_unsent(const struct bus *bus, int64_t homes)
{
    if (bus->unsent != NULL && homes > 0) {
        metric_count(bus->unsent, homes);
    }
}

void bus_notify(struct bus *bus, struct bus_subs *subs, struct notice *notice)
{
    struct link *next = NULL;
    for (struct link *link = subs->list.next; link != &subs->list; link = next) {
        struct sub *sub = list_entry(link, struct sub, link);
        next = link->next;
        if (sub->watch->on_notices != NULL &&
            put_in(bus, sub, (struct item){.notice = notice}, sizeof(*notice) + notice->json_len)) {
            (void)notice_ref(notice);
        }
    }
    count_unsent(bus, __builtin_popcountll(subs->fallen));
}

static struct sub *first_that_wants(const struct bus_home *at)
{
    for (struct link *link = at->subs.next; link != &at->subs; link = link->next) {
        struct sub *sub = list_entry(link, struct sub, home_link);
        if (sub->watch->on_notices != NULL) {
            return sub;
        }
    }
    return NULL;
}

void bus_notify_homes(struct bus *bus, struct notice *notice)
{
    for (struct link *link = bus->homes.next; link != &bus->homes; link = link->next) {
        struct bus_home *at = list_entry(link, struct bus_home, link);
        struct sub *sub = first_that_wants(at);
        const uint64_t bytes = sizeof(*notice) + notice->json_len;
        const bool is_taken = sub != NULL && !is_behind(bus, at) && has_room(at) &&
                              put_in(bus, sub, (struct item){.notice = notice}, bytes);
        if (is_taken) {
            (void)notice_ref(notice);
        } else {
            count_unsent(bus, sub != NULL || at->fallen > 0);
        }
    }
}

void bus_flush(struct bus *bus)
{
    struct link *link = NULL;
    while ((link = list_pop(&bus->laden)) != NULL) {
        struct bus_home *at = list_entry(link, struct bus_home, laden);
        struct parcel *parcel = at->parcel;
        at->parcel = NULL;
        home_send(at->home, &parcel->letter);
    }
}

/* One that fell behind sends what its rings hold until it is told so, however many acts come by. */
static bool may_send(struct bus_home *at)
{
    return at->watches > 0 || atomic_load_explicit(&at->untold, memory_order_acquire) > 0;
}

struct bus_home_walk bus_homes(struct bus *bus)
{
    return (struct bus_home_walk){.next = bus->homes.next, .end = &bus->homes};
}

struct home *bus_next_home(struct bus_home_walk *walk)
{
    while (walk->next != walk->end) {
        struct bus_home *at = list_entry(walk->next, struct bus_home, link);
        walk->next = at->link.next;
        if (may_send(at)) {
            return at->home;
        }
    }
    return NULL;
}

// SPDX-License-Identifier: Apache-2.0
#include "hub/presence.h"

#include "base/hash.h"
#include "base/must.h"
#include "base/mutant.h"
#include "hub/channel.h"
#include "hub/signals.h"
#include "hub/sources.h"

#define OWNER_HASH_KEY UINT64_C(0x726f6172) // the same in every hub

enum person_state { PERSON_ABSENT, PERSON_WATCHING, PERSON_HIDDEN };

struct audience {
    struct map_node node; // in hub->audiences
    struct hub *hub;
    struct map people; // struct person by identity
    struct link named; // struct name_tag: persons with a name
    struct link link;  // in hub->changed
    uint32_t viewers, hidden;
    int32_t soles; // of the viewers: those of IDENTITY_SOLE
    int64_t told_ms;
    uint32_t interested; // hubs that listen
    uint32_t *interest;  // owned; [hub->peer_count]
    uint32_t name_len;
    char name[];
};

struct name_tag {     // only persons with a name have one
    struct link link; // in audience->named
    struct person *person;
    uint32_t len;
    char text[];
};

struct person {
    struct map_node node; // in audience->people; its key is `identity`
    uint64_t identity;
    struct audience *audience;
    struct name_tag *tag;   // owned or NULL
    struct source *source;  // where its beats count; NULL: nowhere
    struct link beat_link;  // in hub->beats while it beats
    uint64_t watch_screen;  // which screen last said that it watches
    int64_t beat_until_ms;  // of any screen
    int64_t watch_until_ms; // of a screen that watches
    int32_t connections;
    bool hidden; // its last beat said so
    uint8_t state;
};

struct presence_news {
    struct letter letter;
    struct hub *to;
    uint32_t viewers, hidden;
    uint32_t name_len;
    char name[];
};

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

struct hub *presence_owner(struct hub *hub, struct str stream)
{
    return hub->peers[hash_str(OWNER_HASH_KEY, stream) % hub->peer_count];
}

/* ---- audiences and persons ---- */

static struct audience *audience_find(const struct hub *hub, struct str name)
{
    struct map_node *node = map_find(&hub->audiences, name);
    return node == NULL ? NULL : map_entry(node, struct audience, node);
}

static struct audience *audience_of(struct hub *hub, struct str name)
{
    struct audience *audience = audience_find(hub, name);
    if (audience != NULL) {
        return audience;
    }
    audience = mem_new(MEM_STREAM, sizeof(*audience) + name.len + 1);
    uint32_t *interest = mem_new(MEM_STREAM, hub->peer_count * sizeof(*interest));
    if (audience == NULL || interest == NULL) {
        mem_free(MEM_STREAM, audience);
        mem_free(MEM_STREAM, interest);
        return NULL;
    }
    memcpy(audience->name, name.at, name.len);
    audience->name_len = (uint32_t)name.len;
    audience->node.key = (struct str){.at = audience->name, .len = name.len};
    audience->hub = hub;
    audience->interest = interest;
    audience->told_ms = INT64_MIN / 2;
    map_init(&audience->people, MEM_STREAM, hub->options.seed);
    list_init(&audience->named);
    if (map_add(&hub->audiences, &audience->node) != ERR_OK) {
        mem_free(MEM_STREAM, audience);
        mem_free(MEM_STREAM, interest);
        return NULL;
    }
    return audience;
}

static void audience_free(struct audience *audience)
{
    list_remove(&audience->link);
    map_remove(&audience->hub->audiences, &audience->node);
    map_done(&audience->people);
    mem_free(MEM_STREAM, audience->interest);
    mem_free(MEM_STREAM, audience);
}

static void audience_free_if_empty(struct audience *audience)
{
    if (audience->people.count == 0 && audience->soles == 0 && audience->interested == 0) {
        audience_free(audience);
    }
}

static void note_change(struct audience *audience)
{
    if (!list_holds(&audience->link)) {
        list_push(&audience->hub->changed, &audience->link);
    }
}

static struct person *person_find(const struct audience *audience, uint64_t identity)
{
    const struct str key = {.at = (const char *)&identity, .len = sizeof(identity)};
    struct map_node *node = map_find(&audience->people, key);
    return node == NULL ? NULL : map_entry(node, struct person, node);
}

static struct person *person_of(struct audience *audience, uint64_t identity)
{
    struct person *person = person_find(audience, identity);
    if (person != NULL) {
        return person;
    }
    person = mem_new(MEM_STREAM, sizeof(*person));
    if (person == NULL) {
        return NULL;
    }
    person->identity = identity;
    person->audience = audience;
    person->node.key = (struct str){.at = (const char *)&person->identity, .len = sizeof(identity)};
    if (map_add(&audience->people, &person->node) != ERR_OK) {
        mem_free(MEM_STREAM, person);
        return NULL;
    }
    audience->hub->people++;
    metric_count(&audience->hub->tally.people, 1);
    return person;
}

static void person_free(struct person *person)
{
    if (person->tag != NULL) {
        list_remove(&person->tag->link);
        mem_free(MEM_STREAM, person->tag);
    }
    sources_leave(person->audience->hub, person->source);
    list_remove(&person->beat_link);
    map_remove(&person->audience->people, &person->node);
    person->audience->hub->people--;
    metric_count(&person->audience->hub->tally.people, -1);
    mem_free(MEM_STREAM, person);
}

/* Somebody who only beats costs whoever says so nothing: there are bounds to them. Who came by a
 * connection counts for an address from its first beat on, since it may go on by beats alone. */
static enum beat_end may_beat(const struct audience *audience, uint64_t identity, uint64_t address)
{
    const struct hub *hub = audience->hub;
    const uint32_t max = hub->options.people_max;
    const struct person *person = person_find(audience, identity);
    if (person == NULL && max > 0 && hub->people >= max) {
        return BEAT_FULL;
    }
    const bool counts = person != NULL && person->source != NULL;
    return counts || sources_have_room(hub, address) ? BEAT_TAKEN : BEAT_FULL_ADDRESS;
}

/* A name that memory has no room for is missing from the roster. */
static void person_name(struct person *person, struct str name)
{
    if (name.len == 0 || person->tag != NULL) {
        return;
    }
    struct name_tag *tag = mem_new(MEM_STREAM, sizeof(*tag) + name.len);
    if (tag != NULL) {
        memcpy(tag->text, name.at, name.len);
        tag->len = (uint32_t)name.len;
        tag->person = person;
        person->tag = tag;
        list_push(&person->audience->named, &tag->link);
    }
}

static enum person_state person_state(const struct person *person, int64_t now_ms)
{
    const bool beats = person->beat_until_ms > now_ms;
    if (person->connections <= 0 && !beats) {
        return PERSON_ABSENT;
    }
    return beats && person->hidden && person->watch_until_ms <= now_ms ? PERSON_HIDDEN
                                                                       : PERSON_WATCHING;
}

/* Counts it as it is now; frees it when nothing is left of it. */
static void person_settle(struct person *person)
{
    struct audience *audience = person->audience;
    const enum person_state before = (enum person_state)person->state;
    const enum person_state now = person_state(person, audience->hub->now_ms);
    if (before != now) {
        audience->viewers += (uint32_t)((now != PERSON_ABSENT) - (before != PERSON_ABSENT));
        audience->hidden += (uint32_t)((now == PERSON_HIDDEN) - (before == PERSON_HIDDEN));
        person->state = (uint8_t)now;
        note_change(audience);
    }
    if (now == PERSON_ABSENT && person->connections == 0) {
        person_free(person);
    }
}

static void person_count_at(struct person *person, uint64_t address)
{
    if (person->source == NULL) {
        person->source = sources_enter(person->audience->hub, address);
    }
}

static void person_beat(struct person *person, uint64_t screen, bool hidden)
{
    struct hub *hub = person->audience->hub;
    const int64_t until_ms = hub->now_ms + hub->options.presence_ttl_ms;
    person->beat_until_ms = until_ms;
    if (!hidden) {
        person->watch_until_ms = until_ms;
        person->watch_screen = screen;
    } else if (person->watch_screen == screen) {
        person->watch_until_ms = hub->now_ms;
    }
    person->hidden = hidden;
    list_remove(&person->beat_link);
    list_push(&hub->beats, &person->beat_link);
}

/* ---- letters to the owner ---- */

/* Opened: lies in the inbox until the turn, which knows the time. */
static void keep_for_turn(struct hub *hub, struct letter *letter, void (*work)(struct letter *))
{
    letter->open = work;
    letter->next = NULL;
    *hub->inbox_last = letter;
    hub->inbox_last = &letter->next;
}

static bool apply_change(struct audience *audience, const struct presence_letter *letter,
                         const struct presence_change *change)
{
    const bool beats =
        change->is_beat && may_beat(audience, change->identity, change->address) == BEAT_TAKEN;
    if (change->connections == 0 && !beats) {
        return true; // its next poll may find room
    }
    struct person *person = person_of(audience, change->identity);
    if (person == NULL) {
        return false;
    }
    person_name(person,
                (struct str){.at = letter->text + change->name_at, .len = change->name_len});
    person->connections += change->connections;
    if (beats) {
        person_count_at(person, change->address);
        person_beat(person, 0, false);
    }
    person_settle(person);
    return true;
}

static void count_soles(struct audience *audience, int32_t more)
{
    if (more != 0) {
        audience->soles += more;
        audience->viewers += (uint32_t)more;
        metric_count(&audience->hub->tally.people, more);
        note_change(audience);
    }
}

static void work_letter(struct letter *opened)
{
    struct presence_letter *letter = list_entry(opened, struct presence_letter, letter);
    struct hub *hub = letter->to;
    struct audience *audience = audience_of(hub, letter->name);
    for (uint32_t i = 0; i < letter->count; i++) {
        struct presence_change *change = &letter->changes[i];
        change->failed = audience == NULL || !apply_change(audience, letter, change);
    }
    if (audience != NULL) {
        size_t from = 0;
        while (hub->peers[from] != letter->from) {
            from++;
        }
        audience->interest[from] += (uint32_t)letter->interest;
        audience->interested += (uint32_t)letter->interest;
        if (letter->interest > 0) {
            note_change(audience); // somebody new listens
        }
        letter->interest = 0;
        count_soles(audience, letter->soles);
        letter->soles = 0;
        letter->viewers = audience->viewers;
        letter->hidden = audience->hidden;
        audience_free_if_empty(audience);
    }
    opened->open = letter->back;
    home_send(letter->from->options.home, opened);
}

static void on_letter(struct letter *opened)
{
    struct presence_letter *letter = list_entry(opened, struct presence_letter, letter);
    keep_for_turn(letter->to, opened, work_letter);
}

void presence_tell(struct presence_letter *letter)
{
    letter->letter.open = on_letter;
    home_send(letter->to->options.home, &letter->letter);
}

/* ---- questions ---- */

static void answer_roster(struct presence_call *call, const struct audience *audience)
{
    struct link *link;
    size_t count = 0, bytes = 0;
    for (link = audience->named.next; link != &audience->named && count < ROSTER_MAX;
         link = link->next) {
        bytes += list_entry(link, struct name_tag, link)->len;
        count++;
    }
    struct str *roster = count == 0 ? NULL : mem_new(MEM_OTHER, count * sizeof(struct str) + bytes);
    if (roster == NULL) {
        return;
    }
    char *text = (char *)(roster + count);
    link = audience->named.next;
    for (size_t i = 0; i < count; i++, link = link->next) {
        const struct name_tag *tag = list_entry(link, struct name_tag, link);
        memcpy(text, tag->text, tag->len);
        roster[i] = (struct str){.at = text, .len = tag->len};
        text += tag->len;
    }
    call->roster = roster;
    call->roster_count = (uint32_t)count;
}

static void beat(struct audience *audience, struct presence_call *call)
{
    call->beat = may_beat(audience, call->identity, call->address);
    if (call->beat != BEAT_TAKEN) {
        return;
    }
    struct person *person = person_of(audience, call->identity);
    if (person == NULL) {
        call->beat = BEAT_FULL;
    } else {
        person_name(person, call->name);
        person_count_at(person, call->address);
        person_beat(person, call->screen, call->hidden);
        person_settle(person);
    }
}

static void work_call(struct letter *opened)
{
    struct presence_call *call = list_entry(opened, struct presence_call, call.letter);
    struct hub *hub = call->owner;
    struct audience *audience =
        call->identity == 0 ? audience_find(hub, call->stream) : audience_of(hub, call->stream);
    call->viewers = call->watching = call->hidden_count = 0;
    call->roster = NULL;
    call->roster_count = 0;
    call->next_ms = hub->options.presence_beat_ms;
    call->beat = call->identity != 0 && audience == NULL ? BEAT_FULL : BEAT_TAKEN;
    if (audience != NULL) {
        if (call->identity != 0) {
            beat(audience, call);
        }
        call->viewers = audience->viewers;
        call->hidden_count = audience->hidden;
        call->watching = audience->viewers - audience->hidden;
        answer_roster(call, audience);
        audience_free_if_empty(audience);
    }
    call_finish(&call->call);
}

static void on_call(struct letter *opened)
{
    struct presence_call *call = list_entry(opened, struct presence_call, call.letter);
    keep_for_turn(call->owner, opened, work_call);
}

void presence_ask(struct hub *hub, struct presence_call *call)
{
    call->owner = presence_owner(hub, call->stream);
    call->call.letter.open = on_call;
    home_send(call->owner->options.home, &call->call.letter);
}

void presence_call_done(struct presence_call *call)
{
    mem_free(MEM_OTHER, call->roster);
    call->roster = NULL;
    call->roster_count = 0;
}

/* ---- news to those who listen ---- */

static void put_news(struct hub *hub, struct str name, uint32_t viewers, uint32_t hidden)
{
    struct map_node *node = map_find(&hub->streams, name);
    if (node == NULL) {
        return;
    }
    struct stream *stream = map_entry(node, struct stream, node);
    struct buf json;
    stream->viewers_known = viewers;
    stream->hidden_known = hidden;
    stream->news++;
    buf_init(&json, MEM_OTHER, HUB_FRAME_BYTES_MAX);
    signals_presence(&json, name, viewers, hidden);
    if (buf_ok(&json)) {
        channel_put_signal(stream, buf_str(&json));
    }
    buf_done(&json);
}

static void on_news(struct letter *opened)
{
    struct presence_news *news = list_entry(opened, struct presence_news, letter);
    put_news(news->to, (struct str){.at = news->name, .len = news->name_len}, news->viewers,
             news->hidden);
    mem_free(MEM_STREAM, news);
}

/* A letter that memory has no room for: the next second has another. */
static bool send_news(const struct audience *audience, struct hub *to)
{
    struct presence_news *news = mem_new(MEM_STREAM, sizeof(*news) + audience->name_len + 1);
    if (news == NULL) {
        return false;
    }
    memcpy(news->name, audience->name, audience->name_len);
    news->name_len = audience->name_len;
    news->to = to;
    news->viewers = audience->viewers;
    news->hidden = audience->hidden;
    news->letter.open = on_news;
    home_send(to->options.home, &news->letter);
    return true;
}

static void tell_audience(struct audience *audience)
{
    struct hub *hub = audience->hub;
    bool all_told = true;
    list_remove(&audience->link);
    /* Even when the number is what it was: a hello may have said another one in between. */
    for (size_t i = 0; i < hub->peer_count; i++) {
        if (audience->interest[i] > 0 && !send_news(audience, hub->peers[i])) {
            all_told = false;
        }
    }
    audience->told_ms = hub->now_ms;
    if (!all_told) {
        note_change(audience);
    }
}

static int64_t tell_changed(struct hub *hub)
{
    int64_t next_ms = INT64_MAX;
    struct link *link = hub->changed.next;
    while (link != &hub->changed) {
        struct audience *audience = list_entry(link, struct audience, link);
        link = link->next;
        if (hub->now_ms >= audience->told_ms + PRESENCE_TELL_MS) {
            tell_audience(audience);
        }
        if (list_holds(&audience->link)) {
            next_ms = earlier(next_ms, audience->told_ms + PRESENCE_TELL_MS);
        }
    }
    return next_ms;
}

static int64_t expire_beats(struct hub *hub)
{
    while (!list_is_empty(&hub->beats)) {
        struct person *person = list_entry(hub->beats.next, struct person, beat_link);
        struct audience *audience = person->audience;
        if (person->beat_until_ms > hub->now_ms || mutant(BEAT_FOR_EVER)) {
            return person->beat_until_ms;
        }
        list_remove(&person->beat_link);
        person_settle(person);
        audience_free_if_empty(audience);
    }
    return INT64_MAX;
}

int64_t presence_turn(struct hub *hub)
{
    (void)expire_beats(hub);
    while (hub->inbox != NULL) {
        struct letter *letter = hub->inbox;
        hub->inbox = letter->next;
        if (hub->inbox == NULL) {
            hub->inbox_last = &hub->inbox;
        }
        letter->open(letter);
    }
    const int64_t tell_ms = tell_changed(hub);
    return earlier(expire_beats(hub), tell_ms);
}

void presence_done(struct hub *hub)
{
    struct map_walk audiences = {0};
    struct map_node *node = map_next(&hub->audiences, &audiences);
    while (node != NULL) {
        struct audience *audience = map_entry(node, struct audience, node);
        struct map_walk people = {0};
        struct map_node *one = map_next(&audience->people, &people);
        while (one != NULL) {
            person_free(map_entry(one, struct person, node));
            one = map_next(&audience->people, &people);
        }
        metric_count(&hub->tally.people, -audience->soles);
        audience_free(audience);
        node = map_next(&hub->audiences, &audiences);
    }
    map_done(&hub->audiences);
    map_done(&hub->sources);
}

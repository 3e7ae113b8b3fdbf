// SPDX-License-Identifier: Apache-2.0
#include "hub/view.h"

#include "base/mutant.h"

#include <string.h>

/* ---- what is shadowed ---- */

static bool is_of(const struct event *event, uint64_t user)
{
    return event->user_hash == user;
}

static struct shadow_author *find_author(const struct stream *stream, uint64_t user)
{
    for (uint32_t i = 0; i < stream->author_count && user != 0; i++) {
        if (stream->authors[i].user == user) {
            return &stream->authors[i];
        }
    }
    return NULL;
}

static enum err make_room(struct stream *stream)
{
    if (stream->author_count < stream->author_cap) {
        return ERR_OK;
    }
    if (stream->author_cap == VIEW_AUTHORS_MAX) {
        stream->author_count--;
        memmove(stream->authors, stream->authors + 1,
                stream->author_count * sizeof(*stream->authors));
        return ERR_OK;
    }
    const uint32_t cap = stream->author_cap == 0 ? 1 : stream->author_cap * 2;
    struct shadow_author *authors = mem_resize(MEM_STREAM, stream->authors, cap * sizeof(*authors));
    if (authors == NULL) {
        return ERR_NOMEM;
    }
    stream->authors = authors;
    stream->author_cap = cap;
    return ERR_OK;
}

/* `*ret_author`: until the next one is noted. */
static enum err note_author(struct stream *stream, const struct event *event,
                            struct shadow_author **ret_author)
{
    struct shadow_author *author = find_author(stream, event->user_hash);
    if (author == NULL) {
        TRY(make_room(stream));
        author = &stream->authors[stream->author_count++];
        *author = (struct shadow_author){.user = event->user_hash};
    }
    author->newest = event->seq > author->newest ? event->seq : author->newest;
    *ret_author = author;
    return ERR_OK;
}

void view_done(struct stream *stream)
{
    tail_done(&stream->shadowed);
    mem_free(MEM_STREAM, stream->authors);
    stream->authors = NULL;
    stream->author_count = stream->author_cap = 0;
}

bool view_is_apart(const struct stream *stream, uint64_t user)
{
    return find_author(stream, user) != NULL;
}

uint64_t view_newest(const struct stream *stream, uint64_t user)
{
    const struct shadow_author *author = find_author(stream, user);
    return author != NULL && author->newest > stream->newest ? author->newest : stream->newest;
}

bool view_covers(const struct stream *stream, uint64_t user, uint64_t seq)
{
    if (!tail_covers(&stream->tail, seq) || user == 0) {
        return tail_covers(&stream->tail, seq);
    }
    uint32_t count = 0;
    struct event *const *next = tail_after(&stream->tail, seq, &count);
    const uint64_t shown = count > 0 ? next[0]->prev : stream->newest;
    return tail_covers(&stream->shadowed, shown < seq ? shown : seq);
}

/* The older ones that were read go in front of those held, if they meet. */
static void extend(struct tail *tail, struct event *const *older, uint32_t count,
                   const struct read *read, uint64_t first)
{
    const uint32_t before = tail->count;
    while (count > 0 && older[count - 1]->seq > tail->covers) {
        count--; // it is held
    }
    if (tail->covers >= read->bound || first > tail->covers) {
        return;
    }
    if (count > 0) {
        tail_extend(tail, older, count, !read->more);
    }
    const uint32_t taken = tail->count - before;
    if (taken == count) {
        tail->covers = read->more ? first - 1 : 0;
        tail->is_whole = !read->more;
    } else { // its prev is what everybody is shown, and may stand before what was left out
        tail->covers = older[count - taken - 1]->seq;
    }
}

void view_split_older(struct stream *stream, struct read *read)
{
    uint32_t shown = 0, hidden = 0;
    bool is_whole = true;
    struct shadow_author *author = NULL;
    struct event **older =
        read->count == 0 ? NULL : mem_new(MEM_EVENT, read->count * sizeof(struct event *));
    const uint64_t first = read->count > 0 ? read->events[0]->seq : 0;
    for (uint32_t i = 0; i < read->count; i++) {
        struct event *event = read->events[i];
        if ((event->flags & EVENT_FLAG_SHADOW) == 0) {
            read->events[shown++] = event;
            continue;
        }
        is_whole = note_author(stream, event, &author) == ERR_OK && older != NULL && is_whole;
        if (older != NULL) {
            older[hidden++] = event;
        } else {
            event_unref(event);
        }
    }
    read->count = shown;
    if (older != NULL && is_whole) {
        extend(&stream->shadowed, older, hidden, read, first);
    } else if (older == NULL && first == 0 && !read->more &&
               stream->shadowed.covers < read->bound) { // the log holds nothing before what is here
        stream->shadowed.covers = 0;
        stream->shadowed.is_whole = true;
    }
    for (uint32_t i = 0; i < hidden; i++) {
        event_unref(older[i]);
    }
    mem_free(MEM_EVENT, older);
}

void view_enter(struct catchup *catchup, uint64_t user)
{
    catchup->view = user;
    catchup->viewer->has_user = user != 0;
}

/* ---- what others are not sent ---- */

const struct shadow_author *view_author(const struct stream *stream, uint64_t user)
{
    return find_author(stream, user);
}

uint32_t view_others(const struct stream *stream, uint64_t user)
{
    uint32_t others =
        stream->readers[READER_SSE] + stream->readers[READER_WS] + stream->readers[READER_POLL];
    for (struct link *link = stream->pursuits.next; link != &stream->pursuits; link = link->next) {
        others -= list_entry(link, struct catchup, stream_link)->view == user && others > 0;
    }
    return others;
}

static void count(struct shadow_author *author, const struct stream *stream,
                  const struct event *event)
{
    const int64_t now_ms = stream->hub->now_ms;
    const int64_t late_ms = now_ms - event->published_mono_ms + event->waited_ms;
    author->events++;
    author->unsent += view_others(stream, author->user);
    author->late_ms = event->published_mono_ms > 0 && late_ms > 0 ? (uint64_t)late_ms : 0;
    recent_add(&author->comments_recent, now_ms, event->kind == EVENT_COMMENT);
}

enum err view_note(struct stream *stream, struct event *event)
{
    struct shadow_author *author = NULL;
    TRY(note_author(stream, event, &author));
    tail_push(&stream->shadowed, event);
    count(author, stream, event);
    return ERR_OK;
}

/* ---- walking along what is shown ---- */

static struct event *at(const struct tail *tail, uint32_t i)
{
    return tail->events[tail->start + i];
}

void view_walk_begin(struct view_walk *walk, const struct stream *stream, uint64_t user,
                     uint64_t seq)
{
    uint32_t shown = 0, own = 0; // behind it
    (void)tail_after(&stream->tail, seq, &shown);
    (void)tail_after(&stream->shadowed, seq, &own);
    *walk = (struct view_walk){.stream = stream,
                               .user = user,
                               .shown = stream->tail.count - shown,
                               .own = user == 0 ? 0 : stream->shadowed.count - own};
}

struct event *view_walk_back(struct view_walk *walk)
{
    const struct tail *all = &walk->stream->tail, *hidden = &walk->stream->shadowed;
    while (walk->own > 0 && !is_of(at(hidden, walk->own - 1), walk->user)) {
        walk->own--;
    }
    const bool has_own = walk->own > 0;
    if (walk->shown == 0 && !has_own) {
        return NULL;
    }
    if (walk->shown == 0 ||
        (has_own && at(hidden, walk->own - 1)->seq > at(all, walk->shown - 1)->seq)) {
        return at(hidden, --walk->own);
    }
    return at(all, --walk->shown);
}

struct event *view_walk_on(struct view_walk *walk)
{
    const struct tail *all = &walk->stream->tail, *hidden = &walk->stream->shadowed;
    const uint32_t count = walk->user == 0 ? 0 : hidden->count;
    while (walk->own < count && !is_of(at(hidden, walk->own), walk->user)) {
        walk->own++;
    }
    const bool has_own = walk->own < count, has_shown = walk->shown < all->count;
    if (!has_shown && !has_own) {
        return NULL;
    }
    if (!has_shown || (has_own && at(hidden, walk->own)->seq < at(all, walk->shown)->seq)) {
        return at(hidden, walk->own++);
    }
    return at(all, walk->shown++);
}

/* The newest `comments` of them that the lane carries are behind it; how many there are. */
static uint32_t walk_to(struct view_walk *walk, uint32_t comments, struct lane_rule rule,
                        const struct event **ret_first)
{
    uint32_t found = 0;
    struct view_walk to = *walk;
    for (const struct event *event = view_walk_back(&to); event != NULL && found < comments;
         event = view_walk_back(&to)) {
        if ((TAIL_COUNTED_KINDS >> event->kind & 1U) != 0 && lane_carries(rule, event)) {
            *ret_first = event;
            *walk = to;
            found++;
        }
    }
    return found;
}

bool view_find_start(const struct stream *stream, uint64_t user, uint32_t comments,
                     struct lane_rule rule, uint64_t *ret_seq)
{
    const struct event *first = NULL;
    struct view_walk walk;
    view_walk_begin(&walk, stream, user, SEQ_MAX);
    const uint32_t found = walk_to(&walk, comments, rule, &first);
    if (first == NULL || (found < comments && !stream->tail.is_whole)) {
        return false;
    }
    const struct event *before = view_walk_back(&walk);
    while (rule.lane == LANE_DIGEST && before != NULL &&
           lane_window_of(LANE_DIGEST, before->at_ms) ==
               lane_window_of(LANE_DIGEST, first->at_ms)) {
        first = before;
        before = view_walk_back(&walk);
    }
    *ret_seq = before != NULL && before->seq > first->prev ? before->seq : first->prev;
    return view_covers(stream, user, *ret_seq);
}

uint64_t view_prev(const struct stream *stream, uint64_t user, const struct event *event)
{
    const struct tail *hidden = &stream->shadowed;
    uint32_t behind = 0;
    (void)tail_after(hidden, event->seq - 1, &behind);
    uint32_t i = user == 0 || mutant(VIEW_PREV_PUBLIC) ? 0 : hidden->count - behind;
    while (i > 0 && at(hidden, i - 1)->seq > event->prev) {
        i--;
        if (is_of(at(hidden, i), user)) {
            return at(hidden, i)->seq;
        }
    }
    return event->prev;
}

/* ---- reading apart ---- */

struct merge {
    struct event **events; // owned, with references
    uint32_t count;
    uint64_t last; // seq
};

static enum err add(struct merge *merge, struct event *event)
{
    const bool follows = event->prev >= merge->last || mutant(VIEW_PREV_PUBLIC);
    struct event *own = follows ? event_ref(event) : event_with_prev(event, merge->last);
    if (own == NULL) {
        return ERR_NOMEM;
    }
    merge->events[merge->count++] = own;
    merge->last = event->seq;
    return ERR_OK;
}

static enum err fill(struct merge *merge, const struct catchup *catchup, uint64_t upto)
{
    struct view_walk walk;
    view_walk_begin(&walk, catchup->viewer->stream, catchup->view, catchup->position);
    struct event *event = view_walk_on(&walk);
    while (event != NULL && event->seq <= upto && merge->count < CATCHUP_POLL_EVENTS_MAX) {
        TRY(add(merge, event));
        event = view_walk_on(&walk);
    }
    return ERR_OK;
}

/* Where a cursor stands may be no event at all. */
static uint64_t last_shown(const struct catchup *catchup)
{
    const struct tail *tail = &catchup->viewer->stream->shadowed;
    for (uint32_t i = tail->count; i > 0; i--) {
        const struct event *event = tail->events[tail->start + i - 1];
        if (event->seq <= catchup->position && is_of(event, catchup->view)) {
            return event->seq;
        }
    }
    return catchup->position == catchup->cursor.seq ? 0 : catchup->position;
}

enum err view_read(struct catchup *catchup, uint64_t upto)
{
    struct read *read = &catchup->fetched;
    struct merge merge = {.last = last_shown(catchup)};
    read_done(read);
    catchup->fetched_at = 0;
    merge.events = mem_new(MEM_EVENT, CATCHUP_POLL_EVENTS_MAX * sizeof(struct event *));
    if (merge.events == NULL) {
        return ERR_NOMEM;
    }
    const enum err err = fill(&merge, catchup, upto);
    read->events = merge.events;
    read->count = merge.count;
    read->heard = catchup->viewer->stream->heard;
    read->bound = SEQ_MAX + 1; // no answer of the store
    if (err != ERR_OK) {
        read_done(read);
    }
    return err;
}

// SPDX-License-Identifier: Apache-2.0
#include "hub/view.h"

#include "base/mutant.h"

#include <string.h>

enum { MS_A_SECOND = 1000 };

/* ---- what is shadowed ---- */

static struct event *at(const struct tail *tail, uint32_t i)
{
    return tail->events[tail->start + i];
}

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

/* ---- the places of what is shown ---- */

static int64_t second_of(const struct event *event)
{
    return event->at_ms / MS_A_SECOND;
}

static int64_t window_of(const struct event *event)
{
    return event->at_ms / EVENT_DIGEST_MS;
}

bool view_knows_places(const struct stream *stream, uint64_t user, uint64_t seq)
{
    const struct tail *hidden = &stream->shadowed;
    struct view_walk walk;
    view_walk_begin(&walk, stream, user, seq);
    const struct event *next = view_walk_on(&walk);
    uint32_t hidden_count = 0, shown_count = 0;
    if (next == NULL || hidden->is_whole || hidden->covers_ms / EVENT_DIGEST_MS < window_of(next)) {
        return true;
    }
    struct event *const *known = tail_after(hidden, hidden->covers, &hidden_count);
    struct event *const *shown = tail_after(&stream->tail, hidden->covers, &shown_count);
    return (hidden_count > 0 && window_of(known[0]) < window_of(next)) ||
           (shown_count > 0 && window_of(shown[0]) < window_of(next));
}

bool view_is_at_hand(const struct catchup *catchup)
{
    const struct stream *stream = catchup->viewer->stream;
    const uint64_t view = catchup->view, position = catchup->position;
    const bool has_places = catchup->viewer->lane == LANE_FULL || view == 0 ||
                            view_knows_places(stream, view, position);
    return has_places && view_covers(stream, view, position);
}

static bool takes_place(const struct event *event)
{
    return event_is_ranked(event) && (event->flags & EVENT_FLAG_SHADOW) != 0;
}

void view_count_begin(struct view_count *count, const struct stream *stream, uint64_t user,
                      const struct event *event)
{
    const struct tail *hidden = &stream->shadowed;
    uint32_t behind = 0;
    (void)tail_after(hidden, event->seq - 1, &behind);
    *count = (struct view_count){.second = second_of(event), .window = window_of(event)};
    for (uint32_t i = hidden->count - behind; i > 0; i--) {
        const struct event *before = at(hidden, i - 1);
        if (window_of(before) != count->window) {
            return;
        }
        const bool is_own = is_of(before, user) && takes_place(before);
        count->own.in_window += is_own;
        count->own.in_second += is_own && second_of(before) == count->second;
    }
}

struct event_own view_count_take(struct view_count *count, const struct event *event)
{
    if (second_of(event) != count->second) {
        count->second = second_of(event);
        count->own.in_second = 0;
    }
    if (window_of(event) != count->window) {
        count->window = window_of(event);
        count->own.in_window = 0;
    }
    const struct event_own before = count->own;
    count->own.in_second += takes_place(event);
    count->own.in_window += takes_place(event);
    if (mutant(PLACES_PUBLIC)) {
        return (struct event_own){.in_second = 0};
    }
    return before;
}

/* The older ones that were read go in front of those held, if they meet. */
static void extend(struct tail *tail, struct event *const *older, uint32_t count,
                   const struct read *read, const struct event *first)
{
    const uint32_t before = tail->count;
    while (count > 0 && older[count - 1]->seq > tail->covers) {
        count--; // it is held
    }
    if (tail->covers >= read->bound || first->seq > tail->covers) {
        return;
    }
    if (count > 0) {
        tail_extend(tail, older, count, !read->more);
    }
    const uint32_t taken = tail->count - before;
    if (taken == count) {
        tail->covers = read->more ? first->seq - 1 : 0;
        tail->covers_ms = read->more ? first->at_ms : tail->covers_ms;
        tail->is_whole = !read->more;
    } else { // its prev is what everybody is shown, and may stand before what was left out
        tail->covers = older[count - taken - 1]->seq;
        tail->covers_ms = older[count - taken - 1]->at_ms;
    }
}

void view_split_older(struct stream *stream, struct read *read)
{
    uint32_t shown = 0, hidden = 0;
    bool is_whole = true;
    struct shadow_author *author = NULL;
    struct event **older =
        read->count == 0 ? NULL : mem_new(MEM_EVENT, read->count * sizeof(struct event *));
    const struct event *first = read->count > 0 ? read->events[0] : NULL;
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
    } else if (older == NULL && first == NULL && !read->more &&
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
    volume_add(&author->told, event->body_len);
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
        struct view_count count;
        view_count_begin(&count, walk->stream, walk->user, event);
        rule.own = view_count_take(&count, event);
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

static enum err add(struct merge *merge, struct event *event, struct event_own own)
{
    const bool follows = event->prev >= merge->last || mutant(VIEW_PREV_PUBLIC);
    const bool is_moved = event_is_ranked(event) && own.in_window > 0;
    struct event *seen = follows && !is_moved
                             ? event_ref(event)
                             : event_with_prev(event, follows ? event->prev : merge->last);
    if (seen == NULL) {
        return ERR_NOMEM;
    }
    if (is_moved) {
        event_put_behind(seen, own);
    }
    merge->events[merge->count++] = seen;
    merge->last = event->seq;
    return ERR_OK;
}

static enum err fill(struct merge *merge, const struct catchup *catchup, uint64_t upto)
{
    struct view_walk walk;
    view_walk_begin(&walk, catchup->viewer->stream, catchup->view, catchup->position);
    struct event *event = view_walk_on(&walk);
    struct view_count count;
    struct event_own own = {.in_second = 0};
    const bool is_sparse = catchup->viewer->lane != LANE_FULL;
    if (event != NULL && is_sparse) {
        view_count_begin(&count, walk.stream, walk.user, event);
    }
    while (event != NULL && event->seq <= upto && merge->count < CATCHUP_POLL_EVENTS_MAX) {
        own = is_sparse ? view_count_take(&count, event) : own;
        TRY(add(merge, event, own));
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
    pursuit_forget_fetched(catchup); // nor is this an answer of the store
    merge.events = mem_new(MEM_EVENT, CATCHUP_POLL_EVENTS_MAX * sizeof(struct event *));
    if (merge.events == NULL) {
        return ERR_NOMEM;
    }
    const enum err err = fill(&merge, catchup, upto);
    read->events = merge.events;
    read->count = merge.count;
    read->heard = catchup->viewer->stream->heard;
    if (err != ERR_OK) {
        read_done(read);
    }
    return err;
}

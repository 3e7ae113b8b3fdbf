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
    const struct stream *stream = catchup->viewer->stream;
    uint32_t shown = 0, hidden = 0, i = 0, k = 0;
    struct event *const *all = tail_after(&stream->tail, catchup->position, &shown);
    struct event *const *own = tail_after(&stream->shadowed, catchup->position, &hidden);
    while (merge->count < CATCHUP_POLL_EVENTS_MAX) {
        while (k < hidden && !is_of(own[k], catchup->view)) {
            k++;
        }
        const bool is_own = k < hidden && (i == shown || own[k]->seq < all[i]->seq);
        if ((!is_own && i == shown) || (is_own ? own[k] : all[i])->seq > upto) {
            break;
        }
        TRY(add(merge, is_own ? own[k++] : all[i++]));
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
    read->head = catchup->viewer->stream->heard;
    read->bound = SEQ_MAX + 1; // no answer of the store
    if (err != ERR_OK) {
        read_done(read);
    }
    return err;
}

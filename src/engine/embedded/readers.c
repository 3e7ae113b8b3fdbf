// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/readers.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/must.h"
#include "engine/embedded/call_queue.h"
#include "engine/embedded/hole.h"
#include "engine/embedded/moderation_reads.h"
#include "engine/embedded/sight.h"
#include "engine/embedded/store.h"
#include "engine/embedded/store_rows.h"
#include "engine/embedded/store_streams.h"
#include "engine/embedded/warned_reads.h"
#include "sys/sys.h"

#include <pthread.h>
#include <stddef.h>
#include <string.h>

enum { MODERATION_BYTES_MAX = 4 << 20 };

/* A folded read looks at so many rows, most of them removed, and then says how far it got. */
enum { FOLDED_LOOKS_MAX = 5000 };

struct reader {
    struct readers *all; // borrowed; outlives it
    struct sys_thread thread;
    struct store store;  // under GATE
    uint64_t redactions; // of the tail, before the question under way was read
};

struct readers {
    /* -- frozen -- */
    struct readers_options options;
    uint32_t started;
    /* -- under QUEUE -- */
    pthread_mutex_t lock;
    pthread_cond_t more;
    struct call_queue waiting; // calls; their `holder` is their struct question_kind
    bool is_ending;
    /* -- GATE -- */
    pthread_rwlock_t gate;
    bool is_refusing;
    struct reader each[]; // [options.count]
};

/* What kind of call it is: how to answer it from the store, and how to say that it cannot be. */
struct question_kind {
    enum err (*answer)(struct reader *reader, struct call *call);
    void (*fail)(struct call *call, enum err err);
};

/* ---- the stream asked about ---- */

struct place {
    struct store_stream row;
    uint64_t head;  // of the view
    uint64_t heard; // of all
};

static void tell_damage(struct reader *reader, struct str stream, uint64_t n)
{
    engine_metrics_count(&reader->all->options.metrics->damaged);
    log_line(LOG_ERROR, "a row of the log is damaged and is not served", LOG_STR("stream", stream),
             LOG_I64("n", n));
}

/* ERR_NOT_FOUND: streams are made explicitly, and this one was not. */
static enum err find(struct reader *reader, struct str name, struct place *ret_place)
{
    struct place place = {.row = {.state = STREAM_LIVE, .retention_days = -1}};
    struct store_head head = {.seq = 0};
    uint64_t n = 0;
    enum err err = store_streams_find(&reader->store, name, &place.row);
    if (err == ERR_NOT_FOUND &&
        !atomic_load_explicit(reader->all->options.streams_explicit, memory_order_relaxed)) {
        *ret_place = place;
        return ERR_OK;
    }
    TRY(err);
    err = store_streams_head(&reader->store, &place.row, &head, &n);
    if (err == ERR_GONE) {
        tell_damage(reader, name, n);
        return ERR_GONE;
    }
    TRY(err);
    place.head = head.public_seq;
    place.heard = head.seq;
    *ret_place = place;
    return ERR_OK;
}

/* In a view of one's own the newest event may be one's own. */
static enum err see_own_head(struct reader *reader, uint64_t view, struct place *place)
{
    const struct store_streams_hole hole = {.stream = place->row.id,
                                            .after = place->head,
                                            .upto = SEQ_MAX,
                                            .view = view,
                                            .hash_key = reader->all->options.identity->hash_key};
    uint64_t own = 0;
    if (view != 0 && view != READ_VIEW_ALL && place->row.id != 0) {
        TRY(store_streams_own_shadow(&reader->store, &hole, &own));
    }
    place->head = own > place->head ? own : place->head;
    return ERR_OK;
}

/* ---- read ---- */

static struct read *read_of(struct call *call)
{
    return (struct read *)(void *)call; // its first member
}

/* Where one walk stands. */
struct walk {
    struct reader *reader;
    struct read *read;
    struct sight sight;
    uint32_t looked_at;
};

/* Adds what the row is for the asker. ERR_LIMIT: the answer is whole without it. */
static enum err take_row(struct walk *walk, const struct store_row *row)
{
    struct read *read = walk->read;
    struct event *event = NULL;
    const enum err err = sight_of(&walk->sight, row, &event);
    if (err == ERR_GONE) {
        tell_damage(walk->reader, read->stream, row->n);
    }
    TRY(err);
    if (event != NULL && read->count == read->limit) {
        event_unref(event);
        read->more = true;
        return ERR_LIMIT;
    }
    if (event != NULL) {
        read->events[read->count++] = event;
    }
    if (read->folded && ++walk->looked_at == FOLDED_LOOKS_MAX) {
        read->more = true;
        read->reached = row->seq;
        return ERR_LIMIT;
    }
    return ERR_OK;
}

static enum err walk_rows(struct walk *walk, const struct store_range *range)
{
    struct read *read = walk->read;
    struct store *store = &walk->reader->store;
    sqlite3_stmt *query = NULL;
    struct store_row row = {.n = 0};
    TRY(store_rows_range(store, range, &query));
    for (;;) {
        enum err err = store_rows_next(store, query, &row);
        if (err == ERR_NOT_FOUND) {
            return ERR_OK;
        }
        if (err == ERR_GONE && read->count < read->limit) {
            tell_damage(walk->reader, read->stream, row.n);
            return ERR_GONE;
        }
        if (err == ERR_GONE) {
            read->more = true;
            return ERR_OK;
        }
        TRY(err);
        err = take_row(walk, &row);
        if (err != ERR_OK) {
            return err == ERR_LIMIT ? ERR_OK : err;
        }
    }
}

static void turn_around(struct event **events, uint32_t count)
{
    for (uint32_t i = 0; i < count / 2; i++) {
        struct event *event = events[i];
        events[i] = events[count - 1 - i];
        events[count - 1 - i] = event;
    }
}

static struct store_range range_of(const struct read *read, const struct place *place)
{
    struct store_range range = {.stream = place->row.id, .kinds = read->kinds};
    if (read->from == READ_AFTER) {
        range.after = read->bound;
        const bool is_above = read->upto > place->head && read->view != READ_VIEW_ALL;
        range.upto = is_above ? place->head : read->upto;
    } else {
        range.upto = read->bound == 0 ? 0 : read->bound - 1;
        range.newest_first = true;
    }
    return range;
}

/* It is what everybody is shown. */
static bool is_public(const struct read *read)
{
    bool is_shown = read->view == 0 || read->view == READ_VIEW_ALL;
    for (uint32_t i = 0; i < read->count; i++) {
        is_shown = is_shown && (read->events[i]->flags & EVENT_FLAG_SHADOW) == 0;
    }
    return is_shown;
}

static enum err answer_read(struct reader *reader, struct call *call)
{
    struct read *read = read_of(call);
    struct place place;
    TRY(find(reader, read->stream, &place));
    TRY(see_own_head(reader, read->view, &place));
    read->head = place.head;
    read->heard = place.heard;
    read->oldest = store_streams_oldest(place.row.ground_seq, place.head);
    if (place.row.id == 0) {
        return ERR_OK;
    }
    read->events = mem_new(MEM_EVENT, read->limit * sizeof(struct event *));
    if (read->events == NULL) {
        return ERR_NOMEM;
    }
    const struct store_range range = range_of(read, &place);
    struct walk walk = {.reader = reader, .read = read};
    TRY(sight_init(&walk.sight, &reader->store, reader->all->options.identity, read));
    const enum err err = walk_rows(&walk, &range);
    sight_done(&walk.sight);
    TRY(err);
    if (range.newest_first) {
        turn_around(read->events, read->count);
    }
    if (read->kinds == UINT32_MAX && !read->folded && is_public(read)) {
        const struct log_tail_find found = {
            .events = read->events, .count = read->count, .redactions = reader->redactions};
        log_tail_fill(reader->all->options.tail, read->stream, &found);
    }
    return ERR_OK;
}

static void fail_read(struct call *call, enum err err)
{
    struct read *read = read_of(call);
    if (err != ERR_OK) {
        read_done(read);
    }
    read->result = err;
}

/* ---- count ---- */

static struct count_call *count_of(struct call *call)
{
    return (struct count_call *)(void *)call;
}

static enum err count_seen(struct reader *reader, const struct place *place,
                           struct count_call *count)
{
    const uint64_t ground = place->row.ground_seq;
    const struct store_streams_hole hole = {.stream = place->row.id,
                                            .after = count->after > ground ? count->after : ground,
                                            .upto = count->upto < place->head ? count->upto
                                                                              : place->head,
                                            .view = count->view,
                                            .hash_key = reader->all->options.identity->hash_key};
    uint64_t shadowed = 0, removed = 0;
    if (place->row.id != 0) {
        TRY(store_streams_shadows(&reader->store, &hole, &shadowed));
    }
    if (place->row.id != 0 && count->with_removed) {
        TRY(hole_removed(&reader->store, &hole, &removed));
    }
    count->count = log_tail_count_of(count, ground, place->head) - shadowed;
    count->removed = removed;
    count->heard = place->heard;
    return ERR_OK;
}

static enum err answer_count(struct reader *reader, struct call *call)
{
    struct count_call *count = count_of(call);
    struct place place;
    TRY(find(reader, count->stream, &place));
    TRY(see_own_head(reader, count->view, &place));
    TRY(count_seen(reader, &place, count));
    count->oldest = store_streams_oldest(place.row.ground_seq, place.head);
    return ERR_OK;
}

static void fail_count(struct call *call, enum err err)
{
    count_of(call)->result = err;
}

/* ---- get ---- */

static struct stream_call *stream_of(struct call *call)
{
    return (struct stream_call *)(void *)call;
}

static enum err answer_get(struct reader *reader, struct call *call)
{
    struct stream_call *get = stream_of(call);
    struct place place;
    TRY(find(reader, get->stream, &place));
    TRY(see_own_head(reader, get->view, &place));
    get->head = place.head;
    get->now = place.row.state;
    get->retention_now = place.row.retention_days;
    get->created_ms = place.row.created_ms;
    return ERR_OK;
}

static void fail_get(struct call *call, enum err err)
{
    stream_of(call)->result = err;
}

/* ---- moderation ---- */

static struct moderation_call *moderation_of(struct call *call)
{
    return (struct moderation_call *)(void *)call;
}

static enum err answer_moderation(struct reader *reader, struct call *call)
{
    const struct moderation_at at = {.wall_ms = clock_wall_ms(reader->all->options.clock),
                                     .hash_key = reader->all->options.identity->hash_key,
                                     .id_key = reader->all->options.identity->id_key,
                                     .tally = &reader->all->options.metrics->rules};
    return moderation_reads_answer(&reader->store, moderation_of(call), &at);
}

static void fail_moderation(struct call *call, enum err err)
{
    struct moderation_call *moderation = moderation_of(call);
    if (err != ERR_OK) {
        buf_done(&moderation->out);
    }
    moderation->result = err;
}

/* ---- warnings ---- */

static struct warnings *warnings_of(struct call *call)
{
    return (struct warnings *)(void *)call;
}

static enum err answer_warnings(struct reader *reader, struct call *call)
{
    return warned_reads_answer(&reader->store, reader->all->options.warned, warnings_of(call));
}

static void fail_warnings(struct call *call, enum err err)
{
    warnings_of(call)->result = err;
}

/* ---- the threads ---- */

static struct question_kind kind_read = {answer_read, fail_read};
static struct question_kind kind_count = {answer_count, fail_count};
static struct question_kind kind_get = {answer_get, fail_get};
static struct question_kind kind_moderation = {answer_moderation, fail_moderation};
static struct question_kind kind_warnings = {answer_warnings, fail_warnings};

struct question { // on a reader's stack while it is answered
    struct call *asked;
    const struct question_kind *kind;
    struct call_queue same; // further calls, for the same answer
};

static enum err ensure_open(struct reader *reader)
{
    if (reader->all->is_refusing) {
        reader->store.failure = SQLITE_IOERR_DATA;
        return ERR_SYS;
    }
    if (reader->store.db != NULL) {
        return ERR_OK;
    }
    return store_open(&reader->store, reader->all->options.path, STORE_READS);
}

/* A failure of ours to the asker: what they can act upon, no more. */
static enum err outward(enum err err)
{
    const bool is_theirs = err == ERR_NOT_FOUND || err == ERR_DENIED;
    return err == ERR_OK || is_theirs || err == ERR_NOMEM ? err : ERR_SYS;
}

static void clear(struct read *read)
{
    read->count = 0;
    read->events = NULL;
    read->more = false;
    read->reached = 0;
}

/* Gives a read the answer of one that asked the same. */
static void share(const struct read *from, struct read *read)
{
    read->result = from->result;
    read->epoch = from->epoch;
    read->head = from->head;
    read->heard = from->heard;
    read->oldest = from->oldest;
    read->more = from->more;
    read->reached = from->reached;
    if (from->result != ERR_OK || from->count == 0) {
        return;
    }
    read->events = mem_new(MEM_EVENT, from->count * sizeof(struct event *));
    if (read->events == NULL) {
        read->result = ERR_NOMEM;
        return;
    }
    for (uint32_t i = 0; i < from->count; i++) {
        read->events[i] = event_ref(from->events[i]);
    }
    read->count = from->count;
}

static struct call *call_of(struct letter *letter)
{
    return (struct call *)(void *)((char *)letter - offsetof(struct call, letter));
}

static void finish(const struct readers *readers, struct question *question, uint64_t newest_n)
{
    struct call *call = question->asked;
    for (struct letter *letter = question->same.first; letter != NULL;) {
        struct letter *next = letter->next; // the asker's, once it is finished
        share(read_of(call), read_of(call_of(letter)));
        publication_finish(readers->options.publication, call_of(letter), newest_n);
        letter = next;
    }
    publication_finish(readers->options.publication, call, newest_n);
}

/* What was read for others meanwhile may lie in memory now. */
static bool answer_from_tail(const struct readers *readers, struct question *question)
{
    if (question->kind != &kind_read) {
        return false;
    }
    struct read *read = read_of(question->asked);
    const enum log_tail_answer found = log_tail_read(readers->options.tail, read);
    if (found == LOG_TAIL_NONE) {
        clear(read); // it may have begun
        return false;
    }
    engine_metrics_count(&readers->options.metrics->tail_hits);
    finish(readers, question, found == LOG_TAIL_AHEAD ? UINT64_MAX : 0);
    return true;
}

static void answer(struct reader *reader, struct question *question)
{
    uint64_t newest_n = 0;
    if (answer_from_tail(reader->all, question)) {
        return;
    }
    engine_metrics_count(&reader->all->options.metrics->store_reads);
    must(pthread_rwlock_rdlock(&reader->all->gate) == 0);
    reader->redactions = log_tail_redactions(reader->all->options.tail);
    enum err err = ensure_open(reader);
    if (err == ERR_OK) {
        err = store_begin_read(&reader->store);
    }
    if (err == ERR_OK) {
        err = store_rows_newest_n(&reader->store, &newest_n);
    }
    if (err == ERR_OK) {
        err = question->kind->answer(reader, question->asked);
    }
    store_rollback(&reader->store); // it wrote nothing
    if (err != ERR_OK) {
        newest_n = 0; // says nothing of any row
    }
    must(pthread_rwlock_unlock(&reader->all->gate) == 0);
    if (err == ERR_PROTO) {
        engine_metrics_count(&reader->all->options.metrics->damaged);
    }
    if (!reader->all->is_refusing && (err == ERR_SYS || err == ERR_PROTO)) {
        log_line(LOG_ERROR, "the store could not be read",
                 LOG_STR("why", str_of(store_failure_text(&reader->store))));
    }
    question->kind->fail(question->asked, outward(err));
    finish(reader->all, question, newest_n);
}

static bool asks_the_same(const struct read *a, const struct read *b)
{
    return a->from == b->from && a->bound == b->bound && a->upto == b->upto &&
           a->limit == b->limit && a->kinds == b->kinds && a->folded == b->folded &&
           a->view == b->view && str_eq(a->stream, b->stream);
}

/* Under QUEUE: those who ask what the first asks need no read of their own. All were asked before
 * it begins, so what it sees is new enough for each. */
static void gather_same(struct readers *readers, struct question *question)
{
    const struct read *first = read_of(question->asked);
    for (uint32_t left = readers->waiting.count; left > 0; left--) {
        struct letter *letter = call_queue_pop(&readers->waiting);
        const bool is_same =
            call_of(letter)->holder == &kind_read && asks_the_same(first, read_of(call_of(letter)));
        call_queue_push(is_same ? &question->same : &readers->waiting, letter);
    }
    for (uint32_t i = 0; i < question->same.count; i++) {
        engine_metrics_count(&readers->options.metrics->reads_shared);
    }
}

/* False: it is over, or nothing waits. */
static bool next_question(struct readers *readers, struct question *question)
{
    must(pthread_mutex_lock(&readers->lock) == 0);
    while (readers->waiting.count == 0 && !readers->is_ending && !readers->options.is_stepped) {
        must(pthread_cond_wait(&readers->more, &readers->lock) == 0);
    }
    struct letter *letter = call_queue_pop(&readers->waiting);
    call_queue_init(&question->same);
    if (letter != NULL) {
        question->asked = call_of(letter);
        question->kind = question->asked->holder;
        if (question->kind == &kind_read) {
            gather_same(readers, question);
        }
    }
    metric_set(&readers->options.metrics->reads_waiting, readers->waiting.count);
    must(pthread_mutex_unlock(&readers->lock) == 0);
    return letter != NULL;
}

static void run(void *user)
{
    struct reader *reader = user;
    struct question question;
    while (next_question(reader->all, &question)) {
        answer(reader, &question);
    }
}

bool readers_step(struct readers *readers)
{
    struct question question;
    const bool is_there = next_question(readers, &question);
    if (is_there) {
        answer(&readers->each[0], &question);
    }
    return is_there;
}

static void ask(struct readers *readers, struct call *call, struct question_kind *kind)
{
    call->holder = kind;
    must(pthread_mutex_lock(&readers->lock) == 0);
    must(!readers->is_ending);
    const bool has_room = readers->waiting.count < readers->options.waiting_max;
    if (has_room) {
        call_queue_push(&readers->waiting, &call->letter);
        must(pthread_cond_signal(&readers->more) == 0);
    }
    must(pthread_mutex_unlock(&readers->lock) == 0);
    if (!has_room) {
        engine_metrics_count(&readers->options.metrics->reads_refused);
        kind->fail(call, ERR_NOMEM);
        publication_finish(readers->options.publication, call, 0);
    }
}

void readers_read(struct readers *readers, struct read *read)
{
    clear(read);
    ask(readers, &read->call, &kind_read);
}

void readers_count(struct readers *readers, struct count_call *count)
{
    ask(readers, &count->call, &kind_count);
}

void readers_get(struct readers *readers, struct stream_call *call)
{
    ask(readers, &call->call, &kind_get);
}

void readers_moderation(struct readers *readers, struct moderation_call *call)
{
    call->seq = 0;
    buf_init(&call->out, MEM_ENGINE, MODERATION_BYTES_MAX);
    ask(readers, &call->call, &kind_moderation);
}

void readers_warnings(struct readers *readers, struct warnings *call)
{
    call->count = 0;
    ask(readers, &call->call, &kind_warnings);
}

void readers_pause(struct readers *readers)
{
    must(pthread_rwlock_wrlock(&readers->gate) == 0);
    for (uint32_t i = 0; i < readers->options.count; i++) {
        store_close(&readers->each[i].store); // closed is legal
    }
}

void readers_resume(struct readers *readers)
{
    must(pthread_rwlock_unlock(&readers->gate) == 0);
}

void readers_refuse(struct readers *readers)
{
    readers->is_refusing = true;
}

/* Who closes the connections must not wait for ever for a moment without questions. */
static void make_gate(pthread_rwlock_t *gate)
{
    pthread_rwlockattr_t attr;
    must(pthread_rwlockattr_init(&attr) == 0);
    must(pthread_rwlockattr_setkind_np(&attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP) == 0);
    must(pthread_rwlock_init(gate, &attr) == 0);
    must(pthread_rwlockattr_destroy(&attr) == 0);
}

enum err readers_new(const struct readers_options *options, struct readers **ret_readers)
{
    must(options->count >= 1);
    struct readers *readers =
        mem_new(MEM_ENGINE, sizeof(*readers) + options->count * sizeof(struct reader));
    if (readers == NULL) {
        return ERR_NOMEM;
    }
    readers->options = *options;
    call_queue_init(&readers->waiting);
    must(pthread_mutex_init(&readers->lock, NULL) == 0);
    must(pthread_cond_init(&readers->more, NULL) == 0);
    make_gate(&readers->gate);
    for (uint32_t i = 0; i < options->count; i++) {
        struct reader *reader = &readers->each[i];
        reader->all = readers;
        if (options->is_stepped) {
            continue;
        }
        const enum err err = sys_thread_start(&reader->thread, "roar-read", run, reader);
        if (err != ERR_OK) {
            readers_free(readers);
            return err;
        }
        readers->started++;
    }
    *ret_readers = readers;
    return ERR_OK;
}

void readers_stop(struct readers *readers)
{
    must(pthread_mutex_lock(&readers->lock) == 0);
    readers->is_ending = true;
    must(pthread_cond_broadcast(&readers->more) == 0);
    must(pthread_mutex_unlock(&readers->lock) == 0);
    while (readers->options.is_stepped && readers_step(readers)) {
    }
    for (uint32_t i = 0; i < readers->started; i++) {
        sys_thread_join(&readers->each[i].thread);
    }
    readers->started = 0;
    readers_pause(readers); // the store thread may be at the same, to recover
    readers_resume(readers);
}

void readers_free(struct readers *readers)
{
    readers_stop(readers);
    must(pthread_rwlock_destroy(&readers->gate) == 0);
    must(pthread_cond_destroy(&readers->more) == 0);
    must(pthread_mutex_destroy(&readers->lock) == 0);
    mem_free(MEM_ENGINE, readers);
}

// SPDX-License-Identifier: Apache-2.0
/* data/            0700
 *   lock           held while a process owns the folder
 *   ballast        given up on a full disk, so that acts go on (ballast.h)
 *   roar.db        the log (store.h), roar.db-wal and roar.db-shm beside it
 *   roar.db-wal.damaged   a write-ahead log that was found damaged at a start, kept for people */
#include "engine/embedded/embedded.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/must.h"
#include "engine/embedded/engine_metrics.h"
#include "engine/embedded/log_tail.h"
#include "engine/embedded/publication.h"
#include "engine/embedded/readers.h"
#include "engine/embedded/store.h"
#include "engine/embedded/store_check.h"
#include "engine/embedded/store_pages.h"
#include "engine/embedded/store_schema.h"
#include "engine/embedded/store_wal.h"
#include "engine/embedded/warned.h"
#include "engine/embedded/writer.h"
#include "sys/sys.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>

enum { FOLDER_MAX = STORE_PATH_MAX - 32, HOLD_MS_MAX = 2000, READS_WAITING_MAX = 4096 };
static const uint64_t TAIL_BYTES_MAX = UINT64_C(128) << 20;

struct embedded {
    struct port port; // first
    /* -- frozen -- */
    char path[STORE_PATH_MAX], lock_path[STORE_PATH_MAX];
    char ballast_path[STORE_PATH_MAX];
    bool is_verified; // what the WAL held at the start is in the file
    struct store_identity identity;
    struct writer *writer;   // owned
    struct readers *readers; // owned
    /* -- the ordering thread's -- */
    struct lease lease;
    struct reach_keeper reach;
    /* -- each under its own lock, or atomic -- */
    struct log_tail tail;
    struct engine_metrics metrics;
    struct publication publication;
    struct warned warned;
    _Atomic bool streams_explicit; // relaxed: a rule takes effect a moment later
};

static struct embedded *engine_of(struct port *port)
{
    return (struct embedded *)(void *)port;
}

/* ---- the port ---- */

static void on_submit(struct port *port, struct submit *submit)
{
    writer_submit(engine_of(port)->writer, submit);
}

static void on_watch(struct port *port, struct watch *watch)
{
    writer_watch(engine_of(port)->writer, watch);
}

static void on_unwatch(struct port *port, struct watch *watch)
{
    writer_unwatch(engine_of(port)->writer, watch);
}

/* Home at once, or behind what is being published. */
static void finish(struct embedded *engine, struct call *call, bool is_ahead)
{
    publication_finish(&engine->publication, call, is_ahead ? UINT64_MAX : 0);
}

static void on_sync(struct port *port, struct sync *sync)
{
    struct embedded *engine = engine_of(port);
    finish(engine, &sync->call, log_tail_is_ahead(&engine->tail));
}

static void finish_from_tail(struct embedded *engine, struct call *call,
                             enum log_tail_answer answer)
{
    engine_metrics_count(&engine->metrics.tail_hits);
    finish(engine, call, answer == LOG_TAIL_AHEAD);
}

static void on_read(struct port *port, struct read *read)
{
    struct embedded *engine = engine_of(port);
    read->epoch = port->epoch;
    const enum log_tail_answer answer = log_tail_read(&engine->tail, read);
    if (answer == LOG_TAIL_NONE) {
        readers_read(engine->readers, read);
    } else {
        finish_from_tail(engine, &read->call, answer);
    }
}

static void on_count(struct port *port, struct count_call *count)
{
    struct embedded *engine = engine_of(port);
    const enum log_tail_answer answer = log_tail_count(&engine->tail, count);
    if (answer == LOG_TAIL_NONE) {
        readers_count(engine->readers, count);
    } else {
        finish_from_tail(engine, &count->call, answer);
    }
}

static void on_stream(struct port *port, struct stream_call *call)
{
    struct embedded *engine = engine_of(port);
    call->epoch = port->epoch;
    call->created = false;
    call->is_new_state = false;
    if (call->what == STREAM_DO_GET) {
        readers_get(engine->readers, call);
    } else {
        writer_stream(engine->writer, call);
    }
}

static void on_act(struct port *port, struct act_call *call)
{
    call->look = (struct act_look){.count = 0};
    writer_act(engine_of(port)->writer, call);
}

static void on_moderation(struct port *port, struct moderation_call *call)
{
    readers_moderation(engine_of(port)->readers, call);
}

static bool may_be_warned(struct port *port, uint64_t user)
{
    return warned_may_be(&engine_of(port)->warned, user);
}

static void on_warnings(struct port *port, struct warnings *call)
{
    readers_warnings(engine_of(port)->readers, call);
}

static void on_keep(struct port *port, struct reach_keep *keep)
{
    struct embedded *engine = engine_of(port);
    reach_keeper_hand_over(&engine->reach, engine->publication.ordering, keep);
}

static const struct port_ops ops = {
    .submit = on_submit,
    .watch = on_watch,
    .unwatch = on_unwatch,
    .sync = on_sync,
    .read = on_read,
    .count = on_count,
    .stream = on_stream,
    .act = on_act,
    .moderation = on_moderation,
    .may_be_warned = may_be_warned,
    .warnings = on_warnings,
    .keep = on_keep,
};

/* ---- open ---- */

static void tell(struct embedded_fault *fault, const char *path, const char *what)
{
    snprintf(fault->text, sizeof(fault->text), "%s: %s", path, what);
}

static enum err tell_sys(struct embedded_fault *fault)
{
    char text[SYS_FAILURE_TEXT_MAX];
    snprintf(fault->text, sizeof(fault->text), "%.*s", STR_ARG(sys_failure_write(text)));
    return ERR_SYS;
}

static enum err take_folder(struct embedded *engine, struct str folder,
                            struct embedded_fault *fault)
{
    char path[STORE_PATH_MAX];
    if (folder.len == 0 || folder.len > FOLDER_MAX) {
        snprintf(fault->text, sizeof(fault->text), "the data folder's path has 1 to %d bytes",
                 FOLDER_MAX);
        return ERR_SYS;
    }
    snprintf(path, sizeof(path), "%.*s", STR_ARG(folder));
    if (sys_file_make_folder(path) != ERR_OK) {
        return tell_sys(fault);
    }
    snprintf(engine->path, sizeof(engine->path), "%.*s/roar.db", STR_ARG(folder));
    snprintf(engine->ballast_path, sizeof(engine->ballast_path), "%.*s/ballast", STR_ARG(folder));
    snprintf(engine->lock_path, sizeof(engine->lock_path), "%.*s/lock", STR_ARG(folder));
    const enum err err = lease_lock(&engine->lease);
    if (err == ERR_EXISTS) {
        tell(fault, engine->lock_path,
             "another roar owns this data folder; stop it or choose another folder");
        return ERR_EXISTS;
    }
    return err == ERR_OK ? ERR_OK : tell_sys(fault);
}

/* What is cut off from a damaged WAL is kept beside it, so that nothing is lost by looking. */
static enum err scan_wal(const struct embedded *engine, struct store_wal_verdict *ret_verdict)
{
    char path[STORE_PATH_MAX + 16];
    char kept[STORE_PATH_MAX + 32];
    struct store_wal_verdict verdict;
    snprintf(path, sizeof(path), "%s-wal", engine->path);
    TRY(store_wal_scan(path, &verdict));
    *ret_verdict = verdict;
    if (!verdict.is_damaged) {
        return ERR_OK;
    }
    snprintf(kept, sizeof(kept), "%s.damaged", path);
    log_line(LOG_ERROR,
             "the write-ahead log is damaged: commits behind the bad frame are lost, "
             "the epoch changes, every reader starts anew",
             LOG_STR("file", str_of(path)), LOG_I64("offset", verdict.bad_offset),
             LOG_I64("commits_kept", verdict.commits), LOG_I64("commits_lost", verdict.lost),
             LOG_STR("copy", str_of(kept)));
    struct buf bytes;
    buf_init(&bytes, MEM_ENGINE, SIZE_MAX);
    enum err err = sys_file_read(path, SIZE_MAX / 2, &bytes);
    if (err == ERR_OK) {
        err = sys_file_write(kept, buf_str(&bytes));
    }
    buf_done(&bytes);
    return err;
}

/* What a failure to open the log tells people to do. */
static const char *remedy(const struct store *store)
{
    return store_pages_is_damage(store->failure)
               ? "is damaged in a place without which it cannot be opened (named above); `roar "
                 "check` tells what else is, and a backup has it whole"
               : store_failure_text(store);
}

static enum err prepare(struct embedded *engine, struct store *store, struct embedded_fault *fault)
{
    struct store_fault why = {.text = ""};
    enum err err = store_open(store, engine->path, STORE_WRITES);
    if (err == ERR_OK) {
        err = store_schema_prepare(store, &why, &engine->identity);
    }
    if (err == ERR_PROTO && store_pages_is_damage(store->failure)) {
        tell(fault, engine->path, remedy(store));
    } else if (err == ERR_PROTO) {
        tell(fault, engine->path,
             why.text[0] != '\0' ? why.text
                                 : "is no database or damaged; move it away to begin anew, or "
                                   "restore it from a backup");
    } else if (err != ERR_OK) {
        tell(fault, engine->path, store_failure_text(store));
    }
    return err == ERR_OK || err == ERR_PROTO ? err : ERR_SYS;
}

/* After a crash the WAL ends in what was torn. Written over by shorter commits, its rest would look
 * like commits that were lost, should the power go again. And if a sync failed before, what the
 * kernel shows of the WAL need not be on the disk: only what was copied and synced is trusted. */
static bool empty_wal(struct store *store)
{
    const enum err err = store_empty_wal(store);
    if (err != ERR_OK) {
        log_line(LOG_ERROR,
                 "the write-ahead log could not be emptied at the start: posts are refused until "
                 "it can",
                 LOG_STR("why", str_of(store_failure_text(store))));
    }
    return err == ERR_OK;
}

static void on_damage(const struct store_check *check, const char *text)
{
    (void)check;
    log_line(LOG_ERROR, "the data folder is damaged", LOG_STR("what", str_of(text)));
}

static void on_progress(const struct store_check *check, const char *what, uint64_t done,
                        uint64_t total)
{
    (void)check;
    log_line(LOG_INFO, "verifying the data folder", LOG_STR("what", str_of(what)),
             LOG_I64("done", done), LOG_I64("total", total));
}

/* Part of what a damaged WAL held may stand in the file already: what is left need not agree with
 * itself. Until this is known the WAL stays as it is, so that the next start asks again. */
static enum err verify(const struct embedded *engine, struct store *store,
                       struct embedded_fault *fault)
{
    const struct store_check check = {.on_damage = on_damage, .on_progress = on_progress};
    struct store_check_found found = {.damages = 0};
    store_check_contents(&check, store, &engine->identity, &found);
    if (found.damages > 0) {
        tell(fault, engine->path,
             "its write-ahead log is damaged, and what is left without it does not hold together "
             "(named above): put a backup in its place, then `roar check --new-epoch`");
        return ERR_PROTO;
    }
    return ERR_OK;
}

static enum err open_store(struct embedded *engine, struct store *store,
                           struct embedded_fault *fault)
{
    struct store_wal_verdict wal;
    if (scan_wal(engine, &wal) != ERR_OK) {
        return tell_sys(fault);
    }
    TRY(prepare(engine, store, fault));
    if (wal.is_damaged) {
        TRY(verify(engine, store, fault));
    }
    engine->is_verified = wal.frames == 0 || empty_wal(store);
    if (wal.is_damaged &&
        (!engine->is_verified || store_schema_renew_epoch(store, &engine->identity) != ERR_OK)) {
        tell(fault, engine->path, store_failure_text(store));
        return ERR_SYS;
    }
    return ERR_OK;
}

static uint64_t or_else(uint64_t option, uint64_t otherwise)
{
    return option == 0 ? otherwise : option;
}

static enum err start_readers(struct embedded *engine, const struct embedded_options *options)
{
    const struct readers_options readers = {
        .path = engine->path,
        .clock = options->clock,
        .tail = &engine->tail,
        .metrics = &engine->metrics,
        .identity = &engine->identity,
        .publication = &engine->publication,
        .streams_explicit = &engine->streams_explicit,
        .warned = &engine->warned,
        .count = options->readers,
        .waiting_max = (uint32_t)or_else(options->reads_waiting_max, READS_WAITING_MAX),
        .is_stepped = options->is_stepped,
    };
    return readers_new(&readers, &engine->readers);
}

static enum err start_writer(struct embedded *engine, const struct embedded_options *options,
                             struct store *store)
{
    const struct writer_options writer = {
        .path = engine->path,
        .ballast = options->is_stepped && !options->has_ballast ? NULL : engine->ballast_path,
        .clock = options->clock,
        .tail = &engine->tail,
        .readers = engine->readers,
        .metrics = &engine->metrics,
        .publication = &engine->publication,
        .warned = &engine->warned,
        .reach = &engine->reach,
        .lease = &engine->lease,
        .identity = &engine->identity,
        .is_verified = engine->is_verified,
        .rules = options->rules,
        .posts_waiting_max = options->posts_waiting_max,
        .post_wait_ms_max = options->post_wait_ms_max,
        .hold_ms_max = (uint32_t)or_else(options->hold_ms_max, HOLD_MS_MAX),
        .gather_ms = options->gather_ms,
        .mailbox = {.events_max = or_else(options->mailbox_events_max, BUS_EVENTS_MAX),
                    .bytes_max = or_else(options->mailbox_bytes_max, BUS_BYTES_MAX)},
        .is_stepped = options->is_stepped,
    };
    return writer_new(&writer, store, &engine->writer);
}

static enum err start(struct embedded *engine, const struct embedded_options *options,
                      struct store *store, struct embedded_fault *fault)
{
    log_tail_init(&engine->tail, engine->identity.hash_key,
                  or_else(options->tail_bytes_max, TAIL_BYTES_MAX));
    engine_metrics_add(&engine->metrics);
    warned_init(&engine->warned, engine->identity.hash_key);
    enum err err = start_readers(engine, options);
    if (err == ERR_OK) {
        err = start_writer(engine, options, store);
        if (err != ERR_OK) {
            readers_free(engine->readers);
        }
    }
    if (err != ERR_OK) {
        tell(fault, engine->path,
             err == ERR_NOMEM ? "there is no memory to start with" : remedy(store));
        warned_done(&engine->warned);
        engine_metrics_remove(&engine->metrics);
        log_tail_done(&engine->tail);
        return err == ERR_PROTO ? ERR_PROTO : ERR_SYS;
    }
    return ERR_OK;
}

static enum err open_all(struct embedded *engine, const struct embedded_options *options,
                         struct embedded_fault *fault)
{
    struct store store = {.db = NULL};
    TRY(take_folder(engine, options->data, fault));
    enum err err = open_store(engine, &store, fault);
    if (err == ERR_OK) {
        engine->port = (struct port){
            .ops = &ops, .epoch = engine->identity.epoch, .user_key = engine->identity.hash_key};
        err = start(engine, options, &store, fault);
    }
    if (err != ERR_OK) {
        store_close(&store);
        lease_unlock(&engine->lease);
    }
    return err;
}

enum err embedded_open(const struct embedded_options *options, struct embedded **ret_engine,
                       struct embedded_fault *fault)
{
    must(options->readers >= 1);
    struct embedded *engine = mem_new(MEM_ENGINE, sizeof(*engine));
    fault->text[0] = '\0';
    if (engine == NULL) {
        return ERR_NOMEM;
    }
    lease_init(&engine->lease, engine->lock_path);
    reach_keeper_init(&engine->reach);
    atomic_init(&engine->streams_explicit, options->rules.streams_explicit);
    const enum err err = open_all(engine, options, fault);
    if (err != ERR_OK) {
        mem_free(MEM_ENGINE, engine);
        return err;
    }
    *ret_engine = engine;
    return ERR_OK;
}

struct port *embedded_port(struct embedded *engine)
{
    return &engine->port;
}

void embedded_set_rules(struct embedded *engine, const struct embedded_rules *rules)
{
    atomic_store_explicit(&engine->streams_explicit, rules->streams_explicit, memory_order_relaxed);
    writer_set_rules(engine->writer, rules);
}

bool embedded_is_well(const struct embedded *engine, const char **ret_reason)
{
    return writer_is_well(engine->writer, ret_reason);
}

void embedded_lease(struct embedded *engine, struct lease_call *call)
{
    writer_lease(engine->writer, call);
}

uint32_t embedded_step_writer(struct embedded *engine)
{
    return writer_step(engine->writer);
}

bool embedded_is_ahead(const struct embedded *engine)
{
    return writer_is_ahead(engine->writer);
}

uint64_t embedded_notices_unsent(const struct embedded *engine)
{
    return (uint64_t)metric_value(&engine->metrics.notices_unsent);
}

bool embedded_step_reader(struct embedded *engine)
{
    return readers_step(engine->readers);
}

void embedded_close(struct embedded *engine)
{
    writer_end_lease(engine->writer);
    readers_stop(engine->readers); // then, so that nothing keeps the WAL from being emptied
    writer_free(engine->writer);   // it may recover the store, and pause them, to the last
    readers_free(engine->readers);
    warned_done(&engine->warned);
    engine_metrics_remove(&engine->metrics);
    log_tail_done(&engine->tail);
    lease_unlock(&engine->lease);
    mem_free(MEM_ENGINE, engine);
}

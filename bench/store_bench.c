// SPDX-License-Identifier: Apache-2.0
/* How long a start takes with so many stored comments and known streams: makes such a folder, opens
 * the engine over it, reads a page back.
 *
 *      store_bench FOLDER EVENTS STREAMS      a folder that is there already is taken as it is */
#include "base/log.h"
#include "engine/embedded/comment_body.h"
#include "engine/embedded/comment_id.h"
#include "engine/embedded/embedded.h"
#include "engine/embedded/store.h"
#include "engine/embedded/store_dedupe.h"
#include "engine/embedded/store_rows.h"
#include "engine/embedded/store_schema.h"
#include "engine/embedded/store_streams.h"
#include "sys/sys.h"

#include <stdio.h>
#include <stdlib.h>

/* Comments of the last moment, the worst case: the windows of users are counted from them. */
enum { ROWS_A_COMMIT = 20000, PATH_BYTES = 400, RECENT_MS = 60 * 60 * 1000 };

struct filling {
    struct store store;
    struct store_identity identity;
    struct store_dedupe dedupe;
    struct buf body;
    uint64_t events, streams;
    int64_t at_ms;
};

static enum err add_event(struct filling *filling, uint64_t n)
{
    char name[32];
    char cid[32];
    struct comment_id id;
    const uint64_t stream = (n - 1) % filling->streams;
    snprintf(name, sizeof(name), "s%llu", (unsigned long long)stream);
    snprintf(cid, sizeof(cid), "c-%llu", (unsigned long long)n);
    const struct submit submit = {.stream = str_of(name),
                                  .author = {.id = STR("ann"), .name = STR("Ann")},
                                  .cid = str_of(cid),
                                  .text = STR("a comment of the usual length, say this one"),
                                  .media_ms = -1};
    const struct store_dedupe_key key = {
        .stream = submit.stream, .user = submit.author.id, .cid = submit.cid};
    comment_id_write(filling->identity.id_key, n, filling->at_ms, &id);
    comment_body_write(&filling->body, &submit, &id, filling->at_ms);
    const uint64_t seq = (n - 1) / filling->streams + 1;
    const struct store_row row = {.n = n,
                                  .stream = (int64_t)stream + 1,
                                  .seq = seq,
                                  .prev = seq - 1,
                                  .segment = seq / 200 + 1,
                                  .at_ms = filling->at_ms,
                                  .kind = EVENT_COMMENT,
                                  .user = submit.author.id,
                                  .cid = submit.cid,
                                  .body = buf_str(&filling->body)};
    TRY(store_dedupe_add(&filling->store, &filling->dedupe, &key, n));
    return store_rows_add(&filling->store, &row);
}

static enum err add_stream(struct filling *filling, uint64_t number)
{
    char name[32];
    struct store_stream stream = {
        .state = STREAM_LIVE, .retention_days = -1, .created_ms = filling->at_ms};
    snprintf(name, sizeof(name), "s%llu", (unsigned long long)number);
    return store_streams_add(&filling->store, str_of(name), &stream);
}

static enum err add_all(struct filling *filling, uint64_t count,
                        enum err (*add)(struct filling *filling, uint64_t number), uint64_t first)
{
    for (uint64_t done = 0; done < count;) {
        TRY(store_begin_write(&filling->store));
        for (int i = 0; i < ROWS_A_COMMIT && done < count; i++, done++) {
            TRY(add(filling, first + done));
        }
        TRY(store_commit(&filling->store));
        TRY(store_checkpoint(&filling->store, false));
    }
    return ERR_OK;
}

static enum err fill(struct filling *filling, const char *path)
{
    struct store_fault fault;
    TRY(store_open(&filling->store, path, STORE_WRITES));
    TRY(store_schema_prepare(&filling->store, &fault, &filling->identity));
    TRY(store_begin_read(&filling->store));
    TRY(store_dedupe_open(&filling->store, filling->identity.hash_key, 0, &filling->dedupe));
    store_rollback(&filling->store);
    TRY(add_all(filling, filling->streams, add_stream, 0));
    TRY(add_all(filling, filling->events, add_event, 1));
    TRY(store_checkpoint(&filling->store, true));
    store_close(&filling->store);
    return ERR_OK;
}

static int open_and_tell(const char *folder)
{
    const struct embedded_options options = {
        .data = str_of(folder),
        .clock = sys_clock(),
        .readers = 2,
        .posts_waiting_max = 4096,
        .post_wait_ms_max = 500,
        .rules = {.post_user = {.count = 5, .window_ms = 10000}}};
    struct embedded *engine = NULL;
    struct embedded_fault fault;
    const int64_t since_ms = clock_mono_ms(sys_clock());
    if (embedded_open(&options, &engine, &fault) != ERR_OK) {
        fprintf(stderr, "%s\n", fault.text);
        return 1;
    }
    printf("open to serving: %lld ms\n", (long long)(clock_mono_ms(sys_clock()) - since_ms));
    embedded_close(engine);
    return 0;
}

int main(int count, char **args)
{
    char path[PATH_BYTES];
    int fd = -1;
    if (count != 4) {
        fprintf(stderr, "store_bench FOLDER EVENTS STREAMS\n");
        return 2;
    }
    struct filling filling = {.events = strtoull(args[2], NULL, 10),
                              .streams = strtoull(args[3], NULL, 10),
                              .at_ms = clock_wall_ms(sys_clock()) + RECENT_MS};
    buf_init(&filling.body, MEM_ENGINE, 65536);
    snprintf(path, sizeof(path), "%s/roar.db", args[1]);
    if (filling.streams == 0 || sys_file_make_folder(args[1]) != ERR_OK) {
        return 2;
    }
    if (sys_file_open_read(path, &fd) == ERR_NOT_FOUND && fill(&filling, path) != ERR_OK) {
        fprintf(stderr, "%s: %s\n", path, store_failure_text(&filling.store));
        return 1;
    }
    sys_close(fd);
    buf_done(&filling.body);
    return open_and_tell(args[1]);
}

// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/moderation_reads.h"

#include "engine/embedded/appeal_reads.h"
#include "engine/embedded/feed.h"
#include "engine/embedded/held_reads.h"
#include "engine/embedded/marked_reads.h"
#include "engine/embedded/rule_tally.h"
#include "engine/embedded/sanction_reads.h"
#include "engine/embedded/settings.h"
#include "engine/embedded/similar.h"
#include "engine/embedded/store_acts.h"
#include "engine/embedded/store_audit.h"
#include "engine/embedded/store_reach.h"
#include "engine/embedded/store_streams.h"
#include "engine/embedded/user_reads.h"
#include "rules/house_json.h"
#include "wire/json.h"
#include "wire/json_slice.h"

#include <stddef.h>

enum { SANCTIONS_TOLD_MAX = 500 };

static enum err find_stream(struct store *store, struct str name, struct store_stream *ret_stream)
{
    if (name.len == 0) {
        *ret_stream = (struct store_stream){.id = 0};
        return ERR_OK;
    }
    return store_streams_find(store, name, ret_stream);
}

/* ---- the audit ---- */

struct log_page {
    uint64_t first, last; // n of the oldest and newest told; 0: none is
    bool has_newer;
};

/* `limit` entries of the walk at most. */
static enum err write_entries(struct store *store, struct moderation_call *call, sqlite3_stmt *walk,
                              struct log_page *ret_page)
{
    struct log_page page = {.first = 0};
    struct store_audit audit;
    enum err err = ERR_OK;
    json_write_name(&call->out, "entries");
    buf_add_byte(&call->out, '[');
    for (uint32_t count = 0; (err = store_audit_next(store, walk, &audit)) == ERR_OK; count++) {
        if (count == call->limit) {
            page.has_newer = true;
            break;
        }
        buf_add_str(&call->out, count == 0 ? STR_NONE : STR(","));
        buf_add_str(&call->out, audit.entry);
        page.first = count == 0 ? audit.n : page.first;
        page.last = audit.n;
    }
    buf_add_byte(&call->out, ']');
    *ret_page = page;
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static void write_place(struct buf *out, const char *name, uint64_t n)
{
    json_write_name(out, name);
    buf_addf(out, "\"%llu\"", (unsigned long long)n);
}

static enum err answer_log(struct store *store, struct moderation_call *call)
{
    struct store_stream stream;
    struct log_page page;
    sqlite3_stmt *walk = NULL;
    TRY(find_stream(store, call->stream, &stream));
    if (call->before == 0) {
        TRY(store_audit_after(store, stream.id, call->after, &walk));
        TRY(write_entries(store, call, walk, &page));
        write_place(&call->out, "cursor", page.last > 0 ? page.last : call->after);
        json_write_member_bool(&call->out, "more", page.has_newer);
        return buf_err(&call->out);
    }
    TRY(store_audit_before(store, stream.id, call->before, call->limit, &walk));
    TRY(write_entries(store, call, walk, &page));
    write_place(&call->out, "cursor", page.last);
    write_place(&call->out, "before", page.first);
    json_write_member_bool(&call->out, "more", page.first > 1); // a chain is 1, 2, 3 ...
    return buf_err(&call->out);
}

/* What everybody is told in the streams that somebody watches. */
static bool is_told_in_all(enum act_do what)
{
    static const unsigned told = 1U << ACT_PURGE | 1U << ACT_CLEAR | 1U << ACT_SLOW |
                                 1U << ACT_MODE | 1U << ACT_SHIELD | 1U << ACT_TERMS |
                                 1U << ACT_RULES | 1U << ACT_UNDO;
    return (told >> what & 1) != 0;
}

static enum err answer_act(struct store *store, struct moderation_call *call)
{
    struct store_act act;
    struct store_audit audit;
    struct store_stream stream;
    TRY(find_stream(store, call->stream, &stream));
    TRY(store_acts_get(store, call->after, &act));
    if (act.stream != stream.id) {
        return ERR_NOT_FOUND;
    }
    call->seq = act.seq;
    call->has_event = act.stream == 0 ? is_told_in_all(act.what) : act.seq != 0;
    const enum err kept = store_reach_get(store, act.id, &call->reach);
    TRY(kept == ERR_NOT_FOUND ? ERR_OK : kept);
    call->has_reach = kept == ERR_OK;
    TRY(store_audit_of(store, act.id, &audit));
    json_write_name(&call->out, "entry");
    buf_add_str(&call->out, audit.entry);
    json_write_member_bool(&call->out, "lifted", act.lifted_by != 0);
    return buf_err(&call->out);
}

/* ---- the queue, the raid view ---- */

static enum err answer_held(struct store *store, struct moderation_call *call, uint64_t id_key)
{
    struct store_stream stream;
    TRY(find_stream(store, call->stream, &stream));
    const struct held_page page = {.stream = stream.id,
                                   .name = call->stream,
                                   .id_key = id_key,
                                   .after = call->id,
                                   .limit = call->limit};
    return held_reads_write(store, &page, &call->out);
}

static enum err answer_waits(struct store *store, const struct moderation_call *call,
                             uint64_t id_key)
{
    struct store_stream stream;
    TRY(find_stream(store, call->stream, &stream));
    return held_reads_waits(store, stream.id, id_key, call->id);
}

static enum err answer_similar(struct store *store, struct moderation_call *call,
                               const struct moderation_at *at)
{
    struct store_stream stream;
    TRY(find_stream(store, call->stream, &stream));
    const struct similar_question question = {.stream = stream.id,
                                              .name = call->stream,
                                              .now_s = at->wall_ms / 1000,
                                              .limit = call->limit,
                                              .name_key = at->id_key};
    return similar_write(store, &question, &call->out);
}

static enum err answer_marked(struct store *store, struct moderation_call *call)
{
    struct store_stream stream;
    TRY(find_stream(store, call->stream, &stream));
    return marked_reads_write(store, stream.id, call->limit, &call->out);
}

static enum err answer_appeals(struct store *store, struct moderation_call *call)
{
    struct store_stream stream;
    TRY(find_stream(store, call->stream, &stream));
    const struct appeal_page page = {
        .stream = stream.id, .user = call->user, .after = call->after, .limit = call->limit};
    return appeal_reads_write(store, &page, &call->out);
}

/* ---- a user, the rules ---- */

static enum err answer_user(struct store *store, struct moderation_call *call,
                            const struct moderation_at *at)
{
    struct store_stream stream;
    TRY(find_stream(store, call->stream, &stream));
    const struct user_page page = {.stream = stream.id,
                                   .name = call->stream,
                                   .user = call->user,
                                   .wall_ms = at->wall_ms,
                                   .before = call->before,
                                   .limit = call->limit};
    return user_reads_write(store, &page, &call->out);
}

static enum err answer_house(struct store *store, struct moderation_call *call,
                             const struct moderation_at *at)
{
    struct store_stream stream;
    struct house_rules rules;
    struct buf text;
    const struct settings_of of = {
        .store = store, .hash_key = at->hash_key, .stream = call->stream, .wall_ms = at->wall_ms};
    TRY(find_stream(store, call->stream, &stream));
    TRY(settings_read(&of, &rules));
    buf_init(&text, MEM_ENGINE, HOUSE_JSON_BYTES_MAX);
    house_json_write(&text, &rules);
    house_rules_done(&rules);
    buf_add_str(&call->out, json_slice_members(buf_str(&text)));
    const enum err err = buf_err(&text);
    buf_done(&text);
    TRY(err);
    json_write_name(&call->out, "counts");
    rule_tally_write(at->tally, call->stream, &call->out);
    const struct sanction_page page = {
        .stream = stream.id, .wall_ms = at->wall_ms, .limit = SANCTIONS_TOLD_MAX};
    return sanction_reads_write(store, &page, &call->out);
}

enum err moderation_reads_answer(struct store *store, struct moderation_call *call,
                                 const struct moderation_at *at)
{
    switch (call->what) {
    case MODERATION_LOG:
        return answer_log(store, call);
    case MODERATION_ACT:
        return answer_act(store, call);
    case MODERATION_HELD:
        return answer_held(store, call, at->id_key);
    case MODERATION_WAITS:
        return answer_waits(store, call, at->id_key);
    case MODERATION_FEED:
        return feed_read(store, call);
    case MODERATION_SIMILAR:
        return answer_similar(store, call, at);
    case MODERATION_MARKED:
        return answer_marked(store, call);
    case MODERATION_APPEALS:
        return answer_appeals(store, call);
    case MODERATION_USER:
        return answer_user(store, call, at);
    case MODERATION_HOUSE:
        return answer_house(store, call, at);
    }
    return ERR_NOT_FOUND;
}

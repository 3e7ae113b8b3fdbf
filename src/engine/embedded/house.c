// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/house.h"

#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/embedded/store_rows.h"
#include "rules/house_json.h"
#include "wire/cursor.h"

#include <stddef.h>

/* The newest first; of those further back nothing is known. */
static enum err find_posters(struct house *house, const struct house_log *log)
{
    sqlite3_stmt *walk = NULL;
    struct store_row row = {.n = 0};
    const struct store_range range = {.stream = log->stream,
                                      .upto = SEQ_MAX,
                                      .kinds = 1U << EVENT_COMMENT | 1U << EVENT_REMOVED,
                                      .newest_first = true};
    if (log->stream == 0) {
        return ERR_OK;
    }
    TRY(store_rows_range(log->store, &range, &walk));
    for (uint32_t i = 0; i < HOUSE_ROWS_MAX; i++) {
        const enum err err = store_rows_next(log->store, walk, &row);
        if (err == ERR_NOT_FOUND) {
            return ERR_OK;
        }
        if (err == ERR_GONE) {
            continue;
        }
        TRY(err);
        const int64_t ago_ms = log->wall_ms > row.at_ms ? log->wall_ms - row.at_ms : 0;
        const uint64_t user = hash_str(log->hash_key, row.user);
        TRY(posters_note(&house->posters, user, log->mono_ms - ago_ms));
        TRY(posters_place(&house->posters, user));
    }
    return ERR_OK;
}

static enum err fill(struct house *house, struct str rules, const struct house_log *log)
{
    struct house_json_fault fault;
    const enum err err = house_json_read(rules, &house->rules, &fault);
    if (err == ERR_NOMEM) {
        return err;
    }
    if (err != ERR_OK) {
        log_line(LOG_ERROR, "the rules of a stream cannot be read; it has none",
                 LOG_STR("why", str_of(fault.text)));
        house_rules_init(&house->rules);
    }
    return find_posters(house, log);
}

enum err house_open(struct str rules, const struct house_log *log, struct house **ret_house)
{
    struct house *house = mem_new(MEM_ENGINE, sizeof(*house));
    if (house == NULL) {
        return ERR_NOMEM;
    }
    house_rules_init(&house->rules);
    echoes_init(&house->echoes);
    echoes_init(&house->hidden_echoes);
    posters_init(&house->posters);
    const enum err err = fill(house, rules, log);
    if (err != ERR_OK) {
        house_close(house);
        return err;
    }
    *ret_house = house;
    return ERR_OK;
}

void house_close(struct house *house)
{
    if (house != NULL) {
        house_rules_done(&house->rules);
        echoes_done(&house->echoes);
        echoes_done(&house->hidden_echoes);
        posters_done(&house->posters);
        mem_free(MEM_ENGINE, house);
    }
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* What others heard, and what its author alone did. */
static struct echo find_echo(const struct house *house, uint64_t likeness, uint64_t user)
{
    struct echo echo = echoes_find(&house->echoes, likeness, user);
    const struct echo hidden = echoes_find(&house->hidden_echoes, likeness, user);
    echo.by_user_ms = later(echo.by_user_ms, hidden.by_user_ms);
    echo.by_stream_ms = later(echo.by_stream_ms, hidden.by_user_ms);
    return echo;
}

struct judgement house_judge(const struct house *house, const struct house_rules *all,
                             const struct house_post *post)
{
    struct house_facts facts = post->facts;
    facts.last_post_ms = posters_last(&house->posters, post->user);
    facts.has_posted_before = posters_is_placed(&house->posters, post->user);
    facts.echo = find_echo(house, post->traits->likeness, post->user);
    struct judgement judgement = house_rules_judge(&house->rules, post->traits, &facts);
    const struct judgement of_all = house_rules_judge(all, post->traits, &facts);
    house_rules_join(&judgement, &of_all);
    return judgement;
}

void house_note(struct house *house, const struct house_heard *heard)
{
    /* Without memory one is forgotten, which is milder than refusing it. */
    if (posters_note(&house->posters, heard->user, heard->mono_ms) == ERR_OK &&
        heard->state != COMMENT_HELD) {
        house_note_placed(house, heard->user);
    }
    struct echoes *echoes =
        heard->state == COMMENT_VISIBLE ? &house->echoes : &house->hidden_echoes;
    (void)!echoes_add(echoes, heard->likeness, heard->user, heard->mono_ms);
}

void house_note_placed(struct house *house, uint64_t user)
{
    (void)!posters_place(&house->posters, user);
}

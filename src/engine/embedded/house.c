// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/house.h"

#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/embedded/heard.h"
#include "engine/embedded/held.h"
#include "engine/embedded/store_rows.h"
#include "rules/fold.h"
#include "rules/house_json.h"
#include "rules/text_traits.h"
#include "wire/cursor.h"

#include <stddef.h>

/* ---- what the log and the queue know ---- */

static int64_t mono_of(const struct house_log *log, int64_t at_ms)
{
    return log->mono_ms - (log->wall_ms > at_ms ? log->wall_ms - at_ms : 0);
}

static enum err note_found(struct house *house, const struct house_log *log, struct str user,
                           int64_t at_ms)
{
    return posters_note(&house->posters, hash_str(log->hash_key, user), mono_of(log, at_ms));
}

/* What waits for a moderator was posted, too: slow mode counts from it. */
static enum err find_waiting(struct house *house, const struct house_log *log)
{
    const int64_t slow_ms = HOUSE_SLOW_S_MAX * INT64_C(1000);
    sqlite3_stmt *walk = NULL;
    TRY(held_since(log->store, log->stream, log->wall_ms - slow_ms, &walk));
    for (;;) {
        struct held_row row;
        const enum err err = held_next(log->store, walk, &row);
        if (err == ERR_NOT_FOUND) {
            return ERR_OK;
        }
        if (err != ERR_GONE) {
            TRY(err);
            TRY(note_found(house, log, row.user, row.at_ms));
        }
    }
}

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
    TRY(find_waiting(house, log));
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
        TRY(note_found(house, log, row.user, row.at_ms));
        TRY(posters_place(&house->posters, hash_str(log->hash_key, row.user)));
    }
    return ERR_OK;
}

static uint32_t longer(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

/* How far back a text is an echo. */
static int64_t window_ms(const struct house_rules *rules, const struct house_rules *all)
{
    const uint32_t here_s = longer(rules->unique_user_s, rules->unique_stream_s);
    const uint32_t everywhere_s = longer(all->unique_user_s, all->unique_stream_s);
    return longer(here_s, everywhere_s) * INT64_C(1000);
}

static void begin_echoes(struct house *house)
{
    echoes_done(&house->echoes);
    echoes_done(&house->hidden_echoes);
    echoes_init(&house->echoes);
    echoes_init(&house->hidden_echoes);
}

static void note_text(struct house *house, const struct house_heard *heard)
{
    struct echoes *echoes =
        heard->state == COMMENT_VISIBLE ? &house->echoes : &house->hidden_echoes;
    /* Without memory one is forgotten, which is milder than refusing it. */
    (void)!echoes_add(echoes, heard->likeness, heard->user, heard->mono_ms);
}

static enum err find_echoes(struct house *house, const struct house_rules *all,
                            const struct house_log *log)
{
    const struct heard_question question = {.store = log->store,
                                            .stream = log->stream,
                                            .hash_key = log->hash_key,
                                            .since_ms =
                                                log->wall_ms - window_ms(&house->rules, all)};
    uint32_t count = 0;
    begin_echoes(house);
    if (log->stream == 0) {
        return ERR_OK;
    }
    struct heard *found = mem_new(MEM_ENGINE, HEARD_MAX * sizeof(*found));
    if (found == NULL) {
        return ERR_NOMEM;
    }
    const enum err err = heard_find(&question, found, &count);
    for (uint32_t i = 0; i < count; i++) {
        const struct house_heard heard = {.likeness = found[i].likeness,
                                          .user = found[i].user,
                                          .mono_ms = mono_of(log, found[i].at_ms),
                                          .state = found[i].is_hidden ? COMMENT_SHADOWED
                                                                      : COMMENT_VISIBLE};
        note_text(house, &heard);
    }
    mem_free(MEM_ENGINE, found);
    return err;
}

/* ---- the rules ---- */

static enum err read_rules(struct house *house, struct str rules)
{
    struct house_json_fault fault;
    const enum err err = house_json_read(rules, &house->rules, &fault);
    if (err == ERR_OK || err == ERR_NOMEM) {
        return err;
    }
    log_line(LOG_ERROR, "the rules of a stream cannot be read; it has none",
             LOG_STR("why", str_of(fault.text)));
    house_rules_init(&house->rules);
    return ERR_OK;
}

enum err house_open(struct str rules, struct house **ret_house)
{
    struct house *house = mem_new(MEM_ENGINE, sizeof(*house));
    if (house == NULL) {
        return ERR_NOMEM;
    }
    house_rules_init(&house->rules);
    echoes_init(&house->echoes);
    echoes_init(&house->hidden_echoes);
    posters_init(&house->posters);
    const enum err err = read_rules(house, rules);
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

/* What only the rules in force need, so that the others cost nothing. */
static enum err find_facts(struct house *house, const struct house_rules *all,
                           const struct house_post *post, uint32_t needs, struct house_facts *facts)
{
    const bool keeps_echoes = (needs & HOUSE_NEEDS_ECHOES) != 0;
    if (keeps_echoes && !house->keeps_echoes) {
        TRY(find_echoes(house, all, &post->log));
    }
    house->keeps_echoes = keeps_echoes;
    if ((needs & HOUSE_NEEDS_POSTERS) != 0) {
        TRY(house->keeps_posters ? ERR_OK : find_posters(house, &post->log));
        house->keeps_posters = true;
        facts->last_post_ms = posters_last(&house->posters, post->user);
        facts->has_posted_before = posters_is_placed(&house->posters, post->user);
    }
    return ERR_OK;
}

static struct judgement judge(const struct house *house, const struct house_rules *all,
                              const struct traits *traits, const struct house_facts *facts)
{
    struct judgement judgement = house_rules_judge(&house->rules, traits, facts);
    const struct judgement of_all = house_rules_judge(all, traits, facts);
    house_rules_join(&judgement, &of_all);
    return judgement;
}

static enum err judge_text(const struct house *house, const struct house_rules *all,
                           const struct house_post *post, struct house_opinion *opinion)
{
    struct house_facts facts = post->facts;
    struct traits found = {.likeness = 0};
    struct buf folded;
    buf_init(&folded, MEM_ENGINE, fold_bytes_max(post->text.len));
    if (opinion->asked_traits && post->traits == NULL) {
        text_traits_find(post->text, &folded, &found);
    }
    const struct traits *traits = post->traits != NULL ? post->traits : &found;
    const enum err err = buf_err(&folded);
    if (err == ERR_OK) {
        opinion->likeness = traits->likeness;
        facts.echo =
            house->keeps_echoes ? find_echo(house, traits->likeness, post->user) : ECHO_NONE;
        opinion->judgement = judge(house, all, traits, &facts);
    }
    buf_done(&folded);
    return err;
}

enum err house_judge(struct house *house, const struct house_rules *all,
                     const struct house_post *post, struct house_opinion *ret_opinion)
{
    const uint32_t needs = house_rules_needs(&house->rules) | house_rules_needs(all);
    struct house_opinion opinion = {.asked_traits = (needs & HOUSE_NEEDS_TRAITS) != 0};
    struct house_post known = *post;
    TRY(find_facts(house, all, post, needs, &known.facts));
    TRY(judge_text(house, all, &known, &opinion));
    *ret_opinion = opinion;
    return ERR_OK;
}

void house_note(struct house *house, const struct house_heard *heard)
{
    /* Without memory one is forgotten, which is milder than refusing it. */
    if (house->keeps_posters &&
        posters_note(&house->posters, heard->user, heard->mono_ms) == ERR_OK &&
        heard->state != COMMENT_HELD) {
        house_note_placed(house, heard->user);
    }
    if (house->keeps_echoes) {
        note_text(house, heard);
    }
}

void house_note_placed(struct house *house, uint64_t user)
{
    if (house->keeps_posters) {
        (void)!posters_place(&house->posters, user);
    }
}

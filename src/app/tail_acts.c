// SPDX-License-Identifier: Apache-2.0
#include "app/tail_acts.h"

#include "app/terminal.h"
#include "wire/act.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

void tail_acts_init(struct tail_acts *acts)
{
    *acts = (struct tail_acts){.user_count = 0};
    buf_init(&acts->seqs, MEM_OTHER, TAIL_ACTS_MAX * sizeof(uint64_t));
    buf_init(&acts->early, MEM_OTHER, TAIL_ACTS_MAX * sizeof(uint64_t));
    buf_init(&acts->warned, MEM_OTHER, TAIL_ACTS_MAX * sizeof(uint64_t));
    buf_init(&acts->said, MEM_OTHER, TAIL_SAID_MAX * sizeof(struct tail_said));
}

void tail_acts_done(struct tail_acts *acts)
{
    buf_done(&acts->seqs);
    buf_done(&acts->early);
    buf_done(&acts->warned);
    buf_done(&acts->said);
}

void tail_acts_forget(struct tail_acts *acts)
{
    tail_acts_done(acts);
    tail_acts_init(acts);
}

/* ---- lists of seqs ---- */

static uint64_t seq_at(const struct buf *list, size_t at)
{
    uint64_t seq = 0;
    memcpy(&seq, list->bytes + at, sizeof(seq));
    return seq;
}

static bool holds(const struct buf *list, uint64_t seq)
{
    for (size_t at = 0; at < list->len; at += sizeof(seq)) {
        if (seq_at(list, at) == seq) {
            return true;
        }
    }
    return false;
}

static void add(struct buf *list, uint64_t seq)
{
    if (list->len == list->len_max) {
        buf_drop(list, sizeof(seq)); // the oldest
    }
    buf_add(list, &seq, sizeof(seq));
}

static void drop_upto(struct buf *list, uint64_t seq)
{
    size_t kept = 0;
    for (size_t at = 0; at < list->len; at += sizeof(seq)) {
        const uint64_t one = seq_at(list, at);
        if (one > seq) {
            memcpy(list->bytes + kept, &one, sizeof(one));
            kept += sizeof(one);
        }
    }
    list->len = kept;
}

/* ---- what early copies say ---- */

static uint64_t number(const struct json *object, const char *name)
{
    int64_t value = 0;
    (void)json_get_i64(json_member(object, name), &value);
    return value < 0 ? 0 : (uint64_t)value;
}

static void hide_user(struct tail_acts *acts, struct str id, uint64_t upto)
{
    if (id.len > TAIL_USER_BYTES) {
        return;
    }
    if (acts->user_count == TAIL_USERS_MAX) {
        memmove(&acts->users[0], &acts->users[1], sizeof(acts->users) - sizeof(acts->users[0]));
        acts->user_count--;
    }
    memcpy(acts->users[acts->user_count].id, id.at, id.len);
    acts->users[acts->user_count].id[id.len] = '\0';
    acts->users[acts->user_count++].upto = upto;
}

void tail_acts_early(struct tail_acts *acts, const struct json *event)
{
    struct str user = STR_NONE;
    bool is_all = false;
    const struct json *seqs = json_member(event, "seqs");
    add(&acts->early, number(event, "seq"));
    for (size_t i = 0; i < json_length(seqs); i++) {
        int64_t seq = 0;
        if (json_get_i64(json_at(seqs, i), &seq) && seq > 0) {
            add(&acts->seqs, (uint64_t)seq);
        }
    }
    if (json_get_str(json_member(event, "user_id"), &user)) {
        hide_user(acts, user, number(event, "upto"));
    }
    if (json_get_bool(json_member(event, "all"), &is_all) && is_all) {
        const uint64_t upto = number(event, "upto");
        acts->all_upto = upto > acts->all_upto ? upto : acts->all_upto;
    }
}

bool tail_acts_knows(const struct tail_acts *acts, uint64_t seq)
{
    return holds(&acts->early, seq);
}

bool tail_acts_hides(const struct tail_acts *acts, const struct json *comment)
{
    const uint64_t seq = number(comment, "seq");
    struct str id = STR_NONE;
    (void)json_get_str(json_member(json_member(comment, "user"), "id"), &id);
    for (uint32_t i = 0; i < acts->user_count; i++) {
        if (seq <= acts->users[i].upto && str_eq(id, str_of(acts->users[i].id))) {
            return true;
        }
    }
    return seq <= acts->all_upto || holds(&acts->seqs, seq);
}

void tail_acts_pass(struct tail_acts *acts, uint64_t seq)
{
    drop_upto(&acts->seqs, seq);
    drop_upto(&acts->early, seq);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < acts->user_count; i++) {
        if (acts->users[i].upto > seq) {
            acts->users[kept++] = acts->users[i];
        }
    }
    acts->user_count = kept;
}

/* ---- whose comments were printed ---- */

/* With a NUL behind; what a server says that is longer than it should be is cut. */
static void copy_text(char *to, size_t room, struct str text)
{
    (void)snprintf(to, room, "%.*s", STR_ARG(text));
}

static const struct tail_said *said_at(const struct tail_acts *acts, size_t at)
{
    return (const struct tail_said *)(const void *)(acts->said.bytes + at);
}

static void note_said(struct tail_acts *acts, const struct json *comment)
{
    struct tail_said said = {.seq = number(comment, "seq")};
    struct str name = STR_NONE, id = STR_NONE;
    (void)json_get_i64(json_member(comment, "at"), &said.at_ms);
    (void)json_get_str(json_member(json_member(comment, "user"), "name"), &name);
    (void)json_get_str(json_member(json_member(comment, "user"), "id"), &id);
    copy_text(said.name, sizeof(said.name), name);
    copy_text(said.user, sizeof(said.user), id);
    if (acts->said.len == acts->said.len_max) {
        buf_drop(&acts->said, sizeof(said)); // the oldest
    }
    buf_add(&acts->said, &said, sizeof(said));
}

static const struct tail_said *find_said(const struct tail_acts *acts, uint64_t seq)
{
    for (size_t at = acts->said.len; at > 0; at -= sizeof(struct tail_said)) {
        const struct tail_said *said = said_at(acts, at - sizeof(*said));
        if (said->seq == seq) {
            return said;
        }
    }
    return NULL;
}

/* The newest of theirs. */
static const struct tail_said *find_said_by(const struct tail_acts *acts, struct str user)
{
    for (size_t at = acts->said.len; at > 0; at -= sizeof(struct tail_said)) {
        const struct tail_said *said = said_at(acts, at - sizeof(*said));
        if (str_eq(str_of(said->user), user)) {
            return said;
        }
    }
    return NULL;
}

/* ---- for people ---- */

static void write_clock(struct buf *line, int64_t at_ms)
{
    const time_t at_s = (time_t)(at_ms / 1000);
    struct tm parts;
    char clock_text[16] = "";
    if (localtime_r(&at_s, &parts) != NULL) {
        (void)strftime(clock_text, sizeof(clock_text), "%H:%M:%S", &parts);
    }
    buf_add_str(line, str_of(clock_text));
}

void tail_acts_write_comment(struct tail_acts *acts, struct buf *line, const struct json *comment)
{
    int64_t at_ms = 0;
    struct str name = STR_NONE, text = STR_NONE;
    (void)json_get_i64(json_member(comment, "at"), &at_ms);
    (void)json_get_str(json_member(json_member(comment, "user"), "name"), &name);
    (void)json_get_str(json_member(comment, "text"), &text);
    write_clock(line, at_ms);
    buf_add_byte(line, ' ');
    terminal_write(line, name);
    buf_add_str(line, STR(": "));
    terminal_write(line, text);
    buf_add_byte(line, '\n');
    note_said(acts, comment);
}

/* " 4072 (Ann, 12:04:09)"; of one that was not printed its seq alone. */
static void write_which(const struct tail_acts *acts, struct buf *line, uint64_t seq)
{
    const struct tail_said *said = find_said(acts, seq);
    buf_addf(line, " %" PRIu64, seq);
    if (said != NULL) {
        buf_add_str(line, STR(" ("));
        terminal_write(line, str_of(said->name));
        buf_add_str(line, STR(", "));
        write_clock(line, said->at_ms);
        buf_add_byte(line, ')');
    }
}

/* " (by sam: spam)": what only moderators are told. */
static void write_by(struct buf *line, const struct json *event)
{
    struct str by = STR_NONE, reason = STR_NONE;
    if (!json_get_str(json_member(event, "by"), &by)) {
        return;
    }
    buf_add_str(line, STR(" (by "));
    terminal_write(line, by);
    if (json_get_str(json_member(event, "reason"), &reason)) {
        buf_add_str(line, STR(": "));
        terminal_write(line, reason);
    }
    buf_add_byte(line, ')');
}

/* " u9 (Ann)" */
static void write_user(const struct tail_acts *acts, struct buf *line, struct str user)
{
    const struct tail_said *said = find_said_by(acts, user);
    buf_add_byte(line, ' ');
    terminal_write(line, user);
    if (said != NULL && !str_eq(str_of(said->name), user)) {
        buf_add_str(line, STR(" ("));
        terminal_write(line, str_of(said->name));
        buf_add_byte(line, ')');
    }
}

/* The first of them, and how many more there are. */
static void write_seqs(const struct tail_acts *acts, struct buf *line, const struct json *seqs)
{
    const size_t count = json_length(seqs);
    for (size_t i = 0; i < count && i < TAIL_NAMED_MAX; i++) {
        int64_t seq = 0;
        (void)json_get_i64(json_at(seqs, i), &seq);
        write_which(acts, line, (uint64_t)seq);
    }
    if (count > TAIL_NAMED_MAX) {
        buf_addf(line, " and %zu more", count - TAIL_NAMED_MAX);
    }
}

static void write_retract(const struct tail_acts *acts, struct buf *line, const struct json *event)
{
    const struct json *seqs = json_member(event, "seqs");
    struct str user = STR_NONE;
    if (json_get_str(json_member(event, "user_id"), &user)) {
        buf_add_str(line, STR("-- removed: all by"));
        write_user(acts, line, user);
        buf_addf(line, ", up to %" PRIu64, number(event, "upto"));
    } else if (json_length(seqs) == 0) {
        buf_addf(line, "-- removed: everything up to %" PRIu64, number(event, "upto"));
    } else {
        buf_add_str(line, STR("-- removed:"));
        write_seqs(acts, line, seqs);
    }
    write_by(line, event);
    buf_add_byte(line, '\n');
}

/* "-- restored (by sam): 12:04:09 Ann: hello": a comment's text may end as we would. */
static void write_whole(struct tail_acts *acts, struct buf *line, const struct json *event,
                        const struct json *comment)
{
    write_by(line, event);
    buf_add_str(line, STR(": "));
    tail_acts_write_comment(acts, line, comment);
}

/* Those that were not removed again since. */
static void write_restore(struct tail_acts *acts, struct buf *line, const struct json *event)
{
    const struct json *comments = json_member(event, "comments");
    for (size_t i = 0; i < json_length(comments); i++) {
        const struct json *comment = json_at(comments, i);
        if (json_member(comment, "text") != NULL) {
            buf_add_str(line, STR("-- restored"));
            write_whole(acts, line, event, comment);
        }
    }
}

static void write_pin(struct tail_acts *acts, struct buf *line, const struct json *event)
{
    const struct json *comment = json_member(event, "comment");
    buf_add_str(line, STR("-- pinned"));
    if (json_member(comment, "text") != NULL) {
        write_whole(acts, line, event, comment);
    } else {
        buf_add_byte(line, ':');
        write_which(acts, line, number(event, "target"));
        write_by(line, event);
        buf_add_byte(line, '\n');
    }
}

static void write_unpin(const struct tail_acts *acts, struct buf *line, const struct json *event)
{
    buf_add_str(line, STR("-- no longer pinned:"));
    write_which(acts, line, number(event, "target"));
    write_by(line, event);
    buf_add_byte(line, '\n');
}

/* " one comment in 10 s links_off shield"; " none" */
static void write_rules(struct buf *line, const struct json *event)
{
    const struct json *modes = json_member(event, "modes");
    const uint64_t slow_s = number(event, "slow");
    const size_t before = line->len;
    bool has_shield = false;
    if (slow_s > 0) {
        buf_addf(line, " one comment in %" PRIu64 " s", slow_s);
    }
    for (size_t i = 0; i < json_length(modes); i++) {
        struct str mode = STR_NONE;
        (void)json_get_str(json_at(modes, i), &mode);
        buf_add_byte(line, ' ');
        terminal_write(line, mode);
    }
    if (json_get_bool(json_member(event, "shield"), &has_shield) && has_shield) {
        buf_add_str(line, STR(" shield"));
    }
    if (line->len == before) {
        buf_add_str(line, STR(" none"));
    }
}

/* A settings event tells all that is set, whatever was changed: told is what is other than it was
 * told before. */
static void write_settings(struct tail_acts *acts, struct buf *line, const struct json *event)
{
    const size_t before = line->len;
    buf_add_str(line, STR("-- rules:"));
    write_rules(line, event);
    const struct str rules = {.at = (const char *)line->bytes + before, .len = line->len - before};
    if (!buf_ok(line) || str_eq(rules, str_of(acts->rules))) {
        line->len = before;
        return;
    }
    copy_text(acts->rules, sizeof(acts->rules), rules);
    write_by(line, event);
    buf_add_byte(line, '\n');
}

/* Acts whose event says nothing of what they set. */
static bool is_silent(struct str what)
{
    return str_eq(what, STR("terms")) || str_eq(what, STR("rules"));
}

/* "-- ban user:u9, 600 s (by sam: spam)": an act whose event does not tell it. What is done to a
 * comment that waits is told by `held` and the like. */
static void write_notice(struct buf *line, const struct json *notice)
{
    struct str what = STR_NONE, target = STR_NONE;
    const uint64_t many = number(notice, "many"), seconds = number(notice, "seconds");
    bool is_all = false;
    if (many > 0) {
        buf_addf(line, "-- %" PRIu64 " acts of rules\n", many);
        return;
    }
    (void)json_get_str(json_member(notice, "target"), &target);
    (void)json_get_str(json_member(notice, "do"), &what);
    const bool is_told = json_member(notice, "seq") != NULL && !is_silent(what);
    if (is_told || what.len == 0 || str_has_prefix(target, STR("id:"))) {
        return;
    }
    buf_add_str(line, STR("-- "));
    terminal_write(line, what);
    if (target.len > 0) {
        buf_add_byte(line, ' ');
        terminal_write(line, target);
    }
    if (json_get_bool(json_member(notice, "all"), &is_all) && is_all) {
        buf_add_str(line, STR(" on all streams"));
    }
    if (seconds > 0) {
        buf_addf(line, ", %" PRIu64 " s", seconds);
    }
    write_by(line, notice);
    buf_add_byte(line, '\n');
}

/* What is told to one reader alone, or to moderators. */
static void write_word(struct buf *line, const struct json *event, const char *what,
                       const char *member)
{
    struct str text = STR_NONE;
    (void)json_get_str(json_member(event, member), &text);
    buf_addf(line, "-- %s: ", what);
    terminal_write(line, text);
    buf_add_byte(line, '\n');
}

/* "-- you are warned (a5): be kind", once, however often it is told. */
static void write_warned(struct tail_acts *acts, struct buf *line, const struct json *event)
{
    struct str act = STR_NONE, text = STR_NONE;
    uint64_t number_of_act = 0;
    (void)json_get_str(json_member(event, "act"), &act);
    (void)json_get_str(json_member(event, "text"), &text);
    if (act_id_parse(act, &number_of_act) == ERR_OK) {
        if (holds(&acts->warned, number_of_act)) {
            return;
        }
        add(&acts->warned, number_of_act);
    }
    buf_add_str(line, STR("-- you are warned ("));
    terminal_write(line, act);
    buf_add_str(line, STR("): "));
    terminal_write(line, text);
    buf_add_byte(line, '\n');
}

void tail_acts_write(struct tail_acts *acts, struct buf *line, const struct json *event,
                     struct str type)
{
    if (str_eq(type, STR("retract"))) {
        write_retract(acts, line, event);
    } else if (str_eq(type, STR("restore"))) {
        write_restore(acts, line, event);
    } else if (str_eq(type, STR("pin"))) {
        write_pin(acts, line, event);
    } else if (str_eq(type, STR("unpin"))) {
        write_unpin(acts, line, event);
    } else if (str_eq(type, STR("settings"))) {
        write_settings(acts, line, event);
    } else if (str_eq(type, STR("notice"))) {
        write_notice(line, event);
    } else if (str_eq(type, STR("warned"))) {
        write_warned(acts, line, event);
    } else if (str_eq(type, STR("unwarned"))) {
        write_word(line, event, "a warning is over", "act");
    } else if (str_eq(type, STR("held"))) {
        write_word(line, event, "held", "id");
    } else if (str_eq(type, STR("approved"))) {
        write_word(line, event, "approved", "id");
    } else if (str_eq(type, STR("rejected"))) {
        write_word(line, event, "rejected", "id");
    }
}

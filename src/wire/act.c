// SPDX-License-Identifier: Apache-2.0
/* The table below says what each act takes; what reads it knows no act by name. */
#include "wire/act.h"

#include "base/mem.h"
#include "base/must.h"
#include "wire/cursor.h"

#include <stdio.h>

enum takes {
    TAKES_NOTHING = 0,
    TAKES_COMMENT = 1 << 0,  // `seq`, `id`
    TAKES_COMMENTS = 1 << 1, // `seqs`
    TAKES_USERS = 1 << 2,    // `user`, `users`
    TAKES_ACT = 1 << 3,      // `act`
    TAKES_SECONDS = 1 << 4,  // `seconds`, if any
    NEEDS_SECONDS = 1 << 5,
    TAKES_LIST = 1 << 6,  // `value`: an array
    TAKES_FLAG = 1 << 7,  // `value`: true or false
    TAKES_RULES = 1 << 8, // `value`: an object
    TAKES_TEXT = 1 << 9,  // `text`, else the reason
    NEEDS_TEXT = 1 << 10,
    TAKES_DECISION = 1 << 11, // `decision`, with a reason
    HAS_PATH = 1 << 12,       // it is no `do`
    TAKES_ID = 1 << 13,       // `id` alone, of a comment
    TAKES_IDS = 1 << 14,      // `ids`: what waits has no place
    TAKES_TARGET = TAKES_COMMENT | TAKES_COMMENTS | TAKES_USERS | TAKES_ACT | TAKES_ID | TAKES_IDS,
    TAKES_SOME = TAKES_COMMENT | TAKES_COMMENTS,
    TAKES_ANY = TAKES_SOME | TAKES_IDS,
    TAKES_VALUE = TAKES_LIST | TAKES_FLAG | TAKES_RULES,
};

static const struct kind {
    const char *name;
    unsigned takes; // enum takes
    int64_t seconds_max;
} kinds[ACTS] = {
    [ACT_DELETE] = {"delete", TAKES_ANY, 0},
    [ACT_HOLD] = {"hold", TAKES_ANY | TAKES_USERS, 0},
    [ACT_RESTORE] = {"restore", TAKES_SOME, 0},
    [ACT_PURGE] = {"purge", TAKES_USERS, 0},
    [ACT_CLEAR] = {"clear", TAKES_NOTHING, 0},
    [ACT_APPROVE] = {"approve", TAKES_ANY, 0},
    [ACT_REJECT] = {"reject", TAKES_ANY, 0},
    [ACT_BAN] = {"ban", TAKES_USERS, 0},
    [ACT_UNBAN] = {"unban", TAKES_USERS, 0},
    [ACT_TIMEOUT] = {"timeout", TAKES_USERS | NEEDS_SECONDS, ACT_TIMEOUT_S_MAX},
    [ACT_SHADOW] = {"shadow", TAKES_USERS, 0},
    [ACT_UNSHADOW] = {"unshadow", TAKES_USERS, 0},
    [ACT_WARN] = {"warn", TAKES_USERS | TAKES_TEXT, 0},
    [ACT_PIN] = {"pin", TAKES_COMMENT, 0},
    [ACT_UNPIN] = {"unpin", TAKES_COMMENT, 0},
    [ACT_SLOW] = {"slow", NEEDS_SECONDS, ACT_SLOW_S_MAX},
    [ACT_MODE] = {"mode", TAKES_LIST | TAKES_SECONDS, ACT_SLOW_S_MAX},
    [ACT_SHIELD] = {"shield", TAKES_FLAG, 0},
    [ACT_TERMS] = {"terms", TAKES_LIST, 0},
    [ACT_UNDO] = {"undo", TAKES_ACT, 0},
    [ACT_ACKNOWLEDGE] = {"acknowledge", TAKES_ACT | HAS_PATH, 0},
    [ACT_APPEAL] = {"appeal", TAKES_ACT | TAKES_ID | NEEDS_TEXT | HAS_PATH, 0},
    [ACT_DECIDE] = {"decide", TAKES_DECISION | HAS_PATH, 0},
    [ACT_RULES] = {"rules", TAKES_RULES | HAS_PATH, 0},
};

const char *act_name(enum act_do what)
{
    must(what > 0 && what < ACTS);
    return kinds[what].name;
}

void act_read_done(struct act_read *read)
{
    mem_free(MEM_OTHER, read->seqs);
    mem_free(MEM_OTHER, read->ids);
    mem_free(MEM_OTHER, read->users);
    buf_done(&read->value);
    *read = (struct act_read){0};
}

/* ---- members ---- */

static enum err wrong(struct problem *ret_why, const char *field, const char *detail)
{
    *ret_why = (struct problem){
        .code = PROBLEM_BAD_FIELD, .field = str_of(field), .detail = str_of(detail)};
    return ERR_PROTO;
}

static enum err starved(struct problem *ret_why)
{
    *ret_why = (struct problem){.code = PROBLEM_OVERLOADED, .retry_after_ms = 1000};
    return ERR_NOMEM;
}

/* Absent and null are the same: not given. NULL then. */
static const struct json *given(const struct json *object, const char *name)
{
    const struct json *member = json_member(object, name);
    return json_kind(member) == JSON_KIND_NULL ? NULL : member;
}

static bool get_seq(const struct json *value, uint64_t *ret_seq)
{
    int64_t number = 0;
    if (!json_get_i64(value, &number) || number < 1 || number > (int64_t)SEQ_MAX) {
        return false;
    }
    *ret_seq = (uint64_t)number;
    return true;
}

static bool get_text(const struct json *value, size_t bytes_max, struct str *ret_text)
{
    struct str text;
    if (!json_get_str(value, &text) || text.len == 0 || text.len > bytes_max ||
        memchr(text.at, '\0', text.len) != NULL) {
        return false;
    }
    *ret_text = text;
    return true;
}

static bool get_id(const struct json *value, struct str *ret_id)
{
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
    struct str id;
    if (!get_text(value, ACT_ID_BYTES_MAX, &id)) {
        return false;
    }
    for (size_t i = 0; i < id.len; i++) {
        if (memchr(allowed, id.at[i], sizeof(allowed) - 1) == NULL) {
            return false;
        }
    }
    *ret_id = id;
    return true;
}

/* ---- the target ---- */

static enum err set_seqs(struct act_read *read, const struct json *one, const struct json *many,
                         struct problem *ret_why)
{
    const size_t count = one != NULL ? 1 : json_length(many);
    if (count == 0 || count > ACT_TARGETS_MAX) {
        return wrong(ret_why, "seqs", "`seqs` is a list of 1 to 5,000 comments' seqs.");
    }
    read->seqs = mem_new(MEM_OTHER, count * sizeof(*read->seqs));
    if (read->seqs == NULL) {
        return starved(ret_why);
    }
    for (size_t i = 0; i < count; i++) {
        if (!get_seq(one != NULL ? one : json_at(many, i), &read->seqs[i])) {
            return wrong(ret_why, one != NULL ? "seq" : "seqs",
                         "A comment's seq is a whole number of 1 to 2^53-1.");
        }
    }
    read->act.at = ACT_AT_SEQS;
    read->act.is_list = one == NULL;
    read->act.seqs = read->seqs;
    read->act.target_count = (uint32_t)count;
    return ERR_OK;
}

static enum err set_users(struct act_read *read, const struct json *one, const struct json *many,
                          struct problem *ret_why)
{
    const size_t count = one != NULL ? 1 : json_length(many);
    if (count == 0 || count > ACT_TARGETS_MAX) {
        return wrong(ret_why, "users", "`users` is a list of 1 to 5,000 user ids.");
    }
    read->users = mem_new(MEM_OTHER, count * sizeof(*read->users));
    if (read->users == NULL) {
        return starved(ret_why);
    }
    for (size_t i = 0; i < count; i++) {
        if (!get_text(one != NULL ? one : json_at(many, i), ACT_USER_BYTES_MAX, &read->users[i])) {
            return wrong(ret_why, one != NULL ? "user" : "users",
                         "A user is a string of 1 to 128 bytes, the token's `sub`.");
        }
    }
    read->act.at = ACT_AT_USERS;
    read->act.users = read->users;
    read->act.target_count = (uint32_t)count;
    return ERR_OK;
}

static enum err set_ids(struct act_read *read, const struct json *many, struct problem *ret_why)
{
    const size_t count = json_length(many);
    if (count == 0 || count > ACT_TARGETS_MAX) {
        return wrong(ret_why, "ids", "`ids` is a list of 1 to 5,000 comments' ids.");
    }
    read->ids = mem_new(MEM_OTHER, count * sizeof(*read->ids));
    if (read->ids == NULL) {
        return starved(ret_why);
    }
    for (size_t i = 0; i < count; i++) {
        if (!get_id(json_at(many, i), &read->ids[i])) {
            return wrong(ret_why, "ids", "Each of `ids` is the `id` of a comment of this stream.");
        }
    }
    read->act.at = ACT_AT_IDS;
    read->act.is_list = true;
    read->act.ids = read->ids;
    read->act.target_count = (uint32_t)count;
    return ERR_OK;
}

static enum err set_id(struct act_read *read, const struct json *value, struct problem *ret_why)
{
    if (!get_id(value, &read->act.id)) {
        return wrong(ret_why, "id", "`id` is the `id` of a comment of this stream.");
    }
    read->act.at = ACT_AT_ID;
    read->act.target_count = 1;
    return ERR_OK;
}

static enum err set_act(struct act_read *read, const struct json *value, struct problem *ret_why)
{
    struct str text = STR_NONE;
    if (!json_get_str(value, &text) || act_id_parse(text, &read->act.act) != ERR_OK) {
        return wrong(ret_why, "act", "`act` is an act's id as its answer said it: \"a81\".");
    }
    read->act.at = ACT_AT_ACT;
    read->act.target_count = 1;
    return ERR_OK;
}

/* What may name a target, and the acts it is for. */
static const struct {
    const char *field;
    unsigned takes;
} targets[] = {
    {"seq", TAKES_COMMENT},   {"id", TAKES_COMMENT | TAKES_ID},
    {"seqs", TAKES_COMMENTS}, {"ids", TAKES_IDS},
    {"user", TAKES_USERS},    {"users", TAKES_USERS},
    {"act", TAKES_ACT},
};

static const char *missing_target(unsigned takes, const char **ret_field)
{
    *ret_field = takes & TAKES_COMMENT ? "seq" : takes & TAKES_ACT ? "act" : "user";
    switch (takes & TAKES_TARGET) {
    case TAKES_COMMENT:
        return "Name one comment by `seq` or `id`.";
    case TAKES_SOME:
        return "Name the comment by `seq` or `id`, or several by `seqs`.";
    case TAKES_ANY:
        return "Name the comment by `seq` or `id`, or several by `seqs` or `ids`.";
    case TAKES_ANY | TAKES_USERS:
        return "Name the comment by `seq` or `id`, several by `seqs` or `ids`, or its author by "
               "`user`.";
    case TAKES_ACT | TAKES_ID:
        return "Name the act by `act`, or by `id` your comment that it removed.";
    case TAKES_ACT:
        return "Name the act to undo by `act`.";
    default:
        return "Name the user by `user`, or several by `users`.";
    }
}

/* ERR_PROTO: there is none, there are two, or it is not for this act. */
static enum err find_target(const struct json *json, unsigned takes, const char **ret_field,
                            struct problem *ret_why)
{
    const char *found = NULL;
    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
        if (given(json, targets[i].field) == NULL) {
            continue;
        }
        if ((targets[i].takes & takes) == 0) {
            return wrong(ret_why, targets[i].field, "This act is not aimed at such a target.");
        }
        if (found != NULL) {
            return wrong(ret_why, targets[i].field, "Name the target once, in one way.");
        }
        found = targets[i].field;
    }
    if (found == NULL && (takes & TAKES_TARGET) != 0) {
        const char *field = NULL;
        const char *detail = missing_target(takes, &field);
        return wrong(ret_why, field, detail);
    }
    *ret_field = found;
    return ERR_OK;
}

static enum err read_target(const struct json *json, unsigned takes, struct act_read *read,
                            struct problem *ret_why)
{
    const char *field = NULL;
    TRY(find_target(json, takes, &field, ret_why));
    if (field == NULL) {
        return ERR_OK;
    }
    const struct str name = str_of(field);
    const struct json *value = given(json, field);
    if (str_eq(name, STR("seq"))) {
        return set_seqs(read, value, NULL, ret_why);
    }
    if (str_eq(name, STR("seqs"))) {
        return set_seqs(read, NULL, value, ret_why);
    }
    if (str_eq(name, STR("ids"))) {
        return set_ids(read, value, ret_why);
    }
    if (str_eq(name, STR("user"))) {
        return set_users(read, value, NULL, ret_why);
    }
    if (str_eq(name, STR("users"))) {
        return set_users(read, NULL, value, ret_why);
    }
    return str_eq(name, STR("id")) ? set_id(read, value, ret_why) : set_act(read, value, ret_why);
}

/* ---- the rest ---- */

static enum err read_seconds(const struct json *json, const struct kind *kind,
                             struct act_read *read, struct problem *ret_why)
{
    const struct json *value = given(json, "seconds");
    read->act.seconds = -1;
    if (value == NULL && (kind->takes & NEEDS_SECONDS) == 0) {
        return ERR_OK;
    }
    if ((kind->takes & (NEEDS_SECONDS | TAKES_SECONDS)) == 0) {
        return wrong(ret_why, "seconds", "This act lasts until it is undone: it takes no seconds.");
    }
    int64_t seconds = 0;
    const int64_t least = kind->takes & NEEDS_SECONDS ? 0 : 1;
    if (!json_get_i64(value, &seconds) || seconds < least || seconds > kind->seconds_max) {
        return wrong(ret_why, "seconds",
                     kind->seconds_max == ACT_TIMEOUT_S_MAX
                         ? "`seconds` is 1 to 2,419,200 (28 days), or 0 to end it."
                     : least == 0 ? "`seconds` is 1 to 21,600, or 0 to end it."
                                  : "`seconds` is 1 to 21,600.");
    }
    read->act.seconds = seconds;
    return ERR_OK;
}

static enum err check_value(const struct json *value, unsigned takes, struct problem *ret_why)
{
    if (takes & TAKES_LIST && json_kind(value) != JSON_KIND_ARRAY) {
        return wrong(ret_why, "value", "`value` is the whole list: [] ends it.");
    }
    if (takes & TAKES_FLAG && json_kind(value) != JSON_KIND_BOOL) {
        return wrong(ret_why, "value", "`value` is true or false.");
    }
    if (takes & TAKES_RULES && json_kind(value) != JSON_KIND_OBJECT) {
        return wrong(ret_why, "rules", "`rules` is an object of all the stream's rules.");
    }
    return ERR_OK;
}

static enum err read_value(const struct json *json, const struct kind *kind, struct act_read *read,
                           struct problem *ret_why)
{
    const struct json *value = given(json, kind->takes & TAKES_RULES ? "rules" : "value");
    if ((kind->takes & TAKES_VALUE) == 0) {
        return value == NULL ? ERR_OK : wrong(ret_why, "value", "This act takes no value.");
    }
    TRY(check_value(value, kind->takes, ret_why));
    json_write_value(&read->value, value);
    if (!buf_ok(&read->value)) {
        return starved(ret_why);
    }
    read->act.value = buf_str(&read->value);
    return ERR_OK;
}

static enum err read_decision(const struct json *json, struct act_read *read,
                              struct problem *ret_why)
{
    struct str decision = STR_NONE;
    if (!json_get_str(json_member(json, "decision"), &decision) ||
        (!str_eq(decision, STR("granted")) && !str_eq(decision, STR("rejected")))) {
        return wrong(ret_why, "decision", "`decision` is \"granted\" or \"rejected\".");
    }
    if (read->act.reason.len == 0) {
        return wrong(ret_why, "reason", "A decision has a `reason`: who appealed is told it.");
    }
    read->act.value = decision;
    return ERR_OK;
}

static enum err read_words(const struct json *json, const struct kind *kind, struct act_read *read,
                           struct problem *ret_why)
{
    const struct json *reason = given(json, "reason");
    if (reason != NULL &&
        (!json_get_str(reason, &read->act.reason) || read->act.reason.len > ACT_REASON_BYTES_MAX)) {
        return wrong(ret_why, "reason", "`reason` is a string of at most 500 bytes.");
    }
    if (kind->takes & TAKES_DECISION) {
        return read_decision(json, read, ret_why);
    }
    if ((kind->takes & (TAKES_TEXT | NEEDS_TEXT)) == 0) {
        return ERR_OK;
    }
    const struct json *text = given(json, "text");
    const bool is_needed = (kind->takes & NEEDS_TEXT) != 0;
    read->act.value = is_needed ? STR_NONE : read->act.reason;
    if ((text != NULL || is_needed) &&
        !get_text(text, is_needed ? ACT_APPEAL_BYTES_MAX : ACT_REASON_BYTES_MAX,
                  &read->act.value)) {
        return wrong(ret_why, "text",
                     is_needed ? "`text`, what is to be said, is 1 to 2,000 bytes."
                               : "`text`, what the user is told, is 1 to 500 bytes.");
    }
    return ERR_OK;
}

enum err act_read_as(enum act_do what, const struct json *json, struct act_read *ret_read,
                     struct problem *ret_why)
{
    must(what > 0 && what < ACTS);
    const struct kind *kind = &kinds[what];
    struct act_read read = {.act = {.what = what}};
    buf_init(&read.value, MEM_OTHER, ACT_VALUE_BYTES_MAX);
    enum err err = read_target(json, kind->takes, &read, ret_why);
    if (err == ERR_OK) {
        err = read_seconds(json, kind, &read, ret_why);
    }
    if (err == ERR_OK) {
        err = read_value(json, kind, &read, ret_why);
    }
    if (err == ERR_OK) {
        err = read_words(json, kind, &read, ret_why);
    }
    if (err != ERR_OK) {
        act_read_done(&read);
        return err;
    }
    *ret_read = read;
    return ERR_OK;
}

enum err act_read(const struct json *json, struct act_read *ret_read, struct problem *ret_why)
{
    struct str name = STR_NONE;
    (void)json_get_str(json_member(json, "do"), &name);
    for (int what = 1; what < ACTS; what++) {
        if (str_eq(name, str_of(kinds[what].name)) && (kinds[what].takes & HAS_PATH) == 0) {
            return act_read_as((enum act_do)what, json, ret_read, ret_why);
        }
    }
    return wrong(ret_why, "do",
                 "`do` is one of delete, hold, restore, purge, clear, approve, reject, ban, unban, "
                 "timeout, shadow, unshadow, warn, pin, unpin, slow, mode, shield, terms and "
                 "undo.");
}

/* ---- names ---- */

void act_id_write(uint64_t act, char ret_text[ACT_ID_TEXT_MAX])
{
    (void)snprintf(ret_text, ACT_ID_TEXT_MAX, "a%llu", (unsigned long long)act);
}

enum err act_id_parse(struct str text, uint64_t *ret_act)
{
    if (text.len < 2 || text.at[0] != 'a' || text.at[1] == '0') {
        return ERR_PROTO;
    }
    const struct str digits = {.at = text.at + 1, .len = text.len - 1};
    return str_to_u64(digits, SEQ_MAX, ret_act) ? ERR_OK : ERR_PROTO;
}

// SPDX-License-Identifier: Apache-2.0
/* act -- an act of moderation as a value: what a moderator, a rule, a hook or the system does to a
 * stream (protocol.md section 9).
 *
 *      {"do":"timeout","user":"u9","seconds":600,"reason":"spam"}
 *
 * Used by:  api/ reads one from a request, hub/port.h carries it, the engine judges it.
 * Thread:   any; pure.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"
#include "wire/json.h"
#include "wire/problem.h"

#include <stdbool.h>
#include <stdint.h>

enum act_do { // the numbers are stored: never change one
    ACT_DELETE = 1,
    ACT_HOLD = 2, // one visible comment, or with `user` everything they post from now on
    ACT_RESTORE = 3,
    ACT_PURGE = 4, // all a user posted up to now
    ACT_CLEAR = 5, // all that was posted up to now
    ACT_APPROVE = 6,
    ACT_REJECT = 7,
    ACT_BAN = 8,
    ACT_UNBAN = 9,
    ACT_TIMEOUT = 10,
    ACT_SHADOW = 11,
    ACT_UNSHADOW = 12,
    ACT_WARN = 13,
    ACT_PIN = 14,
    ACT_UNPIN = 15,
    ACT_SLOW = 16,
    ACT_MODE = 17,
    ACT_SHIELD = 18,
    ACT_TERMS = 19,
    ACT_UNDO = 20, // POST .../moderation/undo
    /* -- said by a path of their own, not by `do` -- */
    ACT_ACKNOWLEDGE = 21, // of a warning, by whom it was given to: it lifts it
    ACT_APPEAL = 22,      // against an act, by a person it concerns, within ACT_APPEAL_DAYS
    ACT_DECIDE = 23,      // of an appeal; granted, the act appealed against is undone
    ACT_RULES = 24,       // the stream's house rules, whole: PUT of a stream's `rules`
    ACTS,
};

enum {
    ACT_REASON_BYTES_MAX = 500,
    ACT_TIMEOUT_S_MAX = 28 * 24 * 3600,
    ACT_SLOW_S_MAX = 21600,
    ACT_TARGETS_MAX = 5000, // comments or users one act may name
    ACT_ID_BYTES_MAX = 64,  // of a comment's id
    ACT_USER_BYTES_MAX = 128,
    ACT_APPEAL_BYTES_MAX = 2000,
    ACT_APPEAL_DAYS = 183,
    ACT_VALUE_BYTES_MAX = 8 * 1024 * 1024,
};

/* What it is aimed at: exactly one of these, as its `do` allows. */
enum act_target { ACT_AT_NOTHING, ACT_AT_SEQS, ACT_AT_ID, ACT_AT_IDS, ACT_AT_USERS, ACT_AT_ACT };

struct act {
    enum act_do what;
    enum act_target at;
    const uint64_t *seqs;  // ACT_AT_SEQS: [target_count]; `"seq":4072`, or `"seqs":[..]` of a raid
    const struct str *ids; // ACT_AT_IDS: [target_count] comments', with a place or waiting for one
    const struct str *users; // ACT_AT_USERS: [target_count]; `"user":"u9"`, or `"users":[..]`
    uint32_t target_count;
    bool is_list;      // `seqs` or `ids`, be it of one
    struct str id;     // ACT_AT_ID: a comment's
    uint64_t act;      // ACT_AT_ACT: undo, acknowledge, appeal (which may name the removed comment
                       // instead: ACT_AT_ID); decide: the appeal
    struct str reason; // <= ACT_REASON_BYTES_MAX; empty: none given
    struct str value;  // mode, shield, terms, rules: the JSON text of `value`; warn: the words;
                       // appeal: the words; decide: `granted` or `rejected`, its words the reason
    int64_t seconds; // timeout 1..28 d (0 ends), slow 1..21,600 (0 ends), mode mods_first; -1: none
};

/* An act read from a request, and the memory it stands in. */
struct act_read {
    struct act act;    // its `value` lies in the one below, every other string in the request
    uint64_t *seqs;    // owned
    struct str *ids;   // owned
    struct str *users; // owned
    struct buf value;  // owned
};

const char *act_name(enum act_do what); // "delete" ...
/* ERR_PROTO: `*ret_why` says which field and why (422 bad_field, static texts); ERR_NOMEM, told in
 * `*ret_why`, too. The target that an act wants is there once, and no other; `seconds` and `value`
 * stand only where they mean something. A warning's words are its `text`, else its reason. What
 * a mode or a term may be is for the rules to say: here each is of its JSON kind. */
MUST_USE enum err act_read(const struct json *json, struct act_read *ret_read,
                           struct problem *ret_why);
/* The same of a request whose path says what it does. Which appeal ACT_DECIDE is of, its path says,
 * too: the caller sets it. */
MUST_USE enum err act_read_as(enum act_do what, const struct json *json, struct act_read *ret_read,
                              struct problem *ret_why);
void act_read_done(struct act_read *read); // zeroed is legal

/* "a81" */
enum { ACT_ID_TEXT_MAX = 24 };
void act_id_write(uint64_t act, char ret_text[ACT_ID_TEXT_MAX]);
MUST_USE enum err act_id_parse(struct str text, uint64_t *ret_act); // ERR_PROTO

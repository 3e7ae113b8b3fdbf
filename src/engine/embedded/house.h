// SPDX-License-Identifier: Apache-2.0
/* house -- the house rules of a stream that is posted to, and what they have to remember of it.
 *
 * Owns:     the rules as they were read, echoes and posters.
 * Used by:  submits.c; hangs on a head of heads.h, which forgets it with the head, and when a
 *           batch fails.
 * Thread:   the ordering thread's.
 * Promise:  who posted when, and what was said, is found in the log and the queue when a rule first
 *           asks for it, and again after it was forgotten: HOUSE_ROWS_MAX rows back at most, texts
 *           as heard.h says.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"
#include "engine/embedded/posters.h"
#include "engine/embedded/store.h"
#include "rules/echoes.h"
#include "rules/house_rules.h"
#include "wire/event.h"

#include <stdbool.h>
#include <stdint.h>

enum { HOUSE_ROWS_MAX = 20000 };

struct house {
    struct house_rules rules;
    struct echoes echoes;
    struct echoes hidden_echoes; // of what is shadowed or held: their authors' alone
    struct posters posters;
    bool keeps_echoes, keeps_posters; // a rule asked for them
};

/* From streams.rules. ERR_NOMEM. Rules that cannot be read are as if nothing were set, and
 * logged. */
MUST_USE enum err house_open(struct str rules, struct house **ret_house);
void house_close(struct house *house); // NULL is legal

struct house_log { // where to find who has posted, and what
    struct store *store;
    int64_t stream; // id; 0: nobody has
    uint64_t hash_key;
    int64_t mono_ms, wall_ms;
};

struct house_post {
    struct str text;
    const struct traits *traits; // NULL: nobody has found them
    struct house_facts facts;    // role_bits, since_s and the times; the rest is found here
    uint64_t user;               // hash
    struct house_log log;
};

struct house_opinion {
    struct judgement judgement;
    uint64_t likeness; // of the text; 0: nobody asked
    bool asked_traits;
};

/* By the stream's rules and those for all streams, the strictest. What no rule asks for is neither
 * found nor kept. ERR_NOMEM; ERR_SYS: the store. */
MUST_USE enum err house_judge(struct house *house, const struct house_rules *all,
                              const struct house_post *post, struct house_opinion *ret_opinion);
/* It was accepted. One that is not visible is no echo to others, who could tell; one that is held
 * does not make its author known. */
struct house_heard {
    uint64_t likeness, user;
    int64_t mono_ms;
    enum comment_state state;
};
void house_note(struct house *house, const struct house_heard *heard);
/* What waited has its place: from here on its author has posted before. */
void house_note_placed(struct house *house, uint64_t user);

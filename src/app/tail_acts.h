// SPDX-License-Identifier: Apache-2.0
/* tail_acts -- what acts of moderation mean for who prints a stream line by line: which comments
 * are not to be printed any more, which acts were told already, and whose comment an act is about.
 *
 * An act may come twice, first as an early copy ahead of comments that it removes. It names
 * comments by seq, which a line does not show: an act on one that was printed says whose it is, and
 * when it was written. The text is not said again. A line names TAIL_NAMED_MAX comments at most.
 *
 * Owns:     its lists.
 * Used by:  command_tail.c.
 * Thread:   its owner's.
 * Bound:    TAIL_ACTS_MAX of each; only what the reader's place has not passed is kept. Of comments
 *           that were printed the newest TAIL_SAID_MAX.
 */
#pragma once

#include "base/buf.h"
#include "base/str.h"
#include "wire/json.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    TAIL_ACTS_MAX = 65536,
    TAIL_USERS_MAX = 256,
    TAIL_USER_BYTES = 128,
    TAIL_SAID_MAX = 1024,
    TAIL_NAME_BYTES = 256,
    TAIL_RULES_BYTES = 256,
    TAIL_NAMED_MAX = 8,
};

struct tail_said { // a comment that was printed
    uint64_t seq;
    int64_t at_ms;
    char user[TAIL_USER_BYTES + 1], name[TAIL_NAME_BYTES + 1];
};

struct tail_acts {
    struct buf seqs;              // of removed comments, uint64_t each
    struct buf early;             // of acts told as early copies, the same
    struct buf warned;            // of warnings that were told, the same
    struct buf said;              // struct tail_said each, the oldest first
    char rules[TAIL_RULES_BYTES]; // as they were told last; "": not yet
    struct {
        char id[TAIL_USER_BYTES + 1];
        uint64_t upto;
    } users[TAIL_USERS_MAX];
    uint32_t user_count;
    uint64_t all_upto;
};

void tail_acts_init(struct tail_acts *acts);
void tail_acts_done(struct tail_acts *acts);
/* An early copy. What it removes is hidden from now on. */
void tail_acts_early(struct tail_acts *acts, const struct json *event);
/* Was this act told as an early copy? */
bool tail_acts_knows(const struct tail_acts *acts, uint64_t seq);
/* Has an early copy removed this comment? */
bool tail_acts_hides(const struct tail_acts *acts, const struct json *comment);
/* The reader stands at `seq`: what lies before does not matter any more. */
void tail_acts_pass(struct tail_acts *acts, uint64_t seq);
/* Another history begins: seqs mean other comments now. */
void tail_acts_forget(struct tail_acts *acts);

/* ---- for people; what strangers wrote is made harmless for a terminal ---- */
/* "-- removed: 4072 (Ann, 12:04:09)" and the like, of many "and 1992 more", with who did it where
 * that is told; nothing when it is no act, or one that says nothing new. */
void tail_acts_write(struct tail_acts *acts, struct buf *line, const struct json *event,
                     struct str type);
/* "12:04:09 Ann: hello"; acts on it name its author from now on. */
void tail_acts_write_comment(struct tail_acts *acts, struct buf *line, const struct json *comment);

// SPDX-License-Identifier: Apache-2.0
/* story -- one life of an engine after another over one folder, and a ledger of what it answered:
 * posts, restarts, checkpoints, retention. Whatever the disk does meanwhile, what the ledger says
 * must hold.
 *
 * Thread:  the test's.
 */
#pragma once

#include "desk.h"
#include "subject.h"

#include <stdbool.h>
#include <stdint.h>

enum { STORY_POSTS_MAX = 512, STORY_STREAMS = 3 };

struct story_post {
    char cid[16];
    char text[48];
    uint32_t stream; // of STORY_STREAMS
    uint64_t seq;    // 0: never answered; else as it was answered first
    bool is_old;     // its retry may be forgotten
    bool may_expire; // retention may have taken it
};

struct story {
    struct subject subject;
    struct desk desk;
    bool is_open;
    struct epoch epoch;     // of the first life
    struct epoch epoch_now; // of the last one
    uint32_t new_epochs;    // store_wal.h says when a torn commit is taken for damage
    struct story_post posts[STORY_POSTS_MAX];
    uint32_t count;
    uint32_t answers, refusals; // over all
    uint32_t texts_bytes;       // of each post, at least
};

void story_begin(struct story *story); // an empty folder and disk, not open
void story_end(struct story *story);   // closed, the folder is gone
/* False: it refused, and said of which folder. */
bool story_open(struct story *story);
void story_close(struct story *story);
void story_say(struct story *story, uint32_t count); // one after another
void story_say_at_once(struct story *story, uint32_t count);
void story_tick(struct story *story); // the store keeps house: tidies, empties an idle WAL
void story_pass(struct story *story, int64_t ms); // and a tick
void story_read(struct story *story);             // what is given out is right, or refused
/* All that a folder may go through: two lives, checkpoints, retention. Opens and closes. */
void story_tell(struct story *story);
/* The disk is well again: it opens without a hand, is well soon, and holds what was answered, where
 * it was answered, once; retries settle the rest. Leaves it open. */
void story_check(struct story *story);

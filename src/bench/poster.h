// SPDX-License-Identifier: Apache-2.0
/* poster -- one connection that posts, a comment at a time; what was not answered is sent again
 * with the same cid, as the protocol says.
 *
 * Owns:     its line.
 * Used by:  crew.c.
 * Thread:   its crew's.
 * Bound:    POSTER_TRIES for one comment.
 */
#pragma once

#include "base/buf.h"
#include "bench/line.h"
#include "bench/scene.h"
#include "loop/wheel.h"

#include <stdbool.h>
#include <stdint.h>

enum { POSTER_TRIES = 40 };

struct poster {
    struct line line;
    struct timer timer;  // to try again
    struct scene *scene; // borrowed
    /* Free again, and its comment settled; may post at once. */
    void (*done)(struct poster *poster);
    struct link link; // of the crew's free ones
    struct buf answer;
    uint32_t number;
    /* -- the comment under way -- */
    bool is_busy;
    bool is_asked; // its request is on the line
    int status;
    uint32_t tries;
    uint64_t comment; // its number in the run
    int64_t due_us;
};

void poster_init(struct poster *poster, struct scene *scene, uint32_t number);
void poster_done(struct poster *poster);
/* Free. `due_us` is when it should have been sent: delays count from there. */
void poster_post(struct poster *poster, uint64_t comment, int64_t due_us);

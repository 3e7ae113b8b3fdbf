// SPDX-License-Identifier: Apache-2.0
/* commit_wait -- posts that come while others are being committed wait for more, so that a commit
 * has several: most of what a commit costs it costs once.
 *
 * Used by:  writer.c, between two batches.
 * Thread:   the ordering thread's.
 * Bound:    wait_ms between two batches. COMMIT_WAIT_POSTS letters or an urgent one end it.
 * Promise:  a post that finds the thread waiting is committed at once. Where who posts waits for
 *           its answer before it posts again, nobody comes meanwhile, and waiting costs what it
 *           should save: a time in whose second half nobody came is in vain, and each in a row
 *           doubles the batches until the next try.
 */
#pragma once

#include "loop/mail.h"

#include <stdbool.h>
#include <stdint.h>

enum { COMMIT_WAIT_POSTS = 8, COMMIT_WAIT_SPARED_MIN = 4, COMMIT_WAIT_SPARED_MAX = 1024 };

struct commit_wait {
    uint32_t wait_ms; // frozen; 0: never
    uint32_t spared;  // batches that are not waited after
    uint32_t pause;   // how many those are to be when it is in vain again
};

void commit_wait_init(struct commit_wait *wait, uint32_t wait_ms);
/* A batch is answered and letters lie in the box already: is it worth waiting for more? Asked once
 * a batch. */
bool commit_wait_is_due(struct commit_wait *wait);
/* It was waited, and in the second half somebody came, or it was enough; or in vain. */
void commit_wait_note(struct commit_wait *wait, bool has_brought);
/* Waits, and takes down what it brought. The owner of the box opens it next. */
void commit_wait_for_more(struct commit_wait *wait, struct mail *mail);

// SPDX-License-Identifier: Apache-2.0
/* known -- frames that a viewer of this crew was sent, by the event they follow. What the next
 * viewer is sent behind the same event is the same, byte for byte, or it is read like any other:
 * so every byte of every viewer is compared or read, and what thousands were sent is read once.
 *
 *   viewer stands at 4071 ──▶ frames[4071 % n]: {"seq":4072,"prev":4071,...} ──▶ memcmp
 *
 * Owns:    its frames.
 * Used by: watcher.c.
 * Thread:  its crew's.
 * Bound:   KNOWN_FRAMES; a longer frame than KNOWN_BYTES_MAX stays unknown.
 */
#pragma once

#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

enum { KNOWN_FRAMES = 1024, KNOWN_BYTES_MAX = 1000 };

struct known_event {
    uint64_t seq, prev;
    int64_t due_us;  // as its cid says; 0: it does not
    uint64_t target; // of a retract: the first comment it names; 0: none
    bool is_text;    // a comment that was not removed
};

struct known_frame {
    struct known_event event;
    uint32_t len; // 0: none
    char bytes[KNOWN_BYTES_MAX];
};

struct known {
    struct known_frame *frames; // owned; [KNOWN_FRAMES]; NULL until the first
};

void known_done(struct known *known); // zeroed is legal
/* The frame that `bytes` begin with, where one that follows `prev` does; else NULL. Borrowed until
 * known_add(). */
const struct known_frame *known_find(const struct known *known, uint64_t prev, struct str bytes);
/* A frame that was read. Without memory it stays unknown. */
void known_add(struct known *known, const struct known_event *event, struct str bytes);

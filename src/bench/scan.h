// SPDX-License-Identifier: Apache-2.0
/* scan -- what a checker needs of an event's text, without a tree: protocol.md lays out that
 * `type`, `stream`, `seq` and `prev` come first.
 */
#pragma once

#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

struct scan {
    uint64_t seq, prev;
    struct str cid; // borrowed from the text; empty: none
};

/* A comment, or one that was removed, laid out as it should be; false: anything else, ask a parser.
 */
bool scan_comment(struct str json, struct scan *ret_scan);
/* Presence and reactions: nothing there to check. */
bool scan_is_idle_talk(struct str json);
/* The first number behind "name":, false: none. */
bool scan_number(struct str json, const char *name, uint64_t *ret_number);

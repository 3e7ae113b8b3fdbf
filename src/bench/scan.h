// SPDX-License-Identifier: Apache-2.0
/* scan -- what a checker needs of an event's text, without a tree: protocol.md lays out that
 * `type`, `stream`, `seq` and `prev` come first.
 */
#pragma once

#include "base/str.h"
#include "wire/json.h"

#include <stdbool.h>
#include <stdint.h>

struct scan {
    uint64_t seq, prev;
    struct str cid;  // borrowed from the text; empty: none
    bool is_text;    // a comment that was not removed
    bool is_early;   // a copy, of an act
    uint64_t target; // of a retract: the first comment it names; 0: none
};

/* A comment, or one that was removed, laid out as it should be; false: anything else, ask a parser.
 */
bool scan_comment(struct str json, struct scan *ret_scan);
/* A retract that names its comments, or an early copy of one, laid out likewise. */
bool scan_retract(struct str json, struct scan *ret_scan);
/* The same of an event as a tree; false: it has no place. */
bool scan_tree(const struct json *event, struct scan *ret_scan);
/* Whether a whole parser reads the same from that text. */
bool scan_agrees(struct str json, const struct scan *scan);
/* When a comment of this run was due, as its cid says; 0: it is no such comment. */
int64_t scan_due_us(const struct scan *scan, const char *run);
/* Presence and reactions: nothing there to check. */
bool scan_is_idle_talk(struct str json);
/* The first number behind "name":, false: none. */
bool scan_number(struct str json, const char *name, uint64_t *ret_number);
/* The first string without escapes behind "name":, false: none. Borrowed. */
bool scan_word(struct str json, const char *name, struct str *ret_word);

// SPDX-License-Identifier: Apache-2.0
/* house_json -- the house rules of a stream as JSON: kept by an engine, given by acts and by
 * PUT /v1/streams/{s}, told to those who moderate.
 *
 *      {"slow":30,"modes":["links_off","mods_first"],"seconds":5,"shield":false,
 *       "rules":{"links":{"action":"hold"},"roles_only":{"roles":["vip"]},
 *                "unique":{"user_s":300,"stream_s":30,"dry_run":true},
 *                "caps":{"percent":70,"action":"hold","dry_run":true},
 *                "marks":{"max":3},"account_age":{"seconds":86400}},
 *       "terms":[{"text":"buy now","match":"substring","action":"hold"}]}
 *
 * `seconds` are those of mods_first; 0 is as absent. `rules` is whole: a rule that is absent, null
 * or false is as it is by itself. `action` is refuse, hold, shadow or mark; terms, hold_all,
 * mods_first and slow have none; slow has no dry run either.
 *
 * Thread:  any; pure.
 * Promise: what is written is read as it was, and the same is written the same; a bad value changes
 *          nothing and is named by its field.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "rules/house_rules.h"
#include "wire/act.h"
#include "wire/json.h"

enum { HOUSE_JSON_WHY_MAX = 200, HOUSE_JSON_BYTES_MAX = 16 * 1024 * 1024 };

struct house_json_fault { // "rules.caps.percent should be 1 to 100"
    char text[HOUSE_JSON_WHY_MAX];
};

/* The whole; `*ret_rules` is initialised. An empty text: nothing is set. ERR_PROTO, ERR_LIMIT:
 * `fault` says what; ERR_NOMEM. */
MUST_USE enum err house_json_read(struct str text, struct house_rules *ret_rules,
                                  struct house_json_fault *fault);
void house_json_write(struct buf *out, const struct house_rules *rules);

/* Acts slow, mode, shield, terms and rules; on failure, as above, `rules` stays. */
MUST_USE enum err house_json_apply(struct house_rules *rules, const struct act *act,
                                   struct house_json_fault *fault);

/* "slow":30,"modes":["links_off"],"shield":false: what is in force, as members of `hello` and
 * `settings`, with a comma before them where they need one. */
void house_json_write_settings(struct buf *out, const struct house_rules *rules);
/* "marks":["links","caps"] of bits 1 << enum house_rule; nothing where there are none. */
void house_json_write_marks(struct buf *out, uint32_t marks);

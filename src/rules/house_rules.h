// SPDX-License-Identifier: Apache-2.0
/* house_rules -- what one stream's moderators have set, and what it says of a comment.
 *
 *      rule         asked when             by itself   breaks it
 *      terms        there are terms        as the term a term of the stream
 *      links        mode links_off         refuse      TRAIT_LINK
 *      emote_only   mode emote_only        refuse      no TRAIT_EMOTE_ONLY
 *      roles_only   mode roles_only        refuse      none of `roles` (member verified vip bot)
 *      unique       mode unique            refuse      the same text by the author in `user_s`
 *                                                      (300), by anybody in `stream_s` (30)
 *      caps         `percent` is given     refuse      more capitals than that, of 8 letters up
 *      marks        `max` is given         refuse      more combining marks on a base than that
 *      account_age  `seconds` are given    refuse      a younger account, or one of unknown age
 *      hook_down    it is given         refuse      the hook before publishing did not judge
 *      hold_first   mode hold_first        hold        the author's first comment in the stream
 *      hold_all     mode hold_all          hold        every comment
 *      mods_first   mode mods_first        hold        every comment; shown by itself after seconds
 *      slow         slow > 0               refuse      the author's last is not that long ago
 *
 * Each but the last can have another outcome (refuse, hold, shadow, or mark: it is shown, and those
 * who moderate are told), and each can be in dry run: then it is asked, whether its mode is on or
 * not, and only counted. Of all that are broken the strictest wins; among equals the first above.
 *
 * Shield is all at once, until it is put down:
 *      - modes links_off, unique and hold_first
 *      - at least 30 s between two comments of somebody (slow), or what was set, if it is more
 *      - at most 70 % capitals and 3 marks on a base, or what was set, if it is less
 *      - accounts known to be younger than a day are refused, or what was set, if it is more
 *      - what is in dry run is in force, and what would only be marked is held
 *
 * Moderators, hosts and admins are free of all of it, bots of slow.
 *
 * Owns:     a reference on its terms.
 * Thread:   its owner's; a value, and pure: time comes as an argument.
 */
#pragma once

#include "rules/echoes.h"
#include "rules/terms.h"
#include "wire/outcome.h"
#include "wire/traits.h"

#include <stdbool.h>
#include <stdint.h>

enum house_mode { // of HOUSE_MODES, in the order they are written in
    HOUSE_LINKS_OFF = 1 << 0,
    HOUSE_EMOTE_ONLY = 1 << 1,
    HOUSE_ROLES_ONLY = 1 << 2,
    HOUSE_UNIQUE = 1 << 3,
    HOUSE_HOLD_FIRST = 1 << 4,
    HOUSE_HOLD_ALL = 1 << 5,
    HOUSE_MODS_FIRST = 1 << 6,
};
enum { HOUSE_MODES = 7 };

enum house_rule { // stored, as bits of what was marked: a new one goes to the end
    HOUSE_RULE_TERMS,
    HOUSE_RULE_LINKS,
    HOUSE_RULE_EMOTE_ONLY,
    HOUSE_RULE_ROLES_ONLY,
    HOUSE_RULE_UNIQUE,
    HOUSE_RULE_CAPS,
    HOUSE_RULE_MARKS,
    HOUSE_RULE_ACCOUNT_AGE,
    HOUSE_RULE_HOOK_DOWN,
    HOUSE_RULE_HOLD_FIRST,
    HOUSE_RULE_HOLD_ALL,
    HOUSE_RULE_MODS_FIRST,
    HOUSE_RULE_SLOW,
    HOUSE_RULES,
};

enum house_action { HOUSE_MARK, HOUSE_HOLD, HOUSE_SHADOW, HOUSE_REFUSE };

enum {
    HOUSE_SLOW_S_MAX = 21600,
    HOUSE_MODS_FIRST_S = 5, // unless said otherwise
    HOUSE_MODS_FIRST_S_MAX = 21600,
    HOUSE_UNIQUE_USER_S = 300,
    HOUSE_UNIQUE_STREAM_S = 30,
    HOUSE_UNIQUE_S_MAX = 86400,
    HOUSE_ACCOUNT_AGE_S_MAX = 10 * 365 * 86400,
    HOUSE_SHIELD_SLOW_S = 30,
    HOUSE_SHIELD_CAPS_PERCENT = 70,
    HOUSE_SHIELD_MARKS = 3,
    HOUSE_SHIELD_AGE_S = 86400,
};

struct house_setting { // of one rule
    uint8_t action;    // enum house_action
    bool dry_run;
    bool is_given;  // its number was: of caps, marks and account_age, which are no modes
    uint32_t value; // percent, max, seconds; of roles_only: role bits
};

struct house_rules {
    uint32_t slow_s;
    uint32_t modes; // enum house_mode
    uint32_t mods_first_s;
    uint32_t unique_user_s, unique_stream_s;
    bool shield;
    struct house_setting settings[HOUSE_RULES];
    struct terms *terms; // a reference; NULL: none
};

void house_rules_init(struct house_rules *rules);          // nothing is set
void house_rules_done(struct house_rules *rules);          // zeroed is legal
bool house_rules_are_set(const struct house_rules *rules); // any of them
/* Replaces the terms; the reference is taken over. */
void house_rules_set_terms(struct house_rules *rules, struct terms *terms);

const char *house_rules_name(enum house_rule rule);      // "links"
const char *house_rules_mode_name(enum house_mode mode); // "links_off"

/* What is in force, shield included: what viewers are told. */
uint32_t house_rules_slow_s(const struct house_rules *rules);
uint32_t house_rules_modes(const struct house_rules *rules);
/* What has to be known to judge by them, so that nothing else is found or kept. */
enum house_need {
    HOUSE_NEEDS_TRAITS = 1 << 0,  // of the text
    HOUSE_NEEDS_ECHOES = 1 << 1,  // what was said before
    HOUSE_NEEDS_POSTERS = 1 << 2, // who has posted before, and when
};
uint32_t house_rules_needs(const struct house_rules *rules); // enum house_need

struct house_facts { // of the author, at the time of the post
    uint32_t role_bits;
    int64_t since_s, now_s; // unix; since_s 0: not known
    bool has_posted_before; // in this stream
    int64_t now_ms;         // mono
    int64_t last_post_ms;   // mono, in this stream; INT64_MIN: none
    struct echo echo;       // of the text, in this stream
    bool hook_is_down;      // the hook was to judge it, and did not
};

struct judgement {
    enum outcome outcome;
    enum refusal refusal;     // of OUTCOME_REFUSE
    struct str rule;          // the rule that won; empty: none. Static, or of the wish
    bool by_hook;             // it is a hook's
    bool has_hook_rule;       // the stream says what becomes of a comment that no hook judged
    struct str term;          // that was found, as it stands in the list; borrowed from the terms
    uint32_t retry_after_ms;  // of slow
    uint32_t approve_after_s; // of OUTCOME_HOLD by mods_first alone; 0: it waits for somebody
    uint32_t broken;          // bits 1 << enum house_rule: all that are in force and were broken
    uint32_t marks;           // those of them that only mark
    uint32_t dry_hits;        // those in dry run that would have been
};

struct judgement house_rules_judge(const struct house_rules *rules, const struct traits *traits,
                                   const struct house_facts *facts);
/* Together with what the rules of all streams say: the stricter wins, `judgement` among equals. */
void house_rules_join(struct judgement *judgement, const struct judgement *of_all);
/* Together with what was wished before (terms of the server, a hook): the stricter wins, the wish
 * among equals, and what it holds is not approved by itself. */
void house_rules_add_wish(struct judgement *judgement, const struct wish *wish);

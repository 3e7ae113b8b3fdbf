// SPDX-License-Identifier: Apache-2.0
/* claims -- who somebody is, as a verified token says (protocol.md section 2). Immutable, counted,
 * any thread. */
#pragma once

#include "base/err.h"
#include "base/str.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    CLAIMS_SUB_BYTES_MAX = 128,
    CLAIMS_AVATAR_BYTES_MAX = 256,
    CLAIMS_BADGES_MAX = 8,
    CLAIMS_BADGE_BYTES_MAX = 32,
    CLAIMS_GLOBS_MAX = 64,
};

enum role {
    ROLE_VIEWER = 1 << 0,
    ROLE_MEMBER = 1 << 1,
    ROLE_VERIFIED = 1 << 2,
    ROLE_VIP = 1 << 3,
    ROLE_BOT = 1 << 4,
    ROLE_MODERATOR = 1 << 5,
    ROLE_HOST = 1 << 6,
    ROLE_ADMIN = 1 << 7,
};

struct claims {
    _Atomic uint32_t refs;
    /* -- frozen; the strings are owned -- */
    struct str sub;                       // user id, 1..128 bytes
    struct str name;                      // <= 64 code points; sub when the token has none
    struct str avatar;                    // <= 256 bytes or empty
    struct str badges;                    // JSON array text of <= 8 of <= 32 bytes, or empty
    struct str roles;                     // JSON array text of the roles besides viewer, or empty
    uint32_t role_bits;                   // enum role; ROLE_VIEWER always
    int64_t exp_s, nbf_s, iat_s, since_s; // unix seconds; 0 absent
    bool is_unlisted;                     // `roster` false: counted, not named
    uint32_t glob_count;                  // of `streams`; 0: all
    struct str *globs;                    // owned; [glob_count]
};

struct json;

/* From a token's payload: the shapes are checked, the times only read. ERR_PROTO: a claim is not as
 * it should be; ERR_NOMEM. What is unknown (claims, roles) is ignored. */
MUST_USE enum err claims_read(const struct json *payload, struct claims **ret_claims);

struct claims *claims_ref(struct claims *claims);
void claims_unref(struct claims *claims); // NULL is legal

bool claims_allow_stream(const struct claims *claims, struct str stream); // `*` and `?` in globs
/* The name a roster may show; empty: nobody, or somebody who would rather not be named. */
struct str claims_roster_name(const struct claims *claims); // NULL is legal
bool claims_are_privileged(const struct claims *claims);    // host, moderator, admin
bool claims_are_unhurried(const struct claims *claims);     // those and bot

// SPDX-License-Identifier: Apache-2.0
/* problem -- every way we say no: RFC 9457 `application/problem+json` with a stable `code`
 * (protocol.md section 3). The table in problem.c is the one home of codes, statuses and titles. */
#pragma once

#include "base/buf.h"
#include "base/str.h"

#include <stdint.h>

enum problem_code {
    PROBLEM_BAD_REQUEST,
    PROBLEM_BAD_CURSOR,
    PROBLEM_BAD_NAME,
    PROBLEM_NO_TOKEN,
    PROBLEM_BAD_TOKEN,
    PROBLEM_EXPIRED_TOKEN,
    PROBLEM_BANNED,
    PROBLEM_MUTED,
    PROBLEM_FORBIDDEN,
    PROBLEM_WRONG_ROLE,
    PROBLEM_BAD_ORIGIN,
    PROBLEM_MUST_ACKNOWLEDGE,
    PROBLEM_NO_STREAM,
    PROBLEM_NO_COMMENT,
    PROBLEM_NOT_FOUND,
    PROBLEM_METHOD_NOT_ALLOWED,
    PROBLEM_TIMEOUT,
    PROBLEM_STREAM_ENDED,
    PROBLEM_CONFLICT,
    PROBLEM_NO_LENGTH,
    PROBLEM_TOO_LARGE,
    PROBLEM_URL_TOO_LONG,
    PROBLEM_BAD_TYPE,
    PROBLEM_EXPECTATION_FAILED,
    PROBLEM_BAD_JSON,
    PROBLEM_BAD_FIELD,
    PROBLEM_TOO_LONG,
    PROBLEM_EMPTY,
    PROBLEM_BAD_UTF8,
    PROBLEM_BAD_TEXT,
    PROBLEM_BLOCKED_TERM,
    PROBLEM_LINKS_OFF,
    PROBLEM_EMOTE_ONLY,
    PROBLEM_NOT_UNIQUE,
    PROBLEM_UPGRADE_REQUIRED,
    PROBLEM_SLOW_MODE,
    PROBLEM_RATE_USER,
    PROBLEM_RATE_ADDRESS,
    PROBLEM_RATE_STREAM,
    PROBLEM_CONNS_ADDRESS,
    PROBLEM_HEADERS_TOO_LARGE,
    PROBLEM_INTERNAL,
    PROBLEM_NOT_IMPLEMENTED,
    PROBLEM_OVERLOADED,
    PROBLEM_STORE_DOWN,
    PROBLEM_DRAINING,
    PROBLEM_FULL,
    PROBLEM_BAD_VERSION,
    PROBLEM_CODES,
};

struct problem {
    enum problem_code code;
    struct str detail;       // a sentence for people; empty: none
    struct str field;        // the member, parameter or header at fault; empty: none
    struct str act;          // the act of moderation in the way; empty: none
    uint32_t retry_after_ms; // 0: none; written as whole seconds, rounded up
};

int problem_status(enum problem_code code);
const char *problem_name(enum problem_code code); // "rate_user"
/* Of a Retry-After header and of the member: whole seconds, rounded up. */
uint32_t problem_retry_after_s(const struct problem *problem);
/* The JSON object. */
void problem_write(struct buf *out, const struct problem *problem);

// SPDX-License-Identifier: Apache-2.0
/* err -- how a function says that it failed, and how its caller passes that on.
 *
 * Values leave through `ret_` parameters, last, untouched on failure. An error is logged once,
 * where it stops travelling. A new code needs a caller that acts on it.
 */
#pragma once

enum err {
    ERR_OK = 0,
    ERR_AGAIN,     // nothing now; the thing that would change it will be announced
    ERR_GONE,      // it was there and has been forgotten
    ERR_CLOSED,    // the other side ended
    ERR_LIMIT,     // a named maximum is reached
    ERR_PROTO,     // bytes that break their format
    ERR_DENIED,    // known, and not allowed
    ERR_NOT_FOUND, // no such thing
    ERR_EXISTS,    // it is there already
    ERR_NOMEM,     // memory could not be had
    ERR_SYS,       // the kernel or a library refused; sys_last_failure() says which call and why
};

#define MUST_USE __attribute__((warn_unused_result))

/* Passes a failure on: the one macro that hides a return. */
#define TRY(call)                                                                                  \
    do {                                                                                           \
        const enum err try_err = (call);                                                           \
        if (try_err != ERR_OK) {                                                                   \
            return try_err;                                                                        \
        }                                                                                          \
    } while (0)

/* The code's name in lower case, for logs. Static storage. */
const char *err_name(enum err err);

// SPDX-License-Identifier: Apache-2.0
/* warned -- who is under a warning: what can be asked of everybody who comes, for next to nothing.
 *
 *      marks[hash mod WARNED_MARKS]   how many warnings are on users of that remainder; 0 of most
 *      by_hash                        hash ─▶ the user's name; looked at where the mark says so
 *
 * Owns:     the names.
 * Used by:  sanctions.c, whose mirror it is; embedded.c, readers.c.
 * Thread:   any; marks are atomic, names under WARNED, a leaf.
 * Bound:    as many names as sanctions.h has users.
 * Promise:  never false of who is under a warning whose act was answered or published.
 */
#pragma once

#include "base/err.h"
#include "base/map.h"
#include "base/str.h"
#include "wire/act.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

enum { WARNED_MARKS = 1 << 14 };

struct warned {
    uint64_t user_key; // frozen: of port_user_hash()
    /* -- atomic: relaxed, as what makes somebody ask comes by a letter behind it -- */
    _Atomic uint32_t marks[WARNED_MARKS];
    /* -- under WARNED -- */
    pthread_mutex_t lock;
    struct map by_hash; // struct warned_user
};

void warned_init(struct warned *warned, uint64_t user_key);
void warned_done(struct warned *warned);

MUST_USE enum err warned_add(struct warned *warned, struct str user); // one warning more; ERR_NOMEM
void warned_remove(struct warned *warned, struct str user);           // one that was added

/* Whether somebody of that hash may be; port_ops.may_be_warned. */
bool warned_may_be(struct warned *warned, uint64_t user);
/* The name of who is: at most ACT_USER_BYTES_MAX bytes, in `name`. Empty: nobody of that hash. */
struct str warned_name(struct warned *warned, uint64_t user, char name[ACT_USER_BYTES_MAX]);

// SPDX-License-Identifier: Apache-2.0
/* dial -- one connection being made, without waiting.
 *
 *      dial_start() ──▶ waiting ──▶ `dialed`, once, from the loop; or dial_cancel()
 *
 * Owns:     the socket until `dialed`.
 * Used by:  bench/.
 * Thread:   its reactor's.
 * Bound:    the kernel's own time to give up; an owner in more haste cancels.
 */
#pragma once

#include "base/err.h"
#include "loop/reactor.h"
#include "net/address.h"

struct dial { // embedded in its owner
    struct source source;
    struct reactor *reactor; // borrowed; outlives it
    /* `fd` is the owner's now, non-blocking; -1: it failed, sys_last_failure() says how. The dial
     * may be started again. */
    void (*dialed)(struct dial *dial, int fd);
};

/* `from` is the source address, NULL for any. ERR_SYS: it failed at once, nothing is under way. */
MUST_USE enum err dial_start(struct dial *dial, struct reactor *reactor, const struct address *to,
                             const struct address *from);
void dial_cancel(struct dial *dial); // nothing under way, or zeroed, is legal

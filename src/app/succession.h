// SPDX-License-Identifier: Apache-2.0
/* succession -- what a process that serves and one that follows it say to each other over
 * data/roar.sock, a message each.
 *
 *      the new (takeover.c)                    the old (handover.c)
 *        HELLO ─────────────────────────────▶
 *              ◀───────────────────────────── LISTENER with a socket, each; then OFFERED
 *        READY (all but the store) ─────────▶  nobody is accepted, posts wait; what was handed over
 *                                              is committed and answered, the store closed
 *              ◀───────────────────────────── YOURS (data/lock is free)
 *        SERVING ───────────────────────────▶  goaway to its viewers, drain, exit 0
 *
 * Either may say REFUSED with a reason instead, or be gone. What counts then is data/lock: who has
 * it, serves. A new one that finds the old one gone takes it; an old one that finds the new one
 * gone takes it back.
 *
 * Thread:  any; no state.
 * Promise: magic, version and kind stand where they stand in every version to come, and so does
 * REFUSED's text: two that do not understand each other can say so.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

enum { SUCCESSION_VERSION = 1, SUCCESSION_TEXT_MAX = 240 };
#define SUCCESSION_SOCKET "roar.sock"

enum succession_kind {
    SUCCESSION_HELLO = 1,
    SUCCESSION_REFUSED,
    SUCCESSION_LISTENER,
    SUCCESSION_OFFERED,
    SUCCESSION_READY,
    SUCCESSION_YOURS,
    SUCCESSION_SERVING,
};

struct succession_message {
    char magic[8];
    uint32_t version;
    uint32_t kind;                  // enum succession_kind
    char text[SUCCESSION_TEXT_MAX]; // REFUSED: why, for people; HELLO: the version of the binary
    uint32_t is_metrics;            // LISTENER: it is that of metrics.listen
};

/* ERR_CLOSED: the other is gone; ERR_SYS. */
MUST_USE enum err succession_send(int fd, enum succession_kind kind, struct str text);
MUST_USE enum err succession_send_listener(int fd, int listener_fd, bool is_metrics);
/* `*ret_passed_fd` is -1 but with a LISTENER. ERR_PROTO: no message of ours, or of another version
 * (`ret_message->version` says which; REFUSED is understood in any); ERR_AGAIN; ERR_CLOSED. */
MUST_USE enum err succession_receive(int fd, struct succession_message *ret_message,
                                     int *ret_passed_fd);

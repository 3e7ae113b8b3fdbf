// SPDX-License-Identifier: Apache-2.0
/* line -- one HTTP/1.1 client connection: dialled, asked, its answers told piece by piece; after a
 * 101 the bytes go through as they are.
 *
 *      line_open() ──▶ `opened` ──▶ line_send() ──▶ `answered` ──▶ `body`* ──▶ `whole` ─┐
 *                          │            ▲──────────────────────────────────────────────┘
 *                          └── any time ──▶ `ended`
 *
 * Owns:     its socket.
 * Used by:  watcher.c, poster.c.
 * Thread:   its reactor's.
 * Promise:  after `ended`, and in it, it may be opened again. line_end() may be called in any
 *           callback; line_close() in `ended`, `opened` and between callbacks only.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"
#include "net/conn.h"
#include "net/dial.h"

#include <llhttp.h>
#include <stdbool.h>

struct line;

struct line_ops {
    void (*opened)(struct line *line);
    void (*answered)(struct line *line, int status);
    void (*body)(struct line *line, struct str bytes);
    void (*whole)(struct line *line); // never of an answer that the connection's end ends
    void (*ended)(struct line *line); // refused, reset, closed, no HTTP, or by line_end()
};

enum line_state { LINE_CLOSED, LINE_DIALING, LINE_OPEN };

struct line { // embedded in its owner
    struct dial dial;
    struct conn conn;
    llhttp_t parser;
    const struct line_ops *ops;
    struct reactor *reactor;  // borrowed
    const struct address *to; // borrowed
    enum line_state state;
    bool is_ending;   // line_end() was called inside a callback
    bool is_raw;      // behind a 101
    bool in_callback; // of ours
};

void line_init(struct line *line, struct reactor *reactor, const struct line_ops *ops);
/* `from`: the source address, or NULL. `to` is borrowed until it is closed. ERR_SYS. */
MUST_USE enum err line_open(struct line *line, const struct address *to,
                            const struct address *from);
/* Sends a request, or bytes behind a 101. ERR_CLOSED. */
MUST_USE enum err line_send(struct line *line, struct str bytes);
void line_end(struct line *line);   // closes, then `ended`
void line_close(struct line *line); // closes, no callback; closed is legal
void line_reset(struct line *line); // the same, and the server gets a reset

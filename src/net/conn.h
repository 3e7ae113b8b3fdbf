// SPDX-License-Identifier: Apache-2.0
/* conn -- one accepted connection: bytes in, bytes out, bounded, with no idea of a protocol.
 *
 * Owns:     its socket, and what was kept because the socket was full.
 * Used by:  serve/.
 * Thread:   its reactor's.
 * Bound:    CONN_OUT_BYTES_MAX waiting to be sent; past that conn_send() is ERR_LIMIT and the owner
 *           closes.
 * Promise:  bytes leave in the order given; callbacks come from the loop, never from inside a call
 *           of the owner's; conn_done() is legal in any of them, and after it there is none.
 *           TCP_NODELAY, TCP_NOTSENT_LOWAT 16 KiB. Idle, it holds no buffer at all.
 * TLS will slip in beneath this contract.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"
#include "loop/reactor.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    CONN_OUT_BYTES_MAX = 512 * 1024,
    CONN_READ_BYTES = 16 * 1024,      // given to `received` at once, at most
    CONN_TURN_BYTES_MAX = 128 * 1024, // read in one turn; the rest waits for the next
    CONN_NOTSENT_BYTES = 16 * 1024,
    CONN_FINISH_MS_MAX = 10 * 1000, // to send what is kept, once finishing
    CONN_LINGER_MS = 1000,          // then to read the peer's rest
};

struct conn;

struct conn_ops {
    /* Bytes came; borrowed for the call. All of them are taken (the owner buffers what it cannot
     * use yet, or pauses). */
    void (*received)(struct conn *conn, struct str bytes);
    /* The out buffer ran empty after having held something, or the socket can take again after
     * conn_try_send() took less. */
    void (*writable)(struct conn *conn);
    /* The peer sent FIN: no more bytes will come; ours still go. */
    void (*half_closed)(struct conn *conn);
    /* The socket is dead (reset, error, closed by conn_finish() when all was sent): the owner calls
     * conn_done(). */
    void (*ended)(struct conn *conn);
};

struct conn_rest; // conn.c: kept bytes, and the timer of conn_finish()

struct conn { // embedded in its owner
    struct source source;
    struct reactor *reactor; // borrowed; outlives it
    const struct conn_ops *ops;
    struct conn_rest *rest;  // owned; NULL: nothing is kept and it is not finishing
    uint32_t received_low;   // conn_received_ms(), its low bits
    bool finishing : 1;      // close once what is kept is sent
    bool paused : 1;         // reading stopped: conn_pause()
    bool wants_writable : 1; // conn_try_send() took less
    bool dead : 1;           // nothing can be sent any more; `ended` was told or is on its way
    bool ended_told : 1;
    bool read_over : 1; // the peer's FIN came
};
_Static_assert(sizeof(struct conn) <= 48, "every viewer has one, and a flush touches it");

/* Takes over the accepted, non-blocking `fd`; on failure it is closed. `conn` need not be zeroed.
 */
MUST_USE enum err conn_init(struct conn *conn, struct reactor *reactor, const struct conn_ops *ops,
                            int fd);
void conn_done(struct conn *conn); // closes now if still open; no callback after

/* Sends, keeping what the socket does not take. ERR_LIMIT: the bound; ERR_CLOSED: dead; ERR_NOMEM.
 */
MUST_USE enum err conn_send(struct conn *conn, struct str bytes);
/* Sends only if nothing is kept; returns what was taken. Less than asked: `writable` will follow.
 */
size_t conn_try_send(struct conn *conn, const uint8_t *bytes, size_t len);
size_t conn_waiting_bytes(const struct conn *conn); // kept, not yet taken by the kernel
/* Sends what is kept, then FIN, then reads the peer's rest for at most CONN_LINGER_MS (so that it
 * gets the answer), then `ended`, the only callback still to come. Again is legal. */
void conn_finish(struct conn *conn);
void conn_pause(struct conn *conn); // no more `received` until conn_resume(): back-pressure
void conn_resume(struct conn *conn);
/* Mono of the last bytes received, or of conn_init(); right to 49 days of silence. */
int64_t conn_received_ms(const struct conn *conn);
/* Mono ms since the peer acknowledged anything while data was in flight; 0 when nothing is
 * unacknowledged. */
uint32_t conn_silent_ms(struct conn *conn);
uint32_t conn_passed_ms(struct conn *conn); // since the kernel last passed data on to the peer

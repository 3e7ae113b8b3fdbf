// SPDX-License-Identifier: Apache-2.0
/* carrier -- what brings a request and takes what is answered, whatever protocol it is: an HTTP/1
 * connection now, a stream of an HTTP/2 connection with that work. And what rides on it once the
 * request became a stream of bytes: a rider.
 *
 *      exchange ──exchange_answer()──▶ the carrier goes on to its next request
 *         └───────carrier_ride()─────▶ rider ──carrier_end()──▶ what waits is sent, then it closes
 *
 * Used by:  http1.c is one; sse_reader.c and ws_conn.c ride; poll.c waits on an exchange.
 * Thread:   its reactor's.
 * Promise:  nothing here calls a rider from inside: what it hears comes from the loop.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/list.h"
#include "base/str.h"
#include "serve/census.h"
#include "serve/sweep.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct answer;
struct carrier;
struct exchange;
struct request;
struct server;

/* What a rider hears. */
struct rider_ops {
    void (*received)(struct carrier *carrier, struct str bytes); // borrowed; all taken
    void (*writable)(struct carrier *carrier); // nothing kept waits, the socket can take
    void (*half_closed)(struct carrier *carrier);
    /* As it asked for by front_visit_by(), which it does again here. */
    void (*visited)(struct carrier *carrier, int64_t now_ms);
    void (*drained)(struct carrier *carrier);  // the server closes: say goodbye
    void (*replaced)(struct carrier *carrier); // a newer connection of its user took its place
    void (*ended)(struct carrier *carrier);    // last: the rider frees itself
};

/* What a carrier can; contracts are at the functions below. */
struct carrier_ops {
    void (*answer)(struct carrier *carrier, const struct exchange *exchange,
                   const struct answer *answer);
    void (*ride)(struct carrier *carrier, const struct answer *head);
    enum err (*send)(struct carrier *carrier, struct str bytes);
    size_t (*try_send)(struct carrier *carrier, const uint8_t *bytes, size_t len);
    size_t (*waiting_bytes)(const struct carrier *carrier);
    uint32_t (*silent_ms)(struct carrier *carrier);
    uint32_t (*passed_ms)(struct carrier *carrier);
    int64_t (*heard_ms)(const struct carrier *carrier);
    void (*hold)(struct carrier *carrier, bool held);
    void (*end)(struct carrier *carrier);
    void (*cut)(struct carrier *carrier);
    void (*drain)(struct carrier *carrier); // the server asks it to close soon
};

struct carrier {
    const struct carrier_ops *ops;  // static
    const struct rider_ops *riding; // static; NULL: nothing rides
    void *rider;                    // owns itself; borrowed until riding->ended
    struct server *server;          // borrowed; outlives it
    struct link link;               // in server->carriers, server->told or server->gone
    struct sweep_entry entry;       // in one of the server's sweeps
    struct census_seat seat;
};
_Static_assert(sizeof(struct carrier) <= 96, "every viewer has one");

/* What a room that took an exchange over hears before it rides or answers. */
enum exchange_news { EXCHANGE_GONE, EXCHANGE_HALF_CLOSED, EXCHANGE_DRAINING };

struct exchange {
    struct request *request; // owned
    struct buf head, body;   // owned: what the request points into
    struct server *server;   // borrowed; outlives it
    struct carrier *carrier; // borrowed until EXCHANGE_GONE; NULL: the client is gone
    void (*news)(struct exchange *exchange, enum exchange_news news); // NULL: nobody took it over
    void *taker;                                                      // of `news`
    bool keep_alive;
};
void exchange_free(struct exchange *exchange); // by who answers it or rides on

/* The exchange goes on as bytes of `rider`: sends the head (`status`, `type`, `headers` of it) and
 * frees the exchange, which is not gone. */
void carrier_ride(struct exchange *exchange, const struct answer *head,
                  const struct rider_ops *riding, void *rider);
/* Keeps what the socket does not take; when it cannot, the carrier is cut. */
void carrier_send(struct carrier *carrier, struct str bytes);
/* Takes what the socket takes now; 0 while something kept waits. Less than len: `writable`
 * follows. */
size_t carrier_try_send(struct carrier *carrier, const uint8_t *bytes, size_t len);
size_t carrier_waiting_bytes(const struct carrier *carrier);
uint32_t carrier_silent_ms(struct carrier *carrier);     // conn_silent_ms()
uint32_t carrier_passed_ms(struct carrier *carrier);     // conn_passed_ms()
int64_t carrier_heard_ms(const struct carrier *carrier); // mono of the last bytes received
void carrier_hold(struct carrier *carrier, bool held);   // no `received` while held
/* What waits is sent, then it closes; of what a rider hears only `ended` is still to come. */
void carrier_end(struct carrier *carrier);
/* Closes at once; only `ended` is still to come. */
void carrier_cut(struct carrier *carrier);
void carrier_drain(struct carrier *carrier);

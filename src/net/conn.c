// SPDX-License-Identifier: Apache-2.0
/*          received, writable, half_closed
 *   OPEN ──────────────────────────────────▶ OPEN
 *    │ conn_finish()                          │ reset, error
 *    ▼                                        ▼
 *   SENDING what is kept ──▶ FIN ──▶ LINGERING: reads and drops ──▶ `ended` ──▶ conn_done()
 *
 * The loop is edge-triggered: whoever stops before all was read (paused, its share used up) asks
 * for the edge again by reactor_rewatch(). A short write is always followed by an edge: the kernel
 * notes that the sender waits for room. An error found while sending is not told from there: its
 * edge comes by itself. */
#include "net/conn.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/must.h"
#include "sys/sys.h"

struct conn_rest {
    struct timer farewell;
    struct conn *conn; // borrowed; it owns this
    struct buf kept;
    size_t kept_at; // bytes of it already sent
    bool fin_sent;
};

static _Thread_local uint8_t scratch[CONN_READ_BYTES];

/* Whose callback runs; conn_done() takes it away. One is enough: callbacks do not nest. */
static _Thread_local struct conn *called;

static struct conn *conn_of(struct source *source)
{
    return (struct conn *)(void *)((char *)source - offsetof(struct conn, source));
}

static void tell_ended(struct conn *conn)
{
    conn->dead = true;
    if (!conn->ended_told) {
        conn->ended_told = true;
        conn->ops->ended(conn); // may free it
    }
}

/* ---- out ---- */

/* Writes what it can; `*ret_sent` says how much. ERR_CLOSED: the socket is dead. */
static enum err write_some(struct conn *conn, const uint8_t *bytes, size_t len, size_t *ret_sent)
{
    size_t sent = 0;
    const enum err err = sys_socket_write(conn->source.fd, bytes, len, &sent);
    if (err == ERR_CLOSED) {
        conn->dead = true;
        return ERR_CLOSED;
    }
    *ret_sent = sent;
    return ERR_OK;
}

size_t conn_waiting_bytes(const struct conn *conn)
{
    return conn->rest == NULL ? 0 : conn->rest->kept.len - conn->rest->kept_at;
}

static enum err make_rest(struct conn *conn)
{
    if (conn->rest != NULL) {
        return ERR_OK;
    }
    conn->rest = mem_new(MEM_CONN, sizeof(*conn->rest));
    if (conn->rest == NULL) {
        return ERR_NOMEM;
    }
    conn->rest->conn = conn;
    buf_init(&conn->rest->kept, MEM_CONN, CONN_OUT_BYTES_MAX);
    return ERR_OK;
}

static void drop_rest(struct conn *conn)
{
    if (conn->rest != NULL) {
        wheel_cancel(reactor_wheel(conn->reactor), &conn->rest->farewell);
        buf_done(&conn->rest->kept);
        mem_free(MEM_CONN, conn->rest);
        conn->rest = NULL;
    }
}

static enum err keep(struct conn *conn, struct str bytes)
{
    if (conn_waiting_bytes(conn) + bytes.len > CONN_OUT_BYTES_MAX) {
        return ERR_LIMIT;
    }
    TRY(make_rest(conn));
    buf_drop(&conn->rest->kept, conn->rest->kept_at);
    conn->rest->kept_at = 0;
    buf_add_str(&conn->rest->kept, bytes);
    return buf_ok(&conn->rest->kept) ? ERR_OK : ERR_NOMEM;
}

enum err conn_send(struct conn *conn, struct str bytes)
{
    if (conn->dead || conn->finishing) {
        return ERR_CLOSED;
    }
    if (conn_waiting_bytes(conn) == 0) {
        size_t sent = 0;
        TRY(write_some(conn, (const uint8_t *)bytes.at, bytes.len, &sent));
        bytes.at += sent;
        bytes.len -= sent;
    }
    return bytes.len == 0 ? ERR_OK : keep(conn, bytes);
}

size_t conn_try_send(struct conn *conn, const uint8_t *bytes, size_t len)
{
    size_t sent = 0;
    if (conn->dead || conn->finishing) {
        return 0;
    }
    if (conn_waiting_bytes(conn) > 0 || write_some(conn, bytes, len, &sent) != ERR_OK ||
        sent < len) {
        conn->wants_writable = true;
    }
    return sent;
}

/* Sends what is kept; false when the socket is dead. */
static bool flush(struct conn *conn)
{
    size_t sent = 0;
    struct conn_rest *rest = conn->rest;
    if (write_some(conn, rest->kept.bytes + rest->kept_at, conn_waiting_bytes(conn), &sent) !=
        ERR_OK) {
        return false;
    }
    rest->kept_at += sent;
    if (conn_waiting_bytes(conn) == 0 && !conn->finishing) {
        drop_rest(conn);
    }
    return true;
}

/* ---- the farewell ---- */

static void on_farewell_over(struct timer *timer)
{
    tell_ended(list_entry(timer, struct conn_rest, farewell)->conn);
}

static void send_fin(struct conn *conn)
{
    conn->rest->fin_sent = true;
    sys_socket_shut_write(conn->source.fd);
    wheel_arm(reactor_wheel(conn->reactor), &conn->rest->farewell,
              reactor_now_ms(conn->reactor) + CONN_LINGER_MS);
    reactor_rewatch(conn->reactor, &conn->source); // both sides closed already: a hang-up follows
}

void conn_finish(struct conn *conn)
{
    if (conn->finishing || conn->dead) {
        return;
    }
    conn->finishing = true;
    conn->paused = false;
    if (make_rest(conn) !=
        ERR_OK) { // no memory for a farewell: both ways are shut, the edge ends it
        sys_socket_shut_both(conn->source.fd);
        return;
    }
    conn->rest->farewell.fire = on_farewell_over;
    if (conn_waiting_bytes(conn) > 0) {
        wheel_arm(reactor_wheel(conn->reactor), &conn->rest->farewell,
                  reactor_now_ms(conn->reactor) + CONN_FINISH_MS_MAX);
        reactor_rewatch(conn->reactor, &conn->source);
    } else {
        send_fin(conn);
    }
}

/* ---- what the loop says ---- */

enum step { STEP_ON, STEP_STOP, STEP_END }; // go on; enough for now, or it was freed; it is dead

/* Says whether the connection of the callback that just ran is still there. */
static bool is_still_there(void)
{
    const bool is_there = called != NULL;
    called = NULL;
    return is_there;
}

static bool call(struct conn *conn, void (*callback)(struct conn *conn))
{
    called = conn;
    callback(conn);
    return is_still_there();
}

static bool call_received(struct conn *conn, size_t len)
{
    called = conn;
    conn->ops->received(conn, (struct str){.at = (const char *)scratch, .len = len});
    return is_still_there();
}

static enum step on_fin(struct conn *conn)
{
    conn->read_over = true;
    if (conn->finishing) {
        return conn->rest == NULL || conn->rest->fin_sent ? STEP_END : STEP_ON;
    }
    return call(conn, conn->ops->half_closed) ? STEP_ON : STEP_STOP;
}

/* Less than was asked for is all there is, and what comes later is an edge of its own; but for a
 * FIN that was there already. */
static enum step read_all(struct conn *conn, bool has_fin)
{
    size_t total = 0;
    while (!conn->paused && !conn->read_over) {
        size_t len = 0;
        const enum err err = sys_socket_read(conn->source.fd, scratch, sizeof(scratch), &len);
        if (err == ERR_AGAIN) {
            return STEP_ON;
        }
        if (err == ERR_CLOSED) {
            return on_fin(conn);
        }
        if (err != ERR_OK) {
            return STEP_END;
        }
        conn->received_low = (uint32_t)reactor_now_ms(conn->reactor);
        if (!conn->finishing && !call_received(conn, len)) {
            return STEP_STOP;
        }
        if (len < sizeof(scratch) && !has_fin) {
            return STEP_ON;
        }
        total += len;
        if (total >= CONN_TURN_BYTES_MAX) {
            reactor_rewatch(conn->reactor, &conn->source);
            return STEP_ON;
        }
    }
    return STEP_ON;
}

static enum step write_all(struct conn *conn)
{
    const bool had_kept = conn_waiting_bytes(conn) > 0;
    if (had_kept && !flush(conn)) {
        return STEP_END;
    }
    if (conn_waiting_bytes(conn) > 0) {
        return STEP_ON;
    }
    if (conn->finishing) {
        if (conn->rest != NULL && !conn->rest->fin_sent) {
            send_fin(conn);
        }
        return STEP_ON;
    }
    if (had_kept || conn->wants_writable) {
        conn->wants_writable = false;
        return call(conn, conn->ops->writable) ? STEP_ON : STEP_STOP;
    }
    return STEP_ON;
}

static void on_ready(struct source *source, uint32_t events)
{
    struct conn *conn = conn_of(source);
    enum step step = STEP_ON;
    if (events & READY_IN) {
        step = read_all(conn, (events & (READY_FIN | READY_HANGUP)) != 0);
    }
    if (step == STEP_ON && events & READY_OUT && !conn->dead) {
        step = write_all(conn);
    }
    if (step == STEP_END || (step == STEP_ON && (events & READY_HANGUP || conn->dead))) {
        tell_ended(conn);
    }
}

/* ---- life ---- */

enum err conn_init(struct conn *conn, struct reactor *reactor, const struct conn_ops *ops, int fd)
{
    *conn = (struct conn){.source = {.fd = fd, .ready = on_ready},
                          .reactor = reactor,
                          .ops = ops,
                          .received_low = (uint32_t)reactor_now_ms(reactor)};
    sys_socket_tune(fd, CONN_NOTSENT_BYTES);
    const enum err err = reactor_watch(reactor, &conn->source);
    if (err != ERR_OK) {
        sys_close(fd);
        conn->source.fd = -1;
    }
    return err;
}

void conn_done(struct conn *conn)
{
    if (conn->source.fd == -1) {
        return;
    }
    reactor_unwatch(conn->reactor, &conn->source);
    sys_close(conn->source.fd);
    conn->source.fd = -1;
    conn->dead = true;
    drop_rest(conn);
    if (called == conn) {
        called = NULL;
    }
}

void conn_pause(struct conn *conn)
{
    conn->paused = !conn->finishing;
}

void conn_resume(struct conn *conn)
{
    if (conn->paused) {
        conn->paused = false;
        reactor_rewatch(conn->reactor, &conn->source);
    }
}

int64_t conn_received_ms(const struct conn *conn)
{
    const int64_t now_ms = reactor_now_ms(conn->reactor);
    return clock_before_ms(now_ms, conn->received_low);
}

uint32_t conn_silent_ms(struct conn *conn)
{
    return sys_socket_silent_ms(conn->source.fd);
}

uint32_t conn_passed_ms(struct conn *conn)
{
    return sys_socket_passed_ms(conn->source.fd);
}

// SPDX-License-Identifier: Apache-2.0
/* A long poll holds its exchange while it waits. Its timer starts anew when the log was looked at
 * (`open`), so that a wait of nothing still finds what is there, be it in the store alone. A store
 * that hangs is waited for OPEN_MS_MAX longer than was asked, and then named. */
#include "hub/viewer.h"
#include "serve/admission.h"
#include "serve/carrier.h"
#include "serve/front.h"
#include "serve/refusal.h"
#include "serve/streaming.h"

enum { OPEN_MS_MAX = 2000 };

struct poll {
    struct viewer viewer;
    struct exchange *exchange; // owned until it is answered
    const struct poll_ops *ops;
    struct timer timer; // for the store, and from `open` on for news
    char *cors;         // owned; NULL: none
    uint32_t cors_len;
    uint32_t wait_ms;
    uint64_t after; // its cursor's
    uint64_t user;
    bool is_open;
    bool is_late; // its wait is over, and what is newer is still read
};

static struct poll *of_viewer(struct viewer *viewer)
{
    return list_entry(viewer, struct poll, viewer);
}

/* Frees the poll and says which exchange it held. */
static struct exchange *let_go(struct poll *poll)
{
    struct exchange *exchange = poll->exchange;
    struct server *server = exchange->server;
    viewer_leave(server->hub, &poll->viewer);
    wheel_cancel(reactor_wheel(server->reactor), &poll->timer);
    exchange->news = NULL;
    meter_count(&server->meter, METER_VIEWERS_POLL, -1);
    admission_return(exchange);
    mem_free(MEM_VIEWER, poll->cors);
    mem_free(MEM_VIEWER, poll);
    return exchange;
}

static void answer_empty(struct poll *poll)
{
    const struct poll_ops *ops = poll->ops;
    const struct poll_found found = {.cursor = {.seq = poll->viewer.last_seq}, .user = poll->user};
    ops->found(let_go(poll), &found);
}

static void on_waited(struct timer *timer)
{
    struct poll *poll = list_entry(timer, struct poll, timer);
    const struct poll_ops *ops = poll->ops;
    struct server *server = poll->exchange->server;
    const bool is_behind = poll->is_open && viewer_is_behind(&poll->viewer);
    if (is_behind && !poll->is_late) {
        poll->is_late = true;
        wheel_arm(reactor_wheel(server->reactor), timer, front_now_ms(server) + OPEN_MS_MAX);
    } else if (poll->is_open && !is_behind) {
        answer_empty(poll);
    } else {
        ops->refused(let_go(poll), VIEWER_STORE_DOWN);
    }
}

/* ---- what the hub says ---- */

static void on_open(struct viewer *viewer)
{
    struct poll *poll = of_viewer(viewer);
    struct server *server = poll->exchange->server;
    poll->is_open = true;
    wheel_arm(reactor_wheel(server->reactor), &poll->timer, front_now_ms(server) + poll->wait_ms);
}

static void on_refuse(struct viewer *viewer, enum viewer_refusal why)
{
    struct poll *poll = of_viewer(viewer);
    const struct poll_ops *ops = poll->ops;
    ops->refused(let_go(poll), why);
}

static void on_collect(struct viewer *viewer, struct event *const *events, size_t count,
                       const struct cursor *cursor, bool resync)
{
    struct poll *poll = of_viewer(viewer);
    const struct poll_ops *ops = poll->ops;
    const struct poll_found found = {.events = events,
                                     .count = count,
                                     .after = resync ? 0 : poll->after,
                                     .cursor = *cursor,
                                     .rule = viewer_rule(poll->exchange->server->hub, viewer),
                                     .resync = resync,
                                     .moderates = viewer->moderates,
                                     .user = poll->user,
                                     .expired_from = viewer->expired.from,
                                     .expired_to = viewer->expired.to};
    ops->found(let_go(poll), &found);
}

static const struct viewer_ops viewer_ops = {
    .open = on_open,
    .refuse = on_refuse,
    .collect = on_collect,
};

/* ---- what the carrier says ---- */

static void on_news(struct exchange *exchange, enum exchange_news news)
{
    struct poll *poll = exchange->taker;
    if (news == EXCHANGE_GONE) {
        exchange_free(let_go(poll));
    } else if (poll->is_open) { // a client that shut its side is done waiting; so is a drain
        answer_empty(poll);
    } else if (news == EXCHANGE_HALF_CLOSED) {
        poll->wait_ms = 0;
    } else {
        const struct problem problem = {.code = PROBLEM_DRAINING,
                                        .retry_after_ms = front_drain_retry_ms(exchange->server)};
        struct buf cors;
        buf_init(&cors, MEM_CONN, 8192);
        buf_add(&cors, poll->cors, poll->cors_len);
        refusal_answer(let_go(poll), &problem, buf_str(&cors));
        buf_done(&cors);
    }
}

static enum err make(const struct poll_options *options, uint64_t user, struct poll **ret_poll)
{
    const struct str cors = options->reader.cors_headers;
    struct poll *poll = mem_new(MEM_VIEWER, sizeof(*poll));
    if (poll == NULL) {
        return ERR_NOMEM;
    }
    if (cors.len > 0) {
        poll->cors = mem_copy_text(MEM_VIEWER, cors.at, cors.len);
        if (poll->cors == NULL) {
            mem_free(MEM_VIEWER, poll);
            return ERR_NOMEM;
        }
        poll->cors_len = (uint32_t)cors.len;
    }
    poll->ops = options->ops;
    poll->user = user;
    poll->wait_ms = options->wait_ms < POLL_WAIT_MS_MAX ? options->wait_ms : POLL_WAIT_MS_MAX;
    poll->timer.fire = on_waited;
    *ret_poll = poll;
    return ERR_OK;
}

void poll_open(struct exchange *exchange, const struct join *join,
               const struct poll_options *options)
{
    struct server *server = exchange->server;
    struct poll *poll;
    if (!admission_grant(exchange, options->reader.cors_headers)) {
        return;
    }
    if (make(options, join->user, &poll) != ERR_OK) {
        admission_return(exchange);
        options->ops->refused(exchange, VIEWER_OVERLOADED);
        return;
    }
    poll->after = join->has_cursor ? join->cursor.seq : 0;
    poll->exchange = exchange;
    exchange->taker = poll;
    exchange->news = on_news;
    meter_count(&server->meter, METER_VIEWERS_POLL, 1);
    struct join by_poll = *join;
    by_poll.encoding = NULL;
    wheel_arm(reactor_wheel(server->reactor), &poll->timer,
              front_now_ms(server) + poll->wait_ms + OPEN_MS_MAX);
    viewer_join(server->hub, &poll->viewer, &viewer_ops, &by_poll);
}

// SPDX-License-Identifier: Apache-2.0
#include "app/handover.h"

#include "app/succession.h"
#include "app/version.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metric.h"
#include "base/must.h"
#include "engine/embedded/embedded.h"
#include "hub/hub.h"
#include "sys/sys.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum { FOLDER_MAX = 512, TAKE_BACK_RETRY_MS = 20 };

enum handover_state {
    HANDOVER_WAITING,
    HANDOVER_OFFERED,
    HANDOVER_SAVING,
    HANDOVER_LENDING,
    HANDOVER_LENT,
    HANDOVER_TAKING_BACK,
    HANDOVER_GIVEN,
};

struct handover {
    struct lease_call lease;    // first: what the engine holds
    struct reach_saving saving; // what the hubs hold
    enum handover_state state;
    struct handover_options options;
    char folder[FOLDER_MAX];
    struct source listener; // data/roar.sock
    struct source peer;     // the one that follows; its fd -1: none
    int peer_pid;
    struct timer late;      // it took too long
    struct timer impatient; // newcomers waited long enough
    struct timer retry;     // of taking back
    int64_t asked_ms;       // mono, from when on posts wait
    bool is_asked;          // one of both is held
    bool is_stopping;       // the node drains: nobody follows any more
    bool is_ending;         // handover_free() waits
    struct metric given, taken_back, refused;
};

static const unsigned next_states[] = {
    [HANDOVER_WAITING] = 1U << HANDOVER_OFFERED,
    [HANDOVER_OFFERED] = 1U << HANDOVER_SAVING | 1U << HANDOVER_WAITING,
    [HANDOVER_SAVING] = 1U << HANDOVER_LENDING | 1U << HANDOVER_WAITING,
    [HANDOVER_LENDING] = 1U << HANDOVER_LENT,
    [HANDOVER_LENT] = 1U << HANDOVER_TAKING_BACK | 1U << HANDOVER_GIVEN,
    [HANDOVER_TAKING_BACK] = 1U << HANDOVER_WAITING,
    [HANDOVER_GIVEN] = 0,
};

static void become(struct handover *handover, enum handover_state state)
{
    must((next_states[handover->state] & 1U << state) != 0);
    handover->state = state;
}

static struct wheel *wheel_of(const struct handover *handover)
{
    return reactor_wheel(handover->options.reactor);
}

static void arm(struct handover *handover, struct timer *timer, uint32_t in_ms)
{
    wheel_arm(wheel_of(handover), timer, reactor_now_ms(handover->options.reactor) + in_ms);
}

/* ---- the folder ---- */

static void ask_engine(struct handover *handover, enum lease_do what)
{
    must(!handover->is_asked);
    handover->is_asked = true;
    handover->lease.what = what;
    embedded_lease(handover->options.engine, &handover->lease);
}

static void drop_peer(struct handover *handover)
{
    wheel_cancel(wheel_of(handover), &handover->late);
    if (handover->peer.fd != -1) {
        reactor_unwatch(handover->options.reactor, &handover->peer);
        sys_close(handover->peer.fd);
        handover->peer.fd = -1;
    }
}

static void refuse(struct handover *handover, int fd, const char *why)
{
    log_line(LOG_ERROR, "an upgrade was refused: we go on", LOG_STR("why", str_of(why)));
    metric_count(&handover->refused, 1);
    (void)!succession_send(fd, SUCCESSION_REFUSED, str_of(why)); // gone is as well
}

/* Nothing was lent yet. */
static void give_up(struct handover *handover, const char *why)
{
    log_line(LOG_ERROR, "an upgrade failed: we go on", LOG_STR("why", str_of(why)));
    metric_count(&handover->taken_back, 1);
    drop_peer(handover);
    become(handover, HANDOVER_WAITING);
}

static void take_back(struct handover *handover, const char *why)
{
    log_line(LOG_ERROR, "an upgrade failed: the data folder is taken back",
             LOG_STR("why", str_of(why)));
    metric_count(&handover->taken_back, 1);
    drop_peer(handover);
    become(handover, HANDOVER_TAKING_BACK);
    ask_engine(handover, LEASE_TAKE_BACK);
}

static void on_retry(struct timer *timer)
{
    ask_engine(list_entry(timer, struct handover, retry), LEASE_TAKE_BACK);
}

static void on_lent(struct handover *handover)
{
    become(handover, HANDOVER_LENT);
    if (handover->is_stopping) {
        return; // we go either way: who wants the folder takes it
    }
    if (handover->peer.fd == -1) {
        take_back(handover, "the new process went before it had the folder");
    } else if (succession_send(handover->peer.fd, SUCCESSION_YOURS, STR_NONE) != ERR_OK) {
        take_back(handover, "the new process is gone");
    }
}

static void on_taken_back(struct handover *handover, enum err err)
{
    if (err != ERR_OK && !handover->is_stopping) {
        arm(handover, &handover->retry, TAKE_BACK_RETRY_MS); // it holds the lock to its last breath
        return;
    }
    wheel_cancel(wheel_of(handover), &handover->impatient);
    become(handover, HANDOVER_WAITING);
    handover->options.hold(handover->options.user, false);
    log_line(LOG_INFO, "posts are taken again",
             LOG_I64("away_ms", reactor_now_ms(handover->options.reactor) - handover->asked_ms));
}

static void on_leased(struct call *call)
{
    struct handover *handover = (struct handover *)(void *)call; // its first member
    handover->is_asked = false;
    if (handover->is_ending) {
        reactor_stop(handover->options.reactor);
    } else if (handover->lease.what == LEASE_LEND) {
        on_lent(handover);
    } else if (handover->lease.what == LEASE_TAKE_BACK) {
        on_taken_back(handover, handover->lease.result);
    }
}

/* ---- the one that follows ---- */

static void offer(struct handover *handover)
{
    int fd = -1;
    bool is_metrics = false;
    enum err err = ERR_OK;
    for (uint32_t i = 0;
         err == ERR_OK && handover->options.listener(handover->options.user, i, &fd, &is_metrics);
         i++) {
        err = succession_send_listener(handover->peer.fd, fd, is_metrics);
    }
    if (err == ERR_OK) {
        err = succession_send(handover->peer.fd, SUCCESSION_OFFERED, STR(ROAR_VERSION));
    }
    if (err != ERR_OK) {
        give_up(handover, "the new process does not take our sockets");
    }
}

static void lend(struct handover *handover)
{
    become(handover, HANDOVER_LENDING);
    handover->asked_ms = reactor_now_ms(handover->options.reactor);
    handover->options.hold(handover->options.user, true);
    arm(handover, &handover->late, handover->options.within_ms);
    arm(handover, &handover->impatient, handover->options.hold_ms);
    ask_engine(handover, LEASE_LEND);
}

/* How far acts got by now is in the store before another has it. */
static void save(struct handover *handover)
{
    must(!handover->is_asked);
    become(handover, HANDOVER_SAVING);
    handover->is_asked = true;
    hub_save_reach(handover->options.hub, &handover->saving);
}

static void on_saved(struct call *call)
{
    struct handover *handover = list_entry(call, struct handover, saving.call);
    handover->is_asked = false;
    if (handover->is_ending) {
        reactor_stop(handover->options.reactor);
    } else if (handover->is_stopping) {
        give_up(handover, "we were told to stop");
    } else if (handover->peer.fd == -1) {
        give_up(handover, "the new process went, or was late, before it had the folder");
    } else {
        lend(handover);
    }
}

static void give(struct handover *handover)
{
    drop_peer(handover);
    wheel_cancel(wheel_of(handover), &handover->impatient);
    become(handover, HANDOVER_GIVEN);
    metric_count(&handover->given, 1);
    log_line(LOG_INFO, "the new process serves",
             LOG_I64("away_ms", reactor_now_ms(handover->options.reactor) - handover->asked_ms));
    ask_engine(handover, LEASE_GIVE);
    if (!handover->is_stopping) {
        handover->options.given(handover->options.user);
    }
}

static void lose_peer(struct handover *handover)
{
    switch (handover->state) {
    case HANDOVER_OFFERED:
        give_up(handover, "the new process went before it was ready");
        break;
    case HANDOVER_LENT:
        if (handover->is_stopping) {
            drop_peer(handover);
        } else {
            take_back(handover, "the new process ended before it served");
        }
        break;
    case HANDOVER_SAVING:
    case HANDOVER_LENDING:
        drop_peer(handover); // on_saved() or on_lent() sees it
        break;
    case HANDOVER_WAITING:
    case HANDOVER_TAKING_BACK:
    case HANDOVER_GIVEN:
        break;
    }
}

static void take_message(struct handover *handover, const struct succession_message *message)
{
    if (handover->state == HANDOVER_WAITING && message->kind == SUCCESSION_HELLO) {
        log_line(LOG_INFO, "a new process asks to take over", LOG_I64("pid", handover->peer_pid),
                 LOG_STR("version", str_of(message->text)));
        become(handover, HANDOVER_OFFERED);
        offer(handover);
    } else if (handover->state == HANDOVER_OFFERED && message->kind == SUCCESSION_READY) {
        save(handover);
    } else if (handover->state == HANDOVER_LENT && message->kind == SUCCESSION_SERVING) {
        give(handover);
    } else {
        lose_peer(handover); // out of turn: no process of ours
        drop_peer(handover);
    }
}

static void on_peer(struct source *source, uint32_t events)
{
    struct handover *handover = list_entry(source, struct handover, peer);
    (void)events;
    while (handover->peer.fd != -1) {
        struct succession_message message = {.version = 0};
        int passed_fd = -1;
        const enum err err = succession_receive(handover->peer.fd, &message, &passed_fd);
        sys_close(passed_fd); // nothing is asked of it that has one
        if (err == ERR_AGAIN) {
            return;
        }
        if (err == ERR_OK) {
            take_message(handover, &message);
            continue;
        }
        if (err == ERR_PROTO) {
            refuse(handover, handover->peer.fd, "it hands over by another version of the protocol");
        }
        lose_peer(handover);
        drop_peer(handover);
    }
}

static void on_late(struct timer *timer)
{
    struct handover *handover = list_entry(timer, struct handover, late);
    if (handover->state == HANDOVER_WAITING || handover->state == HANDOVER_SAVING) {
        drop_peer(handover); // it did not even say hello; or on_saved() sees it
        return;
    }
    if (handover->state == HANDOVER_OFFERED) {
        give_up(handover, "the new process was not ready in time");
        return;
    }
    log_line(LOG_ERROR, "the new process does not serve in time: killed",
             LOG_I64("pid", handover->peer_pid), LOG_I64("within_ms", handover->options.within_ms));
    sys_process_kill(handover->peer_pid); // its end of the connection closes
}

static void on_impatient(struct timer *timer)
{
    struct handover *handover = list_entry(timer, struct handover, impatient);
    handover->options.hold(handover->options.user, false);
}

static void welcome(struct handover *handover, int fd)
{
    struct sys_peer peer;
    if (sys_local_peer(fd, &peer) != ERR_OK || !peer.is_ours) {
        log_line(LOG_ERROR, "an upgrade was refused: it is another user's process");
        metric_count(&handover->refused, 1);
        sys_close(fd);
        return;
    }
    if (handover->state != HANDOVER_WAITING || handover->peer.fd != -1 || handover->is_stopping) {
        refuse(handover, fd,
               handover->is_stopping ? "it stops" : "another process is taking over already");
        sys_close(fd);
        return;
    }
    handover->peer.fd = fd;
    handover->peer_pid = peer.pid;
    if (reactor_watch(handover->options.reactor, &handover->peer) != ERR_OK) {
        sys_close(fd);
        handover->peer.fd = -1;
        return;
    }
    arm(handover, &handover->late, handover->options.within_ms);
}

static void on_newcomer(struct source *source, uint32_t events)
{
    struct handover *handover = list_entry(source, struct handover, listener);
    int fd = -1;
    (void)events;
    while (sys_local_accept(handover->listener.fd, &fd) == ERR_OK) {
        welcome(handover, fd);
    }
}

/* ---- life ---- */

/* While the folder is ours nobody else listens there. */
static void remove_socket(const struct handover *handover)
{
    char path[FOLDER_MAX + sizeof(SUCCESSION_SOCKET) + 1];
    snprintf(path, sizeof(path), "%s/%s", handover->folder, SUCCESSION_SOCKET);
    (void)!sys_file_remove(path); // one that stays is replaced at the next start
}

static struct metric counter(const char *labels)
{
    return (struct metric){.name = "roar_upgrades_total",
                           .labels = labels,
                           .help = "Processes that came to take over, by what became of it.",
                           .kind = METRIC_COUNTER};
}

static enum err listen_at(struct handover *handover)
{
    TRY(sys_local_listen(handover->folder, SUCCESSION_SOCKET, &handover->listener.fd));
    const enum err err = reactor_watch(handover->options.reactor, &handover->listener);
    if (err != ERR_OK) {
        sys_close(handover->listener.fd);
        return err;
    }
    return ERR_OK;
}

enum err handover_open(const struct handover_options *options, struct handover **ret_handover)
{
    struct handover *handover = mem_new(MEM_OTHER, sizeof(*handover));
    if (handover == NULL) {
        return ERR_NOMEM;
    }
    handover->options = *options;
    snprintf(handover->folder, sizeof(handover->folder), "%s", options->folder);
    handover->options.folder = handover->folder;
    handover->lease.call = (struct call){.home = reactor_home(options->reactor), .done = on_leased};
    handover->saving.call = (struct call){.home = reactor_home(options->reactor), .done = on_saved};
    handover->listener = (struct source){.fd = -1, .ready = on_newcomer};
    handover->peer = (struct source){.fd = -1, .ready = on_peer};
    handover->late.fire = on_late;
    handover->impatient.fire = on_impatient;
    handover->retry.fire = on_retry;
    const enum err err = listen_at(handover);
    if (err != ERR_OK) {
        mem_free(MEM_OTHER, handover);
        return err;
    }
    handover->given = counter("outcome=\"given\"");
    handover->taken_back = counter("outcome=\"failed\"");
    handover->refused = counter("outcome=\"refused\"");
    metric_add(&handover->given);
    metric_add(&handover->taken_back);
    metric_add(&handover->refused);
    *ret_handover = handover;
    return ERR_OK;
}

void handover_stop(struct handover *handover)
{
    handover->is_stopping = true;
    if (handover->state == HANDOVER_OFFERED) {
        give_up(handover, "we were told to stop");
    }
}

void handover_free(struct handover *handover)
{
    if (handover == NULL) {
        return;
    }
    handover->is_ending = true;
    if (handover->is_asked) {
        reactor_run(handover->options.reactor);
    }
    drop_peer(handover);
    wheel_cancel(wheel_of(handover), &handover->impatient);
    wheel_cancel(wheel_of(handover), &handover->retry);
    reactor_unwatch(handover->options.reactor, &handover->listener);
    sys_close(handover->listener.fd);
    if (handover->state <= HANDOVER_SAVING) {
        remove_socket(handover);
    }
    metric_remove(&handover->given);
    metric_remove(&handover->taken_back);
    metric_remove(&handover->refused);
    mem_free(MEM_OTHER, handover);
}

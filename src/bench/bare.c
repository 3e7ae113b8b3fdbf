// SPDX-License-Identifier: Apache-2.0
#include "bench/bare.h"

#include "base/mem.h"
#include "sys/sys.h"

#include <string.h>

enum { ROUND_BYTES_MAX = 64 * 1024, NOTSENT_BYTES = 16 * 1024, WAIT_MS = 20 * 1000 };

static const uint8_t loopback[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 1};

struct child {
    int listen_fd, orders_fd;
    int parent_fd; // the parent's end: kept open here, its closing would never be seen
    uint32_t readers;
};

/* ---- the child ---- */

static uint32_t take_readers(const struct child *child, int *fds)
{
    struct sys_endpoint peer;
    uint32_t count = 0;
    while (count < child->readers) {
        const enum err err = sys_socket_accept(child->listen_fd, &fds[count], &peer);
        if (err == ERR_OK) {
            sys_socket_tune(fds[count], NOTSENT_BYTES);
            count++;
        } else if (err != ERR_AGAIN || !sys_event_wait(child->listen_fd, WAIT_MS)) {
            break;
        }
    }
    return count;
}

static void send_all(const int *fds, uint32_t count, const uint8_t *bytes, uint32_t len)
{
    for (uint32_t i = 0; i < count; i++) {
        size_t sent = 0;
        if (sys_socket_write(fds[i], bytes, len, &sent) != ERR_OK) {
            continue; // full or gone: the readers' count says so
        }
    }
}

/* A loop that is behind sends at once, as a server would. */
static void send_round(const struct bare_round *round, const struct child *child, const int *fds,
                       uint32_t count)
{
    static uint8_t bytes[ROUND_BYTES_MAX];
    struct bare_told told = {.loops = round->count};
    size_t sent = 0;
    memset(bytes, 'x', sizeof(bytes));
    for (uint32_t i = 0; i < round->count; i++) {
        const int64_t due_us = round->from_us + (int64_t)i * round->each_us;
        for (int64_t left_us = due_us - sys_mono_us(); left_us > 0;
             left_us = due_us - sys_mono_us()) {
            if (sys_event_wait(child->orders_fd, (int)((left_us + 999) / 1000))) {
                return; // its parent is gone: there is one order at a time
            }
        }
        const int64_t start_us = sys_mono_us();
        send_all(fds, round->readers < count ? round->readers : count, bytes, round->bytes);
        told.spent_us += sys_mono_us() - start_us;
    }
    if (sys_socket_write(child->orders_fd, &told, sizeof(told), &sent) != ERR_OK) {
        return; // nobody asks
    }
}

static int run_child(void *user)
{
    const struct child *child = user;
    int *fds = mem_new(MEM_OTHER, child->readers * sizeof(*fds));
    if (fds == NULL) {
        return 1;
    }
    sys_close(child->parent_fd);
    const uint32_t count = take_readers(child, fds);
    while (sys_event_wait(child->orders_fd, -1)) {
        struct bare_round round;
        size_t got = 0;
        const enum err err = sys_socket_read(child->orders_fd, &round, sizeof(round), &got);
        if (err == ERR_OK && got == sizeof(round) && round.bytes <= ROUND_BYTES_MAX) {
            send_round(&round, child, fds, count);
        } else if (err != ERR_AGAIN) {
            break;
        }
    }
    return 0;
}

/* ---- the parent ---- */

enum err bare_start(struct bare *bare, uint32_t readers)
{
    struct sys_listen at = {.at = {.port = 0}};
    struct child child = {.readers = readers};
    uint16_t port = 0;
    int orders[2];
    memcpy(at.at.ip, loopback, sizeof(loopback));
    TRY(sys_socket_listen(&at, &child.listen_fd, &port));
    enum err err = sys_socket_pair(orders);
    if (err == ERR_OK) {
        child.orders_fd = orders[1];
        child.parent_fd = orders[0];
        err = sys_process_fork(run_child, &child, &bare->pid);
        sys_close(orders[1]);
        bare->orders_fd = orders[0];
    }
    sys_close(child.listen_fd);
    memcpy(bare->address.bytes, loopback, sizeof(loopback));
    bare->address.port = port;
    return err;
}

void bare_send(struct bare *bare, const struct bare_round *round)
{
    size_t sent = 0;
    if (sys_socket_write(bare->orders_fd, round, sizeof(*round), &sent) != ERR_OK) {
        return; // it is gone: the readers' count says so
    }
}

bool bare_told(const struct bare *bare, struct bare_told *ret_told)
{
    struct bare_told told;
    size_t got = 0;
    if (sys_socket_read(bare->orders_fd, &told, sizeof(told), &got) != ERR_OK ||
        got != sizeof(told)) {
        return false;
    }
    *ret_told = told;
    return true;
}

void bare_stop(struct bare *bare)
{
    if (bare->pid != 0) {
        sys_close(bare->orders_fd);
        (void)sys_process_stop(bare->pid, 0);
        bare->pid = 0;
    }
}

// SPDX-License-Identifier: Apache-2.0
#include "app/ports.h"

#include "app/command.h"
#include "base/log.h"
#include "net/listener.h"
#include "sys/sys.h"

#include <string.h>

enum { RETRY_MS = 10 };

struct place { // a setting that says where, and from whom it may come
    enum setting_id id;
    const struct config *config;
    const struct takeover *takeover;
};

static int refuse(enum setting_id id, const struct config *config, const char *why)
{
    log_line(LOG_ERROR, why, LOG_STR("setting", str_of(setting_table[id].name)),
             LOG_STR("value", config_text(config, id)));
    return COMMAND_USAGE;
}

static int read_address(enum setting_id id, const struct config *config, struct address *address)
{
    if (address_parse(config_text(config, id), address) != ERR_OK) {
        return refuse(id, config, "an address is IP:PORT");
    }
    if (config->is_dev && !address_is_loopback(address)) {
        return refuse(id, config, "--dev is for loopback only: its secret is known to everybody");
    }
    return COMMAND_OK;
}

/* `address->port` 0 becomes the port taken. One that died a moment ago may have it for another. */
static int reserve(const struct place *place, struct address *address, int *fd)
{
    const enum setting_id id = place->id;
    const struct config *config = place->config;
    char text[SYS_FAILURE_TEXT_MAX];
    uint32_t left_ms = place->takeover->is_gone ? TAKEOVER_PATIENCE_MS : 0;
    enum err err = listener_reserve(address, fd);
    for (; err == ERR_EXISTS && left_ms > 0; left_ms -= RETRY_MS) {
        sys_sleep_ms(RETRY_MS);
        err = listener_reserve(address, fd);
    }
    if (err == ERR_EXISTS) {
        log_line(LOG_ERROR, "the port is in use by another process",
                 LOG_STR("addr", config_text(config, id)));
    } else if (err != ERR_OK) {
        log_line(LOG_ERROR, "the port cannot be had", LOG_STR("why", sys_failure_write(text)));
    }
    return err == ERR_OK ? COMMAND_OK : COMMAND_FAILED;
}

/* Whom it follows listens where we are told to; port 0 means any. */
static int inherit(enum setting_id id, const struct config *config,
                   const struct takeover_sockets *sockets, struct address *address)
{
    struct address there;
    if (takeover_address(sockets, &there) != ERR_OK) {
        log_line(LOG_ERROR, "a socket that was passed cannot be used");
        return COMMAND_FAILED;
    }
    if (memcmp(there.bytes, address->bytes, sizeof(there.bytes)) != 0 ||
        (address->port != 0 && address->port != there.port)) {
        return refuse(id, config,
                      "the server that runs listens elsewhere: to move it, stop and start it");
    }
    *address = there;
    return COMMAND_OK;
}

static int take(const struct place *place, const struct takeover_sockets *sockets,
                struct address *address, int *fd)
{
    const int code = read_address(place->id, place->config, address);
    if (code != COMMAND_OK) {
        return code;
    }
    return sockets->count > 0 ? inherit(place->id, place->config, sockets, address)
                              : reserve(place, address, fd);
}

int ports_reserve(struct ports *ports, const struct config *config, const struct takeover *takeover,
                  struct worker_plan *plan)
{
    *ports = (struct ports){.reserved_fd = -1, .metrics_reserved_fd = -1};
    struct place place = {.id = SETTING_LISTEN, .config = config, .takeover = takeover};
    int code = take(&place, &takeover->main, &plan->listen, &ports->reserved_fd);
    plan->inherited = takeover->main.fds;
    plan->inherited_count = takeover->main.count;
    plan->has_metrics = config_text(config, SETTING_METRICS_LISTEN).len > 0;
    if (code == COMMAND_OK && plan->has_metrics) {
        place.id = SETTING_METRICS_LISTEN;
        code = take(&place, &takeover->metrics, &plan->metrics, &ports->metrics_reserved_fd);
        plan->metrics_inherited = takeover->metrics.fds;
        plan->metrics_inherited_count = takeover->metrics.count;
    }
    /* Reactors share ports, so the kernel would let both have it and deal connections to either. */
    if (code == COMMAND_OK && plan->has_metrics && plan->metrics.port == plan->listen.port) {
        return refuse(SETTING_METRICS_LISTEN, config, "metrics.listen needs a port of its own");
    }
    return code;
}

void ports_release(struct ports *ports)
{
    sys_close(ports->reserved_fd);
    sys_close(ports->metrics_reserved_fd);
    ports->reserved_fd = -1;
    ports->metrics_reserved_fd = -1;
}

// SPDX-License-Identifier: Apache-2.0
#include "app/succession.h"

#include "sys/sys.h"

#include <stddef.h>
#include <string.h>

static const char magic[8] = {'r', 'o', 'a', 'r', 's', 'u', 'c', 'c'};

_Static_assert(offsetof(struct succession_message, version) == 8 &&
                   offsetof(struct succession_message, kind) == 12 &&
                   offsetof(struct succession_message, text) == 16,
               "what every version to come understands stays where it is");

static enum err send_one(int fd, const struct succession_message *message, int passed_fd)
{
    const struct str bytes = {.at = (const char *)message, .len = sizeof(*message)};
    return sys_local_send(fd, bytes, passed_fd);
}

enum err succession_send(int fd, enum succession_kind kind, struct str text)
{
    struct succession_message message = {.version = SUCCESSION_VERSION, .kind = kind};
    const size_t len = text.len < SUCCESSION_TEXT_MAX ? text.len : SUCCESSION_TEXT_MAX - 1;
    memcpy(message.magic, magic, sizeof(magic));
    if (len > 0) {
        memcpy(message.text, text.at, len);
    }
    return send_one(fd, &message, -1);
}

enum err succession_send_listener(int fd, int listener_fd, bool is_metrics)
{
    struct succession_message message = {.version = SUCCESSION_VERSION,
                                         .kind = SUCCESSION_LISTENER,
                                         .is_metrics = is_metrics ? 1 : 0};
    memcpy(message.magic, magic, sizeof(magic));
    return send_one(fd, &message, listener_fd);
}

enum err succession_receive(int fd, struct succession_message *ret_message, int *ret_passed_fd)
{
    struct succession_message message = {.version = 0};
    size_t len = 0;
    int passed_fd = -1;
    TRY(sys_local_receive(fd, &message, sizeof(message), &len, &passed_fd));
    const bool is_ours = len >= offsetof(struct succession_message, text) &&
                         memcmp(message.magic, magic, sizeof(magic)) == 0;
    message.text[SUCCESSION_TEXT_MAX - 1] = '\0';
    *ret_message = message;
    if (!is_ours || (message.version != SUCCESSION_VERSION && message.kind != SUCCESSION_REFUSED)) {
        sys_close(passed_fd);
        return ERR_PROTO;
    }
    *ret_passed_fd = passed_fd;
    return ERR_OK;
}

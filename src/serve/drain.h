// SPDX-License-Identifier: Apache-2.0
/* drain -- how a server is to end: for server_drain(). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct drain {
    int64_t until_mono_ms;       // what is left then is cut
    bool is_succeeded;           // another process listens on the same sockets: ours close at once
    void (*drained)(void *user); // once nobody is left
    void *user;
};

// SPDX-License-Identifier: Apache-2.0
#include "base/call.h"

#include <stddef.h>

static void call_open(struct letter *letter)
{
    struct call *call = (struct call *)(void *)((char *)letter - offsetof(struct call, letter));
    call->done(call);
}

void call_finish(struct call *call)
{
    call->letter.open = call_open;
    home_send(call->home, &call->letter);
}

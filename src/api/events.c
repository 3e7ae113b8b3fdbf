// SPDX-License-Identifier: Apache-2.0
#include "api/events.h"

#include "api/ask.h"
#include "api/reading.h"
#include "api/respond.h"
#include "serve/streaming.h"

static void on_refused(struct exchange *exchange, enum viewer_refusal why)
{
    const struct problem problem = reading_refusal(why);
    respond_problem(exchange, &problem);
}

void events_open(struct ask *ask)
{
    struct join join;
    struct problem why;
    if (reading_from_ask(ask, &join, &why) != ERR_OK) {
        respond_problem(ask->exchange, &why);
        return;
    }
    struct buf cors;
    buf_init(&cors, MEM_CONN, REQUEST_HEAD_BYTES_MAX);
    respond_cors_headers(ask->exchange, &cors);
    const struct reader reader = {.claims = ask->claims, .cors_headers = buf_str(&cors)};
    sse_reader_open(ask->exchange, &join, &reader, on_refused);
    buf_done(&cors);
}

// SPDX-License-Identifier: Apache-2.0
#include "api/comments.h"

#include "api/ask.h"
#include "api/auth.h"
#include "api/posting.h"
#include "api/respond.h"
#include "serve/server.h"

enum { RATE_BYTES_MAX = 256 };

static void on_answered(struct posting *posting)
{
    struct exchange *exchange = posting->user;
    struct buf rate;
    buf_init(&rate, MEM_CONN, RATE_BYTES_MAX);
    posting_write_rate(posting, &rate);
    struct problem why;
    if (posting_result(posting, &why) == ERR_OK) {
        struct buf body = respond_body();
        posting_write(posting, &body);
        respond_json(exchange, posting_status(posting), &body, buf_str(&rate));
    } else {
        respond_problem_with(exchange, &why, buf_str(&rate));
    }
    buf_done(&rate);
    posting_free(posting);
}

static void begin(struct ask *ask, const struct json *message)
{
    const struct posting_options options = {
        .server = ask->server,
        .claims = ask->claims,
        .stream = ask->stream,
        .message = message,
        .idempotency_key = request_field(ask->request, "idempotency-key"),
        .client = &ask->request->client,
        .client_is_trusted = ask->request->client_is_trusted,
    };
    struct posting *posting = NULL;
    if (posting_new(&options, &posting) == ERR_OK) {
        posting_start(posting, on_answered, ask->exchange);
    } else {
        respond_problem(ask->exchange,
                        &(struct problem){.code = PROBLEM_OVERLOADED, .retry_after_ms = 1000});
    }
}

void comments_post(struct ask *ask)
{
    struct problem why;
    if (auth_somebody(ask->claims, &why) != ERR_OK) {
        respond_problem(ask->exchange, &why);
        return;
    }
    if (server_is_draining(ask->server)) {
        respond_problem(ask->exchange, &(struct problem){.code = PROBLEM_DRAINING,
                                                         .detail = STR("Connect again and send it "
                                                                       "with the same cid."),
                                                         .retry_after_ms = 1000});
        return;
    }
    struct json *message = NULL;
    if (ask_body(ask, &message) == ERR_OK) {
        begin(ask, message);
        json_free(message);
    }
}

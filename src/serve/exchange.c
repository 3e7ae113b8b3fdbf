// SPDX-License-Identifier: Apache-2.0
#include "serve/exchange.h"

#include "serve/carrier.h"

const struct request *exchange_request(const struct exchange *exchange)
{
    return exchange->request;
}

struct server *exchange_server(struct exchange *exchange)
{
    return exchange->server;
}

void exchange_answer(struct exchange *exchange, const struct answer *answer)
{
    struct carrier *carrier = exchange->carrier;
    exchange->news = NULL;
    if (carrier != NULL) {
        carrier->ops->answer(carrier, exchange, answer);
    }
    exchange_free(exchange);
}

void exchange_free(struct exchange *exchange)
{
    buf_done(&exchange->head);
    buf_done(&exchange->body);
    mem_free(MEM_CONN, exchange->request);
    mem_free(MEM_CONN, exchange);
}

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

bool exchange_is_gone(const struct exchange *exchange)
{
    return exchange->carrier == NULL;
}

struct str request_field(const struct request *request, const char *name)
{
    const struct str wanted = str_of(name);
    for (uint32_t i = 0; i < request->field_count; i++) {
        if (str_eq_nocase(request->fields[i].name, wanted)) {
            return request->fields[i].value;
        }
    }
    return STR_NONE;
}

uint32_t request_field_count(const struct request *request, const char *name)
{
    const struct str wanted = str_of(name);
    uint32_t count = 0;
    for (uint32_t i = 0; i < request->field_count; i++) {
        count += str_eq_nocase(request->fields[i].name, wanted) ? 1U : 0U;
    }
    return count;
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

void exchange_set_user(struct exchange *exchange, void *user)
{
    exchange->user = user;
}

void *exchange_user(const struct exchange *exchange)
{
    return exchange->user;
}

void exchange_free(struct exchange *exchange)
{
    buf_done(&exchange->head);
    buf_done(&exchange->body);
    mem_free(MEM_CONN, exchange->request);
    mem_free(MEM_CONN, exchange);
}

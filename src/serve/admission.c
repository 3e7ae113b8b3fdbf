// SPDX-License-Identifier: Apache-2.0
#include "serve/admission.h"

#include "serve/front.h"
#include "serve/refusal.h"

static bool refuse(struct exchange *exchange, enum problem_code code, struct str headers)
{
    const struct problem problem = {
        .code = code, .retry_after_ms = front_refusal_retry_ms(exchange->server, code)};
    refusal_answer(exchange, &problem, headers);
    return false;
}

bool admission_grant(struct exchange *exchange, struct str headers)
{
    const struct server *server = exchange->server;
    const struct request *request = exchange->request;
    if (exchange->carrier == NULL) {
        exchange_free(exchange);
        return false;
    }
    if (server->draining) {
        return refuse(exchange, PROBLEM_DRAINING, headers);
    }
    if (server->census == NULL) {
        return true;
    }
    if (server->carriers_max > 0 && server->carrier_count > server->carriers_max) {
        return refuse(exchange, PROBLEM_FULL, headers);
    }
    struct census_seat *seat = &exchange->carrier->seat;
    /* Behind a proxy the socket says nothing of who comes; the request does. */
    if (front_trusts(server, &request->peer) && !request->client_is_trusted &&
        census_count_address(server->census, seat, &request->client) == ERR_LIMIT) {
        return refuse(exchange, PROBLEM_CONNS_ADDRESS, headers);
    }
    if (census_count_viewer(server->census, seat) == ERR_LIMIT) {
        return refuse(exchange, PROBLEM_FULL, headers);
    }
    return true;
}

void admission_return(struct exchange *exchange)
{
    if (exchange->carrier != NULL && exchange->server->census != NULL) {
        census_leave_reader(exchange->server->census, &exchange->carrier->seat);
    }
}

// SPDX-License-Identifier: Apache-2.0
#include "api/tickets_api.h"

#include "api/ask.h"
#include "api/auth.h"
#include "api/respond.h"
#include "sys/sys.h"

void tickets_api_post(struct ask *ask)
{
    struct problem why;
    if (auth_somebody(ask->claims, &why) != ERR_OK) {
        respond_problem(ask->exchange, &why);
        return;
    }
    const struct ticket_limits *limits = &desk_policy(ask->api)->is.tickets;
    struct ticket_grant grant = {
        .claims = ask->claims, .mono_ms = desk_mono_ms(ask->server), .limits = limits};
    char address[ADDRESS_TEXT_MAX];
    if (!ask->request->client_is_trusted) {
        grant.address = address_key(&ask->request->client, address);
    }
    sys_random(grant.random, sizeof(grant.random));
    char ticket[TICKET_LEN + 1];
    if (tickets_grant(ask->api->shared->tickets, &grant, ticket) != ERR_OK) {
        respond_problem(ask->exchange, &(struct problem){.code = PROBLEM_OVERLOADED,
                                                         .detail = STR("Too many tickets are open. "
                                                                       "Wait, then ask again."),
                                                         .retry_after_ms = 2000});
        return;
    }
    struct buf body = respond_body();
    buf_add_byte(&body, '{');
    json_write_member_str(&body, "ticket", str_of(ticket));
    json_write_member_u64(&body, "expires_in", limits->ttl_s);
    buf_add_byte(&body, '}');
    respond_json(ask->exchange, 201, &body, STR_NONE);
}

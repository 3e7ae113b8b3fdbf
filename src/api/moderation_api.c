// SPDX-License-Identifier: Apache-2.0
#include "api/moderation_api.h"

#include "api/acting.h"
#include "api/ask.h"
#include "api/auth.h"
#include "api/respond.h"

static void on_answered(struct acting *acting)
{
    struct exchange *exchange = acting->user;
    struct problem why;
    if (acting_result(acting, &why) == ERR_OK) {
        struct buf body = respond_body();
        acting_write(acting, &body);
        respond_json(exchange, 200, &body, STR_NONE);
    } else {
        respond_problem(exchange, &why);
    }
    acting_free(acting);
}

static void start(struct ask *ask, enum act_do what)
{
    struct json *request = NULL;
    if (ask_long_body(ask, &request) != ERR_OK) {
        return;
    }
    const struct acting_options options = acting_of(ask, request, what);
    acting_ask(ask, &options, on_answered);
    json_free(request);
}

/* A moderator's act, or an undo. */
static void start_as_moderator(struct ask *ask, enum act_do what)
{
    struct problem why;
    const enum err err = ask->stream.len > 0 ? auth_manager(ask->claims, &why)
                                             : auth_admin_of_all(ask->claims, &why);
    if (err != ERR_OK) {
        respond_problem(ask->exchange, &why);
        return;
    }
    start(ask, what);
}

void moderation_api_act(struct ask *ask)
{
    start_as_moderator(ask, 0);
}

void moderation_api_undo(struct ask *ask)
{
    start_as_moderator(ask, ACT_UNDO);
}

void moderation_api_acknowledge(struct ask *ask)
{
    struct problem why;
    if (auth_somebody(ask->claims, &why) != ERR_OK) {
        respond_problem(ask->exchange, &why);
        return;
    }
    start(ask, ACT_ACKNOWLEDGE);
}

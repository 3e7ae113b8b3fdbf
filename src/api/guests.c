// SPDX-License-Identifier: Apache-2.0
#include "api/guests.h"

#include "api/ask.h"
#include "api/newcomers.h"
#include "api/respond.h"
#include "rules/user_name.h"
#include "sys/sys.h"

#include <inttypes.h>
#include <stdio.h>

enum { GUEST_ID_BYTES = 32 };

static void draw_id(char id[GUEST_ID_BYTES])
{
    (void)snprintf(id, GUEST_ID_BYTES, "guest-%016" PRIx64, sys_random_u64());
}

/* The name as it is kept, or a made-up one. ERR_PROTO. */
static enum err read_name(const struct json *message, struct str id, struct buf *name)
{
    const struct json *member = message == NULL ? NULL : json_member(message, "name");
    if (member == NULL || json_kind(member) == JSON_KIND_NULL) {
        buf_add_str(name, STR("Guest "));
        buf_add(name, id.at + id.len - 4, 4);
        return ERR_OK;
    }
    struct str text;
    if (!json_get_str(member, &text) || !user_name_is_valid(str_trim(text))) {
        return ERR_PROTO;
    }
    buf_add_str(name, str_trim(text));
    return ERR_OK;
}

static bool is_unlisted(const struct json *message)
{
    bool is_listed = true;
    return message != NULL && json_get_bool(json_member(message, "roster"), &is_listed) &&
           !is_listed;
}

static void reply_guest(struct ask *ask, struct str id, struct str name, bool is_unlisted)
{
    const int64_t now_s = desk_wall_s(ask->server);
    const struct jwt_grant grant = {.sub = id,
                                    .name = name,
                                    .iat_s = now_s,
                                    .exp_s = now_s + GUEST_TTL_S,
                                    .is_unlisted = is_unlisted};
    struct buf token;
    buf_init(&token, MEM_CONN, JWT_BYTES_MAX);
    if (jwt_sign(desk_policy(ask->api)->is.guest_secret, &grant, &token) != ERR_OK) {
        ask_fail(ask, PROBLEM_OVERLOADED, NULL, "No token could be made. Try again.");
        buf_done(&token);
        return;
    }
    struct buf body = respond_body();
    buf_add_byte(&body, '{');
    json_write_member_str(&body, "token", buf_str(&token));
    json_write_name(&body, "user");
    buf_add_byte(&body, '{');
    json_write_member_str(&body, "id", id);
    json_write_member_str(&body, "name", name);
    buf_add_str(&body, STR("}"));
    json_write_member_i64(&body, "expires_in", GUEST_TTL_S);
    buf_add_byte(&body, '}');
    respond_json(ask->exchange, 201, &body, STR_NONE);
    buf_done(&token);
}

/* ERR_DENIED: answered. */
static enum err check_address(struct ask *ask)
{
    char key[ADDRESS_TEXT_MAX];
    uint32_t retry_ms = 0;
    if (ask->request->client_is_trusted) {
        return ERR_OK;
    }
    const struct str address = address_key(&ask->request->client, key);
    switch ((int)newcomers_take(ask->api->shared->newcomers,
                                desk_policy(ask->api)->is.guests_address, address,
                                desk_mono_ms(ask->server), &retry_ms)) {
    case ERR_OK:
        return ERR_OK;
    case ERR_LIMIT:
        respond_problem(
            ask->exchange,
            &(struct problem){.code = PROBLEM_RATE_ADDRESS,
                              .detail = STR("Your network address has had as many new guests as it "
                                            "may for now. Keep the token you have."),
                              .retry_after_ms = retry_ms});
        return ERR_DENIED;
    default:
        respond_problem(ask->exchange, &(struct problem){.code = PROBLEM_OVERLOADED,
                                                         .detail = STR("Too many are new. Wait, "
                                                                       "then ask again."),
                                                         .retry_after_ms = 2000});
        return ERR_DENIED;
    }
}

void guests_post(struct ask *ask)
{
    const struct policy *policy = desk_policy(ask->api);
    if (!policy->is.has_guests || policy->is.guest_secret.len == 0) {
        ask_fail(ask, PROBLEM_FORBIDDEN, NULL,
                 "Guests are off here (auth.guests). Sign in for a token.");
        return;
    }
    struct json *message = NULL;
    if (ask_body_if_any(ask, &message) != ERR_OK) {
        return;
    }
    char id[GUEST_ID_BYTES];
    draw_id(id);
    struct buf name;
    buf_init(&name, MEM_CONN, USER_NAME_BYTES_MAX);
    if (read_name(message, str_of(id), &name) != ERR_OK) {
        ask_fail(ask, PROBLEM_BAD_FIELD, "name",
                 "`name` is a string of 1 to 64 characters on one line.");
    } else if (check_address(ask) == ERR_OK) {
        reply_guest(ask, str_of(id), buf_str(&name), is_unlisted(message));
    }
    buf_done(&name);
    json_free(message);
}

// SPDX-License-Identifier: Apache-2.0
#include "api/auth.h"

#include "wire/url.h"

static enum err denied(struct problem *ret_why, enum problem_code code, struct str detail)
{
    *ret_why = (struct problem){.code = code, .detail = detail};
    return ERR_DENIED;
}

enum err auth_token(struct server *server, struct str token, struct claims **ret_claims,
                    struct problem *ret_why)
{
    struct api *api = desk_of(server);
    const struct policy *policy = desk_policy(api);
    enum jwt_fault fault = JWT_BAD;
    switch ((int)jwt_cache_verify(api->tokens, policy->is.keys, token, desk_wall_s(server),
                                  ret_claims, &fault)) {
    case ERR_OK:
        return ERR_OK;
    case ERR_NOMEM:
        *ret_why = (struct problem){.code = PROBLEM_OVERLOADED, .retry_after_ms = 1000};
        return ERR_DENIED;
    default:
        break;
    }
    if (fault == JWT_EXPIRED) {
        return denied(ret_why, PROBLEM_EXPIRED_TOKEN,
                      STR("The token's `exp` has passed. Get a new one and try again."));
    }
    return denied(ret_why, PROBLEM_BAD_TOKEN,
                  STR("The token is not one this server accepts: it needs a known key and "
                      "algorithm, a valid signature, `sub` and `exp`."));
}

static enum err redeem(struct exchange *exchange, struct str ticket, struct claims **ret_claims,
                       struct problem *ret_why)
{
    struct server *server = exchange_server(exchange);
    struct api *api = desk_of(server);
    struct claims *claims = NULL;
    if (tickets_redeem(api->shared->tickets, ticket, desk_mono_ms(server), &claims) != ERR_OK) {
        return denied(ret_why, PROBLEM_BAD_TOKEN,
                      STR("The ticket is unknown, used or too old. Get a new one with POST "
                          "/v1/tickets and pass after= to go on where you were."));
    }
    enum jwt_fault fault = JWT_BAD;
    if (jwt_check_times(claims, desk_wall_s(server), &fault) != ERR_OK) {
        claims_unref(claims);
        return denied(ret_why, PROBLEM_EXPIRED_TOKEN,
                      STR("The token behind the ticket has expired. Get a new one."));
    }
    *ret_claims = claims;
    return ERR_OK;
}

static enum err from_header(struct exchange *exchange, struct str value, struct claims **ret_claims,
                            struct problem *ret_why)
{
    if (request_field_count(exchange_request(exchange), "authorization") > 1) {
        return denied(ret_why, PROBLEM_BAD_TOKEN, STR("Send one Authorization header."));
    }
    struct str token;
    const struct str scheme = str_cut(value, ' ', &token);
    token = str_trim(token);
    if (!str_eq_nocase(scheme, STR("Bearer")) || token.len == 0) {
        return denied(ret_why, PROBLEM_BAD_TOKEN,
                      STR("The header is to be `Authorization: Bearer <token>`."));
    }
    return auth_token(exchange_server(exchange), token, ret_claims, ret_why);
}

static enum err from_query_token(struct exchange *exchange, struct str token,
                                 struct claims **ret_claims, struct problem *ret_why)
{
    struct server *server = exchange_server(exchange);
    if (!desk_policy(desk_of(server))->is.has_query_token) {
        return denied(ret_why, PROBLEM_BAD_TOKEN,
                      STR("A token in the URL is not taken here (auth.query_token is off). Use the "
                          "Authorization header, or ?ticket= from POST /v1/tickets."));
    }
    return auth_token(server, token, ret_claims, ret_why);
}

/* A credential of the query. ERR_NOT_FOUND: there is none. */
static enum err from_query(struct exchange *exchange, struct claims **ret_claims,
                           struct problem *ret_why)
{
    const struct str query = exchange_request(exchange)->query;
    struct buf ticket, token;
    buf_init(&ticket, MEM_CONN, REQUEST_URL_BYTES_MAX);
    buf_init(&token, MEM_CONN, REQUEST_URL_BYTES_MAX);
    const enum err has_ticket = url_param(query, "ticket", &ticket);
    const enum err has_token = url_param(query, "token", &token);
    enum err err = ERR_NOT_FOUND;
    if (has_ticket == ERR_NOMEM || has_token == ERR_NOMEM) {
        *ret_why = (struct problem){.code = PROBLEM_OVERLOADED, .retry_after_ms = 1000};
        err = ERR_NOMEM;
    } else if (has_ticket == ERR_OK && has_token == ERR_NOT_FOUND) {
        err = redeem(exchange, buf_str(&ticket), ret_claims, ret_why);
    } else if (has_token == ERR_OK && has_ticket == ERR_NOT_FOUND) {
        err = from_query_token(exchange, buf_str(&token), ret_claims, ret_why);
    } else if (has_ticket != ERR_NOT_FOUND || has_token != ERR_NOT_FOUND) {
        err = denied(ret_why, PROBLEM_BAD_TOKEN,
                     STR("The URL is to carry one ticket or one token, percent-encoded."));
    }
    buf_done(&ticket);
    buf_done(&token);
    return err;
}

enum err auth_request(struct exchange *exchange, struct claims **ret_claims,
                      struct problem *ret_why)
{
    const struct str header = request_field(exchange_request(exchange), "authorization");
    struct claims *claims = NULL;
    if (header.at != NULL) {
        TRY(from_header(exchange, header, &claims, ret_why));
        *ret_claims = claims;
        return ERR_OK;
    }
    const enum err err = from_query(exchange, &claims, ret_why);
    if (err != ERR_OK && err != ERR_NOT_FOUND) {
        return err;
    }
    *ret_claims = claims;
    return ERR_OK;
}

enum err auth_somebody(const struct claims *claims, struct problem *ret_why)
{
    if (claims == NULL) {
        return denied(ret_why, PROBLEM_NO_TOKEN,
                      STR("This needs a token: send `Authorization: Bearer <token>`."));
    }
    return ERR_OK;
}

enum err auth_stream(const struct claims *claims, struct str stream, struct problem *ret_why)
{
    if (claims != NULL && !claims_allow_stream(claims, stream)) {
        return denied(ret_why, PROBLEM_FORBIDDEN,
                      STR("The token's `streams` do not include this stream."));
    }
    return ERR_OK;
}

enum err auth_admin_of_all(const struct claims *claims, struct problem *ret_why)
{
    TRY(auth_somebody(claims, ret_why));
    if ((claims->role_bits & ROLE_ADMIN) == 0) {
        return denied(ret_why, PROBLEM_WRONG_ROLE,
                      STR("What is for all streams needs the role admin."));
    }
    bool has_all = claims->glob_count == 0;
    for (uint32_t i = 0; i < claims->glob_count; i++) {
        has_all = has_all || str_eq(claims->globs[i], STR("*"));
    }
    if (!has_all) {
        return denied(ret_why, PROBLEM_FORBIDDEN,
                      STR("The token's `streams` do not include all streams."));
    }
    return ERR_OK;
}

bool auth_is_admin_of_all(const struct claims *claims)
{
    struct problem why;
    return auth_admin_of_all(claims, &why) == ERR_OK;
}

enum err auth_manager(const struct claims *claims, struct problem *ret_why)
{
    TRY(auth_somebody(claims, ret_why));
    if (!claims_are_privileged(claims)) {
        return denied(ret_why, PROBLEM_WRONG_ROLE,
                      STR("This is for the roles host, moderator and admin."));
    }
    return ERR_OK;
}

// SPDX-License-Identifier: Apache-2.0
#include "wire/problem.h"

#include "wire/json.h"

static const struct {
    int status;
    const char *name, *title;
} problems[PROBLEM_CODES] = {
    [PROBLEM_BAD_REQUEST] = {400, "bad_request", "The request is not well-formed"},
    [PROBLEM_BAD_CURSOR] = {400, "bad_cursor", "The cursor is not one"},
    [PROBLEM_BAD_NAME] = {400, "bad_name", "The stream's name is not allowed"},
    [PROBLEM_NO_TOKEN] = {401, "no_token", "A token is needed"},
    [PROBLEM_BAD_TOKEN] = {401, "bad_token", "The token or ticket is not valid"},
    [PROBLEM_EXPIRED_TOKEN] = {401, "expired_token", "The token has expired"},
    [PROBLEM_BANNED] = {403, "banned", "You are banned from this stream"},
    [PROBLEM_MUTED] = {403, "muted", "You may not comment for now"},
    [PROBLEM_FORBIDDEN] = {403, "forbidden", "This is not allowed"},
    [PROBLEM_WRONG_ROLE] = {403, "wrong_role", "Your roles do not allow this"},
    [PROBLEM_BAD_ORIGIN] = {403, "bad_origin", "The page's origin is not allowed"},
    [PROBLEM_MUST_ACKNOWLEDGE] = {403, "must_acknowledge", "A warning has to be acknowledged"},
    [PROBLEM_NO_STREAM] = {404, "no_stream", "There is no such stream"},
    [PROBLEM_NO_COMMENT] = {404, "no_comment", "There is no such comment"},
    [PROBLEM_NOT_FOUND] = {404, "not_found", "There is nothing here"},
    [PROBLEM_METHOD_NOT_ALLOWED] = {405, "method_not_allowed", "The method is not allowed here"},
    [PROBLEM_TIMEOUT] = {408, "timeout", "The request took too long to arrive"},
    [PROBLEM_STREAM_ENDED] = {409, "stream_ended", "The stream has ended"},
    [PROBLEM_CONFLICT] = {409, "conflict", "Things stand otherwise by now"},
    [PROBLEM_NO_LENGTH] = {411, "no_length", "The body's length is missing"},
    [PROBLEM_TOO_LARGE] = {413, "too_large", "The body is too large"},
    [PROBLEM_URL_TOO_LONG] = {414, "url_too_long", "The URL is too long"},
    [PROBLEM_BAD_TYPE] = {415, "bad_type", "The body's type is not supported"},
    [PROBLEM_EXPECTATION_FAILED] = {417, "expectation_failed", "The expectation cannot be met"},
    [PROBLEM_BAD_JSON] = {422, "bad_json", "The body is not a JSON object we can read"},
    [PROBLEM_BAD_FIELD] = {422, "bad_field", "A field is not as it should be"},
    [PROBLEM_TOO_LONG] = {422, "too_long", "The text is too long"},
    [PROBLEM_EMPTY] = {422, "empty", "The text is empty"},
    [PROBLEM_BAD_UTF8] = {422, "bad_utf8", "The text is not UTF-8"},
    [PROBLEM_BAD_TEXT] = {422, "bad_text", "The text holds characters that are not allowed"},
    [PROBLEM_BLOCKED_TERM] = {422, "blocked_term", "The text holds a blocked term"},
    [PROBLEM_LINKS_OFF] = {422, "links_off", "Links are not allowed now"},
    [PROBLEM_EMOTE_ONLY] = {422, "emote_only", "Only emotes are allowed now"},
    [PROBLEM_NOT_UNIQUE] = {422, "not_unique", "This has been said already"},
    [PROBLEM_UPGRADE_REQUIRED] = {426, "upgrade_required", "This is a WebSocket"},
    [PROBLEM_SLOW_MODE] = {429, "slow_mode", "The stream is in slow mode"},
    [PROBLEM_RATE_USER] = {429, "rate_user", "You are posting too fast"},
    [PROBLEM_RATE_ADDRESS] = {429, "rate_address", "Too many comments from your address"},
    [PROBLEM_RATE_STREAM] = {429, "rate_stream", "The stream takes no more comments at once"},
    [PROBLEM_CONNS_ADDRESS] = {429, "conns_address", "Too many connections from your address"},
    [PROBLEM_HEADERS_TOO_LARGE] = {431, "headers_too_large", "The request's head is too large"},
    [PROBLEM_INTERNAL] = {500, "internal", "Something is wrong with the server"},
    [PROBLEM_NOT_IMPLEMENTED] = {501, "not_implemented", "The server does not know this"},
    [PROBLEM_OVERLOADED] = {503, "overloaded", "The server is overloaded"},
    [PROBLEM_STORE_DOWN] = {503, "store_down", "Comments cannot be kept at the moment"},
    [PROBLEM_DRAINING] = {503, "draining", "The server is going down"},
    [PROBLEM_FULL] = {503, "full", "The server takes no more viewers"},
    [PROBLEM_BAD_VERSION] = {505, "bad_version", "This HTTP version is not spoken"},
};

int problem_status(enum problem_code code)
{
    return problems[code].status;
}

const char *problem_name(enum problem_code code)
{
    return problems[code].name;
}

uint32_t problem_retry_after_s(const struct problem *problem)
{
    const uint32_t rest = problem->retry_after_ms % 1000;
    return problem->retry_after_ms / 1000 + (rest > 0 ? 1 : 0);
}

void problem_write(struct buf *out, const struct problem *problem)
{
    buf_add_str(out, STR("{\"type\":\"urn:roar:problem:"));
    buf_add_str(out, str_of(problems[problem->code].name));
    buf_add_byte(out, '"');
    json_write_member_str(out, "title", str_of(problems[problem->code].title));
    json_write_member_u64(out, "status", (uint64_t)problems[problem->code].status);
    json_write_member_str(out, "code", str_of(problems[problem->code].name));
    if (problem->detail.len > 0) {
        json_write_member_str(out, "detail", problem->detail);
    }
    if (problem->field.len > 0) {
        json_write_member_str(out, "field", problem->field);
    }
    if (problem->act.len > 0) {
        json_write_member_str(out, "act", problem->act);
    }
    if (problem->retry_after_ms > 0) {
        json_write_member_u64(out, "retry_after", problem_retry_after_s(problem));
    }
    buf_add_byte(out, '}');
}

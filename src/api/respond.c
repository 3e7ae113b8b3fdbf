// SPDX-License-Identifier: Apache-2.0
#include "api/respond.h"

#include "api/desk.h"
#include "base/metric.h"

enum {
    RESPOND_BYTES_MAX = 8 * 1024 * 1024, // 500 events of 8 KiB and more
    RESPOND_HEADERS_BYTES_MAX = 8 * 1024,
};

struct buf respond_body(void)
{
    struct buf body;
    buf_init(&body, MEM_CONN, RESPOND_BYTES_MAX);
    return body;
}

void respond_cors_headers(struct exchange *exchange, struct buf *out)
{
    buf_add_str(out, STR("Vary: Origin\r\n"));
    const struct str origin = request_field(exchange_request(exchange), "origin");
    struct api *api = desk_of(exchange_server(exchange));
    if (origin.len == 0 || !policy_lists_origin(desk_policy(api), origin)) {
        return;
    }
    buf_add_str(out, STR("Access-Control-Allow-Origin: "));
    buf_add_str(out, origin);
    buf_add_str(out, STR("\r\nAccess-Control-Expose-Headers: ETag, Retry-After, RateLimit-Limit, "
                         "RateLimit-Remaining, RateLimit-Reset\r\n"));
}

static bool names_caching(struct str headers)
{
    return memmem(headers.at, headers.len, "Cache-Control:", 14) != NULL;
}

void respond_bytes(struct exchange *exchange, const struct answer *answer)
{
    struct buf headers;
    buf_init(&headers, MEM_CONN, RESPOND_HEADERS_BYTES_MAX);
    respond_cors_headers(exchange, &headers);
    if (answer->headers.len == 0 || !names_caching(answer->headers)) {
        buf_add_str(&headers, STR("Cache-Control: no-store\r\n"));
    }
    buf_add_str(&headers, answer->headers);
    struct answer dressed = *answer;
    if (buf_ok(&headers)) {
        dressed.headers = buf_str(&headers);
    } else {
        dressed = (struct answer){.status = 503, .headers = STR("Retry-After: 1\r\n")};
    }
    exchange_answer(exchange, &dressed);
    buf_done(&headers);
}

void respond_json(struct exchange *exchange, int status, struct buf *body, struct str headers)
{
    if (buf_ok(body)) {
        respond_bytes(exchange, &(struct answer){.status = status,
                                                 .type = STR(RESPOND_JSON),
                                                 .body = buf_str(body),
                                                 .headers = headers});
    } else {
        respond_problem(exchange, &(struct problem){.code = PROBLEM_OVERLOADED,
                                                    .detail = STR("No memory for the answer. Try "
                                                                  "again, or ask for less."),
                                                    .retry_after_ms = 1000});
    }
    buf_done(body);
}

/* RFC 6750 section 3: whoever is asked for a token is told of what kind, and what was wrong. */
static void add_challenge(struct buf *out, enum problem_code code)
{
    buf_add_str(out, STR("WWW-Authenticate: Bearer realm=\"roar\""));
    if (code != PROBLEM_NO_TOKEN) {
        buf_add_str(out, STR(", error=\"invalid_token\""));
    }
    buf_add_str(out, STR("\r\n"));
}

void respond_problem_with(struct exchange *exchange, const struct problem *problem,
                          struct str headers)
{
    struct api *api = desk_of(exchange_server(exchange));
    metric_count(&api->problems[problem->code], 1);
    struct buf lines, body;
    buf_init(&lines, MEM_CONN, RESPOND_HEADERS_BYTES_MAX);
    buf_init(&body, MEM_CONN, RESPOND_HEADERS_BYTES_MAX);
    const int status = problem_status(problem->code);
    if (status == 401) {
        add_challenge(&lines, problem->code);
    }
    if (problem->retry_after_ms > 0) {
        buf_addf(&lines, "Retry-After: %u\r\n", problem_retry_after_s(problem));
    }
    buf_add_str(&lines, headers);
    problem_write(&body, problem);
    const bool is_whole = buf_ok(&lines) && buf_ok(&body);
    respond_bytes(exchange, &(struct answer){
                                .status = status,
                                .type = is_whole ? STR("application/problem+json") : STR_NONE,
                                .body = is_whole ? buf_str(&body) : STR_NONE,
                                .headers = is_whole ? buf_str(&lines) : STR_NONE,
                            });
    buf_done(&lines);
    buf_done(&body);
}

void respond_problem(struct exchange *exchange, const struct problem *problem)
{
    respond_problem_with(exchange, problem, STR_NONE);
}

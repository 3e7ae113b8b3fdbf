// SPDX-License-Identifier: Apache-2.0
#include "serve/refusal.h"

#include "serve/front.h"

enum { REFUSAL_BYTES_MAX = 8 * 1024 };

void refusal_init(struct refusal *refusal, const struct problem *problem, struct str headers)
{
    buf_init(&refusal->body, MEM_CONN, REFUSAL_BYTES_MAX);
    buf_init(&refusal->headers, MEM_CONN, REFUSAL_BYTES_MAX);
    problem_write(&refusal->body, problem);
    buf_add_str(&refusal->headers, STR("Cache-Control: no-store\r\n"));
    if (problem->retry_after_ms > 0) {
        buf_addf(&refusal->headers, "Retry-After: %u\r\n", problem_retry_after_s(problem));
    }
    buf_add_str(&refusal->headers, headers);
    refusal->answer = (struct answer){.status = problem_status(problem->code),
                                      .type = STR("application/problem+json"),
                                      .body = buf_str(&refusal->body),
                                      .headers = buf_str(&refusal->headers)};
}

void refusal_done(struct refusal *refusal)
{
    buf_done(&refusal->body);
    buf_done(&refusal->headers);
}

void refusal_answer(struct exchange *exchange, const struct problem *problem, struct str headers)
{
    struct refusal refusal;
    meter_refusal(&exchange->server->meter, problem->code);
    refusal_init(&refusal, problem, headers);
    exchange_answer(exchange, &refusal.answer);
    refusal_done(&refusal);
}

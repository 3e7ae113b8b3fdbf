// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/budget.h"

#include <stdbool.h>
#include <stddef.h>

/* The clock cuts off parts of a millisecond: what is counted is as late as it may have been, what
 * is asked as early, so that two ticks a window apart are never less than a window apart. */
enum { UNHURRIED_FACTOR = 10, SWEPT_AT_ONCE = 256, TICK_MS = 1 };

enum err budget_open(struct budget *budget, const struct embedded_rules *rules, uint64_t seed)
{
    *budget = (struct budget){.users = NULL};
    TRY(limits_new(rules->post_user, seed, &budget->users));
    TRY(limits_new(rules->post_address, seed + 1, &budget->addresses));
    return limits_new(rules->post_stream, seed + 2, &budget->streams);
}

void budget_close(struct budget *budget)
{
    limits_free(budget->users);
    limits_free(budget->addresses);
    limits_free(budget->streams);
    *budget = (struct budget){.users = NULL};
}

void budget_set_rules(struct budget *budget, const struct embedded_rules *rules)
{
    limits_set(budget->users, rules->post_user);
    limits_set(budget->addresses, rules->post_address);
    limits_set(budget->streams, rules->post_stream);
}

static struct limit_answer ask_user(const struct budget *budget, const struct submit *submit,
                                    int64_t mono_ms)
{
    const uint32_t factor = submit->author.unhurried ? UNHURRIED_FACTOR : 1;
    return limits_ask(budget->users, submit->author.id, factor, mono_ms);
}

struct rate budget_rate(const struct budget *budget, const struct submit *submit, int64_t mono_ms)
{
    const struct limit_answer user = ask_user(budget, submit, mono_ms);
    const bool one_more = user.allowed && user.limit > 0; // what the answer took off is not taken
    return (struct rate){.limit = user.limit,
                         .remaining = user.remaining + (one_more ? 1 : 0),
                         .reset_ms = user.reset_ms};
}

static bool is_over(const struct limit_answer *answer, enum refusal refusal,
                    struct budget_answer *ret_answer)
{
    if (!answer->allowed) {
        ret_answer->refusal = refusal;
        ret_answer->retry_after_ms = answer->retry_after_ms;
    }
    return !answer->allowed;
}

struct budget_answer budget_ask(const struct budget *budget, const struct submit *submit,
                                int64_t mono_ms)
{
    struct budget_answer answer = {.rate = budget_rate(budget, submit, mono_ms)};
    const struct limit_answer user = ask_user(budget, submit, mono_ms);
    if (is_over(&user, REFUSAL_RATE_USER, &answer)) {
        return answer;
    }
    if (submit->address.len > 0) {
        const struct limit_answer address =
            limits_ask(budget->addresses, submit->address, 1, mono_ms);
        if (is_over(&address, REFUSAL_RATE_ADDRESS, &answer)) {
            return answer;
        }
    }
    const struct limit_answer stream = limits_ask(budget->streams, submit->stream, 1, mono_ms);
    if (!is_over(&stream, REFUSAL_RATE_STREAM, &answer)) {
        answer.rate.remaining = user.remaining;
    }
    return answer;
}

enum err budget_take(struct budget *budget, const struct submit *submit, int64_t mono_ms)
{
    TRY(limits_take(budget->users, submit->author.id, mono_ms + TICK_MS));
    if (submit->address.len > 0 &&
        limits_take(budget->addresses, submit->address, mono_ms + TICK_MS) != ERR_OK) {
        limits_untake(budget->users, submit->author.id, mono_ms + TICK_MS);
        return ERR_NOMEM;
    }
    if (limits_take(budget->streams, submit->stream, mono_ms + TICK_MS) != ERR_OK) {
        limits_untake(budget->users, submit->author.id, mono_ms + TICK_MS);
        if (submit->address.len > 0) {
            limits_untake(budget->addresses, submit->address, mono_ms + TICK_MS);
        }
        return ERR_NOMEM;
    }
    return ERR_OK;
}

void budget_untake(struct budget *budget, const struct submit *submit, int64_t mono_ms)
{
    limits_untake(budget->users, submit->author.id, mono_ms + TICK_MS);
    if (submit->address.len > 0) {
        limits_untake(budget->addresses, submit->address, mono_ms + TICK_MS);
    }
    limits_untake(budget->streams, submit->stream, mono_ms + TICK_MS);
}

void budget_sweep(struct budget *budget, int64_t mono_ms)
{
    limits_sweep(budget->users, mono_ms, SWEPT_AT_ONCE);
    limits_sweep(budget->addresses, mono_ms, SWEPT_AT_ONCE);
    limits_sweep(budget->streams, mono_ms, SWEPT_AT_ONCE);
}

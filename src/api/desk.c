// SPDX-License-Identifier: Apache-2.0
#include "api/desk.h"

#include "base/clock.h"
#include "loop/reactor.h"
#include "serve/server.h"

#include <stdio.h>

static void list_act_metrics(struct api *api)
{
    static const char *const ends[ACT_ENDS] = {[ACT_DONE] = "done",
                                               [ACT_DUPLICATE] = "duplicate",
                                               [ACT_REFUSED] = "refused",
                                               [ACT_UNKNOWN] = "unknown"};
    for (int what = 1; what < ACTS; what++) {
        for (int end = 0; end < ACT_ENDS; end++) {
            char *labels = api->act_labels[what][end];
            (void)snprintf(labels, sizeof(api->act_labels[what][end]), "do=\"%s\",outcome=\"%s\"",
                           act_name((enum act_do)what), ends[end]);
            api->acts[what][end] =
                (struct metric){.name = "roar_acts_total",
                                .labels = labels,
                                .help = "Acts of moderation asked for here, by how they ended.",
                                .kind = METRIC_COUNTER};
            metric_add(&api->acts[what][end]);
        }
    }
    api->act_ms.name = "roar_act_ms";
    api->act_ms.help = "From an act to its answer, when all have applied it, milliseconds.";
    api->act_ms.kind = METRIC_HISTOGRAM;
    api->act_ms.histogram = &api->act_ms_steps;
    metric_add(&api->act_ms);
}

static void list_sanction_metrics(struct api *api)
{
    static const char *const sanctions[REFUSALS] = {
        [REFUSAL_BANNED] = "rule=\"ban\"",
        [REFUSAL_MUTED] = "rule=\"timeout\"",
        [REFUSAL_MUST_ACKNOWLEDGE] = "rule=\"warning\"",
    };
    for (int i = REFUSAL_BANNED; i <= REFUSAL_MUST_ACKNOWLEDGE; i++) {
        api->ruled[i] = (struct metric){.name = "roar_posts_ruled_out_total",
                                        .labels = sanctions[i],
                                        .help = "Comments refused by a sanction.",
                                        .kind = METRIC_COUNTER};
        metric_add(&api->ruled[i]);
    }
}

static void list_metrics(struct api *api)
{
    list_act_metrics(api);
    list_sanction_metrics(api);
    hook_metrics_list(&api->hooks);
    static const char *const outcome_labels[POST_OUTCOMES] = {
        [POST_ACCEPTED] = "outcome=\"accepted\"",
        [POST_DUPLICATE] = "outcome=\"duplicate\"",
        [POST_REFUSED] = "outcome=\"refused\"",
        [POST_UNKNOWN] = "outcome=\"unknown\"",
    };
    for (int i = 0; i < POST_OUTCOMES; i++) {
        api->posts[i].name = "roar_posts_answered_total";
        api->posts[i].labels = outcome_labels[i];
        api->posts[i].help = "Comments posted here, by how they were answered.";
        api->posts[i].kind = METRIC_COUNTER;
        metric_add(&api->posts[i]);
    }
    api->posts_late = (struct metric){
        .name = "roar_posts_late_total",
        .help = "Comments answered as unknown because the store did not answer in time.",
        .kind = METRIC_COUNTER};
    metric_add(&api->posts_late);
    api->post_ms.name = "roar_post_ms";
    api->post_ms.help = "From a comment's submit to its answer, milliseconds.";
    api->post_ms.kind = METRIC_HISTOGRAM;
    api->post_ms.histogram = &api->post_ms_steps;
    metric_add(&api->post_ms);
    for (int code = 0; code < PROBLEM_CODES; code++) {
        char *labels = api->problem_labels[code];
        (void)snprintf(labels, sizeof(api->problem_labels[code]), "code=\"%s\"",
                       problem_name((enum problem_code)code));
        api->problems[code].name = "roar_problems_total";
        api->problems[code].labels = labels;
        api->problems[code].help = "Requests and messages answered by a problem, by its code.";
        api->problems[code].kind = METRIC_COUNTER;
        metric_add(&api->problems[code]);
    }
}

static void unlist_metrics(struct api *api)
{
    for (int what = 1; what < ACTS; what++) {
        for (int end = 0; end < ACT_ENDS; end++) {
            metric_remove(&api->acts[what][end]);
        }
    }
    metric_remove(&api->act_ms);
    for (int i = REFUSAL_BANNED; i <= REFUSAL_MUST_ACKNOWLEDGE; i++) {
        metric_remove(&api->ruled[i]);
    }
    for (int i = 0; i < POST_OUTCOMES; i++) {
        metric_remove(&api->posts[i]);
    }
    metric_remove(&api->posts_late);
    hook_metrics_unlist(&api->hooks);
    metric_remove(&api->post_ms);
    for (int code = 0; code < PROBLEM_CODES; code++) {
        metric_remove(&api->problems[code]);
    }
}

static struct policy *newest_policy(struct api_shared *shared)
{
    pthread_mutex_lock(&shared->policy_lock);
    struct policy *policy = policy_ref(shared->policy);
    pthread_mutex_unlock(&shared->policy_lock);
    return policy;
}

enum err desk_init(struct api *api, struct api_shared *shared, struct hub *hub)
{
    api->shared = shared;
    api->hub = hub;
    TRY(jwt_cache_new(DESK_TOKENS_CACHED, &api->tokens));
    api->generation = atomic_load_explicit(&shared->generation, memory_order_acquire);
    api->policy = newest_policy(shared);
    list_metrics(api);
    return ERR_OK;
}

void desk_done(struct api *api)
{
    unlist_metrics(api);
    overdue_done(&api->overdue);
    policy_unref(api->policy);
    jwt_cache_free(api->tokens);
    api->policy = NULL;
    api->tokens = NULL;
}

const struct policy *desk_policy(struct api *api)
{
    const uint64_t generation =
        atomic_load_explicit(&api->shared->generation, memory_order_acquire);
    if (generation != api->generation) {
        policy_unref(api->policy);
        api->policy = newest_policy(api->shared);
        api->generation = generation;
        jwt_cache_clear(api->tokens); // verified with keys that may be gone
    }
    return api->policy;
}

struct api *desk_of(struct server *server)
{
    return server_user(server);
}

struct home *desk_home(struct server *server)
{
    return reactor_home(server_reactor(server));
}

int64_t desk_wall_s(struct server *server)
{
    return clock_wall_ms(server_clock(server)) / 1000;
}

int64_t desk_mono_ms(struct server *server)
{
    return clock_mono_ms(server_clock(server));
}

static int64_t now_of(void *user)
{
    return desk_mono_ms(user);
}

struct overdue *desk_overdue(struct server *server)
{
    struct api *api = desk_of(server);
    if (!overdue_has_begun(&api->overdue)) {
        const struct sweep_options options = {.wheel = reactor_wheel(server_reactor(server)),
                                              .interval_ms = api->shared->answer_ms / 2,
                                              .now_ms = now_of,
                                              .user = server};
        overdue_init(&api->overdue, &options);
    }
    return &api->overdue;
}

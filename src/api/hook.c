// SPDX-License-Identifier: Apache-2.0
#include "api/hook.h"

#include "base/log.h"
#include "base/mem.h"
#include "net/webhook.h"
#include "sys/sys.h"
#include "wire/json.h"

#include <stdio.h>
#include <string.h>

struct hook_question {
    struct webhook webhook; // first: its outcall is what comes back
    struct api *api;
    struct server *server;
    struct policy *policy; // a reference: whose URL and key it borrows
    void (*answered)(void *user, const struct hook_verdict *verdict);
    void *user;
    int64_t asked_ms;
};

/* ---- the answer ---- */

static const struct {
    struct str name;
    enum outcome outcome;
} verdicts[] = {
    {STR("allow"), OUTCOME_ALLOW},
    {STR("hold"), OUTCOME_HOLD},
    {STR("shadow"), OUTCOME_SHADOW},
    {STR("refuse"), OUTCOME_REFUSE},
};

static enum err read_members(const struct json *root, struct hook_verdict *ret_verdict)
{
    struct str name;
    struct str rule = STR_NONE;
    if (!json_get_str(json_member(root, "verdict"), &name)) {
        return ERR_PROTO;
    }
    (void)json_get_str(json_member(root, "rule"), &rule);
    if (rule.len == 0 || rule.len > HOOK_RULE_BYTES_MAX) {
        rule = STR("hook");
    }
    for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++) {
        if (str_eq(name, verdicts[i].name)) {
            *ret_verdict = (struct hook_verdict){.outcome = verdicts[i].outcome};
            memcpy(ret_verdict->rule, rule.at, rule.len);
            return ERR_OK;
        }
    }
    return ERR_PROTO;
}

enum err hook_read(struct str answer, struct hook_verdict *ret_verdict)
{
    struct json *root = NULL;
    struct json_fault fault;
    if (json_parse(answer, &root, &fault) != ERR_OK) {
        return ERR_PROTO;
    }
    const enum err err =
        json_kind(root) == JSON_KIND_OBJECT ? read_members(root, ret_verdict) : ERR_PROTO;
    json_free(root);
    return err;
}

static const char *trouble_of(const struct outcall *outcall)
{
    if (outcall->result != ERR_OK) {
        return outcall->why;
    }
    return outcall->status >= 300 && outcall->status < 400 ? "it redirects, which is not followed"
           : outcall->status != 200                        ? "its answer is not 200"
                                                           : "its answer holds no verdict";
}

/* One line in a while, with nothing of the answer, which may be the comment. */
static void note_down(const struct hook_question *question)
{
    const struct outcall *outcall = &question->webhook.outcall;
    struct hook_metrics *metrics = &question->api->hooks;
    const uint64_t times = log_pace_count(&metrics->downs, desk_mono_ms(question->server));
    metric_count(&metrics->ends[outcall->result == ERR_AGAIN ? HOOK_SLOW : HOOK_DOWN], 1);
    if (times > 0) {
        log_line(LOG_WARN, "the hook before publishing is down, or slow",
                 LOG_STR("why", str_of(trouble_of(outcall))), LOG_I64("status", outcall->status),
                 LOG_I64("times", times));
    }
}

static void judge(const struct hook_question *question, struct hook_verdict *ret_verdict)
{
    static const enum hook_end ends[] = {[OUTCOME_ALLOW] = HOOK_ALLOWED,
                                         [OUTCOME_HOLD] = HOOK_HELD,
                                         [OUTCOME_SHADOW] = HOOK_SHADOWED,
                                         [OUTCOME_REFUSE] = HOOK_REFUSED};
    const struct outcall *outcall = &question->webhook.outcall;
    struct hook_metrics *metrics = &question->api->hooks;
    if (outcall->result == ERR_OK && outcall->status == 200 &&
        hook_read(buf_str(&outcall->answer), ret_verdict) == ERR_OK) {
        metric_count(&metrics->ends[ends[ret_verdict->outcome]], 1);
        return;
    }
    note_down(question);
    *ret_verdict = (struct hook_verdict){
        .outcome = question->policy->is.hook.down, .rule = "hook_down", .is_down = true};
}

static void free_question(struct hook_question *question)
{
    webhook_done(&question->webhook);
    policy_unref(question->policy);
    mem_free(MEM_CONN, question);
}

static void on_answer(struct call *call)
{
    struct hook_question *question = (struct hook_question *)(void *)call;
    struct hook_verdict verdict;
    judge(question, &verdict);
    const int64_t took_ms = desk_mono_ms(question->server) - question->asked_ms;
    metric_observe(&question->api->hooks.ms, took_ms > 0 ? (uint64_t)took_ms : 0);
    question->answered(question->user, &verdict);
    free_question(question);
}

/* ---- the question ---- */

static void write_user(struct buf *out, const struct author *author)
{
    json_write_name(out, "user");
    buf_add_byte(out, '{');
    json_write_member_str(out, "id", author->id);
    json_write_member_str(out, "name", author->name);
    if (author->roles.len > 0) {
        json_write_name(out, "roles");
        buf_add_str(out, author->roles);
    }
    if (author->since_s > 0) {
        json_write_member_i64(out, "since", author->since_s);
    }
    buf_add_byte(out, '}');
}

static void write_question(struct buf *out, const struct submit *submit, int64_t wall_ms)
{
    webhook_write_head(out, "comment.check", wall_ms);
    buf_add_byte(out, '{');
    json_write_member_str(out, "stream", submit->stream);
    json_write_member_str(out, "text", submit->text);
    write_user(out, &submit->author);
    if (submit->cid.len > 0) {
        json_write_member_str(out, "cid", submit->cid);
    }
    if (submit->reply_to.len > 0) {
        json_write_member_str(out, "reply_to", submit->reply_to);
    }
    if (submit->media_ms >= 0) {
        json_write_member_i64(out, "media_ms", submit->media_ms);
    }
    buf_add_str(out, STR("}}"));
}

static enum err prepare(struct hook_question *question, const struct submit *submit)
{
    char id[WEBHOOK_ID_MAX];
    const struct policy_hook *hook = &question->policy->is.hook;
    const int64_t wall_ms = clock_wall_ms(sys_clock());
    (void)snprintf(id, sizeof(id), "msg_%016llx%08llx", (unsigned long long)sys_random_u64(),
                   (unsigned long long)(wall_ms & 0xffffffff));
    write_question(&question->webhook.body, submit, wall_ms);
    return webhook_sign(&question->webhook, &hook->key, str_of(id), wall_ms / 1000);
}

enum err hook_ask(struct server *server, const struct submit *submit,
                  void (*answered)(void *user, const struct hook_verdict *verdict), void *user)
{
    struct api *api = desk_of(server);
    const struct policy *policy = desk_policy(api);
    if (policy->is.hook.url.len == 0) {
        return ERR_NOT_FOUND;
    }
    struct hook_question *question = mem_new(MEM_CONN, sizeof(*question));
    if (question == NULL) {
        return ERR_NOMEM;
    }
    webhook_init(&question->webhook);
    question->api = api;
    question->server = server;
    question->policy = policy_ref(api->policy);
    question->answered = answered;
    question->user = user;
    question->asked_ms = desk_mono_ms(server);
    if (prepare(question, submit) != ERR_OK) {
        free_question(question);
        return ERR_NOMEM;
    }
    struct outcall *outcall = &question->webhook.outcall;
    outcall->call.home = desk_home(server);
    outcall->call.done = on_answer;
    outcall->url = question->policy->is.hook.url.at;
    outcall->wait_ms = question->policy->is.hook.wait_ms;
    outcalls_send(api->shared->outcalls, outcall);
    return ERR_OK;
}

// SPDX-License-Identifier: Apache-2.0
#include "bench/moderator.h"

#include "bench/deletions.h"
#include "bench/scan.h"
#include "sys/sys.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>

enum {
    ANSWER_BYTES_MAX = 64 * 1024,
    REQUEST_BYTES_MAX = 8 * 1024,
    REACH_ACTS = 3, // so many acts later it is asked how far one got
    STATUS_OK = 200,
};

static struct moderator *moderator_of(struct line *line)
{
    return (struct moderator *)(void *)((char *)line - offsetof(struct moderator, line));
}

static struct deletions *deletions_of(const struct moderator *moderator)
{
    return moderator->scene->cue->deletions;
}

/* ---- what it says ---- */

static void write_head(const struct moderator *moderator, const char *method, const char *what,
                       struct buf *out)
{
    const struct plan *plan = moderator->scene->plan;
    buf_addf(out,
             "%s %s/v1/streams/bench-%s-0/moderation%s HTTP/1.1\r\nHost: %s\r\n"
             "Authorization: Bearer %.*s\r\n",
             method, plan->path, plan->run, what, plan->host, STR_ARG(plan->moderator_token));
}

static void write_deletion(const struct moderator *moderator, struct buf *out)
{
    char body[64];
    const int len = snprintf(body, sizeof(body), "{\"do\":\"delete\",\"seq\":%" PRIu64 "}",
                             deletions_at(deletions_of(moderator), moderator->number)->seq);
    write_head(moderator, "POST", "", out);
    buf_addf(out, "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len, body);
}

static void write_question(const struct moderator *moderator, struct buf *out)
{
    char what[DELETIONS_ACT_MAX + 16];
    snprintf(what, sizeof(what), "/reach/%s",
             deletions_at(deletions_of(moderator), moderator->asked)->act);
    write_head(moderator, "GET", what, out);
    buf_add_str(out, STR("\r\n"));
}

static void say(struct moderator *moderator)
{
    struct buf request;
    buf_init(&request, MEM_OTHER, REQUEST_BYTES_MAX);
    if (moderator->state == MODERATOR_DELETING) {
        write_deletion(moderator, &request);
    } else {
        write_question(moderator, &request);
    }
    if (!buf_ok(&request) || line_send(&moderator->line, buf_str(&request)) != ERR_OK) {
        line_end(&moderator->line);
    }
    buf_done(&request);
}

/* ---- what it is answered ---- */

static void take_act(struct moderator *moderator)
{
    struct score *score = &moderator->scene->score;
    struct deletion_made *made = deletions_at(deletions_of(moderator), moderator->number);
    const struct str answer = buf_str(&moderator->answer);
    struct str act = STR_NONE;
    const int64_t now_us = sys_mono_us();
    if (moderator->status != STATUS_OK || !scan_word(answer, "act", &act) ||
        act.len >= sizeof(made->act)) {
        score_fault(score, FAULT_REFUSED, 1, "an act was answered %d: %.*s", moderator->status,
                    (int)(answer.len < 120 ? answer.len : 120), answer.at);
        return;
    }
    snprintf(made->act, sizeof(made->act), "%.*s", STR_ARG(act));
    deletions_answered(deletions_of(moderator), moderator->number, now_us);
    score_count(score, COUNT_ACTS, 1);
    latency_add(&score->acts_answered, (uint64_t)(now_us - made->asked_us));
}

static void take_reach(struct moderator *moderator)
{
    struct deletion_reach *reach = &deletions_at(deletions_of(moderator), moderator->asked)->reach;
    const struct str answer = buf_str(&moderator->answer);
    moderator->reach_is_told = moderator->status == STATUS_OK &&
                               scan_number(answer, "viewers", &reach->viewers) &&
                               scan_number(answer, "applied", &reach->applied) &&
                               scan_number(answer, "p50_ms", &reach->p50_ms) &&
                               scan_number(answer, "p95_ms", &reach->p95_ms);
    reach->is_known = moderator->reach_is_told;
    (void)scan_number(answer, "cut", &reach->cut);
}

/* Whether it has something to ask of an act whose answer it had. */
static bool is_to_ask(struct moderator *moderator)
{
    if (!moderator->reach_is_told || moderator->number < moderator->asked + REACH_ACTS) {
        return false;
    }
    moderator->asked++;
    return deletions_at(deletions_of(moderator), moderator->asked)->act[0] != '\0';
}

/* ---- the line ---- */

static void on_opened(struct line *line)
{
    struct moderator *moderator = moderator_of(line);
    if (moderator->state != MODERATOR_RESTING) {
        say(moderator);
    }
}

static void on_answered(struct line *line, int status)
{
    struct moderator *moderator = moderator_of(line);
    moderator->status = status;
    buf_reset(&moderator->answer);
}

static void on_body(struct line *line, struct str bytes)
{
    buf_add_str(&moderator_of(line)->answer, bytes);
}

static void on_whole(struct line *line)
{
    struct moderator *moderator = moderator_of(line);
    const enum moderator_state was = moderator->state;
    moderator->state = MODERATOR_RESTING;
    if (was == MODERATOR_ASKING) {
        take_reach(moderator);
    } else if (was == MODERATOR_DELETING) {
        take_act(moderator);
        if (is_to_ask(moderator)) {
            moderator->state = MODERATOR_ASKING;
            say(moderator);
        }
    }
}

/* An act without an answer proves nothing: the next one is said over another line. */
static void on_ended(struct line *line)
{
    moderator_of(line)->state = MODERATOR_RESTING;
}

/* ---- what the crew says ---- */

void moderator_init(struct moderator *moderator, struct scene *scene)
{
    static const struct line_ops ops = {.opened = on_opened,
                                        .answered = on_answered,
                                        .body = on_body,
                                        .whole = on_whole,
                                        .ended = on_ended};

    *moderator = (struct moderator){.scene = scene, .reach_is_told = true};
    line_init(&moderator->line, scene->reactor, &ops);
    buf_init(&moderator->answer, MEM_OTHER, ANSWER_BYTES_MAX);
}

void moderator_done(struct moderator *moderator)
{
    if (moderator->scene != NULL) {
        line_close(&moderator->line);
        buf_done(&moderator->answer);
    }
}

static void delete_newest(struct moderator *moderator, int64_t now_us)
{
    struct scene *scene = moderator->scene;
    const uint32_t number = deletions_add(scene->cue->deletions, scene_head(scene, 0), now_us);
    if (number == 0) {
        return; // nothing newer was answered since
    }
    moderator->number = number;
    moderator->state = MODERATOR_DELETING;
    if (moderator->line.state == LINE_OPEN) {
        say(moderator);
    } else if (line_open(&moderator->line, &scene->plan->post_server, NULL) != ERR_OK) {
        on_ended(&moderator->line);
    }
}

int64_t moderator_turn(struct moderator *moderator, bool is_on)
{
    const uint32_t rate = moderator->scene->plan->acts;
    if (!is_on || rate == 0) {
        moderator->next_us = 0;
        return INT64_MAX;
    }
    const int64_t now_us = sys_mono_us(), each_us = 1000000 / rate;
    if (moderator->next_us == 0) {
        moderator->next_us = now_us + each_us / 2;
    }
    if (now_us >= moderator->next_us && moderator->state == MODERATOR_RESTING) {
        moderator->next_us += each_us;
        delete_newest(moderator, now_us);
    }
    return moderator->state == MODERATOR_RESTING ? (moderator->next_us + 999) / 1000 : INT64_MAX;
}

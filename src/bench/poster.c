// SPDX-License-Identifier: Apache-2.0
#include "bench/poster.h"

#include "base/must.h"
#include "bench/chatter.h"
#include "bench/dialect.h"
#include "bench/scan.h"
#include "sys/sys.h"

#include <inttypes.h>
#include <stddef.h>
#include <string.h>

enum {
    ANSWER_BYTES_MAX = 64 * 1024,
    REQUEST_BYTES_MAX = 32 * 1024,
    RETRY_MS = 100,
    STATUS_OK = 200,
    STATUS_CREATED = 201,
    STATUS_ACCEPTED = 202,
    STATUS_TOO_MANY = 429,
    STATUS_UNAVAILABLE = 503,
};

static struct poster *poster_of(struct line *line)
{
    return (struct poster *)(void *)((char *)line - offsetof(struct poster, line));
}

static uint32_t stream_of(const struct poster *poster)
{
    return (uint32_t)(poster->comment % poster->scene->plan->streams);
}

/* ---- the request ---- */

static void write_request(const struct poster *poster, struct buf *request)
{
    const struct plan *plan = poster->scene->plan;
    struct buf body;
    buf_init(&body, MEM_OTHER, REQUEST_BYTES_MAX);
    buf_add_str(&body, STR("{\"text\":\""));
    chatter_write(&body, poster->comment, plan->bytes);
    buf_addf(&body, "\",\"cid\":\"b%s-%" PRIi64 "-%" PRIu64 "\"}", plan->run, poster->due_us,
             poster->comment);
    buf_addf(request,
             "POST %s/v1/streams/bench-%s-%u/comments HTTP/1.1\r\nHost: %s\r\n"
             "Content-Type: application/json\r\nContent-Length: %zu\r\n",
             plan->path, plan->run, stream_of(poster), plan->host, body.len);
    if (plan->token_count > 0) {
        buf_addf(request, "Authorization: Bearer %.*s\r\n",
                 STR_ARG(plan->tokens[poster->number % plan->token_count]));
    }
    buf_add_str(request, STR("\r\n"));
    buf_add_str(request, buf_str(&body));
    buf_done(&body);
}

static void ask(struct poster *poster)
{
    struct buf request;
    buf_init(&request, MEM_OTHER, REQUEST_BYTES_MAX);
    if (poster->scene->plan->peer != NULL) {
        dialect_write_post(poster->scene->plan, poster->comment, poster->due_us, &request);
    } else {
        write_request(poster, &request);
    }
    poster->is_asked = true;
    if (!buf_ok(&request) || line_send(&poster->line, buf_str(&request)) != ERR_OK) {
        line_end(&poster->line);
    }
    buf_done(&request);
}

/* ---- the end of a comment ---- */

static void settle(struct poster *poster)
{
    poster->is_busy = false;
    poster->is_asked = false;
    poster->done(poster);
}

static void take_answer(struct poster *poster)
{
    struct scene *scene = poster->scene;
    struct score *score = &scene->score;
    const bool is_peer = scene->plan->peer != NULL;
    uint64_t seq = 0;
    if (poster->status == STATUS_OK || poster->status == STATUS_CREATED ||
        (is_peer && poster->status == STATUS_ACCEPTED)) {
        const int64_t now_us = sys_mono_us();
        score_count(score, COUNT_ANSWERED, 1);
        latency_add(&score->posted,
                    now_us > poster->due_us ? (uint64_t)(now_us - poster->due_us) : 0);
        if (is_peer) {
            scene_raise_head(scene, stream_of(poster), poster->comment + 1);
        } else if (scan_number(buf_str(&poster->answer), "seq", &seq)) {
            scene_keep_answer(scene, stream_of(poster), seq);
        } else if (memmem(poster->answer.bytes, poster->answer.len, "held", 4) == NULL) {
            score_fault(score, FAULT_FRAME, 1, "a post was answered %d without its seq",
                        poster->status);
        }
    } else if (poster->status == STATUS_TOO_MANY || poster->status == STATUS_UNAVAILABLE) {
        score_count(score, COUNT_POST_REFUSED, 1);
    } else {
        score_fault(score, FAULT_REFUSED, 1, "a post was answered %d: %.*s", poster->status,
                    (int)(poster->answer.len < 120 ? poster->answer.len : 120),
                    (const char *)poster->answer.bytes);
    }
}

static void give_up(struct poster *poster)
{
    score_fault(&poster->scene->score, FAULT_REFUSED, 1, "a post had no answer %u times",
                poster->tries);
    settle(poster);
}

/* ---- the line ---- */

static void on_opened(struct line *line)
{
    struct poster *poster = poster_of(line);
    if (poster->is_busy) {
        ask(poster);
    }
}

static void on_answered(struct line *line, int status)
{
    struct poster *poster = poster_of(line);
    poster->status = status;
    buf_reset(&poster->answer);
}

static void on_body(struct line *line, struct str bytes)
{
    buf_add_str(&poster_of(line)->answer, bytes);
}

static void on_whole(struct line *line)
{
    struct poster *poster = poster_of(line);
    if (poster->is_busy && poster->is_asked) {
        take_answer(poster);
        settle(poster);
    }
}

static void on_ended(struct line *line)
{
    struct poster *poster = poster_of(line);
    if (!poster->is_busy) {
        return;
    }
    if (poster->tries >= POSTER_TRIES || scene_is(poster->scene, PHASE_OVER)) {
        give_up(poster);
        return;
    }
    score_count(&poster->scene->score, COUNT_POST_RETRIES, 1);
    wheel_arm(reactor_wheel(poster->scene->reactor), &poster->timer,
              reactor_now_ms(poster->scene->reactor) + RETRY_MS);
}

static void begin(struct poster *poster)
{
    struct address from;
    const bool has_from = scene_source(poster->scene, poster->number, &from);
    poster->tries++;
    if (poster->line.state == LINE_OPEN) {
        ask(poster);
    } else if (line_open(&poster->line, &poster->scene->plan->post_server,
                         has_from ? &from : NULL) != ERR_OK) {
        on_ended(&poster->line);
    }
}

static void on_timer(struct timer *timer)
{
    begin((struct poster *)(void *)((char *)timer - offsetof(struct poster, timer)));
}

/* ---- what the crew says ---- */

void poster_init(struct poster *poster, struct scene *scene, uint32_t number)
{
    static const struct line_ops ops = {.opened = on_opened,
                                        .answered = on_answered,
                                        .body = on_body,
                                        .whole = on_whole,
                                        .ended = on_ended};

    *poster = (struct poster){.scene = scene, .number = number, .timer = {.fire = on_timer}};
    line_init(&poster->line, scene->reactor, &ops);
    buf_init(&poster->answer, MEM_OTHER, ANSWER_BYTES_MAX);
}

void poster_done(struct poster *poster)
{
    wheel_cancel(reactor_wheel(poster->scene->reactor), &poster->timer);
    line_close(&poster->line);
    buf_done(&poster->answer);
}

void poster_post(struct poster *poster, uint64_t comment, int64_t due_us)
{
    must(!poster->is_busy);
    poster->is_busy = true;
    poster->is_asked = false;
    poster->tries = 0;
    poster->comment = comment;
    poster->due_us = due_us;
    score_count(&poster->scene->score, COUNT_POSTED, 1);
    begin(poster);
}

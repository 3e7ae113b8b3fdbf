// SPDX-License-Identifier: Apache-2.0
/* Durable posts a second through the embedded engine: SUBMITTERS at a time, each with its next post
 * on its way as soon as the last is answered.
 *
 *     posts_bench FOLDER [SUBMITTERS] [SECONDS] [STREAMS]
 */
#include "base/histogram.h"
#include "base/must.h"
#include "engine/embedded/embedded.h"
#include "loop/mail.h"
#include "sys/sys.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { SUBMITTERS_MAX = 4096 };

struct submitter {
    struct submit submit; // first
    char cid[32], user[32], stream[32];
    uint64_t asked_us;
    uint32_t number, rounds;
};

struct bench {
    struct mail mail;
    struct port *port;
    struct histogram latency_us;
    uint64_t done_count, other_count;
    uint32_t under_way;
    bool is_over;
};

static struct bench bench;
static struct submitter submitters[SUBMITTERS_MAX];

static uint64_t now_us(void)
{
    struct timespec now;
    must(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static void post(struct submitter *submitter)
{
    snprintf(submitter->cid, sizeof(submitter->cid), "c-%u-%u", submitter->number,
             submitter->rounds++);
    submitter->submit.cid = str_of(submitter->cid);
    submitter->asked_us = now_us();
    bench.under_way++;
    port_submit(bench.port, &submitter->submit);
}

static void on_done(struct call *call)
{
    struct submitter *submitter = (struct submitter *)(void *)call;
    histogram_add(&bench.latency_us, now_us() - submitter->asked_us);
    bench.done_count += submitter->submit.end == SUBMIT_DONE;
    bench.other_count += submitter->submit.end != SUBMIT_DONE;
    event_unref(submitter->submit.event);
    bench.under_way--;
    if (!bench.is_over) {
        post(submitter);
    }
}

static void prepare(struct submitter *submitter, uint32_t number, uint32_t streams)
{
    submitter->number = number;
    snprintf(submitter->user, sizeof(submitter->user), "user-%u", number);
    snprintf(submitter->stream, sizeof(submitter->stream), "stream-%u", number % streams);
    submitter->submit = (struct submit){
        .call = {.home = mail_home(&bench.mail), .done = on_done},
        .stream = str_of(submitter->stream),
        .author = {.id = str_of(submitter->user), .name = STR("Ann of the bench")},
        .text = STR("the goal of the season, and nobody saw it coming \xe2\x9a\xbd"),
        .media_ms = -1,
    };
}

static uint32_t argument(int count, char **words, int place, uint32_t standard)
{
    return place < count ? (uint32_t)strtoul(words[place], NULL, 10) : standard;
}

int main(int count, char **words)
{
    const uint32_t waiting = argument(count, words, 2, 64);
    const uint32_t seconds = argument(count, words, 3, 5);
    const uint32_t streams = argument(count, words, 4, 8);
    struct embedded *engine = NULL;
    struct embedded_fault fault;
    if (count < 2 || waiting < 1 || waiting > SUBMITTERS_MAX || streams < 1) {
        fprintf(stderr, "usage: posts_bench FOLDER [SUBMITTERS] [SECONDS] [STREAMS]\n");
        return 2;
    }
    const struct embedded_options options = {.data = str_of(words[1]),
                                             .clock = sys_clock(),
                                             .readers = 1,
                                             .posts_waiting_max = SUBMITTERS_MAX,
                                             .post_wait_ms_max = 500};
    if (embedded_open(&options, &engine, &fault) != ERR_OK || mail_init(&bench.mail) != ERR_OK) {
        fprintf(stderr, "%s\n", fault.text);
        return 1;
    }
    bench.port = embedded_port(engine);
    const uint64_t start_us = now_us();
    for (uint32_t i = 0; i < waiting; i++) {
        prepare(&submitters[i], i, streams);
        post(&submitters[i]);
    }
    while (bench.under_way > 0) {
        mail_wait(&bench.mail, -1);
        (void)mail_open_all(&bench.mail);
        bench.is_over = now_us() - start_us > UINT64_C(1000000) * seconds;
    }
    const double took_s = (double)(now_us() - start_us) / 1e6;
    printf("%u submitters: %.0f durable posts/s, p50 %.1f ms, p99 %.1f ms, %llu others\n", waiting,
           (double)bench.done_count / took_s,
           (double)histogram_quantile(&bench.latency_us, 0.5) / 1000,
           (double)histogram_quantile(&bench.latency_us, 0.99) / 1000,
           (unsigned long long)bench.other_count);
    embedded_close(engine);
    mail_done(&bench.mail);
    return bench.other_count == 0 ? 0 : 1;
}

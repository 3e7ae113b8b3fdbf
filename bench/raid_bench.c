// SPDX-License-Identifier: Apache-2.0
/* How long one act on a raid takes through the embedded engine, from asking to its answer: as many
 * comments deleted by their places, brought back by undo, deleted beside a purge of others, and
 * purged by their authors; then the whole stream cleared, brought back, and cleared again; and how
 * long a post waits that comes meanwhile.
 *
 *     raid_bench FOLDER [COMMENTS [OTHERS]]   4,000 of as many users, each among OTHERS (2) more;
 *                                             5000 19 makes a stream of 100,000
 */
#include "base/must.h"
#include "engine/embedded/embedded.h"
#include "loop/mail.h"
#include "rules/claims.h"
#include "sys/sys.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { RAID_MAX = ACT_TARGETS_MAX, USER_BYTES = 24, SETTLES_MS = 4000 };

struct asked {
    union {
        struct submit submit;
        struct act_call act;
    };
    bool is_done;
};

struct bench {
    struct mail mail;
    struct port *port;
    uint64_t seqs[RAID_MAX];
    struct str users[RAID_MAX];
    char names[RAID_MAX][USER_BYTES];
    uint32_t count, others;
};

static struct bench bench;

static double now_ms(void)
{
    struct timespec now;
    must(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void on_done(struct call *call)
{
    ((struct asked *)(void *)call)->is_done = true;
}

static void wait_for(struct asked *asked)
{
    while (!asked->is_done) {
        mail_wait(&bench.mail, -1);
        (void)mail_open_all(&bench.mail);
    }
}

static uint64_t say(struct str user, struct str text)
{
    struct asked asked = {.submit = {.stream = STR("raided"),
                                     .author = {.id = user, .name = user},
                                     .text = text,
                                     .media_ms = -1}};
    asked.submit.call.home = mail_home(&bench.mail);
    asked.submit.call.done = on_done;
    port_submit(bench.port, &asked.submit);
    wait_for(&asked);
    must(asked.submit.end == SUBMIT_DONE);
    const uint64_t seq = asked.submit.event->seq;
    event_unref(asked.submit.event);
    return seq;
}

static void post_all(void)
{
    for (uint32_t i = 0; i < bench.count; i++) {
        const int len = snprintf(bench.names[i], USER_BYTES, "raider-%u", i);
        bench.users[i] = (struct str){.at = bench.names[i], .len = (size_t)len};
        bench.seqs[i] = say(bench.users[i], STR("come to my stream instead, it is much better"));
        for (uint32_t other = 0; other < bench.others; other++) {
            (void)say(STR("ann"), STR("a comment of the usual length, say this one"));
        }
    }
}

static void ask(struct asked *asked, struct act what, uint32_t roles)
{
    *asked =
        (struct asked){.act = {.stream = STR("raided"),
                               .act = what,
                               .by = {.kind = ACTOR_USER, .id = STR("mod"), .role_bits = roles}}};
    asked->act.call.home = mail_home(&bench.mail);
    asked->act.call.done = on_done;
    port_act(bench.port, &asked->act);
}

static uint64_t act_by(uint32_t roles, const char *name, struct act what)
{
    struct asked asked;
    double worst_ms = 0;
    const double start_ms = now_ms();
    ask(&asked, what, roles);
    while (!asked.is_done) {
        const double posted_ms = now_ms();
        (void)say(STR("bob"), STR("a comment amid the act"));
        const double took_ms = now_ms() - posted_ms;
        worst_ms = took_ms > worst_ms ? took_ms : worst_ms;
    }
    printf("%-34s %6u comments %8.1f ms, a post meanwhile %6.1f ms at worst\n", name, bench.count,
           now_ms() - start_ms, worst_ms);
    must(asked.act.end == ACT_DONE);
    return asked.act.act_n;
}

static uint64_t act(const char *name, struct act what)
{
    return act_by(ROLE_ADMIN, name, what);
}

/* Asked with it: none of the purged is looked at before. */
static void act_beside_a_purge(const char *name, struct act what)
{
    static struct str strangers[ACT_TARGETS_MAX];
    static char names[ACT_TARGETS_MAX][USER_BYTES];
    struct asked purge;
    for (int i = 0; i < ACT_TARGETS_MAX; i++) {
        const int len = snprintf(names[i], USER_BYTES, "stranger-%d", i);
        strangers[i] = (struct str){.at = names[i], .len = (size_t)len};
    }
    ask(&purge,
        (struct act){.what = ACT_PURGE,
                     .at = ACT_AT_USERS,
                     .users = strangers,
                     .target_count = ACT_TARGETS_MAX,
                     .seconds = -1},
        ROLE_ADMIN);
    (void)act(name, what);
    wait_for(&purge);
    must(purge.act.end == ACT_DONE);
}

static void act_on_all(void)
{
    const struct act removal = {.what = ACT_DELETE,
                                .at = ACT_AT_SEQS,
                                .seqs = bench.seqs,
                                .target_count = bench.count,
                                .seconds = -1};
    const uint64_t removed = act("deleted by place, one act", removal);
    (void)act("brought back, one undo",
              (struct act){.what = ACT_UNDO, .at = ACT_AT_ACT, .act = removed, .seconds = -1});
    const uint64_t again = act_by(ROLE_MODERATOR, "deleted again by a moderator", removal);
    (void)act("brought back again, one undo",
              (struct act){.what = ACT_UNDO, .at = ACT_AT_ACT, .act = again, .seconds = -1});
    act_beside_a_purge("deleted while 5,000 are purged", removal);
    (void)act("purged by author, one act", (struct act){.what = ACT_PURGE,
                                                        .at = ACT_AT_USERS,
                                                        .users = bench.users,
                                                        .target_count = bench.count,
                                                        .seconds = -1});
}

/* What an act left to be done is done meanwhile. */
static void settle(const char *name)
{
    double worst_ms = 0;
    const double start_ms = now_ms();
    while (now_ms() - start_ms < SETTLES_MS) {
        const double posted_ms = now_ms();
        (void)say(STR("bob"), STR("a comment behind the act"));
        const double took_ms = now_ms() - posted_ms;
        worst_ms = took_ms > worst_ms ? took_ms : worst_ms;
    }
    printf("%-34s %26.1f ms, a post meanwhile %6.1f ms at worst\n", name, (double)SETTLES_MS,
           worst_ms);
}

static void clear_all(void)
{
    const struct act clear = {.what = ACT_CLEAR, .at = ACT_AT_NOTHING, .seconds = -1};
    bench.count *= 1 + bench.others;
    settle("before the stream is cleared");
    const uint64_t cleared = act("cleared", clear);
    settle("what that left");
    (void)act("brought back, one undo",
              (struct act){.what = ACT_UNDO, .at = ACT_AT_ACT, .act = cleared, .seconds = -1});
    settle("what that left");
    (void)act("cleared again", clear);
    settle("what that left");
}

int main(int count, char **words)
{
    struct embedded *engine = NULL;
    struct embedded_fault fault;
    bench.count = count > 2 ? (uint32_t)strtoul(words[2], NULL, 10) : 4000;
    bench.others = count > 3 ? (uint32_t)strtoul(words[3], NULL, 10) : 2;
    if (count < 2 || bench.count < 1 || bench.count > RAID_MAX) {
        fprintf(stderr, "usage: raid_bench FOLDER [COMMENTS [OTHERS]]\n");
        return 2;
    }
    const struct embedded_options options = {.data = str_of(words[1]),
                                             .clock = sys_clock(),
                                             .readers = 1,
                                             .posts_waiting_max = 64,
                                             .post_wait_ms_max = 5000};
    if (embedded_open(&options, &engine, &fault) != ERR_OK || mail_init(&bench.mail) != ERR_OK) {
        fprintf(stderr, "%s\n", fault.text);
        return 1;
    }
    bench.port = embedded_port(engine);
    post_all();
    act_on_all();
    clear_all();
    embedded_close(engine);
    mail_done(&bench.mail);
    return 0;
}

// SPDX-License-Identifier: Apache-2.0
/* The whole server while memory runs out: a post over HTTP to viewers on SSE, WebSocket and long
 * poll, history, presence. Whoever asks is answered or cut off, nobody waits for ever; who is still
 * connected afterwards gets what comes next, and what was answered 201 unless it is told of a gap.
 * Each allocation that failed is counted, once, and told by /metrics.
 *
 * The client below stands on the C library alone, so that it takes none of the memory in question.
 */
#include "scarce.h"

#include "../conformance/subject.h"

#include "app/node.h"
#include "app/secret.h"
#include "base/log.h"
#include "base/mem.h"
#include "rules/jwt.h"
#include "sys/sys.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { PATIENCE_S = 10, HEARD_MAX = 1 << 18 };

static struct world {
    char folder[128], listen[64];
    struct sockaddr_in address;
    pthread_t thread;
    int exit_code;
    char bearer[2048];
} world;

/* ---- a client ---- */

struct caller {
    int fd; // -1: cut off
    size_t len;
    char heard[HEARD_MAX]; // NUL-terminated
};

static void hang_up(struct caller *caller)
{
    if (caller->fd != -1) {
        close(caller->fd);
    }
    caller->fd = -1;
}

static void call(struct caller *caller, const char *request)
{
    const struct timeval patience = {.tv_sec = PATIENCE_S};
    caller->len = 0;
    caller->heard[0] = '\0';
    caller->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(caller->fd != -1);
    (void)setsockopt(caller->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    if (connect(caller->fd, (const struct sockaddr *)&world.address, sizeof(world.address)) != 0 ||
        send(caller->fd, request, strlen(request), MSG_NOSIGNAL) < 0) {
        hang_up(caller);
    }
}

static bool has_heard(const struct caller *caller, const char *word)
{
    return memmem(caller->heard, caller->len, word, strlen(word)) != NULL;
}

static bool is_refused(const struct caller *caller)
{
    return has_heard(caller, "\r\n\r\n") && memcmp(caller->heard, "HTTP/1.1 2", 10) != 0 &&
           memcmp(caller->heard, "HTTP/1.1 1", 10) != 0;
}

/* The next bytes, or the end. A server that says nothing fails the test. */
static void hears_more(struct caller *caller, const char *word)
{
    assert_true(caller->len < HEARD_MAX - 1);
    char *to = caller->heard + caller->len;
    const ssize_t got = recv(caller->fd, to, HEARD_MAX - 1 - caller->len, 0);
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
        fail_msg("waited in vain for %s, had %s", word, caller->heard);
    }
    if (got <= 0) {
        hang_up(caller);
        return;
    }
    for (ssize_t i = 0; i < got; i++) { // frames' heads have NULs
        to[i] = to[i] == '\0' ? '.' : to[i];
    }
    caller->len += (size_t)got;
    caller->heard[caller->len] = '\0';
}

/* False: it was refused or cut off before. */
static bool hears(struct caller *caller, const char *word)
{
    while (caller->fd != -1 && !has_heard(caller, word) && !is_refused(caller)) {
        hears_more(caller, word);
    }
    return has_heard(caller, word);
}

/* The status of an answer that ends with its connection; 0: cut off without one. */
static int ask(const char *request)
{
    static struct caller caller;
    int status = 0;
    call(&caller, request);
    (void)hears(&caller, "no such word: until the end");
    hang_up(&caller);
    (void)sscanf(caller.heard, "HTTP/1.1 %d", &status);
    return status;
}

static int ask_for(const char *method_and_path)
{
    char request[4096];
    snprintf(request, sizeof(request), "%s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n%s\r\n\r\n",
             method_and_path, world.bearer);
    return ask(request);
}

static int post(const char *text)
{
    char request[4096];
    char body[128];
    const int len = snprintf(body, sizeof(body), "{\"text\":\"%s\",\"cid\":\"%s\"}", text, text);
    snprintf(request, sizeof(request),
             "POST /v1/streams/demo/comments HTTP/1.1\r\nHost: a\r\nConnection: close\r\n%s\r\n"
             "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
             world.bearer, len, body);
    return ask(request);
}

/* ---- the server ---- */

static const struct config_flag *flags(uint32_t *ret_count)
{
    static struct config_flag given[] = {{SETTING_LISTEN, world.listen},
                                         {SETTING_DATA, world.folder},
                                         {SETTING_WORKERS, "1"},
                                         {SETTING_LIMITS_POST_USER, "0"},
                                         {SETTING_LIMITS_POST_ADDRESS, "0"},
                                         {SETTING_LIMITS_CONNS_USER, "0"},
                                         {SETTING_LOG_LEVEL, "error"},
                                         {SETTING_DRAIN_S, "1"}};

    *ret_count = sizeof(given) / sizeof(given[0]);
    return given;
}

static const char *no_variable(const char *name)
{
    (void)name;
    return NULL;
}

static void *serve(void *user)
{
    struct config_source source = {.is_dev = true, .variable = no_variable};
    (void)user;
    source.flags = flags(&source.flag_count);
    world.exit_code = node_run(&source, false);
    return NULL;
}

static void take_port(void)
{
    socklen_t len = sizeof(world.address);
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    world.address =
        (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    assert_int_equal(bind(fd, (struct sockaddr *)&world.address, len), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&world.address, &len), 0);
    close(fd);
    snprintf(world.listen, sizeof(world.listen), "127.0.0.1:%d", ntohs(world.address.sin_port));
}

static void sign_in(void)
{
    const int64_t now_s = clock_wall_ms(sys_clock()) / 1000;
    const struct jwt_grant grant = {
        .sub = STR("ann"), .name = STR("Ann"), .iat_s = now_s, .exp_s = now_s + 3600};
    struct buf token;
    buf_init(&token, MEM_OTHER, JWT_BYTES_MAX);
    assert_int_equal(jwt_sign(SECRET_OF_DEV, &grant, &token), ERR_OK);
    snprintf(world.bearer, sizeof(world.bearer), "Authorization: Bearer %.*s",
             STR_ARG(buf_str(&token)));
    buf_done(&token);
}

static int start(void **state)
{
    sigset_t ours;
    (void)state;
    sigemptyset(&ours); // the server's own thread takes them
    sigaddset(&ours, SIGTERM);
    sigaddset(&ours, SIGINT);
    sigaddset(&ours, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &ours, NULL);
    subject_make_folder(world.folder);
    take_port();
    sign_in();
    assert_int_equal(pthread_create(&world.thread, NULL, serve, NULL), 0);
    for (int i = 0; ask_for("GET /readyz") != 200; i++) {
        assert_true(i < 1000);
        poll(NULL, 0, 10);
    }
    return 0;
}

static int stop(void **state)
{
    (void)state;
    kill(getpid(), SIGTERM);
    pthread_join(world.thread, NULL);
    subject_remove_folder(world.folder);
    return world.exit_code;
}

/* ---- the scenario ---- */

static struct caller sse, ws, poller;

static void open_viewers(void)
{
    call(&sse, "GET /v1/streams/demo/events HTTP/1.1\r\nHost: a\r\n\r\n");
    call(&ws, "GET /v1/streams/demo/ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\n"
              "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
              "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
    (void)hears(&sse, "\n\n");
    (void)hears(&ws, "\"hello\"");
    call(&poller, "GET /v1/streams/demo/poll?wait=1 HTTP/1.1\r\nHost: a\r\n"
                  "Connection: close\r\n\r\n");
}

static void answers_clearly(int status, int wanted)
{
    if (status != wanted && status != 0 && status != 503 && status != 500) {
        fail_msg("a status of %d", status);
    }
}

static bool was_told(const struct caller *viewer)
{
    return has_heard(viewer, "\"gap\"") || has_heard(viewer, "\"resync\"");
}

/* Of a viewer that is still there: what was accepted it has, or it was told that it has not. */
static void has_or_was_told(struct caller *viewer, const char *comment)
{
    while (viewer->fd != -1 && !is_refused(viewer) && !has_heard(viewer, comment) &&
           !was_told(viewer)) {
        hears_more(viewer, comment);
    }
}

/* The same cid settles what became of it; a store that had no memory may say "later" for a while. */
static void settle(const char *text)
{
    int status = 503;
    for (int i = 0; status == 503 && i < 200; i++) {
        status = post(text);
        poll(NULL, 0, status == 503 ? 50 : 0);
    }
    if (status != 201 && status != 200) {
        fail_msg("a retry was answered %d", status);
    }
}

static uint64_t refused_of_all_kinds(void)
{
    uint64_t sum = 0;
    for (int kind = 0; kind < MEM_KINDS; kind++) {
        sum += mem_refused((enum mem_kind)kind);
    }
    return sum;
}

static bool watch_a_post(enum scarce_kind kind, uint64_t n)
{
    static uint64_t run;
    char before[32], after[32], last[32];
    const uint64_t refused = refused_of_all_kinds();
    run++;
    snprintf(before, sizeof(before), "before-%llu", (unsigned long long)run);
    snprintf(after, sizeof(after), "after-%llu", (unsigned long long)run);
    snprintf(last, sizeof(last), "last-%llu", (unsigned long long)run);
    scarce_begin(kind, n);
    open_viewers();
    const int posted = post(before);
    answers_clearly(posted, 201);
    answers_clearly(ask_for("GET /v1/streams/demo/comments?limit=3"), 200);
    answers_clearly(ask_for("GET /v1/streams/demo/presence"), 200);
    (void)hears(&poller, "no such word: until the end");
    hang_up(&poller);
    const bool failed = scarce_end();
    if (kind == SCARCE_OURS) {
        assert_int_equal(refused_of_all_kinds() - refused, failed ? 1 : 0);
    }

    settle(before);
    if (posted == 201) {
        has_or_was_told(&sse, before);
        has_or_was_told(&ws, before);
    }
    assert_int_equal(post(after), 201);
    has_or_was_told(&sse, after);
    has_or_was_told(&ws, after);
    assert_int_equal(post(last), 201); // and it goes on
    (void)hears(&sse, last);
    (void)hears(&ws, last);
    hang_up(&sse);
    hang_up(&ws);
    assert_int_equal(ask_for("GET /v1/streams/demo/comments?limit=3"), 200);
    return failed;
}

/* The figures are taken once a second. */
static bool metrics_tell(const char *line)
{
    static struct caller caller;
    call(&caller, "GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    (void)hears(&caller, "no such word: until the end");
    hang_up(&caller);
    assert_true(has_heard(&caller, "roar_memory_refused_total"));
    return has_heard(&caller, line);
}

static void what_failed_is_told_by_kind(enum mem_kind kind)
{
    char line[128];
    assert_true(mem_refused(kind) > 0 || kind == MEM_ENGINE); // its caches are there before
    snprintf(line, sizeof(line), "roar_memory_refused_total{kind=\"%s\"} %llu\n",
             mem_kind_name(kind), (unsigned long long)mem_refused(kind));
    for (int i = 0; !metrics_tell(line); i++) {
        assert_true(i < 1000);
        poll(NULL, 0, 50);
    }
}

static void each_of_our_allocations_fails(void **state)
{
    (void)state;
    assert_true(scarce_sweep(SCARCE_OURS, 1, watch_a_post) > 40);
    for (int kind = 0; kind < MEM_KINDS; kind++) {
        what_failed_is_told_by_kind((enum mem_kind)kind);
    }
}

static void each_of_the_libraries_allocations_fails(void **state)
{
    (void)state;
    scarce_sweep(SCARCE_LIBRARIES, 1, watch_a_post);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_of_our_allocations_fails),
        cmocka_unit_test(each_of_the_libraries_allocations_fails),
    };
    scarce_install();
    return cmocka_run_group_tests_name("the server without memory", tests, start, stop);
}

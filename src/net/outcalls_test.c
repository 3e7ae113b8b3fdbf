// SPDX-License-Identifier: Apache-2.0
/* Against a server of one answer on a thread of its own. */
#include "net/outcalls.h"

#include "loop/mail.h"
#include "sys/sys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct hearer { // takes one connection, reads what comes, answers
    struct sys_thread thread;
    int listen_fd;
    uint16_t port;
    struct str answer; // empty: nothing is ever said
    char request[4096];
    size_t request_len;
};

static bool has_all(const struct hearer *own)
{
    const char *end = memmem(own->request, own->request_len, "\r\n\r\n", 4);
    return end != NULL && memmem(end, own->request_len - (size_t)(end - own->request), "}", 1);
}

static void hear(void *user)
{
    struct hearer *own = user;
    struct sys_endpoint peer;
    int fd = -1;
    enum err err = ERR_AGAIN;
    while (err == ERR_AGAIN) {
        (void)sys_event_wait(own->listen_fd, -1);
        err = sys_socket_accept(own->listen_fd, &fd, &peer);
    }
    size_t len = 0;
    while (err == ERR_OK || err == ERR_AGAIN) {
        if (own->answer.len > 0 && has_all(own)) {
            break;
        }
        (void)sys_event_wait(fd, -1);
        err = sys_socket_read(fd, own->request + own->request_len,
                              sizeof(own->request) - own->request_len, &len);
        own->request_len += err == ERR_OK ? len : 0;
    }
    size_t at = 0;
    while (at < own->answer.len) {
        err = sys_socket_write(fd, own->answer.at + at, own->answer.len - at, &len);
        at += err == ERR_OK ? len : 0;
        if (err != ERR_OK && err != ERR_AGAIN) {
            break; // the client has heard enough: its side of the test says so
        }
    }
    sys_close(fd);
}

static void open_hearer(struct hearer *own, const char *answer)
{
    struct sys_listen listen = {.queue = 4};
    struct sys_endpoint *at = &listen.at;
    *own = (struct hearer){.answer = str_of(answer)};
    memcpy(at->ip, (const uint8_t[16]){[10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1}, 16);
    assert_int_equal(sys_socket_listen(&listen, &own->listen_fd, &own->port), ERR_OK);
    assert_int_equal(sys_thread_start(&own->thread, "hearer", hear, own), ERR_OK);
}

/* Somebody comes and goes, in case nobody did. */
static void wake_hearer(const struct hearer *own)
{
    struct sys_endpoint at = {.port = own->port};
    int fd = -1;
    memcpy(at.ip, (const uint8_t[16]){[10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1}, 16);
    assert_int_equal(sys_socket_connect(&at, 10000, &fd), ERR_OK);
    sys_close(fd);
}

static void close_hearer(struct hearer *own)
{
    sys_thread_join(&own->thread);
    sys_close(own->listen_fd);
}

struct asked {
    struct outcall outcall; // first
    struct mail mail;
    bool is_done;
    char url[128];
};

static void on_done(struct call *call)
{
    ((struct asked *)(void *)call)->is_done = true;
}

static void ask(struct asked *asked, bool allow_private, uint16_t port, uint32_t wait_ms)
{
    struct outcalls *outcalls = NULL;
    const struct outcalls_options options = {.waiting_max = 8, .allow_private = allow_private};
    memset(asked, 0, sizeof(*asked));
    (void)snprintf(asked->url, sizeof(asked->url), "http://127.0.0.1:%u/hook", port);
    assert_int_equal(mail_init(&asked->mail), ERR_OK);
    assert_int_equal(outcalls_new(&options, &outcalls), ERR_OK);
    assert_int_equal(outcalls_start(outcalls), ERR_OK);
    asked->outcall.call.home = mail_home(&asked->mail);
    asked->outcall.call.done = on_done;
    asked->outcall.url = asked->url;
    asked->outcall.headers[0] = "webhook-id: m1";
    asked->outcall.body = STR("{\"text\":\"hello\"}");
    asked->outcall.wait_ms = wait_ms;
    outcalls_send(outcalls, &asked->outcall);
    while (!asked->is_done) {
        mail_wait(&asked->mail, -1);
        (void)mail_open_all(&asked->mail);
    }
    outcalls_stop(outcalls);
    outcalls_free(outcalls);
    mail_done(&asked->mail);
}

static void a_body_goes_and_an_answer_comes(void **state)
{
    (void)state;
    struct hearer hearer;
    struct asked asked;
    open_hearer(&hearer, "HTTP/1.1 200 OK\r\nContent-Length: 19\r\n\r\n{\"verdict\":\"allow\"}");
    ask(&asked, true, hearer.port, 10000);
    close_hearer(&hearer);
    assert_int_equal(asked.outcall.result, ERR_OK);
    assert_int_equal(asked.outcall.status, 200);
    assert_true(str_eq(buf_str(&asked.outcall.answer), STR("{\"verdict\":\"allow\"}")));
    buf_done(&asked.outcall.answer);
    const struct str request = {.at = hearer.request, .len = hearer.request_len};
    assert_true(str_has_prefix(request, STR("POST /hook HTTP/1.1\r\n")));
    assert_non_null(memmem(request.at, request.len, "webhook-id: m1\r\n", 16));
    assert_non_null(memmem(request.at, request.len, "\r\n\r\n{\"text\":\"hello\"}", 20));
}

static void an_address_that_is_not_public_is_not_even_dialed(void **state)
{
    (void)state;
    struct sys_listen listen = {.queue = 4};
    struct asked asked;
    struct sys_endpoint peer;
    uint16_t port = 0;
    int fd = -1;
    int taken = -1;
    memcpy(listen.at.ip, (const uint8_t[16]){[10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1}, 16);
    assert_int_equal(sys_socket_listen(&listen, &fd, &port), ERR_OK);
    ask(&asked, false, port, 10000);
    assert_int_equal(asked.outcall.result, ERR_DENIED);
    assert_non_null(strstr(asked.outcall.why, "not public"));
    assert_int_equal(sys_socket_accept(fd, &taken, &peer), ERR_AGAIN);
    buf_done(&asked.outcall.answer);
    sys_close(fd);
}

static void a_redirect_is_an_answer_and_is_not_followed(void **state)
{
    (void)state;
    struct hearer hearer;
    struct asked asked;
    open_hearer(&hearer, "HTTP/1.1 307 Temporary Redirect\r\nLocation: http://127.0.0.1:1/\r\n"
                         "Content-Length: 0\r\n\r\n");
    ask(&asked, true, hearer.port, 10000);
    close_hearer(&hearer);
    assert_int_equal(asked.outcall.result, ERR_OK);
    assert_int_equal(asked.outcall.status, 307);
    buf_done(&asked.outcall.answer);
}

static void who_says_nothing_is_waited_for_no_longer_than_asked(void **state)
{
    (void)state;
    struct hearer hearer;
    struct asked asked;
    open_hearer(&hearer, "");
    ask(&asked, true, hearer.port, 50);
    close_hearer(&hearer);
    assert_int_equal(asked.outcall.result, ERR_AGAIN);
    buf_done(&asked.outcall.answer);
}

static void an_answer_without_end_is_cut(void **state)
{
    (void)state;
    struct hearer hearer;
    struct asked asked;
    static char endless[3 * OUTCALL_ANSWER_MAX];
    memset(endless, 'x', sizeof(endless) - 1);
    const struct str head = STR("HTTP/1.1 200 OK\r\n\r\n");
    memcpy(endless, head.at, head.len);
    open_hearer(&hearer, endless);
    ask(&asked, true, hearer.port, 10000);
    close_hearer(&hearer);
    assert_int_equal(asked.outcall.result, ERR_LIMIT);
    assert_true(asked.outcall.answer.len <= OUTCALL_ANSWER_MAX);
    buf_done(&asked.outcall.answer);
}

static void what_is_under_way_at_the_end_comes_home(void **state)
{
    (void)state;
    struct hearer hearer;
    struct asked asked = {.is_done = false};
    struct outcalls *outcalls = NULL;
    const struct outcalls_options options = {.waiting_max = 1, .allow_private = true};
    open_hearer(&hearer, "");
    assert_int_equal(mail_init(&asked.mail), ERR_OK);
    assert_int_equal(outcalls_new(&options, &outcalls), ERR_OK);
    assert_int_equal(outcalls_start(outcalls), ERR_OK);
    (void)snprintf(asked.url, sizeof(asked.url), "http://127.0.0.1:%u/hook", hearer.port);
    asked.outcall.call.home = mail_home(&asked.mail);
    asked.outcall.call.done = on_done;
    asked.outcall.url = asked.url;
    asked.outcall.body = STR("{}");
    asked.outcall.wait_ms = 60000;
    outcalls_send(outcalls, &asked.outcall);
    outcalls_stop(outcalls);
    outcalls_stop(outcalls);
    (void)mail_open_all(&asked.mail);
    assert_true(asked.is_done);
    assert_int_equal(asked.outcall.result, ERR_CLOSED);
    buf_done(&asked.outcall.answer);
    outcalls_free(outcalls);
    mail_done(&asked.mail);
    wake_hearer(&hearer);
    close_hearer(&hearer);
}

static void nobody_there_is_said(void **state)
{
    (void)state;
    struct sys_listen listen = {.queue = 1, .bind_only = true};
    struct asked asked;
    uint16_t port = 0;
    int fd = -1;
    memcpy(listen.at.ip, (const uint8_t[16]){[10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1}, 16);
    assert_int_equal(sys_socket_listen(&listen, &fd, &port), ERR_OK);
    ask(&asked, true, port, 10000);
    sys_close(fd);
    assert_int_equal(asked.outcall.result, ERR_SYS);
    assert_true(strlen(asked.outcall.why) > 0);
    buf_done(&asked.outcall.answer);
}

static void urls_are_looked_at(void **state)
{
    (void)state;
    assert_int_equal(outcalls_check_url("https://example.com/hook?x=1"), ERR_OK);
    assert_int_equal(outcalls_check_url("http://127.0.0.1:8080/"), ERR_OK);
    assert_int_equal(outcalls_check_url("ftp://example.com/"), ERR_PROTO);
    assert_int_equal(outcalls_check_url("file:///etc/passwd"), ERR_PROTO);
    assert_int_equal(outcalls_check_url("https://ann:secret@example.com/"), ERR_PROTO);
    assert_int_equal(outcalls_check_url("example.com"), ERR_PROTO);
    assert_int_equal(outcalls_check_url(""), ERR_PROTO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_body_goes_and_an_answer_comes),
        cmocka_unit_test(an_address_that_is_not_public_is_not_even_dialed),
        cmocka_unit_test(a_redirect_is_an_answer_and_is_not_followed),
        cmocka_unit_test(who_says_nothing_is_waited_for_no_longer_than_asked),
        cmocka_unit_test(an_answer_without_end_is_cut),
        cmocka_unit_test(what_is_under_way_at_the_end_comes_home),
        cmocka_unit_test(nobody_there_is_said),
        cmocka_unit_test(urls_are_looked_at),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: Apache-2.0
/* Against a server of one answer on a thread of its own. */
#include "app/client.h"

#include "sys/sys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct answerer {
    struct sys_thread thread;
    int listen_fd;
    struct str answer;
    char request[2048];
    size_t request_len;
};

static void answer_one(void *user)
{
    struct answerer *own = user;
    struct sys_endpoint peer;
    int fd = -1;
    while (sys_socket_accept(own->listen_fd, &fd, &peer) == ERR_AGAIN) {
        (void)sys_event_wait(own->listen_fd, 1000);
    }
    (void)sys_event_wait(fd, 1000);
    size_t len = 0;
    while (own->request_len + 1 < sizeof(own->request) &&
           sys_socket_read(fd, own->request + own->request_len,
                           sizeof(own->request) - 1 - own->request_len, &len) == ERR_OK) {
        own->request_len += len;
    }
    if (sys_socket_write(fd, own->answer.at, own->answer.len, &len) != ERR_OK) {
        len = 0; // the client has gone: its side of the test says so
    }
    sys_socket_shut_write(fd);
    (void)sys_event_wait(fd, 1000); // until the client has closed
    sys_close(fd);
}

static enum err fetch_from(struct str answer, const char *body, int *ret_status, struct buf *out)
{
    struct answerer own = {.answer = answer};
    struct sys_listen listen = {.bind_only = false};
    struct client_url url = {.host = "127.0.0.1", .path = "/base"};
    assert_int_equal(sys_socket_resolve("127.0.0.1", 0, &listen.at), ERR_OK);
    assert_int_equal(sys_socket_listen(&listen, &own.listen_fd, &url.port), ERR_OK);
    assert_int_equal(sys_thread_start(&own.thread, "answerer", answer_one, &own), ERR_OK);
    const struct client_request request = {.url = &url,
                                           .method = "POST",
                                           .path = STR("/x?y=1"),
                                           .headers = STR("X-Test: yes\r\n"),
                                           .body = str_of(body),
                                           .silence_ms = 2000};
    const enum err err = client_fetch(&request, ret_status, out);
    sys_thread_join(&own.thread);
    sys_close(own.listen_fd);
    own.request[own.request_len] = '\0';
    assert_int_equal(strncmp(own.request, "POST /base/x?y=1 HTTP/1.1\r\nHost: 127.0.0.1:", 43), 0);
    assert_non_null(strstr(own.request, "\r\nX-Test: yes\r\n"));
    return err;
}

static void test_reads_answers_however_they_are_framed(void **state)
{
    (void)state;
    static const struct {
        const char *answer, *body;
    } rows[] = {
        {"HTTP/1.1 201 Created\r\nContent-Length: 5\r\n\r\nhello", "hello"},
        {"HTTP/1.1 201 Created\r\nTransfer-Encoding: "
         "chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
         "hello"},
        {"HTTP/1.1 201 Created\r\n\r\nhello", "hello"}, // until it closes
        {"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n", ""},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int status = 0;
        struct buf out;
        buf_init(&out, MEM_OTHER, 100);
        assert_int_equal(fetch_from(str_of(rows[i].answer), "{}", &status, &out), ERR_OK);
        assert_int_equal(status, 201);
        assert_true(str_eq(buf_str(&out), str_of(rows[i].body)));
        buf_done(&out);
    }
}

static void test_says_what_went_wrong(void **state)
{
    (void)state;
    int status = 0;
    struct buf out;
    buf_init(&out, MEM_OTHER, 4);
    assert_int_equal(
        fetch_from(STR("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi"), "", &status, &out),
        ERR_CLOSED);
    buf_reset(&out);
    assert_int_equal(fetch_from(STR("SSH-2.0-OpenSSH\r\n"), "", &status, &out), ERR_PROTO);
    assert_int_equal(
        fetch_from(STR("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nmuch more"), "", &status, &out),
        ERR_LIMIT);
    buf_done(&out);
    assert_int_equal(status, 0);
    const struct client_url nowhere = {.host = "no such host", .port = 1};
    const struct client_request request = {.url = &nowhere, .method = "GET", .silence_ms = 100};
    assert_int_equal(client_fetch(&request, &status, &out), ERR_NOT_FOUND);
}

static void test_reads_urls(void **state)
{
    (void)state;
    static const struct {
        const char *text, *host;
        uint16_t port;
        const char *path;
    } good[] = {
        {"http://a.example", "a.example", 80, ""},
        {"http://a.example:81/", "a.example", 81, ""},
        {"http://[::1]:8080/x/y?z=1", "::1", 8080, "/x/y?z=1"},
        {"http://[::1]", "::1", 80, ""},
    };
    static const char *const bad[] = {"https://a.example", "a.example",  "http://",
                                      "http://a:99999",    "http://a b", "http://a\r\nX: y",
                                      "http://[::1]8080"};

    struct client_url url;
    char why[CLIENT_WHY_MAX];
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_int_equal(client_url_read(str_of(good[i].text), &url, why), ERR_OK);
        assert_string_equal(url.host, good[i].host);
        assert_int_equal(url.port, good[i].port);
        assert_string_equal(url.path, good[i].path);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(client_url_read(str_of(bad[i]), &url, why), ERR_PROTO);
    }
    assert_int_equal(client_url_read(STR("https://a"), &url, why), ERR_PROTO);
    assert_non_null(strstr(why, "https"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_answers_however_they_are_framed),
        cmocka_unit_test(test_says_what_went_wrong),
        cmocka_unit_test(test_reads_urls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

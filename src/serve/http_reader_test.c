// SPDX-License-Identifier: Apache-2.0
#include "serve/http_reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* What a run of the reader over some bytes came to, as text: one line a request, the fault last. */
static void note_request(struct buf *notes, const struct http_reader *reader)
{
    const struct request *request = reader->request;
    buf_addf(notes, "%.*s %.*s ?%.*s host=%.*s fields=%u keep=%d continue=%d body=",
             STR_ARG(request->method), STR_ARG(request->path), STR_ARG(request->query),
             STR_ARG(request->host), request->field_count, reader->keep_alive,
             reader->verdict.expects_continue);
    buf_add_str(notes, request->body);
    buf_add_byte(notes, '\n');
}

static void note_fault(struct buf *notes, const struct http_fault *fault)
{
    buf_addf(notes, "! %d %s\n", problem_status(fault->code), problem_name(fault->code));
}

/* Feeds `bytes` in pieces that end at `cut` and at the end. */
static void run(struct buf *notes, struct str bytes, size_t cut)
{
    struct http_reader reader;
    http_reader_init(&reader, &server_limits_usual.request);
    struct str pieces[2] = {{.at = bytes.at, .len = cut},
                            {.at = bytes.at + cut, .len = bytes.len - cut}};
    for (size_t i = 0; i < 2; i++) {
        while (pieces[i].len > 0) {
            const enum err err = http_reader_take(&reader, &pieces[i]);
            assert_true(err == ERR_OK || err == ERR_AGAIN || err == ERR_PROTO);
            if (err == ERR_PROTO) {
                note_fault(notes, &reader.fault);
                http_reader_done(&reader);
                return;
            }
            if (err == ERR_OK) {
                note_request(notes, &reader);
                http_reader_done(&reader);
                http_reader_init(&reader, &server_limits_usual.request);
            }
        }
    }
    if (reader.scan.bytes > 0) {
        buf_addf(notes, "... stage %d\n", reader.stage);
    }
    http_reader_done(&reader);
}

static void expect(struct str bytes, const char *expected)
{
    for (size_t cut = 0; cut <= bytes.len; cut++) {
        struct buf notes;
        buf_init(&notes, MEM_OTHER, 64 * 1024);
        run(&notes, bytes, cut);
        buf_add_byte(&notes, '\0');
        assert_true(buf_ok(&notes));
        assert_string_equal((const char *)notes.bytes, expected);
        buf_done(&notes);
    }
}

#define HOST "Host: a.example\r\n"

struct row {
    const char *bytes, *expected;
};

static void expect_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        expect(str_of(rows[i].bytes), rows[i].expected);
    }
}
#define EXPECT_ROWS(rows) expect_rows((rows), sizeof(rows) / sizeof((rows)[0]))

static void requests_are_read_however_they_are_cut(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"GET /v1/x?a=1&b=2 HTTP/1.1\r\n" HOST "\r\n",
         "GET /v1/x ?a=1&b=2 host=a.example fields=1 keep=1 continue=0 body=\n"},
        {"\r\n\r\nGET / HTTP/1.1\r\n" HOST "\r\n",
         "GET / ? host=a.example fields=1 keep=1 continue=0 body=\n"},
        {"POST /p HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhello",
         "POST /p ? host=a.example fields=2 keep=1 continue=0 body=hello\n"},
        {"POST /p HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n",
         "POST /p ? host=a.example fields=2 keep=1 continue=0 body=\n"},
        {"POST /p HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 2\r\n\r\nhi",
         "POST /p ? host=a.example fields=3 keep=1 continue=1 body=hi\n"},
        {"POST /p HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
         "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nTrailer: \xc3\xa4\r\n\r\n",
         "POST /p ? host=a.example fields=2 keep=1 continue=0 body=abcde\n"},
        {"GET / HTTP/1.0\r\n\r\n", "GET / ? host= fields=0 keep=0 continue=0 body=\n"},
        {"GET / HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n",
         "GET / ? host=a.example fields=2 keep=0 continue=0 body=\n"},
        {"GET http://b.example:81/x?y HTTP/1.1\r\n" HOST "\r\n",
         "GET /x ?y host=b.example:81 fields=1 keep=1 continue=0 body=\n"},
        {"GET HTTPS://b.example?y HTTP/1.1\r\n" HOST "\r\n",
         "GET / ?y host=b.example fields=1 keep=1 continue=0 body=\n"},
        {"OPTIONS * HTTP/1.1\r\n" HOST "\r\n",
         "OPTIONS * ? host=a.example fields=1 keep=1 continue=0 body=\n"},
        {"GET / HTTP/1.1\r\nHost:\t [::1]:80 \r\nEmpty:\r\n\r\n",
         "GET / ? host=[::1]:80 fields=2 keep=1 continue=0 body=\n"},
        {"DELETE / HTTP/1.1\r\n" HOST "\r\n",
         "DELETE / ? host=a.example fields=1 keep=1 continue=0 body=\n"},
    };
    EXPECT_ROWS(rows);
}

static void pipelined_requests_end_where_they_end(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"POST /1 HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\nhi"
         "GET /2 HTTP/1.1\r\n" HOST "\r\n"
         "POST /3 HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n"
         "GET /4 HTTP/1.1\r\n" HOST "Connection: Upgrade\r\nUpgrade: foo\r\n\r\n"
         "POST /5 HTTP/1.1\r\n" HOST
         "Connection: Upgrade\r\nUpgrade: foo\r\nContent-Length: 1\r\n\r\nz"
         "GET /6 HTTP/1.1\r\n" HOST "\r\n"
         "GET /7 HTTP/1.1\r\n",
         "POST /1 ? host=a.example fields=2 keep=1 continue=0 body=hi\n"
         "GET /2 ? host=a.example fields=1 keep=1 continue=0 body=\n"
         "POST /3 ? host=a.example fields=2 keep=1 continue=0 body=x\n"
         "GET /4 ? host=a.example fields=3 keep=1 continue=0 body=\n"
         "POST /5 ? host=a.example fields=4 keep=1 continue=0 body=z\n"
         "GET /6 ? host=a.example fields=1 keep=1 continue=0 body=\n"
         "... stage 0\n"},
        {"GET /1 HTTP/1.1\r\n" HOST "\r\nGET /2 HTTP/1.1\r\n\r\n",
         "GET /1 ? host=a.example fields=1 keep=1 continue=0 body=\n! 400 bad_request\n"},
    };
    EXPECT_ROWS(rows);
}

static void what_could_be_read_two_ways_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost:\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n",
        "GET / HTTP/1.1\r\n" HOST HOST "\r\n",
        "GET / HTTP/1.0\r\n" HOST HOST "\r\n",
        "GET / HTTP/1.1\n" HOST "\r\n",
        "GET / HTTP/1.1\r\nHost: a\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\rX: y\r\n\r\n",
        "GET / HTTP/1.1\r\n" HOST "\rX",
        "GET / HTTP/1.1\r\n" HOST "A: b\r\n c\r\n\r\n",
        "GET / HTTP/1.1\r\n" HOST "A: b\r\n\tc\r\n\r\n",
        "GET / HTTP/1.1\r\n Host: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
        "GET / HTTP/1.1\r\n" HOST ": b\r\n\r\n",
        "GET / HTTP/1.1\r\n" HOST "A B: c\r\n\r\n",
        "GET / HTTP/1.1\r\n" HOST "A\xc3: c\r\n\r\n",
        "GET / HTTP/1.1\r\n" HOST "A\r\n\r\n",
        "GET / HTTP/1.1\r\n" HOST "A: b\x01\r\n\r\n",
        "GET / HTTP/1.1\r\n" HOST "A: b\x7f\r\n\r\n",
        "GET /a b HTTP/1.1\r\n" HOST "\r\n",
        "GET  / HTTP/1.1\r\n" HOST "\r\n",
        " GET / HTTP/1.1\r\n" HOST "\r\n",
        "GET\t/ HTTP/1.1\r\n" HOST "\r\n",
        "GET /\r\n" HOST "\r\n",
        "GET / HTTP/1.1 \r\n" HOST "\r\n",
        "GET / HTTP/11\r\n" HOST "\r\n",
        "GET / http/1.1\r\n" HOST "\r\n",
        "GET / RTSP/1.0\r\n" HOST "\r\n",
        "GET /\xff HTTP/1.1\r\n" HOST "\r\n",
        "GET /a#b HTTP/1.1\r\n" HOST "\r\n",
        "GET a HTTP/1.1\r\n" HOST "\r\n",
        "GET * HTTP/1.1\r\n" HOST "\r\n",
        "GET ftp://x/ HTTP/1.1\r\n" HOST "\r\n",
        "GET http:///x HTTP/1.1\r\n" HOST "\r\n",
        "GET http://u@x/ HTTP/1.1\r\n" HOST "\r\n",
        "\x16\x03\x01\x02",
        "\r\n\r\n\r\n\r\n\r\n",
        "\n",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        expect(str_of(bad[i]), "! 400 bad_request\n");
    }
    expect(STR("GET / HTTP/1.1\r\n" HOST "A: b\0c\r\n\r\n"), "! 400 bad_request\n");
}

#define CHUNKED "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"

static void a_length_has_one_reading(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "POST / HTTP/1.1\r\n" HOST "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n",
        "POST / HTTP/1.1\r\n" HOST "Content-Length: 1\r\nContent-Length: 1\r\n\r\n",
        "POST / HTTP/1.1\r\n" HOST "Content-Length: 1, 1\r\n\r\n",
        "POST / HTTP/1.1\r\n" HOST "Content-Length: +1\r\n\r\n",
        "POST / HTTP/1.1\r\n" HOST "Content-Length: -1\r\n\r\n",
        "POST / HTTP/1.1\r\n" HOST "Content-Length: 0x1\r\n\r\n",
        "POST / HTTP/1.1\r\n" HOST "Content-Length:\r\n\r\n",
        "POST / HTTP/1.1\r\n" HOST "Content-Length: 99999999999999999999999\r\n\r\n",
        "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip\r\n\r\n",
        "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip, chunked\r\n\r\n",
        "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked, gzip\r\n\r\n",
        "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: xchunked\r\n\r\n",
        "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding:\r\n\r\n",
        "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n",
        "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
        CHUNKED "1\nx\r\n0\r\n\r\n",
        CHUNKED "1\r\nx\n0\r\n\r\n",
        CHUNKED "1\r\nxy\r\n",
        CHUNKED "1;a\nb\r\nx\r\n0\r\n\r\n",
        CHUNKED "g\r\n",
        CHUNKED "-1\r\n",
        CHUNKED " 1\r\n",
        CHUNKED "ffffffffffffffffff\r\n",
        CHUNKED "0\r\nA: b\nC: d\r\n\r\n",
        CHUNKED "0\r\nA b\r\n\r\n",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        expect(str_of(bad[i]), "! 400 bad_request\n");
    }
}

static void what_is_not_spoken_has_its_own_answer(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"GET / HTTP/1.2\r\n" HOST "\r\n", "! 505 bad_version\n"},
        {"GET / HTTP/2.0\r\n" HOST "\r\n", "! 505 bad_version\n"},
        {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "! 505 bad_version\n"},
        {"GET / HTTP/0.9\r\n" HOST "\r\n", "! 505 bad_version\n"},
        {"BREW / HTTP/1.1\r\n" HOST "\r\n", "! 501 not_implemented\n"},
        {"get / HTTP/1.1\r\n" HOST "\r\n", "! 501 not_implemented\n"},
        {"CONNECT a:80 HTTP/1.1\r\n" HOST "\r\n", "! 501 not_implemented\n"},
        {"POST / HTTP/1.1\r\n" HOST "\r\n", "! 411 no_length\n"},
        {"PUT / HTTP/1.1\r\n" HOST "\r\n", "! 411 no_length\n"},
        {"POST / HTTP/1.1\r\n" HOST "Content-Length: 16385\r\n\r\n", "! 413 too_large\n"},
        {CHUNKED "4001\r\n", "! 413 too_large\n"},
        {CHUNKED "1\r\nx\r\n10000000000\r\n", "! 413 too_large\n"},
        {"POST / HTTP/1.1\r\n" HOST "Content-Length: 1\r\nExpect: x\r\n\r\n",
         "! 417 expectation_failed\n"},
    };
    EXPECT_ROWS(rows);
}

/* Runs what `fill` made, cut once in the middle: cutting such lengths everywhere would take
 * minutes. */
static void expect_fault_of(struct buf *bytes, const char *expected)
{
    struct buf notes;
    buf_init(&notes, MEM_OTHER, 64 * 1024);
    assert_true(buf_ok(bytes));
    run(&notes, buf_str(bytes), bytes->len / 2);
    buf_add_byte(&notes, '\0');
    const char *last = strrchr((const char *)notes.bytes, '!');
    assert_string_equal(last == NULL ? (const char *)notes.bytes : last, expected);
    buf_done(&notes);
    buf_reset(bytes);
}

static void add_many(struct buf *bytes, const char *text, size_t times)
{
    for (size_t i = 0; i < times; i++) {
        buf_add_str(bytes, str_of(text));
    }
}

static void every_bound_has_its_answer(void **state)
{
    (void)state;
    struct buf bytes;
    buf_init(&bytes, MEM_OTHER, 1024 * 1024);

    buf_add_str(&bytes, STR("GET /"));
    add_many(&bytes, "u", server_limits_usual.request.url_bytes);
    buf_add_str(&bytes, STR(" HTTP/1.1\r\n" HOST "\r\n"));
    expect_fault_of(&bytes, "! 414 url_too_long\n");

    buf_add_str(&bytes, STR("GET /"));
    add_many(&bytes, "u", 2 * server_limits_usual.request.url_bytes); // never ends its line
    expect_fault_of(&bytes, "! 414 url_too_long\n");

    buf_add_str(&bytes, STR("GET / HTTP/1.1\r\n"));
    add_many(&bytes, "A: b\r\n", server_limits_usual.request.fields + 1);
    expect_fault_of(&bytes, "! 431 headers_too_large\n");

    buf_add_str(&bytes, STR("GET / HTTP/1.1\r\n"));
    add_many(&bytes, "n", server_limits_usual.request.name_bytes + 1);
    expect_fault_of(&bytes, "! 431 headers_too_large\n");

    buf_add_str(&bytes, STR("GET / HTTP/1.1\r\nA: "));
    add_many(&bytes, "v", server_limits_usual.request.head_bytes);
    expect_fault_of(&bytes, "! 431 headers_too_large\n");

    buf_add_str(&bytes, STR(CHUNKED "1"));
    add_many(&bytes, ";x", CHUNK_FRAMING_BYTES_MAX);
    expect_fault_of(&bytes, "! 413 too_large\n");

    buf_add_str(&bytes, STR(CHUNKED));
    add_many(&bytes, "1\r\nx\r\n", CHUNK_FRAMING_BYTES_MAX);
    expect_fault_of(&bytes, "! 413 too_large\n");

    buf_add_str(&bytes, STR(CHUNKED "4001\r\n"));
    add_many(&bytes, "x", server_limits_usual.request.body_bytes + 1);
    expect_fault_of(&bytes, "! 413 too_large\n");

    buf_add_str(&bytes, STR(CHUNKED "0\r\nA: "));
    add_many(&bytes, "x", CHUNK_FRAMING_BYTES_MAX);
    expect_fault_of(&bytes, "! 413 too_large\n");
    buf_done(&bytes);
}

static bool is_long(struct str path)
{
    return str_eq(path, STR("/long"));
}

static void a_path_may_take_more(void **state)
{
    (void)state;
    static const struct {
        const char *head;
        enum err end;
    } cases[] = {
        {"POST /long HTTP/1.1\r\n" HOST "Content-Length: 16385\r\n\r\n", ERR_AGAIN},
        {"POST /long HTTP/1.1\r\n" HOST "Content-Length: 524289\r\n\r\n", ERR_PROTO},
        {"POST /longer HTTP/1.1\r\n" HOST "Content-Length: 16385\r\n\r\n", ERR_PROTO},
        {"POST /long HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n80000\r\n", ERR_AGAIN},
        {"POST /long HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n80001\r\n", ERR_PROTO},
    };
    struct request_limits limits = server_limits_usual.request;
    limits.takes_long = is_long;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct http_reader reader;
        http_reader_init(&reader, &limits);
        struct str input = str_of(cases[i].head);
        assert_int_equal(http_reader_take(&reader, &input), cases[i].end);
        http_reader_done(&reader);
    }
}

static void up_to_its_bounds_a_request_is_taken(void **state)
{
    (void)state;
    struct buf bytes;
    buf_init(&bytes, MEM_OTHER, 1024 * 1024);
    buf_add_str(&bytes, STR("POST /"));
    add_many(&bytes, "u", server_limits_usual.request.url_bytes - 1);
    buf_add_str(&bytes, STR(" HTTP/1.1\r\n" HOST "Content-Length: 16384\r\n"));
    add_many(&bytes, "A: b\r\n", server_limits_usual.request.fields - 2);
    buf_add_str(&bytes, STR("\r\n"));
    add_many(&bytes, "x", server_limits_usual.request.body_bytes);

    struct http_reader reader;
    http_reader_init(&reader, &server_limits_usual.request);
    struct str input = buf_str(&bytes);
    assert_int_equal(http_reader_take(&reader, &input), ERR_OK);
    assert_int_equal(input.len, 0);
    struct http_message message = http_reader_give(&reader);
    assert_int_equal(message.request->body.len, server_limits_usual.request.body_bytes);
    assert_int_equal(message.request->path.len, server_limits_usual.request.url_bytes);
    assert_int_equal(message.request->field_count, server_limits_usual.request.fields);
    mem_free(MEM_CONN, message.request);
    buf_done(&message.head);
    buf_done(&message.body);
    http_reader_done(&reader);
    buf_done(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_read_however_they_are_cut),
        cmocka_unit_test(pipelined_requests_end_where_they_end),
        cmocka_unit_test(what_could_be_read_two_ways_is_refused),
        cmocka_unit_test(a_length_has_one_reading),
        cmocka_unit_test(what_is_not_spoken_has_its_own_answer),
        cmocka_unit_test(every_bound_has_its_answer),
        cmocka_unit_test(a_path_may_take_more),
        cmocka_unit_test(up_to_its_bounds_a_request_is_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: Apache-2.0
/* What comes off the wire, cut anywhere. */
#include "bench/scan.h"

#include "bench/sse_in.h"
#include "bench/ws_in.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define COMMENT                                                                                    \
    "{\"type\":\"comment\",\"stream\":\"demo\",\"seq\":4072,\"prev\":4071,\"id\":\"01J\","         \
    "\"cid\":\"c-81f\",\"at\":1763700000123,\"text\":\"\\\"seq\\\":9\"}"

static void test_reads_a_comment(void **state)
{
    (void)state;
    struct scan scan = {.seq = 0};
    assert_true(scan_comment(STR(COMMENT), &scan));
    assert_int_equal(scan.seq, 4072);
    assert_int_equal(scan.prev, 4071);
    assert_true(str_eq(scan.cid, STR("c-81f")));
}

static void test_leaves_the_rest_to_a_parser(void **state)
{
    (void)state;
    struct scan scan;
    const struct str others[] = {
        STR("{\"type\":\"retract\",\"stream\":\"demo\",\"seq\":2,\"prev\":1}"),
        STR("{\"stream\":\"demo\",\"type\":\"comment\",\"seq\":2,\"prev\":1}"),
        STR("{\"type\":\"comment\",\"stream\":\"demo\",\"seq\":2}"),
        STR("{\"type\":\"comment\",\"stream\":\"demo\",\"seq\":2,\"prev\":1,\"early\":true}"),
        STR("{\"type\":\"comment\",\"stream\":\"demo\",\"seq\":-2,\"prev\":1}"),
        STR(""),
    };
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        assert_false(scan_comment(others[i], &scan));
    }
}

static void test_a_retract_and_its_early_copy(void **state)
{
    (void)state;
    struct scan scan;
    const struct str whole = STR("{\"type\":\"retract\",\"stream\":\"demo\",\"seq\":9,\"prev\":8,"
                                 "\"at\":1763700000123,\"seqs\":[7,8]}");
    const struct str early = STR("{\"type\":\"retract\",\"stream\":\"demo\",\"seq\":9,\"prev\":8,"
                                 "\"early\":true,\"at\":1763700000123,\"seqs\":[7]}");
    assert_true(scan_retract(whole, &scan));
    assert_true(scan.seq == 9 && scan.prev == 8 && scan.target == 7);
    assert_false(scan.is_early || scan.is_text);
    assert_true(scan_agrees(whole, &scan));
    assert_true(scan_retract(early, &scan));
    assert_true(scan.is_early && scan.target == 7);
    scan.target = 6;
    assert_false(scan_agrees(early, &scan));
    assert_false(scan_retract(STR("{\"type\":\"retract\",\"stream\":\"demo\",\"seq\":9,"
                                  "\"prev\":8,\"all\":true,\"upto\":8}"),
                              &scan));
    assert_false(scan_retract(STR(COMMENT), &scan));
    for (size_t len = 0; len < whole.len; len++) {
        (void)scan_retract((struct str){.at = whole.at, .len = len}, &scan);
    }
}

static void test_a_text_and_what_is_left_of_it(void **state)
{
    (void)state;
    struct scan scan;
    const struct str removed =
        STR("{\"type\":\"removed\",\"stream\":\"demo\",\"seq\":9,\"prev\":8}   ");
    assert_true(scan_comment(STR(COMMENT), &scan));
    assert_true(scan.is_text && scan_agrees(STR(COMMENT), &scan));
    assert_true(scan_comment(removed, &scan));
    assert_false(scan.is_text);
    assert_true(scan_agrees(removed, &scan));
    assert_false(scan_agrees(STR(COMMENT), &scan));
}

static void test_a_cid_says_when_it_was_due(void **state)
{
    (void)state;
    const struct scan ours = {.cid = STR("b1f-4711-3")}, others = {.cid = STR("b2f-4711-3")};
    assert_int_equal(scan_due_us(&ours, "1f"), 4711);
    assert_int_equal(scan_due_us(&others, "1f"), 0);
    assert_int_equal(scan_due_us(&(struct scan){.cid = STR_NONE}, "1f"), 0);
}

static void test_a_word_behind_its_name(void **state)
{
    (void)state;
    struct str word;
    assert_true(scan_word(STR("{\"act\": \"a81\",\"seq\":5}"), "act", &word));
    assert_true(str_eq(word, STR("a81")));
    assert_false(scan_word(STR("{\"act\":81}"), "act", &word));
    assert_false(scan_word(STR("{}"), "act", &word));
}

/* No end of the text is read past. */
static void test_a_comment_cut_short(void **state)
{
    (void)state;
    struct scan scan;
    const struct str whole = STR(COMMENT);
    for (size_t len = 0; len < whole.len; len++) {
        (void)scan_comment((struct str){.at = whole.at, .len = len}, &scan);
    }
    assert_false(scan_comment((struct str){.at = whole.at, .len = 48}, &scan));
}

struct heard {
    int events;
    struct buf text;
};

static void hear(struct heard *heard, struct str text)
{
    heard->events++;
    buf_add_str(&heard->text, text);
    buf_add_byte(&heard->text, '|');
}

static void on_sse(void *user, struct str id, struct str data, struct str whole)
{
    assert_true(whole.len > id.len + data.len && whole.at[whole.len - 1] == '\n');
    hear(user, id);
    hear(user, data);
}

static void on_ws(void *user, enum ws_opcode opcode, struct str payload)
{
    struct heard *heard = user;
    buf_add_u64(&heard->text, (uint64_t)opcode);
    hear(heard, payload);
}

/* Every split point gives the same events. */
static void test_events_cut_anywhere(void **state)
{
    (void)state;
    static const struct sse_in_ops ops = {.event = on_sse};
    const struct str bytes = STR("retry: 2731\n\ndata: {\"a\":1}\n\n:\n\nid: k.7\ndata: {}\n\n");
    for (size_t cut = 0; cut <= bytes.len; cut++) {
        struct sse_in in;
        struct heard heard = {.events = 0};
        buf_init(&heard.text, MEM_OTHER, 1024);
        sse_in_init(&in);
        const struct str head = {.at = bytes.at, .len = cut};
        const struct str rest = {.at = bytes.at + cut, .len = bytes.len - cut};
        assert_int_equal(sse_in_feed(&in, head, &ops, &heard), ERR_OK);
        assert_int_equal(sse_in_feed(&in, rest, &ops, &heard), ERR_OK);
        assert_true(str_eq(buf_str(&heard.text), STR("|{\"a\":1}|k.7|{}|")));
        assert_null(in.rest.bytes);
        sse_in_done(&in);
        buf_done(&heard.text);
    }
}

static void test_frames_cut_anywhere(void **state)
{
    (void)state;
    struct buf bytes;
    char long_text[300] = {'x'};
    const struct str payload = {.at = long_text, .len = sizeof(long_text)};
    buf_init(&bytes, MEM_OTHER, 4096);
    ws_write_text(&bytes, STR("{}"));
    ws_write_text(&bytes, payload);
    ws_write_control(&bytes, WS_PING, STR("p"));
    for (size_t cut = 0; cut <= bytes.len; cut++) {
        struct ws_in in;
        struct heard heard = {.events = 0};
        buf_init(&heard.text, MEM_OTHER, 1024);
        ws_in_init(&in);
        const struct str whole = buf_str(&bytes);
        const struct str head = {.at = whole.at, .len = cut};
        const struct str rest = {.at = whole.at + cut, .len = whole.len - cut};
        assert_int_equal(ws_in_feed(&in, head, on_ws, &heard), ERR_OK);
        assert_int_equal(ws_in_feed(&in, rest, on_ws, &heard), ERR_OK);
        assert_int_equal(heard.events, 3);
        assert_int_equal(heard.text.len, sizeof("1{}|") - 1 + 302 + sizeof("9p|") - 1);
        ws_in_done(&in);
        buf_done(&heard.text);
    }
    buf_done(&bytes);
}

static void test_frames_no_server_may_send(void **state)
{
    (void)state;
    const struct str bad[] = {STR("\x81\x81____x"), STR("\x01\x01x"), STR("\xc1\x01x"),
                              STR("\x83\x01x")};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct ws_in in;
        struct heard heard = {.events = 0};
        ws_in_init(&in);
        assert_int_equal(ws_in_feed(&in, bad[i], on_ws, &heard), ERR_PROTO);
        ws_in_done(&in);
    }
}

/* What we write, a server's decoder reads. */
static void test_a_clients_frame(void **state)
{
    (void)state;
    struct buf bytes;
    struct ws_decoder decoder;
    struct ws_message message;
    enum ws_close close_code;
    buf_init(&bytes, MEM_OTHER, 256);
    ws_in_write(&bytes, WS_PONG, STR("hello"), 0x12345678);
    ws_decoder_init(&decoder);
    struct str input = buf_str(&bytes);
    assert_int_equal(ws_decode(&decoder, &input, &message, &close_code), ERR_OK);
    assert_int_equal(message.opcode, WS_PONG);
    assert_true(str_eq(message.payload, STR("hello")));
    ws_decoder_done(&decoder);
    buf_done(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_a_comment),
        cmocka_unit_test(test_leaves_the_rest_to_a_parser),
        cmocka_unit_test(test_a_comment_cut_short),
        cmocka_unit_test(test_a_retract_and_its_early_copy),
        cmocka_unit_test(test_a_text_and_what_is_left_of_it),
        cmocka_unit_test(test_a_cid_says_when_it_was_due),
        cmocka_unit_test(test_a_word_behind_its_name),
        cmocka_unit_test(test_events_cut_anywhere),
        cmocka_unit_test(test_frames_cut_anywhere),
        cmocka_unit_test(test_frames_no_server_may_send),
        cmocka_unit_test(test_a_clients_frame),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

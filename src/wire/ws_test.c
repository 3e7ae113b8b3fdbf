// SPDX-License-Identifier: Apache-2.0
#include "wire/ws.h"

#include "base/rand.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* A masked client frame; `first` is its whole first byte. */
static void add_frame(struct buf *out, uint8_t first, struct str payload)
{
    static const uint8_t mask[4] = {0x37, 0xFA, 0x21, 0x3D};

    buf_add_byte(out, first);
    if (payload.len < 126) {
        buf_add_byte(out, (uint8_t)(0x80 | payload.len));
    } else if (payload.len <= UINT16_MAX) {
        buf_add_byte(out, 0x80 | 126);
        buf_add_byte(out, (uint8_t)(payload.len >> 8));
        buf_add_byte(out, (uint8_t)payload.len);
    } else {
        buf_add_byte(out, 0x80 | 127);
        for (size_t i = 8; i-- > 0;) {
            buf_add_byte(out, (uint8_t)((uint64_t)payload.len >> (8 * i)));
        }
    }
    buf_add(out, mask, 4);
    for (size_t i = 0; i < payload.len; i++) {
        buf_add_byte(out, (uint8_t)payload.at[i] ^ mask[i % 4]);
    }
}

/* All messages of a run, and how it ended, as one text: equal texts are equal runs. */
static void take_all(struct ws_decoder *decoder, struct str input, struct buf *told,
                     enum err *ret_end)
{
    struct ws_message message;
    enum ws_close close = WS_CLOSE_NORMAL;
    enum err err;
    while ((err = ws_decode(decoder, &input, &message, &close)) == ERR_OK) {
        buf_addf(told, "[%d %u ", (int)message.opcode, message.close_code);
        buf_add_str(told, message.payload);
        buf_add_byte(told, ']');
    }
    if (err != ERR_AGAIN) {
        buf_addf(told, "[end %d]", (int)close);
    }
    *ret_end = err;
}

static void run_in_pieces(struct str input, size_t first_len, size_t piece_len, struct buf *told)
{
    struct ws_decoder decoder;
    enum err end = ERR_AGAIN;
    size_t len = first_len;
    ws_decoder_init(&decoder);
    while (input.len > 0 && end == ERR_AGAIN) {
        len = len < input.len ? len : input.len;
        take_all(&decoder, (struct str){.at = input.at, .len = len}, told, &end);
        input.at += len;
        input.len -= len;
        len = piece_len;
    }
    ws_decoder_done(&decoder);
}

static void expect_run(struct str input, struct str expected)
{
    struct buf told;
    buf_init(&told, MEM_OTHER, 1 << 20);
    run_in_pieces(input, input.len, input.len, &told);
    assert_true(str_eq(buf_str(&told), expected));
    buf_done(&told);
}

static void expect_close(struct str input, enum ws_close code)
{
    struct buf expected;
    buf_init(&expected, MEM_OTHER, 64);
    buf_addf(&expected, "[end %d]", (int)code);
    expect_run(input, buf_str(&expected));
    buf_done(&expected);
}

static void expect_frame_close(uint8_t first, struct str payload, enum ws_close code)
{
    struct buf input;
    buf_init(&input, MEM_OTHER, 1 << 17);
    add_frame(&input, first, payload);
    expect_close(buf_str(&input), code);
    buf_done(&input);
}

static void the_example_of_the_rfc_is_read(void **state)
{
    (void)state;
    expect_run(STR("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"), STR("[1 0 Hello]"));
}

static void fragments_are_joined_around_controls(void **state)
{
    struct buf input;

    (void)state;
    buf_init(&input, MEM_OTHER, 4096);
    add_frame(&input, 0x01, STR("Hel\xE2"));
    add_frame(&input, 0x89, STR("ping"));
    add_frame(&input, 0x00, STR("\x82\xAC"));
    add_frame(&input, 0x8A, STR(""));
    add_frame(&input, 0x80, STR("!"));
    add_frame(&input, 0x81, STR("next"));
    add_frame(&input, 0x88,
              STR("\x03\xE8"
                  "bye"));
    add_frame(&input, 0x88, STR(""));
    expect_run(buf_str(&input), STR("[9 0 ping][10 0 ][1 0 Hel\xE2\x82\xAC!][1 0 next]"
                                    "[8 1000 bye][8 1005 ]"));
    buf_done(&input);
}

static void every_split_point_gives_the_same(void **state)
{
    struct buf input, whole, told;
    char long_text[300];

    (void)state;
    buf_init(&input, MEM_OTHER, 1 << 16);
    buf_init(&whole, MEM_OTHER, 1 << 16);
    buf_init(&told, MEM_OTHER, 1 << 16);
    memset(long_text, 'x', sizeof(long_text));
    add_frame(&input, 0x01, STR("a\xC3"));
    add_frame(&input, 0x89, STR("p"));
    add_frame(&input, 0x80, STR("\xA4"));
    add_frame(&input, 0x81, (struct str){.at = long_text, .len = sizeof(long_text)});
    add_frame(&input, 0x81, STR(""));
    add_frame(&input, 0x88, STR("\x0F\xA1"));
    add_frame(&input, 0x82, STR("b"));
    run_in_pieces(buf_str(&input), input.len, input.len, &whole);
    assert_true(whole.len > 300);
    for (size_t at = 1; at < input.len; at++) {
        buf_reset(&told);
        run_in_pieces(buf_str(&input), at, input.len, &told);
        assert_true(str_eq(buf_str(&told), buf_str(&whole)));
    }
    for (size_t piece = 1; piece < 9; piece++) {
        buf_reset(&told);
        run_in_pieces(buf_str(&input), piece, piece, &told);
        assert_true(str_eq(buf_str(&told), buf_str(&whole)));
    }
    buf_done(&input);
    buf_done(&whole);
    buf_done(&told);
}

static void broken_heads_close_1002(void **state)
{
    (void)state;
    expect_close(STR("\x81\x05Hello"), WS_CLOSE_PROTOCOL); // not masked
    expect_frame_close(0xC1, STR("a"), WS_CLOSE_PROTOCOL); // reserved bits
    expect_frame_close(0xA1, STR("a"), WS_CLOSE_PROTOCOL);
    expect_frame_close(0x91, STR("a"), WS_CLOSE_PROTOCOL);
    expect_frame_close(0x83, STR("a"), WS_CLOSE_PROTOCOL); // reserved opcodes
    expect_frame_close(0x87, STR("a"), WS_CLOSE_PROTOCOL);
    expect_frame_close(0x8B, STR("a"), WS_CLOSE_PROTOCOL);
    expect_frame_close(0x8F, STR("a"), WS_CLOSE_PROTOCOL);
    expect_frame_close(0x09, STR("a"), WS_CLOSE_PROTOCOL);    // a control frame in parts
    expect_frame_close(0x80, STR("a"), WS_CLOSE_PROTOCOL);    // nothing to continue
    expect_close(STR("\x89\xFE\x00\x7E"), WS_CLOSE_PROTOCOL); // a control frame of 126 bytes
    expect_close(STR("\x81\xFE\x00\x05\x01\x02\x03\x04"), WS_CLOSE_PROTOCOL); // not the shortest
    expect_close(STR("\x81\xFF\x00\x00\x00\x00\x00\x00\x01\x00\x01\x02\x03\x04"),
                 WS_CLOSE_PROTOCOL);
    expect_close(STR("\x81\xFF\x80\x00\x00\x00\x00\x00\x00\x00\x01\x02\x03\x04"),
                 WS_CLOSE_PROTOCOL);
}

static void a_message_within_a_message_closes_1002(void **state)
{
    struct buf input;

    (void)state;
    buf_init(&input, MEM_OTHER, 256);
    add_frame(&input, 0x01, STR("a"));
    add_frame(&input, 0x81, STR("b"));
    expect_close(buf_str(&input), WS_CLOSE_PROTOCOL);
    buf_done(&input);
}

static void bad_closes_are_refused(void **state)
{
    static const uint16_t bad[] = {0,    999,  1004, 1005, 1006, 1015,
                                   1016, 1100, 2000, 2999, 5000, 65535};
    static const uint16_t good[] = {1000, 1001, 1002, 1003, 1007, 1014, 3000, 3999, 4000, 4999};

    (void)state;
    expect_frame_close(0x88, STR("\x03"), WS_CLOSE_PROTOCOL);
    expect_frame_close(0x88, STR("\x03\xE8\xFF"), WS_CLOSE_BAD_UTF8);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        const char code[2] = {(char)(bad[i] >> 8), (char)(bad[i] & 0xFF)};
        expect_frame_close(0x88, (struct str){.at = code, .len = 2}, WS_CLOSE_PROTOCOL);
    }
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        const char code[2] = {(char)(good[i] >> 8), (char)(good[i] & 0xFF)};
        struct buf input, expected;
        buf_init(&input, MEM_OTHER, 64);
        buf_init(&expected, MEM_OTHER, 64);
        add_frame(&input, 0x88, (struct str){.at = code, .len = 2});
        buf_addf(&expected, "[8 %u ]", good[i]);
        expect_run(buf_str(&input), buf_str(&expected));
        buf_done(&input);
        buf_done(&expected);
    }
}

static void broken_text_fails_at_its_first_wrong_byte(void **state)
{
    struct buf input;

    (void)state;
    expect_frame_close(0x81, STR("\xE2\x82"), WS_CLOSE_BAD_UTF8); // ends in mid-character
    buf_init(&input, MEM_OTHER, 256);
    add_frame(&input, 0x81, STR("ok\xED\xA0 and much that never needs to come"));
    input.len = 6 + 4; // the head and as far as the wrong byte
    expect_close(buf_str(&input), WS_CLOSE_BAD_UTF8);
    buf_reset(&input);
    add_frame(&input, 0x01, STR("\xF4"));
    add_frame(&input, 0x00, STR("\x90"));
    expect_close(buf_str(&input), WS_CLOSE_BAD_UTF8);
    buf_done(&input);
}

static void sizes_are_bounded(void **state)
{
    static char text[WS_MESSAGE_BYTES + 1];
    struct buf input, told;

    (void)state;
    memset(text, 'x', sizeof(text));
    buf_init(&input, MEM_OTHER, 1 << 20);
    buf_init(&told, MEM_OTHER, 1 << 20);
    add_frame(&input, 0x81, (struct str){.at = text, .len = WS_MESSAGE_BYTES});
    run_in_pieces(buf_str(&input), input.len, input.len, &told);
    assert_int_equal(told.len, WS_MESSAGE_BYTES + sizeof("[1 0 ]") - 1);
    /* One byte more is refused at the head, before any of it has come. */
    expect_close(STR("\x81\xFE\x40\x01\x01\x02\x03\x04"), WS_CLOSE_TOO_BIG);
    buf_reset(&input);
    add_frame(&input, 0x01, (struct str){.at = text, .len = WS_MESSAGE_BYTES});
    add_frame(&input, 0x80, STR("x"));
    expect_close(buf_str(&input), WS_CLOSE_TOO_BIG);
    buf_done(&input);
    buf_done(&told);
}

static void fragments_are_bounded(void **state)
{
    struct buf input;

    (void)state;
    buf_init(&input, MEM_OTHER, 1 << 16);
    add_frame(&input, 0x01, STR(""));
    for (int i = 2; i < WS_FRAGMENTS; i++) {
        add_frame(&input, 0x00, STR(""));
    }
    const size_t all_but_one = input.len;
    add_frame(&input, 0x80, STR("z"));
    add_frame(&input, 0x81, STR("y"));
    expect_run(buf_str(&input), STR("[1 0 z][1 0 y]"));
    input.len = all_but_one;
    add_frame(&input, 0x00, STR(""));
    add_frame(&input, 0x80, STR(""));
    expect_close(buf_str(&input), WS_CLOSE_POLICY);
    buf_done(&input);
}

static void binary_is_for_those_who_allow_it(void **state)
{
    struct ws_decoder decoder;
    struct buf input, told;
    enum err end = ERR_OK;

    (void)state;
    expect_frame_close(0x82, STR("b"), WS_CLOSE_BINARY);
    ws_decoder_init(&decoder);
    decoder.allow_binary = true;
    decoder.message_max = 1 << 20;
    buf_init(&input, MEM_OTHER, 1 << 20);
    buf_init(&told, MEM_OTHER, 1 << 20);
    add_frame(&input, 0x82, STR("\xFF\xFE"));
    take_all(&decoder, buf_str(&input), &told, &end);
    assert_true(str_eq(buf_str(&told), STR("[2 0 \xFF\xFE]")));
    buf_reset(&input);
    buf_reset(&told);
    static char large[100000];
    memset(large, 'x', sizeof(large));
    add_frame(&input, 0x81, (struct str){.at = large, .len = sizeof(large)});
    take_all(&decoder, buf_str(&input), &told, &end);
    assert_int_equal(end, ERR_AGAIN);
    assert_int_equal(told.len, sizeof(large) + sizeof("[1 0 ]") - 1);
    ws_decoder_done(&decoder);
    buf_done(&input);
    buf_done(&told);
}

static void an_idle_decoder_holds_no_memory(void **state)
{
    struct ws_decoder decoder;
    struct buf input, told;
    enum err end = ERR_OK;

    (void)state;
    ws_decoder_init(&decoder);
    buf_init(&input, MEM_OTHER, 4096);
    buf_init(&told, MEM_OTHER, 4096);
    add_frame(&input, 0x89, STR("ping"));
    add_frame(&input, 0x81, STR("text"));
    take_all(&decoder, buf_str(&input), &told, &end);
    assert_int_equal(end, ERR_AGAIN);
    assert_int_equal(mem_held_bytes(MEM_CONN), 0);
    ws_decoder_done(&decoder);
    buf_done(&input);
    buf_done(&told);
}

static void frames_of_ours_have_the_shortest_head(void **state)
{
    static const struct {
        size_t len, head_len;
    } sizes[] = {{0, 2}, {125, 2}, {126, 4}, {65535, 4}, {65536, 10}};
    static char text[65536];
    struct buf out;

    (void)state;
    buf_init(&out, MEM_OTHER, 1 << 17);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        buf_reset(&out);
        ws_write_text(&out, (struct str){.at = text, .len = sizes[i].len});
        assert_int_equal(out.len, sizes[i].head_len + sizes[i].len);
        assert_int_equal(out.bytes[0], 0x81);
    }
    assert_memory_equal(out.bytes, "\x81\x7F\x00\x00\x00\x00\x00\x01\x00\x00", 10);
    buf_reset(&out);
    ws_write_close(&out, WS_CLOSE_TOKEN_EXPIRED, STR("expired"));
    assert_true(str_eq(buf_str(&out), STR("\x88\x09\x0F\xA1"
                                          "expired")));
    buf_reset(&out);
    ws_write_close(&out, WS_CLOSE_NONE, STR("ignored"));
    assert_true(str_eq(buf_str(&out), STR("\x88\x00")));
    buf_reset(&out);
    ws_write_close(&out, WS_CLOSE_AWAY, (struct str){.at = text, .len = 200});
    assert_int_equal(out.len, 127);
    buf_done(&out);
}

static void keys_are_answered_as_in_the_rfc(void **state)
{
    char accept[29];

    (void)state;
    assert_int_equal(ws_accept_key(STR("dGhlIHNhbXBsZSBub25jZQ=="), accept), ERR_OK);
    assert_string_equal(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    assert_int_equal(ws_accept_key(STR(""), accept), ERR_PROTO);
    assert_int_equal(ws_accept_key(STR("dGhlIHNhbXBsZSBub25jZQ"), accept), ERR_PROTO);
    assert_int_equal(ws_accept_key(STR("dGhlIHNhbXBsZSBub25jZXMh"), accept), ERR_PROTO);
    assert_int_equal(ws_accept_key(STR("dGhlIHNhbXBsZSBub25j!Q=="), accept), ERR_PROTO);
}

/* Whatever comes, the decoder ends in a code or asks for more, and splits change nothing. */
static void noise_is_survived(void **state)
{
    struct rand rand;
    struct buf input, whole, told;

    (void)state;
    rand_init(&rand, 7);
    buf_init(&input, MEM_OTHER, 4096);
    buf_init(&whole, MEM_OTHER, 1 << 16);
    buf_init(&told, MEM_OTHER, 1 << 16);
    for (int round = 0; round < 20000; round++) {
        buf_reset(&input);
        buf_reset(&whole);
        buf_reset(&told);
        const uint64_t frames = 1 + rand_below(&rand, 4);
        for (uint64_t i = 0; i < frames; i++) {
            static const uint8_t firsts[] = {0x01, 0x81, 0x00, 0x80, 0x89, 0x88, 0x8A, 0x82};
            char text[6];
            const size_t len = (size_t)rand_below(&rand, sizeof(text) + 1);
            for (size_t at = 0; at < len; at++) {
                text[at] = (char)(rand_below(&rand, 4) == 0 ? rand_below(&rand, 256) : 'a');
            }
            add_frame(&input, firsts[rand_below(&rand, sizeof(firsts))],
                      (struct str){.at = text, .len = len});
        }
        if (rand_below(&rand, 2) == 0) {
            input.bytes[rand_below(&rand, input.len)] ^= (uint8_t)(1U << rand_below(&rand, 8));
        }
        run_in_pieces(buf_str(&input), input.len, input.len, &whole);
        run_in_pieces(buf_str(&input), 1 + (size_t)rand_below(&rand, input.len),
                      1 + (size_t)rand_below(&rand, 5), &told);
        assert_true(str_eq(buf_str(&told), buf_str(&whole)));
    }
    buf_done(&input);
    buf_done(&whole);
    buf_done(&told);
}

static void a_bare_pong_is_known_as_a_whole(void **state)
{
    (void)state;
    assert_true(ws_is_bare_pong(STR("\x8a\x80mask")));
    assert_false(ws_is_bare_pong(STR("\x8a\x80mas")));
    assert_false(ws_is_bare_pong(STR("\x8a\x80masks")));
    assert_false(ws_is_bare_pong(STR("\x8a\x81mask"))); // a payload is still to come
    assert_false(ws_is_bare_pong(STR("\x8a\x04mask"))); // not masked
    assert_false(ws_is_bare_pong(STR("\x89\x80mask"))); // a ping
    assert_false(ws_is_bare_pong(STR("\xca\x80mask"))); // a reserved bit
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bare_pong_is_known_as_a_whole),
        cmocka_unit_test(the_example_of_the_rfc_is_read),
        cmocka_unit_test(fragments_are_joined_around_controls),
        cmocka_unit_test(every_split_point_gives_the_same),
        cmocka_unit_test(broken_heads_close_1002),
        cmocka_unit_test(a_message_within_a_message_closes_1002),
        cmocka_unit_test(bad_closes_are_refused),
        cmocka_unit_test(broken_text_fails_at_its_first_wrong_byte),
        cmocka_unit_test(sizes_are_bounded),
        cmocka_unit_test(fragments_are_bounded),
        cmocka_unit_test(binary_is_for_those_who_allow_it),
        cmocka_unit_test(an_idle_decoder_holds_no_memory),
        cmocka_unit_test(frames_of_ours_have_the_shortest_head),
        cmocka_unit_test(keys_are_answered_as_in_the_rfc),
        cmocka_unit_test(noise_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

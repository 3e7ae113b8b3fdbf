// SPDX-License-Identifier: Apache-2.0
/* The deflater, its stored blocks and the inflater, held against each other. */
#include "wire/deflater.h"

#include "wire/inflater.h"
#include "wire/stored.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { BIG = 1 << 20 };

static const struct str lines[] = {
    {"data: {\"type\":\"comment\",\"seq\":1,\"text\":\"hello there\"}\n\n", 56},
    {"data: {\"type\":\"comment\",\"seq\":2,\"text\":\"hello again\"}\n\n", 56},
    {"data: {\"type\":\"comment\",\"seq\":3,\"text\":\"and a third\"}\n\n", 56},
};

static struct deflater *begin(void)
{
    struct deflater *deflater = NULL;
    assert_int_equal(deflater_new(&deflater), ERR_OK);
    return deflater;
}

static void write_one(struct deflater *deflater, struct str bytes, struct buf *out)
{
    assert_int_equal(deflater_add(deflater, bytes, out), ERR_OK);
    assert_int_equal(deflater_flush(deflater, out), ERR_OK);
    assert_memory_equal(out->bytes + out->len - DEFLATER_TAIL_BYTES, "\0\0\xff\xff", 4);
}

static struct buf room(size_t len_max)
{
    struct buf buf;
    buf_init(&buf, MEM_OTHER, len_max);
    return buf;
}

static void each_flush_can_be_read_at_once_and_later_ones_are_shorter(void **state)
{
    (void)state;
    struct deflater *deflater = begin();
    struct inflater inflater;
    struct buf text = room(BIG);
    size_t first_len = 0;
    inflater_init(&inflater, INFLATER_GZIP);
    assert_int_equal(inflater_take(&inflater, DEFLATER_GZIP_HEAD, &text), ERR_OK);
    for (size_t i = 0; i < 3; i++) {
        struct buf out = room(BIG);
        write_one(deflater, lines[i], &out);
        first_len = i == 0 ? out.len : first_len;
        assert_true(i == 0 || out.len < first_len);
        buf_reset(&text);
        assert_int_equal(inflater_take(&inflater, buf_str(&out), &text), ERR_OK);
        assert_true(str_eq(buf_str(&text), lines[i]));
        buf_done(&out);
    }
    inflater_done(&inflater);
    buf_done(&text);
    deflater_free(deflater);
}

/* Whatever was read before: nothing, stored blocks, another part of the stream. */
static void a_reader_may_step_in_where_it_began_anew(void **state)
{
    (void)state;
    struct deflater *deflater = begin();
    struct buf before = room(BIG), behind = room(BIG);
    write_one(deflater, lines[0], &before);
    deflater_begin(deflater);
    write_one(deflater, lines[1], &behind);
    write_one(deflater, lines[2], &behind);
    for (int had = 0; had < 3; had++) {
        struct inflater inflater;
        struct buf text = room(BIG), own = room(BIG);
        inflater_init(&inflater, INFLATER_RAW);
        stored_write(&own, STR("only for you"));
        if (had > 0) {
            const struct buf *first = had == 1 ? &own : &before;
            assert_int_equal(inflater_take(&inflater, buf_str(first), &text), ERR_OK);
        }
        buf_reset(&text);
        assert_int_equal(inflater_take(&inflater, buf_str(&behind), &text), ERR_OK);
        assert_memory_equal(text.bytes, lines[1].at, lines[1].len);
        assert_memory_equal(text.bytes + lines[1].len, lines[2].at, lines[2].len);
        inflater_done(&inflater);
        buf_done(&text);
        buf_done(&own);
    }
    buf_done(&before);
    buf_done(&behind);
    deflater_free(deflater);
}

static void any_cut_gives_the_same(void **state)
{
    (void)state;
    struct deflater *deflater = begin();
    struct buf out = room(BIG);
    stored_write(&out, lines[0]);
    write_one(deflater, lines[1], &out);
    for (size_t cut = 0; cut <= out.len; cut++) {
        struct inflater inflater;
        struct buf text = room(BIG);
        const struct str whole = buf_str(&out);
        inflater_init(&inflater, INFLATER_RAW);
        assert_int_equal(inflater_take(&inflater, (struct str){.at = whole.at, .len = cut}, &text),
                         ERR_OK);
        assert_int_equal(inflater_take(&inflater,
                                       (struct str){.at = whole.at + cut, .len = whole.len - cut},
                                       &text),
                         ERR_OK);
        assert_int_equal(text.len, lines[0].len + lines[1].len);
        assert_memory_equal(text.bytes + lines[0].len, lines[1].at, lines[1].len);
        inflater_done(&inflater);
        buf_done(&text);
    }
    buf_done(&out);
    deflater_free(deflater);
}

static void stored_blocks_give_back_what_they_hold(void **state)
{
    (void)state;
    static char bytes[2 * STORED_BLOCK_BYTES_MAX + 7];
    memset(bytes, 'x', sizeof(bytes));
    struct buf out = room(BIG);
    stored_write(&out, (struct str){.at = bytes, .len = sizeof(bytes)});
    assert_int_equal(out.len, sizeof(bytes) + 3 * STORED_HEAD_BYTES);
    struct str blocks = buf_str(&out);
    assert_int_equal(stored_next(&blocks).len, STORED_BLOCK_BYTES_MAX);
    assert_int_equal(stored_next(&blocks).len, STORED_BLOCK_BYTES_MAX);
    assert_int_equal(stored_next(&blocks).len, 7);
    assert_int_equal(stored_next(&blocks).len, 0);
    struct inflater inflater;
    struct buf text = room(BIG);
    inflater_init(&inflater, INFLATER_RAW);
    assert_int_equal(inflater_take(&inflater, buf_str(&out), &text), ERR_OK);
    assert_int_equal(text.len, sizeof(bytes));
    inflater_done(&inflater);
    buf_done(&text);
    buf_done(&out);
}

static void a_bomb_stops_at_the_bound(void **state)
{
    (void)state;
    static char zeros[BIG];
    struct deflater *deflater = begin();
    struct buf bomb = room(BIG);
    write_one(deflater, (struct str){.at = zeros, .len = sizeof(zeros)}, &bomb);
    assert_true(bomb.len < BIG / 100);
    for (size_t bound = BIG - 1; bound <= BIG; bound++) {
        struct inflater inflater;
        struct buf text = room(bound);
        inflater_init(&inflater, INFLATER_RAW);
        assert_int_equal(inflater_take(&inflater, buf_str(&bomb), &text),
                         bound < BIG ? ERR_LIMIT : ERR_OK);
        assert_int_equal(text.len, bound);
        inflater_done(&inflater);
        buf_done(&text);
    }
    buf_done(&bomb);
    deflater_free(deflater);
}

static void what_is_no_stream_is_said_to_be_none(void **state)
{
    (void)state;
    static const struct str wrong[] = {{"\xff\xff", 2}, {"\0\1\0\0\0", 5}};
    for (size_t i = 0; i < 2; i++) {
        struct inflater inflater;
        struct buf text = room(BIG);
        inflater_init(&inflater, INFLATER_RAW);
        assert_int_equal(inflater_take(&inflater, wrong[i], &text), ERR_PROTO);
        inflater_done(&inflater);
        buf_done(&text);
    }
}

static void without_memory_it_is_said_and_nothing_leaks(void **state)
{
    (void)state;
    const uint64_t held = mem_held_bytes(MEM_RING);
    bool made = false;
    for (uint64_t n = 1; !made; n++) {
        struct deflater *deflater = NULL;
        mem_fail_after(n);
        made = deflater_new(&deflater) == ERR_OK;
        mem_fail_after(0);
        assert_true(n < 20 && made == (deflater != NULL));
        deflater_free(deflater);
        assert_int_equal(mem_held_bytes(MEM_RING), held);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_flush_can_be_read_at_once_and_later_ones_are_shorter),
        cmocka_unit_test(a_reader_may_step_in_where_it_began_anew),
        cmocka_unit_test(any_cut_gives_the_same),
        cmocka_unit_test(stored_blocks_give_back_what_they_hold),
        cmocka_unit_test(a_bomb_stops_at_the_bound),
        cmocka_unit_test(what_is_no_stream_is_said_to_be_none),
        cmocka_unit_test(without_memory_it_is_said_and_nothing_leaks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

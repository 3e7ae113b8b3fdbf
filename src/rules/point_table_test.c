// SPDX-License-Identifier: Apache-2.0
/* The table and those who read it say what utf8proc says, of all code points. */
#include "base/rand.h"
#include "rules/fold.h"
#include "rules/fold_naive.h"
#include "rules/fold_point.h"
#include "rules/mark_run.h"
#include "wire/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <utf8proc.h>

#include <cmocka.h>

enum { TEXTS = 40000, POINTS_MAX = 24 };

static bool is_utf8(uint32_t point)
{
    return point < 0xD800 || point > 0xDFFF;
}

struct bench { // two ways to fold, beside each other
    struct buf text, quick, naive;
};

static void bench_init(struct bench *bench)
{
    buf_init(&bench->text, MEM_OTHER, SIZE_MAX);
    buf_init(&bench->quick, MEM_OTHER, SIZE_MAX);
    buf_init(&bench->naive, MEM_OTHER, SIZE_MAX);
}

static void bench_done(struct bench *bench)
{
    buf_done(&bench->text);
    buf_done(&bench->quick);
    buf_done(&bench->naive);
}

static void add_point(struct bench *bench, uint32_t point)
{
    uint8_t bytes[UTF8_BYTES_MAX];
    buf_add(&bench->text, bytes, utf8_encode(point, bytes));
}

static void expect_same(struct bench *bench)
{
    buf_reset(&bench->quick);
    buf_reset(&bench->naive);
    fold_text(buf_str(&bench->text), &bench->quick);
    fold_naive_text(buf_str(&bench->text), &bench->naive);
    if (!str_eq(buf_str(&bench->quick), buf_str(&bench->naive))) {
        print_error("%.*s: %.*s, not %.*s\n", STR_ARG(buf_str(&bench->text)),
                    STR_ARG(buf_str(&bench->quick)), STR_ARG(buf_str(&bench->naive)));
    }
    assert_true(str_eq(buf_str(&bench->quick), buf_str(&bench->naive)));
    buf_reset(&bench->text);
}

static void every_code_point_is_folded_as_it_is_defined(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench);
    for (uint32_t point = 0; point <= FOLD_POINT_LAST; point++) {
        if (is_utf8(point)) {
            add_point(&bench, point);
            expect_same(&bench);
        }
    }
    bench_done(&bench);
}

static void every_code_point_has_its_flags(void **state)
{
    (void)state;
    enum { FLAGS = (POINT_SIGNS - 1) | POINT_LETTER | POINT_STROKE };
    for (uint32_t point = 0; point <= FOLD_POINT_LAST; point++) {
        if (is_utf8(point)) {
            assert_int_equal(point_table_at(point) & FLAGS, fold_point_flags(point));
        }
    }
}

static void every_pair_that_is_one_character_is_found(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench);
    for (uint32_t part = 0; part <= FOLD_POINT_LAST; part++) {
        if (!is_utf8(part) || (point_table_at(part) & POINT_JOINS) == 0) {
            continue;
        }
        for (uint32_t last = 0x900; last < 0x1200; last++) {
            add_point(&bench, last);
            add_point(&bench, part);
            expect_same(&bench);
        }
        for (uint32_t last = 0xAC00; last < 0xAC40; last++) {
            add_point(&bench, last);
            add_point(&bench, part);
            expect_same(&bench);
        }
        for (uint32_t last = 0x3040; last < 0x3100; last++) {
            add_point(&bench, last);
            add_point(&bench, part);
            add_point(&bench, part);
            expect_same(&bench);
        }
    }
    bench_done(&bench);
}

/* Most from where scripts have marks, signs, capitals and joiners. */
static uint32_t random_point(struct rand *rand)
{
    static const struct {
        uint32_t from, count;
    } ranges[] = {{0, 0x80},        {' ', 2},         {'0', 10},        {'a', 26},
                  {'I', 1},         {'I', 1},         {'|', 1},         {'A', 26},
                  {0x80, 0x580},    {0x900, 0x80},    {0x980, 0x80},    {0xB80, 0x80},
                  {0xE00, 0x80},    {0x1100, 0x100},  {0xAC00, 64},     {0x2000, 0x70},
                  {0x3041, 0x5F},   {0xFE00, 0x200},  {0x1D400, 0x400}, {0x300, 0x70},
                  {0x1F1E6, 0x440}, {0x11000, 0x500}, {0xD7B0, 0x50},   {0xF900, 0x200},
                  {0, 0xD800},      {0xE000, 0x2000}, {0x10000, 64},    {0xE000, 0x101FFF}};
    enum { RANGES = sizeof(ranges) / sizeof(ranges[0]) };
    const uint64_t at = rand_below(rand, RANGES);
    return ranges[at].from + (uint32_t)rand_below(rand, ranges[at].count);
}

static void texts_by_chance_are_folded_as_it_is_defined(void **state)
{
    (void)state;
    struct bench bench;
    struct rand rand;
    bench_init(&bench);
    rand_init(&rand, 6);
    for (int i = 0; i < TEXTS; i++) {
        for (uint64_t left = rand_below(&rand, POINTS_MAX); left > 0; left--) {
            add_point(&bench, random_point(&rand));
        }
        if (i % 16 == 0) {
            buf_add_byte(&bench.text, 0xC3); // cut off
        }
        for (int copies = i % 64 == 0 ? 6 : 0; copies > 0; copies--) { // longer than a chunk
            const struct str text = buf_str(&bench.text);
            struct buf longer;
            buf_init(&longer, MEM_OTHER, SIZE_MAX);
            buf_add_str(&longer, text);
            buf_add_str(&longer, text);
            buf_done(&bench.text);
            bench.text = longer;
        }
        expect_same(&bench);
    }
    bench_done(&bench);
}

/* As mark_run.h says it, of any two characters. */
static uint32_t most_marks(const uint32_t *points, size_t count)
{
    uint32_t marks = 0;
    uint32_t most = 0;
    utf8proc_int32_t break_state = 0;
    for (size_t i = 0; i < count; i++) {
        const bool breaks =
            i == 0 || utf8proc_grapheme_break_stateful((utf8proc_int32_t)points[i - 1],
                                                       (utf8proc_int32_t)points[i], &break_state);
        const bool is_mark = (fold_point_flags(points[i]) & POINT_MARK) != 0;
        marks = is_mark ? marks + 1 : breaks ? 0 : marks;
        most = marks > most ? marks : most;
    }
    return most;
}

static void marks_are_counted_by_graphemes(void **state)
{
    (void)state;
    struct rand rand;
    rand_init(&rand, 7);
    for (int i = 0; i < TEXTS; i++) {
        uint32_t points[POINTS_MAX];
        struct mark_run run = {.marks = 0};
        const size_t count = rand_below(&rand, POINTS_MAX);
        for (size_t at = 0; at < count; at++) {
            points[at] = 1 + random_point(&rand); // 0 is no character to a run
            mark_run_add(&run, points[at], point_table_at(points[at]));
        }
        assert_int_equal(run.most, most_marks(points, count));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_point_is_folded_as_it_is_defined),
        cmocka_unit_test(every_code_point_has_its_flags),
        cmocka_unit_test(every_pair_that_is_one_character_is_found),
        cmocka_unit_test(texts_by_chance_are_folded_as_it_is_defined),
        cmocka_unit_test(marks_are_counted_by_graphemes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

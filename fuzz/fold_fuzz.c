// SPDX-License-Identifier: Apache-2.0
/* A text is folded as it is defined (fold_naive.h). A folded text is UTF-8, within its bound, has
 * one to three usual readings, no two the same beside each other, no space at an end and none
 * beside another; as many with strokes, each as long as the usual one in its place; traits are
 * within their ranges. The usual ones are the same if each capital I is a small one. */
#include "fuzz.h"
#include "rules/fold.h"
#include "rules/fold_naive.h"
#include "rules/text_traits.h"
#include "wire/utf8.h"

static void check_reading(struct str reading)
{
    must(utf8_is_valid(reading));
    must(reading.len == 0 || (reading.at[0] != ' ' && reading.at[reading.len - 1] != ' '));
    for (size_t i = 0; i < reading.len; i++) {
        const uint8_t byte = (uint8_t)reading.at[i];
        must(byte >= ' ' && byte != 0x7F && !(byte >= 'A' && byte <= 'Z'));
        must(byte != ' ' || reading.at[i + 1] != ' ');
    }
}

static void check_readings(struct str rest)
{
    struct str reading;
    struct str before = STR_NONE;
    int count = 0;
    while (fold_next(&rest, &reading)) {
        check_reading(reading);
        must(count == 0 || !str_eq(reading, before));
        before = reading;
        count++;
    }
    must(count <= FOLD_USUAL_MAX);
}

static void check_strokes(struct str usual, struct str with_strokes)
{
    struct str reading;
    struct str other = STR_NONE;
    must(with_strokes.len == 0 || !str_eq(usual, with_strokes));
    while (fold_next(&with_strokes, &reading)) {
        (void)fold_next(&usual, &other);
        must(reading.len == other.len);
    }
}

static void check_kinds(struct str text, struct str folded)
{
    struct str with_strokes;
    struct str none;
    struct str usual = fold_usual(folded, &with_strokes);
    struct buf small = fuzz_buf();
    struct buf again = fuzz_buf();
    check_readings(usual);
    check_readings(with_strokes);
    check_strokes(usual, with_strokes);
    for (size_t i = 0; i < text.len; i++) {
        buf_add_byte(&small, (uint8_t)(text.at[i] == 'I' ? 'i' : text.at[i]));
    }
    fold_text(buf_str(&small), &again);
    must(str_eq(fold_usual(buf_str(&again), &none), usual));
    buf_done(&small);
    buf_done(&again);
}

static void check_naive(struct str text, struct str folded)
{
    struct buf naive = fuzz_buf();
    fold_naive_text(text, &naive);
    must(str_eq(buf_str(&naive), folded));
    buf_done(&naive);
}

static void check_traits(struct str text, struct str folded)
{
    struct buf again = fuzz_buf();
    struct traits traits;
    text_traits_find(text, &again, &traits);
    must(str_eq(traits.folded, folded));
    must(traits.caps_percent <= 100 &&
         (traits.bits & ~(uint32_t)(TRAIT_LINK | TRAIT_EMOTE_ONLY)) == 0);
    buf_done(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    const struct str text = fuzz_str(bytes, len);
    struct buf folded = fuzz_buf();
    fold_text(text, &folded);
    must(buf_ok(&folded) && folded.len <= fold_bytes_max(len));
    check_kinds(text, buf_str(&folded));
    check_naive(text, buf_str(&folded));
    check_traits(text, buf_str(&folded));
    buf_done(&folded);
    return 0;
}

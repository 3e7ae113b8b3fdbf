// SPDX-License-Identifier: Apache-2.0
/* The automaton finds what a search for each term at each place finds, with the same outcome. Input:
 * lines of a terms file, an empty line, a text. */
#include "fuzz.h"
#include "rules/fold.h"
#include "rules/spaced.h"
#include "rules/term_list.h"
#include "rules/text_traits.h"
#include "wire/utf8.h"

#include <string.h>

enum { TERMS_TRIED_MAX = 24, TEXT_TRIED_MAX = 400 };

struct naive { // each term folded by itself
    struct buf folded[TERMS_TRIED_MAX];
    struct term terms[TERMS_TRIED_MAX];
    uint32_t count;
};

static bool is_at(struct str text, size_t at, struct str what)
{
    return at + what.len <= text.len && memcmp(text.at + at, what.at, what.len) == 0;
}

static bool is_covered(const struct naive *naive, struct str text, size_t start, size_t end)
{
    for (uint32_t i = 0; i < naive->count; i++) {
        const struct str what = buf_str(&naive->folded[i]);
        for (size_t at = 0; at <= start && naive->terms[i].match == TERM_ALLOW; at++) {
            if (at + what.len >= end && is_at(text, at, what)) {
                return true;
            }
        }
    }
    return false;
}

static bool is_within_character(struct str text, size_t at)
{
    return at < text.len && ((uint8_t)text.at[at] & 0xC0) == 0x80;
}

/* A list of that one term says whether its edges are those of a word, from the character before it
 * to the one behind it. */
static bool is_word_at(const struct term *term, struct str text, size_t start, size_t len)
{
    struct terms *alone = NULL;
    uint32_t bad;
    size_t from = start;
    size_t to = start + len;
    from -= from > 0;
    while (from > 0 && is_within_character(text, from)) {
        from--;
    }
    to += to < text.len;
    while (is_within_character(text, to)) {
        to++;
    }
    must(terms_new(term, 1, &alone, &bad) == ERR_OK);
    const struct str around = {.at = text.at + from, .len = to - from};
    const bool is_word = terms_judge(alone, around).outcome != OUTCOME_ALLOW;
    terms_unref(alone);
    return is_word;
}

struct naive_reading {
    struct str text;
    struct str plain; // the first of the text
    struct str usual; // of a reading with strokes, what is allowed in which is innocent, too
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Two characters of which one was a digit. */
static bool is_code(const struct naive_reading *reading, size_t at, size_t len)
{
    const char *plain = reading->plain.at + at;
    return len == 2 && reading->plain.len == reading->text.len &&
           memcmp(plain, reading->text.at + at, 2) != 0 &&
           (is_digit(plain[0]) || is_digit(plain[1]));
}

static enum outcome judge_naively(const struct naive *naive, const struct naive_reading *reading)
{
    const struct str text = reading->text;
    const struct str usual = reading->usual;
    enum outcome strictest = OUTCOME_ALLOW;
    for (uint32_t i = 0; i < naive->count; i++) {
        const struct term *term = &naive->terms[i];
        const struct str what = buf_str(&naive->folded[i]);
        for (size_t at = 0; at + what.len <= text.len && term->match != TERM_ALLOW; at++) {
            if (term->action > strictest && is_at(text, at, what) &&
                (term->match == TERM_SUBSTRING ||
                 (is_word_at(term, text, at, what.len) && !is_code(reading, at, what.len))) &&
                !is_covered(naive, text, at, at + what.len) &&
                !(usual.len == text.len && is_covered(naive, usual, at, at + what.len))) {
                strictest = term->action;
            }
        }
    }
    return strictest;
}

static bool is_spelled_out(struct str usual)
{
    static struct spaced run;
    struct str reading;
    while (fold_next(&usual, &reading)) {
        size_t at = 0;
        if (spaced_next(reading, &at, &run)) {
            return true;
        }
    }
    return false;
}

static enum outcome judge_all_naively(const struct naive *naive, struct str usual,
                                      struct str with_strokes)
{
    enum outcome strictest = OUTCOME_ALLOW;
    struct naive_reading reading = {.usual = STR_NONE};
    struct str rest = usual;
    (void)fold_next(&rest, &reading.plain);
    rest = usual;
    while (fold_next(&rest, &reading.text)) {
        const enum outcome outcome = judge_naively(naive, &reading);
        strictest = outcome > strictest ? outcome : strictest;
    }
    while (fold_next(&with_strokes, &reading.text)) {
        (void)fold_next(&usual, &reading.usual);
        const enum outcome outcome = judge_naively(naive, &reading);
        strictest = outcome > strictest ? outcome : strictest;
    }
    return strictest;
}

static void compare(const struct terms *terms, struct str folded)
{
    struct naive naive = {.count = terms_count(terms)};
    struct str with_strokes;
    const struct str usual = fold_usual(folded, &with_strokes);
    for (uint32_t i = 0; i < naive.count; i++) {
        naive.terms[i] = terms_at(terms, i);
        naive.folded[i] = fuzz_buf();
        fold_plain(naive.terms[i].text, &naive.folded[i]);
    }
    const enum outcome strictest = judge_all_naively(&naive, usual, with_strokes);
    const enum outcome judged = terms_judge(terms, folded).outcome;
    must(judged == strictest || (judged > strictest && is_spelled_out(usual)));
    for (uint32_t i = 0; i < naive.count; i++) {
        buf_done(&naive.folded[i]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    const uint8_t *gap = memmem(bytes, len, "\n\n", 2);
    struct terms *terms = NULL;
    struct term_list_fault fault;
    if (gap == NULL ||
        term_list_read_file(fuzz_str(bytes, (size_t)(gap - bytes)), &terms, &fault) != ERR_OK) {
        return 0;
    }
    const struct str rest = fuzz_str(gap + 2, len - (size_t)(gap - bytes) - 2);
    const struct str text = {.at = rest.at,
                             .len = rest.len < TEXT_TRIED_MAX ? rest.len : TEXT_TRIED_MAX};
    struct buf folded = fuzz_buf();
    fold_text(text, &folded);
    if (terms_count(terms) <= TERMS_TRIED_MAX) {
        compare(terms, buf_str(&folded));
    }
    buf_done(&folded);
    terms_unref(terms);
    return 0;
}

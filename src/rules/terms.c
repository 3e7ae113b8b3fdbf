// SPDX-License-Identifier: Apache-2.0
/* The states are the trie's nodes, numbered breadth first, so that a state's children stand in a
 * row and are found by their labels alone:
 *
 *      he, she, his, hers                 state   0  1  2  3  4  5  6  7  8  9
 *         0 -h- 1 -e- 3 -r- 6 -s- 9       label      h  s  e  i  h  r  s  e  s
 *               1 -i- 4 -s- 7             first   1  3  5  6  7  8  9 10 10 10 (10)
 *         0 -s- 2 -h- 5 -e- 8             fail    0  0  0  0  0  1  0  2  3  2
 *                                         hit     -  -  -  he -  -  - his she hers
 *
 * children of s: states first[s] .. first[s+1]-1. `hit` names the longest pattern that ends in a
 * state, patterns[].shorter the next one that ends there too. Built level by level from the sorted
 * patterns, each state being a range of them that share a prefix. Most of any text is spent near
 * the root: there each state has a row that says what follows any byte. */
#include "rules/terms.h"

#include "base/mem.h"
#include "base/must.h"
#include "rules/fold.h"
#include "rules/fold_signs.h"
#include "rules/point_table.h"
#include "rules/spaced.h"
#include "wire/utf8.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

enum { NO_PATTERN = 0, BYTES = 256, NEAR_ENTRIES = 32 * 1024, CODE_BYTES = 2 };

struct pattern { // a term as it is looked for
    uint32_t term;
    uint32_t shorter; // 1 + the next pattern that ends where this one does; NO_PATTERN: none
    uint16_t len;     // bytes, folded
    uint8_t match;    // enum term_match, and the action: of the term, so that a hit needs no other
    uint8_t action;   // line of memory
};

struct entry { // a term as it was given
    uint32_t at;
    uint16_t len;
    uint8_t match, action;
};

struct terms {
    /* -- atomic: a count that orders nothing but the last unref -- */
    _Atomic uint32_t refs;
    /* -- frozen; arrays are owned -- */
    uint32_t state_count, term_count, text_bytes;
    uint32_t allow_bytes_max; // the longest pattern that allows; 0: none
    uint32_t *first;          // [state_count + 1]
    uint32_t *fail;           // [state_count]
    uint32_t *hit;            // [state_count], 1 + a pattern
    uint8_t *label;           // [state_count]
    struct pattern *patterns; // [term_count], by their bytes
    struct entry *entries;    // [term_count]
    char *texts;              // [text_bytes]
    uint8_t class[BYTES];     // of bytes that patterns hold, from 1; 0: all others
    uint32_t class_count;     // with that of all others
    uint32_t near_count;      // states near the root, whose every step is known:
    uint32_t *near;           // [near_count * class_count], the place that follows
};

/* ---- building ---- */

struct piece {   // a pattern on its way
    uint32_t at; // in `folded`
    uint32_t term;
    uint16_t len;
};

struct building {
    const struct term *list;
    uint32_t count;
    struct buf folded;
    struct piece *pieces; // [count]
    struct range {        // of pieces: those whose prefix a state is
        uint32_t from, to;
    } * ranges; // [state_count]
};

static void building_done(struct building *building)
{
    buf_done(&building->folded);
    mem_free(MEM_OTHER, building->pieces);
    mem_free(MEM_OTHER, building->ranges);
}

static enum err fold_term(struct building *building, uint32_t index)
{
    const struct term *term = &building->list[index];
    const size_t at = building->folded.len;
    if (term->text.len > TERM_BYTES_MAX) {
        return ERR_PROTO;
    }
    fold_plain(term->text, &building->folded);
    TRY(buf_err(&building->folded));
    const size_t len = building->folded.len - at;
    if (len == 0) {
        return ERR_PROTO;
    }
    building->pieces[index] =
        (struct piece){.at = (uint32_t)at, .term = index, .len = (uint16_t)len};
    return ERR_OK;
}

static enum err fold_terms(struct building *building, uint32_t *ret_bad)
{
    buf_init(&building->folded, MEM_OTHER, TERMS_BYTES_MAX);
    building->pieces = mem_new(MEM_OTHER, building->count * sizeof(struct piece));
    if (building->pieces == NULL) {
        return ERR_NOMEM;
    }
    for (uint32_t i = 0; i < building->count; i++) {
        const enum err err = fold_term(building, i);
        if (err != ERR_OK) {
            *ret_bad = i;
            return err;
        }
    }
    return ERR_OK;
}

static const uint8_t *piece_bytes(const struct building *building, const struct piece *piece)
{
    return building->folded.bytes + piece->at;
}

static int by_bytes(const void *a, const void *b, void *user)
{
    const struct building *building = user;
    const struct piece *left = a;
    const struct piece *right = b;
    const size_t both = left->len < right->len ? left->len : right->len;
    const int order = memcmp(piece_bytes(building, left), piece_bytes(building, right), both);
    if (order != 0 || left->len != right->len) {
        return order != 0 ? order : (int)left->len - (int)right->len;
    }
    return left->term < right->term ? -1 : left->term > right->term;
}

static uint32_t count_states(const struct building *building)
{
    uint32_t states = 1;
    for (uint32_t i = 0; i < building->count; i++) {
        const struct piece *piece = &building->pieces[i];
        const struct piece *before = i == 0 ? NULL : piece - 1;
        uint16_t same = 0;
        while (before != NULL && same < piece->len && same < before->len &&
               piece_bytes(building, piece)[same] == piece_bytes(building, before)[same]) {
            same++;
        }
        states += (uint32_t)piece->len - same;
    }
    return states;
}

static void class_bytes(const struct building *building, struct terms *terms)
{
    terms->class_count = 1;
    for (size_t i = 0; i < building->folded.len; i++) {
        uint8_t *class = &terms->class[building->folded.bytes[i]];
        if (*class == 0) {
            *class = (uint8_t)terms->class_count++; // fewer than 256: UTF-8 has no byte FF
        }
    }
}

static enum err make_tables(struct building *building, struct terms *terms)
{
    const uint32_t states = count_states(building);
    class_bytes(building, terms);
    const uint32_t near = NEAR_ENTRIES / terms->class_count;
    terms->near_count = states < near ? states : near;
    size_t text_bytes = 0;
    for (uint32_t i = 0; i < building->count; i++) {
        text_bytes += building->list[i].text.len;
    }
    terms->state_count = states;
    terms->term_count = building->count;
    terms->text_bytes = (uint32_t)text_bytes;
    terms->first = mem_new(MEM_OTHER, ((size_t)states + 1) * sizeof(*terms->first));
    terms->fail = mem_new(MEM_OTHER, states * sizeof(*terms->fail));
    terms->hit = mem_new(MEM_OTHER, states * sizeof(*terms->hit));
    terms->label = mem_new(MEM_OTHER, states);
    terms->near =
        mem_new(MEM_OTHER, (size_t)terms->near_count * terms->class_count * sizeof(*terms->near));
    terms->patterns = mem_new(MEM_OTHER, building->count * sizeof(*terms->patterns));
    terms->entries = mem_new(MEM_OTHER, building->count * sizeof(*terms->entries));
    terms->texts = mem_new(MEM_OTHER, text_bytes);
    building->ranges = mem_new(MEM_OTHER, states * sizeof(*building->ranges));
    const bool has_all = terms->first != NULL && terms->fail != NULL && terms->hit != NULL &&
                         terms->label != NULL && terms->near != NULL && terms->patterns != NULL &&
                         terms->entries != NULL && terms->texts != NULL && building->ranges != NULL;
    return has_all ? ERR_OK : ERR_NOMEM;
}

static void keep_entries(const struct building *building, struct terms *terms)
{
    uint32_t at = 0;
    for (uint32_t i = 0; i < building->count; i++) {
        const struct term *term = &building->list[i];
        terms->entries[i] = (struct entry){.at = at,
                                           .len = (uint16_t)term->text.len,
                                           .match = (uint8_t)term->match,
                                           .action = (uint8_t)term->action};
        memcpy(terms->texts + at, term->text.at, term->text.len);
        at += (uint32_t)term->text.len;
    }
    for (uint32_t i = 0; i < building->count; i++) {
        const struct piece *piece = &building->pieces[i];
        const struct term *term = &building->list[piece->term];
        terms->patterns[i] = (struct pattern){.term = piece->term,
                                              .len = piece->len,
                                              .match = (uint8_t)term->match,
                                              .action = (uint8_t)term->action};
        if (term->match == TERM_ALLOW && piece->len > terms->allow_bytes_max) {
            terms->allow_bytes_max = piece->len;
        }
    }
}

/* The patterns that end in a state come first in its range: they are chained, and named by `hit`
 * until fail links are known. Returns where the others begin. */
static uint32_t end_patterns(const struct building *building, struct terms *terms, uint32_t state,
                             uint16_t depth)
{
    const struct range range = building->ranges[state];
    uint32_t at = range.from;
    while (at < range.to && building->pieces[at].len == depth) {
        terms->patterns[at].shorter = terms->hit[state];
        terms->hit[state] = at + 1;
        at++;
    }
    return at;
}

/* All states of the trie, level by level. */
static void number_states(const struct building *building, struct terms *terms)
{
    uint32_t next = 1;
    uint32_t level_end = 1;
    uint16_t depth = 0;
    building->ranges[0] = (struct range){.from = 0, .to = building->count};
    for (uint32_t state = 0; state < terms->state_count; state++) {
        if (state == level_end) {
            depth++;
            level_end = next;
        }
        terms->first[state] = next;
        uint32_t from = end_patterns(building, terms, state, depth);
        const uint32_t end = building->ranges[state].to;
        while (from < end) {
            const uint8_t label = piece_bytes(building, &building->pieces[from])[depth];
            uint32_t to = from + 1;
            while (to < end && piece_bytes(building, &building->pieces[to])[depth] == label) {
                to++;
            }
            terms->label[next] = label;
            building->ranges[next++] = (struct range){.from = from, .to = to};
            from = to;
        }
    }
    terms->first[terms->state_count] = next;
}

/* 0: it has none. */
static uint32_t child_of(const struct terms *terms, uint32_t state, uint8_t byte)
{
    const uint32_t first = terms->first[state];
    const uint32_t count = terms->first[state + 1] - first;
    const uint8_t *labels = terms->label + first;
    if (count > 8) {
        const uint8_t *found = memchr(labels, byte, count);
        return found == NULL ? 0 : first + (uint32_t)(found - labels);
    }
    for (uint32_t i = 0; i < count; i++) {
        if (labels[i] == byte) {
            return first + i;
        }
    }
    return 0;
}

/* Where a search is: a state and what has to be known of it. Of one near the root its row. */
enum { PLACE_FAR = INT32_MIN, PLACE_HIT = 1 << 30, PLACE_BITS = PLACE_HIT - 1 };

static uint32_t place_of(const struct terms *terms, uint32_t state)
{
    const uint32_t hit = terms->hit[state] != NO_PATTERN ? (uint32_t)PLACE_HIT : 0;
    return hit |
           (state < terms->near_count ? state * terms->class_count : (uint32_t)PLACE_FAR | state);
}

static uint32_t state_of(const struct terms *terms, uint32_t place)
{
    const uint32_t bits = place & PLACE_BITS;
    return (place & (uint32_t)PLACE_FAR) != 0 ? bits : bits / terms->class_count;
}

static uint32_t step_from_afar(const struct terms *terms, uint32_t state, uint8_t byte)
{
    while (state >= terms->near_count) {
        const uint32_t next = child_of(terms, state, byte);
        if (next != 0) {
            return place_of(terms, next);
        }
        state = terms->fail[state];
    }
    return terms->near[state * terms->class_count + terms->class[byte]];
}

static inline uint32_t step(const struct terms *terms, uint32_t place, uint8_t byte)
{
    if ((place & (uint32_t)PLACE_FAR) != 0) {
        return step_from_afar(terms, place & PLACE_BITS, byte);
    }
    return terms->near[(place & PLACE_BITS) + terms->class[byte]];
}

/* The row of a state whose children are linked: they, and for all else what follows the state it
 * fails to, whose row stands before its own. */
static void fill_row(struct terms *terms, uint32_t state)
{
    uint32_t *row = terms->near + (size_t)state * terms->class_count;
    if (state != 0) {
        memcpy(row, terms->near + (size_t)terms->fail[state] * terms->class_count,
               terms->class_count * sizeof(*row));
    }
    for (uint32_t child = terms->first[state]; child < terms->first[state + 1]; child++) {
        row[terms->class[terms->label[child]]] = place_of(terms, child);
    }
}

static void link_child(struct terms *terms, uint32_t state, uint32_t child)
{
    const uint32_t fail_place = place_of(terms, terms->fail[state]);
    const uint32_t fail =
        state == 0 ? 0 : state_of(terms, step(terms, fail_place, terms->label[child]));
    terms->fail[child] = fail;
    uint32_t *end = &terms->hit[child];
    while (*end != NO_PATTERN) {
        end = &terms->patterns[*end - 1].shorter;
    }
    *end = terms->hit[fail];
}

static void link_fails(struct terms *terms)
{
    for (uint32_t state = 0; state < terms->state_count; state++) {
        for (uint32_t child = terms->first[state]; child < terms->first[state + 1]; child++) {
            link_child(terms, state, child);
        }
        if (state < terms->near_count) {
            fill_row(terms, state);
        }
    }
}

static enum err build(struct building *building, struct terms *terms, uint32_t *ret_bad)
{
    TRY(fold_terms(building, ret_bad));
    qsort_r(building->pieces, building->count, sizeof(*building->pieces), by_bytes, building);
    TRY(make_tables(building, terms));
    keep_entries(building, terms);
    number_states(building, terms);
    link_fails(terms);
    return ERR_OK;
}

enum err terms_new(const struct term *list, uint32_t count, struct terms **ret_terms,
                   uint32_t *ret_bad)
{
    *ret_bad = 0;
    if (count > TERMS_MAX) {
        *ret_bad = TERMS_MAX;
        return ERR_LIMIT;
    }
    must(count > 0);
    struct terms *terms = mem_new(MEM_OTHER, sizeof(*terms));
    if (terms == NULL) {
        return ERR_NOMEM;
    }
    atomic_store_explicit(&terms->refs, 1, memory_order_relaxed);
    struct building building = {.list = list, .count = count};
    const enum err err = build(&building, terms, ret_bad);
    building_done(&building);
    if (err != ERR_OK) {
        terms_unref(terms);
        return err;
    }
    *ret_terms = terms;
    return ERR_OK;
}

struct terms *terms_ref(struct terms *terms)
{
    if (terms != NULL) {
        atomic_fetch_add_explicit(&terms->refs, 1, memory_order_relaxed);
    }
    return terms;
}

void terms_unref(struct terms *terms)
{
    if (terms == NULL || atomic_fetch_sub_explicit(&terms->refs, 1, memory_order_acq_rel) > 1) {
        return;
    }
    mem_free(MEM_OTHER, terms->first);
    mem_free(MEM_OTHER, terms->fail);
    mem_free(MEM_OTHER, terms->hit);
    mem_free(MEM_OTHER, terms->label);
    mem_free(MEM_OTHER, terms->near);
    mem_free(MEM_OTHER, terms->patterns);
    mem_free(MEM_OTHER, terms->entries);
    mem_free(MEM_OTHER, terms->texts);
    mem_free(MEM_OTHER, terms);
}

uint32_t terms_count(const struct terms *terms)
{
    return terms == NULL ? 0 : terms->term_count;
}

struct term terms_at(const struct terms *terms, uint32_t index)
{
    const struct entry *entry = &terms->entries[index];
    return (struct term){.text = {.at = terms->texts + entry->at, .len = entry->len},
                         .match = (enum term_match)entry->match,
                         .action = (enum outcome)entry->action};
}

size_t terms_bytes(const struct terms *terms)
{
    enum { STATE_BYTES = 3 * sizeof(uint32_t) + 1 };
    return terms == NULL ? 0
                         : sizeof(*terms) + (size_t)terms->state_count * STATE_BYTES +
                               (size_t)terms->near_count * terms->class_count * sizeof(uint32_t) +
                               terms->term_count * sizeof(struct pattern) +
                               terms->term_count * sizeof(struct entry) + terms->text_bytes;
}

/* ---- searching ---- */

static bool is_of_word_at(struct str text, size_t at)
{
    uint32_t point = 0;
    return utf8_next((struct str){.at = text.at + at, .len = text.len - at}, &point) > 0 &&
           (point_table_at(point) & POINT_OF_WORD) != 0;
}

static bool is_of_word_before(struct str text, size_t at)
{
    if (at == 0) {
        return false;
    }
    at--;
    while (at > 0 && ((uint8_t)text.at[at] & 0xC0) == 0x80) {
        at--;
    }
    return is_of_word_at(text, at);
}

/* An edge between two characters of words is none. */
static bool has_edge(struct str text, size_t at)
{
    return !is_of_word_before(text, at) || !is_of_word_at(text, at);
}

struct span {
    size_t start, end;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Does anything that is allowed reach from before it to behind it? Looked for where such a thing
 * can stand, and only for what would count: both are rare. */
static bool is_allowed(const struct terms *terms, struct str text, struct span span)
{
    const size_t most = terms->allow_bytes_max;
    if (span.end - span.start > most) {
        return false;
    }
    const size_t to = span.start + most < text.len ? span.start + most : text.len;
    uint32_t place = 0;
    for (size_t i = span.end > most ? span.end - most : 0; i < to; i++) {
        place = step(terms, place, (uint8_t)text.at[i]);
        uint32_t hit = i + 1 < span.end ? NO_PATTERN : terms->hit[state_of(terms, place)];
        while (hit != NO_PATTERN) {
            const struct pattern *pattern = &terms->patterns[hit - 1];
            if (pattern->match == TERM_ALLOW && i + 1 - pattern->len <= span.start) {
                return true;
            }
            hit = pattern->shorter;
        }
    }
    return false;
}

struct judged { // a reading
    struct str text;
    struct str plain; // the first of the same text
    struct str usual; // of one with strokes: as it is without, byte for byte; else empty
};

/* A letter and a digit are hardly a word with a sign for its other letter: a1, T1, 5s, 4k. */
static bool is_code(const struct judged *judged, struct span span)
{
    if (span.end - span.start != CODE_BYTES || judged->plain.len != judged->text.len) {
        return false;
    }
    const char *as_written = judged->plain.at + span.start;
    return memcmp(as_written, judged->text.at + span.start, CODE_BYTES) != 0 &&
           (is_digit(as_written[0]) || is_digit(as_written[1]));
}

/* With strokes what is allowed is innocent as it is spelled, too. */
static bool is_innocent(const struct terms *terms, const struct judged *judged, struct span span)
{
    return is_allowed(terms, judged->text, span) ||
           (judged->usual.len == judged->text.len && is_allowed(terms, judged->usual, span));
}

static bool counts(const struct terms *terms, const struct judged *judged, size_t end,
                   const struct pattern *pattern)
{
    const struct span span = {.start = end - pattern->len, .end = end};
    return pattern->match != TERM_ALLOW &&
           (pattern->match != TERM_WORD ||
            (has_edge(judged->text, span.start) && has_edge(judged->text, span.end) &&
             !is_code(judged, span))) &&
           (terms->allow_bytes_max == 0 || !is_innocent(terms, judged, span));
}

/* All that end at `end`. */
static void judge_hits(const struct terms *terms, uint32_t state, const struct judged *judged,
                       size_t end, struct term_hit *hit)
{
    for (uint32_t at = terms->hit[state]; at != NO_PATTERN;) {
        const struct pattern *pattern = &terms->patterns[at - 1];
        if ((enum outcome)pattern->action > hit->outcome && counts(terms, judged, end, pattern)) {
            hit->outcome = (enum outcome)pattern->action;
            hit->term = terms_at(terms, pattern->term).text;
        }
        at = pattern->shorter;
    }
}

static void judge_reading(const struct terms *terms, const struct judged *judged,
                          struct term_hit *hit)
{
    const struct str text = judged->text;
    uint32_t place = 0;
    for (size_t i = 0; i < text.len && hit->outcome < OUTCOME_REFUSE; i++) {
        place = step(terms, place, (uint8_t)text.at[i]);
        if ((place & PLACE_HIT) != 0) {
            judge_hits(terms, state_of(terms, place), judged, i + 1, hit);
        }
    }
}

/* ---- letters that are spelled out ---- */

/* A word of three letters is found as the whole run alone: others turn up in any. */
static bool is_spelled(const struct spaced *run, size_t end, const struct pattern *pattern)
{
    const uint32_t letters = spaced_count(run->joined + end - pattern->len, pattern->len);
    return letters >= SPACED_LEAST && pattern->match != TERM_ALLOW &&
           (pattern->match != TERM_WORD || letters > SPACED_LEAST || letters == run->count);
}

struct spelled { // a run as it is judged: its letters, or digits and signs read as letters
    const struct spaced *run;
    struct str reading; // that it stands in
    struct str text;
};

/* By what is allowed joined, or as it is spelled out. */
static bool is_allowed_spelled(const struct terms *terms, const struct spelled *spelled,
                               struct span span)
{
    if (terms->allow_bytes_max == 0 || is_allowed(terms, spelled->text, span)) {
        return terms->allow_bytes_max > 0;
    }
    spaced_place(spelled->reading, spelled->run, &span.start, &span.end);
    return is_allowed(terms, spelled->reading, span);
}

static void judge_spelled(const struct terms *terms, const struct spelled *spelled,
                          struct term_hit *hit)
{
    const struct str text = spelled->text;
    uint32_t place = 0;
    for (size_t i = 0; i < text.len && hit->outcome < OUTCOME_REFUSE; i++) {
        place = step(terms, place, (uint8_t)text.at[i]);
        uint32_t at = (place & PLACE_HIT) != 0 ? terms->hit[state_of(terms, place)] : NO_PATTERN;
        for (; at != NO_PATTERN; at = terms->patterns[at - 1].shorter) {
            const struct pattern *pattern = &terms->patterns[at - 1];
            const struct span span = {.start = i + 1 - pattern->len, .end = i + 1};
            if ((enum outcome)pattern->action > hit->outcome &&
                is_spelled(spelled->run, i + 1, pattern) &&
                !is_allowed_spelled(terms, spelled, span)) {
                hit->outcome = (enum outcome)pattern->action;
                hit->term = terms_at(terms, pattern->term).text;
            }
        }
    }
}

/* As they stand; and with digits and signs as letters, 1 as i and as l (fold.h). */
static void judge_run(const struct terms *terms, struct str reading, struct spaced *run,
                      struct term_hit *hit)
{
    uint8_t other[SPACED_BYTES_MAX];
    struct spelled spelled = {
        .run = run,
        .reading = reading,
        .text = {.at = (const char *)run->joined, .len = run->len},
    };
    judge_spelled(terms, &spelled, hit);
    if (!fold_signs_hold(run->joined, run->len)) {
        return;
    }
    memcpy(other, run->joined, run->len);
    const bool differ = fold_signs_to_letters(run->joined, other, run->len);
    judge_spelled(terms, &spelled, hit);
    if (differ) {
        memcpy(run->joined, other, run->len);
        judge_spelled(terms, &spelled, hit);
    }
}

static void judge_runs(const struct terms *terms, struct str reading, struct term_hit *hit)
{
    struct spaced run;
    for (size_t at = 0; hit->outcome < OUTCOME_REFUSE && spaced_next(reading, &at, &run);) {
        judge_run(terms, reading, &run, hit);
    }
}

/* A stroke stands beside a letter, so there is nothing more spelled out in these. */
static void judge_strokes(const struct terms *terms, struct str usual, struct str with_strokes,
                          struct term_hit *hit)
{
    struct judged judged = {.usual = STR_NONE};
    struct str rest = usual;
    (void)fold_next(&rest, &judged.plain);
    while (fold_next(&with_strokes, &judged.text)) {
        (void)fold_next(&usual, &judged.usual); // the last is the one of those that are left
        judge_reading(terms, &judged, hit);
    }
}

struct term_hit terms_judge(const struct terms *terms, struct str folded)
{
    struct term_hit hit = {.outcome = OUTCOME_ALLOW};
    struct str with_strokes;
    const struct str usual = fold_usual(folded, &with_strokes);
    struct judged judged = {.usual = STR_NONE};
    struct str rest = usual;
    while (terms != NULL && fold_next(&rest, &judged.text)) {
        judged.plain = judged.plain.at == NULL ? judged.text : judged.plain;
        judge_reading(terms, &judged, &hit);
        judge_runs(terms, judged.text, &hit);
    }
    if (terms != NULL && with_strokes.len > 0) {
        judge_strokes(terms, usual, with_strokes, &hit);
    }
    return hit;
}

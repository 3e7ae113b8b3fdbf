// SPDX-License-Identifier: Apache-2.0
/* A reading is written character by character, by a table made of utf8proc's (point_table.h); only
 * then are signs made letters in it, in place, since whether a 0 is an o depends on the word it
 * stands in.
 *
 *      plain ─▶ differs loose? ─▶ loose (1 is i) ─▶ has it 1 or |? ─▶ loose (1 is l)
 *
 * That once, and again with strokes (strokes.h) where there are any. */
#include "rules/fold.h"

#include "rules/fold_point.h"
#include "rules/fold_signs.h"
#include "rules/point_table.h"
#include "rules/strokes.h"
#include "wire/utf8.h"

#include <stdint.h>
#include <string.h>

enum { ASCII_POINTS = 0x80, ASCII_SIGN = 0x80, POINT_BYTES_MAX = 4, CHUNK_BYTES = 512 };

/* Written in chunks: most of what is written is a byte or three at a time. */
struct reading {
    struct buf *out;
    size_t start; // where it begins in out
    bool is_loose;
    uint32_t flags; // of any character; of ASCII POINT_SIGNS alone
    uint8_t last;   // the byte written last; ' ': none
    size_t len;     // of the chunk
    uint8_t chunk[CHUNK_BYTES];
};

static void flush(struct reading *reading)
{
    buf_add(reading->out, reading->chunk, reading->len);
    reading->len = 0;
}

/* ---- characters ---- */

/* What becomes of ASCII: a small letter, a space, or nothing (0); with ASCII_SIGN: it stands for a
 * letter in a word. */
static const uint8_t ascii[ASCII_POINTS] = {
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x20, 0x20, 0x20, 0x20, 0x20, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x20, 0xA1, 0x22, 0x23, 0xA4, 0x25, 0x26, 0x27, 0x28, 0x29, 0x2A, 0x2B, 0x2C, 0x2D, 0x2E, 0x2F,
    0xB0, 0xB1, 0x32, 0xB3, 0xB4, 0xB5, 0x36, 0xB7, 0xB8, 0x39, 0x3A, 0x3B, 0x3C, 0x3D, 0x3E, 0x3F,
    0xC0, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6A, 0x6B, 0x6C, 0x6D, 0x6E, 0x6F,
    0x70, 0x71, 0x72, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79, 0x7A, 0x5B, 0x5C, 0x5D, 0x5E, 0x5F,
    0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6A, 0x6B, 0x6C, 0x6D, 0x6E, 0x6F,
    0x70, 0x71, 0x72, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79, 0x7A, 0x7B, 0xFC, 0x7D, 0x7E, 0x00,
};

static void put_byte(struct reading *reading, uint8_t byte)
{
    const bool is_spare = byte == ' ' && reading->last == ' ';
    reading->chunk[reading->len] = byte;
    reading->len += !is_spare;
    reading->last = byte;
}

/* As far as it is ASCII, and the chunk has room. Returns how much of it there was. */
static size_t put_ascii(struct reading *reading, const uint8_t *text, size_t len)
{
    const size_t room = sizeof(reading->chunk) - reading->len;
    const size_t most = len < room ? len : room;
    uint8_t *to = reading->chunk + reading->len;
    uint8_t last = reading->last;
    uint8_t signs = 0;
    size_t i = 0;
    for (; i < most && text[i] < ASCII_POINTS; i++) {
        const uint8_t entry = ascii[text[i]];
        const uint8_t folded = entry & (ASCII_SIGN - 1);
        const bool is_kept = folded != 0 && (folded != ' ' || last != ' ');
        *to = folded;
        to += is_kept;
        last = is_kept ? folded : last;
        signs |= entry;
    }
    reading->last = last;
    reading->len = (size_t)(to - reading->chunk);
    reading->flags |= (signs & ASCII_SIGN) != 0 ? POINT_SIGNS : 0U;
    return i;
}

/* The character written last: where it begins. */
static size_t find_last(const struct reading *reading, uint32_t *ret_point)
{
    const struct buf *out = reading->out;
    size_t at = out->len;
    while (at > reading->start && (out->bytes[--at] & 0xC0) == 0x80) {
    }
    (void)utf8_next((struct str){.at = (const char *)out->bytes + at, .len = out->len - at},
                    ret_point);
    return at;
}

enum { // Unicode, 3.12: conjoining Jamo
    LEADS = 0x1100,
    LEAD_COUNT = 19,
    VOWELS = 0x1161,
    VOWEL_COUNT = 21,
    TAILS = 0x11A7, // the first is none
    TAIL_COUNT = 28,
    SYLLABLES = 0xAC00,
    SYLLABLE_COUNT = LEAD_COUNT * VOWEL_COUNT * TAIL_COUNT,
};

/* 0: they stay two. */
static uint32_t join_hangul(uint32_t last, uint32_t part)
{
    const uint32_t lead = last - LEADS;
    const uint32_t vowel = part - VOWELS;
    const uint32_t syllable = last - SYLLABLES;
    const uint32_t tail = part - TAILS;
    if (lead < LEAD_COUNT && vowel < VOWEL_COUNT) {
        return SYLLABLES + (lead * VOWEL_COUNT + vowel) * TAIL_COUNT;
    }
    const bool has_no_tail = syllable < SYLLABLE_COUNT && syllable % TAIL_COUNT == 0;
    return has_no_tail && tail > 0 && tail < TAIL_COUNT ? last + tail : 0;
}

static uint32_t join(uint32_t last, uint32_t part)
{
    size_t low = 0;
    size_t high = point_table_pair_count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const struct point_pair *pair = &point_table_pairs[middle];
        if (pair->last == last && pair->part == part) {
            return pair->both;
        }
        if (pair->last < last || (pair->last == last && pair->part < part)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return join_hangul(last, part);
}

/* What may become one with what stands before it: a syllable of Hangul, a voiced kana. */
static void put_joined(struct reading *reading, struct str part)
{
    uint32_t last = 0;
    uint32_t point = 0;
    uint8_t bytes[POINT_BYTES_MAX];
    flush(reading);
    if (reading->out->failed) {
        return;
    }
    (void)utf8_next(part, &point);
    const bool is_first = reading->out->len == reading->start;
    const size_t last_at = is_first ? reading->start : find_last(reading, &last);
    const uint32_t both = is_first ? 0 : join(last, point);
    if (both != 0) {
        reading->out->len = last_at;
        part = (struct str){.at = (const char *)bytes, .len = utf8_encode(both, bytes)};
    }
    for (size_t i = 0; i < part.len; i++) {
        put_byte(reading, (uint8_t)part.at[i]);
    }
}

/* The text that a code point is folded to. */
static struct str folded_of(uint32_t entry, bool is_loose)
{
    const uint8_t *at = point_table_bytes + (entry >> POINT_OFFSET_SHIFT);
    at += is_loose ? *at + 1 : 0;
    return (struct str){.at = (const char *)at + 1, .len = *at};
}

static void put_folded(struct reading *reading, uint32_t entry)
{
    struct str folded = folded_of(entry, reading->is_loose);
    uint32_t point = 0;
    if ((entry & POINT_JOINS) == 0) {
        for (size_t i = 0; i < folded.len; i++) {
            put_byte(reading, (uint8_t)folded.at[i]);
        }
        return;
    }
    while (folded.len > 0) {
        const size_t len = utf8_next(folded, &point);
        put_joined(reading, (struct str){.at = folded.at, .len = len});
        folded.at += len;
        folded.len -= len;
    }
}

/* The first character of `text`, which is not ASCII. Returns how long it is. */
static size_t put_other(struct reading *reading, struct str text)
{
    uint32_t point = 0;
    const size_t len = utf8_next(text, &point);
    if (len == 0) {
        return 1; // no UTF-8
    }
    const uint32_t entry = point_table_at(point);
    reading->flags |= entry;
    if ((entry & (POINT_MAPPED | POINT_JOINS)) != 0) {
        put_folded(reading, entry);
        return len;
    }
    memcpy(reading->chunk + reading->len, text.at, len);
    reading->len += len;
    reading->last = (uint8_t)text.at[len - 1];
    return len;
}

static void read_piece(struct reading *reading, struct str text)
{
    while (text.len > 0 && !reading->out->failed) {
        const size_t len = (uint8_t)text.at[0] < ASCII_POINTS
                               ? put_ascii(reading, (const uint8_t *)text.at, text.len)
                               : put_other(reading, text);
        text.at += len;
        text.len -= len;
        if (reading->len + FOLD_POINTS_MAX * POINT_BYTES_MAX >= sizeof(reading->chunk)) {
            flush(reading);
        }
    }
}

/* A text, as it stands or with its strokes as what they are read as. */
struct source {
    struct str text;
    const struct strokes *strokes; // at their beginning; NULL: as it stands
};

static void read_strokes(struct reading *reading, struct strokes strokes)
{
    const struct str text = strokes.text;
    struct stroke stroke;
    size_t at = 0;
    while (strokes_next(&strokes, &stroke)) {
        read_piece(reading, (struct str){.at = text.at + at, .len = stroke.start - at});
        read_piece(reading, (struct str){.at = &stroke.letter, .len = 1});
        at = stroke.end;
    }
    read_piece(reading, (struct str){.at = text.at + at, .len = text.len - at});
}

/* Returns the flags of what was read: those of ASCII are POINT_SIGNS alone. */
static uint32_t read_text(struct source source, bool is_loose, struct buf *out)
{
    struct reading reading;
    reading.out = out;
    reading.start = out->len;
    reading.is_loose = is_loose;
    reading.flags = 0;
    reading.last = ' ';
    reading.len = 0;
    if (source.strokes != NULL) {
        read_strokes(&reading, *source.strokes);
    } else {
        read_piece(&reading, source.text);
    }
    flush(&reading);
    if (!out->failed && out->len > reading.start && reading.last == ' ') {
        out->len--;
    }
    return reading.flags;
}

/* ---- the readings ---- */

struct span { // of out
    size_t start, end;
};

static size_t len_of(struct span span)
{
    return span.end - span.start;
}

static bool is_same(const struct buf *out, struct span first, struct span second)
{
    return len_of(first) == len_of(second) &&
           (len_of(first) == 0 ||
            memcmp(out->bytes + first.start, out->bytes + second.start, len_of(first)) == 0);
}

void fold_plain(struct str text, struct buf *out)
{
    (void)read_text((struct source){.text = text}, false, out);
}

/* The same again, for its other way to be read. */
static struct span copy_of(struct buf *out, struct span span)
{
    const size_t len = len_of(span);
    buf_add_byte(out, FOLD_NEXT);
    uint8_t *room = buf_room(out, len);
    if (room != NULL && len > 0) {
        memcpy(room, out->bytes + span.start, len);
        out->len += len;
    }
    return (struct span){.start = out->len - len, .end = out->len};
}

static struct span read_loosely(struct source source, struct buf *out)
{
    buf_add_byte(out, FOLD_NEXT);
    const size_t start = out->len;
    (void)read_text(source, true, out);
    return (struct span){.start = start, .end = out->len};
}

/* Both ways, the second only if it differs. */
static void letter_signs(struct buf *out, struct span loose)
{
    const struct span other = copy_of(out, loose);
    if (!out->failed &&
        !fold_signs_to_letters(out->bytes + loose.start, out->bytes + other.start, len_of(loose))) {
        out->len = loose.end;
    }
}

/* Up to FOLD_USUAL_MAX of them. Returns the flags of the text. */
static uint32_t add_readings(struct source source, struct buf *out)
{
    struct span plain = {.start = out->len};
    const uint32_t flags = read_text(source, false, out);
    plain.end = out->len;
    if ((flags & (POINT_LOOKS | POINT_SIGNS)) == 0 || out->failed) {
        return flags;
    }
    const struct span loose =
        (flags & POINT_LOOKS) != 0 ? read_loosely(source, out) : copy_of(out, plain);
    if (!out->failed && (flags & POINT_SIGNS) != 0) {
        letter_signs(out, loose);
    }
    if (!out->failed && out->len == loose.end && is_same(out, plain, loose)) {
        out->len = plain.end;
    }
    return flags;
}

void fold_text(struct str text, struct buf *out)
{
    struct stroke first;
    const uint32_t flags = add_readings((struct source){.text = text}, out);
    const struct strokes strokes = strokes_in(text, flags);
    struct strokes ahead = strokes;
    if (!out->failed && strokes_next(&ahead, &first)) {
        buf_add_byte(out, FOLD_STROKES);
        (void)add_readings((struct source){.text = text, .strokes = &strokes}, out);
    }
}

struct str fold_usual(struct str folded, struct str *ret_with_strokes)
{
    return str_cut(folded, FOLD_STROKES, ret_with_strokes);
}

bool fold_next(struct str *rest, struct str *ret_reading)
{
    if (rest->len == 0) {
        return false;
    }
    *ret_reading = str_cut(*rest, FOLD_NEXT, rest);
    return true;
}

struct str fold_loosest(struct str folded)
{
    struct str with_strokes;
    struct str rest = fold_usual(folded, &with_strokes);
    struct str plain = STR_NONE;
    struct str loose = STR_NONE;
    (void)fold_next(&rest, &plain);
    return fold_next(&rest, &loose) ? loose : plain;
}

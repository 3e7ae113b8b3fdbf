// SPDX-License-Identifier: Apache-2.0
/* A reading is written character by character; only then are signs made letters in it, in place,
 * since whether a 0 is an o depends on the word it stands in.
 *
 *      fold_text: plain ─▶ differs loose? ─▶ loose (1 is i) ─▶ has it 1 or |? ─▶ loose (1 is l)
 */
#include "rules/fold.h"

#include "rules/character.h"
#include "rules/look_alike.h"
#include "wire/utf8.h"

#include <stdint.h>
#include <utf8proc.h>

struct reading {
    struct buf *out;
    size_t start; // where it begins in out
    bool is_loose;
    bool has_others; // a character that is not ASCII was read
    uint32_t last;   // the code point last written; 0: none
    size_t last_at;  // and where
};

/* ---- characters ---- */

enum { ASCII_DROPPED = 0, ASCII_POINTS = 0x80 };

/* What becomes of ASCII: a small letter, a space, or nothing. */
static char fold_ascii(uint8_t byte)
{
    if (byte >= 'A' && byte <= 'Z') {
        return (char)(byte + ('a' - 'A'));
    }
    if (byte == ' ' || (byte >= '\t' && byte <= '\r')) {
        return ' ';
    }
    return byte < ' ' || byte == 0x7F ? ASCII_DROPPED : (char)byte;
}

static bool is_within(uint32_t point, uint32_t from, uint32_t to)
{
    return point >= from && point <= to;
}

/* Those that NFKC and case folding leave as they are, in bulk: kana, ideographs, Hangul, most
 * emoji. Only to spare a look into the tables. */
static bool stands_for_itself(uint32_t point)
{
    return is_within(point, 0x4E00, 0x9FFF) || is_within(point, 0x3041, 0x3096) ||
           is_within(point, 0x30A1, 0x30FA) || is_within(point, 0x3400, 0x4DBF) ||
           is_within(point, 0xAC00, 0xD7A3) || is_within(point, 0x1F300, 0x1F64F) ||
           is_within(point, 0x1F680, 0x1F6FF) || is_within(point, 0x1F900, 0x1F9FF);
}

/* Marks that are letters to those who write them: of Indic and South East Asian scripts, and those
 * that make ga of ka. */
static bool is_written_mark(uint32_t point)
{
    return is_within(point, 0x0900, 0x1AAF) || is_within(point, 0x1B00, 0x1CFF) ||
           is_within(point, 0x3099, 0x309A) || is_within(point, 0xA800, 0xABFF) ||
           is_within(point, 0x10A00, 0x11FFF);
}

enum { BRAILLE_BLANK = 0x2800 };

static bool is_blank(uint32_t point)
{
    return character_is_space(point) || point == BRAILLE_BLANK;
}

static bool is_dropped(uint32_t point)
{
    const utf8proc_property_t *property = utf8proc_get_property((utf8proc_int32_t)point);
    switch ((int)property->category) {
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
        return true;
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME:
        return !is_written_mark(point) || property->ignorable;
    default:
        return property->ignorable;
    }
}

/* Cyrillic and Greek letters as small ones, those without marks: again only to be quick. */
static uint32_t small_of(uint32_t point)
{
    const bool has_mark = point == 0x0419 || point == 0x0439; // short i
    if (is_within(point, 0x0410, 0x044F) && !has_mark) {
        return point < 0x0430 ? point + 0x20 : point;
    }
    if (is_within(point, 0x03B1, 0x03C9) && point != 0x03C2) { // not the final sigma
        return point;
    }
    return is_within(point, 0x0391, 0x03A9) && point != 0x03A2 ? point + 0x20 : 0;
}

/* ---- writing ---- */

static void put_known(struct reading *reading, uint32_t point)
{
    uint8_t bytes[4];
    const utf8proc_ssize_t len = utf8proc_encode_char((utf8proc_int32_t)point, bytes);
    reading->last = point;
    reading->last_at = reading->out->len;
    buf_add(reading->out, bytes, (size_t)len);
}

static void put_space(struct reading *reading)
{
    const struct buf *out = reading->out;
    if (out->len > reading->start && out->bytes[out->len - 1] != ' ') {
        buf_add_byte(reading->out, ' ');
    }
    reading->last = 0;
}

/* `point`, or both as one character: a syllable of Hangul, a voiced kana. */
static uint32_t composed_with_last(struct reading *reading, uint32_t point)
{
    const bool may_compose =
        reading->last != 0 && (is_within(point, 0x1161, 0x11C2) || character_is_mark(point));
    if (!may_compose || reading->out->failed) {
        return point;
    }
    utf8proc_int32_t pair[2] = {(utf8proc_int32_t)reading->last, (utf8proc_int32_t)point};
    if (utf8proc_normalize_utf32(pair, 2, UTF8PROC_COMPOSE | UTF8PROC_STABLE) != 1) {
        return point;
    }
    reading->out->len = reading->last_at;
    return (uint32_t)pair[0];
}

static void put_point(struct reading *reading, uint32_t point)
{
    if (is_blank(point)) {
        put_space(reading);
        return;
    }
    if (point >= ASCII_POINTS) {
        if (is_dropped(point)) {
            return;
        }
        point = composed_with_last(reading, point);
    }
    put_known(reading, point);
}

static void put_loosely(struct reading *reading, uint32_t point)
{
    const char letter = reading->is_loose ? look_alike_letter(point) : '\0';
    put_point(reading, letter != '\0' ? (uint32_t)letter : point);
}

/* What it looks like, or else what it looks like when it is small; 0: nothing, or nobody asks. */
static char letter_of(const struct reading *reading, uint32_t point, uint32_t small)
{
    if (!reading->is_loose) {
        return '\0';
    }
    const char letter = look_alike_letter(point);
    return letter != '\0' || small == point ? letter : look_alike_letter(small);
}

/* It looks like a letter as it stands, or what it is made of may. */
static void put_other(struct reading *reading, uint32_t point)
{
    enum { OPTIONS = UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE };
    const uint32_t small = stands_for_itself(point) ? point : small_of(point);
    const char letter = letter_of(reading, point, small);
    utf8proc_int32_t parts[FOLD_POINTS_MAX];
    int break_class = UTF8PROC_BOUNDCLASS_START;
    if (letter != '\0' || small != 0) {
        put_known(reading, letter != '\0' ? (uint32_t)letter : small);
        return;
    }
    const utf8proc_ssize_t count = utf8proc_decompose_char(
        (utf8proc_int32_t)point, parts, FOLD_POINTS_MAX, (utf8proc_option_t)OPTIONS, &break_class);
    if (count > FOLD_POINTS_MAX) {
        put_point(reading, point);
        return;
    }
    for (utf8proc_ssize_t i = 0; i < count; i++) {
        put_loosely(reading, (uint32_t)parts[i]);
    }
}

/* Room first, then bytes: most of what is written is ASCII. Returns how much of it there was. */
static size_t put_ascii_run(struct reading *reading, struct str text)
{
    uint8_t *at = buf_room(reading->out, text.len);
    if (at == NULL) {
        return text.len;
    }
    const uint8_t *const start = reading->out->bytes + reading->start;
    const uint8_t *const from = at;
    size_t i = 0;
    for (; i < text.len && (uint8_t)text.at[i] < ASCII_POINTS; i++) {
        const char folded = fold_ascii((uint8_t)text.at[i]);
        *at = (uint8_t)folded;
        const bool is_spare = folded == ' ' && (at == start || at[-1] == ' ');
        at += folded != ASCII_DROPPED && !is_spare;
    }
    if (at > from) {
        reading->last = at[-1];
        reading->last_at = reading->out->len + (size_t)(at - from) - 1;
    }
    reading->out->len += (size_t)(at - from);
    return i;
}

static size_t put_next(struct reading *reading, struct str text)
{
    uint32_t point = 0;
    const size_t len = utf8_next(text, &point);
    if (len == 0) {
        return 1; // no UTF-8
    }
    put_other(reading, point);
    reading->has_others = true;
    return len;
}

static struct reading read_text(struct str text, bool is_loose, struct buf *out)
{
    struct reading reading = {.out = out, .start = out->len, .is_loose = is_loose};
    while (text.len > 0 && !out->failed) {
        const size_t len = (uint8_t)text.at[0] < ASCII_POINTS ? put_ascii_run(&reading, text)
                                                              : put_next(&reading, text);
        text.at += len;
        text.len -= len;
    }
    if (!out->failed && out->len > reading.start && out->bytes[out->len - 1] == ' ') {
        out->len--;
    }
    return reading;
}

/* ---- signs that are letters in a word ---- */

static bool is_small_letter(uint8_t byte)
{
    return byte >= 'a' && byte <= 'z';
}

static bool is_of_word(uint8_t byte)
{
    return is_small_letter(byte) || byte >= ASCII_POINTS || (byte >= '0' && byte <= '9');
}

static bool is_bar(uint8_t byte)
{
    return byte == '!' || byte == '|';
}

/* `!` and `|` only within: at a word's end they are what they are. */
static size_t word_end(const uint8_t *bytes, size_t at, size_t len, bool *ret_has_letters)
{
    *ret_has_letters = false;
    while (at < len) {
        const uint8_t byte = bytes[at];
        const bool is_within_word = is_bar(byte) && at + 1 < len && is_of_word(bytes[at + 1]);
        if (!is_of_word(byte) && byte != '@' && byte != '$' && !is_within_word) {
            break;
        }
        *ret_has_letters = *ret_has_letters || is_small_letter(byte);
        at++;
    }
    return at;
}

static bool is_one(uint8_t byte)
{
    return byte == '1' || byte == '|';
}

static void letter_signs(uint8_t *bytes, size_t len, char one)
{
    for (size_t i = 0; i < len; i++) {
        const char letter = look_alike_leet((char)bytes[i]);
        if (letter != '\0') {
            bytes[i] = (uint8_t)(is_one(bytes[i]) ? one : letter);
        }
    }
}

/* Of the reading that ends at `end`. */
static void make_letters(const struct reading *reading, size_t end, char one)
{
    uint8_t *bytes = reading->out->bytes;
    size_t at = reading->start;
    while (at < end && !reading->out->failed) {
        bool has_letters = false;
        const size_t word = word_end(bytes, at, end, &has_letters);
        if (has_letters) {
            letter_signs(bytes + at, word - at, one);
        }
        at = word > at ? word : at + 1;
    }
}

static bool holds_signs(const struct reading *reading)
{
    const struct buf *out = reading->out;
    for (size_t i = reading->start; i < out->len && !out->failed; i++) {
        if (look_alike_leet((char)out->bytes[i]) != '\0') {
            return true;
        }
    }
    return false;
}

static bool holds_ones(const struct reading *reading)
{
    const struct buf *out = reading->out;
    for (size_t i = reading->start; i < out->len && !out->failed; i++) {
        if (is_one(out->bytes[i])) {
            return true;
        }
    }
    return false;
}

/* ---- the readings ---- */

/* Two that stand side by side in `out`, which the second ends. */
static bool is_same(const struct reading *first, const struct reading *second)
{
    const struct buf *out = first->out;
    if (out->failed) {
        return false;
    }
    const size_t len = second->start - 1 - first->start; // FOLD_NEXT stands between
    return len == out->len - second->start &&
           (len == 0 || memcmp(out->bytes + first->start, out->bytes + second->start, len) == 0);
}

void fold_plain(struct str text, struct buf *out)
{
    (void)read_text(text, false, out);
}

void fold_loose(struct str text, struct buf *out)
{
    const struct reading reading = read_text(text, true, out);
    make_letters(&reading, out->len, 'i');
}

/* The same again, for its other way to be read. */
static struct reading copy_of(const struct reading *reading)
{
    struct buf *out = reading->out;
    const size_t len = out->len - reading->start;
    buf_add_byte(out, FOLD_NEXT);
    struct reading copy = *reading;
    copy.start = out->len;
    uint8_t *room = buf_room(out, len);
    if (room != NULL && len > 0) {
        memcpy(room, out->bytes + reading->start, len);
        out->len += len;
    }
    return copy;
}

static struct reading loose_of(struct str text, const struct reading *plain)
{
    if (!plain->has_others) {
        return copy_of(plain); // ASCII looks like itself
    }
    buf_add_byte(plain->out, FOLD_NEXT);
    return read_text(text, true, plain->out);
}

void fold_text(struct str text, struct buf *out)
{
    const struct reading plain = read_text(text, false, out);
    if (!plain.has_others && !holds_signs(&plain)) {
        return;
    }
    const size_t plain_end = out->len;
    const struct reading loose = loose_of(text, &plain);
    const size_t loose_end = out->len;
    if (holds_ones(&loose)) {
        const struct reading other = copy_of(&loose);
        make_letters(&loose, loose_end, 'i');
        make_letters(&other, out->len, 'l');
        out->len = is_same(&loose, &other) ? loose_end : out->len;
    } else {
        make_letters(&loose, loose_end, 'i');
    }
    if (out->len == loose_end && is_same(&plain, &loose)) {
        out->len = plain_end;
    }
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
    struct str rest = folded;
    struct str plain = STR_NONE;
    struct str loose = STR_NONE;
    (void)fold_next(&rest, &plain);
    return fold_next(&rest, &loose) ? loose : plain;
}

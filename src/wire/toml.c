// SPDX-License-Identifier: Apache-2.0
/* A recursive-descent reader over one cursor. Whatever is wrong is noted once, at the cursor, by
 * refuse(); everything after just returns. Decoded strings of one value lie in `text`, one behind
 * another, and are given out as views when the value is whole. */
#include "wire/toml.h"

#include "base/buf.h"
#include "wire/utf8.h"

struct input {
    struct str text;
    size_t at;
    size_t line_start; // offset
    uint32_t line;
    struct toml_fault fault;
    struct buf decoded; // strings of the present value
    struct str items[TOML_ITEMS_MAX];
    size_t item_ends[TOML_ITEMS_MAX]; // in `decoded`
    uint32_t item_count;
    char table[TOML_NAME_MAX], key[TOML_NAME_MAX];
};

static uint32_t column_of(const struct input *in)
{
    return (uint32_t)(in->at - in->line_start) + 1;
}

static enum err refuse(struct input *in, const char *why)
{
    in->fault = (struct toml_fault){.line = in->line, .column = column_of(in), .why = why};
    return ERR_PROTO;
}

/* The byte at the cursor; NUL at the end (and a NUL in the text is refused before). */
static char peek(const struct input *in)
{
    return in->at < in->text.len ? in->text.at[in->at] : '\0';
}

static bool take(struct input *in, char wanted)
{
    if (peek(in) != wanted || in->at >= in->text.len) {
        return false;
    }
    in->at++;
    return true;
}

static void skip_blanks(struct input *in)
{
    while (peek(in) == ' ' || peek(in) == '\t') {
        in->at++;
    }
}

static enum err skip_comment(struct input *in)
{
    if (!take(in, '#')) {
        return ERR_OK;
    }
    while (in->at < in->text.len && peek(in) != '\n' && peek(in) != '\r') {
        const unsigned char byte = (unsigned char)peek(in);
        if ((byte < 0x20 && byte != '\t') || byte == 0x7f) {
            return refuse(in, "a control character in a comment");
        }
        in->at++;
    }
    return ERR_OK;
}

/* Past a line's end; false when there is none here. */
static bool take_line_end(struct input *in)
{
    if (in->at + 1 < in->text.len && peek(in) == '\r' && in->text.at[in->at + 1] == '\n') {
        in->at++;
    }
    if (!take(in, '\n')) {
        return false;
    }
    in->line++;
    in->line_start = in->at;
    return true;
}

static enum err end_line(struct input *in)
{
    skip_blanks(in);
    TRY(skip_comment(in));
    if (in->at < in->text.len && !take_line_end(in)) {
        return refuse(in, "the line should end here");
    }
    return ERR_OK;
}

static bool is_name_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
}

static enum err read_name(struct input *in, char name[TOML_NAME_MAX])
{
    size_t len = 0;
    while (is_name_byte(peek(in))) {
        if (len + 1 == TOML_NAME_MAX) {
            return refuse(in, "this name is too long");
        }
        name[len++] = peek(in);
        in->at++;
    }
    name[len] = '\0';
    return len > 0 ? ERR_OK : refuse(in, "a name of letters, digits, _ and - should stand here");
}

static enum err read_table(struct input *in)
{
    skip_blanks(in);
    TRY(read_name(in, in->table));
    skip_blanks(in);
    if (peek(in) == '.') {
        return refuse(in, "tables have one name here, no dots");
    }
    return take(in, ']') ? end_line(in) : refuse(in, "a ] should stand here");
}

/* ---- values ---- */

static enum err read_hex(struct input *in, unsigned digits, uint32_t *ret_point)
{
    uint32_t point = 0;
    for (unsigned i = 0; i < digits; i++) {
        const char c = peek(in);
        const bool is_digit = c >= '0' && c <= '9';
        const char low = (char)(c | 0x20);
        if (!is_digit && (low < 'a' || low > 'f')) {
            return refuse(in, "hexadecimal digits should stand here");
        }
        point = point << 4 | (uint32_t)(is_digit ? c - '0' : low - 'a' + 10);
        in->at++;
    }
    if (point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) {
        return refuse(in, "no such character");
    }
    *ret_point = point;
    return ERR_OK;
}

static void add_point(struct buf *out, uint32_t point)
{
    if (point < 0x80) {
        buf_add_byte(out, (uint8_t)point);
    } else if (point < 0x800) {
        buf_add_byte(out, (uint8_t)(0xc0 | point >> 6));
        buf_add_byte(out, (uint8_t)(0x80 | (point & 0x3f)));
    } else if (point < 0x10000) {
        buf_add_byte(out, (uint8_t)(0xe0 | point >> 12));
        buf_add_byte(out, (uint8_t)(0x80 | (point >> 6 & 0x3f)));
        buf_add_byte(out, (uint8_t)(0x80 | (point & 0x3f)));
    } else {
        buf_add_byte(out, (uint8_t)(0xf0 | point >> 18));
        buf_add_byte(out, (uint8_t)(0x80 | (point >> 12 & 0x3f)));
        buf_add_byte(out, (uint8_t)(0x80 | (point >> 6 & 0x3f)));
        buf_add_byte(out, (uint8_t)(0x80 | (point & 0x3f)));
    }
}

static enum err read_escape(struct input *in)
{
    static const char names[] = "btnfr\"\\";
    static const char values[] = "\b\t\n\f\r\"\\";

    const char c = peek(in);
    const char *hit = c == '\0' ? NULL : strchr(names, c);
    uint32_t point = 0;
    if (hit != NULL) {
        in->at++;
        buf_add_byte(&in->decoded, (uint8_t)values[hit - names]);
        return ERR_OK;
    }
    if (c != 'u' && c != 'U') {
        return refuse(in, "no such escape");
    }
    in->at++;
    TRY(read_hex(in, c == 'u' ? 4 : 8, &point));
    add_point(&in->decoded, point);
    return ERR_OK;
}

/* Behind the opening quote; appends what it says. */
static enum err read_string(struct input *in, char quote)
{
    if (in->at + 1 < in->text.len && peek(in) == quote && in->text.at[in->at + 1] == quote) {
        return refuse(in, "strings over several lines are not read here");
    }
    while (!take(in, quote)) {
        const unsigned char byte = (unsigned char)peek(in);
        if (in->at >= in->text.len || byte == '\n' || byte == '\r') {
            return refuse(in, "the string should end on its line");
        }
        if ((byte < 0x20 && byte != '\t') || byte == 0x7f) {
            return refuse(in, "a control character in a string");
        }
        in->at++;
        if (quote == '"' && byte == '\\') {
            TRY(read_escape(in));
        } else {
            buf_add_byte(&in->decoded, byte);
        }
        if (!buf_ok(&in->decoded)) {
            return buf_err(&in->decoded) == ERR_NOMEM ? ERR_NOMEM
                                                      : refuse(in, "this value is too long");
        }
    }
    return ERR_OK;
}

static bool take_quote(struct input *in, char *ret_quote)
{
    const char c = peek(in);
    if (c != '"' && c != '\'') {
        return false;
    }
    in->at++;
    *ret_quote = c;
    return true;
}

static enum err skip_lines(struct input *in)
{
    do {
        skip_blanks(in);
        TRY(skip_comment(in));
    } while (take_line_end(in));
    return ERR_OK;
}

static enum err read_array(struct input *in)
{
    in->item_count = 0;
    for (;;) {
        char quote;
        TRY(skip_lines(in));
        if (take(in, ']')) {
            return ERR_OK;
        }
        if (in->item_count == TOML_ITEMS_MAX) {
            return refuse(in, "too many items");
        }
        if (!take_quote(in, &quote)) {
            return refuse(in, "a string or ] should stand here");
        }
        TRY(read_string(in, quote));
        in->item_ends[in->item_count++] = in->decoded.len;
        TRY(skip_lines(in));
        if (!take(in, ',') && peek(in) != ']') {
            return refuse(in, "a , or ] should stand here");
        }
    }
}

static enum err read_integer(struct input *in, int64_t *ret_number)
{
    const bool is_negative = peek(in) == '-';
    if (is_negative || peek(in) == '+') {
        in->at++;
    }
    char digits[32];
    size_t len = 0;
    bool was_digit = false;
    for (; is_name_byte(peek(in)) || peek(in) == '.' || peek(in) == ':'; in->at++) {
        const char c = peek(in);
        const bool is_digit = c >= '0' && c <= '9';
        if ((!is_digit && (c != '_' || !was_digit)) || len == sizeof(digits)) {
            return refuse(in, "a whole number, a string, true, false or [ should stand here");
        }
        if (is_digit) {
            digits[len++] = c;
        }
        was_digit = is_digit;
    }
    uint64_t number = 0;
    if (!was_digit || (len > 1 && digits[0] == '0') ||
        !str_to_u64((struct str){.at = digits, .len = len}, INT64_MAX, &number)) {
        return refuse(in, "a whole number, a string, true, false or [ should stand here");
    }
    *ret_number = is_negative ? -(int64_t)number : (int64_t)number;
    return ERR_OK;
}

static bool take_word(struct input *in, struct str word)
{
    const struct str rest = {.at = in->text.at + in->at, .len = in->text.len - in->at};
    if (!str_has_prefix(rest, word) || (rest.len > word.len && is_name_byte(rest.at[word.len]))) {
        return false;
    }
    in->at += word.len;
    return true;
}

static enum err read_value(struct input *in, struct toml_pair *pair)
{
    char quote;
    buf_reset(&in->decoded);
    if (take_quote(in, &quote)) {
        pair->kind = TOML_STRING;
        return read_string(in, quote);
    }
    if (take(in, '[')) {
        pair->kind = TOML_ARRAY;
        return read_array(in);
    }
    pair->flag = take_word(in, STR("true"));
    if (pair->flag || take_word(in, STR("false"))) {
        pair->kind = TOML_BOOL;
        return ERR_OK;
    }
    pair->kind = TOML_INTEGER;
    return read_integer(in, &pair->number);
}

/* Views of what lies in `decoded`, now that it moves no more. */
static void give_views(struct input *in, struct toml_pair *pair)
{
    const struct str all = buf_str(&in->decoded);
    pair->text = pair->kind == TOML_STRING ? all : STR_NONE;
    pair->items = in->items;
    pair->item_count = pair->kind == TOML_ARRAY ? in->item_count : 0;
    size_t start = 0;
    for (uint32_t i = 0; i < pair->item_count; i++) {
        in->items[i] = start == in->item_ends[i]
                           ? STR_NONE
                           : (struct str){.at = all.at + start, .len = in->item_ends[i] - start};
        start = in->item_ends[i];
    }
}

static enum err read_pair(struct input *in, const struct toml_reader *reader)
{
    struct toml_pair pair = {.line = in->line, .column = column_of(in)};
    TRY(read_name(in, in->key));
    skip_blanks(in);
    if (peek(in) == '.') {
        return refuse(in, "keys have no dots here; put it in a [table]");
    }
    if (!take(in, '=')) {
        return refuse(in, "a = should stand here");
    }
    skip_blanks(in);
    pair.value_line = in->line;
    pair.value_column = column_of(in);
    TRY(read_value(in, &pair));
    TRY(end_line(in));
    pair.table = str_of(in->table);
    pair.key = str_of(in->key);
    give_views(in, &pair);
    return reader->pair(reader->user, &pair) ? ERR_OK : ERR_CLOSED;
}

static enum err read_all(struct input *in, const struct toml_reader *reader)
{
    if (!utf8_is_valid(in->text)) {
        return refuse(in, "the file is not UTF-8");
    }
    for (;;) {
        TRY(skip_lines(in));
        if (in->at >= in->text.len) {
            return ERR_OK;
        }
        if (take(in, '[')) {
            TRY(read_table(in));
        } else {
            TRY(read_pair(in, reader));
        }
    }
}

enum err toml_read(struct str text, const struct toml_reader *reader, struct toml_fault *ret_fault)
{
    struct input *in = mem_new(MEM_OTHER, sizeof(*in));
    if (in == NULL) {
        return ERR_NOMEM;
    }
    in->text = text;
    in->line = 1;
    buf_init(&in->decoded, MEM_OTHER, TOML_TEXT_MAX);
    const enum err err = read_all(in, reader);
    if (err == ERR_PROTO) {
        *ret_fault = in->fault;
    }
    buf_done(&in->decoded);
    mem_free(MEM_OTHER, in);
    return err;
}

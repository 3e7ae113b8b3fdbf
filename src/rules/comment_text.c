// SPDX-License-Identifier: Apache-2.0
#include "rules/comment_text.h"

#include "rules/character.h"
#include "rules/mark_run.h"
#include "wire/utf8.h"

#include <stdbool.h>

const struct text_limits comment_text_limits_usual = {
    .points = 500, .bytes = 2000, .lines = 20, .marks = 8};

/* What has been seen so far of a text that is valid UTF-8. */
struct survey {
    size_t points, bytes, lines; // as it will be kept
    bool has_control;
    struct mark_run marks;
};

static void survey_point(struct survey *survey, uint32_t point, size_t len)
{
    const bool is_second_of_crlf = point == '\n' && survey->marks.last == '\r';
    if (!is_second_of_crlf) {
        survey->points++;
        survey->bytes += len;
        survey->lines += character_ends_line(point);
    }
    survey->has_control = survey->has_control || (character_is_control(point) && point != '\n' &&
                                                  point != '\r' && point != '\t');
    mark_run_add(&survey->marks, point, point_table_at(point));
}

static struct survey survey_text(struct str text)
{
    struct survey survey = {.lines = 1};
    while (text.len > 0) {
        uint32_t point = 0;
        const size_t len = utf8_next(text, &point);
        survey_point(&survey, point, len);
        text.at += len;
        text.len -= len;
    }
    return survey;
}

/* Without white space at either end; valid UTF-8. */
static struct str trim(struct str text)
{
    uint32_t point = 0;
    size_t len;
    while ((len = utf8_next(text, &point)) > 0 && character_is_space(point)) {
        text.at += len;
        text.len -= len;
    }
    while (text.len > 0) {
        size_t start = text.len - 1;
        while (((uint8_t)text.at[start] & 0xC0) == 0x80) {
            start--;
        }
        const struct str last = {.at = text.at + start, .len = text.len - start};
        (void)utf8_next(last, &point);
        if (!character_is_space(point)) {
            break;
        }
        text.len = start;
    }
    return text;
}

static void keep(struct buf *out, struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] != '\r') {
            buf_add_byte(out, (uint8_t)text.at[i]);
        } else if (i + 1 == text.len || text.at[i + 1] != '\n') {
            buf_add_byte(out, '\n');
        }
    }
}

static enum text_fault judge(const struct survey *survey, const struct text_limits *limits,
                             const char **ret_why)
{
    if (survey->points > limits->points || survey->bytes > limits->bytes) {
        *ret_why = "The text has too many characters.";
        return TEXT_TOO_LONG;
    }
    if (survey->lines > limits->lines) {
        *ret_why = "The text has too many lines.";
        return TEXT_TOO_LONG;
    }
    if (survey->has_control) {
        *ret_why = "The text holds a control character; only line feed and tab are allowed.";
        return TEXT_BAD;
    }
    if (survey->marks.most > limits->marks) {
        *ret_why = "The text piles too many combining marks on one character.";
        return TEXT_BAD;
    }
    return TEXT_OK;
}

enum text_fault comment_text_keep(struct str text, const struct text_limits *limits,
                                  struct buf *out, const char **ret_why)
{
    if (!utf8_is_valid(text)) {
        *ret_why = "The text is not valid UTF-8.";
        return TEXT_BAD_UTF8;
    }
    text = trim(text);
    if (text.len == 0) {
        *ret_why = "The text is empty.";
        return TEXT_EMPTY;
    }
    const struct survey survey = survey_text(text);
    const enum text_fault fault = judge(&survey, limits, ret_why);
    if (fault == TEXT_OK) {
        keep(out, text);
    }
    return fault;
}

// SPDX-License-Identifier: Apache-2.0
#include "rules/text_traits.h"

#include "base/hash.h"
#include "rules/character.h"
#include "rules/fold.h"
#include "rules/link_find.h"
#include "rules/mark_run.h"
#include "wire/utf8.h"

#include <stdbool.h>
#include <utf8proc.h>

enum {
    EMOTE_NAME_MAX = 64,
    CASED_MIN = 8,            // fewer letters do not shout
    LIKENESS_BYTES_MAX = 512, // who begins alike for so long is alike
};

static const uint64_t likeness_key = 0x6C696B656E657373; // of all nodes, over restarts

/* ---- what the text is made of ---- */

struct survey {
    uint32_t cased, upper;
    bool has_emote, has_else;
    struct mark_run marks;
};

static bool is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '+';
}

/* Bytes of the `:name:` that the text begins with; 0: it does not. */
static size_t emote_len(struct str text)
{
    size_t at = 1;
    if (text.len < 3 || text.at[0] != ':') {
        return 0;
    }
    while (at < text.len && at <= EMOTE_NAME_MAX && is_name_char(text.at[at])) {
        at++;
    }
    return at > 1 && at < text.len && text.at[at] == ':' ? at + 1 : 0;
}

enum { KEYCAP = 0x20E3, EMOJI_STYLE = 0xFE0F, JOINER = 0x200D };

/* "7", EMOJI_STYLE or not, KEYCAP */
static size_t keycap_len(struct str text)
{
    uint32_t point = 0;
    const char c = text.at[0];
    if (!((c >= '0' && c <= '9') || c == '#' || c == '*')) {
        return 0;
    }
    size_t at = 1;
    size_t len = utf8_next((struct str){.at = text.at + at, .len = text.len - at}, &point);
    if (len > 0 && point == EMOJI_STYLE) {
        at += len;
        len = utf8_next((struct str){.at = text.at + at, .len = text.len - at}, &point);
    }
    return len > 0 && point == KEYCAP ? at + len : 0;
}

static bool is_pictograph(uint32_t point)
{
    const int bound = (int)utf8proc_get_property((utf8proc_int32_t)point)->boundclass;
    return point > 0xFF && (bound == UTF8PROC_BOUNDCLASS_EXTENDED_PICTOGRAPHIC ||
                            bound == UTF8PROC_BOUNDCLASS_REGIONAL_INDICATOR);
}

/* What pictographs are put together and coloured with. */
static bool is_of_pictographs(uint32_t point)
{
    return point == JOINER || point == EMOJI_STYLE || point == EMOJI_STYLE - 1 ||
           (point >= 0x1F3FB && point <= 0x1F3FF) || (point >= 0xE0020 && point <= 0xE007F);
}

static void survey_case(struct survey *survey, uint32_t point)
{
    if (point < 0x80) {
        const bool is_upper = point >= 'A' && point <= 'Z';
        survey->upper += is_upper;
        survey->cased += is_upper || (point >= 'a' && point <= 'z');
        return;
    }
    const int category = (int)utf8proc_category((utf8proc_int32_t)point);
    const bool is_upper = category == UTF8PROC_CATEGORY_LU || category == UTF8PROC_CATEGORY_LT;
    survey->upper += is_upper;
    survey->cased += is_upper || category == UTF8PROC_CATEGORY_LL;
}

static void survey_point(struct survey *survey, uint32_t point)
{
    const bool is_ascii = point < 0x80;
    survey_case(survey, point);
    mark_run_add(&survey->marks, point);
    if (!is_ascii && is_pictograph(point)) {
        survey->has_emote = true;
    } else if (!character_is_space(point) && (is_ascii || !is_of_pictographs(point))) {
        survey->has_else = true;
    }
}

/* Most of what is written. */
static void survey_plain(struct survey *survey, uint8_t byte)
{
    const bool is_upper = byte >= 'A' && byte <= 'Z';
    survey->upper += is_upper;
    survey->cased += is_upper || (byte >= 'a' && byte <= 'z');
    survey->has_else = survey->has_else || !character_is_space(byte);
    mark_run_add(&survey->marks, byte);
}

/* What stands for itself, whatever follows it. */
static bool is_plain(char c)
{
    return (uint8_t)c < 0x80 && c != ':' && c != '#' && c != '*' && !(c >= '0' && c <= '9');
}

static struct survey survey_text(struct str text)
{
    struct survey survey = {0};
    while (text.len > 0) {
        uint32_t point = 0;
        size_t len = 1;
        if (is_plain(text.at[0])) {
            survey_plain(&survey, (uint8_t)text.at[0]);
        } else if ((len = emote_len(text)) > 0 || (len = keycap_len(text)) > 0) {
            survey.has_emote = true;
        } else if ((len = utf8_next(text, &point)) > 0) {
            survey_point(&survey, point);
        } else {
            len = 1;
        }
        text.at += len;
        text.len -= len;
    }
    return survey;
}

/* ---- likeness ---- */

static bool is_of_likeness(uint32_t point)
{
    if (point < 0x80) {
        return (point >= 'a' && point <= 'z') || (point >= '0' && point <= '9');
    }
    switch ((int)utf8proc_category((utf8proc_int32_t)point)) {
    case UTF8PROC_CATEGORY_PC:
    case UTF8PROC_CATEGORY_PD:
    case UTF8PROC_CATEGORY_PS:
    case UTF8PROC_CATEGORY_PE:
    case UTF8PROC_CATEGORY_PI:
    case UTF8PROC_CATEGORY_PF:
    case UTF8PROC_CATEGORY_PO:
    case UTF8PROC_CATEGORY_SK:
        return false;
    default:
        return true;
    }
}

static uint64_t likeness_of(struct str reading)
{
    char kept[LIKENESS_BYTES_MAX + 4];
    size_t kept_len = 0;
    uint32_t last = 0;
    while (reading.len > 0 && kept_len < LIKENESS_BYTES_MAX) {
        uint32_t point = (uint8_t)reading.at[0];
        const size_t len = point < 0x80 ? 1 : utf8_next(reading, &point);
        if (len == 0) {
            break; // a folded text is UTF-8
        }
        if (point != last && is_of_likeness(point)) {
            memcpy(kept + kept_len, reading.at, len);
            kept_len += len;
            last = point;
        }
        reading.at += len;
        reading.len -= len;
    }
    if (kept_len < TEXT_TRAITS_LIKENESS_BYTES_MIN) {
        return 0;
    }
    const uint64_t hash = hash_bytes(likeness_key, kept, kept_len);
    return hash == 0 ? 1 : hash;
}

/* ---- all of it ---- */

static bool holds_link(struct str folded)
{
    struct str reading;
    while (fold_next(&folded, &reading)) {
        if (link_find_any(reading)) {
            return true;
        }
    }
    return false;
}

static uint8_t at_most_255(uint32_t count)
{
    return count > UINT8_MAX ? UINT8_MAX : (uint8_t)count;
}

static uint8_t caps_percent(const struct survey *survey)
{
    if (survey->cased < CASED_MIN) {
        return 0;
    }
    return (uint8_t)((uint64_t)survey->upper * 100 / survey->cased);
}

void text_traits_find(struct str text, struct buf *folded, struct traits *ret)
{
    const struct survey survey = survey_text(text);
    fold_text(text, folded);
    *ret = (struct traits){
        .caps_percent = caps_percent(&survey),
        .marks_most = at_most_255(survey.marks.most),
        .folded = buf_str(folded),
    };
    if (survey.has_emote && !survey.has_else) {
        ret->bits |= TRAIT_EMOTE_ONLY;
    }
    if (holds_link(ret->folded)) {
        ret->bits |= TRAIT_LINK;
    }
    ret->likeness = likeness_of(fold_loosest(ret->folded));
}

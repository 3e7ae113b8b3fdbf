// SPDX-License-Identifier: Apache-2.0
#include "rules/text_traits.h"

#include "base/hash.h"
#include "rules/character.h"
#include "rules/fold.h"
#include "rules/link_find.h"
#include "rules/mark_run.h"
#include "rules/point_table.h"
#include "wire/utf8.h"

#include <stdbool.h>

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

/* What pictographs are put together and coloured with. */
static bool is_of_pictographs(uint32_t point)
{
    return point == JOINER || point == EMOJI_STYLE || point == EMOJI_STYLE - 1 ||
           (point >= 0x1F3FB && point <= 0x1F3FF) || (point >= 0xE0020 && point <= 0xE007F);
}

static void survey_point(struct survey *survey, uint32_t point)
{
    const uint32_t flags = point_table_at(point);
    survey->upper += (flags & POINT_UPPER) != 0;
    survey->cased += (flags & POINT_CASED) != 0;
    mark_run_add(&survey->marks, point, flags);
    if ((flags & POINT_PICTOGRAPH) != 0) {
        survey->has_emote = true;
    } else if (!character_is_space(point) && !is_of_pictographs(point)) {
        survey->has_else = true;
    }
}

/* What may be more than itself: an emote's name, a keycap, a character beyond ASCII. */
static const bool may_be_more[UINT8_MAX + 1] = {
    [':'] = true, ['#'] = true, ['*'] = true, ['0' ... '9'] = true, [0x80 ... UINT8_MAX] = true,
};

/* Most of what is written: the bytes that stand for themselves, whatever follows. Returns how many
 * come first. */
static size_t survey_ascii(struct survey *survey, struct str text)
{
    uint32_t upper = 0;
    uint32_t cased = 0;
    bool has_else = survey->has_else;
    size_t i = 0;
    for (; i < text.len && !may_be_more[(uint8_t)text.at[i]]; i++) {
        const uint8_t byte = (uint8_t)text.at[i];
        const uint32_t flags = point_table_at(byte);
        upper += flags & POINT_UPPER;
        cased += (flags & POINT_CASED) != 0;
        has_else = has_else || !character_is_space(byte);
        mark_run_add(&survey->marks, byte, flags);
    }
    survey->upper += upper;
    survey->cased += cased;
    survey->has_else = has_else;
    return i;
}

static struct survey survey_text(struct str text)
{
    struct survey survey = {0};
    while (text.len > 0) {
        uint32_t point = 0;
        size_t len = survey_ascii(&survey, text);
        if (len == 0 && ((len = emote_len(text)) > 0 || (len = keycap_len(text)) > 0)) {
            survey.has_emote = true;
        } else if (len == 0 && (len = utf8_next(text, &point)) > 0) {
            survey_point(&survey, point);
        }
        len = len > 0 ? len : 1; // no UTF-8
        text.at += len;
        text.len -= len;
    }
    return survey;
}

/* ---- likeness ---- */

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
        if (point != last && (point_table_at(point) & POINT_OF_LIKENESS) != 0) {
            for (size_t i = 0; i < len; i++) { // at most four: quicker than a call
                kept[kept_len++] = reading.at[i];
            }
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
    struct str with_strokes;
    struct str rest = fold_usual(folded, &with_strokes);
    struct str reading;
    while (fold_next(&rest, &reading)) {
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

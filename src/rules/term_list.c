// SPDX-License-Identifier: Apache-2.0
#include "rules/term_list.h"

#include "base/mem.h"
#include "wire/utf8.h"

#include <stdio.h>

enum { BAD_NAMED_MAX = 5, KEYS_A_TERM = 4, DEPTH_MAX = 4 };

struct listing {
    struct term *terms; // owned
    uint32_t *lines;    // owned; where each stands
    uint32_t count, cap;
    const char *place; // "line" or "term"
    const char *why;   // of the first that is bad
    uint32_t bad[BAD_NAMED_MAX];
    uint32_t bad_count;
};

static void listing_done(struct listing *listing)
{
    mem_free(MEM_OTHER, listing->terms);
    mem_free(MEM_OTHER, listing->lines);
}

static void find_bad(struct listing *listing, uint32_t line, const char *why)
{
    if (listing->bad_count == 0) {
        listing->why = why;
    }
    if (listing->bad_count < BAD_NAMED_MAX) {
        listing->bad[listing->bad_count] = line;
    }
    listing->bad_count++;
}

/* "line 3: why; also 7, 9 and 2 more" */
static enum err tell_bad(const struct listing *listing, struct term_list_fault *fault)
{
    struct buf text;
    buf_init_over(&text, fault->text, sizeof(fault->text) - 1);
    buf_addf(&text, "%s %u: %s", listing->place, listing->bad[0], listing->why);
    for (uint32_t i = 1; i < listing->bad_count && i < BAD_NAMED_MAX; i++) {
        buf_addf(&text, "%s%u", i == 1 ? "; also " : ", ", listing->bad[i]);
    }
    if (listing->bad_count > BAD_NAMED_MAX) {
        buf_addf(&text, " and %u more", listing->bad_count - BAD_NAMED_MAX);
    }
    fault->text[text.len] = '\0';
    return ERR_PROTO;
}

static enum err grow(struct listing *listing)
{
    if (listing->count < listing->cap) {
        return ERR_OK;
    }
    const uint32_t cap = listing->cap == 0 ? 64 : 2 * listing->cap;
    struct term *terms = mem_resize(MEM_OTHER, listing->terms, cap * sizeof(*terms));
    if (terms == NULL) {
        return ERR_NOMEM;
    }
    listing->terms = terms;
    uint32_t *lines = mem_resize(MEM_OTHER, listing->lines, cap * sizeof(*lines));
    if (lines == NULL) {
        return ERR_NOMEM;
    }
    listing->lines = lines;
    listing->cap = cap;
    return ERR_OK;
}

/* One more than may be is kept, so that the list is known to be too long. */
static enum err add(struct listing *listing, const struct term *term, uint32_t line)
{
    if (listing->count > TERMS_MAX) {
        return ERR_OK;
    }
    TRY(grow(listing));
    listing->terms[listing->count] = *term;
    listing->lines[listing->count++] = line;
    return ERR_OK;
}

/* ---- words ---- */

static bool read_match(struct str word, enum term_match *ret_match)
{
    static const struct str names[] = {[TERM_WORD] = STR("word"),
                                       [TERM_SUBSTRING] = STR("substring"),
                                       [TERM_ALLOW] = STR("allow")};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (str_eq(word, names[i])) {
            *ret_match = (enum term_match)i;
            return true;
        }
    }
    return false;
}

static bool read_action(struct str word, enum outcome *ret_action)
{
    static const struct str names[] = {[OUTCOME_HOLD] = STR("hold"),
                                       [OUTCOME_SHADOW] = STR("shadow"),
                                       [OUTCOME_REFUSE] = STR("refuse")};
    for (size_t i = OUTCOME_HOLD; i < sizeof(names) / sizeof(names[0]); i++) {
        if (str_eq(word, names[i])) {
            *ret_action = (enum outcome)i;
            return true;
        }
    }
    return false;
}

static const char *why_not(struct str text)
{
    if (!utf8_is_valid(text)) {
        return "is not UTF-8";
    }
    return text.len > TERM_BYTES_MAX ? "is longer than 200 bytes" : NULL;
}

/* ---- the automaton ---- */

static enum err finish(struct listing *listing, struct terms **ret_terms,
                       struct term_list_fault *fault)
{
    uint32_t bad = 0;
    if (listing->bad_count > 0) {
        return tell_bad(listing, fault);
    }
    if (listing->count == 0) {
        *ret_terms = NULL;
        return ERR_OK;
    }
    const enum err err = terms_new(listing->terms, listing->count, ret_terms, &bad);
    if (err == ERR_PROTO) {
        find_bad(listing, listing->lines[bad], "nothing is left of the term when it is folded");
        return tell_bad(listing, fault);
    }
    if (err == ERR_LIMIT) {
        (void)snprintf(fault->text, sizeof(fault->text),
                       "%s %u: the list is too long; %d terms and %d bytes at most", listing->place,
                       listing->lines[bad], TERMS_MAX, TERMS_BYTES_MAX);
    }
    return err;
}

/* ---- a file ---- */

static const char *read_line(struct str line, struct term *ret_term)
{
    struct str rest;
    *ret_term = (struct term){.match = TERM_WORD, .action = OUTCOME_REFUSE};
    ret_term->text = str_trim(str_cut(line, '\t', &rest));
    const struct str match = str_trim(str_cut(rest, '\t', &rest));
    const struct str action = str_trim(str_cut(rest, '\t', &rest));
    if (rest.len > 0) {
        return "has more than three columns";
    }
    if (match.len > 0 && !read_match(match, &ret_term->match)) {
        return "the second column should be word, substring or allow";
    }
    if (action.len > 0 && !read_action(action, &ret_term->action)) {
        return "the third column should be refuse, hold or shadow";
    }
    return ret_term->text.len == 0 ? "has no term" : why_not(ret_term->text);
}

static struct str without_end(struct str line)
{
    while (line.len > 0 && (line.at[line.len - 1] == '\r' || line.at[line.len - 1] == ' ' ||
                            line.at[line.len - 1] == '\t')) {
        line.len--;
    }
    return line;
}

static enum err read_lines(struct listing *listing, struct str text)
{
    static const struct str mark = STR("\xEF\xBB\xBF");
    struct str rest = text;
    if (str_has_prefix(rest, mark)) {
        rest = (struct str){.at = rest.at + mark.len, .len = rest.len - mark.len};
    }
    for (uint32_t number = 1; rest.len > 0; number++) {
        const struct str line = without_end(str_cut(rest, '\n', &rest));
        const struct str content = str_trim(line);
        struct term term;
        if (content.len == 0 || content.at[0] == '#') {
            continue;
        }
        const char *why = read_line(line, &term);
        if (why != NULL) {
            find_bad(listing, number, why);
            continue;
        }
        TRY(add(listing, &term, number));
    }
    return ERR_OK;
}

enum err term_list_read_file(struct str text, struct terms **ret_terms,
                             struct term_list_fault *fault)
{
    struct listing listing = {.place = "line"};
    enum err err = read_lines(&listing, text);
    if (err == ERR_OK) {
        err = finish(&listing, ret_terms, fault);
    }
    listing_done(&listing);
    return err;
}

/* ---- JSON ---- */

static bool is_given(const struct json *value)
{
    return value != NULL && json_kind(value) != JSON_KIND_NULL;
}

static const char *read_entry(const struct json *entry, struct term *ret_term)
{
    const struct json *match = json_member(entry, "match");
    const struct json *action = json_member(entry, "action");
    struct str word;
    *ret_term = (struct term){.match = TERM_WORD, .action = OUTCOME_REFUSE};
    if (json_kind(entry) != JSON_KIND_OBJECT ||
        !json_get_str(json_member(entry, "text"), &ret_term->text)) {
        return "should be an object with `text`, a string";
    }
    if (is_given(match) && (!json_get_str(match, &word) || !read_match(word, &ret_term->match))) {
        return "`match` should be word, substring or allow";
    }
    if (is_given(action) &&
        (!json_get_str(action, &word) || !read_action(word, &ret_term->action))) {
        return "`action` should be refuse, hold or shadow";
    }
    return ret_term->text.len == 0 ? "`text` is empty" : why_not(ret_term->text);
}

static enum err read_array(struct listing *listing, const struct json *list)
{
    const size_t count = json_length(list);
    for (size_t i = 0; i < count; i++) {
        struct term term;
        const char *why = read_entry(json_at(list, i), &term);
        if (why != NULL) {
            find_bad(listing, (uint32_t)i + 1, why);
        } else {
            TRY(add(listing, &term, (uint32_t)i + 1));
        }
    }
    return ERR_OK;
}

enum err term_list_read_value(const struct json *list, struct terms **ret_terms,
                              struct term_list_fault *fault)
{
    struct listing listing = {.place = "term"};
    if (json_kind(list) != JSON_KIND_ARRAY) {
        (void)snprintf(fault->text, sizeof(fault->text), "should be an array of terms");
        return ERR_PROTO;
    }
    enum err err = read_array(&listing, list);
    if (err == ERR_OK) {
        err = finish(&listing, ret_terms, fault);
    }
    listing_done(&listing);
    return err;
}

enum err term_list_read_json(struct str text, struct terms **ret_terms,
                             struct term_list_fault *fault)
{
    static const struct json_limits limits = {.depth = DEPTH_MAX,
                                              .keys = (size_t)KEYS_A_TERM * TERMS_MAX};
    struct json *list = NULL;
    struct json_fault bad;
    enum err err = json_parse_within(text, &limits, &list, &bad);
    if (err == ERR_PROTO) {
        (void)snprintf(fault->text, sizeof(fault->text), "%.*s", TERM_LIST_WHY_MAX - 1, bad.detail);
    }
    if (err == ERR_OK) {
        err = term_list_read_value(list, ret_terms, fault);
    }
    json_free(list);
    return err;
}

void term_list_write(struct buf *out, const struct terms *terms)
{
    static const char *const matches[] = {
        [TERM_WORD] = "word", [TERM_SUBSTRING] = "substring", [TERM_ALLOW] = "allow"};
    static const char *const actions[] = {[OUTCOME_ALLOW] = "refuse",
                                          [OUTCOME_HOLD] = "hold",
                                          [OUTCOME_SHADOW] = "shadow",
                                          [OUTCOME_REFUSE] = "refuse"};
    buf_add_byte(out, '[');
    for (uint32_t i = 0; i < terms_count(terms); i++) {
        const struct term term = terms_at(terms, i);
        buf_add_str(out, i == 0 ? STR("{") : STR(",{"));
        json_write_member_str(out, "text", term.text);
        json_write_member_str(out, "match", str_of(matches[term.match]));
        if (term.match != TERM_ALLOW) {
            json_write_member_str(out, "action", str_of(actions[term.action]));
        }
        buf_add_byte(out, '}');
    }
    buf_add_byte(out, ']');
}

// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/heard.h"

#include "base/buf.h"
#include "base/hash.h"
#include "base/mem.h"
#include "engine/embedded/evidence.h"
#include "engine/embedded/held.h"
#include "engine/embedded/store_rows.h"
#include "rules/fold.h"
#include "rules/text_traits.h"
#include "wire/cursor.h"
#include "wire/json.h"
#include "wire/json_slice.h"

#include <stdlib.h>
#include <string.h>

enum { TEXT_BYTES_MAX = 16 << 10 };

struct finding {
    const struct heard_question *question;
    struct buf folded; // of one text at a time
    struct heard *heard;
    uint32_t count;
};

static enum err find_likeness(struct finding *finding, struct str text, uint64_t *ret_likeness)
{
    struct traits traits = {.likeness = 0};
    buf_reset(&finding->folded);
    if (text.len > TEXT_BYTES_MAX) {
        return ERR_OK; // none is so long
    }
    text_traits_find(text, &finding->folded, &traits);
    *ret_likeness = traits.likeness;
    return buf_err(&finding->folded);
}

/* As it was posted: what JSON escapes is read. */
static enum err read_text(struct finding *finding, struct str body, uint64_t *ret_likeness)
{
    const struct str json = json_slice_member(body, STR("text"));
    struct json *read = NULL;
    struct json_fault why;
    struct str text;
    if (json.len < 2) {
        return ERR_OK;
    }
    text = (struct str){.at = json.at + 1, .len = json.len - 2};
    if (memchr(text.at, '\\', text.len) != NULL) {
        const enum err err = json_parse(json, &read, &why);
        if (err != ERR_OK) {
            return err == ERR_NOMEM ? err : ERR_OK;
        }
        (void)json_get_str(read, &text);
    }
    const enum err err = find_likeness(finding, text, ret_likeness);
    json_free(read);
    return err;
}

static enum err add(struct finding *finding, const struct heard *found, struct str body)
{
    struct heard heard = *found;
    TRY(read_text(finding, body, &heard.likeness));
    if (heard.likeness != 0) {
        finding->heard[finding->count++] = heard;
    }
    return ERR_OK;
}

static enum err add_row(struct finding *finding, const struct store_row *row)
{
    const struct heard_question *question = finding->question;
    const struct heard heard = {.user = hash_str(question->hash_key, row->user),
                                .at_ms = row->at_ms,
                                .is_hidden = (row->flags & EVENT_FLAG_SHADOW) != 0};
    struct evidence_row evidence;
    if (row->kind == EVENT_COMMENT) {
        return add(finding, &heard, row->body);
    }
    const enum err err = evidence_find(question->store, row->stream, row->seq, &evidence);
    if (err == ERR_NOT_FOUND || err == ERR_GONE) {
        return ERR_OK;
    }
    return err == ERR_OK ? add(finding, &heard, evidence.body) : err;
}

static enum err walk_log(struct finding *finding)
{
    const struct heard_question *question = finding->question;
    const struct store_range range = {.stream = question->stream,
                                      .upto = SEQ_MAX,
                                      .kinds = 1U << EVENT_COMMENT | 1U << EVENT_REMOVED,
                                      .newest_first = true};
    sqlite3_stmt *walk = NULL;
    TRY(store_rows_range(question->store, &range, &walk));
    for (uint32_t i = 0; i < ECHOES_MAX; i++) {
        struct store_row row = {.n = 0};
        const enum err err = store_rows_next(question->store, walk, &row);
        if (err == ERR_NOT_FOUND || (err == ERR_OK && row.at_ms < question->since_ms)) {
            return ERR_OK;
        }
        if (err != ERR_GONE) {
            TRY(err);
            TRY(add_row(finding, &row));
        }
    }
    return ERR_OK;
}

static enum err walk_queue(struct finding *finding)
{
    const struct heard_question *question = finding->question;
    sqlite3_stmt *walk = NULL;
    TRY(held_newest(question->store, question->stream, &walk));
    for (uint32_t i = 0; i < ECHOES_MAX; i++) {
        struct held_row row;
        const enum err err = held_next(question->store, walk, &row);
        if (err == ERR_NOT_FOUND || (err == ERR_OK && row.at_ms < question->since_ms)) {
            return ERR_OK;
        }
        if (err != ERR_GONE) {
            const struct heard heard = {.user = hash_str(question->hash_key, row.user),
                                        .at_ms = row.at_ms,
                                        .is_hidden = true};
            TRY(err);
            TRY(add(finding, &heard, row.body));
        }
    }
    return ERR_OK;
}

static int by_time(const void *a, const void *b)
{
    const struct heard *left = a, *right = b;
    return (left->at_ms > right->at_ms) - (left->at_ms < right->at_ms);
}

enum err heard_find(const struct heard_question *question, struct heard *ret_heard,
                    uint32_t *ret_count)
{
    struct finding finding = {.question = question, .heard = ret_heard};
    buf_init(&finding.folded, MEM_ENGINE, fold_bytes_max(TEXT_BYTES_MAX));
    enum err err = walk_log(&finding);
    if (err == ERR_OK) {
        err = walk_queue(&finding);
    }
    buf_done(&finding.folded);
    if (err == ERR_OK) {
        qsort(finding.heard, finding.count, sizeof(finding.heard[0]), by_time);
        *ret_count = finding.count;
    }
    return err;
}

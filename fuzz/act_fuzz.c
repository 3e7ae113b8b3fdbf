// SPDX-License-Identifier: Apache-2.0
/* Whatever is asked, an act that is taken keeps its bounds, and written as a request it is read as
 * the same; what is not taken is refused by a field's name. And a text that is an act's id is the
 * only one of that act. */
#include "fuzz.h"
#include "wire/act.h"
#include "wire/cursor.h"
#include "wire/utf8.h"

static void write_targets(struct buf *out, const struct act *act)
{
    const bool is_seqs = act->at == ACT_AT_SEQS;
    const bool is_one = act->target_count == 1;
    json_write_name(out, is_seqs ? (is_one ? "seq" : "seqs") : (is_one ? "user" : "users"));
    buf_add_str(out, is_one ? STR_NONE : STR("["));
    for (uint32_t i = 0; i < act->target_count; i++) {
        buf_add_str(out, i == 0 ? STR_NONE : STR(","));
        if (is_seqs) {
            buf_add_u64(out, act->seqs[i]);
        } else {
            json_write_str(out, act->users[i]);
        }
    }
    buf_add_str(out, is_one ? STR_NONE : STR("]"));
}

static void write_ids(struct buf *out, const struct act *act)
{
    json_write_name(out, "ids");
    for (uint32_t i = 0; i < act->target_count; i++) {
        buf_add_str(out, i == 0 ? STR("[") : STR(","));
        json_write_str(out, act->ids[i]);
    }
    buf_add_byte(out, ']');
}

static void write_act(struct buf *out, const struct act *act)
{
    char id[ACT_ID_TEXT_MAX];
    buf_add_byte(out, '{');
    json_write_member_str(out, "do", str_of(act_name(act->what)));
    if (act->at == ACT_AT_SEQS || act->at == ACT_AT_USERS) {
        write_targets(out, act);
    } else if (act->at == ACT_AT_IDS) {
        write_ids(out, act);
    } else if (act->at == ACT_AT_ID) {
        json_write_member_str(out, "id", act->id);
    } else if (act->at == ACT_AT_ACT) {
        act_id_write(act->act, id);
        json_write_member_str(out, "act", str_of(id));
    }
    if (act->seconds >= 0) {
        json_write_member_i64(out, "seconds", act->seconds);
    }
    json_write_member_str(out, "reason", act->reason);
    if (act->value.len > 0 && act->what == ACT_WARN) {
        json_write_member_str(out, "text", act->value);
    } else if (act->value.len > 0) {
        json_write_name(out, "value");
        buf_add_str(out, act->value);
    }
    buf_add_byte(out, '}');
}

static void check_bounds(const struct act *act)
{
    must(act->what > 0 && act->what < ACTS);
    must(act->target_count <= ACT_TARGETS_MAX);
    must((act->at == ACT_AT_NOTHING) == (act->target_count == 0));
    must(act->reason.len <= ACT_REASON_BYTES_MAX && act->id.len <= ACT_ID_BYTES_MAX);
    must(act->seconds >= -1 && act->seconds <= ACT_TIMEOUT_S_MAX);
    for (uint32_t i = 0; i < act->target_count && act->at == ACT_AT_SEQS; i++) {
        must(act->seqs[i] >= 1 && act->seqs[i] <= SEQ_MAX);
    }
    for (uint32_t i = 0; i < act->target_count && act->at == ACT_AT_IDS; i++) {
        must(act->ids[i].len >= 1 && act->ids[i].len <= ACT_ID_BYTES_MAX);
    }
    for (uint32_t i = 0; i < act->target_count && act->at == ACT_AT_USERS; i++) {
        must(act->users[i].len >= 1 && act->users[i].len <= ACT_USER_BYTES_MAX);
    }
}

static void must_be_same(const struct act *a, const struct act *b)
{
    must(a->what == b->what && a->at == b->at && a->target_count == b->target_count);
    must(a->act == b->act && a->seconds == b->seconds);
    must(str_eq(a->id, b->id) && str_eq(a->reason, b->reason) && str_eq(a->value, b->value));
    for (uint32_t i = 0; i < a->target_count; i++) {
        must(a->at != ACT_AT_SEQS || a->seqs[i] == b->seqs[i]);
        must(a->at != ACT_AT_IDS || str_eq(a->ids[i], b->ids[i]));
        must(a->at != ACT_AT_USERS || str_eq(a->users[i], b->users[i]));
    }
}

static void comes_back(const struct act *act)
{
    struct buf text = fuzz_buf();
    struct json *root = NULL;
    struct json_fault fault;
    struct act_read again;
    struct problem why;
    write_act(&text, act);
    must(json_parse_with(buf_str(&text), SIZE_MAX, &root, &fault) == ERR_OK);
    must(act_read(root, &again, &why) == ERR_OK);
    must_be_same(act, &again.act);
    act_read_done(&again);
    json_free(root);
    buf_done(&text);
}

static void an_id_is_the_only_one(struct str input)
{
    uint64_t act = 0;
    char text[ACT_ID_TEXT_MAX];
    if (act_id_parse(input, &act) == ERR_OK) {
        act_id_write(act, text);
        must(str_eq(str_of(text), input));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    const struct str input = fuzz_str(bytes, len);
    struct json *root = NULL;
    struct json_fault fault;
    struct act_read read;
    struct problem why;
    an_id_is_the_only_one(input);
    if (json_parse(input, &root, &fault) != ERR_OK) {
        return 0;
    }
    const enum err err = act_read(root, &read, &why);
    must(err == ERR_OK || (err == ERR_PROTO && why.code == PROBLEM_BAD_FIELD && why.field.len > 0));
    if (err == ERR_OK) {
        check_bounds(&read.act);
        comes_back(&read.act);
        act_read_done(&read);
    }
    json_free(root);
    return 0;
}

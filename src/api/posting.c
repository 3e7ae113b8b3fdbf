// SPDX-License-Identifier: Apache-2.0
#include "api/posting.h"

#include "base/hash.h"
#include "base/mem.h"
#include "rules/comment_state.h"
#include "rules/comment_text.h"
#include "rules/fold.h"
#include "rules/text_traits.h"
#include "rules/token_name.h"

static enum err wrong(struct problem *ret_why, enum problem_code code, const char *field,
                      const char *detail)
{
    *ret_why = (struct problem){.code = code, .field = str_of(field), .detail = str_of(detail)};
    return ERR_PROTO;
}

/* Absent and null are the same: not given. */
static bool is_given(const struct json *value)
{
    return value != NULL && json_kind(value) != JSON_KIND_NULL;
}

static enum err read_text(struct posting *posting, const struct json *message,
                          struct problem *ret_why)
{
    static const enum problem_code codes[] = {
        [TEXT_EMPTY] = PROBLEM_EMPTY,
        [TEXT_TOO_LONG] = PROBLEM_TOO_LONG,
        [TEXT_BAD_UTF8] = PROBLEM_BAD_UTF8,
        [TEXT_BAD] = PROBLEM_BAD_TEXT,
    };
    struct str text;
    if (!json_get_str(json_member(message, "text"), &text)) {
        return wrong(ret_why, PROBLEM_BAD_FIELD, "text", "`text` is needed, and is a string.");
    }
    const char *why = "";
    const enum text_fault fault =
        comment_text_keep(text, &desk_policy(posting->api)->is.text, &posting->text, &why);
    if (fault != TEXT_OK) {
        return wrong(ret_why, codes[fault], "text", why);
    }
    posting->submit.text = buf_str(&posting->text);
    return ERR_OK;
}

/* Both spellings of the header: as it is, and as a structured field string, in quotes. */
static struct str without_quotes(struct str key)
{
    if (key.len >= 2 && key.at[0] == '"' && key.at[key.len - 1] == '"') {
        return (struct str){.at = key.at + 1, .len = key.len - 2};
    }
    return key;
}

static enum err read_cid(struct posting *posting, const struct posting_options *options,
                         struct problem *ret_why)
{
    const struct json *member = json_member(options->message, "cid");
    struct str cid = STR_NONE;
    if (is_given(member) && (!json_get_str(member, &cid) || !token_name_is_valid(cid))) {
        return wrong(ret_why, PROBLEM_BAD_FIELD, "cid",
                     "`cid` is a string of 1 to 64 of A-Z a-z 0-9 _ and -.");
    }
    if (options->idempotency_key.at != NULL) {
        const struct str key = without_quotes(options->idempotency_key);
        if (!token_name_is_valid(key)) {
            return wrong(ret_why, PROBLEM_BAD_FIELD, "Idempotency-Key",
                         "The header is 1 to 64 of A-Z a-z 0-9 _ and -.");
        }
        if (cid.len > 0 && !str_eq(cid, key)) {
            return wrong(ret_why, PROBLEM_BAD_FIELD, "cid",
                         "`cid` and the header Idempotency-Key differ: send one.");
        }
        cid = key;
    }
    if (cid.len > 0) {
        memcpy(posting->cid, cid.at, cid.len);
        posting->submit.cid = (struct str){.at = posting->cid, .len = cid.len};
    }
    return ERR_OK;
}

static enum err read_rest(struct posting *posting, const struct json *message,
                          struct problem *ret_why)
{
    const struct json *reply_to = json_member(message, "reply_to");
    struct str id = STR_NONE;
    if (is_given(reply_to)) {
        if (!json_get_str(reply_to, &id) || !token_name_is_valid(id)) {
            return wrong(ret_why, PROBLEM_BAD_FIELD, "reply_to",
                         "`reply_to` is the `id` of a comment of this stream.");
        }
        memcpy(posting->reply_to, id.at, id.len);
        posting->submit.reply_to = (struct str){.at = posting->reply_to, .len = id.len};
    }
    const struct json *media = json_member(message, "media_ms");
    posting->submit.media_ms = -1;
    if (is_given(media) &&
        (!json_get_i64(media, &posting->submit.media_ms) || posting->submit.media_ms < 0 ||
         posting->submit.media_ms > (int64_t)SEQ_MAX)) {
        return wrong(ret_why, PROBLEM_BAD_FIELD, "media_ms",
                     "`media_ms` is a whole number of milliseconds, 0 or more.");
    }
    return ERR_OK;
}

static void name_author(struct posting *posting, const struct posting_options *options)
{
    const struct claims *claims = options->claims;
    posting->claims = claims_ref(options->claims);
    posting->submit.author = (struct author){
        .id = claims->sub,
        .name = claims->name,
        .avatar = claims->avatar,
        .roles = claims->roles,
        .badges = claims->badges,
        .privileged = claims_are_privileged(claims),
        .unhurried = claims_are_unhurried(claims),
        .role_bits = claims->role_bits,
        .since_s = claims->since_s,
    };
    if (!options->client_is_trusted) {
        posting->submit.address = address_key(options->client, posting->address);
    }
}

/* What is wrong with it does not stop it: a retry is recognised before any check, and who posts
 * what cannot be taken is told their rate, too. Both are known at the ordering point alone. */
static void read_message(struct posting *posting, const struct posting_options *options)
{
    enum err err = read_cid(posting, options, &posting->unfit);
    if (err == ERR_OK) {
        err = read_text(posting, options->message, &posting->unfit);
    }
    if (err == ERR_OK) {
        err = read_rest(posting, options->message, &posting->unfit);
    }
    posting->submit.unfit = err != ERR_OK;
}

/* ---- rules ---- */

/* Which streams' rules look at traits is learned from answers, by a hash of their names: where none
 * do, none are found. One that is not known yet, or not any more, costs the one or the other. */
static uint64_t *asked_word(struct api *api, struct str stream, uint64_t *ret_bit)
{
    enum { WORDS = sizeof(api->asked_traits) / sizeof(api->asked_traits[0]) };
    const uint64_t hash = hash_str(0, stream);
    *ret_bit = 1ULL << (hash & 63);
    return &api->asked_traits[(hash >> 6) % WORDS];
}

static bool are_traits_asked(struct api *api, struct str stream)
{
    uint64_t bit = 0;
    return (*asked_word(api, stream, &bit) & bit) != 0;
}

static void note_asked(struct api *api, const struct submit *submit)
{
    uint64_t bit = 0;
    uint64_t *word = asked_word(api, submit->stream, &bit);
    if (submit->end == SUBMIT_DONE) { // a refusal may come before the rules
        *word = submit->asked_traits ? *word | bit : *word & ~bit;
    } else if (submit->asked_traits) {
        *word |= bit;
    }
}

/* What is pure of its rules, so that the ordering point has only to compare. */
static void apply_rules(struct posting *posting)
{
    struct submit *submit = &posting->submit;
    struct terms *terms = desk_policy(posting->api)->is.terms;
    const bool has_terms = terms != NULL && !submit->author.privileged;
    buf_init(&posting->folded, MEM_CONN, fold_bytes_max(submit->text.len));
    submit->has_traits = are_traits_asked(posting->api, submit->stream);
    if (submit->has_traits) {
        text_traits_find(submit->text, &posting->folded, &submit->traits);
    } else if (has_terms) {
        fold_text(submit->text, &posting->folded);
    }
    if (!has_terms) {
        return;
    }
    posting->terms = terms_ref(terms);
    const struct term_hit hit = terms_judge(terms, buf_str(&posting->folded));
    if (hit.outcome != OUTCOME_ALLOW) {
        submit->wish = (struct wish){.outcome = hit.outcome,
                                     .refusal = hit.outcome == OUTCOME_REFUSE ? REFUSAL_BLOCKED_TERM
                                                                              : REFUSAL_NONE,
                                     .rule = STR("server_terms")};
    }
}

enum err posting_new(const struct posting_options *options, struct posting **ret_posting)
{
    struct posting *posting = mem_new(MEM_CONN, sizeof(*posting));
    if (posting == NULL) {
        return ERR_NOMEM;
    }
    posting->server = options->server;
    posting->api = desk_of(options->server);
    buf_init(&posting->text, MEM_CONN, desk_policy(posting->api)->is.text.bytes);
    memcpy(posting->stream, options->stream.at, options->stream.len);
    posting->submit.stream = (struct str){.at = posting->stream, .len = options->stream.len};
    name_author(posting, options);
    read_message(posting, options);
    if (!posting->submit.unfit) {
        apply_rules(posting);
    }
    if (posting->folded.failed) { // what cannot be judged is not handed over
        posting_free(posting);
        return ERR_NOMEM;
    }
    *ret_posting = posting;
    return ERR_OK;
}

void posting_free(struct posting *posting)
{
    if (posting->is_away) {
        return; // on_submitted() does it
    }
    event_unref(posting->submit.event);
    claims_unref(posting->claims);
    buf_done(&posting->text);
    buf_done(&posting->folded);
    terms_unref(posting->terms);
    mem_free(MEM_CONN, posting);
}

/* The submit is the port's still: nothing of it is looked at. */
static void on_late(struct overdue_entry *entry)
{
    struct posting *posting = list_entry(entry, struct posting, overdue);
    struct api *api = posting->api;
    posting->is_late = true;
    metric_count(&api->posts[POST_UNKNOWN], 1);
    metric_count(&api->posts_late, 1);
    metric_observe(&api->post_ms, (uint64_t)(desk_mono_ms(posting->server) - posting->started_ms));
    posting->answered(posting);
}

static void note_rule(struct posting *posting)
{
    const struct submit *submit = &posting->submit;
    if (submit->refusal >= REFUSAL_BANNED && submit->refusal <= REFUSAL_MUST_ACKNOWLEDGE) {
        metric_count(&posting->api->ruled[submit->refusal], 1);
    }
    if (submit->act > 0) {
        act_id_write(submit->act, posting->act);
    }
}

static void on_submitted(struct call *call)
{
    static const enum post_outcome outcomes[] = {
        [SUBMIT_DONE] = POST_ACCEPTED,
        [SUBMIT_DUPLICATE] = POST_DUPLICATE,
        [SUBMIT_REFUSED] = POST_REFUSED,
        [SUBMIT_UNKNOWN] = POST_UNKNOWN,
    };
    struct posting *posting = (struct posting *)(void *)call;
    struct api *api = posting->api;
    posting->is_away = false;
    if (posting->is_late) {
        posting_free(posting);
        return;
    }
    overdue_remove(&posting->overdue);
    note_asked(api, &posting->submit);
    if (posting->submit.end == SUBMIT_REFUSED) {
        note_rule(posting);
    }
    metric_count(&api->posts[outcomes[posting->submit.end]], 1);
    metric_observe(&api->post_ms, (uint64_t)(desk_mono_ms(posting->server) - posting->started_ms));
    posting->answered(posting);
}

_Static_assert(offsetof(struct posting, submit) == 0 && offsetof(struct submit, call) == 0,
               "a call of a submit is its posting");

static void hand_over(struct posting *posting)
{
    posting->submit.call.home = desk_home(posting->server);
    posting->submit.call.done = on_submitted;
    port_submit(posting->api->shared->port, &posting->submit);
}

/* The strictest of what was wished wins. */
static void on_verdict(void *user, const struct hook_verdict *verdict)
{
    struct posting *posting = user;
    struct wish *wish = &posting->submit.wish;
    if (posting->is_late) { // answered already, as unknown: it is not posted any more
        posting->is_away = false;
        posting_free(posting);
        return;
    }
    if (verdict->is_down) {
        wish->hook_is_down = true;
        wish->if_down = verdict->outcome;
    } else if (verdict->outcome > wish->outcome) {
        memcpy(posting->hook_rule, verdict->rule, sizeof(posting->hook_rule));
        wish->outcome = verdict->outcome;
        wish->refusal = verdict->outcome == OUTCOME_REFUSE ? REFUSAL_BY_HOOK : REFUSAL_NONE;
        wish->rule = str_of(posting->hook_rule);
        wish->by_hook = true;
    }
    hand_over(posting);
}

/* ERR_NOT_FOUND: nobody is to be asked about it. */
static enum err ask_hook(struct posting *posting)
{
    const struct submit *submit = &posting->submit;
    if (submit->unfit || submit->author.privileged || submit->wish.outcome == OUTCOME_REFUSE) {
        return ERR_NOT_FOUND;
    }
    return hook_ask(posting->server, submit, on_verdict, posting);
}

void posting_start(struct posting *posting, void (*answered)(struct posting *posting), void *user)
{
    posting->answered = answered;
    posting->user = user;
    posting->started_ms = desk_mono_ms(posting->server);
    posting->is_away = true;
    overdue_add(desk_overdue(posting->server), &posting->overdue, on_late);
    const enum err err = ask_hook(posting);
    if (err == ERR_NOMEM) {
        posting->submit.wish.hook_is_down = true;
        posting->submit.wish.if_down = desk_policy(posting->api)->is.hook.down;
        hand_over(posting);
    } else if (err != ERR_OK) {
        hand_over(posting);
    }
}

static const struct problem refusals[] = {
    [REFUSAL_NONE] = {.code = PROBLEM_INTERNAL},
    [REFUSAL_NO_STREAM] = {.code = PROBLEM_NO_STREAM,
                           .detail = STR("Streams are made by their host here, with PUT "
                                         "/v1/streams/{name}; this one was not.")},
    [REFUSAL_STREAM_ENDED] = {.code = PROBLEM_STREAM_ENDED,
                              .detail = STR("It can still be read, but takes no more comments.")},
    [REFUSAL_NO_COMMENT] = {.code = PROBLEM_NO_COMMENT,
                            .field = STR("reply_to"),
                            .detail = STR("`reply_to` names no comment of this stream.")},
    [REFUSAL_RATE_USER] = {.code = PROBLEM_RATE_USER,
                           .detail = STR("You have posted as many comments as a user may in this "
                                         "time. Wait, then send it again.")},
    [REFUSAL_RATE_ADDRESS] = {.code = PROBLEM_RATE_ADDRESS,
                              .detail = STR("Your network address has posted as many comments as "
                                            "one may in this time. Wait, then send it again.")},
    [REFUSAL_RATE_STREAM] = {.code = PROBLEM_RATE_STREAM,
                             .detail = STR("This stream is taking as many comments as it can. "
                                           "Wait, then send it again.")},
    [REFUSAL_OVERLOADED] = {.code = PROBLEM_OVERLOADED,
                            .detail = STR("Too many comments wait for the disk. Nothing was kept; "
                                          "send it again."),
                            .retry_after_ms = 1000},
    [REFUSAL_STORE_DOWN] = {.code = PROBLEM_STORE_DOWN,
                            .detail = STR("The store cannot write at the moment. Nothing was kept; "
                                          "send it again later."),
                            .retry_after_ms = 5000},
    [REFUSAL_BANNED] = {.code = PROBLEM_BANNED,
                        .detail = STR("You may not comment here any more.")},
    [REFUSAL_MUTED] = {.code = PROBLEM_MUTED, .detail = STR("You may not comment for a while.")},
    [REFUSAL_MUST_ACKNOWLEDGE] = {.code = PROBLEM_MUST_ACKNOWLEDGE,
                                  .detail = STR("You were warned. Say that you have read it: POST "
                                                "{\"act\"} to .../acknowledge.")},
    [REFUSAL_SLOW_MODE] = {.code = PROBLEM_SLOW_MODE,
                           .detail = STR("Everybody waits between two comments here. Wait, then "
                                         "send it again.")},
    [REFUSAL_WRONG_ROLE] = {.code = PROBLEM_WRONG_ROLE,
                            .detail = STR("Comments are for certain roles, or for older accounts, "
                                          "at the moment.")},
    [REFUSAL_LINKS_OFF] = {.code = PROBLEM_LINKS_OFF,
                           .field = STR("text"),
                           .detail = STR("Send it without links.")},
    [REFUSAL_EMOTE_ONLY] = {.code = PROBLEM_EMOTE_ONLY,
                            .field = STR("text"),
                            .detail = STR("Nothing but emotes is taken at the moment.")},
    [REFUSAL_NOT_UNIQUE] = {.code = PROBLEM_NOT_UNIQUE,
                            .field = STR("text"),
                            .detail = STR("The same has been said a moment ago.")},
    [REFUSAL_BLOCKED_TERM] = {.code = PROBLEM_BLOCKED_TERM,
                              .field = STR("text"),
                              .detail = STR("Something in it may not be said here.")},
    [REFUSAL_BAD_TEXT] = {.code = PROBLEM_BAD_TEXT,
                          .field = STR("text"),
                          .detail = STR("Too many capitals, or marks on one letter, for this "
                                        "stream.")},
    [REFUSAL_BY_HOOK] = {.code = PROBLEM_FORBIDDEN,
                         .field = STR("text"),
                         .detail = STR("This is not taken here.")},
    [REFUSAL_DRAINING] = {.code = PROBLEM_DRAINING,
                          .detail = STR("A new server takes over at this moment. Nothing was kept; "
                                        "send it again, over a new connection."),
                          .retry_after_ms = 1000},
};

enum err posting_result(const struct posting *posting, struct problem *ret_why)
{
    const struct submit *submit = &posting->submit;
    const bool is_known = !posting->is_late && submit->end != SUBMIT_UNKNOWN;
    if (is_known && (submit->end == SUBMIT_DONE || submit->end == SUBMIT_DUPLICATE)) {
        return ERR_OK;
    }
    if (!is_known) {
        *ret_why = (struct problem){.code = PROBLEM_STORE_DOWN,
                                    .detail = STR("The outcome is unknown: the comment may appear, "
                                                  "once. Send it again with the same cid to "
                                                  "settle it."),
                                    .retry_after_ms = 1000};
        return ERR_DENIED;
    }
    if (submit->refusal == REFUSAL_UNFIT || (submit->unfit && submit->cid.len == 0)) {
        *ret_why = posting->unfit; // whatever else is wrong, it will never be taken
        return ERR_DENIED;
    }
    *ret_why = refusals[submit->refusal];
    if (submit->retry_after_ms > 0) {
        ret_why->retry_after_ms = submit->retry_after_ms;
    }
    ret_why->act = str_of(posting->act);
    return ERR_DENIED;
}

int posting_status(const struct posting *posting)
{
    return posting->submit.end == SUBMIT_DONE ? 201 : 200;
}

/* As readers will see it; one that is held has no place yet. */
static void write_comment(const struct posting *posting, struct buf *out)
{
    const struct submit *submit = &posting->submit;
    json_write_name(out, "comment");
    if (submit->event->seq > 0) {
        event_write(out, submit->event, submit->stream, submit->event->prev);
        return;
    }
    buf_add_str(out, STR("{\"type\":\"comment\""));
    json_write_member_str(out, "stream", submit->stream);
    buf_add_byte(out, ',');
    buf_add(out, submit->event->body, submit->event->body_len);
    buf_add_byte(out, '}');
}

void posting_write(const struct posting *posting, struct buf *out)
{
    const struct submit *submit = &posting->submit;
    const struct event *event = submit->event;
    const bool is_removed = event->kind == EVENT_REMOVED || submit->state == COMMENT_DELETED;
    buf_add_byte(out, '{');
    if (submit->id.len > 0) {
        json_write_member_str(out, "id", submit->id);
    }
    if (event->seq > 0) {
        json_write_member_u64(out, "seq", event->seq);
    }
    json_write_member_str(out, "epoch", str_of(submit->epoch.text));
    json_write_member_i64(out, "at", event->at_ms);
    json_write_member_str(out, "state",
                          str_of(comment_state_name(is_removed ? COMMENT_DELETED : submit->state)));
    if (submit->end == SUBMIT_DUPLICATE) {
        json_write_member_bool(out, "duplicate", true);
    }
    if (!is_removed) {
        write_comment(posting, out);
    }
    buf_add_byte(out, '}');
}

void posting_write_rate(const struct posting *posting, struct buf *out)
{
    const struct rate *rate = &posting->submit.rate;
    if (!posting->is_late && rate->limit > 0) {
        buf_addf(out, "RateLimit-Limit: %u\r\nRateLimit-Remaining: %u\r\nRateLimit-Reset: %u\r\n",
                 rate->limit, rate->remaining, (rate->reset_ms + 999) / 1000);
    }
}

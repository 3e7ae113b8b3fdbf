// SPDX-License-Identifier: Apache-2.0
/* desk -- a home for a test's thread: it asks, and opens letters until the answer is there.
 *
 * Thread:  its own.
 */
#pragma once

#include "hub/port.h"
#include "loop/mail.h"

#include <stdbool.h>
#include <stdint.h>

struct desk {
    struct mail mail;
    struct port *port;
};

void desk_open(struct desk *desk, struct port *port);
void desk_close(struct desk *desk);
/* Opens letters until `*flag`; a test that waits for a minute fails. */
void desk_wait(struct desk *desk, const bool *flag);
void desk_open_letters(struct desk *desk); // what lies there now

/* ---- posting ---- */
struct post {
    struct submit submit; // first
    bool is_done;
};
struct post desk_post_of(const char *stream, const char *user, const char *cid, const char *text);
void desk_ask_post(struct desk *desk, struct post *post);
void desk_post(struct desk *desk, struct post *post); // and waits
void desk_post_done(struct post *post);               // gives the event back
/* Posts, wants it accepted and gives its seq. */
uint64_t desk_say(struct desk *desk, const char *stream, const char *user, const char *text);

/* ---- following ---- */
struct follower {
    struct watch watch; // first
    bool is_done;       // of watch and unwatch
    uint64_t last;      // seq of the newest event it was given, or its head
    uint64_t events;
    uint64_t out_of_order; // how often seq or prev were not the next
    uint32_t behind;
    uint8_t last_kind;
    char last_body[2048], last_staff[512];
    uint64_t notices, told; // told: "notice", of acts
    uint64_t notice_user;   // of the newest
    bool notice_ends;       // a warning
    uint32_t told_hidden;   // users it is hidden from
    char last_notice[512], last_told[512];
};
void desk_ask_follow(struct desk *desk, struct follower *follower, const char *stream);
void desk_follow(struct desk *desk, struct follower *follower, const char *stream);
/* By way of `home`, which hands its letters on to the desk. */
void desk_follow_at(struct desk *desk, struct follower *follower, const char *stream,
                    struct home *home);
void desk_unfollow(struct desk *desk, struct follower *follower);
void desk_follower_done(struct follower *follower); // gives back what its watch was told
void desk_sync(struct desk *desk);

/* ---- reading ---- */
struct reading {
    struct read read; // first
    bool is_done;
};
/* A question that is not asked yet: desk_read() does. The next two are asked when they return. */
struct reading desk_reading_after(const char *stream, uint64_t after, uint32_t limit);
struct reading desk_read_after(struct desk *desk, const char *stream, uint64_t after,
                               uint32_t limit);
struct reading desk_read_newest(struct desk *desk, const char *stream, uint32_t limit);
void desk_ask_read(struct desk *desk, struct reading *reading);
void desk_read(struct desk *desk, struct reading *reading);
struct counting {
    struct count_call count; // first
    bool is_done;
};
/* A question that is not asked yet: desk_count_it() does. */
struct counting desk_counting(const char *stream, uint64_t after, uint64_t upto);
void desk_count_it(struct desk *desk, struct counting *counting);
struct count_call desk_count(struct desk *desk, const char *stream, uint64_t after, uint64_t upto);

/* ---- streams ---- */
struct stream_call desk_stream(struct desk *desk, enum stream_do what, const char *stream);
struct stream_call desk_put(struct desk *desk, const char *stream, int32_t retention_days,
                            int8_t state);

/* ---- moderation ---- */
struct acting {
    struct act_call call; // first
    bool is_done;
};
/* By a moderator called "mod". */
struct acting desk_act_of(const char *stream, struct act act);
struct acting desk_act_by(const char *stream, struct act act, const char *user, uint32_t roles);
/* Acts without an end, but for `seconds` (-1: none). */
struct act desk_on_user(enum act_do what, const struct str *user, int64_t seconds);
struct act desk_on_seqs(enum act_do what, const uint64_t *seqs, uint32_t count);
struct act desk_on_id(enum act_do what, struct str id);
struct act desk_on_act(enum act_do what, uint64_t act);
struct act desk_undo_of(uint64_t act);
void desk_ask_act(struct desk *desk, struct acting *acting);
void desk_act(struct desk *desk, struct acting *acting); // and waits
/* Wants it done, and gives its number. */
uint64_t desk_do(struct desk *desk, const char *stream, struct act act);
/* What it refuses it for. */
enum act_refusal desk_refuses(struct desk *desk, const char *stream, struct act act);
/* What moderators look up: the JSON, ended by NUL, of at most `size` bytes. */
enum err desk_look_up(struct desk *desk, struct moderation_call asked, char *ret_json, size_t size);
struct reminded {
    struct warnings warnings; // first
    bool is_done;
};
void desk_ask_warnings(struct desk *desk, struct reminded *reminded); // and waits
/* One act; without what is written of it. */
enum err desk_look_at_act(struct desk *desk, const char *stream, uint64_t act,
                          struct moderation_call *ret_found);
/* How far it got is kept. */
enum err desk_keep(struct desk *desk, uint64_t act, struct reach_figures figures);
/* What a post is refused for; REFUSAL_NONE: it was accepted. */
enum refusal desk_post_refused(struct desk *desk, const char *stream, const char *user);

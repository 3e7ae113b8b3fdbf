// SPDX-License-Identifier: Apache-2.0
/* port -- what hub and api ask of an engine, whoever that is (embedded SQLite, Redis, Kafka).
 *
 * Every call is asynchronous: a request embeds `struct call` first, is owned by the engine from the
 * call until its `done` runs on the caller's home, and is finished exactly once, possibly late and
 * out of the order asked. What a request points to (strings) is the caller's memory and frozen
 * meanwhile.
 *
 * Promise (what every engine must hold; tests/conformance proves it):
 *   - a submit is atomic at the ordering point: dedupe, sanctions, modes, limits,
 *     seq/at/prev/rank/segment, persist, publish; it is durable before anybody sees it, and is
 *     published to every watch before its `done` is sent;
 *   - a watch sees every event with seq > its head exactly once, in order, on its home, until
 *     unwatched;
 *   - after sync's `done` has run, every event committed before port_sync() was called has reached
 *     the watches of that home.
 */
#pragma once

#include "base/call.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/str.h"
#include "wire/act.h"
#include "wire/cursor.h"
#include "wire/event.h"
#include "wire/outcome.h"
#include "wire/traits.h"

#include <stdbool.h>
#include <stdint.h>

/* ---- posting ---- */

enum submit_end {
    SUBMIT_DONE,      // accepted: `event` is durable and published
    SUBMIT_DUPLICATE, // this (user, stream, cid) was accepted before: `event` is that one
    SUBMIT_REFUSED,   // `refusal` says why; nothing was kept
    SUBMIT_UNKNOWN,   // handed to the store and not confirmed: it may appear, once; the same cid
                      // settles it
};

struct author {
    struct str id; // the token's `sub`
    struct str name;
    struct str avatar;  // empty: none
    struct str roles;   // JSON array text, `["moderator"]`; empty: none
    struct str badges;  // JSON array text; empty: none
    bool privileged;    // host, moderator, admin: never sampled
    bool unhurried;     // moderator, host, admin, bot: ten times the user limit
    uint32_t role_bits; // enum role of rules/claims.h
    int64_t since_s;    // when the account was made, unix; 0: not known
};

struct rate { // the author's window, for the RateLimit headers
    uint32_t limit, remaining;
    uint32_t reset_ms; // until the oldest in the window leaves it
};

struct submit {
    struct call call;
    /* -- the question, frozen while away -- */
    struct str stream;
    struct author author;
    struct str
        address;    // key of the poster's address (IPv4 or IPv6 /64); empty: trusted, not counted
    struct str cid; // empty: none
    struct str text;
    struct str reply_to; // a comment's id; empty: none
    int64_t media_ms;    // -1: none
    bool unfit;          // it may not be posted; but it may be a retry of what was, and has a rate
    bool has_traits;     // else the ordering point finds them, where it asks for any
    struct traits traits;
    struct wish wish;
    /* -- the engine's while away -- */
    int64_t asked_mono_ms; // when it was handed over
    /* -- the answer -- */
    enum submit_end end;
    enum refusal refusal;
    uint32_t retry_after_ms; // of a refusal by limit; 0: say nothing
    struct rate rate;
    struct epoch epoch;
    struct event *event; // a reference the asker gets, on DONE and DUPLICATE; its id is in its body
    struct str id;       // the comment's id, borrowed from `event`
    enum comment_state state; // of DONE and DUPLICATE. HELD: event->seq is 0, it has no place yet.
                              // A shadowed one is said to be VISIBLE
    uint64_t act;             // REFUSAL_BANNED, MUTED, MUST_ACKNOWLEDGE: by which
    bool asked_traits;        // the stream's rules looked at them, so they will of the next one
};

/* ---- moderation ---- */

enum actor_kind { ACTOR_USER = 1, ACTOR_RULE, ACTOR_HOOK, ACTOR_SYSTEM }; // stored numbers

struct actor {
    enum actor_kind kind;
    struct str id;      // the user's, the rule's or the hook's name
    uint32_t role_bits; // of a user: nobody acts on a higher role
    bool is_for_all;    // an admin, and their token is for all streams
};

enum act_end {
    ACT_DONE,      // in force, in the audit, and applied by every reactor
    ACT_DUPLICATE, // it was in force: `act` is that one
    ACT_REFUSED,   // nothing was done
    ACT_UNKNOWN,   // handed to the store and not confirmed
};
enum act_refusal {
    ACT_REFUSAL_NONE,
    ACT_REFUSAL_NO_STREAM,
    ACT_REFUSAL_NO_COMMENT,  // 404
    ACT_REFUSAL_NOT_FOUND,   // an act that is not, to be undone; a warning not given
    ACT_REFUSAL_OWN,         // nobody lifts a sanction from themselves: 403
    ACT_REFUSAL_HIGHER_ROLE, // 403
    ACT_REFUSAL_STATE,       // e.g. approve what is not held: 409
    ACT_REFUSAL_BAD_VALUE,   // mode, shield or terms: `detail` says where
    ACT_REFUSAL_OVERLOADED,
    ACT_REFUSAL_STORE_DOWN,
    ACT_REFUSAL_DRAINING,
    ACT_REFUSAL_CLAIMED, // another moderator looks at all that waits of these: 409
};

/* How far an act on thousands has looked at them, before it does anything. */
struct act_look {
    uint32_t count;
    bool has_something; // to do, to one of those
    uint64_t like;      // they are compared with what this act left of them; 0: with none
    uint64_t unlike;    // they are not as this one left them
};

struct act_call {
    struct call call;
    /* -- the question, frozen while away -- */
    struct str stream; // empty: all streams
    struct act act;
    struct actor by;
    const struct str *claimed; // ids of what others look at in the stream: if it waits, approve,
                               // reject and delete pass it over; [claimed_count], sorted or not
    uint32_t claimed_count;
    /* -- the engine's while away -- */
    int64_t asked_mono_ms;
    struct act_look look;
    /* -- the answer -- */
    enum act_end end;
    enum act_refusal refusal;
    uint32_t retry_after_ms;
    struct epoch epoch;
    uint64_t act_n;   // names the act: act_id_write()
    uint64_t seq;     // where readers get an event, the last of those that are split; 0: none
    uint64_t against; // of an appeal that stands: the act, also where a comment was named
    uint32_t claim;   // of CLAIMED: the first in `claimed` that was passed over
    uint32_t changed; // of DONE, where it names comments: so many it took off screens or out of the
                      // queue, or put there; the others were as it would have them, or not there
    char detail[160]; // of BAD_VALUE
};

/* What moderators look up; each answers with JSON text made by the engine, members of an object
 * without its braces, in `out`, whose memory is the asker's: buf_done(). */
enum moderation_read {
    MODERATION_HELD,  // "comments":[...], oldest first, each as it would be sent but for its place,
                      // with what held it: "act", "rule" of a rule, "due_at" (unix ms) of one
                      // that approves itself; behind comment `id` of `stream`. "count" of all that
                      // wait there, "cursor": the id of the last told, "more"
    MODERATION_WAITS, // whether comment `id` does, in that queue: ERR_OK, and nothing in `out`;
                      // ERR_DENIED: it stands otherwise; ERR_NOT_FOUND: none of `stream` is it
    MODERATION_LOG,   // "entries":[...],"cursor","more", oldest first, and "before" where it was
                      // asked so; `stream` empty: the chain of all
    MODERATION_USER,  // of `user` in the stream: "user":{as in their newest comment},
                      // "sanctions":[{"act","do","at","by","kind", "until" (unix ms), "reason",
                      // "all":true of one on all streams}] in force, and "comments":[...], the
                      // newest `limit`, oldest first, with "state":"visible|held|deleted|shadowed";
                      // "before": where the next older page ends, "more": there may be one
    MODERATION_ACT,   // one act: its audit entry, and the seq of its event in `seq`
    MODERATION_HOUSE, // the stream's rules, members as rules/house_json.h has them; "counts" as
                      // rules/rule_metrics.h has them; "sanctions" in force, with "user" each
    MODERATION_SIMILAR, // raid view, of what is seen and of what waits: "groups":[{"why":
                        // "text|new_accounts","count","waiting","seqs":[of those with a place],
                        // "ids":[of all],"users","comments":[the newest `limit`, with "state"]}],
                        // the largest first, users with "since" (unix s) where it is known
    MODERATION_MARKED, // "comments":[{"id","seq","marks":["links"]}] that rules have marked, of the
                       // newest few thousand the newest `limit`, newest first
    MODERATION_APPEALS, // "appeals":[...] of the stream, in order, `limit` with an id > `after`:
                        // {"id":"a90","act":"a81","user","at","text","state":"open|granted|
                        // rejected"}, decided ones with "decided_at","by","words"; `user`: theirs
    MODERATION_FEED, // "event":{...}, the next of all streams in the order of commits after place
                     // `after`; `seq`: its place. `limit` 0: nothing but the newest place
};

/* How far an act got: what the hubs measure and the engine keeps. */
struct reach_figures {
    uint64_t viewers, applied, cut; // whom it was for, was written to, who was cut as late
    uint64_t p50_ms, p95_ms;        // published to written
    uint64_t comments, exposure_ms; // what it removed: viewers times the time it was visible
    bool is_partly_exposed;         // there may be more of both: hub/exposure.h
    bool is_settled;                // nothing more comes of it
};

struct moderation_call {
    struct call call;
    enum moderation_read what;
    struct str stream, user;
    struct str id;   // of WAITS; of MODERATION_HELD, empty: from the oldest
    uint64_t after;  // of MODERATION_LOG: entries with n > after; of ACT: the act; of FEED: a place
    uint64_t before; // of LOG, USER, where it is not 0: the newest `limit` with n, seq < before
    uint32_t limit;
    /* -- the answer -- */
    enum err result; // ERR_OK; ERR_NOT_FOUND; ERR_DENIED: `id` is none; ERR_SYS; ERR_NOMEM
    uint64_t seq;
    struct buf out;
    /* -- of MODERATION_ACT -- */
    bool has_event; // readers get one of it; of an act on all streams: of its kind
    bool has_reach; // it was kept
    struct reach_figures reach;
};

/* What was measured of an act is kept with it, of a stream's acts, or of those on all, the newest
 * few (rules.reach_acts); what was kept of it before is forgotten. */
struct reach_keep {
    struct call call;
    uint64_t act;
    struct reach_figures figures;
    /* -- the answer -- */
    /* ERR_OK: it is on the disk; ERR_NOT_FOUND: there is no such act; ERR_GONE: its row is damaged;
     * ERR_SYS: not now */
    enum err result;
};

/* ---- following ---- */

/* What is said to some viewers of a stream and is not in its log: held, approved, rejected, warned,
 * unwarned; to moderators each act. Counted and immutable as events are. */
struct notice {
    _Atomic uint32_t refs;
    bool to_moderators;
    bool is_routine; // what no moderator did: of many a second moderators are told the number alone
    bool is_of_all; // to whom it is for in all streams: it comes once a home, by any of its watches
    bool ends_warning;     // `unwarned`: those that are left are told again behind it
    uint64_t user_hash;    // to this user's viewers; 0: nobody's
    uint64_t *hidden_from; // owned; [hidden_count] users who are not told, though they moderate
    uint32_t hidden_count;
    uint32_t json_len;
    char json[]; // the whole signal; `is_of_all`: its members behind "stream", and the brace
};
/* With one reference; who it is for is the caller's to set before it shares it. NULL: no memory. */
MUST_USE struct notice *notice_new(struct str json);
/* Before it is shared. ERR_NOMEM. */
MUST_USE enum err notice_hide_from(struct notice *notice, const uint64_t *users, uint32_t count);
bool notice_is_hidden_from(const struct notice *notice, uint64_t user);
struct notice *notice_ref(struct notice *notice); // any thread; returns its argument
void notice_unref(struct notice *notice);         // any thread; NULL is legal

enum { PINS_MAX = 5 };
enum stream_state { STREAM_LIVE = 1, STREAM_PAUSED = 2, STREAM_ENDED = 3 }; // stored numbers

/* The warnings in force on one user in a stream, by acts on it and on all: what they are told again
 * when they come back, and when one is over. */
enum { WARNINGS_MAX = 4 };
struct warnings {
    struct call call;
    struct str stream;
    uint64_t user; // port_user_hash()
    /* -- the answer -- */
    enum err result;                      // ERR_OK; ERR_SYS; ERR_NOMEM
    uint32_t count;                       // of more than WARNINGS_MAX the oldest
    struct notice *notices[WARNINGS_MAX]; // `warned`, the oldest first; references are the asker's
};
void warnings_done(struct warnings *warnings); // gives them back; legal when there are none

/* From port_watch() on the engine holds a borrowed pointer to it, until the `done` of
 * port_unwatch(). */
struct watch {
    struct call call; // of watch and then of unwatch
    struct str stream;
    /* Runs on call.home. Those that came together, 1 or more, in the log's order; each is borrowed:
     * event_ref() to keep it. Only after `done` of port_watch(). What is shadowed comes, too
     * (EVENT_FLAG_SHADOW): the hub shows it to its author alone. */
    void (*on_events)(struct watch *watch, struct event *const *events, uint32_t count);
    /* Signals for some of its viewers; likewise. NULL: not wanted. */
    void (*on_notices)(struct watch *watch, struct notice *const *notices, uint32_t count);
    /* The engine stopped sending because this home is too far behind: unwatch is implied. Read the
     * log from what you have, then port_watch() again. */
    void (*on_behind)(struct watch *watch);
    /* -- the answer -- */
    enum err result; // ERR_OK; ERR_NOT_FOUND: streams.create is explicit and nobody made it;
                     // ERR_SYS; ERR_NOMEM
    struct epoch epoch;
    uint64_t head;  // the newest committed seq that everybody is shown, 0 when there is none
    uint64_t heard; // the newest committed seq, shadowed ones too; events after it follow
    enum stream_state state;
    int64_t at_ms; // what an event accepted now would have as `at`; 0: the engine does not say
    struct event *settings; // what is set, as a `settings` event tells it; seq 0; a reference;
                            // NULL: nothing is
    struct event *pins[PINS_MAX]; // the `pin` events in force, references; NULL behind the last
};

struct sync {
    struct call call;
};

/* ---- reading back; ERR_NOMEM: no memory, or too many wait: to be asked again ---- */

enum read_from {
    READ_AFTER,  // ascending from `bound` (exclusive), the oldest `limit`, none above `upto`
    READ_BEFORE, // the newest `limit` below `bound` (exclusive; SEQ_MAX+1: the newest of all),
                 // returned ascending
};

enum { READ_LIMIT_MAX = 1000 };
#define READ_VIEW_ALL                                                                              \
    UINT64_MAX // with all that is shadowed, whoever wrote it; prev and rank are the public ones

struct read {
    struct call call;
    struct str stream;
    enum read_from from;
    uint64_t bound;
    uint64_t upto;  // READ_AFTER only; SEQ_MAX: no bound
    uint32_t limit; // 1..READ_LIMIT_MAX
    uint32_t kinds; // bit 1 << enum event_kind for each wanted; UINT32_MAX: all
    bool folded;    // what is visible now: comments, restored ones in their places; a removed one
                    // only if `kinds` asks for REMOVED, its body `"id":"…"` alone
    uint64_t view;  // user hash: with what of theirs is shadowed; prev, and where it is not folded
                    // rank and digest place, as they see it; 0: public; READ_VIEW_ALL
    /* -- the answer -- */
    enum err result; // ERR_OK; ERR_NOT_FOUND as in watch; ERR_SYS; ERR_NOMEM
    struct epoch epoch;
    uint64_t head;    // newest committed seq of the view when it was read
    uint64_t heard;   // newest committed seq of all: a cursor up to there is of this life
    uint64_t oldest;  // oldest seq still kept, 0 when the log is empty and nothing ever expired;
                      // else head + 1
    bool more;        // there is more in the direction asked (up to `upto`)
    uint64_t reached; // of a folded read that stopped early, since so much was removed: the last
                      // seq it looked at; else 0
    uint32_t count;
    struct event **events; // [count], references and array are the asker's: read_done()
};
void read_done(struct read *read); // gives back the answer; legal when there is none

/* How many events a hole holds: of seq in (after, upto]. */
struct count_call {
    struct call call;
    struct str stream;
    uint64_t after, upto;
    uint64_t view;     // of read; not READ_VIEW_ALL
    bool with_removed; // how many of them a read would find REMOVED is asked, too
    /* -- the answer -- */
    enum err result;
    uint64_t count;
    uint64_t removed; // of them; 0 when that was not asked
    uint64_t heard;   // as in struct read: removals by events up to it are counted
    uint64_t oldest;
};

/* ---- streams ---- */

enum stream_do { STREAM_DO_GET, STREAM_DO_PUT, STREAM_DO_END };

struct stream_call {
    struct call call;
    enum stream_do what;
    struct str stream;
    int32_t retention_days; // of PUT: 0 for ever, -1: leave as it is
    int8_t state;           // of PUT: an enum stream_state, 0: leave as it is
    uint64_t view;          // of GET: whose head it is, as in struct read
    struct str by;          // of PUT and END: the user who does it
    /* -- the answer -- */
    enum err result; // ERR_OK; ERR_NOT_FOUND; ERR_SYS
    bool created;    // PUT made it
    bool is_new_state;
    struct epoch epoch;
    uint64_t head;
    enum stream_state now;
    int32_t retention_now; // -1: the default of the server
    int64_t created_ms;
};

/* ---- the port ---- */

struct port;

struct port_ops {
    void (*submit)(struct port *port, struct submit *submit);
    void (*watch)(struct port *port, struct watch *watch);
    void (*unwatch)(struct port *port, struct watch *watch);
    void (*sync)(struct port *port, struct sync *sync);
    void (*read)(struct port *port, struct read *read);
    void (*count)(struct port *port, struct count_call *count);
    void (*stream)(struct port *port, struct stream_call *stream);
    void (*act)(struct port *port, struct act_call *act);
    void (*moderation)(struct port *port, struct moderation_call *call);
    /* At once, on any thread: whether they may be under a warning in some stream. Never false of
     * who is, by an act that was answered or published before. */
    bool (*may_be_warned)(struct port *port, uint64_t user);
    void (*warnings)(struct port *port, struct warnings *warnings);
    void (*keep)(struct port *port, struct reach_keep *keep);
};

struct port {
    const struct port_ops *ops; // embedded first in an engine's struct
    struct epoch epoch;         // frozen: the store's; a change of epoch is a new process
    uint64_t user_key;          // frozen: of port_user_hash()
};

/* What stands for a user in events, views and notices. */
static inline uint64_t port_user_hash(const struct port *port, struct str user)
{
    return hash_str(port->user_key, user);
}

static inline void port_submit(struct port *port, struct submit *submit)
{
    port->ops->submit(port, submit);
}
static inline void port_watch(struct port *port, struct watch *watch)
{
    port->ops->watch(port, watch);
}
static inline void port_unwatch(struct port *port, struct watch *watch)
{
    port->ops->unwatch(port, watch);
}
static inline void port_sync(struct port *port, struct sync *sync)
{
    port->ops->sync(port, sync);
}
static inline void port_read(struct port *port, struct read *read)
{
    port->ops->read(port, read);
}
static inline void port_count(struct port *port, struct count_call *count)
{
    port->ops->count(port, count);
}
static inline void port_stream(struct port *port, struct stream_call *stream)
{
    port->ops->stream(port, stream);
}
static inline void port_act(struct port *port, struct act_call *act)
{
    port->ops->act(port, act);
}
static inline void port_moderation(struct port *port, struct moderation_call *call)
{
    port->ops->moderation(port, call);
}
static inline bool port_may_be_warned(struct port *port, uint64_t user)
{
    return port->ops->may_be_warned(port, user);
}
static inline void port_warnings(struct port *port, struct warnings *warnings)
{
    port->ops->warnings(port, warnings);
}
static inline void port_keep(struct port *port, struct reach_keep *keep)
{
    port->ops->keep(port, keep);
}

// SPDX-License-Identifier: Apache-2.0
/* removal -- which comments a `retract` event removes, and what that makes of bytes, events and
 * frames that still hold them (protocol.md section 6).
 *
 *     "seqs":[4070,4072]   "user_id":"u9","upto":4072   "all":true,"upto":4072
 *
 * A comment stands in all that is sent as one and the same object, be it a frame of its own or a
 * part of a digest, a pin, a restore or a hello:
 *
 *     {"type":"comment","stream":"demo","seq":4072,"prev":4071,"id":"01J..","user":{..},"text":"x"}
 *     {"type":"removed","stream":"demo","seq":4072,"prev":4071}
 *
 * so it can be redacted where it stands, in as many bytes: the rest becomes white space. Where such
 * an object begins needs no parser: within a JSON string no quote stands bare, so that its first
 * bytes are nothing else anywhere in valid JSON, whatever people call themselves or write.
 *
 * Used by:  hub/ (rings, pages, what waits in lanes), engine/ (events it holds), the engine's acts.
 * Thread:   any; pure.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "wire/event.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum removal_of { REMOVAL_SEQS, REMOVAL_USER, REMOVAL_USERS, REMOVAL_ALL };

struct removal {
    enum removal_of of;
    const uint64_t *seqs; // SEQS: [count], ascending
    uint32_t count;
    struct str user;         // USER: the author's id
    const struct str *users; // USERS: [count], in an order of their own; in no event
    uint64_t upto;           // USER, USERS, ALL: the last it may remove
    void *memory;            // owned: of one that was read; NULL: seqs and user are the caller's
};

/* As members of a retract's body. */
void removal_write(struct buf *out, const struct removal *removal);
/* From a retract's body, whatever else stands in it. ERR_PROTO: it names nothing; ERR_NOMEM. */
MUST_USE enum err removal_read(struct str body, struct removal *ret_removal);
void removal_done(struct removal *removal); // zeroed is legal
/* Of many that follow each other the first `*ret_count`, 1 or more, as one that removes what they
 * do: of places, or of users up to the same place. The parts stay as long. ERR_NOMEM. */
MUST_USE enum err removal_join(const struct removal *parts, uint32_t count,
                               struct removal *ret_removal, uint32_t *ret_count);

bool removal_covers(const struct removal *removal, uint64_t seq, struct str user);
bool removal_covers_comment(const struct removal *removal, const struct event *comment);
/* Redacts each whole comment object in these bytes that it covers; how many there were. */
size_t removal_redact(const struct removal *removal, uint8_t *bytes, size_t len);
/* The same of those that somebody says so of: by its place, and its author's id as it stands in the
 * JSON, with its quotes (json_slice_says()). */
struct removal_asked {
    bool (*covers)(const struct removal_asked *asked, uint64_t seq, struct str author);
};
size_t removal_redact_asked(const struct removal_asked *asked, uint8_t *bytes, size_t len);
/* What has to stand in the event's place: a comment it covers becomes EVENT_REMOVED, a restore or
 * pin that holds one is redacted; a new reference. NULL: the event may stay. ERR_NOMEM. */
MUST_USE enum err removal_event(const struct removal *removal, const struct event *event,
                                struct event **ret_event);
/* The same of many: each it touches is replaced, with the reference. ERR_NOMEM: not all were; once
 * more is legal. */
MUST_USE enum err removal_events(const struct removal *removal, struct event **events,
                                 uint32_t count);

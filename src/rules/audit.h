// SPDX-License-Identifier: Apache-2.0
/* audit -- the entries of the audit log: what was done, by whom, to whom and why, each chained by
 * hash to the one before.
 *
 *      {"act":"a81","at":1763700000123,"by":"ann","do":"delete","hash":"9f..","kind":"user",
 *       "n":7,"policy":null,"prev_hash":"31..","reason":"spam","seconds":null,"seq":4090,
 *       "stream":"demo","target":"seq:4072","value":null}
 *
 * An entry is one line of RFC 8785 JSON with exactly these members. `hash` is the SHA-256, in
 * lower case hexadecimal, of the same JSON without `hash`; `prev_hash` is the hash of the entry
 * with n - 1 of its chain, of entry 1 sixty-four zeros. A chain is a stream's, or that of acts on
 * all streams (`stream` null).
 *
 * Used by:  engine/ writes entries; `roar audit verify` goes through what was exported.
 * Thread:   any; pure.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

enum { AUDIT_HASH_LEN = 64, AUDIT_ENTRY_BYTES_MAX = 128 << 10 };

struct audit_hash {
    char text[AUDIT_HASH_LEN + 1];
};

struct audit_entry { // an empty string is `null`
    uint64_t n;      // from 1, without a hole
    int64_t at_ms;
    struct str stream; // empty: all
    struct str act;    // "a81"
    struct str what;   // `do`
    struct str kind;   // "user", "rule", "hook", "system"
    struct str by;     // the user's id, the rule's or the hook's name
    struct str policy; // the rule it was done under
    struct str target; // "seq:4072", "seq:1,2", "id:01J..", "user:u9", "users:[..]", "act:a80"
    struct str reason;
    struct str value; // JSON text as it was asked; what is long: "sha256:" and its hash
    int64_t seconds;  // -1: null
    uint64_t seq;     // of its event; 0: null
};

/* What stands before the first entry. */
struct audit_hash audit_hash_first(void);
/* Adds the entry's line, without an end of line, to `out`; gives its hash. ERR_NOMEM; ERR_LIMIT:
 * `out` is full. */
MUST_USE enum err audit_write(struct buf *out, const struct audit_entry *entry,
                              const struct audit_hash *prev, struct audit_hash *ret_hash);
/* SHA-256 of `text` in lower case hexadecimal. ERR_NOMEM. */
MUST_USE enum err audit_hash_of(struct str text, struct audit_hash *ret_hash);
/* The hash that stands in a line of audit_write(). ERR_PROTO: it is none. */
MUST_USE enum err audit_hash_in(struct str line, struct audit_hash *ret_hash);

/* ---- verifying: a chain, line by line ---- */

enum audit_fault {
    AUDIT_SOUND,
    AUDIT_NO_ENTRY,  // the line is no entry, or not written as one is
    AUDIT_EDITED,    // its hash is not its own
    AUDIT_CUT,       // entries before it are missing
    AUDIT_REORDERED, // it, or one that ought to come later, stood before
    AUDIT_RELINKED,  // the entry before is not the one that stood there when this was written
    AUDIT_OTHER,     // it is of another stream's chain
};

struct audit_chain { // zeroed: nothing read yet
    uint64_t n;      // of the newest entry that it goes on from; 0: none
    uint64_t first_n;
    struct audit_hash hash; // its own
    bool is_of_all;
    char stream[129]; // whose chain it is
};

/* The next line of an export, without its end. Each fault is told once: the chain goes on from the
 * entry behind a cut, and from one that was edited by the hash it had. An export may begin amid a
 * chain: what its first entry says of the one before is taken as it is. ERR_NOMEM. */
MUST_USE enum err audit_chain_next(struct audit_chain *chain, struct str line,
                                   enum audit_fault *ret_fault);
const char *audit_fault_text(enum audit_fault fault); // for people

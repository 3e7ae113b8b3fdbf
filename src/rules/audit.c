// SPDX-License-Identifier: Apache-2.0
/* A line is sound when, read and written again, it is the same, byte for byte: so nothing can be
 * added to it, and no two lines are the same entry. */
#include "rules/audit.h"

#include "wire/json.h"

#include <openssl/evp.h>
#include <stddef.h>
#include <string.h>

enum { HASH_BYTES = AUDIT_HASH_LEN / 2 };

struct audit_hash audit_hash_first(void)
{
    struct audit_hash hash = {.text = ""};
    memset(hash.text, '0', AUDIT_HASH_LEN);
    return hash;
}

enum err audit_hash_of(struct str text, struct audit_hash *ret_hash)
{
    static const char digits[] = "0123456789abcdef";
    uint8_t digest[EVP_MAX_MD_SIZE];
    struct audit_hash hash = {.text = ""};
    if (EVP_Digest(text.len == 0 ? "" : text.at, text.len, digest, NULL, EVP_sha256(), NULL) != 1) {
        return ERR_NOMEM;
    }
    for (size_t i = 0; i < HASH_BYTES; i++) {
        hash.text[2 * i] = digits[digest[i] >> 4];
        hash.text[2 * i + 1] = digits[digest[i] & 15];
    }
    *ret_hash = hash;
    return ERR_OK;
}

/* ---- writing: RFC 8785, members in the order of their names ---- */

/* Section 3.2.2.2: only what must be escaped is. */
static void write_char(struct buf *out, char byte)
{
    static const char shorts[] = {
        ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};
    const uint8_t code = (uint8_t)byte;
    if (byte == '"' || byte == '\\') {
        buf_add_byte(out, '\\');
        buf_add_byte(out, code);
    } else if (code < sizeof(shorts) && shorts[code] != 0) {
        buf_add_byte(out, '\\');
        buf_add_byte(out, (uint8_t)shorts[code]);
    } else if (code < 0x20) {
        buf_addf(out, "\\u%04x", code);
    } else {
        buf_add_byte(out, code);
    }
}

static void write_name(struct buf *out, const char *name)
{
    const bool is_first = out->len > 0 && out->bytes[out->len - 1] == '{';
    buf_addf(out, "%s\"%s\":", is_first ? "" : ",", name);
}

static void write_text(struct buf *out, const char *name, struct str text)
{
    write_name(out, name);
    if (text.len == 0) {
        buf_add_str(out, STR("null"));
        return;
    }
    buf_add_byte(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        write_char(out, text.at[i]);
    }
    buf_add_byte(out, '"');
}

static void write_number(struct buf *out, const char *name, int64_t number, bool is_null)
{
    write_name(out, name);
    if (is_null) {
        buf_add_str(out, STR("null"));
    } else {
        buf_add_i64(out, number);
    }
}

/* `hash` NULL: without it. */
static void write_entry(struct buf *out, const struct audit_entry *entry, struct str prev,
                        const struct audit_hash *hash)
{
    buf_add_byte(out, '{');
    write_text(out, "act", entry->act);
    write_number(out, "at", entry->at_ms, false);
    write_text(out, "by", entry->by);
    write_text(out, "do", entry->what);
    if (hash != NULL) {
        write_text(out, "hash", str_of(hash->text));
    }
    write_text(out, "kind", entry->kind);
    write_number(out, "n", (int64_t)entry->n, false);
    write_text(out, "policy", entry->policy);
    write_text(out, "prev_hash", prev);
    write_text(out, "reason", entry->reason);
    write_number(out, "seconds", entry->seconds, entry->seconds < 0);
    write_number(out, "seq", (int64_t)entry->seq, entry->seq == 0);
    write_text(out, "stream", entry->stream);
    write_text(out, "target", entry->target);
    write_text(out, "value", entry->value);
    buf_add_byte(out, '}');
}

enum err audit_write(struct buf *out, const struct audit_entry *entry,
                     const struct audit_hash *prev, struct audit_hash *ret_hash)
{
    struct buf bare;
    struct audit_hash hash;
    buf_init(&bare, MEM_OTHER, AUDIT_ENTRY_BYTES_MAX);
    write_entry(&bare, entry, str_of(prev->text), NULL);
    enum err err = buf_err(&bare);
    if (err == ERR_OK) {
        err = audit_hash_of(buf_str(&bare), &hash);
    }
    buf_done(&bare);
    TRY(err);
    write_entry(out, entry, str_of(prev->text), &hash);
    TRY(buf_err(out));
    *ret_hash = hash;
    return ERR_OK;
}

/* ---- reading ---- */

struct line { // what stands in one
    struct audit_entry entry;
    struct str prev, hash;
};

static bool read_text(const struct json *json, const char *name, struct str *ret_text)
{
    const struct json *value = json_member(json, name);
    if (value == NULL) {
        return false;
    }
    if (json_kind(value) == JSON_KIND_NULL) {
        *ret_text = STR_NONE;
        return true;
    }
    return json_get_str(value, ret_text) && ret_text->len > 0;
}

static bool read_number(const struct json *json, const char *name, int64_t if_null,
                        int64_t *ret_number)
{
    const struct json *value = json_member(json, name);
    if (value != NULL && json_kind(value) == JSON_KIND_NULL) {
        *ret_number = if_null;
        return true;
    }
    return json_get_i64(value, ret_number) && *ret_number >= 0;
}

static bool read_line(const struct json *json, struct line *line)
{
    struct audit_entry *entry = &line->entry;
    int64_t n = 0;
    int64_t seq = 0;
    const bool is_read =
        read_text(json, "act", &entry->act) && read_number(json, "at", -1, &entry->at_ms) &&
        read_text(json, "by", &entry->by) && read_text(json, "do", &entry->what) &&
        read_text(json, "hash", &line->hash) && read_text(json, "kind", &entry->kind) &&
        read_number(json, "n", 0, &n) && read_text(json, "policy", &entry->policy) &&
        read_text(json, "prev_hash", &line->prev) && read_text(json, "reason", &entry->reason) &&
        read_number(json, "seconds", -1, &entry->seconds) && read_number(json, "seq", 0, &seq) &&
        read_text(json, "stream", &entry->stream) && read_text(json, "target", &entry->target) &&
        read_text(json, "value", &entry->value);
    entry->n = (uint64_t)n;
    entry->seq = (uint64_t)seq;
    return is_read && n > 0 && line->hash.len == AUDIT_HASH_LEN && line->prev.len == AUDIT_HASH_LEN;
}

static struct audit_hash hash_from(struct str text)
{
    struct audit_hash hash = {.text = ""};
    memcpy(hash.text, text.at, AUDIT_HASH_LEN);
    return hash;
}

enum err audit_hash_in(struct str line, struct audit_hash *ret_hash)
{
    static const char name[] = "\"hash\":\"";
    const size_t name_len = sizeof(name) - 1;
    for (size_t i = 0; i + name_len + AUDIT_HASH_LEN <= line.len; i++) {
        /* Within a string its quotes would stand behind a backslash. */
        if (memcmp(line.at + i, name, name_len) == 0 && i > 0 && line.at[i - 1] == ',') {
            *ret_hash =
                hash_from((struct str){.at = line.at + i + name_len, .len = AUDIT_HASH_LEN});
            return ERR_OK;
        }
    }
    return ERR_PROTO;
}

/* ---- verifying ---- */

static bool is_of_chain(const struct audit_chain *chain, const struct line *line)
{
    const struct str stream = line->entry.stream;
    return chain->n == 0 ||
           (chain->is_of_all ? stream.len == 0 : str_eq(stream, str_of(chain->stream)));
}

static enum audit_fault judge_place(const struct audit_chain *chain, const struct line *line)
{
    const struct audit_entry *entry = &line->entry;
    if (entry->stream.len >= sizeof(chain->stream) || !is_of_chain(chain, line)) {
        return AUDIT_OTHER;
    }
    if (chain->n == 0) {
        const struct audit_hash first = audit_hash_first();
        const bool is_linked = entry->n > 1 || str_eq(line->prev, str_of(first.text));
        return is_linked ? AUDIT_SOUND : AUDIT_RELINKED;
    }
    if (entry->n <= chain->n) {
        return AUDIT_REORDERED;
    }
    if (entry->n > chain->n + 1) {
        return AUDIT_CUT;
    }
    return str_eq(line->prev, str_of(chain->hash.text)) ? AUDIT_SOUND : AUDIT_RELINKED;
}

/* May the entries behind this one be held against it, whatever is wrong with it? */
static bool is_link(const struct audit_chain *chain, const struct line *line,
                    enum audit_fault fault)
{
    if (fault == AUDIT_EDITED) { // the next one has the hash that this one says
        return line->entry.stream.len < sizeof(chain->stream) && is_of_chain(chain, line) &&
               (chain->n == 0 || line->entry.n == chain->n + 1);
    }
    return fault == AUDIT_SOUND || fault == AUDIT_CUT || fault == AUDIT_RELINKED;
}

static void go_on(struct audit_chain *chain, const struct line *line)
{
    const struct str stream = line->entry.stream;
    if (chain->n == 0) {
        chain->first_n = line->entry.n;
        chain->is_of_all = stream.len == 0;
        memset(chain->stream, 0, sizeof(chain->stream));
        if (stream.len > 0) {
            memcpy(chain->stream, stream.at, stream.len);
        }
    }
    chain->n = line->entry.n;
    chain->hash = hash_from(line->hash);
}

/* An entry that is read, written again: is it the line, and the hash its own? */
static enum err judge_bytes(const struct line *line, struct str text, enum audit_fault *ret_fault)
{
    const struct audit_hash prev = hash_from(line->prev);
    const struct audit_hash said = hash_from(line->hash);
    struct audit_hash hash;
    struct buf again;
    buf_init(&again, MEM_OTHER, AUDIT_ENTRY_BYTES_MAX);
    write_entry(&again, &line->entry, line->prev, &said);
    enum err err = buf_err(&again);
    const bool is_same = err == ERR_OK && str_eq(buf_str(&again), text);
    buf_reset(&again);
    if (err == ERR_OK) {
        err = audit_write(&again, &line->entry, &prev, &hash);
    }
    buf_done(&again);
    if (err == ERR_LIMIT || (err == ERR_OK && !is_same)) {
        *ret_fault = AUDIT_NO_ENTRY;
        return ERR_OK;
    }
    TRY(err);
    *ret_fault = memcmp(hash.text, said.text, AUDIT_HASH_LEN) == 0 ? AUDIT_SOUND : AUDIT_EDITED;
    return ERR_OK;
}

enum err audit_chain_next(struct audit_chain *chain, struct str text, enum audit_fault *ret_fault)
{
    struct json *json = NULL;
    struct json_fault why;
    struct line line = {.entry = {.n = 0}};
    enum audit_fault fault = AUDIT_NO_ENTRY;
    enum err err = json_parse(text, &json, &why);
    if (err == ERR_OK && read_line(json, &line)) {
        err = judge_bytes(&line, text, &fault);
        if (err == ERR_OK && fault == AUDIT_SOUND) {
            fault = judge_place(chain, &line);
        }
        if (err == ERR_OK && is_link(chain, &line, fault)) {
            go_on(chain, &line);
        }
    }
    json_free(json);
    if (err == ERR_OK || err == ERR_PROTO) {
        *ret_fault = fault;
        return ERR_OK;
    }
    return err;
}

const char *audit_fault_text(enum audit_fault fault)
{
    switch (fault) {
    case AUDIT_SOUND:
        return "is sound";
    case AUDIT_NO_ENTRY:
        return "is no entry of an audit log, or was written anew by another program";
    case AUDIT_EDITED:
        return "was edited: its hash is not its own";
    case AUDIT_CUT:
        return "follows a cut: entries before it are missing";
    case AUDIT_REORDERED:
        return "is out of order: it, or a later one, stood before";
    case AUDIT_RELINKED:
        return "does not follow the entry before it: that one was replaced";
    case AUDIT_OTHER:
        return "is of another stream's chain";
    }
    return "";
}

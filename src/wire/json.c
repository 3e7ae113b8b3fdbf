// SPDX-License-Identifier: Apache-2.0
/* jansson parses; `struct json` is its json_t under a name of ours, so that nobody else depends on
 * it. What it does not bound is bounded here: the depth before it recurses, the keys before anyone
 * walks them. */
#include "wire/json.h"

#include "base/mem.h"
#include "wire/utf8.h"

#include <jansson.h>
#include <pthread.h>
#include <stdio.h>

static const json_t *tree_of(const struct json *value)
{
    return (const json_t *)(const void *)value;
}

static const struct json *value_of(const json_t *tree)
{
    return (const struct json *)(const void *)tree;
}

/* ---- memory: jansson's is ours, so that it is counted, and so that a document for which there was
 * none is not called bad JSON: jansson tells the two apart only sometimes ---- */

static _Thread_local bool is_starved;

static void *take_memory(size_t size)
{
    void *memory = mem_new(MEM_OTHER, size);
    is_starved = is_starved || memory == NULL;
    return memory;
}

static void give_memory(void *memory)
{
    mem_free(MEM_OTHER, memory);
}

static void lend_memory(void)
{
    json_set_alloc_funcs(take_memory, give_memory);
}

/* ---- reading ---- */

struct nesting {
    size_t deepest, keys;
};

/* Counts brackets and colons outside strings: right for every valid document, and what is not valid
 * is refused by the parser anyway. */
static struct nesting measure(struct str text)
{
    struct nesting found = {0};
    size_t depth = 0;
    bool in_string = false;
    for (size_t i = 0; i < text.len; i++) {
        const char c = text.at[i];
        if (in_string) {
            i += c == '\\';
            in_string = c != '"';
            continue;
        }
        in_string = c == '"';
        found.keys += c == ':';
        if (c == '{' || c == '[') {
            depth++;
            found.deepest = depth > found.deepest ? depth : found.deepest;
        } else if ((c == '}' || c == ']') && depth > 0) {
            depth--;
        }
    }
    return found;
}

static enum err refuse(struct json_fault *fault, const char *what, size_t most)
{
    (void)snprintf(fault->detail, sizeof(fault->detail), "%s; %zu at most", what, most);
    return ERR_PROTO;
}

enum err json_parse_within(struct str text, const struct json_limits *limits,
                           struct json **ret_root, struct json_fault *fault)
{
    const struct nesting nesting = measure(text);
    if (nesting.deepest > limits->depth) {
        return refuse(fault, "nested too deeply", limits->depth);
    }
    if (nesting.keys > limits->keys) {
        return refuse(fault, "too many keys", limits->keys);
    }
    static pthread_once_t lent = PTHREAD_ONCE_INIT;
    (void)pthread_once(&lent, lend_memory);
    is_starved = false;
    json_error_t error;
    json_t *root = json_loadb(text.len == 0 ? "" : text.at, text.len,
                              JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL | JSON_DECODE_ANY, &error);
    if (is_starved) { // even of a tree: its lexer drops, silently, what it had no room for
        json_decref(root);
        (void)snprintf(fault->detail, sizeof(fault->detail), "no memory");
        return ERR_NOMEM;
    }
    if (root == NULL) {
        (void)snprintf(fault->detail, sizeof(fault->detail), "line %d column %d: %.100s",
                       error.line, error.column, error.text);
        return ERR_PROTO;
    }

    *ret_root = (struct json *)(void *)root;
    return ERR_OK;
}

enum err json_parse_with(struct str text, size_t keys_max, struct json **ret_root,
                         struct json_fault *fault)
{
    const struct json_limits limits = {.depth = JSON_DEPTH_MAX, .keys = keys_max};
    return json_parse_within(text, &limits, ret_root, fault);
}

enum err json_parse(struct str text, struct json **ret_root, struct json_fault *fault)
{
    return json_parse_with(text, JSON_KEYS_MAX, ret_root, fault);
}

void json_free(struct json *root)
{
    json_decref((json_t *)(void *)root);
}

struct json *json_share(const struct json *value)
{
    return (struct json *)(void *)json_incref((json_t *)(uintptr_t)value);
}

enum json_kind json_kind(const struct json *value)
{
    static const enum json_kind kinds[] = {
        [JSON_NULL] = JSON_KIND_NULL,   [JSON_TRUE] = JSON_KIND_BOOL,
        [JSON_FALSE] = JSON_KIND_BOOL,  [JSON_INTEGER] = JSON_KIND_INTEGER,
        [JSON_REAL] = JSON_KIND_REAL,   [JSON_STRING] = JSON_KIND_STRING,
        [JSON_ARRAY] = JSON_KIND_ARRAY, [JSON_OBJECT] = JSON_KIND_OBJECT,
    };

    return value == NULL ? JSON_KIND_NULL : kinds[json_typeof(tree_of(value))];
}

const struct json *json_member(const struct json *object, const char *name)
{
    return value_of(json_object_get(tree_of(object), name));
}

bool json_get_str(const struct json *value, struct str *ret_text)
{
    if (json_kind(value) != JSON_KIND_STRING) {
        return false;
    }
    *ret_text = (struct str){.at = json_string_value(tree_of(value)),
                             .len = json_string_length(tree_of(value))};
    return true;
}

bool json_get_i64(const struct json *value, int64_t *ret_number)
{
    if (json_kind(value) != JSON_KIND_INTEGER) {
        return false;
    }
    *ret_number = json_integer_value(tree_of(value));
    return true;
}

bool json_get_f64(const struct json *value, double *ret_number)
{
    if (json_kind(value) != JSON_KIND_INTEGER && json_kind(value) != JSON_KIND_REAL) {
        return false;
    }
    *ret_number = json_number_value(tree_of(value));
    return true;
}

bool json_get_bool(const struct json *value, bool *ret_flag)
{
    if (json_kind(value) != JSON_KIND_BOOL) {
        return false;
    }
    *ret_flag = json_is_true(tree_of(value));
    return true;
}

size_t json_length(const struct json *array)
{
    return json_array_size(tree_of(array));
}

const struct json *json_at(const struct json *array, size_t index)
{
    return value_of(json_array_get(tree_of(array), index));
}

/* ---- writing ---- */

/* The escape of a code point that may not stand as it is; NULL when it may. */
static const char *escape_of(uint32_t point, char scratch[7])
{
    switch (point) {
    case '"':
        return "\\\"";
    case '\\':
        return "\\\\";
    case '\n':
        return "\\n";
    case '\r':
        return "\\r";
    case '\t':
        return "\\t";
    default:
        break;
    }
    /* U+2028 and U+2029 end a line in JavaScript before ES2019. */
    if (point >= 0x20 && point != 0x7F && point != 0x2028 && point != 0x2029) {
        return NULL;
    }
    (void)snprintf(scratch, 7, "\\u%04x", point);
    return scratch;
}

static bool is_plain(char c)
{
    const uint8_t byte = (uint8_t)c;
    return byte >= 0x20 && byte < 0x7F && byte != '"' && byte != '\\';
}

/* One character, escaped where it must be; how many bytes of `text` it was. */
static size_t write_char(struct buf *out, struct str text)
{
    uint32_t point = 0;
    const size_t len = utf8_next(text, &point);
    if (len == 0) {
        buf_add_str(out, STR("\xEF\xBF\xBD"));
        return 1;
    }
    char scratch[7];
    const char *escape = escape_of(point, scratch);
    if (escape != NULL) {
        buf_add_str(out, str_of(escape));
    } else {
        buf_add(out, text.at, len);
    }
    return len;
}

void json_write_str(struct buf *out, struct str text)
{
    buf_add_byte(out, '"');
    while (text.len > 0) {
        size_t len = 0;
        while (len < text.len && is_plain(text.at[len])) {
            len++;
        }
        if (len > 0) {
            buf_add(out, text.at, len);
        } else {
            len = write_char(out, text);
        }
        text.at += len;
        text.len -= len;
    }
    buf_add_byte(out, '"');
}

void json_write_name(struct buf *out, const char *name)
{
    const uint8_t last = out->len == 0 ? '{' : out->bytes[out->len - 1];
    if (last != '{' && last != '[') {
        buf_add_byte(out, ',');
    }
    json_write_str(out, str_of(name));
    buf_add_byte(out, ':');
}

void json_write_member_str(struct buf *out, const char *name, struct str text)
{
    json_write_name(out, name);
    json_write_str(out, text);
}

void json_write_member_u64(struct buf *out, const char *name, uint64_t value)
{
    json_write_name(out, name);
    buf_add_u64(out, value);
}

void json_write_member_i64(struct buf *out, const char *name, int64_t value)
{
    json_write_name(out, name);
    buf_add_i64(out, value);
}

void json_write_member_bool(struct buf *out, const char *name, bool value)
{
    json_write_name(out, name);
    buf_add_str(out, value ? STR("true") : STR("false"));
}

static void write_array(struct buf *out, const struct json *array)
{
    buf_add_byte(out, '[');
    for (size_t i = 0; i < json_length(array); i++) {
        buf_add_str(out, i == 0 ? STR_NONE : STR(","));
        json_write_value(out, json_at(array, i));
    }
    buf_add_byte(out, ']');
}

static void write_object(struct buf *out, const struct json *object)
{
    json_t *tree = (json_t *)(uintptr_t)object; // jansson's iterators take no const
    const char *name = NULL;
    json_t *member = NULL;
    buf_add_byte(out, '{');
    json_object_foreach(tree, name, member)
    {
        json_write_name(out, name);
        json_write_value(out, value_of(member));
    }
    buf_add_byte(out, '}');
}

void json_write_value(struct buf *out, const struct json *value) // as deep as was parsed
{
    struct str text = STR_NONE;
    double real = 0;
    switch (json_kind(value)) {
    case JSON_KIND_BOOL:
        buf_add_str(out, json_is_true(tree_of(value)) ? STR("true") : STR("false"));
        return;
    case JSON_KIND_INTEGER:
        buf_add_i64(out, json_integer_value(tree_of(value)));
        return;
    case JSON_KIND_REAL:
        (void)json_get_f64(value, &real);
        buf_addf(out, "%.17g", real == 0 ? 0 : real); // of -0.0 "-0" would come back as 0
        return;
    case JSON_KIND_STRING:
        (void)json_get_str(value, &text);
        json_write_str(out, text);
        return;
    case JSON_KIND_ARRAY:
        write_array(out, value);
        return;
    case JSON_KIND_OBJECT:
        write_object(out, value);
        return;
    case JSON_KIND_NULL:
    default:
        buf_add_str(out, STR("null"));
        return;
    }
}

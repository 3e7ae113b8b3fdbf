// SPDX-License-Identifier: Apache-2.0
#include "api/router.h"

#include "base/err.h"
#include "wire/url.h"

/* A path cut into decoded segments, without the heap: a route that was found is found again. */
enum { SEGMENTS_MAX = 8, SEGMENT_BYTES_MAX = 1024 };

struct segments {
    char memory[SEGMENTS_MAX * SEGMENT_BYTES_MAX];
    struct buf bytes; // over `memory`: the decoded segments, one behind the other
    struct str at[SEGMENTS_MAX];
    uint32_t count;
    bool is_long; // there were more than SEGMENTS_MAX
};

static enum err segments_read(struct segments *segments, struct str path)
{
    size_t ends[SEGMENTS_MAX];
    uint32_t count = 0;
    struct str rest = {.at = path.at + 1, .len = path.len - 1};
    bool has_more = true;
    buf_init_over(&segments->bytes, segments->memory, sizeof(segments->memory));
    while (has_more && count < SEGMENTS_MAX) {
        has_more = memchr(rest.at, '/', rest.len) != NULL;
        const struct str segment = str_cut(rest, '/', &rest);
        TRY(url_decode(segment, &segments->bytes));
        ends[count++] = segments->bytes.len;
    }
    segments->count = count;
    segments->is_long = has_more;
    size_t from = 0;
    for (uint32_t i = 0; i < count; i++) {
        segments->at[i] =
            (struct str){.at = (const char *)segments->bytes.bytes + from, .len = ends[i] - from};
        from = ends[i];
    }
    return ERR_OK;
}

/* What stood for the names in braces. */
struct named {
    struct str stream, part;
};

static bool segment_fits(struct str want, struct str segment, struct named *named)
{
    if (want.len == 0 || want.at[0] != '{') {
        return str_eq(want, segment);
    }
    if (str_eq(want, STR("{stream}"))) {
        named->stream = segment;
    } else {
        named->part = segment;
    }
    return segment.len > 0;
}

static bool pattern_fits(const char *pattern, const struct segments *segments,
                         struct named *ret_named)
{
    struct str rest = str_of(pattern + 1);
    struct named named = {.stream = STR_NONE, .part = STR_NONE};
    for (uint32_t i = 0; i < segments->count; i++) {
        const bool is_last = memchr(rest.at, '/', rest.len) == NULL;
        const struct str want = str_cut(rest, '/', &rest);
        if (str_eq(want, STR("*"))) {
            *ret_named = named;
            return true;
        }
        if (!segment_fits(want, segments->at[i], &named)) {
            return false;
        }
        if (is_last) {
            *ret_named = named;
            return i + 1 == segments->count && !segments->is_long;
        }
    }
    return false;
}

static bool method_fits(const struct route *route, struct str method)
{
    if (str_eq(method, str_of(route->method))) {
        return true;
    }
    return str_eq(method, STR("HEAD")) && strcmp(route->method, "GET") == 0 &&
           (route->flags & ROUTE_READER) == 0;
}

static bool route_is_there(const struct route_table *table, const struct route *route)
{
    return (route->flags & ROUTE_DEV) == 0 || table->is_dev;
}

/* A name too long to keep is cut: it stays too long to be valid. */
static struct str keep(struct str name, char text[ROUTE_NAME_BYTES_MAX])
{
    const size_t len = name.len < ROUTE_NAME_BYTES_MAX ? name.len : ROUTE_NAME_BYTES_MAX;
    if (len > 0) {
        memcpy(text, name.at, len);
    }
    return (struct str){.at = text, .len = len};
}

static enum route_end find_in(const struct route_table *table, struct str method,
                              const struct segments *segments, struct routed *ret_routed)
{
    enum route_end end = ROUTE_NO_PATH;
    for (size_t i = 0; i < table->count; i++) {
        const struct route *route = &table->routes[i];
        struct named named;
        if (!route_is_there(table, route) || !pattern_fits(route->pattern, segments, &named)) {
            continue;
        }
        end = ROUTE_NO_METHOD;
        if (method_fits(route, method)) {
            ret_routed->route = route;
            ret_routed->stream = keep(named.stream, ret_routed->name);
            ret_routed->part = keep(named.part, ret_routed->part_text);
            return ROUTE_FOUND;
        }
    }
    return end;
}

enum route_end router_find(const struct route_table *table, struct str method, struct str path,
                           struct routed *ret_routed)
{
    if (str_eq(path, STR("*")) && str_eq(method, STR("OPTIONS"))) {
        return ROUTE_NO_METHOD; // it asks of the server, not of a resource (RFC 9110 9.3.7)
    }
    if (!str_has_prefix(path, STR("/"))) {
        return ROUTE_NO_PATH;
    }
    struct segments segments;
    if (segments_read(&segments, path) != ERR_OK) {
        return ROUTE_BAD_PATH;
    }
    return find_in(table, method, &segments, ret_routed);
}

static void methods_of(const struct route_table *table, const struct segments *segments,
                       struct buf *out)
{
    const size_t before = out->len;
    for (size_t i = 0; i < table->count; i++) {
        const struct route *route = &table->routes[i];
        struct named named;
        if (!route_is_there(table, route) || !pattern_fits(route->pattern, segments, &named)) {
            continue;
        }
        buf_add_str(out, str_of(route->method));
        buf_add_str(out, STR(", "));
        if (method_fits(route, STR("HEAD"))) {
            buf_add_str(out, STR("HEAD, "));
        }
    }
    if (out->len > before) {
        buf_add_str(out, STR("OPTIONS"));
    }
}

void router_methods(const struct route_table *table, struct str path, struct buf *out)
{
    if (str_eq(path, STR("*"))) {
        buf_add_str(out, STR("GET, HEAD, POST, PUT, OPTIONS"));
        return;
    }
    struct segments segments;
    if (str_has_prefix(path, STR("/")) && segments_read(&segments, path) == ERR_OK) {
        methods_of(table, &segments, out);
    }
}

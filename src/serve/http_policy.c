// SPDX-License-Identifier: Apache-2.0
/* The raw head, a byte at a time:
 *
 *   BLANK ─▶ LINE ─CR─▶ LINE_LF ─LF─▶ FIELD ─▶ NAME ─:─▶ VALUE ─CR─▶ VALUE_LF ─LF─▶ FIELD
 *                                       └──CR─▶ END_LF ─LF─▶ whole
 *
 * Only CRLF ends a line: a bare CR or LF means different things to different parsers, which is what
 * request smuggling lives on. So does a folded line, and a blank between name and colon.
 */
#include "serve/http_policy.h"

enum { BLANK, BLANK_LF, LINE, LINE_LF, FIELD, NAME, VALUE, VALUE_LF, END_LF };

enum { LINE_REST_BYTES_MAX = 64 }; // of a request line besides its URL: method and version

static enum err refuse(struct http_fault *ret_fault, enum problem_code code, const char *detail)
{
    *ret_fault = (struct http_fault){.code = code, .detail = detail};
    return ERR_PROTO;
}

static enum err over(struct http_fault *ret_fault, enum problem_code code, const char *detail,
                     uint32_t most)
{
    *ret_fault = (struct http_fault){.code = code, .detail = detail, .most = most};
    return ERR_PROTO;
}

static enum err bad_request(struct http_fault *ret_fault, const char *detail)
{
    return refuse(ret_fault, PROBLEM_BAD_REQUEST, detail);
}

static bool is_token_char(char c)
{
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) {
        return true;
    }
    return c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL;
}

static bool is_control(char c)
{
    return (unsigned char)c < 0x20 || c == 0x7f;
}

static bool is_token(struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!is_token_char(text.at[i])) {
            return false;
        }
    }
    return text.len > 0;
}

/* ---- the scan ---- */

static enum err scan_blank(struct http_scan *scan, char c, struct http_fault *ret_fault)
{
    if (c != '\r') {
        scan->state = LINE;
        return ERR_AGAIN;
    }
    if (++scan->blank_lines > BLANK_LINES_MAX) {
        return bad_request(ret_fault, "too many empty lines before the request line");
    }
    scan->state = BLANK_LF;
    return ERR_OK;
}

static enum err scan_line(struct http_scan *scan, char c, struct http_fault *ret_fault)
{
    if (c == '\r') {
        scan->state = LINE_LF;
        return ERR_OK;
    }
    if (is_control(c)) {
        return bad_request(ret_fault, "a control character in the request line");
    }
    if (++scan->part_bytes > scan->limits->url_bytes + LINE_REST_BYTES_MAX) {
        return over(ret_fault, PROBLEM_URL_TOO_LONG, "bytes of the URL", scan->limits->url_bytes);
    }
    return ERR_OK;
}

static enum err scan_field(struct http_scan *scan, char c, struct http_fault *ret_fault)
{
    if (c == '\r') {
        scan->state = END_LF;
        return ERR_OK;
    }
    if (c == ' ' || c == '\t') {
        return bad_request(ret_fault, "a folded header line");
    }
    if (++scan->fields > scan->limits->fields) {
        return over(ret_fault, PROBLEM_HEADERS_TOO_LARGE, "header fields", scan->limits->fields);
    }
    scan->state = NAME;
    scan->part_bytes = 0;
    return ERR_AGAIN;
}

static enum err scan_name(struct http_scan *scan, char c, struct http_fault *ret_fault)
{
    if (c == ':' && scan->part_bytes > 0) {
        scan->state = VALUE;
        return ERR_OK;
    }
    if (!is_token_char(c)) {
        return bad_request(ret_fault, "a header name that is no token");
    }
    if (++scan->part_bytes > scan->limits->name_bytes) {
        return over(ret_fault, PROBLEM_HEADERS_TOO_LARGE, "bytes of a header's name",
                    scan->limits->name_bytes);
    }
    return ERR_OK;
}

static enum err scan_value(struct http_scan *scan, char c, struct http_fault *ret_fault)
{
    if (c == '\r') {
        scan->state = VALUE_LF;
        return ERR_OK;
    }
    if (is_control(c) && c != '\t') {
        return bad_request(ret_fault, "a control character in a header");
    }
    return ERR_OK;
}

static enum err scan_lf(struct http_scan *scan, char c, struct http_fault *ret_fault)
{
    if (c != '\n') {
        return bad_request(ret_fault, "a CR without LF");
    }
    scan->state = scan->state == BLANK_LF ? BLANK : FIELD;
    return ERR_OK;
}

/* ERR_AGAIN: the byte belongs to the state just entered. */
static enum err scan_byte(struct http_scan *scan, char c, struct http_fault *ret_fault)
{
    switch (scan->state) {
    case BLANK:
        return scan_blank(scan, c, ret_fault);
    case LINE:
        return scan_line(scan, c, ret_fault);
    case FIELD:
        return scan_field(scan, c, ret_fault);
    case NAME:
        return scan_name(scan, c, ret_fault);
    case VALUE:
        return scan_value(scan, c, ret_fault);
    default:
        return scan_lf(scan, c, ret_fault);
    }
}

enum err http_policy_scan(struct http_scan *scan, struct str bytes, size_t *ret_used,
                          struct http_fault *ret_fault)
{
    for (size_t i = 0; i < bytes.len; i++) {
        if (++scan->bytes > scan->limits->head_bytes) {
            return over(ret_fault, PROBLEM_HEADERS_TOO_LARGE, "bytes of the request's head",
                        scan->limits->head_bytes);
        }
        const bool ends = scan->state == END_LF;
        enum err err = scan_byte(scan, bytes.at[i], ret_fault);
        if (err == ERR_AGAIN) {
            err = scan_byte(scan, bytes.at[i], ret_fault);
        }
        if (err != ERR_OK) {
            return err;
        }
        if (ends) {
            *ret_used = i + 1;
            return ERR_OK;
        }
    }
    *ret_used = bytes.len;
    return ERR_AGAIN;
}

enum err http_policy_line(struct str line, uint32_t url_bytes_max, struct http_fault *ret_fault)
{
    struct str rest = line;
    const struct str method = str_cut(rest, ' ', &rest);
    const struct str target = str_cut(rest, ' ', &rest);
    if (!is_token(method) || target.len == 0 || !str_has_prefix(rest, STR("HTTP/"))) {
        return bad_request(ret_fault, "the request line is not `method target HTTP/1.1`");
    }
    if (target.len > url_bytes_max) {
        return over(ret_fault, PROBLEM_URL_TOO_LONG, "bytes of the URL", url_bytes_max);
    }
    const bool is_version = rest.len == 8 && rest.at[5] >= '0' && rest.at[5] <= '9' &&
                            rest.at[6] == '.' && rest.at[7] >= '0' && rest.at[7] <= '9';
    if (!is_version) {
        return bad_request(ret_fault, "the request line is not `method target HTTP/1.1`");
    }
    if (rest.at[5] != '1' || rest.at[7] > '1') {
        return refuse(ret_fault, PROBLEM_BAD_VERSION, "HTTP/1.1 and HTTP/1.0 are spoken here");
    }
    return ERR_OK;
}

/* ---- the judgement ---- */

static bool is_host_char(char c)
{
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) {
        return true;
    }
    return c != '\0' && strchr("-._~!$&'()*+,;=%:[]", c) != NULL; // RFC 3986 3.2.2, 3.2.3
}

static bool is_host(struct str host)
{
    for (size_t i = 0; i < host.len; i++) {
        if (!is_host_char(host.at[i])) {
            return false;
        }
    }
    return host.len > 0;
}

static enum err judge_host(struct request *request, const struct http_facts *facts,
                           struct http_fault *ret_fault)
{
    const uint32_t count = request_field_count(request, "host");
    if (count > 1) {
        return bad_request(ret_fault, "more than one Host");
    }
    if (count == 0 && !facts->is_http_1_0) {
        return bad_request(ret_fault, "no Host");
    }
    request->host = request_field(request, "host");
    if (count == 1 && !is_host(request->host)) {
        return bad_request(ret_fault, "a Host that is none");
    }
    return ERR_OK;
}

/* `http://host/path` is for proxies, and a server must take it all the same; its host wins over
 * the field's (RFC 9112 3.2.2). */
static enum err cut_absolute(struct request *request, struct str *target,
                             struct http_fault *ret_fault)
{
    struct str rest = *target;
    const struct str scheme = str_cut(rest, ':', &rest);
    if (!(str_eq_nocase(scheme, STR("http")) || str_eq_nocase(scheme, STR("https"))) ||
        !str_has_prefix(rest, STR("//"))) {
        return bad_request(ret_fault, "a target that is neither a path nor an http URL");
    }
    rest = (struct str){.at = rest.at + 2, .len = rest.len - 2};
    size_t host_len = 0;
    while (host_len < rest.len && rest.at[host_len] != '/' && rest.at[host_len] != '?') {
        host_len++;
    }
    request->host = (struct str){.at = rest.at, .len = host_len};
    if (!is_host(request->host)) {
        return bad_request(ret_fault, "a target whose host is none");
    }
    *target = (struct str){.at = rest.at + host_len, .len = rest.len - host_len};
    return ERR_OK;
}

static enum err judge_target(struct request *request, struct http_fault *ret_fault)
{
    struct str target = request->target;
    if (memchr(target.at, '#', target.len) != NULL) {
        return bad_request(ret_fault, "a fragment in the target");
    }
    if (str_eq(request->method, STR("OPTIONS")) && str_eq(target, STR("*"))) {
        request->path = target;
        return ERR_OK;
    }
    if (target.at[0] != '/') {
        TRY(cut_absolute(request, &target, ret_fault));
    }
    request->path = str_cut(target, '?', &request->query);
    if (request->path.len == 0) {
        request->path = STR("/");
    }
    return ERR_OK;
}

static enum err judge_length(const struct request *request, struct http_verdict *ret_verdict,
                             struct http_fault *ret_fault)
{
    const uint32_t codings = request_field_count(request, "transfer-encoding");
    const uint32_t lengths = request_field_count(request, "content-length");
    if (codings > 0 && lengths > 0) {
        return bad_request(ret_fault, "both Transfer-Encoding and Content-Length");
    }
    if (codings > 1 || lengths > 1) {
        return bad_request(ret_fault, "Transfer-Encoding or Content-Length more than once");
    }
    if (codings == 1) {
        ret_verdict->is_chunked = true;
        if (!str_eq_nocase(request_field(request, "transfer-encoding"), STR("chunked"))) {
            return bad_request(ret_fault, "a transfer coding other than chunked");
        }
        return ERR_OK;
    }
    const bool needs_length =
        str_eq(request->method, STR("POST")) || str_eq(request->method, STR("PUT"));
    if (lengths == 0 && needs_length) {
        return refuse(ret_fault, PROBLEM_NO_LENGTH,
                      "POST and PUT say their length: Content-Length (0 for none) or chunked");
    }
    if (lengths == 0) {
        return ERR_OK;
    }
    if (!str_to_u64(request_field(request, "content-length"), UINT64_MAX,
                    &ret_verdict->body_bytes)) {
        return bad_request(ret_fault, "a Content-Length that is no number");
    }
    if (ret_verdict->body_bytes > ret_verdict->body_bytes_max) {
        return over(ret_fault, PROBLEM_TOO_LARGE, "bytes of the body", ret_verdict->body_bytes_max);
    }
    return ERR_OK;
}

static uint32_t body_bytes_max(const struct request_limits *limits, struct str path)
{
    const bool takes_long = limits->takes_long != NULL && limits->takes_long(path);
    return takes_long ? limits->long_body_bytes : limits->body_bytes;
}

static enum err judge_expect(const struct request *request, const struct http_facts *facts,
                             struct http_verdict *ret_verdict, struct http_fault *ret_fault)
{
    const uint32_t count = request_field_count(request, "expect");
    if (count == 0 || facts->is_http_1_0) { // RFC 9110 10.1.1: 1.0 cannot mean it
        return ERR_OK;
    }
    if (count > 1 || !str_eq_nocase(request_field(request, "expect"), STR("100-continue"))) {
        return refuse(ret_fault, PROBLEM_EXPECTATION_FAILED,
                      "only `Expect: 100-continue` is understood");
    }
    ret_verdict->expects_continue = ret_verdict->is_chunked || ret_verdict->body_bytes > 0;
    return ERR_OK;
}

enum err http_policy_judge(struct request *request, const struct http_facts *facts,
                           struct http_verdict *ret_verdict, struct http_fault *ret_fault)
{
    struct http_verdict verdict = {0};
    if (str_eq(request->method, STR("CONNECT"))) {
        return refuse(ret_fault, PROBLEM_NOT_IMPLEMENTED, "this is no proxy");
    }
    if (facts->is_http_1_0 && request_field_count(request, "transfer-encoding") > 0) {
        return bad_request(ret_fault, "Transfer-Encoding in HTTP/1.0");
    }
    TRY(judge_host(request, facts, ret_fault));
    TRY(judge_target(request, ret_fault));
    verdict.body_bytes_max = body_bytes_max(facts->limits, request->path);
    TRY(judge_length(request, &verdict, ret_fault));
    TRY(judge_expect(request, facts, &verdict, ret_fault));

    *ret_verdict = verdict;
    return ERR_OK;
}

enum err http_policy_framing(struct http_framing *framing, struct str bytes,
                             struct http_fault *ret_fault)
{
    for (size_t i = 0; i < bytes.len; i++) {
        const char c = bytes.at[i];
        if (++framing->bytes > CHUNK_FRAMING_BYTES_MAX) {
            return refuse(ret_fault, PROBLEM_TOO_LARGE, "more chunk framing than a body may have");
        }
        if (framing->after_cr != (c == '\n')) {
            return bad_request(ret_fault, "a line of chunk framing that does not end in CRLF");
        }
        if (is_control(c) && c != '\t' && c != '\r' && c != '\n') {
            return bad_request(ret_fault, "a control character in chunk framing");
        }
        framing->after_cr = c == '\r';
    }
    return ERR_OK;
}

// SPDX-License-Identifier: Apache-2.0
#include "serve/http_answer.h"

static const char *reason_of(int status)
{
    static const struct {
        int status;
        const char *reason;
    } reasons[] = {
        {100, "Continue"},
        {101, "Switching Protocols"},
        {200, "OK"},
        {201, "Created"},
        {202, "Accepted"},
        {204, "No Content"},
        {206, "Partial Content"},
        {301, "Moved Permanently"},
        {302, "Found"},
        {303, "See Other"},
        {304, "Not Modified"},
        {307, "Temporary Redirect"},
        {308, "Permanent Redirect"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {406, "Not Acceptable"},
        {408, "Request Timeout"},
        {409, "Conflict"},
        {410, "Gone"},
        {411, "Length Required"},
        {412, "Precondition Failed"},
        {413, "Content Too Large"},
        {414, "URI Too Long"},
        {415, "Unsupported Media Type"},
        {416, "Range Not Satisfiable"},
        {417, "Expectation Failed"},
        {422, "Unprocessable Content"},
        {426, "Upgrade Required"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {503, "Service Unavailable"},
        {505, "HTTP Version Not Supported"},
    };
    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
        if (reasons[i].status == status) {
            return reasons[i].reason;
        }
    }
    return ""; // a reason may be empty, RFC 9112 4
}

bool http_answer_has_body(int status)
{
    return status >= 200 && status != 204 && status != 304;
}

void http_answer_write(struct buf *out, const struct answer *answer,
                       const struct http_answer_line *line)
{
    buf_addf(out, "HTTP/1.1 %d %s\r\n", answer->status, reason_of(answer->status));
    if (answer->status == 100) { // an interim answer: all else comes with the final one
        buf_add_str(out, STR("\r\n"));
        return;
    }
    if (line->date.len > 0) {
        buf_add_str(out, STR("Date: "));
        buf_add_str(out, line->date);
        buf_add_str(out, STR("\r\n"));
    }
    if (answer->type.len > 0) {
        buf_add_str(out, STR("Content-Type: "));
        buf_add_str(out, answer->type);
        buf_add_str(out, STR("\r\nX-Content-Type-Options: nosniff\r\n"));
    }
    if (!line->is_endless && http_answer_has_body(answer->status)) {
        buf_add_str(out, STR("Content-Length: "));
        buf_add_u64(out, answer->body.len);
        buf_add_str(out, STR("\r\n"));
    }
    if (line->close) {
        buf_add_str(out, STR("Connection: close\r\n"));
    }
    buf_add_str(out, answer->headers);
    buf_add_str(out, STR("\r\n"));
}

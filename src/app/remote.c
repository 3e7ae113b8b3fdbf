// SPDX-License-Identifier: Apache-2.0
#include "app/remote.h"

#include "app/terminal.h"
#include "sys/sys.h"
#include "wire/json.h"

#include <stdio.h>
#include <string.h>

enum { WORDS_MAX = 400 };

/* A header's value must not end its line. */
static bool is_one_line(const char *text)
{
    return strpbrk(text, "\r\n") == NULL;
}

enum err remote_find(const struct options *options, struct remote *ret_remote,
                     char why[CLIENT_WHY_MAX])
{
    const char *url = options_value_or(options, "url", "ROAR_URL");
    const char *token = options_value_or(options, "token", "ROAR_TOKEN");
    token = token != NULL && token[0] == '\0' ? NULL : token; // as nobody, whatever is set
    struct remote remote = {.token = token};
    if (token != NULL && !is_one_line(token)) {
        snprintf(why, CLIENT_WHY_MAX, "a token has no line ends");
        return ERR_PROTO;
    }
    TRY(client_url_read(str_of(url == NULL ? "http://127.0.0.1:8080" : url), &remote.url, why));
    *ret_remote = remote;
    return ERR_OK;
}

void remote_write_auth(const struct remote *remote, struct buf *headers)
{
    if (remote->token != NULL) {
        buf_add_str(headers, STR("Authorization: Bearer "));
        buf_add_str(headers, str_of(remote->token));
        buf_add_str(headers, STR("\r\n"));
    }
}

static void write_problem(const struct json *problem, struct buf *out)
{
    struct str code = STR_NONE;
    struct str detail = STR_NONE;
    (void)json_get_str(json_member(problem, "code"), &code);
    if (!json_get_str(json_member(problem, "detail"), &detail)) {
        (void)json_get_str(json_member(problem, "title"), &detail);
    }
    terminal_write(out, code);
    buf_add_str(out, code.len > 0 ? STR(": ") : STR(""));
    terminal_write(out, detail);
}

struct client_request remote_get(const struct remote *remote, const struct buf *path,
                                 const struct buf *headers, uint32_t silence_ms)
{
    return (struct client_request){.url = &remote->url,
                                   .method = "GET",
                                   .path = buf_str(path),
                                   .headers = buf_str(headers),
                                   .silence_ms = silence_ms};
}

void remote_explain(int status, struct str body, char why[CLIENT_WHY_MAX])
{
    struct json *problem = NULL;
    struct json_fault fault;
    struct buf words;
    buf_init(&words, MEM_OTHER, WORDS_MAX);
    if (json_parse(body, &problem, &fault) == ERR_OK) {
        write_problem(problem, &words);
    }
    if (words.len == 0) {
        buf_add_str(&words, STR("the server said no"));
    }
    snprintf(why, CLIENT_WHY_MAX, "%.*s (%d)", STR_ARG(buf_str(&words)), status);
    json_free(problem);
    buf_done(&words);
}

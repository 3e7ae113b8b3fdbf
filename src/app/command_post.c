// SPDX-License-Identifier: Apache-2.0
#include "app/command.h"
#include "app/remote.h"
#include "app/terminal.h"
#include "sys/sys.h"
#include "wire/json.h"
#include "wire/url.h"
#include "wire/utf8.h"

#include <inttypes.h>
#include <stdio.h>

enum {
    BODY_BYTES_MAX = 64 * 1024,
    ANSWER_BYTES_MAX = 256 * 1024,
    SILENCE_MS = 30 * 1000,
    TRIES_MAX = 3
};

static const struct option_kind kinds[] = {REMOTE_OPTIONS, {.name = NULL}};

static void write_body(struct buf *body, const char *text)
{
    char cid[40];
    snprintf(cid, sizeof(cid), "cli-%016" PRIx64, sys_random_u64());
    buf_add_byte(body, '{');
    json_write_member_str(body, "text", str_of(text));
    json_write_member_str(body, "cid", str_of(cid));
    buf_add_byte(body, '}');
}

/* Where the comment stands, as a person reads it. */
static void print_place(struct str answer)
{
    struct json *root = NULL;
    struct json_fault fault;
    struct str epoch = STR_NONE, state = STR_NONE;
    int64_t seq = 0;
    if (json_parse(answer, &root, &fault) != ERR_OK) {
        return;
    }
    if (json_get_i64(json_member(root, "seq"), &seq) &&
        json_get_str(json_member(root, "epoch"), &epoch)) {
        printf("%.*s.%" PRId64 "\n", STR_ARG(epoch), seq);
    } else if (json_get_str(json_member(root, "state"), &state)) {
        printf("%.*s\n", STR_ARG(state));
    }
    json_free(root);
}

/* Asks until there is an answer: the cid makes it one comment however often it is sent. */
static enum err ask(const struct client_request *request, int *ret_status, struct buf *answer)
{
    enum err err = ERR_OK;
    for (int i = 0; i < TRIES_MAX; i++) {
        buf_reset(answer);
        err = client_fetch(request, ret_status, answer);
        if (err != ERR_CLOSED && err != ERR_AGAIN) {
            break;
        }
    }
    return err;
}

static int tell(const struct command *command, const struct options *options, int status,
                struct str answer)
{
    char why[CLIENT_WHY_MAX];
    if (status != 200 && status != 201) {
        remote_explain(status, answer, why);
        return command_failed(command, why);
    }
    if (options_has(options, "json")) {
        printf("%.*s\n", STR_ARG(answer));
    } else {
        print_place(answer);
    }
    return COMMAND_OK;
}

static int run(const struct command *command, const struct options *options)
{
    struct remote remote;
    char why[CLIENT_WHY_MAX];
    if (!utf8_is_valid(str_of(options->words[1]))) {
        return command_misused(command, "the text is not UTF-8");
    }
    if (remote_find(options, &remote, why) != ERR_OK) {
        return command_misused(command, why);
    }
    struct buf path, headers, body, answer;
    buf_init(&path, MEM_OTHER, CLIENT_URL_MAX);
    buf_init(&headers, MEM_OTHER, 16 * 1024);
    buf_init(&body, MEM_OTHER, BODY_BYTES_MAX);
    buf_init(&answer, MEM_OTHER, ANSWER_BYTES_MAX);
    buf_add_str(&path, STR("/v1/streams/"));
    url_write(&path, str_of(options->words[0]));
    buf_add_str(&path, STR("/comments"));
    buf_add_str(&headers, STR("Content-Type: application/json\r\n"));
    remote_write_auth(&remote, &headers);
    write_body(&body, options->words[1]);

    int code = COMMAND_FAILED;
    if (!buf_ok(&path) || !buf_ok(&headers) || !buf_ok(&body)) {
        code = command_misused(command, "the stream, the token or the text is too long");
    } else {
        const struct client_request request = {.url = &remote.url,
                                               .method = "POST",
                                               .path = buf_str(&path),
                                               .headers = buf_str(&headers),
                                               .body = buf_str(&body),
                                               .silence_ms = SILENCE_MS};
        int status = 0;
        const enum err err = ask(&request, &status, &answer);
        client_explain(err, &remote.url, why);
        code = err == ERR_OK ? tell(command, options, status, buf_str(&answer))
                             : command_failed(command, why);
    }
    buf_done(&path);
    buf_done(&headers);
    buf_done(&body);
    buf_done(&answer);
    return code;
}

const struct command command_post = {
    .name = "post",
    .usage = "STREAM TEXT [--url URL] [--token JWT] [--json]",
    .summary = "writes a comment and prints its place",
    .help = REMOTE_HELP "  --json         print the whole answer\n",
    .spec = {.kinds = kinds, .words_min = 2, .words_max = 2},
    .run = run,
};

// SPDX-License-Identifier: Apache-2.0
#include "net/outcalls.h"

#include "base/list.h"
#include "base/mem.h"
#include "base/must.h"
#include "loop/mail.h"
#include "net/address.h"
#include "net/libcurl.h"
#include "sys/sys.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum { CONNECTIONS_KEPT = 32, IDLE_WAIT_MS = 60 * 1000 };

static const struct libcurl *curl; // from the first that is needed on; main's to set

struct outcalls {
    /* -- frozen -- */
    struct outcalls_options options;
    struct sys_thread thread;
    struct mail mail;
    /* -- its thread only, from outcalls_start() on -- */
    CURLM *multi;          // owned; NULL: not started
    struct link transfers; // struct transfer
    uint32_t waiting;      // of them
    struct letter stop;
    bool is_stopping;
};

struct transfer {     // one call under way
    struct link link; // in all->transfers
    struct outcalls *all;
    struct outcall *outcall; // the asker's, held until finished
    CURL *easy;              // owned
    struct curl_slist *headers;
    bool was_denied, is_too_long;
};

/* ---- what libcurl asks ---- */

static curl_socket_t open_socket(void *user, curlsocktype purpose, struct curl_sockaddr *to)
{
    struct transfer *transfer = user;
    struct sys_endpoint endpoint;
    (void)purpose;
    if (!sys_socket_endpoint_of(&to->addr, to->addrlen, &endpoint)) {
        return CURL_SOCKET_BAD;
    }
    struct address address = {.port = endpoint.port};
    memcpy(address.bytes, endpoint.ip, sizeof(address.bytes));
    if (!transfer->all->options.allow_private && !address_is_public(&address)) {
        transfer->was_denied = true;
        return CURL_SOCKET_BAD;
    }
    int fd = -1;
    return sys_socket_make(to->family, to->socktype, to->protocol, &fd) == ERR_OK ? fd
                                                                                  : CURL_SOCKET_BAD;
}

static size_t take_answer(char *bytes, size_t size, size_t count, void *user)
{
    struct transfer *transfer = user;
    struct buf *answer = &transfer->outcall->answer;
    const size_t len = size * count;
    if (answer->len + len > OUTCALL_ANSWER_MAX) {
        transfer->is_too_long = true;
        return 0;
    }
    buf_add(answer, bytes, len);
    return buf_ok(answer) ? len : 0;
}

/* ---- one call ---- */

static void finish(struct outcall *outcall, enum err result, const char *why)
{
    outcall->result = result;
    (void)snprintf(outcall->why, sizeof(outcall->why), "%s", why);
    call_finish(&outcall->call);
}

static void free_transfer(struct transfer *transfer)
{
    curl->easy_cleanup(transfer->easy);
    curl->slist_free_all(transfer->headers);
    mem_free(MEM_OTHER, transfer);
}

static bool add_headers(struct transfer *transfer)
{
    struct curl_slist *list = curl->slist_append(NULL, "Content-Type: application/json");
    struct curl_slist *longer = list == NULL ? NULL : curl->slist_append(list, "Expect:");
    for (int i = 0; longer != NULL && i < OUTCALL_HEADERS_MAX; i++) {
        const char *line = transfer->outcall->headers[i];
        longer = line == NULL ? longer : curl->slist_append(longer, line);
    }
    transfer->headers = list;
    return longer != NULL;
}

static void set_up(struct transfer *transfer)
{
    const struct outcall *outcall = transfer->outcall;
    CURL *easy = transfer->easy;
    (void)curl->easy_setopt(easy, CURLOPT_URL, outcall->url);
    (void)curl->easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    (void)curl->easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    (void)curl->easy_setopt(easy, CURLOPT_PROXY, "");
    (void)curl->easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    (void)curl->easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)outcall->wait_ms);
    (void)curl->easy_setopt(easy, CURLOPT_POST, 1L);
    (void)curl->easy_setopt(easy, CURLOPT_POSTFIELDS, outcall->body.at);
    (void)curl->easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)outcall->body.len);
    (void)curl->easy_setopt(easy, CURLOPT_HTTPHEADER, transfer->headers);
    (void)curl->easy_setopt(easy, CURLOPT_USERAGENT, "roar");
    (void)curl->easy_setopt(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
    (void)curl->easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    (void)curl->easy_setopt(easy, CURLOPT_OPENSOCKETDATA, transfer);
    (void)curl->easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_answer);
    (void)curl->easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
    (void)curl->easy_setopt(easy, CURLOPT_PRIVATE, transfer);
}

static void begin(struct outcalls *outcalls, struct outcall *outcall)
{
    if (outcalls->waiting >= outcalls->options.waiting_max) {
        finish(outcall, ERR_LIMIT, "too many calls are under way");
        return;
    }
    struct transfer *transfer = mem_new(MEM_OTHER, sizeof(*transfer));
    if (transfer == NULL) {
        finish(outcall, ERR_NOMEM, "no memory");
        return;
    }
    transfer->all = outcalls;
    transfer->outcall = outcall;
    transfer->easy = curl->easy_init();
    if (transfer->easy == NULL || !add_headers(transfer)) {
        free_transfer(transfer);
        finish(outcall, ERR_NOMEM, "no memory");
        return;
    }
    set_up(transfer);
    if (curl->multi_add_handle(outcalls->multi, transfer->easy) != CURLM_OK) {
        free_transfer(transfer);
        finish(outcall, ERR_NOMEM, "no memory");
        return;
    }
    list_push(&outcalls->transfers, &transfer->link);
    outcalls->waiting++;
}

static enum err result_of(const struct transfer *transfer, CURLcode code)
{
    if (code == CURLE_OK) {
        return ERR_OK;
    }
    if (transfer->was_denied) {
        return ERR_DENIED;
    }
    if (transfer->is_too_long) {
        return ERR_LIMIT;
    }
    return code == CURLE_OPERATION_TIMEDOUT ? ERR_AGAIN
           : code == CURLE_OUT_OF_MEMORY    ? ERR_NOMEM
                                            : ERR_SYS;
}

static const char *why_of(enum err result, CURLcode code)
{
    if (result == ERR_OK) {
        return "";
    }
    if (result == ERR_DENIED) {
        return "its address is not public, and hooks.allow_private is off";
    }
    return result == ERR_LIMIT ? "its answer is too long" : curl->easy_strerror(code);
}

static void end(struct outcalls *outcalls, struct transfer *transfer, enum err result,
                const char *why)
{
    long status = 0;
    (void)curl->easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    (void)curl->multi_remove_handle(outcalls->multi, transfer->easy);
    struct outcall *outcall = transfer->outcall;
    outcall->status = (int)status;
    list_remove(&transfer->link);
    free_transfer(transfer);
    outcalls->waiting--;
    finish(outcall, result, why);
}

static void take_ended(struct outcalls *outcalls, CURL *easy, CURLcode code)
{
    struct transfer *transfer = NULL;
    (void)curl->easy_getinfo(easy, CURLINFO_PRIVATE, &transfer);
    const enum err result = result_of(transfer, code);
    end(outcalls, transfer, result, why_of(result, code));
}

/* ---- the thread ---- */

static void open_call(struct letter *letter)
{
    struct outcall *outcall =
        (struct outcall *)(void *)((char *)letter - offsetof(struct call, letter));
    begin(outcall->call.holder, outcall);
}

static void open_stop(struct letter *letter)
{
    list_entry(letter, struct outcalls, stop)->is_stopping = true;
}

static void run(void *user)
{
    struct outcalls *outcalls = user;
    struct curl_waitfd letters = {.fd = outcalls->mail.wake_fd, .events = CURL_WAIT_POLLIN};
    while (!outcalls->is_stopping) {
        int running = 0;
        int left = 0;
        (void)curl->multi_poll(outcalls->multi, &letters, 1, IDLE_WAIT_MS, NULL);
        (void)mail_open_all(&outcalls->mail);
        (void)curl->multi_perform(outcalls->multi, &running);
        for (CURLMsg *message = curl->multi_info_read(outcalls->multi, &left); message != NULL;
             message = curl->multi_info_read(outcalls->multi, &left)) {
            if (message->msg == CURLMSG_DONE) {
                take_ended(outcalls, message->easy_handle, message->data.result);
            }
        }
    }
}

enum err outcalls_new(const struct outcalls_options *options, struct outcalls **ret_outcalls)
{
    struct outcalls *outcalls = mem_new(MEM_OTHER, sizeof(*outcalls));
    if (outcalls == NULL) {
        return ERR_NOMEM;
    }
    outcalls->options = *options;
    list_init(&outcalls->transfers);
    const enum err err = mail_init(&outcalls->mail);
    if (err != ERR_OK) {
        mem_free(MEM_OTHER, outcalls);
        return err;
    }
    *ret_outcalls = outcalls;
    return ERR_OK;
}

enum err outcalls_start(struct outcalls *outcalls)
{
    if (outcalls->multi != NULL) {
        return ERR_OK;
    }
    TRY(libcurl_load(&curl));
    CURLM *multi = curl->multi_init();
    if (multi == NULL) {
        return ERR_NOMEM;
    }
    (void)curl->multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)CONNECTIONS_KEPT);
    outcalls->multi = multi;
    const enum err err = sys_thread_start(&outcalls->thread, "roar-hooks", run, outcalls);
    if (err != ERR_OK) {
        (void)curl->multi_cleanup(multi);
        outcalls->multi = NULL;
    }
    return err;
}

void outcalls_stop(struct outcalls *outcalls)
{
    if (outcalls == NULL || outcalls->multi == NULL) {
        return;
    }
    outcalls->stop.open = open_stop;
    home_send(mail_home(&outcalls->mail), &outcalls->stop);
    sys_thread_join(&outcalls->thread);
    while (!list_is_empty(&outcalls->transfers)) {
        struct transfer *transfer = list_entry(outcalls->transfers.next, struct transfer, link);
        end(outcalls, transfer, ERR_CLOSED, "the server stops");
    }
    (void)curl->multi_cleanup(outcalls->multi);
    outcalls->multi = NULL;
}

void outcalls_free(struct outcalls *outcalls)
{
    if (outcalls != NULL) {
        must(outcalls->multi == NULL);
        mail_done(&outcalls->mail);
        mem_free(MEM_OTHER, outcalls);
    }
}

void outcalls_send(struct outcalls *outcalls, struct outcall *outcall)
{
    buf_init(&outcall->answer, MEM_OTHER, OUTCALL_ANSWER_MAX);
    outcall->status = 0;
    outcall->call.holder = outcalls;
    outcall->call.letter.open = open_call;
    home_send(mail_home(&outcalls->mail), &outcall->call.letter);
}

enum err outcalls_check_url(const char *url)
{
    TRY(libcurl_load(&curl));
    CURLU *parts = strlen(url) <= OUTCALL_URL_MAX ? curl->url() : NULL;
    char *scheme = NULL;
    char *host = NULL;
    char *user = NULL;
    bool is_valid = parts != NULL && curl->url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK &&
                    curl->url_get(parts, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
                    curl->url_get(parts, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
                    curl->url_get(parts, CURLUPART_USER, &user, 0) == CURLUE_NO_USER;
    is_valid = is_valid && (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0);
    curl->free(scheme);
    curl->free(host);
    curl->free(user);
    curl->url_cleanup(parts);
    return is_valid ? ERR_OK : ERR_PROTO;
}

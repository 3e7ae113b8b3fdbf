// SPDX-License-Identifier: Apache-2.0
#include "app/client.h"
#include "app/command.h"
#include "app/secret.h"
#include "base/mem.h"
#include "bench/bare.h"
#include "bench/conductor.h"
#include "bench/dialect.h"
#include "bench/spawn.h"
#include "rules/jwt.h"
#include "sys/sys.h"

#include <stdio.h>
#include <string.h>

enum {
    VIEWERS_MAX = 1000000,
    POSTERS_MAX = 10000,
    RATE_MAX = 1000000,
    ACTS_MAX = 100,
    BYTES_MIN = 24,
    BYTES_MAX = 2000,
    CONNS_OF_CREW = 15000, // a table of files holds 20,000 where it holds few
    TOKENS = 64,
    TOKEN_TTL_S = 24 * 3600,
    REPORT_BYTES_MAX = 1024 * 1024,
    SECONDS_MAX = 86400,
};

static const struct option_kind kinds[] = {{.name = "url", .has_value = true},
                                           {.name = "peer", .has_value = true},
                                           {.name = "post-url", .has_value = true},
                                           {.name = "spawn"},
                                           {.name = "server-workers", .has_value = true},
                                           {.name = "pid", .has_value = true},
                                           {.name = "token", .has_value = true},
                                           {.name = "secret-file", .has_value = true},
                                           {.name = "dev"},
                                           {.name = "viewers", .has_value = true},
                                           {.name = "transport", .has_value = true},
                                           {.name = "lane", .has_value = true},
                                           {.name = "streams", .has_value = true},
                                           {.name = "posters", .has_value = true},
                                           {.name = "rate", .has_value = true},
                                           {.name = "bytes", .has_value = true},
                                           {.name = "seconds", .has_value = true},
                                           {.name = "stalled", .has_value = true},
                                           {.name = "reconnect-every", .has_value = true},
                                           {.name = "storm", .has_value = true},
                                           {.name = "stay", .has_value = true},
                                           {.name = "compress", .has_value = true},
                                           {.name = "upgrade-at", .has_value = true},
                                           {.name = "acts", .has_value = true},
                                           {.name = "pairs", .has_value = true},
                                           {.name = "idle"},
                                           {.name = "settle", .has_value = true},
                                           {.name = "workers", .has_value = true},
                                           {.name = "json"},
                                           {.name = "help"},
                                           {.name = NULL}};

struct job { // a bench and what it stands on
    const struct command *command;
    const struct options *options;
    struct plan plan;
    struct spawn spawn;
    struct bare bare;
    struct buf texts[TOKENS]; // owned
    struct str tokens[TOKENS];
    struct buf moderator; // owned; a token's text
    bool is_misused;
    char why[CLIENT_WHY_MAX];
};

/* ---- options ---- */

static uint32_t number(struct job *job, const char *name, uint32_t otherwise, uint32_t min,
                       uint32_t max)
{
    uint64_t value = 0;
    const char *text = options_value(job->options, name);
    if (text == NULL) {
        return otherwise;
    }
    if (!str_to_u64(str_of(text), max, &value) || value < min) {
        snprintf(job->why, sizeof(job->why), "--%s is a number from %u to %u", name, min, max);
        job->is_misused = true;
        return otherwise;
    }
    return (uint32_t)value;
}

static unsigned read_transports(struct job *job)
{
    static const struct {
        const char *name;
        unsigned transports;
    } words[] = {{"sse", 1U << TRANSPORT_SSE},
                 {"ws", 1U << TRANSPORT_WS},
                 {"poll", 1U << TRANSPORT_POLL},
                 {"mix", 1U << TRANSPORT_SSE | 1U << TRANSPORT_WS | 1U << TRANSPORT_POLL}};

    const char *text = options_value(job->options, "transport");
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(text == NULL ? "sse" : text, words[i].name) == 0) {
            return words[i].transports;
        }
    }
    snprintf(job->why, sizeof(job->why), "--transport is sse, ws, poll or mix");
    job->is_misused = true;
    return 0;
}

static unsigned read_lanes(struct job *job)
{
    const char *text = options_value(job->options, "lane");
    if (text != NULL && strcmp(text, "mix") == 0) {
        return (1U << PLAN_LANES) - 1;
    }
    for (int lane = 0; lane < PLAN_LANES; lane++) {
        if (strcmp(text == NULL ? "full" : text, plan_lane_names[lane]) == 0) {
            return 1U << lane;
        }
    }
    snprintf(job->why, sizeof(job->why), "--lane is full, readable, digest, control or mix");
    job->is_misused = true;
    return 0;
}

/* Numbers with commas between, each at least the one before. How many there are. */
static uint32_t read_list(struct job *job, const char *name, const char *otherwise, uint32_t max,
                          uint64_t ret_values[PLAN_STEPS_MAX])
{
    const char *text = options_value(job->options, name);
    struct str rest = str_of(text == NULL ? otherwise : text);
    uint32_t count = 0;
    while (rest.len > 0) {
        uint64_t value = 0;
        if (!str_to_u64(str_cut(rest, ',', &rest), max, &value) || count == PLAN_STEPS_MAX ||
            (count > 0 && value < ret_values[count - 1])) {
            return 0;
        }
        ret_values[count++] = value;
    }
    return count;
}

/* The crowd grows at the first rate; then, all in, the rate does. */
static void read_steps(struct job *job)
{
    struct plan *plan = &job->plan;
    uint64_t crowds[PLAN_STEPS_MAX] = {0}, rates[PLAN_STEPS_MAX] = {0};
    const char *rate = options_value(job->options, "rate");
    const bool is_flat_out = rate != NULL && strcmp(rate, "max") == 0;
    const uint32_t crowd_count = read_list(job, "viewers", "100", VIEWERS_MAX, crowds);
    const uint32_t rate_count = is_flat_out ? 1 : read_list(job, "rate", "10", RATE_MAX, rates);
    if (crowd_count == 0 || rate_count == 0 || crowd_count + rate_count - 1 > PLAN_STEPS_MAX ||
        (!is_flat_out && rates[0] == 0)) {
        snprintf(job->why, sizeof(job->why),
                 "--viewers is numbers to %d that grow, with commas between; --rate is max, or the "
                 "same from 1 to %d; %d steps in all",
                 VIEWERS_MAX, RATE_MAX, PLAN_STEPS_MAX);
        job->is_misused = true;
        return;
    }
    plan->step_count = crowd_count + rate_count - 1;
    plan->viewers = (uint32_t)crowds[crowd_count - 1];
    for (uint32_t i = 0; i < plan->step_count; i++) {
        plan->crowds[i] = i < crowd_count ? (uint32_t)crowds[i] : plan->viewers;
        plan->rates[i] = i < crowd_count ? (double)rates[0] : (double)rates[i - crowd_count + 1];
    }
}

/* One stream and one who posts: so the order in which a peer took its messages is known. */
static void read_peer(struct job *job)
{
    struct plan *plan = &job->plan;
    const char *name = options_value(job->options, "peer");
    if (name == NULL) {
        return;
    }
    plan->peer = dialect_find(name);
    bool speaks = plan->peer != NULL;
    for (int transport = 0; speaks && transport < TRANSPORTS; transport++) {
        speaks = (plan->transports >> transport & 1U) == 0 ||
                 dialect_speaks(plan->peer, (enum transport)transport);
    }
    if (!speaks || plan->streams > 1 || options_has(job->options, "spawn")) {
        struct buf names;
        char text[128];
        buf_init_over(&names, text, sizeof(text));
        dialect_names(&names);
        snprintf(job->why, sizeof(job->why),
                 "--peer is one of %.*s, by a transport that it speaks, at a --url, on one stream",
                 STR_ARG(buf_str(&names)));
        job->is_misused = true;
    }
    plan->posters = 1;
}

/* Whose time and memory counted would be two processes. */
static void read_upgrade(struct job *job)
{
    struct plan *plan = &job->plan;
    plan->upgrade_s = number(job, "upgrade-at", 0, 1, SECONDS_MAX);
    if (plan->upgrade_s > 0 &&
        (!options_has(job->options, "spawn") || plan->upgrade_s >= plan->seconds)) {
        snprintf(job->why, sizeof(job->why), "--upgrade-at needs --spawn, and less than --seconds");
        job->is_misused = true;
    }
}

static void read_plan(struct job *job)
{
    struct plan *plan = &job->plan;
    read_steps(job);
    plan->streams = number(job, "streams", 1, 1, PLAN_STREAMS_MAX);
    plan->posters = number(job, "posters", 8, 0, POSTERS_MAX);
    plan->transports = read_transports(job);
    plan->lanes = read_lanes(job);
    plan->bytes = number(job, "bytes", 60, BYTES_MIN, BYTES_MAX);
    plan->seconds = number(job, "seconds", 10, 1, SECONDS_MAX);
    plan->stalled_percent = number(job, "stalled", 0, 0, 100);
    plan->reconnect_s = number(job, "reconnect-every", 0, 1, SECONDS_MAX);
    plan->storms = number(job, "storm", 0, 0, REPORT_STORMS_MAX);
    plan->stay_percent = number(job, "stay", 0, 0, 99);
    plan->pairs = number(job, "pairs", 0, 0, REPORT_PAIRS_MAX);
    plan->settle_s = number(job, "settle", 30, 1, SECONDS_MAX);
    plan->pid = (int)number(job, "pid", 0, 1, INT32_MAX);
    const uint32_t conns = plan->viewers * (plan->pairs > 0 ? 2 : 1);
    plan->crews = number(job, "workers", 1 + conns / CONNS_OF_CREW, 1, 256);
    plan->acts = number(job, "acts", 0, 1, ACTS_MAX);
    plan->is_idle = options_has(job->options, "idle");
    plan->posters = plan->is_idle ? 0 : plan->posters;
    read_peer(job);
    read_upgrade(job);
    plan->compress_percent = plan->peer == NULL ? number(job, "compress", 0, 0, 100) : 0;
    if (plan->pairs > 0 && ((plan->rates[0] <= 0 && !plan->is_idle) || plan->viewers == 0)) {
        snprintf(job->why, sizeof(job->why), "--pairs needs viewers and a rate, or --idle");
        job->is_misused = true;
    }
    snprintf(plan->run, sizeof(plan->run), "%08x", (uint32_t)sys_random_u64());
}

/* ---- where, and as whom ---- */

/* Some peers are posted to elsewhere than they are read. */
static enum err find_post_server(struct job *job)
{
    struct client_url url;
    struct sys_endpoint endpoint;
    const char *text = options_value(job->options, "post-url");
    job->plan.post_server = job->plan.server;
    if (text == NULL) {
        return ERR_OK;
    }
    TRY(client_url_read(str_of(text), &url, job->why));
    const enum err err = sys_socket_resolve(url.host, url.port, &endpoint);
    if (err != ERR_OK) {
        snprintf(job->why, sizeof(job->why), "there is no host %.200s", url.host);
        return err;
    }
    memcpy(job->plan.post_server.bytes, endpoint.ip, sizeof(endpoint.ip));
    job->plan.post_server.port = endpoint.port;
    return ERR_OK;
}

static enum err find_server(struct job *job)
{
    struct plan *plan = &job->plan;
    struct client_url url;
    struct sys_endpoint endpoint;
    const char *text = options_value_or(job->options, "url", "ROAR_URL");
    TRY(client_url_read(str_of(text == NULL ? "http://127.0.0.1:8080" : text), &url, job->why));
    const enum err err = sys_socket_resolve(url.host, url.port, &endpoint);
    if (err != ERR_OK || strlen(url.path) >= sizeof(plan->path)) {
        snprintf(job->why, sizeof(job->why), "there is no host %.200s", url.host);
        return err == ERR_OK ? ERR_LIMIT : err;
    }
    memcpy(plan->server.bytes, endpoint.ip, sizeof(plan->server.bytes));
    plan->server.port = endpoint.port;
    snprintf(plan->host, sizeof(plan->host), "%.255s:%u", url.host, url.port);
    snprintf(plan->path, sizeof(plan->path), "%.255s", url.path);
    return ERR_OK;
}

static enum err spawn_server(struct job *job)
{
    struct plan *plan = &job->plan;
    char text[ADDRESS_TEXT_MAX];
    char why[SPAWN_WHY_MAX] = "";
    const enum err err = spawn_start(&job->spawn, number(job, "server-workers", 0, 0, 256), why);
    if (err != ERR_OK) {
        snprintf(job->why, sizeof(job->why), "%s", why);
        return err;
    }
    plan->server = job->spawn.address;
    plan->pid = plan->upgrade_s == 0 ? job->spawn.pid : 0;
    const struct str host = address_write(&plan->server, text);
    snprintf(plan->host, sizeof(plan->host), "%.*s", STR_ARG(host));
    return ERR_OK;
}

static enum err sign_moderator(struct job *job, struct str secret, int64_t now_s)
{
    const struct str role = STR("moderator");
    const struct jwt_grant grant = {.sub = STR("bench-moderator"),
                                    .roles = &role,
                                    .role_count = 1,
                                    .iat_s = now_s,
                                    .exp_s = now_s + TOKEN_TTL_S};
    TRY(jwt_sign(secret, &grant, &job->moderator));
    job->plan.moderator_token = buf_str(&job->moderator);
    return ERR_OK;
}

/* Several users, so that none of them posts more than one may. */
static enum err sign_tokens(struct job *job, struct str secret)
{
    const struct str role = STR("bot");
    const int64_t now_s = clock_wall_ms(sys_clock()) / 1000;
    for (uint32_t i = 0; i < TOKENS; i++) {
        char sub[32];
        snprintf(sub, sizeof(sub), "bench-%u", i);
        const struct jwt_grant grant = {.sub = str_of(sub),
                                        .roles = &role,
                                        .role_count = 1,
                                        .iat_s = now_s,
                                        .exp_s = now_s + TOKEN_TTL_S};
        if (jwt_sign(secret, &grant, &job->texts[i]) != ERR_OK) {
            snprintf(job->why, sizeof(job->why), "the secret is too short");
            return ERR_LIMIT;
        }
        job->tokens[i] = buf_str(&job->texts[i]);
    }
    job->plan.tokens = job->tokens;
    job->plan.token_count = TOKENS;
    return sign_moderator(job, secret, now_s);
}

static enum err sign_by_file(struct job *job, const char *path)
{
    struct buf secret;
    char why[SECRET_WHY_MAX] = "";
    buf_init(&secret, MEM_OTHER, SECRET_BYTES_MAX);
    enum err err = secret_read(path, &secret, why);
    if (err == ERR_OK) {
        err = sign_tokens(job, buf_str(&secret));
    } else {
        snprintf(job->why, sizeof(job->why), "%s", why);
    }
    buf_done(&secret);
    return err;
}

static enum err find_tokens(struct job *job)
{
    const char *path = options_value(job->options, "secret-file");
    const char *token = options_value_or(job->options, "token", "ROAR_TOKEN");
    if (job->spawn.pid != 0) {
        return sign_tokens(job, str_of(job->spawn.secret));
    }
    if (path != NULL) {
        return sign_by_file(job, path);
    }
    if (options_has(job->options, "dev")) {
        return sign_tokens(job, SECRET_OF_DEV);
    }
    if (token != NULL && token[0] != '\0') {
        job->tokens[0] = str_of(token);
        job->plan.tokens = job->tokens;
        job->plan.token_count = 1;
        job->plan.moderator_token = job->tokens[0];
    } else if (job->plan.posters > 0 && job->plan.peer == NULL) {
        snprintf(job->why, sizeof(job->why),
                 "who posts needs --secret-file, --token, --dev or --spawn");
        return ERR_DENIED;
    }
    return ERR_OK;
}

/* ---- the run ---- */

static void print_report(const struct job *job, const struct report *report)
{
    struct buf text;
    buf_init(&text, MEM_OTHER, REPORT_BYTES_MAX);
    if (options_has(job->options, "json")) {
        report_write_json(report, &job->plan, &text);
    } else {
        report_write_text(report, &job->plan, &text);
    }
    printf("%.*s", STR_ARG(buf_str(&text)));
    buf_done(&text);
}

static enum err prepare(struct job *job)
{
    TRY(options_has(job->options, "spawn") ? spawn_server(job) : find_server(job));
    TRY(find_post_server(job));
    TRY(find_tokens(job));
    if (job->plan.pairs == 0) {
        return ERR_OK;
    }
    const enum err err = bare_start(&job->bare, job->plan.viewers);
    if (err != ERR_OK) {
        char text[SYS_FAILURE_TEXT_MAX];
        snprintf(job->why, sizeof(job->why), "%.*s", STR_ARG(sys_failure_write(text)));
    }
    return err;
}

static int bench(struct job *job)
{
    if (prepare(job) != ERR_OK) {
        return command_failed(job->command, job->why);
    }
    struct report *report = mem_new(MEM_OTHER, sizeof(*report));
    char why[CONDUCTOR_WHY_MAX] = "";
    if (report == NULL) {
        return command_failed(job->command, "no memory");
    }
    int code = COMMAND_OK;
    if (conductor_run(&job->plan, job->bare.pid == 0 ? NULL : &job->bare,
                      job->spawn.pid == 0 ? NULL : &job->spawn, report, why) != ERR_OK) {
        code = command_failed(job->command, why);
    } else {
        print_report(job, report);
        code = report_is_clean(report) ? COMMAND_OK : COMMAND_FAILED;
    }
    mem_free(MEM_OTHER, report);
    return code;
}

static int run(const struct command *command, const struct options *options)
{
    struct job *job = mem_new(MEM_OTHER, sizeof(*job));
    if (job == NULL) {
        return command_failed(command, "no memory");
    }
    job->command = command;
    job->options = options;
    sys_signal_ignore_pipe();
    (void)sys_files_max_raise();
    for (uint32_t i = 0; i < TOKENS; i++) {
        buf_init(&job->texts[i], MEM_OTHER, JWT_BYTES_MAX + 1);
    }
    buf_init(&job->moderator, MEM_OTHER, JWT_BYTES_MAX + 1);
    read_plan(job);
    int code = job->is_misused ? command_misused(command, job->why) : bench(job);
    bare_stop(&job->bare);
    if (spawn_stop(&job->spawn) != 0) {
        code = command_failed(command, "the server did not end well");
    }
    for (uint32_t i = 0; i < TOKENS; i++) {
        buf_done(&job->texts[i]);
    }
    buf_done(&job->moderator);
    mem_free(MEM_OTHER, job);
    return code;
}

const struct command command_bench = {
    .name = "bench",
    .usage = "[--spawn | --url URL] [--viewers N] [--rate R] [--seconds S] ...",
    .summary = "loads a server and checks what every viewer is sent; exit 1 on any violation",
    .help =
        "  --url URL             where the server is; or ROAR_URL [http://127.0.0.1:8080]\n"
        "  --peer NAME           it is another server: nchan, centrifugo, mercure, nats, "
        "socketio;\n"
        "                        what viewers missed is counted and is no violation\n"
        "  --post-url URL        where a peer is posted to, if not there [--url]\n"
        "  --spawn               a server of its own instead, in a temporary folder\n"
        "  --server-workers N    its reactors [one a core]\n"
        "  --pid PID             the server's, for its CPU and memory\n"
        "  --secret-file F       signs tokens for those who post; or --token JWT, or --dev\n"
        "  --viewers N[,N...]    several: as many come in, comments are posted, then more [100]\n"
        "  --transport T         sse, ws, poll, or mix: all three [sse]\n"
        "  --lane L              full, readable, digest, control, or mix: all four [full]\n"
        "  --streams K           viewers and comments are spread over them [1]\n"
        "  --posters C           connections that post [8]\n"
        "  --rate R[,R...]       comments a second over all streams; max: each poster as fast as\n"
        "                        it is answered; several: one after another when all are in, to\n"
        "                        the first that takes twice its time [10]\n"
        "  --bytes B             of a comment's text; of a peer's whole message [60]\n"
        "  --seconds S           of posting, at each rate [10]\n"
        "  --stalled P           percent of the viewers that stop reading until the end; with\n"
        "                        --reconnect-every for six times as long as others stay, and\n"
        "                        again; of several steps from the second on [0]\n"
        "  --reconnect-every S   how long a viewer stays on average before it returns by cursor\n"
        "  --storm N             times that all leave at once and return by cursor, in the\n"
        "                        last step [0]\n"
        "  --compress P          percent of the viewers by sse and ws that inflate all they are\n"
        "                        sent [0]\n"
        "  --upgrade-at S        seconds into the posting, another process takes over from the "
        "spawned\n"
        "  --stay P              percent of the viewers that stay in a storm, and are measured "
        "[0]\n"
        "  --acts R              deletions a second by a moderator, of the newest comment of the\n"
        "                        first stream, while comments are posted [0]\n"
        "  --pairs N             windows of F, a bare send() loop, and of the server in turn [0]\n"
        "  --idle                nobody posts: what is measured is heartbeats\n"
        "  --settle S            seconds all have to get the rest at the end [30]\n"
        "  --workers N           threads of the bench, each with 20,000 files [as many as needed]\n"
        "  --json                the report as one JSON object\n",
    .spec = {.kinds = kinds},
    .run = run,
};

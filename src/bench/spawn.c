// SPDX-License-Identifier: Apache-2.0
#include "bench/spawn.h"

#include "base/buf.h"
#include "wire/json.h"

#include <stdio.h>

enum {
    PATH_BYTES_MAX = SYS_SUBJECT_MAX + 16,
    LOG_BYTES_MAX = 1024 * 1024,
    POLL_MS = 2,
    STOP_MS_MAX = 10 * 1000,
    DRAIN_S = 2,
    DRAINED_MS_MAX = (DRAIN_S + 10) * 1000, // until it has ended, once another serves
};

static void make_secret(char secret[SPAWN_SECRET_BYTES])
{
    uint8_t bytes[(SPAWN_SECRET_BYTES - 1) / 2];
    sys_random(bytes, sizeof(bytes));
    for (size_t i = 0; i < sizeof(bytes); i++) {
        snprintf(secret + 2 * i, 3, "%02x", bytes[i]);
    }
}

/* The address in the line that says it listens. ERR_AGAIN: no such line yet. */
static enum err find_address(struct str log, struct address *ret_address)
{
    while (log.len > 0) {
        struct json *line = NULL;
        struct json_fault fault;
        struct str msg = STR_NONE, text = STR_NONE;
        enum err err = ERR_AGAIN;
        if (json_parse(str_cut(log, '\n', &log), &line, &fault) == ERR_OK &&
            json_get_str(json_member(line, "msg"), &msg) && str_eq(msg, STR("listening")) &&
            json_get_str(json_member(line, "addr"), &text)) {
            err = address_parse(text, ret_address);
        }
        json_free(line);
        if (err != ERR_AGAIN) {
            return err;
        }
    }
    return ERR_AGAIN;
}

/* Of the process started last. */
static void write_log_path(const struct spawn *spawn, char path[PATH_BYTES_MAX])
{
    snprintf(path, PATH_BYTES_MAX, "%s/log-%u", spawn->folder, spawn->starts);
}

static enum err look(struct spawn *spawn, const char *log_path)
{
    struct buf log;
    buf_init(&log, MEM_OTHER, LOG_BYTES_MAX);
    enum err err = sys_file_read(log_path, LOG_BYTES_MAX, &log);
    if (err == ERR_OK) {
        err = find_address(buf_str(&log), &spawn->address);
    }
    buf_done(&log);
    return err == ERR_NOT_FOUND ? ERR_AGAIN : err;
}

static enum err wait_ready(struct spawn *spawn, int pid, char why[SPAWN_WHY_MAX])
{
    struct buf log;
    char log_path[PATH_BYTES_MAX];
    write_log_path(spawn, log_path);
    enum err err = look(spawn, log_path);
    for (uint32_t waited_ms = 0;
         err == ERR_AGAIN && waited_ms < SPAWN_READY_MS_MAX && sys_process_is_alive(pid);
         waited_ms += POLL_MS) {
        sys_sleep_ms(POLL_MS);
        err = look(spawn, log_path);
    }
    if (err != ERR_OK) {
        buf_init(&log, MEM_OTHER, LOG_BYTES_MAX);
        (void)!sys_file_read(log_path, LOG_BYTES_MAX, &log);
        snprintf(why, SPAWN_WHY_MAX, "the server does not start: %.*s",
                 (int)(log.len < 300 ? log.len : 300), (const char *)log.bytes);
        buf_done(&log);
    }
    return err;
}

/* One process on the folder, not waited for; `is_to_follow`: it takes over from who has it. */
static enum err start_process(struct spawn *spawn, bool is_to_follow, int *ret_pid)
{
    char data[PATH_BYTES_MAX], secret_path[PATH_BYTES_MAX], log_path[PATH_BYTES_MAX];
    char listen[ADDRESS_TEXT_MAX + 1] = "127.0.0.1:0", text[ADDRESS_TEXT_MAX];
    char workers_set[32], drain_set[32];
    spawn->starts++;
    snprintf(data, sizeof(data), "%s/data", spawn->folder);
    snprintf(secret_path, sizeof(secret_path), "%s/secret", spawn->folder);
    write_log_path(spawn, log_path);
    snprintf(workers_set, sizeof(workers_set), "ROAR_WORKERS=%u", spawn->workers);
    snprintf(drain_set, sizeof(drain_set), "ROAR_DRAIN_S=%d", DRAIN_S);
    if (is_to_follow) {
        snprintf(listen, sizeof(listen), "%.*s", STR_ARG(address_write(&spawn->address, text)));
    }
    const char *const args[] = {"roar",
                                "serve",
                                "--listen",
                                listen,
                                "--data",
                                data,
                                "--secret-file",
                                secret_path,
                                is_to_follow ? "--upgrade" : NULL,
                                NULL};
    const char *const variables[] = {"ROAR_LIMITS_POST_USER=0",
                                     "ROAR_LIMITS_POST_ADDRESS=0",
                                     "ROAR_LIMITS_POST_STREAM=0",
                                     "ROAR_LIMITS_CONNS_USER=0",
                                     "ROAR_LIMITS_CONNS_ADDRESS=0",
                                     "ROAR_LIMITS_BEATS_ADDRESS=0",
                                     drain_set,
                                     workers_set,
                                     NULL};
    return sys_process_start(args, variables, log_path, ret_pid);
}

static enum err begin(struct spawn *spawn, char why[SPAWN_WHY_MAX])
{
    char secret_path[PATH_BYTES_MAX];
    make_secret(spawn->secret);
    snprintf(secret_path, sizeof(secret_path), "%s/secret", spawn->folder);
    enum err err = sys_file_write(secret_path, str_of(spawn->secret));
    if (err == ERR_OK) {
        err = start_process(spawn, false, &spawn->pid);
    }
    if (err != ERR_OK) {
        (void)sys_failure_write(why);
        return err;
    }
    return wait_ready(spawn, spawn->pid, why);
}

enum err spawn_start(struct spawn *spawn, uint32_t workers, char why[SPAWN_WHY_MAX])
{
    *spawn = (struct spawn){.workers = workers};
    enum err err = sys_file_make_temporary(spawn->folder);
    if (err != ERR_OK) {
        (void)sys_failure_write(why);
        return err;
    }
    err = begin(spawn, why);
    if (err != ERR_OK) {
        (void)spawn_stop(spawn);
    }
    return err;
}

/* It was replaced: it ends by itself, with 0, when its viewers have gone. */
static enum err wait_drained(int pid, char why[SPAWN_WHY_MAX])
{
    int code = 0;
    enum err err = sys_process_ended(pid, &code);
    for (uint32_t waited_ms = 0; err == ERR_AGAIN && waited_ms < DRAINED_MS_MAX;
         waited_ms += POLL_MS) {
        sys_sleep_ms(POLL_MS);
        err = sys_process_ended(pid, &code);
    }
    if (err == ERR_OK && code == 0) {
        return ERR_OK;
    }
    if (err == ERR_AGAIN) {
        (void)sys_process_stop(pid, 0);
        snprintf(why, SPAWN_WHY_MAX, "the server that was replaced did not end");
    } else {
        snprintf(why, SPAWN_WHY_MAX, "the server that was replaced ended with %d", code);
    }
    return ERR_PROTO;
}

enum err spawn_upgrade(struct spawn *spawn, uint32_t *ret_ms, char why[SPAWN_WHY_MAX])
{
    int pid = 0;
    const int64_t start_ms = clock_mono_ms(sys_clock());
    const enum err err = start_process(spawn, true, &pid);
    if (err != ERR_OK) {
        (void)sys_failure_write(why);
        return err;
    }
    if (wait_ready(spawn, pid, why) != ERR_OK) {
        (void)sys_process_stop(pid, STOP_MS_MAX);
        return ERR_PROTO;
    }
    const uint32_t took_ms = (uint32_t)(clock_mono_ms(sys_clock()) - start_ms);
    const int former = spawn->pid;
    spawn->pid = pid;
    TRY(wait_drained(former, why));
    *ret_ms = took_ms;
    return ERR_OK;
}

int spawn_stop(struct spawn *spawn)
{
    int code = 0;
    if (spawn->pid != 0) {
        code = sys_process_stop(spawn->pid, STOP_MS_MAX);
        spawn->pid = 0;
    }
    if (spawn->folder[0] != '\0') {
        (void)!sys_file_remove_folder(spawn->folder);
        spawn->folder[0] = '\0';
    }
    return code;
}

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

static enum err wait_ready(struct spawn *spawn, const char *log_path, char why[SPAWN_WHY_MAX])
{
    struct buf log;
    enum err err = look(spawn, log_path);
    for (uint32_t waited_ms = 0;
         err == ERR_AGAIN && waited_ms < SPAWN_READY_MS_MAX && sys_process_is_alive(spawn->pid);
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

static enum err begin(struct spawn *spawn, uint32_t workers, char why[SPAWN_WHY_MAX])
{
    char data[PATH_BYTES_MAX], secret_path[PATH_BYTES_MAX], log_path[PATH_BYTES_MAX];
    char workers_set[32];
    snprintf(data, sizeof(data), "%s/data", spawn->folder);
    snprintf(secret_path, sizeof(secret_path), "%s/secret", spawn->folder);
    snprintf(log_path, sizeof(log_path), "%s/log", spawn->folder);
    snprintf(workers_set, sizeof(workers_set), "ROAR_WORKERS=%u", workers);
    make_secret(spawn->secret);
    const char *const args[] = {"roar", "serve",         "--listen",  "127.0.0.1:0", "--data",
                                data,   "--secret-file", secret_path, NULL};
    const char *const variables[] = {"ROAR_LIMITS_POST_USER=0",
                                     "ROAR_LIMITS_POST_ADDRESS=0",
                                     "ROAR_LIMITS_POST_STREAM=0",
                                     "ROAR_LIMITS_CONNS_USER=0",
                                     "ROAR_LIMITS_CONNS_ADDRESS=0",
                                     "ROAR_LIMITS_BEATS_ADDRESS=0",
                                     "ROAR_DRAIN_S=2",
                                     workers_set,
                                     NULL};
    enum err err = sys_file_write(secret_path, str_of(spawn->secret));
    if (err == ERR_OK) {
        err = sys_process_start(args, variables, log_path, &spawn->pid);
    }
    if (err != ERR_OK) {
        (void)sys_failure_write(why);
        return err;
    }
    return wait_ready(spawn, log_path, why);
}

enum err spawn_start(struct spawn *spawn, uint32_t workers, char why[SPAWN_WHY_MAX])
{
    *spawn = (struct spawn){.pid = 0};
    enum err err = sys_file_make_temporary(spawn->folder);
    if (err != ERR_OK) {
        (void)sys_failure_write(why);
        return err;
    }
    err = begin(spawn, workers, why);
    if (err != ERR_OK) {
        (void)spawn_stop(spawn);
    }
    return err;
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

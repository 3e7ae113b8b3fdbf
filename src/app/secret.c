// SPDX-License-Identifier: Apache-2.0
#include "app/secret.h"

#include "sys/sys.h"

#include <stdio.h>

enum { BYTES_MIN = 32 }; // RFC 7518 3.2: no shorter than the hash

static enum err check(struct str line, const char *path, char why[SECRET_WHY_MAX])
{
    if (memchr(line.at == NULL ? "" : line.at, '\n', line.len) != NULL) {
        snprintf(why, SECRET_WHY_MAX, "%.200s: a secret file is one line", path);
        return ERR_PROTO;
    }
    if (line.len < BYTES_MIN) {
        snprintf(why, SECRET_WHY_MAX, "%.200s: the secret has %zu bytes; HS256 wants %d at least",
                 path, line.len, BYTES_MIN);
        return ERR_PROTO;
    }
    return ERR_OK;
}

enum err secret_read(const char *path, struct buf *out, char why[SECRET_WHY_MAX])
{
    struct buf text;
    buf_init(&text, MEM_OTHER, SECRET_BYTES_MAX);
    enum err err = sys_file_read(path, SECRET_BYTES_MAX, &text);
    if (err == ERR_OK) {
        struct str line = buf_str(&text);
        while (line.len > 0 && (line.at[line.len - 1] == '\n' || line.at[line.len - 1] == '\r')) {
            line.len--;
        }
        err = check(line, path, why);
        if (err == ERR_OK) {
            buf_add_str(out, line);
        }
    } else if (err == ERR_LIMIT) {
        snprintf(why, SECRET_WHY_MAX, "%.200s: more than %d bytes", path, SECRET_BYTES_MAX);
        err = ERR_PROTO;
    } else {
        char failure[SYS_FAILURE_TEXT_MAX];
        snprintf(why, SECRET_WHY_MAX, "cannot read the secret: %.*s",
                 STR_ARG(sys_failure_write(failure)));
        err = ERR_SYS;
    }
    buf_done(&text);
    return err;
}

// SPDX-License-Identifier: Apache-2.0
#include "app/term_file.h"

#include "rules/term_list.h"
#include "sys/sys.h"

#include <stdio.h>

enum { PATH_BYTES_MAX = 4096 };

static enum err say(struct config_fault *fault, enum err err, const char *why)
{
    snprintf(fault->text, sizeof(fault->text), "moderation.terms_file: %.500s", why);
    return err;
}

static enum err read_bytes(struct str path, struct buf *out, struct config_fault *fault)
{
    char name[PATH_BYTES_MAX];
    char why[SYS_FAILURE_TEXT_MAX];
    snprintf(name, sizeof(name), "%.*s", STR_ARG(path));
    const enum err err = sys_file_read(name, TERM_LIST_FILE_BYTES_MAX, out);
    if (err == ERR_LIMIT) {
        return say(fault, ERR_PROTO, "the file is too long");
    }
    if (err != ERR_OK) {
        (void)sys_failure_write(why);
        return say(fault, ERR_SYS, why);
    }
    return ERR_OK;
}

enum err term_file_read(struct str path, struct terms **ret_terms, struct config_fault *fault)
{
    struct buf text;
    struct term_list_fault lines;
    if (path.len == 0) {
        *ret_terms = NULL;
        return ERR_OK;
    }
    buf_init(&text, MEM_OTHER, TERM_LIST_FILE_BYTES_MAX);
    enum err err = read_bytes(path, &text, fault);
    if (err == ERR_OK) {
        err = term_list_read_file(buf_str(&text), ret_terms, &lines);
        if (err == ERR_NOMEM) {
            err = say(fault, err, "no memory");
        } else if (err != ERR_OK) {
            err = say(fault, ERR_PROTO, lines.text);
        }
    }
    buf_done(&text);
    return err;
}

// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/warned_reads.h"

#include "engine/embedded/notice_out.h"
#include "engine/embedded/store_sanctions.h"
#include "engine/embedded/store_streams.h"

#include <stddef.h>

/* The oldest first, as they are to be acknowledged: as many as are told. */
static enum err collect(struct store *store, const struct store_sanction *like,
                        struct warnings *call)
{
    sqlite3_stmt *walk = NULL;
    struct store_sanction sanction;
    TRY(store_sanctions_warnings(store, like, &walk));
    while (call->count < WARNINGS_MAX) {
        const enum err err = store_sanctions_next(store, walk, &sanction);
        if (err == ERR_NOT_FOUND) {
            return ERR_OK;
        }
        TRY(err);
        const struct notice_out_warning warning = {
            .user = call->user, .act = sanction.act, .words = sanction.words};
        TRY(notice_out_warning(call->stream, &warning, &call->notices[call->count]));
        call->count++;
    }
    return ERR_OK;
}

enum err warned_reads_answer(struct store *store, struct warned *warned, struct warnings *call)
{
    char name[ACT_USER_BYTES_MAX];
    const struct str user = warned_name(warned, call->user, name);
    if (user.len == 0) {
        return ERR_OK;
    }
    struct store_stream stream = {.id = 0};
    enum err err = store_streams_find(store, call->stream, &stream);
    if (err == ERR_OK || err == ERR_NOT_FOUND) { // one without a row has those on all
        const struct store_sanction like = {.user = user, .stream = err == ERR_OK ? stream.id : 0};
        err = collect(store, &like, call);
    }
    if (err != ERR_OK) {
        warnings_done(call);
    }
    return err;
}

// SPDX-License-Identifier: Apache-2.0
#include "serve/intake.h"

#include "serve/front.h"

static void on_fire(struct timer *timer)
{
    struct intake *intake = list_entry(timer, struct intake, timer);
    const struct server *server = intake->server;
    const int64_t until_ms = intake->begun_ms + server->request_ms;
    if (intake->reader.stage == HTTP_STAGE_BODY && until_ms > front_now_ms(server)) {
        wheel_arm(reactor_wheel(server->reactor), timer, until_ms);
    } else {
        intake->late(intake);
    }
}

enum err intake_new(struct server *server, struct intake **ret_intake)
{
    struct intake *intake = mem_new(MEM_CONN, sizeof(*intake));
    if (intake == NULL) {
        return ERR_NOMEM;
    }
    http_reader_init(&intake->reader, &server->limits.request);
    intake->server = server;
    intake->begun_ms = front_now_ms(server);
    intake->timer.fire = on_fire;
    wheel_arm(reactor_wheel(server->reactor), &intake->timer, intake->begun_ms + server->head_ms);
    *ret_intake = intake;
    return ERR_OK;
}

void intake_free(struct intake *intake)
{
    if (intake != NULL) {
        wheel_cancel(reactor_wheel(intake->server->reactor), &intake->timer);
        http_reader_done(&intake->reader);
        mem_free(MEM_CONN, intake);
    }
}

bool intake_wants_continue(struct intake *intake)
{
    const struct http_reader *reader = &intake->reader;
    if (reader->stage != HTTP_STAGE_BODY || !reader->verdict.expects_continue ||
        intake->continued) {
        return false;
    }
    intake->continued = true;
    return reader->body.len == 0 && reader->framing.bytes == 0;
}

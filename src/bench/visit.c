// SPDX-License-Identifier: Apache-2.0
#include "bench/visit.h"

/* "<before>epoch.seq", or nothing for who was never in. */
static void write_cursor(const struct visit *visit, const char *before, struct buf *out)
{
    if (visit->epoch[0] != '\0') {
        buf_addf(out, "%s%s.", before, visit->epoch);
        buf_add_u64(out, visit->seq);
    }
}

void visit_write(const struct visit *visit, struct buf *out)
{
    const struct plan *plan = visit->plan;
    const char *lane = plan_lane_names[visit->lane];
    buf_addf(out, "GET %s/v1/streams/bench-%s-%u/", plan->path, plan->run, visit->stream);
    switch (visit->transport) {
    case TRANSPORT_SSE:
        buf_addf(out, "events?lane=%s HTTP/1.1\r\nHost: %s\r\nAccept: text/event-stream", lane,
                 plan->host);
        write_cursor(visit, "\r\nLast-Event-ID: ", out);
        buf_addf(out, "%s", visit->inflates ? "\r\nAccept-Encoding: gzip" : "");
        break;
    case TRANSPORT_WS:
        buf_addf(out, "ws?lane=%s", lane);
        write_cursor(visit, "&after=", out);
        buf_addf(out,
                 " HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                 "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: cm9hciBiZW5jaCBrZXkgIQ==%s",
                 plan->host,
                 visit->inflates ? "\r\nSec-WebSocket-Extensions: permessage-deflate" : "");
        break;
    case TRANSPORT_POLL:
    case TRANSPORTS:
        buf_addf(out, "poll?lane=%s&wait=%d", lane, visit->waits ? VISIT_POLL_WAIT_S : 0);
        write_cursor(visit, "&after=", out);
        buf_addf(out, " HTTP/1.1\r\nHost: %s", plan->host);
        break;
    }
    buf_add_str(out, STR("\r\n\r\n"));
}

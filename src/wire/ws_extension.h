// SPDX-License-Identifier: Apache-2.0
/* ws_extension -- what a client offers in Sec-WebSocket-Extensions (RFC 6455 section 9.1), and what
 * of it can be had here: permessage-deflate (RFC 7692) with one window for a stream's readers.
 *
 *   offered                            here
 *   client_no_context_takeover         answered always: each message that comes stands for itself
 *   client_max_window_bits[=8..15]     any will do
 *   server_max_window_bits=14..15      14 is answered always, so that a client may keep less
 *   server_max_window_bits=8..13       declined: the window is everyone's
 *   server_no_context_takeover         declined: the same
 *   anything else, or twice            declined (RFC 7692 section 7)
 *
 * Used by:  serve/ws_handshake.c.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>

/* The answer to an offer that was accepted. */
#define WS_EXTENSION_ANSWER                                                                        \
    STR("permessage-deflate; client_no_context_takeover; server_max_window_bits=14")

/* The value of one field. `*ret_deflates`: one of its offers can be accepted. ERR_PROTO: it is no
 * list of extensions. */
MUST_USE enum err ws_extension_choose(struct str value, bool *ret_deflates);

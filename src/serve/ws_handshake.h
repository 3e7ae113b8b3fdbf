// SPDX-License-Identifier: Apache-2.0
/* ws_handshake -- is this request a WebSocket's beginning (RFC 6455 section 4.2)? Pure.
 *
 * Used by:  ws_conn.c.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "serve/request.h"
#include "wire/problem.h"

/* Appends the header lines of the 101. ERR_PROTO: `*ret_why` says what is wrong, and `headers` has
 * the lines that answer should carry. ERR_NOMEM. */
MUST_USE enum err ws_handshake_check(const struct request *request, struct buf *headers,
                                     struct problem *ret_why);
/* The same of compression: `*ret_deflates` when it was offered as we can give it; its line is
 * appended. */
MUST_USE enum err ws_handshake_agree(const struct request *request, struct buf *headers,
                                     bool *ret_deflates, struct problem *ret_why);

// SPDX-License-Identifier: Apache-2.0
/* debug_api -- with --dev only: echoes that public conformance suites drive. */
#pragma once

struct ask;

void debug_api_echo(struct ask *ask); // POST /debug/echo: the body comes back
void debug_api_ws(struct ask *ask);   // GET /debug/ws: each message comes back

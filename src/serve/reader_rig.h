// SPDX-License-Identifier: Apache-2.0
/* reader_rig -- for tests of readers: a server_rig with a real hub over a fake engine, tokens, and
 * the words of a WebSocket client. */
#pragma once

#include "hub/fake_reader_test.h"
#include "rules/jwt.h"
#include "serve/server_rig.h"

struct reader_rig {
    struct rig rig; // first
    struct hub *hub;
    struct fake_engine engine;
    struct turn_hook hook;
    struct claims *claims; // who reads; NULL: anonymous
    uint64_t seq;          // of the last event committed
    sem_t closed;
};

void reader_rig_init(struct reader_rig *bench);
void reader_rig_start(struct reader_rig *bench);
void reader_rig_stop(struct reader_rig *bench);
/* Who reads from now on; a token that runs out after `left_ms`. */
void reader_rig_sign_in(struct reader_rig *bench, const char *sub, int64_t left_ms);
/* One more comment in the log; its seq. */
uint64_t reader_rig_commit(struct reader_rig *bench);
/* One of 10 KB; its seq. */
uint64_t reader_rig_commit_large(struct reader_rig *bench);
void reader_rig_flood(struct reader_rig *bench, int count); // of those
/* Somebody was told to go for that reason (enum goaway_reason). */
bool reader_rig_told_goaway(struct reader_rig *bench, int reason);

/* ---- a WebSocket client ---- */
struct client reader_rig_ws(struct reader_rig *bench, const char *path);
/* `head` is the first byte: FIN and opcode. */
void reader_rig_say(struct client *client, int head, struct str payload);
/* The next frame the server sends: its first byte; `*ret_payload` is borrowed until the next call
 * of the client. */
int reader_rig_hear(struct client *client, struct str *ret_payload);
/* Hears a Close of that code, then the end. */
void reader_rig_hear_close(struct client *client, int code);
/* Hears frames until a text holds that word. */
void reader_rig_hear_text(struct client *client, const char *word);

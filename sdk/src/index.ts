// SPDX-License-Identifier: Apache-2.0
/* @roar/sdk -- reads and writes the comments of a stream.
 *
 *     const stream = new Stream({ stream: "demo", token: () => localStorage.token });
 *     stream.onChange(() => requestAnimationFrame(() => draw(stream.lines, stream.status)));
 *     stream.post({ text: "hello" });
 */
export { Stream, type Line, type Phase, type Status, type StreamOptions } from "./stream.js";
export type { CommentLine, Facts, GapLine, LogLine } from "./log.js";
export type { OwnLine } from "./outbox.js";
export { becomeGuest, Problem, tokenEnds, type Draft, type Guest, type TokenReason, type TokenSource } from "./http.js";
export { browserPorts, type Clock, type Happening, type Ports, type Socket, type Timer } from "./ports.js";
export type { Connection, End, Plan, Sink, Transport, TransportName, Watching } from "./transport/transport.js";
export type { Code, Comment, Cursor, Lane, Message, Role, StreamState, Tier, User } from "./messages.js";

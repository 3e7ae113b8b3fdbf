// SPDX-License-Identifier: Apache-2.0
/* @roar/sdk -- reads and writes the comments of a stream.
 *
 *     const stream = new Stream({ stream: "demo", token: () => localStorage.token });
 *     stream.onChange(() => requestAnimationFrame(() => draw(stream.lines, stream.status)));
 *     stream.post({ text: "hello" });
 */
export { Stream, type Line, type Phase, type Status, type StreamOptions } from "./stream.js";
export type { Warning } from "./warnings.js";
export type { CommentLine, Facts, GapLine, LogLine, RemovedLine } from "./log.js";
export type { OwnLine } from "./outbox.js";
export { becomeGuest, Problem, tokenClaims, tokenEnds, type Against, type Draft, type Guest, type TokenClaims, type TokenReason, type TokenSource } from "./http.js";
export {
  Moderator,
  type Act,
  type ActDo,
  type Acted,
  type ActSeen,
  type Appeal,
  type AuditEntry,
  type AuditPage,
  type Claim,
  type Decided,
  type HeldComment,
  type HeldQueue,
  type House,
  type HouseRule,
  type MarkedComment,
  type ModeratorOptions,
  type Reach,
  type RuleCounts,
  type Sanction,
  type SimilarComment,
  type SimilarGroup,
  type Term,
  type UserSeen,
  type Written,
} from "./moderator.js";
export { browserPorts, type Clock, type Happening, type Ports, type Shelf, type Socket, type Timer } from "./ports.js";
export type { Connection, End, Plan, Sink, Transport, TransportName, Watching } from "./transport/transport.js";
export type { ActNotice, Code, Comment, Cursor, HistoryPage, Lane, LogEvent, ManyNotice, Marked, Message, News, Role, StreamState, Tier, Unwarned, User, Verdict, Warned } from "./messages.js";

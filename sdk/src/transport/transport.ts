// SPDX-License-Identifier: Apache-2.0
/* transport -- one way of reading a stream. Three keep this contract: websocket, sse, poll.
 *
 * A transport connects once and ends once. It does not retry, order or remember: that is Stream's.
 * The sink hears nothing before the call has returned, and nothing after close().
 */
import { Problem, type Server } from "../http.js";
import type { Cursor, Lane, Message } from "../messages.js";

export type TransportName = "websocket" | "sse" | "poll";

/** What is asked for: everything after a cursor, or a backfill of `tail` when there is none. */
export interface Plan {
  readonly stream: string;
  readonly after: Cursor | undefined;
  readonly tail: number;
  readonly lane: Lane;
  /** Names this reader over reconnects and transports, so that it counts as one viewer. */
  readonly session: string;
}

/** unsupported: this way does not work here; another may. refused: the server said why. unreachable: nobody
 * answered. closed: it had worked, and ended; `code` is the WebSocket's. */
export type End =
  | { readonly why: "unsupported"; readonly detail: string }
  | { readonly why: "refused"; readonly problem: Problem }
  | { readonly why: "unreachable" }
  | { readonly why: "closed"; readonly code?: number; readonly retry_ms?: number };

export interface Sink {
  message(message: Message): void;
  /** Something came, be it only a sign of life. */
  heard(): void;
  /** These acts are the warnings in force on us, as an answer said; who is told when one is over need not say so. */
  warned?(acts: ReadonlySet<string>): void;
  /** The last call. */
  ended(end: End): void;
}

export interface Connection {
  close(): void;
  /** It notices silence by itself: nothing is to be heard between its answers. */
  readonly watches_itself?: boolean;
  /** Says that we are there and whether anybody looks, and asks for a sign of life; where the transport can. */
  beat?(state: Watching): void;
  /** Goes on in another lane without reconnecting, where the transport can: a hello of that lane answers. */
  changeLane?(lane: Lane): void;
  /** Goes on under another token without reconnecting, where the transport can. */
  auth?(token: string): void;
}

/** Whether the reader's screen is looked at, as presence counts it. */
export type Watching = "watching" | "hidden";

export type Transport = (server: Server, plan: Plan, sink: Sink) => Connection;

/** The query of a plan: where to begin, who we are, which lane if it is not the whole. */
export function queryOf({ after, tail, session, lane }: Plan): Record<string, string | number | undefined> {
  return { ...(after === undefined ? { tail } : { after }), session, ...(lane === "full" ? {} : { lane }) };
}

/** What a failed request means for the connection that it was to begin. */
export function endOfFetch(error: unknown): End {
  if (!(error instanceof Problem)) return { why: "unsupported", detail: String(error) };
  return error.status === 0 ? { why: "unreachable" } : { why: "refused", problem: error };
}

/** A transport's work as one task: its end is reported once, and never after close(). */
export function runTask(
  sink: Sink,
  work: (sink: Sink, signal: AbortSignal) => Promise<End>,
  endOf: (error: unknown) => End,
): Connection {
  const abort = new AbortController();
  const guarded: Sink = {
    message: (message) => void (abort.signal.aborted || sink.message(message)),
    heard: () => void (abort.signal.aborted || sink.heard()),
    warned: (acts) => void (abort.signal.aborted || sink.warned?.(acts)),
    ended: (end) => void (abort.signal.aborted || sink.ended(end)),
  };
  work(guarded, abort.signal).catch(endOf).then((end) => guarded.ended(end));
  return { close: () => abort.abort() };
}

// SPDX-License-Identifier: Apache-2.0
/* poll -- reading by asking again and again, for where nothing else gets through.
 *
 * Its answers are told as the others' messages: a hello before the first and after a resync, a mark
 * for the position that an answer covers.
 */
import { unreachable, type Server } from "../http.js";
import { isLogEvent, readMessage, seqOf, warningsOf, type Hello, type Message, type PollAnswer } from "../messages.js";
import { endOfFetch, queryOf, runTask, type Connection, type End, type Plan, type Sink } from "./transport.js";

const WAIT_S = 25;
/** An answer is due after WAIT_S; what comes much later comes from nobody. */
const PATIENCE_MS = 40_000;
/** Nothing, and so soon: something between us does not wait, so we do. */
const HASTY_MS = 1_000;

export function poll(server: Server, plan: Plan, sink: Sink): Connection {
  const { clock } = server.ports;

  /** Resolves after a wait that the server asked for, or at once when we are closed. */
  function pause(wait_ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const timer = clock.start(wait_ms, resolve);
      signal.addEventListener("abort", () => {
        clock.stop(timer);
        resolve();
      });
    });
  }

  async function ask(after: Plan["after"], wait: number, signal: AbortSignal): Promise<PollAnswer> {
    const late = new AbortController();
    const give_up = (): void => late.abort();
    signal.addEventListener("abort", give_up);
    const timer = clock.start(PATIENCE_MS, give_up);
    try {
      return await server.poll(plan.stream, { ...queryOf({ ...plan, after }), wait }, late.signal);
    } finally {
      clock.stop(timer);
      signal.removeEventListener("abort", give_up);
    }
  }

  async function work(guarded: Sink, signal: AbortSignal): Promise<End> {
    let after = plan.after;
    let is_first = true;
    while (!signal.aborted) {
      const asked_at = clock.now();
      // The first answer is to come at once even when there is nothing new, to show that this works.
      const answer: PollAnswer = await ask(after, is_first ? 0 : WAIT_S, signal);
      if (typeof answer.cursor !== "string" || !Array.isArray(answer.events)) throw unreachable("no poll answer");
      guarded.heard();
      for (const message of messagesOf(answer, is_first)) guarded.message(message);
      const warnings = warningsOf(answer);
      if (warnings !== undefined) guarded.warned?.(new Set(warnings.map(({ act }) => act)));
      const was_hasty = !is_first && answer.events.length === 0 && clock.now() - asked_at < HASTY_MS;
      const wait_ms = Math.max(answer.next_ms ?? 0, was_hasty ? HASTY_MS : 0);
      after = answer.cursor;
      is_first = false;
      if (wait_ms > 0) await pause(wait_ms, signal);
    }
    return { why: "closed" };
  }

  return { ...runTask(sink, work, endOfFetch), watches_itself: true };
}

/** Where a reader stands that has all before it. */
function placeBefore(message: Message): number | undefined {
  if (message.type === "gap" || message.type === "digest") return message.from - 1;
  return isLogEvent(message) ? message.prev : undefined;
}

export function messagesOf(answer: PollAnswer, is_first: boolean): Message[] {
  const messages = answer.events.map(readMessage).filter((one): one is Message => one !== undefined);
  const covered = seqOf(answer.cursor);
  const before = messages.map(placeBefore).find((place) => place !== undefined);
  const start: Message[] = [];
  if ((is_first || answer.resync === true) && !messages.some((one) => one.type === "hello")) {
    const hello: Hello = { type: "hello", epoch: answer.epoch, seq: before ?? covered, latest: covered };
    start.push(hello);
  }
  if (answer.resync === true && !messages.some((one) => one.type === "resync")) {
    start.push({ type: "resync", epoch: answer.epoch });
  }
  return [...start, ...messages, { type: "mark", seq: covered }, ...(warningsOf(answer) ?? [])];
}

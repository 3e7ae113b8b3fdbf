// SPDX-License-Identifier: Apache-2.0
/* messages -- what travels on the wire, as types, and the one parser of it.
 *
 * Shapes are docs/protocol.md's sections 3 to 7. Fields that the protocol lets a server leave out
 * are optional; fields that this version does not know are ignored.
 */

/** A place in a stream's log: `<epoch>.<seq>`. */
export type Cursor = `${string}.${number}`;

export type Role = "viewer" | "member" | "verified" | "vip" | "bot" | "moderator" | "host" | "admin";
export type Tier = "push" | "sample" | "pull";
export type Lane = "full" | "readable" | "digest" | "control";
export type StreamState = "live" | "paused" | "ended";

export interface User {
  id: string;
  name?: string;
  roles?: readonly string[];
  badges?: readonly string[];
  avatar?: string;
}

/** What every event has: its place, and the place before it in this reader's view. */
interface Placed {
  stream: string;
  seq: number;
  prev: number;
  at?: number;
  /** An act that overtook what was waiting. It comes again in its place; only that moves the cursor. */
  early?: boolean;
  /** Whose act it is, and why: for readers who moderate. */
  by?: string;
  reason?: string;
  act?: string;
}

export interface Comment extends Omit<Placed, "prev"> {
  type: "comment";
  prev?: number;
  id: string;
  at: number;
  user: User;
  text: string;
  cid?: string;
  reply_to?: string;
  media_ms?: number;
}

export interface Retract extends Placed {
  type: "retract";
  seqs?: readonly number[];
  user_id?: string;
  all?: boolean;
  upto?: number;
}

/** `comments` without what a later act has redacted meanwhile: that stands as `removed` on the wire. */
export interface Restore extends Placed {
  type: "restore";
  comments: readonly Comment[];
}

export interface Pin extends Placed {
  type: "pin";
  target: number;
  /** Absent where a later act has redacted it. */
  comment?: Comment;
}

export interface Unpin extends Placed {
  type: "unpin";
  target: number;
}

export interface Settings extends Placed {
  type: "settings";
  slow?: number;
  modes?: readonly string[];
  shield?: boolean;
}

export interface StreamChange extends Placed {
  type: "stream";
  state: StreamState;
}

export interface Removed extends Placed {
  type: "removed";
}

export type LogEvent =
  | (Comment & Placed)
  | Retract
  | Restore
  | Pin
  | Unpin
  | Settings
  | StreamChange
  | Removed;

export interface Hello {
  type: "hello";
  epoch: string;
  /** The position just before the first event that follows. */
  seq: number;
  resumed?: boolean;
  tier?: Tier;
  lane?: Lane;
  state?: StreamState;
  latest?: number;
  viewers?: number;
  slow?: number;
  modes?: readonly string[];
  shield?: boolean;
  pins?: readonly Comment[];
  heartbeat_ms?: number;
}

export interface Presence {
  type: "presence";
  viewers: number;
  approx?: boolean;
  error_pct?: number;
  watching?: number;
  hidden?: number;
}

/** What this reader is not sent, with numbers that add up. Without counts when nobody knows them. */
export interface Gap {
  type: "gap";
  from: number;
  to: number;
  carried?: number;
  shed?: number;
  removed?: number;
  why?: string;
  history?: string;
}

export interface Digest {
  type: "digest";
  from: number;
  to: number;
  carried?: number;
  shed?: number;
  removed?: number;
  events: readonly LogEvent[];
}

export interface Mark {
  type: "mark";
  seq: number;
}

export interface Resync {
  type: "resync";
  epoch: string;
  seq?: number;
  why?: string;
}

export interface Goaway {
  type: "goaway";
  retry_ms?: number;
  reason?: string;
  to?: string;
}

/** How a held comment went on: to its author, and to those who moderate. */
export interface Verdict {
  type: "held" | "approved" | "rejected";
  id: string;
  cid?: string;
}

/** A moderator warned us; nothing more is taken from us until we acknowledge it. */
export interface Warned {
  type: "warned";
  act: string;
  text: string;
}

/** That warning is over: acknowledged on whatever screen of ours, or undone. */
export interface Unwarned {
  type: "unwarned";
  act: string;
}

/** An act, told to those who moderate, as it stands in the audit but for what says nothing. */
export interface ActNotice {
  type: "notice";
  /** Its place in its chain: who misses a number asks the audit. Absent where many are told at once. */
  n: number;
  act: string;
  do: string;
  at: number;
  by: string;
  kind: "user" | "rule" | "hook" | "system";
  target?: string;
  reason?: string;
  value?: unknown;
  seconds?: number;
  /** Where its event stands. */
  seq?: number;
  /** It is one on all streams, and `n` counts those. */
  all?: boolean;
  /** What an undo undoes. */
  lifts?: { act: string; do: string; target?: string };
}

/** So many acts of rules were not told one by one. */
export interface ManyNotice {
  type: "notice";
  many: number;
}

/** A comment that is shown and that rules of the stream marked: to those who moderate. */
export interface Marked {
  type: "marked";
  id: string;
  seq: number;
  /** Which rules. */
  marks: readonly string[];
}

export interface Reactions {
  type: "reactions";
  window_ms: number;
  counts: Readonly<Record<string, number>>;
}

export interface Reply {
  type: "reply";
  ref?: number;
  ok: boolean;
  status?: number;
  problem?: ProblemBody;
}

export type Signal =
  | Hello
  | Presence
  | Gap
  | Digest
  | Mark
  | Resync
  | Goaway
  | Verdict
  | Warned
  | Unwarned
  | ActNotice
  | ManyNotice
  | Marked
  | Reactions
  | Reply;

export type Message = LogEvent | Signal;

/** What is no comment and changes what is on a screen, or what somebody has to do. */
export type News = Exclude<LogEvent, Comment> | Verdict | Warned | Unwarned | ActNotice | ManyNotice | Marked;

/** The server's codes, by name, and those that only this side can know. */
export type Code =
  | "bad_request" | "bad_cursor" | "bad_name"
  | "no_token" | "bad_token" | "expired_token"
  | "banned" | "muted" | "forbidden" | "wrong_role" | "bad_origin" | "must_acknowledge"
  | "no_stream" | "no_comment" | "not_found"
  | "stream_ended" | "conflict" | "too_large" | "bad_type"
  | "bad_json" | "bad_field" | "too_long" | "empty" | "bad_utf8" | "bad_text" | "blocked_term"
  | "links_off" | "emote_only" | "not_unique"
  | "slow_mode" | "rate_user" | "rate_address" | "rate_stream" | "conns_address"
  | "overloaded" | "store_down" | "draining" | "full"
  /** No answer came: the network, or nobody listening. */
  | "unreachable"
  | "unsent"
  /** A moderator said no to a held comment, or removed one before we knew that it was there; a newer connection of
   * ours took the place of this one. */
  | "rejected" | "removed" | "replaced"
  /** An answer that is no problem document. */
  | "unknown";

/** RFC 9457 with `code`; `retry_after` is in seconds. */
export interface ProblemBody {
  code?: string;
  status?: number;
  title?: string;
  detail?: string;
  field?: string;
  retry_after?: number;
  /** The act that is in the way: of `must_acknowledge`, the warning. */
  act?: string;
}

/** What POST .../comments answers, by HTTP or by reply. `seq` is absent while held. */
export interface Posted {
  id: string;
  seq?: number;
  epoch?: string;
  at?: number;
  state: "visible" | "held" | "deleted" | "rejected";
  duplicate?: boolean;
  comment?: Comment;
}

export interface PollAnswer {
  epoch: string;
  cursor: Cursor;
  events: readonly unknown[];
  next_ms?: number;
  resync?: boolean;
  /** Warnings of who polls, all that are in force; of very many the oldest. */
  warned?: readonly unknown[];
  /** They could not be looked up. */
  warned_unknown?: boolean;
}

export interface HistoryPage {
  epoch: string;
  cursor: string;
  before?: string;
  latest_seq?: number;
  comments: readonly Comment[];
  more: boolean;
}

type Fields = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isPlace(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

export function isComment(value: unknown): value is Comment {
  return (
    isObject(value) &&
    value.type === "comment" &&
    isPlace(value.seq) &&
    typeof value.id === "string" &&
    typeof value.at === "number" &&
    typeof value.text === "string" &&
    isObject(value.user) &&
    typeof value.user.id === "string"
  );
}

const isRange = (m: Fields): boolean => isPlace(m.from) && isPlace(m.to);
const isAlways = (): boolean => true;

/** What each event must hold beside seq and prev before the reducer may lean on it. */
const eventShapes: Readonly<Record<string, (m: Fields) => boolean>> = {
  comment: isComment,
  retract: (m) => Array.isArray(m.seqs) || isPlace(m.upto),
  restore: (m) => Array.isArray(m.comments),
  pin: (m) => isPlace(m.target),
  unpin: (m) => isPlace(m.target),
  settings: isAlways,
  stream: (m) => typeof m.state === "string",
  removed: isAlways,
};

const signalShapes: Readonly<Record<string, (m: Fields) => boolean>> = {
  hello: (m) => typeof m.epoch === "string" && isPlace(m.seq),
  presence: (m) => typeof m.viewers === "number",
  gap: isRange,
  digest: (m) => isRange(m) && Array.isArray(m.events),
  mark: (m) => isPlace(m.seq),
  resync: (m) => typeof m.epoch === "string",
  goaway: isAlways,
  held: (m) => typeof m.id === "string",
  approved: (m) => typeof m.id === "string",
  rejected: (m) => typeof m.id === "string",
  warned: (m) => typeof m.act === "string" && typeof m.text === "string",
  unwarned: (m) => typeof m.act === "string",
  notice: (m) => typeof m.many === "number" || (isPlace(m.n) && typeof m.act === "string" && typeof m.do === "string"),
  marked: (m) => typeof m.id === "string" && isPlace(m.seq) && Array.isArray(m.marks),
  reactions: (m) => isObject(m.counts),
  reply: (m) => typeof m.ok === "boolean",
};

/** An event that we cannot read still has a place: it moves the cursor as `removed` does. */
function unreadable(m: Fields): Removed {
  return {
    type: "removed",
    stream: typeof m.stream === "string" ? m.stream : "",
    seq: m.seq as number,
    prev: m.prev as number,
    ...(m.early === true ? { early: true } : {}),
  };
}

/** Comments that stand within another message are redacted in their places: then they are none. */
function withoutRedacted(message: Message): Message {
  switch (message.type) {
    case "hello":
      return message.pins === undefined ? message : { ...message, pins: message.pins.filter(isComment) };
    case "restore":
      return { ...message, comments: message.comments.filter(isComment) };
    case "pin": {
      const { comment, ...rest } = message;
      return isComment(comment) ? message : rest;
    }
    case "digest":
      return { ...message, events: message.events.map(readMessage).filter(isLogEvent) };
    default:
      return message;
  }
}

/** A message as this version knows it, or undefined: unknown signals and broken ones are ignored. */
export function readMessage(value: unknown): Message | undefined {
  if (!isObject(value) || typeof value.type !== "string") return undefined;
  const signal = signalShapes[value.type];
  if (signal !== undefined) {
    return signal(value) ? withoutRedacted(value as unknown as Signal) : undefined;
  }
  if (!isPlace(value.seq) || !isPlace(value.prev)) return undefined;
  return eventShapes[value.type]?.(value) === true ? withoutRedacted(value as unknown as LogEvent) : unreadable(value);
}

/** The warnings of a poll's answer; undefined: it does not know them. */
export function warningsOf(answer: PollAnswer): Warned[] | undefined {
  if (answer.warned_unknown === true) return undefined;
  return (answer.warned ?? []).map(readMessage).filter((one): one is Warned => one?.type === "warned");
}

export function parseMessage(text: string): Message | undefined {
  try {
    return readMessage(JSON.parse(text));
  } catch {
    return undefined;
  }
}

export function isLogEvent(message: Message | undefined): message is LogEvent {
  return message !== undefined && message.type in eventShapes;
}

export function cursorOf(epoch: string, seq: number): Cursor {
  return `${epoch}.${seq}`;
}

/** The seq of a cursor; a bare seq is one of the present epoch. */
export function seqOf(cursor: string): number {
  return Number(cursor.slice(cursor.indexOf(".") + 1));
}

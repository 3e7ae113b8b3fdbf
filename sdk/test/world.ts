// SPDX-License-Identifier: Apache-2.0
/* world -- the outside of the SDK, in a test's hand: a clock that moves when told, transports that
 * record what was asked and say what they are told to, a server of canned answers. */
import { Stream, type Happening, type Line, type Ports, type Socket, type StreamOptions, type Timer } from "../src/index.js";
import type { Comment, Message } from "../src/messages.js";
import type { Connection, End, Plan, Sink, Transport, TransportName } from "../src/transport/transport.js";

export const EPOCH = "k3f9";

/** Lets everything that is ready run: promises, and what they begin. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export class FakeClock {
  time = 1_763_700_000_000;
  private timers: { at: number; on_due: () => void }[] = [];

  now(): number {
    return this.time;
  }

  start(after_ms: number, on_due: () => void): Timer {
    const timer = { at: this.time + after_ms, on_due };
    this.timers.push(timer);
    return timer;
  }

  stop(timer: Timer): void {
    this.timers = this.timers.filter((one) => one !== timer);
  }

  /** When the next timer is due, from now; undefined when there is none. */
  get next_ms(): number | undefined {
    return this.timers.length === 0 ? undefined : Math.min(...this.timers.map(({ at }) => at)) - this.time;
  }

  async advance(ms: number): Promise<void> {
    const until = this.time + ms;
    await settled();
    for (;;) {
      const next = this.timers.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.time = next.at;
      this.stop(next);
      next.on_due();
      await settled();
    }
    this.time = until;
  }
}

export interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>>;
}

/** What a server does with a request; throwing is a network that fails. */
export type Responder = (asked: Asked) => Answer | Promise<Answer>;

export function comment(seq: number, prev = seq - 1, more: Partial<Comment> = {}): Comment & { prev: number } {
  return {
    type: "comment",
    stream: "demo",
    seq,
    prev,
    id: `id-${seq}`,
    at: 1_763_700_000_000 + seq,
    user: { id: "u1", name: "Ann" },
    text: `text ${seq}`,
    ...more,
  };
}

/** One connection that the SDK opened. */
export class Attempt {
  is_closed = false;
  beats: string[] = [];
  auths: string[] = [];
  lanes: string[] = [];

  constructor(
    readonly name: TransportName,
    readonly plan: Plan,
    private readonly sink: Sink,
  ) {}

  say(...messages: Message[]): void {
    for (const message of messages) {
      this.sink.heard();
      this.sink.message(message);
    }
  }

  hello(seq: number, more: Readonly<Record<string, unknown>> = {}): void {
    this.say({ type: "hello", epoch: EPOCH, seq, latest: seq, heartbeat_ms: 10_000, ...more });
  }

  heard(): void {
    this.sink.heard();
  }

  /** A poll's answer says which warnings are in force. */
  warned(...acts: string[]): void {
    this.sink.warned?.(new Set(acts));
  }

  end(end: End): void {
    this.is_closed = true;
    this.sink.ended(end);
  }
}

export class World {
  readonly clock = new FakeClock();
  readonly attempts: Attempt[] = [];
  readonly asked: Asked[] = [];
  readonly sockets: FakeSocket[] = [];
  note: string | undefined;
  luck = 0.5;
  respond: Responder = () => ({ status: 404, body: { code: "not_found" } });
  private on_happening: (what: Happening) => void = () => undefined;
  private letter = 0;

  readonly ports: Ports = {
    clock: this.clock,
    // Varied enough for cids to differ, and as lucky as the test says where a wait is drawn.
    random: () => (this.luck === 0.5 ? (0.5 + this.letter++ * 0.618) % 1 : this.luck),
    fetch: (url, init) => this.fetch(url, init),
    openSocket: (url, protocol) => {
      const socket = new FakeSocket(url, protocol);
      this.sockets.push(socket);
      return socket;
    },
    watch: (on_happening) => {
      this.on_happening = on_happening;
      return () => (this.on_happening = () => undefined);
    },
    recall: () => this.note,
    remember: (note) => (this.note = note),
  };

  stream(options: Partial<StreamOptions> = {}): Stream {
    const connect = {
      websocket: this.transport("websocket"),
      sse: this.transport("sse"),
      poll: this.transport("poll"),
    };
    return new Stream({ stream: "demo", server: "http://roar.test", ports: this.ports, connect, ...options });
  }

  happen(what: Happening): void {
    this.on_happening(what);
  }

  /** The connection opened last. */
  get attempt(): Attempt {
    const attempt = this.attempts.at(-1);
    if (attempt === undefined) throw new Error("nothing was connected");
    return attempt;
  }

  get posts(): Asked[] {
    return this.asked.filter(({ path }) => path.endsWith("/comments"));
  }

  private transport(name: TransportName): Transport {
    return (_server, plan, sink): Connection => {
      const guarded: Sink = {
        message: (message) => void (attempt.is_closed || sink.message(message)),
        heard: () => void (attempt.is_closed || sink.heard()),
        warned: (acts) => void (attempt.is_closed || sink.warned?.(acts)),
        ended: (end) => sink.ended(end),
      };
      const attempt = new Attempt(name, plan, guarded);
      this.attempts.push(attempt);
      const close = (): void => void (attempt.is_closed = true);
      if (name === "poll") return { close, watches_itself: true };
      if (name === "sse") return { close };
      return {
        close,
        beat: (state) => void attempt.beats.push(state),
        auth: (token) => void attempt.auths.push(token),
        changeLane: (lane) => void attempt.lanes.push(lane),
      };
    };
  }

  private async fetch(address: string, init: RequestInit): Promise<Response> {
    const url = new URL(address);
    const body: unknown = typeof init.body === "string" ? JSON.parse(init.body) : {};
    const asked: Asked = {
      method: init.method ?? "GET",
      path: url.pathname,
      query: url.searchParams,
      headers: init.headers as Record<string, string>,
      body: body as Record<string, unknown>,
    };
    this.asked.push(asked);
    const given_up = new Promise<never>((_, reject) => init.signal?.addEventListener("abort", () => reject(new Error("aborted"))));
    const answer = await Promise.race([this.respond(asked), given_up]);
    const text = typeof answer.body === "string" ? answer.body : JSON.stringify(answer.body ?? {});
    return new Response(text, { status: answer.status, headers: { ...answer.headers } });
  }
}

export class FakeSocket implements Socket {
  readonly sent: string[] = [];
  closed_with: number | undefined;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  onerror: (() => void) | null = null;

  constructor(
    readonly url: string,
    readonly protocol: string,
  ) {}

  send(text: string): void {
    this.sent.push(text);
  }

  close(code = 1005): void {
    this.closed_with = code;
    this.onclose?.({ code });
  }
}

/** The lines as a reader would tell them: texts, `?` for what is not confirmed, `-n-` for a gap, `~who~` for what
 * was removed. */
export function told(lines: readonly Line[]): string[] {
  return lines.map((line) => {
    if (line.kind === "comment") return line.comment.text;
    if (line.kind === "own") return `${line.draft.text}?${line.state}`;
    if (line.kind === "removed") return line.is_held ? `~${line.user.name} held~` : `~${line.user.name} removed~`;
    return `-${line.missed ?? "some"}-`;
  });
}

/** A server that keeps what is posted, with the seqs that follow `seq`. */
export function keeper(seq: number): Responder & { kept: Map<string, Comment> } {
  const kept = new Map<string, Comment>();
  const respond = (asked: Asked): Answer => {
    const { cid, text } = asked.body as { cid: string; text: string };
    const known = kept.get(cid);
    const event = known ?? comment(++seq, seq - 1, { cid, text, user: { id: "me", name: "Me" } });
    kept.set(cid, event);
    const body = { id: event.id, seq: event.seq, epoch: EPOCH, at: event.at, state: "visible", comment: event };
    return { status: known === undefined ? 201 : 200, body: known === undefined ? body : { ...body, duplicate: true } };
  };
  return Object.assign(respond, { kept });
}

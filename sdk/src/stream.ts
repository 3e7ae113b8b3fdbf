// SPDX-License-Identifier: Apache-2.0
/* stream -- one stream's comments, kept right over every loss of the connection.
 *
 *                    hello                      it ended, silence, a hole
 *   connecting ───────────────▶ live ──────────────────────────────┐
 *     ▲   ▲  │                                                     │
 *     │   │  │ this transport does not work here: the next one     │
 *     │   └──┘                                                     ▼
 *     └───────────── time, online, visible again ──────────── waiting
 *
 *   stopped: the server said no, or a newer connection took our place; reconnect() begins anew.
 *   closed:  by close(), for good.
 *
 * Reconnect promise: every connection resumes after the last event applied, so that lines have neither a
 * gap nor a double; what cannot be had any more is a GapLine. What we post survives in the outbox.
 */
import { backoffMs, namedMs } from "./backoff.js";
import { Problem, Server, tokenClaims, tokenEnds, type Against, type Draft, type TokenSource } from "./http.js";
import { Log, type Facts, type GapLine, type LogLine } from "./log.js";
import { cursorOf, isLogEvent, warningsOf, type Comment, type Goaway, type Lane, type Message, type News, type Posted, type Reply, type User } from "./messages.js";
import { Outbox, type OwnLine } from "./outbox.js";
import { browserPorts, type Happening, type Ports, type Shelf, type Timer } from "./ports.js";
import { Remembered } from "./remembered.js";
import { Route } from "./route.js";
import { poll } from "./transport/poll.js";
import { Warnings, type Warning } from "./warnings.js";
import { sse } from "./transport/sse.js";
import type { Connection, End, Transport, TransportName, Watching } from "./transport/transport.js";
import { websocket } from "./transport/ws.js";

export type Line = LogLine | OwnLine;

export type Phase = "connecting" | "live" | "waiting" | "stopped" | "closed";

export interface Status {
  readonly phase: Phase;
  /** What is being used, or tried. */
  readonly transport: TransportName | undefined;
  /** With phase waiting: when the next try is due, on the clock of the ports. */
  readonly retry_at: number | undefined;
  /** Why it waits or stopped, when somebody said so. */
  readonly problem: Problem | undefined;
  /** The device says that it has no network. */
  readonly is_offline: boolean;
}

export interface StreamOptions {
  /** The stream's name. */
  readonly stream: string;
  /** Where the server is; the page's own origin when left out. */
  readonly server?: string | URL;
  /** Who we are. A source is asked again when the token ends or is refused. */
  readonly token?: string | TokenSource;
  /** How many comments to begin with: 0..500. */
  readonly tail?: number;
  /** How much is sent: all, or less and told the rest. */
  readonly lane?: Lane;
  /** How many lines are kept; the oldest go first. */
  readonly window?: number;
  /** After how long without success a line of ours has failed. */
  readonly give_up_ms?: number;
  /** Where what we wrote and is not confirmed is remembered over a reload; without one it is forgotten. */
  readonly storage?: Shelf;
  /** Whose comments leave a line without text when they are removed: by itself our own. */
  readonly keep_removed?: "own" | "all" | "none";
  /** In the order they are tried. */
  readonly transports?: readonly TransportName[];
  readonly ports?: Partial<Ports>;
  /** Other ways to connect under these names: for tests and for worlds without fetch. */
  readonly connect?: Partial<Record<TransportName, Transport>>;
}

const TRANSPORTS: readonly TransportName[] = ["websocket", "sse", "poll"];
/** A connection that brings no hello for so long does not work. */
const HELLO_MS = 10_000;
const HEARTBEAT_MS = 10_000;
/** Silent for so many heartbeats: dead. */
const SILENT_MAX = 2;
/** How long a live connection has to answer when there is reason to doubt it. */
const PROBE_MS = 5_000;
/** A connection that lived so long was a good one: waiting begins small again. */
const STEADY_MS = 10_000;
const TOKEN_AHEAD_MS = 60_000;
const TIMER_MAX_MS = 2 ** 31 - 1;
const FILL_LIMIT = 200;

const CLOSE_TOKEN_EXPIRED = 4001;
const CLOSE_REPLACED = 4003;

/** What may be wrong with a token that an open connection was given. */
const AUTH_CODES: ReadonlySet<string> = new Set(["forbidden", "bad_token", "expired_token"]);

/** Who need not wait in slow mode. */
const UNHURRIED: ReadonlySet<string> = new Set(["moderator", "host", "admin", "bot"]);

const NO_ROUTE: ReadonlySet<number> = new Set([404, 405, 426, 501]);

/** An answer that says nothing of the stream, only that this path is not served; or one that is not the server's at all. */
const isNoRoute = ({ code, status }: Problem): boolean =>
  (NO_ROUTE.has(status) && code !== "no_stream") || (code === "unknown" && status < 500);

export class Stream {
  readonly name: string;
  private readonly ports: Ports;
  private readonly server: Server;
  private readonly log: Log;
  private readonly memory: Remembered | undefined;
  private readonly outbox: Outbox;
  private readonly connect_by: Record<TransportName, Transport>;
  private readonly route: Route;
  private readonly tail: number;
  private wanted: Lane;
  private readonly session: string;
  private readonly listeners = new Set<() => void>();
  private readonly news_listeners = new Set<(news: News) => void>();
  private readonly keep_removed: "own" | "all" | "none";
  private readonly unwatch: () => void;

  private state: Status = { phase: "connecting", transport: undefined, retry_at: undefined, problem: undefined, is_offline: false };
  private connection: Connection | undefined;
  private timers = new Map<"hello" | "retry" | "tick" | "probe" | "token", Timer>();

  private watching: Watching = "watching";

  /** Who we are, as our token says. */
  private self: string | undefined;
  private is_unhurried = false;
  private posted_at: number | undefined;
  private readonly warnings = new Warnings();
  /** Those that we had when the poll that is under way was asked. */
  private polled_with: ReadonlySet<string> = new Set();
  /** Whether the end of one may have been missed since it was asked last; and whether it is being asked. */
  private is_in_doubt = false;
  private is_asking = false;
  /** Warnings by which we were refused though the server says that they are over. */
  private readonly doubted = new Set<string>();

  // This connection.
  private greeted_at: number | undefined;
  private heard_at = 0;
  private silent = 0;
  private heartbeat_ms = HEARTBEAT_MS;

  /** Connections in a row that failed or did not last. */
  private tries = 0;
  private holes = 0;
  private without_cursor = false;

  constructor(options: StreamOptions) {
    this.ports = { ...browserPorts(), ...options.ports };
    const { clock } = this.ports;
    const { token } = options;
    const source: TokenSource = typeof token === "function" ? token : (reason) => (reason === "first" ? token : undefined);
    this.name = options.stream;
    this.server = new Server(new URL(options.server ?? globalThis.location.origin), this.ports, source);
    const { storage } = options;
    this.memory = storage === undefined ? undefined : new Remembered(storage, clock, this.server.base.origin, this.name);
    this.tail = options.tail ?? 50;
    this.wanted = options.lane ?? "full";
    this.keep_removed = options.keep_removed ?? "own";
    this.log = new Log(options.window ?? 500, (comment) => this.settle(comment), (user) => this.keeps(user));
    this.outbox = new Outbox({
      clock,
      random: () => this.ports.random(),
      send: (cid, draft) => this.server.post(this.name, cid, draft),
      posted: (key, posted, has_waited) => this.confirm(key, posted, has_waited),
      refused: (problem) => this.refused(problem),
      changed: () => this.changed(),
      give_up_ms: options.give_up_ms ?? 60_000,
      memory: this.memory,
    });
    this.connect_by = { websocket, sse, poll, ...options.connect };
    this.route = new Route(options.transports ?? TRANSPORTS, this.ports);
    this.session = `s-${Math.floor(this.ports.random() * 2 ** 50).toString(36)}`;
    this.unwatch = this.ports.watch((what) => this.happened(what));
    this.connect();
    if (this.memory !== undefined) this.bringBack();
  }

  /** What a screen shows, oldest first: the log's lines, then ours that are not in it yet. */
  get lines(): readonly Line[] {
    return [...this.log.lines, ...this.outbox.lines];
  }

  get status(): Status {
    return this.state;
  }

  get facts(): Facts {
    return this.log.facts;
  }

  /** Where we stand, or undefined before the first hello. */
  get cursor(): string | undefined {
    return this.log.cursor;
  }

  /** The lane that we want; `facts.lane` is the one that the server last named. */
  get lane(): Lane {
    return this.wanted;
  }

  /** Goes on in another lane from where we stand: in the same connection where it can, else in a new one. */
  setLane(lane: Lane): void {
    if (lane === this.wanted) return;
    this.wanted = lane;
    const { connection } = this;
    const { phase } = this.state;
    if (phase === "live" && connection?.changeLane !== undefined) {
      connection.changeLane(lane);
      this.start("hello", HELLO_MS, () => this.lose({ why: "closed" }));
    } else if (phase === "live" || phase === "connecting") {
      this.reconnect();
    }
  }

  /** A warning that nobody has acknowledged yet, of several the oldest: until then nothing is taken from us. */
  get warning(): Warning | undefined {
    return this.warnings.oldest;
  }

  /** Says that we have read the warning; after the last one what was refused is sent. Throws Problem. */
  async acknowledge(): Promise<void> {
    const { warning } = this;
    if (warning === undefined) return;
    await this.server.acknowledge(this.name, warning.act);
    this.warnings.end(warning.act);
    this.goOnUnwarned();
  }

  /** Says why an act on us, or on a comment of ours, should be undone: a moderator decides. Throws Problem. */
  appeal(against: Against, text: string): Promise<void> {
    return this.server.appeal(this.name, against, text);
  }

  /** When slow mode lets us post again, on the clock of the ports; undefined: now, as far as we know. */
  get may_post_at(): number | undefined {
    const { slow } = this.log.facts;
    if (slow === 0 || this.is_unhurried || this.posted_at === undefined) return undefined;
    const at = this.posted_at + slow * 1_000;
    return at > this.ports.clock.now() ? at : undefined;
  }

  /** How many of `lines`, from the oldest on, were there at hold(); all of them when nothing is held. */
  get held_count(): number {
    return this.log.held ? this.log.held_count : this.log.lines.length + this.outbox.lines.length;
  }

  /** How many comments came since hold(). */
  get arrived_while_held(): number {
    return this.log.arrived_while_held;
  }

  /** Calls back after every change, until the returned function is called. Many may come between two frames. */
  onChange(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Calls back with each act as it is applied (early copies and in order: twice at most), and each notice. */
  onNews(listener: (news: News) => void): () => void {
    this.news_listeners.add(listener);
    return () => this.news_listeners.delete(listener);
  }

  /** Posts a comment and returns its cid. Its line is there at once, and confirmed or failed later. */
  post(draft: Draft): string {
    return this.outbox.post(draft);
  }

  retry(cid: string): void {
    this.outbox.retry(cid);
  }

  discard(cid: string): void {
    this.outbox.discard(cid);
  }

  /** Keeps the lines that are here, for a reader who scrolled up, while the newest come beside them. */
  hold(): void {
    this.log.hold();
  }

  release(): void {
    this.log.release();
    this.changed();
  }

  /** Brings the newest comments of a hole from history. Throws Problem. */
  async fill(gap: GapLine): Promise<void> {
    const { epoch } = this.log;
    if (epoch === undefined || !gap.can_fill) return;
    const page = await this.server.history(this.name, { before: cursorOf(epoch, gap.to + 1), limit: FILL_LIMIT });
    if (page.epoch !== this.log.epoch) return;
    this.log.fill(gap, page.comments, page.more);
    this.changed();
  }

  /** Tries now, whatever it waits for. */
  reconnect(): void {
    if (this.state.phase === "closed") return;
    this.tries = 0;
    this.disconnect();
    this.connect();
  }

  /** Asks the token source again, since we are another now. Reading goes on, where need be over a new connection. */
  async identify(): Promise<void> {
    const before = this.self;
    const token = await this.server.renew("first");
    this.know(token);
    if (before !== undefined && before !== this.self) this.memory?.forgetUser(before);
    const { phase } = this.state;
    if (phase === "stopped" || (phase === "live" && token === undefined)) return this.reconnect();
    if (phase !== "live" || token === undefined) return;
    this.connection?.auth?.(token);
    this.watchToken();
  }

  close(): void {
    this.disconnect();
    this.outbox.close();
    this.unwatch();
    this.become({ phase: "closed" });
    this.listeners.clear();
    this.news_listeners.clear();
  }

  // -- connecting --

  private connect(): void {
    this.stop("retry");
    const name = this.route.next();
    this.become({ phase: "connecting", transport: name });
    this.greeted_at = undefined;
    this.silent = 0;
    this.heard_at = this.ports.clock.now();
    this.start("hello", HELLO_MS, () => this.lose({ why: "unsupported", detail: "no hello came" }));
    const after = this.without_cursor ? undefined : this.log.cursor;
    const plan = { stream: this.name, after, tail: this.tail, session: this.session, lane: this.wanted };
    this.polled_with = this.warnings.acts;
    const is_ours = (): boolean => this.connection === connection;
    const connection: Connection = this.connect_by[name](this.server, plan, {
      message: (message) => void (is_ours() && this.receive(message)),
      heard: () => void (is_ours() && this.hear()),
      warned: (acts) => void (is_ours() && this.keepPolled(acts)),
      ended: (end) => void (is_ours() && this.lose(end)),
    });
    this.connection = connection;
  }

  private disconnect(): void {
    const { connection } = this;
    this.connection = undefined;
    for (const name of [...this.timers.keys()]) this.stop(name);
    connection?.close();
  }

  private lose(end: End): void {
    const now = this.ports.clock.now();
    if (this.greeted_at !== undefined && now - this.greeted_at >= STEADY_MS) this.tries = 0;
    this.disconnect();
    switch (end.why) {
      case "unsupported":
        return this.tryOther();
      case "unreachable":
        this.route.unknown();
        return this.wait(undefined);
      case "refused":
        return this.obey(end.problem);
      case "closed":
        if (end.code === CLOSE_REPLACED) return this.become({ phase: "stopped", problem: replaced() });
        // At once, but for a server to whom every token of ours has ended.
        if (end.code === CLOSE_TOKEN_EXPIRED && this.tries++ === 0) return this.renewAndConnect();
        return this.wait(end.retry_ms);
    }
  }

  private tryOther(): void {
    const { transport } = this.state;
    if (transport !== undefined && this.route.failed(transport)) return this.connect();
    this.wait(undefined);
  }

  private obey(problem: Problem): void {
    if (problem.is_passing) return this.wait(problem.retry_ms, problem);
    if (problem.code === "bad_cursor" && !this.without_cursor) {
      this.without_cursor = true;
      return this.connect();
    }
    if (isNoRoute(problem)) return this.tryOther();
    this.become({ phase: "stopped", problem });
  }

  private wait(retry_ms: number | undefined, problem?: Problem): void {
    const { clock } = this.ports;
    const random = (): number => this.ports.random();
    const wait_ms = retry_ms === undefined ? backoffMs(this.tries, random) : namedMs(retry_ms, random);
    this.tries++;
    this.start("retry", wait_ms, () => this.connect());
    this.become({ phase: "waiting", retry_at: clock.now() + wait_ms, problem });
  }

  private renewAndConnect(): void {
    this.become({ phase: "connecting" });
    this.server.renew("expired").then(
      () => void (this.state.phase === "connecting" && this.connection === undefined && this.connect()),
      () => void (this.state.phase === "connecting" && this.wait(undefined)),
    );
  }

  // -- connected --

  private receive(message: Message): void {
    if (message.type === "goaway") return this.leave(message);
    if (message.type === "held" || message.type === "approved" || message.type === "rejected") {
      this.outbox.judge(message);
      if (this.log.judge(message)) this.changed();
      return this.tellNews(message);
    }
    if (message.type === "notice" || message.type === "marked") return this.tellNews(message);
    if (message.type === "warned") {
      if (!this.warnings.tell(message.act, message.text)) return;
      this.changed();
      return this.tellNews(message);
    }
    if (message.type === "unwarned") {
      if (!this.warnings.end(message.act)) return;
      this.goOnUnwarned();
      return this.tellNews(message);
    }
    if (message.type === "reply") return this.hearReply(message);
    const before = this.log.last;
    const { slow } = this.log.facts;
    const outcome = this.log.apply(message);
    if (slow > 0 && this.log.facts.slow === 0) this.outbox.lifted("slow_mode");
    if (outcome === "hole") return this.resume();
    if (outcome === "applied" && isLogEvent(message) && message.type !== "comment") this.tellNews(message);
    if (this.log.last > before) this.holes = 0;
    if (message.type === "hello") this.greet(message.heartbeat_ms);
    const may_have_missed = message.type === "hello" || (message.type === "gap" && message.why !== "lane");
    if (may_have_missed && this.connection?.watches_itself !== true) void this.doubtWarnings();
    this.changed();
  }

  // -- warnings --

  /** After the last one what was refused is sent. */
  private goOnUnwarned(): void {
    if (this.warning === undefined) this.outbox.retryRefused("must_acknowledge");
    this.changed();
  }

  private keepWarnings(acts: ReadonlySet<string>, asked_with: ReadonlySet<string>): void {
    if (this.warnings.keep(acts, asked_with)) this.goOnUnwarned();
  }

  private keepPolled(acts: ReadonlySet<string>): void {
    this.keepWarnings(acts, this.polled_with);
    this.polled_with = this.warnings.acts;
  }

  /** The end of one may have been missed. Who reads slowly is told many a gap: one is asked after at a time. */
  private async doubtWarnings(): Promise<void> {
    this.is_in_doubt = true;
    if (this.is_asking) return;
    this.is_asking = true;
    while (this.is_in_doubt && this.warning !== undefined) {
      this.is_in_doubt = false;
      await this.askWarnings();
    }
    this.is_asking = false;
  }

  /** Which are in force, in which words: a poll knows. False: it does not, or none came through. */
  private async askWarnings(): Promise<boolean> {
    const asked_with = this.warnings.acts;
    const { self } = this;
    try {
      const warnings = warningsOf(await this.server.poll(this.name, { tail: 0, session: this.session, wait: 0 }));
      if (warnings === undefined || self !== this.self) return false;
      for (const { act, text } of warnings) this.warnings.tell(act, text);
      this.keepWarnings(new Set(warnings.map(({ act }) => act)), asked_with);
      this.changed();
      return true;
    } catch {
      return false; // a post is still refused, and says why
    }
  }

  /** A refusal names a warning, and does not say its words; or it is older than what ended it. */
  private async meetWarning(act: string): Promise<void> {
    const is_known = this.warnings.has(act) || (await this.askWarnings());
    if (this.warnings.has(act)) return;
    if (is_known && !this.doubted.has(act)) {
      this.doubted.add(act);
      return this.goOnUnwarned();
    }
    this.warnings.stands(act);
    this.changed();
  }

  // -- connected --

  private greet(heartbeat_ms: number | undefined): void {
    const { transport } = this.state;
    this.stop("hello");
    this.greeted_at = this.ports.clock.now();
    this.without_cursor = false;
    this.heartbeat_ms = heartbeat_ms !== undefined && heartbeat_ms >= 1_000 ? heartbeat_ms : HEARTBEAT_MS;
    if (transport !== undefined) this.route.worked(transport);
    this.become({ phase: "live", is_offline: false });
    if (this.connection?.watches_itself !== true) this.tick();
    this.watchToken();
    this.outbox.wake();
    this.askHeld();
  }

  /** A connection goes over to another token of the same user only; another user needs another. */
  private hearReply({ ok, problem }: Reply): void {
    if (ok || !AUTH_CODES.has(problem?.code ?? "")) return;
    this.reconnect();
  }

  private leave(goaway: Goaway): void {
    if (goaway.reason === "replaced") return this.lose({ why: "closed", code: CLOSE_REPLACED });
    if (goaway.reason === "token_expired") return this.lose({ why: "closed", code: CLOSE_TOKEN_EXPIRED });
    const { retry_ms } = goaway;
    this.lose({ why: "closed", ...(retry_ms === undefined ? {} : { retry_ms }) });
  }

  /** Something is missing: what we have is right up to `last`, so we ask for what follows it. */
  private resume(): void {
    this.disconnect();
    if (++this.holes === 1) return this.connect();
    this.wait(undefined);
  }

  private hear(): void {
    this.silent = 0;
    this.heard_at = this.ports.clock.now();
    this.stop("probe");
  }

  /** Once a heartbeat: asks for a sign of life. Silence counts by beats too, since a hidden page's timers are slow. */
  private tick(): void {
    this.start("tick", this.heartbeat_ms, () => {
      this.silent++;
      const silent_ms = this.ports.clock.now() - this.heard_at;
      if (this.silent >= SILENT_MAX && silent_ms >= SILENT_MAX * this.heartbeat_ms) return this.lose({ why: "closed" });
      this.connection?.beat?.(this.watching);
      this.tick();
    });
  }

  /** The world changed under a live connection: it has to show that it is still there. */
  private probe(): void {
    const { connection } = this;
    if (connection?.watches_itself === true || this.timers.has("probe")) return;
    if (connection?.beat !== undefined) {
      connection.beat(this.watching);
      this.start("probe", PROBE_MS, () => this.lose({ why: "closed" }));
    } else if (this.ports.clock.now() - this.heard_at > SILENT_MAX * this.heartbeat_ms) {
      this.reconnect();
    }
  }

  private happened(what: Happening): void {
    const { phase } = this.state;
    if (phase === "closed") return;
    if (what === "hidden") {
      this.watching = "hidden";
      if (phase === "live") this.connection?.beat?.(this.watching);
      return;
    }
    if (what === "visible") this.watching = "watching";
    if (what === "offline") {
      this.become({ is_offline: true });
      if (phase === "live" || phase === "connecting") this.lose({ why: "closed" });
      return;
    }
    if (what === "online") this.become({ is_offline: false });
    if (phase === "live") return this.probe();
    const was_replaced = phase === "stopped" && this.state.problem?.code === "replaced";
    const was_told_when = this.state.problem?.retry_ms !== undefined;
    if ((phase === "waiting" && !was_told_when) || was_replaced) this.reconnect();
  }

  /** Renews a token a while before it ends, so that neither reading nor posting stumbles. */
  private watchToken(): void {
    this.server.identity().then(
      (token) => {
        this.know(token);
        const ends = token === undefined ? undefined : tokenEnds(token);
        if (ends === undefined || this.state.phase !== "live") return;
        const { clock } = this.ports;
        const left_ms = ends - clock.now();
        const wait_ms = Math.min(Math.max(left_ms - TOKEN_AHEAD_MS, left_ms / 2, 1_000), TIMER_MAX_MS);
        this.start("token", wait_ms, () => void this.renewToken());
      },
      () => undefined, // the next request asks again, and tells
    );
  }

  private async renewToken(): Promise<void> {
    const { connection } = this;
    const token = await this.server.renew("expired").catch(() => undefined);
    if (token === undefined || connection !== this.connection) return;
    connection?.auth?.(token);
    this.watchToken();
  }

  /** What was remembered is there as soon as it is known who we are, with or without a connection. */
  private bringBack(): void {
    const asked = this.server.identity();
    asked.then(
      (token) => void (asked === this.server.identity() && this.know(token)),
      () => undefined, // the next request asks again
    );
  }

  private askHeld(): void {
    if (this.memory !== undefined && this.state.phase === "live") this.outbox.ask(this.log.epoch);
  }

  private keeps(user: User): boolean {
    return this.keep_removed === "all" || (this.keep_removed === "own" && user.id === this.self);
  }

  private know(token: string | undefined): void {
    const claims = token === undefined ? undefined : tokenClaims(token);
    const is_another = claims?.sub !== this.self;
    if (is_another) {
      this.posted_at = undefined;
      this.warnings.clear();
      this.doubted.clear();
    }
    this.self = claims?.sub;
    this.is_unhurried = claims?.roles?.some((role) => UNHURRIED.has(role)) === true;
    if (!is_another) return;
    this.outbox.belongTo(this.self);
    this.askHeld();
  }

  private refused(problem: Problem): void {
    if (problem.code === "must_acknowledge" && problem.act !== undefined) void this.meetWarning(problem.act);
    const { slow } = this.log.facts;
    if (problem.code === "slow_mode" && problem.retry_ms !== undefined) {
      this.posted_at = this.ports.clock.now() + problem.retry_ms - slow * 1_000;
    }
  }

  /** A comment of ours may come before the answer to its post. */
  private settle({ cid }: Comment): string | undefined {
    const key = this.outbox.settle(cid);
    if (key !== undefined) this.posted_at = this.ports.clock.now();
    return key;
  }

  private confirm(key: string, posted: Posted, has_waited: boolean): void {
    if (posted.duplicate !== true) this.posted_at = this.ports.clock.now();
    if (has_waited && (posted.seq ?? 0) <= this.log.begins_after) return; // older than what we read: it would stand alone
    if (posted.comment !== undefined && posted.epoch === this.log.epoch) this.log.admit(posted.comment, key);
  }

  // -- bookkeeping --

  private become(change: Partial<Status>): void {
    const is_move = change.phase !== undefined;
    const rest = is_move ? { retry_at: undefined, problem: undefined } : {};
    this.state = { ...this.state, ...rest, ...change };
    this.changed();
  }

  private tellNews(news: News): void {
    for (const listener of this.news_listeners) listener(news);
  }

  private changed(): void {
    for (const listener of this.listeners) listener();
  }

  private start(name: "hello" | "retry" | "tick" | "probe" | "token", after_ms: number, on_due: () => void): void {
    this.stop(name);
    const { clock } = this.ports;
    this.timers.set(name, clock.start(after_ms, () => {
      this.timers.delete(name);
      on_due();
    }));
  }

  private stop(name: "hello" | "retry" | "tick" | "probe" | "token"): void {
    const timer = this.timers.get(name);
    if (timer === undefined) return;
    this.timers.delete(name);
    this.ports.clock.stop(timer);
  }
}

function replaced(): Problem {
  return new Problem("replaced", 0, "a newer connection of the same user took our place");
}

// SPDX-License-Identifier: Apache-2.0
/* outbox -- what we wrote and the log does not have yet.
 *
 *              post()                  answer 2xx, or its event
 *     (none) ─────────▶ pending ────────────────────────────────▶ (gone: it is a line of the log)
 *                       │  ▲  │ answer: held                 ▲
 *      refused, or no   │  │  └───────────▶ held ────────────┤ approved: its event
 *      answer in time   ▼  │ retry()          └─────▶ failed │ rejected
 *                      failed ──▶ held: the rejection was undone
 *
 * What is remembered over a reload comes back as it was; but what was on its way for longer than a try may take
 * has failed, and goes when its author says so. How a held one stands is asked by handing it in again: the server
 * took it, so that is no second comment while it knows the cid.
 *
 * One is under way at a time, oldest first: what one author writes is in the order they wrote it. A line keeps
 * its cid through every try, so that the server knows a retry from a second comment: what it has judged it does not
 * judge anew, so that is not tried again.
 */
import { backoffMs, namedMs } from "./backoff.js";
import { Problem, unreachable, type Draft } from "./http.js";
import type { Code, Posted, Verdict } from "./messages.js";
import type { Clock, Timer } from "./ports.js";
import type { Kept, Remembered } from "./remembered.js";

export interface OwnLine {
  readonly kind: "own";
  readonly key: string;
  readonly cid: string;
  readonly draft: Draft;
  readonly state: "pending" | "held" | "failed";
  /** What stopped the last try. With state pending it is being tried again. */
  readonly problem: Problem | undefined;
  /** The comment's, once the server took it: what an appeal names. */
  readonly id: string | undefined;
}

export interface OutboxOptions {
  readonly clock: Clock;
  random(): number;
  /** Hands a line to the server; rejects with Problem. */
  send(cid: string, draft: Draft): Promise<Posted>;
  /** The server has it: called once for each that is visible, before the line goes. `has_waited`: it was held. */
  posted(key: string, posted: Posted, has_waited: boolean): void;
  /** The server said no to a try, for now or for good. */
  refused?(problem: Problem): void;
  changed(): void;
  /** After how long without success a line has failed. */
  readonly give_up_ms: number;
  readonly memory?: Remembered | undefined;
}

interface Entry {
  line: OwnLine;
  /** When it was written. */
  readonly at: number;
  tries: number;
  since: number;
  /** It is held, and how it stands is to be asked. */
  asks?: boolean;
  /** The life of the log that has it. */
  epoch?: string | undefined;
}

const ENTRIES_MAX = 100;
const CID_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789";
const CID_LENGTH = 20;

const unsent = (): Problem => new Problem("unsent", 0, "it did not get through before the page was left");
const rejected = (): Problem => new Problem("rejected", 200, "a moderator rejected it");

export const keyOfCid = (cid: string): string => `cid:${cid}`;

export class Outbox {
  private entries: Entry[] = [];
  private under_way: Entry | undefined;
  private timer: Timer | undefined;
  /** What the timer waits for. */
  private paused_by: Problem | undefined;
  /** Whose lines these are, once it is known. */
  private user: string | undefined;
  private is_closed = false;

  constructor(private readonly options: OutboxOptions) {}

  get lines(): readonly OwnLine[] {
    return this.entries.map((entry) => entry.line);
  }

  /** Takes a line to be sent and returns its cid. */
  post(draft: Draft): string {
    const cid = this.newCid();
    const line: OwnLine = { kind: "own", key: keyOfCid(cid), cid, draft, state: "pending", problem: undefined, id: undefined };
    this.makeRoom();
    const now = this.options.clock.now();
    const entry: Entry = { line, at: now, tries: 0, since: now };
    this.entries.push(entry);
    this.remember(entry, true);
    this.options.changed();
    this.next();
    return cid;
  }

  /** Who writes is this user from now on. What another wrote goes, unsent; what nobody's was is theirs. */
  belongTo(user: string | undefined): void {
    if (this.is_closed || user === this.user) return;
    if (this.user !== undefined) {
      this.entries = [];
      this.stopTimer();
    }
    this.user = user;
    const kept = user === undefined ? [] : (this.options.memory?.of(user) ?? []);
    for (const entry of this.entries) this.remember(entry, true);
    this.entries = [...kept.map((one) => this.broughtBack(one)), ...this.entries];
    this.options.changed();
    this.next();
  }

  /** Asks how those stand that are held: what was told while nobody listened was missed. `epoch` is the log's present life. */
  ask(epoch: string | undefined): void {
    for (const entry of [...this.entries]) {
      if (entry.line.state !== "held" || this.options.memory?.isKnown(entry.at) !== true) continue;
      if (entry.epoch !== undefined && entry.epoch !== epoch) {
        this.fail(entry, unsent()); // with the log the server has lost the cid
        continue;
      }
      entry.asks = true;
      entry.tries = 0;
      entry.since = this.options.clock.now();
    }
    this.next();
  }

  /** Tries a failed line again, under the same cid, after those that wait already; not one whose problem is final. */
  retry(cid: string): void {
    const entry = this.find(cid);
    if (entry?.line.state !== "failed" || entry.line.problem?.is_final === true) return;
    this.drop(entry);
    entry.tries = 0;
    entry.since = this.options.clock.now();
    this.entries.push(entry);
    this.become(entry, "pending", undefined);
    this.next();
  }

  /** Tries again what failed for this reason. */
  retryRefused(code: Code): void {
    for (const { line } of [...this.entries]) if (line.problem?.code === code) this.retry(line.cid);
  }

  /** Forgets a line that failed. One under way cannot be called back. */
  discard(cid: string): void {
    const entry = this.find(cid);
    if (entry?.line.state === "failed") this.drop(entry);
  }

  /** The log has the comment of this cid: returns the key its line had here, if it was ours. */
  settle(cid: string | undefined): string | undefined {
    const entry = cid === undefined ? undefined : this.find(cid);
    if (entry === undefined) return undefined;
    this.drop(entry);
    return entry.line.key;
  }

  judge(verdict: Verdict): void {
    const entry = verdict.cid === undefined ? undefined : this.find(verdict.cid);
    if (entry === undefined) return;
    this.name(entry, verdict.id);
    if (verdict.type === "held") this.become(entry, "held", undefined);
    if (verdict.type === "rejected") this.fail(entry, rejected());
  }

  /** The way is free again: what waits for its next try goes now, unless the server named a time. */
  wake(): void {
    if (this.timer === undefined || this.paused_by?.retry_ms !== undefined) return;
    this.stopTimer();
    this.next();
  }

  /** What was refused for now for this reason goes at once: it holds no longer. */
  lifted(code: Code): void {
    if (this.timer === undefined || this.paused_by?.code !== code) return;
    this.stopTimer();
    this.next();
  }

  close(): void {
    this.is_closed = true;
    this.stopTimer();
  }

  private next(): void {
    if (this.is_closed || this.under_way !== undefined || this.timer !== undefined) return;
    const entry = this.entries.find((one) => one.line.state === "pending") ?? this.nextToAsk();
    if (entry === undefined) return;
    this.under_way = entry;
    entry.tries++;
    this.options
      .send(entry.line.cid, entry.line.draft)
      .then((posted) => this.answered(entry, posted))
      .catch((error: unknown) => this.refused(entry, error))
      .finally(() => {
        this.under_way = undefined;
        this.next();
      });
  }

  private answered(entry: Entry, posted: Posted): void {
    if (!this.entries.includes(entry)) return; // its event was quicker
    if (entry.line.state === "failed") return; // so was its verdict
    const has_waited = entry.line.state === "held";
    entry.asks = false;
    entry.epoch = posted.epoch;
    this.name(entry, posted.id);
    if (posted.state === "held") return this.become(entry, "held", undefined);
    const had_no_place = has_waited && posted.seq === undefined;
    if (posted.state === "rejected" || (posted.state === "deleted" && had_no_place)) return this.fail(entry, rejected());
    if (posted.state === "deleted") return this.fail(entry, new Problem("removed", 200, "a moderator removed it"));
    if (posted.state === "visible") this.options.posted(entry.line.key, posted, has_waited);
    this.drop(entry);
  }

  private refused(entry: Entry, error: unknown): void {
    if (!this.entries.includes(entry)) return;
    const problem = error instanceof Problem ? error : unreachable(String(error));
    this.options.refused?.(problem);
    const { clock, random, give_up_ms } = this.options;
    const wait_ms = problem.retry_ms === undefined ? backoffMs(entry.tries - 1, random) : namedMs(problem.retry_ms, random);
    const is_late = clock.now() + wait_ms - entry.since > give_up_ms;
    const is_held = entry.line.state === "held";
    // What it knows it does not weigh anew: to be refused for one's pace is to be new to it.
    if (!problem.is_passing || (is_held && problem.status === 429)) return this.fail(entry, problem);
    if (is_late && !is_held) return this.fail(entry, problem);
    entry.asks = is_held && !is_late; // late, it is asked when we are greeted next
    if (!is_held) this.become(entry, "pending", problem);
    this.paused_by = problem;
    this.timer = clock.start(wait_ms, () => {
      this.timer = undefined;
      this.next();
    });
  }

  private nextToAsk(): Entry | undefined {
    return this.entries.find((one) => one.asks === true && one.line.state === "held" && this.options.memory?.isKnown(one.at) === true);
  }

  private broughtBack({ cid, draft, state, at, id, epoch }: Kept): Entry {
    const { clock, give_up_ms } = this.options;
    const is_over = state === "failed" || (state === "pending" && clock.now() - at > give_up_ms);
    const problem = is_over ? unsent() : undefined;
    const line: OwnLine = { kind: "own", key: keyOfCid(cid), cid, draft, state: is_over ? "failed" : state, problem, id };
    return { line, at, tries: 0, since: at, epoch };
  }

  /** Those are remembered of which their author has not heard the end. */
  private remember({ line, at, epoch }: Entry, is_new: boolean): void {
    const { memory } = this.options;
    const { user } = this;
    if (memory === undefined || user === undefined) return;
    const { cid, draft, state, id, problem } = line;
    if (state === "failed" && problem?.is_passing !== true) return memory.forget(user, cid);
    memory.keep(user, { cid, draft, state, at, ...(id === undefined ? {} : { id }), ...(epoch === undefined ? {} : { epoch }) }, is_new);
  }

  private become(entry: Entry, state: OwnLine["state"], problem: Problem | undefined): void {
    const is_new = entry.line.state === "failed"; // it may have been forgotten
    entry.line = { ...entry.line, state, problem };
    this.remember(entry, is_new);
    this.options.changed();
  }

  private name(entry: Entry, id: string): void {
    entry.line = { ...entry.line, id };
  }

  private fail(entry: Entry, problem: Problem): void {
    this.become(entry, "failed", problem);
  }

  private find(cid: string): Entry | undefined {
    return this.entries.find((entry) => entry.line.cid === cid);
  }

  private drop(entry: Entry): void {
    this.entries = this.entries.filter((one) => one !== entry);
    if (this.user !== undefined) this.options.memory?.forget(this.user, entry.line.cid);
    this.options.changed();
  }

  /** Room for one more: of those that are not under way any longer the oldest goes; else it is refused. */
  private makeRoom(): void {
    if (this.entries.length < ENTRIES_MAX) return;
    const done = this.entries.find((entry) => entry.line.state !== "pending");
    if (done === undefined) throw new Problem("full", 0, `${ENTRIES_MAX} lines wait to be sent`);
    this.drop(done);
  }

  private newCid(): string {
    let cid = "c-";
    for (let i = 0; i < CID_LENGTH; i++) cid += CID_LETTERS[Math.floor(this.options.random() * CID_LETTERS.length)];
    return cid;
  }

  private stopTimer(): void {
    if (this.timer === undefined) return;
    this.options.clock.stop(this.timer);
    this.timer = undefined;
  }
}

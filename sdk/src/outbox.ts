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
 * One is under way at a time, oldest first: what one author writes is in the order they wrote it. A line keeps
 * its cid through every try, so that the server knows a retry from a second comment: what it has judged it does not
 * judge anew, so that is not tried again.
 */
import { backoffMs, namedMs } from "./backoff.js";
import { Problem, unreachable, type Draft } from "./http.js";
import type { Code, Posted, Verdict } from "./messages.js";
import type { Clock, Timer } from "./ports.js";

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
  /** The server has it: called once for each that is visible, before the line goes. */
  posted(key: string, posted: Posted): void;
  /** The server said no to a try, for now or for good. */
  refused?(problem: Problem): void;
  changed(): void;
  /** After how long without success a line has failed. */
  readonly give_up_ms: number;
}

interface Entry {
  line: OwnLine;
  tries: number;
  since: number;
}

const ENTRIES_MAX = 100;
const CID_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789";
const CID_LENGTH = 20;

const rejected = (): Problem => new Problem("rejected", 200, "a moderator rejected it");

export const keyOfCid = (cid: string): string => `cid:${cid}`;

export class Outbox {
  private entries: Entry[] = [];
  private under_way: Entry | undefined;
  private timer: Timer | undefined;
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
    this.entries.push({ line, tries: 0, since: this.options.clock.now() });
    this.options.changed();
    this.next();
    return cid;
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
    const waiting = this.entries.find((entry) => entry.line.state === "pending");
    if (this.timer === undefined || waiting?.line.problem?.retry_ms !== undefined) return;
    this.stopTimer();
    this.next();
  }

  /** What was refused for now for this reason goes at once: it holds no longer. */
  lifted(code: Code): void {
    const waiting = this.entries.find((entry) => entry.line.state === "pending");
    if (this.timer === undefined || waiting?.line.problem?.code !== code) return;
    this.stopTimer();
    this.next();
  }

  close(): void {
    this.is_closed = true;
    this.stopTimer();
  }

  private next(): void {
    if (this.is_closed || this.under_way !== undefined || this.timer !== undefined) return;
    const entry = this.entries.find((one) => one.line.state === "pending");
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
    this.name(entry, posted.id);
    if (posted.state === "held") return this.become(entry, "held", undefined);
    if (posted.state === "rejected") return this.fail(entry, rejected());
    if (posted.state === "deleted") return this.fail(entry, new Problem("removed", 200, "a moderator removed it"));
    if (posted.state === "visible") this.options.posted(entry.line.key, posted);
    this.drop(entry);
  }

  private refused(entry: Entry, error: unknown): void {
    if (!this.entries.includes(entry)) return;
    const problem = error instanceof Problem ? error : unreachable(String(error));
    this.options.refused?.(problem);
    const { clock, random, give_up_ms } = this.options;
    const wait_ms = problem.retry_ms === undefined ? backoffMs(entry.tries - 1, random) : namedMs(problem.retry_ms, random);
    const is_late = clock.now() + wait_ms - entry.since > give_up_ms;
    if (!problem.is_passing || is_late) return this.fail(entry, problem);
    this.become(entry, "pending", problem);
    this.timer = clock.start(wait_ms, () => {
      this.timer = undefined;
      this.next();
    });
  }

  private become(entry: Entry, state: OwnLine["state"], problem: Problem | undefined): void {
    entry.line = { ...entry.line, state, problem };
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

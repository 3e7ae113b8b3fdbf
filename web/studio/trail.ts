// SPDX-License-Identifier: Apache-2.0
/* trail -- the audit as it grows: everything that anybody does to this stream, as it is done.
 *
 * Acts are told as they are done and numbered without a hole, so that it knows what it was not told and asks for
 * that. Where nothing is told (a long poll, no connection) it asks again and again.
 */
import type { ActNotice, AuditEntry, Moderator } from "@roar/sdk";
import { isUntold } from "./telling.js";

const PACE_MS = 1_000;
/** In case that what was told last did not come: nothing after it would show that. */
const TOLD_PACE_MS = 60_000;
/** What is read when it begins, and with each page of what is older. */
const PAGE = 300;
const KEPT = 10_000;

/** As it stands in the audit, but for its place in the chain of hashes. */
const entryOf = ({ n, at, act, do: what, by, kind, target, reason, seconds, value, seq }: ActNotice): AuditEntry => ({
  n, at, act, do: what, by, kind, value,
  stream: null,
  policy: kind === "rule" ? by : null,
  target: target ?? null,
  reason: reason ?? null,
  seconds: seconds ?? null,
  seq: seq ?? null,
  prev_hash: "",
  hash: "",
});

const undoneBy = ({ do: what, target }: AuditEntry): string | undefined =>
  what === "undo" && target?.startsWith("act:") === true ? target.slice(4) : undefined;

export class Trail {
  /** Oldest first. */
  entries: readonly AuditEntry[] = [];
  /** Acts that were undone. */
  readonly lifted = new Set<string>();
  /** Whether there is more before the oldest of them. */
  has_older = false;
  private readonly by_seq = new Map<number, AuditEntry>();
  private readonly by_act = new Map<string, AuditEntry>();
  /** Acts of events whose place no entry names: of one on many comments that is the last event's. */
  private readonly pieces = new Map<number, string>();
  private is_told = false;
  private has_begun = false;
  private after = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private is_asking = false;
  private is_poked = false;

  constructor(
    private readonly moderator: Pick<Moderator, "audit" | "auditBefore">,
    /** With what is new; the first time with all that is read then. */
    private readonly grew: (fresh: readonly AuditEntry[], is_first: boolean) => void,
    private readonly failed: (error: unknown) => void,
  ) {}

  start(): void {
    document.addEventListener("visibilitychange", () => this.poke());
    void this.ask();
  }

  /** Whether acts are told as they are done. What was done before is asked for once. */
  told(is_told: boolean): void {
    if (is_told === this.is_told) return;
    this.is_told = is_told;
    this.poke();
  }

  /** One was told. */
  hear(notice: ActNotice): void {
    if (!this.has_begun || this.is_asking || notice.n > this.after + 1 || isUntold(notice)) return this.poke();
    const fresh = this.take([entryOf(notice)]);
    if (fresh.length > 0) this.grew(fresh, false);
  }

  /** Something happened: looks now. */
  poke(): void {
    if (this.is_asking) this.is_poked = true;
    else void this.ask();
  }

  /** Who did the act whose event is at this place. */
  at(seq: number): AuditEntry | undefined {
    return this.by_seq.get(seq) ?? this.of(this.pieces.get(seq) ?? "");
  }

  /** An event of this act stands at this place. */
  place(seq: number, act: string): void {
    this.pieces.set(seq, act);
    for (const oldest of this.pieces.keys()) {
      if (this.pieces.size <= KEPT) return;
      this.pieces.delete(oldest);
    }
  }

  of(act: string): AuditEntry | undefined {
    return this.by_act.get(act);
  }

  /** Takes newer entries in; those that are known are left out. */
  take(page: readonly AuditEntry[]): readonly AuditEntry[] {
    const fresh = page.filter(({ n }) => n > this.after);
    for (const entry of fresh) this.learn(entry);
    this.after = fresh.at(-1)?.n ?? this.after;
    const all = [...this.entries, ...fresh];
    this.has_older = this.has_older || all.length > KEPT;
    for (const { act, seq } of all.slice(0, -KEPT)) {
      if (seq !== null) this.by_seq.delete(seq);
      if (act !== null) this.by_act.delete(act);
    }
    this.entries = all.slice(-KEPT);
    return fresh;
  }

  /** Reads what was done before the oldest entry here. Throws Problem. */
  async older(): Promise<void> {
    const oldest = this.entries[0]?.n;
    if (oldest === undefined) return;
    const page = await this.moderator.auditBefore(oldest, PAGE);
    if (this.entries[0]?.n !== oldest) return;
    for (const entry of page.entries) this.learn(entry);
    this.entries = [...page.entries, ...this.entries];
    this.has_older = page.more && this.entries.length < KEPT;
  }

  private learn(entry: AuditEntry): void {
    const undone = undoneBy(entry);
    if (undone !== undefined) this.lifted.add(undone);
    if (entry.seq !== null) this.by_seq.set(entry.seq, entry);
    if (entry.act !== null) this.by_act.set(entry.act, entry);
  }

  private async begin(): Promise<readonly AuditEntry[]> {
    const page = await this.moderator.auditBefore(undefined, PAGE);
    this.has_older = page.more;
    return this.take(page.entries);
  }

  private async follow(): Promise<readonly AuditEntry[]> {
    const fresh: AuditEntry[] = [];
    for (let more = true; more; ) {
      const page = await this.moderator.audit(this.after);
      fresh.push(...this.take(page.entries));
      more = page.more && page.entries.length > 0;
    }
    return fresh;
  }

  private async ask(): Promise<void> {
    const is_first = !this.has_begun;
    clearTimeout(this.timer);
    this.is_asking = true;
    this.is_poked = false;
    try {
      const fresh = await (is_first ? this.begin() : this.follow());
      this.has_begun = true;
      if (fresh.length > 0 || is_first) this.grew(fresh, is_first);
    } catch (error) {
      this.failed(error);
    } finally {
      this.is_asking = false;
      const is_idle = this.has_begun && (this.is_told || document.visibilityState !== "visible");
      this.timer = setTimeout(() => void this.ask(), this.is_poked ? 0 : is_idle ? TOLD_PACE_MS : PACE_MS);
    }
  }
}

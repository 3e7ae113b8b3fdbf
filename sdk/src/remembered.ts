// SPDX-License-Identifier: Apache-2.0
/* remembered -- what of ours the log does not have yet, kept over a reload of the page.
 *
 * One note in the page's storage: a list, each of one server, stream and user, so that nobody is shown, and nothing is
 * sent in anybody's name, what another wrote. Every change reads the note anew and touches one cid: tabs side by side leave
 * each other's alone.
 * Bound: IN_A_STREAM_MAX of one author in a stream, ENTRIES_MAX in all; the oldest go first. KEPT_MS since they were written:
 * a server knows a cid for 24 h at least (docs/limits.md), and what it has forgotten it would take for a new comment.
 */
import type { Draft } from "./http.js";
import type { Clock, Shelf } from "./ports.js";

export interface Kept {
  readonly cid: string;
  readonly draft: Draft;
  readonly state: "pending" | "held" | "failed";
  /** When it was written. */
  readonly at: number;
  /** The comment's, and the life of the log that has it, once the server took it. */
  readonly id?: string;
  readonly epoch?: string;
}

interface Entry extends Kept {
  readonly server: string;
  readonly stream: string;
  readonly user: string;
}

const NOTE = "roar.own";
const IN_A_STREAM_MAX = 20;
const ENTRIES_MAX = 100;
const KEPT_MS = 23 * 3_600_000;
const STATES: ReadonlySet<unknown> = new Set(["pending", "held", "failed"]);

function isEntry(value: unknown): value is Entry {
  if (typeof value !== "object" || value === null) return false;
  const { cid, draft, state, at, id, epoch, server, stream, user } = value as Partial<Entry>;
  const are_texts = [cid, draft?.text, server, stream, user].every((one) => typeof one === "string");
  const may_be_texts = [id, epoch].every((one) => one === undefined || typeof one === "string");
  return are_texts && may_be_texts && STATES.has(state) && typeof at === "number";
}

export class Remembered {
  constructor(
    private readonly shelf: Shelf,
    private readonly clock: Clock,
    private readonly server: string,
    private readonly stream: string,
  ) {
    this.write(this.read()); // what is too old goes, whoever wrote it
  }

  /** What this user wrote here, in their order. */
  of(user: string): Kept[] {
    return this.read().filter((entry) => this.isHere(entry, user));
  }

  /** With is_new false only what is remembered still: another tab may have seen its end. */
  keep(user: string, kept: Kept, is_new: boolean): void {
    const entry: Entry = { ...kept, server: this.server, stream: this.stream, user };
    const entries = this.read();
    const at = entries.findIndex((one) => this.isHere(one, user) && one.cid === kept.cid);
    if (at < 0 && !is_new) return;
    if (at < 0) entries.push(entry);
    else entries[at] = entry;
    const here = entries.filter((one) => this.isHere(one, user));
    const surplus = new Set(here.slice(0, Math.max(0, here.length - IN_A_STREAM_MAX)));
    this.write(entries.filter((one) => !surplus.has(one)).slice(-ENTRIES_MAX));
  }

  forget(user: string, cid: string): void {
    this.write(this.read().filter((entry) => !this.isHere(entry, user) || entry.cid !== cid));
  }

  /** All that this user wrote on this server: they left. */
  forgetUser(user: string): void {
    this.write(this.read().filter((entry) => entry.server !== this.server || entry.user !== user));
  }

  /** How long one that was written then may still be asked about. */
  isKnown(at: number): boolean {
    const age_ms = this.clock.now() - at;
    return age_ms >= 0 && age_ms < KEPT_MS;
  }

  private isHere(entry: Entry, user: string): boolean {
    return entry.server === this.server && entry.stream === this.stream && entry.user === user;
  }

  private read(): Entry[] {
    try {
      const kept: unknown = JSON.parse(this.shelf.get(NOTE) ?? "[]");
      return Array.isArray(kept) ? kept.filter(isEntry).filter(({ at }) => this.isKnown(at)) : [];
    } catch {
      return []; // somebody else's words under our name
    }
  }

  private write(entries: readonly Entry[]): void {
    if (entries.length === 0) this.shelf.remove(NOTE);
    else this.shelf.set(NOTE, JSON.stringify(entries));
  }
}

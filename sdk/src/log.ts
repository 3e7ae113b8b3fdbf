// SPDX-License-Identifier: Apache-2.0
/* log -- what a reader has of a stream's log, and where it stands in it.
 *
 * A reducer: messages go in one by one, in the order they came; lines, pins and facts come out.
 * No network, no clock. Invariants:
 *   1. `last` only grows within an epoch. An event with seq <= last is one we have: dropped.
 *   2. An event with prev > last that no gap covered is a hole: nothing is applied, the caller resumes.
 *   3. Lines are in the order of the log, each comment once, at most `window` of them (twice that while held).
 *   4. Of all acts on a comment, and of all settings, the one with the greatest seq decides, in whatever
 *      order they came. A comment that an act has removed leaves no text; where somebody wants to know
 *      (`keeps`) a line without text stays in its place.
 */
import {
  cursorOf,
  type Comment,
  type Cursor,
  type Digest,
  type Gap,
  type Hello,
  type Lane,
  type LogEvent,
  type Message,
  type Pin,
  type Presence,
  type Retract,
  type StreamState,
  type Settings,
  type StreamChange,
  type Tier,
  type Unpin,
  type User,
  type Verdict,
} from "./messages.js";

export interface CommentLine {
  readonly kind: "comment";
  /** Stays the same from pending to confirmed, so that a screen can keep its element. */
  readonly key: string;
  readonly seq: number;
  readonly comment: Comment;
}

/** A place where something is missing, told by the server. */
export interface GapLine {
  readonly kind: "gap";
  readonly key: string;
  readonly from: number;
  readonly to: number;
  /** How many comments are missing; undefined when nobody knows. */
  readonly missed: number | undefined;
  readonly why: string;
  /** Whether Stream.fill() can bring them. */
  readonly can_fill: boolean;
}

/** What stands in the place of a comment that was here and was removed. */
export interface RemovedLine {
  readonly kind: "removed";
  readonly key: string;
  readonly seq: number;
  readonly id: string;
  readonly at: number;
  readonly user: User;
  /** The seq of the act that removed it. */
  readonly act: number;
  /** It waits for a moderator, who may let it stand. */
  readonly is_held: boolean;
}

export type LogLine = CommentLine | GapLine | RemovedLine;

/** What is true of the stream now. */
export interface Facts {
  readonly state: StreamState;
  /** Seconds between two comments of one author; 0 is off. */
  readonly slow: number;
  readonly modes: readonly string[];
  /** Everything at its strictest. */
  readonly shield: boolean;
  readonly tier: Tier;
  /** As the last hello said. */
  readonly lane: Lane;
  readonly viewers: number | undefined;
  readonly viewers_approx: boolean;
  readonly pins: readonly Comment[];
}

/** ignored: it was known or meant nothing. hole: something before it is missing. */
export type Outcome = "applied" | "ignored" | "hole";

interface Ruling {
  act: number;
  hidden: boolean;
}

/** A retract by author or of everything: it also rules comments that come after it. */
interface Sweep {
  act: number;
  upto: number;
  user: string | undefined;
}

const ACTS_MAX = 10_000;
const SWEEPS_MAX = 1_000;
const HELD_MAX = 200;

const placeOf = (line: LogLine): number => (line.kind === "gap" ? line.from - 0.5 : line.seq);

export class Log {
  epoch: string | undefined;
  /** The seq we stand at: all before it we have, or were told that we have not. */
  last = 0;
  /** Grows with every change that a screen would show. */
  version = 0;
  /** Comments that came since hold(). */
  arrived_while_held = 0;

  private entries: LogLine[] = [];
  private rulings = new Map<number, Ruling>();
  private sweeps: Sweep[] = [];
  private covered: { from: number; to: number }[] = [];
  /** `comment` is undefined of what is unpinned or removed; `is_hidden` tells the two apart. */
  private pinned = new Map<number, { act: number; comment: Comment | undefined; is_hidden?: boolean }>();
  private state: StreamState = "live";
  private slow = 0;
  private modes: readonly string[] = [];
  private shield = false;
  private tier: Tier = "push";
  private lane: Lane = "full";
  private viewers: number | undefined;
  private viewers_approx = false;
  /** Settings, state and pins of hello hold up to here; older events do not change them again. */
  private facts_seq = 0;
  private settings_seq = 0;
  private state_seq = 0;
  private hello_seq = 0;
  /** After hello or resync the first event is right whatever its prev. */
  private is_fresh = true;
  /** The highest seq that the window has let go. */
  private floor = 0;
  private held_to: number | undefined;
  /** Ids of comments that a moderator took back to look at. */
  private held_ids = new Set<string>();

  /** `claim` is asked for the key of each comment that comes by event: one of ours has its own. `keeps` is
   * asked whether a comment that goes leaves a RemovedLine. */
  constructor(
    private readonly window: number,
    private readonly claim: (comment: Comment) => string | undefined = () => undefined,
    private readonly keeps: (user: User) => boolean = () => false,
  ) {}

  get cursor(): Cursor | undefined {
    return this.epoch === undefined ? undefined : cursorOf(this.epoch, this.last);
  }

  /** Where we began to read, or to read on: what is not after it is not sent to us. */
  get begins_after(): number {
    return this.hello_seq;
  }

  get lines(): readonly LogLine[] {
    return this.entries;
  }

  get facts(): Facts {
    const pins = [...this.pinned.values()].flatMap((pin) => pin.comment ?? []);
    const { state, slow, modes, shield, tier, lane, viewers, viewers_approx } = this;
    return { state, slow, modes, shield, tier, lane, viewers, viewers_approx, pins };
  }

  apply(message: Message): Outcome {
    switch (message.type) {
      case "hello":
        return this.greet(message);
      case "resync":
        return this.restart(message.epoch, message.why ?? "epoch");
      case "presence":
        return this.count(message);
      case "gap":
        return this.tell(message);
      case "digest":
        return this.take(message);
      case "mark":
        this.moveTo(message.seq);
        return "applied";
      case "comment":
      case "retract":
      case "restore":
      case "pin":
      case "unpin":
      case "settings":
      case "stream":
      case "removed":
        return this.event(message);
      default:
        return "ignored";
    }
  }

  /** Puts a comment in its place without moving the cursor: our own, from the answer to its post. */
  admit(comment: Comment, key?: string): boolean {
    const { seq } = comment;
    if (seq <= this.floor) return false;
    const at = this.indexOf(seq);
    const found = this.entries[at];
    const present = found !== undefined && found.kind !== "gap" && found.seq === seq ? found : undefined;
    const line = this.remains({ kind: "comment", key: key ?? present?.key ?? `${this.epoch}.${seq}`, seq, comment });
    if (Array.isArray(line) || line.kind === present?.kind) return false;
    this.entries.splice(at, present === undefined ? 0 : 1, line);
    if (this.held_to !== undefined && seq > this.held_to && present === undefined) this.arrived_while_held++;
    this.trim();
    this.version++;
    return line.kind === "comment";
  }

  /** What becomes of a comment that was removed, or was never there yet. True: a line shows it. */
  judge({ type, id }: Verdict): boolean {
    if (type === "held") this.held_ids.add(id);
    else this.held_ids.delete(id);
    for (const oldest of this.held_ids) {
      if (this.held_ids.size <= HELD_MAX) break;
      this.held_ids.delete(oldest);
    }
    const at = this.entries.findIndex((line) => line.kind === "removed" && line.id === id);
    const line = this.entries[at];
    if (line?.kind !== "removed") return false;
    if (type === "approved") return false; // it waits until its restore, which is on its way, has put it back
    this.entries[at] = { ...line, is_held: type === "held" };
    this.version++;
    return true;
  }

  /** From now on the lines that are here stay, and the newest have a window of their own beside them. */
  hold(): void {
    if (this.held_to !== undefined) return;
    const newest = this.entries.at(-1);
    this.held_to = newest === undefined ? this.last : Math.max(this.last, placeOf(newest));
    this.arrived_while_held = 0;
  }

  release(): void {
    if (this.held_to === undefined) return;
    const held_to = this.held_to;
    this.held_to = undefined;
    // What was let go in between leaves no seam: the older side goes with it.
    if (this.floor > held_to) this.entries = this.entries.filter((line) => placeOf(line) > held_to);
    this.arrived_while_held = 0;
    this.trim();
    this.version++;
  }

  get held(): boolean {
    return this.held_to !== undefined;
  }

  /** How many lines from the oldest on are held; all of them when nothing is. */
  get held_count(): number {
    return this.held_to === undefined ? this.entries.length : this.indexOf(this.held_to + 0.25);
  }

  /** Fills a gap from its newer end with a page of history, oldest first; `more` says that older ones remain. */
  fill(gap: GapLine, page: readonly Comment[], more: boolean): void {
    const at = this.entries.indexOf(gap);
    if (at < 0) return;
    const inside = page.filter((comment) => comment.seq >= gap.from && comment.seq <= gap.to);
    const oldest = inside[0];
    const reached = !more || oldest === undefined || (page[0]?.seq ?? 0) <= gap.from;
    this.entries.splice(at, 1);
    if (!reached) {
      const missed = gap.missed === undefined ? undefined : Math.max(1, gap.missed - inside.length);
      this.entries.splice(at, 0, { ...gap, to: oldest.seq - 1, missed });
    }
    for (const comment of inside) this.place({ kind: "comment", key: `${this.epoch}.${comment.seq}`, seq: comment.seq, comment });
    this.trim();
    this.version++;
  }

  private event(event: LogEvent): Outcome {
    if (event.early === true) {
      this.effect(event);
      return "applied";
    }
    if (event.seq <= this.last) return "ignored";
    if (event.prev > this.last && !this.is_fresh && !this.isCovered(event.prev)) return "hole";
    this.effect(event);
    this.moveTo(event.seq);
    return "applied";
  }

  private moveTo(seq: number): void {
    this.is_fresh = false;
    this.last = Math.max(this.last, seq);
    if (this.covered.length > 0) this.covered = this.covered.filter((range) => range.to > this.last);
  }

  /** Whether gaps told of everything in (last, upto]. */
  private isCovered(upto: number): boolean {
    let reached = this.last;
    for (const range of this.covered) {
      if (range.from <= reached + 1) reached = Math.max(reached, range.to);
    }
    return reached >= upto;
  }

  private greet(hello: Hello): Outcome {
    if (hello.epoch !== this.epoch) {
      this.startOver(hello.epoch, "epoch");
      this.last = hello.seq;
      this.is_fresh = true;
    } else if (hello.resumed === true && hello.lane !== undefined && hello.lane !== this.lane) {
      this.last = hello.seq; // what the lane before had not told yet follows in this one
    }
    this.lane = hello.lane ?? this.lane;
    this.covered = [];
    this.hello_seq = hello.seq;
    this.facts_seq = hello.latest ?? hello.seq;
    this.settings_seq = this.facts_seq;
    this.state_seq = this.facts_seq;
    this.state = hello.state ?? this.state;
    this.slow = hello.slow ?? this.slow;
    this.modes = hello.modes ?? this.modes;
    this.shield = hello.shield ?? this.shield;
    this.tier = hello.tier ?? this.tier;
    this.viewers = hello.viewers ?? this.viewers;
    if (hello.pins !== undefined) {
      const pins = hello.pins.filter((comment) => !this.isHidden(comment));
      this.pinned = new Map(pins.map((comment) => [comment.seq, { act: this.facts_seq, comment }]));
    }
    this.version++;
    return "applied";
  }

  /** Our cursor is of another life of the log: what we have goes, the backfill follows. */
  private restart(epoch: string, why: string): Outcome {
    const hello_seq = this.epoch === epoch ? this.hello_seq : 0;
    this.startOver(epoch, why);
    this.last = hello_seq;
    this.is_fresh = true;
    this.version++;
    return "applied";
  }

  /** Begins another life of the log; who had read the one before is told. */
  private startOver(epoch: string, why: string): void {
    const had_lines = this.entries.length > 0;
    this.epoch = epoch;
    this.held_ids.clear();
    this.entries = [];
    this.rulings.clear();
    this.sweeps = [];
    this.covered = [];
    this.floor = 0;
    this.held_to = undefined;
    this.arrived_while_held = 0;
    if (had_lines) this.entries.push({ kind: "gap", key: `resync:${epoch}`, from: 0, to: 0, missed: undefined, why, can_fill: false });
  }

  private count(presence: Presence): Outcome {
    this.viewers = presence.viewers;
    this.viewers_approx = presence.approx === true;
    this.version++;
    return "applied";
  }

  private tell(gap: Gap): Outcome {
    this.covered.push({ from: gap.from, to: gap.to });
    this.covered.sort((a, b) => a.from - b.from);
    this.miss(gap, gap.why ?? "", gap.history !== undefined);
    return "applied";
  }

  /** Shows a hole as a line: one a hole, however often it is told, and one for holes side by side. */
  private miss(hole: Gap | Digest, why: string, can_fill: boolean): void {
    if (hole.shed === 0) return;
    const is_known = (line: LogLine): boolean => line.kind === "gap" && line.from === hole.from && line.to > 0;
    this.entries = this.entries.filter((line) => !is_known(line));
    let line: GapLine = { kind: "gap", key: `gap:${hole.from}`, from: hole.from, to: hole.to, missed: hole.shed, why, can_fill };
    const before = this.entries[this.indexOf(hole.from - 0.5) - 1];
    if (before?.kind === "gap" && before.to > 0 && before.missed !== undefined && line.missed !== undefined) {
      this.entries.splice(this.entries.indexOf(before), 1);
      line = { ...line, key: before.key, from: before.from, missed: before.missed + line.missed, can_fill: can_fill && before.can_fill };
    }
    this.place(line);
    this.trim();
    this.version++;
  }

  private take(digest: Digest): Outcome {
    if (digest.to <= this.last) return "ignored";
    this.miss(digest, "digest", false);
    for (const event of digest.events) this.effect(event);
    this.moveTo(digest.to);
    return "applied";
  }

  private effect(event: LogEvent): void {
    switch (event.type) {
      case "comment":
        this.admit(event, this.claim(event));
        return;
      case "removed":
        this.rule([event.seq], { act: event.seq, hidden: true });
        return;
      case "retract":
        this.retract(event);
        return;
      case "restore":
        this.restore(event.comments, event.seq);
        return;
      case "pin":
        this.pin(event, event.comment, event.comment === undefined || this.isHidden(event.comment));
        return;
      case "unpin":
        this.pin(event, undefined, false);
        return;
      case "settings":
        this.set(event);
        return;
      case "stream":
        this.turn(event);
        return;
    }
  }

  private set(settings: Settings): void {
    if (settings.seq <= this.settings_seq) return;
    this.settings_seq = settings.seq;
    this.slow = settings.slow ?? this.slow;
    this.modes = settings.modes ?? this.modes;
    this.shield = settings.shield ?? this.shield;
    this.version++;
  }

  private turn(change: StreamChange): void {
    if (change.seq <= this.state_seq) return;
    this.state_seq = change.seq;
    this.state = change.state;
    this.version++;
  }

  private restore(comments: readonly Comment[], act: number): void {
    this.rule(comments.map((comment) => comment.seq), { act, hidden: false });
    for (const comment of comments) {
      if (!this.isHidden(comment)) this.held_ids.delete(comment.id); // what removes it next does not make it wait
      this.admit(comment);
      const pin = this.pinned.get(comment.seq);
      if (pin?.is_hidden === true && !this.isHidden(comment)) this.pinned.set(comment.seq, { act: pin.act, comment });
    }
  }

  private pin({ target, seq }: Pin | Unpin, comment: Comment | undefined, is_hidden: boolean): void {
    if (seq <= this.facts_seq || seq <= (this.pinned.get(target)?.act ?? 0)) return;
    this.pinned.set(target, { act: seq, comment: is_hidden ? undefined : comment, is_hidden });
    this.version++;
  }

  private retract(act: Retract): void {
    if (act.seqs !== undefined) this.rule(act.seqs, { act: act.seq, hidden: true });
    if (act.upto === undefined) return;
    const user = act.all === true ? undefined : act.user_id;
    if (act.all !== true && user === undefined) return;
    this.sweeps.push({ act: act.seq, upto: act.upto, user });
    if (this.sweeps.length > SWEEPS_MAX) this.sweeps.shift();
    this.sweepOut();
  }

  private rule(seqs: readonly number[], ruling: Ruling): void {
    for (const seq of seqs) {
      if ((this.rulings.get(seq)?.act ?? 0) > ruling.act) continue;
      this.rulings.delete(seq);
      this.rulings.set(seq, ruling);
    }
    for (const seq of this.rulings.keys()) {
      if (this.rulings.size <= ACTS_MAX) break;
      this.rulings.delete(seq);
    }
    if (ruling.hidden) this.sweepOut();
  }

  private isHidden(comment: Comment): boolean {
    return this.hiddenBy(comment) !== undefined;
  }

  /** The act that hides a comment, if one does. */
  private hiddenBy(comment: Comment): number | undefined {
    let best: Ruling = this.rulings.get(comment.seq) ?? { act: 0, hidden: false };
    for (const sweep of this.sweeps) {
      const is_meant = comment.seq <= sweep.upto && (sweep.user === undefined || sweep.user === comment.user.id);
      if (is_meant && sweep.act > best.act) best = { act: sweep.act, hidden: true };
    }
    return best.hidden ? best.act : undefined;
  }

  private remains(line: LogLine): LogLine | [] {
    if (line.kind !== "comment") return line;
    const act = this.hiddenBy(line.comment);
    if (act === undefined) return line;
    const { id, at, user } = line.comment;
    if (!this.keeps(user)) return [];
    return { kind: "removed", key: line.key, seq: line.seq, id, at, user, act, is_held: this.held_ids.has(id) };
  }

  /** Drops the text of what an act hides, from lines and pins alike. */
  private sweepOut(): void {
    this.entries = this.entries.flatMap((line) => this.remains(line));
    for (const [target, pin] of this.pinned) {
      if (pin.comment !== undefined && this.isHidden(pin.comment)) this.pinned.set(target, { act: pin.act, comment: undefined, is_hidden: true });
    }
    this.version++;
  }

  /** The index of the first line at or after a place. */
  private indexOf(place: number): number {
    let low = 0;
    let high = this.entries.length;
    const newest = this.entries[high - 1];
    if (newest === undefined || placeOf(newest) < place) return high;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const line = this.entries[middle];
      if (line !== undefined && placeOf(line) < place) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private place(line: LogLine): void {
    const at = this.indexOf(placeOf(line));
    const present = this.entries[at];
    if (line.kind === "comment" && (this.isHidden(line.comment) || (present !== undefined && present.kind !== "gap" && present.seq === line.seq))) return;
    this.entries.splice(at, 0, line);
  }

  private trim(): void {
    const from = this.held_to === undefined ? 0 : this.held_count;
    const surplus = this.entries.length - from - this.window;
    if (surplus <= 0) return;
    for (const line of this.entries.splice(from, surplus)) {
      if (line.kind !== "gap") this.floor = Math.max(this.floor, line.seq);
    }
  }
}

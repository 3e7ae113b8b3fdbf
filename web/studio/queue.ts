// SPDX-License-Identifier: Apache-2.0
/* queue -- comments that wait for a moderator, a page at a time, the oldest first. Who looks at one has it claimed, so
 * that no two take the same; several can be picked and decided on in one act, on more than one page. */
import { Problem, type Claim, type HeldComment, type HeldQueue, type Moderator, type User } from "@roar/sdk";
import { make } from "../dom.js";
import { hueOf } from "../look.js";
import { numberText, waitText } from "../words.js";
import { Aim } from "./aim.js";
import { ListBox, showEmpty, type ListPanel } from "./list_box.js";
import { nameTag, timeOf } from "./live.js";
import { marksText } from "./marks.js";
import { Picks } from "./picks.js";
import { QueueHead, type QueueHeadParts } from "./queue_head.js";
import { ruleWord } from "./telling.js";

/** So many are at hand; the next when these are decided, or on the next page. */
const LIMIT = 100;
const LOOK_LIMIT = 500;
const PACE_MS = 2_000;
const IDLE_PACE_MS = 60_000;
/** What is told one by one is asked for together, and no more often than somebody can read. */
const POKED_MS = 100;
const APART_MS = 400;
/** A claim is renewed when half of it is over. */
const CLAIM_MS = 30_000;

const dueText = ({ due_at }: HeldComment): string =>
  due_at === undefined ? "" : `, shown by itself in ${waitText(Math.max(0, Math.ceil((due_at - Date.now()) / 1_000)))}`;

/** What is known already and waits as it did is not drawn anew: somebody may be about to hit it. */
const sameOf = (known: HeldComment | undefined, now: HeldComment): HeldComment =>
  known !== undefined && known.act === now.act && known.rule === now.rule && known.due_at === now.due_at ? known : now;

export interface QueueOptions {
  readonly parts: ListPanel & QueueHeadParts;
  readonly moderator: Pick<Moderator, "held" | "claim" | "release">;
  /** Who we are. */
  readonly self: string;
  /** Who wrote what waits. */
  met(user: User, id: string): void;
  /** One is chosen, or none; or others are picked. */
  chosen(): void;
  /** What was chosen waits no more, and not by our decision. */
  lost(): void;
  changed(): void;
  /** For the ear: what does not stand at what is chosen. */
  said(text: string): void;
  failed(error: unknown): void;
}

export class Queue {
  readonly list: ListBox<HeldComment>;
  /** How many wait in all. */
  count = 0;
  private readonly picks: Picks<HeldComment>;
  private readonly head: QueueHead;
  private readonly aim: Aim;
  private comments: readonly HeldComment[] = [];
  private claims = new Map<string, Claim>();
  /** After which comment each page begins, from the first to the one that is shown. */
  private begins: readonly (string | undefined)[] = [undefined];
  private has_more = false;
  /** The page has been turned: where to go on from. */
  private turned: "first" | "last" | undefined;
  /** An answer that came while somebody was about to hit an item. */
  private late: HeldQueue | undefined;
  /** Still there, on a later page: others came back before it. */
  private pushed: ReadonlySet<string> = new Set();
  private mine: string | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private renewal: ReturnType<typeof setInterval> | undefined;
  private asked_at = -Infinity;
  private is_asking = false;
  /** What is being asked for has changed since. */
  private is_stale = false;
  private is_poked = false;
  private is_told = false;
  /** We are about to decide on these: that they go may be told before our act is answered. */
  deciding: ReadonlySet<string> = new Set();

  constructor(private readonly options: QueueOptions) {
    const { parts } = options;
    this.picks = new Picks(({ id }) => id, ({ id }) => this.takenBy(id) === undefined);
    this.list = new ListBox<HeldComment>({
      box: parts.box,
      keyOf: ({ id }) => id,
      fill: (element, comment) => this.fill(element, comment),
      stampOf: (comment) => `${this.takenBy(comment.id) ?? (this.mine === comment.id ? "me" : "")} ${dueText(comment)}`,
      chosen: (comment) => {
        void this.take(comment?.id);
        options.chosen();
      },
      pastEnd: () => this.turn(1),
      lost: () => this.lose(),
      picks: {
        has: (comment) => this.picks.has(comment),
        toggle: (comment) => this.toggle(comment),
        stretch: (all, from, to) => this.repick(() => this.picks.stretch(all, from, to)),
        all: () => this.pickShown(true),
        endRun: () => this.picks.endRun(),
      },
    });
    this.head = new QueueHead(parts, {
      pickShown: (is_on) => this.pickShown(is_on),
      unpick: () => this.unpick(),
      turn: (by) => this.turn(by),
    });
    this.aim = new Aim(parts.box, { ends: () => this.takeLate() });
    parts.box.addEventListener("keydown", (event) => this.onKey(event));
  }

  get chosen(): HeldComment | undefined {
    return this.list.item;
  }

  /** Those picked for one act on all of them. */
  get picked(): readonly HeldComment[] {
    return this.picks.items;
  }

  /** Another moderator who looks at it. */
  takenBy(id: string): string | undefined {
    const by = this.claims.get(id)?.by;
    return by === this.options.self ? undefined : by;
  }

  /** Which of these others look at, and who. */
  takenOf(ids: readonly string[]): ReadonlyMap<string, string> {
    return new Map(ids.map((id) => [id, this.takenBy(id)]).filter((pair): pair is [string, string] => pair[1] !== undefined));
  }

  start(): void {
    addEventListener("pagehide", () => void this.take(undefined));
    void this.refresh();
  }

  /** Many reasons to look are one look. */
  poke(): void {
    if (this.is_poked) return;
    this.is_poked = true;
    if (!this.is_asking) this.soon();
  }

  /** Whether what is held is told as it happens; who looks at what is not. */
  told(is_told: boolean): void {
    if (is_told === this.is_told) return;
    this.is_told = is_told;
    this.poke();
  }

  /** We decided on these: they go at once, and the next that nobody else looks at is chosen. */
  drop(ids: readonly string[]): void {
    this.deciding = new Set(ids);
    this.late = undefined;
    this.is_stale = true;
    const before = this.comments.length;
    this.keep(this.comments.filter(({ id }) => !this.deciding.has(id)));
    this.picks.drop(ids);
    this.count -= before - this.comments.length;
    this.draw();
    this.poke();
  }

  /** What of these people waits on the page, or is picked; of all when none are named. */
  idsOf(users?: readonly string[]): readonly string[] {
    const ids = [...this.comments, ...this.picked].filter(({ user }) => users === undefined || users.includes(user.id)).map(({ id }) => id);
    return [...new Set(ids)];
  }

  /** Which of those picked still wait: asked for, also on pages that are not shown. Throws Problem. */
  async look(): Promise<readonly HeldComment[]> {
    const wanted = new Set(this.picked.map(({ id }) => id));
    const found: HeldComment[] = [];
    let page: HeldQueue | undefined;
    do {
      page = await this.options.moderator.held(page?.comments.at(-1)?.id, LOOK_LIMIT);
      found.push(...page.comments.filter(({ id }) => wanted.has(id)));
    } while (page.more && page.comments.length > 0 && found.length < wanted.size);
    this.takeClaims(page);
    return found;
  }

  unpick(): void {
    this.repick(() => this.picks.clear());
  }

  /** We look at this one in another place, or at none any more. */
  lookAt(id: string | undefined): void {
    void this.take(id);
  }

  /** Nobody looks any more. */
  leave(): void {
    this.list.choose(undefined);
  }

  /** Who looks at which of these now. Throws Problem. */
  async claimsOf(ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
    this.takeClaims(await this.options.moderator.held(undefined, 1));
    return this.takenOf(ids);
  }

  private async refresh(): Promise<void> {
    const after = this.begins.at(-1);
    clearTimeout(this.timer);
    this.asked_at = performance.now();
    this.is_asking = true;
    this.is_poked = false;
    this.is_stale = false;
    try {
      const queue = await this.options.moderator.held(after, LIMIT);
      this.takeClaims(queue);
      if (this.is_stale) this.is_poked = true;
      else if (this.aim.is_on && this.turned === undefined) this.late = queue;
      else this.show(queue);
    } catch (error) {
      if (after !== undefined && error instanceof Problem && error.status < 500 && error.status !== 0) this.begins = [undefined];
      this.options.failed(error);
    } finally {
      this.is_asking = false;
      const is_idle = this.is_told && this.comments.length === 0;
      if (this.is_poked) this.soon();
      else this.later(is_idle ? IDLE_PACE_MS : PACE_MS);
    }
  }

  private soon(): void {
    this.later(Math.max(POKED_MS, this.asked_at + APART_MS - performance.now()));
  }

  private later(ms: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.refresh(), ms);
  }

  private takeLate(): void {
    const queue = this.late;
    this.late = undefined;
    if (queue !== undefined) this.show(queue);
  }

  private show(queue: HeldQueue): void {
    this.late = undefined;
    if (queue.comments.length === 0 && this.begins.length > 1) {
      // What was on this page is decided, and there are pages before it.
      this.begins = this.begins.slice(0, -1);
      return this.poke();
    }
    this.count = queue.count;
    this.has_more = queue.more;
    for (const { user, id } of queue.comments) this.options.met(user, id);
    if (this.turned === undefined) this.forget(queue);
    const known = new Map(this.comments.map((comment) => [comment.id, comment]));
    this.keep(queue.comments.map((comment) => sameOf(known.get(comment.id), comment)));
    this.draw();
    this.arrive();
  }

  private takeClaims({ claims }: HeldQueue): void {
    this.claims = new Map(claims.map((claim) => [claim.id, claim]));
  }

  /** What went from the page waits no more, but for what others have pushed to the next. */
  private forget({ comments, more }: HeldQueue): void {
    const ids = new Set(comments.map(({ id }) => id));
    const gone = this.comments.filter(({ id }) => !ids.has(id));
    const last = this.comments.map(({ id }) => ids.has(id)).lastIndexOf(true);
    this.pushed = new Set(more ? gone.filter((comment) => this.comments.indexOf(comment) > last && !this.deciding.has(comment.id)).map(({ id }) => id) : []);
    this.picks.drop(gone.map(({ id }) => id).filter((id) => !this.pushed.has(id)));
  }

  private keep(comments: readonly HeldComment[]): void {
    const chosen = this.chosen?.id;
    const ids = new Set(comments.map(({ id }) => id));
    if (chosen !== undefined && this.deciding.has(chosen) && !ids.has(chosen)) {
      const next = this.freeAfter(chosen, ids);
      this.list.replaceBy(next); // the claim goes with it: an undo brings the comment back to whoever comes first
    }
    this.comments = comments;
  }

  private lose(): void {
    if (this.pushed.size === 0) this.options.lost();
  }

  private freeAfter(id: string, still: ReadonlySet<string>): HeldComment | undefined {
    const at = this.comments.findIndex((comment) => comment.id === id);
    const others = [...this.comments.slice(at + 1), ...this.comments.slice(0, Math.max(0, at)).reverse()];
    return others.find((comment) => still.has(comment.id) && this.takenBy(comment.id) === undefined);
  }

  private draw(): void {
    const { parts, changed } = this.options;
    this.list.draw(this.comments);
    showEmpty(parts, this.comments.length === 0);
    this.drawHead();
    changed();
  }

  private drawHead(): void {
    const free = this.comments.filter(({ id }) => this.takenBy(id) === undefined);
    this.head.draw({
      shown: this.comments.length,
      count: this.count,
      picked: this.picks.size,
      picked_here: this.comments.filter((comment) => this.picks.has(comment)).length,
      free: free.length,
      page: this.begins.length,
      has_more: this.has_more,
    });
  }

  // -- picking --

  private toggle(comment: HeldComment): void {
    const by = this.takenBy(comment.id);
    if (by !== undefined && !this.picks.has(comment)) return this.options.said(`${by} looks at this one.`);
    this.repick(() => this.picks.toggle(comment));
  }

  private pickShown(is_on: boolean): void {
    this.repick(() => {
      if (is_on) this.picks.add(this.comments);
      else this.picks.drop(this.comments.map(({ id }) => id));
    });
  }

  private repick(change: () => void): void {
    change();
    this.list.drawPicks();
    this.drawHead();
    this.options.said(this.picks.size === 0 ? "None chosen." : `${numberText(this.picks.size)} chosen.`);
    this.options.chosen();
  }

  // -- pages --

  private onKey({ key, ctrlKey, altKey, metaKey }: KeyboardEvent): void {
    if (ctrlKey || altKey || metaKey) return;
    if (key === ">") this.turn(1);
    else if (key === "<") this.turn(-1);
  }

  private turn(by: 1 | -1): void {
    const last = this.comments.at(-1)?.id;
    if (by > 0 ? !this.has_more || last === undefined : this.begins.length === 1) return;
    this.list.choose(undefined);
    this.late = undefined;
    this.turned = by > 0 ? "first" : "last";
    this.begins = by > 0 ? [...this.begins, last] : this.begins.slice(0, -1);
    this.is_stale = true;
    if (!this.is_asking) void this.refresh();
  }

  /** On the page that was turned to. */
  private arrive(): void {
    const { turned } = this;
    if (turned === undefined) return;
    this.turned = undefined;
    this.list.toBegin();
    this.options.said(`Page ${this.begins.length}.`);
    if (this.list.has_focus) this.list.end(turned);
  }

  /** Gives back what we had, and takes this. */
  private async take(id: string | undefined): Promise<void> {
    const { moderator } = this.options;
    const before = this.mine;
    clearInterval(this.renewal);
    this.mine = id;
    if (before !== undefined && before !== id) void moderator.release(before).catch(() => undefined);
    if (id === undefined) return;
    this.renewal = setInterval(() => void moderator.claim(id).catch(() => undefined), CLAIM_MS / 2);
    try {
      await moderator.claim(id);
    } catch {
      // Somebody else has it, and the item says whom; or it waits no more, and is about to go.
      if (this.mine !== id) return;
      clearInterval(this.renewal);
      this.mine = undefined;
    } finally {
      this.poke();
    }
  }

  private fill(element: HTMLElement, comment: HeldComment): void {
    const { id, at, user, text, rule, marks } = comment;
    const taken = this.takenBy(id);
    element.className = taken === undefined ? "item held-item" : "item held-item taken";
    element.dataset["hue"] = String(hueOf(user.id));
    const pick = make("span", "pick");
    pick.ariaHidden = "true"; // the item says whether it is checked
    const head = make("span", "who");
    head.append(nameTag(user), timeOf(at));
    if (taken !== undefined) head.append(make("span", "tag claimed", `${taken} looks at it`));
    else if (this.mine === id) head.append(make("span", "tag mine", "yours"));
    if (marks !== undefined) head.append(make("span", "tag marked", marksText(marks)));
    const words = make("span", "text", text);
    words.dir = "auto";
    const why = rule === undefined ? "held by a moderator" : `held: ${ruleWord(rule)}`;
    element.replaceChildren(pick, head, words, make("span", "why", why + dueText(comment)));
  }
}

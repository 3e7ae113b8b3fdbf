// SPDX-License-Identifier: Apache-2.0
/* queue -- comments that wait for a moderator. Who looks at one has it claimed, so that no two take the same. */
import type { Claim, HeldComment, Moderator, User } from "@roar/sdk";
import { make } from "../dom.js";
import { hueOf, nameOf } from "../look.js";
import { waitText } from "../words.js";
import { ListBox, showEmpty, type ListPanel } from "./list_box.js";
import { timeOf } from "./live.js";
import { marksText } from "./marks.js";
import { ruleWord } from "./telling.js";

/** So many are at hand; the next when these are decided. */
const LIMIT = 100;
const PACE_MS = 2_000;
const IDLE_PACE_MS = 60_000;
/** A claim is renewed when half of it is over. */
const CLAIM_MS = 30_000;

export interface QueueOptions {
  readonly parts: ListPanel;
  readonly moderator: Pick<Moderator, "held" | "claim" | "release">;
  /** Who we are. */
  readonly self: string;
  /** Who wrote what waits. */
  met(user: User, id: string): void;
  chosen(comment: HeldComment | undefined): void;
  /** What was chosen waits no more, and not by our decision. */
  lost(): void;
  changed(): void;
  failed(error: unknown): void;
}

export class Queue {
  readonly list: ListBox<HeldComment>;
  private comments: readonly HeldComment[] = [];
  private claims = new Map<string, Claim>();
  private mine: string | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private renewal: ReturnType<typeof setInterval> | undefined;
  private is_asking = false;
  private is_poked = false;
  private is_told = false;
  /** We are about to decide on this one: that it goes may be told before our act is answered. */
  deciding: string | undefined;

  constructor(private readonly options: QueueOptions) {
    this.list = new ListBox<HeldComment>({
      box: options.parts.box,
      keyOf: ({ id }) => id,
      fill: (element, comment) => this.fill(element, comment),
      stampOf: ({ id }) => this.takenBy(id) ?? (this.mine === id ? "me" : ""),
      chosen: (comment) => {
        void this.take(comment?.id);
        options.chosen(comment);
      },
      lost: () => options.lost(),
    });
  }

  get count(): number {
    return this.comments.length;
  }

  /** There may be more than are at hand. */
  get has_more(): boolean {
    return this.comments.length >= LIMIT;
  }

  get chosen(): HeldComment | undefined {
    return this.list.item;
  }

  /** Another moderator who looks at it. */
  takenBy(id: string): string | undefined {
    const by = this.claims.get(id)?.by;
    return by === this.options.self ? undefined : by;
  }

  start(): void {
    addEventListener("pagehide", () => void this.take(undefined));
    void this.refresh();
  }

  poke(): void {
    if (this.is_asking) this.is_poked = true;
    else void this.refresh();
  }

  /** Whether what is held is told as it happens; who looks at what is not. */
  told(is_told: boolean): void {
    if (is_told === this.is_told) return;
    this.is_told = is_told;
    this.poke();
  }

  /** We decided on it: it goes at once, and the next that nobody else looks at is chosen. */
  drop(id: string): void {
    this.deciding = id;
    this.keep(this.comments.filter((comment) => comment.id !== id));
    this.draw();
    this.poke();
  }

  private keep(comments: readonly HeldComment[]): void {
    const chosen = this.chosen?.id;
    const ids = new Set(comments.map(({ id }) => id));
    if (chosen !== undefined && chosen === this.deciding && !ids.has(chosen)) {
      const next = this.freeAfter(chosen, ids);
      if (this.mine === chosen) this.mine = undefined;
      this.list.choose(next);
    }
    this.comments = comments;
  }

  /** Nobody looks any more. */
  leave(): void {
    this.list.choose(undefined);
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
    changed();
  }

  private async refresh(): Promise<void> {
    clearTimeout(this.timer);
    this.is_asking = true;
    this.is_poked = false;
    try {
      const { comments, claims } = await this.options.moderator.held(LIMIT);
      this.keep(comments);
      for (const { user, id } of comments) this.options.met(user, id);
      this.claims = new Map((claims ?? []).map((claim) => [claim.id, claim]));
      this.draw();
    } catch (error) {
      this.options.failed(error);
    } finally {
      this.is_asking = false;
      const is_idle = this.is_told && this.comments.length === 0;
      this.timer = setTimeout(() => void this.refresh(), this.is_poked ? 0 : is_idle ? IDLE_PACE_MS : PACE_MS);
    }
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
      // Somebody else has it: the item says so, and whom.
      if (this.mine !== id) return;
      clearInterval(this.renewal);
      this.mine = undefined;
    } finally {
      this.poke();
    }
  }

  private fill(element: HTMLElement, { id, at, user, text, rule, due_at, marks }: HeldComment): void {
    const taken = this.takenBy(id);
    element.className = taken === undefined ? "item" : "item taken";
    element.dataset["hue"] = String(hueOf(user.id));
    const head = make("span", "who");
    head.append(make("bdi", "name", nameOf(user)), timeOf(at));
    if (taken !== undefined) head.append(make("span", "tag claimed", `${taken} looks at it`));
    else if (this.mine === id) head.append(make("span", "tag mine", "yours"));
    if (marks !== undefined) head.append(make("span", "tag marked", marksText(marks)));
    const words = make("span", "text", text);
    words.dir = "auto";
    const why = rule === undefined ? "held by a moderator" : `held: ${ruleWord(rule)}`;
    const due = due_at === undefined ? "" : `, shown by itself in ${waitText(Math.max(0, Math.ceil((due_at - Date.now()) / 1_000)))}`;
    element.replaceChildren(head, words, make("span", "why", why + due));
  }
}

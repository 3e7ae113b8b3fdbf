// SPDX-License-Identifier: Apache-2.0
/* live -- the stream as moderators see it: dense, with what holds for each author, and stubs of what was removed.
 *
 * To choose a comment is to hold the stream, so that nothing moves under a finger; to follow again is to let go. It
 * also stands still while a finger is down, or a mouse on its way to a line: else what is meant is gone when it is hit.
 */
import type { CommentLine, GapLine, Line, RemovedLine, Stream, User } from "@roar/sdk";
import { button, make, setText } from "../dom.js";
import { badgesOf, hueOf, nameOf } from "../look.js";
import { countText, fullTime, timeText } from "../words.js";
import { Aim } from "./aim.js";
import { NEAR_PX } from "./anchor.js";
import { ListBox } from "./list_box.js";
import type { Marks } from "./marks.js";
import type { Standing } from "./standing.js";
import { sanctionWord } from "./telling.js";
import type { Trail } from "./trail.js";

export interface LiveParts {
  readonly box: HTMLElement;
  readonly lines: HTMLElement;
  readonly jump: HTMLButtonElement;
  readonly empty: HTMLElement;
}

export type Shown = CommentLine | RemovedLine;

const isShown = (line: Line): line is Shown => line.kind === "comment" || line.kind === "removed";

export class Live {
  readonly list: ListBox<Line>;
  private readonly aim: Aim;

  constructor(
    private readonly parts: LiveParts,
    private readonly stream: Stream,
    private readonly trail: Trail,
    private readonly standing: Standing,
    private readonly marks: Marks,
    chosen: (line: Shown | undefined) => void,
  ) {
    this.list = new ListBox<Line>({
      box: parts.box,
      items: parts.lines,
      keyOf: ({ key }) => key,
      fill: (element, line) => this.fill(element, line),
      stampOf: (line) => this.stampOf(line),
      canChoose: isShown,
      chosen: (line) => {
        if (line === undefined) this.settle();
        else this.stream.hold();
        this.drawJump();
        chosen(line !== undefined && isShown(line) ? line : undefined);
      },
      pastEnd: () => this.pastEnd(),
      begins_at: "last",
      lost: () => undefined,
    });
    parts.jump.addEventListener("click", () => {
      this.follow();
      parts.box.focus({ preventScroll: true });
    });
    this.aim = new Aim(parts.lines, {
      begins: () => this.stream.hold(),
      ends: () => {
        this.settle();
        this.draw();
      },
    });
    parts.box.addEventListener("scroll", () => this.onScroll(), { passive: true });
  }

  get chosen(): Shown | undefined {
    const { item } = this.list;
    return item !== undefined && isShown(item) ? item : undefined;
  }

  /** Lets go of what is chosen, and of the lines that were held. */
  follow(): void {
    this.list.choose(undefined);
    this.stream.release();
    this.draw();
    this.list.toBegin();
    this.drawJump();
  }

  draw(): HTMLElement[] {
    const { stream, parts } = this;
    if (this.aim.is_pressed) return []; // what came before the finger was down, and is not drawn yet, waits too
    const lines = stream.lines.slice(0, stream.held_count).filter(({ kind }) => kind !== "own");
    const fresh = this.list.draw(lines);
    parts.empty.hidden = lines.length > 0 || stream.status.phase !== "live";
    this.drawJump();
    return fresh;
  }

  /** Follows on, where nothing holds. */
  private settle(): void {
    if (!this.is_held && !this.aim.is_on) this.stream.release();
  }

  private get is_held(): boolean {
    return this.chosen !== undefined || this.parts.box.scrollTop < -NEAR_PX;
  }

  private onScroll(): void {
    if (this.is_held) this.stream.hold();
    else this.settle();
    this.drawJump();
  }

  /** From the last of the held lines on to what came since. */
  private pastEnd(): void {
    if (this.stream.arrived_while_held === 0) return;
    this.stream.release();
    this.stream.hold();
    this.draw();
    this.list.move(1);
  }

  private drawJump(): void {
    const { jump } = this.parts;
    jump.hidden = !this.is_held;
    if (jump.hidden) return;
    const count = this.stream.arrived_while_held;
    setText(jump.firstElementChild as HTMLElement, count === 0 ? "Follow" : `Follow, ${countText(count, "new", "new")}`);
  }

  private tagsOf(user: string): string {
    return this.standing.of(user).map((sanction) => sanctionWord(sanction.do)).join(" · ");
  }

  private stampOf(line: Line): string {
    if (line.kind === "comment") return [this.tagsOf(line.comment.user.id), this.isPinned(line.seq), this.marks.of(line.seq)].join();
    return line.kind === "removed" ? (this.whoRemoved(line) ?? "") : "";
  }

  private isPinned(seq: number): boolean {
    return this.stream.facts.pins.some((pin) => pin.seq === seq);
  }

  private whoRemoved({ act }: RemovedLine): string | undefined {
    const entry = this.trail.at(act);
    if (entry === undefined) return undefined;
    return `by ${entry.by ?? entry.kind}${entry.reason === null ? "" : `: ${entry.reason}`}`;
  }

  private fill(element: HTMLElement, line: Line): void {
    if (line.kind === "comment") this.fillComment(element, line);
    else if (line.kind === "removed") this.fillRemoved(element, line);
    else if (line.kind === "gap") this.fillGap(element, line);
  }

  private fillComment(element: HTMLElement, { seq, comment }: CommentLine): void {
    const { user, at, text } = comment;
    element.className = "line";
    element.dataset["hue"] = String(hueOf(user.id));
    const tags = this.tagsOf(user.id);
    const head = make("span", "who");
    head.append(nameTag(user), ...badgesOf(user).map(([role, word]) => make("span", `badge badge-${role}`, word)));
    if (tags !== "") head.append(make("span", "tag", tags));
    const marks = this.marks.of(seq);
    if (marks !== "") head.append(make("span", "tag marked", marks));
    if (this.isPinned(seq)) head.append(make("span", "tag pinned", "pinned"));
    const words = make("span", "text", text);
    words.dir = "auto";
    element.replaceChildren(timeOf(at), head, words);
  }

  private fillRemoved(element: HTMLElement, line: RemovedLine): void {
    element.className = line.is_held ? "line removed is-held" : "line removed";
    element.dataset["hue"] = String(hueOf(line.user.id));
    const head = make("span", "who");
    head.append(nameTag(line.user));
    const what = line.is_held ? "Held" : "Removed";
    element.replaceChildren(timeOf(line.at), head, make("span", "text", `${what} ${this.whoRemoved(line) ?? ""}`.trim()));
  }

  private fillGap(element: HTMLElement, gap: GapLine): void {
    element.className = "line gap";
    const missed = gap.missed === undefined ? "Some comments are missing" : `${countText(gap.missed, "comment is", "comments are")} missing`;
    element.replaceChildren(make("span", "text", missed));
    if (gap.can_fill) element.append(" ", button("Show", () => void this.stream.fill(gap).catch(() => undefined)));
  }
}

/** A name that may be too long for its place. */
export function nameTag(user: User): HTMLElement {
  const name = make("bdi", "name", nameOf(user));
  name.title = nameOf(user);
  return name;
}

export function timeOf(at: number): HTMLTimeElement {
  const time = make("time", "time", timeText(at, Date.now(), "clock"));
  time.dateTime = new Date(at).toISOString();
  time.title = fullTime(at);
  return time;
}

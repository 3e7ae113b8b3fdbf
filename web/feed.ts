// SPDX-License-Identifier: Apache-2.0
/* feed -- the comments on the screen.
 *
 * draw() runs at most once a frame, whatever arrives: it makes the list's elements match the stream's
 * lines by key, and reads no layout. The scroller is laid out from its bottom (column-reverse), so the browser itself
 * keeps the newest in sight, and scrollTop is 0 there and negative above.
 */
import type { Against, CommentLine, GapLine, Line, OwnLine, Problem, RemovedLine, Stream } from "@roar/sdk";
import { button, make } from "./dom.js";
import { badgesOf, hueOf, initialsOf, nameOf } from "./look.js";
import { countText, fullTime, reasonOf, timeText, untilText, type TimeStyle } from "./words.js";

/** Scrolled up by more than this, a reader wants the lines to stay. */
const NEAR_PX = 48;
/** More new lines than this in one frame come without ceremony. */
const ENTER_MAX = 2;
const TIMES_MS = 15_000;

const gapReasons: Readonly<Record<string, string>> = {
  behind: "while you were away",
  expired: "older than this server keeps",
  epoch: "the history was restored; what stood here is gone",
  ahead: "the history was restored; what stood here is gone",
  far: "you were away for long",
};

interface Shown {
  readonly element: HTMLLIElement;
  line: Line;
}

function pendingState({ problem }: OwnLine): string {
  if (problem === undefined) return "Sending";
  return problem.code === "unreachable" ? "Waiting for the network" : `${reasonOf(problem)}. Trying again`;
}

export interface FeedParts {
  readonly scroller: HTMLElement;
  readonly list: HTMLOListElement;
  readonly jump: HTMLButtonElement;
  readonly empty: HTMLElement;
}

export class Feed {
  private readonly shown = new Map<string, Shown>();
  /** What was appealed against from here, by the act or the comment. */
  private readonly appealed = new Set<string>();
  /** When what stands in the way of a line is over. */
  private readonly until = new WeakMap<Problem, number>();
  private time_style: TimeStyle = "relative";
  private is_first_draw = true;
  private is_up = false;

  constructor(
    private readonly parts: FeedParts,
    private readonly stream: Stream,
    /** Who writes here, for lines that are not confirmed. */
    private readonly self: () => { readonly id: string; readonly name: string } | undefined,
    /** Against what stands in the way of a line, or removed it. */
    private readonly appeal: (against: Against, sent: () => void) => void,
  ) {
    parts.scroller.addEventListener("scroll", () => this.follow(), { passive: true });
    parts.scroller.addEventListener("keydown", (event) => this.onKey(event));
    parts.jump.addEventListener("click", () => {
      this.toNewest();
      parts.scroller.focus({ preventScroll: true });
    });
    setInterval(() => this.drawTimes(), TIMES_MS);
  }

  setTimeStyle(style: TimeStyle): void {
    this.time_style = style;
    this.drawTimes();
  }

  /** Shows the newest and follows it from now on. */
  toNewest(): void {
    this.become(false);
    this.parts.scroller.scrollTop = 0;
  }

  draw(): void {
    const { stream, parts } = this;
    const lines = stream.lines.slice(0, stream.held_count);
    const keys = new Set(lines.map((line) => line.key));
    for (const [key, { element }] of this.shown) {
      if (keys.has(key)) continue;
      element.remove();
      this.shown.delete(key);
    }
    const fresh: HTMLLIElement[] = [];
    let next: ChildNode | null = parts.list.firstChild;
    for (const line of lines) {
      const element = this.elementOf(line, fresh);
      if (element === next) next = next.nextSibling;
      else parts.list.insertBefore(element, next);
    }
    if (!this.is_first_draw && fresh.length <= ENTER_MAX) for (const element of fresh) element.classList.add("enters");
    // What we wrote may be here before anything came.
    this.is_first_draw = this.is_first_draw && lines.every((line) => line.kind === "own");
    this.drawJump();
    parts.empty.hidden = lines.length > 0 || stream.status.phase !== "live";
  }

  private follow(): void {
    this.become(this.parts.scroller.scrollTop < -NEAR_PX);
  }

  private become(is_up: boolean): void {
    if (is_up === this.is_up) return;
    this.is_up = is_up;
    this.parts.list.classList.toggle("held", is_up);
    if (is_up) this.stream.hold();
    else this.stream.release();
    this.drawJump();
  }

  /** The browser's own way to the ends is an animation, which gives up when lines are measured on the way. */
  private onKey(event: KeyboardEvent): void {
    if (event.target !== this.parts.scroller || event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key !== "Home" && event.key !== "End") return;
    event.preventDefault();
    if (event.key === "End") return this.toNewest();
    this.become(true);
    this.parts.scroller.scrollTop = -this.parts.scroller.scrollHeight;
    this.follow();
  }

  private drawJump(): void {
    const { jump } = this.parts;
    if (jump.hidden === this.is_up) jump.hidden = !this.is_up;
    if (!this.is_up) return;
    const count = this.stream.arrived_while_held;
    const text = count === 0 ? "Jump to newest" : `Jump to newest · ${countText(count, "new", "new")}`;
    if (jump.textContent !== text) jump.textContent = text;
  }

  private drawTimes(): void {
    const now = Date.now();
    for (const { element, line } of this.shown.values()) {
      if (line.kind !== "comment") continue;
      const time = element.querySelector("time");
      const text = timeText(line.comment.at, now, this.time_style);
      if (time !== null && time.textContent !== text) time.textContent = text;
    }
  }

  private elementOf(line: Line, fresh: HTMLLIElement[]): HTMLLIElement {
    const shown = this.shown.get(line.key);
    if (shown?.line === line) return shown.element;
    const element = shown?.element ?? document.createElement("li");
    this.fill(element, line);
    if (shown === undefined) {
      fresh.push(element);
      this.shown.set(line.key, { element, line });
    } else {
      shown.line = line;
    }
    return element;
  }

  private fill(element: HTMLLIElement, line: Line): void {
    switch (line.kind) {
      case "comment":
        return this.fillComment(element, line);
      case "own":
        return this.fillOwn(element, line);
      case "removed":
        return this.fillRemoved(element, line);
      case "gap":
        return this.fillGap(element, line);
    }
  }

  private fillComment(element: HTMLLIElement, { comment }: CommentLine): void {
    const { user, at, text } = comment;
    const time = make("time", "time", timeText(at, Date.now(), this.time_style));
    time.dateTime = new Date(at).toISOString();
    time.title = fullTime(at);
    const badges = badgesOf(user).map(([role, word]) => make("span", `badge badge-${role}`, word));
    element.className = user.id === this.self()?.id ? "line mine" : "line";
    this.fillLine(element, user.id, nameOf(user), [...badges, time], text, []);
  }

  private fillOwn(element: HTMLLIElement, line: OwnLine): void {
    const self = this.self();
    const foot: Node[] = [];
    let state: string;
    if (line.state === "failed") {
      state = line.problem?.code === "removed" ? "Removed by a moderator" : "Not sent";
      foot.push(...this.failure(line));
    } else if (line.state === "held") {
      state = "Waiting for a moderator";
      if (line.id !== undefined) this.appealed.delete(line.id); // what comes next is another act
    } else {
      state = pendingState(line);
    }
    element.className = `line mine ${line.state}`;
    const mark = make("span", "state", state);
    this.fillLine(element, self?.id ?? "", self?.name ?? "You", [mark], line.draft.text, foot);
  }

  /** What was ours and was taken off: its author is told, and nobody has the words any more. */
  private fillRemoved(element: HTMLLIElement, { user, id, is_held }: RemovedLine): void {
    element.className = is_held ? "line mine held" : "line mine removed";
    if (is_held) this.appealed.delete(id);
    const state = make("span", "state", is_held ? "Waiting for a moderator" : "Removed by a moderator");
    const words = is_held ? "Your comment was taken back to be looked at." : "Your comment was removed.";
    this.fillLine(element, user.id, nameOf(user), [state], words, is_held ? [] : [this.removal(id)]);
  }

  private removal(id: string): Node {
    const foot = make("p", "failure");
    const actions = make("span", "actions");
    actions.append(this.appealButton({ id }, id));
    foot.append(actions);
    return foot;
  }

  /** Who is muted is told until when. */
  private whyOf(problem: Problem): string {
    if (problem.code !== "muted" || problem.retry_ms === undefined) return reasonOf(problem);
    const until = this.until.get(problem) ?? Date.now() + problem.retry_ms;
    this.until.set(problem, until);
    return `You are muted until ${untilText(until, Date.now())}`;
  }

  /** Trying again is offered where that may help, an appeal where somebody decided. */
  private failure({ cid, problem, id }: OwnLine): Node[] {
    const foot = make("p", "failure");
    if (problem !== undefined) {
      foot.append(make("span", "reason", `${this.whyOf(problem)} `), make("code", "code", problem.code));
    }
    const actions = make("span", "actions");
    if (problem?.is_final !== true) actions.append(button("Try again", () => this.stream.retry(cid)));
    const act = problem?.code === "must_acknowledge" ? undefined : problem?.act;
    const is_judged = problem?.code === "rejected" || problem?.code === "removed";
    if (act !== undefined) actions.append(this.appealButton({ act }, act));
    else if (is_judged && id !== undefined) actions.append(this.appealButton({ id }, id));
    actions.append(button("Delete", () => this.stream.discard(cid)));
    foot.append(actions);
    return [foot];
  }

  private appealButton(against: Against, key: string): HTMLButtonElement {
    const done = (): void => {
      this.appealed.add(key);
      appeal.disabled = true;
      appeal.textContent = "Appealed";
    };
    const appeal = button("Appeal", () => this.appeal(against, done));
    if (this.appealed.has(key)) done();
    return appeal;
  }

  private fillLine(element: HTMLLIElement, user_id: string, name: string, marks: Node[], text: string, foot: Node[]): void {
    element.dataset["hue"] = String(hueOf(user_id));
    const avatar = make("span", "avatar", initialsOf(name));
    avatar.ariaHidden = "true";
    const meta = make("p", "meta");
    meta.append(make("bdi", "name", name), ...marks);
    const words = make("p", "text", text);
    words.dir = "auto";
    const body = make("div", "body");
    body.append(meta, words, ...foot);
    element.replaceChildren(avatar, body);
  }

  private fillGap(element: HTMLLIElement, gap: GapLine): void {
    element.className = "line gap";
    const missed = gap.missed === undefined ? "Some comments are missing" : `You missed ${countText(gap.missed, "comment", "comments")}`;
    const why = gapReasons[gap.why];
    const words = make("p", "gap-text", why === undefined ? missed : `${missed}, ${why}`);
    if (gap.to === 0 && why !== undefined) words.textContent = why.charAt(0).toUpperCase() + why.slice(1);
    element.replaceChildren(words);
    if (gap.can_fill) words.append(" ", this.fillButton(gap));
  }

  private fillButton(gap: GapLine): HTMLButtonElement {
    const show = button("Show them", () => {
      show.disabled = true;
      this.stream.fill(gap).catch(() => {
        show.disabled = false;
        show.textContent = "That did not work. Try again";
      });
    });
    return show;
  }
}

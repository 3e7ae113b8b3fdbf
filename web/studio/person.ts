// SPDX-License-Identifier: Apache-2.0
/* person -- one user in this stream: what holds for them, and what they wrote, removed or not.
 *
 * Keys go from comment to comment; the focus is on the one that they act on. Who is at one that waits has it claimed,
 * as in the queue.
 */
import type { Moderator, Sanction, User, UserSeen, Written } from "@roar/sdk";
import { button, make } from "../dom.js";
import { badgesOf, hueOf, initialsOf, nameOf } from "../look.js";
import { fullTime, isolated } from "../words.js";
import { Pointed } from "./aim.js";
import { Anchor } from "./anchor.js";
import { writtenKeys, type ActKey } from "./keys.js";
import { timeOf } from "./live.js";
import { marksText } from "./marks.js";
import type { Where } from "./scope.js";
import { sanctionText, sanctionWhole } from "./telling.js";

export interface PersonOptions {
  readonly panel: HTMLElement;
  readonly box: HTMLElement;
  readonly moderator: Pick<Moderator, "user">;
  /** They may lift what holds on all streams, too. */
  readonly can_everywhere: boolean;
  undo(act: string, words: string, where: Where): void;
  act(what: ActKey, is_asked: boolean, comment: Written): void;
  /** Another moderator who looks at it. */
  takenBy(id: string): string | undefined;
  /** We look at this one that waits, or at none any more. */
  lookAt(id: string | undefined): void;
  failed(error: unknown): void;
}

/** A server tells no more of one. */
const LIMIT = 500;
/** What comes one by one is asked for together. */
const POKED_MS = 1_000;

const states: Readonly<Record<string, string>> = { held: "held", deleted: "removed", shadowed: "shadowed" };

/** What can be done to it. */
export function actsOn({ seq, text, state }: Written): readonly ActKey[] {
  if (text === undefined) return [];
  const can: readonly string[] = state === "held" ? ["approve", "reject"] : seq === undefined ? [] : state === "deleted" ? ["restore"] : state === "shadowed" ? [] : ["delete"];
  return writtenKeys.filter(({ do: what }) => can.includes(what));
}

interface Row {
  readonly element: HTMLLIElement;
  comment: Written;
  /** Who else looks at it. */
  taken: string | undefined;
  stamp: string;
  readonly choices: HTMLElement;
  buttons: readonly HTMLButtonElement[];
}

export class Person {
  private user: User | undefined;
  private asked = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly rows = new Map<string, Row>();
  private readonly head = make("div", "");
  private readonly sanctions = make("ul", "sanctions");
  private readonly nothing_holds = make("p", "nothing", "Nothing.");
  private readonly list = make("ol", "history");
  private readonly none = make("p", "nothing", "None that are kept.");
  private readonly older = make("p", "nothing", `What was written before the newest ${LIMIT} is not shown here.`);
  private readonly anchor: Anchor;
  private claimed: string | undefined;
  private is_drawing = false;
  /** To be gone to when it is there. */
  private sought: string | undefined;

  constructor(private readonly options: PersonOptions) {
    const { box, panel } = options;
    box.replaceChildren(make("p", "nothing", "Choose a comment, and press v to see who wrote it."));
    const pointed = new Pointed(this.list, () => this.anchor.take());
    this.anchor = new Anchor(box, this.list, () => pointed.item ?? this.rowAt?.element);
    panel.addEventListener("keydown", (event) => this.onKey(event));
    for (const what of ["focusin", "focusout"] as const) box.addEventListener(what, (event) => this.onFocus(event));
  }

  get shown(): User | undefined {
    return this.user;
  }

  /** The comment that has the focus. */
  get at(): Written | undefined {
    return this.rowAt?.comment;
  }

  /** Why an act can not fall on it; undefined: it can. */
  whyNot({ do: what }: ActKey, comment: Written | undefined): string | undefined {
    if (comment === undefined) return "Choose a comment of theirs first, by j and k.";
    const { id, state } = comment;
    const taken = state === "held" ? this.options.takenBy(id) : undefined;
    if (taken !== undefined) return `${isolated(taken)} looks at this one.`;
    if (actsOn(comment).some((act) => act.do === what)) return undefined;
    if (state === "held") return "It waits: approve or reject it.";
    if (state === "deleted") return "It is removed already.";
    return state === "shadowed" ? "Nobody sees it but who wrote it." : "It does not wait: it is on screens.";
  }

  /** Resolves when what they wrote is there; `id`: the focus goes to this comment, if it is in the panel then. */
  async show(user: User, id?: string): Promise<void> {
    const { box, moderator, failed } = this.options;
    const is_other = user.id !== this.user?.id;
    this.user = user;
    if (id !== undefined || is_other) this.sought = id;
    const asked = ++this.asked;
    clearTimeout(this.timer);
    this.timer = undefined;
    if (is_other) {
      this.draw({ user, sanctions: [], comments: [], more: false });
      box.scrollTop = 0;
      this.anchor.take();
    }
    try {
      const seen = await moderator.user(user.id, LIMIT);
      if (asked === this.asked) this.draw(seen);
    } catch (error) {
      if (asked === this.asked) failed(error);
    }
  }

  refresh(): void {
    if (this.user !== undefined) void this.show(this.user);
  }

  /** Many reasons to look are one look. */
  poke(): void {
    this.timer ??= setTimeout(() => this.refresh(), POKED_MS);
  }

  /** Others look at other comments than before. */
  drawClaims(): void {
    this.redraw(() => {
      for (const row of this.rows.values()) this.fill(row);
    });
    this.claim();
  }

  private draw(seen: UserSeen): void {
    if (this.user === undefined) return;
    const { box } = this.options;
    const user = { ...this.user, ...seen.user };
    // Of one moment those that wait come as they are told, the oldest first.
    const comments = [...seen.comments].reverse().sort((a, b) => b.at - a.at || (b.seq ?? Infinity) - (a.seq ?? Infinity) || 0);
    this.redraw(() => {
      box.dataset["hue"] = String(hueOf(user.id));
      this.head.replaceChildren(headOf(user));
      this.drawSanctions(seen.sanctions, user);
      this.drawRows(comments);
      this.none.hidden = comments.length > 0;
      this.older.hidden = comments.filter(({ seq }) => seq !== undefined).length < LIMIT;
      if (this.list.isConnected) return;
      const [holds, wrote] = [make("h3", "", "In force"), make("h3", "", "Comments, newest first")];
      box.replaceChildren(this.head, holds, this.sanctions, this.nothing_holds, wrote, this.list, this.none, this.older);
    });
    this.goToSought();
    this.claim();
  }

  /** What has the focus keeps it, and its place on the screen: what is approved comes to another in the list. */
  private redraw(draw: () => void): void {
    const { activeElement: focused } = document;
    this.is_drawing = true;
    draw();
    if (focused instanceof HTMLElement && this.list.contains(focused)) focused.focus({ preventScroll: true });
    this.is_drawing = false;
    this.anchor.hold();
  }

  private goToSought(): void {
    const row = this.rows.get(this.sought ?? "");
    if (row === undefined) return;
    this.sought = undefined;
    if (this.options.panel === document.activeElement) this.go(row.element);
  }

  // -- what holds --

  private drawSanctions(sanctions: readonly Sanction[], user: User): void {
    const { activeElement: focused } = document;
    const key = this.sanctions.contains(focused) ? focused?.closest<HTMLElement>("[data-key]")?.dataset["key"] : undefined;
    this.sanctions.replaceChildren(...sanctions.map((sanction) => this.sanctionOf(sanction, user)));
    this.sanctions.hidden = sanctions.length === 0;
    this.nothing_holds.hidden = sanctions.length > 0;
    if (key === undefined) return;
    const item = [...this.sanctions.children].find((one) => (one as HTMLElement).dataset["key"] === key);
    (item?.querySelector("button") ?? this.options.panel).focus({ preventScroll: true });
  }

  private sanctionOf(sanction: Sanction, user: User): HTMLLIElement {
    const item = make("li", "sanction");
    item.dataset["key"] = sanction.act;
    const words = make("span", "text", sanctionWhole(sanction, Date.now()));
    words.title = fullTime(sanction.at);
    item.append(words);
    const where = sanction.all === true ? "everywhere" : "here";
    if (where === "here" || this.options.can_everywhere) {
      const undo = button("Undo", () => this.options.undo(sanction.act, `${nameOf(user)} ${sanctionText(sanction)}`, where));
      undo.setAttribute("aria-label", `Undo: ${sanctionText(sanction)}`);
      item.append(undo);
    }
    return item;
  }

  // -- what they wrote --

  private drawRows(comments: readonly Written[]): void {
    const ids = new Set(comments.map(({ id }) => id));
    for (const [id, { element }] of this.rows) {
      if (ids.has(id)) continue;
      if (element.contains(document.activeElement)) this.options.panel.focus({ preventScroll: true });
      element.remove();
      this.rows.delete(id);
    }
    let next: ChildNode | null = this.list.firstChild;
    for (const comment of comments) {
      const row = this.rows.get(comment.id) ?? { element: make("li", ""), comment, taken: undefined, stamp: "", choices: make("span", "choices"), buttons: [] };
      row.comment = comment;
      row.element.tabIndex = -1;
      this.rows.set(comment.id, row);
      this.fill(row);
      if (row.element === next) next = next.nextSibling;
      else this.list.insertBefore(row.element, next);
    }
  }

  private fill(row: Row): void {
    const { element, comment } = row;
    const { at, text, state, marks } = comment;
    row.taken = state === "held" ? this.options.takenBy(comment.id) : undefined;
    const stamp = JSON.stringify([comment, row.taken]);
    if (stamp === row.stamp) return;
    row.stamp = stamp;
    const words = make("span", "text", text ?? "erased by now");
    words.dir = "auto";
    const said = states[state ?? ""];
    const tags = [
      ...(said === undefined ? [] : [make("span", `tag ${state}`, said)]),
      ...(row.taken === undefined ? [] : [make("span", "tag claimed", `${isolated(row.taken)} looks at it`)]),
      ...(marks === undefined ? [] : [make("span", "tag marked", marksText(marks))]),
    ];
    const time = timeOf(at);
    element.className = `wrote ${state ?? "visible"}`;
    element.ariaLabel = [time.textContent, words.textContent, ...tags.map(({ textContent }) => textContent)].join(", ");
    this.fillButtons(row);
    for (const child of [...element.children]) if (child !== row.choices) child.remove();
    element.prepend(time, words, ...tags);
  }

  /** One that somebody is about to press stays. */
  private fillButtons(row: Row): void {
    const { element, comment, buttons, taken } = row;
    const acts = actsOn(comment);
    if (acts.map((act) => act.do).join() !== buttons.map(({ dataset }) => dataset["do"]).join()) {
      const focused = buttons.find((one) => one === document.activeElement)?.dataset["do"];
      row.buttons = acts.map((act) => this.buttonOf(act, row));
      row.choices.replaceChildren(...row.buttons);
      element.append(row.choices);
      if (focused !== undefined) this.refocus(element, focused);
    }
    for (const one of row.buttons) one.ariaDisabled = taken === undefined ? null : "true";
  }

  private buttonOf(act: ActKey, row: Row): HTMLButtonElement {
    const one = make("button", `link act-${act.do}`, act.label);
    one.type = "button";
    one.dataset["do"] = act.do;
    if (act.key !== "") one.setAttribute("aria-keyshortcuts", act.key);
    one.ariaLabel = `${act.label}: ${row.comment.text ?? ""}`;
    one.addEventListener("click", (event) => this.options.act(act, event.shiftKey, row.comment));
    return one;
  }

  /** What was pressed may be another button by now: what takes it back has the focus, and after a decision the comment. */
  private refocus(element: HTMLElement, what: string): void {
    const same = element.querySelector<HTMLElement>(`[data-do="${what}"]`);
    const back = what === "delete" || what === "restore" ? element.querySelector("button") : null;
    (same ?? back ?? element).focus({ preventScroll: true });
  }

  private get rowAt(): Row | undefined {
    const { activeElement: focused } = document;
    const element = this.list.contains(focused) ? focused?.closest("li") : undefined;
    return element == null ? undefined : [...this.rows.values()].find((row) => row.element === element);
  }

  // -- the focus --

  private onFocus({ type, relatedTarget }: FocusEvent): void {
    if (this.is_drawing || !document.hasFocus()) return;
    const is_within = relatedTarget instanceof Node && this.options.box.contains(relatedTarget);
    if (type === "focusout" && is_within) return; // where it comes to is told next
    this.anchor.take();
    this.claim(type === "focusin");
  }

  private claim(has_focus = true): void {
    const { at } = this;
    const id = has_focus && at?.state === "held" && this.options.takenBy(at.id) === undefined ? at.id : undefined;
    if (id === this.claimed) return;
    this.claimed = id;
    this.options.lookAt(id);
  }

  private go(element: HTMLElement): void {
    element.focus({ preventScroll: true });
    element.scrollIntoView({ block: "nearest" });
    this.anchor.take();
  }

  private onKey(event: KeyboardEvent): void {
    const { key, ctrlKey, altKey, metaKey, shiftKey } = event;
    if (ctrlKey || altKey || metaKey || shiftKey) return;
    const all = [...this.list.children] as HTMLElement[];
    const at = all.findIndex((element) => element === this.rowAt?.element);
    const to: Readonly<Record<string, number>> = { ArrowDown: at + 1, j: at + 1, ArrowUp: at - 1, k: at - 1, Home: 0, End: all.length - 1 };
    const next = to[key];
    if (next === undefined) return;
    event.preventDefault();
    const element = all[Math.max(0, Math.min(next, all.length - 1))];
    if (element !== undefined) this.go(element);
  }
}

function headOf(user: User): HTMLElement {
  const head = make("div", "person");
  const avatar = make("span", "avatar", initialsOf(nameOf(user)));
  avatar.ariaHidden = "true";
  const names = make("div", "");
  const name = make("p", "who");
  name.append(make("bdi", "name", nameOf(user)), ...badgesOf(user).map(([role, word]) => make("span", `badge badge-${role}`, word)));
  names.append(name, make("p", "why", user.id));
  head.append(avatar, names);
  return head;
}

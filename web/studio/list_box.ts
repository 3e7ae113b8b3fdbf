// SPDX-License-Identifier: Apache-2.0
/* list_box -- a list of which one item is chosen, by keys or by pointer.
 *
 * The focus stays on the list (aria-activedescendant names the chosen item), so that it is never lost when
 * items come and go under it. What is chosen stays chosen while it is there, and stays where it is on the screen; when
 * it goes, its neighbour takes its place, or, where a key acts at once and would act on another than was meant, none.
 *
 * Of some lists several can be picked beside the one that is chosen, for one act on all: Space picks it, Shift with
 * what moves picks all on the way, Control+A all there are.
 */
import { make } from "../dom.js";
import { Anchor } from "./anchor.js";

/** Which are picked, where several can be. */
export interface ListPicks<T> {
  has(item: T): boolean;
  toggle(item: T): void;
  /** All from one to the other. */
  stretch(items: readonly T[], from: T, to: T): void;
  all(items: readonly T[]): void;
  /** Somebody moves on without picking. */
  endRun(): void;
}

export interface ListBoxOptions<T> {
  readonly box: HTMLElement;
  /** Where the items stand; in the box itself when left out. */
  readonly items?: HTMLElement;
  keyOf(item: T): string;
  /** Draws an item into its element, anew each time that `stampOf` says another thing. */
  fill(element: HTMLElement, item: T): void;
  /** What the drawing depends on beside the item itself. */
  stampOf?(item: T): string;
  canChoose?(item: T): boolean;
  /** Another item is chosen, or none. */
  chosen(item: T | undefined): void;
  /** The way on from the last item. */
  pastEnd?(): void;
  /** Where somebody begins who has chosen nothing and goes on: at the first one when left out. */
  readonly begins_at?: "first" | "last";
  /** What was chosen went by itself, and nothing is chosen in its place. */
  lost?(): void;
  readonly picks?: ListPicks<T>;
}

export interface ListPanel {
  readonly panel: HTMLElement;
  readonly box: HTMLElement;
  /** What is said when there is nothing. */
  readonly empty: HTMLElement;
}

/** A list with nothing in it makes room for words that say so. The focus stays in the panel, and on the list once there is one. */
export function showEmpty({ panel, box, empty }: ListPanel, is_empty: boolean): void {
  const { activeElement: focused } = document;
  empty.hidden = !is_empty;
  box.hidden = is_empty;
  if (is_empty && focused === box) panel.focus({ preventScroll: true });
  if (!is_empty && focused === panel) box.focus({ preventScroll: true });
}

interface Shown<T> {
  readonly element: HTMLElement;
  item: T;
  stamp: string;
}

let lists = 0;

export class ListBox<T> {
  private items: readonly T[] = [];
  private readonly shown = new Map<string, Shown<T>>();
  private chosen_key: string | undefined;
  private chosen_at = 0;
  private made = 0;
  private readonly prefix = `item-${++lists}`;
  private readonly anchor: Anchor;

  constructor(private readonly options: ListBoxOptions<T>) {
    const { box, items = box } = options;
    this.anchor = new Anchor(box, items, () => this.elementAt(this.chosen_key));
    box.addEventListener("keydown", (event) => this.onKey(event));
    box.addEventListener("click", (event) => this.onClick(event));
    addEventListener("resize", () => this.anchor.settle(true)); // in sight on a phone that is turned
    // Shift with a click would mark the words between.
    box.addEventListener("mousedown", (event) => event.shiftKey && options.picks !== undefined && event.preventDefault());
  }

  get item(): T | undefined {
    return this.chosen_key === undefined ? undefined : this.shown.get(this.chosen_key)?.item;
  }

  get has_focus(): boolean {
    return document.activeElement === this.options.box;
  }

  /** False: it is not in sight. */
  focus(): boolean {
    this.options.box.focus({ preventScroll: true });
    return this.has_focus;
  }

  /** The elements that were not there before. */
  draw(items: readonly T[]): HTMLElement[] {
    const { box, items: place = box, keyOf, stampOf } = this.options;
    const keys = new Set(items.map(keyOf));
    const fresh: HTMLElement[] = [];
    this.items = items;
    for (const [key, { element }] of this.shown) {
      if (keys.has(key)) continue;
      element.remove();
      this.shown.delete(key);
    }
    let next: ChildNode | null = place.firstChild;
    for (const item of items) {
      const stamp = stampOf?.(item) ?? "";
      const element = this.elementOf(keyOf(item), item, stamp, fresh);
      if (element === next) next = next.nextSibling;
      else place.insertBefore(element, next);
    }
    this.drawPicks();
    if (this.chosen_key !== undefined && !keys.has(this.chosen_key)) this.lose();
    this.anchor.hold();
    return fresh;
  }

  /** Others are picked than before. */
  drawPicks(): void {
    const { picks } = this.options;
    if (picks === undefined) return;
    for (const { element, item } of this.shown.values()) {
      const checked = String(picks.has(item));
      if (element.ariaChecked !== checked) element.ariaChecked = checked;
    }
  }

  /** `is_hit`: by a pointer, which finds it where it is; CSS may ask more room around what keys choose (is-hit). */
  choose(item: T | undefined, is_hit = false): void {
    this.options.box.classList.toggle("is-hit", is_hit);
    if (!this.put(item, () => this.anchor.take())) return;
    // What comes with a choice may lie over it.
    this.elementAt(this.chosen_key)?.scrollIntoView({ block: "nearest" });
    this.anchor.take();
  }

  /** This one comes where another was chosen, which is about to go. */
  replaceBy(item: T | undefined): void {
    this.put(item, () => {
      const element = this.elementAt(this.chosen_key);
      if (element === undefined) this.anchor.take();
      else this.anchor.hand(element);
    });
  }

  /** To where it begins. */
  toBegin(): void {
    this.options.box.scrollTop = 0;
    this.anchor.take();
  }

  /** Changes what stands around the list: what is chosen stays where it is on the screen, and in sight if it was. */
  steady(change: () => void): void {
    change();
    this.anchor.hold();
  }

  /** The next one that can be chosen, `by` steps from the present one; from an end when there is none. */
  move(by: 1 | -1, can_leave = true): void {
    const { keyOf, pastEnd, begins_at } = this.options;
    const at = this.items.findIndex((item) => keyOf(item) === this.chosen_key);
    let next = at >= 0 ? at + by : by < 0 || begins_at === "last" ? this.items.length - 1 : 0;
    if (at < 0) by = next === 0 ? 1 : -1;
    while (next >= 0 && next < this.items.length && !this.can(next)) next += by;
    const item = this.items[next];
    if (item !== undefined) this.choose(item);
    else if (by > 0 && can_leave) pastEnd?.();
  }

  end(which: "first" | "last"): void {
    const all = this.items.filter((_, at) => this.can(at));
    const item = which === "first" ? all[0] : all.at(-1);
    if (item !== undefined) this.choose(item);
  }

  private can(at: number): boolean {
    const item = this.items[at];
    return item !== undefined && (this.options.canChoose?.(item) ?? true);
  }

  private lose(): void {
    const { lost } = this.options;
    this.replaceBy(lost === undefined ? this.near(this.chosen_at) : undefined);
    lost?.();
  }

  /** Another is chosen, or none; `place` says where on the screen it is to be. False: it was chosen already. */
  private put(item: T | undefined, place: () => void): boolean {
    const { box, keyOf, chosen } = this.options;
    const key = item === undefined ? undefined : keyOf(item);
    if (key === this.chosen_key && key !== undefined) return false;
    this.elementAt(this.chosen_key)?.setAttribute("aria-selected", "false");
    this.chosen_key = key;
    const element = this.elementAt(key);
    if (item === undefined || element === undefined) {
      box.removeAttribute("aria-activedescendant");
    } else {
      this.chosen_at = this.items.indexOf(item);
      element.setAttribute("aria-selected", "true");
      box.setAttribute("aria-activedescendant", element.id);
    }
    place();
    chosen(item);
    return true;
  }

  private elementAt(key: string | undefined): HTMLElement | undefined {
    return key === undefined ? undefined : this.shown.get(key)?.element;
  }

  /** What takes the place of one that went. */
  private near(at: number): T | undefined {
    for (let next = Math.min(at, this.items.length - 1); next >= 0; next--) if (this.can(next)) return this.items[next];
    return this.items.find((_, next) => this.can(next));
  }

  private elementOf(key: string, item: T, stamp: string, fresh: HTMLElement[]): HTMLElement {
    const shown = this.shown.get(key);
    if (shown?.item === item && shown.stamp === stamp) return shown.element;
    const element = shown?.element ?? make("div", "");
    this.options.fill(element, item);
    if (shown !== undefined) {
      Object.assign(shown, { item, stamp });
      return element;
    }
    element.id = `${this.prefix}-${++this.made}`;
    element.dataset["key"] = key;
    const can = this.options.canChoose?.(item) ?? true;
    element.setAttribute("role", can ? "option" : "presentation");
    if (can) element.setAttribute("aria-selected", "false");
    this.shown.set(key, { element, item, stamp });
    fresh.push(element);
    return element;
  }

  private onKey(event: KeyboardEvent): void {
    if (event.target !== this.options.box || event.altKey) return;
    const act = event.ctrlKey || event.metaKey ? this.pickAllBy(event) : (this.pickBy(event) ?? this.goBy(event.key));
    if (act === undefined) return;
    event.preventDefault();
    act();
  }

  private goBy(key: string): (() => void) | undefined {
    const step = this.stepOf(key, true);
    return step && (() => {
      this.options.picks?.endRun();
      step();
    });
  }

  private stepOf(key: string, can_leave: boolean): (() => void) | undefined {
    const steps: Readonly<Record<string, () => void>> = {
      ArrowDown: () => this.move(1, can_leave),
      j: () => this.move(1, can_leave),
      ArrowUp: () => this.move(-1, can_leave),
      k: () => this.move(-1, can_leave),
      Home: () => this.end("first"),
      End: () => this.end("last"),
    };
    return steps[key];
  }

  private pickAllBy({ key }: KeyboardEvent): (() => void) | undefined {
    const { picks } = this.options;
    return picks !== undefined && key.toLowerCase() === "a" ? () => picks.all(this.items) : undefined;
  }

  private pickBy({ key, shiftKey }: KeyboardEvent): (() => void) | undefined {
    if (this.options.picks === undefined) return undefined;
    if (key === " ") return () => this.pick(shiftKey);
    const step = shiftKey ? this.stepOf(key.length === 1 ? key.toLowerCase() : key, false) : undefined;
    return step && (() => this.stretch(step));
  }

  /** What is chosen, or all from where a run began to it. */
  private pick(is_run: boolean): void {
    const { picks } = this.options;
    if (this.item === undefined) this.move(1);
    const { item } = this;
    if (item === undefined) return;
    if (is_run) picks?.stretch(this.items, item, item);
    else picks?.toggle(item);
  }

  /** Picks all between what is chosen and what is chosen after that. */
  private stretch(step: () => void): void {
    const from = this.item;
    step();
    const to = this.item;
    if (to !== undefined) this.options.picks?.stretch(this.items, from ?? to, to);
  }

  private onClick(event: MouseEvent): void {
    const { box, picks } = this.options;
    const target = event.target as HTMLElement;
    const element = target.closest<HTMLElement>("[role=option]");
    const shown = element === null ? undefined : this.shown.get(element.dataset["key"] ?? "");
    if (shown === undefined) return;
    box.focus({ preventScroll: true });
    const before = this.item;
    if (event.detail > 1 && shown.item !== before) return; // it came under the pointer when another was chosen
    this.choose(shown.item, true);
    if (event.shiftKey) picks?.stretch(this.items, before ?? shown.item, shown.item);
    else if (event.ctrlKey || event.metaKey || target.closest(".pick") !== null) picks?.toggle(shown.item);
    else picks?.endRun();
  }
}

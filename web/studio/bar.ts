// SPDX-License-Identifier: Apache-2.0
/* bar -- the acts on what is chosen, as buttons that show their keys. Arrow keys go along it. */
import { make } from "../dom.js";
import type { Key } from "./keys.js";

/** The second half of a double click on what was chosen is not meant for an act that has come under the pointer. */
const DOUBLE_MS = 600;

export interface ActBarOptions<K extends Key> {
  readonly element: HTMLElement;
  /** Where the focus goes when what had it is not there any more. */
  readonly list: HTMLElement;
  readonly keys: readonly K[];
  /** Where there is no Shift key, a button stands for it. */
  readonly can_ask?: boolean;
  act(act: K, is_asked: boolean): void;
}

export class ActBar<K extends Key> {
  private readonly buttons = new Map<string, HTMLButtonElement>();
  private shown_at = -Infinity;
  private readonly asking = make("button", "act act-asking", "With reason");

  constructor(private readonly options: ActBarOptions<K>) {
    const { element, keys, can_ask } = options;
    for (const key of keys) this.add(key);
    this.asking.type = "button";
    this.asking.tabIndex = -1;
    this.asking.ariaPressed = "false";
    this.asking.addEventListener("click", () => (this.is_asking = !this.is_asking));
    if (can_ask === true) element.append(this.asking);
    element.addEventListener("keydown", (event) => this.onKey(event));
  }

  get has_focus(): boolean {
    return this.options.element.contains(document.activeElement);
  }

  show(is_shown: boolean): void {
    const { element, list } = this.options;
    if (element.hidden !== is_shown) return;
    const had_focus = this.has_focus;
    element.hidden = !is_shown;
    if (is_shown) this.shown_at = performance.now();
    this.is_asking = false;
    if (had_focus) list.focus({ preventScroll: true });
  }

  /** Another word for an act: unpin for pin. */
  name(what: K["do"], label: string): void {
    const span = this.buttons.get(what)?.querySelector(".act-label");
    if (span instanceof HTMLElement && span.textContent !== label) span.textContent = label;
  }

  /** What makes no sense for what is chosen keeps its place: no other act comes under a pointer. */
  can(what: K["do"], can: boolean): void {
    const button = this.buttons.get(what);
    if (button === undefined || button.disabled === !can) return;
    const had_focus = button === document.activeElement;
    button.disabled = !can;
    this.settle();
    if (had_focus) this.options.list.focus({ preventScroll: true });
  }

  private get is_asking(): boolean {
    return this.asking.ariaPressed === "true";
  }

  private set is_asking(is_asking: boolean) {
    this.asking.ariaPressed = String(is_asking);
  }

  private add(key: K): void {
    const button = make("button", `act act-${key.do}`);
    button.type = "button";
    button.tabIndex = this.buttons.size === 0 ? 0 : -1;
    button.setAttribute("aria-keyshortcuts", key.key);
    const kbd = make("kbd", "", key.key);
    kbd.ariaHidden = "true"; // it is among the shortcuts
    button.append(kbd, make("span", "act-label", key.label));
    button.addEventListener("click", (event) => {
      if (event.detail > 1 && performance.now() - this.shown_at < DOUBLE_MS) return;
      const is_asked = event.shiftKey || key.needs_text === true || this.is_asking;
      this.is_asking = false;
      this.options.act(key, is_asked);
    });
    this.buttons.set(key.do, button);
    this.options.element.append(button);
  }

  /** One button is always on the way of Tab. */
  private settle(): void {
    const all = [...this.buttons.values()].filter(({ disabled }) => !disabled);
    if (all.some(({ tabIndex }) => tabIndex === 0)) return;
    const [first] = all;
    if (first !== undefined) first.tabIndex = 0;
  }

  private onKey(event: KeyboardEvent): void {
    if (event.key !== "ArrowRight" && event.key !== "ArrowLeft") return;
    const all = [...this.buttons.values(), this.asking].filter((button) => !button.disabled && button.offsetParent !== null);
    const at = all.findIndex((button) => button === document.activeElement);
    const next = all[(at + (event.key === "ArrowRight" ? 1 : -1) + all.length) % all.length];
    if (at < 0 || next === undefined) return;
    event.preventDefault();
    for (const button of all) button.tabIndex = button === next ? 0 : -1;
    next.focus();
  }
}

// SPDX-License-Identifier: Apache-2.0
/* tabs -- one panel at a time beside the stream; where there is no room beside it, instead of it. */
import { make } from "../dom.js";
import { panelNames, panels, type Panel } from "./keys.js";

type Shown = Panel | "live";

const shortcuts: readonly Shown[] = ["live", ...panels];

export class Tabs {
  private readonly tabs = new Map<Shown, HTMLButtonElement>();
  private readonly counts = new Map<Shown, HTMLElement>();
  shown: Shown = "live";

  constructor(
    box: HTMLElement,
    private readonly desk: HTMLElement,
    private readonly opened: (panel: Shown) => void,
  ) {
    shortcuts.forEach((panel, at) => {
      const tab = make("button", `tab tab-${panel}`);
      const count = make("span", "tab-count");
      tab.type = "button";
      tab.setAttribute("role", "tab");
      tab.id = `tab-${panel}`;
      tab.setAttribute("aria-controls", panel === "live" ? "live" : `panel-${panel}`);
      tab.setAttribute("aria-keyshortcuts", panel === "live" ? "l" : String(at));
      tab.append(make("span", "", panel === "live" ? "Live" : panelNames[panel]), count);
      tab.addEventListener("click", () => this.show(panel));
      this.tabs.set(panel, tab);
      this.counts.set(panel, count);
      box.append(tab);
    });
    box.addEventListener("keydown", (event) => this.onKey(event));
    addEventListener("resize", () => this.mark());
  }

  /** There is room for a panel beside the stream. */
  get is_wide(): boolean {
    return this.tabs.get("live")?.offsetParent === null;
  }

  /** Shows a panel and puts the focus into it. */
  go(panel: Shown): void {
    this.show(panel);
    const element = document.getElementById(`panel-${panel}`);
    const inner = element?.querySelector<HTMLElement>("[role=listbox]:not([hidden])") ?? element;
    inner?.focus({ preventScroll: true });
  }

  show(panel: Shown): void {
    this.shown = panel;
    this.desk.dataset["panel"] = panel;
    this.mark();
    this.opened(panel);
  }

  /** Whether there is room beside the stream changes when a phone is turned. */
  private mark(): void {
    const { shown } = this;
    // Beside the stream there is always one.
    const beside = shown === "live" ? "queue" : shown;
    for (const [name, tab] of this.tabs) {
      const is_shown = name === shown || (shown === "live" && name === beside && this.is_wide);
      tab.setAttribute("aria-selected", String(is_shown));
      tab.tabIndex = is_shown ? 0 : -1;
      const element = document.getElementById(`panel-${name}`);
      if (element !== null) element.hidden = name !== beside;
    }
    this.tabs.get(shown)?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  count(panel: Panel, count: number, has_more = false): void {
    const element = this.counts.get(panel);
    const text = count === 0 ? "" : `${count}${has_more ? "+" : ""}`;
    if (element !== undefined && element.textContent !== text) element.textContent = text;
  }

  private onKey(event: KeyboardEvent): void {
    if (event.key !== "ArrowRight" && event.key !== "ArrowLeft") return;
    const all = [...this.tabs].filter(([, tab]) => tab.offsetParent !== null);
    const at = all.findIndex(([, tab]) => tab === document.activeElement);
    const next = all[(at + (event.key === "ArrowRight" ? 1 : -1) + all.length) % all.length];
    if (at < 0 || next === undefined) return;
    event.preventDefault();
    this.show(next[0]);
    next[1].focus();
  }
}

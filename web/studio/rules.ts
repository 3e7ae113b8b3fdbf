// SPDX-License-Identifier: Apache-2.0
/* rules -- what holds in the stream: slow, shield, each rule with what it hit or would have, and the terms. */
import type { Act, House, HouseRule } from "@roar/sdk";
import { make, setText } from "../dom.js";
import { countText, waitText } from "../words.js";
import { Scope, type Where } from "./scope.js";
import { countHits, readTerms, writeTerms } from "./terms.js";

interface Rule {
  readonly name: string;
  readonly label: string;
  /** The mode that switches it on. */
  readonly mode?: string;
  /** Or the number that does, by its name, in units of `unit`: none is off. */
  readonly number?: { readonly name: string; readonly unit: string; readonly min: number; readonly max: number; readonly times: number };
  /** It is on where something is said of it. */
  readonly is_given?: boolean;
  /** What it does, where that cannot be chosen. */
  readonly does?: string;
}

const rules: readonly Rule[] = [
  { name: "terms", label: "Terms of the list", does: "as it says" },
  { name: "links", label: "Links off", mode: "links_off" },
  { name: "emote_only", label: "Emotes only", mode: "emote_only" },
  { name: "roles_only", label: "Only some roles", mode: "roles_only" },
  { name: "unique", label: "No repeats", mode: "unique" },
  { name: "caps", label: "Capitals", number: { name: "percent", unit: "%, at most", min: 1, max: 100, times: 1 } },
  { name: "marks", label: "Marks on a letter", number: { name: "max", unit: "at most", min: 1, max: 7, times: 1 } },
  { name: "account_age", label: "Accounts older than", number: { name: "seconds", unit: "hours", min: 1, max: 87_600, times: 3_600 } },
  { name: "hook_down", label: "The hook is silent", is_given: true },
  { name: "hold_first", label: "Hold first comments", mode: "hold_first" },
  { name: "hold_all", label: "Hold all comments", mode: "hold_all", does: "hold" },
  { name: "mods_first", label: "Moderators first", mode: "mods_first", does: "hold a while" },
];

const SLOW_S = [0, 5, 10, 30, 60, 120, 300, 600, 1_800, 3_600, 21_600];
const ACTIONS = ["refuse", "hold", "shadow", "mark"] as const;

export interface RulesOptions {
  readonly box: HTMLElement;
  readonly stream: string;
  /** They may set what holds in all streams. */
  readonly can_everywhere: boolean;
  act(act: Act, words: string, where: Where): Promise<boolean>;
  setRules(rules: Readonly<Record<string, HouseRule>>): Promise<void>;
  /** What has been written lately, to try terms on. */
  texts(): readonly string[];
  /** It shows another place's rules from now on: draw() with those. */
  scoped(): void;
  clear(): void;
}

function choice(values: readonly (readonly [string, string])[], label: string): HTMLSelectElement {
  const select = make("select", "");
  select.setAttribute("aria-label", label);
  for (const [value, text] of values) {
    const option = make("option", "", text);
    option.value = value;
    select.append(option);
  }
  return select;
}

function check(label: string): HTMLInputElement {
  const box = make("input", "");
  box.type = "checkbox";
  box.setAttribute("aria-label", label);
  return box;
}

/** A finger hits more than the box. */
function hit(box: HTMLInputElement): HTMLLabelElement {
  const label = make("label", "hit");
  label.append(box);
  return label;
}

function numberOf(label: string, { unit, min, max }: NonNullable<Rule["number"]>): HTMLInputElement {
  const input = make("input", "number");
  Object.assign(input, { type: "number", min: String(min), max: String(max), step: "1", placeholder: "off", inputMode: "numeric", title: unit });
  input.setAttribute("aria-label", `${label}, ${unit}`);
  return input;
}

interface Row {
  readonly rule: Rule;
  readonly element: HTMLElement;
  readonly on: HTMLInputElement;
  readonly action: HTMLSelectElement;
  readonly dry: HTMLInputElement;
  readonly hits: HTMLElement;
  readonly would: HTMLElement;
}

export class Rules {
  private house: House = {};
  private readonly slow = choice(SLOW_S.map((seconds) => [String(seconds), seconds === 0 ? "Off" : waitText(seconds)]), "Slow mode");
  private readonly shield = make("button", "shield", "Shield");
  private readonly scope: Scope;
  private readonly rows: readonly Row[];
  private readonly list = make("table", "rules");
  private readonly terms = make("textarea", "terms");
  private readonly terms_told = make("p", "why");
  private readonly terms_set = make("button", "primary", "Set the terms");
  private is_edited = false;
  private under_way = Promise.resolve();

  constructor(private readonly options: RulesOptions) {
    this.rows = rules.map((rule) => this.rowOf(rule));
    this.shield.type = "button";
    this.shield.addEventListener("click", () => {
      const value = this.house.shield !== true;
      void this.act({ do: "shield", value }, value ? "up" : "down");
    });
    this.slow.addEventListener("change", () => {
      const seconds = Number(this.slow.value);
      void this.act({ do: "slow", seconds }, seconds === 0 ? "to off" : `to ${waitText(seconds)}`);
    });
    this.scope = new Scope(options.stream, "Whose rules", () => {
      this.is_edited = false;
      options.scoped();
    });
    this.buildTerms();
    if (options.can_everywhere) options.box.append(this.scope.element);
    options.box.append(this.head(), this.table(), ...this.termsParts(), this.foot());
  }

  get where(): Where {
    return this.scope.where;
  }

  /** What holds now; what somebody is changing here stays as they have it. */
  draw(house: House): void {
    this.house = house;
    this.shield.setAttribute("aria-pressed", String(house.shield === true));
    setText(this.shield, house.shield === true ? "Shield is up" : "Put the shield up");
    if (document.activeElement !== this.slow) this.drawSlow(house.slow ?? 0);
    this.list.classList.toggle("everywhere", this.where === "everywhere");
    for (const row of this.rows) this.drawRow(row);
    if (!this.is_edited) this.terms.value = writeTerms(house.terms ?? []);
    this.measure();
  }

  private drawSlow(seconds: number): void {
    if (!SLOW_S.includes(seconds) && this.slow.querySelector(`option[value="${seconds}"]`) === null) {
      const option = make("option", "", waitText(seconds));
      option.value = String(seconds);
      this.slow.append(option);
    }
    this.slow.value = String(seconds);
  }

  private drawRow({ rule, element, on, action, dry, hits, would }: Row): void {
    const { modes, counts } = this.house;
    const is_everywhere = this.where === "everywhere";
    // What rules do is each stream's own; modes hold in all.
    element.hidden = is_everywhere && rule.mode === undefined;
    const set = this.house.rules?.[rule.name];
    const { number } = rule;
    const given = number === undefined ? undefined : set?.[number.name];
    if (number === undefined) on.checked = rule.mode !== undefined ? modes?.includes(rule.mode) === true : rule.is_given === true ? set !== undefined : (this.house.terms ?? []).length > 0;
    else if (document.activeElement !== on) on.value = typeof given === "number" ? String(given / number.times) : "";
    if (document.activeElement !== action) action.value = set?.action ?? (rule.name === "hold_first" ? "hold" : "refuse");
    dry.checked = set?.dry_run === true;
    setText(hits, String(counts?.[rule.name]?.hits ?? 0));
    setText(would, String(counts?.[rule.name]?.dry_run ?? 0));
  }

  private rowOf(rule: Rule): Row {
    const on = rule.number === undefined ? check(`${rule.label}: on`) : numberOf(rule.label, rule.number);
    const action = choice(ACTIONS.map((value) => [value, value]), `${rule.label}: what it does`);
    const dry = check(`${rule.label}: only counted`);
    const row: Row = { rule, element: make("tr", ""), on, action, dry, hits: make("td", "number"), would: make("td", "number") };
    on.disabled = rule.mode === undefined && rule.number === undefined && rule.is_given !== true;
    on.addEventListener("change", () => void this.switched(rule, row));
    action.addEventListener("change", () => void this.change(rule, { action: action.value as (typeof ACTIONS)[number] }));
    dry.addEventListener("change", () => void this.change(rule, { dry_run: dry.checked }));
    return row;
  }

  private switched(rule: Rule, { on, action }: Row): Promise<void> {
    if (rule.number !== undefined) return this.set(rule, on);
    if (rule.is_given !== true) return this.switch(rule, on.checked);
    return on.checked ? this.change(rule, { action: action.value as (typeof ACTIONS)[number] }) : this.drop(rule);
  }

  private act(act: Act, words: string): Promise<boolean> {
    return this.options.act(act, words, this.where);
  }

  private async switch({ mode, label }: Rule, is_on: boolean): Promise<void> {
    if (mode === undefined) return;
    const others = (this.house.modes ?? []).filter((one) => one !== mode);
    const value = is_on ? [...others, mode] : others;
    if (!(await this.act({ do: "mode", value }, `“${label}” ${is_on ? "on" : "off"}`))) this.draw(this.house);
  }

  /** A number is its rule's switch: without one it is off. */
  private async set({ name, number }: Rule, input: HTMLInputElement): Promise<void> {
    if (number === undefined || !input.reportValidity()) return;
    if (input.value !== "") return this.change({ name }, { [number.name]: Number(input.value) * number.times });
    await this.drop({ name });
  }

  private async drop({ name }: Pick<Rule, "name">): Promise<void> {
    await this.put(({ [name]: _, ...others }) => others);
  }

  private async change({ name }: Pick<Rule, "name">, change: HouseRule): Promise<void> {
    await this.put((all) => ({ ...all, [name]: { ...all[name], ...change } }));
  }

  /** The rules are set whole: one change waits for what the one before has made of them. */
  private put(change: (all: Readonly<Record<string, HouseRule>>) => Readonly<Record<string, HouseRule>>): Promise<void> {
    this.under_way = this.under_way.then(() => this.options.setRules(change(this.house.rules ?? {})));
    return this.under_way;
  }

  private head(): HTMLElement {
    const head = make("div", "rules-head");
    const slow = make("label", "slow", "Slow mode ");
    slow.append(this.slow);
    head.append(this.shield, slow);
    return head;
  }

  private table(): HTMLElement {
    const table = this.list;
    table.ariaLabel = "Rules";
    const head = make("tr", "");
    for (const title of ["Rule", "On", "Then", "Only count", "Hit", "Would have"]) {
      const cell = make("th", "", title);
      cell.scope = "col";
      head.append(cell);
    }
    table.createTHead().append(head);
    const body = table.createTBody();
    for (const { rule, element: row, on, action, dry, hits, would } of this.rows) {
      const title = make("th", "", rule.label);
      title.scope = "row";
      const does = rule.does === undefined ? action : make("span", "why", rule.does);
      const unit = rule.number === undefined ? [] : [make("span", "unit", rule.number.unit)];
      const switched = rule.number === undefined ? hit(on) : on;
      row.append(title, ...[[switched, ...unit], [does], [hit(dry)]].map((parts) => {
        const cell = make("td", "");
        cell.append(...parts);
        return cell;
      }), hits, would);
      body.append(row);
    }
    const frame = make("div", "table");
    frame.append(table);
    return frame;
  }

  private foot(): HTMLElement {
    const foot = make("div", "rules-foot");
    const clear = make("button", "plain danger", "Clear the stream …");
    clear.type = "button";
    clear.setAttribute("aria-keyshortcuts", "c");
    clear.addEventListener("click", () => this.options.clear());
    foot.append(clear, make("p", "why", "Takes away all that was written up to now, once you have seen how much and typed the stream's name."));
    return foot;
  }

  private buildTerms(): void {
    this.terms.rows = 8;
    this.terms.spellcheck = false;
    this.terms.id = "terms";
    this.terms.placeholder = "buy now | substring | hold";
    this.terms.setAttribute("aria-describedby", "terms-told");
    this.terms_told.id = "terms-told";
    this.terms.addEventListener("input", () => {
      this.is_edited = true;
      this.measure();
    });
    this.terms_set.type = "button";
    this.terms_set.addEventListener("click", () => void this.setTerms());
  }

  private termsParts(): Node[] {
    const label = make("label", "terms-label", "Terms, a line each: text | word, substring or allow | refuse, hold or shadow");
    label.htmlFor = "terms";
    return [label, this.terms, this.terms_told, this.terms_set];
  }

  private measure(): void {
    const { terms, faults } = readTerms(this.terms.value);
    const texts = this.options.texts();
    const hits = countHits(terms, texts);
    const words = faults.length > 0 ? faults.slice(0, 3).join("; ") : `${countText(terms.length, "term", "terms")}; ${hits} of the last ${countText(texts.length, "comment", "comments")} would have been hit.`;
    setText(this.terms_told, words);
    this.terms_told.classList.toggle("error", faults.length > 0);
    this.terms_set.disabled = faults.length > 0 || !this.is_edited;
  }

  private async setTerms(): Promise<void> {
    const { terms } = readTerms(this.terms.value);
    if (!(await this.act({ do: "terms", value: terms }, `to ${countText(terms.length, "term", "terms")}`))) return;
    this.is_edited = false;
    this.measure();
  }
}

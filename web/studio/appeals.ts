// SPDX-License-Identifier: Apache-2.0
/* appeals -- what people have to say against acts on them: each with the act, what is kept of their comments, and
 * their words; decided here, and handed on as a statement of reasons. */
import { Problem, type ActSeen, type Appeal, type Moderator, type UserSeen, type Written } from "@roar/sdk";
import { make } from "../dom.js";
import { hueOf } from "../look.js";
import type { Known } from "./known.js";
import { ListBox, showEmpty, type ListPanel } from "./list_box.js";
import { timeOf } from "./live.js";
import { entryText } from "./telling.js";

/** So many are told with all that belongs to them; the next when these are decided. */
const SHOWN = 50;
const EVIDENCE_MAX = 3;
const PACE_MS = 10_000;
/** What removes comments, and what is about a person. */
const REMOVING = new Set(["delete", "hold", "purge", "clear", "reject"]);

/** The comments that an act is about, as far as they are kept. */
export function evidenceOf({ entry }: ActSeen, { comments }: Pick<UserSeen, "comments">): readonly Written[] {
  const { target } = entry;
  const [kind, names] = [target?.slice(0, target.indexOf(":")), target?.slice(target.indexOf(":") + 1)];
  const kept = comments.filter(({ text }) => text !== undefined);
  if (kind === "id" || kind === "ids") {
    const ids = new Set(names?.split(","));
    return kept.filter(({ id }) => ids.has(id));
  }
  if (kind === "seq") {
    const seqs = new Set(names?.split(",").map(Number));
    return kept.filter(({ seq }) => seq !== undefined && seqs.has(seq));
  }
  const before = kept.filter(({ at, state }) => at <= entry.at && (!REMOVING.has(entry.do) || state === "deleted"));
  return before.slice(-EVIDENCE_MAX);
}

interface Detail {
  readonly act: ActSeen | undefined;
  readonly evidence: readonly Written[];
}

export interface AppealsOptions extends ListPanel {
  readonly decided: HTMLInputElement;
  readonly moderator: Pick<Moderator, "appeals" | "entry" | "user">;
  /** Where acts on all streams are looked up, by those who may. */
  readonly everywhere: Pick<Moderator, "entry"> | undefined;
  readonly known: Known;
  chosen(appeal: Appeal | undefined): void;
  changed(): void;
  failed(error: unknown): void;
}

const states: Readonly<Record<Appeal["state"], string>> = { open: "open", granted: "granted", rejected: "rejected" };

export class Appeals {
  readonly list: ListBox<Appeal>;
  private all: readonly Appeal[] = [];
  private readonly details = new Map<string, Detail>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private is_open = false;
  private is_poked = false;
  private asking: Promise<void> | undefined;

  constructor(private readonly options: AppealsOptions) {
    this.list = new ListBox<Appeal>({
      box: options.box,
      keyOf: ({ id }) => id,
      fill: (element, appeal) => this.fill(element, appeal),
      stampOf: ({ id, state }) => `${state} ${this.details.has(id)}`,
      chosen: (appeal) => options.chosen(appeal),
    });
    options.decided.addEventListener("change", () => void this.refresh());
  }

  get chosen(): Appeal | undefined {
    return this.list.item;
  }

  /** How many are open. */
  get count(): number {
    return this.all.filter(({ state }) => state === "open").length;
  }

  open(is_open: boolean): void {
    this.is_open = is_open;
    clearTimeout(this.timer);
    if (is_open) void this.refresh();
  }

  /** Asks anew; what is asked meanwhile is asked once more afterwards. */
  refresh(): Promise<void> {
    this.is_poked = true;
    this.asking ??= this.askAll().finally(() => (this.asking = undefined));
    return this.asking;
  }

  /** What an appeal is about, to be looked at before it is decided. */
  previewOf(appeal: Appeal): readonly Node[] {
    return this.partsOf(appeal);
  }

  private async askAll(): Promise<void> {
    while (this.is_poked) {
      this.is_poked = false;
      await this.ask();
    }
  }

  private async ask(): Promise<void> {
    const { moderator, failed, changed } = this.options;
    clearTimeout(this.timer);
    try {
      this.all = await moderator.appeals();
      this.draw();
      changed();
      if (this.is_open) await this.detail();
    } catch (error) {
      failed(error);
    }
    if (this.is_open) this.timer = setTimeout(() => void this.refresh(), PACE_MS);
  }

  private get shown(): readonly Appeal[] {
    const { decided } = this.options;
    const open = this.all.filter(({ state }) => state === "open");
    const rest = decided.checked ? this.all.filter(({ state }) => state !== "open").reverse() : [];
    return [...open, ...rest].slice(0, SHOWN);
  }

  private async detail(): Promise<void> {
    for (const appeal of this.shown) {
      if (this.details.has(appeal.id)) continue;
      this.details.set(appeal.id, await this.find(appeal));
      this.draw();
    }
  }

  private async find({ act, user }: Appeal): Promise<Detail> {
    const { moderator, everywhere, known } = this.options;
    const gone = (problem: unknown): undefined => {
      if (problem instanceof Problem && problem.status === 404) return undefined;
      throw problem;
    };
    const here = await moderator.entry(act).catch(gone);
    const found = here ?? (await everywhere?.entry(act).catch(gone));
    const seen = await moderator.user(user);
    known.meetAt(seen.user, seen.comments.map(({ seq }) => seq));
    return { act: found, evidence: found === undefined ? [] : evidenceOf(found, seen) };
  }

  private draw(): void {
    const { shown } = this;
    this.list.draw(shown);
    showEmpty(this.options, shown.length === 0);
  }

  private fill(element: HTMLElement, appeal: Appeal): void {
    element.className = `item appeal ${appeal.state}`;
    element.dataset["hue"] = String(hueOf(appeal.user));
    element.replaceChildren(...this.partsOf(appeal));
  }

  private partsOf({ id, at, user, text, state, by, words }: Appeal): HTMLElement[] {
    const { known } = this.options;
    const detail = this.details.get(id);
    const head = make("span", "who");
    head.append(make("bdi", "name", known.user(user)), timeOf(at), make("span", `tag ${state}`, states[state]));
    const said = make("span", "text", text);
    said.dir = "auto";
    const against = detail?.act === undefined ? (detail === undefined ? "…" : "an act on all streams") : entryText(detail.act.entry, known);
    const rows = [head, make("span", "why", `Against: ${against}`), ...(detail?.evidence ?? []).map(evidenceRow), said];
    if (state !== "open") rows.push(make("span", "why", `${state} by ${by ?? "somebody"}${words == null ? "" : `: ${words}`}`));
    return rows;
  }
}

function evidenceRow({ at, text }: Written): HTMLElement {
  const row = make("span", "evidence");
  const words = make("q", "text", text);
  words.dir = "auto";
  row.append(timeOf(at), words);
  return row;
}

/** Gives somebody a document to keep. */
export function handOver(name: string, content: unknown): void {
  const url = URL.createObjectURL(new Blob([`${JSON.stringify(content, null, 2)}\n`], { type: "application/json" }));
  const link = make("a", "");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

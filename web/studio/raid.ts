// SPDX-License-Identifier: Apache-2.0
/* raid -- texts that many wrote alike, and waves of new accounts, on screens and in the queue: looked at whole, acted
 * on at once. */
import type { Moderator, SimilarComment, SimilarGroup, User } from "@roar/sdk";
import { make } from "../dom.js";
import { nameOf } from "../look.js";
import { countText, isolated } from "../words.js";
import { Aim } from "./aim.js";
import { ListBox, showEmpty, type ListPanel } from "./list_box.js";
import { statesText } from "./several.js";

const PACE_MS = 3_000;
/** Nobody looks at the groups, but is to see at the tab that there are some. */
const IDLE_PACE_MS = 15_000;
const POKED_MS = 300;
const LIMIT = 500;
/** So many people make a group worth a look. */
export const MANY = 5;

export function authorsOf(comments: readonly SimilarComment[]): readonly User[] {
  return [...new Map(comments.map(({ user }) => [user.id, user])).values()];
}

/** A name for each group that it keeps while it grows, and while its oldest comments go. */
export class GroupNames {
  private names = new Map<string, string>();
  private by_group = new Map<SimilarGroup, string>();
  private made = 0;

  of(group: SimilarGroup): string {
    return this.by_group.get(group) ?? "";
  }

  take(groups: readonly SimilarGroup[]): void {
    const [before, given] = [this.names, new Set<string>()];
    this.names = new Map();
    this.by_group = new Map();
    for (const group of groups) {
      const keys = group.ids.map((id) => `${group.why}:${id}`);
      const known = keys.map((key) => before.get(key)).find((name) => name !== undefined && !given.has(name));
      const name = known ?? `group-${++this.made}`;
      given.add(name);
      this.by_group.set(group, name);
      for (const key of keys) this.names.set(key, name);
    }
  }
}

export interface RaidOptions extends ListPanel {
  readonly moderator: Pick<Moderator, "similar">;
  chosen(group: SimilarGroup | undefined): void;
  changed(): void;
  failed(error: unknown): void;
}

export class Raid {
  readonly list: ListBox<SimilarGroup>;
  private readonly names = new GroupNames();
  private readonly aim: Aim;
  private groups: readonly SimilarGroup[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;
  private is_open = false;
  private is_hurried = false;

  constructor(private readonly options: RaidOptions) {
    this.list = new ListBox<SimilarGroup>({
      box: options.box,
      keyOf: (group) => this.names.of(group),
      fill: (element, group) => this.fill(element, group),
      chosen: (group) => options.chosen(group),
    });
    this.aim = new Aim(options.box, { ends: () => this.draw() });
  }

  get chosen(): SimilarGroup | undefined {
    return this.list.item;
  }

  /** Those that look like more than one person who repeats themselves, or a few who agree. */
  get raids(): readonly SimilarGroup[] {
    return this.groups.filter(({ users }) => users.length >= MANY);
  }

  start(): void {
    void this.refresh();
  }

  /** Groups are looked for more often while somebody looks. */
  open(is_open: boolean): void {
    if (is_open === this.is_open) return;
    this.is_open = is_open;
    if (is_open) void this.refresh();
  }

  /** Something makes it likely that there are other groups. */
  poke(): void {
    this.hurry(this.is_open ? POKED_MS : PACE_MS);
  }

  /** We have changed what there is: what is said of groups is not to outlast them. */
  pokeAtOnce(): void {
    this.is_hurried = false;
    this.hurry(POKED_MS);
  }

  private hurry(ms: number): void {
    if (this.is_hurried) return;
    this.is_hurried = true;
    this.later(ms);
  }

  async refresh(): Promise<void> {
    const { moderator, failed } = this.options;
    clearTimeout(this.timer);
    this.is_hurried = false;
    try {
      this.groups = await moderator.similar(LIMIT);
      this.draw();
    } catch (error) {
      failed(error);
    }
    if (!this.is_hurried) this.later(this.is_open ? PACE_MS : IDLE_PACE_MS);
  }

  private later(ms: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.refresh(), ms);
  }

  private draw(): void {
    this.options.changed();
    if (this.aim.is_on) return;
    this.names.take(this.groups);
    this.list.draw(this.groups);
    showEmpty(this.options, this.groups.length === 0);
  }

  private fill(element: HTMLElement, { why, count, waiting, users, comments }: SimilarGroup): void {
    element.className = "item group";
    const newest = comments.at(-1);
    const people = authorsOf(comments);
    const head = make("span", "who");
    const said = [why === "text" ? "alike" : "by new accounts", `by ${countText(users.length, "person", "people")}`];
    head.append(make("span", "count", `${count}×`), ...said.map((text) => make("span", "why", text)));
    head.append(make("span", waiting > 0 ? "tag held" : "tag visible", statesText(count, waiting)));
    const words = make("span", "text", newest?.text ?? "");
    words.dir = "auto";
    const names = people.slice(0, 6).map((user) => isolated(nameOf(user))).join(", ");
    element.replaceChildren(head, words, make("span", "why", users.length > 6 ? `${names} …` : names));
  }
}

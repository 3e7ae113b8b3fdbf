// SPDX-License-Identifier: Apache-2.0
/* keys -- what each key does, in one table: the toolbars, the help and the keyboard all read it. */
import type { ActDo } from "@roar/sdk";

/** What one key does to whatever is chosen. */
export interface Key {
  readonly key: string;
  readonly do: string;
  readonly label: string;
  /** It takes words of the moderator's. */
  readonly needs_text?: boolean;
}

/** Acts that one key gives to whoever or whatever is chosen. */
export interface ActKey extends Key {
  readonly do: ActDo;
  /** What it is done to. */
  readonly to: "comment" | "user";
  /** Asked for when none is given: of a timeout. */
  readonly seconds?: number;
  /** Those who moderate all streams can do it in all of them. */
  readonly everywhere?: boolean;
}

const TIMEOUT_S = 600;

const timeOut: ActKey = { key: "t", do: "timeout", label: "Time out", to: "user", seconds: TIMEOUT_S, everywhere: true };
const ban: ActKey = { key: "b", do: "ban", label: "Ban", to: "user", everywhere: true };
const shadow: ActKey = { key: "s", do: "shadow", label: "Shadow", to: "user", everywhere: true };
const purge: ActKey = { key: "x", do: "purge", label: "Purge", to: "user", everywhere: true };
const warn: ActKey = { key: "w", do: "warn", label: "Warn", to: "user", needs_text: true };
/* What lifts has a key of its own: who presses the key of a ban a moment after another moderator means the ban. */
const unban: ActKey = { key: "n", do: "unban", label: "Unban", to: "user" };
const unshadow: ActKey = { key: "y", do: "unshadow", label: "Unshadow", to: "user" };

/** On a chosen comment, or the one who wrote it. */
export const commentKeys: readonly ActKey[] = [
  { key: "d", do: "delete", label: "Delete", to: "comment" },
  timeOut,
  ban,
  shadow,
  purge,
  { key: "p", do: "pin", label: "Pin", to: "comment" },
  warn,
  { key: "h", do: "hold", label: "Hold", to: "comment" },
  { key: "r", do: "restore", label: "Restore", to: "comment" },
  unban,
  unshadow,
];

/** On a comment that waits, or on all that are picked. */
export const queueKeys: readonly ActKey[] = [
  { key: "a", do: "approve", label: "Approve", to: "comment" },
  { key: "r", do: "reject", label: "Reject", to: "comment" },
  timeOut,
  ban,
  shadow,
  purge,
  warn,
];

/** On the person who is looked at. */
export const personKeys: readonly ActKey[] = [
  timeOut,
  ban,
  shadow,
  purge,
  warn,
  { key: "h", do: "hold", label: "Hold what comes", to: "user" },
  unban,
  unshadow,
];

/** On what they wrote, beside those. What puts back has no key: who presses that of a rejection a moment after another
 * moderator means the rejection. */
export const writtenKeys: readonly ActKey[] = [
  { key: "a", do: "approve", label: "Approve", to: "comment" },
  { key: "r", do: "reject", label: "Reject", to: "comment" },
  { key: "d", do: "delete", label: "Delete", to: "comment" },
  { key: "", do: "restore", label: "Restore", to: "comment" },
];

/** On an appeal. */
export const appealKeys: readonly Key[] = [
  { key: "g", do: "granted", label: "Grant: undo it" },
  { key: "r", do: "rejected", label: "Reject: it stands" },
  { key: "e", do: "export", label: "Export" },
];

/** On a whole group, after a look at what it would be. */
export const groupKeys: readonly ActKey[] = [
  { key: "d", do: "delete", label: "Delete all", to: "comment" },
  { key: "t", do: "timeout", label: "Time out authors", to: "user", seconds: TIMEOUT_S },
  { key: "b", do: "ban", label: "Ban authors", to: "user" },
  { key: "s", do: "shadow", label: "Shadow authors", to: "user" },
  { key: "x", do: "purge", label: "Purge authors", to: "user" },
];

/** What makes an act of the queue fall on several, for people to read. */
export const pickKeys: readonly (readonly [string, string])[] = [
  ["Space", "choose, or not"],
  ["Shift + ↓ ↑", "a run"],
  ["Ctrl + a", "all shown"],
  ["Esc", "none"],
  ["< >", "turn the page"],
];

/** What the other keys do, for people to read. */
export const otherKeys: readonly (readonly [string, string])[] = [
  ["j k ↓ ↑", "next, previous"],
  ["Home End", "oldest, newest"],
  ["Shift + key", "the same, with a reason, another duration, or everywhere"],
  ["v Enter", "who wrote it: history and sanctions"],
  ["u", "undo your last act"],
  ["Esc", "follow the newest again"],
  ["l", "to the comments"],
  ["1 2 3 4 5 6", "queue, raid, person, rules, audit, appeals"],
  ["!", "put the shield up: all rules at their strictest"],
  ["c", "clear the stream, once its name is typed"],
  ["?", "this list"],
];

export const panels = ["queue", "raid", "person", "rules", "audit", "appeals"] as const;
export type Panel = (typeof panels)[number];

export const panelNames: Readonly<Record<Panel, string>> = {
  queue: "Queue",
  raid: "Raid",
  person: "Person",
  rules: "Rules",
  audit: "Audit",
  appeals: "Appeals",
};

/** The act of a key, and whether more is to be asked first. */
export function actOf<K extends Key>(keys: readonly K[], event: Pick<KeyboardEvent, "key" | "shiftKey">): { act: K; ask: boolean } | undefined {
  const act = keys.find(({ key }) => key === event.key.toLowerCase());
  return act === undefined ? undefined : { act, ask: event.shiftKey || act.needs_text === true };
}

/** Keys are for those who write when they write. */
export function isWriting(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches("input:not([type=checkbox], [type=radio]), textarea, select");
}

// SPDX-License-Identifier: Apache-2.0
/* telling -- acts of moderation in words. */
import type { AuditEntry, Sanction } from "@roar/sdk";
import { countText, waitText } from "../words.js";

/** sam "deleted" #12; Ann is "banned". */
const did: Readonly<Record<string, string>> = {
  delete: "deleted",
  hold: "held back",
  restore: "restored",
  purge: "purged",
  clear: "cleared the stream",
  approve: "approved",
  reject: "rejected",
  ban: "banned",
  unban: "unbanned",
  timeout: "timed out",
  shadow: "shadowed",
  unshadow: "unshadowed",
  warn: "warned",
  pin: "pinned",
  unpin: "unpinned",
  slow: "set slow mode",
  mode: "set the modes",
  shield: "set the shield",
  terms: "set the terms",
  rules: "set the rules",
  undo: "undid",
  acknowledge: "acknowledged",
  appeal: "appealed against",
  decide: "decided on",
};

const rules: Readonly<Record<string, string>> = {
  terms: "a word of the list",
  links: "a link",
  emote_only: "not only emotes",
  roles_only: "none of the roles",
  unique: "said before",
  caps: "capitals",
  marks: "piled marks",
  account_age: "a young account",
  hook_down: "the hook was silent",
  hold_first: "their first comment",
  hold_all: "all comments wait",
  mods_first: "moderators first",
};

/** What a rule found: "a link". */
export const ruleWord = (rule: string): string => rules[rule] ?? rule;

export const didWord = (what: string): string => did[what] ?? what;

/** "Deleted" Ann's comment. */
export function doneWord(what: string): string {
  const word = what === "undo" ? "undone" : didWord(what);
  return word.charAt(0).toUpperCase() + word.slice(1);
}

/** What somebody is who is under it: "timed out". */
export const sanctionWord = (what: string): string => (what === "hold" ? "held" : didWord(what));

/** "timed out, 8 minutes left" */
export function sanctionText(sanction: Sanction, now: number): string {
  const word = sanctionWord(sanction.do);
  const left_s = sanction.until === undefined ? undefined : Math.ceil((sanction.until - now) / 1_000);
  const where = sanction.all === true ? " on all streams" : "";
  return left_s === undefined ? `${word}${where}` : `${word}${where}, ${waitText(Math.max(0, left_s))} left`;
}

function list(text: string): number {
  try {
    const parsed: unknown = JSON.parse(text);
    return Array.isArray(parsed) ? parsed.length : 1;
  } catch {
    return text.split(",").length;
  }
}

/** Names for those whom a screen knows; ids for others. */
export interface Names {
  user(id: string): string;
  /** Whose comment stood at this place. */
  author(seq: number): string | undefined;
  /** What an act was that another is about. */
  act(id: string): AuditEntry | undefined;
}

export const noNames: Names = { user: (id) => id, author: () => undefined, act: () => undefined };

/** "kim's ban of Ann": of an act that was undone, or is appealed against. */
function actText(id: string, names: Names): string {
  const entry = names.act(id);
  if (entry === undefined || entry.target?.startsWith("act:") === true) return id;
  const target = targetText(entry, names);
  return `“${didWord(entry.do)}${target === "" ? "" : ` ${target}`}”`;
}

/** What an entry is about: "Ann's comment", "#4072", "240 comments". */
export function targetText({ target }: Pick<AuditEntry, "target">, names: Names = noNames): string {
  if (target === null) return "";
  const colon = target.indexOf(":");
  const [kind, rest] = [target.slice(0, colon), target.slice(colon + 1)];
  if (kind === "user") return names.user(rest);
  if (kind === "seq" && !rest.includes(",")) {
    const author = names.author(Number(rest));
    return author === undefined ? `#${rest}` : `${author}'s comment`;
  }
  if (kind === "seq") return countText(list(rest), "comment", "comments");
  if (kind === "seqs") return countText(list(rest), "comment", "comments");
  if (kind === "users") return countText(list(rest), "person", "people");
  if (kind === "act") return actText(rest, names);
  if (kind === "id") return `comment ${rest}`;
  return rest;
}

/** One line of the audit: "sam timed out u9 for 10 minutes: spam" */
export function entryText(entry: AuditEntry, names: Names = noNames): string {
  const who = entry.kind === "user" ? (entry.by === null ? "somebody" : names.user(entry.by)) : `${entry.kind}${entry.by === null ? "" : ` ${entry.by}`}`;
  const time = typeof entry.seconds === "number" && entry.seconds > 0 ? ` for ${waitText(entry.seconds)}` : "";
  const target = targetText(entry, names);
  const reason = entry.reason === null ? "" : `: ${entry.reason}`;
  return `${who} ${didWord(entry.do)}${target === "" ? "" : ` ${target}`}${time}${reason}`;
}

/** What undo can lift. */
const LASTING: ReadonlySet<string> = new Set(
  ["delete", "hold", "purge", "clear", "reject", "ban", "timeout", "shadow", "warn", "pin", "slow", "mode", "shield", "terms", "rules"],
);

export const canUndo = ({ do: what, act }: Pick<AuditEntry, "do" | "act">, lifted: ReadonlySet<string>): boolean =>
  act !== null && LASTING.has(what) && !lifted.has(act);

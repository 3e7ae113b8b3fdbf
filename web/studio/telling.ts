// SPDX-License-Identifier: Apache-2.0
/* telling -- acts of moderation in words. */
import type { AuditEntry, HouseRule, Sanction } from "@roar/sdk";
import { countText, isolated, waitText } from "../words.js";
import type { Where } from "./scope.js";

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
  mode: "switched",
  shield: "put the shield",
  terms: "set the terms",
  rules: "set the rules",
  undo: "undid",
  acknowledge: "acknowledged",
  appeal: "appealed against",
  decide: "decided on",
};

/** Could not "delete" it, where that is not its name. */
const toDo: Readonly<Record<string, string>> = {
  hold: "hold back",
  clear: "clear the stream",
  timeout: "time out",
  slow: "set slow mode",
  mode: "switch",
  shield: "put the shield",
  terms: "set the terms",
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

/** To "time out" somebody. */
export const toDoWord = (what: string): string => toDo[what] ?? what;

/** "Deleted" Ann's comment. */
export function doneWord(what: string): string {
  const word = what === "undo" ? "undone" : didWord(what);
  return word.charAt(0).toUpperCase() + word.slice(1);
}

/** What somebody is who is under it: "timed out". */
export const sanctionWord = (what: string): string => (what === "hold" ? "held" : didWord(what));

/** "timed out on all streams" */
export const sanctionText = ({ do: what, all }: Sanction): string => `${sanctionWord(what)}${all === true ? " on all streams" : ""}`;

/** "timed out by kim, 8 minutes left: spam" */
export function sanctionWhole(sanction: Sanction, now: number): string {
  const { by, until, reason } = sanction;
  const left_s = until === undefined ? undefined : Math.max(0, Math.ceil((until - now) / 1_000));
  const left = left_s === undefined ? "" : `, ${waitText(left_s)} left`;
  return `${sanctionText(sanction)}${by === undefined ? "" : ` by ${isolated(by)}`}${left}${reason === undefined ? "" : `: ${isolated(reason)}`}`;
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
  /** Whose comment stood at this place, or has this id. */
  author(comment: number | string): string | undefined;
  /** What an act was that another is about. */
  act(id: string): AuditEntry | undefined;
}

export const noNames: Names = { user: (id) => id, author: () => undefined, act: () => undefined };

/** "kim's ban of Ann": of an act that was undone, or is appealed against. */
function actText(id: string, names: Names): string {
  const entry = names.act(id);
  if (entry === undefined || entry.target?.startsWith("act:") === true) return id;
  return `“${whatText(entry, names)}”`;
}

function parsed(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    return undefined; // too long to be kept: its hash
  }
}

const spoken = (name: string): string => name.replaceAll("_", " ");

/** "caps 70, mark, only counted": what is said of a rule beside what holds anyway. */
function ruleText(name: string, rule: HouseRule): string {
  const usual = name === "hold_first" ? "hold" : "refuse";
  const { percent, max, seconds, action, dry_run } = rule;
  const said = [percent, max, typeof seconds === "number" ? waitText(seconds) : undefined, action === usual ? undefined : action, dry_run === true ? "only counted" : undefined];
  const parts = said.filter((part) => part !== undefined);
  return parts.length === 0 ? "" : `${spoken(name)} ${parts.join(", ")}`;
}

/** What a setting was set to: "put the shield up"; undefined: it is none. */
function settingText({ do: what, value, seconds }: AuditEntry): string | undefined {
  const given = typeof value === "string" ? parsed(value) : value;
  const many = Array.isArray(given) ? given : undefined;
  switch (what) {
    case "slow":
      return seconds === 0 ? "ended slow mode" : undefined;
    case "shield":
      return `put the shield ${given === false ? "down" : "up"}`;
    case "mode":
      if (many === undefined) return "set the modes";
      return many.length === 0 ? "ended all modes" : `set the modes to ${many.map((one) => spoken(String(one))).join(", ")}`;
    case "terms":
      if (many === undefined) return didWord(what);
      return many.length === 0 ? "ended all terms" : `${didWord(what)} to ${countText(many.length, "term", "terms")}`;
    case "rules": {
      const all = typeof given === "object" && given !== null ? Object.entries(given as Readonly<Record<string, HouseRule>>) : [];
      const said = all.map(([name, rule]) => ruleText(name, rule)).filter((one) => one !== "");
      return said.length === 0 ? didWord(what) : `${didWord(what)}: ${said.join("; ")}`;
    }
    default:
      return undefined;
  }
}

/** "banned Ann", "set slow mode" */
function whatText(entry: AuditEntry, names: Names): string {
  const target = targetText(entry, names);
  return settingText(entry) ?? `${didWord(entry.do)}${target === "" ? "" : ` ${target}`}`;
}

/** What is always aimed at somebody or something: a list that was too long to be told is left out. */
const untold: Readonly<Record<string, string>> = {
  ...Object.fromEntries(["delete", "hold", "restore", "approve", "reject"].map((what) => [what, "many comments"])),
  ...Object.fromEntries(["purge", "ban", "unban", "timeout", "shadow", "unshadow", "warn"].map((what) => [what, "many people"])),
};

/** A list that was too long to be told, and stands in the audit. */
export const isUntold = ({ do: what, target }: { readonly do: string; readonly target?: string | null }): boolean => target == null && what in untold;

/** What an entry is about: "Ann's comment", "#4072", "240 comments". */
export function targetText({ do: what, target }: Pick<AuditEntry, "do" | "target">, names: Names = noNames): string {
  if (target === null) return untold[what] ?? "";
  const colon = target.indexOf(":");
  const [kind, rest] = [target.slice(0, colon), target.slice(colon + 1)];
  if (kind === "sha256") return untold[what] ?? "";
  if (kind === "user") return isolated(names.user(rest));
  if (kind === "seq" && !rest.includes(",")) {
    const author = names.author(Number(rest));
    return author === undefined ? `#${rest}` : `${isolated(author)}'s comment`;
  }
  if (kind === "seq") return countText(list(rest), "comment", "comments");
  if (kind === "seqs" || kind === "ids") return countText(list(rest), "comment", "comments");
  if (kind === "users") return countText(list(rest), "person", "people");
  if (kind === "act") return actText(rest, names);
  if (kind === "id") {
    const author = names.author(rest);
    return author === undefined ? `comment ${rest}` : `${isolated(author)}'s comment`;
  }
  return rest;
}

/** One line of the audit: "sam timed out u9 for 10 minutes: spam" */
export function entryText(entry: AuditEntry, names: Names = noNames): string {
  const who = entry.kind === "user" ? (entry.by === null ? "somebody" : isolated(names.user(entry.by))) : `${entry.kind}${entry.by === null ? "" : ` ${entry.by}`}`;
  const time = entry.do !== "mode" && typeof entry.seconds === "number" && entry.seconds > 0 ? ` for ${waitText(entry.seconds)}` : "";
  const told = entry.do === "warn" && typeof entry.value === "string" ? `: “${isolated(entry.value)}”` : "";
  const reason = entry.reason === null ? "" : `: ${isolated(entry.reason)}`;
  return `${who} ${whatText(entry, names)}${time}${told}${reason}`;
}

/** What undo can lift. */
const LASTING: ReadonlySet<string> = new Set(
  ["delete", "hold", "purge", "clear", "reject", "ban", "timeout", "shadow", "warn", "pin", "slow", "mode", "shield", "terms", "rules"],
);

/** What readers got an event of: of one on all streams, each stream's readers in theirs. */
export const canReach = ({ do: what, act, seq }: Pick<AuditEntry, "do" | "act" | "seq">, where: Where): boolean =>
  act !== null && what !== "undo" && (seq !== null || where === "everywhere");

export const canUndo = ({ do: what, act }: Pick<AuditEntry, "do" | "act">, lifted: ReadonlySet<string>): boolean =>
  act !== null && LASTING.has(what) && !lifted.has(act);

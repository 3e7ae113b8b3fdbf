// SPDX-License-Identifier: Apache-2.0
/* words -- what the page says: reasons by code, times, counts. */
import type { Problem, Status } from "@roar/sdk";

const reasons: Readonly<Record<string, string>> = {
  banned: "You are banned from this stream",
  muted: "You are muted for now",
  forbidden: "You may not write here",
  wrong_role: "Only some roles, or older accounts, may write here for now",
  must_acknowledge: "A moderator warned you; acknowledge it first",
  no_token: "Choose a name first",
  bad_token: "The server does not know you any more; choose a name again",
  expired_token: "Your pass has ended; choose a name again",
  bad_origin: "This site may not use that server",
  no_stream: "There is no such stream",
  bad_name: "That is no name a stream can have",
  stream_ended: "This stream has ended",
  too_long: "That is too long",
  too_large: "That is too long",
  empty: "There is nothing to send",
  bad_text: "Too many capitals, or marks on a letter, or characters that cannot be sent",
  bad_utf8: "It holds characters that cannot be sent",
  blocked_term: "It holds a word that is not allowed here",
  links_off: "Links are off in this stream",
  emote_only: "Only emotes are allowed for now",
  not_unique: "Somebody said exactly that already",
  slow_mode: "Slow mode is on; wait a little between comments",
  rate_user: "That was a little fast",
  rate_address: "Too many comments from your network",
  rate_stream: "This stream is very busy",
  conflict: "Things stand otherwise by now; look again",
  conns_address: "Too many connections from your network",
  overloaded: "The server is very busy",
  store_down: "The server cannot keep comments right now",
  draining: "The server is restarting",
  full: "There is no room for more",
  unsent: "It did not get through before you left the page",
  unreachable: "The server cannot be reached",
  rejected: "A moderator did not let it through",
  removed: "A moderator removed it",
  replaced: "You opened this stream in too many other places",
};

/** What holds for writing, by the name of its mode. */
export const modeWords: Readonly<Record<string, string>> = {
  links_off: "Links are off",
  emote_only: "Emotes only",
  roles_only: "Only some roles may write",
  unique: "No repeats",
  hold_first: "A first comment waits for a moderator",
  hold_all: "Moderators read comments first",
  mods_first: "Moderators read comments first",
};

export function reasonOf(problem: Problem): string {
  return reasons[problem.code] ?? problem.message;
}

export function connectionWord({ phase, is_offline }: Status): string {
  if (phase === "live") return "Live";
  if (is_offline) return "Offline";
  return phase === "stopped" || phase === "closed" ? "Stopped" : phase === "waiting" ? "Reconnecting" : "Connecting";
}

const number = new Intl.NumberFormat();
const compact = new Intl.NumberFormat(undefined, { notation: "compact", maximumFractionDigits: 1 });

export function viewersText(viewers: number, is_approx: boolean): string {
  return is_approx ? `about ${compact.format(viewers)} watching` : `${number.format(viewers)} watching`;
}

export const numberText = (count: number): string => number.format(count);

export const countText = (count: number, one: string, many: string): string =>
  `${number.format(count)} ${count === 1 ? one : many}`;

/** A part of a sentence that may be written from right to left, and leaves the order of the rest alone. */
export const isolated = (text: string): string => (/[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/.test(text) ? `\u2068${text}\u2069` : text);

export type TimeStyle = "relative" | "clock";

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });

const DAY_MS = 86_400_000;

export function timeText(at: number, now: number, style: TimeStyle): string {
  const age_ms = now - at;
  if (style === "clock") return (age_ms < DAY_MS / 2 ? clock : day).format(at);
  const minutes = Math.floor(age_ms / 60_000);
  if (minutes < 1) return "now";
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 24 ? `${hours} h` : `${Math.floor(hours / 24)} d`;
}

/** Until when something holds; of the day after it has a date. */
export const untilText = (at: number, now: number): string => (at - now < DAY_MS / 2 ? clock : day).format(at);

export const fullTime = (at: number): string => full.format(at);

/** How long somebody waits, in one unit or two. */
export function waitText(seconds: number): string {
  if (seconds < 60) return countText(seconds, "second", "seconds");
  const [minutes, rest_s] = [Math.floor(seconds / 60), seconds % 60];
  if (minutes < 60) return rest_s === 0 ? countText(minutes, "minute", "minutes") : `${minutes} min ${rest_s} s`;
  const [hours, rest_min] = [Math.floor(minutes / 60), minutes % 60];
  if (hours < 24) return rest_min === 0 ? countText(hours, "hour", "hours") : `${hours} h ${rest_min} min`;
  const [days, rest_h] = [Math.floor(hours / 24), hours % 24];
  return rest_h === 0 ? countText(days, "day", "days") : `${days} d ${rest_h} h`;
}

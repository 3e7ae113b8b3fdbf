// SPDX-License-Identifier: Apache-2.0
/* terms -- a list of terms as people write it, a line each, and a guess at what it would have hit.
 *
 *      buy now | substring | hold
 *      # a note
 */
import type { Term } from "@roar/sdk";

const matches: ReadonlySet<string> = new Set(["word", "substring", "allow"]);
const actions: ReadonlySet<string> = new Set(["refuse", "hold", "shadow"]);

export interface TermsRead {
  readonly terms: readonly Term[];
  /** "line 3: …" */
  readonly faults: readonly string[];
}

function readLine(line: string): Term | string {
  const [text = "", match = "word", action = "refuse", ...rest] = line.split("|").map((piece) => piece.trim());
  if (text === "") return "there is no term";
  if (!matches.has(match)) return `“${match}” is none of word, substring, allow`;
  if (!actions.has(action)) return `“${action}” is none of refuse, hold, shadow`;
  if (rest.length > 0) return "there are more than three parts";
  const how = match as "word" | "substring" | "allow";
  return how === "allow" ? { text, match: how } : { text, match: how, action: action as "refuse" | "hold" | "shadow" };
}

export function readTerms(text: string): TermsRead {
  const terms: Term[] = [];
  const faults: string[] = [];
  text.split("\n").forEach((line, at) => {
    if (line.trim() === "" || line.trim().startsWith("#")) return;
    const read = readLine(line);
    if (typeof read === "string") faults.push(`line ${at + 1}: ${read}`);
    else terms.push(read);
  });
  return { terms, faults };
}

export const writeTerms = (terms: readonly Term[]): string =>
  terms.map(({ text, match, action }) => (match === "allow" ? `${text} | allow` : `${text} | ${match ?? "word"} | ${action ?? "refuse"}`)).join("\n");

const fold = (text: string): string => text.normalize("NFKC").toLocaleLowerCase();
const isLetter = (letter: string | undefined): boolean => letter !== undefined && /[\p{L}\p{N}]/u.test(letter);

function holds(text: string, { text: term, match }: Term): boolean {
  const wanted = fold(term);
  for (let at = text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, at + 1)) {
    if (match === "substring") return true;
    if (!isLetter(text[at - 1]) && !isLetter(text[at + wanted.length])) return true;
  }
  return false;
}

/** How many of these texts the terms would have hit; near to what the server finds, which sees through more disguises. */
export function countHits(terms: readonly Term[], texts: readonly string[]): number {
  const allowed = terms.filter(({ match }) => match === "allow").map(({ text }) => fold(text));
  const wanted = terms.filter(({ match }) => match !== "allow");
  return texts.filter((text) => {
    const rest = allowed.reduce((left, word) => left.replaceAll(word, " "), fold(text));
    return wanted.some((term) => holds(rest, term));
  }).length;
}

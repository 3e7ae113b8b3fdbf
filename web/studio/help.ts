// SPDX-License-Identifier: Apache-2.0
/* help -- the dialog of keys, and of the settings that belong to them. */
import type { DeskChoices } from "../device.js";
import { make, part } from "../dom.js";
import { appealKeys, commentKeys, groupKeys, otherKeys, pickKeys, queueKeys, type Key } from "./keys.js";

export interface HelpOptions {
  readonly choices: DeskChoices;
  /** Something was set otherwise. */
  changed(): void;
  signOut(): void;
}

const pairs = (keys: readonly Key[]): [string, string][] => keys.map(({ key, label }) => [key, label]);

function section(title: string, keys: readonly (readonly [string, string])[]): HTMLElement {
  const element = make("section", "");
  const rows = make("dl", "");
  for (const [key, label] of keys) {
    const term = make("dt", "");
    term.append(make("kbd", "", key));
    rows.append(term, make("dd", "", label));
  }
  element.append(make("h3", "", title), rows);
  return element;
}

export function openHelp(event: Event): void {
  event.preventDefault();
  part<HTMLDialogElement>("help").showModal();
}

export function buildHelp(options: HelpOptions): void {
  part("help-keys").append(
    section("A comment", pairs(commentKeys)),
    section("A held one, or several", pairs(queueKeys)),
    section("A group", pairs(groupKeys)),
    section("Several held ones", pickKeys),
    section("An appeal", pairs(appealKeys)),
    section("Everywhere", otherKeys),
  );
  part("help-open").addEventListener("click", openHelp);
  const single = part<HTMLInputElement>("help-single");
  const speak = part<HTMLInputElement>("help-speak");
  const { choices } = options;
  single.checked = choices.single_keys;
  speak.checked = choices.speaks;
  for (const box of [single, speak]) {
    box.addEventListener("change", () => {
      Object.assign(choices, { single_keys: single.checked, speaks: speak.checked });
      options.changed();
    });
  }
  part("sign-out").addEventListener("click", () => options.signOut());
}

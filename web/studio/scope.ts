// SPDX-License-Identifier: Apache-2.0
/* scope -- where something holds: in this stream, or in all of them, for those who may say so. */
import { make } from "../dom.js";

export type Where = "here" | "everywhere";

let scopes = 0;

/** A choice between the two; `label` says of what. */
export class Scope {
  readonly element = make("fieldset", "scope");
  private readonly radios: readonly HTMLInputElement[];

  constructor(stream: string, label: string, changed: (where: Where) => void) {
    const name = `scope-${++scopes}`;
    const choices: readonly (readonly [Where, string])[] = [["here", `Here, in ${stream}`], ["everywhere", "Everywhere, in all streams"]];
    this.element.append(make("legend", "visually-hidden", label));
    this.radios = choices.map(([where, words]) => {
      const row = make("label", `scope-${where}`);
      const radio = make("input", "");
      Object.assign(radio, { type: "radio", name, value: where, checked: where === "here" });
      radio.addEventListener("change", () => changed(where));
      row.append(radio, make("span", "", words));
      this.element.append(row);
      return radio;
    });
  }

  get where(): Where {
    return this.radios[1]?.checked === true ? "everywhere" : "here";
  }

  set where(where: Where) {
    for (const radio of this.radios) radio.checked = radio.value === where;
  }
}

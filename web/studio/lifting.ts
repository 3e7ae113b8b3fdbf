// SPDX-License-Identifier: Apache-2.0
/* lifting -- acts that lift what holds for somebody: which there is to lift, and where. */
import type { ActDo, Sanction } from "@roar/sdk";
import type { Where } from "./scope.js";

const lifted = { unban: "ban", unshadow: "shadow" } as const;

export type Lifting = keyof typeof lifted;
export const liftings: readonly Lifting[] = ["unban", "unshadow"];

export const liftingOf = (what: ActDo): Lifting | undefined => liftings.find((one) => one === what);

/** What it lifts: "ban". */
export const liftedBy = (what: Lifting): Sanction["do"] => lifted[what];

/** Where there is something for it to lift; undefined: nowhere, or only where they may not. */
export function placeOf(what: Lifting, sanctions: readonly Sanction[], can_everywhere: boolean): Where | undefined {
  const found = sanctions.filter((sanction) => sanction.do === lifted[what]);
  if (found.some(({ all }) => all !== true)) return "here";
  return found.length > 0 && can_everywhere ? "everywhere" : undefined;
}

// SPDX-License-Identifier: Apache-2.0
/* target -- whom an act falls on, and the act that a key means for them. */
import type { Act, User } from "@roar/sdk";
import type { Answer } from "./ask.js";
import type { ActKey } from "./keys.js";

export interface Target {
  readonly seq?: number;
  readonly id: string;
  readonly user: User;
}

/** undefined: it lacks what it cannot do without. */
export function actOn(what: ActKey, target: Target, answer: Answer): Act | undefined {
  const because = answer.reason === undefined ? {} : { reason: answer.reason };
  const { seq, id, user } = target;
  const comment = seq === undefined ? { id } : { seq };
  switch (what.do) {
    case "delete":
    case "restore":
      return { do: what.do, ...comment, ...because };
    case "hold":
      return what.to === "user" ? { do: "hold", user: user.id, ...because } : { do: "hold", ...comment, ...because };
    case "pin":
    case "unpin":
      return { do: what.do, ...comment, ...because };
    case "approve":
    case "reject":
      return { do: what.do, id, ...because };
    case "timeout":
      return { do: "timeout", user: user.id, seconds: answer.seconds ?? what.seconds ?? 600, ...because };
    case "warn":
      return answer.text === undefined ? undefined : { do: "warn", user: user.id, text: answer.text, ...because };
    case "ban":
    case "unban":
    case "shadow":
    case "unshadow":
    case "purge":
      return { do: what.do, user: user.id, ...because };
    default:
      return undefined;
  }
}

// SPDX-License-Identifier: Apache-2.0
/* sign_in -- who moderates which stream. The token is kept for this tab alone, and never in an address. */
import { Moderator, Problem, tokenClaims } from "@roar/sdk";
import { part, setText } from "../dom.js";
import { reasonOf } from "../words.js";

const NAME_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._~-]{0,127}$/;
const KEY = "roar.studio.token";
const WHY_KEY = "roar.studio.why";

export interface Pass {
  readonly stream: string;
  readonly token: string;
  /** The user's id. */
  readonly self: string;
  /** They moderate all streams, too. */
  readonly is_everywhere: boolean;
}

function recall(key: string): string | undefined {
  try {
    return sessionStorage.getItem(key) ?? undefined;
  } catch {
    return undefined;
  }
}

function remember(key: string, value: string | undefined): void {
  try {
    if (value === undefined) sessionStorage.removeItem(key);
    else sessionStorage.setItem(key, value);
  } catch {
    // Forbidden or full: it is asked for again after a reload.
  }
}

const reasons: Readonly<Record<string, string>> = {
  wrong_role: "This token is of no moderator, host or admin",
  forbidden: "This token is not for that stream",
  bad_token: "The server does not know this token",
  expired_token: "This token has ended",
};

export const whyOf = (error: unknown): string => (error instanceof Problem ? (reasons[error.code] ?? reasonOf(error)) : String(error));

/** Whether the server lets this token moderate the stream. Throws Problem. */
async function prove(stream: string, token: string): Promise<Pass> {
  await new Moderator({ stream, token }).house().catch((problem: unknown) => {
    // Nobody has written or watched there yet: it comes to be with us.
    if (!(problem instanceof Problem) || problem.status !== 404) throw problem;
  });
  const claims = tokenClaims(token);
  const is_admin = claims?.roles?.includes("admin") === true;
  const is_everywhere = is_admin && (await new Moderator({ token }).house().then(() => true, () => false));
  return { stream, token, self: claims?.sub ?? "", is_everywhere };
}

/** Forgets the token and begins anew; `why` is told there. */
export function signOut(why?: string): void {
  remember(KEY, undefined);
  remember(WHY_KEY, why);
  location.reload();
}

/** Resolves once somebody may moderate. */
export async function signIn(): Promise<Pass> {
  const asked = new URLSearchParams(location.search).get("stream")?.trim() ?? "";
  const name = part<HTMLInputElement>("sign-in-stream");
  const token = part<HTMLInputElement>("sign-in-token");
  const error = part("sign-in-error");
  const kept = recall(KEY);
  let why = recall(WHY_KEY);
  remember(WHY_KEY, undefined);
  name.value = asked;
  if (kept !== undefined && NAME_PATTERN.test(asked)) {
    try {
      return await prove(asked, kept);
    } catch (problem) {
      why = whyOf(problem);
    }
  }
  remember(KEY, undefined);
  part("sign-in").hidden = false;
  setText(error, why === undefined ? "" : `${why}.`);
  (name.value === "" ? name : token).focus();
  return new Promise((resolve) => {
    part("sign-in-form").addEventListener("submit", (event) => {
      event.preventDefault();
      const stream = name.value.trim();
      if (!NAME_PATTERN.test(stream)) return setText(error, "That is no name a stream can have.");
      setText(error, "");
      prove(stream, token.value.trim()).then(
        (pass) => {
          remember(KEY, pass.token);
          token.value = "";
          history.replaceState(null, "", `/studio?stream=${encodeURIComponent(stream)}`);
          part("sign-in").hidden = true;
          resolve(pass);
        },
        (problem: unknown) => {
          setText(error, `${whyOf(problem)}.`);
          token.focus();
          token.select();
        },
      );
    });
  });
}

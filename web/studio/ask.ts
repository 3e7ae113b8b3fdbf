// SPDX-License-Identifier: Apache-2.0
/* ask -- the one dialog in which an act is given words, a duration, a place, a reason, or looked at before it is done. */
import { make, part, setText } from "../dom.js";
import { waitText } from "../words.js";
import { Scope, type Where } from "./scope.js";

export interface Question {
  readonly title: string;
  readonly done: string;
  /** For how long, unless said otherwise; undefined: it has no duration. */
  readonly seconds?: number | undefined;
  readonly needs_text?: boolean | undefined;
  readonly needs_reason?: boolean | undefined;
  readonly preview?: readonly Node[] | undefined;
  /** The stream's name, of what can be done everywhere, too. */
  readonly stream?: string | undefined;
  /** What has to be typed before it can be done: nobody does so by accident. */
  readonly typed?: string | undefined;
}

export interface Answer {
  readonly seconds?: number;
  readonly text?: string;
  readonly reason?: string;
  readonly where?: Where;
}

const DURATIONS_S = [60, 300, 600, 3_600, 21_600, 86_400, 604_800, 2_419_200];

function option(seconds: number): HTMLOptionElement {
  const element = document.createElement("option");
  element.value = String(seconds);
  element.textContent = waitText(seconds);
  return element;
}

const fields = () => ({
  dialog: part<HTMLDialogElement>("ask"),
  form: part<HTMLFormElement>("ask-form"),
  seconds: part<HTMLSelectElement>("ask-seconds"),
  text: part<HTMLTextAreaElement>("ask-text"),
  typed: part<HTMLInputElement>("ask-typed"),
  reason: part<HTMLInputElement>("ask-reason"),
  preview: part("ask-preview"),
  done: part<HTMLButtonElement>("ask-done"),
});

type Fields = ReturnType<typeof fields>;

function fill({ seconds, text, typed, reason, preview, done }: Fields, question: Question): void {
  part("ask-seconds-row").hidden = question.seconds === undefined;
  part("ask-text-row").hidden = question.needs_text !== true;
  part("ask-typed-row").hidden = question.typed === undefined;
  part("ask-typed-label").replaceChildren("To confirm, type ", make("b", "", question.typed));
  setText(part("ask-reason-label"), question.needs_reason === true ? "Why, in words that the person may read" : "Reason, for the audit");
  for (const [input, is_needed] of [[text, question.needs_text], [reason, question.needs_reason]] as const) {
    input.required = is_needed === true;
    input.value = "";
  }
  typed.value = "";
  seconds.replaceChildren(...DURATIONS_S.map(option));
  seconds.value = String(question.seconds ?? DURATIONS_S[0]);
  preview.hidden = question.preview === undefined;
  preview.replaceChildren(...(question.preview ?? []));
  done.disabled = question.typed !== undefined;
}

/** The first thing that somebody has to say; where there is none, the way on. */
function firstOf({ seconds, text, typed, reason, done }: Fields, question: Question): HTMLElement {
  if (question.typed !== undefined) return typed;
  if (question.needs_text === true) return text;
  if (question.seconds !== undefined) return seconds;
  return question.preview === undefined || question.needs_reason === true ? reason : done;
}

/** undefined: they would rather not. The focus goes back where it was. What `refine` finds out meanwhile is said anew. */
export function ask(question: Question, refine?: () => Promise<Question>): Promise<Answer | undefined> {
  const all = fields();
  const { dialog, form, seconds, text, typed, reason, preview, done } = all;
  const title = (where: Where): void => {
    const rest = where === "everywhere" ? " everywhere" : "";
    dialog.dataset["where"] = where;
    setText(part("ask-title"), question.title.replace(/\??$/, `${rest}$&`));
    setText(done, question.done + rest);
  };
  const scope = question.stream === undefined ? undefined : new Scope(question.stream, "Where", title);
  part("ask-where").replaceChildren(...(scope === undefined ? [] : [scope.element]));
  fill(all, question);
  title("here");
  dialog.showModal();
  firstOf(all, question).focus();
  return new Promise((resolve) => {
    const over = new AbortController();
    const { signal } = over;
    void refine?.().then((finer) => {
      if (signal.aborted) return;
      question = finer;
      title(scope?.where ?? "here");
      preview.replaceChildren(...(finer.preview ?? []));
    }, () => undefined); // what is known stands
    const end = (answer: Answer | undefined): void => {
      over.abort();
      dialog.close();
      resolve(answer);
    };
    typed.addEventListener("input", () => (done.disabled = typed.value.trim() !== question.typed), { signal });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (done.disabled) return;
      end({
        where: scope?.where ?? "here",
        ...(question.seconds === undefined ? {} : { seconds: Number(seconds.value) }),
        ...(question.needs_text === true ? { text: text.value.trim() } : {}),
        ...(reason.value.trim() === "" ? {} : { reason: reason.value.trim() }),
      });
    }, { signal });
    part("ask-cancel").addEventListener("click", () => end(undefined), { signal });
    dialog.addEventListener("cancel", () => end(undefined), { signal });
  });
}

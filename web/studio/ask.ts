// SPDX-License-Identifier: Apache-2.0
/* ask -- the one dialog in which an act is given words, a duration, a reason, or looked at before it is done. */
import { part, setText } from "../dom.js";
import { waitText } from "../words.js";

export interface Question {
  readonly title: string;
  readonly done: string;
  /** For how long, unless said otherwise; undefined: it has no duration. */
  readonly seconds?: number | undefined;
  readonly needs_text?: boolean | undefined;
  readonly preview?: readonly Node[] | undefined;
}

export interface Answer {
  readonly seconds?: number;
  readonly text?: string;
  readonly reason?: string;
}

const DURATIONS_S = [60, 300, 600, 3_600, 21_600, 86_400, 604_800, 2_419_200];

function option(seconds: number): HTMLOptionElement {
  const element = document.createElement("option");
  element.value = String(seconds);
  element.textContent = waitText(seconds);
  return element;
}

/** undefined: they would rather not. The focus goes back where it was. */
export function ask(question: Question): Promise<Answer | undefined> {
  const dialog = part<HTMLDialogElement>("ask");
  const form = part<HTMLFormElement>("ask-form");
  const seconds = part<HTMLSelectElement>("ask-seconds");
  const text = part<HTMLTextAreaElement>("ask-text");
  const reason = part<HTMLInputElement>("ask-reason");
  const preview = part("ask-preview");
  const done = part<HTMLButtonElement>("ask-done");
  setText(part("ask-title"), question.title);
  setText(done, question.done);
  part("ask-seconds-row").hidden = question.seconds === undefined;
  part("ask-text-row").hidden = question.needs_text !== true;
  text.required = question.needs_text === true;
  text.value = "";
  reason.value = "";
  seconds.replaceChildren(...DURATIONS_S.map(option));
  seconds.value = String(question.seconds ?? DURATIONS_S[0]);
  preview.hidden = question.preview === undefined;
  preview.replaceChildren(...(question.preview ?? []));
  dialog.showModal();
  (question.needs_text === true ? text : question.seconds !== undefined ? seconds : question.preview === undefined ? reason : done).focus();
  return new Promise((resolve) => {
    const over = new AbortController();
    const { signal } = over;
    const end = (answer: Answer | undefined): void => {
      over.abort();
      dialog.close();
      resolve(answer);
    };
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      end({
        ...(question.seconds === undefined ? {} : { seconds: Number(seconds.value) }),
        ...(question.needs_text === true ? { text: text.value.trim() } : {}),
        ...(reason.value.trim() === "" ? {} : { reason: reason.value.trim() }),
      });
    }, { signal });
    part("ask-cancel").addEventListener("click", () => end(undefined), { signal });
    dialog.addEventListener("cancel", () => end(undefined), { signal });
  });
}

// SPDX-License-Identifier: Apache-2.0
/* appeal -- the dialog in which somebody says why what was done to them should be undone. */
import { Problem, type Against, type Stream } from "@roar/sdk";
import { part, setText } from "./dom.js";
import { reasonOf } from "./words.js";

const refusals: Readonly<Record<string, string>> = {
  conflict: "This cannot be appealed against any more",
  not_found: "This cannot be appealed against",
  no_comment: "The comment is there no more",
};

function whyOf(error: unknown): string {
  if (!(error instanceof Problem)) return String(error);
  return refusals[error.code] ?? reasonOf(error);
}

export class AppealView {
  private readonly dialog = part<HTMLDialogElement>("appeal");
  private readonly text = part<HTMLTextAreaElement>("appeal-text");
  private readonly done = part<HTMLButtonElement>("appeal-done");
  private against: Against | undefined;
  private sent: () => void = () => undefined;

  constructor(private readonly stream: Pick<Stream, "appeal">) {
    part("appeal-cancel").addEventListener("click", () => this.dialog.close());
    part("appeal-form").addEventListener("submit", (event) => {
      event.preventDefault();
      void this.send();
    });
  }

  /** `sent`: it was handed in. */
  open(against: Against, sent: () => void): void {
    this.sent = sent;
    if (JSON.stringify(against) !== JSON.stringify(this.against)) this.text.value = "";
    this.against = against;
    setText(part("appeal-error"), "");
    this.dialog.showModal();
    this.text.focus();
  }

  private async send(): Promise<void> {
    const text = this.text.value.trim();
    if (this.against === undefined || text === "") return;
    this.done.disabled = true;
    try {
      await this.stream.appeal(this.against, text);
      this.dialog.close();
      this.sent();
    } catch (error) {
      setText(part("appeal-error"), `${whyOf(error)}.`);
    } finally {
      this.done.disabled = false;
    }
  }
}

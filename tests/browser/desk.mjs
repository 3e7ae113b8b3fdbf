// SPDX-License-Identifier: Apache-2.0
// A desk in the studio, as tests hold it, and a stream to sit before.
import { Roar, unlimited } from "../lib/roar.mjs";
import { Visitor } from "./page.mjs";

export const phone = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true };
export const desktop = { viewport: { width: 1280, height: 800 } };

/** A moderator at the desk; with `has_clock` time can be made to pass. */
export class Desk extends Visitor {
  static async open(t, browser, roar, { name = "Sam", role = "moderator", stream = "show", has_clock = false, ...options } = {}) {
    const desk = await super.open(t, browser, { ...desktop, ...options });
    if (has_clock) await desk.page.clock.install();
    const token = await roar.token(name.toLowerCase(), name, role);
    await desk.page.goto(`${roar.url}/studio?stream=${stream}`);
    await desk.page.getByLabel("Your token").fill(token);
    await desk.page.getByRole("button", { name: "Begin" }).click();
    await desk.page.locator("#connection[data-phase=live]").waitFor();
    return desk;
  }

  line(text) {
    return this.page.locator("#live .line", { hasText: text });
  }

  /** Chooses a line of the stream; the focus is on the list then. */
  async choose(text) {
    await this.line(text).first().click();
    await this.page.locator("#live .line[aria-selected=true]").waitFor();
  }

  press(key) {
    return this.page.keyboard.press(key);
  }

  async told(words) {
    await this.page.locator("#told-text", { hasText: words }).waitFor().catch(async (late) => {
      throw new Error(`it says ${await this.page.locator("#told-text").textContent()}`, { cause: late });
    });
  }

  /** From now on it is known where on the screen the chosen line stands, in every frame as it is painted. */
  watchChosen() {
    return this.page.evaluate(() => {
      window.places = [];
      const probe = document.body.appendChild(document.createElement("i"));
      Object.assign(probe.style, { position: "fixed", height: "1px", visibility: "hidden" });
      // Sizes are told when a frame is laid out, to the last observer last: what is painted then is what it sees.
      new ResizeObserver(() => {
        const line = document.querySelector("#live .line[aria-selected=true]");
        if (line !== null) window.places.push(line.getBoundingClientRect().top);
      }).observe(probe);
      const step = (at) => {
        probe.style.width = `${1 + (at % 2)}px`;
        requestAnimationFrame(() => step(at + 1));
      };
      step(0);
    });
  }

  /** By how much it has moved since; scrolling rounds to whole pixels. */
  async moved() {
    const [first, ...places] = await this.page.evaluate(() => window.places);
    return places.map((place) => Math.round(place - first)).filter((by) => Math.abs(by) > 1);
  }

  /** Nothing that can be used is without a name. */
  async nameless() {
    return this.page.evaluate(() =>
      [...document.querySelectorAll("button, a, input, textarea, select, [role=listbox], [role=toolbar], [role=tab], [role=tabpanel], progress")]
        .filter((element) => element.checkVisibility())
        .filter((element) => {
          const by = element.getAttribute("aria-labelledby");
          const name = element.ariaLabel || (by && document.getElementById(by)?.textContent) || element.labels?.[0]?.textContent;
          return !(name || element.textContent).trim();
        })
        .map((element) => element.outerHTML),
    );
  }
}

/** A server, a stream, and people who write in it. */
export async function show(t, lines, env = {}) {
  const roar = await Roar.start(t, { ...unlimited, ...env });
  const people = new Map();
  const say = async (name, text) => {
    if (!people.has(name)) people.set(name, await roar.guest(name));
    return roar.post("show", people.get(name).token, text);
  };
  for (const [name, text] of lines) await say(name, text);
  return { roar, people, say };
}

export const talk = [
  ["Mira Okafor", "Good evening from Lagos! Sound is perfect here"],
  ["jonas", "finally live"],
  ["Ana Lucía", "¿Va a haber repetición después?"],
  ["يوسف", "مساء الخير للجميع، البث رائع"],
  ["Troll", "you are all fools"],
  ["tvåhundra", "One question for the panel: when you say that the archive will stay open, do you mean for everyone, or for those who were here tonight?"],
  ["Del", "+1"],
  ["Troll", "nobody asked you"],
];

export const texts = async (roar) => (await roar.ask("GET", "/v1/streams/show/comments")).body.comments.map(({ text }) => text);
export const moderated = async (roar, tail, name = "sam") =>
  (await roar.ask("GET", `/v1/streams/show/moderation${tail}`, { token: await roar.token(name, name, "moderator") })).body;

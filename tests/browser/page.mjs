// SPDX-License-Identifier: Apache-2.0
// The page in Chromium, as tests hold it: one browser a test file, a context a visitor.
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import assert from "node:assert/strict";
import { chromium } from "playwright-core";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const shots = join(root, "build/screenshots");
const paths = [process.env.ROAR_CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser"];
const flags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export async function openBrowser() {
  const executablePath = paths.find((path) => path && existsSync(path));
  if (!executablePath) throw new Error("no chromium here: apt-get install chromium, or name one in ROAR_CHROMIUM");
  return chromium.launch({ executablePath, args: flags });
}

/** A visitor: their own storage, and a list of everything that went wrong in their console. */
export class Visitor {
  complaints = [];
  requests = [];

  static async open(t, browser, options = {}) {
    const visitor = new this();
    visitor.context = await browser.newContext({ viewport: { width: 900, height: 720 }, locale: "en-GB", ...options });
    t.after(() => visitor.context.close());
    visitor.context.setDefaultTimeout(20_000);
    visitor.page = await visitor.tab();
    return visitor;
  }

  /** One more tab of the same visitor. */
  async tab() {
    const page = await this.context.newPage();
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) this.complaints.push(`${message.type()}: ${message.text()}`);
    });
    page.on("pageerror", (error) => this.complaints.push(`uncaught: ${error.message}`));
    page.on("request", (request) => this.requests.push(request.url()));
    await page.addInitScript(() => {
      window.violations = [];
      document.addEventListener("securitypolicyviolation", (event) => window.violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
    });
    return page;
  }

  async go(url, page = this.page) {
    await page.goto(url);
    await page.locator("#connection[data-phase=live]").waitFor();
  }

  async join(name, page = this.page) {
    await page.getByLabel("Choose a name to write under").fill(name);
    await page.getByRole("button", { name: "Join in" }).click();
    await page.getByRole("textbox", { name: "Write a comment" }).waitFor();
  }

  async write(text, page = this.page) {
    await page.getByRole("textbox", { name: "Write a comment" }).fill(text);
    await page.keyboard.press("Enter");
  }

  /** Nothing broke the policy, and the console is empty but for what the test expects. */
  async assertClean(expected = /$^/) {
    for (const page of this.context.pages()) assert.deepEqual(await page.evaluate(() => window.violations), []);
    assert.deepEqual(this.complaints.filter((complaint) => !expected.test(complaint)), []);
  }

  /** Which of these are harder to read than WCAG's 4.5:1, and how much. */
  async lowContrast(selector, page = this.page) {
    return page.evaluate((selector) => {
      // Colours come in any notation: a canvas tells what they are on the screen.
      const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
      const light = (colour) => {
        canvas.fillStyle = colour;
        canvas.fillRect(0, 0, 1, 1);
        const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map((part) => {
          const share = part / 255;
          return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
      };
      const behind = (element) => {
        for (let at = element; at; at = at.parentElement) {
          const colour = getComputedStyle(at).backgroundColor;
          if (colour !== "rgba(0, 0, 0, 0)") return colour;
        }
        return "white";
      };
      const contrast = (element) => {
        const [a, b] = [light(getComputedStyle(element).color), light(behind(element))].sort((x, y) => y - x);
        return (a + 0.05) / (b + 0.05);
      };
      return [...document.querySelectorAll(selector)]
        .filter((element) => element.checkVisibility() && element.textContent.trim() !== "" && !element.disabled)
        .map((element) => [element.className, contrast(element)])
        .filter(([, ratio]) => ratio < 4.5);
    }, selector);
  }

  async shoot(name, page = this.page) {
    await mkdir(shots, { recursive: true });
    await page.screenshot({ path: join(shots, `${name}.png`) });
  }
}

/** What the browser itself logs when a server or network is gone. */
export const lostNetwork = /net::ERR_|WebSocket connection to .* failed|Failed to load resource/;

/** Confirmed texts as they stand on the screen. */
export const shownTexts = (page) =>
  page.locator("#lines > .line:not(.pending):not(.failed):not(.held) .text").allTextContents();

/** Waits until a predicate over the page's confirmed texts holds; runs in the page, woken by its changes. */
export const untilTexts = (page, count, last) =>
  page.waitForFunction(
    ([count, last]) => {
      const texts = [...document.querySelectorAll("#lines > .line:not(.pending):not(.failed):not(.held) .text")];
      return texts.length >= count && (last === undefined || texts.at(-1)?.textContent === last);
    },
    [count, last],
    { timeout: 30_000 },
  );

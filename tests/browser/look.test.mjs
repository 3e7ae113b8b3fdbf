// SPDX-License-Identifier: Apache-2.0
// What the page looks like; the pictures are left in build/screenshots for people to look at.
import assert from "node:assert/strict";
import { after, before } from "node:test";
import { Roar, test, unlimited } from "../lib/roar.mjs";
import { lostNetwork, openBrowser, untilTexts, Visitor } from "./page.mjs";

let browser;
before(async () => (browser = await openBrowser()));
after(() => browser.close());

const phone = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true };
const desktop = { viewport: { width: 1280, height: 860 } };

const roles = { "Nadia Berg": "host", "Sam": "moderator", "Ana Lucía": "verified" };

const talk = [
  ["Nadia Berg", "Welcome, all. We begin in a minute."],
  ["Mira Okafor", "Good evening from Lagos! Sound is perfect here 👋"],
  ["jonas", "finally live"],
  ["Ana Lucía", "¿Va a haber repetición después?"],
  ["يوسف", "مساء الخير للجميع، البث رائع"],
  ["Mira Okafor", "The second camera is new, isn't it?"],
  ["tvåhundra", "One question for the panel: when you say that the archive will stay open, do you mean for everyone, or for those who were here tonight? I have a group of students who could only watch it next week."],
  ["Del", "+1"],
  ["Priya N.", "That slide went by a little fast, could somebody post the link?"],
  ["Sam", "https://example.org/slides — page 12"],
  ["Priya N.", "Thank you! ❤️"],
];

async function filled(t, env = {}) {
  const roar = await Roar.start(t, { ...unlimited, ...env });
  const tokens = new Map();
  for (const [name, text] of talk) {
    const role = roles[name];
    if (!tokens.has(name)) tokens.set(name, role ? await roar.token(name, name, role) : (await roar.guest(name)).token);
    await roar.post("evening-show", tokens.get(name), text);
  }
  return roar;
}

for (const [size, options] of Object.entries({ phone, desktop })) {
  for (const colorScheme of ["light", "dark"]) {
    test(`${size}, ${colorScheme}: a conversation`, async (t) => {
      const roar = await filled(t);
      const ann = await Visitor.open(t, browser, { ...options, colorScheme });
      await ann.go(`${roar.url}/?stream=evening-show`);
      await untilTexts(ann.page, talk.length);
      await ann.shoot(`${size}-${colorScheme}-reading`);
      await ann.join("Ann");
      await ann.write("Hello everyone, glad to be here.");
      await untilTexts(ann.page, talk.length + 1);
      await ann.shoot(`${size}-${colorScheme}`);
      assert.deepEqual(await ann.page.locator(".badge").allTextContents(), ["Host", "Verified", "Mod"]);

      const { background, ink, overflow } = await ann.page.evaluate(() => ({
        background: getComputedStyle(document.body).backgroundColor,
        ink: getComputedStyle(document.body).color,
        overflow: document.documentElement.scrollWidth - innerWidth,
      }));
      const brightness = (colour) => colour.match(/\d+/g).slice(0, 3).map(Number).reduce((sum, part) => sum + part, 0);
      assert.equal(brightness(background) > brightness(ink), colorScheme === "light");
      assert.equal(overflow, 0, "nothing sticks out sideways");
      await ann.assertClean();
    });
  }
}

test("the chosen colours win over the device's", async (t) => {
  const roar = await Roar.start(t);
  const ann = await Visitor.open(t, browser, { colorScheme: "light" });
  await ann.go(`${roar.url}/?stream=s`);
  const background = () => ann.page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await background();
  await ann.page.getByRole("button", { name: "Settings" }).click();
  await ann.page.getByLabel("Dark").check();
  assert.notEqual(await background(), light);
  await ann.shoot("settings");
  await ann.page.getByRole("button", { name: "Done" }).click();
  await ann.page.reload();
  assert.notEqual(await background(), light, "and are remembered");
  await ann.assertClean();
});

test("offline: it says so, and keeps what is written", async (t) => {
  const roar = await filled(t);
  for (const [size, options] of Object.entries({ phone, desktop })) {
    const ann = await Visitor.open(t, browser, options);
    await ann.go(`${roar.url}/?stream=evening-show`);
    await ann.join("Ann");
    await ann.context.setOffline(true);
    await ann.page.locator("#connection[data-phase=offline]").waitFor();
    await ann.write("Can you still hear me?");
    await ann.page.locator(".line.pending").waitFor();
    await ann.page.locator("#notice").waitFor();
    await ann.shoot(`${size}-offline`);
    await ann.assertClean(lostNetwork);
  }
});

test("a refused line says why, by name, and can be tried again or deleted", async (t) => {
  const roar = await filled(t);
  for (const [name, options] of Object.entries({ phone: { ...phone, colorScheme: "dark" }, desktop })) {
    const ann = await Visitor.open(t, browser, options);
    await ann.go(`${roar.url}/?stream=evening-show`);
    await ann.join("Ann");
    await ann.write(`Zalgo Z${"\u0335".repeat(20)}`);
    const failed = ann.page.locator(".line.failed");
    await failed.waitFor();
    assert.match(await failed.textContent(), /bad_text/);
    await ann.shoot(`${name}-failed`);
    await failed.getByRole("button", { name: "Try again" }).click();
    await failed.getByText("bad_text").waitFor();
    await failed.getByRole("button", { name: "Delete" }).click();
    await failed.waitFor({ state: "detached" });
    await ann.assertClean(lostNetwork);
  }
});

test("far behind: it says how many were missed, and shows them when asked", async (t) => {
  const roar = await filled(t, { ROAR_DELIVERY_RESUME_MAX: "20" });
  const ann = await Visitor.open(t, browser, desktop);
  await ann.go(`${roar.url}/?stream=evening-show`);
  await untilTexts(ann.page, talk.length);
  await ann.context.setOffline(true);
  await ann.page.locator("#connection[data-phase=offline]").waitFor();
  const { token } = await roar.guest("Busy");
  for (let i = 1; i <= 80; i++) await roar.post("evening-show", token, `while you were away ${i}`);
  await ann.context.setOffline(false);
  await ann.page.locator(".line.gap").waitFor();
  assert.match(await ann.page.locator(".line.gap").textContent(), /You missed 30 comments/);
  await ann.page.locator("#feed").evaluate((feed) => (feed.scrollTop = -feed.scrollHeight * 0.55));
  await ann.page.locator(".line.gap").scrollIntoViewIfNeeded();
  await ann.shoot("desktop-gap");
  await ann.page.getByRole("button", { name: "Show them" }).click();
  await untilTexts(ann.page, talk.length + 80);
  const texts = await ann.page.locator("#lines .text").allTextContents();
  assert.deepEqual(texts.slice(-80), Array.from({ length: 80 }, (_, i) => `while you were away ${i + 1}`));
  assert.equal(await ann.page.locator(".line.gap").count(), 0);
  await ann.assertClean(lostNetwork);
});

test("the way in: pick a stream", async (t) => {
  const roar = await filled(t);
  for (const [size, options] of Object.entries({ phone, desktop })) {
    const ann = await Visitor.open(t, browser, options);
    await ann.go(`${roar.url}/?stream=evening-show`);
    await ann.page.goto(roar.url);
    await ann.page.getByLabel("Stream name").waitFor();
    await ann.shoot(`${size}-picker`);
    await ann.assertClean();
  }
});

test("an empty stream invites", async (t) => {
  const roar = await Roar.start(t);
  const ann = await Visitor.open(t, browser, phone);
  await ann.go(`${roar.url}/?stream=quiet`);
  await ann.page.getByText("Nobody has written yet").waitFor();
  await ann.shoot("phone-empty");
  await ann.assertClean();
});

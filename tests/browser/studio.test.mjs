// SPDX-License-Identifier: Apache-2.0
// The studio as moderators have it, in Chromium against the real server.
import assert from "node:assert/strict";
import { after, before } from "node:test";
import { test } from "../lib/roar.mjs";
import { Desk, desktop, moderated, phone, show, talk, texts } from "./desk.mjs";
import { lostNetwork, openBrowser, untilTexts, Visitor } from "./page.mjs";

let browser;
before(async () => (browser = await openBrowser()));
after(() => browser.close());

test("who may not moderate does not get in, and the token stays in this tab", async (t) => {
  const { roar } = await show(t, talk.slice(0, 2));
  const ann = await Visitor.open(t, browser, desktop);
  await ann.page.goto(`${roar.url}/studio?stream=show`);
  await ann.page.getByRole("heading", { name: "Moderate a stream" }).waitFor();
  const { token } = await roar.guest("Ann");
  await ann.page.getByLabel("Your token").fill(token);
  await ann.page.keyboard.press("Enter");
  await ann.page.getByRole("alert").getByText("no moderator").waitFor();
  await ann.page.getByLabel("Your token").fill("not-a-token");
  await ann.page.keyboard.press("Enter");
  await ann.page.getByRole("alert").getByText("does not know this token").waitFor();
  await ann.shoot("studio-sign-in");
  await ann.page.getByLabel("Your token").fill(await roar.token("sam", "Sam", "moderator"));
  await ann.page.keyboard.press("Enter");
  await ann.page.locator("#connection[data-phase=live]").waitFor();
  const kept = await ann.page.evaluate(() => [Object.keys(sessionStorage).includes("roar.studio.token"), JSON.stringify(localStorage)]);
  assert.equal(kept[0], true);
  assert.doesNotMatch(kept[1], /eyJ/);
  for (const url of ann.requests) assert.doesNotMatch(url, /eyJ/, "no token in an address");
  await ann.page.reload();
  await ann.page.locator("#connection[data-phase=live]").waitFor();
  const other = await ann.tab();
  await other.goto(`${roar.url}/studio?stream=show`);
  await other.getByLabel("Your token").waitFor();
  await ann.assertClean(lostNetwork);
});

test("acts on what is chosen, by one key each", async (t) => {
  const { roar, people } = await show(t, talk);
  const sam = await Desk.open(t, browser, roar);
  const troll = people.get("Troll").user.id;
  const user = async (id) => moderated(roar, `/users/${encodeURIComponent(id)}`);
  const sanctions = async (id) => (await user(id)).sanctions.map((one) => one.do);

  await sam.choose("you are all fools");
  await sam.press("d");
  await sam.told("Deleted Troll's comment");
  await sam.line("Removed by sam").waitFor();
  assert.ok(!(await texts(roar)).includes("you are all fools"));
  assert.equal(await sam.page.evaluate(() => document.activeElement.id), "live", "the focus is kept");

  await sam.choose("nobody asked you");
  await sam.press("t");
  await sam.told("Timed out Troll for 10 minutes");
  await sam.press("b");
  await sam.told("Banned Troll");
  await sam.press("s");
  await sam.told("Shadowed Troll");
  assert.deepEqual((await sanctions(troll)).sort(), ["ban", "shadow", "timeout"]);
  await sam.line("nobody asked you").getByText("banned").waitFor();

  await sam.choose("finally live");
  await sam.press("p");
  await sam.told("Pinned jonas's comment");
  await sam.line("finally live").getByText("pinned").waitFor();
  await sam.press("p");
  await sam.told("Unpinned jonas's comment");

  await sam.press("w");
  await sam.page.getByLabel("What they are told").fill("Easy, please.");
  await sam.page.getByRole("button", { name: "Warn" }).last().click();
  await sam.told("Warned jonas");
  assert.deepEqual(await sanctions(people.get("jonas").user.id), ["warn"]);
  assert.equal(await sam.page.evaluate(() => document.activeElement.id), "live", "and comes back from the dialog");

  await sam.choose("+1");
  await sam.press("x");
  await sam.told("Purged all comments of Del");
  assert.ok(!(await texts(roar)).includes("+1"));
  await sam.press("u");
  await sam.told("Undone: Purged all comments of Del");
  await sam.line("+1").waitFor();
  assert.ok((await texts(roar)).includes("+1"));

  await sam.choose("One question for the panel");
  await sam.press("h");
  await sam.told("Held back tvåhundra's comment");
  await sam.page.getByRole("tab", { name: /Queue/ }).getByText("1").waitFor();

  await sam.choose("nobody asked you");
  await sam.press("Shift+T");
  await sam.page.getByLabel("For how long").selectOption({ label: "1 day" });
  await sam.page.getByLabel("Reason").fill("again and again");
  await sam.press("Enter");
  await sam.told("Timed out Troll for 1 day");
  const { entries } = await moderated(roar, "/log");
  const last = entries.at(-1);
  assert.deepEqual([last.do, last.by, last.reason, last.seconds], ["timeout", "sam", "again and again", 86_400]);
  assert.deepEqual(await sam.nameless(), []);
  await sam.assertClean(lostNetwork);
});

test("a key that is held down acts once; the audit says what was set, and whose comment a rule held", async (t) => {
  const { roar, say } = await show(t, talk);
  const sam = await Desk.open(t, browser, roar);
  await sam.choose("you are all fools");
  for (let i = 0; i < 4; i++) await sam.page.keyboard.down("d");
  await sam.page.keyboard.up("d");
  await sam.line("Removed by sam").waitFor();
  const restore = sam.page.locator("#acts .act-restore");
  await restore.and(sam.page.locator(":enabled")).waitFor();
  const colour = (at) => at.evaluate((element) => getComputedStyle(element).color);
  assert.equal(await sam.page.locator("#acts .act-delete").isDisabled(), true);
  assert.notEqual(await colour(restore), await colour(sam.page.locator("#acts .act-ban")));
  await sam.press("j");
  assert.notEqual(await colour(sam.page.locator("#acts .act-delete")), await colour(sam.page.locator("#acts .act-ban")));
  assert.equal(await restore.isDisabled(), true);
  assert.equal((await moderated(roar, "/log")).entries.length, 1);

  const token = await roar.token("sam", "sam", "moderator");
  const set = async (body) => assert.equal((await roar.ask("POST", "/v1/streams/show/moderation", { token, body })).status, 200);
  await set({ do: "mode", value: ["hold_all"] });
  await say("جهاد 22", "شكرا");
  await set({ do: "shield", value: true });
  await sam.press("5");
  const entries = sam.page.locator("#panel-audit .entry");
  await entries.getByText("sam set the modes to hold all").waitFor();
  await entries.getByText("sam put the shield up").waitFor();
  await entries.getByText(/held back \u2068جهاد 22\u2069's comment/).waitFor();
  await sam.shoot("studio-audit-settings");
  await sam.page.getByLabel("Only what people did").check();
  await entries.getByText(/held back/).waitFor({ state: "detached" });
  assert.deepEqual(await entries.locator(".text").allTextContents(), ["sam put the shield up", "sam set the modes to hold all", "sam deleted Troll's comment"]);
  await sam.assertClean(lostNetwork);
});

test("a server that is gone: it is said, and what was not done does not look done", async (t) => {
  const { roar } = await show(t, talk);
  const sam = await Desk.open(t, browser, roar);
  await sam.choose("you are all fools");
  await roar.kill();
  await sam.page.locator("#notice").getByText("What is shown here is from before").waitFor();
  await sam.press("d");
  await sam.told("Could not delete Troll's comment. The server cannot be reached.");
  assert.equal(await sam.page.locator("#told.failed").count(), 1);
  assert.deepEqual(await sam.lowContrast("#told-text, #notice"), []);
  await sam.shoot("studio-gone");
  await roar.restart();
  await sam.page.locator("#connection[data-phase=live]").waitFor();
  await sam.page.locator("#notice").waitFor({ state: "hidden" });
  await sam.press("d");
  await sam.told("Deleted Troll's comment");
  assert.equal(await sam.page.locator("#told.failed").count(), 0);
  await sam.assertClean(lostNetwork);
});

test("a raid that comes while its empty panel has the focus is at hand for the keys", async (t) => {
  const { roar, say } = await show(t, talk);
  const sam = await Desk.open(t, browser, roar);
  await sam.press("2");
  await sam.page.getByText("No texts that many wrote alike").waitFor();
  for (const name of ["a", "b", "c"]) await say(name, "Buy followers now at fans dot example");
  await sam.page.locator("#raid .item").waitFor();
  await sam.press("j");
  await sam.page.locator("#raid .item[aria-selected=true]").waitFor();
  await sam.assertClean(lostNetwork);
});

test("keys go through the stream and hold it; Escape follows it again", async (t) => {
  const { roar, say } = await show(t, talk);
  const sam = await Desk.open(t, browser, roar);
  await sam.line("nobody asked you").waitFor();
  const chosen = () => sam.page.locator("#live .line[aria-selected=true] .text").textContent();
  await sam.press("k");
  assert.equal(await chosen(), "nobody asked you");
  await sam.press("ArrowUp");
  assert.equal(await chosen(), "+1");
  const active = await sam.page.evaluate(() => document.getElementById(document.getElementById("live").getAttribute("aria-activedescendant")).textContent);
  assert.match(active, /\+1/);
  await say("jonas", "meanwhile");
  await sam.page.getByRole("button", { name: /Follow, 1 new/ }).waitFor();
  assert.equal(await sam.line("meanwhile").count(), 0, "what is held does not move");
  await sam.press("Home");
  assert.match(await chosen(), /Good evening/);
  await sam.press("End");
  assert.equal(await chosen(), "nobody asked you");
  await sam.press("j");
  assert.equal(await chosen(), "meanwhile", "past the end is what came since");
  await sam.press("Escape");
  assert.equal(await sam.page.locator("#live .line[aria-selected=true]").count(), 0);
  assert.equal(await sam.page.locator("#acts").isVisible(), false);
  await say("jonas", "and on");
  await sam.line("and on").waitFor();
  await sam.press("?");
  await sam.page.getByRole("heading", { name: "Keys" }).waitFor();
  assert.deepEqual(await sam.nameless(), []);
  await sam.shoot("studio-keys");
  await sam.page.getByLabel("Single keys act on what is chosen").uncheck();
  await sam.page.getByRole("button", { name: "Done" }).click();
  await sam.choose("and on");
  await sam.press("d");
  await sam.press("?");
  await sam.page.getByRole("heading", { name: "Keys" }).waitFor();
  assert.ok((await texts(roar)).includes("and on"), "keys that are off do nothing");
  await sam.page.reload();
  await sam.page.locator("#connection[data-phase=live]").waitFor();
  await sam.press("?");
  assert.equal(await sam.page.getByLabel("Single keys act on what is chosen").isChecked(), false, "and stay off");
  await sam.assertClean(lostNetwork);
});

test("two moderators see each other's acts at once, and undo them", async (t) => {
  const { roar } = await show(t, talk);
  const sam = await Desk.open(t, browser, roar);
  const kim = await Desk.open(t, browser, roar, { name: "Kim" });
  await kim.line("you are all fools").waitFor();
  await sam.choose("you are all fools");
  await sam.press("d");
  await kim.line("Removed by sam").waitFor();
  await kim.page.locator("#peers").getByText("sam deleted Troll's comment.").waitFor();
  await sam.choose("nobody asked you");
  await sam.press("b");
  await kim.line("nobody asked you").getByText("banned").waitFor();
  await kim.press("5");
  const entry = kim.page.locator("#panel-audit .entry", { hasText: "sam deleted Troll's comment" });
  await entry.getByRole("button", { name: /Undo/ }).click();
  await kim.told("Undone: sam deleted Troll's comment");
  await sam.line("you are all fools").waitFor();
  await entry.getByText("undone").waitFor();
  await kim.shoot("studio-audit");
  assert.ok((await texts(roar)).includes("you are all fools"));
  await kim.assertClean(lostNetwork);
  await sam.assertClean(lostNetwork);
});

test("a token that ends puts its bearer out, and says why", async (t) => {
  const { roar } = await show(t, talk.slice(0, 2));
  const sam = await Visitor.open(t, browser, desktop);
  await sam.page.goto(`${roar.url}/studio?stream=show`);
  await sam.page.getByLabel("Your token").fill(await roar.token("sam", "Sam", "moderator", "9s"));
  await sam.page.keyboard.press("Enter");
  await sam.page.locator("#connection[data-phase=live]").waitFor();
  await sam.page.getByRole("alert").getByText("This token has ended").waitFor({ timeout: 40_000 });
  assert.equal(await sam.page.evaluate(() => sessionStorage.getItem("roar.studio.token")), null);
  await sam.assertClean(lostNetwork);
});

test("by keyboard and by ear: the order of focus, roles, what is announced", async (t) => {
  const { roar, say } = await show(t, talk);
  const sam = await Desk.open(t, browser, roar);
  await sam.choose("finally live");
  const order = [];
  for (let i = 0; i < 3; i++) {
    await sam.press("Tab");
    order.push(await sam.page.evaluate(() => document.activeElement.id || document.activeElement.textContent));
  }
  assert.deepEqual(order, ["jump", "dDelete", "tab-queue"]);
  await sam.page.getByRole("toolbar", { name: "Acts on the chosen comment" }).getByRole("button", { name: "Delete" }).focus();
  await sam.press("ArrowRight");
  assert.equal(await sam.page.evaluate(() => document.activeElement.textContent), "tTime out");
  await sam.page.getByRole("tab", { name: /Queue/ }).focus();
  await sam.press("ArrowRight");
  await sam.page.getByRole("tabpanel", { name: "Raid" }).waitFor();
  assert.equal(await sam.page.getByRole("tab", { selected: true }).textContent(), "Raid");
  const options = sam.page.getByRole("listbox", { name: "Comments, newest last" }).getByRole("option");
  assert.equal(await options.count(), talk.length);
  assert.equal(await sam.page.getByRole("option", { selected: true }).count(), 1);
  await sam.page.getByRole("option", { name: /jonas finally live$/, selected: true }).waitFor();
  await sam.press("l");
  await sam.press("Escape");
  await say("jonas", "can you hear me?");
  await sam.page.locator("#announcer").getByText("jonas: can you hear me?").waitFor();
  await sam.assertClean(lostNetwork);
});

test("held comments: a claim keeps the other moderator away, approve and reject by key", async (t) => {
  const { roar, say } = await show(t, talk.slice(0, 2));
  const token = await roar.token("sam", "Sam", "moderator");
  const { status } = await roar.ask("POST", "/v1/streams/show/moderation", { token, body: { do: "mode", value: ["hold_all"] } });
  assert.equal(status, 200);
  for (const [name, text] of [["Ann", "first of all"], ["Bob", "buy my watches"], ["Cy", "hello there"]]) {
    assert.equal((await say(name, text)).state, "held");
  }
  const sam = await Desk.open(t, browser, roar);
  const kim = await Desk.open(t, browser, roar, { name: "Kim" });
  const item = (desk, text) => desk.page.locator("#queue .item", { hasText: text });
  await sam.press("1");
  await sam.page.locator("#queue .item").nth(2).waitFor();
  await sam.press("j");
  await item(sam, "first of all").getByText("yours").waitFor();
  await item(kim, "first of all").getByText("sam looks at it").waitFor();
  await kim.press("1");
  await kim.press("j");
  await kim.press("a");
  await kim.told("sam looks at this one");
  assert.ok(!(await texts(roar)).includes("first of all"));
  await kim.press("j");
  await item(sam, "buy my watches").getByText("kim looks at it").waitFor();
  await sam.shoot("studio-queue");
  await kim.press("r");
  await kim.told("Rejected Bob's comment");
  await item(sam, "buy my watches").waitFor({ state: "detached" });
  await sam.press("a");
  await sam.told("Approved Ann's comment");
  await sam.line("first of all").waitFor();
  assert.ok((await texts(roar)).includes("first of all"));
  await item(kim, "first of all").waitFor({ state: "detached" });
  assert.equal(await kim.page.locator("#queue .item").count(), 1);
  await item(kim, "hello there").getByText("yours").waitFor();
  await kim.page.getByRole("button", { name: "Approve" }).click();
  await kim.page.getByText("Nothing waits for you.").waitFor();
  assert.equal(await kim.page.evaluate(() => document.activeElement.id), "panel-queue", "the focus does not fall to the ground");
  assert.deepEqual(await sam.nameless(), []);
  await sam.assertClean(lostNetwork);
  await kim.assertClean(lostNetwork);
});

test("a raid: many alike in one group, looked at, removed in one act and back by one undo", async (t) => {
  const { roar, say } = await show(t, talk.slice(0, 3));
  for (let i = 0; i < 24; i++) await say(`Raider ${i}`, i % 2 ? "JOIN THE WAVE NOW!!" : "join the wave now");
  const sam = await Desk.open(t, browser, roar);
  await sam.press("2");
  const group = sam.page.locator("#raid .group", { hasText: "24×" });
  await group.waitFor();
  await sam.press("j");
  await sam.shoot("studio-raid");
  await sam.press("d");
  await sam.page.getByRole("heading", { name: "Delete 24 comments?" }).waitFor();
  await sam.page.getByText("24 comments by 24 people:").waitFor();
  await sam.shoot("studio-raid-preview");
  await sam.page.getByRole("button", { name: "Delete 24 comments" }).click();
  await sam.told("Deleted 24 comments");
  assert.deepEqual(await texts(roar), talk.slice(0, 3).map(([, text]) => text));
  await group.waitFor({ state: "detached" });
  await sam.press("u");
  await sam.told("Undone: Deleted 24 comments");
  assert.equal((await texts(roar)).length, 27);
  const { entries } = await moderated(roar, "/log");
  assert.deepEqual(entries.map((one) => one.do), ["delete", "undo"]);
  await sam.assertClean(lostNetwork);
});

test("a person: what they wrote, removed or not, what holds for them, and its undoing", async (t) => {
  const { roar, people } = await show(t, talk);
  const sam = await Desk.open(t, browser, roar);
  await sam.choose("you are all fools");
  await sam.press("d");
  await sam.told("Deleted");
  await sam.press("b");
  await sam.told("Banned");
  await sam.press("v");
  const panel = sam.page.getByRole("tabpanel", { name: "Person" });
  await panel.getByText("banned by sam").waitFor();
  await panel.locator(".wrote.deleted", { hasText: "you are all fools" }).waitFor();
  await sam.shoot("studio-person");
  await panel.getByRole("button", { name: "Restore" }).click();
  await sam.line("you are all fools").waitFor();
  const focused = () => sam.page.evaluate(() => document.activeElement.textContent || document.activeElement.id);
  await panel.locator(".wrote:not(.deleted)", { hasText: "you are all fools" }).getByRole("button", { name: "Delete" }).waitFor();
  assert.equal(await focused(), "Delete", "the focus is on what takes the place of what was pressed");
  await panel.locator(".sanction").getByRole("button", { name: "Undo" }).click();
  await panel.getByText("Nothing.").waitFor();
  assert.equal(await sam.page.evaluate(() => document.activeElement.id), "panel-person", "and in the panel where nothing does");
  const { sanctions } = await moderated(roar, `/users/${encodeURIComponent(people.get("Troll").user.id)}`);
  assert.deepEqual(sanctions, []);
  await sam.assertClean(lostNetwork);
});

test("rules: slow, shield, modes and terms, with what each hit or would have", async (t) => {
  const { roar, say } = await show(t, talk);
  const sam = await Desk.open(t, browser, roar);
  await sam.press("4");
  await sam.page.getByLabel("Slow mode", { exact: true }).selectOption({ label: "30 seconds" });
  await sam.told("Set slow mode to 30 seconds");
  await sam.page.locator("#in-force").getByText("Slow 30 seconds").waitFor();
  await sam.page.getByLabel("Slow mode", { exact: true }).selectOption({ label: "Off" });
  await sam.told("Set slow mode to off");
  await sam.page.getByLabel("Links off: only counted").check();
  const until = async (holds) => {
    for (;;) if (holds((await moderated(roar, "/rules")).rules)) return;
  };
  await until((rules) => rules.links?.dry_run === true);
  await say("jonas", "look at https://example.org/now");
  await say("Mira Okafor", "and https://example.org/then");
  await sam.page.locator(".rules tr", { hasText: "Links off" }).locator(".number").nth(1).getByText("2").waitFor();
  await sam.page.getByLabel("Capitals, %, at most").fill("60");
  await sam.page.getByLabel("Capitals, %, at most").press("Enter");
  await sam.page.getByLabel("Capitals: what it does").selectOption("hold");
  await sam.page.waitForFunction(() => document.querySelector('[aria-label="Capitals: what it does"]').value === "hold");
  await until((rules) => rules.caps?.percent === 60 && rules.caps.action === "hold" && rules.links.dry_run === true);
  assert.equal((await say("jonas", "WHY IS THIS SO LOUD")).state, "held");
  await sam.page.getByLabel("Capitals, %, at most").fill("");
  await sam.page.getByLabel("Capitals, %, at most").press("Enter");
  await until((rules) => rules.caps === undefined);
  await sam.page.getByLabel("Terms, a line each").fill("fools | word | hold\nasked | verb");
  await sam.page.getByText("line 2: “verb” is none of word, substring, allow").waitFor();
  await sam.page.getByLabel("Terms, a line each").fill("fools | word | hold\nasked you | substring | refuse");
  await sam.page.getByText(/2 terms; 2 of the last \d+ comments would have been hit/).waitFor();
  await sam.shoot("studio-rules");
  await sam.page.getByRole("button", { name: "Set the terms" }).click();
  await sam.told("Set the terms to 2 terms");
  assert.equal((await say("jonas", "what fools")).state, "held");
  await sam.page.getByRole("button", { name: "Put the shield up" }).click();
  await sam.told("Put the shield up");
  await sam.page.locator("#in-force").getByText("Shield").waitFor();
  await sam.press("Escape");
  await sam.press("u");
  await sam.told("Undone: Put the shield up");
  await sam.page.getByRole("button", { name: "Put the shield up" }).waitFor();
  assert.deepEqual(await sam.nameless(), []);
  await sam.assertClean(lostNetwork);
});

test("reach: how many viewers an act has come to, live", async (t) => {
  const { roar } = await show(t, talk);
  const viewers = await Promise.all([1, 2, 3].map(() => Visitor.open(t, browser, desktop)));
  for (const viewer of viewers) await viewer.go(`${roar.url}/?stream=show`);
  await untilTexts(viewers[2].page, talk.length);
  const sam = await Desk.open(t, browser, roar);
  await sam.choose("you are all fools");
  await sam.press("d");
  const row = sam.page.locator("#reach .reached", { hasText: "Deleted Troll's comment" });
  await row.getByText(/4 of 4 viewers/).waitFor();
  await row.getByText(/seen for at least \d+ viewer seconds?/).waitFor();
  await viewers[0].page.getByText("you are all fools").waitFor({ state: "detached" });
  await sam.shoot("studio-reach");
  assert.deepEqual(await sam.nameless(), []);
  await sam.assertClean(lostNetwork);
});

for (const [size, options] of Object.entries({ phone, desktop })) {
  for (const colorScheme of ["light", "dark"]) {
    test(`${size}, ${colorScheme}: at the desk`, async (t) => {
      const { roar } = await show(t, [...talk, ...talk]);
      const sam = await Desk.open(t, browser, roar, { ...options, colorScheme });
      await sam.line("nobody asked you").first().waitFor();
      await sam.shoot(`studio-${size}-${colorScheme}`);
      await sam.line("you are all fools").last().click();
      const is_seen = await sam.page.evaluate(() => {
        const [line, box] = ["#live .line[aria-selected=true]", "#live"].map((query) => document.querySelector(query).getBoundingClientRect());
        return line.top >= box.top && line.bottom <= box.bottom + 1;
      });
      assert.ok(is_seen, "the acts do not cover what they are on");
      await sam.page.getByRole("button", { name: /Delete/ }).click();
      await sam.told("Deleted Troll's comment");
      await sam.shoot(`studio-${size}-${colorScheme}-chosen`);
      await sam.page.getByRole("tab", { name: /Rules/ }).click();
      await sam.page.getByRole("columnheader", { name: "Would have" }).waitFor();
      await sam.shoot(`studio-${size}-${colorScheme}-rules`);
      await sam.page.getByRole("tab", { name: /Audit/ }).click();
      await sam.page.locator(".entry").first().waitFor();
      assert.deepEqual(await sam.lowContrast(".name, .text, .time, .why, .tag, .tab, .chip, kbd, .act, .link, th, .told *, h3"), []);
      const overflow = await sam.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.equal(overflow, 0, "nothing sticks out sideways");
      if (size === "phone") {
        await sam.page.getByRole("tab", { name: "Live" }).click();
        await sam.line("finally live").first().waitFor();
      }
      assert.deepEqual(await sam.nameless(), []);
      await sam.assertClean(lostNetwork);
    });
  }
}

test("a line that is pressed stays where it is until it is let go, however much comes", async (t) => {
  const { roar, say } = await show(t, talk);
  const sam = await Desk.open(t, browser, roar);
  const line = sam.line("one to hit");
  await say("jonas", "one to hit");
  await line.waitFor();
  const { x, y, width, height } = await line.boundingBox();
  await sam.page.mouse.move(x + width / 2, y + height / 2);
  await sam.page.mouse.down();
  for (let i = 0; i < 60; i++) await say("Del", `meanwhile ${i}`);
  assert.deepEqual(await line.boundingBox(), { x, y, width, height });
  await sam.page.mouse.up();
  await sam.page.locator("#live .line[aria-selected=true]", { hasText: "one to hit" }).waitFor();
  await sam.press("Escape");
  await sam.line("meanwhile 59").waitFor();
  await say("Del", "and on it goes");
  await sam.line("and on it goes").waitFor();
  await sam.assertClean(lostNetwork);
});

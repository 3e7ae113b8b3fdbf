// SPDX-License-Identifier: Apache-2.0
// Many at once in the studio: a raid on screens and in the queue, and several of the queue, each taken by one act.
import assert from "node:assert/strict";
import { after, before } from "node:test";
import { test } from "../lib/roar.mjs";
import { Desk, desktop, moderated, phone, show, talk, texts } from "./desk.mjs";
import { lostNetwork, openBrowser } from "./page.mjs";

let browser;
before(async () => (browser = await openBrowser()));
after(() => browser.close());

const item = (desk, text) => desk.page.locator("#queue .item", { hasText: text });
const picked = (desk) => desk.page.locator("#queue .item[aria-checked=true] .text").allTextContents();
const waiting = async (roar) => (await moderated(roar, "/held")).count;
const dialog = (desk, title) => desk.page.getByRole("dialog", { name: title });
const acts = async (roar) => (await moderated(roar, "/log?limit=500")).entries.filter(({ kind }) => kind === "user").map((entry) => entry.do);
const focused = (desk) => desk.page.evaluate(() => document.activeElement.id);
const tab = (desk, name, count) => desk.page.locator(`#tab-${name} .tab-count`, { hasText: new RegExp(`^${count}$`) }).waitFor();

async function act(roar, body, name = "kim") {
  const answer = await roar.ask("POST", "/v1/streams/show/moderation", { token: await roar.token(name, name, "moderator"), body });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return answer.body;
}

/** A stream whose comments wait, and these that do. */
async function queue(t, lines) {
  const all = await show(t, talk.slice(0, 2));
  await act(all.roar, { do: "mode", value: ["hold_all"] });
  for (const [name, text] of lines) assert.equal((await all.say(name, text)).state, "held");
  return all;
}

const five = ["Ann", "Bob", "Cy", "Dee", "Eve"].map((name, at) => [name, ["first", "second", "third", "fourth", "fifth"][at]]);

/** What is said for the ear is kept. */
const listen = (desk) =>
  desk.page.evaluate(() => {
    window.said = [];
    const region = document.getElementById("said");
    new MutationObserver(() => window.said.push(region.textContent.trim())).observe(region, { childList: true, characterData: true, subtree: true });
  });
const said = (desk, words) => desk.page.waitForFunction((words) => window.said.includes(words), words);

/** How often a page asks for this from now on. */
function counting(desk, path) {
  const asked = [];
  desk.page.on("request", (request) => new URL(request.url()).pathname.endsWith(path) && asked.push(request.url()));
  return asked;
}

test("a raid under shield: seen on screens and in the queue, taken by one act, brought back by one undo", async (t) => {
  const { roar, say } = await show(t, talk);
  const letters = "abdefghkmnpqrstuxy"; // none that looks like another
  const raid = (at) => say(`Raider ${at}`, `join the wave now ${letters[at % 18]}${letters[Math.floor(at / 18)]}`);
  for (let at = 0; at < 12; at++) assert.equal((await raid(at)).state, "visible");
  const sam = await Desk.open(t, browser, roar);
  const kim = await Desk.open(t, browser, roar, { name: "Kim" });
  await sam.press("!");
  await sam.told("Put the shield up.");
  await listen(kim);
  for (let at = 12; at < 300; at += 8) {
    const states = await Promise.all(Array.from({ length: Math.min(8, 300 - at) }, (_, i) => raid(at + i)));
    assert.deepEqual([...new Set(states.map(({ state }) => state))], ["held"]);
  }
  await say("Mira New", "Hello! This is the first I write here.");
  for (const desk of [sam, kim]) {
    await tab(desk, "queue", 289);
    await tab(desk, "raid", 1);
    await desk.page.locator("#queue-raid").getByText("288 of these are alike.").waitFor();
  }
  await kim.page.waitForFunction(() => window.said.some((one) => /^1 group of similar comments in the raid panel: \d+ of them wait in the queue\.$/.test(one)));
  await sam.shoot("studio-raid-gathers");

  await sam.page.getByRole("button", { name: "Look at it" }).click();
  const group = sam.page.locator("#raid .group");
  await group.getByText("300×").waitFor();
  await group.getByText("12 on screens, 288 wait").waitFor();
  assert.equal(await focused(sam), "raid");
  await sam.press("j");
  await sam.press("d");
  const ask = dialog(sam, "Delete 300 comments?");
  await ask.getByText("300 comments by 300 people: 12 on screens, 288 wait").waitFor();
  for (const part of ["On screens", "Waiting"]) await ask.getByRole("heading", { name: part, exact: true }).waitFor();
  const previewed = await ask.locator(".preview-list").evaluateAll((lists) => lists.map((list) => list.querySelectorAll("li").length));
  assert.deepEqual(previewed, [12, 20], "of both there is something to see");
  await ask.getByText("and 268 more").waitFor();
  await sam.shoot("studio-raid-waiting-preview");
  await kim.press("1");
  const asked = counting(kim, "/held");
  await sam.press("Enter");
  await sam.told("Deleted 300 comments.");
  for (const desk of [sam, kim]) await tab(desk, "queue", 1);
  await kim.page.locator("#peers").getByText("sam deleted 300 comments.").waitFor();
  await item(kim, "Hello! This is the first").waitFor();
  assert.ok(asked.length < 20, `the queue is read again, not once for each: ${asked.length}`);
  await group.waitFor({ state: "detached" });
  assert.deepEqual(await texts(roar), talk.map(([, text]) => text));
  assert.equal(await waiting(roar), 1);

  await sam.press("u");
  await sam.told("Undone: Deleted 300 comments.");
  for (const desk of [sam, kim]) await tab(desk, "queue", 289);
  assert.equal((await texts(roar)).length, talk.length + 12);
  await group.getByText("12 on screens, 288 wait").waitFor();
  assert.deepEqual(await acts(roar), ["shield", "delete", "undo"]);
  await sam.assertClean(lostNetwork);
  await kim.assertClean(lostNetwork);
});

test("several of the queue, by keys alone: a run, all shown, one act, one undo, and the focus goes on", async (t) => {
  const { roar } = await queue(t, five);
  const sam = await Desk.open(t, browser, roar);
  await listen(sam);
  await sam.press("1");
  await item(sam, "fifth").waitFor();
  assert.equal(await sam.page.getByRole("listbox", { name: "Held comments" }).getAttribute("aria-multiselectable"), "true");
  await sam.press("j");
  await sam.press("j");
  await sam.press("Space");
  await said(sam, "1 chosen.");
  await sam.press("Shift+ArrowDown");
  await sam.press("Shift+J");
  assert.deepEqual(await picked(sam), ["second", "third", "fourth"]);
  await sam.press("Shift+K");
  assert.deepEqual(await picked(sam), ["second", "third"]);
  await sam.page.locator("#queue-words", { hasText: "2 of 5 chosen" }).waitFor();
  await sam.page.getByRole("toolbar", { name: "Decide on the 2 chosen comments" }).waitFor();
  await sam.page.getByRole("option", { name: /third/, checked: true }).waitFor();
  assert.equal(await sam.page.locator("#queue-acts .act-warn").isDisabled(), true);
  await sam.press("a");
  await dialog(sam, "Approve 2 comments?").getByText("2 comments by 2 people").waitFor();
  assert.deepEqual(await dialog(sam, "Approve 2 comments?").locator("li .text").allTextContents(), ["second", "third"]);
  await sam.press("Escape");
  await dialog(sam, "Approve 2 comments?").waitFor({ state: "hidden" });
  assert.equal(await waiting(roar), 5, "nothing is done by who would rather not");
  assert.equal(await focused(sam), "queue");
  await sam.press("a");
  await sam.press("Enter");
  await sam.told("Approved 2 comments.");
  await said(sam, "Approved 2 comments.");
  assert.deepEqual((await texts(roar)).slice(-2).sort(), ["second", "third"]);
  await item(sam, "third").waitFor({ state: "detached" });
  await item(sam, "fourth").and(sam.page.locator("[aria-selected=true]")).waitFor();
  assert.equal(await focused(sam), "queue");
  assert.deepEqual(await picked(sam), []);

  await sam.press("Control+a");
  await said(sam, "3 chosen.");
  await sam.press("Escape");
  await said(sam, "None chosen.");
  await sam.press("Control+a");
  await sam.press("r");
  await sam.page.getByLabel("Reason, for the audit").fill("a wave");
  await sam.press("Enter");
  await sam.told("Rejected 3 comments.");
  await sam.page.getByText("Nothing waits for you.").waitFor();
  assert.equal(await focused(sam), "panel-queue", "the focus does not fall to the ground");
  assert.equal((await moderated(roar, "/log")).entries.at(-1).reason, "a wave");
  await sam.press("u");
  await sam.told("Undone: Rejected 3 comments.");
  await item(sam, "fifth").waitFor();
  assert.equal(await focused(sam), "queue");
  await sam.press("u");
  await sam.told("Undone: Approved 2 comments.");
  await item(sam, "second").waitFor();
  assert.equal(await waiting(roar), 5);
  assert.deepEqual(await texts(roar), talk.slice(0, 2).map(([, text]) => text));
  await sam.assertClean(lostNetwork);
});

test("where another moderator was faster, what is said is what the act changed", async (t) => {
  const { roar } = await queue(t, five);
  const sam = await Desk.open(t, browser, roar);
  await sam.press("1");
  await item(sam, "fifth").waitFor();
  await sam.press("Control+a");
  const [first] = (await moderated(roar, "/held")).comments;
  await sam.page.route("**/v1/streams/show/moderation", async (route) => {
    await act(roar, { do: "approve", id: first.id });
    await route.continue();
  });
  await sam.press("r");
  await dialog(sam, "Reject 5 comments?").waitFor();
  await sam.press("Enter");
  await sam.told("Rejected 4 of 5 comments.");
  assert.equal((await texts(roar)).at(-1), "first");
  await sam.assertClean(lostNetwork);
});

test("what is said of a raid does not outlast it, whichever way we took it", async (t) => {
  const { roar } = await queue(t, Array.from({ length: 6 }, (_, at) => [`Raider ${at}`, `wave ${at + 1}`]));
  const sam = await Desk.open(t, browser, roar);
  const hint = sam.page.locator("#queue-raid");
  await hint.getByText("6 of these are alike.").waitFor();
  await sam.press("1");
  await item(sam, "wave 6").waitFor();
  await sam.press("Control+a");
  const asked = counting(sam, "/similar");
  await sam.press("r");
  await sam.press("Enter");
  await sam.told("Rejected 6 comments.");
  await hint.waitFor({ state: "hidden", timeout: 2_500 }); // sooner than anybody asks who only looks
  await sam.press("u");
  await sam.told("Undone: Rejected 6 comments.");
  await hint.getByText("6 of these are alike.").waitFor({ timeout: 2_500 });
  assert.ok(asked.length <= 4, `once for each act, not more: ${asked.length}`);
  await sam.assertClean(lostNetwork);
});

test("what another moderator looks at is passed over, and it is said", async (t) => {
  const { roar } = await queue(t, five);
  const [sam, kim] = await Promise.all(["Sam", "Kim"].map((name) => Desk.open(t, browser, roar, { name })));
  for (const desk of [sam, kim]) {
    await desk.press("1");
    await item(desk, "fifth").waitFor();
  }
  await item(kim, "third").click();
  await item(sam, "third").getByText("kim looks at it").waitFor();
  await sam.press("Control+a");
  assert.deepEqual(await picked(sam), ["first", "second", "fourth", "fifth"]);
  await item(sam, "third").locator(".pick").click();
  assert.equal((await picked(sam)).length, 4);
  await item(kim, "fourth").click();
  await item(sam, "fourth").getByText("kim looks at it").waitFor();
  await sam.page.locator("#queue").focus();
  await sam.press("r");
  const ask = dialog(sam, "Reject 3 comments?");
  await ask.getByText("kim looks at 1 of them: this one stays.").waitFor();
  await sam.press("Enter");
  await sam.told("Rejected 3 comments. kim looks at 1 of them: this one stays.");
  await sam.page.locator("#told-undo").waitFor();
  for (const desk of [sam, kim]) await item(desk, "first").waitFor({ state: "detached" });
  await kim.page.locator("#peers").getByText("sam rejected 3 comments.").waitFor();
  assert.deepEqual(await item(kim, "fourth").getAttribute("aria-selected"), "true", "whoever looks at one goes on");
  assert.equal(await waiting(roar), 2);
  await sam.assertClean(/409|Failed to load resource/);
  await kim.assertClean(lostNetwork);
});

test("what was decided and is undone is nobody's: who comes first looks at it", async (t) => {
  const { roar } = await queue(t, five);
  const [sam, kim] = await Promise.all(["Sam", "Kim"].map((name) => Desk.open(t, browser, roar, { name })));
  await sam.press("1");
  await item(sam, "fifth").waitFor();
  await sam.press("j");
  await item(sam, "first").getByText("yours").waitFor();
  await sam.press("a");
  await sam.told("Approved Ann's comment.");
  await item(sam, "second").getByText("yours").waitFor();
  await sam.press("u");
  await sam.told("Undone: Approved Ann's comment.");
  await item(kim, "first").waitFor();
  await kim.press("1");
  await kim.press("j");
  await item(kim, "first").getByText("yours").waitFor();
  await sam.assertClean(lostNetwork);
  await kim.assertClean(lostNetwork);
});

test("a decision goes on to what nobody looks at, whoever began a moment ago", async (t) => {
  const { roar } = await queue(t, five);
  const [, second] = (await moderated(roar, "/held")).comments;
  const token = await roar.token("sam", "sam", "moderator");
  const kim = await Desk.open(t, browser, roar, { name: "Kim" });
  await kim.press("1");
  await item(kim, "fifth").waitFor();
  await kim.press("j");
  await item(kim, "first").getByText("yours").waitFor();
  assert.equal((await roar.ask("POST", `/v1/streams/show/moderation/held/${second.id}/claim`, { token, body: {} })).status, 200);
  await kim.press("a");
  await kim.told("Approved Ann's comment.");
  await item(kim, "third").getByText("yours").waitFor();
  await kim.assertClean(lostNetwork);
});

test("more than a page: pages are turned, what is chosen on them is kept, and one act takes it", async (t) => {
  const people = ["Ann", "Bob", "Cy"];
  const { roar } = await queue(t, Array.from({ length: 230 }, (_, at) => [people[at % 3], `number ${String(at + 1).padStart(3, "0")}`]));
  const sam = await Desk.open(t, browser, roar);
  await tab(sam, "queue", 230);
  await sam.press("1");
  await item(sam, "number 100").waitFor();
  assert.equal(await sam.page.locator("#queue .item").count(), 100);
  await sam.press("End");
  await sam.press("j");
  await item(sam, "number 101").and(sam.page.locator("[aria-selected=true]")).waitFor();
  await sam.press("Control+a");
  await sam.press("<");
  await item(sam, "number 100").and(sam.page.locator("[aria-selected=true]")).waitFor();
  await sam.press("Home");
  await sam.press("Space");
  await sam.page.locator("#queue-words", { hasText: "101 of 230 chosen" }).waitFor();
  await sam.shoot("studio-queue-pages");
  await sam.press("r");
  await dialog(sam, "Reject 101 comments?").getByText("101 comments by 3 people").waitFor();
  await sam.press("Enter");
  await sam.told("Rejected 101 comments.");
  await tab(sam, "queue", 129);
  await item(sam, "number 201").waitFor();
  assert.equal(await item(sam, "number 101").count(), 0);
  await sam.page.getByRole("button", { name: "The next page" }).click();
  await item(sam, "number 230").waitFor();
  assert.equal(await sam.page.locator("#queue .item").count(), 29);
  await sam.press("Control+a");
  await act(roar, { do: "clear" });
  await sam.page.getByText("Nothing waits for you.").waitFor();
  await sam.page.locator("#queue-head").waitFor({ state: "hidden" });
  assert.deepEqual(await picked(sam), []);
  await sam.assertClean(lostNetwork);
});

test("a purge and a clear empty the queue of every moderator, and their undo fills it again", async (t) => {
  const { roar, people } = await queue(t, [...five, ["Ann", "once more"]]);
  const [sam, kim] = await Promise.all(["Sam", "Kim"].map((name) => Desk.open(t, browser, roar, { name })));
  for (const desk of [sam, kim]) await tab(desk, "queue", 6);
  await sam.press("1");
  await item(sam, "first").click();
  await item(sam, "first").getByText("yours").waitFor();
  await sam.press("x");
  await sam.told("Purged all comments of Ann.");
  await tab(kim, "queue", 4);
  await item(sam, "once more").waitFor({ state: "detached" });
  await item(sam, "second").and(sam.page.locator("[aria-selected=true]")).waitFor();
  await sam.press("u");
  await tab(kim, "queue", 6);
  const { act: cleared } = await act(roar, { do: "clear" });
  for (const desk of [sam, kim]) await desk.page.getByText("Nothing waits for you.").waitFor({ state: "attached" });
  await sam.page.locator("#peers").getByText("kim cleared the stream.").waitFor();
  await act(roar, { do: "undo", act: cleared });
  for (const desk of [sam, kim]) await tab(desk, "queue", 6);
  const root = await roar.token("root", "Root", "admin");
  const purge = { do: "purge", user: people.get("Bob").user.id };
  assert.equal((await roar.ask("POST", "/v1/moderation", { token: root, body: purge })).status, 200);
  for (const desk of [sam, kim]) await tab(desk, "queue", 5);
  await sam.assertClean(lostNetwork);
  await kim.assertClean(lostNetwork);
});

test("what is aimed at stays where it is until it is hit, whatever others decide", async (t) => {
  const { roar } = await queue(t, five);
  const sam = await Desk.open(t, browser, roar);
  await item(sam, "fifth").waitFor();
  const box = await item(sam, "third").locator(".pick").boundingBox();
  await sam.page.mouse.move(box.x + 8, box.y + 30);
  await sam.page.mouse.down();
  const [first] = (await moderated(roar, "/held")).comments;
  await act(roar, { do: "reject", id: first.id });
  await sam.page.locator("#peers").getByText("kim rejected").waitFor();
  const reads = sam.page.waitForResponse((response) => response.url().includes("/moderation/held"));
  await reads;
  assert.deepEqual(await item(sam, "third").locator(".pick").boundingBox(), box);
  await sam.page.mouse.up();
  await item(sam, "first").waitFor({ state: "detached" });
  assert.deepEqual(await picked(sam), ["third"]);
  await sam.page.keyboard.down("Shift");
  await item(sam, "fifth").click();
  await sam.page.keyboard.up("Shift");
  assert.deepEqual(await picked(sam), ["third", "fourth", "fifth"]);
  assert.equal(await sam.page.evaluate(() => getSelection().toString()), "", "no words are marked");
  await sam.page.getByRole("checkbox", { name: "Choose all 4 shown" }).check();
  assert.equal((await picked(sam)).length, 4);
  await sam.page.getByRole("button", { name: "Choose none" }).click();
  assert.deepEqual(await picked(sam), []);
  assert.equal(await focused(sam), "queue");
  await sam.assertClean(lostNetwork);
});

const words = ".name, .text, .time, .why, .tag, .tab, .chip, kbd, .act, .quiet, .plain, .primary, label, .told *, h2, h3, p";
const tablet = { viewport: { width: 768, height: 1024 } };
const looks = Object.entries({ phone, tablet, desktop }).flatMap(([size, options]) => ["light", "dark"].map((colorScheme) => [`${size}-${colorScheme}`, { ...options, colorScheme }]));

test("several chosen on every screen: boxes are hit by a finger, nothing covers, nothing moves, all can be read", async (t) => {
  const lines = Array.from({ length: 120 }, (_, at) => [`Raider ${at}`, at % 10 === 3 ? "A longer one, which waits as well and takes more than a line on a phone, so that boxes stand at their first lines" : `Join the wave ${at}`]);
  const { roar } = await queue(t, lines);
  await act(roar, { do: "shield", value: true });
  for (const [look, options] of looks) {
    const sam = await Desk.open(t, browser, roar, options);
    await sam.page.locator("#tab-queue").click();
    await sam.page.locator("#queue-raid").waitFor();
    const heights = await sam.page.evaluate(() => {
      const [head, hint, raid] = ["queue-head", "queue-hint", "queue-raid"].map((id) => document.getElementById(id));
      return [false, true].map((is_raid) => {
        [hint.hidden, raid.hidden] = [is_raid, !is_raid];
        return head.getBoundingClientRect().height;
      });
    });
    assert.equal(heights[0], heights[1], `${look}: a raid that gathers moves nothing`);
    const head = await sam.page.locator("#queue-head").boundingBox();
    assert.ok(head.height < 110, `${look}: ${head.height} px are enough above the queue`);
    const boxes = sam.page.locator("#queue .pick");
    const hit = async (at) => (options.hasTouch ? boxes.nth(at).tap() : boxes.nth(at).click());
    const { height, width } = await boxes.first().boundingBox();
    assert.ok(height >= 44 && width >= 44, `${look}: ${width} by ${height} px are hit`);
    for (const at of [0, 1, 3]) await hit(at);
    await sam.page.locator("#queue-words", { hasText: "3 of 120 chosen" }).waitFor();
    assert.deepEqual(await sam.page.locator("#queue-head").boundingBox(), head, `${look}: what is below does not move`);
    await sam.page.locator("#queue-acts .act-reject").waitFor();
    await sam.page.locator("#queue .tag.mine").waitFor();
    assert.equal(await sam.page.evaluate(() => document.documentElement.scrollWidth - innerWidth), 0, `${look}: nothing sticks out sideways`);
    assert.deepEqual(await sam.nameless(), [], look);
    assert.deepEqual(await sam.lowContrast(words), [], look);
    await sam.shoot(`studio-queue-several-${look}`);
    await sam.page.locator("#queue-acts .act-reject").click();
    await dialog(sam, "Reject 3 comments?").waitFor();
    assert.deepEqual(await sam.lowContrast(words), [], look);
    await sam.shoot(`studio-queue-several-${look}-ask`);
    await sam.page.getByRole("button", { name: "Cancel" }).click();
    await sam.page.locator("#tab-raid").click();
    await sam.page.locator("#raid .item").first().click();
    assert.deepEqual(await sam.lowContrast(words), [], look);
    await sam.shoot(`studio-queue-raid-${look}`);
    await sam.assertClean(lostNetwork);
    await sam.context.close();
  }
});

test("what waits of somebody is decided on in their history, by keys and by buttons, and is claimed there, too", async (t) => {
  const { roar, say } = await queue(t, [["Ann", "first"], ["Bob", "of another"], ["Ann", "second"], ["Ann", "third"], ["Ann", "fourth"]]);
  const [sam, kim] = await Promise.all(["Sam", "Kim"].map((name) => Desk.open(t, browser, roar, { name })));
  const wrote = (desk, text) => desk.page.locator("#panel-person .wrote", { hasText: text });
  const order = () => sam.page.locator("#panel-person .wrote .text").allTextContents();
  /** By keys: what was written in one moment may stand in either order. */
  const goTo = async (text) => {
    await sam.press("Home");
    for (let left = (await order()).indexOf(text); left > 0; left--) await sam.press("j");
    await wrote(sam, text).and(sam.page.locator(":focus")).waitFor();
  };
  for (const desk of [sam, kim]) {
    await desk.press("1");
    await item(desk, "fourth").waitFor();
  }
  await item(sam, "second").click();
  await item(sam, "second").getByText("yours").waitFor();
  await sam.press("v");
  await wrote(sam, "second").and(sam.page.locator(":focus")).waitFor();
  await item(kim, "second").getByText("sam looks at it").waitFor();
  assert.deepEqual((await order()).sort(), ["first", "fourth", "second", "third"], "theirs alone");
  await sam.press("a");
  await sam.told("Approved Ann's comment.");
  await wrote(sam, "second").getByRole("button", { name: "Delete: second" }).waitFor();
  await sam.page.locator("#panel-person .wrote.visible:focus", { hasText: "second" }).waitFor();
  assert.equal((await texts(roar)).at(-1), "second");
  await sam.press("a");
  await sam.told("It does not wait: it is on screens.");

  await item(kim, "third").click();
  await item(kim, "third").getByText("yours").waitFor();
  await wrote(sam, "third").getByText("kim looks at it").waitFor();
  assert.equal((await order())[0], "second", "what is shown is the newest");
  await goTo("third");
  await sam.press("r");
  await sam.told("kim looks at this one.");
  await wrote(sam, "third").getByRole("button", { name: "Reject" }).click({ force: true });
  await sam.told("kim looks at this one.");
  await sam.shoot("studio-person-held");

  await wrote(sam, "fourth").getByRole("button", { name: "Reject: fourth" }).click();
  await sam.told("Rejected Ann's comment.");
  await item(kim, "fourth").waitFor({ state: "detached" });
  await sam.press("u");
  await sam.told("Undone: Rejected Ann's comment.");
  await wrote(sam, "fourth").getByRole("button", { name: "Approve: fourth" }).waitFor();
  await goTo("fourth");
  await item(kim, "fourth").getByText("sam looks at it").waitFor();
  await sam.press("1");
  await item(kim, "fourth").getByText("sam looks at it").waitFor({ state: "detached" });

  await sam.press("3");
  await say("Ann", "fifth");
  await wrote(sam, "fifth").getByRole("button", { name: "Reject" }).waitFor();
  await goTo("fifth");
  await sam.press("r");
  await sam.told("Rejected Ann's comment.");
  await sam.page.locator("#panel-person .wrote.deleted:focus", { hasText: "fifth" }).waitFor();
  await sam.press("r");
  await sam.told("It is removed already.");
  assert.equal(await waiting(roar), 4);
  assert.deepEqual(await sam.nameless(), []);
  await sam.assertClean(lostNetwork);
  await kim.assertClean(lostNetwork);
});

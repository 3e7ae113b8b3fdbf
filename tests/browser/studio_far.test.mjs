// SPDX-License-Identifier: Apache-2.0
// What goes further than one comment, in the studio: clearing, acts on all streams, appeals, the whole of the audit.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before } from "node:test";
import { test } from "../lib/roar.mjs";
import { Desk, desktop, moderated, phone, show, talk, texts } from "./desk.mjs";
import { lostNetwork, openBrowser } from "./page.mjs";

let browser;
before(async () => (browser = await openBrowser()));
after(() => browser.close());

const looks = Object.entries({ phone, desktop }).flatMap(([size, options]) => ["light", "dark"].map((colorScheme) => [`${size}-${colorScheme}`, { ...options, colorScheme }]));

const act = async (roar, body, { name = "sam", role = "moderator", path = "/v1/streams/show/moderation" } = {}) => {
  const answer = await roar.ask("POST", path, { token: await roar.token(name, name, role), body });
  assert.ok(answer.status === 200 || answer.status === 201, JSON.stringify(answer.body));
  return answer.body;
};

const words = ".name, .text, .time, .why, .tag, .tab, .chip, kbd, .act, .link, .plain, .primary, label, legend, th, .told *, h2, h3, p";

/** Pictures of what is there now for people to look at, and what is checked in each: contrast, names, width. */
async function pictures(t, roar, name, go, options = {}) {
  for (const [look, device] of looks) {
    const desk = await Desk.open(t, browser, roar, { ...options, ...device });
    await go(desk);
    assert.deepEqual(await desk.lowContrast(words), [], look);
    assert.deepEqual(await desk.nameless(), [], look);
    assert.equal(await desk.page.evaluate(() => document.documentElement.scrollWidth - innerWidth), 0, `${look}: nothing sticks out sideways`);
    await desk.shoot(`studio-${name}-${look}`);
    await desk.context.close();
  }
}

test("clear: says how many, is done by nobody who does not type the name, and is undone", async (t) => {
  const { roar, say } = await show(t, talk);
  const sam = await Desk.open(t, browser, roar);
  const dialog = sam.page.getByRole("dialog", { name: "Clear show?" });
  const done = dialog.getByRole("button", { name: "Clear the stream" });
  await sam.press("c");
  await dialog.getByText("8 comments by 7 people, and what comes until you confirm.").waitFor();
  await dialog.getByText("nobody asked you").waitFor();
  assert.equal(await done.isDisabled(), true);
  for (const key of ["Enter", "y", "Enter", "c", "Space", "Enter"]) await sam.press(key);
  assert.equal(await dialog.isVisible(), true);
  await sam.press("Escape");
  await dialog.waitFor({ state: "hidden" });
  assert.equal((await texts(roar)).length, talk.length, "no key did it");
  assert.equal(await sam.page.evaluate(() => document.activeElement.id), "live");

  await sam.press("4");
  await sam.page.getByRole("button", { name: "Clear the stream …" }).click();
  await dialog.getByLabel("To confirm, type show").fill("show");
  await dialog.getByLabel("Reason").fill("all lies");
  await say("jonas", "one more");
  await done.click();
  await sam.told("Cleared the stream.");
  assert.deepEqual(await texts(roar), []);
  assert.deepEqual((await moderated(roar, "/log")).entries.map((entry) => [entry.do, entry.reason]), [["clear", "all lies"]]);
  await sam.press("Escape");
  await sam.press("u");
  await sam.told("Undone: Cleared the stream.");
  assert.equal((await texts(roar)).length, talk.length + 1);
  await sam.line("one more").waitFor();
  await sam.assertClean(lostNetwork);
  await pictures(t, roar, "clear", async (desk) => {
    await desk.line("one more").waitFor(); // who comes later sees what is back
    await desk.press("c");
    await desk.page.getByText("9 comments by 7 people").waitFor();
  });
});

test("here or everywhere: told apart, done where it was said, seen and undone there", async (t) => {
  const { roar, people, say } = await show(t, talk);
  const troll = people.get("Troll");
  const elsewhere = async () => (await roar.ask("POST", "/v1/streams/other/comments", { token: troll.token, body: { text: "hi" } })).body.code;
  const root = await Desk.open(t, browser, roar, { name: "Root", role: "admin" });
  await root.choose("you are all fools");
  await root.press("b");
  await root.told("Banned Troll.");
  assert.equal(await elsewhere(), undefined, "a key alone acts here alone");
  await root.press("u");
  await root.told("Undone: Banned Troll.");

  await root.press("Shift+B");
  const dialog = root.page.getByRole("dialog");
  await dialog.getByRole("heading", { name: "Ban Troll", exact: true }).waitFor();
  assert.equal(await dialog.getByLabel("Here, in show").isChecked(), true);
  await dialog.getByLabel("Everywhere, in all streams").check();
  await dialog.getByRole("heading", { name: "Ban Troll everywhere" }).waitFor();
  await dialog.getByRole("button", { name: "Ban everywhere" }).click();
  await root.told("Banned Troll everywhere.");
  assert.equal(await elsewhere(), "banned");
  await root.line("you are all fools").getByText("banned").waitFor();

  await root.press("v");
  const panel = root.page.getByRole("tabpanel", { name: "Person" });
  await panel.getByText("banned on all streams by root").waitFor();
  const kim = await Desk.open(t, browser, roar, { name: "Kim" });
  await kim.choose("you are all fools");
  await kim.press("v");
  await kim.page.getByText("banned on all streams by root").waitFor();
  assert.equal(await kim.page.locator(".sanction button").count(), 0, "who may not does not see a way");
  await kim.press("l");
  await kim.press("Shift+B");
  assert.equal(await kim.page.getByRole("dialog").getByRole("radio").count(), 0);
  await kim.press("Escape");

  await panel.locator(".sanction").getByRole("button", { name: "Undo: banned on all streams" }).click();
  await root.told("Undone: Troll banned on all streams");
  assert.equal(await elsewhere(), undefined);
  await panel.getByText("Nothing.").waitFor();

  await root.press("4");
  await root.page.getByRole("radio", { name: "Everywhere, in all streams" }).check();
  await root.page.getByLabel("Slow mode", { exact: true }).selectOption({ label: "1 minute" });
  await root.told("Set slow mode to 1 minute everywhere.");
  const reached = root.page.locator("#reach .reached", { hasText: "Set slow mode to 1 minute everywhere" });
  await reached.getByText(/2 of 2 viewers/).waitFor();
  await root.page.getByLabel("Links off: on", { exact: true }).check();
  await root.told("Switched “Links off” on everywhere.");
  await root.page.getByLabel("Terms, a line each").fill("fiddlesticks");
  await root.page.getByRole("button", { name: "Set the terms" }).click();
  await root.told("Set the terms to 1 term everywhere.");
  const { body } = await roar.ask("POST", "/v1/streams/third/comments", { token: (await roar.guest("New")).token, body: { text: "fiddlesticks!" } });
  assert.equal(body.code, "blocked_term");
  await root.page.getByRole("radio", { name: "Here, in show" }).check();
  await root.page.waitForFunction(() => document.querySelector('[aria-label="Links off: on"]').checked === false);
  await root.press("5");
  await root.page.getByRole("radio", { name: "Everywhere, in all streams" }).check();
  const entry = root.page.locator(".entry", { hasText: "root set slow mode" });
  await entry.getByRole("button", { name: /Undo/ }).click();
  await entry.getByText("undone").waitFor();
  await roar.ask("GET", "/v1/moderation/rules", { token: await roar.token("root", "Root", "admin") }).then(({ body: house }) => assert.equal(house.slow, 0));
  await root.assertClean(lostNetwork);
  await kim.assertClean(lostNetwork);
  const asAdmin = { name: "Root", role: "admin" };
  await pictures(t, roar, "everywhere", async (desk) => {
    await desk.choose("you are all fools");
    await desk.press("Shift+B");
    await desk.page.getByRole("dialog").getByLabel("Everywhere, in all streams").check();
  }, asAdmin);
  await pictures(t, roar, "everywhere-rules", async (desk) => {
    await desk.press("4");
    await desk.page.getByRole("radio", { name: "Everywhere, in all streams" }).check();
  }, asAdmin);
});

test("a person is acted on from their own panel, by key and by button", async (t) => {
  const { roar, people } = await show(t, talk);
  const sam = await Desk.open(t, browser, roar);
  await sam.choose("you are all fools");
  await sam.press("3");
  const panel = sam.page.getByRole("tabpanel", { name: "Person" });
  await panel.getByRole("heading", { name: "In force" }).waitFor();
  assert.equal(await sam.page.evaluate(() => document.activeElement.id), "panel-person");
  await sam.press("t");
  await panel.getByText(/timed out by sam, .* left/).waitFor();
  await panel.getByRole("button", { name: "Shadow", exact: true }).click();
  await panel.getByText("shadowed by sam").waitFor();
  await sam.press("h");
  await sam.told("Held back what Troll writes.");
  await panel.getByText("held by sam").waitFor();
  const { sanctions } = await moderated(roar, `/users/${encodeURIComponent(people.get("Troll").user.id)}`);
  assert.deepEqual(sanctions.map((one) => one.do).sort(), ["hold", "shadow", "timeout"]);
  await sam.assertClean(lostNetwork);
});

test("a person who writes much: all of it, in the order of time, what waits among it", async (t) => {
  const { roar, say } = await show(t, talk);
  const token = await roar.token("kim", "Kim", "moderator");
  await roar.ask("POST", "/v1/streams/show/moderation", { token, body: { do: "terms", value: [{ text: "maybe", match: "word", action: "hold" }] } });
  const wrote = Array.from({ length: 130 }, (_, at) => (at === 60 ? "maybe this waits" : `number ${at}`));
  for (const text of wrote) await say("Troll", text);
  const sam = await Desk.open(t, browser, roar);
  await sam.choose("number 129");
  await sam.press("v");
  await sam.page.locator("#panel-person .wrote", { hasText: "you are all fools" }).waitFor();
  const shown = await sam.page.locator("#panel-person .wrote .text").allTextContents();
  assert.deepEqual(shown, [...wrote].reverse().concat("nobody asked you", "you are all fools"));
  await sam.assertClean(lostNetwork);
});

test("appeals: what they are about, granted and rejected with a reason, handed on as a statement", async (t) => {
  const { roar, people } = await show(t, talk);
  const appeal = async (name, body) => {
    const answer = await roar.ask("POST", "/v1/streams/show/appeals", { token: people.get(name).token, body });
    assert.equal(answer.status, 201, JSON.stringify(answer.body));
  };
  const comments = (await roar.ask("GET", "/v1/streams/show/comments")).body.comments;
  const removed = await act(roar, { do: "delete", seq: comments.find(({ text }) => text === "+1").seq, reason: "spam" });
  const ban = await act(roar, { do: "ban", user: people.get("Troll").user.id, reason: "insults" });
  const sam = await Desk.open(t, browser, roar);
  await appeal("Del", { act: removed.act, text: "It was a vote, and you asked for votes." });
  await appeal("Troll", { act: ban.act, text: "It was a joke." });
  await sam.page.getByRole("tab", { name: /Appeals/ }).getByText("2").waitFor();
  await sam.press("6");
  const item = (text) => sam.page.locator("#appeals .item", { hasText: text });
  await item("It was a vote").getByText("Against: sam deleted Del's comment: spam").waitFor();
  await item("It was a vote").locator("q", { hasText: "+1" }).waitFor();
  await item("It was a joke").locator("q", { hasText: "nobody asked you" }).waitFor();
  await sam.press("j");
  await sam.press("g");
  const dialog = sam.page.getByRole("dialog", { name: "Grant Del's appeal?" });
  await dialog.getByText("It was a vote").waitFor();
  await sam.press("Enter");
  assert.equal(await dialog.isVisible(), true, "not without a reason");
  await dialog.getByLabel("Why, in words that the person may read").fill("You are right.");
  await sam.press("Enter");
  await sam.told("Granted Del's appeal: the act is undone.");
  await sam.line("+1").waitFor();
  assert.ok((await texts(roar)).includes("+1"));
  assert.equal(await sam.page.evaluate(() => document.activeElement.id), "appeals", "the focus is kept");
  await item("It was a joke").and(sam.page.locator("[aria-selected=true]")).waitFor();
  const [download] = await Promise.all([sam.page.waitForEvent("download"), sam.press("e")]);
  assert.match(download.suggestedFilename(), /^statement-a\d+\.json$/);
  const statement = JSON.parse(await readFile(await download.path(), "utf8"));
  assert.deepEqual([statement.type, statement.decision.do, statement.redress.text], ["statement_of_reasons", "ban", "It was a joke."]);
  await sam.press("r");
  await sam.page.getByLabel("Why, in words that the person may read").fill("Nobody laughed.");
  await sam.page.getByRole("button", { name: "Reject" }).last().click();
  await sam.told("Rejected Troll's appeal: the act stands.");
  await sam.page.getByText("Nobody appeals against anything.").waitFor();
  await sam.page.getByLabel("Show decided ones, too").check();
  await item("It was a joke").getByText("rejected by sam: Nobody laughed.").waitFor();
  const { body } = await roar.ask("GET", "/v1/streams/show/appeals", { token: people.get("Troll").token });
  assert.deepEqual(body.appeals.map(({ state, words: why }) => [state, why]), [["rejected", "Nobody laughed."]]);
  await sam.assertClean(lostNetwork);
  const warned = await act(roar, { do: "timeout", user: people.get("jonas").user.id, seconds: 600, reason: "too loud" });
  await appeal("jonas", { act: warned.act, text: "I did not shout; my keyboard is stuck, and I said so twice before anybody looked." });
  await pictures(t, roar, "appeals", async (desk) => {
    await desk.press("6");
    await desk.page.getByText("Show decided ones, too").click();
    await desk.page.locator("#appeals .item").nth(2).locator("q").first().waitFor();
    await desk.page.locator("#appeals .item").first().click();
  });
});

test("the audit: the newest first, older pages on demand, in the order in which they were", async (t) => {
  const { roar } = await show(t, talk.slice(0, 2));
  const token = await roar.token("sam", "Sam", "moderator");
  const count = 640;
  for (let i = 1; i <= count; i++) {
    await roar.ask("POST", "/v1/streams/show/moderation", { token, body: { do: "slow", seconds: 1 + (i % 100), reason: `number ${i}` } });
  }
  const sam = await Desk.open(t, browser, roar);
  const asked = [];
  sam.page.on("request", (request) => asked.push(new URL(request.url())));
  await sam.page.reload();
  await sam.page.locator("#connection[data-phase=live]").waitFor();
  await sam.press("5");
  const entries = sam.page.locator("#panel-audit .entry");
  await entries.first().getByText(`number ${count}`).waitFor();
  assert.equal(await entries.count(), 300);
  const older = sam.page.getByRole("button", { name: "Older" });
  await older.focus();
  await sam.press("Enter");
  await entries.nth(599).waitFor({ state: "attached" });
  await sam.page.waitForFunction(() => document.activeElement.matches(".entry"));
  assert.match(await sam.page.evaluate(() => document.activeElement.textContent), /number 340/, "the focus goes on to what has come");
  await older.click();
  await entries.nth(count - 1).waitFor({ state: "attached" });
  assert.equal(await older.isVisible(), false);
  const all = (await entries.locator(".text").allTextContents()).map((text) => Number(/number (\d+)/.exec(text)[1]));
  assert.deepEqual(all, Array.from({ length: count }, (_, i) => count - i));
  assert.deepEqual(asked.filter(({ searchParams, pathname }) => pathname.endsWith("/log") && searchParams.get("after") === "0"), [], "nothing is read from its beginning");
  await sam.page.locator(".entry").first().getByRole("button", { name: /^Undo/ }).click();
  await sam.told("Undone: sam set slow mode");
  await entries.nth(1).getByText("undone").waitFor();
  await sam.assertClean(lostNetwork);
});

test("a silent hook: what becomes of comments is one of the rules", async (t) => {
  const { roar } = await show(t, talk.slice(0, 2));
  const sam = await Desk.open(t, browser, roar);
  const rules = async (holds) => {
    for (;;) if (holds((await moderated(roar, "/rules")).rules)) return;
  };
  await sam.press("4");
  await sam.page.getByLabel("The hook is silent: what it does").selectOption("hold");
  await rules(({ hook_down }) => hook_down?.action === "hold");
  await sam.page.waitForFunction(() => document.querySelector('[aria-label="The hook is silent: on"]').checked);
  await sam.page.getByLabel("The hook is silent: on", { exact: true }).uncheck();
  await rules(({ hook_down }) => hook_down === undefined);
  await sam.page.getByLabel("The hook is silent: on", { exact: true }).check();
  await rules(({ hook_down }) => hook_down !== undefined);
  await sam.assertClean(lostNetwork);
});

test("what rules mark is shown with the reason, to moderators alone, told at once and kept", async (t) => {
  const { roar, people, say } = await show(t, talk);
  await act(roar, { do: "mode", value: ["links_off"] });
  const token = await roar.token("sam", "Sam", "moderator");
  const { status } = await roar.ask("PUT", "/v1/streams/show", { token, body: { rules: { links: { action: "mark" }, caps: { percent: 60, action: "mark" } } } });
  assert.equal(status, 200);
  await say("jonas", "more at https://example.org/first");
  const sam = await Desk.open(t, browser, roar);
  await sam.line("example.org/first").getByText("a link").waitFor();
  await say("Del", "LOOK AT THIS ENORMOUS THING, EVERYBODY example.org/second");
  await sam.line("example.org/second").getByText("a link · capitals").waitFor();
  await sam.choose("example.org/second");
  await sam.press("v");
  await sam.page.locator(".wrote", { hasText: "example.org/second" }).getByText("a link · capitals").waitFor();
  const seen = await roar.ask("GET", "/v1/streams/show/comments", { token: people.get("Del").token });
  assert.doesNotMatch(JSON.stringify(seen.body), /"marks"/);
  await sam.assertClean(lostNetwork);
  await pictures(t, roar, "marks", async (desk) => {
    await desk.line("example.org/first").getByText("a link").waitFor();
    await desk.line("example.org/second").click();
  });
});

test("moderators see each other's acts without asking for them", async (t) => {
  const { roar, people } = await show(t, talk);
  const sam = await Desk.open(t, browser, roar);
  const root = await Desk.open(t, browser, roar, { name: "Root", role: "admin" });
  await sam.line("nobody asked you").waitFor();
  await root.line("nobody asked you").waitFor();
  const asked = [];
  sam.page.on("request", (request) => asked.push(new URL(request.url()).pathname));
  await act(roar, { do: "ban", user: people.get("Troll").user.id, reason: "insults" }, { name: "kim" });
  await sam.page.locator("#peers").getByText("kim banned Troll: insults.").waitFor();
  await sam.line("nobody asked you").getByText("banned").waitFor();
  const shadow = await act(roar, { do: "shadow", user: people.get("Del").user.id }, { name: "kim" });
  await sam.line("+1").getByText("shadowed").waitFor();
  await act(roar, { do: "undo", act: shadow.act }, { name: "kim" });
  await sam.page.locator("#peers").getByText("kim undid “shadowed Del”.").waitFor();
  await sam.line("+1").getByText("shadowed").waitFor({ state: "detached" });
  await act(roar, { do: "timeout", user: people.get("Del").user.id, seconds: 60 }, { name: "boss", role: "admin", path: "/v1/moderation" });
  await sam.line("+1").getByText("timed out").waitFor();
  await root.line("+1").getByText("timed out").waitFor();
  assert.deepEqual(asked.filter((path) => path.endsWith("/log")), [], "it was told");
  await sam.assertClean(lostNetwork);
  await root.assertClean(lostNetwork);
});

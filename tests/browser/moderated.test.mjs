// SPDX-License-Identifier: Apache-2.0
// What the page shows to those whose comments are moderated, in Chromium against the real server.
import assert from "node:assert/strict";
import { after, before } from "node:test";
import { Roar, test, unlimited } from "../lib/roar.mjs";
import { lostNetwork, openBrowser, shownTexts, untilTexts, Visitor } from "./page.mjs";

let browser;
before(async () => (browser = await openBrowser()));
after(() => browser.close());

/** A stream with Ann in it, and a moderator who acts by the API. */
async function watched(t, name = "Ann", options = {}) {
  const roar = await Roar.start(t, unlimited);
  const token = await roar.token("sam", "Sam", "moderator");
  const act = async (body, tail = "") => {
    const answer = await roar.ask("POST", `/v1/streams/demo/moderation${tail}`, { token, body });
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return answer.body;
  };
  const look = async (tail) => (await roar.ask("GET", `/v1/streams/demo/moderation${tail}`, { token })).body;
  const ann = await Visitor.open(t, browser, options);
  await ann.go(`${roar.url}/?stream=demo`);
  if (name) await ann.join(name);
  const id = () => ann.page.evaluate(() => JSON.parse(localStorage.getItem("roar.guest")).user.id);
  return { roar, act, look, ann, id };
}

const history = async (roar) => (await roar.ask("GET", "/v1/streams/demo/comments")).body.comments;

test("removed: its author sees that it was, others see nothing; undone it is back in its place", async (t) => {
  const { roar, act, ann } = await watched(t);
  const bob = await Visitor.open(t, browser);
  await bob.go(`${roar.url}/?stream=demo`);
  for (const text of ["one", "two", "three"]) {
    await ann.write(text);
    await untilTexts(bob.page, 1, text);
  }
  const [, two] = await history(roar);
  const { act: done } = await act({ do: "delete", seq: two.seq });
  await ann.page.locator(".line.removed").getByText("Your comment was removed.").waitFor();
  await bob.page.getByText("two", { exact: true }).waitFor({ state: "detached" });
  assert.equal(await bob.page.locator(".line").count(), 2);
  assert.doesNotMatch(await ann.page.locator("#chat").innerHTML(), />two</);
  await ann.page.locator("#announcer").getByText("Your comment was removed by a moderator").waitFor();
  assert.deepEqual(await ann.lowContrast(".text, .state"), []);
  await ann.shoot("page-removed");
  await act({ act: done }, "/undo");
  await untilTexts(ann.page, 3, "three");
  await untilTexts(bob.page, 3, "three");
  assert.deepEqual(await shownTexts(ann.page), ["one", "two", "three"]);
  assert.equal(await ann.page.locator(".line.mine").count(), 3);
  await ann.assertClean();
  await bob.assertClean();
});

test("held: it waits in its author's page alone, and takes its place when approved; rejected, it says so", async (t) => {
  const { roar, act, look, ann } = await watched(t);
  await act({ do: "mode", value: ["hold_all"] });
  await ann.page.getByText("Moderators read comments first").waitFor();
  await ann.write("may I?");
  await ann.page.locator(".line.held").getByText("Waiting for a moderator").waitFor();
  await ann.page.locator("#announcer").getByText("Your comment waits for a moderator").waitFor();
  await ann.shoot("page-held");
  const bob = await Visitor.open(t, browser);
  await bob.go(`${roar.url}/?stream=demo`);
  assert.deepEqual(await shownTexts(bob.page), []);
  const { comments } = await look("/held");
  await act({ do: "approve", id: comments[0].id });
  await untilTexts(bob.page, 1, "may I?");
  await untilTexts(ann.page, 1, "may I?");
  assert.equal(await ann.page.locator(".line").count(), 1, "one line, once");
  await ann.write("and this?");
  await ann.page.locator(".line.held").waitFor();
  await act({ do: "reject", id: (await look("/held")).comments[0].id });
  await ann.page.locator(".line.failed").getByText("A moderator did not let it through").waitFor();
  assert.deepEqual(await shownTexts(bob.page), ["may I?"]);
  await ann.assertClean();
});

test("rejected, and the rejection undone: it waits again; its author may appeal, and trying again is not offered", async (t) => {
  const { roar, act, look, ann } = await watched(t, "Ann", { viewport: { width: 390, height: 844 } });
  await act({ do: "mode", value: ["hold_all"] });
  await ann.write("may I?");
  await ann.page.locator(".line.held").waitFor();
  const [{ id }] = (await look("/held")).comments;
  const { act: rejected } = await act({ do: "reject", id });
  const line = ann.page.locator(".line.failed", { hasText: "may I?" });
  await line.getByText("A moderator did not let it through").waitFor();
  assert.deepEqual(await line.getByRole("button").allTextContents(), ["Appeal", "Delete"]);
  await ann.shoot("page-rejected-phone");
  await ann.page.setViewportSize({ width: 1280, height: 800 });
  await ann.shoot("page-rejected");
  assert.deepEqual(await ann.lowContrast(".text, .state, .reason, .actions button"), []);
  await act({ act: rejected }, "/undo");
  await ann.page.locator(".line.held", { hasText: "may I?" }).getByText("Waiting for a moderator").waitFor();
  await ann.page.locator("#announcer").getByText("Your comment waits for a moderator again").waitFor();
  assert.equal(await ann.page.locator(".line.failed").count(), 0);
  await ann.shoot("page-held-again");
  const { act: again } = await act({ do: "reject", id });
  await line.getByRole("button", { name: "Appeal" }).click();
  const dialog = ann.page.getByRole("dialog", { name: "Appeal" });
  await dialog.getByRole("textbox", { name: "Why it should be undone" }).fill("It is a question.");
  await dialog.getByRole("button", { name: "Send" }).click();
  await line.getByRole("button", { name: "Appealed" }).waitFor();
  const token = await roar.token("sam", "Sam", "moderator");
  const { body } = await roar.ask("GET", "/v1/streams/demo/appeals", { token });
  assert.deepEqual(body.appeals.map((one) => [one.act, one.text]), [[again, "It is a question."]]);
  await roar.ask("POST", `/v1/streams/demo/appeals/${body.appeals[0].id}/decision`, { token, body: { decision: "granted", reason: "so it is" } });
  await ann.page.locator(".line.held", { hasText: "may I?" }).waitFor();
  await act({ do: "approve", id });
  await untilTexts(ann.page, 1, "may I?");
  assert.equal(await ann.page.locator(".line").count(), 1);
  await ann.assertClean();
});

test("held, and the page reloaded: it waits still, is handed in once, and what became of it meanwhile is told", async (t) => {
  const { roar, act, look, ann } = await watched(t, "Ann", { viewport: { width: 390, height: 844 } });
  const held = ann.page.locator(".line.held");
  const line = (text) => held.filter({ hasText: text }).getByText("Waiting for a moderator");
  const come = async () => {
    await ann.go(`${roar.url}/?stream=demo`);
    await ann.page.getByRole("textbox", { name: "Write a comment" }).waitFor();
  };
  await act({ do: "mode", value: ["hold_all"] });
  for (const text of ["may I?", "and this?"]) {
    await ann.write(text);
    await line(text).waitFor();
  }
  const posted = ann.page.waitForResponse((answer) => answer.request().postData()?.includes("and this?") === true);
  await ann.page.reload();
  for (const text of ["may I?", "and this?"]) await line(text).waitFor();
  await posted;
  await ann.page.locator("#announcer").getByText("Your comment waits for a moderator").waitFor();
  await ann.shoot("page-held-reloaded-phone");
  const { comments } = await look("/held");
  assert.deepEqual(comments.map(({ text }) => text), ["may I?", "and this?"], "each once");
  assert.deepEqual(await ann.lowContrast(".text, .state"), []);
  await ann.page.goto("about:blank");
  await act({ do: "approve", id: comments[0].id });
  await come();
  await untilTexts(ann.page, 1, "may I?");
  await line("and this?").waitFor();
  assert.equal(await ann.page.locator(".line").count(), 2, "one line each");
  await ann.page.goto("about:blank");
  await act({ do: "reject", id: comments[1].id });
  await come();
  const failed = ann.page.locator(".line.failed", { hasText: "and this?" });
  await failed.getByText("A moderator did not let it through").waitFor();
  assert.deepEqual(await failed.getByRole("button").allTextContents(), ["Appeal", "Delete"]);
  await ann.shoot("page-rejected-reloaded-phone");
  assert.equal(await ann.page.evaluate(() => localStorage.getItem("roar.own")), null, "nothing more to remember");
  assert.deepEqual((await history(roar)).map(({ text }) => text), ["may I?"]);
  assert.equal((await look("/held")).count, 0);
  await ann.assertClean();
});

test("held, and another name chosen: neither they nor the next are shown it, nor is it kept", async (t) => {
  const { act, look, ann } = await watched(t);
  await act({ do: "mode", value: ["hold_all"] });
  await ann.write("may I?");
  await ann.page.locator(".line.held").waitFor();
  await ann.page.getByRole("button", { name: "You write as Ann. Change name" }).click();
  await ann.page.locator(".line").waitFor({ state: "detached" });
  assert.equal(await ann.page.evaluate(() => localStorage.getItem("roar.own")), null);
  await ann.join("Bea");
  await ann.write("hello");
  await ann.page.locator(".line.held", { hasText: "hello" }).waitFor();
  await ann.page.reload();
  await ann.page.locator(".line.held", { hasText: "hello" }).waitFor();
  assert.equal(await ann.page.locator(".line").count(), 1);
  assert.equal((await look("/held")).count, 2);
  await ann.assertClean(lostNetwork);
});

test("held, shadowed, and the page reloaded: nothing tells its author, before and after it is approved", async (t) => {
  const { roar, act, look, ann, id } = await watched(t);
  await act({ do: "mode", value: ["hold_all"] });
  await act({ do: "shadow", user: await id() });
  await ann.write("may I?");
  await ann.page.locator(".line.held").waitFor();
  await ann.page.reload();
  await ann.page.locator(".line.held", { hasText: "may I?" }).getByText("Waiting for a moderator").waitFor();
  await ann.page.goto("about:blank");
  await act({ do: "approve", id: (await look("/held")).comments[0].id });
  await ann.go(`${roar.url}/?stream=demo`);
  await untilTexts(ann.page, 1, "may I?");
  await ann.page.waitForFunction(() => localStorage.getItem("roar.own") === null);
  assert.equal(await ann.page.locator(".line").count(), 1);
  assert.deepEqual(await history(roar), [], "others see nothing");
  await ann.assertClean();
});

test("under way when the tab was closed, minutes ago: it is there, not sent, and goes by hand, once", async (t) => {
  const { roar, ann } = await watched(t, "Ann", { viewport: { width: 390, height: 844 } });
  await ann.context.route("**/comments", () => undefined); // no answer ever
  await ann.write("still there?");
  await ann.page.locator(".line.pending").waitFor();
  await ann.page.goto(`${roar.url}/`);
  await ann.page.evaluate(() => {
    const [one] = JSON.parse(localStorage.getItem("roar.own"));
    localStorage.setItem("roar.own", JSON.stringify([{ ...one, at: one.at - 120_000 }]));
  });
  await ann.context.unroute("**/comments");
  await ann.go(`${roar.url}/?stream=demo`);
  const failed = ann.page.locator(".line.failed", { hasText: "still there?" });
  await failed.getByText("It did not get through before you left the page").waitFor();
  assert.deepEqual(await failed.getByRole("button").allTextContents(), ["Try again", "Delete"]);
  await ann.shoot("page-unsent-phone");
  assert.deepEqual(await history(roar), []);
  await failed.getByRole("button", { name: "Try again" }).click();
  await untilTexts(ann.page, 1, "still there?");
  assert.equal((await history(roar)).length, 1);
  assert.equal(await ann.page.evaluate(() => localStorage.getItem("roar.own")), null);
  await ann.assertClean();
});

test("taken back to be looked at: it waits, and is in its place again when approved", async (t) => {
  const { roar, act, look, ann } = await watched(t);
  await ann.write("hmm");
  await untilTexts(ann.page, 1, "hmm");
  await ann.write("next");
  await untilTexts(ann.page, 2, "next");
  const [first] = await history(roar);
  await act({ do: "hold", seq: first.seq });
  await ann.page.locator(".line.held").getByText("taken back to be looked at").waitFor();
  await act({ do: "approve", id: (await look("/held")).comments[0].id });
  await untilTexts(ann.page, 2, "next");
  assert.deepEqual(await shownTexts(ann.page), ["hmm", "next"]);
  await ann.assertClean();
});

test("refused: by name, in words", async (t) => {
  const { roar, act, ann, id } = await watched(t);
  await ann.write("hello");
  await untilTexts(ann.page, 1, "hello");
  const refused = async (text, words, code) => {
    await ann.write(text);
    const line = ann.page.locator(".line.failed", { hasText: text });
    await line.getByText(words).waitFor();
    assert.match(await line.textContent(), new RegExp(code));
    await line.getByRole("button", { name: "Delete" }).click();
  };
  await act({ do: "mode", value: ["links_off", "unique"] });
  await ann.page.getByText("Links are off · No repeats").waitFor();
  await refused("look at https://example.org/", "Links are off in this stream", "links_off");
  await ann.write("hello again");
  await untilTexts(ann.page, 2, "hello again");
  await refused("hello again", "Somebody said exactly that already", "not_unique");
  await act({ do: "mode", value: [] });
  const rule = async (rules) => assert.equal((await roar.ask("PUT", "/v1/streams/demo", { token: await roar.token("h", "H", "host"), body: { rules } })).status, 200);
  await rule({ caps: { percent: 50 } });
  await refused("WHAT A NIGHT", "Too many capitals", "bad_text");
  await rule({ account_age: { seconds: 86_400 } });
  await refused("I am new", "older accounts", "wrong_role");
  await rule({});
  await act({ do: "terms", value: [{ text: "fool", match: "word", action: "refuse" }] });
  await refused("you fool", "It holds a word that is not allowed here", "blocked_term");
  await act({ do: "timeout", user: await id(), seconds: 600 });
  await refused("still me", /You are muted until \d\d:\d\d/, "muted");
  await act({ do: "ban", user: await id() });
  await refused("and now", "You are banned from this stream", "banned");
  await ann.assertClean(lostNetwork);
});

test("banned or muted: who is says why it should be undone, and a moderator reads it", async (t) => {
  const { roar, act, ann, id } = await watched(t);
  await ann.write("hello");
  await untilTexts(ann.page, 1, "hello");
  await act({ do: "ban", user: await id() });
  await ann.write("but why?");
  const line = ann.page.locator(".line.failed", { hasText: "but why?" });
  await line.getByRole("button", { name: "Appeal" }).click();
  const dialog = ann.page.getByRole("dialog", { name: "Appeal" });
  await dialog.getByRole("textbox", { name: "Why it should be undone" }).fill("It was my brother.");
  await ann.shoot("appeal");
  await dialog.getByRole("button", { name: "Send" }).click();
  await line.getByRole("button", { name: "Appealed" }).waitFor();
  const token = await roar.token("sam", "Sam", "moderator");
  const { body } = await roar.ask("GET", "/v1/streams/demo/appeals", { token });
  assert.deepEqual(body.appeals.map(({ text, state }) => [text, state]), [["It was my brother.", "open"]]);
  await ann.assertClean(lostNetwork);
});

test("removed: its author appeals from the line, and it comes back when that is granted", async (t) => {
  const { roar, act, ann } = await watched(t);
  await ann.write("a joke");
  await untilTexts(ann.page, 1, "a joke");
  const [joke] = await history(roar);
  await act({ do: "hold", seq: joke.seq });
  await ann.page.locator(".line.held").getByText("Waiting for a moderator").waitFor();
  assert.equal(await ann.page.getByRole("button", { name: "Appeal" }).count(), 0);
  await act({ do: "approve", id: joke.id });
  await untilTexts(ann.page, 1, "a joke");
  const removed = await act({ do: "delete", seq: joke.seq, reason: "spam" });
  const line = ann.page.locator(".line.removed");
  await line.getByRole("button", { name: "Appeal" }).click();
  const dialog = ann.page.getByRole("dialog", { name: "Appeal" });
  await dialog.getByRole("textbox", { name: "Why it should be undone" }).fill("You asked for jokes.");
  await ann.shoot("appeal-removed");
  await ann.page.setViewportSize({ width: 360, height: 640 });
  await ann.shoot("appeal-removed-phone");
  await dialog.getByRole("button", { name: "Send" }).click();
  await line.getByRole("button", { name: "Appealed" }).waitFor();
  await ann.page.locator("#announcer").getByText("Your appeal was sent to the moderators").waitFor();
  await ann.shoot("line-appealed-phone");
  assert.deepEqual(await ann.lowContrast(".text, .state, .actions button"), []);
  const token = await roar.token("sam", "Sam", "moderator");
  const { body } = await roar.ask("GET", "/v1/streams/demo/appeals", { token });
  assert.deepEqual(body.appeals.map(({ act, text }) => [act, text]), [[removed.act, "You asked for jokes."]]);
  await roar.ask("POST", `/v1/streams/demo/appeals/${body.appeals[0].id}/decision`, { token, body: { decision: "granted", reason: "so it was" } });
  await untilTexts(ann.page, 1, "a joke");
  await ann.assertClean();
});

test("removed: what cannot be appealed against any more is said in words", async (t) => {
  const { act, ann } = await watched(t);
  await ann.write("a joke");
  await untilTexts(ann.page, 1, "a joke");
  const { act: done } = await act({ do: "clear" });
  await ann.page.locator(".line.removed").getByRole("button", { name: "Appeal" }).click();
  const dialog = ann.page.getByRole("dialog", { name: "Appeal" });
  await dialog.getByRole("textbox").fill("Why?");
  await act({ act: done }, "/undo");
  await untilTexts(ann.page, 1, "a joke");
  await dialog.getByRole("button", { name: "Send" }).click();
  await dialog.getByText("This cannot be appealed against any more.").waitFor();
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await ann.assertClean(lostNetwork);
});

test("shadowed: nothing tells its author, and nobody else sees it", async (t) => {
  const { roar, act, ann, id } = await watched(t);
  const bob = await Visitor.open(t, browser);
  await bob.go(`${roar.url}/?stream=demo`);
  await ann.write("before");
  await untilTexts(bob.page, 1, "before");
  await act({ do: "shadow", user: await id() });
  await ann.write("into the void");
  await untilTexts(ann.page, 2, "into the void");
  const { token } = await roar.guest("Cy");
  await roar.post("demo", token, "after");
  await untilTexts(bob.page, 2, "after");
  await untilTexts(ann.page, 3, "after");
  assert.deepEqual(await shownTexts(bob.page), ["before", "after"]);
  assert.deepEqual(await shownTexts(ann.page), ["before", "into the void", "after"]);
  await ann.page.reload();
  await untilTexts(ann.page, 3, "after");
  assert.equal(await ann.page.locator(".line.held, .line.failed, .line.removed, .line.gap").count(), 0);
  await ann.assertClean();
});

test("pinned above, unpinned, and gone with its comment", async (t) => {
  const { roar, act, ann } = await watched(t);
  await ann.write("the schedule: at nine");
  await untilTexts(ann.page, 1, "the schedule: at nine");
  const [comment] = await history(roar);
  await act({ do: "pin", seq: comment.seq });
  const pins = ann.page.getByRole("region", { name: "Pinned comments" });
  await pins.getByText("the schedule: at nine").waitFor();
  await ann.shoot("page-pinned");
  const bob = await Visitor.open(t, browser);
  await bob.go(`${roar.url}/?stream=demo`);
  await bob.page.getByRole("region", { name: "Pinned comments" }).getByText("at nine").waitFor();
  await act({ do: "unpin", seq: comment.seq });
  await pins.waitFor({ state: "hidden" });
  await act({ do: "pin", seq: comment.seq });
  await pins.waitFor();
  await act({ do: "delete", seq: comment.seq });
  await pins.waitFor({ state: "hidden" });
  await bob.page.getByRole("region", { name: "Pinned comments" }).waitFor({ state: "hidden" });
  await ann.assertClean();
});

test("slow mode: it says so, and counts down what is left to wait", async (t) => {
  const { act, ann } = await watched(t);
  await act({ do: "slow", seconds: 90 });
  await ann.page.getByText("Slow mode: one comment every 1 min 30 s").waitFor();
  assert.equal(await ann.page.locator("#wait").isVisible(), false);
  await ann.write("one");
  await untilTexts(ann.page, 1, "one");
  await ann.page.locator("#wait").getByText("Next in 1 min 28 s").waitFor();
  await ann.write("two");
  await ann.page.locator(".line.pending, .line.failed").getByText("Slow mode is on").waitFor();
  await ann.shoot("page-slow");
  await act({ do: "slow", seconds: 0 });
  await ann.page.locator("#wait").waitFor({ state: "hidden" });
  await ann.assertClean(lostNetwork);
});

test("on a phone, all that holds for writing is said in lines, and not in a column of words", async (t) => {
  const { act, ann } = await watched(t, "Ann of the many names", { viewport: { width: 360, height: 740 } });
  await ann.write("hello");
  await untilTexts(ann.page, 1, "hello");
  await act({ do: "mode", value: ["links_off", "unique", "hold_first"] });
  await act({ do: "slow", seconds: 90 });
  await ann.write("again");
  await ann.page.locator("#wait").getByText("Next in").waitFor();
  const { width, height } = await ann.page.locator("#composer-hint").boundingBox();
  assert.ok(width > 300 && height < 70, `${width} by ${height} px`);
  assert.equal(await ann.page.evaluate(() => document.documentElement.scrollWidth - innerWidth), 0);
  await ann.shoot("page-modes-phone");
  await ann.assertClean(lostNetwork);
});

test("warned: nothing is sent until it is acknowledged, and then what was written goes", async (t) => {
  const { act, ann, id } = await watched(t, "Ann", { viewport: { width: 390, height: 844 } });
  await ann.write("hello");
  await untilTexts(ann.page, 1, "hello");
  await act({ do: "warn", user: await id(), text: "No names of others, please." });
  const dialog = ann.page.getByRole("alertdialog", { name: "A warning from a moderator" });
  await dialog.getByText("No names of others, please.").waitFor();
  await ann.shoot("page-warned");
  await ann.page.keyboard.press("Escape");
  await dialog.waitFor({ state: "hidden" });
  await ann.write("but I did not");
  await dialog.waitFor();
  await dialog.getByRole("button", { name: "I have read it" }).click();
  await dialog.waitFor({ state: "hidden" });
  await untilTexts(ann.page, 2, "but I did not");
  assert.equal(await ann.page.locator(".line.failed").count(), 0);
  await ann.assertClean(lostNetwork);
});

test("warned twice: one is read after the other, and after both what was written goes", async (t) => {
  const { act, ann, id } = await watched(t, "Ann");
  await ann.write("hello");
  await untilTexts(ann.page, 1, "hello");
  await act({ do: "warn", user: await id(), text: "No names of others, please." });
  await act({ do: "warn", user: await id(), text: "No links either." });
  const read = { name: "I have read it" };
  const first = ann.page.getByRole("alertdialog", { name: "A warning from a moderator", exact: true });
  await first.getByText("No names of others, please.").waitFor();
  await ann.page.keyboard.press("Escape");
  await ann.write("but I did not");
  await first.getByText("No names of others, please.").waitFor();
  await first.getByRole("button", read).click();
  const second = ann.page.getByRole("alertdialog", { name: "Another warning from a moderator" });
  await second.getByText("No links either.").waitFor();
  assert.equal(await ann.page.locator(".line.failed").count(), 1);
  await second.getByRole("button", read).click();
  await second.waitFor({ state: "hidden" });
  await untilTexts(ann.page, 2, "but I did not");
  assert.equal(await ann.page.locator(".line.failed").count(), 0);
  await ann.assertClean(lostNetwork);
});

test("warned: undone, or read in another tab, it is asked no more, and what it stopped is sent", async (t) => {
  const { act, ann, id } = await watched(t, "Ann");
  await ann.write("hello");
  await untilTexts(ann.page, 1, "hello");
  const tab = await ann.tab();
  await ann.go(ann.page.url(), tab);
  const warning = (page) => page.getByRole("alertdialog", { name: "A warning from a moderator" });
  const { act: first } = await act({ do: "warn", user: await id(), text: "No names of others, please." });
  for (const page of [ann.page, tab]) await warning(page).getByText("No names of others, please.").waitFor();
  await act({ act: first }, "/undo");
  for (const page of [ann.page, tab]) await warning(page).waitFor({ state: "hidden" });
  await ann.page.locator("#announcer").getByText("The warning is over").waitFor();
  await act({ do: "warn", user: await id(), text: "No links either." });
  for (const page of [ann.page, tab]) await warning(page).getByText("No links either.").waitFor();
  await ann.page.keyboard.press("Escape");
  await ann.write("but I did not");
  await ann.page.locator(".line.failed", { hasText: "but I did not" }).waitFor({ state: "attached" });
  await warning(tab).getByRole("button", { name: "I have read it" }).click();
  for (const page of [ann.page, tab]) await warning(page).waitFor({ state: "hidden" });
  await untilTexts(ann.page, 2, "but I did not");
  assert.equal(await ann.page.locator(".line.failed").count(), 0);
  await ann.assertClean(lostNetwork);
});

test("warned by many: each is read before it is said to be, after a reload and in each tab", async (t) => {
  const { act, ann, id } = await watched(t, "Ann", { viewport: { width: 390, height: 844 } });
  await ann.write("hello");
  await untilTexts(ann.page, 1, "hello");
  const words = ["names", "links", "shouting", "spoilers", "bets", "politics"].map((what) => `No ${what}, please.`);
  for (const text of words) await act({ do: "warn", user: await id(), text });
  await ann.page.reload();
  const tab = await ann.tab();
  await ann.go(ann.page.url(), tab);
  for (const [n, text] of words.entries()) {
    const page = n % 2 === 0 ? ann.page : tab; // in turns
    const dialog = page.getByRole("alertdialog");
    await dialog.getByText(text, { exact: true }).waitFor();
    if (n === 4) await ann.shoot("page-warned-again-phone");
    await dialog.getByRole("button", { name: "I have read it" }).click();
    await dialog.getByText(text, { exact: true }).waitFor({ state: "hidden" });
  }
  for (const page of [ann.page, tab]) await page.getByRole("alertdialog").waitFor({ state: "hidden" });
  await ann.write("thank you");
  await untilTexts(ann.page, 2, "thank you");
  await ann.assertClean(lostNetwork);
});

test("warned, and away as it ended: who comes back is asked no more", async (t) => {
  const { act, ann, id } = await watched(t, "Ann");
  await ann.write("hello");
  await untilTexts(ann.page, 1, "hello");
  const { act: warned } = await act({ do: "warn", user: await id(), text: "No names of others, please." });
  const dialog = ann.page.getByRole("alertdialog");
  await dialog.waitFor();
  await ann.context.setOffline(true);
  await ann.page.locator("#connection[data-phase=offline]").waitFor({ state: "attached" });
  await act({ act: warned }, "/undo");
  await ann.context.setOffline(false);
  await dialog.waitFor({ state: "hidden" });
  await ann.assertClean(lostNetwork);
});

test("slow mode that ends sends at once what waited for it", async (t) => {
  const { roar, act, ann } = await watched(t);
  await act({ do: "slow", seconds: 20 });
  await ann.page.getByText("Slow mode: one comment every 20 seconds").waitFor();
  await ann.write("one");
  await untilTexts(ann.page, 1, "one");
  await ann.write("two");
  await ann.page.getByText("Slow mode is on; wait a little between comments").waitFor();
  const began = Date.now();
  await act({ do: "slow", seconds: 0 });
  await ann.page.locator(".line.pending").waitFor({ state: "detached" });
  assert.ok(Date.now() - began < 10_000, "long before its time");
  assert.deepEqual((await history(roar)).map(({ text }) => text), ["one", "two"]);
  await ann.assertClean(lostNetwork);
});

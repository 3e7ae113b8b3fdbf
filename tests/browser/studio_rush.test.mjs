// SPDX-License-Identifier: Apache-2.0
// The studio in a rush: nothing moves under a finger, nothing covers what is read, and two who mean the same do it once.
import assert from "node:assert/strict";
import { after, before } from "node:test";
import { test } from "../lib/roar.mjs";
import { Desk, desktop, moderated, phone, show, talk, texts } from "./desk.mjs";
import { lostNetwork, openBrowser } from "./page.mjs";

let browser;
before(async () => (browser = await openBrowser()));
after(() => browser.close());

const sizes = { wide: { viewport: { width: 1440, height: 900 } }, desktop, small: { viewport: { width: 1024, height: 768 } }, tablet: { viewport: { width: 768, height: 1024 } }, phone };

/** Which of these parts of the page lie over which other. */
const overlaps = (page, ids) =>
  page.evaluate((ids) => {
    const boxes = ids.map((id) => [id, document.getElementById(id)]).filter(([, element]) => element.checkVisibility()).map(([id, element]) => [id, element.getBoundingClientRect()]);
    const over = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
    return boxes.flatMap(([id, box], at) => boxes.slice(at + 1).filter(([, other]) => over(box, other)).map(([other]) => `${id} ${other}`));
  }, ids);

for (const [size, options] of Object.entries(sizes)) {
  test(`${size}: what is told of an act covers nothing, and the acts stay where they are`, async (t) => {
    const [first, last] = ["Bartholomew", "Marmaduke-J"].map((name) => `${name} Featherstonehaugh-Cholmondeley`);
    const { roar, say } = await show(t, [...talk, ...talk, ...talk, ...talk]);
    await say(first, "the first of two");
    await say(last, "the last of two");
    const token = await roar.token("kim", "Kim", "moderator");
    for (const body of [{ do: "slow", seconds: 30 }, { do: "mode", value: ["links_off", "unique", "hold_first"] }]) {
      assert.equal((await roar.ask("POST", "/v1/streams/show/moderation", { token, body })).status, 200);
    }
    const sam = await Desk.open(t, browser, roar, options);
    await sam.page.locator("#in-force").getByText("Slow").waitFor();
    const line = sam.page.locator("#live .line", { hasText: "nobody asked you" }).nth(2);
    const place = async (at) => Math.round((await at.boundingBox()).y);
    await line.scrollIntoViewIfNeeded();
    const before = await place(line);
    await line.click();
    const button = sam.page.locator("#acts .act-ban");
    await button.waitFor();
    assert.equal(await place(line), before, "what is hit stays under the pointer");
    const acts = await place(button);
    const around = ["told", "title", "viewers", "in-force", "connection", "help-open", "live", "acts", "tabs", "reach"];
    for (const [text, author] of [["the last of two", last], ["the first of two", first]]) {
      await sam.choose(text);
      await sam.press("d");
      await sam.told(`Deleted ${author}'s comment.`);
      await sam.page.locator("#reach .reached").first().getByText("1 of 1 viewer").waitFor();
      assert.deepEqual(await overlaps(sam.page, around), []);
      assert.equal(await place(button), acts, "no other act comes under the pointer");
    }
    await sam.press("t");
    await sam.told(`Timed out ${first} for 10 minutes.`);
    assert.deepEqual(await overlaps(sam.page, around), []);
    assert.equal(await sam.page.evaluate(() => document.documentElement.scrollWidth - innerWidth), 0, "nothing sticks out sideways");
    assert.deepEqual(await sam.nameless(), []);
    await sam.shoot(`studio-told-${size}`);
    await sam.assertClean(lostNetwork);
  });
}

test("what is known of somebody comes beside all that they wrote, and the line that is chosen stays where it is", async (t) => {
  const { roar } = await show(t, [...talk, ...talk, ...talk, ["Troll", "the last of it"]]);
  const sam = await Desk.open(t, browser, roar);
  const line = sam.page.locator("#live .line", { hasText: "you are all fools" }).nth(1);
  await line.click();
  await sam.page.locator("#acts").waitFor();
  const place = async () => Math.round((await line.boundingBox()).y);
  const y = await place();
  for (const [key, tag] of [["t", "timed out"], ["b", "banned"], ["s", "shadowed"]]) {
    await sam.press(key);
    await sam.line("the last of it").getByText(tag).waitFor();
    assert.equal(await place(), y, tag);
  }
  await sam.assertClean(lostNetwork);
});

const upright = { ...phone, viewport: { width: 360, height: 740 } };
const lying = { ...phone, viewport: { width: 740, height: 360 } };

/** Several times the same talk is more than a screen of it. */
for (const [size, options, times] of [["desktop", desktop, 6], ["desktop, of few", desktop, 1], ["phone", upright, 6], ["phone, of few", upright, 1], ["phone on its side", lying, 6]]) {
  test(`${size}: nobody's own act moves the line that they have chosen, the newest or one at the edge`, async (t) => {
    const { roar } = await show(t, Array.from({ length: times }, () => talk).flat());
    const sam = await Desk.open(t, browser, roar, { ...options, has_clock: true });
    await sam.line("nobody asked you").nth(times - 1).waitFor();
    for (const up of [0, Math.min(25, times * talk.length - 1)]) {
      await sam.press("j");
      for (let at = 0; at < up; at++) await sam.press("k");
      const line = sam.page.locator(`#${await sam.page.locator("#live").getAttribute("aria-activedescendant")}`);
      await sam.watchChosen();
      for (const [key, tag] of [["t", "timed out"], ["b", "banned"], ["s", "shadowed"], ["p", "pinned"]]) {
        await sam.press(key);
        await line.getByText(tag).waitFor();
      }
      await sam.page.locator("#reach .reached").first().getByText("1 of 1 viewer").waitFor();
      await sam.press("d");
      await line.getByText("Removed by sam").waitFor();
      await sam.press("r");
      await sam.told(/Restored .*'s comment/);
      await line.and(sam.page.locator(":not(.removed)")).waitFor();
      await sam.page.clock.fastForward(13_000);
      await sam.page.locator("#told").waitFor({ state: "hidden" });
      assert.deepEqual(await sam.moved(), []);
      for (const key of ["n", "y"]) await sam.press(key);
      await line.getByText("banned").waitFor({ state: "detached" });
      await line.getByText("shadowed").waitFor({ state: "detached" });
      assert.deepEqual(await sam.moved(), []);
      await sam.press("Escape");
      await sam.page.locator("#acts").waitFor({ state: "hidden" });
    }
    await sam.shoot(`studio-steady-${size.replaceAll(/\W+/g, "-")}`);
    await sam.assertClean(lostNetwork);
  });
}

test("a finger chooses a line where it is, be it near the top, in a list that has the focus", async (t) => {
  const { roar } = await show(t, Array.from({ length: 6 }, () => talk).flat());
  const sam = await Desk.open(t, browser, roar, upright);
  const line = sam.line("nobody asked you").nth(1);
  await line.waitFor();
  await sam.press("l");
  const y = await line.evaluate((element) => {
    const box = element.closest("#live");
    box.scrollTop += element.getBoundingClientRect().top - box.getBoundingClientRect().top - 30;
    return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(element.getBoundingClientRect().top))));
  });
  await line.tap();
  await sam.page.locator("#acts .act-ban").waitFor();
  assert.ok(Math.abs((await line.evaluate((element) => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(element.getBoundingClientRect().top)))))) - y) < 1, "it is where it was hit");
  await sam.assertClean(lostNetwork);
});

test("what comes above does not push away what a pointer rests on: an undo in the audit, a comment in somebody's history", async (t) => {
  const { roar, people, say } = await show(t, talk);
  const token = await roar.token("kim", "Kim", "moderator");
  const act = async (body) => assert.equal((await roar.ask("POST", "/v1/streams/show/moderation", { token, body })).status, 200);
  for (const seconds of [10, 20]) await act({ do: "slow", seconds });
  const sam = await Desk.open(t, browser, roar);
  const rests = async (button, come, came) => {
    await button.hover();
    const before = await button.boundingBox();
    await come();
    await came.waitFor();
    const now = await button.boundingBox();
    assert.ok(Math.abs(now.y - before.y) < 1 && Math.abs(now.x - before.x) < 1, `${JSON.stringify(now)} was ${JSON.stringify(before)}`);
    assert.equal(await button.evaluate((one) => one.matches(":hover")), true);
  };
  await sam.press("5");
  const entry = (text) => sam.page.locator("#panel-audit .entry", { hasText: text });
  await rests(entry("20 seconds").getByRole("button", { name: /^Undo/ }), async () => {
    for (const seconds of [30, 60, 120]) await act({ do: "slow", seconds });
  }, entry("2 minutes"));
  await sam.page.mouse.down();
  await sam.page.mouse.up();
  await sam.told(/Undone: kim set slow mode.* 20 seconds/);
  await act({ do: "slow", seconds: 0 });

  await sam.choose("you are all fools");
  await sam.press("v");
  const wrote = (text) => sam.page.locator("#panel-person .wrote", { hasText: text });
  await rests(wrote("nobody asked you").getByRole("button", { name: /^Delete/ }), async () => {
    for (const text of ["one more", "and another"]) await say("Troll", text);
    await act({ do: "warn", user: people.get("Troll").user.id, text: "Easy." });
  }, wrote("and another"));
  await sam.page.getByText("warned by kim").waitFor();
  await sam.page.mouse.down();
  await sam.page.mouse.up();
  await sam.told("Deleted Troll's comment.");
  assert.ok(!(await texts(roar)).includes("nobody asked you"));
  await sam.assertClean(lostNetwork);
});

test("all tabs with their counts are in sight, and the keys with their settings, on every screen", async (t) => {
  const { roar, say } = await show(t, talk);
  await roar.ask("POST", "/v1/streams/show/moderation", { token: await roar.token("kim", "Kim", "moderator"), body: { do: "mode", value: ["hold_all"] } });
  for (let at = 0; at < 120; at++) await say(`Raider ${at % 30}`, "join the wave now friends");
  for (const [size, options] of Object.entries({ ...sizes, narrow: { ...phone, viewport: { width: 360, height: 740 } } })) {
    const sam = await Desk.open(t, browser, roar, options);
    await sam.page.locator("#tab-queue .tab-count", { hasText: "120" }).waitFor();
    await sam.page.locator("#tab-raid .tab-count", { hasText: "1" }).waitFor();
    await sam.page.evaluate(() => (document.querySelector("#tab-appeals .tab-count").textContent = "12"));
    const out = await sam.page.evaluate(() => document.getElementById("tabs").scrollWidth - document.getElementById("tabs").clientWidth);
    assert.ok(out <= 0, `${size}: ${out} px of the tabs stick out`);
    await sam.page.getByRole("button", { name: "Keys and settings" }).click();
    const under = await sam.page.locator("#help").evaluate((help) => help.scrollHeight - help.clientHeight);
    assert.ok(under <= 0, `${size}: ${under} px of the help are out of sight`);
    await sam.shoot(`studio-help-${size}`);
    await sam.context.close();
  }
});

test("a phone that is turned: the chosen line is in sight both ways, one tab is the chosen one, and every act is at hand", async (t) => {
  const { roar } = await show(t, [...talk, ...talk, ...talk, ...talk]);
  const sam = await Desk.open(t, browser, roar, { ...phone, viewport: { width: 360, height: 740 } });
  const line = sam.page.locator("#live .line", { hasText: "you are all fools" }).nth(1);
  await line.tap();
  await sam.page.locator("#acts .act-delete").tap();
  await sam.told("Deleted Troll's comment.");
  for (const [width, height] of [[740, 360], [1280, 800], [740, 360], [360, 740]]) {
    await sam.page.setViewportSize({ width, height });
    const chosen = sam.page.locator("#live .line[aria-selected=true]");
    await sam.page.waitForFunction(() => {
      const [box, one] = ["#live", "#live .line[aria-selected=true]"].map((at) => document.querySelector(at).getBoundingClientRect());
      return one.top >= box.top - 1 && one.bottom <= box.bottom + 1 && box.height > 2 * one.height;
    });
    assert.equal(await chosen.count(), 1);
    await sam.page.locator(width === 1280 ? "#tab-queue[aria-selected=true]" : "#tab-live[aria-selected=true]").and(sam.page.locator(":visible")).waitFor();
    const tabs = await sam.page.getByRole("tab", { selected: true }).evaluateAll((all) => all.map((tab) => tab.id));
    assert.deepEqual(tabs, [width === 1280 ? "tab-queue" : "tab-live"], `${width} by ${height}`);
    await sam.page.locator("#acts .act-restore").scrollIntoViewIfNeeded();
    assert.equal(await sam.page.evaluate(() => document.documentElement.scrollWidth - innerWidth), 0);
    await sam.shoot(`studio-turned-${width}`);
  }
  await sam.page.locator("#acts .act-restore").tap();
  await sam.told("Restored Troll's comment.");
  await sam.assertClean(lostNetwork);
});

test("two who delete the same comment delete it once; a key of its own restores it", async (t) => {
  const { roar } = await show(t, talk);
  const [sam, kim] = await Promise.all(["Sam", "Kim"].map((name) => Desk.open(t, browser, roar, { name })));
  for (const desk of [sam, kim]) await desk.choose("you are all fools");
  await sam.press("d");
  await kim.line("Removed by sam").waitFor();
  await kim.press("d");
  await kim.told("It is removed already.");
  assert.ok(!(await texts(roar)).includes("you are all fools"));
  assert.deepEqual((await moderated(roar, "/log")).entries.map((one) => one.do), ["delete"]);
  const acts = (desk, name, state) => desk.page.locator(`#acts button:${state}`, { hasText: name }).waitFor();
  await acts(kim, "Restore", "enabled");
  await kim.press("r");
  await kim.told("Restored Troll's comment.");
  for (const desk of [sam, kim]) await desk.line("you are all fools").waitFor();
  await kim.press("r");
  await kim.told("It is not removed.");
  await sam.press("b");
  await sam.told("Banned Troll.");
  await acts(kim, "Unban", "enabled");
  await kim.press("b");
  await kim.told("Banned Troll: it was so already.");
  await kim.press("n");
  await kim.told("Unbanned Troll.");
  await sam.line("nobody asked you").getByText("banned").waitFor({ state: "detached" });
  await acts(sam, "Unban", "disabled");
  await sam.press("n");
  await sam.told("Troll is not banned here.");
  await sam.press("s");
  await sam.told("Shadowed Troll.");
  await sam.press("v");
  await sam.page.locator("#person-acts").getByRole("button", { name: "Unshadow" }).click();
  await sam.told("Unshadowed Troll.");
  await sam.page.getByRole("tabpanel", { name: "Person" }).getByText("Nothing.").waitFor();
  await sam.assertClean(lostNetwork);
  await kim.assertClean(lostNetwork);
});

test("from one decision to the next that nobody looks at; what goes by itself leaves nothing chosen", async (t) => {
  const { roar, say } = await show(t, talk.slice(0, 2));
  const token = await roar.token("root", "Root", "admin");
  const act = async (body, tail = "") => {
    const answer = await roar.ask("POST", `/v1/streams/show/moderation${tail}`, { token, body });
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return answer.body.act;
  };
  const wait = async (name, text) => {
    await act({ do: "mode", value: ["hold_all"] });
    await say(name, text);
    await act({ do: "mode", value: [] });
  };
  await wait("Ann", "first");
  await wait("Bob", "second");
  const hold = await act({ do: "hold", seq: (await say("Cy", "third")).seq });
  await wait("Dee", "fourth");
  const [sam, kim] = await Promise.all(["Sam", "Kim"].map((name) => Desk.open(t, browser, roar, { name })));
  const item = (desk, text) => desk.page.locator("#queue .item", { hasText: text });
  for (const desk of [sam, kim]) {
    await desk.press("1");
    await item(desk, "fourth").waitFor();
  }
  await item(sam, "first").click();
  await item(kim, "second").click();
  await item(sam, "second").getByText("kim looks at it").waitFor();
  await sam.press("a");
  await sam.told("Approved Ann's comment");
  await item(sam, "third").getByText("yours").waitFor();
  await item(kim, "third").getByText("sam looks at it").waitFor();
  assert.equal(await item(sam, "third").getAttribute("aria-selected"), "true");
  await act({ act: hold }, "/undo");
  await item(sam, "third").waitFor({ state: "detached" });
  await sam.told("What you looked at waits no more.");
  assert.equal(await sam.page.locator("#queue [aria-selected=true]").count(), 0, "a key on its way decides nothing else");
  await sam.press("a");
  assert.equal(await item(sam, "fourth").count(), 1);
  await sam.assertClean(lostNetwork);
  await kim.assertClean(lostNetwork);
});

test("reach: the newest in sight, those before it on demand; it goes by itself, and is found again in the audit", async (t) => {
  const { roar } = await show(t, talk);
  const sam = await Desk.open(t, browser, roar, { has_clock: true });
  const rows = sam.page.locator("#reach .reached");
  await sam.page.getByText("How far each act has come is told here.").waitFor();
  for (const text of ["finally live", "+1", "you are all fools"]) {
    await sam.choose(text);
    await sam.press("d");
    await sam.told("Deleted");
    await sam.line(text).waitFor({ state: "detached" });
  }
  await sam.page.getByRole("button", { name: "2 more" }).click();
  await rows.nth(2).getByText("1 of 1 viewer").waitFor();
  assert.deepEqual(await rows.locator(".text").allTextContents(), ["Troll", "Del", "jonas"].map((name) => `Deleted ${name}'s comment`));
  await rows.first().locator("time").waitFor();
  await sam.shoot("studio-reach-open");
  assert.deepEqual(await sam.nameless(), []);
  await sam.page.getByRole("button", { name: "Less" }).click();
  await rows.nth(2).waitFor({ state: "hidden" });
  await sam.page.getByRole("button", { name: "Put these away" }).click();
  await rows.first().waitFor({ state: "detached" });
  assert.equal(await sam.page.evaluate(() => document.activeElement.id), "live", "the focus is not lost");

  await sam.choose("nobody asked you");
  await sam.press("d");
  await rows.first().getByText("1 of 1 viewer").waitFor();
  await sam.page.locator("#reach .reached:not(.going)").waitFor();
  await sam.page.clock.fastForward(70_000);
  await sam.page.getByText("How far each act has come is told here.").waitFor();
  await sam.press("5");
  await sam.page.locator(".entry", { hasText: "sam deleted Del's comment" }).getByRole("button", { name: /^Reach/ }).click();
  await rows.getByText("1 of 1 viewer").waitFor();
  assert.deepEqual(await rows.locator(".text").allTextContents(), ["sam deleted Del's comment"]);
  await sam.assertClean(lostNetwork);
});

test("a double click on the newest line chooses it, and is no act that came under the pointer", async (t) => {
  const { roar } = await show(t, [...talk, ...talk, ...talk, ...talk]);
  const sam = await Desk.open(t, browser, roar);
  const newest = sam.line("nobody asked you").last();
  await sam.page.locator("#live .line").nth(4 * talk.length - 1).waitFor();
  const { x, y, width, height } = await newest.boundingBox();
  const [left, top] = [x + width / 2, y + height / 2];
  await sam.page.mouse.dblclick(left, top);
  await sam.page.locator("#acts").waitFor();
  assert.equal(await sam.page.evaluate(([left, top]) => document.elementFromPoint(left, top).closest("#acts") !== null, [left, top]), true, "they came under it");
  assert.equal(await newest.getAttribute("aria-selected"), "true");
  assert.deepEqual(await overlaps(sam.page, ["jump", await newest.getAttribute("id")]), [], "its end can be read");
  await sam.press("p");
  await sam.told("Pinned Troll's comment.");
  assert.deepEqual((await moderated(roar, "/log")).entries.map((one) => one.do), ["pin"]);
  await sam.assertClean(lostNetwork);
});

test("the shield is one key away; a raid is told before anybody looks for one; the keys begin at the newest", async (t) => {
  const { roar, say } = await show(t, talk);
  for (let i = 0; i < 12; i++) await say(`Raider ${i}`, "join the wave now");
  await say("jonas", "the newest of all");
  const sam = await Desk.open(t, browser, roar);
  await sam.page.getByRole("tab", { name: /Raid/ }).getByText("1").waitFor();
  await sam.page.locator("#said").getByText("1 group of similar comments in the raid panel.").waitFor({ state: "attached" });
  await sam.line("the newest of all").waitFor();
  await sam.press("j");
  await sam.page.locator("#live .line[aria-selected=true]", { hasText: "the newest of all" }).waitFor();
  for (let i = 0; i < 2; i++) {
    await sam.press("!");
    await sam.told(i === 0 ? "Put the shield up." : "Put the shield up: it was so already.");
  }
  await sam.page.locator("#in-force").getByText("Shield").waitFor();
  assert.equal((await moderated(roar, "/rules")).shield, true);
  await sam.press("u");
  await sam.told("Undone: Put the shield up");
  await sam.page.locator("#in-force").getByText("Shield").waitFor({ state: "detached" });
  await sam.assertClean(lostNetwork);
});

test("by ear: what was done is said in a region that is there before it, and the same again is said again", async (t) => {
  const { roar } = await show(t, talk);
  const sam = await Desk.open(t, browser, roar);
  const kim = await Desk.open(t, browser, roar, { name: "Kim" });
  await sam.page.evaluate(() => {
    window.said = [];
    const region = document.getElementById("said");
    new MutationObserver(() => window.said.push(region.textContent.trim())).observe(region, { childList: true, characterData: true, subtree: true });
  });
  const said = (words, times) => sam.page.waitForFunction(([words, times]) => window.said.filter((one) => one === words).length === times, [words, times]);
  for (const [at, text] of ["you are all fools", "nobody asked you"].entries()) {
    await sam.choose(text);
    await sam.press("d");
    await said("Deleted Troll's comment.", at + 1);
  }
  await kim.choose("+1");
  await kim.press("d");
  await said("kim deleted Del's comment.", 1);
  await roar.kill();
  await sam.page.waitForFunction(() => window.said.some((one) => one.includes("What is shown here is from before")));
  await sam.assertClean(lostNetwork);
  await kim.assertClean(lostNetwork);
});

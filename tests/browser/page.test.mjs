// SPDX-License-Identifier: Apache-2.0
// The page as its users have it, in Chromium against the real server.
import assert from "node:assert/strict";
import { after, before } from "node:test";
import { Roar, test, unlimited } from "../lib/roar.mjs";
import { lostNetwork, openBrowser, shownTexts, untilTexts, Visitor } from "./page.mjs";

let browser;
before(async () => (browser = await openBrowser()));
after(() => browser.close());

const numbered = (count, word = "comment") => Array.from({ length: count }, (_, i) => `${word} ${i + 1}`);

async function together(t, env = {}) {
  const roar = await Roar.start(t, { ...unlimited, ...env });
  const address = `${roar.url}/?stream=demo`;
  return { roar, address };
}

test("two tabs: what is typed in one appears in the other, in order", async (t) => {
  const { address } = await together(t);
  const ann = await Visitor.open(t, browser);
  const bob = await Visitor.open(t, browser);
  await ann.go(address);
  await bob.go(address);
  await ann.join("Ann");
  await bob.join("Bob");
  for (const text of ["hello", "how are you?", "line one\nline two"]) {
    await ann.write(text);
    await untilTexts(bob.page, 1, text);
    await bob.write(`re: ${text}`);
    await untilTexts(ann.page, 1, `re: ${text}`);
  }
  const texts = ["hello", "re: hello", "how are you?", "re: how are you?", "line one\nline two", "re: line one\nline two"];
  assert.deepEqual(await shownTexts(ann.page), texts);
  assert.deepEqual(await shownTexts(bob.page), texts);
  assert.equal(await ann.page.locator(".line.mine").count(), 3);
  await ann.page.getByText("2 watching").waitFor();
  await ann.assertClean();
  await bob.assertClean();
});

test("a line is pending until the server has it, and keeps its element when confirmed", async (t) => {
  const { address } = await together(t);
  const ann = await Visitor.open(t, browser);
  let let_go;
  const gate = new Promise((resolve) => (let_go = resolve));
  await ann.page.route("**/comments", async (route) => {
    await gate;
    await route.continue();
  });
  await ann.go(address);
  await ann.join("Ann");
  await ann.write("slowly");
  const pending = ann.page.locator(".line.pending");
  await pending.waitFor();
  assert.match(await pending.textContent(), /Sending/);
  const element = await pending.elementHandle();
  let_go();
  await untilTexts(ann.page, 1, "slowly");
  assert.equal(await element.evaluate((line) => line.isConnected && line.className.includes("mine") && !line.className.includes("pending")), true);
  assert.equal(await ann.page.locator(".line").count(), 1);
  await ann.assertClean();
});

test("the answer to a post is lost: one line, once", async (t) => {
  const { roar, address } = await together(t);
  const ann = await Visitor.open(t, browser);
  let lost = 0;
  await ann.page.route("**/comments", async (route) => {
    if (lost++ > 0) return route.continue();
    await route.fetch();
    await route.abort("connectionreset");
  });
  await ann.go(address);
  await ann.join("Ann");
  await ann.write("only once");
  await untilTexts(ann.page, 1, "only once");
  await ann.write("and on");
  await untilTexts(ann.page, 2, "and on");
  assert.deepEqual(await shownTexts(ann.page), ["only once", "and on"]);
  const { body } = await roar.ask("GET", "/v1/streams/demo/comments");
  assert.deepEqual(body.comments.map(({ text }) => text), ["only once", "and on"]);
  await ann.assertClean(lostNetwork);
});

test("too fast: the line says so, waits as long as the server asks, and is sent by itself", async (t) => {
  const roar = await Roar.start(t);
  const ann = await Visitor.open(t, browser);
  await ann.go(`${roar.url}/?stream=demo`);
  await ann.join("Ann");
  for (const text of numbered(6)) await ann.write(text);
  await ann.page.locator(".line.pending", { hasText: "That was a little fast" }).waitFor();
  assert.deepEqual(await shownTexts(ann.page), numbered(5));
  await ann.shoot("desktop-too-fast");
  await untilTexts(ann.page, 6, "comment 6");
  assert.deepEqual(await shownTexts(ann.page), numbered(6));
  await ann.assertClean(lostNetwork);
});

test("offline and back: everything is there, once, in order; what was written meanwhile is sent", async (t) => {
  const { roar, address } = await together(t);
  const { token } = await roar.guest("Bob");
  const ann = await Visitor.open(t, browser);
  await ann.go(address);
  await ann.join("Ann");
  await roar.post("demo", token, "before");
  await untilTexts(ann.page, 1, "before");
  await ann.context.setOffline(true);
  await ann.page.locator("#connection[data-phase=offline]").waitFor();
  await ann.write("from the tunnel");
  for (const text of numbered(120, "missed")) await roar.post("demo", token, text);
  assert.deepEqual(await shownTexts(ann.page), ["before"]);
  await ann.context.setOffline(false);
  await untilTexts(ann.page, 122, "from the tunnel");
  assert.deepEqual(await shownTexts(ann.page), ["before", ...numbered(120, "missed"), "from the tunnel"]);
  assert.equal(await ann.page.locator("#connection").getAttribute("data-phase"), "live");
  assert.equal(await ann.page.locator("#notice").isVisible(), false);
  await ann.assertClean(lostNetwork);
});

test("the server is killed and comes back: the page goes on, nothing lost, nothing twice", async (t) => {
  const { roar, address } = await together(t);
  const { token } = await roar.guest("Bob");
  const ann = await Visitor.open(t, browser);
  await ann.go(address);
  await ann.join("Ann");
  for (const text of numbered(20)) await roar.post("demo", token, text);
  await untilTexts(ann.page, 20);
  await roar.kill();
  await ann.page.locator("#connection:not([data-phase=live])").waitFor();
  await ann.write("while it was down");
  await ann.page.locator(".line.pending").waitFor();
  await ann.page.locator("#notice").waitFor();
  await ann.shoot("desktop-server-gone");
  await roar.restart();
  await untilTexts(ann.page, 21, "while it was down");
  await roar.post("demo", token, "after");
  await untilTexts(ann.page, 22, "after");
  assert.deepEqual(await shownTexts(ann.page), [...numbered(20), "while it was down", "after"]);
  await ann.page.reload();
  await untilTexts(ann.page, 22, "after");
  assert.deepEqual(await shownTexts(ann.page), [...numbered(20), "while it was down", "after"]);
  await ann.assertClean(lostNetwork);
});

for (const [name, blocked, transport] of [
  ["no WebSocket", ["websocket"], "sse"],
  ["neither WebSocket nor event stream", ["websocket", "events"], "poll"],
]) {
  test(`${name}: it reads by ${transport}, and remembers`, async (t) => {
    const { roar, address } = await together(t);
    const { token } = await roar.guest("Bob");
    const ann = await Visitor.open(t, browser);
    await ann.context.addInitScript(() => {
      window.WebSocket = class {
        constructor() {
          throw new Error("not here");
        }
      };
    });
    if (blocked.includes("events")) await ann.page.route("**/events?*", (route) => route.fulfill({ status: 404, body: "no" }));
    await ann.go(address);
    assert.equal(await ann.page.locator("#connection").getAttribute("title"), `by ${transport}`);
    await ann.join("Ann");
    for (const text of numbered(30)) await roar.post("demo", token, text);
    await untilTexts(ann.page, 30);
    await ann.write("mine");
    await untilTexts(ann.page, 31, "mine");
    assert.deepEqual(await shownTexts(ann.page), [...numbered(30), "mine"]);
    ann.requests.length = 0;
    await ann.go(address);
    await untilTexts(ann.page, 31, "mine");
    const first = ann.requests.find((url) => /\/(ws|events|poll)\?/.test(url));
    assert.match(first, transport === "sse" ? /events/ : /poll/);
    await ann.assertClean(lostNetwork);
  });
}

/** From now on: every text as it appears, what is done to the document for it, and how many frames there were. */
const watchWork = (page) =>
  page.evaluate(() => {
    const work = (window.work = { seen: [], removed: 0, redrawn: 0, most: 0, frames: 0 });
    const list = document.getElementById("lines");
    new MutationObserver((changes) => {
      for (const { target, addedNodes, removedNodes } of changes) {
        if (target !== list) {
          // A line is filled before it is put in; whatever changes its children later draws it anew.
          if (target.parentNode === list) work.redrawn++;
          continue;
        }
        work.removed += removedNodes.length;
        for (const node of addedNodes) work.seen.push(node.querySelector(".text").textContent);
      }
      work.most = Math.max(work.most, list.childElementCount);
    }).observe(list, { childList: true, subtree: true });
    const frame = () => {
      work.frames++;
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  });

test("200 comments a second for six seconds: all in order, the page bounded, and no more work than there are comments", async (t) => {
  const { roar, address } = await together(t);
  const ann = await Visitor.open(t, browser);
  await ann.go(address);
  const chromium = await ann.context.newCDPSession(ann.page);
  await chromium.send("Performance.enable");
  const layouts = async () => (await chromium.send("Performance.getMetrics")).metrics.find(({ name }) => name === "LayoutCount").value;
  await watchWork(ann.page);
  const layouts_before = await layouts();

  const writers = await Promise.all(Array.from({ length: 8 }, (_, i) => roar.guest(`Writer ${i}`)));
  const rate = 200;
  const count = rate * 6;
  const begin = performance.now();
  const posts = [];
  let drawn = 0; // of what comes between two frames the page draws no more than it keeps: where frames are late, so are posts
  const following = (async () => {
    while (posts.length < count) drawn = await ann.page.evaluate(() => new Promise((done) => requestAnimationFrame(() => done(window.work.seen.length))));
  })();
  await new Promise((done) => {
    const timer = setInterval(() => {
      const due = Math.min(count, drawn + 250, Math.floor(((performance.now() - begin) / 1_000) * rate));
      while (posts.length < due) posts.push(roar.post("demo", writers[posts.length % 8].token, `load ${posts.length + 1}`));
      if (posts.length === count) {
        clearInterval(timer);
        done();
      }
    }, 10);
  });
  await following;
  const answers = await Promise.all(posts);
  const order = answers
    .map(({ seq }, i) => [seq, `load ${i + 1}`])
    .sort(([a], [b]) => a - b)
    .map(([, text]) => text);
  await untilTexts(ann.page, 1, order.at(-1));
  const laid_out = (await layouts()) - layouts_before;
  const { seen, removed, redrawn, most, frames } = await ann.page.evaluate(() => window.work);
  t.diagnostic(`${count} comments, ${frames} frames, ${laid_out} layouts, ${most} lines at most`);
  assert.deepEqual(seen, order, "each comes once, in order");
  assert.ok(most <= 300, `${most} lines in the document`);
  assert.equal(removed, count - Math.min(count, 300), "each leaves once");
  assert.equal(redrawn, 0, "nothing that stands there is drawn again");
  assert.ok(laid_out <= 2 * frames + 20, `${laid_out} layouts in ${frames} frames: none is for a comment alone`);
  await ann.shoot("desktop-load");

  const announced = await ann.page.locator("#announcer").textContent();
  assert.match(announced, /\d+ new comments\. Writer \d: load \d+/);
  await ann.assertClean();
});

test("scrolled up: the lines stay, the new are counted, and a click jumps to them", async (t) => {
  const { roar, address } = await together(t);
  const { token } = await roar.guest("Bob");
  for (const text of numbered(60)) await roar.post("demo", token, text);
  const ann = await Visitor.open(t, browser);
  await ann.go(address);
  await untilTexts(ann.page, 50);
  const feed = ann.page.getByRole("log", { name: "Comments" });
  await feed.focus();
  await ann.page.keyboard.press("Home");
  const jump = ann.page.getByRole("button", { name: /Jump to newest/ });
  await jump.waitFor();
  await ann.page.waitForFunction(() => {
    const box = document.querySelector("#lines .line").getBoundingClientRect();
    return box.top >= 0 && box.top < innerHeight;
  });
  const top = () => ann.page.evaluate(() => Math.round(document.querySelector("#lines .line").getBoundingClientRect().top));
  const before = await top();
  for (const text of numbered(400, "new")) await roar.post("demo", token, text);
  await ann.page.getByRole("button", { name: "Jump to newest · 400 new" }).waitFor();
  assert.equal(await top(), before, "the line that is being read does not move");
  assert.equal((await shownTexts(ann.page))[0], "comment 11");
  await ann.shoot("desktop-scrolled-up");
  await jump.click();
  await untilTexts(ann.page, 300, "new 400");
  assert.deepEqual(await shownTexts(ann.page), numbered(400, "new").slice(-300));
  await jump.waitFor({ state: "hidden" });
  await ann.assertClean();
});

test("text is text: markup, scripts, other directions and links stay words", async (t) => {
  const { roar, address } = await together(t);
  const nasty = [
    "<script>window.hacked = 1</script>",
    '<img src=x onerror="window.hacked = 1">',
    "<svg/onload=window.hacked=1>",
    '"><iframe srcdoc="<script>parent.hacked=1</script>">',
    "javascript:window.hacked=1",
    "{{constructor.constructor('window.hacked=1')()}}",
    "&lt;b&gt;not bold&lt;/b&gt; &#x3C;",
    "\u202Eright to left override\u202C and back",
    "data: {\"type\":\"resync\"}\n\nid: 5\ndata: x",
    "]]><!--",
  ];
  const { token } = await roar.guest("<b onclick=alert(1)>Bob</b>\u202E");
  for (const text of nasty) await roar.post("demo", token, text);
  const ann = await Visitor.open(t, browser);
  await ann.go(address);
  await untilTexts(ann.page, nasty.length);
  await ann.join("<i>Ann</i>");
  await ann.write("<u>mine</u>");
  await untilTexts(ann.page, nasty.length + 1, "<u>mine</u>");
  assert.deepEqual(await shownTexts(ann.page), [...nasty, "<u>mine</u>"]);
  const found = await ann.page.evaluate(() => ({
    hacked: window.hacked ?? 0,
    elements: document.querySelectorAll("#lines :is(script, img, svg, iframe, a, b, i, u)").length,
    styled: document.querySelectorAll("[style]").length,
  }));
  assert.deepEqual(found, { hacked: 0, elements: 0, styled: 0 });
  await ann.assertClean();
});

test("the policy is strict, the page needs nothing beyond it, and no other host", async (t) => {
  const { roar, address } = await together(t);
  const { headers, body } = await roar.ask("GET", "/?stream=demo");
  const policy = headers["content-security-policy"];
  for (const rule of ["default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'", "img-src 'self' data:", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"]) {
    assert.ok(policy.split("; ").includes(rule), `${rule} in ${policy}`);
  }
  assert.doesNotMatch(body, /<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)/i);
  const ann = await Visitor.open(t, browser);
  await ann.go(address);
  await ann.join("Ann");
  await ann.write("hello");
  await untilTexts(ann.page, 1, "hello");
  for (const url of ann.requests) assert.equal(new URL(url).host, new URL(roar.url).host);
  const blocked = await ann.page.evaluate(async () => {
    try {
      document.body.insertAdjacentHTML("beforeend", "<i>markup</i>");
      return "markup was let in";
    } catch {
      return "blocked";
    }
  });
  assert.equal(blocked, "blocked", "no string becomes markup");
});

test("the page is served to be cached: hashed names for ever, the page by its ETag", async (t) => {
  const { roar } = await together(t);
  const page = await roar.ask("GET", "/");
  assert.equal(page.headers["cache-control"], "no-cache");
  const again = await roar.ask("GET", "/", { headers: { "if-none-match": page.headers.etag } });
  assert.equal(again.status, 304);
  const script = /src="(\/assets\/[^"]+\.js)"/.exec(page.body)[1];
  for (const coding of ["br", "gzip"]) {
    const { status, headers } = await roar.ask("GET", script, { headers: { "accept-encoding": coding } });
    assert.equal(status, 200);
    assert.equal(headers["content-encoding"], coding);
    assert.match(headers["cache-control"], /immutable/);
    assert.match(headers.vary, /accept-encoding/i);
  }
});

test("by keyboard and by ear: roles, labels, the order of focus", async (t) => {
  const { roar, address } = await together(t);
  const { token } = await roar.guest("Bob");
  await roar.post("demo", token, "hello");
  const ann = await Visitor.open(t, browser);
  await ann.go(address);
  await ann.join("Ann");
  await ann.page.getByRole("heading", { level: 1, name: "demo" }).waitFor();
  await ann.page.getByRole("main").waitFor();
  await ann.page.getByRole("log", { name: "Comments" }).getByRole("listitem").waitFor();
  assert.equal(await ann.page.locator("[aria-live=polite]").count(), 1);
  assert.equal(await ann.page.locator("html").getAttribute("lang"), "en");
  const nameless = await ann.page.evaluate(() =>
    [...document.querySelectorAll("button, a, input, textarea")]
      .filter((element) => element.checkVisibility())
      .filter((element) => !(element.ariaLabel || element.textContent.trim() || element.labels?.length))
      .map((element) => element.outerHTML),
  );
  assert.deepEqual(nameless, []);

  await ann.go(address);
  const order = [];
  for (let i = 0; i < 5; i++) {
    await ann.page.keyboard.press("Tab");
    order.push(await ann.page.evaluate(() => document.activeElement.id || document.activeElement.className));
  }
  assert.deepEqual(order, ["brand", "settings-open", "feed", "text", "leave"]);
  const ring = await ann.page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
  assert.equal(ring, "solid", "focus can be seen");

  await ann.page.keyboard.press("Shift+Tab");
  await ann.page.keyboard.type("first");
  await ann.page.keyboard.press("Shift+Enter");
  await ann.page.keyboard.type("second");
  await ann.page.keyboard.press("Enter");
  await untilTexts(ann.page, 2, "first\nsecond");
  await roar.post("demo", token, "can you hear me?");
  await ann.page.getByRole("status").getByText("Bob: can you hear me?").waitFor();
  await ann.assertClean();
});

test("contrast: words are readable in light and dark", async (t) => {
  const { roar, address } = await together(t);
  for (let i = 0; i < 12; i++) {
    const { token } = await roar.guest(`Guest ${i}`);
    await roar.post("demo", token, `hello ${i}`);
  }
  for (const colorScheme of ["light", "dark"]) {
    const ann = await Visitor.open(t, browser, { colorScheme });
    await ann.go(address);
    await untilTexts(ann.page, 12);
    const low = await ann.lowContrast(".name, .text, .time, .avatar, .title, .viewers, #connection, .composer label");
    assert.deepEqual(low, [], colorScheme);
  }
});

test("reduced motion: nothing moves", async (t) => {
  const { roar, address } = await together(t);
  const { token } = await roar.guest("Bob");
  for (const [reducedMotion, animation] of [["reduce", "none"], ["no-preference", "enter"]]) {
    const ann = await Visitor.open(t, browser, { reducedMotion });
    await ann.go(address);
    await roar.post("demo", token, "one");
    await untilTexts(ann.page, 1);
    await roar.post("demo", token, `new ${reducedMotion}`);
    await untilTexts(ann.page, 1, `new ${reducedMotion}`);
    const last = await ann.page.evaluate(() => getComputedStyle(document.querySelector("#lines .line:last-child")).animationName);
    assert.equal(last, animation);
    await ann.assertClean();
  }
});

test("a wrong name is refused by the picker, a right one opens its stream and is remembered", async (t) => {
  const { roar } = await together(t);
  const ann = await Visitor.open(t, browser);
  await ann.page.goto(roar.url);
  await ann.page.getByLabel("Stream name").fill("no spaces, please");
  await ann.page.getByRole("button", { name: "Open" }).click();
  assert.equal(await ann.page.getByLabel("Stream name").getAttribute("aria-invalid"), "true");
  await ann.page.getByLabel("Stream name").fill("my.stream~1");
  await ann.page.keyboard.press("Enter");
  await ann.page.getByRole("heading", { level: 1, name: "my.stream~1" }).waitFor();
  await ann.page.getByRole("link", { name: /choose another/ }).click();
  await ann.page.getByRole("link", { name: "my.stream~1" }).waitFor();
  await ann.page.goto(`${roar.url}/?stream=${encodeURIComponent("../bad name")}`);
  assert.equal(await ann.page.getByLabel("Stream name").inputValue(), "../bad name");
  await ann.assertClean();
});

// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type Server as HttpServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { browserPorts } from "../src/index.js";
import { Server, type TokenSource } from "../src/http.js";
import type { Message } from "../src/messages.js";
import { messagesOf, poll } from "../src/transport/poll.js";
import { EventParser, sse } from "../src/transport/sse.js";
import type { Connection, End, Plan, Sink, Transport } from "../src/transport/transport.js";
import { websocket } from "../src/transport/ws.js";
import { comment, EPOCH, settled, World } from "./world.js";

const plan: Plan = { stream: "demo", after: undefined, tail: 50, session: "s-1", lane: "full" };

class Heard implements Sink {
  messages: Message[] = [];
  signs = 0;
  readonly end: Promise<End>;
  private resolve: (end: End) => void = () => undefined;

  constructor() {
    this.end = new Promise((resolve) => (this.resolve = resolve));
  }

  message(message: Message): void {
    this.messages.push(message);
  }

  heard(): void {
    this.signs++;
  }

  ended(end: End): void {
    this.resolve(end);
  }

  get types(): string[] {
    return this.messages.map((message) => ("seq" in message ? `${message.type} ${message.seq}` : message.type));
  }
}

/** Runs a transport against a real HTTP server of one handler. */
async function against(handler: (req: IncomingMessage, res: ServerResponse) => void, run: (server: Server) => Promise<void>, source?: TokenSource): Promise<void> {
  const http: HttpServer = createServer(handler);
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const { port } = http.address() as AddressInfo;
  try {
    await run(new Server(new URL(`http://127.0.0.1:${port}`), browserPorts(), source));
  } finally {
    http.closeAllConnections();
    await new Promise((resolve) => http.close(resolve));
  }
}

function start(transport: Transport, server: Server, more: Partial<Plan> = {}): { heard: Heard; connection: Connection } {
  const heard = new Heard();
  return { heard, connection: transport(server, { ...plan, ...more }, heard) };
}

test("sse: every way to cut the bytes gives the same events", () => {
  const text = 'retry: 2731\r\n\r\ndata: {"a":1}\n\n: life\n\nid: k.2\ndata: {"b":"ä"}\ndata: {}\n\nevent: x\ndata:tight\n\ndata: unfinished';
  const whole = ['{"a":1}', '{"b":"ä"}\n{}', "tight"];
  for (let cut = 0; cut <= text.length; cut++) {
    const data: string[] = [];
    const parser = new EventParser((one) => data.push(one));
    parser.push(text.slice(0, cut));
    parser.push(text.slice(cut));
    assert.deepEqual(data, whole, `cut at ${cut}`);
    assert.equal(parser.retry_ms, 2731);
  }
});

test("sse: asks with its cursor and a token, hears comment lines, ends with the server's retry", async () => {
  let asked: IncomingMessage | undefined;
  await against(
    (req, res) => {
      asked = req;
      res.writeHead(200, { "content-type": "text/event-stream" });
      res.write(`retry: 1234\n\ndata: ${JSON.stringify({ type: "hello", epoch: EPOCH, seq: 1 })}\n\n`);
      res.write(`:\n\nid: k3f9.2\ndata: ${JSON.stringify(comment(2))}\n\n`);
      res.end();
    },
    async (server) => {
      const { heard } = start(sse, server, { after: "k3f9.1" });
      assert.deepEqual(await heard.end, { why: "closed", retry_ms: 1234 });
      assert.deepEqual(heard.types, ["hello 1", "comment 2"]);
    },
    () => "t",
  );
  assert.equal(asked?.headers["authorization"], "Bearer t");
  assert.equal(asked?.url, "/v1/streams/demo/events?after=k3f9.1&session=s-1");
});

test("sse: a refusal is told by name, a page of HTML is no event stream, nobody is unreachable", async () => {
  await against(
    (_req, res) => res.writeHead(503, { "retry-after": "7", "content-type": "application/problem+json" }).end('{"code":"full","detail":"no room"}'),
    async (server) => {
      const end = await start(sse, server).heard.end;
      assert.ok(end.why === "refused");
      assert.deepEqual([end.problem.code, end.problem.status, end.problem.retry_ms], ["full", 503, 7_000]);
    },
  );
  await against(
    (_req, res) => res.writeHead(200, { "content-type": "text/html" }).end("<p>log in first"),
    async (server) => assert.equal((await start(sse, server).heard.end).why, "unsupported"),
  );
  let gone: Server | undefined;
  await against((_req, res) => res.end(), async (server) => void (gone = server));
  assert.ok(gone);
  assert.deepEqual(await start(sse, gone).heard.end, { why: "unreachable" });
});

test("sse: after close nothing is heard", async () => {
  await against(
    (_req, res) => {
      res.writeHead(200, { "content-type": "text/event-stream" });
      res.write(`data: ${JSON.stringify({ type: "hello", epoch: EPOCH, seq: 1 })}\n\n`);
    },
    async (server) => {
      const heard = new Heard();
      await new Promise<void>((resolve) => {
        const connection = sse(server, plan, { message: () => (connection.close(), resolve()), heard: () => undefined, ended: (end) => heard.ended(end) });
      });
      heard.end.then(() => assert.fail("it ended after close()"));
      await settled();
    },
  );
});

test("poll: the first answer at once, then it waits; each moves the cursor", async () => {
  const urls: URL[] = [];
  await against(
    (req, res) => {
      const url = new URL(req.url ?? "", "http://x");
      urls.push(url);
      const answers = [
        { epoch: EPOCH, cursor: "k3f9.4", events: [comment(3), comment(4)], next_ms: 0 },
        { epoch: EPOCH, cursor: "k3f9.9", events: [comment(9, 4)], next_ms: 0, warned: [{ type: "warned", act: "a5", text: "Be kind" }] },
      ];
      const answer = answers[urls.length - 1];
      if (answer === undefined) return; // it waits
      res.setHeader("content-type", "application/json");
      res.end(JSON.stringify(answer));
    },
    async (server) => {
      const { heard, connection } = start(poll, server);
      while (urls.length < 3) await settled();
      connection.close();
      assert.deepEqual(heard.types, ["hello 2", "comment 3", "comment 4", "mark 4", "comment 9", "mark 9", "warned"]);
    },
  );
  assert.deepEqual(urls.map(({ search }) => search), [
    "?tail=50&session=s-1&wait=0",
    "?after=k3f9.4&session=s-1&wait=25",
    "?after=k3f9.9&session=s-1&wait=25",
  ]);
});

test("poll: a resync is told as one, after a hello at the new place", () => {
  const answer = { epoch: "zz", cursor: "zz.8" as const, events: [comment(8, 6)], resync: true };
  assert.deepEqual(
    messagesOf(answer, false).map((message) => ({ ...message })),
    [{ type: "hello", epoch: "zz", seq: 6, latest: 8 }, { type: "resync", epoch: "zz" }, comment(8, 6), { type: "mark", seq: 8 }],
  );
});

test("poll: something between that never waits is not asked in a loop", async () => {
  const world = new World();
  world.respond = () => ({ status: 200, body: { epoch: EPOCH, cursor: "k3f9.1", events: [] } });
  const server = new Server(new URL("http://roar.test"), world.ports);
  const { connection } = start(poll, server);
  await world.clock.advance(10_000);
  connection.close();
  assert.ok(world.asked.length <= 12, `${world.asked.length} asked in 10 s`);
});

test("ws: anonymous goes straight, with after or tail; messages and beats go through", async () => {
  const world = new World();
  const server = new Server(new URL("https://roar.test"), world.ports);
  const { heard, connection } = start(websocket, server, { after: "k3f9.7" });
  await settled();
  const socket = world.sockets[0];
  assert.equal(socket?.url, "wss://roar.test/v1/streams/demo/ws?after=k3f9.7&session=s-1");
  assert.equal(socket.protocol, "roar.v1");
  socket.onopen?.();
  socket.onmessage?.({ data: JSON.stringify({ type: "hello", epoch: EPOCH, seq: 7 }) });
  socket.onmessage?.({ data: "no json" });
  socket.onmessage?.({ data: new ArrayBuffer(2) });
  connection.beat?.("hidden");
  connection.auth?.("t2");
  connection.changeLane?.("control");
  assert.deepEqual(heard.types, ["hello 7"]);
  assert.deepEqual(socket.sent.map((text) => JSON.parse(text)), [
    { do: "beat", ref: 1, stream: "demo", state: "hidden" },
    { do: "auth", ref: 2, token: "t2" },
    { do: "lane", ref: 3, stream: "demo", lane: "control" },
  ]);
  socket.onclose?.({ code: 1001 });
  assert.deepEqual(await heard.end, { why: "closed", code: 1001 });
});

test("ws: a token travels as a ticket, a new one for each connection", async () => {
  const world = new World();
  let count = 0;
  world.respond = ({ path, headers }) =>
    path === "/v1/tickets" && headers["authorization"] === "Bearer t"
      ? { status: 201, body: { ticket: `k${++count}`, expires_in: 30 } }
      : { status: 404 };
  const server = new Server(new URL("http://roar.test"), world.ports, () => "t");
  for (const ticket of ["k1", "k2"]) {
    start(websocket, server);
    await settled();
    assert.equal(new URL(world.sockets.at(-1)?.url ?? "").searchParams.get("ticket"), ticket);
  }
});

test("ws: one that does not open is unsupported; a refused ticket says why; close is quiet", async () => {
  const world = new World();
  const server = new Server(new URL("http://roar.test"), world.ports);
  const first = start(websocket, server);
  await settled();
  world.sockets[0]?.onclose?.({ code: 1006 });
  assert.equal((await first.heard.end).why, "unsupported");

  world.respond = () => ({ status: 429, body: { code: "conns_address" }, headers: { "retry-after": "3" } });
  const known = new Server(new URL("http://roar.test"), world.ports, () => "t");
  const end = await start(websocket, known).heard.end;
  assert.ok(end.why === "refused");
  assert.equal(end.problem.code, "conns_address");

  const third = start(websocket, server);
  await settled();
  third.connection.close();
  assert.equal(world.sockets.at(-1)?.closed_with, 1000);
  third.heard.end.then(() => assert.fail("it ended after close()"));
  await settled();
});

test("every transport asks for its lane, if it is not the whole", async () => {
  for (const transport of [websocket, sse, poll]) {
    const world = new World();
    const server = new Server(new URL("http://roar.test"), world.ports);
    const { connection } = start(transport, server, { lane: "digest" });
    await settled();
    const asked = world.sockets[0] === undefined ? world.asked[0]?.query : new URL(world.sockets[0].url).searchParams;
    assert.equal(asked?.get("lane"), "digest");
    connection.close();
  }
});

test("poll: what a sparse lane begins with is behind the hello", () => {
  const gap = { type: "gap", from: 1, to: 4, carried: 0, shed: 4, removed: 0, why: "lane" } as const;
  const digest = { type: "digest", from: 5, to: 9, carried: 1, shed: 4, removed: 0, events: [comment(7)] } as const;
  for (const [events, seq] of [[[gap, comment(5)], 0], [[digest], 4], [[comment(9, 8)], 8]] as const) {
    const [hello] = messagesOf({ epoch: EPOCH, cursor: "k3f9.9", events: [...events] }, true);
    assert.ok(hello?.type === "hello");
    assert.equal(hello.seq, seq);
  }
});

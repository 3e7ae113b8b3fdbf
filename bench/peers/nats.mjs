// SPDX-License-Identifier: Apache-2.0
// Posts to NATS by its own protocol; its time is not the server's. Usage: nats.mjs PORT NATS_PORT
import { connect } from "node:net";
import { publisher } from "./publish.mjs";

const [port, natsPort] = process.argv.slice(2).map(Number);
const nats = connect(natsPort, "127.0.0.1");
const waiting = [];
let text = "";
nats.setNoDelay(true);
nats.write('CONNECT {"verbose":false,"pedantic":false}\r\n');
nats.on("data", (bytes) => {
  const lines = (text + bytes).split("\r\n");
  text = lines.pop();
  for (const line of lines) {
    if (line === "PONG") waiting.shift()?.();
    if (line === "PING") nats.write("PONG\r\n");
  }
});

function publish(name, body) {
  const done = new Promise((resolve) => waiting.push(resolve));
  nats.write(Buffer.concat([Buffer.from(`PUB ${name} ${body.length}\r\n`), body, Buffer.from("\r\nPING\r\n")]));
  return done;
}

publisher(publish).listen({ port, host: "127.0.0.1" });

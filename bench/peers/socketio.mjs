// SPDX-License-Identifier: Apache-2.0
// Socket.IO at its best: WebSocket alone, no compression, nothing served beside, the first request let go. A message is
// emitted to all, so it is encoded once. Usage: socketio.mjs PORT MODULES
import { createRequire } from "node:module";
import { publisher } from "./publish.mjs";

const [port, modules] = process.argv.slice(2);
const { Server } = createRequire(`${modules}/`)("socket.io");
const http = publisher((name, body) => io.emit("comment", JSON.parse(body)));
const io = new Server(http, {
  transports: ["websocket"],
  perMessageDeflate: false,
  httpCompression: false,
  serveClient: false,
});
io.engine.on("connection", (socket) => {
  socket.request = null;
});
http.listen({ port: Number(port), host: "127.0.0.1", backlog: 4096 });

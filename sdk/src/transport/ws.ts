// SPDX-License-Identifier: Apache-2.0
/* ws -- reading over a WebSocket. A browser cannot set its headers, so a token travels as a ticket. */
import type { Server } from "../http.js";
import { parseMessage } from "../messages.js";
import type { Socket } from "../ports.js";
import { endOfFetch, queryOf, runTask, type Connection, type End, type Plan, type Sink } from "./transport.js";

const CLOSE_NORMAL = 1000;

function run(socket: Socket, sink: Sink, signal: AbortSignal): Promise<End> {
  return new Promise((resolve) => {
    let is_open = false;
    signal.addEventListener("abort", () => socket.close(CLOSE_NORMAL));
    socket.onopen = () => {
      is_open = true;
      sink.heard();
    };
    socket.onmessage = ({ data }) => {
      sink.heard();
      const message = typeof data === "string" ? parseMessage(data) : undefined;
      if (message !== undefined) sink.message(message);
    };
    socket.onerror = () => undefined; // onclose follows and says as much
    socket.onclose = ({ code }) =>
      resolve(is_open ? { why: "closed", code } : { why: "unsupported", detail: "the WebSocket did not open" });
  });
}

export function websocket(server: Server, plan: Plan, sink: Sink): Connection {
  const { openSocket } = server.ports;
  let socket: Socket | undefined;
  let ref = 0;

  async function work(guarded: Sink, signal: AbortSignal): Promise<End> {
    if (openSocket === undefined) return { why: "unsupported", detail: "no WebSocket here" };
    const ticket = (await server.identity()) === undefined ? undefined : await server.ticket();
    if (signal.aborted) return { why: "closed" };
    const url = server.streamUrl(plan.stream, "/ws", { ...queryOf(plan), ticket });
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    socket = openSocket(url.href, "roar.v1");
    return run(socket, guarded, signal);
  }

  const connection = runTask(sink, work, endOfFetch);
  return {
    close: connection.close,
    beat: (state) => socket?.send(JSON.stringify({ do: "beat", ref: ++ref, stream: plan.stream, state })),
    changeLane: (lane) => socket?.send(JSON.stringify({ do: "lane", ref: ++ref, stream: plan.stream, lane })),
    auth: (token) => socket?.send(JSON.stringify({ do: "auth", ref: ++ref, token })),
  };
}

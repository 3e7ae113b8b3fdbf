// SPDX-License-Identifier: Apache-2.0
/* sse -- reading server-sent events through fetch, which unlike EventSource can send a token, shows the
 * status of a refusal, and lets comment lines be heard. */
import type { Server } from "../http.js";
import { parseMessage } from "../messages.js";
import { endOfFetch, queryOf, runTask, type Connection, type End, type Plan, type Sink } from "./transport.js";

/** Splits a stream of text into the fields of events (WHATWG HTML 9.2.6); `:` lines only show life. */
export class EventParser {
  private rest = "";
  private data: string[] = [];
  retry_ms: number | undefined;

  constructor(private readonly on_data: (data: string) => void) {}

  push(text: string): void {
    const lines = (this.rest + text).split("\n");
    this.rest = lines.pop() ?? "";
    for (const line of lines) this.line(line.endsWith("\r") ? line.slice(0, -1) : line);
  }

  private line(line: string): void {
    if (line === "") {
      if (this.data.length > 0) this.on_data(this.data.join("\n"));
      this.data = [];
      return;
    }
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1);
    if (field === "data") this.data.push(value);
    if (field === "retry" && /^\d+$/.test(value)) this.retry_ms = Number(value);
  }
}

export function sse(server: Server, plan: Plan, sink: Sink): Connection {
  async function work(guarded: Sink, signal: AbortSignal): Promise<End> {
    // In the query, since a header of our own would cost another origin a preflight.
    const url = server.streamUrl(plan.stream, "/events", queryOf(plan));
    const headers = { accept: "text/event-stream" };
    const response = await server.request(url, { headers, signal });
    const type = response.headers.get("content-type") ?? "";
    if (!type.startsWith("text/event-stream") || response.body === null) {
      return { why: "unsupported", detail: `no event stream but ${type}` };
    }
    const parser = new EventParser((data) => {
      const message = parseMessage(data);
      if (message !== undefined) guarded.message(message);
    });
    await drain(response.body, (text) => {
      guarded.heard();
      parser.push(text);
    });
    return { why: "closed", ...(parser.retry_ms === undefined ? {} : { retry_ms: parser.retry_ms }) };
  }
  return runTask(sink, work, endOfFetch);
}

/** Reads to the end; a connection that breaks off is an end like any other. */
async function drain(body: ReadableStream<Uint8Array>, on_text: (text: string) => void): Promise<void> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  for (;;) {
    const chunk = await reader.read().catch(() => undefined);
    if (chunk === undefined || chunk.done) return;
    on_text(decoder.decode(chunk.value, { stream: true }));
  }
}

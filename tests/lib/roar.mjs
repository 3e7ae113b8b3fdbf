// SPDX-License-Identifier: Apache-2.0
// A server of one test's own: the binary that ROAR_BIN names, on a free port, with a data folder that goes with it.
import { execFile, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { test as nodeTest } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { dirname, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const binary = resolve(root, process.env.ROAR_BIN ?? "build/release/roar");
const START_MS = 60_000; // a sanitizer's binary on a busy machine
const LOG_LINES = 40;
const TRIES_MAX = 5;

/** A test that waits for what never comes is one that failed. */
export function test(name, run) {
  return nodeTest(name, { timeout: 120_000 }, run);
}

/** No limit that a test's own pace could meet. */
export const unlimited = {
  ROAR_LIMITS_POST_USER: "1000000/1s",
  ROAR_LIMITS_POST_ADDRESS: "1000000/1s",
  ROAR_LIMITS_POST_STREAM: "1000000/1s",
};

export class Roar {
  #child;
  #log = [];
  #agent = new Agent({ keepAlive: true, maxSockets: 32 });

  /** Starts one and waits until it listens; `env` are settings. Ends with the test `t`. */
  static async start(t, env = {}) {
    const roar = new Roar();
    roar.env = env;
    roar.data = await mkdtemp(join(tmpdir(), "roar-test-"));
    t.after(async () => {
      await roar.kill();
      roar.#agent.destroy();
      await rm(roar.data, { recursive: true, force: true });
    });
    await roar.#run("127.0.0.1:0");
    return roar;
  }

  /** As a power cut would. */
  async kill() {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((done) => child.once("exit", done));
    child.kill("SIGKILL");
    await gone;
  }

  /** As an operator would; resolves with the exit code. */
  async stop() {
    const gone = new Promise((done) => this.#child.once("exit", done));
    this.#child.kill("SIGTERM");
    return gone;
  }

  /** Again on the same port and data. */
  restart() {
    return this.#run(this.address);
  }

  #run(listen) {
    const child = spawn(binary, ["serve", "--dev", "--listen", listen, "--data", this.data], {
      env: { ...process.env, ...this.env },
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.#child = child;
    return new Promise((listening, failed) => {
      const fail = (why) => failed(new Error(`${binary} ${why}\n${this.#log.join("\n")}`));
      const late = setTimeout(() => fail("did not say that it listens"), START_MS);
      child.once("error", (error) => fail(`does not start: ${error.message}`));
      child.once("exit", (code, signal) => fail(`ended with ${code ?? signal}`));
      createInterface(child.stderr).on("line", (line) => {
        this.#log.push(line);
        if (this.#log.length > LOG_LINES) this.#log.shift();
        if (!line.includes('"listening"')) return;
        const { msg, addr } = JSON.parse(line);
        if (msg !== "listening") return;
        clearTimeout(late);
        this.address = addr;
        this.url = `http://${addr}`;
        listening();
      });
    });
  }

  /** One JSON request: {status, body, headers}. */
  ask(method, path, { token, body, headers = {} } = {}) {
    const text = body === undefined ? "" : JSON.stringify(body);
    const all = { "content-length": Buffer.byteLength(text), ...headers };
    if (text) all["content-type"] = "application/json";
    if (token) all.authorization = `Bearer ${token}`;
    return new Promise((answered, failed) => {
      const asked = request(this.url + path, { method, agent: this.#agent, headers: all }, (response) => {
        let answer = "";
        response.setEncoding("utf8").on("data", (part) => (answer += part));
        response.on("error", failed).on("end", () => {
          const type = response.headers["content-type"] ?? "";
          const is_json = /json/.test(type) && answer !== "";
          answered({ status: response.statusCode, headers: response.headers, body: is_json ? JSON.parse(answer) : answer });
        });
      });
      asked.on("error", failed).end(text);
    });
  }

  async guest(name) {
    const { status, body } = await this.ask("POST", "/v1/guests", { body: { name } });
    if (status !== 201) throw new Error(`guests answered ${status} ${JSON.stringify(body)}`);
    return body;
  }

  /** A token of the dev secret, for somebody with a role. */
  async token(sub, name, role, ttl = "1h") {
    const flags = ["--dev", "--sub", sub, "--name", name, "--role", role, "--ttl", ttl];
    const { stdout } = await promisify(execFile)(binary, ["token", ...flags]);
    return stdout.trim();
  }

  /** Posts and returns the answer's body; anything but success is an error. It comes again when a busy disk says so. */
  async post(stream, token, text, more = {}) {
    for (let tries = 1; ; tries++) {
      const { status, body } = await this.ask("POST", `/v1/streams/${stream}/comments`, { token, body: { text, ...more } });
      if (status === 200 || status === 201) return body;
      if (body.code !== "overloaded" || tries === TRIES_MAX) throw new Error(`post answered ${status} ${JSON.stringify(body)}`);
      await pause(1_000 * body.retry_after);
    }
  }
}

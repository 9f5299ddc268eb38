// The real program, in a folder of its own, asked over HTTP.

import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const READY_MS = 30_000;

export class Server {
  #program;
  #child = null;
  #home = mkdtempSync(join(tmpdir(), "fondaco-page-"));
  // Where the roles listen: anywhere free at first, and there again.
  #listen = Object.fromEntries(["control", "trading", "news", "runtime", "gateway"].map((role) => [role, "127.0.0.1:0"]));
  #told = "";
  #said = "";
  url = null;
  // Sent with every request, once there is one.
  key = null;

  constructor(program) {
    this.#program = program;
  }

  #environment() {
    const listen = Object.entries(this.#listen).map(([role, address]) => [`FONDACO_${role.toUpperCase()}_LISTEN`, address]);
    return { ...process.env, FONDACO_HOME: this.#home, ...Object.fromEntries(listen) };
  }

  async start() {
    this.#child = spawn(this.#program, ["up", "--output", "json"], { env: this.#environment(), stdio: ["ignore", "pipe", "pipe"] });
    this.#told = this.#said = "";
    this.#child.stdout.on("data", (text) => { this.#told += text; });
    this.#child.stderr.on("data", (text) => { this.#said += text; });
    await until("the server is ready", READY_MS, async () => {
      if (this.#child.exitCode !== null) throw new Error(`the server ended: ${this.#said}`);
      const known = parsed(this.#told)?.process;
      if (!known) return false;
      for (const [role, address] of Object.entries(known.roles)) if (address) this.#listen[role] = address;
      this.url = `http://${this.#listen.control}`;
      const about = await this.get("/v1/about").catch(() => null);
      return about?.gateway && await reached(about.gateway);
    });
  }

  async kill(signal = "SIGKILL") {
    const child = this.#child;
    const gone = new Promise((ended) => child.once("exit", ended));
    child.kill(signal);
    await gone;
  }

  async end() {
    if (this.#child && this.#child.exitCode === null && this.#child.signalCode === null) await this.kill("SIGKILL");
    rmSync(this.#home, { recursive: true, force: true, maxRetries: 5 });
  }

  run(...words) {
    return execFileSync(this.#program, words, { env: this.#environment(), encoding: "utf8" });
  }

  get = (path) => this.#ask("GET", path);
  post = (path, body) => this.#ask("POST", path, body);

  async #ask(method, path, body) {
    const headers = { "content-type": "application/json" };
    if (this.key) headers.authorization = `Bearer ${this.key}`;
    const response = await fetch(this.url + path, { method, headers, body: body && JSON.stringify(body) });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text ? JSON.parse(text) : null;
  }

  // A run of tasks that each take so long, one after another.
  async workflow(name, tasks, ms, more = {}) {
    const plan = Array.from({ length: tasks }, (_, no) => ({
      key: `step/${no}`, kind: ms ? "sleep" : "noop", ...(ms ? { input: { ms } } : {}), ...(no ? { needs: [`step/${no - 1}`] } : {}),
      // A server that is killed under it is no end of it.
      retry: { max_attempts: 3, first_ms: 10, longest_ms: 100 },
    }));
    return (await this.post("/v1/runs", { spec: { kind: "workflow", name, tasks: plan, ...more } })).run_id;
  }

  async ended(run) {
    let state;
    await until(`run ${run} ends`, READY_MS, async () => {
      ({ state } = await this.get(`/v1/runs/${run}`));
      return ["completed", "partial", "failed", "cancelled", "halted"].includes(state);
    });
    return state;
  }
}

// The document, once all of it is there.
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

// Whether somebody listens there: what is answered is no matter.
const reached = (url) => fetch(url.replace(/^ws/, "http")).then(() => true, () => false);

export async function until(what, ms, holds) {
  const deadline = Date.now() + ms;
  for (;;) {
    if (await holds()) return;
    if (Date.now() > deadline) throw new Error(`not in ${ms} ms: ${what}`);
    await new Promise((soon) => setTimeout(soon, 25));
  }
}

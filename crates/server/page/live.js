// What happens, as it happens: over the gateway's socket, and by asking again
// every few seconds while there is none.

import { get, key, signals } from "./api.js";

const ASK_MS = 2_000;
const PING_MS = 20_000;
const SILENCE_MS = 50_000;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5_000;

// Tells `frame` (what the gateway said), `ask` (ask again, since nobody tells)
// and `link` (how it stands).
class Live extends EventTarget {
  #socket = null;
  #runs = null;
  #failures = 0;
  #heard = 0;
  #reached = true;
  #retry = null;
  #ready = false;
  // Until there is a key that opens: nothing is asked meanwhile.
  #locked = false;
  seq = 0;

  // `live`, `locked` (a key is wanted), `polling` (the server answers, the socket does not), `lost`
  // (nothing answers), `connecting`.
  get link() {
    if (this.#ready) return "live";
    if (this.#locked) return "locked";
    if (!this.#reached) return "lost";
    return this.#failures > 1 ? "polling" : "connecting";
  }

  start() {
    signals.addEventListener("reached", ({ detail }) => this.#reach(detail));
    signals.addEventListener("locked", () => this.#wait());
    setInterval(() => this.#ask(), ASK_MS);
    setInterval(() => this.#ping(), PING_MS);
    document.addEventListener("visibilitychange", () => this.#ask());
    addEventListener("online", () => this.again());
    this.#connect();
  }

  // Events of these runs only, or of all of them.
  watch(runs) {
    this.#runs = runs;
    if (this.#ready) this.#subscribe();
  }

  // From the beginning, as after a new key.
  again() {
    this.#failures = 0;
    this.#locked = false;
    this.#drop();
    this.#connect();
  }

  async #connect() {
    clearTimeout(this.#retry);
    this.#retry = null;
    try {
      const about = await get("/v1/about");
      this.#tell("about", about);
      if (!about.gateway) return this.#fail();
      this.#open(about.gateway);
    } catch {
      this.#fail();
    }
  }

  #open(url) {
    this.#drop();
    const socket = new WebSocket(url);
    this.#socket = socket;
    socket.onmessage = ({ data }) => this.#socket === socket && this.#take(JSON.parse(data));
    socket.onclose = () => this.#socket === socket && this.#fail();
  }

  #take(frame) {
    this.#heard = performance.now();
    if (frame.type === "hello") return this.#greet(frame);
    if (frame.type === "error" && frame.code === "unauthenticated") return this.#lock();
    if (frame.type === "snapshot" && !this.#ready) {
      this.#ready = true;
      this.#failures = 0;
    }
    this.seq = frame.seq;
    this.#tell("frame", frame);
    this.#tell("link");
  }

  #greet({ authenticated }) {
    if (authenticated) return this.#subscribe();
    if (!key.get()) return this.#lock();
    this.#send({ type: "auth", key: key.get() });
  }

  #lock() {
    signals.dispatchEvent(new CustomEvent("locked"));
  }

  #wait() {
    this.#locked = true;
    this.#drop();
    clearTimeout(this.#retry);
    this.#retry = null;
    this.#tell("link");
  }

  #subscribe() {
    const frame = { type: "subscribe" };
    if (this.#runs) frame.runs = this.#runs;
    // A socket that is open goes on from the place reached by itself.
    if (!this.#ready && this.seq > 0) frame.resume_from = this.seq;
    this.#send(frame);
  }

  #send(frame) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(frame));
  }

  #ping() {
    if (!this.#ready) return;
    if (performance.now() - this.#heard > SILENCE_MS) return this.#fail();
    this.#send({ type: "ping" });
  }

  // Another try after a pause that grows.
  #fail() {
    if (this.#locked) return;
    this.#drop();
    const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.#failures);
    this.#failures += 1;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#connect(), pause * (0.75 + Math.random() / 2));
    this.#tell("link");
  }

  #drop() {
    const socket = this.#socket;
    this.#socket = null;
    this.#ready = false;
    if (!socket) return;
    socket.onmessage = socket.onclose = null;
    socket.close();
  }

  #ask() {
    if (!this.#ready && !this.#locked && !document.hidden) this.#tell("ask");
  }

  #reach(reached) {
    if (reached === this.#reached) return;
    this.#reached = reached;
    // It is back: no need to wait out the pause.
    if (reached && this.#retry) this.again();
    this.#tell("link");
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

export const live = new Live();

// A client of the gateway's socket without a package beside it, for the demo.
//
//   node scripts/socket.mjs head URL              the newest number of the feed
//   node scripts/socket.mjs follow URL SEQ RUN…   what came after it, until the runs have ended

import { request } from "node:http";
import { randomBytes } from "node:crypto";

const [verb, url, seq, ...runs] = process.argv.slice(2);
const PATIENCE_MS = 120_000;
const ENDED = ["completed", "partial", "failed", "cancelled", "halted"];
const open = new Set(runs);

function connect(at) {
  const { hostname, port, pathname } = new URL(at);
  const headers = { connection: "upgrade", upgrade: "websocket", "sec-websocket-version": "13", "sec-websocket-key": randomBytes(16).toString("base64") };
  const asked = request({ hostname, port, path: pathname || "/", headers });
  asked.on("upgrade", (_, socket, head) => {
    read(socket, head);
    socket.on("close", () => fail("the gateway has closed the socket"));
  });
  asked.on("response", (answer) => fail(`the gateway answered ${answer.statusCode}`));
  asked.on("error", (error) => fail(`the gateway does not answer: ${error.message}`));
  asked.end();
}

// Frames of a server are not masked; long ones say their length in more bytes.
function read(socket, head) {
  let waiting = head;
  const take = (bytes) => {
    waiting = Buffer.concat([waiting, bytes]);
    for (;;) {
      if (waiting.length < 2) return;
      const word = waiting[1] & 127;
      const from = word === 126 ? 4 : word === 127 ? 10 : 2;
      if (waiting.length < from) return;
      const length = word === 126 ? waiting.readUInt16BE(2) : word === 127 ? Number(waiting.readBigUInt64BE(2)) : word;
      if (waiting.length < from + length) return;
      const body = waiting.subarray(from, from + length);
      const kind = waiting[0] & 15;
      waiting = waiting.subarray(from + length);
      if (kind === 9) write(socket, 10, body);
      if (kind === 1) tell(JSON.parse(body), (frame) => write(socket, 1, Buffer.from(JSON.stringify(frame))));
    }
  };
  socket.on("data", take);
  take(Buffer.alloc(0));
}

// Frames of a client are masked. None of ours is longer than 64 KiB.
function write(socket, kind, body) {
  const mask = randomBytes(4);
  const length = body.length < 126 ? [128 | body.length] : [128 | 126, body.length >> 8, body.length & 255];
  socket.write(Buffer.concat([Buffer.from([128 | kind, ...length]), mask, body.map((byte, at) => byte ^ mask[at % 4])]));
}

function tell(frame, send) {
  if (frame.type === "hello") {
    if (verb === "head") end(String(frame.head));
    return send({ type: "subscribe", runs, resume_from: Number(seq) });
  }
  if (frame.type === "error") fail(frame.detail);
  const line = LINES[frame.type]?.(frame);
  if (line) console.log(`${String(frame.seq).padStart(6)}  ${frame.type.padEnd(8)}  ${line}`);
  for (const run of frame.type === "run" ? [frame.run] : frame.runs ?? []) if (ENDED.includes(run.state)) open.delete(run.run_id);
  // The snapshot after what was missed says how things stand now.
  if (open.size === 0 && frame.type !== "event") end();
}

const name = (id) => id.slice(-6);
const LINES = {
  event: ({ run_id: run, event }) => `${name(run)}  ${event.type}${event.type === "run_ended" ? ` ${event.body?.state ?? ""}` : ""}`,
  run: ({ run }) => `${name(run.run_id)}  is ${run.state}, ${run.counts.completed} of ${run.counts.total} tasks completed`,
  snapshot: ({ cause, runs }) => `${cause}: ${runs.length === 1 ? "1 run" : `${runs.length} runs`}`,
};

function end(text) {
  if (text) console.log(text);
  process.exit(0);
}

function fail(why) {
  console.error(`error: ${why}`);
  process.exit(1);
}

setTimeout(() => fail(`nothing has ended in ${PATIENCE_MS / 1000} s`), PATIENCE_MS).unref();
connect(url);

// Values as words: times, counts, states, events.

export const STATES = ["queued", "running", "halting", "halted", "cancelling", "cancelled", "completed", "partial", "failed"];
export const KINDS = ["backtest", "hyperopt", "analysis", "simulation", "workflow", "trading"];
export const TASK_STATES = ["blocked", "ready", "leased", "running", "completed", "failed", "skipped", "cancelled"];

const ENDED = new Set(["completed", "partial", "failed", "cancelled"]);
export const ended = (state) => ENDED.has(state);

const whole = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 0 });
const two = new Intl.NumberFormat("en-GB", { minimumFractionDigits: 2, maximumFractionDigits: 2 });

const NONE = "–";
const known = (value) => value !== null && value !== undefined && Number.isFinite(value);
export const count = (value) => (known(value) ? whole.format(value) : NONE);
export const number = (value) => (known(value) ? minus(two.format(value)) : NONE);
export const share = (value) => (known(value) ? minus(`${two.format(value * 100)} %`) : NONE);
export const change = (value) => (known(value) && value > 0 ? `+${share(value)}` : share(value));
export const plural = (value, one, many = `${one}s`) => `${count(value)} ${value === 1 ? one : many}`;
const minus = (text) => text.replace(/^-/, "−");

// `2026-11-21 10:20:03`, where the reader is.
export function moment(iso) {
  const at = new Date(iso);
  const pad = (value) => String(value).padStart(2, "0");
  return `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())} ${clock(iso)}`;
}

// The time of today, the day and time of any other day.
export function when(iso) {
  const whole = moment(iso);
  return whole.slice(0, 10) === moment(Date.now()).slice(0, 10) ? whole.slice(11) : whole;
}

export function clock(iso) {
  const at = new Date(iso);
  return [at.getHours(), at.getMinutes(), at.getSeconds()].map((value) => String(value).padStart(2, "0")).join(":");
}

export const day = (ms) => new Date(ms).toISOString().slice(0, 10);

export function ago(iso, now = Date.now()) {
  const seconds = Math.max(0, (now - Date.parse(iso)) / 1000);
  if (seconds < 5) return "just now";
  if (seconds < 60) return `${Math.floor(seconds)} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ago`;
  return moment(iso).slice(0, 16);
}

export function span(ms) {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ${Math.floor(seconds / 60) % 60} min`;
  return `${Math.floor(seconds / 86400)} d ${Math.floor(seconds / 3600) % 24} h`;
}

export const since = (iso) => span(Date.now() - Date.parse(iso));

// How long a run takes or took; nothing before it began.
export function took(run, now = Date.now()) {
  if (!run.started_at) return "";
  return span((run.finished_at ? Date.parse(run.finished_at) : now) - Date.parse(run.started_at));
}

export const done = (counts) => counts.completed + counts.failed + counts.skipped + counts.cancelled;

// Of ids made one after another the beginnings are alike.
export const short = (id) => `${id.slice(0, 8)}…${id.slice(-6)}`;

export const title = (run) => run.strategy || run.kind;

const MODES = {
  reducing: "no new exposure",
  drain: "draining",
  halted: "halted",
  killed: "killed",
};
export const mode = (word) => MODES[word] ?? word;

export function scope(text) {
  if (text === "global") return "Everything";
  const at = text.indexOf(":");
  const [noun, name] = [text.slice(0, at), text.slice(at + 1)];
  if (noun === "run") return `Run ${short(name)}`;
  if (noun === "spec") return `Spec ${name.slice(0, 12)}`;
  return `${noun[0].toUpperCase()}${noun.slice(1)} ${name}`;
}

// An event of a run as a sentence; `task` names a task by its place.
export function event({ type, body }, task) {
  const say = EVENTS[type];
  return say ? say(body ?? {}, (no) => task(no ?? 0)) : type.replaceAll("_", " ");
}

const because = (reason) => (reason ? `: ${reason}` : "");

const RUNGS = {
  token: "is asked to stop",
  terminate: "is told to stop",
  kill: "is stopped by force",
  expire: "is let go",
};

const EVENTS = {
  submitted: () => "Accepted",
  planned: (body) => (body.tasks ? `Planned ${plural(body.tasks.length, "task")}${body.last ? "" : ", more follow"}` : "Planned"),
  run_started: () => "Started",
  run_halting: (body) => `Halting${body.mode === "halted" ? "" : `, ${mode(body.mode)}`}${because(body.reason)}`,
  run_halted: () => "Halted: no worker holds a task of it",
  run_resumed: () => "Resumed",
  run_cancelling: (body) => `Cancelling${because(body.reason)}`,
  run_ended: (body) => `Ended ${body.state ?? ""}${body.degraded ? ", degraded" : ""}${because(body.reason)}`,
  task_need_ended: (body, task) => `${task(body.task)} ${body.left ? `waits for ${body.left} more` : "has what it needs"}`,
  task_leased: (body, task) => `${task(body.task)} taken by ${worker(body.worker)}`,
  task_adopted: (body, task) => `${task(body.task)} taken over by ${worker(body.worker)}`,
  task_escalated: (body, task) => `${task(body.task)} ${RUNGS[body.rung] ?? "told to stop"}`,
  task_started: (body, task) => `${task(body.task)} started`,
  task_completed: (body, task) => `${task(body.task)} completed`,
  task_retried: (body, task) => `${task(body.task)} failed and is tried again${because(body.error)}`,
  task_released: (body, task) => `${task(body.task)} given back, ${String(body.reason).replaceAll("_", " ")}`,
  task_failed: (body, task) => `${task(body.task)} failed${because(body.error)}`,
  task_skipped: (body, task) => `${task(body.task)} skipped, ${String(body.reason).replaceAll("_", " ")}${because(body.detail)}`,
  task_cancelled: (body, task) => `${task(body.task)} cancelled`,
  late_result: (body, task) => `${task(body.task)}: a late report was dropped`,
};

const worker = (id) => (id ? `worker ${short(String(id))}` : "a worker");

// How an event is to be seen: as the state it leads to.
export function tone({ type, body }) {
  if (type === "run_ended") return body?.state ?? "completed";
  if (/failed|retried|^late/.test(type)) return "failed";
  if (/halt|escalated|released/.test(type)) return "halted";
  if (/cancel/.test(type)) return "cancelled";
  if (/completed/.test(type)) return "completed";
  if (/started|leased|adopted|resumed/.test(type)) return "running";
  return "queued";
}

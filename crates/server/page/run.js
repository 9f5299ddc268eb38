// One run: how it stands, its tasks, what happened to it.

import { get, post } from "./api.js";
import { calmly, close, dialog, el, put, say, trouble } from "./dom.js";
import { live } from "./live.js";
import { result } from "./result.js";
import { badge, bar, restate } from "./runs.js";
import * as words from "./words.js";

const TASKS = 20;
const STEP = 10;
// Names of tasks that are remembered.
const KEYS = 1000;
// Events in the list at most, and asked for at once.
const EVENTS = 200;

// The view of a run, in `main`; `look` is told of every change of it. Answers
// how to leave it.
export function one(main, id, look) {
  const view = new One(main, id, look);
  return () => view.leave();
}

class One {
  #run = null;
  #result = null;
  #last = 0;
  #stops = [];
  #gone = new AbortController();

  constructor(main, id, look) {
    this.id = id;
    this.look = look;
    this.main = main;
    this.tasks = new Tasks(id, this.#gone.signal, () => this.events.name());
    this.events = new Events(id, (no) => this.tasks.key(no));
    document.title = `Run ${words.short(id)} · Fondaco`;
    put(main, el("div.loading", { role: "status" }, el("span.wait"), "Loading the run"));
    this.again = calmly(300, () => this.#load());
    this.more = calmly(200, () => this.#catchUp());
    this.#listen("frame", ({ detail }) => this.#frame(detail));
    this.#listen("ask", () => { if (!this.#run || !words.ended(this.#run.state)) this.#load(); });
    const clock = setInterval(() => this.#tick(), 1_000);
    this.#stops.push(() => clearInterval(clock), () => this.again.stop(), () => this.more.stop(), () => this.#gone.abort());
    live.watch([id]);
    this.#load();
  }

  leave() {
    this.#stops.forEach((stop) => stop());
    this.tasks.again.stop();
    this.look(null);
  }

  #listen(name, work) {
    live.addEventListener(name, work);
    this.#stops.push(() => live.removeEventListener(name, work));
  }

  async #load() {
    try {
      await this.#answer(get(`/v1/runs/${encodeURIComponent(this.id)}`, { signal: this.#gone.signal }));
      this.tasks.again();
      this.more();
    } catch (error) {
      if (this.#gone.signal.aborted || (this.#run && error.status === 0)) return;
      if (this.#run) return put(this.notes, trouble(error, () => this.#load()));
      put(this.main, el("p.way", {}, el("a", { href: "/" }, "← Runs")), trouble(error, () => this.#load()));
    }
  }

  #told = 0;

  // How the run stands by an answer, unless something was told while it was on
  // its way: that is newer.
  async #answer(asked) {
    const told = this.#told;
    const run = await asked;
    if (told === this.#told || !this.#run) this.#take(run);
  }

  #frame(frame) {
    if (frame.type === "snapshot") this.again();
    if (frame.type === "run" && frame.run.run_id === this.id) {
      this.#told += 1;
      this.#take(frame.run);
      this.tasks.again();
    }
    if (frame.type === "event" && frame.run_id === this.id) this.#event(frame.event);
  }

  // In its place; where one is missing before it, all are asked for.
  #event(event) {
    if (event.seq <= this.#last) return;
    if (event.seq !== this.#last + 1 || this.#reading) return this.more();
    this.#last = event.seq;
    this.events.add([event]);
  }

  #take(run) {
    if (!this.#run) this.#build(run);
    this.#run = run;
    this.#show();
    this.look(run);
    if (run.kind === "backtest") this.#watchBacktest(run);
    if (run.kind === "backtest" && (run.state === "completed" || run.state === "partial") && !this.#result) {
      this.#result = result(this.outcome, this.id, this.#gone.signal);
    }
  }

  #asked = 0;

  // How far a backtest is, which no event tells: asked for while it runs.
  #watchBacktest({ state }) {
    if (state !== "queued" && state !== "running") return say(this.progress, "");
    if (performance.now() - this.#asked < 900) return;
    this.#asked = performance.now();
    get(`/v1/backtests/${encodeURIComponent(this.id)}`, { signal: this.#gone.signal }).then(
      ({ waits, progress }) => say(this.progress, words.ended(this.#run.state) ? "" : waits ?? (progress ? `${progress.what} · ${words.count(progress.done)} of ${words.count(progress.of)}` : "")),
      () => {});
  }

  #reading = false;
  #stale = false;

  // Events that came after the last one known. Of a long run only the end.
  async #catchUp() {
    if (this.#reading) {
      this.#stale = true;
      return;
    }
    this.#reading = true;
    try {
      let from = this.#last;
      if (from === 0) from = await tail(this.id, this.#gone.signal);
      for (;;) {
        const page = await this.#page(from);
        if (page.items.length) {
          this.#last = from = page.items.at(-1).seq;
          this.events.add(page.items);
        }
        if (!page.next) break;
      }
      this.events.ready();
    } catch (error) {
      if (!this.#gone.signal.aborted && error.status !== 0) this.events.failed(error);
    } finally {
      this.#reading = false;
      if (this.#stale && !this.#gone.signal.aborted) this.more();
      this.#stale = false;
    }
  }

  #page(after) {
    return get(`/v1/runs/${encodeURIComponent(this.id)}/events?cursor=${after}&limit=${EVENTS}`, { signal: this.#gone.signal });
  }

  #build(run) {
    document.title = `${words.title(run)} · Fondaco`;
    this.badge = badge(run.state);
    this.reason = el("p.reason-line", { hidden: true });
    this.bar = bar();
    this.counts = el("p.counts");
    this.progress = el("p.progress-line");
    this.took = el("dd");
    this.started = el("dd");
    this.finished = el("dd");
    this.actions = el("div.actions");
    this.notes = el("div");
    this.outcome = el("div");
    put(this.main,
      el("p.way", {}, el("a", { href: "/" }, "← Runs")),
      el("div.head", {},
        el("div", {}, el("div.name-line", {}, el("h1", {}, words.title(run)), this.badge), el("p.id", {}, `${run.kind} · `, el("code", {}, run.run_id))),
        this.actions),
      this.reason, this.notes,
      el("section.panel.summary", { "aria-label": "Summary" },
        el("div.whole", {}, this.bar.element, el("div.beneath", {}, this.counts, this.progress)),
        el("dl.facts", {},
          fact("Accepted", el("dd", { title: run.created_at }, words.when(run.created_at))),
          fact("Started", this.started), fact("Ended", this.finished), fact("Took", this.took),
          run.queue !== "default" && fact("Queue", el("dd", {}, run.queue)),
          run.priority !== 0 && fact("Priority", el("dd", {}, String(run.priority))),
          run.tenant !== "default" && fact("Tenant", el("dd", {}, run.tenant)),
          run.deadline && fact("Deadline", el("dd", {}, words.moment(run.deadline))),
          run.concurrency_key && fact("One at a time", el("dd", {}, run.concurrency_key)),
          run.parent && fact("Takes up", el("dd", {}, el("a", { href: `/runs/${run.parent}` }, words.short(run.parent)))),
          fact("Spec", el("dd", { title: run.spec }, el("code", {}, run.spec.slice(0, 12)))))),
      this.outcome,
      el("div.columns", {}, this.tasks.element, this.events.element));
  }

  #show() {
    const run = this.#run;
    restate(this.badge, run);
    this.reason.hidden = !run.reason;
    say(this.reason, run.reason);
    this.reason.dataset.state = run.state;
    this.bar.show(run.counts);
    this.tasks.follow(run);
    const parts = ["completed", "failed", "skipped", "cancelled", "running", "pending"].filter((part) => run.counts[part] > 0);
    put(this.counts, parts.map((part) => el("span", { "data-part": part }, el("i", { "aria-hidden": "true" }), `${words.count(run.counts[part])} ${part}`)),
      !run.planned && el("span", {}, "more is being planned"));
    say(this.finished, run.finished_at ? words.when(run.finished_at) : "–");
    this.#tick();
    this.#offer();
  }

  #tick() {
    if (!this.#run) return;
    const { started_at: started } = this.#run;
    if (this.#run.kind === "backtest") this.#watchBacktest(this.#run);
    say(this.started, started ? words.when(started) : "–");
    say(this.took, words.took(this.#run) || "–");
  }

  // Only what can be done now.
  #offer() {
    const { state } = this.#run;
    if (this.actions.dataset.state === state) return;
    this.actions.dataset.state = state;
    const button = (label, work) => el("button", { type: "button", click: work }, label);
    put(this.actions,
      state === "halted" && button("Resume", () => this.#do("resume")),
      !words.ended(state) && state !== "cancelling" && button("Cancel…", () => this.#cancel()),
      (state === "failed" || state === "partial" || state === "cancelled") && button("Retry what is left", () => this.#do("retry")),
      words.ended(state) && button("Run again", () => this.#do("replay", {})));
  }

  async #do(verb, body) {
    put(this.notes);
    try {
      if (verb === "resume") return await this.#answer(post(`/v1/runs/${this.id}/resume`));
      const { run_id: next } = await post(`/v1/runs/${this.id}/${verb}`, body);
      window.dispatchEvent(new CustomEvent("go", { detail: `/runs/${next}` }));
    } catch (error) {
      put(this.notes, trouble(error));
    }
  }

  #cancel() {
    const reason = el("input", { name: "reason", required: true, maxlength: "300", autocomplete: "off", autofocus: true });
    const failure = el("div");
    const submit = async (event) => {
      event.preventDefault();
      try {
        await this.#answer(post(`/v1/runs/${this.id}/cancel`, { reason: reason.value.trim() }));
        close();
      } catch (error) {
        put(failure, trouble(error));
      }
    };
    dialog("Cancel this run", el("form", { submit },
      el("p", {}, "It ends for good. What is done stays, and another run can take it up."),
      el("label.field", {}, el("span", {}, "Why"), reason), failure,
      el("footer", {}, el("button", { type: "button", click: close }, "Keep it"), el("button.danger", {}, "Cancel the run"))));
  }
}

const fact = (name, value) => el("div", {}, el("dt", {}, name), value);

// The place from which the last events of a run begin. A run tells no number
// of its events: it is looked for in steps that double, then halve.
async function tail(id, signal) {
  const beyond = async (place) => (await get(`/v1/runs/${encodeURIComponent(id)}/events?cursor=${place}&limit=1`, { signal })).items.length > 0;
  if (!(await beyond(EVENTS))) return 0;
  let [low, high] = [EVENTS, 2 * EVENTS];
  while (await beyond(high)) [low, high] = [high, 2 * high];
  while (high - low > EVENTS / 2) {
    const middle = Math.floor((low + high) / 2);
    if (await beyond(middle)) low = middle;
    else high = middle;
  }
  return Math.max(0, high - EVENTS);
}

// A page of the tasks, by their places in the plan.
class Tasks {
  // Where the pages before this one began; null while the page goes along with
  // the run.
  #before = null;
  #from = null;
  #next = null;
  #keys = new Map();
  #state = "";
  #signal;

  constructor(id, signal, named) {
    this.id = id;
    this.#signal = signal;
    this.named = named;
    this.body = el("tbody");
    this.foot = el("nav.pages", { "aria-label": "Pages of tasks", hidden: true });
    this.below = el("div");
    const state = el("select", {}, el("option", { value: "" }, "any"), words.TASK_STATES.map((word) => el("option", { value: word }, word)));
    state.addEventListener("change", () => { this.#state = state.value; this.#go([]); });
    this.element = el("section.panel.tasks", { "aria-labelledby": "tasks-title" },
      el("div.title", {}, el("h2", { id: "tasks-title" }, "Tasks"), el("label", {}, el("span", {}, "State"), state)),
      el("div.scroll", {}, el("table", {}, el("thead", {}, el("tr", {}, ["Task", "State", "Attempt", "Says"].map((name) => el("th", { scope: "col" }, name)))), this.body)),
      this.below, this.foot);
    this.again = calmly(400, () => this.load());
  }

  // While it runs, the page is where it works: a few tasks that are done, then
  // those under way, in steps so that rows do not run away.
  follow({ state, counts }) {
    if (this.#before) return;
    const at = words.ended(state) ? 0 : Math.floor(Math.max(0, words.done(counts) - 3) / STEP) * STEP;
    const from = at > 0 && counts.total > TASKS ? at - 1 : null;
    if (from === this.#from) return;
    this.#from = from;
    this.again();
  }

  #go(before) {
    this.#before = before;
    this.#from = before.at(-1) ?? null;
    this.load();
  }

  key(no) {
    return this.#keys.get(no) ?? `Task ${no}`;
  }

  #asked = 0;

  async load() {
    const asked = (this.#asked += 1);
    const query = new URLSearchParams({ limit: TASKS });
    if (this.#state) query.set("state", this.#state);
    if (this.#from !== null && !(this.#before === null && this.#state)) query.set("cursor", this.#from);
    try {
      const page = await get(`/v1/runs/${encodeURIComponent(this.id)}/tasks?${query}`, { signal: this.#signal });
      // A later question has a newer answer.
      if (asked !== this.#asked) return;
      this.#next = page.next ?? null;
      for (const task of page.items) this.#keys.set(task.no, task.key);
      for (const no of this.#keys.keys()) if (this.#keys.size > KEYS) this.#keys.delete(no);
      this.#draw(page.items);
      this.named();
    } catch (error) {
      if (!this.#signal.aborted && error.status !== 0) put(this.below, trouble(error, () => this.load()));
    }
  }

  // The way here without this page; where the page went along with the run,
  // the one that ends where it begins.
  #earlier() {
    if (this.#before) return this.#before.slice(0, -1);
    const from = Number(this.#from ?? -1) - TASKS;
    return from >= 0 ? [from] : [];
  }

  #draw(tasks) {
    while (this.body.children.length > tasks.length) this.body.lastChild.remove();
    tasks.forEach((task, at) => line(this.body.children[at] ?? this.body.appendChild(blank()), task));
    put(this.below, tasks.length === 0 && el("p.empty", {}, this.#state ? "No task is like that." : "It has no tasks yet."));
    const go = (label, enabled, work) => el("button", { type: "button", disabled: !enabled, click: work }, label);
    this.foot.hidden = this.#from === null && this.#next === null;
    put(this.foot,
      go("First", this.#from !== null, () => this.#go([])),
      go("Before", this.#from !== null, () => this.#go(this.#earlier())),
      go("After", this.#next !== null, () => this.#go([...(this.#before ?? this.#earlier()), this.#next])));
  }
}

const blank = () => el("tr", {}, el("td.key", {}, el("b"), el("small")), el("td", {}, badge("")), el("td.attempt"), el("td.says"));

function line(row, task) {
  const [key, state, attempt, says] = row.cells;
  row.dataset.task = task.key;
  say(key.firstChild, task.key);
  say(key.lastChild, `${task.kind}${task.required ? "" : ", optional"}`);
  restate(state.firstChild, { state: task.state });
  say(attempt, task.attempt ? `${task.attempt} of ${task.max_attempts}` : "–");
  const told = task.detail ?? (task.skip ? task.skip.replaceAll("_", " ") : null) ?? (task.lease ? `worker ${words.short(task.lease.worker)}` : "");
  say(says, told);
  says.title = told;
}

// What happened, the newest first; the oldest fall off the end.
class Events {
  #items = [];

  constructor(id, task) {
    this.id = id;
    this.task = task;
    this.list = el("ol.timeline");
    this.note = el("p.quiet", { hidden: true });
    this.below = el("div");
    this.element = el("section.panel.events", { "aria-labelledby": "events-title" },
      el("div.title", {}, el("h2", { id: "events-title" }, "Events")), this.list, this.note, this.below);
  }

  add(events) {
    for (const event of events.slice(-EVENTS)) {
      this.list.prepend(item(event, this.task));
      this.#items.push(event);
    }
    while (this.list.children.length > EVENTS) {
      this.list.lastChild.remove();
      this.#items.shift();
    }
    const older = (this.#items[0]?.seq ?? 1) - 1;
    this.note.hidden = older === 0;
    say(this.note, `${words.plural(older, "older event")}: fondaco run events ${this.id}`);
  }

  ready() {
    put(this.below, this.#items.length === 0 && el("p.empty", {}, "Nothing has happened yet."));
  }

  // Names of tasks are known now, which were numbers before.
  name() {
    [...this.list.children].forEach((row, at) => say(row.querySelector(".what"), words.event(this.#items.at(-1 - at), this.task)));
  }

  failed(error) {
    put(this.below, trouble(error));
  }
}

const item = (event, task) =>
  el("li", { "data-seq": event.seq, "data-tone": words.tone(event) },
    el("time", { datetime: event.at, title: words.moment(event.at) }, words.clock(event.at)),
    el("span.what", {}, words.event(event, task)),
    // A worker's own word needs no name beside it: the sentence has it.
    !event.type.startsWith("task_") && el("span.who", {}, event.actor));

// The list of runs: one page of it at a time, kept true while it is looked at.

import { get } from "./api.js";
import { calmly, el, put, say, trouble } from "./dom.js";
import { live } from "./live.js";
import * as words from "./words.js";

const PAGE = 25;

// The view of the list, in `main`; answers how to leave it.
export function list(main) {
  const view = new Runs(main);
  return () => view.leave();
}

class Runs {
  #runs = [];
  #next = null;
  // Where the pages before this one began.
  #before = [];
  #rows = new Map();
  #filter = filterOf(location.search);
  // Runs as told while the page was asked for: they are newer than the answer.
  #meanwhile = null;
  #asking = null;
  #stops = [];

  constructor(main) {
    this.body = el("tbody");
    this.foot = el("nav.pages", { "aria-label": "Pages" });
    this.below = el("div");
    put(main,
      el("div.head", {}, el("h1", {}, "Runs"), this.#filters()),
      el("div.scroll", {},
        el("table.runs", {},
          el("thead", {}, el("tr", {}, ["State", "Run", "Progress", "Started", "Took", "Reason"].map((name) => el("th", { scope: "col" }, name)))),
          this.body)),
      this.below, this.foot);
    document.title = "Runs · Fondaco";
    put(this.body, skeleton());
    this.again = calmly(1_000, () => this.#load());
    this.#listen(live, "frame", ({ detail }) => this.#frame(detail));
    this.#listen(live, "ask", () => { if (!this.#asking) this.#load(); });
    const clock = setInterval(() => this.#tick(), 1_000);
    this.#stops.push(() => clearInterval(clock), () => this.again.stop(), () => this.#asking?.abort());
    live.watch(null);
    this.#load();
  }

  leave() {
    this.#stops.forEach((stop) => stop());
  }

  #listen(target, name, work) {
    target.addEventListener(name, work);
    this.#stops.push(() => target.removeEventListener(name, work));
  }

  #filters() {
    const pick = (name, label, options) => {
      const select = el("select", { name }, el("option", { value: "" }, "any"), options.map((word) => el("option", { value: word, selected: this.#filter[name] === word }, word)));
      select.addEventListener("change", () => this.#choose(name, select.value));
      return el("label", {}, el("span", {}, label), select);
    };
    return el("form.filters", { submit: (event) => event.preventDefault(), role: "search", "aria-label": "Which runs" },
      pick("state", "State", words.STATES), pick("kind", "Kind", words.KINDS));
  }

  #choose(name, word) {
    if (word) this.#filter[name] = word;
    else delete this.#filter[name];
    const query = new URLSearchParams(this.#filter).toString();
    history.replaceState(null, "", query ? `/?${query}` : "/");
    this.#before = [];
    this.#rows.clear();
    put(this.body, skeleton());
    this.#load();
  }

  async #load() {
    this.#asking?.abort();
    const asking = (this.#asking = new AbortController());
    this.#meanwhile = new Map();
    const query = new URLSearchParams({ ...this.#filter, limit: PAGE });
    if (this.#before.length) query.set("cursor", this.#before.at(-1));
    try {
      const page = await get(`/v1/runs?${query}`, { signal: asking.signal });
      if (asking !== this.#asking) return;
      this.#asking = null;
      this.#runs = page.items;
      this.#next = page.next ?? null;
      put(this.below);
      const told = this.#meanwhile;
      this.#meanwhile = null;
      for (const run of told.values()) this.#upsert(run);
      this.#draw();
    } catch (error) {
      if (asking.signal.aborted) return;
      this.#asking = this.#meanwhile = null;
      this.#failed(error);
    }
  }

  // What there was stays to be read: it is old, and the header says so.
  #failed(error) {
    if (this.#rows.size && error.status === 0) return;
    if (!this.#rows.size) put(this.body);
    put(this.below, trouble(error, () => this.#load()));
  }

  #frame(frame) {
    if (frame.type === "snapshot") this.again();
    if (frame.type !== "run") return;
    this.#meanwhile?.set(frame.run.run_id, frame.run);
    if (this.#upsert(frame.run)) this.#soon();
  }

  #soon = calmly(100, () => this.#draw());

  // A run as it is now, in its place on this page; whether anything changed.
  #upsert(run) {
    const at = this.#runs.findIndex((known) => known.run_id === run.run_id);
    const fits = (!this.#filter.state || run.state === this.#filter.state) && (!this.#filter.kind || run.kind === this.#filter.kind);
    if (at >= 0 && fits) this.#runs[at] = run;
    else if (at >= 0) {
      this.#runs.splice(at, 1);
      this.again();
    } else if (!fits || this.#before.length > 0 || !this.#insert(run)) return false;
    return true;
  }

  // Ids grow with time: the newest is first.
  #insert(run) {
    const at = this.#runs.findIndex((known) => known.run_id < run.run_id);
    if (at < 0 && (this.#next || this.#runs.length >= PAGE)) return false;
    this.#runs.splice(at < 0 ? this.#runs.length : at, 0, run);
    if (this.#runs.length > PAGE) {
      this.#runs.length = PAGE;
      this.#next = this.#runs.at(-1).run_id;
    }
    return true;
  }

  #draw() {
    const rows = this.#runs.map((run) => this.#row(run));
    if (rows.length !== this.body.children.length || rows.some((row, at) => row !== this.body.children[at])) put(this.body, rows);
    const shown = new Set(this.#runs.map((run) => run.run_id));
    for (const id of this.#rows.keys()) if (!shown.has(id)) this.#rows.delete(id);
    if (this.#runs.length === 0) put(this.below, this.#empty());
    else if (this.below.querySelector(".empty")) put(this.below);
    this.#pages();
  }

  #empty() {
    if (Object.keys(this.#filter).length) return el("p.empty", {}, "No run is like that.");
    return el("div.empty", {},
      el("p", {}, "There are no runs yet."),
      el("p.quiet", {}, "A first one: ", el("code", {}, "fondaco backtest run --strategy sma-cross"), ", or ", el("code", {}, "POST /v1/backtests"), "."));
  }

  #pages() {
    const go = (label, enabled, work) => el("button", { type: "button", disabled: !enabled, click: work }, label);
    const focused = document.activeElement?.textContent;
    put(this.foot,
      go("Newer", this.#before.length > 0, () => { this.#before.pop(); this.#load(); }),
      el("span", {}, this.#before.length ? `Page ${this.#before.length + 1}` : ""),
      go("Older", this.#next !== null, () => { this.#before.push(this.#next); this.#load(); }));
    this.foot.hidden = this.#before.length === 0 && this.#next === null;
    [...this.foot.children].find((button) => button.textContent === focused)?.focus();
  }

  #row(run) {
    const row = this.#rows.get(run.run_id) ?? blank(run);
    this.#rows.set(run.run_id, row);
    update(row, run);
    return row;
  }

  #tick() {
    for (const run of this.#runs) {
      const row = this.#rows.get(run.run_id);
      if (row) times(row, run);
    }
  }
}

function filterOf(search) {
  const asked = new URLSearchParams(search);
  const filter = {};
  if (words.STATES.includes(asked.get("state"))) filter.state = asked.get("state");
  if (words.KINDS.includes(asked.get("kind"))) filter.kind = asked.get("kind");
  return filter;
}

const skeleton = () => Array.from({ length: 6 }, () => el("tr.skeleton", { "aria-hidden": "true" }, el("td", { colspan: "6" }, el("i"))));

// A row whose cells are filled by `update`.
function blank(run) {
  const cells = {
    state: el("td.state", {}, badge(run.state)),
    name: el("a", { href: `/runs/${run.run_id}` }),
    about: el("small"),
    bar: bar(),
    started: el("td.started"),
    took: el("td.took"),
    reason: el("td.reason"),
  };
  const row = el("tr", { "data-run": run.run_id },
    cells.state, el("td.name", {}, cells.name, cells.about), el("td.progress", {}, cells.bar.element), cells.started, cells.took, cells.reason);
  row.cells_ = cells;
  return row;
}

function update(row, run) {
  const cells = row.cells_;
  row.dataset.state = run.state;
  restate(cells.state.firstChild, run);
  say(cells.name, words.title(run));
  say(cells.about, `${run.strategy ? `${run.kind} · ` : ""}${words.short(run.run_id)}`);
  cells.bar.show(run.counts);
  say(cells.reason, run.reason);
  cells.reason.title = run.reason ?? "";
  times(row, run);
}

function times(row, run) {
  const cells = row.cells_;
  say(cells.started, run.started_at ? words.ago(run.started_at) : words.ended(run.state) ? "never" : `waits ${words.since(run.created_at)}`);
  cells.started.title = words.moment(run.started_at ?? run.created_at);
  say(cells.took, words.took(run));
}

// A state as a dot and its word.
export const badge = (state) => el("span.badge", { "data-state": state }, el("i", { "aria-hidden": "true" }), el("b", {}, state));

export function restate(element, { state, degraded }) {
  element.dataset.state = state;
  say(element.lastChild, degraded ? `${state}, degraded` : state);
}

const PARTS = ["completed", "failed", "skipped", "cancelled", "running"];

// How many tasks are done, as a bar and in numbers.
export function bar() {
  const parts = PARTS.map((part) => el(`i.${part}`));
  const track = el("span.track", { role: "progressbar", "aria-label": "Tasks done", "aria-valuemin": "0" }, parts);
  const text = el("span.of");
  const show = (counts) => {
    parts.forEach((part, at) => { part.style.width = counts.total ? `${(counts[PARTS[at]] / counts.total) * 100}%` : "0"; });
    track.setAttribute("aria-valuemax", counts.total);
    track.setAttribute("aria-valuenow", words.done(counts));
    say(text, `${words.count(words.done(counts))} / ${words.count(counts.total)}`);
  };
  return { element: el("span.bar-of", {}, track, text), show };
}

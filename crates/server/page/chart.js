// The account over time, drawn: its value, holding beside it, and how far it
// was below its highest.

import { el, put, say, svg } from "./dom.js";
import * as words from "./words.js";

const WIDE = 1000;
const TALL = 260;
const LOW = 70;
const GAP = 16;
// Points drawn at most: more cannot be seen.
const POINTS = 1200;

// A figure of columns of equal length: `time_ms`, `value` and, where there is
// one, `benchmark`.
export function chart({ time_ms: times, value, benchmark }) {
  if (times.length < 2) return el("p.empty", {}, "The account has no history: nothing was marked.");
  const under = drawdowns(value);
  const kept = thin(times.length, value, under);
  const lines = benchmark ? [value, benchmark] : [value];
  const [low, high] = padded(kept.flatMap((at) => lines.map((line) => line[at])));
  const depth = Math.min(-0.01, ...kept.map((at) => under[at]));
  const [from, to] = [times[0], times.at(-1)];
  const x = (ms) => ((ms - from) / (to - from || 1)) * WIDE;
  const y = (money) => TALL - ((money - low) / (high - low || 1)) * TALL;
  const d = (ratio) => TALL + GAP + (ratio / depth) * LOW;
  const path = (line, scale) => kept.map((at, no) => `${no ? "L" : "M"}${x(times[at]).toFixed(1)} ${scale(line[at]).toFixed(1)}`).join("");
  // A label needs room above its line.
  const rows = ticks(low, high).filter((row) => y(row) > 16);
  const days = moments(from, to);
  const cursor = svg("line.cursor", { y1: 0, y2: TALL + GAP + LOW, x1: -9, x2: -9 });
  const drawing = svg("svg", { viewBox: `0 0 ${WIDE} ${TALL + GAP + LOW}`, preserveAspectRatio: "none", "aria-hidden": "true" },
    rows.map((row) => svg("line.grid", { x1: 0, x2: WIDE, y1: y(row), y2: y(row) })),
    days.map(({ ms }) => svg("line.grid", { x1: x(ms), x2: x(ms), y1: 0, y2: TALL + GAP + LOW })),
    svg("path.area", { d: `${path(value, y)}L${WIDE} ${TALL}L0 ${TALL}Z` }),
    benchmark && svg("path.held", { d: path(benchmark, y) }),
    svg("path.value", { d: path(value, y) }),
    svg("path.under", { d: `${path(under, d)}L${WIDE} ${TALL + GAP}L0 ${TALL + GAP}Z` }),
    cursor);
  const labels = [
    ...rows.map((row) => placed("span.y", words.count(row), null, y(row) / (TALL + GAP + LOW))),
    placed("span.y", words.share(depth), null, 1),
  ];
  // One at the very edge would be cut.
  const dates = days.filter(({ ms }) => x(ms) < WIDE * 0.96).map(({ ms, label }) => placed("span.x", label, x(ms) / WIDE, null));
  const told = el("p.told", { role: "status" });
  const tell = (at) => {
    cursor.setAttribute("x1", x(times[at]));
    cursor.setAttribute("x2", x(times[at]));
    put(told, part("day", words.day(times[at])), part("account", words.number(value[at])),
      benchmark && part("held", words.number(benchmark[at])), part("below its highest", words.share(-under[at])));
  };
  const summary = `The account from ${words.number(value[0])} on ${words.day(from)} to ${words.number(value.at(-1))} on ${words.day(to)}, at worst ${words.share(-Math.min(...kept.map((at) => under[at])))} below its highest.`;
  const plot = el("div.plot", { tabindex: "0", role: "img", "aria-label": summary }, drawing, labels);
  follow(plot, times, tell, x);
  tell(times.length - 1);
  return el("figure.equity", {},
    el("figcaption", {}, el("span.key.k-value", {}, "Account"), benchmark && el("span.key.k-held", {}, "Buy and hold"), el("span.key.k-under", {}, "Drawdown")),
    plot, el("div.dates", { "aria-hidden": "true" }, dates), told);
}

const part = (name, text) => el("span", {}, el("small", {}, name), ` ${text}`);

// By shares of the width or height: texts are not stretched with the drawing.
function placed(what, text, left, top) {
  const label = el(what, { "aria-hidden": "true" }, text);
  if (left !== null) label.style.left = `${left * 100}%`;
  if (top !== null) label.style.top = `${top * 100}%`;
  return label;
}

// The pointer and the arrow keys choose a moment.
function follow(plot, times, tell, x) {
  let at = times.length - 1;
  const go = (to) => { at = Math.max(0, Math.min(times.length - 1, to)); tell(at); };
  plot.addEventListener("pointermove", (event) => {
    const box = plot.getBoundingClientRect();
    const share = (event.clientX - box.left) / box.width;
    go(nearest(times, times[0] + share * (times.at(-1) - times[0])));
  });
  const STEPS = { ArrowLeft: -1, ArrowRight: 1, PageUp: -30, PageDown: 30, Home: -Infinity, End: Infinity };
  plot.addEventListener("keydown", (event) => {
    const step = STEPS[event.key];
    if (step === undefined) return;
    event.preventDefault();
    go(at + step);
  });
}

function nearest(times, ms) {
  let [low, high] = [0, times.length - 1];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (times[middle] <= ms) low = middle;
    else high = middle;
  }
  return ms - times[low] < times[high] - ms ? low : high;
}

function drawdowns(value) {
  let highest = -Infinity;
  return value.map((money) => {
    highest = Math.max(highest, money);
    return highest > 0 ? money / highest - 1 : 0;
  });
}

// Places to draw: of each stretch the first, and where the account was lowest
// and highest, so that no peak and no fall is lost.
function thin(length, value, under) {
  if (length <= POINTS) return Array.from({ length }, (_, at) => at);
  const stretch = Math.ceil(length / (POINTS / 3));
  const kept = new Set([length - 1]);
  for (let from = 0; from < length; from += stretch) {
    const to = Math.min(length, from + stretch);
    let [highest, deepest] = [from, from];
    for (let at = from; at < to; at += 1) {
      if (value[at] > value[highest]) highest = at;
      if (under[at] < under[deepest]) deepest = at;
    }
    kept.add(from).add(highest).add(deepest);
  }
  return [...kept].sort((a, b) => a - b);
}

function padded(values) {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  const room = (high - low || Math.abs(high) || 1) * 0.06;
  return [low - room, high + room];
}

// Round numbers between two.
function ticks(low, high) {
  const rough = (high - low) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= rough);
  const found = [];
  for (let value = Math.ceil(low / step) * step; value <= high; value += step) found.push(value);
  return found;
}

// Years, months or days between two moments, six at most.
function moments(from, to) {
  const DAY = 86_400_000;
  const days = (to - from) / DAY;
  const found = [];
  const start = new Date(from);
  if (days > 700) {
    const every = Math.ceil(days / 366 / 9);
    for (let year = start.getUTCFullYear() + 1; Date.UTC(year, 0) < to; year += every) found.push({ ms: Date.UTC(year, 0), label: String(year) });
  } else if (days > 60) {
    const every = Math.ceil(days / 30.4 / 7);
    for (let month = 1; Date.UTC(start.getUTCFullYear(), start.getUTCMonth() + month) < to; month += every) {
      const ms = Date.UTC(start.getUTCFullYear(), start.getUTCMonth() + month);
      found.push({ ms, label: words.day(ms).slice(0, 7) });
    }
  } else {
    const every = Math.max(DAY / 24, Math.ceil(days / 6) * DAY);
    for (let ms = Math.ceil(from / every) * every; ms < to; ms += every) found.push({ ms, label: words.day(ms) });
  }
  return found;
}

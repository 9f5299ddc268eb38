// Halts: set at once, seen everywhere, cleared with a second thought.

import { get, post } from "./api.js";
import { close, dialog, el, put, say, trouble } from "./dom.js";
import { live } from "./live.js";
import * as words from "./words.js";

// Latches in words at most; the rest is a number.
const SHOWN = 4;

const MODES = [
  ["halted", "Halt", "Nothing starts. What runs is told to stop, by force after five seconds; what it finishes is kept."],
  ["drain", "Drain", "Nothing starts. What runs may finish."],
  ["reducing", "Reduce only", "No order adds exposure. Tasks go on."],
  ["killed", "Kill", "Nothing starts. What runs is stopped and nothing it says is kept."],
];

let known = { latches: [] };
// Draws the dialog anew while it shows how far a halt has come.
let watching = null;

const inForce = () => known.latches.filter((latch) => latch.mode !== "active");

export async function refresh() {
  take(await get("/v1/halts"));
}

export function take(halts) {
  known = halts;
  draw();
  watching?.();
}

let drawn = "";

// Only what has changed: it is read out, and a button may have the focus.
function draw() {
  const banner = document.getElementById("halts");
  const latches = inForce();
  const now = JSON.stringify(latches);
  if (now === drawn) return;
  drawn = now;
  banner.hidden = latches.length === 0;
  put(banner,
    latches.slice(0, SHOWN).map(strip),
    latches.length > SHOWN && el("p.inner.more", {}, `and ${words.plural(latches.length - SHOWN, "more halt")}`));
}

function strip(latch) {
  return el("div.inner.strip", { "data-scope": latch.scope, "data-mode": latch.mode },
    el("p", {},
      el("strong", {}, `${words.scope(latch.scope)}: ${words.mode(latch.mode)}`),
      el("span.why", {}, latch.reason),
      el("span.who", {}, `${latch.actor}, ${words.when(latch.at)} · ${heard(latch)}`)),
    el("button", { type: "button", click: () => clear(latch) }, "Clear…"));
}

function heard({ acknowledged, missing }) {
  if (acknowledged.length + missing.length === 0) return "no worker is on the list";
  if (missing.length === 0) return `${words.plural(acknowledged.length, "worker has", "workers have")} obeyed`;
  return `${acknowledged.length} of ${words.plural(acknowledged.length + missing.length, "worker")} obeyed`;
}

// The dialog that halts. `run` is the run on the page, where there is one.
export function halt(run) {
  const reason = el("input", { name: "reason", required: true, maxlength: "300", autocomplete: "off", autofocus: true });
  const failure = el("div");
  const scopes = run && !words.ended(run.state) ? [[`run:${run.run_id}`, `This run, ${words.title(run)} ${words.short(run.run_id)}`], ["global", "Everything"]] : [["global", "Everything"]];
  const submit = async (event) => {
    event.preventDefault();
    const chosen = new FormData(form);
    const order = { scope: chosen.get("scope"), mode: chosen.get("mode"), reason: chosen.get("reason").trim() };
    if (!order.reason) return reason.setCustomValidity("A reason is needed"), reason.reportValidity();
    await once(form, failure, async () => {
      take(await post("/v1/halts", order));
      standing(order.scope);
    });
  };
  reason.addEventListener("input", () => reason.setCustomValidity(""));
  const form = el("form", { submit },
    el("fieldset", {}, el("legend", {}, "What"), scopes.map(([value, label], at) => choice("scope", value, label, null, at === 0))),
    el("fieldset", {}, el("legend", {}, "How"), MODES.map(([value, label, about], at) => choice("mode", value, label, about, at === 0))),
    el("label.field", {}, el("span", {}, "Why"), reason),
    failure,
    el("footer", {},
      el("button", { type: "button", click: close }, "Cancel"),
      el("button.danger", {}, "Halt now")));
  dialog("Halt", form);
}

const choice = (name, value, label, about, checked) =>
  el("label.choice", {}, el("input", { type: "radio", name, value, checked }), el("span", {}, el("b", {}, label), about && el("small", {}, about)));

// One request at a time of a form; what failed is said above its buttons.
async function once(form, failure, work) {
  const buttons = form.querySelectorAll("footer button");
  buttons.forEach((button) => { button.disabled = true; });
  put(failure);
  try {
    await work();
  } catch (error) {
    put(failure, trouble(error));
  } finally {
    buttons.forEach((button) => { button.disabled = false; });
  }
}

// How far a halt has come, until the dialog is closed.
function standing(scope) {
  const body = el("div.standing", { role: "status" });
  const show = () => {
    const latch = inForce().find((latch) => latch.scope === scope);
    if (!latch) return put(body, el("p", {}, "It has been cleared."));
    put(body,
      el("p", {}, el("strong", {}, `${words.scope(scope)}: ${words.mode(latch.mode)}.`), " Nothing that this forbids starts any more."),
      el("ul.acks", {},
        latch.missing.map((worker) => el("li", { "data-obeyed": "no" }, el("b", {}, "not yet"), place(worker))),
        latch.acknowledged.map((worker) => el("li", { "data-obeyed": "yes" }, el("b", {}, "obeyed"), place(worker)))),
      latch.missing.length + latch.acknowledged.length === 0 && el("p.quiet", {}, "No worker is on the list."));
  };
  watching = show;
  // Acknowledgements are no change of the latch: they are asked for.
  const timer = setInterval(() => { if (live.link !== "live") refresh().catch(() => {}); }, 1_000);
  show();
  dialog("Halted", body, el("footer", {}, el("button", { type: "button", autofocus: true, click: close }, "Close")))
    .then(() => { watching = null; clearInterval(timer); });
}

const place = ({ worker, host, pid }) => ` ${host ? `${host}, process ${pid}` : words.short(worker)}`;

// Clearing: a reason, then a second word within the time the server gives.
function clear(latch) {
  const reason = el("input", { name: "reason", required: true, maxlength: "300", autocomplete: "off", autofocus: true });
  const failure = el("div");
  const submit = async (event) => {
    event.preventDefault();
    await once(form, failure, async () => {
      const why = reason.value.trim();
      const asked = await post("/v1/halts/confirmations", { scope: latch.scope, reason: why });
      confirm(latch, why, asked);
    });
  };
  const form = el("form", { submit },
    el("p", {}, el("strong", {}, words.scope(latch.scope)), ` is ${words.mode(latch.mode)}: ${latch.reason}`),
    el("p.quiet", {}, "What it stopped does not go on by itself: every run is resumed by hand."),
    el("label.field", {}, el("span", {}, "Why it may go on"), reason),
    failure,
    el("footer", {}, el("button", { type: "button", click: close }, "Cancel"), el("button.primary", {}, "Go on")));
  dialog("Clear a halt", form);
}

function confirm(latch, reason, asked) {
  const failure = el("div");
  const left = el("span");
  const until = Date.parse(asked.expires_at);
  const tick = () => say(left, words.span(Math.max(0, until - Date.now())));
  const timer = setInterval(tick, 1_000);
  tick();
  const submit = async (event) => {
    event.preventDefault();
    await once(form, failure, async () => {
      take(await post("/v1/halts/clear", { scope: latch.scope, reason, confirmation: asked.confirmation }));
      close();
    });
  };
  const form = el("form", { submit },
    el("p", {}, "Say it a second time: ", el("strong", {}, words.scope(latch.scope)), " may go on, because ", el("q", {}, reason), "."),
    el("p.quiet", {}, "The confirmation holds for another ", left, "."),
    failure,
    el("footer", {}, el("button", { type: "button", autofocus: true, click: close }, "Leave it halted"), el("button.danger", {}, "Clear the halt")));
  dialog("Clear a halt: are you sure?", form).then(() => clearInterval(timer));
}

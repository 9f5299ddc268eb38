// Where the reader is, what stands around every view, and the key.

import { key, signals } from "./api.js";
import { close, dialog, el, say } from "./dom.js";
import * as halts from "./halts.js";
import { live } from "./live.js";
import { one } from "./run.js";
import { list } from "./runs.js";
import * as words from "./words.js";

const main = document.getElementById("main");
let leave = () => {};
// The run that is looked at, for the halt button.
let run = null;

function show() {
  leave();
  const [, id] = location.pathname.match(/^\/runs\/([^/]+)$/) ?? [];
  run = null;
  leave = id ? one(main, decodeURIComponent(id), (now) => { run = now; }) : list(main);
}

function go(path) {
  history.pushState(null, "", path);
  show();
  scrollTo(0, 0);
  main.focus({ preventScroll: true });
}

// Links within the page do not load it again.
function follow(event) {
  const link = event.target.closest?.("a[href]");
  if (!link || event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  if (link.target || link.hasAttribute("download") || link.origin !== location.origin) return;
  if (link.pathname !== "/" && !link.pathname.startsWith("/runs/")) return;
  event.preventDefault();
  go(link.pathname + link.search);
}

const LINKS = { live: "Live", polling: "Polling", lost: "No answer", locked: "Locked", connecting: "Connecting" };
let wasLive = false;

function link() {
  const now = live.link;
  wasLive ||= now === "live";
  document.getElementById("link").dataset.link = now;
  say(document.getElementById("link-word"), now === "connecting" && wasLive ? "Reconnecting" : LINKS[now]);
  say(document.getElementById("link-seq"), live.seq > 0 ? `seq ${words.count(live.seq)}` : "");
}

// A server that knows keys wants one: it is asked for once, and then whenever
// the reader says so.
const wanted = document.getElementById("key");

function locked() {
  if (!wanted.hidden) return;
  wanted.hidden = false;
  unlock();
}

function unlock() {
  const known = key.get() !== null;
  const input = el("input", { name: "key", type: "password", required: true, autocomplete: "off", autofocus: true });
  const submit = (event) => {
    event.preventDefault();
    key.set(input.value.trim());
    wanted.hidden = true;
    close();
    live.again();
    halts.refresh().catch(() => {});
    show();
  };
  dialog("A key is needed", el("form", { submit },
    el("p", {}, known ? "The server does not know this key, or it has expired." : "The server answers only who shows a key."),
    el("label.field", {}, el("span", {}, "Key"), input),
    el("p.quiet", {}, "It is kept until this tab is closed. ", el("code", {}, "fondaco key add"), " makes one."),
    el("footer", {}, el("button.primary", {}, "Use this key"))));
}

addEventListener("popstate", show);
addEventListener("go", ({ detail }) => go(detail));
document.addEventListener("click", follow);
document.getElementById("halt").addEventListener("click", () => halts.halt(run));
signals.addEventListener("locked", locked);
wanted.addEventListener("click", unlock);
live.addEventListener("link", link);
live.addEventListener("about", ({ detail }) => say(document.getElementById("version"), detail.version));
live.addEventListener("ask", () => halts.refresh().catch(() => {}));
live.addEventListener("frame", ({ detail }) => { if (detail.halts) halts.take(detail.halts); });

show();
live.start();
halts.refresh().catch(() => {});

// Data, theme, formats and what the charts share.

const DATA = JSON.parse(document.getElementById("data").textContent);
const REDRAW = [];
const byId = (id) => document.getElementById(id);
const redraw = () => REDRAW.forEach((draw) => draw());

// ---- theme: as the system says, until the reader chooses

const root = document.documentElement;
const systemDark = matchMedia("(prefers-color-scheme: dark)");
const THEMES = ["auto", "light", "dark"];
function setTheme(theme) {
  if (theme === "auto") root.removeAttribute("data-theme");
  else root.setAttribute("data-theme", theme);
  const button = byId("theme");
  button.textContent = "Theme: " + theme;
  button.setAttribute("aria-label", "Theme: " + (theme === "auto" ? "as the system" : theme));
  redraw();
}
byId("theme").addEventListener("click", () => {
  const now = root.getAttribute("data-theme") || "auto";
  // The first click must change something to see.
  const order = systemDark.matches ? ["auto", "light", "dark"] : ["auto", "dark", "light"];
  setTheme(order[(order.indexOf(now) + 1) % THEMES.length]);
});
systemDark.addEventListener("change", redraw);
let themeBeforePrint = null;
addEventListener("beforeprint", () => {
  themeBeforePrint = root.getAttribute("data-theme") || "auto";
  setTheme("light");
});
addEventListener("afterprint", () => setTheme(themeBeforePrint || "auto"));

const color = (name) => getComputedStyle(root).getPropertyValue("--" + name).trim();

// ---- formats

const MONEY = DATA.money || { currency: "", decimals: 2 };
const minus = (text) => text.replace("-", "−");
const fixed = (value, decimals) =>
  minus(value.toLocaleString("en-US", { minimumFractionDigits: decimals, maximumFractionDigits: decimals }));
const signed = (value, decimals) => (value > 0 ? "+" : "") + fixed(value, decimals);
const money = (value) => fixed(value, MONEY.decimals);
const percent = (ratio) => signed(ratio * 100, 2) + " %";
const price = (value) => {
  const size = value > 0 ? Math.floor(Math.log10(value)) : 0;
  return fixed(value, Math.min(Math.max(5 - size, 2), 8));
};
const stamp = (seconds) => new Date(seconds * 1000).toISOString().slice(0, 16).replace("T", " ");
function span(seconds) {
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return minutes + " min";
  if (minutes < 1440) return Math.floor(minutes / 60) + " h" + (minutes % 60 ? " " + (minutes % 60) + " min" : "");
  const hours = Math.floor((minutes % 1440) / 60);
  return Math.floor(minutes / 1440) + " d" + (hours ? " " + hours + " h" : "");
}

// ---- drawing

// A canvas that fills its frame at the screen's resolution.
function surface(frame) {
  const canvas = frame.querySelector("canvas");
  const context = canvas.getContext("2d");
  return () => {
    const width = frame.clientWidth, height = frame.clientHeight, scale = devicePixelRatio || 1;
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, width, height);
    context.font = "12px system-ui, sans-serif";
    context.lineJoin = "round";
    return { context, width, height };
  };
}

// Round values between two ends, about so many.
function ticks(low, high, count) {
  if (!(high > low)) return [low];
  const rough = (high - low) / count, size = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((m) => m * size).find((s) => s >= rough);
  const list = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + step * 1e-9; k++) list.push(k * step);
  return list;
}
const tickDecimals = (list) =>
  list.length < 2 ? 2 : Math.min(10, Math.max(0, -Math.floor(Math.log10(Math.abs(list[1] - list[0])) + 1e-9)));

// Stamps at calendar boundaries between two instants, about so many, with the
// words for them.
function timeTicks(low, high, count) {
  const HOUR = 3600, DAY = 86400;
  const steps = [300, 900, HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 4 * DAY, 7 * DAY, 14 * DAY];
  const step = steps.find((s) => (high - low) / s <= count);
  const list = [];
  if (step) {
    for (let at = Math.ceil(low / step) * step; at <= high; at += step) {
      const iso = new Date(at * 1000).toISOString();
      list.push([at, at % DAY === 0 ? iso.slice(5, 10) : iso.slice(11, 16)]);
    }
    return list;
  }
  const months = [1, 2, 3, 6, 12, 24, 60, 120].find((m) => (high - low) / (m * 30.4 * DAY) <= count) || 240;
  const first = new Date(low * 1000);
  for (let month = 0; ; month += months) {
    const base = first.getUTCFullYear() * 12 + (months >= 12 ? 0 : Math.floor(first.getUTCMonth() / months) * months);
    const at = Date.UTC(Math.floor((base + month) / 12), (base + month) % 12) / 1000;
    if (at > high) return list;
    if (at >= low) list.push([at, new Date(at * 1000).toISOString().slice(0, months >= 12 ? 4 : 7)]);
  }
}

// The tooltip of a chart: lines of a name and a value; texts are never markup.
function showTip(frame, x, y, title, lines) {
  const tip = frame.querySelector(".tip");
  const head = document.createElement("b");
  head.textContent = title;
  tip.replaceChildren(head, ...lines.map(([name, value, tone]) => {
    const line = document.createElement("div"), left = document.createElement("span"), right = document.createElement("span");
    left.textContent = name;
    right.textContent = value;
    if (tone) right.className = tone;
    line.append(left, right);
    return line;
  }));
  tip.hidden = false;
  const left = x + 16 + tip.offsetWidth > frame.clientWidth ? Math.max(4, x - 16 - tip.offsetWidth) : x + 16;
  const top = Math.min(Math.max(4, y - tip.offsetHeight / 2), frame.clientHeight - tip.offsetHeight - 4);
  tip.style.transform = `translate(${left}px, ${top}px)`;
}
const hideTip = (frame) => { frame.querySelector(".tip").hidden = true; };

// The place of the last value not above one, in a sorted list.
function placeOf(list, value) {
  let low = 0, high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (list[middle] <= value) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
const running = (deltas) => { let sum = 0; return deltas.map((delta) => (sum += delta)); };
const inside = (value, low, high) => Math.min(Math.max(value, low), high);

new ResizeObserver(redraw).observe(document.body);

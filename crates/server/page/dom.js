// Elements out of values. What comes from a server is only ever text.

// el("a.quiet", { href: "/" }, "Home"): a tag with classes, attributes or
// listeners (functions), and children; nothing, false and null are left out.
export function el(what, attributes = {}, ...children) {
  const [tag, ...classes] = what.split(".");
  return fill(document.createElement(tag), classes, attributes, children);
}

// The same for drawings.
export function svg(what, attributes = {}, ...children) {
  const [tag, ...classes] = what.split(".");
  return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), classes, attributes, children);
}

function fill(element, classes, attributes, children) {
  if (classes.length) element.setAttribute("class", classes.join(" "));
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (typeof value === "function") element.addEventListener(name, value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  put(element, ...children);
  return element;
}

// Children in place of those there were.
export function put(element, ...children) {
  element.replaceChildren(...children.flat().filter((child) => child !== undefined && child !== null && child !== false));
  return element;
}

// Text where it differs: what a reader has selected stays selected.
export function say(element, text) {
  const wanted = text ?? "";
  if (element.textContent !== wanted) element.textContent = wanted;
}

// Calls `work` soon, and not again before `every` milliseconds have passed.
export function calmly(every, work) {
  let timer = null;
  let last = -Infinity;
  const call = () => { timer = null; last = performance.now(); work(); };
  const soon = () => { timer ??= setTimeout(call, Math.max(0, last + every - performance.now())); };
  soon.stop = () => { clearTimeout(timer); timer = null; };
  return soon;
}

// A failure as a paragraph, with what to do about it.
export function trouble(error, again) {
  return el("div.trouble", { role: "alert" },
    el("p", {}, el("strong", {}, error.message)),
    error.hint && el("p", {}, error.hint),
    error.causes?.length > 0 && el("p.quiet", {}, error.causes.join(": ")),
    error.reference && el("p.quiet", {}, `Reference ${error.reference}`),
    again && el("button", { type: "button", click: again }, "Try again"));
}

// The one dialog, with a title and a body. Resolves when it is closed.
export function dialog(title, ...body) {
  const box = document.getElementById("dialog");
  put(box,
    el("header", {}, el("h2", { id: "dialog-title" }, title), closer(box)),
    ...body);
  if (!box.open) box.showModal();
  box.querySelector("[autofocus]")?.focus();
  return new Promise((closed) => box.addEventListener("close", () => closed(), { once: true }));
}

const closer = (box) => el("button.close", { type: "button", "aria-label": "Close", click: () => box.close() }, "×");

export const close = () => document.getElementById("dialog").close();

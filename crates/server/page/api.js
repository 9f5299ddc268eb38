// The native API, asked as any other client asks it.

const KEY = "fondaco-key";
const PATIENCE_MS = 20_000;

// A problem that the server told, or that it did not answer (status 0).
export class Refused extends Error {
  constructor(status, message, problem = {}, reference = null) {
    super(message);
    Object.assign(this, { status, code: problem.code, hint: problem.hint, causes: problem.causes ?? [], reference });
  }
}

export const key = {
  get: () => sessionStorage.getItem(KEY),
  set: (text) => sessionStorage.setItem(KEY, text),
  forget: () => sessionStorage.removeItem(KEY),
};

// Told `reached` (a boolean) after every request, and `locked` where a key is
// wanted.
export const signals = new EventTarget();

export const get = (path, options) => json(path, options);
export const post = (path, body, options) => json(path, { ...options, method: "POST", body: body ?? null });

async function json(path, options) {
  const response = await ask(path, options);
  return response.status === 204 ? null : response.json();
}

export async function ask(path, { method = "GET", body, signal } = {}) {
  const headers = {};
  if (key.get()) headers.authorization = `Bearer ${key.get()}`;
  if (body) headers["content-type"] = "application/json";
  const late = AbortSignal.timeout(PATIENCE_MS);
  const init = { method, headers, signal: signal ? AbortSignal.any([signal, late]) : late, cache: "no-store" };
  if (body) init.body = JSON.stringify(body);
  let response;
  try {
    response = await fetch(path, init);
  } catch (error) {
    if (signal?.aborted) throw error;
    tell("reached", false);
    throw new Refused(0, "The server does not answer", { hint: "It is asked again every few seconds." });
  }
  tell("reached", true);
  if (response.ok) return response;
  if (response.status === 401) tell("locked", true);
  throw await refusal(response);
}

const tell = (name, detail) => signals.dispatchEvent(new CustomEvent(name, { detail }));

async function refusal(response) {
  const problem = await response.json().catch(() => ({}));
  const message = problem.detail || problem.title || `The server answered ${response.status}`;
  return new Refused(response.status, message, problem, response.headers.get("x-correlation-id"));
}

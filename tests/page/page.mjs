// The page at `/` of the real program, in Chromium.

import { existsSync, mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { faint, order, overflow, unnamed } from "./looks.mjs";
import { Server, until } from "./server.mjs";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const TARGET = process.env.CARGO_TARGET_DIR || join(ROOT, "target");
const PROGRAM = process.env.FONDACO_BIN || join(TARGET, "debug", "fondaco");
const PICTURES = process.env.SCREENSHOTS || join(TARGET, "page");
const CHROMIUM = process.env.CHROMIUM || "/usr/bin/chromium";
const HOSTILE = `<img src=x onerror="window.pwned=1"><b>bold</b>`;

const skip = (why) => { console.log(`skipped: ${why}`); process.exit(77); };
if (!existsSync(CHROMIUM)) skip(`no Chromium at ${CHROMIUM}`);
if (!existsSync(PROGRAM)) skip(`no program at ${PROGRAM}`);
const packages = createRequire(join(ROOT, "tests", "peers", "package.json"));
const { chromium } = (() => { try { return packages("playwright-core"); } catch { return skip("playwright-core is not installed"); } })();

let checks = 0;
function check(holds, what) {
  checks++;
  if (!holds) throw new Error(`not so: ${what}`);
}
function same(found, wanted, what) {
  checks++;
  const [a, b] = [JSON.stringify(found), JSON.stringify(wanted)];
  if (a !== b) throw new Error(`${what}: ${a}, wanted ${b}`);
}
// Until it holds in the page, without loading it again.
const see = async (page, what, holds, argument, timeout = 15_000) => {
  checks++;
  await page.waitForFunction(holds, argument, { timeout, polling: 50 }).catch(() => { throw new Error(`not seen: ${what}`); });
};

// A page that must stay silent and at home. While the server is down on
// purpose, requests that fail are no trouble.
async function open(browser, server, path, before = () => {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, colorScheme: "light" });
  const page = await context.newPage();
  await page.addInitScript(before);
  // Without a build between a change and its effect.
  if (process.env.PAGE_FILES) await page.route("**/assets/*", (route) => route.fulfill({ path: join(process.env.PAGE_FILES, route.request().url().split("/").pop()) }));
  const trouble = [];
  let calm = true;
  page.on("console", (message) => { if (["error", "warning"].includes(message.type()) && (calm || !/ERR_|WebSocket|Failed to load/.test(message.text()))) trouble.push(message.text()); });
  page.on("pageerror", (error) => trouble.push(error.message));
  page.on("request", (request) => { if (new URL(request.url()).origin !== server.url) trouble.push(`request: ${request.url()}`); });
  const at = new URL(server.url);
  page.on("websocket", (socket) => { if (new URL(socket.url()).hostname !== at.hostname) trouble.push(`socket: ${socket.url()}`); });
  await page.goto(server.url + path);
  return {
    page,
    storm: (begins) => { calm = !begins; },
    done: async () => {
      same(trouble, [], `${path} is silent`);
      check(await page.evaluate(() => window.pwned === undefined), `${path}: nothing that was told has run`);
      await context.close();
    },
  };
}

const row = (id) => `tr[data-run="${id}"]`;
const picture = (page, name, fullPage = false) => page.screenshot({ path: join(PICTURES, `${name}.png`), fullPage });
const live = (page) => see(page, "the page is live", () => document.querySelector("#link").dataset.link === "live");

async function list(browser, server) {
  const done = await server.workflow("first", 2, 0);
  same(await server.ended(done), "completed", "a run of nothing");
  const { page, done: leave } = await open(browser, server, "/");
  await page.waitForSelector(row(done));
  same(await page.locator(`${row(done)} .badge`).innerText(), "completed", "the list shows the state in words");
  await live(page);

  // One that is submitted now appears and goes on, without the page being asked.
  const loads = page.evaluate(() => performance.timeOrigin);
  const running = await server.workflow("second", 6, 300);
  await page.waitForSelector(row(running), { timeout: 5_000 });
  await see(page, "it is seen running", (at) => document.querySelector(`${at} .badge b`)?.textContent === "running", row(running));
  await see(page, "its tasks are counted", (at) => /^[1-5] \/ 6$/.test(document.querySelector(`${at} .of`)?.textContent), row(running));
  await see(page, "and it is seen to complete", (at) => document.querySelector(`${at} .badge b`)?.textContent === "completed" && document.querySelector(`${at} .of`).textContent === "6 / 6", row(running));
  same(await loads, await page.evaluate(() => performance.timeOrigin), "the document was loaded once");
  same(await page.locator("tbody tr").first().getAttribute("data-run"), running, "the newest is first");

  // Filters ask the server, stay in the address, and can find nothing.
  await page.getByLabel("State").selectOption("failed");
  await page.waitForSelector(".empty");
  check(page.url().endsWith("/?state=failed"), "the filter is in the address");
  await page.reload();
  await page.waitForSelector(".empty");
  same(await page.getByLabel("State").inputValue(), "failed", "and comes back with it");
  await page.getByLabel("State").selectOption("");
  await page.waitForSelector(row(running));
  await page.getByLabel("Kind").selectOption("backtest");
  await see(page, "no workflow is a backtest", () => document.querySelectorAll("tr[data-run]").length === 0);
  await leave();
}

async function pages(browser, server) {
  const made = [];
  for (let no = 0; no < 60; no++) made.push(await server.workflow(`page ${no}`, 1, 0));
  const { page, done } = await open(browser, server, "/");
  const rows = () => page.locator("tr[data-run]").evaluateAll((all) => all.map((row) => row.dataset.run));
  await page.waitForSelector(row(made.at(-1)));
  const first = await rows();
  same(first, made.slice(-25).reverse(), "the first page has the newest");
  await page.getByRole("button", { name: "Older" }).click();
  await page.waitForSelector(row(made.at(-26)));
  same(await rows(), made.slice(-50, -25).reverse(), "the second follows without gap or repeat");
  await page.getByRole("button", { name: "Newer" }).click();
  await page.waitForSelector(row(first[0]));
  same(await rows(), first, "and back");
  await live(page);
  // However many come, the page holds 25.
  for (let no = 0; no < 30; no++) made.push(await server.workflow(`more ${no}`, 1, 0));
  await page.waitForSelector(row(made.at(-1)));
  same(await rows(), made.slice(-25).reverse(), "new ones push out old ones");
  await done();
}

async function one(browser, server) {
  const run = await server.workflow("third", 8, 250);
  const { page, done } = await open(browser, server, "/");
  await page.locator(`${row(run)} a`).click();
  await page.waitForSelector(".timeline li");
  check(page.url().endsWith(`/runs/${run}`), "a run has an address");
  await see(page, "a task is seen running", () => [...document.querySelectorAll(".tasks .badge b")].some((word) => word.textContent === "running"));
  await picture(page, "run-desktop-light");
  await see(page, "its end is seen", () => document.querySelector(".name-line .badge b").textContent === "completed");
  await see(page, "and told", () => document.querySelector(".timeline li .what").textContent === "Ended completed");
  await see(page, "all tasks are done", () => [...document.querySelectorAll(".tasks .badge b")].filter((word) => word.textContent === "completed").length === 8);
  const told = await page.locator(".timeline li").evaluateAll((all) => all.map((item) => Number(item.dataset.seq)));
  const events = (await server.get(`/v1/runs/${run}/events?limit=200`)).items.map((event) => event.seq);
  same(told, events.reverse(), "every event once, the newest first");
  same(await page.locator(".actions button").allInnerTexts(), ["Run again"], "what can be done with it");
  await page.goBack();
  await page.waitForSelector("h1:has-text('Runs')");
  await page.goForward();
  await page.waitForSelector(".timeline li");
  await done();
}

// Of a run with thousands of events the page holds the last ones.
async function long(browser, server) {
  const tasks = Array.from({ length: 700 }, (_, no) => ({ key: `day/${no}`, kind: "noop" }));
  const { run_id: run } = await server.post("/v1/runs", { spec: { kind: "workflow", name: "long", tasks } });
  same(await server.ended(run), "completed", "a long run");
  const { page, done } = await open(browser, server, `/runs/${run}`);
  await see(page, "its end", () => document.querySelector(".timeline li .what")?.textContent === "Ended completed");
  const told = await page.locator(".timeline li").evaluateAll((all) => all.map((item) => Number(item.dataset.seq)));
  check(told[0] > 2000 && told.length >= 100 && told.length <= 200, `the last events of ${told[0]}: ${told.length}`);
  check(told.every((seq, at) => at === 0 || told[at - 1] === seq + 1), "without gap or repeat");
  same(await page.locator(".events > p").innerText(), `${(told.at(-1) - 1).toLocaleString("en-GB")} older events: fondaco run events ${run}`, "and says how many came before");
  same(await page.locator(".tasks tbody tr").count(), 20, "of its tasks a page is shown");
  await page.getByRole("button", { name: "After" }).click();
  await page.waitForSelector('tr[data-task="day/39"]');
  await page.locator(".tasks").getByLabel("State").selectOption("failed");
  await page.waitForSelector(".tasks .empty");
  await done();
}

async function missing(browser, server) {
  const { page, done, storm } = await open(browser, server, "/");
  storm(true); // the browser says what was not found
  await page.goto(`${server.url}/runs/01999999-0000-7000-8000-000000000000`);
  await page.waitForSelector(".trouble");
  check((await page.locator(".trouble").innerText()).includes("01999999"), "what is not there is named");
  await done();
}

async function hostile(browser, server) {
  const run = await server.workflow("fourth", 3, 60_000, { strategy: HOSTILE });
  const { page, done } = await open(browser, server, `/runs/${run}`);
  await page.getByRole("button", { name: "Cancel…" }).click();
  await page.getByLabel("Why").fill(HOSTILE);
  await page.getByRole("button", { name: "Cancel the run" }).click();
  await see(page, "it is cancelled", () => document.querySelector(".name-line .badge b").textContent === "cancelled");
  same((await server.get(`/v1/runs/${run}`)).reason, HOSTILE, "with the reason given");
  same(await page.locator(".reason-line").innerText(), HOSTILE, "which is shown as it was said");
  await page.goto(server.url);
  await page.waitForSelector(row(run));
  same(await page.locator(`${row(run)} .reason`).innerText(), HOSTILE, "in the list, too");
  same(await page.locator("main img, main b b, .name a b").count(), 0, "and is text");
  await done();
}

async function backtest(browser, server) {
  const { run_id: run } = await server.post("/v1/backtests", { strategy: "sma-cross", timerange: "20050301-20130302", account: { balance: 10000 } });
  const { page, done } = await open(browser, server, `/runs/${run}`);
  await page.waitForSelector(".equity .plot", { timeout: 60_000 });
  const { total_return: gain } = (await server.get(`/v1/backtests/${run}`)).result;
  const shown = await page.locator(".figures dd").first().innerText();
  same(Number(shown.replace("−", "-").replace(/[+,% ]/g, "")), Math.round(gain * 10_000) / 100, "the return is the server's");
  const drawn = await page.locator(".plot path.value").getAttribute("d");
  check(drawn.split("L").length > 500, "the account is drawn");
  const plot = page.locator(".plot");
  await plot.focus();
  const last = await page.locator(".told").innerText();
  await page.keyboard.press("Home");
  check(await page.locator(".told").innerText() !== last, "the keyboard moves along the account");
  const box = await plot.boundingBox();
  await page.mouse.move(box.x + box.width / 2, box.y + 40);
  check(/2009-/.test(await page.locator(".told").innerText()), "and so does the pointer");
  const [report] = await Promise.all([page.context().waitForEvent("page"), page.getByRole("link", { name: "Full report" }).click()]);
  await report.waitForLoadState();
  check((await report.title()).length > 0 && (await report.locator("canvas").count()) > 0, "the report opens");
  await report.close();
  await look(page, "backtest");
  await done();
  return run;
}

async function halts(browser, server) {
  const run = await server.workflow("fifth", 4, 60_000);
  const { page, done } = await open(browser, server, `/runs/${run}`);
  await live(page);
  await see(page, "it runs", () => document.querySelector(".name-line .badge b")?.textContent === "running");
  await page.getByRole("button", { name: "Halt", exact: true }).click();
  await page.getByRole("button", { name: "Halt now" }).click();
  same((await inForce(server)).length, 0, "nothing is halted without a reason");
  await page.getByText("Everything").click();
  await page.getByLabel("Why").fill("drill of the page");
  await look(page, "halt");
  await page.getByRole("button", { name: "Halt now" }).click();
  await page.waitForSelector(".standing");
  const [latch] = await inForce(server);
  same([latch.scope, latch.mode, latch.reason], ["global", "halted", "drill of the page"], "one press halts everything");
  await see(page, "who has obeyed is seen", () => document.querySelectorAll('.acks [data-obeyed="yes"]').length > 0 && !document.querySelector('.acks [data-obeyed="no"]'), null, 20_000);
  await page.getByRole("button", { name: "Close", exact: true }).last().click();
  await page.waitForSelector('#halts [data-scope="global"]');
  await see(page, "the run is halted", () => document.querySelector(".name-line .badge b").textContent === "halted", null, 20_000);
  await look(page, "halted");

  await page.locator("#halts").getByRole("button", { name: "Clear…" }).click();
  await page.getByLabel("Why it may go on").fill("the drill is over");
  await page.getByRole("button", { name: "Go on" }).click();
  await page.getByRole("button", { name: "Leave it halted" }).click();
  same((await inForce(server)).length, 1, "asking for a confirmation clears nothing");
  await page.locator("#halts").getByRole("button", { name: "Clear…" }).click();
  await page.getByLabel("Why it may go on").fill("the drill is over");
  await page.getByRole("button", { name: "Go on" }).click();
  await page.getByRole("button", { name: "Clear the halt" }).click();
  await page.waitForSelector("#halts", { state: "hidden" });
  same((await inForce(server)).length, 0, "the second word clears it");
  await page.getByRole("button", { name: "Resume" }).click();
  await see(page, "and the run goes on", () => document.querySelector(".name-line .badge b").textContent === "running");

  // A halt of one run, from its page.
  await page.getByRole("button", { name: "Halt", exact: true }).click();
  await page.getByText(/^This run/).click();
  await page.getByLabel("Why").fill("only this one");
  await page.getByRole("button", { name: "Halt now" }).click();
  await page.waitForSelector(".standing");
  same((await inForce(server)).map((latch) => latch.scope), [`run:${run}`], "one run can be halted alone");
  await done();
  await server.run("halt", "clear", "--scope", `run:${run}`, "--reason", "the test is over", "--yes");
}

const inForce = async (server) => (await server.get("/v1/halts")).latches.filter((latch) => latch.mode !== "active");

async function outage(browser, server) {
  const run = await server.workflow("sixth", 40, 150);
  const { page, done, storm } = await open(browser, server, `/runs/${run}`);
  await live(page);
  await see(page, "it runs", () => document.querySelectorAll('.tasks [data-state="completed"]').length > 2 && document.querySelectorAll(".timeline li").length > 6);
  storm(true);
  await server.kill();
  await see(page, "the loss is told", () => document.querySelector("#link").dataset.link !== "live");
  await see(page, "and that nothing answers", () => document.querySelector("#link-word").textContent === "No answer");
  check(await page.locator(".timeline li").count() > 0, "what was known stays to be read");
  await server.start();
  await see(page, "the page finds it again", () => document.querySelector("#link").dataset.link === "live", null, 30_000);
  storm(false);
  await see(page, "and follows the run to its end", () => document.querySelector(".name-line .badge b").textContent === "completed", null, 60_000);
  await until("the page knows every event", 10_000, async () => {
    const known = (await server.get(`/v1/runs/${run}/events?limit=1000`)).items.map((event) => event.seq).reverse().slice(0, 200);
    const told = await page.locator(".timeline li").evaluateAll((all) => all.map((item) => Number(item.dataset.seq)));
    return JSON.stringify(told) === JSON.stringify(known);
  });
  await done();
}

// The same in every size and light, with a picture each.
async function look(page, name) {
  const before = page.viewportSize();
  for (const [size, width, height] of [["desktop", 1280, 900], ["mobile", 360, 780]]) {
    for (const colorScheme of ["light", "dark"]) {
      await page.setViewportSize({ width, height });
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      const what = `${name}, ${size}, ${colorScheme}`;
      await page.evaluate(() => scrollTo(0, 0));
      check(await overflow(page) <= 0, `${what}: nothing is wider than the screen`);
      same(await faint(page), [], `${what}: every text can be read`);
      same(await unnamed(page), [], `${what}: everything has a name`);
      await picture(page, `${name}-${size}-${colorScheme}`, name !== "halt");
    }
  }
  await page.emulateMedia({ colorScheme: "light", reducedMotion: "no-preference" });
  await page.setViewportSize(before);
}

async function everywhere(browser, server) {
  await server.workflow("ninth", 3, 0);
  const { page, done } = await open(browser, server, "/");
  await page.waitForSelector("tr[data-run]");
  await live(page);
  await look(page, "list");
  await page.reload();
  await page.waitForSelector("tr[data-run]");
  same(await order(page, 5), ["To the content", "Fondaco", "Halt", "State", "Kind"], "the tab key goes from top to bottom");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.waitForSelector(".timeline li");
  same(await page.evaluate(() => document.activeElement.id), "main", "a run opens by keyboard, and is where the reader is");
  await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("Enter");
  await page.waitForSelector("dialog[open]");
  same(await page.evaluate(() => document.activeElement.name), "reason", "the halt button too, and a reason is what it wants");
  await page.keyboard.press("Escape");
  await page.waitForSelector("dialog", { state: "hidden" });
  await done();
}

// Without a way to the socket it asks again and again.
async function polling(browser, server) {
  const deaf = () => { window.WebSocket = class { constructor() { setTimeout(() => this.onclose?.(), 0); } close() {} }; };
  const { page, done } = await open(browser, server, "/", deaf);
  await see(page, "it says that it asks", () => document.querySelector("#link").dataset.link === "polling");
  const run = await server.workflow("seventh", 2, 0);
  await page.waitForSelector(row(run), { timeout: 10_000 });
  await see(page, "and sees the end", (at) => document.querySelector(`${at} .badge b`).textContent === "completed", row(run));
  await done();
}

async function locked(browser, server) {
  await server.workflow("tenth", 1, 0);
  const made = JSON.parse(server.run("key", "add", "page", "--scope", "admin", "--output", "json"));
  server.key = made.secret ?? made.key;
  await until("the server wants keys", 10_000, async () => (await fetch(`${server.url}/v1/runs`)).status === 401);
  const { page, done, storm } = await open(browser, server, "/assets/icon.svg");
  storm(true); // the browser says what was refused
  await page.goto(server.url);
  await page.waitForSelector("dialog[open]");
  await look(page, "key");
  await page.getByRole("textbox", { name: "Key" }).fill("not a key");
  await page.getByRole("button", { name: "Use this key" }).click();
  await page.waitForSelector("dialog[open] >> text=does not know this key");
  await page.getByRole("textbox", { name: "Key" }).fill(server.key);
  await page.getByRole("button", { name: "Use this key" }).click();
  await page.waitForSelector("tr[data-run]");
  await live(page);
  storm(false);
  const run = await server.workflow("eighth", 1, 0);
  await page.waitForSelector(row(run), { timeout: 5_000 });
  check(await page.evaluate((secret) => !document.body.textContent.includes(secret) && !location.href.includes(secret), server.key), "the key is shown nowhere");
  await done();
}

const CASES = { list, one, long, missing, hostile, backtest, halts, pages, everywhere, polling, outage, locked };
const wanted = process.argv.slice(2);
let browser;
const server = new Server(PROGRAM);
let current = "start";
try {
  mkdirSync(PICTURES, { recursive: true });
  await server.start();
  browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"] });
  const cases = Object.entries(CASES).filter(([name]) => wanted.length === 0 || wanted.includes(name));
  for (const [name, test] of cases) {
    current = name;
    await test(browser, server);
  }
  console.log(`${checks} checks of the page in Chromium`);
} catch (error) {
  console.log(`${current}: ${error.message}`);
  process.exitCode = 1;
} finally {
  await browser?.close();
  await server.end();
}

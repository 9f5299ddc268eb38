// Opens reports in Chromium as a reader would: nothing is fetched, no script
// fails, tables sort, the theme and the pair change, trades and days of a
// simulation are found, and nothing overflows a narrow screen. REPORT_DIR may name a folder of reports; else they are made.

import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const CHROMIUM = process.env.CHROMIUM || "/usr/bin/chromium";
const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const skip = (why) => { console.log(`skipped: ${why}`); process.exit(77); };

if (!existsSync(CHROMIUM)) skip(`no Chromium at ${CHROMIUM}`);
const playwright = await import("playwright-core").catch(() => null);
if (!playwright) skip("playwright-core is not installed");

const made = process.env.REPORT_DIR ? null : mkdtempSync(join(tmpdir(), "fondaco-reports-"));
const folder = process.env.REPORT_DIR || made;
let checks = 0;

function check(holds, what) {
  checks++;
  if (!holds) throw new Error(`not so: ${what}`);
}

async function open(browser, file, options) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const trouble = [];
  page.on("console", (message) => { if (["error", "warning"].includes(message.type())) trouble.push(message.text()); });
  page.on("pageerror", (error) => trouble.push(error.message));
  page.on("dialog", (dialog) => { trouble.push(`dialog: ${dialog.message()}`); dialog.dismiss(); });
  page.on("request", (request) => { if (!/^(file|data):/.test(request.url())) trouble.push(`request: ${request.url()}`); });
  await page.goto(pathToFileURL(join(folder, file)).href);
  return { page, done: async () => { check(trouble.length === 0, `${file} is silent: ${trouble.join("; ")}`); await context.close(); } };
}

// The share of pixels of a canvas that are painted.
const painted = (page, frame) => page.locator(`${frame} canvas`).evaluate((canvas) => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let count = 0;
  for (let i = 3; i < data.length; i += 4) if (data[i] > 0) count++;
  return count / (data.length / 4);
});
const picture = (page, frame) => page.locator(`${frame} canvas`).evaluate((canvas) => canvas.toDataURL());
const column = (page, table, index) => page.locator(`${table} tbody tr`).evaluateAll(
  (rows, index) => rows.map((row) => row.cells[index].dataset.v ?? row.cells[index].textContent), index);

async function report(browser, file) {
  const { page, done } = await open(browser, file, { viewport: { width: 1280, height: 900 }, colorScheme: "light" });
  check(await painted(page, "#lines") > 0.005, `${file}: the account is drawn`);
  check(await painted(page, "#candles") > 0.005, `${file}: candles are drawn`);

  // A table of numbers sorts downwards, then upwards.
  const head = page.locator("#pairs th").nth(1);
  await head.locator("button").click();
  const down = (await column(page, "#pairs", 1)).map(Number);
  check(down.every((value, i) => i === 0 || down[i - 1] >= value), `${file}: pairs sort downwards by trades: ${down}`);
  check(await head.getAttribute("aria-sort") === "descending", `${file}: the order is told`);
  await head.locator("button").press("Enter");
  const up = (await column(page, "#pairs", 1)).map(Number);
  check(up.every((value, i) => i === 0 || up[i - 1] <= value), `${file}: and upwards, by keyboard: ${up}`);

  // Trades are sorted and found.
  const count = async () => Number((await page.locator("#page-now").textContent()).replace(/.* of |,/g, "")) || 0;
  const all = await count();
  await page.locator("#trades button[data-key=profit]").click();
  const best = (await column(page, "#trades", 7)).map((text) => Number(text.replace("−", "-").replace(/[+,]/g, "")));
  check(best.every((value, i) => i === 0 || best[i - 1] >= value), `${file}: trades sort by profit`);
  await page.locator("#trade-result").selectOption("won");
  const won = await count();
  await page.locator("#trade-result").selectOption("lost");
  check(won + await count() <= all && won < all, `${file}: ${won} of ${all} trades won`);
  await page.locator("#trade-result").selectOption("");
  await page.locator("#trade-find").fill("onerror");
  check(await count() >= 1, `${file}: a trade with a hostile tag is listed`);
  check(await page.locator("#trades img, #main img").count() === 0, `${file}: and its tag is text`);

  // A trade leads to its place on the candles; another pair is another picture.
  const first = await picture(page, "#candles");
  await page.locator("#trades .show").first().click();
  check(await picture(page, "#candles") !== first, `${file}: a trade moves the candles`);
  if (await page.locator("#pair option").count() > 1) {
    const before = await picture(page, "#candles");
    await page.locator("#pair").selectOption({ index: (Number(await page.locator("#pair").inputValue()) + 1) % 2 });
    check(await picture(page, "#candles") !== before, `${file}: the pair changes`);
  }

  // Values under the pointer, and a stretch zoomed into and back.
  const box = await page.locator("#lines").boundingBox();
  await page.locator("#lines").scrollIntoViewIfNeeded();
  const at = await page.locator("#lines").boundingBox();
  await page.mouse.move(at.x + box.width * 0.5, at.y + 100);
  check(/\d{4}-\d\d-\d\d \d\d:\d\d/.test(await page.locator("#lines .tip").textContent()), `${file}: values are told`);
  const whole = await picture(page, "#lines");
  await page.mouse.down();
  await page.mouse.move(at.x + box.width * 0.7, at.y + 100, { steps: 4 });
  await page.mouse.up();
  check(await page.locator("#lines-all").isEnabled(), `${file}: a drag zooms`);
  check(await picture(page, "#lines") !== whole, `${file}: into another picture`);
  await page.locator("#lines-all").click();
  check(await page.locator("#lines-all").isDisabled(), `${file}: and back`);

  await theme(page, file);
  await done();
  await narrow(browser, file);
}

async function theme(page, file) {
  const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await background();
  await page.locator("#theme").click();
  check(await background() !== light, `${file}: one click makes it dark`);
  check(await page.locator("#theme").textContent() === "Theme: dark", `${file}: and says so`);
}

async function narrow(browser, file) {
  for (const colorScheme of ["light", "dark"]) {
    const { page, done } = await open(browser, file, { viewport: { width: 400, height: 800 }, colorScheme });
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    check(width <= 400, `${file}: ${width} pixels on a screen of 400`);
    check((await contrast(page)).length === 0, `${file} ${colorScheme}: contrast too low at ${await contrast(page)}`);
    await done();
  }
}

// Texts whose contrast with their background is below 4.5 to 1.
const contrast = (page) => page.evaluate(() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgb = (css, under = [255, 255, 255]) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = `rgb(${under})`; canvas.fillRect(0, 0, 1, 1);
    canvas.fillStyle = css; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const light = (c) => c.map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)).reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (element) => {
    const chain = [];
    for (let e = element; e; e = e.parentElement) chain.unshift(getComputedStyle(e).backgroundColor);
    return chain.reduce((under, css) => rgb(css, under), [255, 255, 255]);
  };
  const low = [];
  for (const element of document.querySelectorAll("h1,h2,p,dt,dd,th,td,li,code,button:not(:disabled),label,footer,span")) {
    if (!element.textContent.trim() || element.closest("[hidden], :disabled") || element.classList.contains("skip")) continue;
    const [a, b] = [light(rgb(getComputedStyle(element).color)), light(behind(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) low.push(`${element.tagName}.${element.className} ${ratio.toFixed(2)}`);
  }
  return [...new Set(low)];
});

async function comparison(browser, file) {
  const { page, done } = await open(browser, file, { viewport: { width: 1280, height: 900 }, colorScheme: "light" });
  check(await painted(page, "#lines") > 0.005, `${file}: the accounts are drawn`);
  const both = await picture(page, "#lines");
  await page.locator("#legend button").first().click();
  check(await picture(page, "#lines") !== both, `${file}: a line can be hidden`);
  await theme(page, file);
  await done();
  await narrow(browser, file);
}

async function simulation(browser, file) {
  const { page, done } = await open(browser, file, { viewport: { width: 1280, height: 900 }, colorScheme: "light" });
  check(await painted(page, "#lines") > 0.005, `${file}: the accounts are drawn`);
  const all = await picture(page, "#lines");
  await page.locator("#legend button").last().click();
  check(await picture(page, "#lines") !== all, `${file}: a baseline can be hidden`);

  const head = page.locator("#leaderboard th").nth(2);
  await head.locator("button").click();
  const down = (await column(page, "#leaderboard .board", 2)).map(Number);
  check(down.every((value, i) => i === 0 || down[i - 1] >= value), `${file}: the leaderboard sorts by return: ${down}`);

  // Trades are found, by model and by what became of them.
  const count = async (where) => Number((await page.locator(where).textContent()).replace(/.*–\d+ of | of .*|,/g, "")) || 0;
  const every = await count("#action-now");
  await page.locator("#action-state").selectOption("refused");
  const refused = await count("#action-now");
  check(refused > 0 && refused < every, `${file}: ${refused} of ${every} were refused`);
  check((await column(page, "#actions", 9)).every((text) => text.startsWith("refused")), `${file}: and only those are listed`);
  await page.locator("#action-state").selectOption("");
  await page.locator("#actions button[data-key=quantity]").click();
  const most = (await column(page, "#actions", 4)).map(Number);
  check(most.every((value, i) => i === 0 || most[i - 1] >= value), `${file}: trades sort by quantity`);

  // Days are found, opened by keyboard, and what was said is text.
  const days = await count("#reason-now");
  await page.locator("#reason-model").selectOption({ index: 1 });
  check(await count("#reason-now") < days, `${file}: days of one model`);
  await page.locator("#reason-model").selectOption("");
  await page.locator("#reason-find").fill("2025-03-03");
  check(await count("#reason-now") > 0 && await count("#reason-now") < days, `${file}: days are found by date`);
  await page.locator(".day:not([hidden]) > summary").first().focus();
  await page.keyboard.press("Enter");
  await page.locator(".day[open] .talk > summary").first().click();
  check(await page.locator(".day[open] .talk li").first().isVisible(), `${file}: a conversation unfolds`);
  check(await page.locator("#main img").count() === 0, `${file}: and its words are no markup`);

  await theme(page, file);
  await done();
  await narrow(browser, file);
}

let browser;
try {
  if (made) {
    execFileSync("cargo", ["test", "--quiet", "-p", "fondaco-report", "--test", "it", "reports_to_look_at"],
      { cwd: ROOT, env: { ...process.env, REPORT_DIR: made }, stdio: ["ignore", "ignore", "inherit"] });
  }
  browser = await playwright.chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"] });
  const files = readdirSync(folder).filter((file) => file.endsWith(".html"));
  const wanted = ["sample.html", "dca_btc10.html", "futures_longshort_3x.html"].filter((file) => files.includes(file));
  check(wanted.length > 0, "there is a report to open");
  for (const file of wanted) await report(browser, file);
  await comparison(browser, "comparison.html");
  for (const file of ["simulation.html", "simulation-many.html"]) await simulation(browser, file);
  console.log(`${checks} checks of ${wanted.length} reports, a comparison and two simulations in Chromium`);
} catch (error) {
  console.log(error.message);
  process.exitCode = 1;
} finally {
  await browser?.close();
  if (made) rmSync(made, { recursive: true, force: true });
}

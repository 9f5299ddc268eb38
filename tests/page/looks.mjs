// What holds of any view: names, order, contrast, width.

// Controls without a name, ids that occur twice, pictures without a text.
export const unnamed = (page) => page.evaluate(() => {
  const shown = (element) => element.checkVisibility();
  const named = (element) => element.getAttribute("aria-label") || element.getAttribute("aria-labelledby") || element.textContent.trim()
    || [...(element.labels ?? [])].some((label) => label.textContent.trim());
  const found = [...document.querySelectorAll("a, button, input, select, dialog[open], table, section, nav")]
    .filter(shown)
    .filter((element) => !named(element))
    .map((element) => `${element.tagName} without a name`);
  for (const image of document.querySelectorAll("img:not([alt])")) found.push(`${image.src} without alt`);
  const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
  for (const id of ids.filter((id, at) => ids.indexOf(id) !== at)) found.push(`two elements #${id}`);
  if (document.querySelectorAll("h1").length !== 1) found.push("not one h1");
  for (const cell of document.querySelectorAll("th:not([scope])")) found.push(`th ${cell.textContent} without scope`);
  if (!document.documentElement.lang) found.push("no language");
  return found;
});

// What the tab key comes to, in order, as texts; each must show its focus.
export async function order(page, steps) {
  const found = [];
  for (let step = 0; step < steps; step++) {
    await page.keyboard.press("Tab");
    found.push(await page.evaluate(() => {
      const at = document.activeElement;
      const seen = getComputedStyle(at).outlineStyle !== "none" || at.classList.contains("skip");
      return `${at.getAttribute("aria-label") || at.labels?.[0]?.firstChild.textContent || at.textContent.trim()}${seen ? "" : " (no outline)"}`;
    }));
  }
  return found;
}

export const overflow = (page) => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

// Texts whose contrast with what is behind them is below 4.5 to 1.
export const faint = (page) => page.evaluate(() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const over = (css, under) => {
    canvas.fillStyle = `rgb(${under})`;
    canvas.fillRect(0, 0, 1, 1);
    canvas.fillStyle = css;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const light = (rgb) => rgb.map((value) => value / 255)
    .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
    .reduce((sum, value, at) => sum + value * [0.2126, 0.7152, 0.0722][at], 0);
  const behind = (element) => {
    const chain = [];
    for (let at = element; at; at = at.parentElement) chain.unshift(getComputedStyle(at).backgroundColor);
    return chain.reduce((under, css) => over(css, under), [255, 255, 255]);
  };
  const low = new Set();
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent.trim());
    if (!own || !element.checkVisibility() || element.matches(".skip, :disabled, option, noscript *")) continue;
    const under = behind(element);
    const [a, b] = [light(over(getComputedStyle(element).color, under)), light(under)];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) low.add(`${element.tagName}.${element.className} "${element.textContent.slice(0, 20)}" ${ratio.toFixed(2)}`);
  }
  return [...low];
});

// What came out of a backtest: figures, the account over time, the report.

import { ask, get, key } from "./api.js";
import { chart } from "./chart.js";
import { el, put, trouble } from "./dom.js";
import * as words from "./words.js";

export function result(place, id, signal) {
  const path = `/v1/backtests/${encodeURIComponent(id)}`;
  put(place, el("section.panel.loading", { role: "status" }, el("span.wait"), "Loading the result"));
  return load(place, path, signal);
}

async function load(place, path, signal) {
  try {
    const [backtest, equity] = await Promise.all([get(path, { signal }), get(`${path}/equity`, { signal })]);
    draw(place, path, backtest, equity);
  } catch (error) {
    if (!signal.aborted) put(place, el("section.panel", {}, trouble(error, () => load(place, path, signal))));
  }
}

function draw(place, path, backtest, equity) {
  put(place, el("section.panel.result", { "aria-labelledby": "result-title" },
    el("div.title", {}, el("h2", { id: "result-title" }, "Result"), report(`${path}/report`)),
    el("dl.figures", {}, figures(backtest.result, equity)),
    chart(equity)));
}

function figures(result, { value, benchmark }) {
  const figure = (name, text, beside, sign) => el("div", {}, el("dt", {}, name), el("dd", { class: sign || null }, text), beside && el("dd.beside", {}, beside));
  const account = value.length > 0 && figure("Final equity", words.number(value.at(-1)), `from ${words.number(value[0])}`);
  if (!result) return account ? [account] : [];
  const gain = result.total_return;
  const start = value.at(-1) - result.profit_abs;
  return [
    figure("Return", words.change(gain), benchmark?.length && `held ${words.change(benchmark.at(-1) / start - 1)}`, gain > 0 ? "gain" : gain < 0 && "loss"),
    account,
    figure("Drawdown", words.share(result.max_drawdown ?? 0), "at worst"),
    figure("Sharpe", words.number(result.sharpe), `Sortino ${words.number(result.sortino)}`),
    figure("Calmar", words.number(result.calmar), `${result.timeframe}, ${words.plural(result.pairs, "pair")}`),
    figure("Trades", words.count(result.trades), `${words.share(result.win_rate)} won`),
    figure("Profit factor", words.number(result.profit_factor), `${words.number(result.profit_abs)} ${result.stake_currency}`),
  ];
}

// A link; where a key is needed a link cannot carry it, and the page is saved.
function report(path) {
  if (!key.get()) return el("a.report", { href: path, target: "_blank", rel: "noopener" }, "Full report");
  const save = async ({ target }) => {
    target.disabled = true;
    try {
      const url = URL.createObjectURL(await (await ask(path)).blob());
      el("a", { href: url, download: "report.html" }).click();
      setTimeout(() => URL.revokeObjectURL(url), 10_000);
    } catch (error) {
      target.after(trouble(error));
    }
    target.disabled = false;
  };
  return el("button.report", { type: "button", click: save }, "Save the full report");
}

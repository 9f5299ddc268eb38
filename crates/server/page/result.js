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
  const metrics = backtest.metrics ?? backtest.result?.metrics;
  put(place, el("section.panel.result", { "aria-labelledby": "result-title" },
    el("div.title", {}, el("h2", { id: "result-title" }, "Result"), report(`${path}/report`)),
    metrics && el("dl.figures", {}, figures(metrics)),
    chart(equity)));
}

function figures({ total_return: gain, drawdown, trades, benchmark, ...metrics }) {
  const tone = (value) => (value > 0 ? "gain" : value < 0 ? "loss" : "");
  const figure = (name, value, beside, sign) => el("div", {}, el("dt", {}, name), el("dd", { class: sign || null }, value), beside && el("dd.beside", {}, beside));
  return [
    figure("Return", words.change(gain), benchmark && `held ${words.change(benchmark.total_return)}`, tone(gain)),
    figure("Drawdown", words.share(drawdown?.relative ?? 0), drawdown && `low on ${words.day(drawdown.end_ms)}`),
    figure("Sharpe", words.number(metrics.sharpe), `Sortino ${words.number(metrics.sortino)}`),
    figure("CAGR", words.change(metrics.cagr), `Calmar ${words.number(metrics.calmar)}`),
    figure("Trades", words.count(trades.trades), `${words.share(trades.win_rate)} won`),
    figure("Profit factor", words.number(trades.profit_factor), `SQN ${words.number(trades.sqn)}`),
    figure("Final equity", words.number(metrics.final_equity), `from ${words.number(metrics.starting_balance)}`),
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

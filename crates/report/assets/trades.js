// The list of trades: found, sorted, paged.

const tradeTable = byId("trades");
if (tradeTable) {
  const trades = DATA.trades, SCREEN = 25, PAPER = 1000;
  const all = trades.pair.map((_, row) => row);
  const name = (column) => (row) => trades.names[trades[column][row]];
  const number = (column) => (row) => trades[column][row];
  const values = {
    pair: name("pair"), tag: name("tag"), reason: name("reason"), side: (row) => (trades.short[row] ? "short" : "long"),
    open: number("open"), held: number("held"), in: number("in"), out: number("out"), stake: number("stake"), profit: number("profit"), ratio: number("ratio"),
  };
  const results = {
    won: (row) => !trades.left[row] && trades.profit[row] > 0,
    lost: (row) => !trades.left[row] && trades.profit[row] < 0,
    left: (row) => trades.left[row] === 1,
  };
  let rows = all, page = 0, sorted = null, size = SCREEN;

  function select() {
    const words = byId("trade-find").value.toLowerCase().split(/\s+/).filter(Boolean);
    const result = results[byId("trade-result").value] || (() => true);
    const text = (row) => [values.pair(row), values.tag(row), values.reason(row), values.side(row)].join(" ").toLowerCase();
    rows = all.filter((row) => result(row) && words.every((word) => text(row).includes(word)));
    if (sorted) {
      const { key, sign } = sorted, value = values[key];
      rows.sort((a, b) => {
        const [one, two] = [value(a), value(b)];
        return sign * (typeof one === "string" ? one.localeCompare(two, "en") : one - two) || a - b;
      });
    }
    page = 0;
    show();
  }

  function cell(text, tone) {
    const td = document.createElement("td");
    td.textContent = text;
    if (tone) td.className = tone;
    return td;
  }

  function line(row) {
    const tr = document.createElement("tr"), head = document.createElement("th");
    head.scope = "row";
    if (showTrade) {
      const button = document.createElement("button");
      button.type = "button"; button.className = "show"; button.textContent = values.pair(row); button.title = "Show on candles";
      head.append(button);
      tr.addEventListener("click", () => showTrade(row));
    } else head.textContent = values.pair(row);
    const tone = trades.profit[row] > 0 ? "gain" : trades.profit[row] < 0 ? "loss" : "flat";
    const reason = trades.left[row] ? values.reason(row) + " (left open)" : values.reason(row);
    const tag = cell(values.tag(row)), why = cell(reason);
    tag.title = values.tag(row); why.title = reason;
    tr.append(head, cell(values.side(row)), cell(stamp(trades.open[row])), cell(span(trades.held[row])), cell(price(trades.in[row])), cell(price(trades.out[row])),
      cell(money(trades.stake[row])), cell(signed(trades.profit[row], MONEY.decimals), tone), cell(percent(trades.ratio[row]), tone), tag, why);
    return tr;
  }

  function show() {
    const pages = Math.max(1, Math.ceil(rows.length / size));
    page = inside(page, 0, pages - 1);
    const shown = rows.slice(page * size, (page + 1) * size);
    tradeTable.tBodies[0].replaceChildren(...shown.map(line));
    byId("page-now").textContent = rows.length === 0 ? "no trades" : `${page * size + 1}–${page * size + shown.length} of ${fixed(rows.length, 0)}`;
    byId("page-prev").disabled = page === 0;
    byId("page-next").disabled = page === pages - 1;
  }

  const heads = [...tradeTable.tHead.rows[0].cells];
  for (const head of heads) {
    head.querySelector("button.sort").addEventListener("click", (event) => {
      const key = event.currentTarget.dataset.key;
      const text = typeof values[key](0) === "string";
      const sign = sorted && sorted.key === key ? -sorted.sign : text || key === "open" ? 1 : -1;
      sorted = { key, sign };
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", sign > 0 ? "ascending" : "descending");
      select();
    });
  }
  byId("trade-find").addEventListener("input", select);
  byId("trade-result").addEventListener("change", select);
  byId("page-prev").addEventListener("click", () => { page--; show(); });
  byId("page-next").addEventListener("click", () => { page++; show(); });
  // Paper cannot be paged.
  addEventListener("beforeprint", () => { size = PAPER; page = 0; show(); });
  addEventListener("afterprint", () => { size = SCREEN; show(); });
  select();
}

// The list of trades: found, sorted, paged; and the days with their reasons.

const actionTable = byId("actions");
if (actionTable) {
  const SCREEN = 25, PAPER = 1000, { names, rows: given } = DATA.trades;
  const [DATE, MODEL, KIND, SYMBOL, QUANTITY, STATE, TOLD, PAID] = [0, 1, 2, 3, 4, 5, 6, 7];
  const paid = (at) => (row) => (row[PAID] ? row[PAID][at] : null);
  const name = (at) => (row) => names[row[at]];
  const values = {
    date: name(DATE), model: name(MODEL), kind: name(KIND), symbol: name(SYMBOL), state: name(TOLD),
    quantity: (row) => row[QUANTITY], price: paid(0), amount: paid(1), costs: paid(2), cash: paid(3),
  };
  let rows = given, page = 0, sorted = null, size = SCREEN;

  function select() {
    const words = byId("action-find").value.toLowerCase().split(/\s+/).filter(Boolean);
    const model = byId("action-model").value, state = byId("action-state").value;
    const text = (row) => [values.date(row), values.model(row), values.kind(row), values.symbol(row), values.state(row)].join(" ").toLowerCase();
    rows = given.filter((row) => (!model || values.model(row) === model) && (!state || names[row[STATE]] === state)
      && (words.length === 0 || (words.every((word) => text(row).includes(word)))));
    if (sorted) {
      const { key, sign } = sorted, value = values[key];
      rows.sort((a, b) => {
        const [one, two] = [value(a), value(b)];
        if (one === null || two === null) return (one === null) - (two === null);
        return sign * (typeof one === "string" ? one.localeCompare(two, "en") : one - two);
      });
    }
    page = 0;
    show();
  }

  function line(row) {
    const tr = document.createElement("tr"), number = (value, write) => (value === null ? "–" : write(value));
    tr.className = names[row[STATE]];
    const texts = [values.date(row), values.model(row), values.kind(row), values.symbol(row),
      fixed(row[QUANTITY], Math.min(8, (String(row[QUANTITY]).split(".")[1] || "").length)),
      number(values.price(row), price), number(values.amount(row), money), number(values.costs(row), money), number(values.cash(row), money), values.state(row)];
    texts.forEach((text, at) => {
      const cell = document.createElement(at === 0 ? "th" : "td");
      if (at === 0) cell.scope = "row";
      cell.textContent = text;
      tr.append(cell);
    });
    return tr;
  }

  function show() {
    const pages = Math.max(1, Math.ceil(rows.length / size));
    page = inside(page, 0, pages - 1);
    const shown = rows.slice(page * size, (page + 1) * size);
    actionTable.tBodies[0].replaceChildren(...shown.map(line));
    byId("action-now").textContent = rows.length === 0 ? "none" : `${page * size + 1}–${page * size + shown.length} of ${fixed(rows.length, 0)}`;
    byId("action-prev").disabled = page === 0;
    byId("action-next").disabled = page === pages - 1;
  }

  const heads = [...actionTable.tHead.rows[0].cells];
  for (const head of heads) {
    head.querySelector("button.sort").addEventListener("click", (event) => {
      const key = event.currentTarget.dataset.key;
      const text = typeof values[key](given[0]) === "string";
      const sign = sorted && sorted.key === key ? -sorted.sign : text ? 1 : -1;
      sorted = { key, sign };
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", sign > 0 ? "ascending" : "descending");
      select();
    });
  }
  byId("action-find").addEventListener("input", select);
  byId("action-model").addEventListener("change", select);
  byId("action-state").addEventListener("change", select);
  byId("action-prev").addEventListener("click", () => { page--; show(); });
  byId("action-next").addEventListener("click", () => { page++; show(); });
  // Paper cannot be paged.
  addEventListener("beforeprint", () => { size = PAPER; page = 0; show(); });
  addEventListener("afterprint", () => { size = SCREEN; show(); });
  select();
}

const reasonDays = byId("reason-days");
if (reasonDays) {
  const days = [...reasonDays.querySelectorAll(":scope > .day")];
  const texts = new Map();
  const text = (day) => {
    if (!texts.has(day)) texts.set(day, day.textContent.toLowerCase());
    return texts.get(day);
  };
  function select() {
    const words = byId("reason-find").value.toLowerCase().split(/\s+/).filter(Boolean), model = byId("reason-model").value;
    let shown = 0;
    for (const day of days) {
      day.hidden = !((!model || day.dataset.model === model) && words.every((word) => text(day).includes(word)));
      if (!day.hidden) shown++;
    }
    byId("reason-now").textContent = `${fixed(shown, 0)} of ${fixed(days.length, 0)} model-days`;
  }
  byId("reason-find").addEventListener("input", select);
  byId("reason-model").addEventListener("change", select);
  // On paper the summaries are read, as long as they are few.
  let opened = [];
  addEventListener("beforeprint", () => {
    if (days.length > 400) return;
    opened = days.filter((day) => !day.open && !day.hidden);
    for (const day of opened) day.open = true;
  });
  addEventListener("afterprint", () => { for (const day of opened) day.open = false; opened = []; });
  select();
}

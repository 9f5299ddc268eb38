// Tables whose columns sort. Texts sort upwards first, numbers downwards;
// cells without a value stay at the end either way.

for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.tHead.rows[0].cells];
  const body = table.tBodies[0];
  heads.forEach((head, column) => {
    head.querySelector("button.sort")?.addEventListener("click", () => {
      const text = column === 0;
      const before = head.getAttribute("aria-sort");
      const way = before ? (before === "ascending" ? "descending" : "ascending") : text ? "ascending" : "descending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", way);
      const sign = way === "ascending" ? 1 : -1;
      const value = (row) => (text ? row.cells[0].textContent : row.cells[column].dataset.v === undefined ? null : Number(row.cells[column].dataset.v));
      const rows = [...body.rows].sort((a, b) => {
        const [one, two] = [value(a), value(b)];
        if (one === null || two === null) return (one === null) - (two === null);
        return sign * (text ? one.localeCompare(two, "en") : one - two);
      });
      body.append(...rows);
    });
  });
}

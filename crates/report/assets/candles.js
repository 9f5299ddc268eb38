// Candles of one pair with its trades.

let showTrade = null;
const candlesFrame = byId("candles");
if (candlesFrame && DATA.pairs.length > 0) {
  const paint = surface(candlesFrame);
  const trades = DATA.trades;
  let pair = null, from = 0, count = 120, hover = null, chosen = null, move = null, frame = null;

  // Columns of a pair, unpacked when it is first looked at.
  function unpack(raw) {
    if (raw.open) return raw;
    const unit = 10 ** raw.exponent, n = raw.packed.length / 4;
    Object.assign(raw, { time: [], open: [], high: [], low: [], close: [] });
    const gaps = new Map(raw.gaps);
    let time = raw.t0, before = 0;
    for (let i = 0; i < n; i++) {
      if (i > 0) time += raw.step + (gaps.get(i) || 0);
      const open = before + raw.packed[4 * i], close = open + raw.packed[4 * i + 1];
      raw.time.push(time);
      raw.open.push(open * unit); raw.close.push(close * unit);
      raw.high.push((Math.max(open, close) + raw.packed[4 * i + 2]) * unit);
      raw.low.push((Math.min(open, close) - raw.packed[4 * i + 3]) * unit);
      before = close;
    }
    raw.trades = [];
    const id = trades.names.indexOf(raw.name);
    trades.pair.forEach((name, row) => { if (name === id) raw.trades.push(row); });
    raw.trades.sort((a, b) => trades.open[a] - trades.open[b]);
    raw.fills = trades.fills.filter(([row]) => trades.pair[row] === id);
    return raw;
  }

  const rowOf = (time) => inside(placeOf(pair.time, time), 0, pair.time.length - 1);
  const limit = () => { count = inside(count, 12, Math.max(12, pair.time.length)); from = inside(from, -count * 0.1, Math.max(0, pair.time.length - count * 0.9)); };

  function choose(place, row) {
    pair = unpack(DATA.pairs[place]);
    byId("pair").value = String(place);
    chosen = row ?? null;
    const first = row ?? pair.trades[0];
    count = Math.min(pair.time.length, Math.max(60, Math.round(candlesFrame.clientWidth / 8)));
    if (first === undefined) from = 0;
    else {
      const enter = rowOf(trades.open[first]), leave = rowOf(trades.open[first] + trades.held[first]);
      if (leave - enter > count * 0.8) count = Math.round((leave - enter) * 1.3);
      from = (enter + leave) / 2 - count / 2;
    }
    draw();
  }

  function draw() {
    const { context: c, width, height } = paint();
    limit();
    const left = 10, right = 84, top = 12, bottom = 26;
    const plot = Math.max(40, width - left - right), deep = height - top - bottom;
    const wide = plot / count, x = (row) => left + (row - from + 0.5) * wide;
    const first = Math.max(0, Math.floor(from)), last = Math.min(pair.time.length - 1, Math.ceil(from + count));
    let low = Infinity, high = -Infinity;
    for (let i = first; i <= last; i++) { low = Math.min(low, pair.low[i]); high = Math.max(high, pair.high[i]); }
    const pad = (high - low || high * 0.01) * 0.07;
    low -= pad; high += pad;
    const y = (value) => top + (1 - (value - low) / (high - low)) * deep;
    frame = { left, plot, wide, x, y, marks: [] };

    const marks = ticks(low, high, 6), decimals = tickDecimals(marks);
    c.textBaseline = "middle"; c.lineWidth = 1;
    for (const value of marks) {
      const line = Math.round(y(value)) + 0.5;
      c.strokeStyle = color("line"); c.beginPath(); c.moveTo(left, line); c.lineTo(left + plot, line); c.stroke();
      c.fillStyle = color("quiet"); c.textAlign = "left"; c.fillText(fixed(value, decimals), left + plot + 8, line);
    }
    c.textAlign = "center"; c.textBaseline = "top";
    for (const [time, words] of timeTicks(pair.time[first], pair.time[last], Math.max(3, plot / 90))) {
      const px = x(rowOf(time));
      if (px > left + 18 && px < left + plot - 14) c.fillText(words, px, height - bottom + 8);
    }

    c.save();
    c.beginPath(); c.rect(left, 0, plot, height); c.clip();
    // Candles narrower than a pixel are merged into one column each.
    const each = Math.max(1, Math.floor(1.5 / wide));
    const body = Math.max(1, Math.min(14, wide * each * 0.65));
    const up = color("gain-fill"), down = color("loss-fill");
    for (let i = first - (first % each); i <= last; i += each) {
      const end = Math.min(last, i + each - 1), px = (x(i) + x(end)) / 2;
      let top_ = -Infinity, low_ = Infinity;
      for (let k = i; k <= end; k++) { top_ = Math.max(top_, pair.high[k]); low_ = Math.min(low_, pair.low[k]); }
      const rises = pair.close[end] >= pair.open[i];
      c.fillStyle = c.strokeStyle = rises ? up : down;
      c.globalAlpha = 0.75;
      c.fillRect(px - 0.5, y(top_), 1, Math.max(1, y(low_) - y(top_)));
      if (body > 1.5) c.fillRect(px - body / 2, Math.min(y(pair.open[i]), y(pair.close[end])), body, Math.max(1, Math.abs(y(pair.open[i]) - y(pair.close[end]))));
    }
    c.globalAlpha = 1;
    for (const row of pair.trades) drawTrade(c, row, first, last);
    for (const [row, time, value, adds] of pair.fills) {
      const at = rowOf(time);
      if (at < first || at > last) continue;
      c.fillStyle = color("panel"); c.strokeStyle = color(adds ? "accent" : "ink"); c.lineWidth = 1.5;
      c.beginPath(); c.arc(frame.x(at), frame.y(value), 3.5, 0, 7); c.fill(); c.stroke();
      frame.marks.push([frame.x(at), frame.y(value), row]);
    }
    if (hover) {
      c.strokeStyle = color("quiet"); c.lineWidth = 1; c.setLineDash([3, 3]);
      const px = Math.round(x(hover.row)) + 0.5;
      c.beginPath(); c.moveTo(px, top); c.lineTo(px, height - bottom); c.stroke(); c.setLineDash([]);
    }
    c.restore();
    c.textAlign = "left"; c.textBaseline = "top"; c.fillStyle = color("quiet");
    c.fillText(stamp(pair.time[first]) + " to " + stamp(pair.time[last]) + ", " + pair.length.replace("\u00a0", " ") + " candles", left + 4, 4);
  }

  function drawTrade(c, row, first, last) {
    const enter = rowOf(trades.open[row]), leave = rowOf(trades.open[row] + trades.held[row]);
    if (leave < first || enter > last) return;
    const won = trades.profit[row] >= 0, tone = color(won ? "gain" : "loss"), short = trades.short[row] === 1;
    const [x1, y1, x2, y2] = [frame.x(enter), frame.y(trades.in[row]), frame.x(leave), frame.y(trades.out[row])];
    c.strokeStyle = tone; c.lineWidth = row === chosen ? 3 : 1.5;
    c.beginPath(); c.moveTo(x1, y1); c.lineTo(x2, y2); c.stroke();
    const size = row === chosen ? 8 : 6, way = short ? -1 : 1;
    c.fillStyle = color("accent"); c.strokeStyle = color("panel"); c.lineWidth = 1;
    c.beginPath(); c.moveTo(x1, y1 + way * 1); c.lineTo(x1 - size, y1 + way * (size * 1.7)); c.lineTo(x1 + size, y1 + way * (size * 1.7)); c.closePath(); c.fill(); c.stroke();
    frame.marks.push([x1, y1 + way * size, row]);
    if (trades.left[row]) return;
    c.fillStyle = tone;
    c.fillRect(x2 - size * 0.65, y2 - size * 0.65, size * 1.3, size * 1.3); c.strokeRect(x2 - size * 0.65, y2 - size * 0.65, size * 1.3, size * 1.3);
    frame.marks.push([x2, y2, row]);
  }

  function tell(px, py) {
    const row = inside(Math.floor(from + (px - frame.left) / frame.wide), 0, pair.time.length - 1);
    hover = { row };
    draw();
    const near = frame.marks
      .map(([x, y, trade]) => [Math.hypot(x - px, y - py), trade])
      .sort((a, b) => a[0] - b[0])[0];
    if (near && near[0] < 14) {
      const t = near[1], tone = trades.profit[t] >= 0 ? "gain" : "loss";
      showTip(candlesFrame, px, py, (trades.short[t] ? "Short" : "Long") + (trades.left[t] ? ", left open" : ""), [
        ["Entry", stamp(trades.open[t]) + " at " + price(trades.in[t])],
        ["Tag", trades.names[trades.tag[t]] || "none"],
        ["Exit", stamp(trades.open[t] + trades.held[t]) + " at " + price(trades.out[t])],
        ["Reason", trades.names[trades.reason[t]]],
        ["Held", span(trades.held[t])],
        ["Profit", signed(trades.profit[t], MONEY.decimals) + " " + MONEY.currency, tone],
        ["", percent(trades.ratio[t]), tone],
      ]);
      return;
    }
    showTip(candlesFrame, px, py, stamp(pair.time[row]), [
      ["Open", price(pair.open[row])], ["High", price(pair.high[row])], ["Low", price(pair.low[row])], ["Close", price(pair.close[row])],
    ]);
  }

  const zoom = (factor, center = from + count / 2) => {
    const before = count;
    count = inside(count * factor, 12, pair.time.length);
    from = center - ((center - from) / before) * count;
    draw();
  };
  const step = (way) => {
    if (pair.trades.length === 0) return;
    let place = pair.trades.indexOf(chosen);
    if (place < 0) {
      const middle = pair.time[inside(Math.round(from + count / 2), 0, pair.time.length - 1)];
      place = pair.trades.filter((row) => trades.open[row] <= middle).length - (way > 0 ? 1 : 0);
    }
    choose(DATA.pairs.indexOf(pair), pair.trades[(place + way + pair.trades.length) % pair.trades.length]);
  };
  // For the trade list.
  showTrade = (row) => {
    const name = trades.names[trades.pair[row]], place = DATA.pairs.findIndex((p) => p.name === name);
    if (place < 0) return;
    choose(place, row);
    byId("candles-section").scrollIntoView({ block: "start" });
    candlesFrame.focus({ preventScroll: true });
  };

  const point = (event) => { const box = candlesFrame.getBoundingClientRect(); return [event.clientX - box.left, event.clientY - box.top]; };
  const held = new Map();
  candlesFrame.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    held.set(event.pointerId, point(event));
    candlesFrame.setPointerCapture(event.pointerId);
    move = { x: point(event)[0], from };
    candlesFrame.classList.add("moving");
  });
  candlesFrame.addEventListener("pointermove", (event) => {
    const [px, py] = point(event);
    if (held.size === 2 && held.has(event.pointerId)) {
      const apart = () => { const [a, b] = [...held.values()]; return Math.max(20, Math.abs(a[0] - b[0])); };
      const before = apart();
      held.set(event.pointerId, [px, py]);
      zoom(before / apart());
    } else if (move && held.has(event.pointerId)) {
      hideTip(candlesFrame); hover = null;
      from = move.from - (px - move.x) / frame.wide;
      draw();
    } else tell(px, py);
  });
  const release = (event) => { held.delete(event.pointerId); move = null; candlesFrame.classList.remove("moving"); };
  candlesFrame.addEventListener("pointerup", release);
  candlesFrame.addEventListener("pointercancel", release);
  candlesFrame.addEventListener("pointerleave", () => { if (!move) { hover = null; hideTip(candlesFrame); draw(); } });
  // A plain wheel scrolls the page.
  candlesFrame.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    zoom(event.deltaY > 0 ? 1.2 : 1 / 1.2, from + (point(event)[0] - frame.left) / frame.wide);
  }, { passive: false });
  candlesFrame.addEventListener("keydown", (event) => {
    const moves = { ArrowLeft: -0.1, ArrowRight: 0.1, PageUp: -0.9, PageDown: 0.9 };
    if (event.key in moves) { event.preventDefault(); from += moves[event.key] * count; draw(); }
    else if (event.key === "+" || event.key === "=") zoom(1 / 1.4);
    else if (event.key === "-") zoom(1.4);
  });
  byId("pair").addEventListener("change", (event) => choose(Number(event.target.value)));
  byId("trade-prev").addEventListener("click", () => step(-1));
  byId("trade-next").addEventListener("click", () => step(1));
  byId("candles-in").addEventListener("click", () => zoom(1 / 1.6));
  byId("candles-out").addEventListener("click", () => zoom(1.6));
  byId("candles-all").addEventListener("click", () => { from = 0; count = pair.time.length; draw(); });
  REDRAW.push(() => { if (pair) draw(); });
  choose(0);
}

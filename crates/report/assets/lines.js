// The account (or several) over time, with the fall from the peak below.

const linesFrame = byId("lines");
if (linesFrame && DATA.series.some((series) => series.points.t.length > 0)) {
  const paint = surface(linesFrame);
  const single = DATA.series.length === 1;
  const relative = !!DATA.relative;
  const lines = [];
  DATA.series.forEach((series, index) => {
    const start = series.start ?? DATA.start;
    const time = running(series.points.t);
    const scaled = (values) => (relative ? values.map((value) => value / start - 1) : values);
    lines.push({ name: series.name, color: series.color || "s" + (index % 6), dash: series.dash || [], time, raw: series.points.v, value: scaled(series.points.v), start, main: true, invested: series.points.i });
    if (single && series.points.h) lines.push({ name: "Buy and hold", color: "hold", time, raw: series.points.h, value: scaled(series.points.h), start });
  });
  for (const line of lines) {
    let peak = line.start;
    line.fall = line.raw.map((value) => { peak = Math.max(peak, value); return value / peak - 1; });
  }
  const whole = [Math.min(...lines.map((l) => l.time[0])), Math.max(...lines.map((l) => l.time[l.time.length - 1]))];
  let view = [...whole], at = null, drag = null;

  const legend = byId("legend");
  // Each name in the legend is a switch; one line always stays.
  const shown = () => lines.filter((line) => !line.hidden);
  for (const line of lines) {
    const item = document.createElement("button"), mark = document.createElement("i");
    item.type = "button";
    item.setAttribute("aria-pressed", "true");
    mark.style.borderColor = `var(--${line.color})`;
    if (line.dash && line.dash.length) mark.style.borderTopStyle = line.dash[0] < 4 ? "dotted" : "dashed";
    item.append(mark, line.name);
    if (lines.length === 1) item.disabled = true;
    item.addEventListener("click", () => {
      if (!line.hidden && shown().length === 1) return;
      line.hidden = !line.hidden;
      item.setAttribute("aria-pressed", String(!line.hidden));
      draw();
    });
    legend.append(item);
  }

  let frame = null;
  function draw() {
    const { context: c, width, height } = paint();
    const left = 10, right = 74, top = 12, bottom = 26, between = 22;
    const upper = Math.round((height - top - bottom - between) * 0.68);
    const lowerTop = top + upper + between, lower = height - bottom - lowerTop;
    const plot = Math.max(40, width - left - right);
    const x = (time) => left + ((time - view[0]) / Math.max(1, view[1] - view[0])) * plot;
    frame = { left, plot, width, x };

    const seen = lines.map((line) => {
      const from = Math.max(0, placeOf(line.time, view[0])), to = Math.min(line.time.length - 1, placeOf(line.time, view[1]) + 1);
      return [from, to];
    });
    const extent = (key, floor, ceiling) => {
      let low = floor, high = ceiling;
      lines.forEach((line, k) => {
        if (line.hidden) return;
        for (let i = seen[k][0]; i <= seen[k][1]; i++) { low = Math.min(low, line[key][i]); high = Math.max(high, line[key][i]); }
      });
      return [low, high];
    };
    let [low, high] = extent("value", Infinity, -Infinity);
    const pad = (high - low || Math.abs(high) * 0.01 || 0.01) * 0.06;
    low -= pad; high += pad;
    const y = (value) => top + (1 - (value - low) / (high - low)) * upper;
    const [deepest] = extent("fall", 0, 0);
    const floor = deepest * 1.08 || -0.01;
    const yFall = (fall) => lowerTop + (fall / floor) * lower;

    const grid = (list, place, write) => {
      c.textAlign = "left"; c.textBaseline = "middle";
      for (const value of list) {
        const line = Math.round(place(value)) + 0.5;
        c.strokeStyle = color("line"); c.lineWidth = 1;
        c.beginPath(); c.moveTo(left, line); c.lineTo(left + plot, line); c.stroke();
        c.fillStyle = color("quiet"); c.fillText(write(value), left + plot + 8, line);
      }
    };
    const marks = ticks(low, high, 6), decimals = tickDecimals(marks);
    grid(marks, y, (value) => (relative ? signed(value * 100, Math.max(0, decimals - 2)) + " %" : fixed(value, decimals)));
    const falls = ticks(floor, 0, 3), fallDecimals = Math.max(0, tickDecimals(falls) - 2);
    grid(falls, yFall, (value) => fixed(value * 100, fallDecimals) + " %");
    c.textAlign = "center"; c.textBaseline = "top"; c.fillStyle = color("quiet");
    for (const [time, words] of timeTicks(view[0], view[1], Math.max(3, plot / 90))) {
      if (x(time) > left + 18 && x(time) < left + plot - 14) c.fillText(words, x(time), height - bottom + 8);
    }
    c.textAlign = "left"; c.textBaseline = "bottom";
    c.fillText("Fall from peak", left + 2, lowerTop - 4);

    c.save();
    c.beginPath(); c.rect(left, 0, plot, height); c.clip();
    const trace = (line, k, key, place) => {
      c.beginPath();
      for (let i = seen[k][0]; i <= seen[k][1]; i++) {
        if (i === seen[k][0]) c.moveTo(x(line.time[i]), place(line[key][i]));
        else c.lineTo(x(line.time[i]), place(line[key][i]));
      }
    };
    lines.forEach((line, k) => {
      if (single && line.main && !line.hidden) {
        trace(line, k, "fall", yFall);
        c.lineTo(x(line.time[seen[k][1]]), yFall(0)); c.lineTo(x(line.time[seen[k][0]]), yFall(0)); c.closePath();
        c.globalAlpha = 0.22; c.fillStyle = color("loss-fill"); c.fill(); c.globalAlpha = 1;
      }
    });
    [...lines.keys()].reverse().forEach((k) => {
      const line = lines[k];
      if (line.hidden) return;
      c.strokeStyle = color(line.color); c.lineWidth = line.main ? 1.75 : 1;
      c.setLineDash(line.dash || []);
      trace(line, k, "value", y); c.stroke();
      if (single && line.main) c.strokeStyle = color("loss");
      c.lineWidth = line.main ? 1.25 : 0.9;
      trace(line, k, "fall", yFall); c.stroke();
      c.setLineDash([]);
    });
    if (drag && drag.to !== null) {
      c.globalAlpha = 0.15; c.fillStyle = color("accent");
      c.fillRect(Math.min(drag.from, drag.to), top, Math.abs(drag.to - drag.from), height - top - bottom);
      c.globalAlpha = 1;
    }
    if (at !== null) {
      c.strokeStyle = color("quiet"); c.lineWidth = 1; c.setLineDash([3, 3]);
      c.beginPath(); c.moveTo(Math.round(x(at)) + 0.5, top); c.lineTo(Math.round(x(at)) + 0.5, height - bottom); c.stroke(); c.setLineDash([]);
      for (const line of shown()) {
        const i = placeOf(line.time, at);
        if (i < 0) continue;
        c.fillStyle = color(line.color);
        c.beginPath(); c.arc(x(line.time[i]), y(line.value[i]), 3.5, 0, 7); c.fill();
      }
    }
    c.restore();
    byId("lines-all").disabled = view[0] === whole[0] && view[1] === whole[1];
  }

  function read(time) {
    const main = shown()[0], i = inside(placeOf(main.time, time), 0, main.time.length - 1);
    at = main.time[i];
    const rows = [];
    for (const line of shown()) {
      const k = placeOf(line.time, at);
      if (k < 0) continue;
      rows.push([line.name, relative ? percent(line.value[k]) : money(line.raw[k]) + " " + MONEY.currency]);
      if (!relative) rows.push(["  since the start", percent(line.raw[k] / line.start - 1), line.raw[k] >= line.start ? "gain" : "loss"]);
    }
    if (single) rows.push(["Below peak", percent(main.fall[i])]);
    if (single && main.invested) rows.push(["Invested", fixed(main.invested[i] * 100, 1) + " %"]);
    draw();
    showTip(linesFrame, frame.x(at), 90, DATA.daily ? stamp(at).slice(0, 10) : stamp(at), rows);
  }
  const timeAt = (event) => {
    const px = event.clientX - linesFrame.getBoundingClientRect().left;
    return view[0] + ((px - frame.left) / frame.plot) * (view[1] - view[0]);
  };
  const zoom = (from, to) => { view = [Math.max(whole[0], from), Math.min(whole[1], to)]; draw(); };
  const leave = () => { at = null; hideTip(linesFrame); draw(); };

  linesFrame.addEventListener("pointermove", (event) => {
    const px = inside(event.clientX - linesFrame.getBoundingClientRect().left, frame.left, frame.left + frame.plot);
    if (drag) drag.to = px;
    read(inside(timeAt(event), view[0], view[1]));
  });
  linesFrame.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || event.pointerType === "touch") return;
    drag = { from: event.clientX - linesFrame.getBoundingClientRect().left, time: timeAt(event), to: null };
    linesFrame.setPointerCapture(event.pointerId);
  });
  linesFrame.addEventListener("pointerup", (event) => {
    if (!drag) return;
    const ends = [drag.time, timeAt(event)].sort((a, b) => a - b), wide = drag.to !== null && Math.abs(drag.to - drag.from) > 8;
    drag = null;
    if (wide) zoom(...ends);
    else draw();
  });
  linesFrame.addEventListener("pointercancel", () => { drag = null; leave(); });
  linesFrame.addEventListener("pointerleave", () => { if (!drag) leave(); });
  linesFrame.addEventListener("dblclick", () => zoom(...whole));
  linesFrame.addEventListener("blur", leave);
  linesFrame.addEventListener("keydown", (event) => {
    const step = (view[1] - view[0]) / 60;
    if (event.key === "ArrowRight" || event.key === "ArrowLeft") {
      event.preventDefault();
      const way = event.key === "ArrowRight" ? step : -step;
      read(inside((at ?? (way > 0 ? view[0] : view[1])) + way, view[0], view[1]));
    } else if (event.key === "Escape") { zoom(...whole); leave(); }
  });
  byId("lines-all").addEventListener("click", () => zoom(...whole));
  REDRAW.push(draw);
  draw();
}

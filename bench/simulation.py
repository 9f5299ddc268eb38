"""Simulations whose models answer at once: what the program itself takes.

    python3 bench/simulation.py [--program target/release/fondaco] [--scratch DIR]

Twenty made-up symbols over 83 days, five models that give two orders and end
the day in one answer: every day is a durable task that needs the one before,
so a run cannot take less than 83 commits one after the other; the time is told
beside 83 writes to the same disk. Then a request of 100,000 model-days: how
long until it is accepted and its whole plan is on the disk, and how long its
status page takes over HTTP.
"""

import argparse
import csv
import datetime
import json
import math
import os
import pathlib
import re
import statistics
import subprocess
import tempfile
import time
import urllib.request

from analysis import ROOT, Program, fdatasync, seconds

SYMBOLS, DAYS, MODELS = 20, 83, 5
MANY_DAYS, MANY_MODELS = 1_000, 100
PAGES = 200


def main():
    args = arguments()
    with tempfile.TemporaryDirectory(dir=args.scratch) as home:
        run = Program(args.program, home)
        days = list(weekdays(datetime.date(2021, 1, 4), MANY_DAYS))
        prices(pathlib.Path(home) / "prices", days)
        run("data", "import", f"{home}/prices", "--venue", "bench", "--timeframe", "1d")
        took = statistics.median(traded(run, days) for _ in range(args.times))
        sync = fdatasync(home) * DAYS
        print(
            f"{SYMBOLS} symbols x {DAYS} days x {MODELS} models: {took:.3f} s, "
            f"{DAYS * MODELS / took:.0f} model-days/s; {DAYS} writes: {sync:.3f} s, ratio {took / sync:.1f}"
        )
        begun = time.perf_counter()
        request = many(home, days)
        accepted = run.json("simulate", "run", request, "--detach")
        took = time.perf_counter() - begun
        total = accepted["progress"]["total_model_days"]
        assert total == MANY_DAYS * MANY_MODELS, total
        print(f"{total} model-days accepted and planned: {took:.3f} s, program start included")
        p50, p95 = pages(run, accepted["run_id"])
        print(f"its status page, 100 days: p50 {p50 * 1e3:.1f} ms, p95 {p95 * 1e3:.1f} ms")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", default=ROOT / "target/release/fondaco")
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--scratch", default=None)
    return parser.parse_args()


def weekdays(day, count):
    while count:
        if day.weekday() < 5:
            yield day
            count -= 1
        day += datetime.timedelta(days=1)


def prices(folder, days):
    folder.mkdir()
    for number in range(SYMBOLS):
        with open(folder / f"SYM{number:02}.csv", "w", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(["date", "open", "high", "low", "close", "volume"])
            for at, day in enumerate(days):
                price = 50 + 10 * math.sin(at / 9 + number) + number
                rows.writerow([day, *(f"{price + more:.2f}" for more in (0, 1, -1, 0.5)), 1000])


def traded(run, days):
    models = [word for no in range(MODELS) for word in ("--model", f"m{no}=fondaco/scripted?buys=2")]
    days = [str(day) for day in days]
    # The calendar closes on some of these weekdays: a request names its dates.
    request = pathlib.Path(run.env["FONDACO_HOME"]) / "some.json"
    request.write_text(json.dumps({"dates": days[:DAYS], "execution": "open"}))
    result = run.json("simulate", "run", str(request), *models, "--in-flight", str(MODELS))
    assert result["progress"]["completed"] == DAYS * MODELS, result["progress"]
    shown = run.json("run", "show", result["run"], "--limit", "1")["run"]
    return seconds(shown["created_at"], shown["finished_at"])


def many(home, days):
    path = pathlib.Path(home) / "many.json"
    model = {"name": "m", "model": "fondaco/scripted?buys=2", "repeats": MANY_MODELS}
    path.write_text(json.dumps({"dates": [str(day) for day in days], "models": [model]}))
    return str(path)


def pages(run, run_id):
    """Median and 95th percentile of seconds of one page over HTTP."""
    server = subprocess.Popen(
        [run.program, "serve", "control", "--listen", "control=127.0.0.1:0"],
        env=run.env, stderr=subprocess.PIPE, text=True,
    )
    try:
        for line in server.stderr:
            if found := re.search(r"serving at (http://\S+?)/v1", line):
                break
        url = f"{found[1]}/v1/simulations/{run_id}?limit=100"
        times = []
        for _ in range(PAGES):
            begun = time.perf_counter()
            with urllib.request.urlopen(url) as answer:
                page = json.load(answer)["days"]
                assert len(page["items"]) == 100, page
            times.append(time.perf_counter() - begun)
    finally:
        server.terminate()
        server.wait()
    return statistics.median(times), statistics.quantiles(times, n=20)[-1]


if __name__ == "__main__":
    main()

"""Analyses with models that think for 50 ms: how long they take, against how
long they must.

    python3 bench/analysis.py [--program target/release/fondaco] [--data DIR]

The ideal is computed from the calls that were made: the critical path of a
graph is its slowest analyst and every later node, one after the other, each
call taking its 50 ms; of many graphs, all calls over the places there are.
The overhead of a node is the time from the end of the node before to its own
end, less its one call, with a model that answers at once; it is held against
two writes to the same disk and a millisecond.
"""

import argparse
import datetime
import itertools
import json
import os
import pathlib
import statistics
import subprocess
import tempfile
import time

DELAY_MS = 50
ITEMS = 100
IN_FLIGHT = 32
ROOT = pathlib.Path(__file__).resolve().parent.parent


def main():
    args = arguments()
    with tempfile.TemporaryDirectory(dir=args.scratch) as home:
        run = Program(args.program, home)
        run("data", "import", str(args.data), "--venue", "bench", "--timeframe", "1d")
        tickers = [row["symbol"] for row in run.json("data", "list")["datasets"]]
        sync = fdatasync(home)
        slow = f"fondaco/rule-based?delay_ms={DELAY_MS}"
        one = [graph(run, tickers[:1], args.date, slow) for _ in range(args.times)]
        path = critical_path(one[0]["calls"])
        took = statistics.median(each["seconds"] for each in one)
        print(f"one graph: {took:.3f} s, critical path {path:.3f} s, ratio {took / path:.3f}")
        over = [each for _ in range(args.times) for each in overheads(run, tickers[0], args.date)]
        print(
            f"a node of one call beside its call: p50 {statistics.median(over) * 1e3:.2f} ms; "
            f"two writes and 1 ms: {2 * sync * 1e3 + 1:.2f} ms"
        )
        many = batch(run, home, tickers, slow)
        ideal = sum(many["calls"].values()) * DELAY_MS / 1e3 / IN_FLIGHT
        print(
            f"{ITEMS} items, {IN_FLIGHT} at a time: {many['seconds']:.3f} s, ideal {ideal:.3f} s, "
            f"ratio {many['seconds'] / ideal:.3f}"
        )


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", default=ROOT / "target/release/fondaco")
    parser.add_argument("--data", type=pathlib.Path, default=ROOT / "samples/us-daily")
    parser.add_argument("--date", default="2013-02-15")
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--scratch", default=None)
    return parser.parse_args()


class Program:
    """The program, in a home of its own."""

    def __init__(self, program, home):
        self.program, self.env = str(program), {**os.environ, "FONDACO_HOME": home}

    def __call__(self, *words):
        done = subprocess.run([self.program, *words], env=self.env, capture_output=True, text=True)
        if done.returncode not in (0, 9):
            raise SystemExit(f"{' '.join(words)}: {done.stderr}")
        return done.stdout

    def json(self, *words):
        return json.loads(self(*words, "--output", "json"))


def graph(run, tickers, date, model, in_flight=32):
    """Seconds from acceptance to the end of the run, and calls by node."""
    dates = [date] if isinstance(date, str) else date
    analysed = run.json(
        "analyze", *tickers, "--date", dates[0], "--models", model, "--in-flight", str(in_flight)
    )
    shown = run.json("run", "show", analysed["run_id"], "--limit", "1")["run"]
    nodes = run.json("analysis", "transcript", analysed["run_id"])["items"]
    calls = {node["node"]: len(node["calls"]) for item in nodes for node in item["nodes"]}
    return {"seconds": seconds(shown["created_at"], shown["finished_at"]), "calls": calls}


def overheads(run, ticker, date):
    """Seconds between the end of the node before and the end of a node, less its
    call: of nodes that call no tools, with a model that answers at once."""
    analysed = run.json("analyze", ticker, "--date", date)
    nodes = run.json("analysis", "transcript", analysed["run_id"])["items"][0]["nodes"]
    calls = {node["node"]: [call["took_micros"] / 1e6 for call in node["calls"]] for node in nodes}
    events = run.json("run", "events", analysed["run_id"])["events"]
    ended = [(event["task"], event["at"]) for event in events if event["type"] == "task_completed"]
    for (_, before), (task, at) in itertools.pairwise(ended):
        if "/research/" in task or "/portfolio/" in task:
            yield seconds(before, at) - sum(calls[task])


def seconds(begin, end):
    def parse(text):
        whole, _, fraction = text.rstrip("Z").partition(".")
        return time.mktime(time.strptime(whole, "%Y-%m-%dT%H:%M:%S")) + float("0." + (fraction or "0"))

    return parse(end) - parse(begin)


def critical_path(calls):
    analysts = [count for node, count in calls.items() if "/analysts/" in node]
    later = [count for node, count in calls.items() if "/analysts/" not in node]
    return (max(analysts) + sum(later)) * DELAY_MS / 1e3


def batch(run, home, tickers, model):
    """A run of many items, by a worker of its own."""
    days = itertools.islice(weekdays(datetime.date(2012, 3, 1)), ITEMS // len(tickers))
    spec = {
        "kind": "analysis",
        "version": 1,
        "items": [{"ticker": ticker, "date": str(day)} for day in days for ticker in tickers],
        "quant": {"strategy": {"text": (ROOT / "strategies/bollinger-20-2.toml").read_text()}},
        "llm": {"quick": model, "deep": model},
    }
    path = pathlib.Path(home) / "batch.json"
    path.write_text(json.dumps(spec))
    worker = subprocess.Popen(
        [run.program, "worker"], env={**run.env, "FONDACO_WORKER_CALLS": str(IN_FLIGHT)}, stderr=subprocess.DEVNULL
    )
    try:
        submitted = run.json("run", "submit", str(path))["run"]["id"]
        while True:
            shown = run.json("run", "show", submitted, "--limit", "1")["run"]
            if shown["finished_at"]:
                break
            time.sleep(0.5)
    finally:
        worker.terminate()
        worker.wait()
    nodes = run.json("analysis", "transcript", submitted)["items"]
    calls = {node["node"]: len(node["calls"]) for item in nodes for node in item["nodes"]}
    return {"seconds": seconds(shown["started_at"], shown["finished_at"]), "calls": calls}


def weekdays(day):
    while True:
        if day.weekday() < 5:
            yield day
        day += datetime.timedelta(days=1)


def fdatasync(folder):
    """Median seconds of a write of 4 KiB that is waited for."""
    path = pathlib.Path(folder) / "sync"
    times = []
    with open(path, "wb", buffering=0) as file:
        for _ in range(200):
            file.write(b"x" * 4096)
            begun = time.perf_counter()
            os.fdatasync(file.fileno())
            times.append(time.perf_counter() - begun)
    return statistics.median(times)


if __name__ == "__main__":
    main()

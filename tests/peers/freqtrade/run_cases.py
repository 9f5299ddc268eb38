"""Runs fondaco over case folders and compares each with freqtrade's answer.

usage: run_cases.py --fondaco PATH CASES_DIR [--only PREFIX] [--out DIR] [--jobs N]

Prints a table and, under it, the first difference of each case that fails.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import compare


def command(fondaco, case_dir, out):
    """The command of a case."""
    described = json.loads((case_dir / "case.json").read_text())
    return [
        str(fondaco),
        *("backtest", "run"),
        *("--strategy", str(case_dir / "strategy.toml")),
        *("--signals", str(case_dir / "signals")),
        *("--data", described["data"]),
        *("--freqtrade-config", str(case_dir / "config.json")),
        *described["extra_args"],
        *("--out", str(out)),
    ]


def run(fondaco, case_dir, out, timeout):
    """Runs and compares one case: (state, verdict or text, seconds)."""
    started = time.perf_counter()
    try:
        done = subprocess.run(command(fondaco, case_dir, out), capture_output=True, text=True, timeout=timeout)
    except subprocess.TimeoutExpired:
        return "timeout", "", timeout
    seconds = time.perf_counter() - started
    if done.returncode != 0 or not (out / "trades.csv").exists():
        return "failed", f"exit {done.returncode}: {(done.stderr or done.stdout).strip()[-600:]}", seconds
    verdict = compare.compare(case_dir, out)
    return ("equal" if verdict.ok else "differs"), verdict, seconds


def line(name, state, verdict, seconds):
    """A row of the table."""
    if not isinstance(verdict, compare.Verdict):
        return f"{name:28} {state:8} {seconds:6.2f}s  {str(verdict).splitlines()[0][:100] if verdict else ''}"
    other = ",".join(f"{column}:{len(cases)}" for column, cases in verdict.other.items())
    order = "" if verdict.same_order else " order"
    counts = f"{verdict.equal}/{verdict.expected} equal, {len(verdict.different)} different, {len(verdict.missing)} missing, {len(verdict.extra)} extra"
    return f"{name:28} {state:8} {seconds:6.2f}s  {counts}  {other}{order}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", type=Path)
    parser.add_argument("--fondaco", type=Path, required=True)
    parser.add_argument("--only", default="")
    parser.add_argument("--out", type=Path, default=None)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--timeout", type=float, default=120)
    parser.add_argument("--details", type=int, default=5, help="how many failing cases to explain")
    options = parser.parse_args()
    out = options.out or Path(tempfile.mkdtemp(prefix="fondaco-cases-"))
    folders = sorted(p.parent for p in options.cases.resolve().glob("*/strategy.toml"))
    folders = [folder for folder in folders if folder.name.startswith(options.only)]
    tasks = [(options.fondaco.resolve(), folder, out / folder.name, options.timeout) for folder in folders]
    counts, failing, trades = {}, [], 0
    with ThreadPoolExecutor(options.jobs) as pool:
        for task, (state, verdict, seconds) in zip(tasks, pool.map(lambda t: run(*t), tasks)):
            print(line(task[1].name, state, verdict, seconds), flush=True)
            counts[state] = counts.get(state, 0) + 1
            if isinstance(verdict, compare.Verdict):
                trades += verdict.equal
            if state != "equal":
                failing.append((task[1], verdict))
    for folder, verdict in failing[: options.details]:
        print(f"\n== {folder.name}")
        if isinstance(verdict, compare.Verdict):
            print(compare.report(verdict, compare.candles_of(folder)))
        else:
            print(verdict)
    print(f"\n{len(folders)} cases: " + ", ".join(f"{state} {count}" for state, count in sorted(counts.items())) + f"; {trades} trades equal; results in {out}")
    return 0 if folders and not failing else 1


if __name__ == "__main__":
    sys.exit(main())

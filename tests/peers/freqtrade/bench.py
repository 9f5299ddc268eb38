"""Measures freqtrade on one case: loop, whole process, peak memory. JSON on stdout.

usage: bench.py --data DIR [--case sample|sma_exit] [--repeat N] [--fondaco PATH]

Ten pairs at five minutes. The loop is the time inside freqtrade's `backtest`
function (signals, conversion to lists, the loop itself); the whole process starts
with the interpreter. With `--fondaco` the same case is run there too and the
trades are compared. The best of N is reported with all of them.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
PAIRS = "ETH LTC XMR DASH ZEC ETC TRX XLM ADA NXT".split()
STRATEGIES = {
    "sample": {"signal": {"rule": "tema_bands"}, "startup": 200, "roi": {"60": 0.01, "30": 0.02, "0": 0.04}, "stoploss": -0.1},
    "sma_exit": {"signal": {"rule": "sma_exit"}, "startup": 60, "roi": {"0": 100}, "stoploss": -0.99},
}


def description(name, data):
    """The case."""
    config = {
        "max_open_trades": 100,
        "stake_currency": "BTC",
        "stake_amount": 0.05,
        "tradable_balance_ratio": 0.99,
        "dry_run": True,
        "dry_run_wallet": 10,
        "fee": 0.001,
        "timeframe": "5m",
        "trading_mode": "spot",
        "margin_mode": "",
        "exchange": {"name": "binance", "key": "", "secret": "", "pair_whitelist": [f"{base}/BTC" for base in PAIRS], "pair_blacklist": []},
        "entry_pricing": {"price_side": "same", "use_order_book": False},
        "exit_pricing": {"price_side": "same", "use_order_book": False},
        "pairlists": [{"method": "StaticPairList"}],
        "dataformat_ohlcv": "feather",
        "internals": {},
    }
    return {"name": f"bench_{name}", "data": str(data), "strategy": STRATEGIES[name], "config": config}


def inside(case_file):
    """Within freqtrade's interpreter: one run, its loop time, nothing written."""
    import peer

    case = json.loads(Path(case_file).read_text())
    config_file = Path(case_file).with_name("config.json")
    config_file.write_text(json.dumps(case["config"]))
    result = peer.run(case, config_file)
    print(json.dumps({"loop_seconds": result.loop_seconds, "candles": result.candles, "trades": len(result.trades)}))


def measured(command):
    """Wall seconds, peak resident kilobytes and output of a process."""
    with tempfile.TemporaryFile() as output:
        started = time.perf_counter()
        child = subprocess.Popen(command, stdout=output, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - started
        child.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        text = output.read().decode()
    if child.returncode != 0:
        raise SystemExit(f"{command[0]} ended with {child.returncode}")
    return seconds, usage.ru_maxrss, text


def freqtrade(python, case_file, repeat):
    """All runs of freqtrade."""
    runs = []
    for _ in range(repeat):
        seconds, memory, text = measured([python, str(HERE / "bench.py"), "--inside", str(case_file)])
        runs.append({**json.loads(text.splitlines()[-1]), "process_seconds": seconds, "peak_kilobytes": memory})
    return summed(runs, ("loop_seconds", "process_seconds", "peak_kilobytes"))


def fondaco(binary, python, case_file, folder, repeat):
    """All runs of fondaco on the same case folder."""
    import run_cases

    subprocess.run([python, str(HERE / "case_folder.py"), str(case_file), str(folder)], check=True, stdout=subprocess.DEVNULL)
    case_dir = folder / json.loads(case_file.read_text())[0]["name"]
    runs = []
    for number in range(repeat):
        seconds, memory, _ = measured(run_cases.command(binary, case_dir, folder / f"out{number}"))
        runs.append({"process_seconds": seconds, "peak_kilobytes": memory})
    verdict = run_cases.compare.compare(case_dir, folder / "out0")
    return {**summed(runs, ("process_seconds", "peak_kilobytes")), "trades_equal": verdict.equal, "trades_expected": verdict.expected}


def summed(runs, names):
    """The best of each figure beside all runs."""
    return {**{f"best_{name}": min(run[name] for run in runs) for name in names}, "runs": runs}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--case", choices=STRATEGIES, action="append")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--fondaco", type=Path)
    parser.add_argument("--inside", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside:
        inside(options.inside)
        return 0
    if not options.data:
        parser.error("--data is needed")
    import freqtrade_python

    python = freqtrade_python.python()
    report = {"machine": platform.processor() or platform.machine(), "cores": os.cpu_count(), "freqtrade": freqtrade_python.VERSION, "cases": {}}
    for name in options.case or STRATEGIES:
        with tempfile.TemporaryDirectory() as temporary:
            case = description(name, options.data.resolve())
            single, listed = Path(temporary) / "case.json", Path(temporary) / "cases.json"
            single.write_text(json.dumps(case))
            listed.write_text(json.dumps([case]))
            entry = {"freqtrade": freqtrade(python, single, options.repeat)}
            best = min(entry["freqtrade"]["runs"], key=lambda run: run["loop_seconds"])
            entry["freqtrade"]["candles_per_second"] = best["candles"] / best["loop_seconds"]
            if options.fondaco:
                entry["fondaco"] = fondaco(options.fondaco.resolve(), python, listed, Path(temporary) / "cases", options.repeat)
            report["cases"][name] = entry
    print(json.dumps(report, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())

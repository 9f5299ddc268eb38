"""10,000 pairs of SMA windows in vectorbt: seconds, and every return without fees.

usage: vectorbt_sweep.py CSV RETURNS [RUNS]

Windows 2 to 143, fast below slow, the first 10,000 pairs; in at a crossing upwards,
out at a crossing downwards, all money. vectorbt fills at the close of the signal's
candle, we at the next open: the series opens where it closed.
"""

import itertools
import json
import resource
import statistics
import sys
import time

import numpy as np
import pandas as pd
import vectorbt as vbt

COMBINATIONS = list(itertools.combinations(range(2, 144), 2))[:10_000]


def portfolio(close, fees):
    fast = vbt.MA.run(close, [a for a, _ in COMBINATIONS], short_name="fast")
    slow = vbt.MA.run(close, [b for _, b in COMBINATIONS], short_name="slow")
    entries, exits = fast.ma_crossed_above(slow), fast.ma_crossed_below(slow)
    return vbt.Portfolio.from_signals(close, entries, exits, init_cash=10_000.0, fees=fees, freq="1min")


def seconds(close):
    started = time.perf_counter()
    portfolio(close, 0.001).total_return()
    return time.perf_counter() - started


def main():
    candles = pd.read_csv(sys.argv[1])
    close = pd.Series(candles["close"].to_numpy(), index=pd.to_datetime(candles["time"], unit="ms"))
    runs = int(sys.argv[3]) if len(sys.argv) > 3 else 3
    first = seconds(close)
    warm = [seconds(close) for _ in range(runs)]
    free = portfolio(close, 0.0)
    theirs = np.asarray(free.total_return())
    ours = pd.read_csv(sys.argv[2], header=None, names=["total_return", "trades"])
    apart = np.abs(theirs - ours["total_return"].to_numpy())
    median = statistics.median(warm)
    report = {
        "vectorbt": vbt.__version__,
        "combinations": len(COMBINATIONS),
        "first_seconds": first,
        "warm_seconds": warm,
        "median_seconds": median,
        "per_second": len(COMBINATIONS) / median,
        "peak_kilobytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
        "returns_equal_within_1e-6": int((apart < 1e-6).sum()),
        "largest_difference": float(apart.max()),
        "trades": int(np.asarray(free.trades.count()).sum()),
        "our_trades": int(ours["trades"].sum()),
    }
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()

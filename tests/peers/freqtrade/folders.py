"""Data folders made from another: longer candles, gaps, late starts."""

from pathlib import Path

import numpy as np
import pandas as pd

AGGREGATE = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}


def read(path):
    """A freqtrade feather file."""
    return pd.read_feather(path)


def save(frame, path):
    """Writes candles as freqtrade's feather files are written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    frame.reset_index(drop=True).to_feather(path, compression="lz4", compression_level=9)


def resample(frame, timeframe):
    """Longer candles, stamped with their first instant; empty ones are left out."""
    rule = timeframe.replace("m", "min")
    joined = frame.set_index("date").resample(rule, label="left", closed="left").agg(AGGREGATE)
    return joined.dropna().reset_index()


def with_longer(source, target, timeframes):
    """A copy of a data folder with longer candles beside the 5-minute ones."""
    for path in sorted(Path(source).rglob("*.feather")):
        relative = path.relative_to(source)
        frame = read(path)
        save(frame, target / relative)
        for suffix in ("-5m.feather", "-5m-futures.feather"):
            if path.name.endswith(suffix):
                for timeframe in timeframes:
                    name = path.name.replace("-5m", f"-{timeframe}")
                    save(resample(frame, timeframe), target / relative.with_name(name))
    # Where a swap's five-minute candles are the spot ones, its minutes are too.
    detail = target / "BTC_USDT-1m.feather"
    swap = target / "futures" / "BTC_USDT_USDT-1m-futures.feather"
    if detail.exists() and not swap.exists():
        save(read(detail), swap)
    return target


def with_gaps(source, target, seed):
    """A copy with missing candles, late starts and early ends."""
    draw = np.random.default_rng(seed)
    for number, path in enumerate(sorted(Path(source).glob("*-5m.feather"))):
        frame = read(path)
        count = len(frame)
        keep = draw.random(count) > 0.03
        for _ in range(6):
            start = draw.integers(0, count)
            keep[start : start + draw.integers(2, 120)] = False
        first = (number % 3) * count // 9
        last = count - (number % 4) * count // 12
        keep[:first] = False
        keep[last:] = False
        save(frame[keep], target / path.name)
    return target

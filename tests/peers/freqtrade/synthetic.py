"""Makes a data folder in freqtrade's layout from a seed: no download, nothing copied.

Prices are a random walk in whole steps; the step of a pair changes with the
calendar month, some pairs carry the last-bit noise that real files have, candles
are missing, some stretches are flat, and swaps come with mark and funding.
"""

import numpy as np
import pandas as pd

import folders

# Pair: first price, decimals by month (one list entry each), noisy doubles or not.
SPOT = {
    "ETH/BTC": (0.0712, [6, 5, 8], False),
    "LTC/BTC": (0.0169, [6, 8, 5], True),
    "XMR/BTC": (0.0278, [8, 6, 6], False),
    "DASH/BTC": (0.0758, [8, 5, 7], True),
    "ZEC/BTC": (0.0469, [6, 8, 8], False),
    "ETC/BTC": (0.0024, [8, 7, 6], True),
    "TRX/BTC": (0.0000911, [8, 8, 8], True),
    "XLM/BTC": (0.0000512, [8, 8, 7], False),
    "ADA/BTC": (0.0000554, [8, 7, 8], True),
    "NXT/BTC": (0.0000305, [8, 8, 8], True),
    "BTC/USDT": (23020.0, [2, 0, 1], False),
}
SWAPS = {"BTC/USDT:USDT": (23020.0, [1, 0, 1], False), "XRP/USDT:USDT": (0.4012, [4, 4, 3], False)}


def make(target, seed, start="2023-01-24", days=60):
    """Writes the folder and returns it."""
    draw = np.random.default_rng(seed)
    minutes = pd.date_range(start, periods=days * 1440, freq="min", tz="UTC")
    for pair, facts in SPOT.items():
        write_pair(draw, target, pair.replace("/", "_"), "", minutes, facts)
    for pair, facts in SWAPS.items():
        name = pair.replace("/", "_").replace(":", "_")
        frame = write_pair(draw, target / "futures", name, "-futures", minutes, facts)
        write_mark_and_funding(draw, target / "futures", name, frame)
    return target


def write_pair(draw, target, name, suffix, minutes, facts):
    """Minute and five-minute candles, the latter with gaps; returns the minutes."""
    frame = walk(draw, minutes, *facts)
    folders.save(frame, target / f"{name}-1m{suffix}.feather")
    longer = folders.resample(frame, "5m")
    keep = draw.random(len(longer)) > 0.002
    for _ in range(2):
        at = draw.integers(0, len(longer))
        keep[at : at + draw.integers(2, 40)] = False
    keep[0] = True
    folders.save(longer[keep], target / f"{name}-5m{suffix}.feather")
    return frame


def walk(draw, minutes, price, decimals, noisy):
    """Minute candles of one pair."""
    count = len(minutes)
    months = minutes.month.to_numpy()
    order = {month: number for number, month in enumerate(dict.fromkeys(months))}
    places = np.array([decimals[order[month] % len(decimals)] for month in months])
    moves = draw.normal(0, 0.0007, count)
    jumps = draw.random(count) < 0.002
    moves[jumps] += draw.normal(0, 0.012, jumps.sum())
    still = draw.random(count) < 0.05
    for _ in range(max(count // 4000, 1)):
        at = draw.integers(0, count)
        still[at : at + draw.integers(5, 90)] = True
    moves[still] = 0.0
    close = price * np.exp(np.cumsum(moves))
    opened = np.concatenate([[price], close[:-1]])
    hop = draw.random(count) < 0.03
    opened[hop] *= np.exp(draw.normal(0, 0.0008, hop.sum()))
    opened[still] = np.concatenate([[price], close[:-1]])[still]
    reach = np.abs(draw.normal(0, 0.0006, (2, count)))
    reach[:, still] = 0.0
    high = np.maximum(opened, close) * (1 + reach[0])
    low = np.minimum(opened, close) * (1 - reach[1])
    volume = np.where(still, 0.0, np.round(draw.gamma(2.0, 400.0, count), 3))
    columns = {"open": opened, "high": high, "low": low, "close": close}
    stepped = {name: in_steps(values, places, noisy) for name, values in columns.items()}
    frame = pd.DataFrame({"date": minutes.as_unit("ms"), **stepped, "volume": volume})
    frame["high"] = frame[["open", "high", "close"]].max(axis=1)
    frame["low"] = frame[["open", "low", "close"]].min(axis=1)
    return frame


def in_steps(values, places, noisy):
    """Whole steps; noisy ones as a product of doubles, the others as the nearest double."""
    units = np.round(values * 10.0**places).astype("int64")
    if noisy:
        return units * (1.0 / 10.0**places)
    return np.array([float(f"{unit}e-{place}") for unit, place in zip(units.tolist(), places.tolist())])


def write_mark_and_funding(draw, target, name, frame):
    """Hourly mark candles near the last price, and funding every eight hours."""
    mark = folders.resample(frame, "60m")
    for column in ("open", "high", "low", "close"):
        mark[column] = (mark[column] * (1 + draw.normal(0, 0.0002, len(mark)))).round(6)
    mark["high"] = mark[["open", "high", "low", "close"]].max(axis=1)
    mark["low"] = mark[["open", "low", "close"]].min(axis=1)
    mark["volume"] = 0.0
    folders.save(mark, target / f"{name}-1h-mark.feather")
    at = mark["date"][mark["date"].dt.hour % 8 == 0]
    rates = np.round(draw.normal(0.0001, 0.0004, len(at)), 6)
    empty = np.zeros(len(at))
    funding = pd.DataFrame({"date": at, "open": rates, "high": empty, "low": empty, "close": empty, "volume": empty})
    folders.save(funding, target / f"{name}-1h-funding_rate.feather")

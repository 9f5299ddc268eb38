"""Signals of the cases: rules on candles, and seeded random columns.

`indicators` adds the columns a rule needs, `columns` sets enter_*/exit_* to 1
and their tags. Only what a rule sets exists as a column afterwards.
"""

import zlib

import numpy as np
import talib.abstract as ta
from technical import qtpylib


def indicators(signal, frame):
    """Adds the indicator columns of the rule."""
    rule = signal["rule"]
    if rule.startswith("sma"):
        frame["sma_fast"] = ta.SMA(frame, timeperiod=signal.get("fast", 10))
        frame["sma_slow"] = ta.SMA(frame, timeperiod=signal.get("slow", 30))
        frame["rsi"] = ta.RSI(frame, timeperiod=14)
    elif rule == "rsi":
        frame["rsi"] = ta.RSI(frame, timeperiod=signal.get("length", 14))
    elif rule == "tema_bands":
        frame["rsi"] = ta.RSI(frame)
        bands = qtpylib.bollinger_bands(qtpylib.typical_price(frame), window=20, stds=2)
        frame["bb_middleband"] = bands["mid"]
        frame["tema"] = ta.TEMA(frame, timeperiod=9)
    return frame


def columns(signal, frame, pair):
    """Sets the signal and tag columns of the rule."""
    return RULES[signal["rule"]](signal, frame, pair)


def sma_up(signal, frame, _pair):
    """In when the fast average crosses above the slow one."""
    frame.loc[up(frame), ["enter_long", "enter_tag"]] = (1, "sma_up")
    return frame


def sma_exit(signal, frame, pair):
    """As `sma_up`, out when it crosses below."""
    frame = sma_up(signal, frame, pair)
    frame.loc[down(frame), ["exit_long", "exit_tag"]] = (1, "sma_down")
    return frame


def sma_both(_signal, frame, _pair):
    """Long on up, short on down, each leaving on the other."""
    frame.loc[up(frame), "enter_long"] = 1
    frame.loc[down(frame), "enter_short"] = 1
    frame.loc[down(frame), "exit_long"] = 1
    frame.loc[up(frame), "exit_short"] = 1
    return frame


def sma_short(_signal, frame, _pair):
    """Short when the fast average crosses below the slow one."""
    frame.loc[down(frame), "enter_short"] = 1
    return frame


def rsi(signal, frame, _pair):
    """In below `low`, out above `high` of the RSI; shorts the other way when asked."""
    low, high = signal.get("low", 30), signal.get("high", 70)
    frame.loc[qtpylib.crossed_below(frame["rsi"], low), "enter_long"] = 1
    frame.loc[qtpylib.crossed_above(frame["rsi"], high), "exit_long"] = 1
    if signal.get("short"):
        frame.loc[qtpylib.crossed_above(frame["rsi"], high), "enter_short"] = 1
        frame.loc[qtpylib.crossed_below(frame["rsi"], low), "exit_short"] = 1
    return frame


def tema_bands(_signal, frame, _pair):
    """RSI crossings guarded by TEMA against the Bollinger middle."""
    tema, middle = frame["tema"], frame["bb_middleband"]
    live = frame["volume"] > 0
    rising, falling = tema > tema.shift(1), tema < tema.shift(1)
    over30 = qtpylib.crossed_above(frame["rsi"], 30)
    over70 = qtpylib.crossed_above(frame["rsi"], 70)
    frame.loc[over30 & (tema <= middle) & rising & live, "enter_long"] = 1
    frame.loc[over70 & (tema > middle) & falling & live, "enter_short"] = 1
    frame.loc[over70 & (tema > middle) & falling & live, "exit_long"] = 1
    frame.loc[over30 & (tema <= middle) & rising & live, "exit_short"] = 1
    return frame


def random_columns(signal, frame, pair):
    """Seeded columns: `enter_long` … give the frequency of each, `tags` how many tags exist."""
    seed = [signal["seed"], zlib.crc32(pair.encode())]
    draw = np.random.default_rng(seed)
    count = len(frame)
    tags = signal.get("tags", 0)
    for column in ("enter_long", "exit_long", "enter_short", "exit_short"):
        if column in signal:
            hit = draw.random(count) < signal[column]
            frame.loc[hit, column] = 1
    if tags:
        for side in ("enter", "exit"):
            hit = np.zeros(count, dtype=bool)
            for column in (f"{side}_long", f"{side}_short"):
                if column in frame:
                    hit |= (frame[column] == 1).to_numpy()
            names = np.array([f"{side}_{n}" for n in range(tags)] + [None], dtype=object)
            pick = draw.integers(0, tags + 1, count)
            frame.loc[hit, f"{side}_tag"] = names[pick][hit]
    return frame


def up(frame):
    """Fast crosses above slow on a candle with volume."""
    return qtpylib.crossed_above(frame["sma_fast"], frame["sma_slow"]) & (frame["volume"] > 0)


def down(frame):
    """Fast crosses below slow on a candle with volume."""
    return qtpylib.crossed_below(frame["sma_fast"], frame["sma_slow"]) & (frame["volume"] > 0)


RULES = {
    "sma_up": sma_up,
    "sma_exit": sma_exit,
    "sma_both": sma_both,
    "sma_short": sma_short,
    "rsi": rsi,
    "tema_bands": tema_bands,
    "random": random_columns,
}

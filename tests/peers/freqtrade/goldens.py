"""Proof of the harness: the reference cases, described here, come out as recorded.

usage: goldens.py REFERENCE_DIR DATA_DIR [CASE ...]
"""

import copy
import filecmp
import json
import sys
import tempfile
from pathlib import Path

import case_folder
import peer

ROI_STOP = {"0": 0.03, "20": 0.015, "60": 0.005, "120": 0.0, "240": -1}
NO_ROI = {"0": 100}
UP = {"signal": {"rule": "sma_up"}, "startup": 60}
OFFSET = {"roi": NO_ROI, "stoploss": -0.03, "trailing": {"positive": 0.005, "offset": 0.012, "only_after_offset": True}}
PROTECTIONS = [
    {"method": "CooldownPeriod", "stop_duration_candles": 6},
    {"method": "StoplossGuard", "lookback_period_candles": 72, "trade_limit": 2, "stop_duration_candles": 36, "only_per_pair": False},
    {"method": "LowProfitPairs", "lookback_period_candles": 288, "trade_limit": 3, "stop_duration_candles": 60, "required_profit": 0.0},
]
CASES = {
    "sample_btc10": {"signal": {"rule": "tema_bands"}, "startup": 200, "can_short": False, "roi": {"60": 0.01, "30": 0.02, "0": 0.04}, "stoploss": -0.1},
    "sma_exit_btc10": {"signal": {"rule": "sma_exit"}, "startup": 60, "roi": NO_ROI, "stoploss": -0.99},
    "roi_stop_btc10": {**UP, "roi": ROI_STOP, "stoploss": -0.02},
    "roi_stop_btcusdt5m": {**UP, "roi": ROI_STOP, "stoploss": -0.02},
    "roi_stop_btcusdt5m_detail1m": {**UP, "roi": ROI_STOP, "stoploss": -0.02},
    "trailing_offset_btc10": {**UP, **OFFSET},
    "trailing_btcusdt5m_detail1m": {**UP, **OFFSET},
    "trailing_plain_btc10": {"signal": {"rule": "rsi"}, "startup": 60, "roi": NO_ROI, "stoploss": -0.02, "trailing": {}},
    "trailing_mixed_btc10": {**UP, "roi": {"0": 0.05, "180": 0.01}, "stoploss": -0.025, "trailing": {"positive": 0.01, "offset": 0.02}},
    "compound_mot3_btc10": {"signal": {"rule": "sma_exit"}, "startup": 60, "roi": {"0": 0.06, "300": 0.02}, "stoploss": -0.05},
    "protections_btc10": {**UP, "roi": ROI_STOP, "stoploss": -0.02, "protections": PROTECTIONS},
    "dca_btc10": {
        **UP, "roi": {"0": 0.03}, "stoploss": -0.06,
        "adjust_entry": [{"below": -0.015, "stake": 1.0}],
        "adjust_exit": [{"above": 0.015, "fraction": 0.5}],
    },
    "futures_longshort_3x": {"signal": {"rule": "sma_both"}, "startup": 60, "can_short": True, "roi": {"0": 0.09, "240": 0.03}, "stoploss": -0.06, "leverage": 3.0},
    "futures_short_trailing_2x": {
        "signal": {"rule": "sma_short"}, "startup": 60, "can_short": True, "roi": NO_ROI, "stoploss": -0.04, "leverage": 2.0,
        "trailing": {"positive": 0.008, "offset": 0.015, "only_after_offset": True},
    },
}


def describe(name, data, reference):
    """The full case description of a reference case."""
    recorded = json.loads((reference / name / "case.json").read_text())
    return {
        "name": name,
        "data": str(data),
        "detail": "1m" if "--timeframe-detail" in recorded["extra_args"] else None,
        "protections": "--enable-protections" in recorded["extra_args"],
        "strategy": copy.deepcopy(CASES[name]),
        "config": json.loads((reference / name / "config.json").read_text()),
    }


def main(reference, data, names):
    """Runs and compares; the exit code is the number of cases that differ."""
    differing = 0
    keep = Path(tempfile.mkdtemp(prefix="goldens-"))
    for name in names or CASES:
        case = describe(name, data, reference)
        folder = case_folder.write(case, keep)
        files = [f for f in ("trades.csv", "locks.json", "orders.json") if (reference / name / f).exists()]
        same = [filecmp.cmp(reference / name / f, folder / f, shallow=False) for f in files]
        print(f"{name:32} " + " ".join(f"{f}={'same' if s else 'DIFFERS'}" for f, s in zip(files, same)), flush=True)
        differing += not all(same)
    print("left in", keep)
    return differing


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve(), sys.argv[3:]))

"""Seeded variety: descriptions of cases over everything the profile promises.

usage: generate.py CASES_DIR --data DATA_DIR [--only PREFIX] [--seed N] [--jobs N]
       generate.py CASES_DIR --small [--seed N]
Writes a folder for each case and INDEX.md. `--small` needs no data: it makes a few
days of prices and one case of each kind.
"""

import argparse
import json
import multiprocessing
import random
import sys
import zlib
from pathlib import Path

import case_folder
import folders
import synthetic

BTC_PAIRS = "ETH LTC XMR DASH ZEC ETC TRX XLM ADA NXT".split()
MULTIPLES = [5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 240, 360, 720]
ODD_MINUTES = [1, 3, 7, 12, 17, 23, 37, 44, 61, 99, 131, 203, 333, 601]


def config(mode, rng, pairs, **changes):
    """A freqtrade configuration."""
    stakes = {"btc": ("BTC", 0.05, 10), "usdt": ("USDT", 1000, 10000), "futures": ("USDT", 500, 10000)}
    currency, stake, wallet = stakes[mode]
    futures = mode == "futures"
    made = {
        "max_open_trades": rng.choice([1, 2, 3, 5, -1]),
        "stake_currency": currency,
        "stake_amount": stake,
        "tradable_balance_ratio": 0.99,
        "dry_run": True,
        "dry_run_wallet": wallet,
        "fee": rng.choice([0.001, 0.001, 0.0005, 0.002, 0.0]),
        "timeframe": "5m",
        "trading_mode": "futures" if futures else "spot",
        "margin_mode": "isolated" if futures else "",
        "exchange": {"name": "binance", "key": "", "secret": "", "pair_whitelist": pairs, "pair_blacklist": []},
        "entry_pricing": {"price_side": "same", "use_order_book": futures},
        "exit_pricing": {"price_side": "same", "use_order_book": futures},
        "pairlists": [{"method": "StaticPairList"}],
        "dataformat_ohlcv": "feather",
        "internals": {},
    }
    made.update(changes)
    return made


def btc_pairs(rng, least=2, most=5):
    """A subset in a shuffled order."""
    return [f"{base}/BTC" for base in rng.sample(BTC_PAIRS, rng.randint(least, most))]


def swaps(rng):
    """One or both swaps in either order."""
    both = ["BTC/USDT:USDT", "XRP/USDT:USDT"]
    return rng.choice([both, both[::-1], both[:1], both[1:]])


def roi_table(rng, negative=False):
    """A random table of return targets."""
    table = {}
    if rng.random() < 0.85:
        table["0"] = round(rng.uniform(0.005, 0.08), rng.choice([2, 3, 4]))
    for _ in range(rng.randint(1, 5)):
        minutes = rng.choice(MULTIPLES if rng.random() < 0.6 else ODD_MINUTES)
        table[str(minutes)] = round(rng.choice([0.0, rng.uniform(0, 0.03), rng.uniform(0, 0.01)]), 4)
    if negative:
        minutes = rng.choice(MULTIPLES if rng.random() < 0.5 else ODD_MINUTES)
        table[str(minutes)] = rng.choice([-1, -1, -0.01, -0.005, -0.03, -0.999])
    return table


def stop(rng):
    """Tiny to huge."""
    return -round(rng.choice([0.001, 0.004, 0.01, 0.02, 0.03, 0.05, 0.1, 0.3, 0.99]) * rng.uniform(0.8, 1.0), 5)


def trailing(rng):
    """Every valid combination."""
    kind = rng.randint(0, 5)
    if kind == 0:
        return {}
    positive = round(rng.choice([0.002, 0.005, 0.01, 0.02, 0.04]), 4)
    if kind == 1:
        return {"positive": positive}
    offset = round(positive + rng.choice([0.001, 0.005, 0.01, 0.03]), 4)
    if kind == 2:
        return {"positive": positive, "only_after_offset": True}
    if kind == 3:
        return {"positive": positive, "offset": offset}
    return {"positive": positive, "offset": offset, "only_after_offset": True}


def noise(rng, density=None, shorts=False, tags=None):
    """Random signal columns."""
    often = density or rng.choice([0.01, 0.03, 0.1, 0.3])
    signal = {
        "rule": "random",
        "seed": rng.randrange(1 << 30),
        "enter_long": often,
        "exit_long": rng.choice([0.0, often / 3, often]),
        "tags": rng.choice([0, 2, 3]) if tags is None else tags,
    }
    if shorts:
        signal["enter_short"] = rng.choice([often, often / 2])
        signal["exit_short"] = rng.choice([0.0, often / 3, often])
    return signal


def rules(rng, **changes):
    """A strategy without effective stop or targets, for a family to change."""
    made = {"signal": noise(rng), "startup": rng.choice([0, 20, 60]), "roi": {"0": 100}, "stoploss": -0.99}
    made.update(changes)
    return made


def case(name, data, strategy, settings, **more):
    """A case description."""
    return {"name": name, "data": str(data), "strategy": strategy, "config": settings, **more}


def roi_cases(rng, name, data):
    return case(name, data, rules(rng, roi=roi_table(rng, rng.random() < 0.6)), config("btc", rng, btc_pairs(rng)))


def stop_cases(rng, name, data):
    return case(name, data, rules(rng, stoploss=stop(rng)), config("btc", rng, btc_pairs(rng)))


def trailing_cases(rng, name, data):
    made = rules(rng, stoploss=stop(rng), trailing=trailing(rng))
    return case(name, data, made, config("btc", rng, btc_pairs(rng)))


def mixed_rules(rng, **changes):
    """Everything at once."""
    made = rules(rng, stoploss=stop(rng), roi=roi_table(rng, rng.random() < 0.3))
    if rng.random() < 0.6:
        made["trailing"] = trailing(rng)
    if rng.random() < 0.3:
        made["exit_profit_only"] = True
        made["exit_profit_offset"] = rng.choice([0.0, 0.005, 0.01, -0.01])
    if rng.random() < 0.3:
        made["ignore_roi_if_entry_signal"] = True
    if rng.random() < 0.1:
        made["use_exit_signal"] = False
    made.update(changes)
    return made


def mixed_cases(rng, name, data):
    return case(name, data, mixed_rules(rng), config("btc", rng, btc_pairs(rng)))


def flag_cases(rng, name, data):
    made = mixed_rules(rng, signal=noise(rng, 0.2))
    made["exit_profit_only"] = rng.random() < 0.7
    made["exit_profit_offset"] = rng.choice([0.0, 0.005, 0.02, -0.01, -0.002])
    made["ignore_roi_if_entry_signal"] = rng.random() < 0.5
    made["use_exit_signal"] = rng.random() < 0.85
    return case(name, data, made, config("btc", rng, btc_pairs(rng)))


def stake_cases(rng, name, data):
    made = mixed_rules(rng, signal=noise(rng, rng.choice([0.05, 0.2])))
    kind = rng.randint(0, 3)
    settings = config("btc", rng, btc_pairs(rng, 4, 8))
    if kind == 0:
        settings.update(stake_amount="unlimited", max_open_trades=rng.choice([1, 2, 3, 7]), dry_run_wallet=rng.choice([0.5, 1, 0.01]))
    elif kind == 1:
        settings.update(stake_amount=rng.choice([0.05, 0.031]), dry_run_wallet=rng.choice([0.06, 0.1, 0.153]), max_open_trades=-1)
    elif kind == 2:
        settings.update(stake_amount=rng.choice([0.0001, 0.0001, 0.00011, 0.00012, 0.0002]), dry_run_wallet=rng.choice([0.001, 0.01]))
    else:
        settings.update(
            stake_amount="unlimited", max_open_trades=rng.choice([2, 5]), dry_run_wallet=rng.choice([0.0003, 0.0006, 0.002]), fee=0.002
        )
    settings["tradable_balance_ratio"] = rng.choice([0.99, 0.5, 1.0, 0.8])
    if settings["stake_amount"] != "unlimited":
        # freqtrade refuses to start with a stake above what it may use.
        least = 1.05 * settings["stake_amount"] / settings["tradable_balance_ratio"]
        settings["dry_run_wallet"] = max(settings["dry_run_wallet"], round(least, 6))
    return case(name, data, made, settings)


def usdt_cases(rng, name, data):
    settings = config("usdt", rng, ["BTC/USDT"])
    settings.update(rng.choice([{}, {"stake_amount": 5}, {"stake_amount": 4.4, "dry_run_wallet": 50}, {"stake_amount": "unlimited", "max_open_trades": 1}, {"stake_amount": 7.77, "dry_run_wallet": 12}]))
    return case(name, data, mixed_rules(rng), settings)


def conflict_cases(rng, name, data):
    signal = noise(rng, 0.5, shorts=True)
    return case(name, data, mixed_rules(rng, signal=signal), config("btc", rng, btc_pairs(rng)))


def indicator_cases(rng, name, data):
    signal = rng.choice([{"rule": "rsi", "low": 35, "high": 60}, {"rule": "tema_bands"}, {"rule": "sma_exit", "fast": 5, "slow": 20}, {"rule": "sma_up"}])
    return case(name, data, mixed_rules(rng, signal=signal, startup=rng.choice([60, 200])), config("btc", rng, btc_pairs(rng)))


def timeframe_cases(rng, name, data):
    settings = config("btc", rng, btc_pairs(rng, 3, 6), timeframe=rng.choice(["15m", "30m", "1h"]))
    made = mixed_rules(rng, signal=noise(rng, rng.choice([0.05, 0.2])), startup=rng.choice([0, 10]))
    return case(name, data, made, settings, detail=rng.choice([None, "5m"]))


def detail_cases(rng, name, data):
    if rng.random() < 0.5:
        settings = config("usdt", rng, ["BTC/USDT"])
        made = mixed_rules(rng, signal=noise(rng, rng.choice([0.03, 0.2])))
        return case(name, data, made, settings, detail="1m")
    settings = config("btc", rng, btc_pairs(rng, 3, 6), timeframe=rng.choice(["15m", "1h"]), max_open_trades=rng.choice([1, 2, 3, -1]))
    if rng.random() < 0.4:
        settings.update(stake_amount="unlimited", max_open_trades=3)
    made = mixed_rules(rng, signal=noise(rng, rng.choice([0.1, 0.4])), startup=rng.choice([0, 10]))
    if rng.random() < 0.4:
        made.update(levels(rng))
    return case(name, data, made, settings, detail="5m")


def spans(rng, kind):
    """A stop and a look-back, in candles or minutes."""
    made = {}
    if rng.random() < 0.6:
        made["stop_duration_candles"] = rng.choice([1, 3, 12, 40])
    else:
        made["stop_duration"] = rng.choice([1, 5, 7, 30, 60, 123])
    if kind != "CooldownPeriod":
        if rng.random() < 0.6:
            made["lookback_period_candles"] = rng.choice([6, 24, 72, 288])
        else:
            made["lookback_period"] = rng.choice([7, 60, 240, 1440])
    return made


def protection(rng, kind):
    """One protection with random settings."""
    made = {"method": kind, **spans(rng, kind)}
    if kind == "StoplossGuard":
        made.update(trade_limit=rng.choice([1, 2, 3, 4]), only_per_pair=rng.random() < 0.4, only_per_side=rng.random() < 0.4)
        if rng.random() < 0.4:
            made["required_profit"] = rng.choice([-0.01, 0.0, 0.005])
    if kind == "LowProfitPairs":
        made.update(trade_limit=rng.choice([1, 2, 3]), required_profit=rng.choice([-0.01, 0.0, 0.01, 0.03]), only_per_side=rng.random() < 0.4)
    if kind == "MaxDrawdown":
        made.update(trade_limit=rng.choice([1, 3, 8]))
        made["calculation_mode"] = rng.choice(["ratios", "equity"])
        most = [0.005, 0.02, 0.1] if made["calculation_mode"] == "ratios" else [0.0002, 0.001, 0.005]
        made["max_allowed_drawdown"] = rng.choice(most)
    return made


def protections(rng):
    """One to four of them."""
    kinds = ["CooldownPeriod", "StoplossGuard", "LowProfitPairs", "MaxDrawdown"]
    return [protection(rng, kind) for kind in rng.choices(kinds, k=rng.randint(1, 4))]


def protection_cases(rng, name, data):
    made = mixed_rules(rng, signal=noise(rng, rng.choice([0.05, 0.2])), protections=protections(rng), stoploss=-rng.choice([0.005, 0.01, 0.02]))
    return case(name, data, made, config("btc", rng, btc_pairs(rng, 3, 6)), protections=True)


def levels(rng):
    """Further entries and partial exits."""
    made = {"adjust_entry": [], "adjust_exit": []}
    if rng.random() < 0.8:
        pyramid = rng.random() < 0.3
        for k in range(rng.randint(1, 4)):
            threshold = round(rng.choice([0.004, 0.01, 0.02]) * (k + 1) * rng.uniform(0.7, 1.2), 4)
            level = {"above": threshold} if pyramid else {"below": -threshold}
            level["stake"] = rng.choice([1.0, 0.5, 1.5, 2.0, 0.3])
            if rng.random() < 0.3:
                level["of"] = "first"
            if rng.random() < 0.4:
                level["tag"] = f"more_{k}"
            made["adjust_entry"].append(level)
    if rng.random() < 0.8 or not made["adjust_entry"]:
        for k in range(rng.randint(1, 3)):
            threshold = round(rng.choice([0.003, 0.008, 0.015]) * (k + 1), 4)
            level = {"above": threshold} if rng.random() < 0.8 else {"below": -threshold}
            level["fraction"] = rng.choice([0.5, 0.25, 0.333, 0.1, 0.9])
            if rng.random() < 0.4:
                level["tag"] = f"less_{k}"
            made["adjust_exit"].append(level)
    return made


def adjust_cases(rng, name, data):
    made = mixed_rules(rng, signal=noise(rng, rng.choice([0.01, 0.05])), **levels(rng))
    settings = config("btc", rng, btc_pairs(rng))
    more = {}
    if rng.random() < 0.35:
        settings.update(stake_amount="unlimited", max_open_trades=rng.choice([1, 3]), dry_run_wallet=rng.choice([0.001, 1]))
    elif rng.random() < 0.3:
        settings.update(stake_amount=rng.choice([0.0002, 0.0003]), dry_run_wallet=0.01)
    if rng.random() < 0.3:
        made["protections"] = protections(rng)
        more["protections"] = True
    return case(name, data, made, settings, **more)


def futures_rules(rng):
    """Sides, leverage and signals."""
    side = rng.choice(["long", "short", "both", "both"])
    signal = noise(rng, rng.choice([0.005, 0.02, 0.1]), shorts=side != "long")
    if side == "short":
        signal["enter_long"] = 0.0
    if rng.random() < 0.25:
        signal = {"rule": rng.choice(["sma_both", "sma_short"])}
        side = "both" if signal["rule"] == "sma_both" else "short"
    if rng.random() < 0.2:
        signal = {"rule": "rsi", "low": 32, "high": 68, "short": True}
        side = "both"
    return mixed_rules(
        rng,
        signal=signal,
        can_short=side != "long",
        direction=side,
        leverage=float(rng.choice([1, 2, 3, 5, 7, 10, 20, 2.5])),
        startup=60,
    )


def futures_cases(rng, name, data):
    made = futures_rules(rng)
    settings = config("futures", rng, swaps(rng))
    if rng.random() < 0.3:
        settings.update(stake_amount="unlimited", max_open_trades=rng.choice([1, 2]))
    if rng.random() < 0.3:
        made.update(levels(rng))
    return case(name, data, made, settings)


def liquidation_cases(rng, name, data):
    made = futures_rules(rng)
    made.update(stoploss=rng.choice([-0.99, -0.95, -0.9]), leverage=float(rng.choice([15, 20, 50, 75])), roi={"0": 100})
    made.pop("trailing", None)
    made["signal"] = noise(rng, 0.01, shorts=made["can_short"], tags=0)
    made["signal"].update(exit_long=0.0)
    if made["direction"] == "short":
        made["signal"]["enter_long"] = 0.0
    if rng.random() < 0.4:
        made.update(levels(rng))
    settings = config("futures", rng, swaps(rng))
    if rng.random() < 0.4:
        settings.update(stake_amount=rng.choice([50000, 20000]), dry_run_wallet=1000000)
    return case(name, data, made, settings)


def futures_protection_cases(rng, name, data):
    made = futures_rules(rng)
    made.update(protections=protections(rng), stoploss=-rng.choice([0.01, 0.03]))
    return case(name, data, made, config("futures", rng, swaps(rng)), protections=True)


def futures_detail_cases(rng, name, data):
    made = futures_rules(rng)
    if rng.random() < 0.5:
        made.update(levels(rng))
    settings = config("futures", rng, ["BTC/USDT:USDT"])
    more = {"detail": "1m"}
    if rng.random() < 0.5:
        settings["exchange"]["pair_whitelist"] = swaps(rng)
        settings["timeframe"] = rng.choice(["15m", "1h"])
        more["detail"] = "5m"
    if rng.random() < 0.3:
        made.update(protections=protections(rng))
        more["protections"] = True
    return case(name, data, made, settings, **more)


def gap_cases(rng, name, data):
    made = mixed_rules(rng, signal=noise(rng, rng.choice([0.03, 0.2])))
    if rng.random() < 0.4:
        made.update(levels(rng))
    return case(name, data, made, config("btc", rng, btc_pairs(rng, 4, 9)))


def extra_cases(rng, name, data):
    """Settings of the configuration that few use."""
    made = mixed_rules(rng, signal=noise(rng, 0.05))
    number = int(name.rsplit("_", 1)[1])
    settings = config("btc", rng, btc_pairs(rng, 4, 6))
    if number == 0:
        settings.update(amend_last_stake_amount=True, last_stake_amount_min_ratio=0.5, stake_amount=0.05, dry_run_wallet=0.12, max_open_trades=-1)
    elif number == 1:
        settings.pop("fee")
    elif number == 2:
        settings.update(dry_run_wallet={"BTC": 0.2})
    elif number == 3:
        settings["exchange"]["pair_whitelist"].insert(1, "BNB/BTC")
    elif number == 4:
        settings.update(unfilledtimeout={"entry": 10, "exit": 10, "exit_timeout_count": 0, "unit": "minutes"})
    elif number == 5:
        settings.update(amount_reserve_percent=0.5, stake_amount=0.00018, dry_run_wallet=0.01)
    elif number == 6:
        settings.update(available_capital=0.2, stake_amount="unlimited", max_open_trades=3)
    return case(name, data, made, settings)


# Family, how many, which data folder.
FAMILIES = [
    ("roi", 12, "plain", roi_cases),
    ("stop", 6, "plain", stop_cases),
    ("trail", 12, "plain", trailing_cases),
    ("mixed", 10, "plain", mixed_cases),
    ("flags", 8, "plain", flag_cases),
    ("stake", 12, "plain", stake_cases),
    ("usdt", 6, "plain", usdt_cases),
    ("conflict", 3, "plain", conflict_cases),
    ("indicator", 5, "plain", indicator_cases),
    ("adjust", 14, "plain", adjust_cases),
    ("protect", 12, "plain", protection_cases),
    ("futures", 16, "plain", futures_cases),
    ("liquidation", 7, "plain", liquidation_cases),
    ("futprotect", 5, "plain", futures_protection_cases),
    ("timeframe", 6, "longer", timeframe_cases),
    ("detail", 14, "longer", detail_cases),
    ("futdetail", 10, "longer", futures_detail_cases),
    ("gaps", 6, "gaps", gap_cases),
    ("gapdetail", 4, "gaps", timeframe_cases),
    ("x_extra", 7, "plain", extra_cases),
    # Made prices: several months with different steps, overlapping swaps.
    ("m_mixed", 5, "made", mixed_cases),
    ("m_usdt", 3, "made", usdt_cases),
    ("m_stake", 3, "made", stake_cases),
    ("m_adjust", 4, "made", adjust_cases),
    ("m_futures", 8, "made", futures_cases),
    ("m_liquidation", 5, "made", liquidation_cases),
    ("m_futprotect", 3, "made", futures_protection_cases),
    ("m_detail", 5, "made", detail_cases),
    ("m_futdetail", 5, "made", futures_detail_cases),
]


def describe(where, seed, families=None):
    """Case descriptions; `where` gives the folder of each kind of data."""
    made = []
    for family, count, folder, build in families or FAMILIES:
        for number in range(count):
            name = f"{family}_{number:02}"
            made.append(build(random.Random(f"{seed}-{name}"), name, where[folder]))
    return made


SMALL = [
    ("roi", 1, "made", roi_cases),
    ("trail", 1, "made", trailing_cases),
    ("mixed", 2, "made", mixed_cases),
    ("flags", 1, "made", flag_cases),
    ("stake", 1, "made", stake_cases),
    ("adjust", 2, "made", adjust_cases),
    ("protect", 1, "made", protection_cases),
    ("futures", 2, "made", futures_cases),
    ("liquidation", 1, "made", liquidation_cases),
    ("detail", 2, "made", detail_cases),
    ("futdetail", 1, "made", futures_detail_cases),
]


def small_folder(cases_dir, seed):
    """Six days around the end of a month."""
    short = synthetic.make(cases_dir / "data/short", zlib.crc32(seed.encode()), "2023-01-29", 6)
    return {"made": folders.with_longer(short, cases_dir / "data/made", ["15m", "1h"])}


def data_folders(data, cases_dir):
    """The folders the families name, made where they are not there yet."""
    made = {"plain": data, **{kind: cases_dir / "data" / kind for kind in ("longer", "gaps", "made")}}
    if not made["longer"].exists():
        folders.with_longer(data, made["longer"], ["15m", "30m", "1h"])
    if not made["gaps"].exists():
        holes = folders.with_gaps(data, cases_dir / "data/holes", 1)
        folders.with_longer(holes, made["gaps"], ["15m", "30m", "1h"])
    if not made["made"].exists():
        short = synthetic.make(cases_dir / "data/short", 1)
        folders.with_longer(short, made["made"], ["15m", "30m", "1h"])
    return made


def write(task):
    """Runs one case; returns its line of the index."""
    description, cases_dir = task
    try:
        folder = case_folder.write(description, cases_dir)
    except Exception as error:
        return description["name"], f"FAILED {type(error).__name__}: {error}"
    return description["name"], features(description, folder)


def features(description, folder):
    """A line about what a case holds."""
    import csv
    from collections import Counter

    rows = list(csv.DictReader((folder / "trades.csv").open()))
    reasons = Counter(row["exit_reason"] for row in rows)
    common = ", ".join(f"{name} {count}" for name, count in reasons.most_common(6))
    rules_ = description["strategy"]
    said = [f"{len(rows)} trades ({common})"]
    settings = description["config"]
    said.append(f"slots {settings['max_open_trades']}, stake {settings['stake_amount']}, fee {settings.get('fee')}, {len(settings['exchange']['pair_whitelist'])} pairs, {settings['timeframe']}")
    said.append(f"stop {rules_['stoploss']}, roi {rules_['roi']}")
    for key in ("trailing", "leverage", "direction", "exit_profit_only", "ignore_roi_if_entry_signal", "adjust_entry", "adjust_exit", "protections"):
        if rules_.get(key) is not None and rules_.get(key) is not False and rules_.get(key) != []:
            said.append(f"{key} {rules_[key]}")
    if description.get("detail"):
        said.append(f"detail {description['detail']}")
    return "; ".join(said)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", type=Path)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--only", default="")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    cases_dir = options.cases.resolve()
    if options.small:
        cases = describe(small_folder(cases_dir, options.seed), options.seed, SMALL)
    elif options.data:
        cases = describe(data_folders(options.data.resolve(), cases_dir), options.seed)
    else:
        parser.error("either --data or --small")
    chosen = [c for c in cases if c["name"].startswith(options.only)]
    lines = {}
    with multiprocessing.Pool(options.jobs, maxtasksperchild=30) as pool:
        for name, line in pool.imap(write, [(c, cases_dir) for c in chosen]):
            lines[name] = line
            print(f"{name}: {line[:150]}", flush=True)
    known = json.loads((cases_dir / "index.json").read_text()) if (cases_dir / "index.json").exists() else {}
    known.update(lines)
    (cases_dir / "index.json").write_text(json.dumps(known, indent=1))
    index = "# Cases\n\n" + "".join(f"- `{name}`: {line}\n" for name, line in sorted(known.items()))
    (cases_dir / "INDEX.md").write_text(index)
    return int(any(line.startswith("FAILED") for line in lines.values()))


if __name__ == "__main__":
    sys.exit(main())

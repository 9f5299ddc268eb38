"""Runs freqtrade's own backtesting in this process, with no network.

`run(case)` takes a case description (a dict, see README.md) and returns a
`Run`: trades as a data frame, orders, locks, statistics and the signals as
computed. Exchange markets come from a table (`markets.py`), never from an
exchange.
"""

import builtins
import contextlib
import io
import logging
import socket
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import markets

HERE = Path(__file__).parent


def compensated_sum(values, start=0):
    """`sum` as Python 3.12 and later have it: doubles by Neumaier's method.

    freqtrade's answers depend on it in the last bit, so an older Python gets it too.
    """
    values = iter(values)
    total = start
    for value in values:
        total = total + value
        if type(total) is float:
            break
    else:
        return total
    lost = 0.0
    for value in values:
        if type(value) is not float:
            total = total + lost + value if lost else total + value
            lost = 0.0
            if type(total) is not float:
                for rest in values:
                    total = total + rest
                return total
            continue
        added = total + value
        lost += (total - added) + value if abs(total) >= abs(value) else (value - added) + total
        total = added
    return total + lost if lost else total


if sys.version_info < (3, 12):
    builtins.sum = compensated_sum


@dataclass
class Run:
    """What freqtrade answered."""

    trades: object
    locks: list
    stats: dict
    signals: dict
    final_balance: float
    loop_seconds: float
    candles: int
    left_open: list = field(default_factory=list)


def run(case, config_file, threads_quiet=True):
    """Backtests a case; `config_file` is the freqtrade configuration on disk."""
    if threads_quiet:
        logging.disable(logging.WARNING)
    from freqtrade.commands.optimize_commands import setup_optimize_configuration
    from freqtrade.enums import RunMode

    arguments = {
        "config": [str(config_file)],
        "datadir": str(case["data"]),
        "strategy": "CaseStrategy",
        "strategy_path": str(HERE),
        "user_data_dir": str(Path(config_file).parent),
        "export": "none",
        "backtest_cache": "none",
        "timeframe_detail": case.get("detail"),
        "enable_protections": bool(case.get("protections")),
    }
    # freqtrade reads the files of the data folder; the exchange is never asked.
    with offline():
        config = setup_optimize_configuration(arguments, RunMode.BACKTEST)
        config["case"] = case
        return backtest(config)


def backtest(config):
    """Loads, runs and collects."""
    from freqtrade.optimize.backtesting import Backtesting

    testing = Backtesting(config, exchange=exchange(config))
    timing = {}
    inner = testing.backtest

    def timed(processed, start_date, end_date):
        timing["candles"] = sum(len(frame) for frame in processed.values())
        started = time.perf_counter()
        result = inner(processed=processed, start_date=start_date, end_date=end_date)
        timing["seconds"] = time.perf_counter() - started
        return result

    testing.backtest = timed
    testing.progress = None
    with contextlib.redirect_stdout(io.StringIO()):
        testing.start()
    strategy = testing.strategylist[0]
    name = strategy.get_strategy_name()
    content = testing.all_bt_content[name]
    from freqtrade.persistence import LocalTrade

    return Run(
        trades=content["results"],
        locks=[lock.to_json() for lock in content["locks"]],
        stats=testing.results["strategy"][name],
        signals=trimmed(strategy, testing),
        final_balance=content["final_balance"],
        loop_seconds=timing["seconds"],
        candles=timing["candles"],
        left_open=[trade.pair for trade in LocalTrade.bt_trades_open],
    )


def trimmed(strategy, testing):
    """Signals as computed, without the start-up candles, before the shift."""
    from freqtrade.data.converter import trim_dataframe

    return {
        pair: trim_dataframe(frame, testing.timerange, startup_candles=testing.required_startup)
        for pair, frame in strategy.computed.items()
    }


def exchange(config):
    """freqtrade's exchange object over the table of markets."""
    from freqtrade.resolvers import ExchangeResolver

    peer = ExchangeResolver.load_exchange(config, validate=False, load_leverage_tiers=False)
    pairs = config["exchange"]["pair_whitelist"]
    peer._markets = {pair: markets.market(pair) for pair in pairs}
    peer.get_fee = lambda symbol, **_: markets.market(symbol)["taker"]
    peer._leverage_tiers = {
        pair: [peer.parse_leverage_tier(tier) for tier in markets.tiers(pair)]
        for pair in pairs
        if ":" in pair
    }
    return peer


class offline:
    """Within it the loop cannot reach a network and freqtrade does not try."""

    def __enter__(self):
        self.connect = socket.socket.connect

        def refuse(*_):
            raise OSError("this comparison runs without a network")

        socket.socket.connect = refuse
        return self

    def __exit__(self, *_):
        socket.socket.connect = self.connect

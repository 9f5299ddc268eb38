"""Writes a case folder: configuration, description, signals, and freqtrade's answers."""

import gzip
import json
import sys
from pathlib import Path

COLUMNS = (
    "pair is_short open_date close_date open_rate close_rate amount stake_amount max_stake_amount "
    "profit_abs profit_ratio fee_open fee_close exit_reason enter_tag trade_duration "
    "initial_stop_loss_abs stop_loss_abs stop_loss_ratio min_rate max_rate leverage funding_fees "
    "is_open n_orders open_timestamp close_timestamp"
).split()
SIGNAL_COLUMNS = "enter_long exit_long enter_short exit_short enter_tag exit_tag".split()


def write(case, parent):
    """Runs a case and writes `parent/<name>`; returns the folder."""
    import peer
    import strategy_file

    folder = Path(parent) / case["name"]
    (folder / "signals").mkdir(parents=True, exist_ok=True)
    config_file = folder / "config.json"
    config_file.write_text(json.dumps(case["config"], indent=1))
    result = peer.run(case, config_file)
    result.trades["n_orders"] = result.trades["orders"].map(len)
    result.trades[COLUMNS].to_csv(folder / "trades.csv", index=False, lineterminator="\r\n")
    (folder / "locks.json").write_text(json.dumps(result.locks))
    if case["strategy"].get("adjust_entry") or case["strategy"].get("adjust_exit"):
        (folder / "orders.json").write_text(json.dumps(orders(result.trades)))
    for pair, frame in result.signals.items():
        write_signals(folder / "signals" / f"{file_name(pair)}.csv.gz", frame)
    (folder / "summary.json").write_text(json.dumps(summary(result), indent=1, default=str))
    (folder / "strategy.toml").write_text(strategy_file.render(case))
    (folder / "case.json").write_text(json.dumps(described(case), indent=1))
    return folder


def described(case):
    """The description with the arguments the command needs."""
    extra = []
    if case.get("detail"):
        extra += ["--timeframe-detail", case["detail"]]
    if case.get("protections"):
        extra += ["--enable-protections"]
    kept = {key: value for key, value in case.items() if key != "config"}
    return {"case": case["name"], "extra_args": extra, **kept}


def orders(trades):
    """All orders of each trade."""
    return [
        {"pair": row.pair, "open_timestamp": row.open_timestamp, "orders": row.orders}
        for row in trades.itertuples()
    ]


def summary(result):
    """freqtrade's statistics without the lists, and what the loop reported."""
    dropped = ("trades", "locks", "wallet_summary", "daily_profit", "periodic_breakdown")
    kept = {key: value for key, value in result.stats.items() if key not in dropped}
    kept["final_balance"] = result.final_balance
    kept["left_open"] = result.left_open
    kept["loop_seconds"] = result.loop_seconds
    kept["candles"] = result.candles
    return kept


def write_signals(path, frame):
    """Candles and signals; numbers as the shortest text that reads back equal."""
    present = [name for name in SIGNAL_COLUMNS if name in frame]
    lines = [",".join(["date", "open", "high", "low", "close", "volume", *present])]
    dates = frame["date"].dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    prices = [frame[name].tolist() for name in ("open", "high", "low", "close", "volume")]
    flags = [[mark(value) for value in frame[name].tolist()] for name in present]
    for row in zip(dates, *prices, *flags):
        lines.append(",".join([row[0], *map(repr, row[1:6]), *row[6:]]))
    path.write_bytes(gzip.compress(("\n".join(lines) + "\n").encode(), mtime=0))


def mark(value):
    """A signal or tag cell: empty for nothing."""
    if value is None or value != value or value == 0:
        return ""
    return value if isinstance(value, str) else str(int(value))


def file_name(pair):
    """A pair as freqtrade names its files."""
    return pair.replace("/", "_").replace(":", "_")


def main():
    """Reads a list of descriptions from a file and writes their folders."""
    cases = json.loads(Path(sys.argv[1]).read_text())
    for case in cases:
        try:
            folder = write(case, sys.argv[2])
            count = sum(1 for _ in (folder / "trades.csv").open()) - 1
            print(f"{case['name']}: {count} trades", flush=True)
        except Exception as error:  # one bad case must not stop the rest
            print(f"{case['name']}: FAILED {type(error).__name__}: {error}", flush=True)


if __name__ == "__main__":
    main()

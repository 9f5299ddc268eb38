"""Other programs read a store of candles as it lies.

Makes a store with the program FONDACO_BIN in a temporary folder, changes one year
of it, and reads its `bars` folder with DuckDB, polars and pandas. Each must see
the newest version: every candle once, doubles to the last bit, and venue,
symbol, timeframe and year as columns. Ends with 0 when all agree; a reader that
is not installed is named and skipped.
"""

import datetime
import json
import os
import pathlib
import subprocess
import sys
import tempfile

SYMBOLS = ["BTC/USDT", "BTC/USDT:USDT", "BTC_USDT", "AAPL", "^GSPC"]
DAYS = 800
START = datetime.date(2022, 6, 1)


def price(symbol, day, offset=0.0):
    return (SYMBOLS.index(symbol) + 1) * 100 + day / 3 + offset


def write(path, symbol, days, offset=0.0):
    lines = ["date,open,high,low,close,volume"]
    for day in days:
        at = START + datetime.timedelta(days=day)
        p = price(symbol, day, offset)
        lines.append(f"{at},{p!r},{p + 1!r},{p - 1!r},{p!r},{day + 0.5!r}")
    path.write_text("\n".join(lines) + "\n")


def build(fondaco, folder):
    def run(*words):
        environment = dict(os.environ, FONDACO_HOME=str(folder / "home"))
        words = [fondaco, "data", *words, "--output", "json"]
        return json.loads(subprocess.run(words, env=environment, check=True, capture_output=True).stdout)

    file = folder / "candles.csv"
    stating = lambda symbol: ["--symbol", symbol, "--venue", "test", "--timeframe", "1d"]
    for symbol in SYMBOLS:
        # In two steps, so that a year lies in several files.
        write(file, symbol, range(0, DAYS // 2))
        run("import", str(file), *stating(symbol))
        write(file, symbol, range(DAYS // 2 - 10, DAYS))
        run("import", str(file), *stating(symbol))
    # One candle is replaced: the files of its year become history.
    write(file, "AAPL", [3], offset=5.0)
    run("import", str(file), *stating("AAPL"), "--replace")
    return folder / "home" / "data" / "bars"


def expected():
    rows = []
    for symbol in SYMBOLS:
        for day in range(DAYS):
            offset = 5.0 if (symbol, day) == ("AAPL", 3) else 0.0
            at = START + datetime.timedelta(days=day)
            rows.append((symbol, at.isoformat(), price(symbol, day, offset), day + 0.5))
    return sorted(rows)


def with_duckdb(bars):
    import duckdb

    return duckdb.sql(
        "select symbol, strftime(date at time zone 'UTC', '%Y-%m-%d'), close, volume, venue, timeframe, year "
        f"from read_parquet('{bars}/**/*.parquet', hive_partitioning = true)"
    ).fetchall()


def with_polars(bars):
    import polars as pl

    frame = pl.scan_parquet(f"{bars}/**/*.parquet", hive_partitioning=True).collect()
    columns = [pl.col("symbol"), pl.col("date").dt.strftime("%Y-%m-%d"), "close", "volume", "venue", "timeframe", "year"]
    return frame.select(columns).rows()


def with_pandas(bars):
    import pandas as pd

    frame = pd.read_parquet(bars)
    assert str(frame["date"].dt.tz) == "UTC", frame.dtypes
    frame["date"] = frame["date"].dt.strftime("%Y-%m-%d")
    columns = ["symbol", "date", "close", "volume", "venue", "timeframe", "year"]
    return list(frame[columns].itertuples(index=False, name=None))


def main():
    fondaco = str(pathlib.Path(os.environ["FONDACO_BIN"]).resolve())
    with tempfile.TemporaryDirectory() as folder:
        bars = build(fondaco, pathlib.Path(folder))
        wanted, read, missing = expected(), [], []
        for name, reader in [("duckdb", with_duckdb), ("polars", with_polars), ("pandas", with_pandas)]:
            try:
                rows = reader(bars)
            except ImportError:
                missing.append(name)
                continue
            found = sorted((str(symbol), date, close, volume) for symbol, date, close, volume, *_ in rows)
            assert found == wanted, f"{name}: {len(found)} rows, {[it for it in found if it not in wanted][:3]}"
            for symbol, date, _, _, venue, timeframe, year in rows:
                assert (str(venue), str(timeframe), str(year)) == ("test", "1d", date[:4]), (name, symbol, venue)
            print(f"{name}: {len(found)} candles of {len(SYMBOLS)} instruments, as written")
            read.append(name)
    without = f"; not installed: {', '.join(missing)}" if missing else ""
    if not read:
        print(f"skipped{without}")
        sys.exit(77)
    print(f"{', '.join(read)} read {len(wanted)} candles of {len(SYMBOLS)} instruments as written{without}")


main()

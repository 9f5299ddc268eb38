"""NautilusTrader's bar backtest: an order on every bar, and none at all.

usage: nautilus_bars.py CSV [ROWS]

In with a market order on one bar, out on the next. Times are of `engine.run()` only.
"""

import json
import sys
import time
from decimal import Decimal

import pandas as pd
from nautilus_trader.backtest.engine import BacktestEngine, BacktestEngineConfig
from nautilus_trader.config import LoggingConfig
from nautilus_trader.model.currencies import USDT
from nautilus_trader.model.data import BarType
from nautilus_trader.model.enums import AccountType, OmsType, OrderSide
from nautilus_trader.model.identifiers import TraderId, Venue
from nautilus_trader.model.objects import Money, Quantity
from nautilus_trader.persistence.wranglers import BarDataWrangler
from nautilus_trader.test_kit.providers import TestInstrumentProvider
from nautilus_trader.trading.strategy import Strategy
import nautilus_trader


class Alternating(Strategy):
    """Buys when it holds nothing, sells what it holds."""

    def __init__(self, instrument, bar_type, orders):
        super().__init__()
        self.instrument, self.bar_type, self.orders = instrument, bar_type, orders
        self.is_in, self.sent = False, 0

    def on_start(self):
        self.subscribe_bars(self.bar_type)

    def on_bar(self, bar):
        if not self.orders:
            return
        side = OrderSide.SELL if self.is_in else OrderSide.BUY
        self.is_in = not self.is_in
        self.sent += 1
        quantity = Quantity(Decimal("0.01"), self.instrument.size_precision)
        self.submit_order(self.order_factory.market(self.instrument.id, side, quantity))


def run(candles, orders):
    """Seconds, orders sent and filled."""
    engine = BacktestEngine(BacktestEngineConfig(trader_id=TraderId("BENCH-001"), logging=LoggingConfig(bypass_logging=True)))
    engine.add_venue(
        venue=Venue("BINANCE"),
        oms_type=OmsType.NETTING,
        account_type=AccountType.CASH,
        base_currency=None,
        starting_balances=[Money(1_000_000_000, USDT)],
    )
    instrument = TestInstrumentProvider.btcusdt_binance()
    engine.add_instrument(instrument)
    bar_type = BarType.from_str(f"{instrument.id}-1-MINUTE-LAST-EXTERNAL")
    engine.add_data(BarDataWrangler(bar_type, instrument).process(candles))
    strategy = Alternating(instrument, bar_type, orders)
    engine.add_strategy(strategy)
    started = time.perf_counter()
    engine.run()
    seconds = time.perf_counter() - started
    filled = sum(1 for order in engine.cache.orders() if order.is_closed and order.filled_qty > 0)
    engine.dispose()
    return seconds, strategy.sent, filled


def main():
    rows = int(sys.argv[2]) if len(sys.argv) > 2 else None
    candles = pd.read_csv(sys.argv[1], nrows=rows)
    candles.index = pd.to_datetime(candles.pop("time"), unit="ms", utc=True)
    seconds, sent, filled = run(candles, True)
    idle, _, _ = run(candles, False)
    report = {
        "nautilus_trader": nautilus_trader.__version__,
        "bars": len(candles),
        "orders": sent,
        "filled": filled,
        "seconds": seconds,
        "bars_per_second": len(candles) / seconds,
        "idle_seconds": idle,
        "idle_bars_per_second": len(candles) / idle,
    }
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()

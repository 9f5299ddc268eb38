"""A freqtrade strategy whose every parameter comes from a case description.

freqtrade loads this file by path; the description arrives as
`config["case"]["strategy"]` (see README.md for its keys). Signals are either
rules on the candles (`signal.rule`) or seeded random columns.
"""

import sys
from pathlib import Path

from freqtrade.strategy import IStrategy

sys.path.insert(0, str(Path(__file__).parent))
import signals  # noqa: E402


def further_entry(levels, filled, profit, current, first):
    """Stake and tag of the next further entry, or None."""
    if filled >= len(levels):
        return None
    level = levels[filled]
    if not reached(level, profit):
        return None
    basis = first if level.get("of") == "first" else current
    return level["stake"] * basis, level.get("tag", "")


def partial_exit(levels, done, profit, stake):
    """Negative stake and tag of the next partial exit, or None."""
    if done >= len(levels):
        return None
    level = levels[done]
    if not reached(level, profit):
        return None
    return -(stake * level["fraction"]), level.get("tag", "")


def reached(level, profit):
    """Whether a profit ratio is strictly beyond the level's threshold."""
    if "above" in level:
        return profit > level["above"]
    return profit < level["below"]


class CaseStrategy(IStrategy):
    """Rules of one case."""

    INTERFACE_VERSION = 3
    stoploss = -0.99
    minimal_roi = {}
    timeframe = "5m"
    process_only_new_candles = False

    def __init__(self, config):
        rules = config["case"]["strategy"]
        self.rules = rules
        self.timeframe = config["timeframe"]
        self.startup_candle_count = rules["startup"]
        self.can_short = bool(rules.get("can_short", False))
        self.minimal_roi = {str(k): v for k, v in rules.get("roi", {}).items()}
        self.stoploss = rules["stoploss"]
        trailing = rules.get("trailing")
        self.trailing_stop = trailing is not None
        if trailing:
            if "positive" in trailing:
                self.trailing_stop_positive = trailing["positive"]
            self.trailing_stop_positive_offset = trailing.get("offset", 0.0)
            self.trailing_only_offset_is_reached = trailing.get("only_after_offset", False)
        self.use_exit_signal = rules.get("use_exit_signal", True)
        self.exit_profit_only = rules.get("exit_profit_only", False)
        self.exit_profit_offset = rules.get("exit_profit_offset", 0.0)
        self.ignore_roi_if_entry_signal = rules.get("ignore_roi_if_entry_signal", False)
        self.adjust_entries = rules.get("adjust_entry", [])
        self.adjust_exits = rules.get("adjust_exit", [])
        self.position_adjustment_enable = bool(self.adjust_entries or self.adjust_exits)
        self.max_entry_position_adjustment = len(self.adjust_entries)
        self.protections = rules.get("protections", [])
        self.computed = {}
        super().__init__(config)

    def populate_indicators(self, dataframe, metadata):
        return signals.indicators(self.rules["signal"], dataframe)

    def populate_entry_trend(self, dataframe, metadata):
        return self.add(dataframe, metadata["pair"], "enter_")

    def populate_exit_trend(self, dataframe, metadata):
        frame = self.add(dataframe, metadata["pair"], "exit_")
        self.computed[metadata["pair"]] = frame
        return frame

    def add(self, frame, pair, prefix):
        """Adds the rule's columns of one kind: freqtrade clears tags before each kind."""
        made = signals.columns(self.rules["signal"], frame.copy(), pair)
        for name in made.columns:
            if name.startswith(prefix):
                frame[name] = made[name]
        return frame

    def leverage(self, pair, current_time, current_rate, proposed_leverage, max_leverage, entry_tag, side, **kwargs):
        return self.rules.get("leverage", 1.0)

    def adjust_trade_position(self, trade, current_time, current_rate, current_profit, min_stake, max_stake, **kwargs):
        if trade.has_open_orders:
            return None
        off = partial_exit(self.adjust_exits, trade.nr_of_successful_exits, current_profit, trade.stake_amount)
        if off is not None:
            return off
        entries = [o for o in trade.orders if o.ft_order_side == trade.entry_side and not o.ft_is_open and o.filled]
        first = entries[0].stake_amount_filled
        return further_entry(self.adjust_entries, len(entries) - 1, current_profit, trade.stake_amount, first)

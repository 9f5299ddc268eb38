"""Compares a result of ours with a case folder, trade by trade.

usage: compare.py CASE_DIR OUT_DIR [--quiet]

Times, reasons, prices and amounts must be equal, profits within 1e-8. The other
columns are compared too and reported; they do not fail the comparison unless
`--strict` is given. Exit code 0 when equal, 1 when not, 2 when a file is missing.
"""

import argparse
import csv
import sys
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

EXACT_TEXT = ("pair", "exit_reason")
EXACT_FLAG = ("is_short",)
EXACT_TIME = ("open_date", "close_date")
EXACT_NUMBER = ("open_rate", "close_rate", "amount")
CLOSE = {"profit_abs": 1e-8, "profit_ratio": 1e-8}
OTHER_TEXT = ("enter_tag",)
OTHER_NUMBER = {
    "stake_amount": 1e-8,
    "max_stake_amount": 1e-8,
    "fee_open": 0.0,
    "fee_close": 0.0,
    "trade_duration": 0.0,
    "initial_stop_loss_abs": 0.0,
    "stop_loss_abs": 0.0,
    "stop_loss_ratio": 0.0,
    "min_rate": 0.0,
    "max_rate": 0.0,
    "leverage": 0.0,
    "funding_fees": 1e-8,
    "n_orders": 0.0,
    "open_timestamp": 0.0,
    "close_timestamp": 0.0,
}


@dataclass
class Verdict:
    """How a result compares."""

    expected: int = 0
    found: int = 0
    equal: int = 0
    missing: list = field(default_factory=list)
    extra: list = field(default_factory=list)
    different: list = field(default_factory=list)
    other: dict = field(default_factory=dict)
    same_order: bool = True
    worst_profit: float = 0.0

    @property
    def ok(self):
        """Whether every trade agrees."""
        return not (self.missing or self.extra or self.different)


def compare(case_dir, out_dir):
    """The verdict over two `trades.csv`."""
    expected, found = rows(Path(case_dir) / "trades.csv"), rows(Path(out_dir) / "trades.csv")
    verdict = Verdict(len(expected), len(found))
    ours = keyed(found)
    for number, row in enumerate(expected):
        mine = ours.pop(key_of(row, ours), None)
        if mine is None:
            verdict.missing.append((number, row))
            continue
        judge(verdict, number, row, mine)
    verdict.extra = sorted(ours.values(), key=lambda row: moment(row["open_date"]))
    order = [place(row) for row in expected] == [place(row) for row in found]
    verdict.same_order = order
    return verdict


def judge(verdict, number, row, mine):
    """Adds one pair of trades to the verdict."""
    bad = [name for name in EXACT_TEXT if (row[name] or "") != (mine[name] or "")]
    bad += [name for name in EXACT_FLAG if truth(row[name]) != truth(mine[name])]
    bad += [name for name in EXACT_TIME if moment(row[name]) != moment(mine[name])]
    bad += [name for name in EXACT_NUMBER if number_of(row[name]) != number_of(mine[name])]
    for name, tolerance in CLOSE.items():
        distance = abs(number_of(row[name]) - number_of(mine[name]))
        verdict.worst_profit = max(verdict.worst_profit, distance)
        # A sum of decimals rounded to 8 places may sit one ulp beyond the tolerance.
        if distance > tolerance * (1 + 1e-6):
            bad.append(name)
    if bad:
        verdict.different.append((number, row, mine, bad))
    else:
        verdict.equal += 1
    for name in OTHER_TEXT:
        if name in mine and (row[name] or "") != (mine[name] or ""):
            verdict.other.setdefault(name, []).append((number, row[name], mine[name]))
    for name, tolerance in OTHER_NUMBER.items():
        if name in mine and abs(number_of(row[name]) - number_of(mine[name])) > tolerance:
            verdict.other.setdefault(name, []).append((number, row[name], mine[name]))
        elif name not in mine:
            verdict.other.setdefault(name, []).append((number, row[name], "(no column)"))


def rows(path):
    """A trade list as dictionaries."""
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def place(row):
    """What identifies a trade."""
    return row["pair"], moment(row["open_date"]), truth(row["is_short"])


def keyed(found):
    """Trades by place; a second one at the same place gets a number."""
    made = {}
    for row in found:
        count = 0
        while (*place(row), count) in made:
            count += 1
        made[(*place(row), count)] = row
    return made


def key_of(row, remaining):
    """The first remaining key for a trade's place."""
    for count in range(50):
        if (*place(row), count) in remaining:
            return (*place(row), count)
    return None


def moment(text):
    """A time in either common notation."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def truth(text):
    """A flag in either notation."""
    return text.strip().lower() in ("true", "1")


def number_of(text):
    """A number; nothing is not a number."""
    return float(text) if text not in ("", None) else float("nan")


def show(row):
    """A trade in one line."""
    names = ("pair", "is_short", "open_date", "close_date", "open_rate", "close_rate", "amount", "profit_abs", "exit_reason", "stop_loss_abs", "n_orders")
    return " ".join(str(row.get(name, "")) for name in names)


def first_difference(verdict):
    """The trade that differs first in time, with what to look at."""
    found = [(moment(row["open_date"]), "missing", row, None, []) for _, row in verdict.missing]
    found += [(moment(row["open_date"]), "extra", None, row, []) for row in verdict.extra]
    found += [(moment(row["open_date"]), "different", row, mine, bad) for _, row, mine, bad in verdict.different]
    return min(found, key=lambda item: item[0]) if found else None


def report(verdict, candles):
    """Text for people."""
    lines = [
        f"expected {verdict.expected}, found {verdict.found}, equal {verdict.equal}, different {len(verdict.different)}, "
        f"missing {len(verdict.missing)}, extra {len(verdict.extra)}; largest profit distance {verdict.worst_profit:.2e}"
    ]
    if verdict.ok and not verdict.same_order:
        lines.append("the order of the list differs")
    first = first_difference(verdict)
    if first:
        _, kind, expected, ours, bad = first
        lines.append(f"first difference in time: {kind}")
        if expected:
            lines.append(f"  expected: {show(expected)}")
        if ours:
            lines.append(f"  ours:     {show(ours)}")
        lines += [f"    {name}: expected {expected[name]}, ours {ours[name]}" for name in bad]
        lines += candles(expected or ours)
    for name, cases in verdict.other.items():
        number, wanted, got = cases[0]
        lines.append(f"  column {name}: {len(cases)} differ, first at trade {number}: expected {wanted}, ours {got}")
    return "\n".join(lines)


def candles_of(case_dir):
    """Candles around a trade, from the case's signals."""
    import gzip

    def around(row):
        name = row["pair"].replace("/", "_").replace(":", "_")
        path = Path(case_dir) / "signals" / f"{name}.csv.gz"
        if not path.exists():
            return []
        with gzip.open(path, "rt") as file:
            all_lines = file.read().splitlines()
        lines = ["  " + all_lines[0]]
        for label in ("open_date", "close_date"):
            stamp = moment(row[label]).strftime("%Y-%m-%dT%H:%M:%SZ")
            at = [n for n, line in enumerate(all_lines) if line[:20] <= stamp and n]
            if at:
                lines.append(f"  around {label}:")
                lines += ["    " + line for line in all_lines[max(at[-1] - 2, 1) : at[-1] + 2]]
        return lines

    return around


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("case", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--quiet", action="store_true")
    parser.add_argument("--strict", action="store_true")
    options = parser.parse_args()
    for folder in (options.case, options.out):
        if not (folder / "trades.csv").exists():
            print(f"no trades.csv in {folder}")
            return 2
    verdict = compare(options.case, options.out)
    if not options.quiet:
        print(report(verdict, candles_of(options.case)))
    good = verdict.ok and not (options.strict and (verdict.other or not verdict.same_order))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())

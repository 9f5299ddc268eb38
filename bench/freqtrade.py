"""Ten pairs at five minutes in freqtrade and in fondaco, in turns. JSON on stdout.

usage: freqtrade.py --data DIR --fondaco PATH --bench PATH [--repeat N]

Each turn is one freqtrade process and then five of `fondaco backtest run --ephemeral`
and one of the loop alone. Figures are medians; ratios are taken turn by turn.
"""

import argparse
import json
import statistics
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PEER = ROOT / "tests/peers/freqtrade"
sys.path.insert(0, str(PEER))

import bench  # noqa: E402
import freqtrade_python  # noqa: E402

CASES = {"sample": "sample_btc10", "sma_exit": "sma_exit_btc10"}


def turn(python, case_file, command, loop):
    """One measurement of each side."""
    seconds, memory, text = bench.measured([python, str(PEER / "bench.py"), "--inside", str(case_file)])
    theirs = json.loads(text.splitlines()[-1])
    ours = [bench.measured(command) for _ in range(5)]
    walked = json.loads(bench.measured(loop)[2])
    return {
        "freqtrade_loop": theirs["loop_seconds"],
        "freqtrade_process": seconds,
        "freqtrade_kilobytes": memory,
        "candles": theirs["candles"],
        "freqtrade_trades": theirs["trades"],
        "fondaco_loop": walked["loop_seconds"],
        "fondaco_trades": walked["trades"],
        "fondaco_process": statistics.median(run[0] for run in ours),
        "fondaco_kilobytes": max(run[1] for run in ours),
    }


def summary(turns):
    """Medians, and medians of the ratios."""
    middle = lambda values: statistics.median(list(values))  # noqa: E731
    figures = {name: middle(turn[name] for turn in turns) for name in turns[0]}
    for what in ("loop", "process", "kilobytes"):
        figures[f"{what}_ratio"] = middle(turn[f"freqtrade_{what}"] / turn[f"fondaco_{what}"] for turn in turns)
    return figures


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--fondaco", type=Path, required=True)
    parser.add_argument("--bench", type=Path, required=True)
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    python = freqtrade_python.python()
    report = {"freqtrade": freqtrade_python.VERSION}
    for name, strategy in CASES.items():
        with tempfile.TemporaryDirectory() as temporary:
            case = bench.description(name, options.data.resolve())
            case_file, config = Path(temporary) / "case.json", Path(temporary) / "ours.json"
            case_file.write_text(json.dumps(case))
            config.write_text(json.dumps(case["config"]))
            rules = ROOT / f"strategies/golden/{strategy}.toml"
            command = [
                *(options.fondaco, "backtest", "run", "--ephemeral", "--strategy", rules),
                *("--data", options.data, "--freqtrade-config", config),
            ]
            loop = [options.bench, "loop", rules, options.data, config]
            turns = [turn(python, case_file, list(map(str, command)), list(map(str, loop))) for _ in range(options.repeat)]
            report[name] = summary(turns)
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()

"""Fresh cases from made prices, freqtrade and fondaco side by side, compared on the spot.

usage: fresh.py --fondaco PATH [--seed N] [--keep DIR]

Needs nothing but Python: freqtrade is installed into the build folder on the first
run (`freqtrade_python.py`). Says `skipped: why` and ends well where that cannot be had.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import freqtrade_python as environment

HERE = Path(__file__).parent


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fondaco", type=Path, required=True)
    parser.add_argument("--seed", default="fresh")
    parser.add_argument("--keep", type=Path, default=None, help="folder that stays")
    options = parser.parse_args()
    try:
        python = environment.python()
    except environment.Unavailable as reason:
        print(f"skipped: {reason}")
        return 0
    with tempfile.TemporaryDirectory(prefix="fresh-") as temporary:
        folder = options.keep or Path(temporary)
        made = subprocess.run([python, str(HERE / "generate.py"), "--small", "--seed", options.seed, str(folder)])
        if made.returncode != 0:
            print("freqtrade did not run the cases")
            return 1
        judge = [sys.executable, str(HERE / "run_cases.py"), "--fondaco", str(options.fondaco.resolve()), "--out", str(folder / "out"), str(folder)]
        return subprocess.run(judge).returncode


if __name__ == "__main__":
    sys.exit(main())

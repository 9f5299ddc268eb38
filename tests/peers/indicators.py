"""The fixtures of the indicators, computed again with TA-Lib and pandas: nothing may have drifted."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GENERATE = ROOT / "crates/engine/tests/fixtures/indicators/generate.py"

sys.exit(subprocess.run([sys.executable, str(GENERATE), "--check"]).returncode)

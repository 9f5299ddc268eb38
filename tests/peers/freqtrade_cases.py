"""Fresh cases, run by freqtrade and by fondaco on the spot, trade for trade."""

import os
import subprocess
import sys
from pathlib import Path

FRESH = Path(__file__).parent / "freqtrade" / "fresh.py"

# This Python has freqtrade: see requirements.txt.
environment = {"FREQTRADE_PYTHON": sys.executable, **os.environ}
done = subprocess.run([sys.executable, str(FRESH), "--fondaco", os.environ["FONDACO_BIN"]], capture_output=True, text=True, env=environment)
lines = (done.stdout + done.stderr).strip().splitlines() or ["nothing was said"]
print("\n".join(lines))
if lines[-1].startswith("skipped: "):
    sys.exit(77)
sys.exit(done.returncode)

"""A Python with freqtrade in it: found, or installed into the build folder."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

VERSION = "2026.9"
ROOT = Path(__file__).resolve().parents[3]


class Unavailable(Exception):
    """Why there is no freqtrade."""


def python():
    """The interpreter: `FREQTRADE_PYTHON`, an earlier installation, or a new one."""
    named = os.environ.get("FREQTRADE_PYTHON")
    if named:
        if not works(named):
            raise Unavailable(f"FREQTRADE_PYTHON={named} has no freqtrade {VERSION}")
        return named
    folder = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / f"peers/freqtrade-{VERSION}"
    inside = folder / "bin/python"
    if works(inside):
        return str(inside)
    return install(folder, inside)


def install(folder, inside):
    """Makes the virtual environment."""
    base = next((found for found in map(usable, ["python3.13", "python3.12", "python3.11", sys.executable]) if found), None)
    if base is None:
        raise Unavailable("freqtrade needs Python 3.11 or later")
    shutil.rmtree(folder, ignore_errors=True)
    try:
        subprocess.run([base, "-m", "venv", str(folder)], check=True, capture_output=True, text=True, timeout=120)
        pip = [str(inside), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", f"freqtrade=={VERSION}"]
        subprocess.run(pip, check=True, capture_output=True, text=True, timeout=600)
    except subprocess.CalledProcessError as error:
        shutil.rmtree(folder, ignore_errors=True)
        said = (error.stderr or error.stdout or "").strip().splitlines()
        raise Unavailable(f"freqtrade {VERSION} cannot be installed: {said[-1] if said else error}") from error
    except subprocess.TimeoutExpired as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise Unavailable(f"installing freqtrade {VERSION} took too long") from error
    if not works(inside):
        raise Unavailable(f"freqtrade {VERSION} was installed but does not start")
    return str(inside)


def usable(name):
    """A Python that is new enough and starts, or None."""
    path = shutil.which(name)
    check = "import sys, venv; sys.exit(sys.version_info < (3, 11))"
    return path if path and runs([path, "-c", check]) else None


def works(path):
    """Whether an interpreter has the right freqtrade."""
    check = f"import importlib.metadata as m, sys; sys.exit(m.version('freqtrade') != '{VERSION}')"
    return Path(path).exists() and runs([str(path), "-c", check])


def runs(command):
    """Whether a command ends well."""
    try:
        return subprocess.run(command, capture_output=True, timeout=60).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False

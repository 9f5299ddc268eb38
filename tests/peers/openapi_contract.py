"""Schemathesis asks the API everything that its document allows, and much that
it forbids.

Starts FONDACO_BIN in an empty home with a key for every scope, hands the document
of the repository to Schemathesis with its usual checks, and ends with 0 when
nothing was found: no 5xx, no answer that the document does not know, nothing
taken that it forbids, nothing refused that it allows, no way around a key.
"""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading

ROOT = pathlib.Path(__file__).resolve().parents[2]
SEED = "20260131"
SECONDS = os.environ.get("SCHEMATHESIS_SECONDS", "75")
SCOPES = ["read", "run", "halt", "trade", "admin"]


def program():
    """Schemathesis beside the Python that runs this, or anywhere."""
    beside = pathlib.Path(sys.executable).parent / "schemathesis"
    return str(beside) if beside.exists() else shutil.which("schemathesis")


def new_key(fondaco, environment):
    words = [fondaco, "key", "add", "contract", "--output", "json"]
    for scope in SCOPES:
        words += ["--scope", scope]
    told = subprocess.run(words, env=environment, check=True, capture_output=True, text=True)
    return json.loads(told.stdout)["secret"]


def address(server):
    """Where it listens, once it says so."""
    for line in server.stderr:
        found = re.search(r"http://127\.0\.0\.1:\d+", line)
        if found:
            # Whatever else it says is read, so that it can go on.
            threading.Thread(target=server.stderr.read, daemon=True).start()
            return found.group()
    raise SystemExit("the server ended before it listened")


def main():
    tester = program()
    if tester is None:
        print("schemathesis is not installed")
        return 77
    fondaco = os.environ["FONDACO_BIN"]
    with tempfile.TemporaryDirectory() as home:
        environment = dict(os.environ, FONDACO_HOME=home)
        key = new_key(fondaco, environment)
        words = [fondaco, "serve", "--listen", "127.0.0.1:0"]
        server = subprocess.Popen(words, env=environment, stderr=subprocess.PIPE, text=True)
        try:
            return ask(tester, address(server), key, home)
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(timeout=30)


def ask(tester, url, key, home):
    words = [
        tester,
        "--config-file", str(ROOT / "tests/peers/schemathesis.toml"),
        "run", str(ROOT / "openapi/fondaco.json"),
        "--url", url,
        "--header", f"Authorization: Bearer {key}",
        "--seed", SEED,
        "--max-time", SECONDS,
        "--request-timeout", "15",
        # An unread warning is not a finding.
        "--warnings", "off",
    ]
    # It keeps examples where it is started.
    told = subprocess.run(words, cwd=home, capture_output=True, text=True)
    print(told.stdout, told.stderr)
    if told.returncode != 0:
        return 1
    cases = re.search(r"(\d+) generated", told.stdout)
    print(f"{cases.group(1) if cases else 'all'} requests, nothing found")
    return 0


sys.exit(main())

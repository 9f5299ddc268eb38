"""Schemathesis asks the API everything that its document allows, and much that
it forbids.

Starts FONDACO_BIN in an empty home with a key for every scope, puts in a little of
everything, and hands the document of the repository to Schemathesis with its usual
checks. Ends with 0 when nothing was found: no 5xx, no answer that the document
does not know, nothing taken that it forbids, nothing refused that it allows. That
no operation answers without a key, or to a wrong one, is tried here one by one:
whoever brings many wrong ones is told to wait, which Schemathesis takes for a
finding.
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
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "openapi/fondaco.json"
SEED = os.environ.get("SCHEMATHESIS_SEED", "20260131")
SECONDS = os.environ.get("SCHEMATHESIS_SECONDS", "75")
SCOPES = ["read", "run", "trade", "halt", "admin"]
CANDLES = "date,open,high,low,close,volume\n" + "".join(
    f"2025-10-{day:02},{day},{day + 2},{day - 1},{day + 1},{day * 10}\n" for day in range(1, 29)
)


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


def send(method, url, body=None, kind="application/json", key=None):
    """Status and text of an answer."""
    headers = {"Content-Type": kind}
    if key is not None:
        headers["Authorization"] = f"Bearer {key}"
    request = urllib.request.Request(url, data=body, headers=headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode()


def furnish(url, key):
    """A little of everything, so that there is something to look at."""
    def put(method, path, body, kind="application/json"):
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
        status, text = send(method, url + path, body, kind, key)
        if status >= 300:
            raise SystemExit(f"{method} {path}: {status} {text}")

    strategy = (ROOT / "strategies/sma-cross.toml").read_text()
    spec = {"kind": "workflow", "name": "one", "tasks": [{"key": "one", "kind": "noop"}]}
    trigger = {"type": "interval", "every_ms": 3_600_000}
    put("PUT", "/v1/strategies/sma-cross", {"text": strategy})
    put(
        "POST",
        "/v1/data/import?filename=AAPL.csv&venue=desk&timeframe=1d",
        CANDLES.encode(),
        "application/octet-stream",
    )
    put("POST", "/v1/schedules", {"name": "hourly", "trigger": trigger, "spec": spec})
    put("POST", "/v1/runs", {"spec": spec})


def doors(url):
    """Operations that answer without a key, or to a wrong one."""
    found = []
    for path, operations in json.loads(DOCUMENT.read_text())["paths"].items():
        plain = re.sub(r"\{[^}]*\}", "none", path)
        for method, operation in operations.items():
            if not operation["security"]:
                continue
            for key, right in [(None, {401}), ("fdk_wrong_wrong", {401, 429})]:
                status, _ = send(method.upper(), url + plain, b"{}", key=key)
                if status not in right:
                    found.append(f"{method} {path}: {status} to {key}")
    return found


def ask(tester, url, key, home):
    words = [
        tester,
        "--config-file", str(ROOT / "tests/peers/schemathesis.toml"),
        "run", str(DOCUMENT),
        "--url", url,
        "--header", f"Authorization: Bearer {key}",
        "--seed", SEED,
        "--max-time", SECONDS,
        "--request-timeout", "15",
        "--warnings", "off",
    ]
    # It keeps what it found where it is started.
    return subprocess.run(words, cwd=home, capture_output=True, text=True)


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
            url = address(server)
            furnish(url, key)
            told = ask(tester, url, key, home)
            open_doors = doors(url)
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(timeout=30)
    if told.returncode != 0 or open_doors:
        print(told.stdout, told.stderr, *open_doors, sep="\n")
        return 1
    cases = re.search(r"(\d+) generated", told.stdout)
    print(f"{cases.group(1) if cases else 'all'} requests, nothing found")
    return 0


sys.exit(main())

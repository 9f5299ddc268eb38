"""Prometheus' own tool reads what the program says of itself in numbers.

Starts FONDACO_BIN in an empty home, asks for a few things, and hands /metrics to
`promtool check metrics`: names, types, help and units. Ends with 0 when it has
nothing to say.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import urllib.error
import urllib.request


def address(server):
    """Where it listens, once it says so."""
    for line in server.stderr:
        found = re.search(r"http://127\.0\.0\.1:\d+", line)
        if found:
            threading.Thread(target=server.stderr.read, daemon=True).start()
            return found.group()
    raise SystemExit("the server ended before it listened")


def get(url):
    try:
        with urllib.request.urlopen(url, timeout=15) as answer:
            return answer.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.read().decode()


def main():
    if shutil.which("promtool") is None:
        print("promtool is not installed (Debian: prometheus)")
        return 77
    with tempfile.TemporaryDirectory() as home:
        environment = dict(os.environ, FONDACO_HOME=home)
        words = [os.environ["FONDACO_BIN"], "serve", "--listen", "127.0.0.1:0"]
        server = subprocess.Popen(words, env=environment, stderr=subprocess.PIPE, text=True)
        try:
            url = address(server)
            for path in ["/health", "/ready", "/v1/runs", "/v1/runs/none", "/nowhere"]:
                get(url + path)
            metrics = get(url + "/metrics")
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(timeout=30)
    checked = subprocess.run(
        ["promtool", "check", "metrics"], input=metrics, capture_output=True, text=True
    )
    # It tells of what it would have named otherwise, too, and ends with 3.
    if checked.returncode != 0 or checked.stderr:
        print(metrics)
        print(checked.stdout, checked.stderr)
        return 1
    print(f"{metrics.count('# TYPE')} metrics, nothing to say about them")
    return 0


sys.exit(main())

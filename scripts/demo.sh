#!/usr/bin/env bash
# Loads the sample candles, backtests two strategies on them, compares them and
# writes a report of each. Everything lands in out/demo.
#
# It is built without release optimisation: candles and arithmetic are optimised
# in every profile, and the rest compiles in a third of the time.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

command -v cargo >/dev/null || { say "error: cargo is needed: install Rust with rustup; rust-toolchain.toml names the version" >&2; exit 1; }

OUT=out/demo
RANGE=20050301-20130302  # none of the five splits its shares in it
STRATEGIES=(strategies/sma-cross.toml strategies/rsi-reversion.toml)

heading "build"
cargo build --quiet --bin fondaco
fondaco() { say "\$ fondaco $*" >&2; FONDACO_HOME=$OUT/home "$TARGET/debug/fondaco" "$@"; }

rm -rf "$OUT"
mkdir -p "$OUT"

heading "sample candles"
fondaco data import samples/us-daily/stocks.csv.gz --venue us
fondaco data list

results=()
for strategy in "${STRATEGIES[@]}"; do
  name=$(basename "$strategy" .toml)
  heading "backtest: $name"
  fondaco backtest run --strategy "$strategy" --timerange "$RANGE" --out "$OUT/$name"
  results+=("$OUT/$name")
done

heading "side by side"
fondaco backtest compare "${results[@]}"

heading "reports"
for result in "${results[@]}"; do
  page=$OUT/$(basename "$result").html
  fondaco backtest report "$result" --out "$page" >/dev/null
  say "$ROOT/$page"
done

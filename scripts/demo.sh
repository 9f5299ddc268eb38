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
RANGE=20050301-20130302      # none of the four splits its shares in it
PAIRS=AAPL,GOOG,IBM,MSFT     # the fifth has fewer candles than a 200-day average needs
ACCOUNT=(--balance 10000 --stake unlimited --max-open-trades 3)
STRATEGIES=(sma-cross rsi-reversion)

heading "build (the first time takes some minutes)"
cargo build --bin fondaco
fondaco() { printf '\n$ fondaco %s\n' "$*"; FONDACO_HOME=$OUT/home "$TARGET/debug/fondaco" "$@"; }

rm -rf "$OUT"
mkdir -p "$OUT"

heading "sample candles"
fondaco data import samples/us-daily/stocks.csv.gz --venue us
fondaco data check

results=()
for name in "${STRATEGIES[@]}"; do
  heading "backtest: $name"
  fondaco backtest run --strategy "strategies/$name.toml" --pairs "$PAIRS" --timerange "$RANGE" \
    "${ACCOUNT[@]}" --out "$OUT/$name"
  results+=("$OUT/$name")
done

heading "side by side"
fondaco backtest compare "${results[@]}" --html "$OUT/compare.html"

heading "reports, to open in a browser"
for page in "${results[@]/%//report.html}" "$OUT/compare.html"; do
  say "$ROOT/$page"
done

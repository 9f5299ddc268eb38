#!/usr/bin/env bash
# Starts everything with `fondaco up`, submits two backtests over HTTP, follows
# them on the socket, shows what came of them, has a stock analysed by a strategy
# and a debate, lets two models trade a quarter, and leaves the server up for the reader. Everything lands in out/demo; a second call uses the server of the first.
#
# It is built without release optimisation: candles and arithmetic are optimised
# in every profile, and the rest compiles in a third of the time.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

need() { command -v "$1" >/dev/null || { say "error: $1 is needed: $2" >&2; exit 1; }; }
need cargo "install Rust with rustup; rust-toolchain.toml names the version"
need node "install Node.js 18 or newer: it is the client of the socket here"

OUT=out/demo
STRATEGIES=(sma-cross rsi-reversion)
# None of the four splits its shares in these years; the fifth of the samples has
# fewer candles than a 200-day average needs.
ASKED='"pairs": ["AAPL", "GOOG", "IBM", "MSFT"], "timerange": "20050301-20130302", "account": {"balance": 10000, "max_open_trades": 3}'

fondaco() { FONDACO_HOME=$OUT/home "$TARGET/debug/fondaco" "$@"; }
show() { printf '\n$ %s\n' "$*"; "$@"; }

# A field of the JSON that comes in.
field() {
  node -e '
    let text = "";
    process.stdin.on("data", (more) => { text += more; }).on("end", () => {
      console.log(process.argv[1].split(".").reduce((value, name) => value?.[name], JSON.parse(text || "{}")) ?? "");
    });' "$1"
}

# What the server answers. A refusal is shown, and ends the demo.
ask() {
  local method=$1 path=$2 body=${3:-}
  node -e '
    const [method, url, body] = process.argv.slice(1);
    fetch(url, { method, body: body || undefined, headers: body ? { "content-type": "application/json" } : {} })
      .then(async (answer) => { console.log(await answer.text()); process.exitCode = answer.ok ? 0 : 1; })
      .catch((error) => { console.error(`error: ${url}: ${error.cause?.message ?? error.message}`); process.exitCode = 1; });' \
    "$method" "$URL$path" "$body"
}
if command -v curl >/dev/null; then
  ask() {
    local body=() answer
    [ -z "${3:-}" ] || body=(-H 'content-type: application/json' -d "$3")
    answer=$(curl -sS -X "$1" -w '\n%{http_code}' ${body[@]+"${body[@]}"} "$URL$2") || return 1
    say "${answer%$'\n'*}"
    [ "${answer##*$'\n'}" -lt 400 ]
  }
fi

taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# Puts the server up, at the usual ports as far as they are free.
up() {
  local listen=() role port
  for role in control:8000 trading:8001 news:8002 runtime:8003 gateway:8765; do
    port=${role#*:} role=${role%:*}
    if taken "$port"; then
      say "port $port is taken: $role gets another one"
      listen+=(--listen "$role=127.0.0.1:0")
    fi
  done
  show fondaco up -d ${listen[@]+"${listen[@]}"}
}

heading "build (the first time takes some minutes)"
cargo build --bin fondaco
mkdir -p "$OUT"

heading "one program, every role"
status() { { fondaco status --output json 2>/dev/null || true; } | field "processes.0.$1"; }
pid=$(status pid)
if [ -n "$pid" ] && [[ $(readlink "/proc/$pid/exe" 2>/dev/null) == *deleted* ]]; then
  say "what is up was built before: it is replaced"
  show fondaco down
  pid=
fi
if [ -n "$pid" ]; then show fondaco status; else up; fi
URL=http://$(status roles.control)
GATEWAY=$(ask GET /v1/about | field gateway)
seen=$(node scripts/socket.mjs head "$GATEWAY")

heading "two backtests, submitted over HTTP"
runs=()
for name in "${STRATEGIES[@]}"; do
  body="{\"strategy\": \"$name\", $ASKED}"
  printf '\n$ curl %s/v1/backtests -H "content-type: application/json" -d '\''%s'\''\n' "$URL" "$body"
  answer=$(ask POST /v1/backtests "$body") || { say "$answer" >&2; exit 1; }
  say "$answer"
  runs+=("$(field run_id <<<"$answer")")
done

heading "followed on the socket, from number $seen of the feed on"
printf '\n$ node scripts/socket.mjs follow %s %s …\n' "$GATEWAY" "$seen"
node scripts/socket.mjs follow "$GATEWAY" "$seen" "${runs[@]}"

heading "what came of them"
results=()
for run in "${runs[@]}"; do
  shown=$(ask GET "/v1/backtests/$run")
  state=$(field state <<<"$shown")
  [ "$state" = completed ] || { say "error: $run is $state: $(field reason <<<"$shown")" >&2; exit 1; }
  results+=("$(field result.name <<<"$shown")")
done
show fondaco backtest compare "${results[@]}" --html "$OUT/compare.html"

heading "a stock analysed: a strategy and a debate, one decision"
DAY=2012-06-01
show fondaco analyze AAPL --date "$DAY" --strategy strategies/sma-cross.toml --policy log-odds
fondaco report export AAPL "$DAY" --format html --out "$OUT/analysis.html"

heading "two models trade a quarter, day by day"
show fondaco simulate run --start 2012-04-02 --end 2012-06-29 --symbols AAPL,GOOG,IBM,MSFT \
  --model fondaco/rule-based-bold --model fondaco/rule-based-cautious --benchmark AAPL
simulation=$(fondaco simulate list --limit 1 --output json | field simulations.0.run_id)
fondaco simulate report "$simulation" --out "$OUT/simulation.html"

heading "to open in a browser"
say "the page             $URL/"
for at in "${!runs[@]}"; do
  printf '%-20s %s/runs/%s\n' "${STRATEGIES[at]}" "$URL" "${runs[at]}"
  printf '%-20s %s/v1/backtests/%s/report\n' "  its report" "$URL" "${runs[at]}"
done
say "both side by side    $ROOT/$OUT/compare.html"
say "the simulation       $ROOT/$OUT/simulation.html"
say "the analysis         $ROOT/$OUT/analysis.html"
say ""
say "The server stays up. To stop it:"
say "  FONDACO_HOME=$OUT/home $TARGET/debug/fondaco down"

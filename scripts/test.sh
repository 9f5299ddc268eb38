#!/usr/bin/env bash
# Everything, in sections. A section that fails does not stop the next; the
# last line counts, and the exit code tells.
set -uo pipefail
. "$(dirname "$0")/lib.sh"

passed=0 failed=0 skipped=0
report=()

# section NAME COMMAND… : one line in the summary. A command that counts nothing
# itself counts as one check.
section() {
  local name=$1 from=$SECONDS before=$((passed + failed)) ok=true; shift
  heading "$name"
  "$@" || ok=false
  if $ok; then report+=("ok       $name ($((SECONDS - from)) s)")
  else report+=("FAILED   $name ($((SECONDS - from)) s)")
  fi
  [ $((passed + failed)) = "$before" ] || return 0
  if $ok; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
}

# Counts what a test runner printed: `12 passed`, `1 failed`.
count() {
  local log=$1 pattern=$2 sum=0 number
  for number in $(grep -aE "$pattern" "$log" | grep -oE "[0-9]+ $3" | cut -d' ' -f1); do sum=$((sum + number)); done
  echo "$sum"
}

rust_tests() {
  local log=$TARGET/rust-tests.log code
  if cargo nextest --version >/dev/null 2>&1; then
    cargo nextest run --workspace ${CI:+--profile ci} --color never 2>&1 | tee "$log"; code=${PIPESTATUS[0]}
    passed=$((passed + $(count "$log" '^ +Summary' passed)))
    failed=$((failed + $(count "$log" '^ +Summary' failed)))
  else
    say "cargo-nextest is not installed: using cargo test"
    cargo test --workspace --no-fail-fast --lib --bins --tests 2>&1 | tee "$log"; code=${PIPESTATUS[0]}
    passed=$((passed + $(count "$log" '^test result' passed)))
    failed=$((failed + $(count "$log" '^test result' failed)))
  fi
  return "$code"
}

doc_tests() {
  local log=$TARGET/doc-tests.log
  if ! cargo test --quiet --workspace --doc >"$log" 2>&1; then cat "$log"; return 1; fi
  say "$(count "$log" '^test result' passed) examples of the documentation run"
}

# A peer is a script that runs the program and a real program of others on the
# same input. It exits 0, or 77 with its last line saying why it was skipped.
peer() {
  local script=$1 name log=$PEERS/peer.log code
  name=$(basename "$script")
  shift
  "$@" "$script" >"$log" 2>&1; code=$?
  case $code in
    0) passed=$((passed + 1)); say "ok       $name: $(tail -n 1 "$log")" ;;
    77) skipped=$((skipped + 1)); say "skipped: $name: $(tail -n 1 "$log")" ;;
    *) failed=$((failed + 1)); say "FAILED   $name (exit code $code)"; tail -n 40 "$log" | sed 's/^/    /' ;;
  esac
}

peers() {
  local script before=$failed skipped_before=$skipped passed_before=$passed
  for script in tests/peers/*.py; do
    [ -e "$script" ] || continue
    if [ -x "$PEERS_PYTHON" ]; then peer "$script" "$PEERS_PYTHON"
    else skipped=$((skipped + 1)); say "skipped: $(basename "$script"): no Python packages"
    fi
  done
  for script in tests/peers/*.mjs tests/page/page.mjs; do
    [ -e "$script" ] || continue
    if [ -d tests/peers/node_modules ] && command -v chromium >/dev/null; then peer "$script" node
    else skipped=$((skipped + 1)); say "skipped: $(basename "$script"): no Chromium or no Node packages"
    fi
  done
  [ $((failed + skipped + passed)) != $((before + skipped_before + passed_before)) ] || say "skipped: there is no peer yet"
  [ "$failed" = "$before" ]
}

export FONDACO_BIN=$TARGET/debug/fondaco

section "format" cargo fmt --all --check
section "workspace checks" cargo xtask check
section "lints" cargo clippy --workspace --all-targets -- -D warnings
section "tests" rust_tests
section "doc tests" doc_tests
section "peers" peers

heading "summary"
printf '%s\n' "${report[@]}"
say "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]

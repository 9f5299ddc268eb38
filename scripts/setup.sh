#!/usr/bin/env bash
# Installs what the tests need and is not there yet. Says nothing when there is
# nothing to do; what cannot be had is left out, and the tests that need it say
# so.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

missing=()

require() {
  command -v "$1" >/dev/null || { say "error: $1 is needed: $2" >&2; exit 1; }
}

# debian PROGRAM PACKAGE…
debian() {
  local program=$1; shift
  command -v "$program" >/dev/null && return
  say "setup: installing $* from Debian"
  if command -v apt-get >/dev/null \
    && as_root env DEBIAN_FRONTEND=noninteractive sh -c \
      'apt-get update -qq && apt-get install -y -qq --no-install-recommends "$@"' sh "$@" >"$PEERS/apt.log" 2>&1
  then return; fi
  missing+=("$program (Debian: $*; see $PEERS/apt.log)")
}

python_packages() {
  local wanted=$ROOT/tests/peers/requirements.txt stamp=$PEERS/venv/.installed
  [ -e "$wanted" ] || return 0
  cmp -s "$wanted" "$stamp" && return
  say "setup: installing the Python packages of tests/peers/requirements.txt"
  if { [ -x "$PEERS_PYTHON" ] || python3 -m venv "$PEERS/venv"; } >"$PEERS/pip.log" 2>&1 \
    && "$PEERS_PYTHON" -m pip install -q --disable-pip-version-check -r "$wanted" >>"$PEERS/pip.log" 2>&1
  then cp "$wanted" "$stamp"; return; fi
  missing+=("Python packages (see $PEERS/pip.log)")
}

node_packages() {
  local folder=$ROOT/tests/peers
  [ -e "$folder/package.json" ] || return 0
  cmp -s "$folder/package.json" "$folder/node_modules/.installed" && return
  command -v npm >/dev/null || { missing+=("npm"); return; }
  say "setup: installing the Node packages of tests/peers/package.json"
  if npm install --prefix "$folder" --no-package-lock --no-audit --no-fund --ignore-scripts --silent >"$PEERS/npm.log" 2>&1
  then cp "$folder/package.json" "$folder/node_modules/.installed"; return; fi
  missing+=("Node packages (see $PEERS/npm.log)")
}

mkdir -p "$PEERS"
require cargo "install Rust with rustup; rust-toolchain.toml names the version"
debian cc build-essential
debian python3 python3 python3-venv
debian node nodejs npm
debian chromium chromium
debian promtool prometheus
# Its programs are not in the path: the tests start one of their own.
compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || debian initdb postgresql
python_packages
node_packages

for what in ${missing[@]+"${missing[@]}"}; do
  say "setup: could not install $what: tests that need it are skipped"
done

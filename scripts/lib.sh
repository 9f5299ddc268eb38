# Shared by the scripts: where things lie, and how they talk.

cd "$(dirname "${BASH_SOURCE[0]}")/.."
ROOT=$PWD
TARGET=${CARGO_TARGET_DIR:-$ROOT/target}
# Tools of the peer tests, out of the way of cargo's own folders.
PEERS=$TARGET/peers
PEERS_PYTHON=$PEERS/venv/bin/python

say() { printf '%s\n' "$*"; }
heading() { printf '\n== %s\n' "$*"; }

# Runs a command as root, or says why it cannot.
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then sudo "$@"
  else say "not root and no sudo without a password: $*" >&2; return 1
  fi
}

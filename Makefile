# Two commands: `make demo` shows it, `make test` proves it. Both do all their
# set-up on a Debian machine with Rust, Node, Python and apt.

.PHONY: help demo test check fmt reference deny setup

help:
	@echo "make demo       build, start everything, backtest over HTTP, analyse a stock, leave the server up"
	@echo "make test       everything: format, lints, workspace checks, tests, doc tests, peers, the page in Chromium"
	@echo "make check      the quick part of it: format, lints, workspace checks"
	@echo "make fmt        format the source"
	@echo "make reference  write docs/reference from the program"
	@echo "make deny       cargo-deny on the same deny.toml, with advisories"

demo:
	@bash scripts/demo.sh

test: setup
	@bash scripts/test.sh

setup:
	@bash scripts/setup.sh

check:
	cargo fmt --all --check
	cargo xtask check
	cargo clippy --workspace --all-targets -- -D warnings

fmt:
	cargo fmt --all

reference:
	cargo xtask reference

deny:
	@cargo deny --version >/dev/null 2>&1 || { echo "cargo-deny is not installed: cargo install cargo-deny --locked"; exit 1; }
	cargo deny check

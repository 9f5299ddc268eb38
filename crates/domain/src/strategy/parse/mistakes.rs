//! What is said about the mistakes of a strategy file.

use super::parse;
use super::tests::HEAD;

fn shown(text: &str) -> String {
    match parse(text) {
        Ok(_) => "no mistake found".to_owned(),
        Err(error) => error.render("a.toml", text),
    }
}

fn mistake(rest: &str) -> String {
    shown(&format!("{HEAD}{rest}"))
}

fn risk_mistake(rest: &str) -> String {
    mistake(&format!("[risk]\nstoploss = -0.1\n{rest}"))
}

#[test]
fn mistakes_of_the_head() {
    insta::assert_snapshot!(shown("[strategy\n"), @r#"
    error: not valid TOML: unclosed table, expected `]`
     --> a.toml:1:10
      |
    1 | [strategy
      |          ^
    "#);
    insta::assert_snapshot!(shown("[risk]\nstoploss = -0.1\n"), @r#"
    error: the file lacks `strategy`
     --> a.toml:1:1
      |
    1 | [risk]
      | ^
      = hint: write for example `[strategy]`
    "#);
    insta::assert_snapshot!(shown("[strategy]\nname = \"a b\"\ntimeframe = \"5m\"\n"), @r#"
    error: `a b` cannot name a strategy
     --> a.toml:2:8
      |
    2 | name = "a b"
      |        ^^^^^
      = hint: use up to 64 letters, digits, `.`, `_` and `-`, a letter or digit first
    "#);
    insta::assert_snapshot!(shown("[strategy]\nname = \"a\"\ntimeframe = \"5x\"\n"), @r#"
    error: `5x` is not a timeframe: write a number and s, m, h, d or w, such as 5m or 1d
     --> a.toml:3:13
      |
    3 | timeframe = "5x"
      |             ^^^^
    "#);
    insta::assert_snapshot!(shown("[strategy]\nname = \"a\"\ntimeframe = \"5m\"\nversion = \"1\"\n"), @r#"
    error: `strategy.version` is "1": it must be three numbers such as "1.0.0"
     --> a.toml:4:11
      |
    4 | version = "1"
      |           ^^^
    "#);
    insta::assert_snapshot!(shown("[strategy]\nname = \"a\"\ntimeframe = \"5m\"\ndirection = \"up\"\n"), @r#"
    error: `strategy.direction` is "up": it must be "long", "short" or "both"
     --> a.toml:4:13
      |
    4 | direction = "up"
      |             ^^^^
    "#);
    insta::assert_snapshot!(mistake("startup_candles = -5\n"), @r#"
    error: `strategy.startup_candles` is -5: it must be a number of candles, 0 or more
     --> a.toml:4:19
      |
    4 | startup_candles = -5
      |                   ^^
    "#);
    insta::assert_snapshot!(mistake("[rsik]\n"), @r#"
    error: unknown key `rsik` in the file
     --> a.toml:4:2
      |
    4 | [rsik]
      |  ^^^^
      = hint: did you mean `risk`?
    "#);
    insta::assert_snapshot!(mistake("startup_candels = 5\n"), @r#"
    error: unknown key `startup_candels` in [strategy]
     --> a.toml:4:1
      |
    4 | startup_candels = 5
      | ^^^^^^^^^^^^^^^
      = hint: did you mean `startup_candles`?
    "#);
}

#[test]
fn mistakes_of_the_rules() {
    insta::assert_snapshot!(risk_mistake("[params]\nfast = 10\n"), @r#"
    error: `params.fast` is a whole number where a table such as { default = 10, low = 5, high = 30 } is needed
     --> a.toml:7:8
      |
    7 | fast = 10
      |        ^^
    "#);
    insta::assert_snapshot!(risk_mistake("[params]\nclose = { default = 10, low = 5, high = 30 }\n"), @r#"
    error: `close` cannot name a parameter
     --> a.toml:7:1
      |
    7 | close = { default = 10, low = 5, high = 30 }
      | ^^^^^
      = hint: the word has a meaning of its own in expressions; choose another
    "#);
    insta::assert_snapshot!(risk_mistake("[params]\nfast = { default = 40, low = 5, high = 30 }\n"), @r#"
    error: the parameter `fast` has default 40, outside 5 to 30
     --> a.toml:7:20
      |
    7 | fast = { default = 40, low = 5, high = 30 }
      |                    ^^
    "#);
    insta::assert_snapshot!(risk_mistake("[params]\nf = { default = 0.15, low = 0.0, high = 1.0, step = 0.1 }\n"), @r#"
    error: the default 0.15 of `f` is not 0 plus a number of steps of 0.1
     --> a.toml:7:17
      |
    7 | f = { default = 0.15, low = 0.0, high = 1.0, step = 0.1 }
      |                 ^^^^
      = hint: change the default, `low` or `step`; a fraction among whole numbers needs a `step`
    "#);
    insta::assert_snapshot!(risk_mistake("[informative]\nm1 = { timeframe = \"1m\" }\n"), @r#"
    error: `m1` has candles of 1m, shorter than the strategy's 5m
     --> a.toml:7:20
      |
    7 | m1 = { timeframe = "1m" }
      |                    ^^^^
      = hint: use a timeframe that is a multiple of the strategy's
    "#);
    insta::assert_snapshot!(risk_mistake("[informative]\nm1 = { symbol = \"BTC USDT\" }\n"), @r#"
    error: `BTC USDT` is not a symbol: use letters, digits and . - _ ^ = with BASE/QUOTE for a pair and BASE/QUOTE:SETTLE for a swap
     --> a.toml:7:17
      |
    7 | m1 = { symbol = "BTC USDT" }
      |                 ^^^^^^^^^^
    "#);
    insta::assert_snapshot!(risk_mistake("[informative]\nown = {}\n"), @r#"
    error: `informative.own` is {}: it must be another timeframe or another symbol than the strategy's own
     --> a.toml:7:7
      |
    7 | own = {}
      |       ^^
    "#);
    insta::assert_snapshot!(risk_mistake("[indicators]\nma = 5\n"), @r#"
    error: `indicators.ma` is a whole number where a string is needed
     --> a.toml:7:6
      |
    7 | ma = 5
      |      ^
    "#);
    insta::assert_snapshot!(risk_mistake("[entry.short]\nwhen = \"true\"\n"), @r#"
    error: a rule for shorts while the direction is "long"
     --> a.toml:6:1
      |
    6 | [entry.short]
      | ^^^^^^^^^^^^^
      = hint: set direction = "both" in [strategy], or remove the rule
    "#);
    insta::assert_snapshot!(risk_mistake("[entry.long]\ntag = \"x\"\n"), @r#"
    error: [entry.long] lacks `when`
     --> a.toml:6:1
      |
    6 | [entry.long]
      | ^^^^^^^^^^^^
      = hint: write for example `when = "crosses_above(close, sma(close, 20))"`
    "#);
    insta::assert_snapshot!(risk_mistake("[entry.long]\nwhen = \"\"\n"), @r#"
    error: `entry.long.when` is "": it must be an expression
     --> a.toml:7:8
      |
    7 | when = ""
      |        ^^
    "#);
}

#[test]
fn mistakes_of_the_risk() {
    insta::assert_snapshot!(mistake(""), @r#"
    error: the file lacks `risk`
     --> a.toml:1:1
      |
    1 | [strategy]
      | ^
      = hint: write for example `[risk]`
    "#);
    insta::assert_snapshot!(mistake("[risk]\nroi = { \"0\" = 0.1 }\n"), @r#"
    error: [risk] lacks `stoploss`
     --> a.toml:4:1
      |
    4 | [risk]
      | ^^^^^^
      = hint: write for example `stoploss = -0.10`
    "#);
    insta::assert_snapshot!(mistake("[risk]\nstoploss = -1.0\n"), @r#"
    error: `risk.stoploss` is -1.0: it must be above -1 and below 0: -0.1 is a loss of 10 %
     --> a.toml:5:12
      |
    5 | stoploss = -1.0
      |            ^^^^
    "#);
    insta::assert_snapshot!(mistake("[risk]\nstoploss = 0.1\n"), @r#"
    error: `risk.stoploss` is 0.1: it must be above -1 and below 0: -0.1 is a loss of 10 %
     --> a.toml:5:12
      |
    5 | stoploss = 0.1
      |            ^^^
    "#);
    insta::assert_snapshot!(mistake("[risk]\nstoploss = \"10 %\"\n"), @r#"
    error: `risk.stoploss` is a string where a number is needed
     --> a.toml:5:12
      |
    5 | stoploss = "10 %"
      |            ^^^^^^
    "#);
    insta::assert_snapshot!(risk_mistake("stoplos = -0.2\n"), @r#"
    error: unknown key `stoplos` in [risk]
     --> a.toml:6:1
      |
    6 | stoplos = -0.2
      | ^^^^^^^
      = hint: did you mean `stoploss`?
    "#);
}

#[test]
fn mistakes_of_exits_and_sizing() {
    insta::assert_snapshot!(risk_mistake("roi = { \"0\" = 0.04, later = 0.01 }\n"), @r#"
    error: `risk.roi` is "later": it must be keyed by minutes since the entry, such as "30" = 0.02
     --> a.toml:6:21
      |
    6 | roi = { "0" = 0.04, later = 0.01 }
      |                     ^^^^^
    "#);
    insta::assert_snapshot!(risk_mistake("roi = 0.04\n"), @r#"
    error: `risk.roi` is a number where a table is needed
     --> a.toml:6:7
      |
    6 | roi = 0.04
      |       ^^^^
    "#);
    insta::assert_snapshot!(risk_mistake("trailing = { positive = 0.03, offset = 0.02 }\n"), @r#"
    error: the trailing offset 0.02 must exceed the trailing distance 0.03
     --> a.toml:6:40
      |
    6 | trailing = { positive = 0.03, offset = 0.02 }
      |                                        ^^^^
    "#);
    insta::assert_snapshot!(risk_mistake("trailing = true\ntrailing_stop = true\n"), @r#"
    error: `trailing` and `trailing_stop` set the same thing
     --> a.toml:6:12
      |
    6 | trailing = true
      |            ^^^^
      = hint: keep one of them
    "#);
    insta::assert_snapshot!(risk_mistake("leverage = 0.5\n"), @r#"
    error: `risk.leverage` is 0.5: it must be from 1 to 1000
     --> a.toml:6:12
      |
    6 | leverage = 0.5
      |            ^^^
    "#);
    insta::assert_snapshot!(risk_mistake("exit_profit_offset = nan\n"), @r#"
    error: `risk.exit_profit_offset` is nan: it must be a finite number
     --> a.toml:6:22
      |
    6 | exit_profit_offset = nan
      |                      ^^^
    "#);
    insta::assert_snapshot!(risk_mistake("[sizing]\nmax_open_trades = -1\n"), @r#"
    error: an unlimited stake needs a number of slots to divide the balance by
     --> a.toml:7:19
      |
    7 | max_open_trades = -1
      |                   ^^
      = hint: write max_open_trades = 3, or a stake in the quote currency
    "#);
    insta::assert_snapshot!(risk_mistake("[sizing]\nstake = 0\n"), @r#"
    error: `sizing.stake` is 0: it must be an amount above 0 or "unlimited"
     --> a.toml:7:9
      |
    7 | stake = 0
      |         ^
    "#);
}

#[test]
fn mistakes_of_protections_and_adjustment() {
    insta::assert_snapshot!(risk_mistake("[[protections]]\ntype = \"cool\"\n"), @r#"
    error: `protections.type` is "cool": it must be "cooldown", "stoploss_guard", "low_profit_pairs" or "max_drawdown"
     --> a.toml:7:8
      |
    7 | type = "cool"
      |        ^^^^^^
    "#);
    insta::assert_snapshot!(risk_mistake("[[protections]]\nstop = 5\n"), @r#"
    error: [[protections]] lacks `type`
     --> a.toml:6:1
      |
    6 | [[protections]]
      | ^^^^^^^^^^^^^^^
      = hint: write for example `type = "cooldown"`
    "#);
    insta::assert_snapshot!(risk_mistake("[[protections]]\ntype = \"cooldown\"\nstop = 5\nstop_candles = 5\n"), @r#"
    error: `stop` and `stop_candles` set the same thing
     --> a.toml:9:16
      |
    9 | stop_candles = 5
      |                ^
      = hint: keep one of them
    "#);
    insta::assert_snapshot!(risk_mistake("[[protections]]\ntype = \"cooldown\"\nstop = \"30s\"\n"), @r#"
    error: `protections.stop` is "30s": it must be in whole minutes
     --> a.toml:8:8
      |
    8 | stop = "30s"
      |        ^^^^^
    "#);
    insta::assert_snapshot!(risk_mistake("[[protections]]\ntype = \"cooldown\"\ntrade_limit = 5\n"), @r#"
    error: unknown key `trade_limit` in [protections]
     --> a.toml:8:1
      |
    8 | trade_limit = 5
      | ^^^^^^^^^^^
      = hint: known keys here: type, method, lookback, lookback_candles, lookback_period, lookback_period_candles, unlock_at, stop, stop_candles, stop_duration, stop_duration_candles
    "#);
    insta::assert_snapshot!(risk_mistake("[[protections]]\ntype = \"cooldown\"\nunlock_at = \"24:00\"\n"), @r#"
    error: `protections.unlock_at` is "24:00": it must be a time of day such as "17:30"
     --> a.toml:8:13
      |
    8 | unlock_at = "24:00"
      |             ^^^^^^^
    "#);
    insta::assert_snapshot!(risk_mistake("[[adjust.exit]]\nabove = 0.1\nfraction = 1.5\n"), @r#"
    error: `adjust.exit.fraction` is 1.5: it must be above 0 and below 1: a part of the position
     --> a.toml:8:12
      |
    8 | fraction = 1.5
      |            ^^^
    "#);
    insta::assert_snapshot!(risk_mistake("[[adjust.entry]]\nstake = 1.0\n"), @r#"
    error: a level of [adjust] lacks `above` or `below`
     --> a.toml:6:1
      |
    6 | [[adjust.entry]]
      | ^^^^^^^^^^^^^^^^
      = hint: write for example `below = -0.02`
    "#);
    insta::assert_snapshot!(risk_mistake("[[adjust.entry]]\nbelow = -0.1\nabove = 0.1\n"), @r#"
    error: `above` and `below` set the same thing
     --> a.toml:7:9
      |
    7 | below = -0.1
      |         ^^^^
      = hint: keep one of them
    "#);
}

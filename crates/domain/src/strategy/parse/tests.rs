//! What a strategy file may say.

use proptest::prelude::*;

use super::parse;
use crate::strategy::{
    Adjustment, Direction, DrawdownBasis, FurtherEntry, Level, LockEnd, Param, PartialExit,
    Protection, Risk, RoiTable, Side, Sizing, Span, Stake, StakeBasis, Strategy, Trailing,
};

pub(super) const HEAD: &str = "[strategy]\nname = \"a\"\ntimeframe = \"5m\"\n";

fn with(rest: &str) -> Strategy {
    let text = format!("{HEAD}{rest}");
    parse(&text).unwrap_or_else(|error| panic!("{}", error.render("a.toml", &text)))
}

fn with_risk(rest: &str) -> Strategy {
    with(&format!("[risk]\nstoploss = -0.1\n{rest}"))
}

#[test]
fn the_example_of_the_manual() {
    let strategy = parse(
        r#"
[strategy]
name = "sma-cross"
version = "1.0.0"
timeframe = "5m"
startup_candles = 60
direction = "both"

[params]
fast = { default = 10, low = 5, high = 30 }
factor = { default = 1.5, low = 1.0, high = 3.0 }

[informative]
h1 = { timeframe = "1h" }
btc = { symbol = "BTC/USDT", timeframe = "1h" }

[indicators]
fast_ma = "sma(close, $fast)"

[[entry.long]]
when = "fast_ma > close"
tag = "first"

[[entry.long]]
when = '''
close > open
  and volume > 0
'''

[entry.short]
when = "close < open"

[exit.long]
when = "fast_ma < close"

[risk]
stoploss = -0.10
roi = { "30" = 0.02, "0" = 0.04 }
trailing = { positive = 0.01, offset = 0.02, only_after_offset = true }
leverage = 3

[sizing]
stake = 0.05
max_open_trades = 3
"#,
    )
    .unwrap();
    assert_eq!(strategy.direction, Direction::Both);
    assert_eq!(strategy.startup_candles, Some(60));
    assert_eq!(
        strategy.params["fast"],
        Param {
            default: 10.0,
            low: 5.0,
            high: 30.0,
            step: Some(1.0)
        }
    );
    assert_eq!(strategy.params["factor"].step, None);
    assert_eq!(strategy.informative["h1"].symbol, None);
    assert_eq!(
        strategy.informative["btc"]
            .symbol
            .as_ref()
            .unwrap()
            .as_str(),
        "BTC/USDT"
    );
    let places: Vec<_> = strategy
        .entries
        .iter()
        .map(|rule| {
            (
                rule.side,
                rule.tag.as_deref(),
                rule.when.line,
                rule.when.column,
            )
        })
        .collect();
    assert_eq!(
        places,
        [
            (Side::Long, Some("first"), 21, 9),
            (Side::Long, None, 26, 1),
            (Side::Short, None, 31, 9)
        ]
    );
    assert_eq!(strategy.risk.roi.steps(), [(0, 0.04), (30, 0.02)]);
    assert_eq!(
        strategy.risk.trailing,
        Some(Trailing {
            positive: Some(0.01),
            offset: 0.02,
            only_after_offset: true
        })
    );
    assert_eq!(
        strategy.sizing,
        Sizing {
            stake: Stake::Fixed(0.05),
            max_open_trades: Some(3)
        }
    );
    assert!(strategy.require_rules().is_ok());
}

#[test]
fn what_is_left_out_has_freqtrades_defaults() {
    let strategy = with_risk("");
    assert_eq!(
        strategy.risk,
        Risk {
            stoploss: -0.1,
            roi: RoiTable::default(),
            trailing: None,
            use_exit_signal: true,
            exit_profit_only: false,
            exit_profit_offset: 0.0,
            ignore_roi_if_entry_signal: false,
            leverage: 1.0
        }
    );
    assert_eq!(strategy.protections, []);
    assert_eq!(strategy.adjustment, Adjustment::default());
    let bare = with_risk(
        "[[protections]]\nmethod = \"CooldownPeriod\"\n[[protections]]\nmethod = \"StoplossGuard\"\n\
         [[protections]]\nmethod = \"LowProfitPairs\"\n[[protections]]\nmethod = \"MaxDrawdown\"\n",
    );
    let hour = Span::Minutes(60);
    assert_eq!(
        bare.protections,
        [
            Protection::Cooldown {
                lookback: hour,
                stop: LockEnd::After(hour)
            },
            Protection::StoplossGuard {
                lookback: hour,
                trade_limit: 10,
                stop: LockEnd::After(hour),
                only_per_pair: false,
                only_per_side: false,
                required_profit: 0.0
            },
            Protection::LowProfitPairs {
                lookback: hour,
                trade_limit: 1,
                stop: LockEnd::After(hour),
                required_profit: 0.0,
                only_per_side: false
            },
            Protection::MaxDrawdown {
                lookback: hour,
                trade_limit: 1,
                stop: LockEnd::After(hour),
                max_allowed_drawdown: 0.0,
                calculation: DrawdownBasis::Ratios
            },
        ]
    );
}

#[test]
fn lengths_of_protections_in_every_spelling() {
    let cases = [
        ("stop_candles = 6", Span::Candles(6)),
        ("stop_duration_candles = 6", Span::Candles(6)),
        ("stop = 90", Span::Minutes(90)),
        ("stop = \"2h\"", Span::Minutes(120)),
        ("stop_duration = 30", Span::Minutes(30)),
    ]
    .map(|(line, span)| (line, LockEnd::After(span)))
    .into_iter()
    .chain([(
        "unlock_at = \"17:30\"",
        LockEnd::At {
            hour: 17,
            minute: 30,
        },
    )]);
    for (line, stop) in cases {
        let strategy = with_risk(&format!("[[protections]]\ntype = \"cooldown\"\n{line}\n"));
        assert_eq!(
            strategy.protections,
            [Protection::Cooldown {
                lookback: Span::Minutes(60),
                stop
            }],
            "{line}"
        );
    }
}

#[test]
fn trailing_in_both_spellings() {
    let plain = Trailing::default();
    let offset = Trailing {
        positive: Some(0.01),
        offset: 0.02,
        only_after_offset: true,
    };
    let cases = [
        ("trailing = false", None),
        ("trailing = true", Some(plain)),
        ("trailing_stop = true", Some(plain)),
        (
            "trailing = { positive = 0.01, offset = 0.02, only_after_offset = true }",
            Some(offset),
        ),
        (
            "trailing_stop = true\ntrailing_stop_positive = 0.01\n\
             trailing_stop_positive_offset = 0.02\ntrailing_only_offset_is_reached = true",
            Some(offset),
        ),
    ];
    for (lines, expected) in cases {
        assert_eq!(with_risk(lines).risk.trailing, expected, "{lines}");
    }
}

#[test]
fn levels_are_repeated() {
    let strategy = with_risk(
        "[[adjust.entry]]\nbelow = -0.015\ntimes = 2\n[[adjust.entry]]\nbelow = -0.05\nstake = 2\n\
         [adjust.exit]\nabove = 0.015\nfraction = 0.5\ntag = \"half\"\n",
    );
    let entry = |below, stake| FurtherEntry {
        level: Level::Below(below),
        stake,
        of: StakeBasis::Current,
        tag: None,
    };
    assert_eq!(
        strategy.adjustment.entries,
        [entry(-0.015, 1.0), entry(-0.015, 1.0), entry(-0.05, 2.0)]
    );
    assert_eq!(
        strategy.adjustment.exits,
        [PartialExit {
            level: Level::Above(0.015),
            fraction: 0.5,
            tag: Some("half".to_owned())
        }]
    );
}

#[test]
fn slots_without_limit() {
    for value in ["-1", "\"unlimited\""] {
        let strategy = with_risk(&format!(
            "[sizing]\nstake = 100\nmax_open_trades = {value}\n"
        ));
        assert_eq!(strategy.sizing.max_open_trades, None);
    }
}

#[test]
fn layout_does_not_change_the_hash_and_rules_do() {
    let plain = with_risk("[entry.long]\nwhen = \"close > open\"\n");
    let spaced = parse(&format!(
        "# a comment\n{HEAD}[entry.long]\n\nwhen = 'close > open'\n[risk]\nstoploss = -0.100\n"
    ))
    .unwrap();
    assert_eq!(plain.hash(), spaced.hash());
    let other = with_risk("[entry.long]\nwhen = \"close >= open\"\n");
    assert_ne!(plain.hash(), other.hash());
    insta::assert_snapshot!(plain.canonical_json(), @r#"{"name":"a","version":"0.1.0","description":"","timeframe":"5m","startup_candles":null,"direction":"long","params":{},"informative":{},"indicators":{},"entries":[{"side":"long","when":{"source":"close > open"},"tag":null}],"exits":[],"signals_from_files":false,"risk":{"stoploss":-0.1,"roi":{"steps":[]},"trailing":null,"use_exit_signal":true,"exit_profit_only":false,"exit_profit_offset":0.0,"ignore_roi_if_entry_signal":false,"leverage":1.0},"sizing":{"stake":"unlimited","max_open_trades":1},"protections":[],"adjustment":{"entries":[],"exits":[]}}"#);
}

#[test]
fn signals_from_files_need_no_rules() {
    let rules = with_risk("");
    insta::assert_snapshot!(rules.require_rules().unwrap_err(), @"line 1, column 1: the strategy `a` has no entry rule");
    let files = with_risk("[signals]\nfrom = \"files\"\n");
    insta::assert_snapshot!(files.require_rules().unwrap_err(), @"line 1, column 1: the signals of the strategy `a` come from files, and none were given");
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in ".{0,200}") {
        let _ = parse(&text);
    }

    #[test]
    fn no_damage_to_a_file_makes_it_panic(at in 0usize..400, cut in 0usize..40, put in "[\"'=\\[\\]{}\n#a0.é-]{0,4}") {
        let whole = format!(
            "{HEAD}[params]\nf = {{ default = 1, low = 1, high = 2 }}\n[entry.long]\nwhen = '''\nclose > é'''\n\
             [risk]\nstoploss = -0.1\nroi = {{ \"0\" = 0.1 }}\n[[adjust.exit]]\nabove = 0.1\nfraction = 0.5\n"
        );
        let chars: Vec<char> = whole.chars().collect();
        let at = at.min(chars.len());
        let end = (at + cut).min(chars.len());
        let text: String = chars[..at].iter().copied().chain(put.chars()).chain(chars[end..].iter().copied()).collect();
        if let Err(error) = parse(&text) {
            error.render("a.toml", &text);
        }
    }
}

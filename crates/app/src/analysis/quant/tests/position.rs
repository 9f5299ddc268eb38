use fondaco_domain::signal::Direction;
use fondaco_domain::strategy::Side;

use super::*;

fn found(text: &str, closes: &[f64]) -> Found {
    let bars = daily(closes);
    Case::at_the_end_of(&bars).found(text, &bars)
}

/// Long above 10, short below 8, by hand.
#[test]
fn the_position_after_the_signals_of_the_last_candle_is_the_direction() {
    use Direction::{Flat, Long, Short};
    use Side::{Long as L, Short as S};
    for (closes, direction, close, open) in [
        // Nothing ever happened.
        (&[9.0, 9.0, 9.0][..], Flat, None, None),
        // Entered at the open of the next candle.
        (&[9.0, 9.0, 11.0], Long, None, Some(L)),
        (&[9.0, 9.0, 7.0], Short, None, Some(S)),
        // Entered before, and kept.
        (&[9.0, 11.0, 12.0], Long, None, None),
        (&[9.0, 11.0, 12.0, 10.0], Long, None, None),
        (&[9.0, 7.0, 7.0, 8.0], Short, None, None),
        // Left at the open of the next candle.
        (&[9.0, 11.0, 12.0, 9.0], Flat, Some(L), None),
        // Left before.
        (&[9.0, 11.0, 9.0, 8.0], Flat, None, None),
        // From one side to the other at once.
        (&[9.0, 11.0, 11.0, 7.0], Short, Some(L), Some(S)),
        (&[9.0, 7.0, 7.0, 11.0], Long, Some(S), Some(L)),
    ] {
        let found = found(LEVELS, closes);
        assert_eq!(found.signal.direction, direction, "{closes:?}");
        let orders = Orders { close, open };
        assert_eq!(found.orders, orders, "{closes:?}");
    }
}

/// The rule of the first programs of this kind, beside it.
#[test]
fn orders_of_the_last_candle_point_somewhere_too() {
    let of = |closes: &[f64]| i8::from(found(LEVELS, closes).orders.direction());
    assert_eq!(of(&[9.0, 9.0, 11.0]), 1);
    assert_eq!(of(&[9.0, 11.0, 12.0]), 0);
    assert_eq!(of(&[9.0, 11.0, 12.0, 9.0]), -1);
    assert_eq!(of(&[9.0, 7.0, 7.0, 9.0]), 1);
    assert_eq!(of(&[9.0, 11.0, 11.0, 7.0]), -1);
}

#[test]
fn stops_and_targets_end_a_position() {
    // Nothing but the rule at hand ends it: entries wait for a cross.
    let with = |risk: &str| {
        let text = LEVELS.replace("close > 10\"", "crosses_above(close, 10)\"");
        text.replace("close < 10", "close < 0")
            .replace("stoploss = -0.99", risk)
    };
    let closes = [9.0, 9.0, 11.0, 11.0, 9.5, 9.5];
    let of = |risk: &str| found(&with(risk), &closes).signal.direction;
    assert_eq!(of("stoploss = -0.99"), Direction::Long);
    assert_eq!(of("stoploss = -0.10"), Direction::Flat);
    assert_eq!(of("stoploss = -0.20"), Direction::Long);
    let up = [9.0, 9.0, 11.0, 11.0, 13.0, 13.0];
    let of = |risk: &str| found(&with(risk), &up).signal.direction;
    assert_eq!(
        of("stoploss = -0.99\nroi = { \"0\" = 0.15 }"),
        Direction::Flat
    );
    assert_eq!(
        of("stoploss = -0.99\nroi = { \"0\" = 0.25 }"),
        Direction::Long
    );
    // A target that falls with age is reached at the open of the next candle.
    let aged = "stoploss = -0.99\nroi = { \"0\" = 0.25, \"4320\" = 0.1 }";
    assert_eq!(of(aged), Direction::Flat);
}

/// The account is never in the way: neither a price nor a loss is too large.
#[test]
fn money_decides_nothing() {
    let dear = |factor: f64| {
        let text = LEVELS
            .replace("10", &format!("{}", 10.0 * factor))
            .replace("close < 8", &format!("close < {}", 8.0 * factor))
            .replace("close > 8", &format!("close > {}", 8.0 * factor));
        let losing = [9.0, 11.0, 11.0, 9.0].map(|it| it * factor);
        let mut closes: Vec<f64> = losing.iter().copied().cycle().take(700).collect();
        closes.extend([11.0 * factor, 11.5 * factor]);
        found(&text, &closes)
    };
    for factor in [1e-6, 1.0, 1e5] {
        let found = dear(factor);
        assert_eq!(found.signal.direction, Direction::Long, "{factor}");
        assert_eq!(found.record.here.right + found.record.elsewhere.right, 0);
        let held = found.held.unwrap();
        assert!((held.rate / factor - 11.5).abs() < 1e-5, "{held:?}");
    }
}

#[test]
fn a_file_is_told_in_sentences() {
    let said = |closes: &[f64]| found(LEVELS, closes).text();
    insta::assert_snapshot!(said(&[9.0, 9.0, 11.0]), @"levels 1.0.0 goes long (above) on the signals of 2024-01-03. Its confidence is 0: before 2024-01-03 it has no completed long trade to judge it by.");
    insta::assert_snapshot!(said(&[9.0, 11.0, 11.0, 9.0, 8.0]), @"levels 1.0.0 holds nothing after the last candle of 2024-01-05. Its confidence is 0: before 2024-01-05 it has no completed time without a position to judge it by.");
    insta::assert_snapshot!(said(&[9.0, 11.0, 11.0, 12.0, 9.0, 11.0, 12.0, 12.6]), @"levels 1.0.0 is long since 2024-01-07 (above), at +5.0 % after fees by the close of 2024-01-08. Of 1 long trade before 2024-01-08, 0 came out right; there are too few candles to tell the regime. Drawn towards one half, a signal of this direction is right with probability 0.40, no better than a coin: confidence 0.00.");
}

#[test]
fn another_length_of_candles_is_said() {
    let bars = daily(&[9.0, 9.0, 11.0]);
    let text = LEVELS.replace("1d", "5m");
    let found = Case::at_the_end_of(&bars).found(&text, &bars);
    assert!(
        found
            .text()
            .ends_with("written for 5m and were read on 1d.")
    );
    assert_eq!(timeframe(&job(&text)), Some("5m".parse().unwrap()));
}

/// A longer candle of another instrument is seen once it has closed.
#[test]
fn other_sources_are_cut_at_the_clock_too() {
    let bars = daily(&[10.0; 40]);
    let text = LEVELS.replace("close > 10", "w.close > 10")
        + "[informative]\nw = { symbol = \"SPY\", timeframe = \"1w\" }\n";
    let week: Timeframe = "1w".parse().unwrap();
    let weeks = candles(&[9.0, 9.0, 9.0, 9.0, 9.0, 11.0], date(2024, 1, 1), week);
    let mut case = Case::at_the_end_of(&bars);
    case.informative = vec![("w".to_owned(), weeks)];
    assert_eq!(case.found(&text, &bars).signal.direction, Direction::Flat);
    let bars = daily(&[10.0; 42]);
    case.date = bars.time().last().unwrap().date();
    assert_eq!(case.found(&text, &bars).signal.direction, Direction::Long);
}

#[test]
fn splits_are_no_crashes() {
    use fondaco_domain::corporate::Split;
    // Two for one: 12 becomes 6, which is not below 10 in shares of then.
    let bars = daily(&[14.0, 22.0, 24.0, 24.0, 12.0, 12.0]);
    let split: Split = Split {
        date: date(2024, 1, 5),
        to: 2.0,
        from: 1.0,
    };
    let actions = Actions::from_lists(&[split], &[]);
    let case = Case::at_the_end_of(&bars);
    let rules = read(
        Some(&job(&LEVELS.replace("close < 10", "close < 11.5"))),
        Timeframe::DAY,
    );
    let ask = |actions| {
        let question = Question {
            symbol: &case.symbol,
            date: case.date,
            clock: bars.time().last().unwrap().plus(Timeframe::DAY.millis()),
            candles: Candles::Whole(&bars),
            timeframe: Timeframe::DAY,
            calendar: &case.calendar,
            informative: &[],
            actions,
            fee: 0.0,
        };
        rules
            .as_ref()
            .unwrap()
            .at(&question)
            .found
            .unwrap()
            .held
            .unwrap()
    };
    assert!((ask(Some(&actions)).gain - 0.0).abs() < 0.2);
    assert!(ask(None).gain < -0.4);
}

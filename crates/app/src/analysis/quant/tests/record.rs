use fondaco_domain::signal::Direction;

use super::super::regime::Regimes;
use super::*;

fn record(here: (u32, u32), elsewhere: (u32, u32)) -> Record {
    let cases = |(right, all)| Cases { right, all };
    Record {
        regime: None,
        here: cases(here),
        elsewhere: cases(elsewhere),
    }
}

/// By hand from the formula.
#[test]
fn a_record_is_drawn_towards_one_half() {
    for (here, elsewhere, expected) in [
        ((0, 0), (0, 0), 0.5),
        // (1 + 4 · 0.5) / 5.
        ((1, 1), (0, 0), 0.6),
        ((3, 3), (0, 0), 5.0 / 7.0),
        ((0, 3), (0, 0), 2.0 / 7.0),
        // (6 + 2) / (10 + 4): the others alone.
        ((0, 0), (6, 10), 8.0 / 14.0),
        // (3 + 4 · 8 / 14) / (4 + 4).
        ((3, 4), (6, 10), (3.0 + 32.0 / 14.0) / 8.0),
        ((90, 100), (0, 0), 92.0 / 104.0),
    ] {
        let p = record(here, elsewhere).probability();
        assert!((p - expected).abs() < 1e-12, "{here:?} {elsewhere:?}: {p}");
    }
}

#[test]
fn the_confidence_is_what_is_above_a_coin() {
    let of = |rule: &ConfidenceRule, record: &Record| {
        let sure = super::super::sure::of(rule, record).unwrap();
        sure.confidence().get()
    };
    let by_record = |here, elsewhere| of(&ConfidenceRule::Record, &record(here, elsewhere));
    assert_eq!(by_record((0, 0), (0, 0)), 0.0);
    assert!((by_record((1, 1), (0, 0)) - 0.2).abs() < 1e-12);
    assert_eq!(by_record((0, 3), (0, 0)), 0.0);
    let nothing = record((0, 0), (0, 0));
    for (sharpe, best, expected) in [
        (1.0, 2.0, 0.5),
        (2.0, 2.0, 1.0),
        (3.0, 2.0, 1.0),
        (-1.0, 2.0, 0.0),
        (1.0, 0.0, 0.5),
        (0.0, 0.0, 0.5),
        (-1.0, -0.5, 1.0),
    ] {
        let rule = ConfidenceRule::Table { sharpe, best };
        assert_eq!(of(&rule, &nothing), expected, "{sharpe} of {best}");
    }
}

/// Long above 10: 11 → 12 gains, 12 → 9 loses; between them nothing is held.
#[test]
fn cases_are_counted_from_the_history() {
    let rising = [9.0, 11.0, 11.0, 12.0, 9.0, 9.0];
    let falling = [9.0, 12.0, 12.0, 11.0, 9.0, 8.0];
    let count = |record: &Record| {
        assert_eq!(record.here.all, 0, "there are too few candles for a regime");
        (record.elsewhere.right, record.elsewhere.all)
    };
    // Entered at 11 or 12 on the third candle, left at 9 on the sixth.
    let once: Vec<f64> = falling.iter().chain(&[8.0, 11.0, 11.0]).copied().collect();
    let bars = daily(&once);
    let found = Case::at_the_end_of(&bars).found(LEVELS, &bars);
    assert_eq!(count(&found.record), (0, 1));
    assert_eq!(found.signal.confidence.get(), 0.0);
    // One gain: in at 11.5, out at 12.5.
    let text = LEVELS
        .replace("close > 10", "close == 11")
        .replace("close < 10", "close == 12");
    let gained = [9.0, 11.0, 11.5, 12.0, 12.5, 9.0, 11.0, 11.0];
    let bars = daily(&gained);
    let found = Case::at_the_end_of(&bars).found(&text, &bars);
    assert_eq!(count(&found.record), (1, 1));
    assert!((found.signal.confidence.get() - 0.2).abs() < 1e-12);
    // What is held now is not a case of its own.
    let bars = daily(&rising[..4]);
    let found = Case::at_the_end_of(&bars).found(LEVELS, &bars);
    assert_eq!(found.signal.direction, Direction::Long);
    assert_eq!(count(&found.record), (0, 0));
    assert_eq!(found.signal.confidence.get(), 0.0);
    assert!(found.text().contains("no completed long trade"));
}

/// Out at 9, in again at 11: staying out was wrong for who may be long. Out at
/// 9, in again at 8: it was right.
#[test]
fn having_nothing_is_judged_by_what_was_missed() {
    let long_only = LEVELS
        .replace("direction = \"both\"", "direction = \"long\"")
        .replace("[entry.short]\nwhen = \"close < 8\"\ntag = \"below\"\n", "")
        .replace("[exit.short]\nwhen = \"close > 8\"\n", "");
    // Signals on a candle act on the next one's open, which is its close here.
    let missed = [9.0, 11.0, 11.0, 9.0, 9.0, 11.0, 11.0, 9.0, 9.0, 9.0];
    let bars = daily(&missed);
    let found = Case::at_the_end_of(&bars).found(&long_only, &bars);
    assert_eq!(found.signal.direction, Direction::Flat);
    let all = found.record.elsewhere;
    assert_eq!((all.right, all.all), (0, 1));
    assert_eq!(found.signal.confidence.get(), 0.0);

    let fell = long_only.replace("close > 10", "close > 10 or close == 8.5");
    let fell = fell.replace("close < 10", "close < 10 and close != 8.5");
    let spared = [9.0, 11.0, 11.0, 9.0, 9.0, 8.5, 8.5, 9.0, 9.0, 9.0];
    let bars = daily(&spared);
    let found = Case::at_the_end_of(&bars).found(&fell, &bars);
    let all = found.record.elsewhere;
    assert_eq!((all.right, all.all), (1, 1));
    assert!((found.signal.confidence.get() - 0.2).abs() < 1e-12);
}

/// A trade that ends on the day itself was not known before it.
#[test]
fn what_ends_on_the_day_is_no_case() {
    // In on the third candle, out on the fifth, in again on the sixth.
    let text = LEVELS
        .replace("close > 10", "close == 11")
        .replace("close < 10", "close == 12");
    let closes = [9.0, 11.0, 11.0, 12.0, 11.0, 11.0, 11.0];
    let cases = |rows: usize| {
        let bars = daily(&closes[..rows]);
        Case::at_the_end_of(&bars)
            .found(&text, &bars)
            .record
            .elsewhere
            .all
    };
    assert_eq!([cases(4), cases(5), cases(6)], [0, 0, 1]);
}

#[test]
fn regimes_are_ranks_among_what_came_before() {
    use Tercile::{High, Low, Middle};
    // It rises faster and faster, then falls faster and faster.
    let rising: Vec<f64> = (0..200).map(|n| 100.0 + f64::from(n * n)).collect();
    let falling = rising.iter().rev().copied();
    let closes: Vec<f64> = rising.iter().copied().chain(falling).collect();
    let regimes = Regimes::of(&daily(&closes));
    // 60 measures of a trend of 60 candles need 120 candles.
    assert_eq!(regimes.at(118), None);
    assert!(regimes.at(119).is_some());
    assert_eq!(regimes.at(399).map(|it| it.trend), Some(Low));
    // Alternating by 1 % for long, then by 5 %: restless.
    let step = |n: usize| if n < 300 { 1.01 } else { 1.05 };
    let closes: Vec<f64> = (0..330)
        .map(|n| if n % 2 == 0 { 100.0 } else { 100.0 * step(n) })
        .collect();
    let regimes = Regimes::of(&daily(&closes));
    assert_eq!(regimes.at(299).map(|it| it.volatility), Some(Middle));
    assert_eq!(regimes.at(329).map(|it| it.volatility), Some(High));
    // Later candles change nothing.
    let shorter = Regimes::of(&daily(&closes[..310]));
    assert_eq!(shorter.at(305), regimes.at(305));
}

/// Whatever the true chances of signals are, among those that are given a
/// probability about that share comes out right.
#[test]
fn probabilities_are_calibrated() {
    // A generator of Lehmer's, so that the draws are the same everywhere.
    let mut state = 42_u64;
    let mut draw = move || {
        state = state * 48_271 % 2_147_483_647;
        state as f64 / 2_147_483_647.0
    };
    let mut bins = [(0.0, 0.0, 0.0); 10];
    for _ in 0..40_000 {
        // Beta(2, 2): the middle one of three draws.
        let mut three = [draw(), draw(), draw()];
        three.sort_by(f64::total_cmp);
        let chance = three[1];
        let all = (draw() * 40.0) as u32;
        let right = (0..all).filter(|_| draw() < chance).count() as u32;
        let p = record((0, 0), (right, all)).probability();
        let bin = &mut bins[(p * 10.0) as usize];
        *bin = (bin.0 + p, bin.1 + f64::from(draw() < chance), bin.2 + 1.0);
    }
    for (said, came, count) in bins.into_iter().filter(|bin| bin.2 > 500.0) {
        let apart = (said / count - came / count).abs();
        // Four standard errors of a share.
        assert!(
            apart < 4.0 * 0.5 / f64::sqrt(count),
            "{said} {came} {count}"
        );
    }
}

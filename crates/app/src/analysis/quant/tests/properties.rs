use fondaco_domain::signal::Lane;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::Strategy;

use super::*;

/// Both ways by the same rule, without anything that knows up from down.
const SYMMETRIC: &str = r#"
[strategy]
name = "symmetric"
timeframe = "1d"
direction = "both"
[entry.long]
when = "close > shift(close, 3)"
[exit.long]
when = "close < shift(close, 3)"
[entry.short]
when = "close < shift(close, 3)"
[exit.short]
when = "close > shift(close, 3)"
[risk]
stoploss = -0.99
"#;

const REVERSION: &str = r#"
[strategy]
name = "reversion"
timeframe = "1d"
[indicators]
bands = "bollinger(close, 20, 1)"
[entry.long]
when = "close < bands.lower"
[exit.long]
when = "close > bands.upper"
[risk]
stoploss = -0.05
roi = { "0" = 0.15 }
"#;

/// Steps of a price in per cent.
fn steps(count: std::ops::Range<usize>) -> impl Strategy<Value = Vec<f64>> {
    vec(
        (-40..=40_i32).prop_map(|step| f64::from(step) / 10.0 + 0.013),
        count,
    )
}

fn prices(steps: &[f64]) -> Vec<f64> {
    let mut price = 100.0;
    steps
        .iter()
        .map(|step| {
            price *= 1.0 + step / 100.0;
            price
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Candles after the day, whatever they are, change nothing.
    #[test]
    fn the_future_changes_nothing(
        past in steps(40..260),
        future in vec(1e-3..1e6_f64, 1..40),
        reversion in any::<bool>(),
    ) {
        let text = if reversion { REVERSION } else { SYMMETRIC };
        let known = prices(&past);
        let poisoned: Vec<f64> = known.iter().copied().chain(future).collect();
        let bars = daily(&known);
        let case = Case::at_the_end_of(&bars);
        let alone = case.ask(&job(text), Candles::Whole(&bars));
        let with = case.ask(&job(text), Candles::Whole(&daily(&poisoned)));
        prop_assert!(alone.found.is_some());
        prop_assert_eq!(alone, with);
    }

    #[test]
    fn a_confidence_is_within_bounds_and_follows_its_cases(past in steps(40..400)) {
        let bars = daily(&prices(&past));
        for text in [REVERSION, SYMMETRIC] {
            let found = Case::at_the_end_of(&bars).found(text, &bars);
            let confidence = found.signal.confidence.get();
            prop_assert!((0.0..1.0).contains(&confidence));
            let record = &found.record;
            for cases in [record.here, record.elsewhere] {
                prop_assert!(cases.right <= cases.all);
            }
            if record.is_empty() {
                prop_assert_eq!(confidence, 0.0);
            }
            // One case speaks softly, however it came out.
            let all = f64::from(record.here.all + record.elsewhere.all);
            prop_assert!(confidence <= all / (all + 4.0) + 1e-12);
            prop_assert_eq!(Some(Lane::Signal(found.signal)), Some(
                Case::at_the_end_of(&bars).ask(&job(text), Candles::Whole(&bars)).lane
            ));
        }
    }

    /// Prices turned upside down turn the direction round and leave the record
    /// as it was.
    #[test]
    fn mirrored_prices_mirror_the_lane(past in steps(10..200)) {
        let straight = prices(&past);
        let mirror: Vec<f64> = straight.iter().map(|price| 10_000.0 / price).collect();
        // Within what a short can lose before it is closed by force.
        let (low, high) = straight.iter().fold((f64::MAX, 0.0_f64), |(low, high), price| {
            (low.min(*price), high.max(*price))
        });
        prop_assume!(high / low < 1.8);
        let found = |closes: &[f64]| {
            let bars = daily(closes);
            Case::at_the_end_of(&bars).found(SYMMETRIC, &bars)
        };
        let (straight, mirror) = (found(&straight), found(&mirror));
        prop_assert_eq!(mirror.signal.direction, straight.signal.direction.reversed());
        prop_assert_eq!(mirror.record.here.all, straight.record.here.all);
        prop_assert_eq!(mirror.record.elsewhere.all, straight.record.elsewhere.all);
    }

    /// Better outcomes never make it less sure.
    #[test]
    fn more_right_ones_never_make_it_less_sure(
        here in (0..40_u32, 0..40_u32),
        elsewhere in (0..200_u32, 0..200_u32),
    ) {
        let record = |here: (u32, u32), elsewhere: (u32, u32)| Record {
            regime: None,
            here: Cases { right: here.0, all: here.0 + here.1 },
            elsewhere: Cases { right: elsewhere.0, all: elsewhere.0 + elsewhere.1 },
        };
        let p = record(here, elsewhere).probability();
        prop_assert!(p > 0.0 && p < 1.0);
        if here.1 > 0 {
            prop_assert!(record((here.0 + 1, here.1 - 1), elsewhere).probability() > p);
        }
        if elsewhere.1 > 0 {
            let more = (elsewhere.0 + 1, elsewhere.1 - 1);
            prop_assert!(record(here, more).probability() > p);
        }
    }
}

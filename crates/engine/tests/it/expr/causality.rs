//! No expression sees the future, and no text makes the parser panic.

use fondaco_domain::{Bar, Bars, UnixMillis};
use fondaco_engine::expr::{Inputs, NamedColumn, ParamValues, check, compile};
use fondaco_engine::indicators::registry::{Indicator, ParamKind, all};
use proptest::prelude::*;

use super::{FIVE_MINUTES, strategy};

/// A random expression that gives numbers.
fn number() -> BoxedStrategy<String> {
    let leaf = prop_oneof![
        prop::sample::select(vec![
            "open", "high", "low", "close", "volume", "q.close", "q.volume"
        ])
        .prop_map(str::to_owned),
        (-50i32..50).prop_map(|n| format!("{n}")),
        prop::sample::select(vec!["hour()", "minute()", "day_of_week()", "q.hour()"])
            .prop_map(str::to_owned),
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        let columns = (inner.clone(), inner.clone());
        let condition = (
            inner.clone(),
            prop::sample::select(vec!["<", "<=", ">", ">=", "==", "!="]),
            inner.clone(),
        )
            .prop_map(|(a, op, b)| format!("({a} {op} {b})"));
        prop_oneof![
            (
                columns.clone(),
                prop::sample::select(vec!["+", "-", "*", "/"])
            )
                .prop_map(|((a, b), op)| format!("({a} {op} {b})")),
            (columns, prop::sample::select(vec!["min", "max"]))
                .prop_map(|((a, b), f)| format!("{f}({a}, {b})")),
            (
                inner.clone(),
                prop::sample::select(vec!["abs", "sqrt", "log", "sign", "round", "nz", "base"])
            )
                .prop_map(|(a, f)| format!("{f}(close + {a})")),
            (inner.clone(), 0u32..6).prop_map(|(a, n)| format!("shift(close + {a}, {n})")),
            (
                inner.clone(),
                prop::sample::select(vec!["highest", "lowest"]),
                1u32..8
            )
                .prop_map(|(a, f, n)| format!("{f}(q.low + {a}, {n})")),
            (condition.clone(), 1u32..6).prop_map(|(c, n)| format!("count({c}, {n})")),
            condition.clone().prop_map(|c| format!("barssince({c})")),
            (condition.clone(), inner.clone()).prop_map(|(c, a)| format!("valuewhen({c}, {a})")),
            (condition, inner.clone(), inner.clone())
                .prop_map(|(c, a, b)| format!("where({c}, {a}, {b})")),
            (indicator(), inner).prop_map(|(call, a)| call.replace('@', &format!("(close + {a})"))),
        ]
    })
    .boxed()
}

/// A random call of a random indicator, its series still `@`.
fn indicator() -> impl Strategy<Value = String> {
    let indicators: Vec<&'static Indicator> = all().collect();
    (
        prop::sample::select(indicators),
        any::<bool>(),
        any::<prop::sample::Index>(),
    )
        .prop_map(|(indicator, numbers, output)| {
            let series = indicator
                .inputs
                .iter()
                .filter(|input| input.is_series())
                .map(|_| "@".to_owned());
            // The smallest numbers allowed, so that short histories give values.
            let small = indicator
                .params
                .iter()
                .filter(|_| numbers)
                .map(|param| match param.kind {
                    ParamKind::Integer => {
                        format!("{}", param.default.min(param.min + 3.0).min(param.max))
                    }
                    ParamKind::Real => format!("{}", param.default),
                });
            let arguments: Vec<String> = series.chain(small).collect();
            let call = format!("{}({})", indicator.name, arguments.join(", "));
            if indicator.outputs.len() == 1 {
                return call;
            }
            format!(
                "{call}.{}",
                indicator.outputs[output.index(indicator.outputs.len())]
            )
        })
}

/// A random expression that gives truths.
fn condition() -> impl Strategy<Value = String> {
    let compare = (
        number(),
        prop::sample::select(vec!["<", ">", "!="]),
        number(),
    )
        .prop_map(|(a, op, b)| format!("({a} {op} {b})"));
    let cross = (
        number(),
        prop::sample::select(vec!["crosses_above", "crosses_below"]),
        number(),
    )
        .prop_map(|(a, f, b)| format!("{f}({a}, {b})"));
    let run = (
        number(),
        prop::sample::select(vec!["rising", "falling"]),
        1u32..4,
    )
        .prop_map(|(a, f, n)| format!("{f}(close + {a}, {n})"));
    let leaf = prop_oneof![compare, cross, run];
    leaf.prop_recursive(3, 6, 2, |inner| {
        prop_oneof![
            (
                inner.clone(),
                prop::sample::select(vec!["and", "or"]),
                inner.clone()
            )
                .prop_map(|(a, op, b)| format!("({a} {op} {b})")),
            inner.clone().prop_map(|a| format!("not {a}")),
            (inner.clone(), 0u32..4).prop_map(|(a, n)| format!("shift({a}, {n})")),
            (inner, prop::sample::select(vec!["any", "all"]), 1u32..4)
                .prop_map(|(a, f, n)| format!("{f}({a}, {n})")),
        ]
    })
}

/// Random candles, now and then with a gap in time.
fn bars(millis: i64, rows: std::ops::Range<usize>) -> impl Strategy<Value = Bars> {
    prop::collection::vec((1i32..200, 0i32..20, 0i32..20, 0i32..50, 0u8..20), rows).prop_map(
        move |rows| {
            let mut time = 0;
            Bars::from_rows(rows.into_iter().map(|(open, up, down, volume, gap)| {
                time += if gap == 0 { 5 * millis } else { millis };
                let (open, up, down) = (f64::from(open), f64::from(up), f64::from(down));
                Bar {
                    time: UnixMillis(time),
                    open,
                    high: open + up,
                    low: open - down * 0.5,
                    close: open + up * 0.5 - down * 0.25,
                    volume: f64::from(volume),
                }
            }))
            .unwrap()
        },
    )
}

fn bits(column: &NamedColumn, rows: usize) -> Vec<u64> {
    match column {
        // Every NaN is the same "unknown".
        NamedColumn::Numbers(numbers) => numbers[..rows]
            .iter()
            .map(|x| if x.is_nan() { u64::MAX } else { x.to_bits() })
            .collect(),
        NamedColumn::Conditions(truths) => truths[..rows].iter().map(|&t| u64::from(t)).collect(),
    }
}

/// What is known of another source when the last of some base candles closes.
fn known(quarter: &Bars, base: &Bars) -> Bars {
    let close = base.time()[base.len() - 1].0 + FIVE_MINUTES;
    let closed = quarter
        .time()
        .iter()
        .take_while(|open| open.0 + 3 * FIVE_MINUTES <= close)
        .count();
    quarter.slice(0..closed)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_past_does_not_change_when_time_goes_on(
        number in number(),
        condition in condition(),
        base in bars(FIVE_MINUTES, 2..120),
        quarter in bars(3 * FIVE_MINUTES, 0..50),
        cut in any::<prop::sample::Index>(),
    ) {
        let strategy = strategy(&format!(
            "[informative]\nq = {{ timeframe = \"15m\" }}\n[indicators]\nx = \"{number}\"\nc = \"{condition}\"\n"
        ));
        // Fixed calculations without a result are refused, which is fine here.
        let Ok(program) = compile(&strategy, &ParamValues::default()) else {
            return Ok(());
        };
        let rows = cut.index(base.len() - 1) + 1;
        let whole = program.columns(&Inputs::new(&base).with("q", &quarter)).unwrap();
        let past = base.slice(0..rows);
        let past_quarter = known(&quarter, &past);
        let prefix = program.columns(&Inputs::new(&past).with("q", &past_quarter)).unwrap();
        for name in program.column_names() {
            prop_assert_eq!(bits(&whole[name], rows), bits(&prefix[name], rows), "{}", name);
        }
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in "[^\"\\\\\\p{C}]{1,80}") {
        diagnose(&text);
    }

    #[test]
    fn no_shuffled_words_make_the_parser_panic(
        words in prop::collection::vec(prop::sample::select(vec![
            "close", "q", "sma", "(", ")", ",", ".", "$n", "$", "1", "2.5", "1e9", "-", "not", "and", "or", "<", ">=",
            "==", "shift", "macd", "highest", "true", "where", "+", "*", "/", "é", "#", "base", "x",
        ]), 1..40),
    ) {
        diagnose(&words.concat());
        diagnose(&words.join(" "));
    }
}

/// Every mistake must also have a place that can be shown.
fn diagnose(expression: &str) {
    let text = format!(
        "[strategy]\nname = \"a\"\ntimeframe = \"5m\"\n[risk]\nstoploss = -0.1\n\
         [params]\nn = {{ default = 3, low = 1, high = 9 }}\n[informative]\nq = {{ timeframe = \"15m\" }}\n\
         [indicators]\nx = \"{expression}\"\n[entry.long]\nwhen = \"{expression}\"\n"
    );
    let Ok(strategy) = fondaco_domain::strategy::parse(&text) else {
        return;
    };
    if let Err(errors) = check(&strategy, &ParamValues::defaults(&strategy)) {
        assert!(!errors.is_empty());
        for error in errors {
            assert!(error.render("a.toml", &text).contains('^'));
        }
    }
}

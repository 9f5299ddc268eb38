//! A plan against sources that give, refuse and fail.

use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use fondaco_contract::v1alpha1::simulation::{Completeness, SimDate};
use fondaco_domain::task::SkipReason;
use fondaco_domain::{Hint, Timeframe};

use super::super::*;
use super::fakes::{Bench, Book, Hours, Shelf, Source, bars, limited, server, steps, symbol, told};

const DAYS: &str = "2025-10-08 2025-10-09 2025-10-10";

#[test]
fn everything_comes_once() {
    let bench = Bench::of(Source::of(DAYS));
    let first = bench.run(DAYS, "A B C");
    assert_eq!(told(&first), "A:+3 B:+3 C:+3");
    assert_eq!(first.ended, Ended::Done);
    assert!(first.warnings().is_empty());
    let second = bench.run(DAYS, "A B C");
    assert!(second.symbols.is_empty());
    assert_eq!(bench.source.asked(), ["A", "B", "C"]);
}

#[test]
fn the_first_answer_that_it_is_enough_ends_it() {
    let bench = Bench::of(Source::of(DAYS).saying("C", [limited()]));
    let outcome = bench.run(DAYS, "A B C D");
    assert_eq!(told(&outcome), "A:+3 B:+3 C:- D:-");
    assert_eq!(bench.source.asked(), ["A", "B", "C"]);
    assert_eq!(
        outcome.warnings(),
        ["Rate limit reached - downloaded 2/4 symbols"]
    );
    assert!(bench.hours.waits().is_empty(), "it must not be tried again");
    // What would have been complete is late, nothing else is.
    let after = bench.availability(&format!("{DAYS} 2025-10-11"), "A B C D");
    let reason = |day: &str| {
        let step: SimDate = day.parse().unwrap();
        after.reason(step, Completeness::AllSymbols, &outcome.unreached())
    };
    assert_eq!(reason("2025-10-08"), Some(SkipReason::RateLimited));
    assert_eq!(reason("2025-10-11"), Some(SkipReason::IncompletePriceData));
    // The rest is asked for when it is run again.
    assert_eq!(told(&bench.run(DAYS, "A B C D")), "C:+3 D:+3");
}

#[test]
fn a_day_that_another_symbol_lacks_is_not_late_but_incomplete() {
    let unknown = SourceError::UnknownSymbol {
        source_name: "source".to_owned(),
        symbol: symbol("A"),
        said: "no".to_owned(),
    };
    let source = Source::of(DAYS)
        .saying("A", [unknown])
        .saying("B", [limited()]);
    let bench = Bench::of(source);
    let outcome = bench.run(DAYS, "A B");
    assert_eq!(told(&outcome), "A:unknown_symbol B:-");
    assert_eq!(
        outcome.warnings(),
        [
            "Rate limit reached - downloaded 0/2 symbols",
            "1 symbols failed to download"
        ]
    );
    let after = bench.availability(DAYS, "A B");
    assert_eq!(
        after.reason(
            steps(DAYS)[0],
            Completeness::AllSymbols,
            &outcome.unreached()
        ),
        Some(SkipReason::IncompletePriceData)
    );
}

#[test]
fn passing_failures_are_tried_three_times_more() {
    let errors = |n: u16| (0..n).map(|it| server(500 + it)).collect::<Vec<_>>();
    let bench = Bench::of(Source::of(DAYS).saying("A", errors(3)));
    assert_eq!(told(&bench.run(DAYS, "A")), "A:+3");
    assert_eq!(bench.hours.waits(), [2.0, 4.0, 8.0]);

    let bench = Bench::of(Source::of(DAYS).saying("A", errors(4)));
    let outcome = bench.run(DAYS, "A B");
    assert_eq!(told(&outcome), "A:server B:+3");
    assert_eq!(bench.source.asked(), ["A", "A", "A", "A", "B"]);
    assert_eq!(outcome.warnings(), ["1 symbols failed to download"]);
}

#[test]
fn what_would_fail_in_the_same_way_is_not_tried_again() {
    let name = || "source".to_owned();
    let said = || "no".to_owned();
    for (error, word) in [
        (
            SourceError::Premium {
                source_name: name(),
                said: said(),
            },
            "premium",
        ),
        (
            SourceError::Malformed {
                source_name: name(),
                problem: said(),
            },
            "malformed",
        ),
        (
            SourceError::WrongSymbol {
                source_name: name(),
                symbol: symbol("A"),
                found: said(),
            },
            "wrong_symbol",
        ),
        (
            SourceError::Empty {
                source_name: name(),
                symbol: symbol("A"),
            },
            "empty",
        ),
        (
            SourceError::Redirected {
                source_name: name(),
                host: said(),
            },
            "redirected",
        ),
        (
            SourceError::Refused {
                source_name: name(),
                status: 404,
            },
            "refused",
        ),
    ] {
        let bench = Bench::of(Source::of(DAYS).saying("A", [error]));
        assert_eq!(told(&bench.run(DAYS, "A B")), format!("A:{word} B:+3"));
        assert_eq!(bench.source.asked(), ["A", "B"], "{word}");
        assert!(bench.hours.waits().is_empty(), "{word}");
    }
}

#[test]
fn a_wrong_key_is_said_once_to_the_source_and_of_every_symbol() {
    let key = SourceError::Key {
        source_name: "source".to_owned(),
        said: "no".to_owned(),
    };
    let bench = Bench::of(Source::of(DAYS).saying("A", [key]));
    let outcome = bench.run(DAYS, "A B C");
    assert_eq!(told(&outcome), "A:key B:key C:key");
    assert_eq!(bench.source.asked(), ["A"]);
    assert_eq!(outcome.warnings(), ["3 symbols failed to download"]);
}

#[test]
fn a_source_that_is_down_is_given_up() {
    let down = || (0..4).map(|_| server(503)).collect::<Vec<_>>();
    let source = ["A", "B", "C"]
        .into_iter()
        .fold(Source::of(DAYS), |source, name| source.saying(name, down()));
    let bench = Bench::of(source);
    let outcome = bench.run(DAYS, "A B C D E");
    assert_eq!(
        told(&outcome),
        "A:server B:server C:server D:server E:server"
    );
    assert_eq!(bench.source.asked().len(), 12);
}

#[test]
fn a_minute_is_waited_for_and_a_day_is_not() {
    let bench = Bench {
        rules: DownloadRules {
            budget: Budget {
                per_minute: 2,
                per_day: 4,
            },
            ..DownloadRules::default()
        },
        ..Bench::of(Source::of(DAYS))
    };
    let outcome = bench.run(DAYS, "A B C D E F");
    assert_eq!(told(&outcome), "A:+3 B:+3 C:+3 D:+3 E:- F:-");
    assert_eq!(bench.hours.waits(), [60.0]);
    assert_eq!(
        outcome.warnings(),
        ["Rate limit reached - downloaded 4/6 symbols"]
    );
    assert_eq!(
        outcome.ended,
        Ended::RateLimited {
            said: "the 4 questions of 24 hours are spent".to_owned()
        }
    );
    bench.hours.pass(Duration::from_hours(24));
    assert_eq!(told(&bench.run(DAYS, "A B C D E F")), "E:+3 F:+3");
}

#[test]
fn tries_count_as_questions() {
    let bench = Bench {
        rules: DownloadRules {
            budget: Budget {
                per_minute: 0,
                per_day: 2,
            },
            ..DownloadRules::default()
        },
        ..Bench::of(Source::of(DAYS).saying("A", (0..3).map(|_| server(500))))
    };
    assert_eq!(told(&bench.run(DAYS, "A B")), "A:- B:-");
    assert_eq!(bench.source.asked(), ["A", "A"]);
}

#[test]
fn what_the_source_does_not_have_is_not_asked_for_again_at_once() {
    // It has two of three days.
    let bench = Bench::of(Source::of("2025-10-08 2025-10-09"));
    let first = bench.run(DAYS, "A");
    assert_eq!(told(&first), "A:+2");
    assert_eq!(first.symbols[0].still_missing, 1);
    assert_eq!(told(&bench.run(DAYS, "A")), "A:before");
    assert_eq!(bench.source.asked(), ["A"]);
    bench.hours.pass(Duration::from_hours(25));
    assert_eq!(told(&bench.run(DAYS, "A")), "A:+0");
    // A day that was not over then is asked for at once.
    bench.hours.pass(Duration::from_hours(48));
    let later = format!("{DAYS} 2025-10-13");
    assert_eq!(told(&bench.run(&later, "A")), "A:+0");
    assert_eq!(bench.source.asked().len(), 3);
}

#[test]
fn neither_is_a_symbol_it_does_not_know() {
    let unknown = SourceError::UnknownSymbol {
        source_name: "source".to_owned(),
        symbol: symbol("A"),
        said: "no".to_owned(),
    };
    let bench = Bench::of(Source::of(DAYS).saying("A", [unknown]));
    for _ in 0..2 {
        let outcome = bench.run(DAYS, "A");
        assert_eq!(told(&outcome), "A:unknown_symbol");
        assert_eq!(outcome.warnings(), ["1 symbols failed to download"]);
    }
    assert_eq!(bench.source.asked(), ["A"]);
}

#[test]
fn a_candle_that_is_still_open_is_not_stored() {
    let bench = Bench {
        hours: Hours::at("2025-10-10T18:00:00Z"),
        ..Bench::of(Source::of(DAYS))
    };
    assert_eq!(told(&bench.run(DAYS, "A")), "A:+2");
    let held = &bench.shelf.coverage()[&symbol("A")];
    assert!(!held.contains(&steps("2025-10-10")[0].open()));
    assert_eq!(held.len(), 2);
}

#[test]
fn candles_that_differ_from_stored_ones_change_nothing() {
    let other = bars("2025-10-08");
    let mut rows: Vec<_> = other.rows().collect();
    rows[0].close = 9.5;
    let other = fondaco_domain::Bars::from_rows(rows).unwrap();
    let bench = Bench {
        shelf: Shelf::empty().with("A", other),
        ..Bench::of(Source::of(DAYS))
    };
    let outcome = bench.run(DAYS, "A B");
    assert_eq!(told(&outcome), "B:+3 A:conflict");
    assert_eq!(bench.shelf.coverage()[&symbol("A")].len(), 1);
}

#[test]
fn as_little_is_asked_for_as_will_do() {
    let reach = |bench: &Bench, dates: &str| {
        bench.run(dates, "A");
        bench.source.asked.lock().unwrap().last().unwrap().1
    };
    assert_eq!(reach(&Bench::of(Source::of(DAYS)), DAYS), Reach::Compact);
    // The hundredth session before is that of 2025-05-20.
    let old = Bench::of(Source::of(DAYS));
    assert_eq!(reach(&old, "2025-05-20 2025-10-08"), Reach::Compact);
    let older = Bench::of(Source::of(DAYS));
    assert_eq!(reach(&older, "2025-05-19 2025-10-08"), Reach::Full);
    // What is stored ends before: the latest hundred would leave a hole.
    let hole = Bench {
        shelf: Shelf::empty().with("A", bars("2025-01-02")),
        ..Bench::of(Source::of(DAYS))
    };
    assert_eq!(reach(&hole, DAYS), Reach::Full);
    let fixed = Bench {
        rules: DownloadRules {
            size: Size::Fixed(Reach::Compact),
            ..DownloadRules::default()
        },
        ..Bench::of(Source::of(DAYS))
    };
    assert_eq!(reach(&fixed, "2020-01-02"), Reach::Compact);
}

#[test]
fn the_turn_of_another_is_waited_for_in_short_looks() {
    let held = |looks| Book {
        held: AtomicUsize::new(looks),
        ..Book::default()
    };
    let bench = Bench {
        book: held(3),
        ..Bench::of(Source::of(DAYS))
    };
    assert_eq!(told(&bench.run(DAYS, "A")), "A:+3");
    assert_eq!(bench.hours.waits(), [0.05; 3]);

    let bench = Bench {
        book: held(usize::MAX),
        hours: Hours::at("2025-10-10T23:00:00Z").stopping_at_wait(2),
        ..Bench::of(Source::of(DAYS))
    };
    let outcome = bench.run(DAYS, "A B");
    assert_eq!(told(&outcome), "A:- B:-");
    assert_eq!(outcome.ended, Ended::Stopped);
    assert!(outcome.unreached().is_empty() && outcome.warnings().is_empty());
    assert!(bench.source.asked().is_empty());
}

#[test]
fn it_stops_in_the_middle_of_a_wait() {
    let bench = Bench {
        hours: Hours::at("2025-10-10T23:00:00Z").stopping_at_wait(1),
        ..Bench::of(Source::of(DAYS).saying("B", [server(500)]))
    };
    let outcome = bench.run(DAYS, "A B C");
    assert_eq!(told(&outcome), "A:+3 B:- C:-");
    assert_eq!(bench.source.asked(), ["A", "B"]);
}

#[test]
fn candles_of_an_hour_are_not_asked_for_where_there_are_none() {
    let shelf = Shelf {
        timeframe: Timeframe::HOUR,
        ..Shelf::empty()
    };
    let bench = Bench {
        shelf,
        ..Bench::of(Source::of(DAYS))
    };
    let error = bench.try_run(DAYS, "A").unwrap_err();
    assert_eq!(error.to_string(), "source has no 1h candles");
    assert!(error.hint().is_some());
}

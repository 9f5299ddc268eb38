use fondaco_domain::UnixMillis;
use fondaco_domain::trade::Equity;

use super::*;

const DAY: i64 = 86_400_000;

fn equity(value: &[f64]) -> Equity {
    Equity {
        time: (0..value.len() as i64)
            .map(|day| UnixMillis((20_000 + day) * DAY))
            .collect(),
        value: value.to_vec(),
        invested: value.iter().map(|value| value / 2.0).collect(),
    }
}

fn run(value: &[f64], usd: Option<f64>) -> ModelRun {
    ModelRun {
        run: "r".to_owned(),
        start: 100.0,
        equity: equity(value),
        volume: 50.0,
        paid: usd.map(|usd| Paid {
            usd: Some(usd),
            input_tokens: 900,
            output_tokens: 100,
        }),
    }
}

fn entrant(model: &str, runs: Vec<ModelRun>) -> Entrant {
    Entrant {
        model: model.to_owned(),
        cutoff: Cutoff::Unknown,
        runs,
    }
}

#[test]
fn an_interval_needs_two_runs_that_differ() {
    assert_eq!(spread(&[], 0.95).no_interval, Some(NoInterval::NoRun));
    assert_eq!(
        spread(&[f64::NAN], 0.95).no_interval,
        Some(NoInterval::NoRun)
    );
    let one = spread(&[0.1], 0.95);
    assert_eq!((one.mean, one.interval), (Some(0.1), None));
    assert_eq!(one.no_interval, Some(NoInterval::OneRun));
    let same = spread(&[0.1, 0.1, 0.1], 0.95);
    assert_eq!(same.no_interval, Some(NoInterval::EqualRuns));

    // Mean 2, deviation 1, three runs: 4.303 · 1 / √3 on either side.
    let three = spread(&[1.0, 2.0, 3.0], 0.95);
    let interval = three.interval.unwrap();
    assert_eq!(
        (three.runs, three.no_interval, interval.degrees),
        (3, None, 2)
    );
    let reach = 4.302_652_7 / 3.0_f64.sqrt();
    assert!((interval.low - (2.0 - reach)).abs() < 1e-6, "{interval:?}");
    assert!((interval.high - (2.0 + reach)).abs() < 1e-6, "{interval:?}");
}

#[test]
fn a_cutoff_is_before_the_window_or_said_not_to_be() {
    let noon = |day: i64| UnixMillis(day * DAY + DAY / 2);
    let window = Window {
        first: noon(100),
        last: noon(120),
    };
    for (cutoff, verdict) in [
        (Cutoff::Stated(noon(99)), CutoffVerdict::BeforeWindow),
        (
            Cutoff::Stated(UnixMillis(100 * DAY)),
            CutoffVerdict::NotBeforeWindow,
        ),
        (Cutoff::Stated(noon(110)), CutoffVerdict::NotBeforeWindow),
        (Cutoff::Stated(noon(500)), CutoffVerdict::NotBeforeWindow),
        (Cutoff::Unknown, CutoffVerdict::Unknown),
        (Cutoff::NotTrained, CutoffVerdict::NotTrained),
    ] {
        assert_eq!(cutoff.against(window), verdict, "{cutoff:?}");
    }
}

#[test]
fn models_and_baselines_in_one_order() {
    let entrants = [
        entrant(
            "twice",
            vec![
                run(&[100.0, 120.0], Some(2.0)),
                run(&[100.0, 110.0], Some(3.0)),
            ],
        ),
        entrant("idle", vec![]),
        entrant("b-equal", vec![run(&[101.0, 105.0], None)]),
        entrant("a-equal", vec![run(&[99.0, 105.0], Some(1.0))]),
    ];
    let baselines = [Baseline {
        name: "equal weight".to_owned(),
        start: 1_000.0,
        equity: equity(&[1_000.0, 1_080.0]),
    }];
    let board = leaderboard(
        &entrants,
        &baselines,
        &Rules {
            benchmark: Some("equal weight".to_owned()),
            ..Rules::default()
        },
    );
    let order: Vec<(Option<u32>, &str, bool)> = board
        .rows
        .iter()
        .map(|row| (row.rank, row.name.as_str(), row.baseline))
        .collect();
    assert_eq!(
        order,
        [
            (Some(1), "twice", false),
            (Some(2), "equal weight", true),
            (Some(3), "a-equal", false),
            (Some(3), "b-equal", false),
            (None, "idle", false),
        ]
    );
    assert_eq!(board.benchmark.as_deref(), Some("equal weight"));
    let twice = &board.rows[0];
    assert!((twice.total_return.mean.unwrap() - 0.15).abs() < 1e-12);
    assert!((twice.excess_return.mean.unwrap() - 0.07).abs() < 1e-12);
    assert!(twice.total_return.interval.is_some());
    // Dollars and tokens of both runs; profit 30 for 5 dollars.
    assert_eq!((twice.cost_usd, twice.tokens), (Some(5.0), Some(2_000)));
    assert_eq!(twice.profit_per_usd, Some(6.0));
    assert!((twice.exposure.mean.unwrap() - 0.5).abs() < 1e-12);
    // What nobody recorded is not zero.
    let free = &board.rows[3];
    assert_eq!(
        (free.cost_usd, free.tokens, free.profit_per_usd),
        (None, None, None)
    );
    assert_eq!(board.rows[1].cutoff, None);
    assert_eq!(
        board.rows[4].total_return.no_interval,
        Some(NoInterval::NoRun)
    );
    assert_eq!(leaderboard(&[], &[], &Rules::default()).window, None);
}

#[test]
fn a_cost_that_is_known_of_one_run_only_is_not_the_models() {
    let both = entrant(
        "m",
        vec![run(&[100.0, 101.0], Some(1.0)), run(&[100.0, 99.0], None)],
    );
    let board = leaderboard(&[both], &[], &Rules::default());
    assert_eq!((board.rows[0].cost_usd, board.rows[0].tokens), (None, None));
}

#[test]
fn calls_are_right_when_the_price_moved_their_way() {
    for (direction, prices, outcome) in [
        (Direction::Up, Some((10.0, 11.0)), Outcome::Right),
        (Direction::Up, Some((10.0, 9.0)), Outcome::Wrong),
        (Direction::Down, Some((10.0, 9.0)), Outcome::Right),
        (Direction::Down, Some((10.0, 11.0)), Outcome::Wrong),
        (Direction::Up, Some((10.0, 10.0)), Outcome::Wrong),
        (Direction::Down, Some((10.0, 10.0)), Outcome::Wrong),
        (Direction::Up, None, Outcome::Unknown),
        (Direction::Down, Some((0.0, 5.0)), Outcome::Unknown),
        (Direction::Up, Some((f64::NAN, 5.0)), Outcome::Unknown),
        (Direction::Neutral, Some((10.0, 11.0)), Outcome::NotScored),
        (Direction::Neutral, None, Outcome::NotScored),
    ] {
        assert_eq!(
            score(direction, prices),
            outcome,
            "{direction:?} {prices:?}"
        );
    }
}

/// The original crashed as soon as one analyst had no scored call and another
/// had one.
#[test]
fn an_analyst_without_a_scored_call_comes_last() {
    let call = |analyst, direction, prices| Call {
        analyst,
        direction,
        prices,
    };
    let (up, down) = (Some((1.0, 2.0)), Some((2.0, 1.0)));
    let calls = [
        call("technical", Direction::Up, up),
        call("technical", Direction::Down, up),
        call("technical", Direction::Up, None),
        call("technical", Direction::Neutral, up),
        call("valuation", Direction::Neutral, up),
        call("sentiment", Direction::Down, down),
        call("absent", Direction::Up, None),
    ];
    let names = ["fundamentals", "technical", "sentiment", "valuation"];
    let rows = hit_rates(names, &calls);
    let told: Vec<(Option<u32>, &str, Option<f64>)> = rows
        .iter()
        .map(|row| (row.rank, row.analyst.as_str(), row.win_rate))
        .collect();
    assert_eq!(
        told,
        [
            (Some(1), "sentiment", Some(1.0)),
            (Some(2), "technical", Some(0.5)),
            (None, "absent", None),
            (None, "fundamentals", None),
            (None, "valuation", None),
        ]
    );
    let technical = &rows[1].scored;
    assert_eq!(
        technical.bull,
        Tally {
            n: 2,
            win: 1,
            unknown: 1
        }
    );
    assert_eq!(
        technical.bear,
        Tally {
            n: 1,
            win: 0,
            unknown: 0
        }
    );
    assert_eq!(technical.holds, 1);
    assert_eq!(hit_rates([], &[]), []);
}

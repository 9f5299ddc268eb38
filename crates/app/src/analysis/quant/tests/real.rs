use std::path::Path;

use super::*;

const BOLLINGER: &str = include_str!("../../../../../../strategies/bollinger-20-2.toml");
const CROSS: &str = include_str!("../../../../../../strategies/sma-cross.toml");

/// Daily candles of a share of the sample, or nothing with the reason printed.
#[expect(clippy::print_stderr, reason = "a skipped test says why")]
fn share(name: &str) -> Option<Bars> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/data/djia-2025/daily")
        .join(format!("{name}.csv"));
    let Ok(text) = std::fs::read_to_string(&path) else {
        eprintln!("skipped: no reference data at {}", path.display());
        return None;
    };
    let rows = text.lines().skip(1).map(|line| {
        let cells: Vec<&str> = line.split(',').collect();
        let number = |cell: usize| cells[cell].parse::<f64>().unwrap();
        Bar {
            time: UnixMillis::midnight(cells[0].parse().unwrap()),
            open: number(1),
            high: number(2),
            low: number(3),
            close: number(4),
            volume: number(5),
        }
    });
    Some(Bars::from_rows(rows).unwrap())
}

/// The sample lacks 2025-02-11 to 2025-02-19.
#[test]
fn a_gap_in_real_candles_is_stale() {
    let Some(bars) = share("AAPL") else { return };
    let case = Case::on(date(2025, 2, 12)).of("AAPL");
    let failure = case.failure(BOLLINGER, Candles::Whole(&bars));
    assert_eq!(failure.reason, ReasonCode::StaleData);
    let quality = failure.data_quality.unwrap();
    assert_eq!(quality.last_available_date, Some(date(2025, 2, 10)));
    let holiday = Case::on(date(2025, 2, 17)).of("AAPL");
    let failure = holiday.failure(BOLLINGER, Candles::Whole(&bars));
    assert_eq!(failure.reason, ReasonCode::NonTradingDay);
}

/// Every day of the year is decided from the candles up to it and no other.
#[test]
fn every_day_of_a_year_is_what_it_was_then() {
    let Some(bars) = share("AAPL") else { return };
    for (row, time) in bars.time().iter().enumerate().skip(25).step_by(7) {
        let case = Case::on(time.date()).of("AAPL");
        let then = bars.slice(0..row + 1);
        for text in [BOLLINGER, CROSS] {
            let now = case.ask(&job(text), Candles::Whole(&bars));
            assert_eq!(now, case.ask(&job(text), Candles::Whole(&then)));
            assert!(text == CROSS || now.found.is_some(), "{:?}", now.lane);
        }
    }
}

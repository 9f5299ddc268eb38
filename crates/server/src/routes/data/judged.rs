//! Freshness and quality.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use fondaco_app::data::{
    CalendarName, CheckRules, Checked, Freshness, FreshnessRules, Selector, Untold, Verdict,
    check_stored, freshness as how_fresh,
};
use fondaco_app::ports::Quiet;
use fondaco_contract::http::{
    DataCheckView, ExampleView, FindingView, FreshnessReport, FreshnessView, FreshnessWord,
    MissingView, words,
};
use fondaco_domain::calendar::HolidayList;
use fondaco_domain::quality::{Finding, Severity};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Name, instant, nothing, selector, version, view, word};
use crate::extract::Query;
use crate::problem::Refusal;
use crate::state::{Platform, Shared};

/// Which data sets, and how late they may be.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FreshnessQuery {
    /// Only from here.
    #[serde(default)]
    #[schemars(schema_with = "words::venue")]
    venue: Option<String>,
    /// Only of this instrument.
    #[serde(default)]
    #[schemars(schema_with = "words::symbol")]
    symbol: Option<String>,
    /// Only candles of this length.
    #[serde(default)]
    #[schemars(schema_with = "words::timeframe")]
    timeframe: Option<String>,
    /// Only numbers of this kind.
    #[serde(default)]
    #[schemars(schema_with = "words::candle_kind")]
    kind: Option<String>,
    /// The calendar; what the name of each instrument suggests otherwise.
    #[serde(default)]
    #[schemars(schema_with = "words::calendar")]
    calendar: Option<String>,
    /// A candle may be so late; one length of it, and an hour at most, where
    /// nothing is said.
    grace_seconds: Option<u32>,
    /// Judged for this time; for now otherwise.
    #[serde(default)]
    #[schemars(schema_with = "words::instant")]
    as_of: Option<String>,
}

pub(super) async fn freshness(
    State(platform): State<Shared>,
    Query(query): Query<FreshnessQuery>,
) -> Result<Json<FreshnessReport>, Refusal> {
    let selector = selector(
        query.venue.as_deref(),
        query.symbol.as_deref(),
        query.timeframe.as_deref(),
        query.kind.as_deref(),
    )?;
    let rules = FreshnessRules {
        market: market(query.calendar.as_deref(), &platform)?,
        grace: query
            .grace_seconds
            .map(|seconds| Duration::from_secs(u64::from(seconds))),
    };
    let now = fondaco_domain::UnixMillis(platform.machine.wall().0 / 1_000);
    let as_of = instant("as_of", query.as_of.as_deref())?.unwrap_or(now);
    let found = platform
        .waiting(async move |platform| {
            Ok(how_fresh(&*platform.candles.bars, &selector, &rules, as_of).await?)
        })
        .await?;
    Ok(Json(FreshnessReport {
        as_of: view::instant(as_of),
        all_fresh: found.iter().all(Freshness::is_fresh),
        items: found.iter().map(reach).collect(),
    }))
}

fn reach(found: &Freshness) -> FreshnessView {
    FreshnessView {
        name: view::name(&found.listed.dataset),
        is_fresh: found.is_fresh(),
        verdict: match found.verdict {
            Verdict::Fresh => FreshnessWord::Fresh,
            Verdict::Stale => FreshnessWord::Stale,
            Verdict::Unknown(Untold::NoHolidays) => FreshnessWord::NoHolidays,
            Verdict::Unknown(Untold::NotInCalendar) => FreshnessWord::NotInCalendar,
        },
        last: view::instant(found.listed.version.last),
        expected: found.expected.map(view::instant),
        calendar: found.calendar.as_str().to_owned(),
        calendar_guessed: found.calendar_guessed,
        rows: found.listed.version.rows,
    }
}

/// Against what.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CheckQuery {
    /// This version; the newest otherwise.
    #[serde(default)]
    #[schemars(schema_with = "words::version")]
    version: Option<String>,
    /// The calendar; what the name of the instrument suggests otherwise.
    #[serde(default)]
    #[schemars(schema_with = "words::calendar")]
    calendar: Option<String>,
    /// The time the data should reach to; their end is not judged without it.
    #[serde(default)]
    #[schemars(schema_with = "words::instant")]
    as_of: Option<String>,
}

pub(super) async fn check(
    State(platform): State<Shared>,
    Name(dataset): Name,
    Query(query): Query<CheckQuery>,
) -> Result<Json<DataCheckView>, Refusal> {
    let wanted = version(query.version.as_deref())?;
    let market = market(query.calendar.as_deref(), &platform)?;
    let rules = CheckRules {
        as_of: instant("as_of", query.as_of.as_deref())?,
        // Without a list of closed days no year is in the calendar, which is a
        // finding; all else can be looked for.
        holidays: market.holidays.or_else(|| Some(HolidayList::default())),
        ..market
    };
    let selector = Selector {
        venue: Some(dataset.venue.clone()),
        symbol: Some(dataset.symbol.clone()),
        timeframe: Some(dataset.timeframe),
        kind: Some(dataset.kind),
    };
    let mut report = platform
        .waiting(async move |platform| {
            let bars = &*platform.candles.bars;
            Ok(check_stored(bars, &selector, &wanted, &rules, &Quiet).await?)
        })
        .await?;
    match report.checked.pop() {
        Some(Checked {
            version: Some(version),
            calendar,
            calendar_guessed,
            report,
            ..
        }) => Ok(Json(DataCheckView {
            name: view::name(&dataset),
            version: view::version(version),
            calendar: calendar.as_str().to_owned(),
            calendar_guessed,
            worst: report.worst().map(|worst| severity(worst).to_owned()),
            findings: report.findings.into_iter().map(finding).collect(),
        })),
        _ => Err(nothing(&dataset)),
    }
}

/// Ranges of missing candles that one answer holds.
const MOST_RANGES: usize = 100;

fn finding(finding: Finding) -> FindingView {
    let example = |example: fondaco_domain::quality::Example| ExampleView {
        row: example.row,
        at: view::instant(example.at),
        shows: example.shows,
    };
    let missing = |range: fondaco_domain::quality::MissingRange| MissingView {
        first: view::instant(range.first),
        last: view::instant(range.last),
        missing: range.missing,
    };
    let ranges = finding.ranges.into_iter().take(MOST_RANGES);
    FindingView {
        issue: finding.issue.as_str().to_owned(),
        severity: severity(finding.severity).to_owned(),
        count: finding.count,
        examples: finding.examples.into_iter().map(example).collect(),
        missing: ranges.map(missing).collect(),
    }
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "info",
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}

fn market(calendar: Option<&str>, platform: &Platform) -> Result<CheckRules, Refusal> {
    let of = |text: &str| {
        CalendarName::ALL
            .into_iter()
            .find(|name| name.as_str() == text)
    };
    Ok(CheckRules {
        calendar: word("calendar", calendar, of)?,
        holidays: platform.candles.holidays.clone(),
        as_of: None,
    })
}

//! Candles of a range.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use fondaco_app::data::{ExportFormat, Version};
use fondaco_contract::http::{CandlesView, words};
use fondaco_domain::{Bars, TimeRange, UnixMillis};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Name, etag, instant, version, view};
use crate::conditional::{Conditions, Tagged};
use crate::extract::{Query, prefers};
use crate::problem::Refusal;
use crate::state::Shared;

/// The other form of an answer.
pub(super) const CSV: &str = "text/csv";

/// Which candles.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CandlesQuery {
    /// The first open time, where it is not the first there is.
    #[serde(default)]
    #[schemars(schema_with = "words::instant")]
    from: Option<String>,
    /// The first open time after.
    #[serde(default)]
    #[schemars(schema_with = "words::instant")]
    to: Option<String>,
    /// Of this version; of the newest otherwise.
    #[serde(default)]
    #[schemars(schema_with = "words::version")]
    version: Option<String>,
    /// How many at most.
    #[schemars(range(min = 1, max = 50_000))]
    limit: Option<usize>,
}

pub(super) async fn candles(
    State(platform): State<Shared>,
    Name(dataset): Name,
    Query(query): Query<CandlesQuery>,
    conditions: Conditions,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let most = platform.limits.candles;
    let limit = query.limit.unwrap_or(most);
    if !(1..=most).contains(&limit) {
        let problem = format!("1 to {most} is wanted");
        return Err(Refusal::of_field("limit", problem));
    }
    let wanted = version(query.version.as_deref())?;
    let range = TimeRange {
        from: instant("from", query.from.as_deref())?,
        to: instant("to", query.to.as_deref())?,
    };
    let csv = prefers(&headers, CSV);
    let shown = platform
        .waiting(async move |platform| {
            let read = platform.candles.bars.read(&dataset, &wanted).await?;
            let part = Part::of(read, range, limit);
            let csv = if csv {
                let files = &platform.candles.files;
                Some(files.encode(&dataset, &part.bars, ExportFormat::Csv)?)
            } else {
                None
            };
            Ok((dataset, part, csv))
        })
        .await?;
    let (dataset, part, csv) = shown;
    let next = part.next.map(view::instant);
    let form = if csv.is_some() { CSV } else { "" };
    let state = format!("{range:?}{limit}{form}");
    let etag = etag(&part.version, &state);
    if let Some(text) = csv {
        let mut response = Tagged::bytes(&conditions, &etag, CSV, text).into_response();
        if let Some(next) = next {
            // Digits and marks of time.
            let next = HeaderValue::try_from(next).unwrap_or(HeaderValue::from_static(""));
            response.headers_mut().insert(NEXT, next);
        }
        return Ok(response);
    }
    let view = CandlesView {
        name: view::name(&dataset),
        version: view::version(part.version),
        time: part.bars.time().iter().map(|at| at.0).collect(),
        open: part.bars.open().to_vec(),
        high: part.bars.high().to_vec(),
        low: part.bars.low().to_vec(),
        close: part.bars.close().to_vec(),
        volume: part.bars.volume().to_vec(),
        next,
    };
    Ok(Tagged::named(&conditions, &etag, &view)?.into_response())
}

/// Where more begins, for a form that has no place for it.
const NEXT: HeaderName = HeaderName::from_static("x-next");

struct Part {
    version: Version,
    bars: Bars,
    next: Option<UnixMillis>,
}

impl Part {
    fn of((version, bars): (Version, Bars), range: TimeRange, limit: usize) -> Self {
        let reversed = matches!((range.from, range.to), (Some(from), Some(to)) if to <= from);
        let rows = if reversed { 0..0 } else { bars.rows_in(range) };
        let end = rows.end.min(rows.start.saturating_add(limit));
        Self {
            version,
            next: (end < rows.end).then(|| bars.time()[end]),
            bars: bars.slice(rows.start..end),
        }
    }
}

//! Candles of a file that is sent.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use fondaco_app::data::{
    DataError, Decimal, ImportReport, ImportRequest, Imported, Keep, Note, Overlap, QuoteSide,
    ReadOptions, Repair, StampMeans, import as import_files, record,
};
use fondaco_app::ports::Quiet;
use fondaco_contract::http::{ImportView, ImportedView, Problem, ProblemCode, words};
use fondaco_domain::{Hint, UnixMillis};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{kind_of, parsed, view, word};
use crate::extract::{Actor, Query};
use crate::problem::Refusal;
use crate::spool::Spooled;
use crate::state::Shared;

/// The form of the body.
pub(super) const BYTES: &str = "application/octet-stream";

/// What the file is.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a word after the question mark of its own"
)]
pub(super) struct ImportQuery {
    /// Its name: tells the form, and often the instrument and the length of a
    /// candle. Only the last part counts.
    #[schemars(regex(pattern = "^[A-Za-z0-9][A-Za-z0-9._-]{0,119}$"))]
    filename: String,
    /// Where the candles come from.
    #[schemars(schema_with = "words::venue")]
    venue: String,
    /// The instrument, where the file does not tell.
    #[serde(default)]
    #[schemars(schema_with = "words::symbol")]
    symbol: Option<String>,
    /// The length of a candle, where the file does not tell.
    #[serde(default)]
    #[schemars(schema_with = "words::timeframe")]
    timeframe: Option<String>,
    /// What the numbers are, where the name does not tell.
    #[serde(default)]
    #[schemars(schema_with = "words::candle_kind")]
    kind: Option<String>,
    /// Zone of stamps that carry none; UTC otherwise.
    #[schemars(length(min = 1, max = 64))]
    zone: Option<String>,
    /// Whether stamps mark the start or the end of a candle.
    #[serde(default)]
    stamp: StampWord,
    /// The decimal mark, where the numbers do not prove it.
    decimal: Option<DecimalWord>,
    /// The character between columns, where the first line does not tell.
    delimiter: Option<char>,
    /// Names of the columns with commas between, where the first line does not
    /// name them.
    columns: Option<String>,
    /// Which side of a file of quotes.
    side: Option<SideWord>,
    /// Take each column as closes of the instrument it is named after.
    #[serde(default)]
    wide: bool,
    /// Leave out rows that cannot be candles.
    #[serde(default)]
    drop_bad_rows: bool,
    /// Of different rows with one stamp keep one.
    keep: Option<KeepWord>,
    /// Let new candles take the place of stored ones that differ.
    #[serde(default)]
    replace: bool,
    /// Read everything, store nothing.
    #[serde(default)]
    dry_run: bool,
}

#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
enum StampWord {
    #[default]
    Open,
    Close,
}

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
enum DecimalWord {
    Point,
    Comma,
}

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
enum SideWord {
    Bid,
    Ask,
    Mid,
}

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
enum KeepWord {
    First,
    Last,
}

pub(super) async fn import(
    State(platform): State<Shared>,
    Actor(actor): Actor,
    Query(query): Query<ImportQuery>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<ImportView>, Refusal> {
    of_bytes(&headers)?;
    let mut request = query.request()?;
    let file = Spooled::receive(&platform, &query.filename, body).await?;
    request.paths = vec![file.path()];
    let (file, report) = platform
        .waiting(async move |platform| {
            let by = platform.asked(actor);
            let now = UnixMillis(by.at.0 / 1_000);
            let candles = &platform.candles;
            let imported =
                import_files(&request, &*candles.files, &*candles.bars, &Quiet, now).await;
            let report = imported.map_err(|error| refusal(&error, &file))?;
            if !report.dry_run {
                record(&*platform.store, &report, (&file.name, file.bytes), &by)?;
            }
            Ok((file, report))
        })
        .await?;
    Ok(Json(shown(&file, report)))
}

/// What a tool sends that was not told of a form is a form of a page.
fn of_bytes(headers: &HeaderMap) -> Result<(), Refusal> {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok());
    let plain = kind.and_then(|kind| kind.split(';').next()).map(str::trim);
    if plain.is_some_and(|kind| kind.eq_ignore_ascii_case(BYTES)) {
        return Ok(());
    }
    Err(Refusal::new(
        ProblemCode::UnsupportedMediaType,
        format!("the bytes of the file as {BYTES} are wanted"),
    ))
}

impl ImportQuery {
    fn request(&self) -> Result<ImportRequest, Refusal> {
        Ok(ImportRequest {
            paths: Vec::new(),
            venue: parsed("venue", Some(&self.venue))?,
            options: ReadOptions {
                symbol: parsed("symbol", self.symbol.as_deref())?,
                timeframe: parsed("timeframe", self.timeframe.as_deref())?,
                kind: word("kind", self.kind.as_deref(), kind_of)?,
                zone: self.zone.clone(),
                stamp: match self.stamp {
                    StampWord::Open => StampMeans::Open,
                    StampWord::Close => StampMeans::Close,
                },
                decimal: self.decimal.map(|mark| match mark {
                    DecimalWord::Point => Decimal::Point,
                    DecimalWord::Comma => Decimal::Comma,
                }),
                delimiter: self.delimiter,
                columns: self.columns.as_deref().map(names),
                side: self.side.map(|side| match side {
                    SideWord::Bid => QuoteSide::Bid,
                    SideWord::Ask => QuoteSide::Ask,
                    SideWord::Mid => QuoteSide::Mid,
                }),
                wide: self.wide,
                repair: Repair {
                    drop_bad_rows: self.drop_bad_rows,
                    conflicts: self.keep.map(|keep| match keep {
                        KeepWord::First => Keep::First,
                        KeepWord::Last => Keep::Last,
                    }),
                },
            },
            overlap: if self.replace {
                Overlap::Replace
            } else {
                Overlap::Refuse
            },
            dry_run: self.dry_run,
        })
    }
}

fn names(text: &str) -> Vec<String> {
    text.split(',').map(|name| name.trim().to_owned()).collect()
}

/// What is wrong with the file, without the place where it lay.
fn refusal(error: &DataError, file: &Spooled) -> Refusal {
    let causes = std::iter::successors(std::error::Error::source(error), |cause| cause.source());
    Refusal::told(Problem {
        hint: error.hint().map(|hint| file.hide(&hint)),
        causes: causes.map(|cause| file.hide(&cause.to_string())).collect(),
        ..Problem::new(
            ProblemCode::from(error.kind()),
            file.hide(&error.to_string()),
        )
    })
}

fn shown(file: &Spooled, report: ImportReport) -> ImportView {
    let imported = |it: Imported| ImportedView {
        name: view::name(&it.dataset),
        url: view::url(&it.dataset),
        version: it.version.map(view::version),
        read: it.read,
        added: it.added,
        replaced: it.replaced,
        notes: it.notes.iter().map(Note::describe).collect(),
    };
    ImportView {
        filename: file.name.clone(),
        bytes: file.bytes,
        dry_run: report.dry_run,
        imported: report.imported.into_iter().map(imported).collect(),
    }
}

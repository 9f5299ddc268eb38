//! What the lane found, for the merge and for people.

use fondaco_contract::v1alpha1::analysis::{
    DataIssue, Degraded, NodeAnswer, NodeOutcome, NodeReport,
};
use fondaco_domain::signal::{
    DataQuality, Direction, Lane, LaneFailure, LaneSignal, ReasonCode, Research, Source,
};
use fondaco_domain::strategy::Side;
use fondaco_domain::{Timeframe, UnixMillis};
use jiff::civil::Date;
use serde_json::{Value, json};

use super::record::{Cases, Record};
use super::replay::{Held, Orders};
use super::sure::Sureness;

/// What the lane says on a day, or why it says nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// For the merge.
    pub lane: Lane,
    /// What it rests on; none where the lane says nothing.
    pub found: Option<Found>,
}

/// A position, a record, and what they rest on.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// Name and version of the strategy.
    pub strategy: String,
    /// The candle length it is written for, where another was read.
    pub written_for: Option<Timeframe>,
    /// Length of the candles.
    pub timeframe: Timeframe,
    /// The day.
    pub date: Date,
    /// Direction and confidence.
    pub signal: LaneSignal,
    /// What the confidence comes from.
    pub sure: Sureness,
    /// The position; none where it is flat.
    pub held: Option<Held>,
    /// What the last candle orders.
    pub orders: Orders,
    /// What earlier signals of the direction came to.
    pub record: Record,
    /// Candles that were read.
    pub rows: u64,
    /// The first of them.
    pub first: Option<UnixMillis>,
    /// The last of them.
    pub last: Option<UnixMillis>,
}

impl Finding {
    pub(super) fn of(found: Found) -> Self {
        Self {
            lane: Lane::Signal(found.signal),
            found: Some(found),
        }
    }

    pub(in crate::analysis) fn absent(failure: LaneFailure) -> Self {
        Self {
            lane: Lane::Absent(failure),
            found: None,
        }
    }

    /// As the outcome of a node. A lane that says nothing is degraded with
    /// `no_input` where its data is the reason, else with `no_signal`; [`lane`]
    /// reads it back.
    pub fn outcome(&self) -> NodeOutcome {
        match (&self.lane, &self.found) {
            (Lane::Absent(failure), _) => NodeOutcome::Degraded(degraded(failure)),
            (Lane::Signal(signal), found) => NodeOutcome::Answered(NodeAnswer {
                text: found.as_ref().map(Found::text).unwrap_or_default(),
                points: found.as_ref().map(Found::points).unwrap_or_default(),
                direction: Some(signal.direction),
                confidence: Some(signal.confidence),
                rating: None,
                document: found.as_ref().map_or(Value::Null, Found::document),
            }),
        }
    }
}

/// The lane of a report of the quant node. A report that is none of its forms
/// is a lane that failed.
pub fn lane(report: &NodeReport) -> Lane {
    let failed = |error: &str| {
        Lane::Absent(LaneFailure {
            reason: ReasonCode::QuantSignalFailed,
            data_quality: None,
            error: Some(error.to_owned()),
        })
    };
    match &report.outcome {
        NodeOutcome::Answered(NodeAnswer {
            direction: Some(direction),
            confidence: Some(confidence),
            ..
        }) => Lane::Signal(LaneSignal {
            direction: *direction,
            confidence: *confidence,
            research: Research::Full,
        }),
        NodeOutcome::Answered(_) => failed("the node gave no direction and confidence"),
        NodeOutcome::Abstained(abstention) => failed(&abstention.why),
        NodeOutcome::Degraded(degraded) => Lane::Absent(LaneFailure {
            reason: degraded.lane.unwrap_or(ReasonCode::QuantSignalFailed),
            data_quality: degraded.data_quality.as_ref().map(|issue| DataQuality {
                state: issue.state,
                missing_fields: issue.missing_fields.clone(),
                last_available_date: issue.last_available_date,
            }),
            error: Some(degraded.detail.clone()),
        }),
    }
}

fn degraded(failure: &LaneFailure) -> Degraded {
    let quality = failure.data_quality.as_ref();
    Degraded {
        reason: match quality {
            Some(_) => "no_input".to_owned(),
            None => "no_signal".to_owned(),
        },
        lane: Some(failure.reason),
        data_quality: quality.map(|quality| DataIssue {
            source: Source::Quant,
            state: quality.state,
            missing_fields: quality.missing_fields.clone(),
            last_available_date: quality.last_available_date,
        }),
        detail: failure.error.clone().unwrap_or_default(),
        // Newer candles may be imported; the same ones say the same.
        retryable: quality.is_some(),
    }
}

impl Found {
    /// In full sentences.
    pub fn text(&self) -> String {
        let mut text = self.position();
        let further = [self.ordered(), Some(self.certainty()), self.warning()];
        for sentence in further.into_iter().flatten() {
            text.push(' ');
            text.push_str(&sentence);
        }
        text
    }

    fn position(&self) -> String {
        let Self { strategy, date, .. } = self;
        match &self.held {
            None => format!("{strategy} holds nothing after the last candle of {date}."),
            Some(held) => {
                let side = side(held.side);
                let since = held.since.date();
                let tag = held.tag.as_ref();
                let tag = tag.map(|tag| format!(" ({tag})")).unwrap_or_default();
                if self.last.is_some_and(|last| held.since > last) {
                    format!("{strategy} goes {side}{tag} on the signals of {date}.")
                } else {
                    let gain = percent(held.gain);
                    format!(
                        "{strategy} is {side} since {since}{tag}, at {gain} after fees by the \
                         close of {date}."
                    )
                }
            }
        }
    }

    fn ordered(&self) -> Option<String> {
        let closed = self.orders.close?;
        Some(format!("The last candle ends a {} position.", side(closed)))
    }

    fn certainty(&self) -> String {
        let confidence = self.signal.confidence.get();
        match &self.sure {
            Sureness::Record {
                probability: None, ..
            } => format!(
                "Its confidence is 0: before {} it has no completed {} to judge it by.",
                self.date,
                self.case_name(false)
            ),
            Sureness::Record {
                probability: Some(probability),
                ..
            } => {
                let coin = if *probability <= 0.5 {
                    ", no better than a coin"
                } else {
                    ""
                };
                format!(
                    "{} Drawn towards one half, a signal of this direction is right with \
                     probability {probability:.2}{coin}: confidence {confidence:.2}.",
                    self.cases()
                )
            }
            Sureness::Table { sharpe, best, .. } => format!(
                "Its confidence {confidence:.2} is that of a table of parameters (Sharpe ratio \
                 {sharpe} of {best} at best), the same on every day."
            ),
        }
    }

    fn cases(&self) -> String {
        let Record {
            regime,
            here,
            elsewhere,
        } = &self.record;
        let (right, all) = (here.right + elsewhere.right, here.all + elsewhere.all);
        let name = self.case_name(all != 1);
        let regime = regime.map_or_else(
            || "; there are too few candles to tell the regime".to_owned(),
            |regime| {
                let Cases { right, all } = here;
                let words = regime.words();
                format!(", {right} of {all} in a market as {words} as now")
            },
        );
        let date = self.date;
        format!("Of {all} {name} before {date}, {right} came out right{regime}.")
    }

    fn case_name(&self, many: bool) -> String {
        let s = if many { "s" } else { "" };
        match self.signal.direction {
            Direction::Long => format!("long trade{s}"),
            Direction::Short => format!("short trade{s}"),
            Direction::Flat => format!("time{s} without a position"),
        }
    }

    fn warning(&self) -> Option<String> {
        let written = self.written_for?;
        Some(format!(
            "Its rules are written for {written} and were read on {}.",
            self.timeframe
        ))
    }

    fn points(&self) -> Vec<String> {
        let confidence = self.signal.confidence.get();
        let direction = match self.signal.direction {
            Direction::Long => "long",
            Direction::Short => "short",
            Direction::Flat => "flat",
        };
        vec![
            format!("direction {direction}, confidence {confidence:.2}"),
            format!(
                "record: {} of {} right in this regime, {} of {} in others",
                self.record.here.right,
                self.record.here.all,
                self.record.elsewhere.right,
                self.record.elsewhere.all
            ),
            format!("{} candles of {} read", self.rows, self.timeframe),
        ]
    }

    fn document(&self) -> Value {
        let stamp = |at: UnixMillis| at.timestamp().to_string();
        json!({
            "strategy": self.strategy,
            "timeframe": self.timeframe.to_string(),
            "candles": {
                "rows": self.rows,
                "first": self.first.map(stamp),
                "last": self.last.map(stamp),
            },
            "held": self.held.as_ref().map(|held| json!({
                "side": side(held.side),
                "since": stamp(held.since),
                "rate": held.rate,
                "gain": held.gain,
                "tag": held.tag,
            })),
            "orders": {
                "close": self.orders.close.map(side),
                "open": self.orders.open.map(side),
                "direction": i8::from(self.orders.direction()),
            },
            "record": self.record,
            "confidence": self.sure,
        })
    }
}

fn side(side: Side) -> &'static str {
    match side {
        Side::Long => "long",
        Side::Short => "short",
    }
}

fn percent(ratio: f64) -> String {
    format!("{:+.1} %", ratio * 100.0)
}

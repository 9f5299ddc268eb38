//! `fondaco signal merge`.

use std::str::FromStr;

use clap::ValueEnum;
use fondaco_domain::signal::{
    Caps, Direction, Lane, LaneSignal, Merged, NoSignal, Policy, Probability, Rating, ReasonCode,
    Research, merge,
};
use fondaco_domain::{ErrorKind, Hint};
use serde::Serialize;
use thiserror::Error;

use crate::context::Context;
use crate::errors::Failure;
use crate::output::{Style, View};
use crate::table::{Align, Table};

/// What the lanes say, and how they are merged.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  fondaco signal merge --quant 0.6 --llm=-0.9\n  fondaco signal merge --quant 0.1 --llm 0.1 \
                  --policy log-odds\n  fondaco signal merge --quant stale_data --llm 0.9 --llm-factor 0.5\n\nThe sign is \
                  the direction, the number the confidence: 0.6 is up, -0.6 is down, flat:0.6 is neither. A lane that \
                  says nothing is named by its reason code."
)]
pub(crate) struct Args {
    /// The quant lane.
    #[arg(long, value_name = "SIGNAL", allow_hyphen_values = true)]
    quant: Said,
    /// The llm lane.
    #[arg(long, value_name = "SIGNAL", allow_hyphen_values = true)]
    llm: Said,
    /// On the confidence of the quant lane, where its research is partly there.
    #[arg(long, value_name = "0..1", value_parser = probability)]
    quant_factor: Option<Probability>,
    /// On the confidence of the llm lane, where its research is partly there.
    #[arg(long, value_name = "0..1", value_parser = probability)]
    llm_factor: Option<Probability>,
    /// By which rule.
    #[arg(long, value_enum, default_value_t)]
    policy: PolicyWord,
    /// Confidence of the quant lane at most [default: 0.8].
    #[arg(long, value_name = "0..1", value_parser = probability)]
    quant_cap: Option<Probability>,
    /// Confidence of the llm lane at most [default: 0.9].
    #[arg(long, value_name = "0..1", value_parser = probability)]
    llm_cap: Option<Probability>,
    /// On the confidence of the quant lane where it is alone [default: 0.8].
    #[arg(long, value_name = "0..1", value_parser = probability)]
    quant_alone: Option<Probability>,
    /// On the confidence of the llm lane where it is alone [default: 0.7].
    #[arg(long, value_name = "0..1", value_parser = probability)]
    llm_alone: Option<Probability>,
}

/// The rules by their names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum PolicyWord {
    /// The sum of both over the sum of their confidences.
    #[default]
    CappedSum,
    /// The log-odds of both added.
    LogOdds,
}

/// What a lane says: `0.6`, `-0.6`, `flat:0.6` or a reason code.
#[derive(Debug, Clone, Copy)]
enum Said {
    Signal(Direction, Probability),
    Nothing(ReasonCode),
}

/// Words that are none of them.
#[derive(Debug, Error)]
#[error("it is no number from -1 to 1, no flat:NUMBER, and no reason code")]
struct SaidError;

impl FromStr for Said {
    type Err = SaidError;

    fn from_str(text: &str) -> Result<Self, SaidError> {
        if let Some(reason) = ReasonCode::parse(text) {
            return Ok(Self::Nothing(reason));
        }
        let (flat, number) = match text.strip_prefix("flat:") {
            Some(number) => (true, number),
            None => (false, text),
        };
        let number: f64 = number.parse().map_err(|_| SaidError)?;
        let confidence = number.abs().try_into().map_err(|_| SaidError)?;
        let direction = match (flat, number.is_sign_negative()) {
            (true, true) => return Err(SaidError),
            (true, false) => Direction::Flat,
            (false, true) => Direction::Short,
            (false, false) => Direction::Long,
        };
        Ok(Self::Signal(direction, confidence))
    }
}

fn probability(text: &str) -> Result<Probability, String> {
    let number: f64 = text.parse().map_err(|_| "it is no number".to_owned())?;
    Probability::try_from(number).map_err(|error| error.to_string())
}

impl Said {
    fn lane(self, factor: Option<Probability>) -> Lane {
        match self {
            Self::Nothing(reason) => Lane::absent(reason),
            Self::Signal(direction, confidence) => Lane::Signal(LaneSignal {
                direction,
                confidence,
                research: factor.map_or(Research::Full, |factor| Research::Degraded { factor }),
            }),
        }
    }
}

/// Neither lane says anything.
#[derive(Debug, Error)]
#[error("{0}: {codes}", codes = joined(&.0.reason_codes))]
struct Nothing(NoSignal);

impl Hint for Nothing {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Unsuccessful
    }
}

fn joined(codes: &[ReasonCode]) -> String {
    let names: Vec<&str> = codes.iter().map(|code| code.as_str()).collect();
    names.join(", ")
}

/// One signal, and its word.
#[derive(Debug, Serialize)]
struct Shown {
    rating: Rating,
    degraded: bool,
    #[serde(flatten)]
    merged: Merged,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let quant = args.quant.lane(args.quant_factor);
    let llm = args.llm.lane(args.llm_factor);
    let merged = merge(&quant, &llm, args.policy()).map_err(Nothing)?;
    Ok(context.output.print(&Shown {
        rating: Rating::shown(merged.direction, merged.confidence),
        degraded: merged.is_degraded(),
        merged,
    })?)
}

impl Args {
    fn policy(&self) -> Policy {
        let usual = Caps::default();
        let caps = Caps {
            quant_weight_cap: self.quant_cap.unwrap_or(usual.quant_weight_cap),
            llm_weight_cap: self.llm_cap.unwrap_or(usual.llm_weight_cap),
            quant_solo_penalty: self.quant_alone.unwrap_or(usual.quant_solo_penalty),
            llm_solo_penalty: self.llm_alone.unwrap_or(usual.llm_solo_penalty),
        };
        match self.policy {
            PolicyWord::CappedSum => Policy::CappedSum(caps),
            PolicyWord::LogOdds => Policy::LogOdds(caps),
        }
    }
}

impl View for Shown {
    fn text(&self, style: Style) -> String {
        let merged = &self.merged;
        let mut table = Table::new([
            ("Lane", Align::Left),
            ("Direction", Align::Left),
            ("Stated", Align::Right),
            ("Factor", Align::Right),
            ("Counted", Align::Right),
        ]);
        for taken in &merged.taken {
            table.row([
                taken.source.as_str().into(),
                word(taken.direction).into(),
                number(taken.stated.get()).into(),
                number(taken.factor.get()).into(),
                number(taken.counted.get()).into(),
            ]);
        }
        let mut text = table.render(style);
        let outcome = format!(
            "{} {} with confidence {}",
            self.rating.as_str(),
            style.dim(&format!("({})", word(merged.direction))),
            number(merged.confidence.get()),
        );
        let sum = format!(
            "{} over {}",
            merged.policy.as_str(),
            number(merged.denominator)
        );
        for line in ["", &style.bold(&outcome), &sum] {
            text.push_str(line);
            text.push('\n');
        }
        if self.degraded {
            let why = match merged.reason_codes.as_slice() {
                [] => "research is only partly there".to_owned(),
                codes => joined(codes),
            };
            text.push_str(&style.bad(&format!("degraded: {why}")));
            text.push('\n');
        }
        text
    }
}

fn word(direction: Direction) -> &'static str {
    match direction {
        Direction::Long => "up",
        Direction::Flat => "flat",
        Direction::Short => "down",
    }
}

/// To four digits, without zeros at the end.
fn number(number: f64) -> String {
    let text = format!("{number:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

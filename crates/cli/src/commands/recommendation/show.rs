//! `fondaco recommendation show`.

use std::fmt::Write as _;

use fondaco_app::recommendations::Decided;
use fondaco_contract::v1alpha1::analysis::AnalysisResult;
use fondaco_domain::Symbol;
use fondaco_domain::signal::Probability;
use jiff::civil::Date;
use serde::Serialize;

use crate::context::Context;
use crate::errors::Failure;
use crate::host::{Client, StoreArgs};
use crate::output::{Style, View};

/// Which.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  fondaco recommendation show AAPL 2025-03-04\n\nAll of it, for people: `fondaco report show`."
)]
pub(crate) struct Args {
    /// The instrument.
    #[arg(value_name = "TICKER")]
    ticker: Symbol,
    /// The day.
    #[arg(value_name = "DATE")]
    date: Date,
    #[command(flatten)]
    store: StoreArgs,
}

#[derive(Debug, Serialize)]
struct Shown {
    run: String,
    asked_at: String,
    result: AnalysisResult,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let client = Client::open(&args.store, context)?;
    let Decided {
        recommendation,
        result,
    } = client.recommendations().show(&args.ticker, args.date)?;
    Ok(context.output.print(&Shown {
        run: recommendation.run.to_string(),
        asked_at: recommendation.asked_at.to_string(),
        result,
    })?)
}

impl View for Shown {
    fn text(&self, style: Style) -> String {
        let result = &self.result;
        let rating = result
            .decision
            .map_or("no decision", |rating| rating.as_str());
        let confidence = result.confidence.map_or(0.0, Probability::get);
        let mut text = format!(
            "{} {} {} with a confidence of {confidence:.2}\n",
            style.bold(result.ticker.as_str()),
            result.date,
            style.bold(rating)
        );
        for lane in result
            .signals
            .merged
            .iter()
            .flat_map(|merged| &merged.counted)
        {
            let _ = writeln!(
                text,
                "{}: says {:.2}, counts {:.2}",
                lane.source.as_str(),
                lane.stated.get(),
                lane.counted.get()
            );
        }
        for code in &result.degradation.reason_codes {
            text += &style.bad(&format!("missing: {}\n", code.as_str()));
        }
        text + &style.dim(&format!(
            "run {}, asked for at {}\n",
            self.run, self.asked_at
        ))
    }
}

//! `fondaco strategy show`.

use std::fmt::Write;
use std::path::PathBuf;

use fondaco_app::strategies::{Checked, StrategyFile, StrategyRef, find};
use fondaco_domain::strategy::{Rule, Side, Stake, Strategy, Trailing};
use serde::Serialize;

use super::check::describe;
use super::files;
use super::list::sides;
use crate::context::Context;
use crate::errors::Failure;
use crate::host::{Client, StoreArgs};
use crate::output::{Style, View};

/// What to show.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  fondaco strategy show strategies/sma-cross.toml\n  fondaco strategy show sma-cross@2"
)]
pub(crate) struct Args {
    /// Strategy file, or a version that was put: NAME@VERSION.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    store: StoreArgs,
}

/// The file as it was understood, defaults filled in.
#[derive(Debug, Serialize)]
struct Shown {
    checked: Checked,
    strategy: Strategy,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let file = args.read(context)?;
    let shown = Shown {
        checked: Checked::of(&file)?,
        strategy: file.strategy,
    };
    context.output.print(&shown)?;
    Ok(())
}

impl Args {
    /// The file; where there is none and the words name a version, its text.
    fn read(&self, context: &Context) -> Result<StrategyFile, Failure> {
        let words = self.file.to_string_lossy();
        if self.file.exists() || !words.contains('@') {
            return files::read(&self.file);
        }
        let Ok(wanted) = words.parse::<StrategyRef>();
        let client = Client::open(&self.store, context)?;
        let found = find(client.store(), &wanted)?;
        let name = format!("{}@{}", found.name, found.version);
        Ok(StrategyFile::read(&name, found.content.text)?)
    }
}

impl View for Shown {
    fn text(&self, style: Style) -> String {
        let strategy = &self.strategy;
        let mut text = describe(&self.checked, style);
        if !strategy.description.is_empty() {
            let _ = writeln!(text, "\n{}", strategy.description);
        }
        let _ = writeln!(
            text,
            "\n{}\n  {} candles, {}",
            style.bold("Candles and sides"),
            strategy.timeframe,
            sides(strategy.direction)
        );
        expressions(&mut text, strategy, style);
        trades(&mut text, strategy, style);
        text
    }
}

fn expressions(text: &mut String, strategy: &Strategy, style: Style) {
    section(
        text,
        style,
        "Parameters",
        strategy.params.iter().map(|(name, param)| {
            let step = param
                .step
                .map_or("any".to_owned(), |step| format!("steps of {step}"));
            format!(
                "{name} = {} ({} to {}, {step})",
                param.default, param.low, param.high
            )
        }),
    );
    section(
        text,
        style,
        "Columns",
        strategy
            .indicators
            .iter()
            .map(|(name, expression)| format!("{name} = {}", one_line(&expression.source))),
    );
    section(text, style, "Enters", strategy.entries.iter().map(rule));
    section(text, style, "Leaves", strategy.exits.iter().map(rule));
}

fn trades(text: &mut String, strategy: &Strategy, style: Style) {
    let risk = &strategy.risk;
    let mut lines = vec![format!("stop at a loss of {}", percent(-risk.stoploss))];
    for (minutes, ratio) in risk.roi.steps() {
        lines.push(match ratio {
            -1.0 => format!("from {minutes} min at any price"),
            ratio => format!("from {minutes} min at a gain of {}", percent(*ratio)),
        });
    }
    lines.extend(
        risk.trailing
            .map(|trailing| trailing_stop(trailing, -risk.stoploss)),
    );
    if !risk.use_exit_signal {
        lines.push("exit rules are not looked at".to_owned());
    }
    if risk.exit_profit_only {
        lines.push(format!(
            "exit rules only above {}",
            percent(risk.exit_profit_offset)
        ));
    }
    if risk.ignore_roi_if_entry_signal {
        lines.push("an entry signal suspends the return targets".to_owned());
    }
    if risk.leverage != 1.0 {
        lines.push(format!("leverage {}", risk.leverage));
    }
    section(text, style, "Risk", lines.into_iter());
    let sizing = strategy.sizing;
    let stake = match sizing.stake {
        Stake::Fixed(amount) => amount.to_string(),
        Stake::Unlimited => "an equal share of the balance".to_owned(),
    };
    let slots = sizing
        .max_open_trades
        .map_or("no limit".to_owned(), |slots| slots.to_string());
    section(
        text,
        style,
        "Stake",
        [format!("{stake}, open at once: {slots}")].into_iter(),
    );
    let counts = [
        (strategy.protections.len(), "protections"),
        (strategy.adjustment.entries.len(), "further entries"),
        (strategy.adjustment.exits.len(), "partial exits"),
    ];
    let counts = counts.iter().filter(|(count, _)| *count > 0);
    section(
        text,
        style,
        "Also",
        counts.map(|(count, what)| format!("{what}: {count}")),
    );
}

fn trailing_stop(trailing: Trailing, stoploss: f64) -> String {
    let near = percent(trailing.positive.unwrap_or(stoploss));
    let (wide, offset) = (percent(stoploss), percent(trailing.offset));
    match trailing {
        Trailing {
            only_after_offset: true,
            ..
        } => {
            format!("trailing stop {near} behind the best price, only once {offset} is gained")
        }
        Trailing {
            positive: Some(_), ..
        } => format!("trailing stop {wide} behind the best price, {near} once {offset} is gained"),
        Trailing { .. } => format!("trailing stop {near} behind the best price"),
    }
}

fn section(text: &mut String, style: Style, title: &str, lines: impl Iterator<Item = String>) {
    for (index, line) in lines.enumerate() {
        if index == 0 {
            let _ = writeln!(text, "\n{}", style.bold(title));
        }
        let _ = writeln!(text, "  {line}");
    }
}

fn rule(rule: &Rule) -> String {
    let side = match rule.side {
        Side::Long => "long",
        Side::Short => "short",
    };
    let tag = rule
        .tag
        .as_ref()
        .map_or(String::new(), |tag| format!(" [{tag}]"));
    format!("{side}{tag} when {}", one_line(&rule.when.source))
}

fn one_line(source: &str) -> String {
    source.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A ratio as a percentage, without the dust of binary fractions.
fn percent(ratio: f64) -> String {
    format!("{} %", (ratio * 1e8).round() / 1e6)
}

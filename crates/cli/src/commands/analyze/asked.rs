//! From words to a run.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::ValueEnum;
use fondaco_app::analysis::submit::{Known, Left, Models, Wish, submit};
use fondaco_app::ports::BarStore as _;
use fondaco_app::ports::research::ResearchStore as _;
use fondaco_app::runs::Overrides;
use fondaco_app::strategies::StrategyFile;
use fondaco_contract::v1alpha1::analysis::{
    AnalysisItem, AnalysisJob, AnalysisKind, Analyst, ConfidenceRule, LlmJob, MergePolicy,
    MergePolicyName, QuantJob,
};
use fondaco_contract::v1alpha1::{JobStrategy, JobVersion};
use fondaco_domain::signal::Probability;
use fondaco_domain::{ErrorKind, Hint, RunId, Symbol};
use fondaco_market::ParquetStore;
use fondaco_store::legacy_table::best_bollinger;
use fondaco_store::research::SqliteResearch;
use jiff::civil::Date;
use thiserror::Error;

use super::contexts;
use crate::commands::strategy::files;
use crate::context::{Context, block_on};
use crate::errors::Failure;
use crate::host::{Client, StoreArgs, models};

/// What is analysed, by whom, and for how much.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  fondaco analyze AAPL --date 2013-05-01\n  fondaco analyze AAPL MSFT --date 2025-03-04 \
                  --models openai/gpt-5-mini,openai/gpt-5 --budget 0.50\n  fondaco analyze AAPL --date 2025-03-04 \
                  --no-llm --strategy strategies/bollinger-20-2.toml\n  fondaco analyze AAPL --date 2025-03-04 --replay \
                  monday.jsonl\n\nWithout --models the rule-based model is asked, which needs no key and no network. \
                  The run is durable: what was answered is not asked again when it is gone on with."
)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of the command line, and none decides another"
)]
pub(crate) struct Args {
    /// What is analysed.
    #[arg(required = true, value_name = "TICKER")]
    tickers: Vec<Symbol>,
    /// The day: nothing that became known after its end (24:00 UTC) is read
    /// [default: today].
    #[arg(long, value_name = "YYYY-MM-DD")]
    date: Option<Date>,
    /// Models of analysts, researchers, trader and risk, and of the two
    /// managers after a comma; see `fondaco model list`.
    #[arg(long, value_name = "QUICK[,DEEP]", value_delimiter = ',', num_args = 1..=2, conflicts_with = "no_llm")]
    models: Vec<String>,
    /// Without the lane of models.
    #[arg(long, conflicts_with = "no_quant")]
    no_llm: bool,
    /// A strategy file for the quant lane [default: a Bollinger strategy].
    #[arg(long, value_name = "FILE", conflicts_with = "no_quant")]
    strategy: Option<PathBuf>,
    /// A table of parameters that an older program left (`runs.db`): its best
    /// Bollinger row gives the parameters and the confidence.
    #[arg(long, value_name = "FILE", conflicts_with = "no_quant")]
    quant_table: Option<PathBuf>,
    /// Without the lane of the strategy.
    #[arg(long)]
    no_quant: bool,
    /// Tell the models what is held: the positions that were noted.
    #[arg(long, conflicts_with = "no_llm")]
    portfolio: bool,
    /// Tell the models what was thought of others on that day.
    #[arg(long, conflicts_with = "no_llm")]
    peers: bool,
    /// Who looks first [default: all four].
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_enum)]
    analysts: Vec<AnalystWord>,
    /// Rounds of bull and bear.
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    rounds: u32,
    /// Rounds of aggressive, conservative and neutral.
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    risk_rounds: u32,
    /// Seconds that an analyst has; the others have five eighths of it.
    #[arg(long, value_name = "SECONDS", default_value_t = 120)]
    seconds: u32,
    /// What all calls together may cost, in US dollars [default: no limit].
    #[arg(long, value_name = "DOLLARS", value_parser = dollars)]
    budget: Option<i64>,
    /// By which rule the lanes are merged.
    #[arg(long, value_enum, default_value_t)]
    policy: PolicyWord,
    /// A recording whose answers are given again; what is not in it is an
    /// error.
    #[arg(long, value_name = "FILE")]
    replay: Option<PathBuf>,
    /// The same as `--output json`.
    #[arg(long)]
    pub(super) json: bool,
    /// Nodes that are asked at a time.
    #[arg(long, value_name = "NUMBER", default_value_t = IN_FLIGHT)]
    pub(super) in_flight: NonZeroUsize,
    #[command(flatten)]
    pub(super) store: StoreArgs,
}

const IN_FLIGHT: NonZeroUsize = NonZeroUsize::new(32).expect("it is not zero");

/// The strategy of those who name none: that of the seed.
const STRATEGY: &str = include_str!("../../../../../strategies/bollinger-20-2.toml");

/// The analysts by their names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum AnalystWord {
    /// Prices and indicators.
    Market,
    /// The tone of what is written.
    Sentiment,
    /// What happened.
    News,
    /// Filings.
    Fundamentals,
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

/// Words that make no analysis.
#[derive(Debug, Error)]
enum AskError {
    /// A day that is not over yet, and not today.
    #[error("{date} is in the future: today is {today}")]
    Future {
        /// As asked for.
        date: Date,
        /// By the clock.
        today: Date,
    },
}

impl Hint for AskError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Invalid
    }

    fn hint(&self) -> Option<String> {
        Some("name a day up to today".to_owned())
    }
}

impl Args {
    /// Accepts the analysis as a durable run.
    pub(super) fn submit(&self, client: &Client, context: &Context) -> Result<RunId, Failure> {
        let mut wish = self.wish(context)?;
        let place = context.home().join("data").display().to_string();
        let store = ParquetStore::open(&place)?;
        let (job, day) = (&mut wish.job, self.day(context)?);
        if self.portfolio {
            job.portfolio = contexts::held(client, &store, &job.items, context)?;
        }
        if self.peers {
            job.peers = Some(contexts::peers(client, day, &job.items)?);
        }
        let known = known(&store, context)?;
        Ok(submit(&client.runs(), &wish, known, None)?.id)
    }

    fn wish(&self, context: &Context) -> Result<Wish, Failure> {
        let date = self.day(context)?;
        let item = |ticker: &Symbol| AnalysisItem {
            ticker: ticker.clone(),
            date,
        };
        let replay = match &self.replay {
            Some(path) => Some(models::library(context).import(path)?.to_string()),
            None => None,
        };
        let policy = MergePolicy {
            policy: match self.policy {
                PolicyWord::CappedSum => MergePolicyName::CappedSum,
                PolicyWord::LogOdds => MergePolicyName::LogOdds,
            },
            ..MergePolicy::default()
        };
        let job = AnalysisJob {
            kind: AnalysisKind::Analysis,
            version: JobVersion,
            items: self.tickers.iter().map(item).collect(),
            quant: self.quant()?,
            llm: (!self.no_llm).then(|| self.llm()),
            merge: policy,
            research_degraded_factor: Probability::try_from(0.5).unwrap_or(Probability::ONE),
            budget_nano: self.budget,
            replay,
            data: None,
            portfolio: None,
            peers: None,
        };
        let left = Left {
            quick: self.models.is_empty(),
            deep: self.models.is_empty(),
            ..Left::default()
        };
        Ok(Wish {
            job,
            left,
            with: Overrides::default(),
        })
    }

    fn day(&self, context: &Context) -> Result<Date, AskError> {
        let today = context.clock.now().date();
        let date = self.date.unwrap_or(today);
        if date > today {
            return Err(AskError::Future { date, today });
        }
        Ok(date)
    }

    fn quant(&self) -> Result<Option<QuantJob>, Failure> {
        if self.no_quant {
            return Ok(None);
        }
        let file = match &self.strategy {
            Some(path) => files::read(path)?,
            None => StrategyFile::read("bollinger-20-2.toml", STRATEGY.to_owned())?,
        };
        let mut quant = QuantJob {
            strategy: JobStrategy { text: file.text },
            params: BTreeMap::new(),
            confidence: ConfidenceRule::Record,
        };
        if let Some(path) = &self.quant_table {
            let row = best_bollinger(path)?;
            let known = |name: &String| file.strategy.params.contains_key(name);
            quant.params = row
                .params
                .into_iter()
                .filter(|(name, _)| known(name))
                .collect();
            quant.confidence = ConfidenceRule::Table {
                sharpe: row.sharpe,
                best: row.best,
            };
        }
        Ok(Some(quant))
    }

    fn llm(&self) -> LlmJob {
        let named = |place: usize| self.models.get(place).cloned();
        let quick = named(0).unwrap_or_default();
        LlmJob {
            deep: named(1).unwrap_or_else(|| quick.clone()),
            quick,
            analysts: if self.analysts.is_empty() {
                Analyst::ALL.to_vec()
            } else {
                self.analysts.iter().copied().map(Analyst::from).collect()
            },
            debate_rounds: self.rounds,
            risk_rounds: self.risk_rounds,
            analyst_seconds: self.seconds,
            research_seconds: (self.seconds * 5 / 8).max(1),
            tool_turns: 6,
            max_tokens: 2_000,
            temperature_milli: None,
            seed: None,
            prompts: None,
        }
    }
}

impl From<AnalystWord> for Analyst {
    fn from(word: AnalystWord) -> Self {
        match word {
            AnalystWord::Market => Self::Market,
            AnalystWord::Sentiment => Self::Sentiment,
            AnalystWord::News => Self::News,
            AnalystWord::Fundamentals => Self::Fundamentals,
        }
    }
}

/// What the home knows at the moment.
fn known(store: &ParquetStore, context: &Context) -> Result<Known, Failure> {
    let research = SqliteResearch::open(&context.home().join(SqliteResearch::FILE))?;
    Ok(Known {
        listed: block_on(store.list())??,
        research: research.place()?,
        models: Models::default(),
        portfolio: None,
        peers: None,
    })
}

/// Dollars as billionths, exactly.
fn dollars(text: &str) -> Result<i64, String> {
    let wrong = || "a number of dollars such as 0.50 is wanted".to_owned();
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let is_number = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || fraction.len() > 9 || !is_number(whole) || !is_number(fraction) {
        return Err(wrong());
    }
    let whole: i64 = whole.parse().map_err(|_| wrong())?;
    let fraction: i64 = format!("{fraction:0<9}").parse().map_err(|_| wrong())?;
    let nano = whole
        .checked_mul(1_000_000_000)
        .and_then(|nano| nano.checked_add(fraction));
    nano.ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::dollars;

    #[test]
    fn dollars_are_exact() {
        for (text, nano) in [
            ("0.50", 500_000_000),
            ("2", 2_000_000_000),
            ("0.000000001", 1),
            ("0", 0),
        ] {
            assert_eq!(dollars(text), Ok(nano), "{text}");
        }
        for text in ["", "-1", "1e3", "0.0000000001", ".5", "1,5", "99999999999"] {
            assert!(dollars(text).is_err(), "{text}");
        }
    }
}

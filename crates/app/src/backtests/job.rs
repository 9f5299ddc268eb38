//! A backtest as a document: read, checked, made canonical, and turned into
//! what [`run`](super::run) takes.

use std::collections::HashSet;

use fondaco_contract::v1alpha1::{
    self as contract, BacktestJob, JobAccount, JobFill, JobHistory, Profile as ProfileName,
};
use fondaco_domain::corporate::{Dividend, FactorRow, Factors, Split};
use fondaco_domain::market::TradingMode;
use fondaco_domain::strategy::{Stake, Strategy};
use fondaco_domain::{Canonical, ErrorKind, Hint, Symbol, TimeRange, UnixMillis};
use fondaco_engine::backtest::{Costs, Profile};
use fondaco_engine::expr::{ParamValueError, ParamValues};
use thiserror::Error;

use super::account::{AccountPlan, ConfigError, account_of};
use super::actions::{Histories, History};
use super::markets::{Markets, MarketsError};
use super::{FillGaps, Spec, realism};
use crate::strategies::{StrategyFile, StrategyFileError};

/// The largest integer that every reader of JSON keeps.
const LARGEST: u64 = (1 << 53) - 1;

/// What the strategy of a job is called in messages: it has no path.
const STRATEGY: &str = "strategy.text";

/// A job that cannot be one.
#[derive(Debug, Error)]
pub enum JobError {
    /// Not JSON, or a field that is unknown, absent or of the wrong form.
    #[error("the backtest job is wrong{}", at(field))]
    Form {
        /// The field, from the outside in; `.` for the whole and `?` where the
        /// text ends too early.
        field: String,
        /// What is wrong.
        #[source]
        source: serde_json::Error,
    },
    /// The strategy has mistakes.
    #[error(transparent)]
    Strategy(#[from] StrategyFileError),
    /// A parameter value is wrong.
    #[error(transparent)]
    Params(#[from] ParamValueError),
    /// The freqtrade configuration cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The markets cannot be used.
    #[error(transparent)]
    Markets(#[from] MarketsError),
    /// An instrument that is listed twice would be counted twice.
    #[error("{0} is listed twice")]
    SamePair(Symbol),
    /// A seed that does not survive JSON.
    #[error("the seed {0} is too large: {LARGEST} is the largest")]
    Seed(u64),
    /// A number that JSON cannot hold.
    #[error("the backtest job holds a number that is not finite")]
    NotFinite,
    /// What only the other profile knows.
    #[error("`{0}` has no place in the freqtrade profile")]
    NeedsRealistic(&'static str),
}

fn at(field: &str) -> String {
    match field {
        "." | "?" => String::new(),
        field => format!(" at `{field}`"),
    }
}

impl Hint for JobError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Strategy(error) => error.kind(),
            Self::Params(error) => error.kind(),
            Self::Config(error) => error.kind(),
            Self::Markets(error) => error.kind(),
            Self::Form { .. }
            | Self::SamePair(_)
            | Self::Seed(_)
            | Self::NotFinite
            | Self::NeedsRealistic(_) => ErrorKind::Invalid,
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Strategy(error) => return error.hint(),
            Self::Params(error) => return error.hint(),
            Self::Config(error) => return error.hint(),
            Self::Markets(error) => return error.hint(),
            Self::Form { .. } => "schemas/backtest-job.v1alpha1.json has the form".to_owned(),
            Self::SamePair(_) => "name each pair once".to_owned(),
            Self::NeedsRealistic(_) => "leave it out, or say `realistic`".to_owned(),
            Self::Seed(_) | Self::NotFinite => return None,
        })
    }
}

/// Reads a job; what is wrong with it is said with its place.
pub fn parse(text: &str) -> Result<BacktestJob, JobError> {
    let form = |field, source| JobError::Form { field, source };
    let mut reader = serde_json::Deserializer::from_str(text);
    let job: BacktestJob = serde_path_to_error::deserialize(&mut reader)
        .map_err(|error| form(error.path().to_string(), error.into_inner()))?;
    reader
        .end()
        .map_err(|source| form(".".to_owned(), source))?;
    Ok(job)
}

/// The one text of a job, and its hash: the name of the spec. Reading it gives
/// the job again.
pub fn canonical(job: &BacktestJob) -> Result<Canonical, JobError> {
    if job.seed > LARGEST {
        return Err(JobError::Seed(job.seed));
    }
    let canonical = Canonical::of(job).map_err(|_| JobError::NotFinite)?;
    // JSON turns a NaN into `null`, which is something else here.
    match parse(canonical.text()) {
        Ok(read) if read == *job => Ok(canonical),
        _ => Err(JobError::NotFinite),
    }
}

/// What a job asks for, on so many threads (zero for as many as there are).
/// Threads change no figure.
pub fn spec(job: &BacktestJob, threads: usize) -> Result<Spec, JobError> {
    let file = StrategyFile::read(STRATEGY, job.strategy.text.clone())?;
    let mut strategy = file.strategy;
    let given = job
        .params
        .iter()
        .map(|(name, &value)| (name.as_str(), value));
    let params = ParamValues::new(&strategy, given)?;
    let plan = plan(job, &mut strategy)?;
    strategy.timeframe = job.timeframe.unwrap_or(strategy.timeframe);
    require_distinct(&plan.pairs)?;
    let mut settings = plan.settings;
    settings.protections = job.protections;
    settings.detail = job.timeframe_detail;
    settings.profile = profile(job)?;
    if job.seed > LARGEST {
        return Err(JobError::Seed(job.seed));
    }
    Ok(Spec {
        strategy,
        params,
        settings,
        stake_currency: plan.stake_currency,
        pairs: plan.pairs,
        range: TimeRange {
            from: job.range.from_ms.map(UnixMillis),
            to: job.range.to_ms.map(UnixMillis),
        },
        fill: match job.fill_gaps {
            JobFill::Auto => FillGaps::Continuous,
            JobFill::Always => FillGaps::Always,
            JobFill::Never => FillGaps::Never,
        },
        funding_rate: plan.funding_rate,
        markets: match &job.markets {
            Some(text) => Markets::with_file(text)?,
            None => Markets::built_in(),
        },
        histories: histories(job),
        seed: job.seed,
        threads,
    })
}

/// The account; a configuration may change the strategy's risk rules.
fn plan(job: &BacktestJob, strategy: &mut Strategy) -> Result<AccountPlan, JobError> {
    let JobAccount {
        freqtrade_config,
        balance,
        currency,
        fee,
        stake,
        max_open_trades,
        trading_mode,
    } = &job.account;
    let mut plan = match freqtrade_config {
        Some(config) => account_of(config, strategy, *fee)?,
        None => AccountPlan::of_strategy(strategy, 10_000.0, fee.unwrap_or(0.001), ""),
    };
    if !job.pairs.is_empty() {
        plan.pairs.clone_from(&job.pairs);
    }
    let settings = &mut plan.settings;
    if let Some(balance) = balance {
        settings.starting_balance = *balance;
    }
    if let Some(stake) = stake {
        settings.stake = match stake {
            contract::Stake::Fixed { amount } => Stake::Fixed(*amount),
            contract::Stake::Unlimited => Stake::Unlimited,
        };
    }
    if let Some(open) = max_open_trades {
        settings.max_open_trades = open.limit();
    }
    let all_swaps = !plan.pairs.is_empty() && plan.pairs.iter().all(|p| p.settle().is_some());
    match trading_mode {
        Some(contract::TradingMode::Spot) => settings.mode = TradingMode::Spot,
        Some(contract::TradingMode::Futures) => settings.mode = TradingMode::Futures,
        None if freqtrade_config.is_none() && all_swaps => settings.mode = TradingMode::Futures,
        None => {}
    }
    if let Some(currency) = currency {
        plan.stake_currency.clone_from(currency);
    }
    Ok(plan)
}

fn require_distinct(pairs: &[Symbol]) -> Result<(), JobError> {
    let mut seen = HashSet::new();
    match pairs.iter().find(|pair| !seen.insert(*pair)) {
        Some(twice) => Err(JobError::SamePair(twice.clone())),
        None => Ok(()),
    }
}

fn profile(job: &BacktestJob) -> Result<Profile, JobError> {
    match job.profile {
        ProfileName::Realistic => Ok(Profile::Realistic(
            job.costs
                .as_ref()
                .map_or_else(Costs::default, realism::engine_costs),
        )),
        ProfileName::Freqtrade if job.costs.is_some() => Err(JobError::NeedsRealistic("costs")),
        ProfileName::Freqtrade if !job.histories.is_empty() => {
            Err(JobError::NeedsRealistic("histories"))
        }
        ProfileName::Freqtrade => Ok(Profile::Freqtrade),
    }
}

fn histories(job: &BacktestJob) -> Histories {
    let mut histories = Histories::default();
    for (stem, history) in &job.histories {
        let (history, version) = match history {
            JobHistory::Factors { version, rows } => {
                let rows = rows.iter().map(|row| FactorRow {
                    date: row.date,
                    price_factor: row.price_factor,
                    split_factor: row.split_factor,
                    reference_price: row.reference_price,
                });
                (History::Factors(Factors::new(rows.collect())), version)
            }
            JobHistory::Lists {
                version,
                splits,
                dividends,
            } => {
                let splits = splits.iter().map(|split| Split {
                    date: split.date,
                    from: split.from,
                    to: split.to,
                });
                let dividends = dividends.iter().map(|dividend| Dividend {
                    ex_date: dividend.ex_date,
                    pay_date: dividend.pay_date,
                    amount: dividend.amount,
                    currency: dividend.currency.clone(),
                });
                let lists = History::Lists {
                    splits: splits.collect(),
                    dividends: dividends.collect(),
                };
                (lists, version)
            }
        };
        histories.add(stem, history, version.clone());
    }
    histories
}

/// Splits and dividends of an instrument as a job states them.
pub fn history(history: &History, version: String) -> JobHistory {
    match history {
        History::Factors(factors) => JobHistory::Factors {
            version,
            rows: factors
                .rows()
                .iter()
                .map(|row| contract::JobFactors {
                    date: row.date,
                    price_factor: row.price_factor,
                    split_factor: row.split_factor,
                    reference_price: row.reference_price,
                })
                .collect(),
        },
        History::Lists { splits, dividends } => JobHistory::Lists {
            version,
            splits: splits
                .iter()
                .map(|split| contract::JobSplit {
                    date: split.date,
                    from: split.from,
                    to: split.to,
                })
                .collect(),
            dividends: dividends
                .iter()
                .map(|dividend| contract::JobDividend {
                    ex_date: dividend.ex_date,
                    pay_date: dividend.pay_date,
                    amount: dividend.amount,
                    currency: dividend.currency.clone(),
                })
                .collect(),
        },
    }
}

#[cfg(test)]
mod tests;

//! The profile and the costs a backtest is run with.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use fondaco_app::backtests::actions::History;
use fondaco_app::backtests::{job, realism};
use fondaco_contract::v1alpha1::{Costs as JobCosts, JobHistory, Profile};
use fondaco_domain::ContentHash;
use fondaco_engine::backtest::{Costs, Slippage, Spread};
use fondaco_market::{read_dividends, read_factors, read_splits};

use super::inputs::{InputError, read};
use crate::errors::Failure;

/// Whose semantics, and what trading costs.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Profile")]
pub(super) struct RealismArgs {
    /// Whose semantics [default: freqtrade, or realistic where a flag below
    /// is given].
    #[arg(long, value_enum)]
    profile: Option<ProfileName>,
    /// Costs of the realistic profile (docs/guide/realistic.md).
    #[arg(long, value_name = "FILE")]
    realism: Option<PathBuf>,
    /// Spread as a ratio of the price, in place of the file's.
    #[arg(long, value_name = "RATIO")]
    spread: Option<f64>,
    /// Slippage of each fill at market as a ratio of its price, in place of
    /// the file's.
    #[arg(long, value_name = "RATIO")]
    slippage: Option<f64>,
    /// Largest part of a candle's volume that fills may take, in place of the
    /// file's.
    #[arg(long, value_name = "RATIO")]
    volume_share: Option<f64>,
    /// Folder of splits and dividends: factor files (`aapl.csv`), or lists
    /// (`AAPL.splits.json`, `AAPL.dividends.json`).
    #[arg(long, value_name = "DIR")]
    actions: Option<PathBuf>,
}

/// Splits and dividends by the stem of their files, in lower case.
type Histories = BTreeMap<String, JobHistory>;

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum ProfileName {
    /// Trade for trade as freqtrade.
    Freqtrade,
    /// With spread, slippage, limited volume, splits and dividends.
    Realistic,
}

impl RealismArgs {
    /// The profile, its costs, and the splits and dividends it knows.
    pub(super) fn profile(&self) -> Result<(Profile, Option<JobCosts>, Histories), Failure> {
        let flag = self.first_flag();
        match (self.profile, flag) {
            (Some(ProfileName::Freqtrade), Some(flag)) => {
                Err(InputError::NeedsRealistic(flag).into())
            }
            (Some(ProfileName::Realistic), _) | (None, Some(_)) => {
                let histories = self
                    .actions
                    .as_deref()
                    .map_or_else(|| Ok(Histories::default()), histories)?;
                let costs = realism::costs(&self.costs()?);
                Ok((Profile::Realistic, Some(costs), histories))
            }
            _ => Ok((Profile::Freqtrade, None, Histories::default())),
        }
    }

    /// A flag that only the realistic profile knows.
    fn first_flag(&self) -> Option<&'static str> {
        [
            (self.realism.is_some(), "--realism"),
            (self.spread.is_some(), "--spread"),
            (self.slippage.is_some(), "--slippage"),
            (self.volume_share.is_some(), "--volume-share"),
            (self.actions.is_some(), "--actions"),
        ]
        .into_iter()
        .find_map(|(is_set, flag)| is_set.then_some(flag))
    }

    fn costs(&self) -> Result<Costs, Failure> {
        let mut costs = match &self.realism {
            Some(path) => realism::parse(&read(path)?)?,
            None => Costs::default(),
        };
        if let Some(ratio) = self.spread {
            costs.spread = Spread::Ratio(ratio);
        }
        if let Some(ratio) = self.slippage {
            costs.slippage = Slippage::Ratio(ratio);
        }
        if let Some(share) = self.volume_share {
            costs.max_volume_share = Some(share);
        }
        Ok(costs)
    }
}

/// Everything a folder says of splits and dividends.
fn histories(folder: &Path) -> Result<Histories, Failure> {
    let unreadable = |source| InputError::Read {
        path: folder.to_owned(),
        source,
    };
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        names.extend(entry.file_name().into_string());
    }
    names.sort();
    let mut histories = Histories::default();
    for name in &names {
        let file = |suffix: &str| name.strip_suffix(suffix);
        if let Some(stem) = file(".csv") {
            let path = folder.join(name);
            let version = version(&[read(&path)?]);
            let history = job::history(&History::Factors(read_factors(&path)?), version);
            histories.insert(stem.to_lowercase(), history);
        } else if let Some(stem) = file(".splits.json").or_else(|| file(".dividends.json")) {
            let (splits, dividends) = (
                folder.join(format!("{stem}.splits.json")),
                folder.join(format!("{stem}.dividends.json")),
            );
            let mut texts = Vec::new();
            let history = History::Lists {
                splits: optional(&splits, &mut texts, |path| Ok(read_splits(path)?))?,
                dividends: optional(&dividends, &mut texts, |path| Ok(read_dividends(path)?))?,
            };
            let history = job::history(&history, version(&texts));
            histories.insert(stem.to_lowercase(), history);
        }
    }
    if histories.is_empty() {
        return Err(InputError::NoActions(folder.to_owned()).into());
    }
    Ok(histories)
}

/// The rows of a file, none where it is absent.
fn optional<T>(
    path: &Path,
    texts: &mut Vec<String>,
    rows: impl Fn(&Path) -> Result<Vec<T>, Failure>,
) -> Result<Vec<T>, Failure> {
    if !path.exists() {
        return Ok(Vec::new());
    }
    texts.push(read(path)?);
    rows(path)
}

fn version(texts: &[String]) -> String {
    ContentHash::of_parts(texts.iter().map(String::as_bytes)).to_string()
}

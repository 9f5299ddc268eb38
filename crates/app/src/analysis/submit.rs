//! An analysis that is asked for: what is left to the moment is written into
//! its job, and the job is accepted as a durable run.

use std::collections::BTreeSet;

use fondaco_contract::v1alpha1::analysis::{
    AnalysisData, AnalysisJob, PeerContext, PortfolioContext,
};
use fondaco_domain::{
    Canonical, ErrorKind, Hint, RunId, Symbol, Timeframe, UnixMicros, UnixMillis,
};
use fondaco_engine::expr::ParamValues;
use jiff::civil::Date;
use thiserror::Error;

use super::job::{self, JobError};
use super::prompts;
use crate::backtests::pin;
use crate::data::{DatasetId, Version};
use crate::ports::runs::{IdempotencyKey, RunStoreError, Submitted};
use crate::runs::{Overrides, Runs, RunsError, Spec};
use crate::strategies::{
    Checked, RegistryError, StrategyFile, StrategyFileError, StrategyRef, find, versions,
};

/// The model of those who name none and have set none: it needs no key and no
/// network.
pub const RULE_BASED: &str = "fondaco/rule-based";

/// A wish for an analysis.
#[derive(Debug, Clone, PartialEq)]
pub struct Wish {
    /// What is asked for. What is `None` in it and depends on the moment (data,
    /// prompts) is filled in.
    pub job: AnalysisJob,
    /// What else is left to the moment.
    pub left: Left,
    /// How it waits and for whom.
    pub with: Overrides,
}

/// What a wish leaves to the moment, whatever stands for it in the job.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each answers for a part of the job of its own"
)]
pub struct Left {
    /// The day of all items is today.
    pub date: bool,
    /// The rules of the quant lane are those of a registered strategy.
    pub strategy: Option<StrategyRef>,
    /// The model of analysts, researchers, trader and risk is the usual one.
    pub quick: bool,
    /// The model of the managers is the usual one.
    pub deep: bool,
    /// What is held is what is known to be held.
    pub portfolio: bool,
    /// Views of others are those of the day.
    pub peers: bool,
}

impl From<AnalysisJob> for Wish {
    /// All that is said is meant.
    fn from(job: AnalysisJob) -> Self {
        Self {
            job,
            left: Left::default(),
            with: Overrides::default(),
        }
    }
}

/// What is known now, of all that a wish may leave open.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Known {
    /// Every data set of candles, and its newest version.
    pub listed: Vec<(DatasetId, Version)>,
    /// The place of the newest import of news, filings and corporate actions.
    pub research: u64,
    /// The models of those who name none.
    pub models: Models,
    /// What is held; nothing where that is not known.
    pub portfolio: Option<PortfolioContext>,
    /// What is thought of others; nothing where that is not known.
    pub peers: Option<PeerContext>,
}

/// The models of those who name none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Models {
    /// Of analysts, researchers, trader and risk.
    pub quick: String,
    /// Of the two managers.
    pub deep: String,
}

impl Default for Models {
    fn default() -> Self {
        Self {
            quick: RULE_BASED.to_owned(),
            deep: RULE_BASED.to_owned(),
        }
    }
}

/// Why an analysis was not accepted.
#[derive(Debug, Error)]
pub enum SubmitError {
    /// The job makes no sense.
    #[error(transparent)]
    Job(#[from] JobError),
    /// The strategy was not found.
    #[error(transparent)]
    Strategy(#[from] RegistryError),
    /// The strategy is not one.
    #[error(transparent)]
    File(#[from] StrategyFileError),
    /// The run was refused.
    #[error(transparent)]
    Runs(#[from] RunsError),
}

impl Hint for SubmitError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Job(error) => error.kind(),
            Self::Strategy(error) => error.kind(),
            Self::File(error) => error.kind(),
            Self::Runs(error) => error.kind(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Job(error) => error.hint(),
            Self::Strategy(error) => error.hint(),
            Self::File(error) => error.hint(),
            Self::Runs(error) => error.hint(),
        }
    }
}

impl From<RunStoreError> for SubmitError {
    fn from(error: RunStoreError) -> Self {
        Self::Runs(error.into())
    }
}

/// Accepts an analysis: committed when this returns. What it may read of all
/// there is now is written into its spec.
///
/// The same key with the same wish again is the run of before, whatever has
/// been imported, registered or set since; with another wish it is
/// [`RunStoreError::KeyConflict`].
pub fn submit(
    runs: &Runs<'_>,
    wish: &Wish,
    known: Known,
    key: Option<IdempotencyKey>,
) -> Result<Submitted, SubmitError> {
    let job = settle(runs, wish, known)?;
    match offer(runs, &job, &wish.with, key) {
        Err(SubmitError::Runs(RunsError::Store(RunStoreError::KeyConflict { key, existing }))) => {
            if is_same(runs, wish, existing)? {
                let (id, fresh) = (existing, false);
                return Ok(Submitted { id, fresh });
            }
            Err(RunStoreError::KeyConflict { key, existing }.into())
        }
        answer => answer,
    }
}

/// The job of a wish, with nothing left open.
pub fn settle(runs: &Runs<'_>, wish: &Wish, known: Known) -> Result<AnalysisJob, SubmitError> {
    let accepted = runs.machine.wall();
    let strategy = match &wish.left.strategy {
        Some(wanted) => Some(find(runs.store, wanted)?.content.text),
        None => None,
    };
    let fill = Fill {
        date: day_of(accepted),
        strategy,
        models: known.models,
        prompts: Some(prompts::hash().to_string()),
        portfolio: known.portfolio,
        peers: known.peers,
    };
    let mut job = fill.into(wish);
    job::check(&job)?;
    let rules = rules(&job)?;
    if job.data.is_none() {
        job.data = Some(pin(
            &job,
            rules.as_ref(),
            &known.listed,
            known.research,
            accepted,
        ));
    }
    Ok(job)
}

fn offer(
    runs: &Runs<'_>,
    job: &AnalysisJob,
    with: &Overrides,
    key: Option<IdempotencyKey>,
) -> Result<Submitted, SubmitError> {
    Ok(runs.submit(&spec(job)?, key, with)?)
}

fn spec(job: &AnalysisJob) -> Result<Spec, SubmitError> {
    let canonical: Canonical = job::canonical(job)?;
    Ok(Spec::parse(canonical.text()).map_err(RunsError::from)?)
}

/// Whether a wish, with all it leaves open as it was when a run was accepted,
/// asks for that run.
fn is_same(runs: &Runs<'_>, wish: &Wish, existing: RunId) -> Result<bool, SubmitError> {
    let run = runs.store.run(existing)?;
    let Ok(then) = job::parse(&runs.store.spec(&run.new.spec)?) else {
        return Ok(false);
    };
    let Some(first) = then.items.first() else {
        return Ok(false);
    };
    let fill = Fill {
        date: first.date,
        strategy: strategy_then(runs, wish, &then)?,
        models: then
            .llm
            .as_ref()
            .map_or_else(Models::default, |llm| Models {
                quick: llm.quick.clone(),
                deep: llm.deep.clone(),
            }),
        prompts: then.llm.as_ref().and_then(|llm| llm.prompts.clone()),
        portfolio: then.portfolio.clone(),
        peers: then.peers.clone(),
    };
    let mut job = fill.into(wish);
    if job.data.is_none() {
        job.data.clone_from(&then.data);
    }
    let same = runs.would_be(&spec(&job)?, &wish.with)?;
    Ok(same == run.new)
}

/// The rules that a wish's strategy had in a run, where they ever were its
/// rules.
fn strategy_then(
    runs: &Runs<'_>,
    wish: &Wish,
    then: &AnalysisJob,
) -> Result<Option<String>, SubmitError> {
    let Some(wanted) = &wish.left.strategy else {
        return Ok(None);
    };
    let text = then.quant.as_ref().map(|quant| &quant.strategy.text);
    let is_of_it = |text: &&String| -> Result<bool, RegistryError> {
        if wanted.version.is_some() {
            return Ok(find(runs.store, wanted)?.content.text == **text);
        }
        let known = versions(runs.store, &wanted.name)?;
        Ok(known.iter().any(|version| version.content.text == **text))
    };
    match text {
        Some(text) if is_of_it(&text)? => Ok(Some(text.clone())),
        _ => Ok(Some(find(runs.store, wanted)?.content.text)),
    }
}

/// What stands in the place of what a wish leaves open.
struct Fill {
    date: Date,
    strategy: Option<String>,
    models: Models,
    prompts: Option<String>,
    portfolio: Option<PortfolioContext>,
    peers: Option<PeerContext>,
}

impl Fill {
    fn into(self, wish: &Wish) -> AnalysisJob {
        let (mut job, left) = (wish.job.clone(), &wish.left);
        if left.date {
            for item in &mut job.items {
                item.date = self.date;
            }
        }
        if let (Some(text), Some(quant)) = (self.strategy, &mut job.quant) {
            quant.strategy.text = text;
        }
        if let Some(llm) = &mut job.llm {
            if left.quick {
                llm.quick = self.models.quick;
            }
            if left.deep {
                llm.deep = self.models.deep;
            }
            llm.prompts = llm.prompts.take().or(self.prompts);
        }
        if left.portfolio {
            job.portfolio = self.portfolio;
        }
        if left.peers {
            job.peers = self.peers;
        }
        job
    }
}

/// The rules of the quant lane, checked: what cannot be read would only fail
/// later, where nobody waits for the answer any more.
fn rules(job: &AnalysisJob) -> Result<Option<Rules>, SubmitError> {
    let Some(quant) = &job.quant else {
        return Ok(None);
    };
    let file = StrategyFile::read("strategy.toml", quant.strategy.text.clone())?;
    file.compile(&ParamValues::defaults(&file.strategy))?;
    let sources = Checked::of(&file)?.informative;
    Ok(Some(Rules {
        timeframe: file.strategy.timeframe,
        others: sources.into_iter().filter_map(|it| it.symbol).collect(),
    }))
}

/// What a strategy reads.
struct Rules {
    timeframe: Timeframe,
    others: BTreeSet<Symbol>,
}

/// What may be read: candles of trades of all instruments of the job and of
/// those its strategy names, of each length. Where several venues have them,
/// those that reach furthest.
fn pin(
    job: &AnalysisJob,
    rules: Option<&Rules>,
    listed: &[(DatasetId, Version)],
    research: u64,
    accepted: UnixMicros,
) -> AnalysisData {
    let mut symbols: BTreeSet<&Symbol> = job.items.iter().map(|item| &item.ticker).collect();
    symbols.extend(rules.iter().flat_map(|rules| &rules.others));
    let candles = pin::furthest(listed, |id| symbols.contains(&id.symbol));
    AnalysisData {
        candles,
        timeframe: rules.map_or(Timeframe::DAY, |rules| rules.timeframe),
        research,
        accepted_ms: accepted.0.div_euclid(1_000),
    }
}

/// The day in UTC.
pub fn day_of(at: UnixMicros) -> Date {
    UnixMillis(at.0.div_euclid(1_000)).date()
}

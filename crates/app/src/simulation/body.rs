//! A day's task: the account goes on from the day before, somebody trades, and
//! the document of the day is the output.

use std::sync::Arc;

use fondaco_contract::v1alpha1::JobDataset;
use fondaco_contract::v1alpha1::simulation::{
    Base, DaySession, ModelDay, SimDate, SimulationJob, SimulationModel, Style,
};
use fondaco_domain::corporate::{Dividend, Split};
use fondaco_domain::ledger::{CorporateAction, CorporateEvent};
use fondaco_domain::retry::ErrorClass;
use fondaco_domain::task::SkipReason;
use fondaco_domain::{ErrorKind, Hint, Timeframe, UnixMillis};
use thiserror::Error;

use super::agent::{self, NoDay};
use super::job::{self, JobError};
use super::market::{Market, MarketError, calendar};
use super::plan::{PRICES, split};
use super::priced::{Priced, Pricer};
use super::trading::{Traded, Trading, TradingError};
use super::{chain, prompts, room};
use crate::analysis::ask::Desk;
use crate::ports::exec::{Assignment, Outcome, TaskBody, Watch};
use crate::ports::machine::Machine;
use crate::ports::model::{Models, NanoDollars, Seat};
use crate::ports::research::{ActionKind, Horizon, ResearchStore};
use crate::ports::runs::RunStoreError;
use crate::ports::{Failure, Store};
use crate::runner::in_words;
use crate::tools::candles::Candles;
use crate::tools::{Scope, Toolbox};

/// Where days get what they need: the adapters, put together outside.
#[derive(Clone)]
pub struct SimulationBody {
    /// Models by name.
    pub models: Arc<dyn Models>,
    /// What they may call, beside what trades.
    pub tools: Toolbox,
    /// Prices.
    pub candles: Arc<dyn Candles>,
    /// Dividends and splits.
    pub research: Arc<dyn ResearchStore>,
    /// The days before, where the last one did not complete.
    pub runs: Arc<dyn Store>,
    /// What brings prices in that are not there.
    pub prices: Arc<dyn Pricer>,
    /// Time.
    pub machine: Arc<dyn Machine>,
}

/// A day that cannot be done.
#[derive(Debug, Error)]
pub(super) enum BodyError {
    /// The spec is no simulation.
    #[error(transparent)]
    Job(#[from] JobError),
    /// The key names nothing in the spec.
    #[error("task `{0}` is no day of this simulation")]
    Key(String),
    /// What a task before it left does not read.
    #[error("what `{key}` left does not read")]
    Output {
        /// Whose.
        key: String,
        /// Why not.
        #[source]
        source: serde_json::Error,
    },
    /// The days before cannot be found.
    #[error("cannot find the day before")]
    Before(#[source] RunStoreError),
    /// Prices cannot be had.
    #[error(transparent)]
    Market(#[from] MarketError),
    /// The task before this one brought no prices: nobody trades without.
    #[error("there are no prices: {why}")]
    NoPrices {
        /// Why not.
        why: String,
    },
    /// Prices cannot be downloaded.
    #[error("cannot download prices")]
    Prices(#[source] Failure),
    /// Dividends and splits cannot be had.
    #[error("cannot read dividends and splits")]
    Research(#[source] Failure),
    /// The account cannot go on.
    #[error(transparent)]
    Trading(#[from] TradingError),
    /// Another program than the one that accepted the run would ask other
    /// questions under the same name.
    #[error("the run was accepted with the prompts {accepted}; this program has {own}")]
    Prompts {
        /// The hash it was accepted with.
        accepted: String,
        /// That of this program.
        own: String,
    },
    /// The room's part of it.
    #[error(transparent)]
    Room(#[from] room::RoomError),
}

impl Hint for BodyError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Job(error) => error.kind(),
            Self::Key(_) | Self::Prompts { .. } => ErrorKind::Invalid,
            Self::Output { .. } => ErrorKind::Corrupt,
            Self::NoPrices { .. } => ErrorKind::NoData,
            Self::Before(error) => error.kind(),
            Self::Market(error) => error.kind(),
            Self::Prices(error) | Self::Research(error) => error.kind(),
            Self::Trading(error) => error.kind(),
            Self::Room(error) => error.kind(),
        }
    }
}

impl TaskBody for SimulationBody {
    fn run(&self, assignment: &Assignment, watch: &dyn Watch) -> Outcome {
        self.done(assignment, watch).unwrap_or_else(|error| {
            let class = match error {
                // The store may be back in a moment.
                BodyError::Before(_) => ErrorClass::Transient,
                _ => ErrorClass::Permanent,
            };
            Outcome::Failed {
                class,
                error: in_words(&error),
            }
        })
    }
}

impl SimulationBody {
    fn done(&self, assignment: &Assignment, watch: &dyn Watch) -> Result<Outcome, BodyError> {
        let job = job::parse(&assignment.spec)?;
        if assignment.key == PRICES {
            return self.prices(&job, watch);
        }
        let unknown = || BodyError::Key(assignment.key.clone());
        let (day, node) = match assignment.key.split_once('/') {
            Some((day, node)) => (day, Some(node)),
            None => (&*assignment.key, None),
        };
        let (date, name) = split(day).ok_or_else(unknown)?;
        let model = job.models.iter().find(|model| model.name == name);
        let priced = priced(assignment)?;
        if let Some(reason) = priced.as_ref().and_then(|priced| priced.skip(date)) {
            return Ok(skipped(reason));
        }
        let sitting = Sitting {
            body: self,
            assignment,
            job: &job,
            model: model.ok_or_else(unknown)?,
            date,
            candles: candles(&job, priced),
            watch,
        };
        let own = prompts::hash().to_string();
        if let Some(accepted) = job.prompts.clone().filter(|accepted| *accepted != own) {
            return Err(BodyError::Prompts { accepted, own });
        }
        match &job.style {
            Style::Agent(style) => sitting.agent(style),
            Style::Room(style) => sitting.room(style, node),
        }
    }

    fn prices(&self, job: &SimulationJob, watch: &dyn Watch) -> Result<Outcome, BodyError> {
        let priced = self.prices.bring(job, watch).map_err(BodyError::Prices)?;
        Ok(match priced {
            Some(priced) => completed(&priced),
            None => Outcome::Stopped,
        })
    }
}

/// What the download came to, where there was one.
fn priced(assignment: &Assignment) -> Result<Option<Priced>, BodyError> {
    let need = assignment.needs.iter().find(|need| need.key == PRICES);
    let Some(need) = need else { return Ok(None) };
    let nothing = || BodyError::NoPrices {
        why: need
            .detail
            .clone()
            .unwrap_or_else(|| need.state.as_str().to_owned()),
    };
    let output = need.output.as_deref().ok_or_else(nothing)?;
    let read = serde_json::from_str(output).map(Some);
    read.map_err(|source| BodyError::Output {
        key: PRICES.to_owned(),
        source,
    })
}

fn candles(job: &SimulationJob, priced: Option<Priced>) -> Vec<JobDataset> {
    let pinned = || job.data.as_ref().map(|data| data.candles.clone());
    let priced = priced.map(|priced| priced.candles);
    priced.or_else(pinned).unwrap_or_default()
}

pub(super) fn completed(output: &impl serde::Serialize) -> Outcome {
    Outcome::Completed {
        output: Some(serde_json::to_string(output).expect("documents always serialise")),
    }
}

fn skipped(reason: SkipReason) -> Outcome {
    Outcome::Skipped {
        reason,
        detail: None,
    }
}

/// One day of one model, or a part of it.
pub(super) struct Sitting<'a> {
    pub(super) body: &'a SimulationBody,
    pub(super) assignment: &'a Assignment,
    pub(super) job: &'a SimulationJob,
    pub(super) model: &'a SimulationModel,
    pub(super) date: SimDate,
    candles: Vec<JobDataset>,
    watch: &'a dyn Watch,
}

impl Sitting<'_> {
    fn agent(
        &self,
        style: &fondaco_contract::v1alpha1::simulation::AgentStyle,
    ) -> Result<Outcome, BodyError> {
        let market = self.market()?;
        let before = self.before()?;
        let mut trading = self.trading(&market, before.as_ref())?;
        let scope = self.scope();
        let day = agent::Day {
            job: self.job,
            model: self.model,
            style,
            seat: self.seat(&self.assignment.key),
            scope: &scope,
        };
        let stopped = || self.watch.stopped();
        match agent::trade(&self.desk(&stopped), &day, &mut trading) {
            Ok(session) => Ok(completed(&self.document(
                before.as_ref(),
                trading.end()?,
                session,
            ))),
            Err(NoDay::Stopped) => Ok(Outcome::Stopped),
            Err(NoDay::Degraded(degraded)) => Ok(Outcome::Failed {
                class: ErrorClass::Permanent,
                error: format!("{}: {}", degraded.reason, degraded.detail),
            }),
        }
    }

    fn room(
        &self,
        style: &fondaco_contract::v1alpha1::simulation::RoomStyle,
        node: Option<&str>,
    ) -> Result<Outcome, BodyError> {
        room::node(self, style, node)
    }

    /// The prices of the run.
    pub(super) fn market(&self) -> Result<Market, BodyError> {
        let timeframe = self.timeframe();
        Ok(Market::open(&*self.body.candles, &self.candles, timeframe)?)
    }

    /// What the account goes on from; nothing where it begins.
    pub(super) fn before(&self) -> Result<Option<Base>, BodyError> {
        let chain = chain::before(self.assignment, &*self.body.runs)?;
        let mut bases = self.model.bases.iter();
        let base = bases.rfind(|base| base.date < self.date);
        Ok(match (chain, base) {
            (Some(chain), Some(base)) if base.date > chain.date => Some(base.clone()),
            (Some(chain), _) => Some(chain),
            (None, base) => base.cloned(),
        })
    }

    /// The account at the open of the day.
    pub(super) fn trading<'m>(
        &self,
        market: &'m Market,
        before: Option<&Base>,
    ) -> Result<Trading<'m>, BodyError> {
        let corporate = self.corporate()?;
        Ok(Trading::begin(
            self.job, market, self.date, before, &corporate,
        )?)
    }

    /// What tools may tell: what had closed before the open, and the open.
    pub(super) fn scope(&self) -> Scope {
        let data = self.job.data.as_ref();
        Scope {
            clock: self.clock(),
            opening: Some(self.date.open()),
            candles: Some(self.candles.clone()),
            timeframe: self.timeframe(),
            research: data.map(|data| data.research),
            portfolio: None,
        }
    }

    /// The opening of the market on that day, where it is known; the run's
    /// acceptance, where that was earlier.
    fn clock(&self) -> UnixMillis {
        let session = calendar(self.job.account.market)
            .filter(|_| self.date.is_daily())
            .and_then(|calendar| calendar.session(self.date.day()));
        let open = session.and_then(|session| Some(session.spans.first()?.0));
        let open = open
            .unwrap_or_else(|| self.date.open())
            .max(self.date.open());
        let data = self.job.data.as_ref();
        data.map_or(open, |data| open.min(UnixMillis(data.accepted_ms)))
    }

    /// Where its calls are recorded and paid.
    pub(super) fn seat<'s>(&'s self, node: &'s str) -> Seat<'s> {
        Seat {
            run: self.assignment.id.run,
            node,
            model: &self.model.model,
            limit: self.job.budget_nano.map(NanoDollars),
            replay: self.job.replay.as_deref(),
        }
    }

    /// With what models are asked.
    pub(super) fn desk<'s>(&'s self, stopped: &'s (dyn Fn() -> bool + Sync)) -> Desk<'s> {
        Desk {
            models: &*self.body.models,
            tools: &self.body.tools,
            machine: &*self.body.machine,
            stopped,
        }
    }

    /// Whether nobody wants it any more.
    pub(super) fn stopped(&self) -> bool {
        self.watch.stopped()
    }

    /// The document of the day.
    pub(super) fn document(
        &self,
        before: Option<&Base>,
        traded: Traded,
        session: DaySession,
    ) -> ModelDay {
        let since = before.map(|before| self.date.session().days_since(before.date.session()));
        ModelDay {
            version: fondaco_contract::v1alpha1::JobVersion,
            date: self.date,
            model: self.model.name.clone(),
            after: before.map(|before| before.date),
            days_since_last_trading: since.unwrap_or_default().unsigned_abs() as u32,
            start: traded.start,
            figures: traded.figures,
            actions: traded.actions,
            waiting: traded.waiting,
            end: traded.end,
            ledger: serde_json::to_value(&traded.ledger).expect("ledgers always serialise"),
            session,
            room: None,
        }
    }

    fn timeframe(&self) -> Timeframe {
        let data = self.job.data.as_ref();
        data.map_or(Timeframe::DAY, |data| data.timeframe)
    }

    /// Dividends and splits of what may be held, where they are booked.
    fn corporate(&self) -> Result<Vec<CorporateAction>, BodyError> {
        if !self.job.account.corporate_actions {
            return Ok(Vec::new());
        }
        let horizon = Horizon {
            known: self.clock(),
            place: self.job.data.as_ref().map(|data| data.research),
        };
        let mut all = Vec::new();
        for symbol in &self.job.symbols {
            let known = self.body.research.actions(symbol, horizon);
            let known = known.map_err(BodyError::Research)?.into_iter();
            all.extend(known.map(|action| CorporateAction {
                symbol: action.symbol,
                event: match action.what {
                    ActionKind::Dividend { amount } => CorporateEvent::Dividend(Dividend {
                        ex_date: action.effective,
                        pay_date: None,
                        amount,
                        currency: super::trading::account(&self.job.account).currency,
                    }),
                    ActionKind::Split { from, to } => CorporateEvent::Split {
                        split: Split {
                            date: action.effective,
                            from,
                            to,
                        },
                        in_lieu: None,
                    },
                },
            }));
        }
        Ok(all)
    }
}

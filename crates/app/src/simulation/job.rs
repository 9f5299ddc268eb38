//! From the document of a job to one that makes sense, and back.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::hash::Hash;

use fondaco_contract::v1alpha1::simulation::{
    SimDate, SimulationAccount, SimulationJob, SimulationModel, Style,
};
use fondaco_domain::{Canonical, ErrorKind, Hint};
use rust_decimal::Decimal;
use thiserror::Error;

/// What is wrong with a job.
#[derive(Debug, Error)]
pub enum JobError {
    /// It has not the form of one.
    #[error("the simulation job is not in its form{}", at(.field))]
    Form {
        /// Where.
        field: String,
        /// What is wrong there.
        #[source]
        source: serde_json::Error,
    },
    /// A list with nothing in it.
    #[error("the simulation job has no {0}")]
    Nothing(&'static str),
    /// Something stands there twice.
    #[error("the {what} `{name}` is named twice")]
    Twice {
        /// A model, a symbol, a date.
        what: &'static str,
        /// Which.
        name: String,
    },
    /// Dates that do not follow each other.
    #[error("the dates are not in order: {later} stands before {earlier}")]
    Order {
        /// First in the list.
        later: SimDate,
        /// After it.
        earlier: SimDate,
    },
    /// Days and hours together.
    #[error("{0} is a day and {1} an hour: all dates are of one kind")]
    Mixed(SimDate, SimDate),
    /// A name that a key cannot hold.
    #[error("`{0}` cannot be the name of a model: it is empty, or has a `|` or a `/` in it")]
    Name(String),
    /// A number out of its range.
    #[error("`{field}` is {found}: {wanted} is wanted")]
    Range {
        /// Where.
        field: &'static str,
        /// What is there.
        found: String,
        /// What may be.
        wanted: &'static str,
    },
    /// A date of a model that is none of the run.
    #[error("{date} of model `{model}` is none of the dates of the run")]
    Date {
        /// Whose.
        model: String,
        /// Which.
        date: SimDate,
    },
    /// A number that JSON cannot hold.
    #[error("the simulation job holds a number that is not finite")]
    NotFinite,
}

fn at(field: &str) -> String {
    match field {
        "." | "?" => String::new(),
        field => format!(" at `{field}`"),
    }
}

impl Hint for JobError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Invalid
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Form { .. } => "schemas/simulation-job.v1alpha1.json has the form",
            Self::Nothing("models") => {
                "name at least one: \"models\": [{\"name\": \"rules\", \"model\": \"fondaco/rule-based\"}]"
            }
            Self::Name(_) => "give it another name beside its `model`",
            Self::Order { .. } => "sort them, the oldest first",
            _ => return None,
        };
        Some(hint.to_owned())
    }
}

/// Reads a job and checks it; what is wrong with it is said with its place.
pub fn parse(text: &str) -> Result<SimulationJob, JobError> {
    let form = |field, source| JobError::Form { field, source };
    let mut reader = serde_json::Deserializer::from_str(text);
    let job: SimulationJob = serde_path_to_error::deserialize(&mut reader)
        .map_err(|error| form(error.path().to_string(), error.into_inner()))?;
    reader
        .end()
        .map_err(|source| form(".".to_owned(), source))?;
    check(&job)?;
    Ok(job)
}

/// The one text of a job, and its hash: the name of the spec. Reading it gives
/// the job again.
pub fn canonical(job: &SimulationJob) -> Result<Canonical, JobError> {
    check(job)?;
    Canonical::of(job).map_err(|_| JobError::NotFinite)
}

/// Whether it makes sense.
pub fn check(job: &SimulationJob) -> Result<(), JobError> {
    check_dates(&job.dates)?;
    something("models", &job.models)?;
    something("symbols", &job.symbols)?;
    distinct("model", job.models.iter().map(|model| &model.name))?;
    distinct("symbol", &job.symbols)?;
    for model in &job.models {
        check_model(model, &job.dates)?;
    }
    if let Some(budget) = job.budget_nano {
        within("budget_nano", &budget, 0, i64::MAX, "0 or more")?;
    }
    check_account(&job.account)?;
    check_style(&job.style)
}

fn check_dates(dates: &[SimDate]) -> Result<(), JobError> {
    something("dates", dates)?;
    for pair in dates.windows(2) {
        let (one, next) = (pair[0], pair[1]);
        if one.is_daily() != next.is_daily() {
            let (day, hour) = if one.is_daily() {
                (one, next)
            } else {
                (next, one)
            };
            return Err(JobError::Mixed(day, hour));
        }
        match one.cmp(&next) {
            std::cmp::Ordering::Less => {}
            std::cmp::Ordering::Equal => {
                return Err(JobError::Twice {
                    what: "date",
                    name: one.to_string(),
                });
            }
            std::cmp::Ordering::Greater => {
                return Err(JobError::Order {
                    later: one,
                    earlier: next,
                });
            }
        }
    }
    Ok(())
}

fn check_model(model: &SimulationModel, dates: &[SimDate]) -> Result<(), JobError> {
    if model.name.trim().is_empty() || model.name.contains(['|', '/']) {
        return Err(JobError::Name(model.name.clone()));
    }
    let named = model.from.iter().chain(&model.completed);
    let mut unknown = named.filter(|date| dates.binary_search(date).is_err());
    unknown.next().map_or(Ok(()), |date| {
        Err(JobError::Date {
            model: model.name.clone(),
            date: *date,
        })
    })
}

fn check_account(account: &SimulationAccount) -> Result<(), JobError> {
    let most = Decimal::from(1_000_000_000_000_i64);
    let wanted = "more than 0 and at most 1000000000000";
    let least = Decimal::new(1, 2);
    within(
        "account.initial_cash",
        &account.initial_cash,
        least,
        most,
        wanted,
    )?;
    let rates = [
        ("account.commission_bp", account.commission_bp),
        ("account.stamp_duty_bp", account.stamp_duty_bp),
        ("account.slippage_bp", account.slippage_bp),
    ];
    for (field, rate) in rates {
        if let Some(rate) = rate {
            within(
                field,
                &rate,
                Decimal::ZERO,
                Decimal::from(5_000),
                "0 to 5000",
            )?;
        }
    }
    if let Some(least) = account.min_commission {
        let field = "account.min_commission";
        within(field, &least, Decimal::ZERO, most, "0 or more")?;
    }
    if let Some(margin) = account.margin_requirement {
        let field = "account.margin_requirement";
        within(field, &margin, Decimal::ZERO, Decimal::TEN, "0 to 10")?;
    }
    Ok(())
}

fn check_style(style: &Style) -> Result<(), JobError> {
    let seconds = "1 to 86400";
    match style {
        Style::Agent(agent) => {
            within("style.max_steps", &agent.max_steps, 1, 1_000, "1 to 1000")?;
            within(
                "style.max_tokens",
                &agent.max_tokens,
                1,
                1_000_000,
                "1 to 1000000",
            )?;
            within("style.day_seconds", &agent.day_seconds, 1, 86_400, seconds)
        }
        Style::Room(room) => {
            within("style.cycles", &room.cycles, 0, 10, "0 to 10")?;
            within("style.tool_turns", &room.tool_turns, 0, 50, "0 to 50")?;
            within(
                "style.max_tokens",
                &room.max_tokens,
                1,
                1_000_000,
                "1 to 1000000",
            )?;
            within(
                "style.answer_seconds",
                &room.answer_seconds,
                1,
                86_400,
                seconds,
            )
        }
    }
}

fn something<T>(what: &'static str, list: &[T]) -> Result<(), JobError> {
    if list.is_empty() {
        return Err(JobError::Nothing(what));
    }
    Ok(())
}

fn distinct<'a, T: Display + Eq + Hash + Ord + 'a>(
    what: &'static str,
    names: impl IntoIterator<Item = &'a T>,
) -> Result<(), JobError> {
    let mut seen = BTreeSet::new();
    let twice = names.into_iter().find(|name| !seen.insert(*name));
    twice.map_or(Ok(()), |name| {
        Err(JobError::Twice {
            what,
            name: name.to_string(),
        })
    })
}

fn within<N: PartialOrd + Display>(
    field: &'static str,
    found: &N,
    least: N,
    most: N,
    wanted: &'static str,
) -> Result<(), JobError> {
    if (least..=most).contains(found) {
        return Ok(());
    }
    Err(JobError::Range {
        field,
        found: found.to_string(),
        wanted,
    })
}

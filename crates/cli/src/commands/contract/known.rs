//! Which contract a document follows, and what it makes wrong.

use fondaco_app::analysis::job::JobError as AnalysisJobError;
use fondaco_app::analysis::quant;
use fondaco_app::backtests::job::JobError;
use fondaco_app::{analysis, backtests, simulation};
use fondaco_contract::gateway::{ClientFrame, ServerFrame};
use fondaco_contract::v1alpha1::analysis::{
    ANALYSIS_RESULT, AnalysisJob, AnalysisResult, Fault, NodeReport, faults_of_report,
    faults_of_result,
};
use fondaco_contract::v1alpha1::simulation::{
    ModelDay, RoomReport, SIMULATION_RESULT, SimulationJob, SimulationRequest, SimulationResult,
    faults_of_simulation,
};
use fondaco_contract::v1alpha1::{
    BACKTEST_LISTING, BACKTEST_RESULT, BacktestJob, BacktestListing, BacktestResult,
};
use fondaco_domain::Timeframe;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::errors::in_words;

/// The contracts of this program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Contract {
    AnalysisResult,
    AnalysisJob,
    AnalysisNode,
    AnalysisNodes,
    BacktestResult,
    BacktestListing,
    BacktestJob,
    SimulationResult,
    SimulationJob,
    SimulationRequest,
    ModelDay,
    RoomReport,
    RoomReports,
    GatewayFrame,
    GatewayFrames,
}

/// A document that follows none of them.
#[derive(Debug)]
pub(super) enum Unknown {
    NotJson(String),
    NoContract(Fault),
}

/// Which contract a document says it follows.
pub(super) fn contract(text: &str) -> Result<Contract, Unknown> {
    let document: Value =
        serde_json::from_str(text).map_err(|error| Unknown::NotJson(error.to_string()))?;
    let of_many = |first: &Value| match of_one(first) {
        Ok(Contract::AnalysisNode) => Ok(Contract::AnalysisNodes),
        Ok(Contract::RoomReport) => Ok(Contract::RoomReports),
        Ok(Contract::GatewayFrame) => Ok(Contract::GatewayFrames),
        _ => Err(none("", "it is a list of no known documents")),
    };
    match &document {
        Value::Array(list) => list
            .first()
            .map_or_else(|| Err(none("", "it is an empty list")), of_many),
        one => of_one(one),
    }
}

fn of_one(document: &Value) -> Result<Contract, Unknown> {
    let word = |name: &str| document.get(name).and_then(Value::as_str);
    if let Some(name) = word("contract") {
        return match name {
            ANALYSIS_RESULT => Ok(Contract::AnalysisResult),
            BACKTEST_RESULT => Ok(Contract::BacktestResult),
            BACKTEST_LISTING => Ok(Contract::BacktestListing),
            SIMULATION_RESULT => Ok(Contract::SimulationResult),
            other => Err(none(
                "/contract",
                &format!("`{other}` is no contract of this program"),
            )),
        };
    }
    match word("kind") {
        Some("analysis") => return Ok(Contract::AnalysisJob),
        Some("backtest") => return Ok(Contract::BacktestJob),
        Some("simulation") => return Ok(Contract::SimulationJob),
        Some(other) => {
            let problem = format!("`{other}` is no kind of job that has a contract");
            return Err(none("/kind", &problem));
        }
        None => {}
    }
    let has = |name: &str| document.get(name).is_some();
    if word("node").is_some() && word("role").is_some() {
        Ok(Contract::AnalysisNode)
    } else if word("node").is_some() && has("member") {
        Ok(Contract::RoomReport)
    } else if has("session") && has("figures") {
        Ok(Contract::ModelDay)
    } else if has("models") {
        Ok(Contract::SimulationRequest)
    } else if word("type").is_some() {
        Ok(Contract::GatewayFrame)
    } else {
        Err(none(
            "",
            "it has no `contract`, `kind`, `node`, `session`, `models` or `type` that says what it is",
        ))
    }
}

fn none(pointer: &str, problem: &str) -> Unknown {
    Unknown::NoContract(fault(pointer, problem))
}

fn fault(pointer: &str, problem: impl Into<String>) -> Fault {
    Fault {
        pointer: pointer.to_owned(),
        problem: problem.into(),
    }
}

impl Contract {
    /// Its name and version.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::AnalysisResult => "analysis-result v1alpha1",
            Self::AnalysisJob => "analysis-job v1alpha1",
            Self::AnalysisNode | Self::AnalysisNodes => "analysis-node v1alpha1",
            Self::BacktestResult => "backtest-result v1alpha1",
            Self::BacktestListing => "backtest-listing v1alpha1",
            Self::BacktestJob => "backtest-job v1alpha1",
            Self::SimulationResult => "simulation-result v1alpha1",
            Self::SimulationJob => "simulation-job v1alpha1",
            Self::SimulationRequest => "simulation-request v1alpha1",
            Self::ModelDay => "model-day v1alpha1",
            Self::RoomReport | Self::RoomReports => "room-report v1alpha1",
            Self::GatewayFrame | Self::GatewayFrames => "gateway v1",
        }
    }

    /// What is wrong with a document that follows it.
    pub(super) fn faults(self, text: &str) -> Vec<Fault> {
        let found = match self {
            Self::AnalysisResult => read(text).map(|it: AnalysisResult| faults_of_result(&it)),
            Self::AnalysisNode => read(text).map(|it: NodeReport| faults_of_report(&it)),
            Self::AnalysisNodes => read(text).map(|them: Vec<NodeReport>| {
                let each = them.iter().enumerate();
                each.flat_map(|(index, it)| under(index, faults_of_report(it)))
                    .collect()
            }),
            Self::AnalysisJob => read(text).map(|it: AnalysisJob| of_analysis_job(&it)),
            Self::BacktestResult => read(text).map(|_: BacktestResult| Vec::new()),
            Self::BacktestListing => read(text).map(|_: BacktestListing| Vec::new()),
            Self::BacktestJob => read(text).map(|it: BacktestJob| of_backtest_job(&it)),
            Self::SimulationResult => {
                read(text).map(|it: SimulationResult| faults_of_simulation(&it))
            }
            Self::SimulationRequest => read(text).map(|_: SimulationRequest| Vec::new()),
            Self::ModelDay => read(text).map(|_: ModelDay| Vec::new()),
            Self::RoomReport => read(text).map(|_: RoomReport| Vec::new()),
            Self::RoomReports => read(text).map(|_: Vec<RoomReport>| Vec::new()),
            Self::SimulationJob => read(text).map(|it: SimulationJob| of_simulation_job(&it)),
            Self::GatewayFrame => Ok(frame(text)),
            Self::GatewayFrames => read(text).map(|them: Vec<Value>| {
                let each = them.iter().enumerate();
                each.flat_map(|(index, it)| under(index, frame(&it.to_string())))
                    .collect()
            }),
        };
        found.unwrap_or_else(|fault| vec![fault])
    }
}

/// Faults of one of a list.
fn under(index: usize, faults: Vec<Fault>) -> impl Iterator<Item = Fault> {
    faults.into_iter().map(move |it| Fault {
        pointer: format!("/{index}{}", it.pointer),
        ..it
    })
}

/// A document of a type, or the place where it is none.
fn read<T: DeserializeOwned>(text: &str) -> Result<T, Fault> {
    let mut reader = serde_json::Deserializer::from_str(text);
    serde_path_to_error::deserialize(&mut reader)
        .map_err(|error| fault(&pointer(error.path()), error.inner().to_string()))
}

/// As RFC 6901 has it.
fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let steps = path.iter().map(|segment| match segment {
        Segment::Seq { index } => format!("/{index}"),
        Segment::Map { key } => format!("/{}", key.replace('~', "~0").replace('/', "~1")),
        Segment::Enum { .. } | Segment::Unknown => String::new(),
    });
    steps.collect()
}

/// A frame of either way. One that is neither is told as both see it.
fn frame(text: &str) -> Vec<Fault> {
    let (client, server) = (read::<ClientFrame>(text), read::<ServerFrame>(text));
    match (client, server) {
        (Ok(_), _) | (_, Ok(_)) => Vec::new(),
        (Err(client), Err(server)) => vec![Fault {
            problem: format!(
                "of a client: {}; of the server: {}",
                client.problem, server.problem
            ),
            ..client
        }],
    }
}

fn of_analysis_job(job: &AnalysisJob) -> Vec<Fault> {
    let mut faults = Vec::new();
    if let Err(error) = analysis::job::check(job) {
        let pointer = match &error {
            AnalysisJobError::NoItems | AnalysisJobError::SameItem { .. } => "/items".to_owned(),
            AnalysisJobError::Analysts(_) => "/llm/analysts".to_owned(),
            AnalysisJobError::Range { field, .. } => format!("/{}", field.replace('.', "/")),
            _ => String::new(),
        };
        faults.push(fault(&pointer, in_words(&error)));
    }
    if let Some(quant) = &job.quant {
        let stated = job.data.as_ref().map(|data| data.timeframe);
        let timeframe = stated.or_else(|| quant::timeframe(quant));
        if let Err(failure) = quant::read(Some(quant), timeframe.unwrap_or(Timeframe::DAY)) {
            let why = failure.error.unwrap_or_default();
            faults.push(fault("/quant", why));
        }
    }
    faults
}

fn of_simulation_job(job: &SimulationJob) -> Vec<Fault> {
    use simulation::job::JobError;
    let Err(error) = simulation::job::check(job) else {
        return Vec::new();
    };
    let pointer = match &error {
        JobError::Nothing(what) => format!("/{what}"),
        JobError::Order { .. } | JobError::Mixed(..) => "/dates".to_owned(),
        JobError::Name(_) | JobError::Date { .. } => "/models".to_owned(),
        JobError::Range { field, .. } => format!("/{}", field.replace('.', "/")),
        _ => String::new(),
    };
    vec![fault(&pointer, in_words(&error))]
}

fn of_backtest_job(job: &BacktestJob) -> Vec<Fault> {
    let Err(error) = backtests::job::spec(job, 1) else {
        return Vec::new();
    };
    let pointer = match &error {
        JobError::Strategy(_) => "/strategy/text",
        JobError::Params(_) => "/params",
        JobError::Config(_) => "/account/freqtrade_config",
        JobError::Markets(_) => "/markets",
        JobError::SamePair(_) => "/pairs",
        JobError::Seed(_) => "/seed",
        _ => "",
    };
    vec![fault(pointer, in_words(&error))]
}

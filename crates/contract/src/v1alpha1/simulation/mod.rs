//! Simulations: what is asked for, what a day of a model came to, and what
//! came of all.

mod check;
mod date;
mod day;
mod job;
mod request;
mod result;
mod room;

pub use check::faults_of_simulation;
pub use date::{SimDate, SimDateError};
pub use day::{
    Action, ActionKind, ActionState, DayFigures, DaySession, DayState, Holding, Message,
    MessageRole, ModelDay, WaitingOrder, model_day_schema,
};
pub use job::{
    AgentStyle, Base, Completeness, Download, Execution, MarketName, RoomStyle, SimulationAccount,
    SimulationData, SimulationJob, SimulationKind, SimulationModel, Style, simulation_job_schema,
};
pub use request::{RequestModel, SimulationRequest, simulation_request_schema};
pub use result::{
    DayLine, DayStatus, ModelLine, Progress, SIMULATION_RESULT, SimulationResult, ValuePoint,
    simulation_result_schema,
};
pub use room::{
    BaselineValue, CallResult, CallTally, Conference, MemberPredictions, MissingTurn, Outlook,
    Prediction, RoomAction, RoomAnswer, RoomDay, RoomDecision, RoomMember, RoomOutcome, RoomReport,
    ScoredCall, Standing, room_report_schema,
};

//! Simulations: what is asked for, what a day of a model came to, and what
//! came of all.

mod date;
mod day;
mod job;
mod result;

pub use date::{SimDate, SimDateError};
pub use day::{
    Action, ActionKind, ActionState, DayFigures, DaySession, DayState, Holding, Message,
    MessageRole, ModelDay, WaitingOrder, model_day_schema,
};
pub use job::{
    AgentStyle, Base, Completeness, Download, Execution, MarketName, RoomStyle, SimulationAccount,
    SimulationData, SimulationJob, SimulationKind, SimulationModel, Style, simulation_job_schema,
};
pub use result::{
    DayLine, DayStatus, ModelLine, Progress, SIMULATION_RESULT, SimulationResult, ValuePoint,
    simulation_result_schema,
};

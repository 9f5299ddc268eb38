//! What crosses HTTP: requests, answers and problems of the native API.
//!
//! Times are RFC 3339 with six digits, ids UUIDs. Names that are lists of
//! words (states, kinds, modes) are the domain's own, closed.

mod about;
mod analyses;
mod backtests;
mod data;
mod flags;
mod halts;
mod health;
mod keys;
mod news;
mod page;
mod prices;
mod problem;
mod runs;
mod schedules;
mod simulations;
mod strategies;
mod trail;
pub mod words;
mod workers;

pub use about::{AboutView, RoleView};
pub use analyses::{
    AnalysisBody, AnalysisItemView, AnalysisNodeView, AnalysisStageView, AnalysisView,
    AnalysisWish, SaidView, TranscriptView,
};
pub use backtests::{BacktestBody, BacktestView, FiguresView, ProgressView, ToldView};
pub use data::{
    CandlesView, DataCheckView, DataVersionView, DatasetHistoryView, DatasetName, DatasetView,
    ExampleView, FindingView, FreshnessReport, FreshnessView, FreshnessWord, ImportView,
    ImportedView, MissingView,
};
pub use flags::{FlagSetBody, FlagView, FlagWord, FlagsView};
pub use halts::{
    HaltAckView, HaltClearBody, HaltConfirmBody, HaltConfirmationView, HaltSetBody, HaltView,
    HaltsView,
};
pub use health::{
    BreakerView, BreakerWord, DatabaseWord, DependencyState, DependencyView, DependencyWord,
    DeploymentWord, HealthView, HealthWord, OldChecks, ReadyView, ReadyWord,
};
pub use keys::KeyView;
pub use news::{
    DayView, DistanceView, ExplainedDayView, FigureView, FilingView, FinancialsView,
    RangeExplainView, SimilarDayView, SimilarDaysView, StoryView,
};
pub use page::Page;
pub use prices::{PriceView, PricesView, TickersView};
pub use problem::{FieldProblem, Problem, ProblemCode};
pub use runs::{
    CancelBody, CountsView, EventView, LeaseView, ReplayBody, RunView, SubmitBody, SubmittedView,
    TaskView,
};
pub use schedules::{
    CatchUpWord, FiredView, LONGEST_JITTER_MS, LONGEST_MS, OverlapWord, ScheduleBody, ScheduleView,
    TickView, TriggerBody,
};
pub use simulations::{SimulationBody, SimulationView};
pub use strategies::{
    MistakeView, StrategyPutBody, StrategyValidateBody, StrategyValidityView, StrategyView,
};
pub use trail::ChangeView;
pub use workers::WorkerView;

//! What the runtime was told: the document behind its record.

use std::fmt;
use std::str::FromStr;

use fondaco_domain::UnixMicros;
use fondaco_domain::ledger::MARGIN_REQUIREMENT;
use rust_decimal::prelude::ToPrimitive;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The name of one start of the runtime: its second, `20260131_120000` (UTC).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RuntimeId(String);

/// A text that names no start of the runtime.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not of the form 20260131_120000")]
pub struct RuntimeIdError(String);

const SECOND: i64 = 1_000_000;

impl RuntimeId {
    /// The name for a start at this time. Later than the one before, even
    /// within its second or with a clock that went back.
    pub fn next(at: UnixMicros, before: Option<&Self>) -> Self {
        let mut at = at;
        if let Some(before) = before.and_then(Self::second) {
            at = at.max(before.plus(SECOND));
        }
        Self::at(at)
    }

    /// As a text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn at(at: UnixMicros) -> Self {
        // 2026-01-31T12:00:00.000000Z
        let text = at.to_string();
        let digits: String = text
            .bytes()
            .filter(u8::is_ascii_digit)
            .map(char::from)
            .collect();
        Self(format!("{}_{}", &digits[..8], &digits[8..14]))
    }

    fn second(&self) -> Option<UnixMicros> {
        let (date, time) = self.0.split_once('_')?;
        let part = |text: &str, from: usize, to: usize| text.get(from..to).map(str::to_owned);
        let stamp = format!(
            "{}-{}-{}T{}:{}:{}Z",
            part(date, 0, 4)?,
            part(date, 4, 6)?,
            part(date, 6, 8)?,
            part(time, 0, 2)?,
            part(time, 2, 4)?,
            part(time, 4, 6)?
        );
        stamp.parse().ok()
    }
}

impl FromStr for RuntimeId {
    type Err = RuntimeIdError;

    fn from_str(text: &str) -> Result<Self, RuntimeIdError> {
        let id = Self(text.to_owned());
        // What reads as a second and is written the same way: no path, no more.
        match id.second() {
            Some(at) if Self::at(at) == id => Ok(id),
            _ => Err(RuntimeIdError(text.to_owned())),
        }
    }
}

impl TryFrom<String> for RuntimeId {
    type Error = RuntimeIdError;

    fn try_from(text: String) -> Result<Self, RuntimeIdError> {
        text.parse()
    }
}

impl From<RuntimeId> for String {
    fn from(id: RuntimeId) -> Self {
        id.0
    }
}

impl fmt::Display for RuntimeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What time a run of the runtime is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Ours.
    #[default]
    Live,
    /// Another.
    Backtest,
}

impl Mode {
    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Backtest => "backtest",
        }
    }
}

/// How often a run of the runtime works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScheduleMode {
    /// Once a trading day.
    #[default]
    Daily,
    /// Every so many minutes. `intraday` is read as the same word.
    #[serde(alias = "intraday")]
    Interval,
}

impl ScheduleMode {
    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Daily => "daily",
            Self::Interval => "interval",
        }
    }
}

/// The settings of a run of the runtime, with the names, defaults and limits
/// of the rooms they come from. What is not known here is kept as it came.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Config {
    /// What time it is in.
    #[serde(default)]
    pub mode: Mode,
    /// How often it works.
    #[serde(default)]
    pub schedule_mode: ScheduleMode,
    /// Between two cycles of [`ScheduleMode::Interval`].
    #[serde(default = "interval_minutes")]
    pub interval_minutes: u32,
    /// When a day begins: `HH:MM`, or `now`.
    #[serde(default = "trigger_time")]
    pub trigger_time: String,
    /// The instruments.
    #[serde(default)]
    pub tickers: Vec<String>,
    /// Rounds of talk in a conference; 0 for none.
    #[serde(default = "max_comm_cycles")]
    pub max_comm_cycles: u32,
    /// Money at the start.
    #[serde(default = "initial_cash")]
    pub initial_cash: f64,
    /// Part of a short position that is laid aside.
    #[serde(default = "margin_requirement")]
    pub margin_requirement: f64,
    /// Whether days are remembered.
    #[serde(default)]
    pub enable_memory: bool,
    /// Whether prices are made up.
    #[serde(default)]
    pub enable_mock: bool,
    /// The first day of a backtest, `2026-01-31`.
    #[serde(default)]
    pub start_date: Option<String>,
    /// The last day of a backtest.
    #[serde(default)]
    pub end_date: Option<String>,
    /// Everything else.
    #[serde(flatten)]
    pub further: Map<String, Value>,
}

fn interval_minutes() -> u32 {
    60
}

fn trigger_time() -> String {
    "09:30".to_owned()
}

fn max_comm_cycles() -> u32 {
    2
}

fn initial_cash() -> f64 {
    100_000.0
}

fn margin_requirement() -> f64 {
    MARGIN_REQUIREMENT.to_f64().unwrap_or(1.0)
}

impl Default for Config {
    fn default() -> Self {
        Self {
            mode: Mode::default(),
            schedule_mode: ScheduleMode::default(),
            interval_minutes: interval_minutes(),
            trigger_time: trigger_time(),
            tickers: Vec::new(),
            max_comm_cycles: max_comm_cycles(),
            initial_cash: initial_cash(),
            margin_requirement: margin_requirement(),
            enable_memory: false,
            enable_mock: false,
            start_date: None,
            end_date: None,
            further: Map::new(),
        }
    }
}

/// A setting that cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{field}`: {problem}")]
pub struct ConfigProblem {
    /// Its name.
    pub field: String,
    /// Why not.
    pub problem: String,
}

impl Config {
    /// Reads settings over others: what is not named stays.
    pub fn over(&self, changes: &Map<String, Value>) -> Result<Self, ConfigProblem> {
        let mut merged = self.to_map();
        for (name, value) in changes {
            merged.insert(name.clone(), value.clone());
        }
        let read = serde_path_to_error::deserialize::<_, Self>(Value::Object(merged.clone()));
        let config = read.map_err(|error| ConfigProblem {
            // A flattened struct does not tell where: ask each by itself.
            field: at_fault(&merged).unwrap_or_else(|| error.path().to_string()),
            problem: error.into_inner().to_string(),
        })?;
        config.check()?;
        Ok(config)
    }

    /// The document.
    pub fn to_map(&self) -> Map<String, Value> {
        match serde_json::to_value(self) {
            Ok(Value::Object(map)) => map,
            // A struct with text keys is an object.
            _ => Map::new(),
        }
    }

    fn check(&self) -> Result<(), ConfigProblem> {
        let wrong = |field: &str, problem: &str| {
            Err(ConfigProblem {
                field: field.to_owned(),
                problem: problem.to_owned(),
            })
        };
        if self.interval_minutes == 0 {
            return wrong("interval_minutes", "must be 1 or more");
        }
        if self.trigger_time != "now" && !is_time_of_day(&self.trigger_time) {
            return wrong("trigger_time", "must be HH:MM or now");
        }
        if !(self.initial_cash.is_finite() && self.initial_cash > 0.0) {
            return wrong("initial_cash", "must be more than 0");
        }
        if !(0.0..=1.0).contains(&self.margin_requirement) {
            return wrong("margin_requirement", "must be from 0 to 1");
        }
        if self.mode == Mode::Live {
            return Ok(());
        }
        let day = |field: &'static str, text: &Option<String>| match text {
            None => wrong(field, "is needed in backtest mode").map(|()| None),
            Some(text) => match format!("{text}T00:00:00Z").parse::<UnixMicros>() {
                Ok(at) => Ok(Some(at)),
                Err(_) => wrong(field, "must be a date such as 2026-01-31").map(|()| None),
            },
        };
        if day("end_date", &self.end_date)? < day("start_date", &self.start_date)? {
            return wrong("end_date", "must not be before start_date");
        }
        Ok(())
    }
}

/// The one setting that cannot be read even alone.
fn at_fault(merged: &Map<String, Value>) -> Option<String> {
    let reads = |name: &String, value: &Value| {
        let alone = Map::from_iter([(name.clone(), value.clone())]);
        serde_json::from_value::<Config>(Value::Object(alone)).is_ok()
    };
    let mut wrong = merged.iter().filter(|(name, value)| !reads(name, value));
    wrong.next().map(|(name, _)| name.clone())
}

fn is_time_of_day(text: &str) -> bool {
    let Some((hours, minutes)) = text.split_once(':') else {
        return false;
    };
    let below = |text: &str, limit: u8| {
        text.len() == 2
            && text.bytes().all(|byte| byte.is_ascii_digit())
            && text.parse::<u8>().is_ok_and(|number| number < limit)
    };
    below(hours, 24) && below(minutes, 60)
}

/// What the runtime was told last: the body of its record, version by version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Told {
    /// Version of this form: 1.
    pub version: u32,
    /// The run of the runtime it is about.
    pub run_id: RuntimeId,
    /// Whether a gateway should serve.
    pub serve: bool,
    /// Whether the one that serves is ended at once.
    pub force: bool,
    /// Gateways up to this generation should serve no more.
    pub after: u64,
    /// Its settings.
    pub config: Config,
    /// When it was started.
    pub started_at: UnixMicros,
    /// When it was stopped.
    pub stopped_at: Option<UnixMicros>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn at(text: &str) -> UnixMicros {
        text.parse().unwrap()
    }

    #[test]
    fn a_start_is_named_by_its_second_and_no_two_are_alike() {
        let first = RuntimeId::next(at("2026-01-31T12:00:00.7Z"), None);
        assert_eq!(first.as_str(), "20260131_120000");
        let again = RuntimeId::next(at("2026-01-31T12:00:00.9Z"), Some(&first));
        assert_eq!(again.as_str(), "20260131_120001");
        let after_a_jump = RuntimeId::next(at("2026-01-31T11:00:00Z"), Some(&again));
        assert_eq!(after_a_jump.as_str(), "20260131_120002");
        let later = RuntimeId::next(at("2026-01-31T12:01:00Z"), Some(&again));
        assert_eq!(later.as_str(), "20260131_120100");
    }

    #[test]
    fn what_is_no_second_names_no_start() {
        assert!("20260131_120000".parse::<RuntimeId>().is_ok());
        for text in [
            "",
            "20260131",
            "20260131_1200",
            "20261331_120000",
            "../../etc/passwd",
            "20260131_120000/..",
            "2026-131_120000",
        ] {
            assert!(text.parse::<RuntimeId>().is_err(), "{text}");
        }
    }

    fn read(changes: &Value) -> Result<Config, String> {
        let changes = changes.as_object().unwrap();
        let read = Config::default().over(changes);
        read.map_err(|problem| problem.to_string())
    }

    #[test]
    fn intraday_is_another_word_for_interval() {
        let config = read(&json!({"schedule_mode": "intraday", "interval_minutes": 15})).unwrap();
        assert_eq!(config.schedule_mode, ScheduleMode::Interval);
        assert_eq!(config.to_map()["schedule_mode"], "interval");
    }

    #[test]
    fn what_is_not_known_is_kept() {
        let config = read(&json!({"poll_interval": 10})).unwrap();
        assert_eq!(config.to_map()["poll_interval"], 10);
        let again = config
            .over(config_of(&json!({"tickers": ["AAPL"]})))
            .unwrap();
        assert_eq!(again.to_map()["poll_interval"], 10);
        assert_eq!(again.tickers, ["AAPL"]);
    }

    fn config_of(value: &Value) -> &Map<String, Value> {
        value.as_object().unwrap()
    }

    #[test]
    fn settings_that_cannot_be_are_named() {
        for (changes, field) in [
            (json!({"mode": "paper"}), "mode"),
            (json!({"schedule_mode": "weekly"}), "schedule_mode"),
            (json!({"interval_minutes": 0}), "interval_minutes"),
            (json!({"interval_minutes": "often"}), "interval_minutes"),
            (json!({"trigger_time": "9:30"}), "trigger_time"),
            (json!({"trigger_time": "24:00"}), "trigger_time"),
            (json!({"initial_cash": 0}), "initial_cash"),
            (json!({"margin_requirement": 1.5}), "margin_requirement"),
            (json!({"mode": "backtest"}), "end_date"),
            (
                json!({"mode": "backtest", "start_date": "soon", "end_date": "2026-01-31"}),
                "start_date",
            ),
            (
                json!({"mode": "backtest", "start_date": "2026-02-01", "end_date": "2026-01-31"}),
                "end_date",
            ),
        ] {
            let problem = read(&changes).unwrap_err();
            assert!(problem.starts_with(&format!("`{field}`")), "{problem}");
        }
    }

    #[test]
    fn the_kept_form_is_read_back() {
        let kept = include_str!("told.v1.json");
        let told: Told = serde_json::from_str(kept).unwrap();
        assert_eq!(told.run_id.as_str(), "20260131_120000");
        assert_eq!(told.after, 3);
        let again = serde_json::to_string_pretty(&told).unwrap();
        assert_eq!(again.trim(), kept.trim());
    }
}

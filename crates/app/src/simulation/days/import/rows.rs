//! Fields of a row, whatever they are called in which version.

use fondaco_contract::v1alpha1::simulation::SimDate;
use fondaco_domain::UnixMicros;
use fondaco_domain::ledger::decimal;
use jiff::civil::DateTime;
use rust_decimal::Decimal;
use serde_json::Value;

use super::Dirt;
use crate::ports::foreign::ForeignRow;

/// A row.
pub(super) struct Fields(pub(super) ForeignRow);

/// What the column of models is called, the newest name first.
pub(super) const MODEL: [&str; 2] = ["model", "model_signature"];

/// What the column of dates is called.
pub(super) const DATE: [&str; 2] = ["date", "trading_date"];

impl Fields {
    /// The first of some columns that is there and not null.
    fn any(&self, names: &[&str]) -> Option<&Value> {
        let mut values = names.iter().filter_map(|name| self.0.get(*name));
        values.find(|value| !value.is_null())
    }

    pub(super) fn text(&self, names: &[&str]) -> Option<String> {
        match self.any(names)? {
            Value::String(text) if text.is_empty() => None,
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }

    pub(super) fn id(&self, name: &str) -> Option<i64> {
        self.any(&[name])?.as_i64()
    }

    pub(super) fn real(&self, names: &[&str]) -> Option<f64> {
        match self.any(names)? {
            Value::Number(number) => number.as_f64(),
            // Numbers with separators of thousands are found in old files.
            Value::String(text) => text.replace(',', "").parse().ok(),
            _ => None,
        }
        .filter(|number| number.is_finite())
    }

    pub(super) fn amount(&self, names: &[&str]) -> Result<Decimal, Dirt> {
        let number = self.real(names).ok_or(Dirt::Number)?;
        decimal(number).map_err(|_| Dirt::Number)
    }

    /// JSON in a text.
    pub(super) fn json(&self, name: &str) -> Option<Value> {
        serde_json::from_str(self.any(&[name])?.as_str()?).ok()
    }

    pub(super) fn texts(&self, name: &str) -> Vec<String> {
        let list = self.json(name);
        let items = list.as_ref().and_then(Value::as_array);
        let texts = items.into_iter().flatten().filter_map(Value::as_str);
        texts.map(str::to_owned).collect()
    }

    pub(super) fn instant(&self, name: &str) -> Option<UnixMicros> {
        instant(&self.text(&[name])?)
    }

    /// Job, model and date, which every row of a model-day has.
    pub(super) fn model_day(&self) -> Result<ModelDayName, Dirt> {
        let job = self.text(&["job_id"]).ok_or(Dirt::NoJob)?;
        let model = self.text(&MODEL).ok_or(Dirt::Name)?;
        if model.trim().is_empty() || model.contains(['|', '/']) {
            return Err(Dirt::Name);
        }
        let text = self.text(&DATE).ok_or(Dirt::Date)?;
        let date = text.parse().map_err(|_| Dirt::Date)?;
        Ok(ModelDayName { job, model, date })
    }

    /// For a note.
    pub(super) fn name(&self, table: &str) -> String {
        let part = |names: &[&str]| self.text(names).unwrap_or_else(|| "?".to_owned());
        let id = part(&["id", "job_id"]);
        format!("{table} {id}: {} {}", part(&DATE), part(&MODEL))
    }
}

/// Which day.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ModelDayName {
    pub(super) job: String,
    pub(super) model: String,
    pub(super) date: SimDate,
}

/// A time with or without a zone; without one it is UTC.
pub(super) fn instant(text: &str) -> Option<UnixMicros> {
    if let Ok(at) = text.parse::<jiff::Timestamp>() {
        return Some(UnixMicros(at.as_microsecond()));
    }
    let at: DateTime = text.parse().ok()?;
    let at = at.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    Some(UnixMicros(at.timestamp().as_microsecond()))
}

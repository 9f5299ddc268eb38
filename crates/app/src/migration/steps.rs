//! Steps forward and back, each on the record.

use fondaco_domain::UnixMicros;
use fondaco_domain::flags::{FlagSnapshot, FlagValue};
use serde::{Deserialize, Serialize};

use super::phase::{Findings, refusals};
use super::triggers::{Alarm, judge};
use super::{Gate, Migration, MigrationError, Phase, Plan, Refusal, Swept};
use crate::flags;
use crate::ports::records::{Change, Record, RecordKind};
use crate::ports::runs::Asked;

/// What a record of a step says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Where it led, from 0 to 5.
    pub phase: u8,
    /// Where from.
    pub from: u8,
    /// Why, where somebody said so.
    pub reason: Option<String>,
    /// What it was made in spite of.
    pub forced: Vec<String>,
    /// Since when both stores are written.
    pub dual_since: Option<UnixMicros>,
}

/// A step that is made although the gate is closed, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forced(pub String);

/// Where the migration stands.
#[derive(Debug, Clone)]
pub struct Standing {
    /// The phase.
    pub phase: Phase,
    /// The step that led there, when and by whom; none at the beginning.
    pub step: Option<(Step, UnixMicros, String)>,
    /// All flags.
    pub flags: FlagSnapshot,
    /// What they come to.
    pub plan: Plan,
    /// Triggers that fire now.
    pub alarms: Vec<Alarm>,
    /// Triggers that a process saw fire and that were not seen quiet since:
    /// they are not among those above where only that process can see them.
    pub seen: Vec<Alarm>,
    /// Differences in the log, within the window of the phase.
    pub differences: usize,
    /// What is in both stores.
    pub swept: Swept,
    /// Why the gate to the next phase is closed; empty where it is open, or
    /// where there is none.
    pub refusals: Vec<Refusal>,
}

/// The name of the record of the phase.
const PHASE: &str = "phase";
/// The name of the record of the triggers that fire.
const ALARMS: &str = "alarms";

impl Migration {
    /// Where the migration stands: looks at everything, and changes nothing.
    pub fn standing(&self, gate: &Gate) -> Result<Standing, MigrationError> {
        let record = self.phase_record()?;
        let step = record.as_ref().map(step).transpose()?;
        let phase = step.as_ref().map_or(Phase::default(), Step::phase);
        let flags = FlagSnapshot::clone(&*self.flags()?);
        let swept = self.look_over()?;
        let now = self.machine.wall();
        let since = now.plus(-gate.window_of(phase));
        let log = self
            .files
            .differences(since)
            .map_err(MigrationError::Legacy)?;
        let alarms = judge(&swept.observations);
        let seen = self.alarms()?;
        let dual_since = step.as_ref().and_then(|step| step.dual_since);
        let equal = |ended: &&UnixMicros| dual_since.is_some_and(|since| **ended >= since);
        let mut all = alarms.clone();
        all.extend(seen.iter().filter(|it| is_other(it, &alarms)).cloned());
        let found = Findings {
            now,
            alarms: all,
            differences: log.len() + swept.differences.len(),
            unsettled: phase.unsettled(&flags),
            dual_since,
            equal: swept.ended.iter().filter(equal).count(),
        };
        Ok(Standing {
            phase,
            step: step
                .zip(record)
                .map(|(step, record)| (step, record.at, record.actor)),
            plan: Plan::from(&flags),
            flags,
            alarms,
            seen,
            differences: found.differences,
            swept,
            refusals: match phase.next() {
                Some(_) => refusals(phase, &found, gate),
                None => Vec::new(),
            },
        })
    }

    /// One step forward, where the gate is open, or in spite of it with a
    /// reason. Naming the phase it stands in sets its flags once more.
    pub fn advance(
        &self,
        actor: &str,
        to: Option<Phase>,
        gate: &Gate,
        forced: Option<&Forced>,
    ) -> Result<Phase, MigrationError> {
        if forced.is_some_and(|Forced(reason)| reason.trim().is_empty()) {
            return Err(MigrationError::NoReason);
        }
        let record = self.phase_record()?;
        let before = record.as_ref().map(step).transpose()?;
        let from = before.as_ref().map_or(Phase::default(), Step::phase);
        if to == Some(from) {
            self.set_flags(actor, from)?;
            return Ok(from);
        }
        let next = next_to(from, from.next(), to, true)?;
        let standing = self.standing(gate)?;
        if !standing.refusals.is_empty() && forced.is_none() {
            return Err(MigrationError::Refused {
                to: next,
                refusals: standing.refusals,
            });
        }
        let refusals = standing.refusals.iter();
        let step = Step {
            phase: next.number(),
            from: from.number(),
            reason: forced.map(|Forced(reason)| reason.clone()),
            forced: refusals.map(ToString::to_string).collect(),
            dual_since: self.dual_since(next, before.as_ref()),
        };
        self.go(actor, record.as_ref(), next, &step)
    }

    /// One step back, always. Naming the phase it stands in sets its flags once
    /// more.
    pub fn rollback(
        &self,
        actor: &str,
        to: Option<Phase>,
        reason: Option<&str>,
    ) -> Result<Phase, MigrationError> {
        let record = self.phase_record()?;
        let before = record.as_ref().map(step).transpose()?;
        let from = before.as_ref().map_or(Phase::default(), Step::phase);
        if to == Some(from) {
            self.set_flags(actor, from)?;
            return Ok(from);
        }
        let back = next_to(from, from.back(), to, false)?;
        let step = Step {
            phase: back.number(),
            from: from.number(),
            reason: reason.map(str::to_owned),
            forced: Vec::new(),
            dual_since: self.dual_since(back, before.as_ref()),
        };
        self.go(actor, record.as_ref(), back, &step)
    }

    /// Looks for what must not happen, and leaves a fact where that is not what
    /// it was the last time. For a process that serves, now and then.
    pub fn watch(&self, actor: &str) -> Result<Vec<Alarm>, MigrationError> {
        let swept = self.look_over()?;
        self.note(&swept.differences)?;
        let alarms = judge(&swept.observations);
        let triggers =
            |alarms: &[Alarm]| -> Vec<_> { alarms.iter().map(|alarm| alarm.trigger).collect() };
        if triggers(&alarms) != triggers(&self.alarms()?) {
            let change = Change::write(RecordKind::Migration, ALARMS, None, &alarms);
            self.store.put_record(change, self.asked(actor))?;
        }
        Ok(alarms)
    }

    /// The record first: of two who step at once one is refused, and a step
    /// that was cut off shows as flags that are not those of its phase.
    fn go(
        &self,
        actor: &str,
        over: Option<&Record>,
        to: Phase,
        step: &Step,
    ) -> Result<Phase, MigrationError> {
        let over = Some(over.map_or(0, |record| record.version));
        let change = Change::write(RecordKind::Migration, PHASE, over, step);
        self.store.put_record(change, self.asked(actor))?;
        self.set_flags(actor, to)?;
        Ok(to)
    }

    /// All five, so that no environment says otherwise; those that are off
    /// first: between two of them nothing is on that neither phase has.
    fn set_flags(&self, actor: &str, phase: Phase) -> Result<(), MigrationError> {
        let mut flags = phase.flags();
        let is_on = |value: &FlagValue| match value {
            FlagValue::Bool(on) => *on,
            FlagValue::Choice(word) => word != fondaco_domain::flags::NO_CONTRACT,
            _ => true,
        };
        flags.sort_by_key(|(_, value)| is_on(value));
        for (flag, value) in flags {
            let now = flags::show(&*self.store, flag)?;
            if now.set.is_none() || now.value != value {
                flags::set(&*self.store, &*self.machine, actor, (flag, &value), None)?;
            }
        }
        Ok(())
    }

    /// Both stores are written from dual write on; once the legacy files are
    /// not, or not with it, that begins anew.
    fn dual_since(&self, to: Phase, before: Option<&Step>) -> Option<UnixMicros> {
        let known = before.and_then(|step| step.dual_since);
        match to {
            Phase::DualWrite | Phase::Contract => known.or(Some(self.machine.wall())),
            _ => None,
        }
    }

    fn phase_record(&self) -> Result<Option<Record>, MigrationError> {
        Ok(self.store.record(RecordKind::Migration, PHASE)?)
    }

    fn alarms(&self) -> Result<Vec<Alarm>, MigrationError> {
        let Some(record) = self.store.record(RecordKind::Migration, ALARMS)? else {
            return Ok(Vec::new());
        };
        let body = record.body.as_deref().unwrap_or_default();
        serde_json::from_str(body).map_err(damaged(&record))
    }

    pub(super) fn asked(&self, actor: &str) -> Asked {
        Asked {
            actor: actor.to_owned(),
            at: self.machine.wall(),
        }
    }
}

impl Step {
    /// Where it led.
    pub fn phase(&self) -> Phase {
        // No other number is written, and one that is read is checked.
        Phase::of_number(self.phase).unwrap_or_default()
    }
}

fn is_other(alarm: &Alarm, alarms: &[Alarm]) -> bool {
    alarms.iter().all(|other| other.trigger != alarm.trigger)
}

fn next_to(
    from: Phase,
    next: Option<Phase>,
    to: Option<Phase>,
    forward: bool,
) -> Result<Phase, MigrationError> {
    let next = next.ok_or(MigrationError::NoStep { from, forward })?;
    match to {
        Some(to) if to != next => Err(MigrationError::FarStep { from, next, to }),
        _ => Ok(next),
    }
}

fn step(record: &Record) -> Result<Step, MigrationError> {
    use serde::de::Error as _;
    let body = record.body.as_deref().unwrap_or_default();
    let step: Step = serde_json::from_str(body).map_err(damaged(record))?;
    if Phase::of_number(step.phase).is_none() {
        let unknown = serde_json::Error::custom(format!("there is no phase {}", step.phase));
        return Err(damaged(record)(unknown));
    }
    Ok(step)
}

fn damaged(record: &Record) -> impl FnOnce(serde_json::Error) -> MigrationError {
    let name = record.name.clone();
    move |source| MigrationError::Damaged { name, source }
}

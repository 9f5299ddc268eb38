//! The phases, and the gates between them.

use std::fmt;

use fondaco_domain::UnixMicros;
use fondaco_domain::flags::{Flag, FlagSnapshot, FlagValue, NO_CONTRACT, V1ALPHA1};

use super::triggers::Alarm;

/// How far the migration is. Each phase is a set of values of flags.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Phase {
    /// 0: the contract is written down; the legacy files are authoritative.
    #[default]
    ContractFreeze,
    /// 1: the application service answers, from the legacy files, and what it
    /// would say of its own is compared.
    ApplicationService,
    /// 2: tasks are read in the new store first.
    DualRead,
    /// 3: what is written to both is compared.
    DualWrite,
    /// 4: answers and sockets follow the contract.
    Contract,
    /// 5: the legacy files are neither read nor written for new tasks.
    LegacyRemoved,
}

impl Phase {
    /// All of them, in order.
    pub const ALL: [Self; 6] = [
        Self::ContractFreeze,
        Self::ApplicationService,
        Self::DualRead,
        Self::DualWrite,
        Self::Contract,
        Self::LegacyRemoved,
    ];

    /// From 0 to 5.
    pub fn number(self) -> u8 {
        self as u8
    }

    /// The phase of that number.
    pub fn of_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }

    /// What it is about, in a few words.
    pub fn title(self) -> &'static str {
        match self {
            Self::ContractFreeze => "contract freeze",
            Self::ApplicationService => "application service behind the routes",
            Self::DualRead => "dual read of tasks",
            Self::DualWrite => "dual write of results",
            Self::Contract => "answers and sockets by the contract",
            Self::LegacyRemoved => "legacy path removed",
        }
    }

    /// The one after it.
    pub fn next(self) -> Option<Self> {
        Self::of_number(self.number() + 1)
    }

    /// The one that a rollback leads to. From the last phase that is dual
    /// write, and not the one before: files that were not written for a while
    /// are to be compared first.
    pub fn back(self) -> Option<Self> {
        match self {
            Self::LegacyRemoved => Some(Self::DualWrite),
            other => Self::of_number(other.number().checked_sub(1)?),
        }
    }

    /// What the flags are in it.
    pub fn flags(self) -> [(Flag, FlagValue); 5] {
        let on = |from: Self, until: Self| FlagValue::Bool(from <= self && self <= until);
        let contract = if self >= Self::Contract {
            V1ALPHA1
        } else {
            NO_CONTRACT
        };
        let last = Self::LegacyRemoved;
        [
            (
                Flag::TaAppServiceEnabled,
                on(Self::ApplicationService, last),
            ),
            (
                Flag::TaResultContractVersion,
                FlagValue::Choice(contract.to_owned()),
            ),
            (
                Flag::TaTaskstoreDualRead,
                on(Self::DualRead, Self::Contract),
            ),
            (
                Flag::TaTaskstoreDualWrite,
                on(Self::DualWrite, Self::Contract),
            ),
            (Flag::TaWsV1alpha1Enabled, on(Self::Contract, last)),
        ]
    }

    /// Flags that are not what they are in this phase: somebody set them by
    /// hand, or a step was cut off.
    pub fn unsettled(self, flags: &FlagSnapshot) -> Vec<Flag> {
        let differs = |(flag, value): &(Flag, FlagValue)| flags.value(*flag) != *value;
        let flags = self.flags().into_iter().filter(differs);
        flags.map(|(flag, _)| flag).collect()
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "phase {} ({})", self.number(), self.title())
    }
}

/// What a gate asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gate {
    /// Time without a difference before a step, in microseconds.
    pub window: i64,
    /// The same before the legacy path goes, and how long both stores must
    /// have been written before that.
    pub removal_window: i64,
    /// Analyses that must have ended and been found equal before that.
    pub removal_analyses: usize,
}

const DAY: i64 = 86_400_000_000;

impl Default for Gate {
    fn default() -> Self {
        Self {
            window: DAY,
            removal_window: 7 * DAY,
            removal_analyses: 20,
        }
    }
}

impl Gate {
    /// Time without a difference before a step out of a phase.
    pub fn window_of(&self, from: Phase) -> i64 {
        match from.next() {
            Some(Phase::LegacyRemoved) => self.removal_window,
            _ => self.window,
        }
    }
}

/// What a gate looks at.
#[derive(Debug, Clone, Default)]
pub(super) struct Findings {
    pub(super) now: UnixMicros,
    /// Triggers that fire.
    pub(super) alarms: Vec<Alarm>,
    /// Differences within the window of the phase.
    pub(super) differences: usize,
    /// Flags that are not as the phase has them.
    pub(super) unsettled: Vec<Flag>,
    /// Since when both stores are written.
    pub(super) dual_since: Option<UnixMicros>,
    /// Analyses that ended since then and were found equal.
    pub(super) equal: usize,
}

/// Why a gate is closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// Something happens that must not.
    Alarm(Alarm),
    /// The stores said different things lately.
    Differences {
        /// How often.
        count: usize,
        /// In how many hours.
        hours: i64,
    },
    /// Flags are not as the phase has them.
    Unsettled(Vec<Flag>),
    /// Both stores have not been written for long enough.
    TooSoon {
        /// Days so far, whole ones.
        days: i64,
        /// Days that are wanted.
        wanted: i64,
    },
    /// Too little was compared.
    TooFew {
        /// Analyses so far.
        analyses: usize,
        /// Analyses that are wanted.
        wanted: usize,
    },
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Alarm(alarm) => write!(f, "{alarm}"),
            Self::Differences { count, hours } => {
                write!(f, "{count} differences in the last {hours} hours")
            }
            Self::Unsettled(flags) => {
                let names: Vec<&str> = flags.iter().map(|flag| flag.name()).collect();
                write!(f, "not as in this phase: {}", names.join(", "))
            }
            Self::TooSoon { days, wanted } => {
                write!(
                    f,
                    "both stores have been written for {days} days of {wanted}"
                )
            }
            Self::TooFew { analyses, wanted } => write!(
                f,
                "{analyses} analyses of {wanted} have ended and been found equal"
            ),
        }
    }
}

/// Why the gate out of a phase is closed; nothing where it is open.
pub(super) fn refusals(from: Phase, found: &Findings, gate: &Gate) -> Vec<Refusal> {
    let mut refusals: Vec<Refusal> = found.alarms.iter().cloned().map(Refusal::Alarm).collect();
    if found.differences > 0 {
        refusals.push(Refusal::Differences {
            count: found.differences,
            hours: gate.window_of(from) / (DAY / 24),
        });
    }
    if !found.unsettled.is_empty() {
        refusals.push(Refusal::Unsettled(found.unsettled.clone()));
    }
    if from.next() == Some(Phase::LegacyRemoved) {
        let long = found.dual_since.map_or(0, |since| found.now.0 - since.0);
        if long < gate.removal_window {
            refusals.push(Refusal::TooSoon {
                days: long.max(0) / DAY,
                wanted: gate.removal_window / DAY,
            });
        }
        if found.equal < gate.removal_analyses {
            refusals.push(Refusal::TooFew {
                analyses: found.equal,
                wanted: gate.removal_analyses,
            });
        }
    }
    refusals
}

#[cfg(test)]
#[path = "phase_tests.rs"]
mod tests;

//! The report of one simulation as one HTML page: who did how well, every
//! model-day, every trade, every reason, and what it cost.
//!
//! The page computes nothing but sums: figures are those of the result. What
//! models say is foreign text and escaped wherever it stands; of long
//! conversations the beginnings are shown, and the page says where the rest is.

mod assumptions;
mod chart;
mod grid;
mod head;
mod leaderboard;
mod models;
mod reasoning;
mod trades;
mod words;

use std::collections::HashMap;

use fondaco_contract::v1alpha1::simulation::{ModelDay, SimDate, SimulationJob, SimulationResult};
use fondaco_domain::ledger::Account;
use serde_json::json;

use crate::format::Money;
use crate::page;

/// What a report of a simulation is made of.
#[derive(Debug, Clone, Copy)]
pub struct Simulation<'a> {
    /// When the run was accepted, RFC 3339.
    pub asked_at: &'a str,
    /// What was asked for.
    pub job: &'a SimulationJob,
    /// The rules of every account of it, defaults of its market filled in.
    pub account: &'a Account,
    /// What came of it.
    pub result: &'a SimulationResult,
    /// The model-days that were completed, in the order of the plan.
    pub days: &'a [ModelDay],
    /// Models over several runs, best first; empty where there is one run.
    pub repeats: &'a [Repeated],
}

/// A model over several runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Repeated {
    /// Its name.
    pub model: String,
    /// How many runs.
    pub runs: u32,
    /// Their mean return, in per cent.
    pub mean_return_pct: Option<f64>,
    /// Where the mean lies, in per cent, with the probability `level`; why that
    /// is not known.
    pub interval_pct: Result<[f64; 2], String>,
    /// Of the interval, between 0 and 1.
    pub level: f64,
}

/// The report as one HTML page that needs nothing else.
pub fn render(simulation: &Simulation<'_>) -> String {
    let known = Known::of(simulation);
    let sections = [
        head::warnings(&known),
        head::cards(&known),
        leaderboard::section(&known),
        leaderboard::repeats(simulation.repeats),
        chart::section(&known),
        grid::section(&known),
        trades::section(&known),
        reasoning::section(&known),
        models::section(&known),
        assumptions::section(&known),
        assumptions::settings(&known),
    ];
    let data = json!({
        "relative": true,
        "daily": known.is_daily(),
        "money": { "currency": known.money.currency, "decimals": known.money.decimals },
        "series": chart::series(&known),
        "trades": trades::data(&known),
    });
    page::page(&page::Page {
        title: &head::title(&known),
        header: &head::header(&known),
        body: &sections.concat(),
        data: &data,
        scripts: page::SIMULATION_SCRIPTS,
        style: page::SIMULATION_STYLE,
    })
}

/// What all parts of the page look at.
struct Known<'a> {
    simulation: &'a Simulation<'a>,
    job: &'a SimulationJob,
    result: &'a SimulationResult,
    days: &'a [ModelDay],
    /// Completed days by step and model.
    done: HashMap<(SimDate, &'a str), &'a ModelDay>,
    /// Every step, in order.
    steps: Vec<SimDate>,
    money: Money,
}

impl<'a> Known<'a> {
    fn of(simulation: &'a Simulation<'a>) -> Self {
        let result = simulation.result;
        let mut steps: Vec<SimDate> = result.days.iter().map(|day| day.date).collect();
        steps.sort_unstable();
        steps.dedup();
        let days = simulation.days.iter();
        let initial = words::float(simulation.job.account.initial_cash);
        Self {
            simulation,
            job: simulation.job,
            result,
            days: simulation.days,
            done: days.map(|day| ((day.date, &*day.model), day)).collect(),
            steps,
            money: Money {
                currency: simulation.account.currency.clone(),
                decimals: if initial >= 100.0 { 2 } else { 6 },
            },
        }
    }

    fn is_daily(&self) -> bool {
        self.steps.first().is_none_or(|step| step.is_daily())
    }

    /// The models, best first, and those that have no line yet.
    fn models(&self) -> Vec<&'a str> {
        let mut names: Vec<&str> = self.result.models.iter().map(|it| &*it.name).collect();
        for model in &self.job.models {
            if !names.contains(&&*model.name) {
                names.push(&model.name);
            }
        }
        names
    }
}

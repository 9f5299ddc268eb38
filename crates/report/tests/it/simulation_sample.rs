//! Simulations made by hand.

use fondaco_contract::v1alpha1::analysis::CallTokens;
use fondaco_contract::v1alpha1::simulation::{
    Action, ActionKind, ActionState, DayFigures, DayLine, DaySession, DayState, DayStatus, Holding,
    Message, MessageRole, ModelDay, ModelLine, Progress, SIMULATION_RESULT, SimDate, SimulationJob,
    SimulationResult, ValuePoint,
};
use fondaco_domain::ledger::{Account, Shorting};
use fondaco_report::simulation::{Repeated, Simulation, render};
use rust_decimal::Decimal;
use serde_json::json;

use crate::analysis_sample::read;

/// What a report is made of, owned.
#[derive(Clone)]
pub(crate) struct Sample {
    pub(crate) job: SimulationJob,
    pub(crate) account: Account,
    pub(crate) result: SimulationResult,
    pub(crate) days: Vec<ModelDay>,
    pub(crate) repeats: Vec<Repeated>,
}

impl Sample {
    pub(crate) fn page(&self) -> String {
        render(&Simulation {
            asked_at: "2025-07-01T06:30:00.000000Z",
            job: &self.job,
            account: &self.account,
            result: &self.result,
            days: &self.days,
            repeats: &self.repeats,
        })
    }
}

/// How much a sample holds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    pub(crate) models: usize,
    pub(crate) days: usize,
    /// Messages of a conversation, and characters of each.
    pub(crate) messages: usize,
    pub(crate) characters: usize,
}

/// Models that trade on weekdays from the third of March 2025 on. One step has
/// incomplete prices, the last model fails once, and its first two days were
/// there already.
pub(crate) fn of(size: Size) -> Sample {
    let steps = steps(size.days);
    let names: Vec<String> = (0..size.models).map(name).collect();
    let mut sample = Sample {
        job: job(&steps, &names),
        account: Account {
            shorting: Shorting::Forbidden,
            ..Account::us_equity()
        },
        result: SimulationResult {
            contract: SIMULATION_RESULT.to_owned(),
            run: "01956a50-7c00-7000-8000-000000000001".to_owned(),
            status: "partial".to_owned(),
            progress: Progress::default(),
            warnings: vec!["Skipped 1 dates due to incomplete price data: [2025-03-06]".to_owned()],
            execution: "next_open".to_owned(),
            models: Vec::new(),
            baselines: Vec::new(),
            days: Vec::new(),
        },
        days: Vec::new(),
        repeats: Vec::new(),
    };
    for (place, step) in steps.iter().enumerate() {
        for (no, model) in names.iter().enumerate() {
            let is_last = no + 1 == size.models && size.models > 1;
            let (status, error) = match place {
                3 => (DayStatus::Skipped, Some("Incomplete price data")),
                0 | 1 if is_last => (DayStatus::Skipped, Some("Already completed")),
                7 if is_last => (DayStatus::Failed, Some("no answer of test within 30 s")),
                _ => (DayStatus::Completed, None),
            };
            sample.result.days.push(line(*step, model, status, error));
            if status == DayStatus::Completed {
                sample.days.push(day(size, *step, place, no, model));
            }
        }
    }
    for (no, model) in names.iter().enumerate() {
        let own: Vec<&ModelDay> = sample
            .days
            .iter()
            .filter(|day| day.model == *model)
            .collect();
        sample.result.models.push(model_line(no, model, &own));
    }
    sample
        .result
        .models
        .sort_by(|a, b| b.return_pct.partial_cmp(&a.return_pct).unwrap());
    for (no, name) in ["buy and hold", "equal weight", "momentum"]
        .into_iter()
        .enumerate()
    {
        sample.result.baselines.push(baseline(no, name, &steps));
    }
    sample.result.progress = progress(&sample.result.days);
    sample
}

fn name(no: usize) -> String {
    ["bold", "cautious", "even"]
        .get(no)
        .map_or_else(|| format!("model-{no}"), |it| (*it).to_owned())
}

fn steps(count: usize) -> Vec<SimDate> {
    let first: SimDate = "2025-03-03".parse().unwrap();
    let all = (0..).map(|no: i64| SimDate::at(first.open().plus(no * 86_400_000), true).unwrap());
    all.filter(|step| step.day().weekday().to_monday_one_offset() < 6)
        .take(count)
        .collect()
}

fn job(steps: &[SimDate], names: &[String]) -> SimulationJob {
    let models: Vec<_> = names
        .iter()
        .map(|name| json!({"name": name, "model": "fondaco/rule-based", "training_cutoff": "2024-06-30"}))
        .collect();
    read(json!({
        "kind": "simulation", "version": 1, "dates": steps, "models": models,
        "symbols": ["AAPL", "KO", "MSFT"], "book": "djia",
        "data": {"candles": [{"venue": "djia", "symbol": "AAPL", "timeframe": "1d", "kind": "trades",
            "version": "9e107d9d372bb6826bd81d3542a419d6"}], "timeframe": "1d", "research": 17,
            "accepted_ms": 1_741_156_200_000_i64},
        "prompts": "5a1f00c0ffee1234",
    }))
}

fn line(date: SimDate, model: &str, status: DayStatus, error: Option<&str>) -> DayLine {
    DayLine {
        date,
        model: model.to_owned(),
        status,
        error: error.map(str::to_owned),
        started_at: None,
        completed_at: None,
    }
}

/// A wave that is another one for each account.
fn value(no: usize, place: usize) -> Decimal {
    let at = place as f64;
    let wave = (at / (5.0 + no as f64)).sin() * 350.0 + (at * (1.7 + no as f64 / 3.0)).sin() * 90.0;
    let cents = (10_000.0 + wave * 1.5 + at * (8.0 - 3.0 * no as f64)).mul_add(100.0, 0.0);
    Decimal::new(cents as i64, 2)
}

fn pct(no: usize, place: usize) -> f64 {
    use rust_decimal::prelude::ToPrimitive;
    let [now, before] = [place, place.saturating_sub(1)].map(|at| value(no, at).to_f64().unwrap());
    (now / before - 1.0) * 100.0
}

fn day(size: Size, date: SimDate, place: usize, no: usize, model: &str) -> ModelDay {
    let state = |value: Decimal| DayState {
        cash: Decimal::from(4_000),
        margin: Decimal::ZERO,
        holdings: vec![Holding {
            symbol: "AAPL".parse().unwrap(),
            quantity: Decimal::from(12),
            price: Some(Decimal::new(18_210, 2)),
            price_of: None,
        }],
        value,
    };
    let value = value(no, place);
    ModelDay {
        version: read(json!(1)),
        date,
        model: model.to_owned(),
        after: None,
        days_since_last_trading: 1,
        start: state(value),
        figures: DayFigures {
            profit: Decimal::ZERO,
            return_pct: pct(no, place),
            costs: Decimal::new(50, 2),
        },
        actions: actions(place, no, date),
        waiting: Vec::new(),
        end: state(value),
        ledger: json!({}),
        session: session(size, no),
        room: None,
    }
}

fn actions(place: usize, no: usize, ordered: SimDate) -> Vec<Action> {
    let action = |kind, symbol: &str, quantity: i64, state| Action {
        kind,
        symbol: Some(symbol.parse().unwrap()),
        quantity: Decimal::from(quantity),
        state,
        ordered: None,
        forced: false,
    };
    match (place + no) % 4 {
        0 => vec![Action {
            ordered: Some(ordered),
            forced: false,
            ..action(
                ActionKind::Buy,
                "AAPL",
                12,
                ActionState::Filled {
                    price: Decimal::new(18_210, 2),
                    costs: Decimal::new(50, 2),
                    cash_after: Decimal::new(400_055, 2),
                    value_after: Decimal::from(10_000),
                },
            )
        }],
        1 => vec![action(
            ActionKind::Sell,
            "KO",
            3,
            ActionState::Refused {
                reason: "Insufficient shares".to_owned(),
            },
        )],
        2 => vec![action(ActionKind::Sell, "MSFT", 2, ActionState::Waiting)],
        _ => Vec::new(),
    }
}

fn session(size: Size, no: usize) -> DaySession {
    let said = |at: usize| {
        let text: String = "Of 12 symbols, AAPL looks best (+0.51). "
            .chars()
            .cycle()
            .take(size.characters)
            .collect();
        match at {
            0 => Message::said(MessageRole::System, format!("The rules of the day. {text}")),
            1 => Message::said(MessageRole::User, text),
            at if at % 2 == 0 => Message::said(MessageRole::Assistant, text),
            _ => Message {
                tool: Some("indicators".to_owned()),
                input: Some(json!({"symbol": "AAPL"})),
                ..Message::said(MessageRole::Tool, text)
            },
        }
    };
    DaySession {
        model: "fondaco/rule-based".to_owned(),
        ended: "finished".to_owned(),
        summary: Some("It follows trends. Of 12 symbols, AAPL looks best (+0.51) and KO worst (-0.12). Orders taken: buy AAPL.".to_owned()),
        calls: 4,
        tokens: CallTokens { input: 5_120, cached: 1_024, output: 160 },
        cost_nano: 1_250_000 * no as i64,
        conversation: (0..size.messages).map(said).collect(),
        read: Vec::new(),
    }
}

fn model_line(no: usize, name: &str, days: &[&ModelDay]) -> ModelLine {
    let values: Vec<ValuePoint> = days
        .iter()
        .map(|day| ValuePoint {
            date: day.date,
            value: day.end.value,
        })
        .collect();
    ModelLine {
        name: name.to_owned(),
        model: Some("fondaco/rule-based".to_owned()),
        return_pct: return_of(&values),
        values,
        max_drawdown_pct: Some(-7.31 - no as f64),
        sharpe_annualised: (no != 2).then_some(1.21 - no as f64),
        trades: 19 + no as u64,
        costs: Decimal::new(950, 2),
        calls: 4 * days.len() as u64,
        tokens: 5_280 * days.len() as u64,
        cost_nano: 1_250_000 * (no * days.len()) as i64,
        training_cutoff: Some(
            [
                "not_trained",
                "before_window",
                "not_before_window",
                "unknown",
            ][no % 4]
                .to_owned(),
        ),
    }
}

fn baseline(no: usize, name: &str, steps: &[SimDate]) -> ModelLine {
    let value = |place: usize| (value(no + 5, place) + Decimal::from(20_000)) / Decimal::from(3);
    let points = steps.iter().enumerate();
    let values: Vec<ValuePoint> = points
        .map(|(place, date)| ValuePoint {
            date: *date,
            value: value(place),
        })
        .collect();
    ModelLine {
        name: name.to_owned(),
        model: None,
        return_pct: return_of(&values),
        values,
        max_drawdown_pct: Some(-5.02),
        sharpe_annualised: Some(0.33),
        trades: 30,
        costs: Decimal::ZERO,
        calls: 0,
        tokens: 0,
        cost_nano: 0,
        training_cutoff: None,
    }
}

fn return_of(values: &[ValuePoint]) -> Option<f64> {
    use rust_decimal::prelude::ToPrimitive;
    let ratio = values.last()?.value / values.first()?.value;
    Some((ratio.to_f64()? - 1.0) * 100.0)
}

fn progress(days: &[DayLine]) -> Progress {
    let count = |status| days.iter().filter(|day| day.status == status).count() as u64;
    Progress {
        total_model_days: days.len() as u64,
        pending: count(DayStatus::Pending),
        running: count(DayStatus::Running),
        completed: count(DayStatus::Completed),
        failed: count(DayStatus::Failed),
        skipped: count(DayStatus::Skipped),
    }
}

//! From trades to the document that leaves the system.

use fondaco_contract::v1alpha1::{
    AccountCheck, BacktestResult, ContractName, Equity, Kind, PairData, Profile,
    Run as RunIdentity, Settings as SettingsUsed, StrategyUsed, Tables, Trade as TradeRow, Warning,
    WarningCode,
};
use fondaco_domain::ContentHash;
use fondaco_domain::metrics::{Conventions, Summary};
use fondaco_domain::trade::{ExitReason, Trade};
use fondaco_engine::backtest::{self, Outcome};
use fondaco_engine::stats::{self, PairBars, PriceOf};

use super::error::BacktestsError;
use super::prepare::PreparedPairs;
use super::{Spec, assumptions, realism};

/// Fewer trades than this say little.
const FEW_TRADES: usize = 30;

pub(super) fn assemble(
    spec: &Spec,
    prepared: &PreparedPairs,
    outcome: &Outcome,
) -> Result<BacktestResult, BacktestsError> {
    let pairs: Vec<_> = prepared
        .pairs
        .iter()
        .map(|pair| PairBars {
            pair: &pair.symbol,
            bars: pair.comparable(),
        })
        .collect();
    let trades: Vec<Trade> = outcome
        .trades
        .iter()
        .chain(&outcome.left_open)
        .cloned()
        .collect();
    let start = outcome.starting_balance;
    let equity = match &outcome.realism {
        Some(realism) => realism.equity.clone(),
        None => stats::mark_equity(&pairs, &trades, start)?,
    };
    let held = stats::buy_and_hold(&pairs, start, PriceOf::Open, PriceOf::Close)?;
    let continuous = prepared
        .pairs
        .iter()
        .all(|pair| pair.symbol.quote().is_some());
    let timeframe = spec.strategy.timeframe;
    let days_per_year = if continuous { 365.0 } else { 252.0 };
    let mut summary = stats::summarize(&stats::Run {
        pairs: &pairs,
        trades: &trades,
        starting_balance: start,
        equity: &equity,
        benchmark: Some(&held),
        timeframe,
        conventions: Conventions::for_timeframe(timeframe, days_per_year),
    })?;
    let charges = outcome.realism.as_ref().map(|realism| realism.charges);
    let interest = charges.map_or(0.0, |charges| charges.interest);
    count_interest(&mut summary, interest);
    let settings = settings_used(spec, prepared);
    let strategy = strategy_used(spec);
    let data = pair_data(prepared);
    let spec_hash = spec_hash(&strategy, &settings, &data, prepared);
    Ok(BacktestResult {
        contract: ContractName::default(),
        kind: Kind::default(),
        run: RunIdentity {
            id: format!("{}-{}", strategy.name, &spec_hash.as_str()[..10]),
            spec_hash: spec_hash.to_string(),
            created_at_ms: None,
            engine: env!("CARGO_PKG_VERSION").to_owned(),
        },
        warnings: warnings(&summary, prepared, outcome, &trades),
        strategy,
        data,
        settings,
        metrics: summary.metrics.into(),
        freqtrade: summary.freqtrade.into(),
        account: AccountCheck {
            interest,
            ..summary.account.into()
        },
        charges: charges.as_ref().map(realism::charges),
        tables: Tables::from(&summary),
        trades: trades.iter().map(TradeRow::from).collect(),
        equity: Equity::new(&equity, Some(&held)),
        locks: outcome.locks.iter().map(Into::into).collect(),
    })
}

/// Interest on cash is in no trade, and part of what the account must add up
/// to.
fn count_interest(summary: &mut Summary, interest: f64) {
    let moved = summary.metrics.starting_balance.abs() + summary.metrics.exposure.volume;
    let account = &mut summary.account;
    account.difference += interest;
    account.holds = account.difference.abs() <= 1e-9 * moved;
}

fn settings_used(spec: &Spec, prepared: &PreparedPairs) -> SettingsUsed {
    let settings = &spec.settings;
    SettingsUsed {
        profile: match settings.profile {
            backtest::Profile::Freqtrade => Profile::Freqtrade,
            backtest::Profile::Realistic(_) => Profile::Realistic,
        },
        costs: match &settings.profile {
            backtest::Profile::Freqtrade => None,
            backtest::Profile::Realistic(costs) => Some(realism::costs(costs)),
        },
        trading_mode: settings.mode.into(),
        stake_currency: prepared.stake_currency.clone(),
        starting_balance: settings.starting_balance,
        stake: settings.stake.into(),
        max_open_trades: settings.max_open_trades,
        tradable_balance_ratio: settings.tradable_balance_ratio,
        fee: settings.fee,
        timeframe: spec.strategy.timeframe.to_string(),
        timeframe_detail: settings.detail.map(|detail| detail.to_string()),
        range: spec.range.into(),
        seed: spec.seed,
        protections: settings.protections,
        assumptions: assumptions::of(spec, prepared),
    }
}

fn strategy_used(spec: &Spec) -> StrategyUsed {
    let strategy = &spec.strategy;
    StrategyUsed {
        name: strategy.name.clone(),
        version: strategy.version.clone(),
        description: strategy.description.clone(),
        hash: strategy.hash().to_string(),
        params: spec
            .params
            .iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
    }
}

fn pair_data(prepared: &PreparedPairs) -> Vec<PairData> {
    let row = |pair: &super::prepare::Prepared| PairData {
        pair: pair.symbol.to_string(),
        dataset: pair.dataset.clone(),
        version: pair.version.clone(),
        rows: pair.bars.len() as u64,
        first_ms: pair.bars.time().first().map(|at| at.0),
        last_ms: pair.bars.time().last().map(|at| at.0),
    };
    prepared.pairs.iter().map(row).collect()
}

/// The hash of everything the figures depend on.
fn spec_hash(
    strategy: &StrategyUsed,
    settings: &SettingsUsed,
    data: &[PairData],
    prepared: &PreparedPairs,
) -> ContentHash {
    let further: Vec<_> = prepared
        .pairs
        .iter()
        .map(|pair| &pair.further_versions)
        .collect();
    let spec = serde_json::json!([
        env!("CARGO_PKG_VERSION"),
        strategy,
        settings,
        data,
        further,
        prepared.startup_candles
    ]);
    ContentHash::of(spec.to_string().as_bytes())
}

fn warnings(
    summary: &Summary,
    prepared: &PreparedPairs,
    outcome: &Outcome,
    trades: &[Trade],
) -> Vec<Warning> {
    let mut list = Vec::new();
    let mut warn = |code, pair: Option<&Trade>, message: String| {
        let pair = pair.map(|trade| trade.pair.to_string());
        list.push(Warning {
            code,
            message,
            pair,
        });
    };
    for left_out in &prepared.left_out {
        warn(
            WarningCode::DataShort,
            None,
            format!("{left_out}; the pair was left out."),
        );
    }
    for trade in &outcome.left_open {
        let message = format!(
            "The forced exit of the trade opened at {} did not fill: it is not among the closed \
             trades, and its stake is not in the final balance.",
            trade.open_time
        );
        warn(WarningCode::TradeLeftOpen, Some(trade), message);
    }
    if let Some(charges) = outcome.realism.as_ref().map(|realism| &realism.charges) {
        if charges.entries_cut > 0 || outcome.withdrawn_entries > 0 {
            let message = format!(
                "{} entries found less volume than they asked for; {} were withdrawn, whole or in \
                 part.",
                charges.entries_cut, outcome.withdrawn_entries
            );
            warn(WarningCode::VolumeShort, None, message);
        }
        if charges.entries_refused > 0 {
            let message = format!(
                "{} entry signals found too little money, or a stake below the market's minimum.",
                charges.entries_refused
            );
            warn(WarningCode::SignalsRejected, None, message);
        }
    }
    let liquidated = |trade: &&Trade| trade.exit_reason == ExitReason::Liquidation;
    for trade in trades.iter().filter(liquidated) {
        let message = format!("The position opened at {} was liquidated.", trade.open_time);
        warn(WarningCode::Liquidated, Some(trade), message);
    }
    let same_candle = trades
        .iter()
        .filter(|trade| trade.open_time == trade.close_time)
        .count();
    if same_candle > 0 {
        let message = format!(
            "{same_candle} of {} trades were closed on the candle of their entry, where the order \
             of prices is assumed; a detail timeframe decides it.",
            trades.len()
        );
        warn(WarningCode::IntraCandle, None, message);
    }
    if outcome.rejected_entries > 0 {
        let message = format!(
            "{} entry signals found no free slot.",
            outcome.rejected_entries
        );
        warn(WarningCode::SignalsRejected, None, message);
    }
    if trades.len() < FEW_TRADES {
        let message = format!(
            "{} trades are too few for the ratios to mean much.",
            trades.len()
        );
        warn(WarningCode::FewTrades, None, message);
    }
    if !summary.account.holds {
        let message = format!(
            "Start, profits and open value miss the final equity by {}.",
            summary.account.difference
        );
        warn(WarningCode::AccountMismatch, None, message);
    }
    list
}

//! Results made of golden trades and candles, as a backtest would make them.

use std::path::Path;

use fondaco_contract::v1alpha1::{
    BacktestResult, ContractName, Equity, Kind, PairData, Profile, Range, Run, Settings, Stake,
    StrategyUsed, TradingMode, Warning, WarningCode,
};
use fondaco_domain::metrics::Conventions;
use fondaco_domain::trade::Trade;
use fondaco_domain::{Bars, Symbol, Timeframe};
use fondaco_engine::stats::{self, PairBars, PriceOf, buy_and_hold, mark_equity, summarize};

use crate::{candles, golden};

pub(crate) struct Sample {
    pub(crate) result: BacktestResult,
    pub(crate) candles: Vec<(Symbol, Bars)>,
}

impl Sample {
    pub(crate) fn render(&self) -> String {
        let candles: Vec<_> = self
            .candles
            .iter()
            .map(|(pair, bars)| fondaco_report::PairCandles {
                pair: pair.as_str(),
                bars,
            })
            .collect();
        fondaco_report::render(&self.result, &candles)
    }
}

/// The result of a golden case.
pub(crate) fn of_case(case: &Path) -> Sample {
    let config: serde_json::Value =
        serde_json::from_str(&golden::text(&case.join("config.json"))).unwrap();
    let name = case.file_name().unwrap().to_str().unwrap();
    of_parts(name, candles::candles(case), &golden::trades(case), &config)
}

/// A result of some candles and trades.
pub(crate) fn of_parts(
    name: &str,
    candles: Vec<(Symbol, Bars)>,
    trades: &[Trade],
    config: &serde_json::Value,
) -> Sample {
    let start = config["dry_run_wallet"].as_f64().unwrap();
    let timeframe: Timeframe = "5m".parse().unwrap();
    let pairs: Vec<PairBars<'_>> = candles
        .iter()
        .map(|(pair, bars)| PairBars { pair, bars })
        .collect();
    let equity = mark_equity(&pairs, trades, start).unwrap();
    let held = buy_and_hold(&pairs, start, PriceOf::Open, PriceOf::Close).unwrap();
    let summary = summarize(&stats::Run {
        pairs: &pairs,
        trades,
        starting_balance: start,
        equity: &equity,
        benchmark: Some(&held),
        timeframe,
        conventions: Conventions::daily(365.0),
    })
    .unwrap();
    let result = BacktestResult {
        contract: ContractName::default(),
        kind: Kind::default(),
        run: Run {
            id: format!("{name}-001"),
            spec_hash: "0f".repeat(32),
            created_at_ms: None,
            engine: "0.1.0".to_owned(),
        },
        strategy: StrategyUsed {
            name: name.replace('_', "-"),
            version: "1.0.0".to_owned(),
            description: "Two moving averages of the close, crossed".to_owned(),
            hash: "a7".repeat(32),
            params: [("fast".to_owned(), 10.0), ("slow".to_owned(), 30.0)].into(),
        },
        data: candles.iter().map(pair_data).collect(),
        settings: settings(config, start),
        metrics: summary.metrics.into(),
        freqtrade: summary.freqtrade.into(),
        account: summary.account.into(),
        tables: (&summary).into(),
        trades: trades.iter().map(Into::into).collect(),
        equity: Equity::new(&equity, Some(&held)),
        locks: Vec::new(),
        warnings: vec![Warning {
            code: WarningCode::TradeLeftOpen,
            message: "A position of this pair was never closed: its forced exit found no fill. freqtrade's figures leave it out.".to_owned(),
            pair: candles.first().map(|(pair, _)| pair.to_string()),
        }],
    };
    Sample { result, candles }
}

fn pair_data((pair, bars): &(Symbol, Bars)) -> PairData {
    PairData {
        pair: pair.to_string(),
        dataset: "freqtrade/binance/5m".to_owned(),
        version: fondaco_domain::ContentHash::of(pair.as_str().as_bytes()).to_string(),
        rows: bars.len() as u64,
        first_ms: bars.time().first().map(|at| at.0),
        last_ms: bars.time().last().map(|at| at.0),
    }
}

fn settings(config: &serde_json::Value, start: f64) -> Settings {
    let futures = config["trading_mode"] == "futures";
    Settings {
        profile: Profile::Freqtrade,
        trading_mode: if futures { TradingMode::Futures } else { TradingMode::Spot },
        stake_currency: config["stake_currency"].as_str().unwrap().to_owned(),
        starting_balance: start,
        stake: config["stake_amount"]
            .as_f64()
            .map_or(Stake::Unlimited, |amount| Stake::Fixed { amount }),
        max_open_trades: config["max_open_trades"].as_u64().map(|count| count as u32),
        tradable_balance_ratio: config["tradable_balance_ratio"].as_f64().unwrap(),
        fee: config["fee"].as_f64().unwrap(),
        timeframe: "5m".to_owned(),
        timeframe_detail: None,
        range: Range::default(),
        seed: 0,
        protections: false,
        assumptions: vec![
            "An entry fills at the open of the candle after its signal.".to_owned(),
            "An exit fills when its price lies within the candle; a stop is hit before a target of the same candle unless the exit signal came first.".to_owned(),
            "There is no spread and no slippage, and any amount finds a buyer.".to_owned(),
        ],
    }
}

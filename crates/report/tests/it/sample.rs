//! Results made of golden trades and candles, as a backtest would make them.

use std::path::Path;

use fondaco_contract::v1alpha1::{
    BacktestResult, ContractName, Equity, Kind, PairData, Profile, Range, Run, Settings, Stake,
    StrategyUsed, TradingMode, Warning, WarningCode,
};
use fondaco_domain::metrics::Conventions;
use fondaco_domain::strategy::Side;
use fondaco_domain::trade::{ExitReason, Order, Trade};
use fondaco_domain::{Bar, Bars, Symbol, Timeframe, UnixMillis};
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

/// A result of two made-up pairs over two days: a long after each trough of a
/// wave and a short after each crest, one of them with a hostile tag.
pub(crate) fn made_up() -> Sample {
    let wave = |row: usize, length: f64| 100.0 + 8.0 * (row as f64 / length).sin();
    let series = |length: f64| {
        let rows = (0..576).map(|row| {
            let (open, close) = (wave(row, length), wave(row + 1, length));
            Bar {
                time: UnixMillis(1_640_995_200_000 + row as i64 * 300_000),
                open,
                high: open.max(close) + 0.3,
                low: open.min(close) - 0.3,
                close,
                volume: 1.0,
            }
        });
        Bars::from_rows(rows).unwrap()
    };
    let candles: Vec<(Symbol, Bars)> = vec![
        ("BTC/USDT:USDT".parse().unwrap(), series(20.0)),
        ("ETH/USDT:USDT".parse().unwrap(), series(31.0)),
    ];
    let trades: Vec<Trade> = candles
        .iter()
        .flat_map(|(pair, bars)| {
            (0..11).map(move |turn| made_up_trade(pair, bars, 10 + turn * 50, turn))
        })
        .collect();
    let config = serde_json::json!({
        "dry_run_wallet": 10_000.0, "trading_mode": "futures", "stake_currency": "USDT",
        "stake_amount": 1_000.0, "max_open_trades": 2, "tradable_balance_ratio": 0.99, "fee": 0.0005,
    });
    of_parts("made_up", candles, &trades, &config)
}

fn made_up_trade(pair: &Symbol, bars: &Bars, from: usize, turn: usize) -> Trade {
    let (open, close) = (bars.bar(from), bars.bar(from + 30));
    let side = if turn.is_multiple_of(2) {
        Side::Long
    } else {
        Side::Short
    };
    let sign = if side == Side::Long { 1.0 } else { -1.0 };
    let fees = 10.0 * 0.0005 * (open.open + close.open);
    let profit = sign * 10.0 * (close.open - open.open) - fees;
    let tag = if turn == 3 {
        "</script><img src=x onerror=alert(1)>"
    } else {
        "turn"
    };
    let order = |bar: &Bar, is_entry| Order {
        time: bar.time,
        is_entry,
        price: bar.open,
        amount: 10.0,
        tag: String::new(),
    };
    Trade {
        pair: pair.clone(),
        side,
        open_time: open.time,
        close_time: close.time,
        open_rate: open.open,
        close_rate: close.open,
        amount: 10.0,
        stake_amount: 10.0 * open.open,
        max_stake_amount: 10.0 * open.open,
        profit_abs: profit,
        profit_ratio: profit / (10.0 * open.open),
        fee_open: 0.0005,
        fee_close: 0.0005,
        exit_reason: if profit > 0.0 {
            ExitReason::Roi
        } else {
            ExitReason::StopLoss
        },
        enter_tag: Some(tag.to_owned()),
        initial_stop_loss: open.open * 0.9,
        stop_loss: open.open * 0.9,
        stop_loss_ratio: -0.1,
        min_rate: open.low,
        max_rate: open.high,
        leverage: 1.0,
        funding_fees: 0.0,
        is_open: false,
        orders: vec![order(&open, true), order(&close, false)],
    }
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
        charges: None,
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
        costs: None,
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

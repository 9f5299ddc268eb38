//! What a backtest takes for granted, in sentences.

use fondaco_domain::market::TradingMode;
use fondaco_engine::backtest::{Costs, Profile, Settings};

use super::prepare::PreparedPairs;
use super::{Spec, realism};

/// Every assumption behind the fills, each one sentence.
pub(super) fn of(spec: &Spec, prepared: &PreparedPairs) -> Vec<String> {
    let settings = &spec.settings;
    let mut list = match &settings.profile {
        Profile::Freqtrade => freqtrade(settings),
        Profile::Realistic(costs) => realistic(costs, settings, prepared),
    };
    if prepared.pairs.iter().any(|pair| pair.filled > 0) {
        list.push(
            "Missing candles are filled with the close before them and no volume.".to_owned(),
        );
    }
    if settings.mode == TradingMode::Futures {
        list.push(
            "Margin is isolated; funding is paid on the mark price at each funding time; \
             liquidation lies 5 % before the exchange's own price."
                .to_owned(),
        );
    }
    if prepared.from_files {
        list.push("Signals were read from files and not recomputed.".to_owned());
    } else {
        list.push(format!(
            "The first {} candles of each pair only warm up the indicators.",
            prepared.startup_candles
        ));
    }
    list
}

fn freqtrade(settings: &Settings) -> Vec<String> {
    vec![
        "A signal on a candle acts at the open of the next candle.".to_owned(),
        format!(
            "Every fill costs {} % of its value; there is no spread, no slippage and no limit of \
             volume.",
            settings.fee * 100.0
        ),
        "Entries fill at the open; a stop, a return target or a trailing stop fills at its own \
         price when that price lies within the candle, and at the open when the candle opened \
         beyond it."
            .to_owned(),
        match settings.detail {
            Some(detail) => format!(
                "The order of events inside a candle is that of its {detail} candles; inside \
                 those, the high of a candle is taken to come before its low for a long."
            ),
            None => "Inside a candle the best price is taken to come before the worst: a trailing \
                     stop rises with the high before the low is looked at."
                .to_owned(),
        },
        "When several reasons for an exit hold on one candle the exit signal comes first, then the \
         stop, the return target and the trailing stop."
            .to_owned(),
        "Prices lie on the step that the candles of the month show, amounts on the market's step."
            .to_owned(),
        "Positions open at the end are closed at the open of their last candle.".to_owned(),
    ]
}

fn realistic(costs: &Costs, settings: &Settings, prepared: &PreparedPairs) -> Vec<String> {
    let mut list = realism::sentences(costs, settings.fee);
    if let Some(detail) = settings.detail {
        list.push(format!(
            "The order of events inside a candle is that of its {detail} candles."
        ));
    }
    let known = prepared.pairs.iter().filter(|pair| pair.has_actions());
    list.push(match known.count() {
        0 => "No splits and dividends are known; prices are taken as they are.".to_owned(),
        count => format!(
            "Splits and dividends of {count} of {} instruments change open positions before the \
             open of their day, shorts pay dividends, and indicators see prices with all \
             dividends up to then reinvested.",
            prepared.pairs.len()
        ),
    });
    list
}

//! What a symbol looks like, as a number with its reasons.

use serde_json::Value;

use super::manner::{Manner, Rule};
use crate::rule_based::analysts::market;
use crate::rule_based::evidence::{self, Claims, Point};
use crate::rule_based::words::{apart, moved, per_cent, price};

/// A symbol, marked.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Mark {
    /// From -1, sell, to 1, buy.
    pub(super) value: f64,
    /// What it comes from, the heaviest first.
    points: Vec<Point>,
    /// Why it is not bought, whatever its mark.
    pub(super) barred: Option<String>,
    /// Why it is sold, whatever its mark.
    pub(super) broken: Option<String>,
}

/// Deviation of a day's return up to which a fall is one to buy into.
const CALM: f64 = 0.03;
/// Part of its average of 200 candles below which a long rise is over.
const BROKEN: f64 = 0.88;

impl Mark {
    /// Of an answer of `indicators`; nothing where it says too little.
    pub(super) fn of(manner: &Manner, answer: &Value) -> Option<Self> {
        let seen = Seen::of(answer)?;
        let claims = match manner.rule {
            Rule::Trend => market::claims(answer)?,
            Rule::Dip => seen.dip(),
        };
        if claims.is_empty() {
            return None;
        }
        let points = claims.points();
        let dip = manner.rule == Rule::Dip;
        Some(Self {
            value: evidence::balance(&points),
            points,
            barred: seen.barred().filter(|_| dip),
            broken: seen.broken().filter(|_| dip),
        })
    }

    /// The heaviest readings for a side.
    pub(super) fn reasons(&self, some: usize, up: bool) -> String {
        let of_side = self
            .points
            .iter()
            .filter(|point| (point.weight() > 0.0) == up);
        let texts: Vec<&str> = of_side
            .take(some)
            .map(|point| point.text.as_str())
            .collect();
        texts.join(". ")
    }
}

/// The figures that dips are seen by.
struct Seen<'a> {
    close: f64,
    /// What a candle is called.
    unit: &'static str,
    values: &'a Value,
}

impl<'a> Seen<'a> {
    fn of(answer: &'a Value) -> Option<Self> {
        let close = answer["close"].as_f64();
        Some(Self {
            close: close.filter(|close| close.is_finite() && *close > 0.0)?,
            unit: match answer["timeframe"].as_str() {
                Some("1d") => "day",
                _ => "candle",
            },
            values: &answer["values"],
        })
    }

    fn get(&self, name: &str) -> Option<f64> {
        self.values[name].as_f64().filter(|value| value.is_finite())
    }

    /// An average or a band: more than nothing.
    fn level(&self, name: &str) -> Option<f64> {
        self.get(name).filter(|level| *level > 0.0)
    }

    /// How far it fell for a while: what a rise weighs the other way.
    fn dip(&self) -> Claims {
        let mut claims = Claims::default();
        let unit = self.unit;
        if let Some(rsi) = self.get("rsi_14") {
            let reading = match rsi {
                rsi if rsi <= 30.0 => ", oversold",
                rsi if rsi >= 70.0 => ", overbought",
                _ => "",
            };
            let text = format!("Its 14-{unit} RSI stands at {rsi:.1}{reading}");
            claims.add(text, 0.35, (50.0 - rsi) / 20.0);
        }
        if let (Some(upper), Some(middle)) = (self.level("bb_upper"), self.level("bb_middle"))
            && upper > middle
        {
            let place = (self.close - middle) / (upper - middle);
            let text = format!(
                "Its close stands {:.0} % of the way from the middle of its Bollinger bands to the {} band",
                place.abs() * 100.0,
                if place < 0.0 { "lower" } else { "upper" },
            );
            claims.add(text, 0.30, -place);
        }
        if let Some(average) = self.level("sma_20") {
            let distance = self.close / average - 1.0;
            let text = format!(
                "Its close of {} is {} its 20-{unit} average",
                price(self.close),
                apart(distance)
            );
            claims.add(text, 0.20, -distance / 0.05);
        }
        if let Some(change) = self.get("return_5") {
            let text = format!("Over 5 {unit}s it {}", moved(change));
            claims.add(text, 0.15, -change / 0.05);
        }
        claims
    }

    /// Not every fall is one to buy into.
    fn barred(&self) -> Option<String> {
        if let Some(volatility) = self.get("volatility_20").filter(|it| *it > CALM) {
            let told = per_cent(volatility);
            let unit = self.unit;
            return Some(format!(
                "its returns of a {unit} deviate by {told}, too much"
            ));
        }
        let Some(long) = self.level("sma_200").or_else(|| self.level("sma_50")) else {
            return Some("it has too few candles to know whether it rises at length".to_owned());
        };
        (self.close < long * 0.97).then(|| {
            let below = apart(self.close / long - 1.0);
            format!("its close is {below} its long average, and no long rise is left")
        })
    }

    /// Whether what was bought for a rise at length has stopped rising.
    fn broken(&self) -> Option<String> {
        let long = self.level("sma_200")?;
        (self.close < long * BROKEN).then(|| {
            let below = apart(self.close / long - 1.0);
            let unit = self.unit;
            format!("Its close is {below} its 200-{unit} average: the long rise is over")
        })
    }
}

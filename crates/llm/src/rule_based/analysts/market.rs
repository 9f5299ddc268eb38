//! Prices and indicators: trend, momentum, place in bands and range, volume.

use serde_json::Value;

use super::{Claims, Study, number};
use crate::rule_based::talk::Talk;
use crate::rule_based::words::{apart, moved, per_cent, price};

pub(in crate::rule_based) fn study(talk: &Talk<'_>) -> Result<Study, String> {
    let answer = talk.tool("indicators")?;
    let figures = Figures::of(answer)
        .ok_or_else(|| format!("There is no closed candle of {} to look at", talk.ticker))?;
    Ok(Study {
        setting: figures.setting(talk),
        claims: figures.claims(),
        aside: figures.risk(),
    })
}

/// What the answer of `indicators` says for a rise and for a fall; nothing
/// without a closed candle.
pub(in crate::rule_based) fn claims(answer: &Value) -> Option<Claims> {
    Some(Figures::of(answer)?.claims())
}

struct Figures<'a> {
    close: f64,
    as_of: &'a str,
    /// What a candle is called: `day` or `candle`.
    unit: &'static str,
    values: &'a Value,
}

impl<'a> Figures<'a> {
    fn of(answer: &'a Value) -> Option<Self> {
        Some(Self {
            close: number(answer, "close").filter(|close| *close > 0.0)?,
            as_of: answer["as_of"].as_str().unwrap_or("its last candle"),
            unit: match answer["timeframe"].as_str() {
                Some("1d") => "day",
                _ => "candle",
            },
            values: &answer["values"],
        })
    }

    fn claims(&self) -> Claims {
        let mut claims = Claims::default();
        self.trend(&mut claims);
        self.momentum(&mut claims);
        self.place(&mut claims);
        self.volume(&mut claims);
        claims
    }

    fn get(&self, name: &str) -> Option<f64> {
        number(self.values, name)
    }

    /// An average, a band or a price: more than nothing.
    fn level(&self, name: &str) -> Option<f64> {
        self.get(name).filter(|level| *level > 0.0)
    }

    /// Where the close stands beside its averages, and these beside each
    /// other.
    fn trend(&self, claims: &mut Claims) {
        let unit = self.unit;
        for (name, candles, share, scale) in [
            ("sma_20", 20, 0.10, 0.04),
            ("sma_50", 50, 0.16, 0.06),
            ("sma_200", 200, 0.16, 0.12),
        ] {
            if let Some(average) = self.level(name) {
                let distance = (self.close - average) / average;
                let text = format!(
                    "The close of {} is {} its {candles}-{unit} average of {}",
                    price(self.close),
                    apart(distance),
                    price(average),
                );
                claims.add(text, share, gap(self.close, average) / scale);
            }
        }
        if let (Some(short), Some(long)) = (self.level("sma_50"), self.level("sma_200")) {
            let distance = (short - long) / long;
            let text = format!(
                "The 50-{unit} average of {} is {} the 200-{unit} average of {}",
                price(short),
                apart(distance),
                price(long),
            );
            claims.add(text, 0.10, gap(short, long) / 0.08);
        }
    }

    fn momentum(&self, claims: &mut Claims) {
        let unit = self.unit;
        for (name, candles, share, scale) in
            [("return_20", 20, 0.12, 0.08), ("return_60", 60, 0.08, 0.15)]
        {
            if let Some(change) = self.get(name) {
                let text = format!("Over {candles} {unit}s the close {}", moved(change));
                claims.add(text, share, change / scale);
            }
        }
        if let Some(histogram) = self.get("macd_hist") {
            let side = if histogram < 0.0 { "below" } else { "above" };
            let text = format!(
                "The MACD is {} {side} its signal line",
                price(histogram.abs())
            );
            claims.add(text, 0.08, histogram / self.close / 0.005);
        }
        if let Some(rsi) = self.get("rsi_14") {
            let reading = match rsi {
                rsi if rsi >= 70.0 => ", overbought, which calls for care and not for a fall",
                rsi if rsi <= 30.0 => ", oversold, which calls for care and not for a rise",
                rsi if rsi >= 50.0 => ", in its upper half",
                _ => ", in its lower half",
            };
            let text = format!("The 14-{unit} RSI stands at {rsi:.1}{reading}");
            claims.add(text, 0.08, (rsi - 50.0) / 20.0);
        }
    }

    /// Where the close stands in its bands and in its range of a year.
    fn place(&self, claims: &mut Claims) {
        if let (Some(upper), Some(middle)) = (self.level("bb_upper"), self.level("bb_middle"))
            && upper > middle
        {
            let place = (self.close - middle) / (upper - middle);
            let text = format!(
                "The close stands {:.0} % of the way from the middle of its Bollinger bands to the \
                 {} band",
                place.abs() * 100.0,
                if place < 0.0 { "lower" } else { "upper" },
            );
            claims.add(text, 0.06, place);
        }
        if let (Some(high), Some(low)) = (self.level("high_252"), self.level("low_252"))
            && high > low
        {
            let place = (self.close - low) / (high - low);
            let text = format!(
                "The close stands {:.0} % of the way up its range of {} to {} over up to 252 {}s",
                place * 100.0,
                price(low),
                price(high),
                self.unit,
            );
            claims.add(text, 0.06, 2.0 * place - 1.0);
        }
    }

    /// Volume above its average confirms the way of the last five candles.
    fn volume(&self, claims: &mut Claims) {
        if let (Some(ratio), Some(change)) = (self.get("volume_ratio_20"), self.get("return_5")) {
            let more = (ratio - 1.0).clamp(0.0, 1.0);
            let text = format!(
                "Volume is {ratio:.1} times its 20-{0} average, while the close {1} over 5 {0}s",
                self.unit,
                moved(change),
            );
            claims.add(text, 0.06, more * (change / 0.03).clamp(-1.0, 1.0));
        }
    }

    fn setting(&self, talk: &Talk<'_>) -> String {
        let seen = talk.tool("prices").ok();
        let rows = seen.and_then(|prices| prices["rows"].as_array());
        let closes = rows.map(|rows| {
            let closes = rows.iter().filter_map(|row| row[4].as_f64());
            closes.collect::<Vec<f64>>()
        });
        let range = closes.filter(|closes| closes.len() > 1).map(|closes| {
            let highest = closes.iter().copied().fold(f64::MIN, f64::max);
            let lowest = closes.iter().copied().fold(f64::MAX, f64::min);
            format!(
                ", after closes between {} and {} over the last {} {}s",
                price(lowest),
                price(highest),
                closes.len(),
                self.unit,
            )
        });
        format!(
            "{} {} {} closed at {}{}.",
            if self.as_of.contains('T') { "At" } else { "On" },
            self.as_of,
            talk.ticker,
            price(self.close),
            range.unwrap_or_default(),
        )
    }

    /// How much it moves, which speaks for no side.
    fn risk(&self) -> String {
        let mut said = Vec::new();
        if let Some(volatility) = self.get("volatility_20") {
            said.push(format!(
                "returns of a {} deviate by {}",
                self.unit,
                per_cent(volatility)
            ));
        }
        if let Some(range) = self.get("atr_14") {
            let part = per_cent(range / self.close);
            said.push(format!("the average range is {} or {part}", price(range)));
        }
        if let Some(drawdown) = self.get("drawdown_252") {
            let below = per_cent(drawdown.abs());
            said.push(format!("the close is {below} below the highest high"));
        }
        if let Some(strength) = self.get("adx_14") {
            let trend = if strength >= 25.0 {
                "a trend"
            } else {
                "no clear trend"
            };
            said.push(format!("an ADX of {strength:.0} shows {trend}"));
        }
        if said.is_empty() {
            return String::new();
        }
        format!("How much it moves: {}.", said.join(", "))
    }
}

/// How far two prices are apart, as a part of their mean: as far up as down
/// when they change places.
fn gap(one: f64, other: f64) -> f64 {
    2.0 * (one - other) / (one + other)
}

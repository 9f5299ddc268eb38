//! Invented data: signed pieces of evidence, so that its mirror image can be
//! made, and what tools say of it.

use serde_json::{Map, Value, json};

const CLOSE: f64 = 100.0;

/// Evidence: more is better, and zero is neither good nor bad.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct World {
    pub(super) market: Option<Market>,
    pub(super) news: Option<News>,
    pub(super) filings: Option<Filings>,
    /// Deviation of the returns; no side of its own.
    pub(super) volatility: f64,
}

/// Each piece is 1 where a claim that rests on it leans wholly up.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Market {
    /// The close against its averages of 20, 50 and 200 candles.
    pub(super) averages: [f64; 3],
    pub(super) return_5: f64,
    pub(super) return_20: f64,
    pub(super) return_60: f64,
    pub(super) macd: f64,
    pub(super) rsi: f64,
    pub(super) bands: f64,
    pub(super) range: f64,
    pub(super) volume_ratio: f64,
}

/// Stories that sound good (1), bad (-1) or like nothing, and events.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct News {
    pub(super) tones: Vec<i8>,
    pub(super) events: Vec<i8>,
    pub(super) before: u64,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Filings {
    pub(super) revenues: f64,
    pub(super) income: f64,
    pub(super) per_share: f64,
    pub(super) margin: f64,
    pub(super) margin_before: f64,
}

impl World {
    /// The same evidence for the other side.
    pub(super) fn mirrored(&self) -> Self {
        let turned = |list: &[i8]| list.iter().map(|it| -it).collect();
        Self {
            market: self.market.as_ref().map(|market| Market {
                averages: market.averages.map(|it| -it),
                return_5: -market.return_5,
                return_20: -market.return_20,
                return_60: -market.return_60,
                macd: -market.macd,
                rsi: -market.rsi,
                bands: -market.bands,
                range: -market.range,
                volume_ratio: market.volume_ratio,
            }),
            news: self.news.as_ref().map(|news| News {
                tones: turned(&news.tones),
                events: turned(&news.events),
                before: news.before,
            }),
            filings: self.filings.as_ref().map(|filings| Filings {
                revenues: -filings.revenues,
                income: -filings.income,
                per_share: -filings.per_share,
                margin: -filings.margin,
                margin_before: -filings.margin_before,
            }),
            volatility: self.volatility,
        }
    }

    /// Nothing anywhere.
    pub(super) fn empty() -> Self {
        Self {
            market: None,
            news: None,
            filings: None,
            volatility: 0.01,
        }
    }

    /// What a tool says.
    pub(super) fn tool(&self, name: &str, arguments: &Value) -> String {
        assert_eq!(arguments["symbol"], "AAPL");
        let said = match name {
            "indicators" => self
                .market
                .as_ref()
                .map(|it| it.indicators(self.volatility)),
            "prices" => self.market.as_ref().map(|_| prices()),
            "news" => self.news.as_ref().map(News::told),
            "fundamentals" => self.filings.as_ref().map(Filings::told),
            "actions" => Some(json!({ "symbol": "AAPL", "actions": [] })),
            other => return format!("there is no tool `{other}`"),
        };
        let unknown = json!({
            "symbol": "AAPL",
            "error": { "kind": "unknown_symbol", "message": "nothing was known of `AAPL`" },
        });
        said.unwrap_or(unknown).to_string()
    }
}

impl Market {
    fn indicators(&self, volatility: f64) -> Value {
        // The average whose gap to the close is a part of their mean.
        let average = |gap: f64| CLOSE * (2.0 - gap) / (2.0 + gap);
        let [short, middle, long] = self.averages;
        let range = 40.0;
        let place = f64::midpoint(self.range, 1.0);
        json!({
            "symbol": "AAPL",
            "timeframe": "1d",
            "as_of": "2025-03-04",
            "close": CLOSE,
            "values": {
                "sma_20": average(short * 0.04),
                "sma_50": average(middle * 0.06),
                "sma_200": average(long * 0.12),
                "ema_12": CLOSE,
                "ema_26": CLOSE,
                "macd": self.macd,
                "macd_signal": 0.0,
                "macd_hist": self.macd * 0.005 * CLOSE,
                "rsi_14": 50.0 + 20.0 * self.rsi,
                "bb_upper": CLOSE - self.bands * 5.0 + 5.0,
                "bb_middle": CLOSE - self.bands * 5.0,
                "bb_lower": CLOSE - self.bands * 5.0 - 5.0,
                "atr_14": 2.1,
                "adx_14": 28.4,
                "volume_ratio_20": self.volume_ratio,
                "return_5": self.return_5 * 0.03,
                "return_20": self.return_20 * 0.08,
                "return_60": self.return_60 * 0.15,
                "volatility_20": volatility,
                "high_252": CLOSE + (1.0 - place) * range,
                "low_252": CLOSE - place * range,
                "drawdown_252": -0.12,
            },
        })
    }
}

fn prices() -> Value {
    let row = |day: u32, close: f64| {
        json!([
            format!("2025-03-{day:02}"),
            close,
            close + 1.0,
            close - 1.0,
            close,
            1000.0
        ])
    };
    json!({
        "symbol": "AAPL",
        "timeframe": "1d",
        "rows": [row(1, 98.0), row(3, 101.5), row(4, CLOSE)],
    })
}

impl News {
    fn told(&self) -> Value {
        let tones = self.tones.iter().enumerate().map(|(no, tone)| match tone {
            1 => format!("Apple shares surge in session {no}"),
            -1 => format!("Apple shares tumble in session {no}"),
            _ => format!("Apple holds its meeting {no}"),
        });
        let events = self.events.iter().enumerate().map(|(no, sign)| match sign {
            1 => format!("Apple raises guidance, note {no}"),
            -1 => format!("Apple cuts guidance, note {no}"),
            _ => format!("Apple keeps guidance, note {no}"),
        });
        let titles: Vec<String> = tones.chain(events).collect();
        let story = |(no, title): (usize, &String)| {
            json!({
                "id": format!("s{no}"),
                "known_at": format!("2025-03-0{}T12:00:00Z", 1 + no % 4),
                "source": "Somebody",
                "title": title,
                "summary": "No more is known.",
            })
        };
        let stories: Vec<Value> = titles.iter().enumerate().map(story).collect();
        json!({
            "symbol": "AAPL",
            "from": "2025-02-19",
            "until": "2025-03-04",
            "count": stories.len(),
            "before": { "days": 14, "count": self.before },
            "by_day": {},
            "stories": stories,
        })
    }
}

impl Filings {
    fn told(&self) -> Value {
        let filing = |year: u32, margin: f64| {
            json!({
                "fiscal_year": year.to_string(),
                "fiscal_period": "Q1",
                "period_end": format!("{}-12-28", year - 1),
                "filed_at": format!("{year}-01-31T11:01:27Z"),
                "figures": {
                    "income_statement.revenues": 100e9,
                    "income_statement.net_income_loss": 100e9 * margin,
                },
            })
        };
        let mut growth = Map::new();
        growth.insert("fiscal_year".to_owned(), json!("2025"));
        growth.insert("fiscal_period".to_owned(), json!("Q1"));
        growth.insert("revenues_yoy".to_owned(), json!(self.revenues * 0.15));
        growth.insert("net_income_yoy".to_owned(), json!(self.income * 0.40));
        growth.insert("eps_yoy".to_owned(), json!(self.per_share * 0.40));
        let margins = (self.margin * 0.20, self.margin_before * 0.20);
        json!({
            "symbol": "AAPL",
            "growth": growth,
            "filings": [filing(2025, margins.0), filing(2024, margins.1)],
        })
    }
}

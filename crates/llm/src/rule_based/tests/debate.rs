//! A whole debate, word for word.

use fondaco_contract::v1alpha1::analysis::{NodeReport, NodeRole};

use super::world::{Filings, Market, News, World};
use super::{Temperament, analysis, answer};

/// Evidence that goes both ways.
pub(super) fn some() -> World {
    World {
        market: Some(Market {
            averages: [0.4, 0.6, 0.9],
            return_5: -0.2,
            return_20: 0.5,
            return_60: 0.8,
            macd: 0.3,
            rsi: 0.35,
            bands: 0.4,
            range: 0.7,
            volume_ratio: 1.3,
        }),
        news: Some(News {
            tones: vec![1, -1, -1, 0, -1],
            events: vec![-1, 1, -1],
            before: 5,
        }),
        filings: Some(Filings {
            revenues: 0.27,
            income: 0.18,
            per_share: 0.25,
            margin: 1.2,
            margin_before: 1.1,
        }),
        volatility: 0.018,
    }
}

fn told(reports: &[NodeReport], role: NodeRole) -> String {
    let answer = answer(reports, role).unwrap();
    serde_json::to_string_pretty(&answer.document).unwrap()
}

#[test]
fn what_analysts_say() {
    let reports = analysis(Temperament::Even, &some(), 1);
    insta::assert_snapshot!(told(&reports, NodeRole::Market), @r#"
    {
      "summary": "On 2025-03-04 AAPL closed at 100.00, after closes between 98.00 and 101.50 over the last 3 days. Readings for a rise: 10, for a fall: 0; together they come to +0.58 on a scale from -1 to 1, which leans up. The heaviest: The close of 100.00 is 11.4 % above its 200-day average of 89.75. How much it moves: returns of a day deviate by 1.8 %, the average range is 2.10 or 2.1 %, the close is 12.0 % below the highest high, an ADX of 28 shows a trend. (By fixed rules, fondaco/rule-based; no language model wrote this.)",
      "points": [
        "The close of 100.00 is 11.4 % above its 200-day average of 89.75. [+0.14]",
        "The close of 100.00 is 3.7 % above its 50-day average of 96.46. [+0.09]",
        "The 50-day average of 96.46 is 7.5 % above the 200-day average of 89.75. [+0.08]",
        "Over 20 days the close rose 4.0 %. [+0.06]",
        "Over 60 days the close rose 12.0 %. [+0.06]",
        "The close of 100.00 is 1.6 % above its 20-day average of 98.41. [+0.04]",
        "The close stands 85 % of the way up its range of 66.00 to 106.00 over up to 252 days. [+0.04]",
        "The 14-day RSI stands at 57.0, in its upper half. [+0.03]",
        "The MACD is 0.1500 above its signal line. [+0.02]",
        "The close stands 40 % of the way from the middle of its Bollinger bands to the upper band. [+0.02]"
      ],
      "direction": 1,
      "confidence": 0.68,
      "abstain": null
    }
    "#);
    insta::assert_snapshot!(told(&reports, NodeRole::Sentiment), @r#"
    {
      "summary": "From 2025-02-19 to 2025-03-04 there were 8 stories about AAPL, after 5 in the same span before. Readings for a rise: 0, for a fall: 2; together they come to -0.52 on a scale from -1 to 1, which leans down. The heaviest: Of 8 headlines, the word list finds 1 good and 3 bad, such as “Apple shares tumble in session 1” of 2025-03-02. Each headline counts once, whoever wrote it; summaries are not read. (By fixed rules, fondaco/rule-based; no language model wrote this.)",
      "points": [
        "Of 8 headlines, the word list finds 1 good and 3 bad, such as “Apple shares tumble in session 1” of 2025-03-02. [-0.40]",
        "8 stories, against 5 in the same span before: attention adds weight to the mood. [-0.12]"
      ],
      "direction": -1,
      "confidence": 0.64,
      "abstain": null
    }
    "#);
    insta::assert_snapshot!(told(&reports, NodeRole::News), @r#"
    {
      "summary": "From 2025-02-19 to 2025-03-04 there were 8 stories about AAPL, after 5 in the same span before. Readings for a rise: 1, for a fall: 1; together they come to -0.20 on a scale from -1 to 1, which leans down. The heaviest: 2 mentions of events that speak for a fall: a lowered outlook (2 times); the newest on 2025-03-02: “Apple cuts guidance, note 0”. 3 mentions of 8 stories read told of an event that the rules know. (By fixed rules, fondaco/rule-based; no language model wrote this.)",
      "points": [
        "2 mentions of events that speak for a fall: a lowered outlook (2 times); the newest on 2025-03-02: “Apple cuts guidance, note 0”. [-0.40]",
        "1 mention of events that speak for a rise: a raised outlook; the newest on 2025-03-03: “Apple raises guidance, note 1”. [+0.20]"
      ],
      "direction": -1,
      "confidence": 0.43,
      "abstain": null
    }
    "#);
    insta::assert_snapshot!(told(&reports, NodeRole::Fundamentals), @r#"
    {
      "summary": "The newest filing of AAPL is of Q1 2025, to 2024-12-28, filed on 2025-01-31, with revenues of 100.00 billion and net income of 24.00 billion. Readings for a rise: 5, for a fall: 0; together they come to +0.40 on a scale from -1 to 1, which leans up. The heaviest: The net margin of Q1 2025 is 24.0 %. No dividend or split was known. (By fixed rules, fondaco/rule-based; no language model wrote this.)",
      "points": [
        "The net margin of Q1 2025 is 24.0 %. [+0.11]",
        "The net margin widened by 2.0 points from 22.0 % a year before. [+0.11]",
        "Revenues of Q1 2025 rose 4.0 % on the year before. [+0.09]",
        "Net income of Q1 2025 rose 7.2 % on the year before. [+0.05]",
        "Earnings per share of Q1 2025 rose 10.0 % on the year before. [+0.04]"
      ],
      "direction": 1,
      "confidence": 0.56,
      "abstain": null
    }
    "#);
}

#[test]
fn what_researchers_and_their_manager_say() {
    let reports = analysis(Temperament::Even, &some(), 1);
    insta::assert_snapshot!(told(&reports, NodeRole::Bull), @r#"
    {
      "argument": "For a rise of AAPL speak 16 points in 4 reports. The heaviest: News: 1 mention of events that speak for a rise: a raised outlook; the newest on 2025-03-03: “Apple raises guidance, note 1”. Beside it: Market: The close of 100.00 is 11.4 % above its 200-day average of 89.75. They come from different data and point the same way. My points weigh 1.18, those against me 0.92. (By fixed rules, fondaco/rule-based; no language model wrote this.)",
      "points": [
        "News: 1 mention of events that speak for a rise: a raised outlook; the newest on 2025-03-03: “Apple raises guidance, note 1”. [+0.20]",
        "Market: The close of 100.00 is 11.4 % above its 200-day average of 89.75. [+0.14]",
        "Fundamentals: The net margin of Q1 2025 is 24.0 %. [+0.11]",
        "Fundamentals: The net margin widened by 2.0 points from 22.0 % a year before. [+0.11]",
        "Market: The close of 100.00 is 3.7 % above its 50-day average of 96.46. [+0.09]",
        "Fundamentals: Revenues of Q1 2025 rose 4.0 % on the year before. [+0.09]",
        "Market: The 50-day average of 96.46 is 7.5 % above the 200-day average of 89.75. [+0.08]",
        "Market: Over 20 days the close rose 4.0 %. [+0.06]",
        "Market: Over 60 days the close rose 12.0 %. [+0.06]",
        "Fundamentals: Net income of Q1 2025 rose 7.2 % on the year before. [+0.05]",
        "Market: The close of 100.00 is 1.6 % above its 20-day average of 98.41. [+0.04]",
        "Market: The close stands 85 % of the way up its range of 66.00 to 106.00 over up to 252 days. [+0.04]",
        "Fundamentals: Earnings per share of Q1 2025 rose 10.0 % on the year before. [+0.04]",
        "Market: The 14-day RSI stands at 57.0, in its upper half. [+0.03]",
        "Market: The MACD is 0.1500 above its signal line. [+0.02]",
        "Market: The close stands 40 % of the way from the middle of its Bollinger bands to the upper band. [+0.02]"
      ],
      "rebuts": [],
      "confidence": 0.56
    }
    "#);
    insta::assert_snapshot!(told(&reports, NodeRole::Bear), @r#"
    {
      "argument": "For a fall of AAPL speak 3 points in 4 reports. The heaviest: Sentiment: Of 8 headlines, the word list finds 1 good and 3 bad, such as “Apple shares tumble in session 1” of 2025-03-02. Beside it: News: 2 mentions of events that speak for a fall: a lowered outlook (2 times); the newest on 2025-03-02: “Apple cuts guidance, note 0”. They come from different data and point the same way. My points weigh 0.92, those against me 1.18. To the bull's case: The bull says “News: 1 mention of events that speak for a rise: a raised outlook; the newest on 2025-03-03: Apple raises guidance, note 1”. Against it stands “Sentiment: Of 8 headlines, the word list finds 1 good and 3 bad, such as Apple shares tumble in session 1 of 2025-03-02”, which weighs 0.40 to 0.20. (By fixed rules, fondaco/rule-based; no language model wrote this.)",
      "points": [
        "Sentiment: Of 8 headlines, the word list finds 1 good and 3 bad, such as “Apple shares tumble in session 1” of 2025-03-02. [-0.40]",
        "News: 2 mentions of events that speak for a fall: a lowered outlook (2 times); the newest on 2025-03-02: “Apple cuts guidance, note 0”. [-0.40]",
        "Sentiment: 8 stories, against 5 in the same span before: attention adds weight to the mood. [-0.12]"
      ],
      "rebuts": [
        "The bull says “News: 1 mention of events that speak for a rise: a raised outlook; the newest on 2025-03-03: Apple raises guidance, note 1”. Against it stands “Sentiment: Of 8 headlines, the word list finds 1 good and 3 bad, such as Apple shares tumble in session 1 of 2025-03-02”, which weighs 0.40 to 0.20.",
        "The bull says “Market: The close of 100.00 is 11.4 % above its 200-day average of 89.75”. Against it stands “News: 2 mentions of events that speak for a fall: a lowered outlook (2 times); the newest on 2025-03-02: Apple cuts guidance, note 0”, which weighs 0.40 to 0.14.",
        "The bull says “Fundamentals: The net margin of Q1 2025 is 24.0 %”. Against it stands “Sentiment: 8 stories, against 5 in the same span before: attention adds weight to the mood”, which weighs 0.12 to 0.11."
      ],
      "confidence": 0.44
    }
    "#);
    insta::assert_snapshot!(told(&reports, NodeRole::ResearchManager), @r#"
    {
      "winner": "bull",
      "rationale": "By the weights of their points over the number of reports, the bull's case weighs 0.29 and the bear's 0.23, a balance of +0.06 on a scale from -1 to 1. What decided it: “News: 1 mention of events that speak for a rise: a raised outlook; the newest on 2025-03-03: Apple raises guidance, note 1”. The bear's best point: “Sentiment: Of 8 headlines, the word list finds 1 good and 3 bad, such as Apple shares tumble in session 1 of 2025-03-02”. (By fixed rules, fondaco/rule-based; no language model wrote this.)",
      "direction": 1,
      "confidence": 0.4,
      "plan": "Go with the rise over the next weeks. What would change it: heavier points for a fall."
    }
    "#);
}

#[test]
fn what_trader_committee_and_portfolio_manager_say() {
    let reports = analysis(Temperament::Even, &some(), 1);
    insta::assert_snapshot!(told(&reports, NodeRole::Trader), @r#"
    {
      "action": "buy",
      "rationale": "Buy AAPL at the next open and look again after 20 days. The verdict is for the bull, with a confidence of 0.40. A candle ranges over 2.1 % of the close on average; 2.0 such ranges put the stop 4.20 % from the close, and the target lies 2.0 times as far, at 8.40 %. (By fixed rules, fondaco/rule-based; no language model wrote this.)",
      "horizon_days": 20,
      "stop_loss_pct": 4.2,
      "take_profit_pct": 8.4
    }
    "#);
    insta::assert_snapshot!(told(&reports, NodeRole::Aggressive), @r#"
    {
      "argument": "The plan to buy can lose 4.20 % at its stop and gain 8.40 % at its target, 2.0 times as much; a usual move of 1.8 % a candle does not reach the stop. (By fixed rules, fondaco/rule-based; no language model wrote this.)",
      "points": [
        "The return of a candle deviates by 1.8 %.",
        "A candle ranges over 2.1 % of the close.",
        "The close is 12.0 % below the highest high of up to 252 candles."
      ],
      "stance": "Carry out the whole plan."
    }
    "#);
    insta::assert_snapshot!(told(&reports, NodeRole::Conservative), @r#"
    {
      "argument": "A move of three deviations is 5.4 % in one candle and jumps over the stop at 4.20 %. It has shown a way of 12.0 % from its highest high already. The aggressive voice says “The return of a candle deviates by 1.8 %”. That is an average, and a stop is met on the days that are none. (By fixed rules, fondaco/rule-based; no language model wrote this.)",
      "points": [
        "The return of a candle deviates by 1.8 %.",
        "A candle ranges over 2.1 % of the close.",
        "The close is 12.0 % below the highest high of up to 252 candles."
      ],
      "stance": "Carry out half of the plan."
    }
    "#);
    insta::assert_snapshot!(told(&reports, NodeRole::Neutral), @r#"
    {
      "argument": "The aggressive voice asks: Carry out the whole plan. The conservative voice asks: Carry out half of the plan. A usual move of 1.8 % a candle lies within the 2.0 % up to which a plan is carried out whole, so the aggressive voice has the better point. (By fixed rules, fondaco/rule-based; no language model wrote this.)",
      "points": [
        "The return of a candle deviates by 1.8 %.",
        "A candle ranges over 2.1 % of the close.",
        "The close is 12.0 % below the highest high of up to 252 candles."
      ],
      "stance": "Carry out the whole plan."
    }
    "#);
    insta::assert_snapshot!(told(&reports, NodeRole::PortfolioManager), @r#"
    {
      "rating": "OVERWEIGHT",
      "hold_subtype": "N/A",
      "confidence": 0.4,
      "rationale": "OVERWEIGHT for AAPL: the research manager decided for the bull with a confidence of 0.40. The committee's neutral voice asks for the whole plan. What is left is a conviction of +0.40; BUY and SELL begin at 0.70. The heaviest point for a rise: “News: 1 mention of events that speak for a rise: a raised outlook; the newest on 2025-03-03: Apple raises guidance, note 1”. The heaviest for a fall: “Sentiment: Of 8 headlines, the word list finds 1 good and 3 bad, such as Apple shares tumble in session 1 of 2025-03-02”. (By fixed rules, fondaco/rule-based; no language model wrote this.)",
      "warnings": [
        "What is held is not known; the rating does not depend on it."
      ]
    }
    "#);
}

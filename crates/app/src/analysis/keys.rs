//! The nodes of the graph, and the names of their tasks.

use std::fmt;

use fondaco_contract::v1alpha1::analysis::{AnalysisItem, AnalysisJob, Analyst, NodeRole};

/// A part of an analysis of one item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Node {
    /// The strategy at the day.
    Quant,
    /// Who looks first.
    Analyst(Analyst),
    /// For the instrument, in a round from 1.
    Bull(u32),
    /// Against it, in a round from 1.
    Bear(u32),
    /// Judges the debate.
    ResearchManager,
    /// Makes a plan of the verdict.
    Trader,
    /// For more risk, in a round from 1.
    Aggressive(u32),
    /// For less, in a round from 1.
    Conservative(u32),
    /// Between both, in a round from 1.
    Neutral(u32),
    /// Decides for the llm lane.
    PortfolioManager,
    /// Merges the lanes.
    Decision,
}

/// What people see of the way of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// Who looks first.
    Analysts,
    /// Debate and verdict.
    Research,
    /// The plan.
    Trading,
    /// Its risk.
    Risk,
    /// The decision.
    Portfolio,
}

impl Stage {
    /// All of them, in order.
    pub const ALL: [Self; 5] = [
        Self::Analysts,
        Self::Research,
        Self::Trading,
        Self::Risk,
        Self::Portfolio,
    ];

    /// The name in keys and documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Analysts => "analysts",
            Self::Research => "research",
            Self::Trading => "trading",
            Self::Risk => "risk",
            Self::Portfolio => "portfolio",
        }
    }
}

impl Node {
    /// The stage it belongs to; the strategy belongs to none.
    pub fn stage(self) -> Option<Stage> {
        Some(match self {
            Self::Quant => return None,
            Self::Analyst(_) => Stage::Analysts,
            Self::Bull(_) | Self::Bear(_) | Self::ResearchManager => Stage::Research,
            Self::Trader => Stage::Trading,
            Self::Aggressive(_) | Self::Conservative(_) | Self::Neutral(_) => Stage::Risk,
            Self::PortfolioManager | Self::Decision => Stage::Portfolio,
        })
    }

    /// Who speaks; the decision is nobody's.
    pub fn role(self) -> Option<NodeRole> {
        Some(match self {
            Self::Quant => NodeRole::Quant,
            Self::Analyst(Analyst::Market) => NodeRole::Market,
            Self::Analyst(Analyst::Sentiment) => NodeRole::Sentiment,
            Self::Analyst(Analyst::News) => NodeRole::News,
            Self::Analyst(Analyst::Fundamentals) => NodeRole::Fundamentals,
            Self::Bull(_) => NodeRole::Bull,
            Self::Bear(_) => NodeRole::Bear,
            Self::ResearchManager => NodeRole::ResearchManager,
            Self::Trader => NodeRole::Trader,
            Self::Aggressive(_) => NodeRole::Aggressive,
            Self::Conservative(_) => NodeRole::Conservative,
            Self::Neutral(_) => NodeRole::Neutral,
            Self::PortfolioManager => NodeRole::PortfolioManager,
            Self::Decision => return None,
        })
    }

    /// The round it speaks in; 1 where it speaks once.
    pub fn round(self) -> u32 {
        match self {
            Self::Bull(round)
            | Self::Bear(round)
            | Self::Aggressive(round)
            | Self::Conservative(round)
            | Self::Neutral(round) => round,
            _ => 1,
        }
    }

    /// Whether it is one of the two managers, whose model is the deep one.
    pub fn is_manager(self) -> bool {
        matches!(self, Self::ResearchManager | Self::PortfolioManager)
    }

    fn parse(words: &[&str]) -> Option<Self> {
        Some(match *words {
            ["quant"] => Self::Quant,
            ["decision"] => Self::Decision,
            ["analysts", name] => {
                let named = |analyst: &Analyst| analyst.as_str() == name;
                Self::Analyst(Analyst::ALL.into_iter().find(named)?)
            }
            ["research", "manager"] => Self::ResearchManager,
            ["trading", "trader"] => Self::Trader,
            ["portfolio", "manager"] => Self::PortfolioManager,
            ["research", "bull", round] => Self::Bull(round.parse().ok()?),
            ["research", "bear", round] => Self::Bear(round.parse().ok()?),
            ["risk", "aggressive", round] => Self::Aggressive(round.parse().ok()?),
            ["risk", "conservative", round] => Self::Conservative(round.parse().ok()?),
            ["risk", "neutral", round] => Self::Neutral(round.parse().ok()?),
            _ => return None,
        })
    }
}

/// The end of the name of its task: `analysts/news`, `research/bull/1`.
impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Quant => f.write_str("quant"),
            Self::Analyst(analyst) => write!(f, "analysts/{}", analyst.as_str()),
            Self::Bull(round) => write!(f, "research/bull/{round}"),
            Self::Bear(round) => write!(f, "research/bear/{round}"),
            Self::ResearchManager => f.write_str("research/manager"),
            Self::Trader => f.write_str("trading/trader"),
            Self::Aggressive(round) => write!(f, "risk/aggressive/{round}"),
            Self::Conservative(round) => write!(f, "risk/conservative/{round}"),
            Self::Neutral(round) => write!(f, "risk/neutral/{round}"),
            Self::PortfolioManager => f.write_str("portfolio/manager"),
            Self::Decision => f.write_str("decision"),
        }
    }
}

/// The beginning of the names of an item's tasks: its ticker, and its day
/// where the items of the job have several.
pub fn prefix(job: &AnalysisJob, item: &AnalysisItem) -> String {
    let one_day = job.items.iter().all(|other| other.date == item.date);
    if one_day {
        item.ticker.to_string()
    } else {
        format!("{}@{}", item.ticker, item.date)
    }
}

/// The name of a node's task.
pub fn key(prefix: &str, node: Node) -> String {
    format!("{prefix}/{node}")
}

/// What the name of a task says: the beginning, and which node. Tickers may
/// have a `/` of their own.
pub fn split(key: &str) -> Option<(&str, Node)> {
    let mut cut = key.len();
    for _ in 0..3 {
        cut = key[..cut].rfind('/')?;
        let words: Vec<&str> = key[cut + 1..].split('/').collect();
        if let Some(node) = Node::parse(&words) {
            return Some((&key[..cut], node));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_reads_as_what_it_is() {
        let nodes = [
            Node::Quant,
            Node::Analyst(Analyst::Sentiment),
            Node::Bull(2),
            Node::Bear(10),
            Node::ResearchManager,
            Node::Trader,
            Node::Aggressive(1),
            Node::Conservative(1),
            Node::Neutral(3),
            Node::PortfolioManager,
            Node::Decision,
        ];
        for prefix in ["AAPL", "BTC/USDT", "AAPL@2025-03-04", "A/decision"] {
            for node in nodes {
                assert_eq!(split(&key(prefix, node)), Some((prefix, node)));
            }
        }
        for other in [
            "",
            "AAPL",
            "decision",
            "AAPL/analysts/astrology",
            "AAPL/research/bull/x",
        ] {
            assert_eq!(split(other), None, "{other}");
        }
    }
}

//! The turns of a day, and the names of their tasks.

use std::fmt;

use fondaco_contract::v1alpha1::simulation::{RoomMember, SimDate};

/// A turn of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Node {
    /// An analyst looks, alone.
    Analysis(RoomMember),
    /// The risk manager looks at what is held, and at what they saw.
    Risk,
    /// Somebody speaks in a round of the conference, from 1.
    Speech(u32, RoomMember),
    /// The portfolio manager says what came of the conference.
    Summary,
    /// An analyst says where the prices go.
    Prediction(RoomMember),
    /// The portfolio manager decides.
    Decision,
    /// It is carried out, settled and remembered: the day itself.
    Day,
}

impl Node {
    /// Who has the turn; the day is nobody's.
    pub fn member(self) -> Option<RoomMember> {
        Some(match self {
            Self::Analysis(member) | Self::Speech(_, member) | Self::Prediction(member) => member,
            Self::Risk => RoomMember::RiskManager,
            Self::Summary | Self::Decision => RoomMember::PortfolioManager,
            Self::Day => return None,
        })
    }

    /// The round of the conference.
    pub fn cycle(self) -> Option<u32> {
        match self {
            Self::Speech(cycle, _) => Some(cycle),
            _ => None,
        }
    }

    fn parse(words: &[&str]) -> Option<Self> {
        let member = |word: &str, of: &[RoomMember]| {
            let mut named = of.iter().copied().filter(|member| member.word() == word);
            named.next()
        };
        Some(match *words {
            ["analysts", word] => Self::Analysis(member(word, &RoomMember::ANALYSTS)?),
            ["risk"] => Self::Risk,
            ["conference", "summary"] => Self::Summary,
            ["conference", cycle, word] => {
                let cycle: u32 = cycle.parse().ok().filter(|cycle| *cycle > 0)?;
                Self::Speech(cycle, member(word, &SPEAKERS)?)
            }
            ["prediction", word] => Self::Prediction(member(word, &RoomMember::ANALYSTS)?),
            ["decision"] => Self::Decision,
            _ => return None,
        })
    }
}

/// Who speaks in a round of the conference, in order.
pub const SPEAKERS: [RoomMember; 5] = [
    RoomMember::PortfolioManager,
    RoomMember::FundamentalsAnalyst,
    RoomMember::TechnicalAnalyst,
    RoomMember::SentimentAnalyst,
    RoomMember::ValuationAnalyst,
];

/// The end of the name of its task; nothing of the day itself.
impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Analysis(member) => write!(f, "analysts/{}", member.word()),
            Self::Risk => f.write_str("risk"),
            Self::Speech(cycle, member) => write!(f, "conference/{cycle}/{}", member.word()),
            Self::Summary => f.write_str("conference/summary"),
            Self::Prediction(member) => write!(f, "prediction/{}", member.word()),
            Self::Decision => f.write_str("decision"),
            Self::Day => Ok(()),
        }
    }
}

/// The name of the task of a turn: `2025-10-01|gpt-5/risk`, and
/// `2025-10-01|gpt-5` of the day.
pub fn key(date: SimDate, team: &str, node: Node) -> String {
    match node {
        Node::Day => format!("{date}|{team}"),
        _ => format!("{date}|{team}/{node}"),
    }
}

/// What the name of a task says: step, team and turn. Nothing where it is no
/// such name. No team has a `/` in its name.
pub fn split(key: &str) -> Option<(SimDate, &str, Node)> {
    let (date, rest) = key.split_once('|')?;
    let date = date.parse().ok()?;
    let (team, end) = match rest.split_once('/') {
        None => (rest, None),
        Some((team, end)) => (team, Some(end)),
    };
    let node = turn(end)?;
    (!team.is_empty()).then_some((date, team, node))
}

/// The turn that the end of a name says, after its team; the day where it has
/// none.
pub fn turn(end: Option<&str>) -> Option<Node> {
    let Some(end) = end else {
        return Some(Node::Day);
    };
    let words: Vec<&str> = end.split('/').collect();
    Node::parse(&words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_reads_as_what_it_is() {
        let mut nodes = vec![Node::Risk, Node::Summary, Node::Decision, Node::Day];
        for analyst in RoomMember::ANALYSTS {
            nodes.extend([Node::Analysis(analyst), Node::Prediction(analyst)]);
        }
        for speaker in SPEAKERS {
            nodes.extend([Node::Speech(1, speaker), Node::Speech(10, speaker)]);
        }
        for date in ["2025-10-01", "2025-10-01 10:00:00"] {
            let date: SimDate = date.parse().unwrap();
            for node in &nodes {
                let key = key(date, "gpt-5", *node);
                assert_eq!(split(&key), Some((date, "gpt-5", *node)), "{key}");
            }
        }
    }

    #[test]
    fn what_is_no_such_name_is_none() {
        for other in [
            "",
            "|",
            "prices",
            "2025-10-01|",
            "yesterday|gpt-5",
            "AAPL/risk",
            "2025-10-01|x/analysts/astrology",
            "2025-10-01|x/conference/0/pm",
            "2025-10-01|x/conference/1/risk",
            "2025-10-01|/risk",
        ] {
            assert_eq!(split(other), None, "{other}");
        }
    }
}

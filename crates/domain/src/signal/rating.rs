//! Directions as the five words of research.

use serde::{Deserialize, Serialize};

use super::{Direction, Probability};

/// A recommendation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Rating {
    /// Down, surely.
    Sell,
    /// Down.
    Underweight,
    /// Neither.
    Hold,
    /// Up.
    Overweight,
    /// Up, surely.
    Buy,
}

/// From this confidence on the stronger word is used.
const STRONG: f64 = 0.7;

impl Rating {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Sell,
        Self::Underweight,
        Self::Hold,
        Self::Overweight,
        Self::Buy,
    ];

    /// How a direction is shown: BUY or SELL from a confidence of 0.7 on.
    pub fn shown(direction: Direction, confidence: Probability) -> Self {
        let strong = confidence.get() >= STRONG;
        match (direction, strong) {
            (Direction::Long, true) => Self::Buy,
            (Direction::Long, false) => Self::Overweight,
            (Direction::Flat, _) => Self::Hold,
            (Direction::Short, false) => Self::Underweight,
            (Direction::Short, true) => Self::Sell,
        }
    }

    /// What the word means where no confidence goes with it.
    pub fn meaning(self) -> (Direction, Probability) {
        match self {
            Self::Buy => (Direction::Long, Probability(0.9)),
            Self::Overweight => (Direction::Long, Probability(0.6)),
            Self::Hold => (Direction::Flat, Probability(0.5)),
            Self::Underweight => (Direction::Short, Probability(0.6)),
            Self::Sell => (Direction::Short, Probability(0.9)),
        }
    }

    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sell => "SELL",
            Self::Underweight => "UNDERWEIGHT",
            Self::Hold => "HOLD",
            Self::Overweight => "OVERWEIGHT",
            Self::Buy => "BUY",
        }
    }

    /// The rating of that word, in any case.
    pub fn parse(word: &str) -> Option<Self> {
        let is = |rating: &Self| rating.as_str().eq_ignore_ascii_case(word);
        Self::ALL.into_iter().find(is)
    }
}

/// The rating that a free text states on a line of its own, `rating: BUY`,
/// emphasis and a closing full stop aside. Words in sentences are not looked
/// at: "do not BUY" is not BUY. Lines that state different ratings state none.
pub fn explicit_rating(text: &str) -> Option<Rating> {
    let mut stated = text
        .lines()
        .filter_map(stated)
        .map(|word| Rating::parse(&word));
    let first = stated.next()??;
    stated.all(|other| other == Some(first)).then_some(first)
}

/// What stands after `rating:`, where a line is such a line.
fn stated(line: &str) -> Option<String> {
    let bare: String = line.chars().filter(|c| !"*_`#>".contains(*c)).collect();
    let (name, word) = bare.split_once(':')?;
    let is_it = name.trim().eq_ignore_ascii_case("rating");
    is_it.then(|| word.trim().trim_end_matches('.').to_owned())
}

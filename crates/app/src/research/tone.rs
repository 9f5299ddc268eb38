//! The tone of headlines, by a list of words: the same for everybody, and
//! wrong in ways that everybody can see.

/// Stems of words that tell of something good for who holds shares.
const GOOD: &[&str] = &[
    "accelerat",
    "approv",
    "beat",
    "beats",
    "best",
    "boom",
    "boost",
    "breakthrough",
    "bullish",
    "buyback",
    "climb",
    "exceed",
    "expand",
    "gain",
    "grow",
    "high",
    "improv",
    "jump",
    "lead",
    "outperform",
    "profit",
    "raise",
    "rall",
    "rebound",
    "record",
    "recover",
    "rise",
    "rises",
    "rose",
    "soar",
    "strong",
    "surge",
    "top",
    "upgrad",
    "upside",
    "win",
    "wins",
];

/// Stems of words that tell of something bad.
const BAD: &[&str] = &[
    "bankrupt",
    "bearish",
    "concern",
    "crash",
    "cut",
    "cuts",
    "declin",
    "delay",
    "downgrad",
    "downside",
    "drop",
    "fail",
    "fall",
    "falls",
    "fear",
    "fell",
    "fraud",
    "investigat",
    "lag",
    "lawsuit",
    "layoff",
    "loss",
    "losses",
    "low",
    "lower",
    "miss",
    "misses",
    "plung",
    "probe",
    "recall",
    "risk",
    "sank",
    "sell-off",
    "selloff",
    "shortfall",
    "sink",
    "slash",
    "slid",
    "slump",
    "slow",
    "sue",
    "sued",
    "tumbl",
    "underperform",
    "warn",
    "weak",
    "worst",
];

/// Words shorter than this must be the whole word.
const STEM: usize = 4;

/// Good words without the bad ones, of all of either: -1 to 1; none where the
/// texts have neither.
pub fn tone<'a>(texts: impl IntoIterator<Item = &'a str>) -> Option<f64> {
    let (mut good, mut bad) = (0_u32, 0_u32);
    for text in texts {
        let text = text.to_lowercase();
        let words = text.split(|c: char| !(c.is_alphanumeric() || c == '-'));
        for word in words {
            good += u32::from(is_one(word, GOOD));
            bad += u32::from(is_one(word, BAD));
        }
    }
    let all = good + bad;
    (all > 0).then(|| (f64::from(good) - f64::from(bad)) / f64::from(all))
}

fn is_one(word: &str, list: &[&str]) -> bool {
    let stem = |stem: &&str| word == *stem || (stem.len() >= STEM && word.starts_with(*stem));
    list.iter().any(stem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_counted_on_either_side() {
        for (texts, expected) in [
            (&[][..], None),
            (&["Apple holds its event"], None),
            (&["Profit beats, shares SURGED"], Some(1.0)),
            (&["Bankruptcy likely", "a lawsuit"], Some(-1.0)),
            (&["Record profit, weak outlook; shares fell"], Some(0.0)),
            (&["Beats, and a warning, and losses"], Some(-1.0 / 3.0)),
            // Short stems are whole words.
            (&["Winter in Lowell: they topple"], None),
        ] {
            assert_eq!(tone(texts.iter().copied()), expected, "{texts:?}");
        }
    }
}

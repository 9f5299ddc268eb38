//! The word list: how headlines sound, and what they tell of. All of it is
//! here, so that every reading can be checked by hand.

/// Words of a headline that sounds good.
pub(super) const GOOD: &[&str] = &[
    "advance",
    "advances",
    "attractive",
    "beat",
    "beats",
    "boost",
    "boosts",
    "breakthrough",
    "bullish",
    "climb",
    "climbs",
    "gain",
    "gains",
    "growth",
    "high",
    "improve",
    "improves",
    "jump",
    "jumps",
    "optimism",
    "optimistic",
    "outperform",
    "outperforms",
    "profit",
    "profits",
    "rally",
    "rallies",
    "rebound",
    "rebounds",
    "record",
    "rise",
    "rises",
    "robust",
    "soar",
    "soars",
    "strong",
    "strength",
    "surge",
    "surges",
    "top",
    "tops",
    "upbeat",
    "upgrade",
    "upgraded",
    "upgrades",
    "win",
    "wins",
];

/// Words of a headline that sounds bad.
pub(super) const BAD: &[&str] = &[
    "bankruptcy",
    "bearish",
    "concern",
    "concerns",
    "crash",
    "decline",
    "declines",
    "downgrade",
    "downgraded",
    "downgrades",
    "drop",
    "drops",
    "fall",
    "falls",
    "fear",
    "fears",
    "fraud",
    "lag",
    "lags",
    "layoffs",
    "loss",
    "losses",
    "low",
    "miss",
    "misses",
    "plunge",
    "plunges",
    "pressure",
    "probe",
    "recall",
    "risk",
    "risks",
    "sink",
    "sinks",
    "slide",
    "slides",
    "slump",
    "slumps",
    "tumble",
    "tumbles",
    "underperform",
    "underperforms",
    "warning",
    "warns",
    "weak",
    "weakness",
    "worse",
    "worst",
];

/// A word after one of these does not count.
const NEGATIONS: &[&str] = &[
    "avoids",
    "denies",
    "despite",
    "dismisses",
    "isnt",
    "never",
    "no",
    "not",
    "without",
    "wont",
];

/// Kinds of events, in pairs that speak for a rise and for a fall.
pub(super) const EVENTS: &[(&str, f64, &[&str])] = &[
    (
        "results above expectations",
        1.0,
        &[
            "beats estimates",
            "beats expectations",
            "earnings beat",
            "tops estimates",
            "tops expectations",
            "results beat",
            "better than expected",
        ],
    ),
    (
        "results below expectations",
        -1.0,
        &[
            "misses estimates",
            "misses expectations",
            "earnings miss",
            "falls short of estimates",
            "falls short of expectations",
            "results miss",
            "worse than expected",
        ],
    ),
    (
        "a raised outlook",
        1.0,
        &[
            "raises guidance",
            "raises outlook",
            "raises forecast",
            "lifts guidance",
            "lifts outlook",
            "lifts forecast",
            "raised its outlook",
        ],
    ),
    (
        "a lowered outlook",
        -1.0,
        &[
            "cuts guidance",
            "cuts outlook",
            "cuts forecast",
            "lowers guidance",
            "lowers outlook",
            "lowers forecast",
            "profit warning",
        ],
    ),
    (
        "an upgrade or a higher price target",
        1.0,
        &[
            "upgrade",
            "upgraded",
            "upgrades",
            "raises price target",
            "price target raised",
            "raised the price forecast",
        ],
    ),
    (
        "a downgrade or a lower price target",
        -1.0,
        &[
            "downgrade",
            "downgraded",
            "downgrades",
            "cuts price target",
            "price target cut",
            "lowered the price forecast",
        ],
    ),
    (
        "an approval or a contract",
        1.0,
        &[
            "approval",
            "approved",
            "approves",
            "wins contract",
            "awarded",
            "secures contract",
        ],
    ),
    (
        "a lawsuit or an investigation",
        -1.0,
        &[
            "lawsuit",
            "sued",
            "sues",
            "investigation",
            "probe",
            "antitrust",
            "fined",
        ],
    ),
    (
        "a buyback or a higher dividend",
        1.0,
        &[
            "buyback",
            "share repurchase",
            "raises dividend",
            "dividend increase",
            "dividend hike",
            "boosts dividend",
        ],
    ),
    (
        "a recall, a strike or job cuts",
        -1.0,
        &[
            "recall",
            "recalls",
            "strike",
            "layoffs",
            "job cuts",
            "cuts dividend",
            "dividend cut",
        ],
    ),
];

/// A text as its words in small letters. Apostrophes join: `isn't` is `isnt`.
pub(super) fn words(text: &str) -> Vec<String> {
    let joined: String = text
        .chars()
        .filter(|c| !"'’".contains(*c))
        .map(|c| if c.is_alphanumeric() { c } else { ' ' })
        .collect();
    let words = joined.split_whitespace();
    words.map(str::to_lowercase).collect()
}

/// 1 where more good words than bad ones stand in a headline, -1 where fewer.
pub(super) fn of_headline(title: &str) -> i8 {
    let words = words(title);
    let counted = |list: &[&str]| {
        let hits = words.iter().enumerate();
        let hits = hits.filter(|(at, word)| list.contains(&word.as_str()) && !negated(&words, *at));
        hits.count()
    };
    match counted(GOOD).cmp(&counted(BAD)) {
        std::cmp::Ordering::Greater => 1,
        std::cmp::Ordering::Equal => 0,
        std::cmp::Ordering::Less => -1,
    }
}

/// Whether a text tells of an event: one of its phrases, not negated.
pub(super) fn tells_of(words: &[String], phrases: &[&str]) -> bool {
    phrases.iter().any(|phrase| {
        let phrase: Vec<&str> = phrase.split(' ').collect();
        let mut places = words.windows(phrase.len()).enumerate();
        places.any(|(at, window)| window == phrase.as_slice() && !negated(words, at))
    })
}

/// Whether one of the two words before a place negates it.
fn negated(words: &[String], at: usize) -> bool {
    let before = &words[at.saturating_sub(2)..at];
    before.iter().any(|word| NEGATIONS.contains(&word.as_str()))
}

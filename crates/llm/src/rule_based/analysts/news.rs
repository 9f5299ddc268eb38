//! What happened: events of known kinds in headlines and summaries.

use super::sentiment::{self, Told};
use super::{Claims, Study, tone};
use crate::rule_based::talk::Talk;
use crate::rule_based::words::{count, quoted};

pub(super) fn study(talk: &Talk<'_>) -> Result<Study, String> {
    let news = talk.tool("news")?;
    let stories = sentiment::stories(news);
    let number = news["count"].as_u64().unwrap_or(stories.len() as u64);
    if stories.is_empty() {
        return Err(format!(
            "There are no stories about {} in this span",
            talk.ticker
        ));
    }
    let texts: Vec<Vec<String>> = stories
        .iter()
        .map(|story| tone::words(&format!("{} | {}", story.title, story.summary)))
        .collect();
    let told = |sign: f64| Events::of(sign, &stories, &texts);
    let (good, bad) = (told(1.0), told(-1.0));
    // Two more that tell of nothing, so that one story is no certainty.
    let whole = (good.number + bad.number + 2) as f64;
    let mut claims = Claims::default();
    claims.add(good.text(), good.number as f64 / whole, 1.0);
    claims.add(bad.text(), bad.number as f64 / whole, -1.0);
    claims.add(String::new(), 2.0 / whole, 0.0);
    let events = good.number + bad.number;
    let before = news["before"]["count"].as_u64();
    Ok(Study {
        setting: sentiment::setting(talk, news, number, before),
        claims,
        aside: format!(
            "{} of {} read told of an event that the rules know.",
            count(events, "mention", "mentions"),
            count(stories.len() as u64, "story", "stories"),
        ),
    })
}

/// Events that speak for one side.
struct Events<'a> {
    /// Each story once for each kind it tells of.
    number: u64,
    kinds: Vec<(&'static str, u64)>,
    newest: Option<&'a Told<'a>>,
    side: &'static str,
}

impl<'a> Events<'a> {
    fn of(sign: f64, stories: &'a [Told<'a>], texts: &[Vec<String>]) -> Self {
        let mut events = Self {
            number: 0,
            kinds: Vec::new(),
            newest: None,
            side: if sign > 0.0 { "a rise" } else { "a fall" },
        };
        let of_side = |(_, of, _): &&(&str, f64, &[&str])| *of == sign;
        for (kind, _, phrases) in tone::EVENTS.iter().filter(of_side) {
            let told = stories.iter().zip(texts);
            let mut told = told.filter(|(_, words)| tone::tells_of(words, phrases));
            if let Some((newest, _)) = told.next() {
                let number = 1 + told.count() as u64;
                events.kinds.push((kind, number));
                events.number += number;
                // Days are written so that later ones sort later.
                let later = events.newest.is_none_or(|it| it.day < newest.day);
                events.newest = if later { Some(newest) } else { events.newest };
            }
        }
        events
    }

    fn text(&self) -> String {
        let kinds = self.kinds.iter().map(|(kind, number)| match number {
            1 => (*kind).to_owned(),
            number => format!("{kind} ({number} times)"),
        });
        let kinds: Vec<String> = kinds.collect();
        let newest = self.newest.map_or_else(String::new, |story| {
            format!("; the newest on {}: {}", story.day, quoted(story.title, 90))
        });
        format!(
            "{} of events that speak for {}: {}{newest}",
            count(self.number, "mention", "mentions"),
            self.side,
            kinds.join(", "),
        )
    }
}

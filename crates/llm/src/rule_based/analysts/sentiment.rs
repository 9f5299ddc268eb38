//! The mood: how headlines sound, and how much more there is of it than before.

use serde_json::Value;

use super::{Claims, Study, tone};
use crate::rule_based::talk::Talk;
use crate::rule_based::words::{count, quoted};

pub(in crate::rule_based) fn study(talk: &Talk<'_>) -> Result<Study, String> {
    let news = talk.tool("news")?;
    let stories = stories(news);
    let number = news["count"].as_u64().unwrap_or(stories.len() as u64);
    if stories.is_empty() {
        return Err(format!(
            "There are no stories about {} in this span",
            talk.ticker
        ));
    }
    let tones: Vec<i8> = stories
        .iter()
        .map(|it| tone::of_headline(it.title))
        .collect();
    let of = |tone: i8| tones.iter().filter(|it| **it == tone).count();
    let (good, bad) = (of(1), of(-1));
    // Two more that lean to neither side, so that one headline is no mood.
    let net = (good as f64 - bad as f64) / (good + bad + 2) as f64;
    let before = news["before"]["count"].as_u64();
    let mut claims = Claims::default();
    let example = example(&stories, &tones, if net < 0.0 { -1 } else { 1 });
    let text = format!(
        "Of {}, the word list finds {good} good and {bad} bad{example}",
        count(stories.len() as u64, "headline", "headlines"),
    );
    claims.add(text, 0.8, net * 1.5);
    if let Some(before) = before {
        let more = number as f64 / (before.max(1)) as f64 - 1.0;
        let text = format!(
            "{}, against {before} in the same span before: attention adds weight to the mood",
            count(number, "story", "stories"),
        );
        claims.add(
            text,
            0.2,
            more.clamp(0.0, 1.0) * (net * 3.0).clamp(-1.0, 1.0),
        );
    }
    Ok(Study {
        setting: setting(talk, news, number, before),
        claims,
        aside: "Each headline counts once, whoever wrote it; summaries are not read.".to_owned(),
    })
}

/// A story, as far as it is looked at.
pub(super) struct Told<'a> {
    pub(super) title: &'a str,
    pub(super) summary: &'a str,
    /// The day on which it became known.
    pub(super) day: &'a str,
}

/// The stories of an answer, each headline once.
pub(super) fn stories(news: &Value) -> Vec<Told<'_>> {
    let mut seen = Vec::new();
    let mut told = Vec::new();
    for story in news["stories"].as_array().into_iter().flatten() {
        let Some(title) = story["title"].as_str() else {
            continue;
        };
        let words = tone::words(title);
        if words.is_empty() || seen.contains(&words) {
            continue;
        }
        seen.push(words);
        let known = story["known_at"].as_str().unwrap_or_default();
        told.push(Told {
            title,
            summary: story["summary"].as_str().unwrap_or_default(),
            day: known.get(..10).unwrap_or(known),
        });
    }
    told
}

fn example(stories: &[Told<'_>], tones: &[i8], wanted: i8) -> String {
    let found = stories.iter().zip(tones).find(|(_, tone)| **tone == wanted);
    found.map_or_else(String::new, |(story, _)| {
        format!(", such as {} of {}", quoted(story.title, 90), story.day)
    })
}

pub(super) fn setting(talk: &Talk<'_>, news: &Value, number: u64, before: Option<u64>) -> String {
    let day = |name: &str| {
        let text = news[name].as_str().unwrap_or("?");
        text.get(..10).unwrap_or(text).to_owned()
    };
    let before = before.map(|before| format!(", after {before} in the same span before"));
    format!(
        "From {} to {} there {} about {}{}.",
        day("from"),
        day("until"),
        if number == 1 {
            "was 1 story".to_owned()
        } else {
            format!("were {number} stories")
        },
        talk.ticker,
        before.unwrap_or_default(),
    )
}

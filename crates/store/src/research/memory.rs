//! The store in memory: plain lists, looked through whole. For tests.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use fondaco_app::ports::Failure;
use fondaco_app::ports::research::{
    CompanyAction, Filing, Held, Horizon, NewsQuery, ResearchIndex, ResearchStore, Shelf, Story,
    Taken,
};
use fondaco_domain::{ContentHash, Symbol, UnixMillis};
use jiff::civil::Date;

use super::{action, filing, rows, words};

/// News, filings and corporate actions as long as it lives.
#[derive(Debug, Default)]
pub struct MemoryResearch(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    place: u64,
    stories: BTreeMap<String, Vec<(u64, Story)>>,
    filings: BTreeMap<ContentHash, (u64, Filing)>,
    actions: BTreeMap<ContentHash, (u64, CompanyAction)>,
}

impl MemoryResearch {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn taken(&mut self, added: u64, all: usize) -> Taken {
        self.place += u64::from(added > 0);
        Taken {
            added,
            known: all as u64 - added,
            place: self.place,
        }
    }

    /// All stories as a reader sees them.
    fn seen(&self, horizon: Horizon) -> impl Iterator<Item = Story> {
        let all = self.stories.values();
        all.filter_map(move |imports| seen(imports, horizon))
    }
}

fn within(horizon: Horizon, place: u64, known: UnixMillis) -> bool {
    known < horizon.known && horizon.place.is_none_or(|last| place <= last)
}

/// A story out of all imports of it.
fn seen(imports: &[(u64, Story)], horizon: Horizon) -> Option<Story> {
    let visible = || {
        let imports = imports.iter();
        imports.filter(|(place, story)| within(horizon, *place, story.known_at))
    };
    let known_at = visible().map(|(_, story)| story.known_at).min()?;
    let symbols: BTreeSet<&Symbol> = visible().flat_map(|(_, story)| &story.symbols).collect();
    let (_, first) = imports.first()?;
    Some(Story {
        known_at,
        symbols: symbols.into_iter().cloned().collect(),
        ..first.clone()
    })
}

/// Whether an import of a story says what those before it did not.
fn says_more(imports: &[(u64, Story)], story: &Story) -> bool {
    let earlier = || {
        let imports = imports.iter().map(|(_, known)| known);
        imports.filter(|known| known.known_at <= story.known_at)
    };
    if story.symbols.is_empty() {
        return earlier().next().is_none();
    }
    let mut symbols = story.symbols.iter();
    symbols.any(|symbol| !earlier().any(|known| known.symbols.contains(symbol)))
}

/// Whether each word stands in title or summary; the parts of one word, that
/// punctuation divides, follow each other.
fn has_words(story: &Story, wanted: Option<&str>) -> bool {
    let texts = [parts(&story.title), parts(&story.summary)];
    let stands = |word: &str| {
        let word = parts(word);
        let mut texts = texts.iter();
        texts.any(|text| text.windows(word.len()).any(|part| part == word))
    };
    words::of(wanted.unwrap_or_default()).all(stands)
}

fn parts(text: &str) -> Vec<String> {
    let parts = text.split(|c: char| !c.is_alphanumeric());
    parts
        .filter(|part| !part.is_empty())
        .map(str::to_lowercase)
        .collect()
}

impl ResearchStore for MemoryResearch {
    fn place(&self) -> Result<u64, Failure> {
        Ok(self.kept().place)
    }

    fn add_stories(&self, stories: &[Story]) -> Result<Taken, Failure> {
        let mut kept = self.kept();
        let place = kept.place + 1;
        let mut added = 0;
        for story in stories {
            let imports = kept.stories.entry(story.id.clone()).or_default();
            if says_more(imports, story) {
                imports.push((place, story.clone()));
                added += 1;
            }
        }
        Ok(kept.taken(added, stories.len()))
    }

    fn stories(&self, query: &NewsQuery) -> Result<Vec<Story>, Failure> {
        let about = |story: &Story| {
            let mut wanted = query.symbols.iter();
            query.symbols.is_empty() || wanted.any(|symbol| story.symbols.contains(symbol))
        };
        let mut found: Vec<Story> = self
            .kept()
            .seen(query.horizon)
            .filter(|story| about(story) && has_words(story, query.words.as_deref()))
            .filter(|story| query.from.is_none_or(|from| story.known_at >= from))
            .collect();
        found.sort_by(|a, b| b.known_at.cmp(&a.known_at).then(a.id.cmp(&b.id)));
        found.truncate(query.limit);
        Ok(found)
    }

    fn story(&self, id: &str, horizon: Horizon) -> Result<Option<Story>, Failure> {
        let kept = self.kept();
        Ok(kept
            .stories
            .get(id)
            .and_then(|imports| seen(imports, horizon)))
    }

    fn story_days(
        &self,
        symbol: &Symbol,
        from: Date,
        to: Date,
        horizon: Horizon,
    ) -> Result<BTreeMap<Date, u64>, Failure> {
        let mut days = BTreeMap::new();
        for story in self.kept().seen(horizon) {
            let day = story.known_at.date();
            if story.symbols.contains(symbol) && (from..=to).contains(&day) {
                *days.entry(day).or_default() += 1;
            }
        }
        Ok(days)
    }

    fn add_filings(&self, filings: &[Filing]) -> Result<Taken, Failure> {
        filings.iter().try_for_each(filing::check)?;
        let mut kept = self.kept();
        let (place, before) = (kept.place + 1, kept.filings.len());
        for filing in filings {
            let new = || (place, filing.clone());
            kept.filings.entry(rows::hash(filing)).or_insert_with(new);
        }
        let added = kept.filings.len() - before;
        Ok(kept.taken(added as u64, filings.len()))
    }

    fn filings(
        &self,
        symbol: &Symbol,
        horizon: Horizon,
        limit: usize,
    ) -> Result<Vec<Filing>, Failure> {
        let kept = self.kept();
        let all = kept.filings.values();
        let mut found: Vec<Filing> = all
            .filter(|(place, filing)| within(horizon, *place, filing.known_at))
            .filter(|(_, filing)| filing.symbol == *symbol)
            .map(|(_, filing)| filing.clone())
            .collect();
        // Stable: of equal ones the order of their hashes stays.
        found.sort_by_key(|filing| std::cmp::Reverse((filing.known_at, filing.period_end)));
        found.truncate(limit);
        Ok(found)
    }

    fn add_actions(&self, actions: &[CompanyAction]) -> Result<Taken, Failure> {
        actions.iter().try_for_each(action::check)?;
        let mut kept = self.kept();
        let (place, before) = (kept.place + 1, kept.actions.len());
        for action in actions {
            let new = || (place, action.clone());
            kept.actions.entry(rows::hash(action)).or_insert_with(new);
        }
        let added = kept.actions.len() - before;
        Ok(kept.taken(added as u64, actions.len()))
    }

    fn actions(&self, symbol: &Symbol, horizon: Horizon) -> Result<Vec<CompanyAction>, Failure> {
        let kept = self.kept();
        let all = kept.actions.values();
        let mut found: Vec<CompanyAction> = all
            .filter(|(place, action)| within(horizon, *place, action.known_at))
            .filter(|(_, action)| action.symbol == *symbol)
            .map(|(_, action)| action.clone())
            .collect();
        found.sort_by_key(|action| std::cmp::Reverse(action.effective));
        Ok(found)
    }
}

impl ResearchIndex for MemoryResearch {
    fn held(&self, shelf: Shelf, horizon: Horizon) -> Result<Vec<Held>, Failure> {
        let kept = self.kept();
        let mut by_symbol: BTreeMap<Option<Symbol>, Vec<UnixMillis>> = BTreeMap::new();
        let mut count = |symbol: Option<Symbol>, known_at| {
            by_symbol.entry(symbol).or_default().push(known_at);
        };
        match shelf {
            Shelf::Stories => {
                for story in kept.seen(horizon) {
                    if story.symbols.is_empty() {
                        count(None, story.known_at);
                    }
                    for symbol in story.symbols {
                        count(Some(symbol), story.known_at);
                    }
                }
            }
            Shelf::Filings => {
                for (place, filing) in kept.filings.values() {
                    if within(horizon, *place, filing.known_at) {
                        count(Some(filing.symbol.clone()), filing.known_at);
                    }
                }
            }
            Shelf::Actions => {
                for (place, action) in kept.actions.values() {
                    if within(horizon, *place, action.known_at) {
                        count(Some(action.symbol.clone()), action.known_at);
                    }
                }
            }
        }
        let held = by_symbol.into_iter().filter_map(|(symbol, instants)| {
            Some(Held {
                symbol,
                count: instants.len() as u64,
                first: *instants.iter().min()?,
                last: *instants.iter().max()?,
            })
        });
        Ok(held.collect())
    }
}

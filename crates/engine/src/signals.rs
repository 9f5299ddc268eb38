//! Entry and exit signals in columns, one row per candle, as computed: a signal
//! on candle `i` acts on candle `i + 1`.

mod columns;

pub use columns::{Cells, SignalError};

use fondaco_domain::strategy::Side;

/// Signals of one instrument.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Signals {
    /// Open a long.
    pub enter_long: Vec<bool>,
    /// Close a long.
    pub exit_long: Vec<bool>,
    /// Open a short.
    pub enter_short: Vec<bool>,
    /// Close a short.
    pub exit_short: Vec<bool>,
    /// Tag of the entry signal.
    pub enter_tag: Vec<TagId>,
    /// Tag of the exit signal.
    pub exit_tag: Vec<TagId>,
    /// Tags by id.
    pub tags: Tags,
}

/// A tag of [`Tags`]; zero is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TagId(u32);

impl TagId {
    /// No tag.
    pub const NONE: Self = Self(0);
}

/// The tags of a run, each once.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tags(indexmap::IndexSet<String>);

impl Tags {
    /// The id of a tag, new or known; [`TagId::NONE`] for an empty one.
    pub fn intern(&mut self, tag: &str) -> TagId {
        if tag.is_empty() {
            return TagId::NONE;
        }
        if let Some(index) = self.0.get_index_of(tag) {
            return TagId(index as u32 + 1);
        }
        TagId(self.0.insert_full(tag.to_owned()).0 as u32 + 1)
    }

    /// The text of a tag.
    pub fn text(&self, id: TagId) -> Option<&str> {
        let index = (id.0 as usize).checked_sub(1)?;
        self.0.get_index(index).map(String::as_str)
    }
}

impl Signals {
    /// No signal on any of `rows` candles.
    pub fn none(rows: usize) -> Self {
        Self {
            enter_long: vec![false; rows],
            exit_long: vec![false; rows],
            enter_short: vec![false; rows],
            exit_short: vec![false; rows],
            enter_tag: vec![TagId::NONE; rows],
            exit_tag: vec![TagId::NONE; rows],
            tags: Tags::default(),
        }
    }

    /// The signals of some rows.
    #[must_use]
    pub fn slice(&self, rows: std::ops::Range<usize>) -> Self {
        Self {
            enter_long: self.enter_long[rows.clone()].to_vec(),
            exit_long: self.exit_long[rows.clone()].to_vec(),
            enter_short: self.enter_short[rows.clone()].to_vec(),
            exit_short: self.exit_short[rows.clone()].to_vec(),
            enter_tag: self.enter_tag[rows.clone()].to_vec(),
            exit_tag: self.exit_tag[rows].to_vec(),
            tags: self.tags.clone(),
        }
    }

    /// Number of candles.
    pub fn len(&self) -> usize {
        self.enter_long.len()
    }

    /// Whether there is no candle.
    pub fn is_empty(&self) -> bool {
        self.enter_long.is_empty()
    }

    /// The entry column of a side.
    pub fn entries(&self, side: Side) -> &[bool] {
        match side {
            Side::Long => &self.enter_long,
            Side::Short => &self.enter_short,
        }
    }

    /// The exit column of a side.
    pub fn exits(&self, side: Side) -> &[bool] {
        match side {
            Side::Long => &self.exit_long,
            Side::Short => &self.exit_short,
        }
    }
}

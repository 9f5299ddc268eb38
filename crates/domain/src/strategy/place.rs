//! Places in a strategy file, and how a mistake is shown there.

use std::fmt::Write;
use std::ops::Range;

/// A stretch of one line of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Place {
    /// One-based line.
    pub line: usize,
    /// One-based column, counted in characters.
    pub column: usize,
    /// Length in characters, at least one.
    pub length: usize,
}

impl Place {
    /// The place of some bytes of a text; what goes beyond the first line of
    /// the stretch is left out.
    pub fn of(text: &str, bytes: Range<usize>) -> Self {
        let start = floor(text, bytes.start);
        let end = floor(text, bytes.end.max(start));
        let before = &text[..start];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let stretch = text[start..end].lines().next().unwrap_or("");
        Self {
            line: before.matches('\n').count() + 1,
            column: text[line_start..start].chars().count() + 1,
            length: stretch.chars().count().max(1),
        }
    }
}

/// The last character boundary at or before a byte.
fn floor(text: &str, byte: usize) -> usize {
    let byte = byte.min(text.len());
    (0..=byte)
        .rev()
        .find(|&at| text.is_char_boundary(at))
        .unwrap_or(0)
}

/// Shows a mistake the way compilers do:
///
/// ```text
/// error: unknown key `stoplos` in [risk]
///   --> strategies/a.toml:12:1
///    |
/// 12 | stoplos = -0.1
///    | ^^^^^^^
///    = hint: did you mean `stoploss`?
/// ```
pub fn render(file: &str, text: &str, at: Place, message: &str, hint: Option<&str>) -> String {
    let number = at.line.to_string();
    let gutter = " ".repeat(number.len());
    // Tabs keep the caret under its character only when they are one wide.
    let line = text.lines().nth(at.line.saturating_sub(1)).unwrap_or("");
    let line = line.replace('\t', " ");
    let indent = " ".repeat(at.column.saturating_sub(1));
    let room = line.chars().count().saturating_sub(indent.len()).max(1);
    let carets = "^".repeat(at.length.clamp(1, room));
    let mut shown = format!(
        "error: {message}\n{gutter}--> {file}:{}:{}\n{gutter} |\n{number} | {line}\n{gutter} | {indent}{carets}\n",
        at.line, at.column
    );
    if let Some(hint) = hint {
        let _ = writeln!(shown, "{gutter} = hint: {hint}");
    }
    shown
}

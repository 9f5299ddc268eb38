//! Words of others as text of a page, and never as its markup.

/// On one line.
pub(super) fn inline(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.trim().chars() {
        match c {
            '<' => line.push_str("&lt;"),
            '>' => line.push_str("&gt;"),
            '&' => line.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '|' | '#' | '!' | '~' => {
                line.push('\\');
                line.push(c);
            }
            // A weight such as [+0.12] is read as it stands: without what
            // follows it here, a bracket is no link.
            '(' if line.ends_with(']') => line.push_str("\\("),
            ':' if line.ends_with(']') => line.push_str("\\:"),
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') => line.push(' '),
            c => line.push(c),
        }
    }
    line
}

/// As a quotation, paragraph by paragraph.
pub(super) fn quoted(text: &str) -> String {
    let paragraphs = text.lines().map(|line| match inline(line) {
        line if line.is_empty() => ">\n".to_owned(),
        // What would begin a list or a heading of its own.
        line if line.starts_with(['-', '+', '=']) => format!("> \\{line}\n"),
        line => format!("> {line}\n"),
    });
    paragraphs.collect()
}

//! Words of people, as the full-text index takes them.

/// What stands between spaces and has a letter or a digit.
pub(super) fn of(text: &str) -> impl Iterator<Item = &str> {
    text.split_whitespace()
        .filter(|word| word.contains(char::is_alphanumeric))
}

/// A question to the index for all of them, each quoted, so that none is an
/// operator; none where there is no word. Which letters follow each other
/// within a word is for the index to say, as it does of what it holds.
pub(super) fn question(text: Option<&str>) -> Option<String> {
    let quoted: Vec<String> = of(text?).map(quoted).collect();
    (!quoted.is_empty()).then(|| quoted.join(" "))
}

fn quoted(word: &str) -> String {
    // A NUL ends a question wherever it stands.
    let word = word.replace('\0', " ").replace('"', "\"\"");
    format!("\"{word}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_an_operator() {
        for (text, expected) in [
            ("apple", Some(r#""apple""#)),
            ("Apple  iPhone", Some(r#""Apple" "iPhone""#)),
            ("a OR b", Some(r#""a" "OR" "b""#)),
            ("title:x* NEAR(y, 3)", Some(r#""title:x*" "NEAR(y," "3)""#)),
            (r#"say "no" -to"#, Some(r#""say" """no""" "-to""#)),
            ("a\0b", Some(r#""a b""#)),
            ("S&P 500", Some(r#""S&P" "500""#)),
            ("Zürich 苹果", Some(r#""Zürich" "苹果""#)),
            ("\" * ( ^", None),
            ("", None),
        ] {
            assert_eq!(question(Some(text)).as_deref(), expected, "{text}");
        }
        assert_eq!(question(None), None);
    }
}

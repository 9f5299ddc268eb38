//! Aligned tables for the terminal.

use unicode_width::UnicodeWidthStr;

use crate::output::Style;

/// Columns of text, as wide as they need to be. Markup that takes no room on
/// the terminal is applied after alignment.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<Cell>>,
}

/// How a column stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    /// Text.
    Left,
    /// Numbers.
    Right,
}

#[derive(Debug, Clone)]
struct Column {
    title: String,
    align: Align,
}

/// One cell.
#[derive(Debug, Clone)]
pub(crate) struct Cell {
    text: String,
    mark: Mark,
}

#[derive(Debug, Clone, Copy)]
enum Mark {
    Plain,
    Good,
    Bad,
    Dim,
}

impl Cell {
    /// Green for gains, red for losses, plain for nothing: by the sign.
    pub(crate) fn signed(text: impl Into<String>, value: f64) -> Self {
        let mark = if value > 0.0 {
            Mark::Good
        } else if value < 0.0 {
            Mark::Bad
        } else {
            Mark::Plain
        };
        Self {
            text: text.into(),
            mark,
        }
    }

    /// The best of its kind.
    pub(crate) fn good(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            mark: Mark::Good,
        }
    }

    /// Bad news.
    pub(crate) fn bad(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            mark: Mark::Bad,
        }
    }

    /// Less important.
    pub(crate) fn dim(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            mark: Mark::Dim,
        }
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self {
            text: text.into(),
            mark: Mark::Plain,
        }
    }
}

impl Table {
    /// A table with these columns.
    pub(crate) fn new<'a>(columns: impl IntoIterator<Item = (&'a str, Align)>) -> Self {
        let columns = columns
            .into_iter()
            .map(|(title, align)| Column {
                title: title.to_owned(),
                align,
            })
            .collect();
        Self {
            columns,
            rows: Vec::new(),
        }
    }

    /// Adds a row; missing cells are empty, further ones are left out.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// The lines, the first one the titles, each ending with a line feed.
    pub(crate) fn render(&self, style: Style) -> String {
        let widths = self.widths();
        let titles: Vec<Cell> = self
            .columns
            .iter()
            .map(|column| Cell::dim(column.title.clone()))
            .collect();
        std::iter::once(&titles)
            .chain(&self.rows)
            .map(|row| self.line(row, &widths, style))
            .collect()
    }

    fn widths(&self) -> Vec<usize> {
        let of_column = |(index, column): (usize, &Column)| {
            self.rows
                .iter()
                .filter_map(|row| row.get(index))
                .map(|cell| cell.text.width())
                .chain([column.title.width()])
                .max()
                .unwrap_or(0)
        };
        self.columns.iter().enumerate().map(of_column).collect()
    }

    fn line(&self, row: &[Cell], widths: &[usize], style: Style) -> String {
        let empty = Cell::from("");
        let cells = self
            .columns
            .iter()
            .zip(widths)
            .enumerate()
            .map(|(index, (column, width))| {
                let cell = row.get(index).unwrap_or(&empty);
                let space = " ".repeat(width - cell.text.width());
                let text = match cell.mark {
                    Mark::Plain => cell.text.clone(),
                    Mark::Good => style.good(&cell.text),
                    Mark::Bad => style.bad(&cell.text),
                    Mark::Dim => style.dim(&cell.text),
                };
                match column.align {
                    Align::Left => text + &space,
                    Align::Right => space + &text,
                }
            });
        let line = cells.collect::<Vec<_>>().join("  ");
        format!("{}\n", line.trim_end())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_right_and_wide_letters_count_twice() {
        let mut table = Table::new([
            ("Symbol", Align::Left),
            ("Candles", Align::Right),
            ("Name", Align::Left),
        ]);
        table.row(["BTC/USDT".into(), "1,440".into(), "".into()]);
        table.row(["600519.SHH".into(), "5".into(), "貴州".into()]);
        insta::assert_snapshot!(table.render(Style::default()), @r"
        Symbol      Candles  Name
        BTC/USDT      1,440
        600519.SHH        5  貴州
        ");
    }

    #[test]
    fn colour_does_not_move_columns() {
        let mut table = Table::new([("Profit", Align::Right), ("Tag", Align::Left)]);
        table.row([Cell::signed("-1.5", -1.5), "cross".into()]);
        let text = table.render(Style::new(true));
        assert!(
            text.ends_with("  \u{1b}[31m-1.5\u{1b}[0m  cross\n"),
            "{text:?}"
        );
    }
}

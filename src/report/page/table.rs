//! Tables of the page: numbers to the right, figures of equal width, scrolled sideways where the screen is narrow.

use super::markup::Markup;

/// Where the cells of a column stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Align {
    /// Text.
    Left,
    /// Numbers.
    Right,
}

/// A table in the making.
pub(super) struct Table {
    columns: Vec<(&'static str, Align)>,
    rows: Vec<(Row, Vec<Markup>)>,
}

/// What a row is to the one above it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Row {
    /// One of its own.
    First,
    /// More about the same.
    More,
    /// The sum.
    Total,
}

impl Table {
    /// A table with these columns.
    pub fn new(columns: impl IntoIterator<Item = (&'static str, Align)>) -> Self {
        Table { columns: columns.into_iter().collect(), rows: Vec::new() }
    }

    /// A column of text and columns of numbers.
    pub fn of_numbers(name: &'static str, numbers: &[&'static str]) -> Self {
        Self::new([(name, Align::Left)].into_iter().chain(numbers.iter().map(|name| (*name, Align::Right))))
    }

    /// Adds a row.
    pub fn row(&mut self, cells: impl IntoIterator<Item = Markup>) {
        self.rows.push((Row::First, cells.into_iter().collect()));
    }

    /// Adds a row that says more about what the row above it is about.
    pub fn more(&mut self, cells: impl IntoIterator<Item = Markup>) {
        self.rows.push((Row::More, cells.into_iter().collect()));
    }

    /// Adds a row that sums up others.
    pub fn total(&mut self, cells: impl IntoIterator<Item = Markup>) {
        self.rows.push((Row::Total, cells.into_iter().collect()));
    }

    /// The table as HTML.
    pub fn markup(&self) -> Markup {
        let mut html = Markup::new();
        html.raw("<div class=\"scroll\" tabindex=\"0\"><table><thead><tr>");
        for (name, align) in &self.columns {
            html.raw(match align {
                Align::Left => "<th scope=\"col\">",
                Align::Right => "<th scope=\"col\" class=\"num\">",
            });
            html.text(name).raw("</th>");
        }
        html.raw("</tr></thead><tbody>");
        for (row, cells) in &self.rows {
            html.raw(match row {
                Row::First => "<tr>",
                Row::More => "<tr class=\"more\">",
                Row::Total => "<tr class=\"total\">",
            });
            for (index, cell) in cells.iter().enumerate() {
                let align = self.columns.get(index).map_or(Align::Left, |(_, align)| *align);
                html.raw(match align {
                    Align::Left => "<td>",
                    Align::Right => "<td class=\"num\">",
                });
                html.add(cell).raw("</td>");
            }
            html.raw("</tr>");
        }
        html.raw("</tbody></table></div>");
        html
    }
}

/// A name with a smaller remark behind it.
pub(super) fn with_remark(name: &str, remark: &str) -> Markup {
    let mut cell = Markup::of(name);
    if !remark.is_empty() {
        cell.raw(" <small>").text(remark).raw("</small>");
    }
    cell
}

/// A number that is only worth colour where it is not zero.
pub(super) fn alarming(text: String, alarm: bool) -> Markup {
    let mut cell = Markup::new();
    if alarm {
        cell.raw("<b class=\"alarm\">").text(text).raw("</b>");
    } else {
        cell.text(text);
    }
    cell
}

/// Text in grey.
pub(super) fn muted(text: impl AsRef<str>) -> Markup {
    let mut cell = Markup::new();
    cell.raw("<span class=\"muted\">").text(text).raw("</span>");
    cell
}

/// Text of a sentence or more, which takes more room than a name.
pub(super) fn long(text: &str) -> Markup {
    let mut cell = Markup::new();
    cell.raw("<div class=\"long\">").text(text).raw("</div>");
    cell
}

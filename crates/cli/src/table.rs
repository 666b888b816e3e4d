//! Tables (layer 4): columns of what a list shows; plain lines with tabs between where text was asked for.

use crate::exit::Failure;
use crate::terminal::{Output, Terminal};
use anstyle::{AnsiColor, Color, Style};
use comfy_table::{Attribute, ColumnConstraint, ContentArrangement, Table, Width, presets};

/// What stands in a table's field.
#[derive(Debug, Clone)]
pub(crate) struct Cell {
    text: String,
    style: Style,
}

impl Cell {
    /// Foreign text is made harmless here.
    pub(crate) fn new(style: Style, text: &str) -> Self {
        Self { text: telecoder::harmless(text).replace(['\n', '\t'], " "), style }
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::new(Style::new(), &text)
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::new(Style::new(), text)
    }
}

/// The least width of the last column; a terminal that is narrower breaks the lines itself.
const LEAST_WIDTH: u16 = 20;

/// Writes a table. Only its last column gives way where the terminal is narrow, so that ids stay whole.
pub(crate) fn show(terminal: Terminal, head: &[&str], rows: Vec<Vec<Cell>>) -> Result<(), Failure> {
    if terminal.listing() == Output::Text {
        for row in rows {
            let fields: Vec<String> = row.into_iter().map(|cell| cell.text).collect();
            terminal.line(&fields.join("\t"))?;
        }
        return Ok(());
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(head.iter().map(|word| word.to_uppercase()));
    for row in rows {
        table.add_row(row.into_iter().map(painted));
    }
    let last = head.len().saturating_sub(1);
    for (number, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, 2));
        column.set_constraint(if number < last {
            ColumnConstraint::ContentWidth
        } else {
            ColumnConstraint::LowerBoundary(Width::Fixed(LEAST_WIDTH))
        });
    }
    for line in table.lines() {
        terminal.line(line.trim_end())?;
    }
    Ok(())
}

fn painted(cell: Cell) -> comfy_table::Cell {
    let color = match cell.style.get_fg_color() {
        Some(Color::Ansi(AnsiColor::Green)) => Some(comfy_table::Color::DarkGreen),
        Some(Color::Ansi(AnsiColor::Red)) => Some(comfy_table::Color::DarkRed),
        Some(Color::Ansi(AnsiColor::Yellow)) => Some(comfy_table::Color::DarkYellow),
        Some(_) => Some(comfy_table::Color::DarkCyan),
        None => None,
    };
    let mut painted = comfy_table::Cell::new(cell.text);
    if let Some(color) = color {
        painted = painted.fg(color);
    }
    if cell.style.get_effects().contains(anstyle::Effects::DIMMED) {
        painted = painted.add_attribute(Attribute::Dim);
    }
    painted
}

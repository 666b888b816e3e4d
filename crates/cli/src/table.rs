//! Tables (layer 4).

use comfy_table::{ContentArrangement, Table, presets};

/// A plain table with a head; its last column takes what is left of the line.
pub(crate) fn table(head: &[&str], rows: Vec<Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(head.iter().map(|word| word.to_uppercase()));
    for row in rows {
        table.add_row(row.into_iter().map(|cell| telecoder::harmless(&cell)));
    }
    let text: Vec<String> = table.to_string().lines().map(|line| line.trim_end().to_owned()).collect();
    text.join("\n")
}

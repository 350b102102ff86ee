//! What a run came to, for people: an HTML page, a Markdown summary, tables for the terminal.
//!
//! Pure: values in, text out. What is shown is counted once, in `figures`, so that all three say the same.

mod figures;
mod html;
mod markdown;
mod table;
mod view;
mod words;

pub use html::html;
pub use markdown::markdown;
pub use table::{Colour, Look, Tense, plan_table, run_table, status_table, tree_table, why_text};

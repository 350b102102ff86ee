//! The reports of made-up runs: what the page, the Markdown and the tables say and how they are built.

mod page;
mod sample;
mod text;

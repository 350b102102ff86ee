//! One table of `repos.toml` while it is read: which keys were asked for, and which of those in it nobody asked for.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::problem::Problem;
use super::suggest::{elsewhere, nearest, one_of};

/// A table whose keys are read one by one. What was not asked for when it is closed is not known.
pub(super) struct Section<'a> {
    title: String,
    span: Range<usize>,
    table: &'a DeTable<'a>,
    known: Vec<&'static str>,
}

/// A key with its value.
#[derive(Clone, Copy)]
pub(super) struct Entry<'a> {
    /// The key.
    pub(super) key: &'static str,
    /// A value that could stand there, as TOML.
    pub(super) example: &'static str,
    /// Its value.
    pub(super) value: &'a Spanned<DeValue<'a>>,
}

impl<'a> Section<'a> {
    /// The table `value`, which people know as `title`.
    pub(super) fn new(title: impl Into<String>, span: Range<usize>, table: &'a DeTable<'a>) -> Self {
        Self { title: title.into(), span, table, known: Vec::new() }
    }

    /// The table below `key`: `[key]` in the file.
    pub(super) fn table(&mut self, key: &'static str, problems: &mut Vec<Problem>) -> Option<Section<'a>> {
        let value = self.get(key)?;
        if let DeValue::Table(table) = value.get_ref() {
            return Some(Section::new(format!("[{key}]"), value.span(), table));
        }
        problems.push(
            Problem::new(value.span(), format!("`{key}` is {}, not a table", type_name(value)))
                .help(format!("write `[{key}]` on a line of its own, and its keys below it")),
        );
        None
    }

    /// The tables below `key`: each `[[key]]` of the file.
    pub(super) fn tables(&mut self, key: &'static str, problems: &mut Vec<Problem>) -> Vec<Section<'a>> {
        let Some(value) = self.get(key) else { return Vec::new() };
        let mut wrong = |span, message| {
            let help = format!("write `[[{key}]]` on a line of its own for each, and its keys below it");
            problems.push(Problem::new(span, message).help(help));
        };
        let DeValue::Array(items) = value.get_ref() else {
            wrong(value.span(), format!("`{key}` is {}, not a list of tables", type_name(value)));
            return Vec::new();
        };
        let mut sections = Vec::new();
        for item in items.iter() {
            match item.get_ref() {
                DeValue::Table(table) => sections.push(Section::new(format!("[[{key}]]"), item.span(), table)),
                _ => wrong(item.span(), format!("`{key}` has {} in it, not a table", type_name(item))),
            }
        }
        sections
    }

    /// What `reader` makes of `key`; `None` when it is absent or wrong.
    pub(super) fn read<T>(
        &mut self,
        key: &'static str,
        example: &'static str,
        problems: &mut Vec<Problem>,
        reader: impl FnOnce(Entry<'a>, &mut Vec<Problem>) -> Option<T>,
    ) -> Option<T> {
        let value = self.get(key)?;
        reader(Entry { key, example, value }, problems)
    }

    /// As [`Section::read`], for a key that must be there.
    pub(super) fn require<T>(
        &mut self,
        key: &'static str,
        example: &'static str,
        problems: &mut Vec<Problem>,
        reader: impl FnOnce(Entry<'a>, &mut Vec<Problem>) -> Option<T>,
    ) -> Option<T> {
        if !self.has(key) {
            let message = format!("{} has no `{key}`", self.title);
            problems.push(Problem::new(self.span.clone(), message).help(format!("add `{key} = {example}`")));
        }
        self.read(key, example, problems, reader)
    }

    /// Whether `key` is there, right or wrong.
    pub(super) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// Every key of the table with its value, for tables whose keys are names.
    pub(super) fn names(
        &self,
    ) -> impl Iterator<Item = (&'a Spanned<toml::de::DeString<'a>>, &'a Spanned<DeValue<'a>>)> {
        self.table.iter()
    }

    /// The bytes of its header.
    pub(super) fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// Says which keys of the table nobody asked for.
    pub(super) fn close(self, problems: &mut Vec<Problem>) {
        for (key, _) in self.table.iter().filter(|(key, _)| !self.known.contains(&key.get_ref().as_ref())) {
            let text = key.get_ref();
            let place = if self.title.is_empty() { "at the top of the file" } else { &format!("in {}", self.title) };
            let help = match (nearest(text, &self.known), elsewhere(text)) {
                (Some(near), _) => format!("did you mean `{near}`?"),
                (None, Some((key, home))) if key == text => format!("`{key}` belongs in {home}"),
                (None, Some((key, home))) => format!("did you mean `{key}`? It belongs in {home}"),
                (None, None) => format!("known here: {}", one_of(self.known.iter().map(|key| format!("`{key}`")))),
            };
            problems.push(Problem::new(key.span(), format!("unknown key `{text}` {place}")).help(help));
        }
    }

    fn get(&mut self, key: &'static str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.known.push(key);
        self.table.get(key)
    }
}

/// What kind of value this is, with its article.
pub(super) fn type_name(value: &Spanned<DeValue<'_>>) -> &'static str {
    match value.get_ref() {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "an integer",
        DeValue::Float(_) => "a float",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

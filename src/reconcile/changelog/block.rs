//! A changelog as lines with what they are: headings, fenced code, comments, text.

/// Some lines that belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Block<'a> {
    pub(super) shape: Shape<'a>,
    pub(super) lines: Vec<&'a str>,
}

/// What the lines are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape<'a> {
    /// `## text`, or underlined.
    Heading { level: usize, text: &'a str },
    /// A paragraph of one line that begins with `**text**`.
    Bold { text: &'a str },
    /// A line at the margin after a blank one.
    Alone { text: &'a str },
    /// An item of a list at the margin.
    Item { text: &'a str },
    /// Anything else, code included.
    Text,
    /// A comment, or an anchor: nothing that is seen.
    Hidden,
}

impl Block<'_> {
    /// Whether it is a heading that is marked as one.
    pub(super) fn is_heading(&self) -> bool {
        matches!(self.shape, Shape::Heading { .. })
    }
}

/// The blocks of a changelog, in order; together they are all its lines.
pub(super) fn blocks<'a>(lines: &[&'a str]) -> Vec<Block<'a>> {
    let mut blocks = Vec::new();
    let mut fences = Fences::default();
    let mut comments_close = true;
    let mut at = 0;
    while at < lines.len() {
        let (shape, count) = if let Some(count) = fences.code_at(lines, at) {
            (Shape::Text, count)
        } else if let Some(count) = comment_at(lines, at, &mut comments_close) {
            (Shape::Hidden, count)
        } else {
            shape_at(lines, at)
        };
        blocks.push(Block { shape, lines: lines[at..at + count].to_vec() });
        at += count;
    }
    blocks
}

/// What stands at a line that is neither code nor comment, and in how many lines.
fn shape_at<'a>(lines: &[&'a str], at: usize) -> (Shape<'a>, usize) {
    let line = lines[at];
    let text = line.trim();
    let is_margin = line.len() - line.trim_start_matches(' ').len() < 4 && !line.starts_with('\t');
    if text.is_empty() || !is_margin {
        return (Shape::Text, 1);
    }
    if is_anchor(text) {
        return (Shape::Hidden, 1);
    }
    if let Some(heading) = atx(text) {
        return (heading, 1);
    }
    if let Some(level) = lines.get(at + 1).and_then(|next| underline(next))
        && !is_list_item(text)
    {
        return (Shape::Heading { level, text }, 2);
    }
    let after_blank = at == 0 || lines[at - 1].trim().is_empty();
    if let Some(text) = bold(text) {
        return (Shape::Bold { text }, 1);
    }
    if let Some(text) = ["- ", "* "].iter().find_map(|mark| line.strip_prefix(mark)) {
        return (Shape::Item { text }, 1);
    }
    match after_blank && !line.starts_with(' ') {
        true => (Shape::Alone { text }, 1),
        false => (Shape::Text, 1),
    }
}

/// `## text ##`; the space may be missing, as in many changelogs.
fn atx(text: &str) -> Option<Shape<'_>> {
    let rest = text.trim_start_matches('#');
    let level = text.len() - rest.len();
    let is_heading = (1..=6).contains(&level)
        && (rest.is_empty() || rest.starts_with([' ', '\t', '[', 'v', 'V']) || starts_with_digit(rest));
    is_heading.then(|| Shape::Heading { level, text: rest.trim().trim_end_matches('#').trim_end() })
}

fn starts_with_digit(text: &str) -> bool {
    // Not `#12`, which is an issue: a version has a dot.
    let digits = text.chars().take_while(char::is_ascii_digit).count();
    digits > 0 && text[digits..].starts_with('.')
}

/// The level of the heading that this line underlines.
fn underline(line: &str) -> Option<usize> {
    let line = line.trim_end();
    let is_all = |c: char| line.len() >= 2 && line.chars().all(|other| other == c);
    match () {
        () if is_all('=') => Some(1),
        () if is_all('-') => Some(2),
        () => None,
    }
}

fn is_list_item(text: &str) -> bool {
    ["- ", "* ", "+ ", ">"].iter().any(|start| text.starts_with(start))
}

fn bold(text: &str) -> Option<&str> {
    let marker = ["**", "__"].into_iter().find(|marker| text.starts_with(marker))?;
    let (inside, _) = text[2..].split_once(marker)?;
    Some(inside.trim())
}

/// A line that is nothing but a place to link to.
fn is_anchor(text: &str) -> bool {
    text.starts_with("<a ") && (text.ends_with("></a>") || text.ends_with("/>")) && text.matches('<').count() <= 2
}

/// How many lines a comment that begins here has, if it has the lines to itself.
fn comment_at(lines: &[&str], at: usize, comments_close: &mut bool) -> Option<usize> {
    const END: &str = "-->";
    let first = lines[at].trim_start().strip_prefix("<!--")?;
    if let Some((_, after)) = first.split_once(END) {
        return after.trim().is_empty().then_some(1);
    }
    if !*comments_close {
        return None;
    }
    let end = lines[at + 1..].iter().position(|line| line.contains(END));
    *comments_close = end.is_some();
    let end = at + 1 + end?;
    lines[end].trim_end().ends_with(END).then_some(end + 1 - at)
}

/// Finds fenced code, and remembers what is never closed so that it is not looked for again.
#[derive(Default)]
pub(in crate::reconcile) struct Fences {
    /// For backticks and tildes, the shortest fence that nothing closes from some line on.
    open: [Option<usize>; 2],
}

impl Fences {
    /// How many lines the fenced code that begins here has, both fences included. A fence that nothing closes is text.
    pub(in crate::reconcile) fn code_at(&mut self, lines: &[&str], at: usize) -> Option<usize> {
        let (kind, length) = fence(lines[at])?;
        let open = &mut self.open[usize::from(kind == '~')];
        if open.is_some_and(|open| length >= open) {
            return None;
        }
        let closes = |line: &&str| {
            let text = line.trim();
            text.len() >= length && text.chars().all(|c| c == kind)
        };
        // The end of the list ends its code as well.
        let is_in_list = lines[at].starts_with(' ') || !lines[at].starts_with(kind);
        let leaves = |line: &&str| is_in_list && line.starts_with(|c: char| !c.is_whitespace() && c != kind);
        match lines[at + 1..].iter().copied().enumerate().find(|(_, line)| closes(line) || leaves(line)) {
            Some((end, line)) => closes(&line).then_some(end + 2),
            None => {
                *open = Some(length);
                None
            }
        }
    }
}

/// The character and length of a fence that this line opens, be it within a list or as its item.
fn fence(line: &str) -> Option<(char, usize)> {
    let text = after_bullet(line.trim_start());
    let kind = text.chars().next().filter(|c| matches!(c, '`' | '~'))?;
    let info = text.trim_start_matches(kind);
    let length = text.len() - info.len();
    (length >= 3 && !info.contains('`')).then_some((kind, length))
}

/// What a list's item says.
pub(in crate::reconcile) fn after_bullet(text: &str) -> &str {
    let number = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let marks: &[&str] = if number.len() < text.len() { &[". ", ") "] } else { &["- ", "* ", "+ "] };
    marks.iter().find_map(|mark| number.strip_prefix(mark)).map_or(text, str::trim_start)
}

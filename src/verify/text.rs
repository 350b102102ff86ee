//! Output of tools as plain lines.

/// Bytes as text, without the escape sequences of terminals.
pub(super) fn plain(bytes: &[u8]) -> String {
    let bytes = String::from_utf8_lossy(bytes);
    let mut text = anstream::adapter::strip_str(&bytes).to_string();
    text.retain(|character| character != '\r');
    text
}

/// The last lines that are not blank at the end.
pub(super) fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<_> = text.trim_end().lines().collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}

//! What a child writes, kept within a bound: its beginning and its end.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use tokio::io::{AsyncRead, AsyncReadExt as _};

use super::Listener;

/// How much is read at once, in bytes.
const CHUNK: usize = 16 * 1024;
/// How much of a line without an end is heard, in bytes.
const LINE: usize = 4 * 1024;

/// One output, filled while it is read.
pub(super) struct Capture {
    kept: Mutex<Kept>,
    listener: Option<Listener>,
}

/// The beginning up to a quarter of the limit, the end up to the rest of it.
struct Kept {
    head: Vec<u8>,
    tail: VecDeque<u8>,
    head_limit: usize,
    tail_limit: usize,
    left_out: usize,
}

impl Capture {
    /// Keeps at most `limit` bytes.
    pub(super) fn new(limit: usize, listener: Option<Listener>) -> Self {
        let head_limit = limit / 4;
        let kept =
            Kept { head: Vec::new(), tail: VecDeque::new(), head_limit, tail_limit: limit - head_limit, left_out: 0 };
        Self { kept: Mutex::new(kept), listener }
    }

    /// Reads to the end, or to the first error: a broken pipe is an end too.
    pub(super) async fn read(&self, mut from: impl AsyncRead + Unpin) {
        let mut chunk = vec![0; CHUNK];
        let mut line = Vec::new();
        while let Ok(size @ 1..) = from.read(&mut chunk).await {
            self.kept.lock().unwrap_or_else(PoisonError::into_inner).push(&chunk[..size]);
            if let Some(listener) = &self.listener {
                hear(listener, &mut line, &chunk[..size]);
            }
        }
    }

    /// What was kept; a line in its middle says how much was left out.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        let kept = self.kept.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut all = kept.head;
        if kept.left_out > 0 {
            all.extend_from_slice(format!("\n… {} bytes left out …\n", kept.left_out).as_bytes());
        }
        all.extend(kept.tail);
        all
    }
}

/// Tells the lines that end in this chunk; `line` is what came before of the first of them.
fn hear(listener: &Listener, line: &mut Vec<u8>, chunk: &[u8]) {
    for part in chunk.split_inclusive(|byte| *byte == b'\n') {
        line.extend_from_slice(&part[..part.len().min(LINE.saturating_sub(line.len()))]);
        if part.ends_with(b"\n") {
            listener.hear(String::from_utf8_lossy(line).trim_end());
            line.clear();
        }
    }
}

impl Kept {
    fn push(&mut self, bytes: &[u8]) {
        let (first, rest) = bytes.split_at(bytes.len().min(self.head_limit - self.head.len()));
        self.head.extend_from_slice(first);
        self.tail.extend(rest);
        let surplus = self.tail.len().saturating_sub(self.tail_limit);
        self.tail.drain(..surplus);
        self.left_out += surplus;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_much_output_keeps_its_beginning_and_its_end() {
        let check = |limit: usize, chunks: &[&str], expect: &str| {
            let capture = Capture::new(limit, None);
            for chunk in chunks {
                capture.kept.lock().expect("no panic").push(chunk.as_bytes());
            }
            assert_eq!(String::from_utf8_lossy(&capture.into_bytes()), expect);
        };
        check(8, &[], "");
        check(8, &["abcd", "efgh"], "abcdefgh");
        check(8, &["abcdefghijkl"], "ab\n… 4 bytes left out …\nghijkl");
        check(8, &["a", "bcdefgh", "ij", "kl"], "ab\n… 4 bytes left out …\nghijkl");
        check(0, &["abc"], "\n… 3 bytes left out …\n");
    }

    #[test]
    fn lines_are_heard_whole_whatever_the_chunks() {
        let check = |chunks: &[&str], expect: &[&str]| {
            let heard = std::sync::Arc::new(Mutex::new(Vec::new()));
            let lines = heard.clone();
            let listener = Listener::new(move |line| lines.lock().expect("no panic").push(line.to_owned()));
            let mut line = Vec::new();
            chunks.iter().for_each(|chunk| hear(&listener, &mut line, chunk.as_bytes()));
            assert_eq!(*heard.lock().expect("no panic"), expect);
        };
        check(&["a\nb\n"], &["a", "b"]);
        check(&["a", "b\r\nc", "\n", "d"], &["ab", "c"]);
        check(&[&"x".repeat(2 * LINE), "\ny\n"], &[&"x".repeat(LINE), "y"]);
    }
}

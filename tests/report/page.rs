//! The HTML page: self-contained, escaped, complete. The pages are left in `target/report-preview` to be looked at.

use std::path::Path;

use depbot::report::html;

use crate::sample;

fn preview(name: &str, page: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/report-preview");
    std::fs::create_dir_all(&folder).expect("a folder for the preview");
    std::fs::write(folder.join(name), page).expect("a preview");
}

#[test]
fn pages_of_five_and_of_two_hundred_repositories_can_be_looked_at() {
    for (name, run) in [("5.html", sample::small()), ("200.html", sample::large(200))] {
        let page = html(&run, sample::now());
        assert_eq!(page.matches("<details class=\"repo\"").count(), run.repositories.len());
        preview(name, &page);
    }
}

//! How fast index files are read: one as heavy as the heaviest real ones (300 releases with 45 dependencies and 60
//! features each), whole and above a floor, and one of an ordinary size.

use std::fmt::Write as _;
use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use depbot::model::CrateName;
use depbot::registry::parse_index;
use semver::Version;

fn parsing(criterion: &mut Criterion) {
    let name = CrateName::new("heavy").expect("a valid name");
    for (size, releases, dependencies, features) in [("heavy", 300, 45, 60), ("ordinary", 40, 8, 6)] {
        let file = index_file(releases, dependencies, features);
        let floor = Version::new(1, releases - 20, 0);
        let mut group = criterion.benchmark_group(format!("{size} index file, {} kB", file.len() / 1000));
        group.throughput(Throughput::Bytes(file.len() as u64));
        group.bench_function("all releases", |bencher| {
            bencher.iter(|| parse_index(&name, black_box(file.as_bytes()), None));
        });
        group.bench_function("the newest 20", |bencher| {
            bencher.iter(|| parse_index(&name, black_box(file.as_bytes()), Some(&floor)));
        });
        group.finish();
    }
}

/// Lines as registries write them; the spaces are those of crates.io's mirror.
fn index_file(releases: u64, dependencies: usize, features: usize) -> String {
    let mut file = String::new();
    for release in 0..releases {
        let dependencies: Vec<String> = (0..dependencies).map(dependency).collect();
        let features: Vec<String> = (0..features).map(feature).collect();
        let (deps, features) = (dependencies.join(", "), features.join(", "));
        let ends = r#""yanked": false, "rust_version": "1.70", "pubtime": "2026-01-02T03:04:05Z", "v": 2"#;
        write!(file, r#"{{"name": "heavy", "vers": "1.{release}.0", "deps": [{deps}], "cksum": "{release:064x}", "#)
            .and_then(|()| writeln!(file, r#""features": {{{features}}}, {ends}}}"#))
            .expect("written to memory");
    }
    file
}

fn dependency(number: usize) -> String {
    let kind = ["normal", "dev", "build"][number % 3];
    let optional = number.is_multiple_of(2);
    let ends = r#""default_features": true, "target": null"#;
    let begins = format!(r#""name": "dependency-{number}", "req": "^1.{number}", "features": ["std", "derive"]"#);
    format!(r#"{{{begins}, "optional": {optional}, {ends}, "kind": "{kind}"}}"#)
}

fn feature(number: usize) -> String {
    format!(r#""feature-{number}": ["dep:dependency-{number}", "std", "dependency-{}?/std"]"#, number + 1)
}

criterion_group!(benches, parsing);
criterion_main!(benches);

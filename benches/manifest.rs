//! How fast a repository's manifests are read, rewritten and edited, and its lock is read.

use std::fmt::Write;
use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use depbot::config::RequirementStyle;
use depbot::manifest::{Files, Rewrite, apply, discover, rewrite};
use depbot::model::{Edit, EditField, RepoPath};
use semver::Version;

const MEMBERS: usize = 40;
const DEPENDENCIES: usize = 50;

/// A workspace of 40 members with 50 declarations each, a quarter of them inherited.
fn repository() -> Files {
    let path = |text: &str| RepoPath::new(text).expect("a valid path");
    let mut root = "[workspace]\nmembers = [\"crates/*\"]\n\n[workspace.dependencies]\n".to_owned();
    let mut files = Files::new();
    for index in 0..DEPENDENCIES {
        _ = writeln!(root, "shared-{index} = {{ version = \"1.{index}\", default-features = false }}");
    }
    for member in 0..MEMBERS {
        let mut text = format!(
            "[package]\nname = \"member-{member}\"\nversion = \"0.1.0\"\nrust-version = \"1.70\"\n\n[dependencies]\n"
        );
        for index in 0..DEPENDENCIES {
            _ = match index % 4 {
                0 => writeln!(text, "shared-{index}.workspace = true"),
                1 => writeln!(text, "crate-{index} = \"1.{index}\" # why"),
                2 => writeln!(text, "crate-{index} = {{ version = \"^0.{index}.1\", features = [\"a\", \"b\"] }}"),
                _ => writeln!(text, "crate-{index} = {{ version = \">=1.{index}, <2\", optional = true }}"),
            };
        }
        files.insert(path(&format!("crates/member-{member}/Cargo.toml")), text.into_bytes());
    }
    files.insert(path("Cargo.toml"), root.into_bytes());
    files
}

/// The edits that bring every declaration to version 3.2.1.
fn edits(files: &Files) -> Vec<Edit> {
    let target = Version::new(3, 2, 1);
    let discovery = discover(files);
    let dependencies = discovery.workspaces.iter().flat_map(|workspace| &workspace.dependencies);
    let edit = |dependency: &depbot::model::Dependency| {
        let requirement = dependency.requirement.as_ref()?;
        let Ok(Rewrite::To(to)) = rewrite(requirement, &target, RequirementStyle::Bump) else { return None };
        let from = requirement.as_str().to_owned();
        Some(Edit { site: dependency.site.clone(), field: EditField::Requirement, from, to })
    };
    dependencies.filter_map(edit).collect()
}

fn lock(packages: usize) -> String {
    let mut text = "version = 4\n".to_owned();
    for index in 0..packages {
        let source = "registry+https://github.com/rust-lang/crates.io-index";
        let checksum = format!("{index:064x}");
        _ = write!(
            text,
            "\n[[package]]\nname = \"crate-{index}\"\nversion = \"1.{index}.0\"\nsource = \"{source}\"\nchecksum = \"{checksum}\"\ndependencies = [\n"
        );
        for used in (index.saturating_sub(4))..index {
            _ = writeln!(text, " \"crate-{used}\",");
        }
        text += "]\n";
    }
    text
}

fn manifests(criterion: &mut Criterion) {
    let files = repository();
    let bytes = files.values().map(Vec::len).sum::<usize>() as u64;
    let edits = edits(&files);
    let mut group = criterion.benchmark_group("manifest");
    group.throughput(Throughput::Bytes(bytes));
    group.bench_function("discover", |bencher| bencher.iter(|| discover(black_box(&files))));
    group.bench_function("apply", |bencher| {
        let of = |path: &RepoPath| edits.iter().filter(|edit| edit.site.manifest == *path).collect::<Vec<_>>();
        let work: Vec<(&Vec<u8>, Vec<&Edit>)> = files.iter().map(|(path, text)| (text, of(path))).collect();
        bencher.iter(|| work.iter().map(|(text, edits)| apply(text, edits).expect("they fit").len()).sum::<usize>());
    });
    group.finish();
}

fn requirements(criterion: &mut Criterion) {
    let discovery = discover(&repository());
    let dependencies = discovery.workspaces.iter().flat_map(|workspace| &workspace.dependencies);
    let requirements: Vec<_> = dependencies.filter_map(|dependency| dependency.requirement.as_ref()).collect();
    let target = Version::new(3, 2, 1);
    let mut group = criterion.benchmark_group("requirement");
    group.throughput(Throughput::Elements(requirements.len() as u64));
    group.bench_function("rewrite", |bencher| {
        let rewritten =
            |style| requirements.iter().filter(|requirement| rewrite(requirement, &target, style).is_ok()).count();
        bencher.iter(|| rewritten(black_box(RequirementStyle::Bump)));
    });
    group.finish();
}

fn locks(criterion: &mut Criterion) {
    let text = lock(600);
    let mut group = criterion.benchmark_group("lockfile");
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function("parse", |bencher| bencher.iter(|| depbot::lockfile::parse(black_box(&text))));
    group.finish();
}

criterion_group!(benches, manifests, requirements, locks);
criterion_main!(benches);

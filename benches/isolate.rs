//! How many verifications a search takes beside the information bound, and how long it thinks.
//!
//! `cargo bench --bench isolate` prints the table first. `k` of `n` units are bad, each by itself; every figure is the
//! mean (and the worst) of many random choices of the `k`. The bound is what any search needs on average when all
//! choices of `k` are equally likely: `log₂ C(n, k)`, to which everything-at-once and the baseline are added.

use std::collections::BTreeSet;

use criterion::Criterion;
use depbot::isolate::{Answer, Candidate, Choice, Isolator, Options, Step};
use depbot::model::UnitId;

const SAMPLES: u64 = 200;

fn main() {
    print_counts();
    let mut criterion = Criterion::default().configure_from_args();
    for (units, bad) in [(20, 2), (100, 5), (1000, 5)] {
        let culprits = choose(units, bad, 1);
        criterion.bench_function(&format!("search for {bad} of {units}"), |bencher| {
            bencher.iter(|| verifications(units, &culprits, Hint::Silent));
        });
    }
    criterion.final_summary();
}

#[derive(Clone, Copy)]
enum Hint {
    Silent,
    Right,
    Wrong,
}

fn print_counts() {
    println!("| n | k | bound | no hints | right hints | wrong hints |");
    println!("|--:|--:|--:|--:|--:|--:|");
    for units in [10, 20, 50, 100] {
        for bad in [0, 1, 2, 3, 5] {
            let asked_anyway = if bad == 0 { 1.0 } else { 2.0 };
            let bound = asked_anyway + information(units, bad);
            let [silent, right, wrong] = [Hint::Silent, Hint::Right, Hint::Wrong].map(|hint| measure(units, bad, hint));
            println!("| {units} | {bad} | {bound:.1} | {silent} | {right} | {wrong} |");
        }
    }
}

/// The mean and the worst number of verifications.
fn measure(units: usize, bad: usize, hint: Hint) -> String {
    let counts: Vec<usize> =
        (0..SAMPLES).map(|sample| verifications(units, &choose(units, bad, sample), hint)).collect();
    let mean = counts.iter().sum::<usize>() as f64 / SAMPLES as f64;
    let worst = counts.iter().max().copied().unwrap_or_default();
    format!("{mean:.1} ({worst})")
}

fn verifications(units: usize, culprits: &BTreeSet<UnitId>, hint: Hint) -> usize {
    let candidate = |unit| (UnitId(unit), Candidate { has_fallback: false, names: vec![format!("crate{unit}")] });
    let mut isolator = Isolator::new((0..units).map(candidate).collect(), Options::default());
    loop {
        match isolator.next_step() {
            Step::Done(solution) => {
                assert_eq!(solution.shipped.len(), units - culprits.len());
                return solution.verifications;
            }
            Step::Verify(tree) => isolator.record(answer(&tree, culprits, hint)),
        }
    }
}

fn answer(tree: &[Choice], culprits: &BTreeSet<UnitId>, hint: Hint) -> Answer {
    let (bad, good): (Vec<&Choice>, Vec<&Choice>) = tree.iter().partition(|choice| culprits.contains(&choice.unit));
    if bad.is_empty() {
        return Answer::Pass;
    }
    let named: Vec<&Choice> = match hint {
        Hint::Silent => Vec::new(),
        Hint::Right => bad,
        Hint::Wrong => good.into_iter().take(2).collect(),
    };
    Answer::Fail { suspects: named.iter().map(|choice| format!("crate{}", choice.unit.0)).collect(), evidence: 0 }
}

/// log₂ of the number of ways to choose `k` of `n`.
fn information(n: usize, k: usize) -> f64 {
    (0..k).map(|i| ((n - i) as f64 / (i + 1) as f64).log2()).sum()
}

/// Some of the units, none twice.
fn choose(units: usize, some: usize, seed: u64) -> BTreeSet<UnitId> {
    let mut all: Vec<usize> = (0..units).collect();
    all.sort_by_key(|unit| scramble(scramble(seed) ^ (*unit as u64 + 1)));
    all.into_iter().take(some).map(UnitId).collect()
}

/// A number that looks unlike the one it was made of (the finaliser of SplitMix64).
fn scramble(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

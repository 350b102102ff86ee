//! Oracles that answer for trees, and what the search makes of them.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

/// Runs a search against an oracle and checks what every search promises. Gives the trees in the order they were asked.
fn solve(
    candidates: &[Candidate],
    options: Options,
    oracle: &mut dyn FnMut(&[Choice]) -> Option<Vec<String>>,
) -> (Solution, Vec<Vec<Choice>>) {
    let numbered = candidates.iter().cloned().enumerate().map(|(unit, candidate)| (UnitId(unit), candidate)).collect();
    let mut isolator = Isolator::new(numbered, options);
    let mut asked: Vec<Vec<Choice>> = Vec::new();
    let mut passed = BTreeSet::new();
    loop {
        match isolator.next_step() {
            Step::Done(solution) => {
                check_promises(&solution, candidates, &asked, &passed, options);
                return (solution, asked);
            }
            Step::Verify(tree) => {
                assert_eq!(isolator.next_step(), Step::Verify(tree.clone()), "the same step until it is recorded");
                assert!(!asked.contains(&tree), "asked twice: {tree:?}");
                assert!(tree.is_sorted_by(|a, b| a.unit < b.unit), "one level for each unit: {tree:?}");
                let answer = match oracle(&tree) {
                    None => Answer::Pass,
                    Some(suspects) => Answer::Fail { suspects, evidence: asked.len() },
                };
                if answer == Answer::Pass {
                    passed.insert(tree.clone());
                }
                asked.push(tree);
                isolator.record(answer);
            }
        }
    }
}

fn check_promises(
    solution: &Solution,
    candidates: &[Candidate],
    asked: &[Vec<Choice>],
    passed: &BTreeSet<Vec<Choice>>,
    options: Options,
) {
    assert!(solution.shipped.is_empty() || passed.contains(&solution.shipped), "what ships was seen to pass");
    assert_eq!(solution.verifications, asked.len());
    assert!(asked.len() <= most_verifications(candidates.len()).min(options.limit), "{} verifications", asked.len());
    let choice = |culprit: &Culprit| Choice { unit: culprit.unit, level: culprit.level };
    for culprit in &solution.culprits {
        let evidence = &asked[culprit.evidence];
        assert!(evidence.contains(&choice(culprit)) && !passed.contains(evidence), "{culprit:?}: {evidence:?}");
        let others = |tree: &[Choice]| -> Vec<Choice> {
            tree.iter().copied().filter(|other| other.unit != culprit.unit).collect()
        };
        if asked.len() < options.limit {
            assert_eq!(others(evidence), others(&solution.shipped), "the failing tree differs by the culprit alone");
        }
    }
    let settled = |unit: UnitId| {
        solution.shipped.contains(&Choice { unit, level: Level::Target })
            || solution.culprits.iter().any(|culprit| culprit.unit == unit && culprit.level == Level::Target)
            || solution.undecided.contains(&unit)
    };
    for unit in 0..candidates.len() {
        assert!(settled(UnitId(unit)), "unit {unit} is settled");
    }
    let decided = asked.len() < options.limit && !matches!(solution.baseline, BaselineState::Red { .. });
    assert!(!decided || solution.undecided.is_empty(), "everything is decided: {:?}", solution.undecided);
}

fn name(unit: usize) -> String {
    format!("crate-{unit}")
}

fn plain(count: usize) -> Vec<Candidate> {
    (0..count).map(|unit| Candidate { has_fallback: false, names: vec![name(unit)] }).collect()
}

fn with_fallbacks(count: usize) -> Vec<Candidate> {
    plain(count).into_iter().map(|candidate| Candidate { has_fallback: true, ..candidate }).collect()
}

fn target(unit: usize) -> Choice {
    Choice { unit: UnitId(unit), level: Level::Target }
}

fn fallback(unit: usize) -> Choice {
    Choice { unit: UnitId(unit), level: Level::Fallback }
}

/// Fails when the tree has a bad choice; names what `hint` makes of the bad ones.
fn independent(bad: &BTreeSet<Choice>, tree: &[Choice], hint: Hint) -> Option<Vec<String>> {
    let found: Vec<Choice> = tree.iter().copied().filter(|choice| bad.contains(choice)).collect();
    let right = || found.iter().map(|choice| name(choice.unit.0).replace('-', "_"));
    let wrong = || tree.iter().filter(|choice| !bad.contains(choice)).take(2).map(|choice| name(choice.unit.0));
    (!found.is_empty()).then(|| match hint {
        Hint::Silent => Vec::new(),
        Hint::Right => right().collect(),
        Hint::Wrong => wrong().collect(),
        Hint::Mixed => right().chain(wrong()).collect(),
    })
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hint {
    Silent,
    Right,
    Wrong,
    Mixed,
}

fn any_hint() -> impl Strategy<Value = Hint> {
    prop_oneof![Just(Hint::Silent), Just(Hint::Right), Just(Hint::Wrong), Just(Hint::Mixed)]
}

/// The number of verifications and what ships, with everything at its target that is not bad.
fn count(units: usize, bad: &[usize], hint: Hint) -> usize {
    let bad: BTreeSet<Choice> = bad.iter().map(|unit| target(*unit)).collect();
    let (solution, _) = solve(&plain(units), Options::default(), &mut |tree| independent(&bad, tree, hint));
    let good: Vec<Choice> = (0..units).map(target).filter(|choice| !bad.contains(choice)).collect();
    assert_eq!(solution.shipped, good);
    solution.verifications
}

#[test]
fn nothing_to_try_takes_no_verification() {
    let (solution, asked) = solve(&[], Options::default(), &mut |_| unreachable!("nothing is asked"));
    assert_eq!((solution.shipped, asked.len()), (Vec::new(), 0));
}

#[test]
fn everything_good_takes_one_verification() {
    for units in [1, 2, 17, 100] {
        assert_eq!(count(units, &[], Hint::Silent), 1);
    }
}

#[test]
fn a_red_baseline_leaves_everything_undecided() {
    let (solution, asked) = solve(&plain(5), Options::default(), &mut |_| Some(Vec::new()));
    assert_eq!(solution.baseline, BaselineState::Red { evidence: 1 });
    assert_eq!((solution.undecided.len(), solution.culprits.len(), asked.len()), (5, 0, 2));
}

#[test]
fn a_known_green_baseline_is_not_verified() {
    let options = Options { baseline: Baseline::Green, ..Options::default() };
    let (solution, asked) = solve(&plain(1), options, &mut |tree| (!tree.is_empty()).then(Vec::new));
    assert_eq!((solution.baseline, asked), (BaselineState::NotAsked, vec![vec![target(0)]]));
    assert_eq!(solution.culprits.len(), 1);
}

#[test]
fn a_right_hint_finds_its_culprit_in_one_step() {
    for units in [2, 10, 100] {
        assert_eq!(count(units, &[units / 2], Hint::Right), 3, "{units} units");
    }
}

#[test]
fn one_culprit_without_hints_takes_a_halving_search() {
    for (units, limit) in [(10, 8), (20, 9), (64, 10), (100, 11)] {
        for bad in 0..units {
            let took = count(units, &[bad], Hint::Silent);
            assert!(took <= limit, "{took} verifications for culprit {bad} of {units}");
        }
    }
}

#[test]
fn a_wrong_hint_costs_little() {
    for bad in 0..64 {
        let took = count(64, &[bad], Hint::Wrong);
        assert!(took <= 2 + 6 + 2 + 3, "{took} verifications for culprit {bad}");
    }
}

#[test]
fn a_fallback_that_works_costs_no_verification_beside_the_search() {
    let oracle = |tree: &[Choice]| tree.contains(&target(3)).then(|| vec![name(3)]);
    let (solution, asked) = solve(&with_fallbacks(20), Options::default(), &mut |tree| oracle(tree));
    assert!(solution.shipped.contains(&fallback(3)));
    assert_eq!(asked.len(), 4, "everything, the baseline, all but the suspect, its fallback: {asked:?}");
    assert_eq!(solution.culprits.len(), 1);
}

#[test]
fn what_fails_at_both_levels_is_given_up_with_evidence_for_each() {
    let oracle = |tree: &[Choice]| tree.iter().any(|choice| choice.unit == UnitId(1)).then(Vec::new);
    let (solution, _) = solve(&with_fallbacks(3), Options::default(), &mut |tree| oracle(tree));
    assert_eq!(solution.shipped, [target(0), target(2)]);
    let levels: Vec<_> = solution.culprits.iter().map(|culprit| (culprit.unit.0, culprit.level)).collect();
    assert_eq!(levels, [(1, Level::Target), (1, Level::Fallback)]);
}

#[test]
fn a_limit_ends_the_search_with_what_passes_so_far() {
    let options = Options { limit: 5, ..Options::default() };
    let bad = BTreeSet::from([target(40), target(50)]);
    let (solution, asked) = solve(&plain(64), options, &mut |tree| independent(&bad, tree, Hint::Silent));
    assert_eq!(asked.len(), 5);
    assert!(!solution.shipped.is_empty() && !solution.undecided.is_empty());
}

#[test]
fn what_needs_a_later_unit_gets_its_chance_when_that_is_in() {
    // Unit 0 needs unit 3; unit 2 is bad.
    let oracle = |tree: &[Choice]| {
        let has = |unit| tree.contains(&target(unit));
        (has(2) || has(0) && !has(3)).then(Vec::new)
    };
    let (solution, _) = solve(&plain(4), Options::default(), &mut |tree| oracle(tree));
    assert_eq!(solution.shipped, [target(0), target(1), target(3)]);
}

#[test]
fn of_two_that_clash_the_compatible_one_ships_and_the_other_names_it() {
    // Unit 0 is an incompatible bump and clashes with unit 3.
    let mut candidates = plain(4);
    candidates[0].has_fallback = true;
    let oracle = |tree: &[Choice]| {
        let clash = tree.contains(&target(0)) && tree.contains(&target(3));
        clash.then(|| vec![name(3).replace('-', "_"), name(0), "unknown".to_owned()])
    };
    let (solution, _) = solve(&candidates, Options::default(), &mut |tree| oracle(tree));
    assert_eq!(solution.shipped, [fallback(0), target(1), target(2), target(3)]);
    let [culprit] = &solution.culprits[..] else { panic!("one culprit: {:?}", solution.culprits) };
    assert_eq!((culprit.unit, &culprit.together_with), (UnitId(0), &vec![UnitId(3)]));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn independent_units_ship_at_the_highest_level_that_is_good(
        units in prop::collection::vec((any::<bool>(), prop::bool::weighted(0.2), prop::bool::weighted(0.3)), 1..25),
        hint in any_hint(),
    ) {
        let candidates: Vec<Candidate> = plain(units.len()).into_iter().zip(&units)
            .map(|(candidate, (has_fallback, ..))| Candidate { has_fallback: *has_fallback, ..candidate }).collect();
        let mut bad = BTreeSet::new();
        let mut expect = Vec::new();
        for (unit, (has_fallback, bad_target, bad_fallback)) in units.iter().enumerate() {
            bad.extend(bad_target.then_some(target(unit)));
            bad.extend(bad_fallback.then_some(fallback(unit)));
            match (bad_target, has_fallback, bad_fallback) {
                (false, ..) => expect.push(target(unit)),
                (true, true, false) => expect.push(fallback(unit)),
                (true, ..) => {}
            }
        }
        let (solution, _) = solve(&candidates, Options::default(), &mut |tree| independent(&bad, tree, hint));
        prop_assert_eq!(solution.shipped, expect);
    }

    #[test]
    fn of_pairs_that_only_fail_together_one_ships(
        (units, pairs) in (4_usize..30).prop_flat_map(|units| (Just(units), prop::collection::vec((0..units, 0..units), 1..4))),
    ) {
        let clash = |tree: &[Choice]| pairs.iter()
            .any(|(a, b)| a != b && tree.contains(&target(*a)) && tree.contains(&target(*b)));
        let (solution, _) = solve(&plain(units), Options::default(), &mut |tree| clash(tree).then(Vec::new));
        let held = units - solution.shipped.len();
        prop_assert!(held <= pairs.len(), "{held} held for {} clashes", pairs.len());
    }

    #[test]
    fn groups_that_only_pass_together_ship_beside_culprits(
        units in 8_usize..30, size in 2_usize..4, seed in any::<u64>(), hinted_culprits in 0_usize..4,
    ) {
        // Without hints this is found beside one culprit, with hints beside several.
        let chosen = choose(units, size + hinted_culprits.max(1), seed);
        let (group, culprits) = chosen.split_at(size);
        let oracle = |tree: &[Choice]| {
            let among = |some: &[usize]| -> Vec<usize> {
                some.iter().copied().filter(|unit| tree.contains(&target(*unit))).collect()
            };
            let torn = (1..size).contains(&among(group).len());
            let mut named = among(culprits);
            let fails = torn || !named.is_empty();
            named.extend(torn.then_some(group).into_iter().flatten());
            fails.then(|| if hinted_culprits == 0 { Vec::new() } else { named.into_iter().map(name).collect() })
        };
        let (solution, _) = solve(&plain(units), Options::default(), &mut |tree| oracle(tree));
        let expect: Vec<Choice> = (0..units).filter(|unit| !culprits.contains(unit)).map(target).collect();
        prop_assert_eq!(solution.shipped, expect);
    }

    #[test]
    fn any_oracle_at_all_ends_with_a_set_that_passes(
        units in 1_usize..14, seed in any::<u64>(), rarely in 1_u64..20, fallbacks in any::<bool>(),
    ) {
        let candidates = if fallbacks { with_fallbacks(units) } else { plain(units) };
        let oracle = |tree: &[Choice]| {
            let hash = tree.iter().fold(seed, |hash, choice| {
                scramble(hash ^ (choice.unit.0 as u64 * 2 + u64::from(choice.level == Level::Target)))
            });
            (!tree.is_empty() && !hash.is_multiple_of(rarely)).then(|| vec![name(hash as usize % units)])
        };
        solve(&candidates, Options::default(), &mut |tree| oracle(tree));
    }

    #[test]
    fn several_culprits_stay_near_the_information_bound(k in 0_usize..6, seed in any::<u64>()) {
        let units = 64;
        let took = count(units, &choose(units, k, seed), Hint::Silent);
        let information: f64 = (0..k).map(|i| ((units - i) as f64 / (i + 1) as f64).log2()).sum();
        let limit = information.ceil() as usize + 3 * k + 4;
        prop_assert!(took <= limit, "{took} verifications, {limit} allowed");
        let took = count(units, &choose(units, k, seed), Hint::Right);
        prop_assert!(took <= 2 + 3 * k, "{took} verifications with right hints");
    }
}

/// Some units out of `units`, none twice.
fn choose(units: usize, some: usize, seed: u64) -> Vec<usize> {
    let mut all: Vec<usize> = (0..units).collect();
    all.sort_by_key(|unit| scramble(seed ^ (*unit as u64 + 1)));
    all.truncate(some);
    all
}

/// A number that looks unlike the one it was made of (the finaliser of SplitMix64).
fn scramble(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

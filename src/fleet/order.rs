//! From who needs whom to waves and cycles, in time linear in the number of pairs.

use std::collections::{BTreeMap, BTreeSet};

use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};

use super::Strength;

/// Pairs of publisher and user.
type Pairs = BTreeMap<(usize, usize), Strength>;

/// The order of a fleet, repositories by their places; every list is in ascending order.
pub(super) struct Order {
    pub(super) waves: Vec<Vec<usize>>,
    pub(super) cycles: Vec<Vec<usize>>,
    /// The pairs that do not count because they would close a cycle.
    pub(super) dropped: BTreeSet<(usize, usize)>,
}

/// The groups of nodes that reach each other, each after all that it needs.
struct Components {
    members: Vec<Vec<usize>>,
    /// For each node the place of its component.
    of: Vec<usize>,
}

/// Orders nodes `0..count`.
///
/// Only a development pair within a circle can be to blame for it. The needed pairs alone give an order; those that go
/// against it are dropped. What stays agrees with one order, so that every cycle left consists of needed pairs.
pub(super) fn order(count: usize, pairs: &Pairs) -> Order {
    let circles = Components::of(count, pairs.keys().copied());
    let needed = || pairs.iter().filter(|(_, strength)| **strength == Strength::Needed).map(|(pair, _)| *pair);
    let components = Components::of(count, needed());
    let position = components.layers(needed());
    let against = |(from, to): (usize, usize)| {
        let (from, to) = (components.of[from], components.of[to]);
        from != to && (position[from], from) > (position[to], to)
    };
    let is_dropped = |pair: &(usize, usize), strength: Strength| {
        strength == Strength::Development && circles.of[pair.0] == circles.of[pair.1] && against(*pair)
    };
    let (dropped, kept): (BTreeSet<_>, BTreeSet<_>) = pairs
        .iter()
        .map(|(pair, strength)| (*pair, *strength))
        .partition(|(pair, strength)| is_dropped(pair, *strength));
    let layers = components.layers(kept.iter().map(|(pair, _)| *pair));
    Order {
        waves: components.waves(&layers),
        cycles: components.cycles(),
        dropped: dropped.into_iter().map(|(pair, _)| pair).collect(),
    }
}

impl Components {
    fn of(count: usize, pairs: impl Iterator<Item = (usize, usize)>) -> Self {
        let mut graph = DiGraph::<(), ()>::new();
        (0..count).for_each(|_| {
            graph.add_node(());
        });
        for (from, to) in pairs {
            graph.add_edge(NodeIndex::new(from), NodeIndex::new(to), ());
        }
        let mut members: Vec<Vec<usize>> =
            kosaraju_scc(&graph).into_iter().map(|nodes| nodes.into_iter().map(NodeIndex::index).collect()).collect();
        // They come with users first.
        members.reverse();
        let mut of = vec![0; count];
        for (place, nodes) in members.iter_mut().enumerate() {
            nodes.sort_unstable();
            nodes.iter().for_each(|node| of[*node] = place);
        }
        Self { members, of }
    }

    /// For each component the length of the longest chain that leads to it. The pairs must not make new cycles.
    fn layers(&self, pairs: impl Iterator<Item = (usize, usize)>) -> Vec<usize> {
        let mut users: Vec<Vec<usize>> = vec![Vec::new(); self.members.len()];
        let mut open = vec![0_usize; self.members.len()];
        for (from, to) in pairs.map(|(from, to)| (self.of[from], self.of[to])).filter(|(from, to)| from != to) {
            users[from].push(to);
            open[to] += 1;
        }
        let mut layers = vec![0; self.members.len()];
        let mut ready: Vec<usize> = (0..open.len()).filter(|component| open[*component] == 0).collect();
        while let Some(component) = ready.pop() {
            for user in &users[component] {
                layers[*user] = layers[*user].max(layers[component] + 1);
                open[*user] -= 1;
                if open[*user] == 0 {
                    ready.push(*user);
                }
            }
        }
        layers
    }

    fn waves(&self, layers: &[usize]) -> Vec<Vec<usize>> {
        let mut waves: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (node, component) in self.of.iter().enumerate() {
            waves.entry(layers[*component]).or_default().push(node);
        }
        waves.into_values().collect()
    }

    fn cycles(&self) -> Vec<Vec<usize>> {
        let mut cycles: Vec<Vec<usize>> = self.members.iter().filter(|nodes| nodes.len() > 1).cloned().collect();
        cycles.sort_unstable();
        cycles
    }
}

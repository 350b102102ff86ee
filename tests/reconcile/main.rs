//! Pull requests as people and forges see them: which actions are taken, when they merge, what they say.

mod actions;
mod killed;
mod marker;
mod merging;
mod words;
mod world;

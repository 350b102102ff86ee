//! Manifests and locks, from text to text: which workspaces are found, what a requirement becomes, which bytes change.

mod declarations;
mod discovery;
mod edits;
mod locks;
mod requirements;
mod support;

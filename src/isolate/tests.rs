//! Oracles, and what the search makes of them.

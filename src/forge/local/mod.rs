//! The forge for people without a server: bare repositories on this machine, their pull requests in SQLite beside them.

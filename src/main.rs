//! The `depbot` program.

fn main() -> std::process::ExitCode {
    depbot::cli::main()
}

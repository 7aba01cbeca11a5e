//! `dyno`: parse, dispatch, exit code.

use std::process::ExitCode;

/// A fifth to a quarter less CPU per replaced item than the system's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    dynamometer::cli::main()
}

//! `dyno completions`.

use clap::CommandFactory;
use clap_complete::Shell;

use super::{CommandResult, Exit, Failure, print};

/// Print shell completions
#[derive(Debug, clap::Args)]
pub(super) struct CompletionsArguments {
    /// The shell
    shell: Shell,
}

/// Prints completions of the commands of `A`.
pub(super) fn completions<A: CommandFactory>(arguments: &CompletionsArguments) -> CommandResult {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut A::command(), "dyno", &mut script);
    print(&String::from_utf8(script).map_err(Failure::failed)?)?;
    Ok(Exit::Done)
}

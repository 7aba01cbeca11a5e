//! `dyno ab`.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::compare::{
    self, Comparison, Method, Objection, Procedure, Reason, Round, Rules, Spent, TRIALS_SCHEMA, Trial, Trials, Turn,
};
use crate::random::Streams;
use crate::record::{Clock, RunResult};
use crate::report;
use crate::runner::Stop;
use crate::workload::{Source, Workload};

use super::comparison::{AnswerArguments, JudgingArguments, exit_of};
use super::progress::Display;
use super::results::Results;
use super::run::stop_on_signals;
use super::sides::{Endpoint, Engine, Side, SideTarget, can_be_run_again, changes_what_is_there, with_settings};
use super::target::{ConnectionArguments, TargetChoice};
use super::{CommandResult, Exit, Failure, Format, parse_length, print};

/// One run against the bundled engine where it serves several a round. Shared machines change their pace within tens of
/// milliseconds, so the sides change as fast (CONTRIBUTING, "Calibration").
const SHORT_RUN: Duration = Duration::from_millis(25);
/// So many of these are one value.
const SHORT_RUNS: u64 = 8;
/// One run against the bundled engine where each needs a fresh one.
const FRESH_RUN: Duration = Duration::from_millis(250);
/// One run where there is latency, modelled or of a network.
const NETWORK_RUN: Duration = Duration::from_secs(2);
/// Until the first answer; confirming it may take as long again.
const BUDGET: Duration = Duration::from_secs(30);
/// Rounds at most, where time does not set a limit before.
const ROUNDS: u64 = 200;
/// Rounds that may be thrown away before it is given up, besides half of those that were not.
const DISCARDED_AT_LEAST: u64 = 5;

/// Compare two targets, engine settings or builds by runs that take turns
///
/// Short runs of both sides alternate, A B B A and so on, so that what the machine does to one it does to the other. The answer
/// is better, worse (confirmed by rounds of its own), same or cannot tell, by differences with confidence intervals. A is what
/// is compared with, B is what is judged.
#[derive(Debug, clap::Args)]
pub(super) struct AbArguments {
    /// The workload file; not needed where both sides are commands
    #[arg(required_unless_present_all = ["a_command", "b_command"])]
    workload: Option<PathBuf>,
    /// Side A: engine, engine:KEY=VALUE,... with other settings of [engine], aws, or the address of an endpoint
    #[arg(long, value_name = "TARGET", required_unless_present = "a_command", conflicts_with = "a_command")]
    a: Option<SideTarget>,
    /// Side B
    #[arg(long, value_name = "TARGET", required_unless_present = "b_command", conflicts_with = "b_command")]
    b: Option<SideTarget>,
    /// Side A: a command that writes result.json into the folder {out}, such as 'old/dyno run w.toml --out {out} --seed {seed}'
    #[arg(long, value_name = "COMMAND")]
    a_command: Option<String>,
    /// Side B
    #[arg(long, value_name = "COMMAND")]
    b_command: Option<String>,
    /// Rounds at most until the first answer; as many again may confirm it. A round gives one value of each side
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=400))]
    rounds: Option<u64>,
    /// Runs of each side in a round, in turn, that make one value together; 8 where the bundled engine can be run again, else 1
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..=1_000))]
    runs: Option<u64>,
    /// Length of one run, warm-ups of the workload included; 25ms to 2s by the target. Commands say it themselves
    #[arg(long, value_name = "TIME", value_parser = parse_length)]
    duration: Option<Duration>,
    /// Time until the first answer; confirming it may take as long again. 30s where --rounds is not given
    #[arg(long, value_name = "TIME", value_parser = parse_length)]
    budget: Option<Duration>,
    #[command(flatten)]
    judging: JudgingArguments,
    /// Slow B down on purpose by this share of the engine's time, such as 10%: to see that it is found
    #[arg(long, value_name = "SHARE", value_parser = super::demand::parse_share)]
    inject: Option<f64>,
    /// Seed of the first round; the others count up from it
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Repeat the whole comparison so often and tell how often each answer came: how far this machine's answers can be trusted
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..=10_000), conflicts_with_all = ["junit", "markdown", "annotations"])]
    trials: Option<u64>,
    /// Make so many more trials of rounds drawn at random from those that ran
    #[arg(long, value_name = "COUNT", default_value_t = 0, requires = "trials", value_parser = clap::value_parser!(u64).range(0..=100_000))]
    resample: u64,
    #[command(flatten)]
    connection: ConnectionArguments,
    #[command(flatten)]
    answer: AnswerArguments,
}

/// Lets two sides take turns, and says which is better.
pub(super) fn ab(arguments: &AbArguments) -> CommandResult {
    let rules = Rules {
        min_effects: arguments.judging.min_effects()?,
        confidence: arguments.judging.confidence()?,
        rounds: arguments.rounds.unwrap_or(ROUNDS),
    };
    let stop = stop_on_signals()?;
    let name = match &arguments.workload {
        Some(path) => path.file_stem().map_or("workload".to_owned(), |stem| stem.to_string_lossy().into_owned()),
        None => "commands".to_owned(),
    };
    let results = Results::prepare(arguments.answer.out.as_deref(), &format!("{name}-ab"))?;
    let sides = Sides::prepare(arguments, &stop).inspect_err(|_| results.drop_unused())?;
    if let Some(count) = arguments.trials {
        let ended = repeat(arguments, &sides, &rules, count, &results, &stop);
        for left_behind in sides.clean_up(&arguments.connection) {
            let _ = writeln!(io::stderr(), "warning: {left_behind}");
        }
        return ended;
    }
    let mut display = Display::new(arguments.answer.is_for_programs());
    let turns = sides.take_turns(arguments, rules, arguments.seed, &stop, |line| display.show_line(line));
    display.finish();
    let left_behind = sides.clean_up(&arguments.connection);
    let Turned { mut comparison, workload_path, .. } = match turns {
        Ok(turned) => turned,
        Err(mut failure) => {
            results.drop_unused();
            failure.message = std::iter::once(failure.message).chain(left_behind).collect::<Vec<_>>().join("\n");
            return Err(failure);
        }
    };
    comparison.warnings.extend(left_behind);
    arguments.answer.answer(&comparison, &results, &workload_path)?;
    Ok(exit_of(comparison.verdict))
}

/// The comparison again and again; what is known so far is written after each.
fn repeat(
    arguments: &AbArguments,
    sides: &Sides<'_>,
    rules: &Rules,
    count: u64,
    results: &Results,
    stop: &Stop,
) -> CommandResult {
    let mut trials: Option<Trials> = None;
    let mut pool: Vec<Round> = Vec::new();
    let mut display = Display::new(arguments.answer.is_for_programs());
    // Every trial draws with seeds of its own.
    const SEEDS_APART: u64 = 1_000_000;
    for number in 0..count {
        let seed = arguments.seed.wrapping_add(number * SEEDS_APART);
        let line = |line: &str| display.show_line(&format!("trial {} of {count}: {line}", number + 1));
        let turned = sides.take_turns(arguments, rules.clone(), seed, stop, line);
        if stop.is_set() {
            break;
        }
        let Turned { comparison, procedure, .. } = match turned {
            Ok(turned) => turned,
            Err(failure) => {
                if trials.is_none() {
                    results.drop_unused();
                }
                return Err(failure);
            }
        };
        let Method::Rounds { seconds, .. } = comparison.method else { break };
        let trial = Trial::of(&procedure, seconds);
        pool.extend(procedure.into_rounds());
        let known = trials.get_or_insert_with(|| Trials {
            schema: TRIALS_SCHEMA.to_owned(),
            dyno_version: comparison.dyno_version.clone(),
            workload: comparison.workload.clone(),
            began_at: comparison.compared_at.clone(),
            machine: comparison.base.machine.clone(),
            command: std::env::args().collect(),
            injected: arguments.inject.unwrap_or_default(),
            measured: Vec::new(),
            resampled: Vec::new(),
        });
        known.measured.push(trial);
        write_trials(results, known)?;
    }
    display.finish();
    let Some(mut trials) = trials else {
        results.drop_unused();
        return Err(Failure::failed("stopped before the first trial had ended"));
    };
    let all: u64 = trials.measured.iter().map(|trial| trial.rounds + trial.confirming_rounds).sum();
    let round_seconds = trials.measured.iter().map(|trial| trial.seconds).sum::<f64>() / all.max(1) as f64;
    // As many rounds as the trials that ran had time for.
    let mut planned: Vec<u64> = trials.measured.iter().map(|trial| trial.planned).collect();
    planned.sort_unstable();
    let planned = planned[planned.len() / 2];
    let mut random = Streams::new(arguments.seed).stream("resampled trials").at(0);
    for _ in 0..arguments.resample {
        let rules = Rules { rounds: planned.min(rules.rounds), ..rules.clone() };
        trials.resampled.push(Trial::resampled(&pool, rules, &mut random, round_seconds));
    }
    let folder = write_trials(results, &trials)?;
    match arguments.answer.format {
        Format::Text => {
            print(&report::trials_text(&trials))?;
            print(&format!("trials: {}\n", folder.join("trials.json").display()))?;
        }
        Format::Json => print(&format!("{}\n", serde_json::to_string_pretty(&trials).map_err(Failure::failed)?))?,
    }
    Ok(Exit::Done)
}

fn write_trials(results: &Results, trials: &Trials) -> Result<PathBuf, Failure> {
    let json = serde_json::to_string_pretty(trials).map_err(Failure::failed)?;
    results.write_files(&trials.workload, &[("trials.json", json)])
}

/// Both sides.
struct Sides<'a> {
    a: Side<'a>,
    b: Side<'a>,
    /// Runs of each in a round.
    runs: u64,
    /// Where commands write.
    _scratch: Option<Scratch>,
}

/// What they are called.
const LABELS: [&str; 2] = ["A", "B"];

/// A folder that goes away with its owner.
struct Scratch(PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        // What stays behind lies in the system's folder for temporary files.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A side as it was asked for, checked, before anything is created anywhere.
enum Asked<'a> {
    Target { choice: &'a TargetChoice, engine: Engine<'a>, workload: Box<Workload> },
    Command { template: &'a str, folder: PathBuf },
}

impl<'a> Asked<'a> {
    fn read(arguments: &'a AbArguments, turn: Turn, scratch: &Path, stop: &'a Stop) -> Result<Self, Failure> {
        let (target, command, letter) = match turn {
            Turn::A => (&arguments.a, &arguments.a_command, "a"),
            Turn::B => (&arguments.b, &arguments.b_command, "b"),
        };
        match (target, command) {
            (_, Some(command)) if !command.contains("{out}") => {
                let message = format!("--{letter}-command: it must name {{out}}, the folder for its result.json");
                Err(Failure::usage(message))
            }
            (_, Some(command)) => Ok(Asked::Command { template: command, folder: scratch.join(letter) }),
            (Some(target), None) => Self::target(arguments, target, turn, stop),
            (None, None) => Err(Failure::usage(format!("--{letter} or --{letter}-command is missing"))),
        }
    }

    fn target(arguments: &'a AbArguments, target: &'a SideTarget, turn: Turn, stop: &'a Stop) -> Result<Self, Failure> {
        let path = arguments.workload.as_ref().ok_or_else(|| Failure::usage("the workload file is missing"))?;
        let text = std::fs::read_to_string(path)
            .map_err(|error| Failure::usage(format!("{}: cannot be read: {error}", path.display())))?;
        let text = with_settings(&text, &target.settings).map_err(Failure::usage)?;
        let folder = path.parent().map(Path::to_owned).unwrap_or_else(|| PathBuf::from("."));
        let engine = Engine {
            source: Source { path: path.display().to_string(), text },
            folder,
            duration: arguments.duration,
            connection: &arguments.connection,
            slowdown: arguments.inject.map(|share| if turn == Turn::B { share } else { 0.0 }),
            stop,
        };
        let workload = Box::new(engine.workload(None)?);
        if arguments.inject.is_some() && (target.choice != TargetChoice::Engine || workload.latency.is_some()) {
            return Err(Failure::usage(
                "--inject slows the bundled engine itself down: both sides must be engine, without [engine.latency]",
            ));
        }
        Ok(Asked::Target { choice: &target.choice, engine, workload })
    }

    /// Whether it can serve run after run on one engine.
    fn can_be_run_again(&self) -> bool {
        match self {
            Asked::Target { choice: TargetChoice::Engine, workload, .. } => can_be_run_again(workload),
            Asked::Target { .. } | Asked::Command { .. } => false,
        }
    }

    /// How long a run of it should be, where it is not said; commands say it themselves.
    fn usual_run(&self, is_run_again: bool) -> Option<Duration> {
        match self {
            Asked::Command { .. } => None,
            Asked::Target { choice: TargetChoice::Engine, workload, .. } if workload.latency.is_none() => {
                Some(if is_run_again { SHORT_RUN } else { FRESH_RUN })
            }
            Asked::Target { .. } => Some(NETWORK_RUN),
        }
    }

    /// Connects, creates and loads what stays for all rounds.
    fn make_ready(self, run: Option<Duration>) -> Result<Side<'a>, Failure> {
        match self {
            Asked::Command { template, folder } => Ok(Side::Command { template: template.to_owned(), folder }),
            Asked::Target { choice, mut engine, .. } => {
                engine.duration = engine.duration.or(run);
                if *choice == TargetChoice::Engine {
                    return Ok(Side::Engine(engine));
                }
                let workload = engine.workload(None)?;
                let mut ready = engine.connection.prepare(choice, &workload, engine.stop, |_| {})?;
                ready.warnings.extend(choice.not_modelled(&workload));
                if changes_what_is_there(&workload) {
                    ready.warnings.push(
                        "The workload inserts or deletes, and the endpoint is loaded once: from the second round on it meets \
                         what the rounds before left there, on both sides alike."
                            .to_owned(),
                    );
                }
                Ok(Side::Endpoint(Box::new(Endpoint { workload, ready, stop: engine.stop })))
            }
        }
    }
}

impl<'a> Sides<'a> {
    fn prepare(arguments: &'a AbArguments, stop: &'a Stop) -> Result<Self, Failure> {
        let scratch = std::env::temp_dir().join(format!("dyno-ab-{}", std::process::id()));
        let [a, b] = [Turn::A, Turn::B].map(|turn| Asked::read(arguments, turn, &scratch, stop));
        let asked = [a?, b?];
        let is_run_again = asked.iter().all(Asked::can_be_run_again);
        let runs = arguments.runs.unwrap_or(if is_run_again { SHORT_RUNS } else { 1 });
        let is_fresh = |side: &Asked<'_>| {
            let is_endpoint = matches!(side, Asked::Target { choice, .. } if **choice != TargetChoice::Engine);
            !is_endpoint && !side.can_be_run_again()
        };
        if runs > 1 && asked.iter().any(is_fresh) {
            return Err(Failure::usage(
                "--runs: a command is run once a round, and this engine, too, if its capacity limits are on, if the workload \
                 inserts or deletes, or if latency, replicas, a cache or faults are modelled",
            ));
        }
        // One length for both, or they would not be comparable.
        let run = asked.iter().filter_map(|side| side.usual_run(is_run_again)).max();
        let has_commands = asked.iter().any(|side| matches!(side, Asked::Command { .. }));
        let [a, b] = asked;
        let a = a.make_ready(run)?;
        let b = match b.make_ready(run) {
            Ok(b) => b,
            Err(mut failure) => {
                if let Some(left_behind) = a.clean_up(&arguments.connection) {
                    failure.message = format!("{}\n{left_behind}", failure.message);
                }
                return Err(failure);
            }
        };
        Ok(Sides { a, b, runs, _scratch: has_commands.then_some(Scratch(scratch)) })
    }

    /// One round: the runs of both sides, or `None` where it was stopped.
    fn round(&self, number: u64, seed: u64, stop: &Stop) -> Result<Option<[Vec<RunResult>; 2]>, Failure> {
        // Who is made first finds other memory than who is made second, round after round: they take turns in that, too.
        let order = Turn::order(number - 1);
        let side = |turn| match turn {
            Turn::A => &self.a,
            Turn::B => &self.b,
        };
        let ready = [side(order[0]).make_ready(number, seed)?, side(order[1]).make_ready(number, seed)?];
        let mut runs = [Vec::new(), Vec::new()];
        for pair in 0..self.runs {
            // Where there is one pair a round, rounds begin with A and B in turn.
            for turn in Turn::order(pair + number - 1) {
                let place = usize::from(turn != order[0]);
                runs[turn as usize].push(ready[place].run()?);
                if stop.is_set() {
                    return Ok(None);
                }
            }
        }
        Ok(Some(runs))
    }

    fn clean_up(&self, connection: &ConnectionArguments) -> Vec<String> {
        [&self.a, &self.b].into_iter().filter_map(|side| side.clean_up(connection)).collect()
    }

    /// Runs rounds until the answer is clear, or time is up, or somebody stops it.
    fn take_turns(
        &self,
        arguments: &AbArguments,
        rules: Rules,
        first_seed: u64,
        stop: &Stop,
        mut tell: impl FnMut(&str),
    ) -> Result<Turned, Failure> {
        let begin = Instant::now();
        let at = format!("{:.3}", Timestamp::now());
        let budget = arguments.budget.or(arguments.rounds.is_none().then_some(BUDGET));
        let mut procedure = Procedure::new(rules);
        let mut sides: Option<[compare::Side; 2]> = None;
        let (mut clock, mut name) = (Clock::Real, String::new());
        let mut warnings = Vec::new();
        let mut discarded = Discarded::default();
        let mut round_time = Duration::ZERO;
        let mut workload_path = String::new();
        while !procedure.has_ended() {
            let number = procedure.rounds() + 1;
            let round_begin = Instant::now();
            let [a, b] = match self.round(number, first_seed.wrapping_add(number - 1), stop) {
                Ok(Some(runs)) => runs,
                Ok(None) => break,
                // What fails because it was stopped is no failure.
                Err(_) if stop.is_set() => break,
                Err(failure) => return Err(failure),
            };
            let of_sides = [(&a, LABELS[0]), (&b, LABELS[1])].map(|(runs, label)| compare::objections_to(runs, label));
            let passing = |objection: &Objection| matches!(objection.reason, Reason::Harness | Reason::Rate);
            let is_passing = of_sides.iter().flatten().all(passing);
            let is_at_fault = of_sides.each_ref().map(|objections| !objections.is_empty());
            match arguments.judging.waived(of_sides.into_iter().flatten().collect()) {
                Ok(waived) => add_new(&mut warnings, waived),
                // The machine has bad moments; what never keeps up is something else, and so is one side that does not.
                Err(mut failure) => {
                    let total = discarded.add(is_at_fault);
                    let is_too_much = total > DISCARDED_AT_LEAST.max(procedure.rounds() / 2) || discarded.is_lopsided();
                    if !is_passing || is_too_much || budget.is_some_and(|budget| begin.elapsed() >= budget * 2) {
                        if total > 1 {
                            failure.message =
                                format!("{}\n  ({total} of {} rounds)", failure.message, procedure.rounds() + total);
                        }
                        return Err(failure);
                    }
                    continue;
                }
            }
            let sides = match &mut sides {
                Some(sides) => sides,
                none => {
                    let [Some(first), Some(second)] = [a.first(), b.first()] else { break };
                    let objections = compare::objections_between(first, second, LABELS);
                    add_new(&mut warnings, arguments.judging.waived(objections)?);
                    add_new(&mut warnings, first.warnings.clone());
                    add_new(&mut warnings, second.warnings.clone());
                    (clock, name) = (first.clock, first.name.clone());
                    workload_path.clone_from(&second.workload.path);
                    none.insert([compare::Side::new(LABELS[0], first), compare::Side::new(LABELS[1], second)])
                }
            };
            sides[0].add(&a, "");
            sides[1].add(&b, "");
            let round = Round { a: compare::measures(&a, None), b: compare::measures(&b, None) };
            if procedure.rounds() == 0 {
                arguments.judging.check_names(round.a.iter().chain(&round.b).map(|measure| &measure.metric))?;
                round_time = round_begin.elapsed();
            }
            procedure.round(round);
            tell(&progress(&procedure, begin.elapsed()));
            if let Some(budget) = budget {
                let spent = begin.elapsed();
                if procedure.rounds() == 1 {
                    procedure.limit((budget.as_secs_f64() / round_time.as_secs_f64()) as u64);
                }
                if spent >= budget * if procedure.is_confirming() { 2 } else { 1 } {
                    procedure.end();
                }
            }
        }
        procedure.end();
        let Some(mut sides) = sides else {
            return Err(Failure::failed("stopped before both sides had run once; nothing was compared"));
        };
        if stop.is_set() {
            warnings.push("Stopped before its end; what follows is what it saw until then.".to_owned());
        }
        if let (Some(budget), Some(first_look)) = (budget, procedure.first_look())
            && procedure.rounds() < first_look
        {
            let needed = round_time.as_secs_f64() * first_look as f64;
            warnings.push(format!(
                "A round takes {:.1} s, and fewer than {first_look} rounds tell nothing: {} s are too short, --budget {:.0}s is the least.",
                round_time.as_secs_f64(),
                budget.as_secs(),
                (1.2 * needed).ceil()
            ));
        }
        let spent = Spent { clock, at, seconds: begin.elapsed().as_secs_f64(), discarded: discarded.rounds };
        sides.iter_mut().for_each(compare::Side::pack);
        let mut comparison = Comparison::of_turns(&procedure, &name, sides, &spent);
        comparison.warnings = warnings;
        Ok(Turned { comparison, procedure, workload_path })
    }
}

/// What turns came to.
struct Turned {
    comparison: Comparison,
    procedure: Procedure,
    /// The workload file, as side B has it.
    workload_path: String,
}

/// Rounds thrown away, and because of which side.
#[derive(Default)]
struct Discarded {
    rounds: u64,
    at_fault: [u64; 2],
}

impl Discarded {
    /// One more round; says how many there are.
    fn add(&mut self, is_at_fault: [bool; 2]) -> u64 {
        self.rounds += 1;
        for (count, is_at_fault) in self.at_fault.iter_mut().zip(is_at_fault) {
            *count += u64::from(is_at_fault);
        }
        self.rounds
    }

    /// Whether one side is behind nearly all of them: that is a difference between the sides and not the machine.
    fn is_lopsided(&self) -> bool {
        let [a, b] = self.at_fault;
        a.abs_diff(b) > DISCARDED_AT_LEAST
    }
}

/// Where it stands, in a line.
fn progress(procedure: &Procedure, spent: Duration) -> String {
    let seconds = spent.as_secs();
    match procedure.confirming_rounds() {
        _ if !procedure.is_confirming() => {
            format!("round {} of at most {}, {seconds} s", procedure.rounds(), procedure.planned())
        }
        confirming => {
            let first = procedure.rounds() - confirming;
            format!("B seemed worse after {first} rounds; confirming round {confirming}, {seconds} s")
        }
    }
}

fn add_new(known: &mut Vec<String>, more: Vec<String>) {
    for warning in more {
        if !known.contains(&warning) {
            known.push(warning);
        }
    }
}

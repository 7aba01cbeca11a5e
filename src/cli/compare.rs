//! `dyno compare`.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::baseline;
use crate::compare::{self, Recorded, RecordedRules, Verdict};
use crate::record::RunResult;

use super::comparison::{AnswerArguments, JudgingArguments, exit_of};
use super::results::Results;
use super::{CommandResult, Exit, Failure, print};

/// Compare recorded runs: better, worse, same, or cannot tell
///
/// A side is one result.json, or a folder of several: result.json in it or one folder below. Several runs of a side tell how
/// much runs differ by chance; with one run a side that is assumed (--between-runs). Where both sides can be run here, `dyno ab`
/// tells more in less time.
#[derive(Debug, clap::Args)]
pub(super) struct CompareArguments {
    /// The base, and what is compared with it: result.json files, or folders of several; without base where --baseline is given
    #[arg(required = true, value_name = "RESULT")]
    results: Vec<PathBuf>,
    /// Compare with the baseline of this name that was saved on the same machine
    #[arg(long, value_name = "NAME")]
    baseline: Option<String>,
    /// Where baselines are kept
    #[arg(long, value_name = "DIR", default_value = baseline::DEFAULT_FOLDER, requires = "baseline")]
    dir: PathBuf,
    #[command(flatten)]
    judging: JudgingArguments,
    /// Standard deviation from run to run that is assumed where each side is a single run in real time
    #[arg(long, value_name = "PERCENT", default_value = "5%", value_parser = super::demand::parse_share)]
    between_runs: f64,
    #[command(flatten)]
    answer: AnswerArguments,
}

/// Compares every side with the first, and says which are worse.
pub(super) fn compare(arguments: &CompareArguments) -> CommandResult {
    let rules = RecordedRules {
        min_effects: arguments.judging.min_effects()?,
        confidence: arguments.judging.confidence()?,
        between_runs: arguments.between_runs,
    };
    if arguments.baseline.is_none() && arguments.results.len() < 2 {
        return Err(Failure::usage("two sides are compared: name a second result, or --baseline NAME"));
    }
    let mut sides = arguments.results.iter().map(|path| read(path)).collect::<Result<Vec<_>, _>>()?;
    let base = match &arguments.baseline {
        Some(name) => {
            let (_, first) = &sides[0].runs[0];
            let saved = baseline::saved_on_same_machine(&arguments.dir, name, &first.environment);
            let runs = saved.map_err(super::baseline::failure)?.into_iter().map(|path| read_one(&path));
            Recorded { label: format!("baseline {name}"), runs: runs.collect::<Result<_, _>>()? }
        }
        None => sides.remove(0),
    };
    // All of them before the first is answered.
    let warnings: Vec<Vec<String>> =
        sides.iter().map(|new| comparable(&base, new, &arguments.judging)).collect::<Result<_, _>>()?;
    let mut exits = Vec::new();
    for (index, (new, warnings)) in sides.iter().zip(warnings).enumerate() {
        let at = format!("{:.3}", Timestamp::now());
        let Some(mut comparison) = compare::compare(&base, new, &rules, &at) else {
            return Err(Failure::failed(format!("{} and {} share no metric", base.label, new.label)));
        };
        arguments.judging.check_names(comparison.differences.iter().map(|difference| &difference.metric))?;
        comparison.warnings = warnings;
        // Of several, each has a folder of its own below the one that was named.
        let out = arguments.answer.out.as_ref().map(|out| match sides.len() {
            1 => out.clone(),
            _ => out.join((index + 1).to_string()),
        });
        let name = match sides.len() {
            1 => format!("{}-compare", comparison.workload),
            _ => format!("{}-compare-{}", comparison.workload, index + 1),
        };
        let results = Results::prepare(out.as_deref(), &name)?;
        if index > 0 {
            print("\n")?;
        }
        let (_, run) = &new.runs[0];
        arguments.answer.answer_numbered(&comparison, &results, &run.workload.path, index + 1)?;
        exits.push(comparison.verdict);
    }
    let worst = [Verdict::Worse, Verdict::CannotTell].into_iter().find(|verdict| exits.contains(verdict));
    Ok(worst.map_or(Exit::Done, exit_of))
}

/// Whether all runs of both sides may be compared; what was waived, as warnings.
fn comparable(base: &Recorded, new: &Recorded, judging: &JudgingArguments) -> Result<Vec<String>, Failure> {
    let mut objections = Vec::new();
    let (first_path, first) = &base.runs[0];
    for (path, run) in base.runs.iter().chain(&new.runs) {
        objections.extend(compare::objections_to(std::slice::from_ref(run), path));
        objections.extend(compare::objections_between(first, run, [first_path, path]));
    }
    let mut warnings = judging.waived(objections)?;
    for side in [base, new] {
        let (_, first) = &side.runs[0];
        let others = side.runs.iter().skip(1);
        let is_other =
            |(_, run): &&(String, RunResult)| run.target != first.target || run.dyno_version != first.dyno_version;
        if let Some((path, _)) = others.clone().find(is_other) {
            warnings.push(format!(
                "{}: {path} has another target, other settings of it or another dyno than {}; what they differ by counts as noise",
                side.label, side.runs[0].0
            ));
        }
    }
    Ok(warnings)
}

/// One side from a file or a folder.
fn read(path: &Path) -> Result<Recorded, Failure> {
    let label = path.display().to_string();
    if !path.is_dir() {
        return Ok(Recorded { label, runs: vec![read_one(path)?] });
    }
    let found = |folder: &Path| Some(folder.join("result.json")).filter(|path| path.is_file());
    let mut paths: Vec<PathBuf> = found(path).into_iter().collect();
    let entries = fs::read_dir(path).map_err(|error| Failure::usage(format!("{label}: {error}")))?;
    for entry in entries {
        let entry = entry.map_err(|error| Failure::usage(format!("{label}: {error}")))?.path();
        paths.extend(found(&entry));
    }
    if paths.is_empty() {
        return Err(Failure::usage(format!("{label}: no result.json in it, nor one folder below")));
    }
    let mut runs = paths.iter().map(|path| read_one(path)).collect::<Result<Vec<_>, _>>()?;
    runs.sort_by(|(_, one), (_, other)| one.started_at.cmp(&other.started_at));
    Ok(Recorded { label, runs })
}

fn read_one(path: &Path) -> Result<(String, RunResult), Failure> {
    let run = RunResult::read(path).map_err(Failure::usage)?;
    Ok((path.display().to_string(), run))
}

//! What `dyno ab` and `dyno compare` have in common: what matters, what forbids comparing, and where the answer goes.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::ValueEnum;

use crate::compare::{Comparison, Metric, MinEffects, Objection, Reason, Verdict};
use crate::report;

use super::report::style;
use super::results::Results;
use super::{Exit, Failure, Format, print};

/// Options that say what matters.
#[derive(Debug, clap::Args)]
pub(super) struct JudgingArguments {
    /// The smallest difference that matters: 5%, or METRIC=20% for one such as service-p99, read/service-p99, errors (in points)
    #[arg(long, value_name = "[METRIC=]PERCENT")]
    min_effect: Vec<String>,
    /// Confidence that all intervals together hold the true differences
    #[arg(long, value_name = "PERCENT", default_value = "95%", value_parser = super::demand::parse_share)]
    confidence: f64,
    /// Compare in spite of what would forbid it: interrupted, workload, rate, harness, machine
    #[arg(long, value_name = "REASON", value_delimiter = ',')]
    allow: Vec<Reason>,
}

impl JudgingArguments {
    /// The smallest differences that matter.
    pub fn min_effects(&self) -> Result<MinEffects, Failure> {
        let mut effects = MinEffects::default();
        let mut texts = self.min_effect.iter();
        texts
            .try_for_each(|text| effects.add(text))
            .map_err(|error| Failure::usage(format!("--min-effect {error}")))?;
        Ok(effects)
    }

    /// Whether every metric that `--min-effect` names is among these.
    pub fn check_names<'a>(&self, metrics: impl Iterator<Item = &'a Metric>) -> Result<(), Failure> {
        let effects = self.min_effects()?;
        let metrics: Vec<&Metric> = metrics.collect();
        match effects.unmatched(metrics.iter().copied()).first() {
            None => Ok(()),
            Some(name) => {
                let mut known: Vec<String> = metrics.iter().map(|metric| metric.name()).collect();
                known.sort_unstable();
                known.dedup();
                Err(Failure::usage(format!("--min-effect {name}: not measured here; there are {}", known.join(", "))))
            }
        }
    }

    /// The confidence, 0 to 1.
    pub fn confidence(&self) -> Result<f64, Failure> {
        if !(0.5..1.0).contains(&self.confidence) {
            return Err(Failure::usage("--confidence: expected 50% or more, and less than 100%"));
        }
        Ok(self.confidence)
    }

    /// Objections that were waived, as warnings; the others are why nothing is compared.
    pub fn waived(&self, objections: Vec<Objection>) -> Result<Vec<String>, Failure> {
        let (waived, held): (Vec<_>, Vec<_>) =
            objections.into_iter().partition(|objection| self.allow.contains(&objection.reason));
        if held.is_empty() {
            return Ok(waived.into_iter().map(|objection| objection.message).collect());
        }
        let lines: Vec<String> = held.iter().map(ToString::to_string).collect();
        Err(Failure::failed(format!("not comparable:\n  {}", lines.join("\n  "))))
    }
}

/// Options that say where the answer goes.
#[derive(Debug, clap::Args)]
pub(super) struct AnswerArguments {
    /// Folder for comparison.json and comparison.html; reports/NAME-TIME where absent
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Write a JUnit XML file, for the test views of CI systems; of several new sides the second has junit-2.xml, and so on
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Append a summary in GitHub's Markdown to a file, such as "$GITHUB_STEP_SUMMARY"
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
    /// Annotate the workload file: github prints workflow commands, gitlab writes gl-code-quality-report.json
    #[arg(long, value_enum)]
    annotations: Option<Annotations>,
    /// Show every metric, also those without a difference
    #[arg(long)]
    all: bool,
    /// How the answer is printed
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// Whose annotations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Annotations {
    /// GitHub Actions: workflow commands on standard error.
    Github,
    /// GitLab: a Code Quality report in the folder of results.
    Gitlab,
}

impl AnswerArguments {
    /// Whether standard output is read by a program, which wants nothing on standard error either.
    pub fn is_for_programs(&self) -> bool {
        self.format == Format::Json
    }

    /// Writes the answer to all its places and prints it. `workload` is the path that annotations point at.
    pub fn answer(&self, comparison: &Comparison, results: &Results, workload: &str) -> Result<(), Failure> {
        self.answer_numbered(comparison, results, workload, 1)
    }

    /// The same for one of several answers, counted from 1: files that would be overwritten have its number in their names, from
    /// the second on.
    pub fn answer_numbered(
        &self,
        comparison: &Comparison,
        results: &Results,
        workload: &str,
        number: usize,
    ) -> Result<(), Failure> {
        let json = serde_json::to_string(comparison).map_err(Failure::failed)?;
        let code_quality = numbered(Path::new("gl-code-quality-report.json"), number).display().to_string();
        let mut files = vec![("comparison.json", json), ("comparison.html", report::comparison_html(comparison))];
        if self.annotations == Some(Annotations::Gitlab) {
            files.push((&code_quality, report::gitlab_code_quality(comparison, workload)));
        }
        let folder = results.write_files(&comparison.workload, &files)?;
        if let Some(path) = &self.junit {
            write(&numbered(path, number), &report::comparison_junit(comparison), false)?;
        }
        if let Some(path) = &self.markdown {
            write(path, &report::comparison_markdown(comparison), true)?;
        }
        if self.annotations.is_some() && workload.is_empty() {
            let _ = writeln!(
                std::io::stderr(),
                "warning: --annotations: the results name no workload file to point at; there are no entries"
            );
        }
        if self.annotations == Some(Annotations::Github) {
            // GitHub reads both streams; standard output may be for programs.
            let _ = std::io::stderr().write_all(report::github_annotations(comparison, workload).as_bytes());
        }
        match self.format {
            Format::Text => {
                print(&report::comparison_text(comparison, self.all, style()))?;
                print(&format!("report: {}\n", folder.join("comparison.html").display()))
            }
            Format::Json => print(&format!("{}\n", serde_json::to_string_pretty(comparison).map_err(Failure::failed)?)),
        }
    }
}

/// `junit.xml` for the first, `junit-2.xml` for the second.
fn numbered(path: &Path, number: usize) -> PathBuf {
    let Some(stem) = path.file_stem().filter(|_| number > 1) else { return path.to_owned() };
    let mut name = stem.to_owned();
    name.push(format!("-{number}"));
    if let Some(extension) = path.extension() {
        name.push(".");
        name.push(extension);
    }
    path.with_file_name(name)
}

fn write(path: &Path, text: &str, append: bool) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::failed(format!("{}: {error}", path.display()));
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    if !append {
        return fs::write(path, text).map_err(failed);
    }
    let file = fs::OpenOptions::new().create(true).append(true).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes())).map_err(failed)
}

/// How a command ends that judged.
pub(super) fn exit_of(verdict: Verdict) -> Exit {
    match verdict {
        Verdict::Same | Verdict::Better => Exit::Done,
        Verdict::Worse => Exit::ThresholdFailed,
        Verdict::CannotTell => Exit::CannotTell,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_several_answers_have_names_of_their_own() {
        let cases = [
            ("ci/junit.xml", 1, "ci/junit.xml"),
            ("ci/junit.xml", 2, "ci/junit-2.xml"),
            ("a.b/junit", 10, "a.b/junit-10"),
            ("junit.1.xml", 3, "junit.1-3.xml"),
        ];
        for (path, number, name) in cases {
            assert_eq!(numbered(Path::new(path), number), Path::new(name));
        }
    }
}

//! The binary as a user meets it: `dyno` as a process of its own, in a folder of its own.
#![allow(dead_code, reason = "what the network target's tests use is not built without it")]

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use dynamometer::record::{Counts, OutcomeKind, RunResult};
use serde_json::Value;
use tempfile::TempDir;

/// No command of these tests takes nearly as long; one that hangs is killed.
const ENDS_WITHIN: Duration = Duration::from_secs(120);

/// A folder to run `dyno` in, gone with the test.
pub struct Desk {
    folder: TempDir,
}

impl Desk {
    pub fn new() -> Self {
        Desk { folder: tempfile::tempdir().expect("a folder for the test") }
    }

    /// A desk with the workload `text` on it, called `test.toml`.
    pub fn with(text: &str) -> Self {
        let desk = Desk::new();
        desk.write("test.toml", text);
        desk
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).expect("the test's folder takes a file");
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub fn result(&self, name: &str) -> RunResult {
        read_result(&self.path(name))
    }

    /// Runs `dyno` to its end.
    pub fn dyno(&self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Ended {
        let output = assert_cmd::Command::new(assert_cmd::cargo::cargo_bin!("dyno"))
            .current_dir(self.folder.path())
            .args(arguments)
            .timeout(ENDS_WITHIN)
            .output()
            .expect("dyno starts");
        Ended::from(output)
    }

    /// Runs `test.toml` into the folder `out`, where the result is read.
    pub fn run(&self, arguments: &[&str]) -> (Ended, RunResult) {
        let ended = self.dyno(["run", "test.toml", "--out", "out"].iter().chain(arguments));
        assert!(self.path("out/result.json").exists(), "{ended:?}");
        assert!(self.read("out/report.html").ends_with("</html>\n"));
        let result = self.result("out/result.json");
        assert_balanced(&result);
        (ended, result)
    }

    /// Starts `dyno` and comes back.
    pub fn start(&self, arguments: &[&str]) -> Running {
        let child = Command::new(assert_cmd::cargo::cargo_bin!("dyno"))
            .current_dir(self.folder.path())
            .env("TMPDIR", self.folder.path())
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        Running { child: child.expect("dyno starts") }
    }
}

pub fn read_result(path: &Path) -> RunResult {
    RunResult::read(path).unwrap_or_else(|error| panic!("{error}"))
}

/// A `dyno` that has not ended.
pub struct Running {
    child: Child,
}

impl Running {
    /// Sends the signal of this name, such as INT.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([format!("-{name}"), self.child.id().to_string()]).status();
        assert!(sent.is_ok_and(|status| status.success()), "dyno ended before it was told to");
    }

    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("the state of a child").is_some()
    }

    /// Waits for the end.
    pub fn end(mut self) -> Ended {
        let started = Instant::now();
        while !self.has_ended() {
            if started.elapsed() > ENDS_WITHIN {
                let _ = self.child.kill();
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ended::from(self.child.wait_with_output().expect("the output of a child"))
    }
}

/// How `dyno` ended and what it wrote.
#[derive(Debug)]
pub struct Ended {
    /// The exit code; −1 where a signal ended it.
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl From<std::process::Output> for Ended {
    fn from(output: std::process::Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("dyno writes UTF-8");
        Ended { code: output.status.code().unwrap_or(-1), stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}

impl Ended {
    /// Fails the test with all that was written where the exit code is another.
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self:#?}");
        self
    }

    /// Fails the test where standard error lacks one of these.
    #[track_caller]
    pub fn says(self, parts: &[&str]) -> Self {
        for part in parts {
            assert!(self.stderr.contains(part), "`{part}` is missing in:\n{}", self.stderr);
        }
        self
    }

    /// Fails the test where standard output lacks one of these.
    #[track_caller]
    pub fn shows(self, parts: &[&str]) -> Self {
        for part in parts {
            assert!(self.stdout.contains(part), "`{part}` is missing in:\n{}", self.stdout);
        }
        self
    }

    /// Standard output as one JSON document and nothing else.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error} in:\n{}", self.stdout))
    }
}

/// Waits until something holds, for as long as it takes within reason.
#[track_caller]
pub fn wait_for(what: &str, mut holds: impl FnMut() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < ENDS_WITHIN, "still waiting for {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// All operations of a run, warm-ups included.
pub fn total(result: &RunResult) -> Counts {
    let mut counts = Counts::default();
    result.totals.iter().for_each(|totals| counts.add(&totals.counts));
    counts
}

/// The accounting identity, in sum, for every operation and phase, and over the intervals; latencies are those of the counts.
#[track_caller]
pub fn assert_balanced(result: &RunResult) {
    let mut over_time = Counts::default();
    for operation in result.series.points.iter().flat_map(|point| &point.operations) {
        assert!(operation.counts.is_balanced(), "{:?}", operation.counts);
        over_time.add(&operation.counts);
    }
    for totals in &result.totals {
        assert!(totals.counts.is_balanced(), "{:?}", totals.counts);
        for latencies in &totals.latencies {
            let counted = match latencies.outcome {
                OutcomeKind::Succeeded => totals.counts.succeeded,
                OutcomeKind::ConditionFailed => totals.counts.condition_failed,
                OutcomeKind::Throttled => totals.counts.throttled,
                OutcomeKind::Failed => totals.counts.failed,
                OutcomeKind::TimedOut => totals.counts.timed_out,
            };
            assert_eq!(latencies.response.count(), counted, "{:?}", latencies.outcome);
        }
    }
    assert_eq!(total(result), over_time, "totals and intervals agree");
    let throttled: u64 = result.throttles.iter().map(|throttle| throttle.count).sum();
    assert_eq!(over_time.throttled_attempts, throttled, "every throttled attempt has its reason");
}

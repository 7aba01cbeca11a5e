//! `ci-examples/`: what CI would run of them is run here, in a repository of its own, with variables standing in for the platform's.

#[path = "../../src/import/yaml.rs"]
#[allow(dead_code, reason = "places of mistakes are not asked for")]
mod yaml;

use std::env;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use super::dyno::Ended;

const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/ci-examples");

/// A repository with two commits, the first one known as `origin/main`, and the programs of the examples.
struct Repository {
    folder: TempDir,
}

impl Repository {
    fn new() -> Self {
        let repository = Repository { folder: tempfile::tempdir().unwrap() };
        for file in ["perf/run", "perf/workload.toml"] {
            let to = repository.path(file);
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::copy(Path::new(EXAMPLES).join(file), to).unwrap();
        }
        // As long as it takes to see that it works.
        let workload = fs::read_to_string(repository.path("perf/workload.toml")).unwrap();
        let quick = workload.replace("200ms", "50ms").replace("800ms", "300ms").replace("10_000", "500");
        assert_ne!(quick, workload);
        fs::write(repository.path("perf/workload.toml"), quick).unwrap();
        let git = "git init --quiet --initial-branch=main . && git add . && git commit --quiet --message base &&
            git update-ref refs/remotes/origin/main HEAD && git commit --quiet --allow-empty --message change";
        repository.bash(git, &[]).expect(0);
        repository
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Puts a `dyno` on the path that writes a summary and ends with this code, whatever it is told.
    fn with_stub(self, code: i32) -> Self {
        fs::create_dir(self.path("bin")).unwrap();
        let stub = format!(
            "#!/bin/sh\necho \"$@\" >> calls\n[ \"$1\" = run ] || [ \"$2\" != show ] || exit ${{SHOW_CODE:-0}}\n\
             case \"$1\" in ab|compare)\n\
             mkdir -p comparison; echo told > comparison/summary.md; exit {code};; esac\n"
        );
        fs::write(self.path("bin/dyno"), stub).unwrap();
        fs::set_permissions(self.path("bin/dyno"), fs::Permissions::from_mode(0o755)).unwrap();
        self
    }

    /// What stub `dyno`s were told.
    fn calls(&self) -> String {
        fs::read_to_string(self.path("calls")).unwrap_or_default()
    }

    /// Runs a script as CI would, with the built `dyno` on the path unless there is a stub.
    fn bash(&self, script: &str, variables: &[(&str, &str)]) -> Ended {
        let dyno = PathBuf::from(assert_cmd::cargo::cargo_bin!("dyno"));
        let paths = [self.path("bin"), dyno.parent().unwrap().to_owned()];
        let inherited = env::var_os("PATH").unwrap();
        let paths = paths.into_iter().chain(env::split_paths(&inherited));
        let output = Command::new("bash")
            .args(["--noprofile", "--norc", "-e", "-o", "pipefail", "-c", script])
            .current_dir(self.folder.path())
            .env("PATH", env::join_paths(paths).unwrap())
            .env("HOME", self.folder.path())
            .envs([("GIT_AUTHOR_NAME", "a"), ("GIT_AUTHOR_EMAIL", "a@example.com")])
            .envs([("GIT_COMMITTER_NAME", "a"), ("GIT_COMMITTER_EMAIL", "a@example.com")])
            .envs([("GIT_CONFIG_GLOBAL", "/dev/null"), ("GIT_CONFIG_NOSYSTEM", "1")])
            .env_remove("DYNO_REPOSITORY")
            .envs(variables.iter().copied())
            .output();
        Ended::from(output.unwrap())
    }
}

fn example(name: &str) -> Value {
    yaml::read(&fs::read_to_string(Path::new(EXAMPLES).join(name)).unwrap()).unwrap()
}

/// The scripts of a list, or the one script.
fn scripts(value: &Value) -> Vec<String> {
    match value {
        Value::Array(scripts) => scripts.iter().map(|script| script.as_str().unwrap().to_owned()).collect(),
        other => vec![other.as_str().unwrap().to_owned()],
    }
}

/// Less patience than CI has.
fn hurried(script: &str) -> String {
    script.replace("--budget 10m", "--rounds 2 --budget 20s").replace("--duration 2m", "--duration 500ms")
}

/// Runs the steps of a job until one fails, as GitHub does. Actions of the platform are left out; what they would restore is not
/// there on the first run either.
fn github(repository: &Repository, job: &str, more: &[(&str, &str)]) -> Ended {
    let file = example("github-actions.yml");
    let steps = file["jobs"][job]["steps"].as_array().unwrap();
    let summary = repository.path("step-summary.md");
    let given =
        [("GITHUB_BASE_REF", "main"), ("GITHUB_STEP_SUMMARY", summary.to_str().unwrap()), ("GITHUB_RUN_NUMBER", "3")];
    let variables = [&given, more].concat();
    let mut all = Ended { code: 0, stdout: String::new(), stderr: String::new() };
    for step in steps {
        let Some(script) = step["run"].as_str() else {
            let action = step["uses"].as_str().unwrap();
            assert!(action.starts_with("actions/") && action.contains("@v"), "{action}");
            continue;
        };
        assert!(!script.contains("${{"), "a script that only the platform can fill in: {script}");
        let ended = repository.bash(&hurried(script), &variables);
        all.stdout += &ended.stdout;
        all.stderr += &ended.stderr;
        if ended.code != 0 {
            return Ended { code: ended.code, ..all };
        }
    }
    all
}

/// Runs the scripts of a job in one shell, as GitLab does.
fn gitlab(repository: &Repository, job: &str, more: &[(&str, &str)]) -> Ended {
    let file = example("gitlab-ci.yml");
    let base = &file[file[job]["extends"].as_str().unwrap()];
    let lines = [scripts(&base["before_script"]), scripts(&file[job]["script"])].concat();
    let home = repository.path(".cargo");
    let head = repository.bash("git rev-parse origin/main", &[]).expect(0).stdout;
    let home = home.to_str().unwrap();
    let given = [("CARGO_HOME", home), ("CI_MERGE_REQUEST_DIFF_BASE_SHA", head.trim()), ("CI_PIPELINE_IID", "3")];
    let variables = [&given, more].concat();
    repository.bash(&hurried(&lines.join("\n")), &variables)
}

/// The two builds are the same here: never worse, and with so few rounds hardly told.
fn assert_compared(repository: &Repository) {
    for file in ["comparison.json", "comparison.html", "junit.xml", "summary.md"] {
        let text = fs::read_to_string(repository.path("comparison").join(file)).unwrap_or_default();
        assert!(!text.is_empty(), "comparison/{file} is missing or empty");
    }
}

#[test]
fn the_pull_request_job_for_github_compares_the_two_trees() {
    let repository = Repository::new();
    let ended = github(&repository, "pull-request", &[]).expect(0);
    assert!(ended.stdout.contains("dyno"), "{ended:?}");
    assert_compared(&repository);
    assert!(repository.path("base/perf/run").exists());
    let summary = fs::read_to_string(repository.path("step-summary.md")).unwrap();
    assert_eq!(summary, fs::read_to_string(repository.path("comparison/summary.md")).unwrap());
}

#[test]
fn the_merge_request_job_for_gitlab_compares_the_two_trees() {
    let repository = Repository::new();
    let ended = gitlab(&repository, "performance:merge-request", &[]);
    assert!([0, 4].contains(&ended.code), "{ended:#?}");
    assert_compared(&repository);
}

type Platform = fn(&Repository, &str, &[(&str, &str)]) -> Ended;
const NIGHTLY: [(Platform, &str); 2] = [(github, "nightly"), (gitlab, "performance:nightly")];

/// A repository after a first night. On a machine that is too busy to measure on, nights are tried again.
fn first_night(platform: Platform, job: &str) -> Repository {
    for _ in 0..5 {
        let repository = Repository::new();
        let ended = platform(&repository, job, &[]);
        if ended.code == 0 {
            return repository;
        }
        let is_busy = ["the bottleneck", "nothing was measured"].iter().any(|reason| ended.stderr.contains(reason));
        assert!(is_busy, "{ended:#?}");
    }
    panic!("nothing can be measured on this machine");
}

fn saved_runs(repository: &Repository) -> u64 {
    let list = repository.bash("dyno baseline list --format json", &[]).expect(0).json();
    list["baselines"][0]["runs"].as_u64().unwrap()
}

#[test]
fn the_first_nightly_job_has_nothing_to_compare_with_and_saves_a_baseline() {
    for (platform, job) in NIGHTLY {
        let repository = first_night(platform, job);
        assert!(!repository.path("comparison").exists());
        assert_eq!(saved_runs(&repository), 1);
    }
}

#[test]
fn later_nightly_jobs_compare_with_the_baseline() {
    for (platform, job) in NIGHTLY {
        let repository = first_night(platform, job);
        let ended = platform(&repository, job, &[]);
        assert_compared(&repository);
        // One short run a night on a busy machine may differ by anything; what counts is what is made of it.
        match ended.code {
            0 | 4 => assert_eq!(saved_runs(&repository), 2, "{ended:#?}"),
            code => assert_eq!((code, saved_runs(&repository)), (1, 1), "{ended:#?}"),
        }
    }
}

#[test]
fn worse_fails_and_cannot_tell_is_a_warning() {
    for code in 0..=4 {
        let repository = Repository::new().with_stub(code);
        let ended = github(&repository, "pull-request", &[]).expect(if code == 4 { 0 } else { code });
        assert_eq!(ended.stdout.contains("::warning::"), code == 4, "{ended:?}");
        assert_eq!(fs::read_to_string(repository.path("step-summary.md")).unwrap(), "told\n");
        let saved = |repository: &Repository| repository.calls().contains("baseline save");

        let repository = Repository::new().with_stub(code);
        let ended = github(&repository, "nightly", &[]).expect(if code == 4 { 0 } else { code });
        assert_eq!(ended.stdout.contains("::warning::"), code == 4, "{ended:?}");
        assert_eq!(saved(&repository), [0, 4].contains(&code), "{}", repository.calls());

        // GitLab itself makes a warning of exit code 4.
        for job in ["performance:merge-request", "performance:nightly"] {
            assert_eq!(example("gitlab-ci.yml")[job]["allow_failure"]["exit_codes"], 4);
            let repository = Repository::new().with_stub(code);
            gitlab(&repository, job, &[]).expect(code);
            assert_eq!(
                saved(&repository),
                job.ends_with("nightly") && [0, 4].contains(&code),
                "{}",
                repository.calls()
            );
        }
    }
}

/// What the base has in `perf/` does not matter, and each side runs in its own tree.
#[test]
fn both_sides_run_the_new_workload_each_in_its_own_tree() {
    for (platform, job) in [(github as Platform, "pull-request"), (gitlab, "performance:merge-request")] {
        let repository = Repository::new().with_stub(0);
        let base = "echo 'exit 9' > perf/run && echo old > perf/workload.toml && echo gone > perf/gone && git add perf &&
            git commit --quiet -m other && git update-ref refs/remotes/origin/main HEAD && git checkout --quiet HEAD^ perf &&
            git rm --quiet -f perf/gone && git commit --quiet -m back";
        repository.bash(base, &[]).expect(0);
        // A workspace that is kept has the tree of the job before, or knows of it.
        for before in ["true", "true", "rm -rf base"] {
            repository.bash(before, &[]).expect(0);
            platform(&repository, job, &[]).expect(0);
            repository.bash("diff -r perf base/perf", &[]).expect(0);
        }
        let asked = "--a-command base/perf/run {out} {seed} --b-command perf/run {out} {seed} --min-effect";
        let calls = repository.calls();
        assert_eq!(calls.matches(asked).count(), 3, "{calls}");
        // The commands themselves, with a dyno that tells where it is.
        fs::write(repository.path("bin/dyno"), "#!/bin/sh\npwd > \"$6/where\"\necho \"$@\" > \"$6/told\"\n").unwrap();
        repository.bash("base/perf/run out/a 7 && perf/run out/b 7 --duration 2m", &[]).expect(0);
        let root = repository.folder.path().canonicalize().unwrap();
        for (side, tree, more) in [("a", root.join("base"), ""), ("b", root.clone(), " --duration 2m")] {
            let told = |file: &str| fs::read_to_string(root.join("out").join(side).join(file)).unwrap();
            assert_eq!(Path::new(told("where").trim()), tree);
            let out = root.join("out").join(side);
            assert_eq!(told("told"), format!("run perf/workload.toml --seed 7 --out {}{more}\n", out.display()));
        }
    }
}

#[test]
fn a_night_is_one_run_and_can_be_accepted_in_place_of_all_earlier_ones() {
    for (platform, job) in NIGHTLY {
        let repository = Repository::new().with_stub(1);
        let told = |line: &str| repository.calls().lines().filter(|call| call.starts_with(line)).count();
        platform(&repository, job, &[]).expect(1);
        assert_eq!((told("run "), told("compare "), told("baseline save ")), (1, 1, 0));
        platform(&repository, job, &[("DYNO_ACCEPT", "true")]).expect(0);
        assert_eq!((told("run "), told("compare ")), (2, 1));
        assert!(
            repository.calls().ends_with("baseline save nightly/result.json --replace\n"),
            "{}",
            repository.calls()
        );
    }
}

#[test]
fn only_a_baseline_that_is_not_there_is_no_failure() {
    for (platform, job) in NIGHTLY {
        for (code, ends) in [(2, 0), (3, 3), (1, 1)] {
            let repository = Repository::new().with_stub(0);
            platform(&repository, job, &[("SHOW_CODE", &code.to_string())]).expect(ends);
            let calls = repository.calls();
            assert!(!calls.contains("compare"), "{calls}");
            assert_eq!(calls.contains("baseline save"), ends == 0, "{calls}");
        }
    }
}

#[test]
fn without_dyno_and_its_address_the_jobs_say_what_is_missing() {
    let repository = Repository::new();
    for step in example("github-actions.yml")["jobs"]["nightly"]["steps"].as_array().unwrap() {
        if step["name"] == "Install dyno" {
            let script = step["run"].as_str().unwrap().replace("command -v dyno", "command -v dyno-that-is-not-there");
            repository.bash(&script, &[]).expect(1).says(&["DYNO_REPOSITORY", "is not set"]);
            return;
        }
    }
    panic!("no step installs dyno");
}

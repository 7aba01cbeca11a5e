//! `.ci/ab`, with a `cargo` that builds nothing: what is compared with what, and what blocks.

use std::env;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::dyno::Ended;

/// Builds a `dyno` that notes what it is told and ends with `$CODE`, with `$RUN_CODE` where it is to run; refuses to build the base where `$BROKEN` is set.
const CARGO: &str = r#"#!/bin/bash
while [ $# -gt 0 ]; do [ "$1" = --manifest-path ] && manifest=$2; shift; done
echo "cargo $manifest" >> calls
if [ -n "${BROKEN:-}" ] && [[ $manifest == *base* ]]; then exit 101; fi
mkdir -p "$CARGO_TARGET_DIR/release"
printf '#!/bin/bash\necho "dyno $*" >> calls\n[ "$1" = ab ] || exit ${RUN_CODE:-0}\nexit ${CODE:-0}\n' > "$CARGO_TARGET_DIR/release/dyno"
chmod +x "$CARGO_TARGET_DIR/release/dyno"
"#;

/// A repository of two commits, the first one landed.
struct Repository {
    folder: TempDir,
}

impl Repository {
    fn new() -> Self {
        let repository = Repository { folder: tempfile::tempdir().unwrap() };
        for (file, text) in [
            (".ci/ab", fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(".ci/ab")).unwrap()),
            ("bin/cargo", CARGO.to_owned()),
            ("src/main.rs", "one".to_owned()),
            ("Cargo.toml", String::new()),
            ("Cargo.lock", String::new()),
            (".gitignore", "target\nbin\ncalls\n".to_owned()),
        ] {
            let path = repository.path(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        repository.bash("git init --quiet && git add . && git commit --quiet -m landed").expect(0);
        repository.bash("git update-ref refs/remotes/origin/main HEAD; echo two > src/main.rs").expect(0);
        repository.bash("git commit --quiet -am change").expect(0);
        repository
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs a script; `.ci/ab` among others.
    fn bash(&self, script: &str) -> Ended {
        let inherited = env::var_os("PATH").unwrap();
        let paths = [self.path("bin")].into_iter().chain(env::split_paths(&inherited));
        let output = Command::new("bash")
            .args(["-c", script])
            .current_dir(self.folder.path())
            .env("PATH", env::join_paths(paths).unwrap())
            .env_remove("DYNO_BASE")
            .envs([("GIT_AUTHOR_NAME", "a"), ("GIT_AUTHOR_EMAIL", "a@example.com")])
            .envs([("GIT_COMMITTER_NAME", "a"), ("GIT_COMMITTER_EMAIL", "a@example.com")])
            .envs([("GIT_CONFIG_GLOBAL", "/dev/null"), ("GIT_CONFIG_NOSYSTEM", "1")])
            .output();
        Ended::from(output.unwrap())
    }

    /// What was built and run since it was asked last, as it was told.
    fn whole_calls(&self) -> Vec<String> {
        let text = fs::read_to_string(self.path("calls")).unwrap_or_default();
        let _ = fs::remove_file(self.path("calls"));
        text.lines().map(str::to_owned).collect()
    }

    /// The first two words of each.
    fn calls(&self) -> Vec<String> {
        let calls = self.whole_calls();
        calls.iter().map(|line| line.split(' ').take(2).collect::<Vec<_>>().join(" ")).collect()
    }
}

#[test]
fn the_landed_build_is_made_once_and_compared_with_the_new_one() {
    let repository = Repository::new();
    let ended = repository.bash(".ci/ab").expect(0);
    assert!(ended.stdout.contains("landed"), "{ended:?}");
    assert_eq!(repository.calls(), ["cargo target/ab/base/Cargo.toml", "cargo ./Cargo.toml", "dyno run", "dyno ab"]);
    assert_eq!(fs::read_to_string(repository.path("target/ab/base/src/main.rs")).unwrap(), "one");
    repository.bash(".ci/ab").expect(0);
    assert_eq!(repository.calls(), ["cargo ./Cargo.toml", "dyno run", "dyno ab"]);
}

#[test]
fn the_landed_build_is_the_base_and_the_new_one_is_judged() {
    let repository = Repository::new();
    repository.bash(".ci/ab").expect(0);
    let calls = repository.whole_calls();
    assert_eq!(
        calls[2..],
        [
            "dyno run benches/workloads/gate.toml --out target/ab/first",
            "dyno ab --min-effect 10% --budget 30s --out target/ab/comparison \
             --a-command target/ab/base-dyno run benches/workloads/gate.toml --out {out} --seed {seed} \
             --b-command target/ab/new-dyno run benches/workloads/gate.toml --out {out} --seed {seed}"
        ]
    );
}

#[test]
fn a_new_build_that_cannot_run_the_workload_fails() {
    let repository = Repository::new();
    repository.bash("RUN_CODE=3 CODE=3 .ci/ab").expect(3);
    assert_eq!(repository.calls().last().map(String::as_str), Some("dyno run"));
}

#[test]
fn what_has_landed_meanwhile_is_not_held_against_a_change() {
    let repository = Repository::new();
    let landed =
        "git checkout --quiet -b landing HEAD^ && echo faster > src/main.rs && git commit --quiet -am faster &&
        git update-ref refs/remotes/origin/main HEAD && git checkout --quiet -";
    repository.bash(landed).expect(0);
    let ended = repository.bash(".ci/ab").expect(0);
    assert!(ended.stdout.contains("landed") && !ended.stdout.contains("faster"), "{ended:?}");
    assert_eq!(fs::read_to_string(repository.path("target/ab/base/src/main.rs")).unwrap(), "one");
}

#[test]
fn only_worse_blocks_unless_a_commit_says_why() {
    let repository = Repository::new();
    for (code, blocks) in [(0, 0), (1, 1), (2, 2), (3, 0), (4, 0)] {
        repository.bash(&format!("CODE={code} .ci/ab")).expect(blocks);
    }
    repository.bash("CODE=1 .ci/ab").expect(1).says(&["Slower: reason"]);
    repository.bash("git commit --quiet --allow-empty -m 'More' -m 'Slower: it does more now'").expect(0);
    let ended = repository.bash("CODE=1 .ci/ab").expect(0);
    assert!(ended.stdout.contains("slower, as intended: it does more now"), "{ended:?}");
}

#[test]
fn what_cannot_be_compared_is_said_and_blocks_nothing() {
    let repository = Repository::new();
    let skipped = |script: &str, why: &str| {
        let ended = repository.bash(script).expect(0);
        assert!(ended.stdout.contains("no comparison") && ended.stdout.contains(why), "{script}: {ended:?}");
        assert!(!repository.calls().contains(&"dyno ab".to_owned()), "{script}");
    };
    skipped("BROKEN=1 .ci/ab", "does not build");
    skipped("DYNO_BASE=nonsense .ci/ab", "DYNO_BASE=nonsense is no commit");
    skipped("DYNO_BASE=HEAD .ci/ab", "nothing that is built has changed");
    // A commit that has landed itself is compared with its parent, changes at hand with the commit they are made to.
    repository.bash("git update-ref refs/remotes/origin/main HEAD && .ci/ab").expect(0);
    assert_eq!(repository.calls().last().map(String::as_str), Some("dyno ab"));
    repository.bash("echo three > src/main.rs && .ci/ab").expect(0);
    assert_eq!(fs::read_to_string(repository.path("target/ab/base/src/main.rs")).unwrap(), "two\n");
    repository.calls();
    let alone = "git checkout --quiet --orphan alone && git commit --quiet -am alone &&
        git update-ref -d refs/remotes/origin/main; .ci/ab";
    skipped(alone, "no other commit");
    skipped("rm -rf .git; GIT_CEILING_DIRECTORIES=$PWD .ci/ab", "no git repository");
}

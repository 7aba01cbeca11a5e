//! What must be equal of two machines for times measured on them to be comparable.

use std::fmt;

use serde::Serialize;
use xxhash_rust::xxh3::xxh3_64;

use crate::record::Environment;

const GIB: u64 = 1 << 30;

/// A kind of machine: two with the same processor, as many cores, as much memory and the same system are one kind.
///
/// Of the kernel's version the first two numbers count, so that a patch is no new machine. Memory counts in whole GiB, rounded
/// up: systems tell a little less than is installed, and not always equally much less. A simulated run belongs to no machine: its
/// record names none, wherever it was made.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Machine {
    /// Processor model.
    pub cpu: String,
    /// Processors available to the process.
    pub cores: usize,
    /// Memory in GiB, rounded up.
    pub memory_gib: u64,
    /// Operating system, the first two numbers of its kernel's version, and architecture.
    pub system: String,
}

impl Machine {
    /// The kind of machine that a record's environment tells of.
    pub fn of(environment: &Environment) -> Self {
        Machine {
            cpu: environment.cpu.split_whitespace().collect::<Vec<_>>().join(" "),
            cores: environment.cores,
            memory_gib: environment.memory_bytes.div_ceil(GIB),
            system: environment.os.split_whitespace().map(without_patch_level).collect::<Vec<_>>().join(" "),
        }
    }

    /// Whether it is none: a simulated run's.
    pub fn is_none(&self) -> bool {
        self.cpu.is_empty() && self.system.is_empty() && self.cores == 0
    }

    /// How another machine differs in what timings depend on; `None` where both are of one kind, or both are none.
    pub fn difference(&self, other: &Machine) -> Option<String> {
        if self == other {
            return None;
        }
        Some(if self.is_none() || other.is_none() {
            format!("{self} and {other}")
        } else if self.cpu != other.cpu {
            format!("processor {} and {}", self.cpu, other.cpu)
        } else if self.cores != other.cores {
            format!("{} and {} processors", self.cores, other.cores)
        } else if self.memory_gib != other.memory_gib {
            format!("{} and {} GiB of memory", self.memory_gib, other.memory_gib)
        } else {
            format!("{} and {}", self.system, other.system)
        })
    }

    /// Eight hexadecimal digits that are the same for machines of one kind.
    pub fn fingerprint(&self) -> String {
        let Machine { cpu, cores, memory_gib, system } = self;
        let text = format!("{cpu}\n{cores}\n{memory_gib}\n{system}");
        format!("{:08x}", xxh3_64(text.as_bytes()) >> 32)
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Machine { cpu, cores, memory_gib, system } = self;
        if self.is_none() {
            return f.write_str("simulated, no machine");
        }
        let plural = if *cores == 1 { "" } else { "s" };
        write!(f, "{cpu}, {cores} core{plural}, {memory_gib} GiB, {system}")
    }
}

/// `6.1` of `6.1.0-44-cloud-amd64`; what is no version is left as it is.
fn without_patch_level(word: &str) -> &str {
    let is_version = word.starts_with(|letter: char| letter.is_ascii_digit()) && word.contains('.');
    let Some((dot, _)) = word.match_indices('.').next() else { return word };
    let minor = word[dot + 1..].find(|letter: char| !letter.is_ascii_digit());
    match minor {
        Some(digits) if is_version => &word[..dot + 1 + digits],
        _ => word,
    }
}

/// How two machines differ in what timings depend on; `None` where they do not, as of two simulated runs.
pub fn other_machine(base: &Environment, new: &Environment) -> Option<String> {
    Machine::of(base).difference(&Machine::of(new))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment() -> Environment {
        Environment {
            os: "linux 6.1.0-44-cloud-amd64 x86_64".into(),
            cpu: "Intel(R) Xeon(R) CPU @ 2.20GHz".into(),
            cores: 2,
            memory_bytes: 8_331_010_048,
            command: vec!["dyno".into(), "run".into()],
        }
    }

    #[test]
    fn a_machine_reads_well() {
        let machine = Machine::of(&environment());
        assert_eq!(machine.to_string(), "Intel(R) Xeon(R) CPU @ 2.20GHz, 2 cores, 8 GiB, linux 6.1 x86_64");
        assert_eq!(machine.fingerprint().len(), 8);
    }

    #[test]
    fn a_patched_kernel_a_little_less_memory_and_another_command_are_the_same_machine() {
        let known = Machine::of(&environment());
        let same = [
            Environment { os: "linux 6.1.99-1-cloud-amd64 x86_64".into(), ..environment() },
            Environment { os: "linux 6.1 x86_64".into(), ..environment() },
            Environment { memory_bytes: environment().memory_bytes - 40_000_000, ..environment() },
            Environment { command: Vec::new(), ..environment() },
            Environment { cpu: "Intel(R) Xeon(R)  CPU @ 2.20GHz ".into(), ..environment() },
        ];
        for environment in same {
            assert_eq!(Machine::of(&environment), known, "{environment:?}");
            assert_eq!(Machine::of(&environment).fingerprint(), known.fingerprint());
        }
    }

    #[test]
    fn another_processor_count_memory_kernel_or_architecture_is_another_machine() {
        let known = Machine::of(&environment());
        let other = [
            Environment { cpu: "AMD EPYC 7763 64-Core Processor".into(), ..environment() },
            Environment { cores: 4, ..environment() },
            Environment { memory_bytes: 16 * GIB - 300_000_000, ..environment() },
            Environment { os: "linux 6.12.0-44-cloud-amd64 x86_64".into(), ..environment() },
            Environment { os: "linux 6.1.0-44-cloud-arm64 aarch64".into(), ..environment() },
        ];
        for environment in other {
            assert_ne!(Machine::of(&environment), known, "{environment:?}");
            assert_ne!(Machine::of(&environment).fingerprint(), known.fingerprint());
        }
    }
}

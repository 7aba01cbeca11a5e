//! The machine a run took place on.

use std::env;
use std::fs;
use std::thread;

use crate::record::Environment;

/// Describes this machine and this process. What the system does not tell is empty or zero.
pub fn environment() -> Environment {
    Environment {
        os: operating_system(),
        cpu: field("/proc/cpuinfo", "model name").unwrap_or_else(|| env::consts::ARCH.to_owned()),
        cores: thread::available_parallelism().map_or(1, |cores| cores.get()),
        memory_bytes: memory_bytes(),
        command: env::args().collect(),
    }
}

/// Processor time of this process so far, in seconds; `None` where the system does not tell.
pub(super) fn process_cpu_seconds() -> Option<f64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // The second field, the name, may hold spaces; it ends with the last parenthesis.
    let after_name = stat.rsplit_once(')')?.1;
    let mut fields = after_name.split_ascii_whitespace().skip(11);
    let ticks: u64 = fields.next()?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?;
    // Linux counts in USER_HZ, which is 100 on every architecture that Rust's std supports.
    Some(ticks as f64 / 100.0)
}

fn operating_system() -> String {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!("{} {} {}", env::consts::OS, release.trim(), env::consts::ARCH).replace("  ", " ")
}

fn memory_bytes() -> u64 {
    let total = field("/proc/meminfo", "MemTotal").unwrap_or_default();
    let kibibytes: u64 = total.trim_end_matches("kB").trim().parse().unwrap_or(0);
    kibibytes * 1024
}

/// The value of the first line `name : value` of a file.
fn field(path: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    text.lines().find_map(|line| {
        let (known, value) = line.split_once(':')?;
        (known.trim() == name).then(|| value.trim().to_owned())
    })
}

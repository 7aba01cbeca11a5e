//! What a table is billed for besides capacity.

/// What a table is billed for besides capacity. Nothing of it changes what a run does.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Billing {
    /// GB (of 1,024³ bytes) that the table and its indexes store on average, where it is given instead of worked out.
    pub storage_gb: Option<f64>,
    /// Whether point-in-time recovery is on.
    pub point_in_time_recovery: bool,
    /// GB of on-demand backups kept on average.
    pub backup_gb: f64,
    /// GB restored in a month.
    pub restore_gb_per_month: f64,
    /// How the table's stream is read, if it is.
    pub stream: Option<StreamReads>,
    /// Regions with a replica of the table.
    pub replicas: Vec<String>,
}

/// How a table's stream is read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum StreamReads {
    /// Every change once by each of so many consumers.
    Consumers(u32),
    /// So many calls of GetRecords in an hour.
    PerHour(f64),
}

/// Whether a text is of the form of the name of a region: `eu-west-1` and `us-gov-east-1`.
pub fn is_region(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let Some((number, names)) = parts.split_last() else { return false };
    let is_name = |part: &&str| !part.is_empty() && part.bytes().all(|letter| letter.is_ascii_lowercase());
    names.len() >= 2
        && names.iter().all(is_name)
        && !number.is_empty()
        && number.len() <= 2
        && number.bytes().all(|digit| digit.is_ascii_digit())
}

//! Demand out of what was consumed in the past.

use std::time::Duration;

use smallvec::SmallVec;
use thiserror::Error;

use crate::api::CapacityMode;
use crate::capacity::{Access, Load, ResourceOptions, Stream};
use crate::history::History;
use crate::record::{CapacityLimit, Resource};
use crate::time::Time;

use super::{Demand, DemandResource, OperationProfile, Profile, Step, Stored};

/// There are no periods to make a demand of.
#[derive(Debug, Clone, PartialEq, Error)]
#[error("{source_name}: nothing in it covers any time")]
pub struct EmptyHistory {
    /// Where it is from.
    pub source_name: String,
}

impl Demand {
    /// What was consumed, as if it were asked for anew, by requests of one unit each, of keys asked for evenly: which keys they
    /// were for is not known.
    pub fn of_history(history: &History) -> Result<Self, EmptyHistory> {
        let mut demand =
            Demand { resources: Vec::new(), operations: Vec::new(), profiles: Vec::new(), steps: Vec::new() };
        let mut streams: Vec<Vec<(usize, Stream)>> = Vec::new();
        let mut units: Vec<&[f64]> = Vec::new();
        for resource in &history.resources {
            let mut own = Vec::new();
            let accesses =
                [(Access::EventualRead, &resource.read_units, "read"), (Access::Write, &resource.write_units, "write")];
            for (access, of_access, kind) in accesses {
                own.push((demand.operations.len(), Stream { access, points: Vec::new(), spread: ONE_UNIT }));
                let of = resource.index.as_deref().unwrap_or(&resource.table);
                demand.operations.push(format!("{kind} {of}"));
                units.push(of_access);
            }
            streams.push(own);
            demand.resources.push(DemandResource {
                resource: Resource {
                    table: resource.table.as_str().into(),
                    index: resource.index.as_deref().map(Into::into),
                    limit: CapacityLimit::Unknown,
                },
                options: ResourceOptions::of(CapacityMode::ON_DEMAND),
                partition_key: String::new(),
                has_local_indexes: false,
                stored: Stored::default(),
            });
        }
        let profile = OperationProfile { attempts: 1.0, items: 1.0, ..OperationProfile::default() };
        let operations = vec![profile; demand.operations.len()];
        let written = vec![vec![0.0; operations.len()]; demand.resources.len()];
        demand.profiles.push(Profile {
            operations,
            written,
            streams,
            populations: SmallVec::new(),
            keys: Vec::new(),
            in_order: Vec::new(),
        });
        let periods = units.iter().map(|units| units.len()).max().unwrap_or(0);
        let at = |period: usize| Time::ZERO + history.period.saturating_mul(u32::try_from(period).unwrap_or(u32::MAX));
        demand.steps = (0..periods)
            .map(|period| Step {
                from: at(period),
                until: at(period + 1),
                phase: 0,
                measured: true,
                profile: 0,
                operations: units.iter().map(|units| units.get(period).copied().unwrap_or(0.0)).collect(),
            })
            .collect();
        if demand.steps.is_empty() || history.period == Duration::ZERO {
            return Err(EmptyHistory { source_name: history.source.clone() });
        }
        Ok(demand)
    }
}

const ONE_UNIT: Load = Load { units: 1.0, growth_bytes: 0.0 };

//! UpdateTimeToLive and DescribeTimeToLive.

use std::ops::ControlFlow;
use std::time::Duration;

use crate::api::{ApiError, TimeToLiveDescription, TimeToLiveStatus, UpdateTimeToLive};
use crate::item::PackedItem;
use crate::time::Time;

use super::super::Engine;
use super::super::expiry::Expiry;
use super::super::limits::KEY_NAME_MAX_BYTES;
use super::super::table::Table;
use super::lifecycle::unknown;
use super::moment;

/// Time to live is changed once in this time (facts §8; API: UpdateTimeToLive).
const CHANGE_INTERVAL: Duration = Duration::from_secs(3_600);

impl Engine {
    /// UpdateTimeToLive. Items that are there are noted by this call, shard by shard; the first are deleted once ENABLING is
    /// over. From DISABLING on none are.
    pub fn update_time_to_live(&self, now: Time, request: &UpdateTimeToLive) -> Result<(), ApiError> {
        let attribute = &request.attribute_name;
        if attribute.is_empty() || attribute.len() > KEY_NAME_MAX_BYTES {
            let rule = if attribute.is_empty() { "greater than or equal to 1" } else { "less than or equal to 255" };
            return Err(ApiError::validation(format!(
                "1 validation error detected: Value '{attribute}' at 'timeToLiveSpecification.attributeName' failed to \
                 satisfy constraint: Member must have length {rule}"
            )));
        }
        let mut tables = self.tables.write();
        let table = tables.find_idle(&request.table_name, now)?;
        table.check_time_to_live(request, now)?;
        let delay = self.options.control_delays.time_to_live;
        table.expiry = request.enabled.then(|| Expiry::new(attribute.clone(), &self.options, moment(now, delay)));
        table.definition.time_to_live_attribute = request.enabled.then(|| attribute.clone());
        table.control.former_time_to_live_attribute = (!request.enabled).then(|| attribute.clone());
        table.control.time_to_live_changed = Some(now);
        table.control.time_to_live_settles = now + delay;
        let id = table.id;
        drop(tables);
        self.note_expiries(&request.table_name, id, request.enabled);
        Ok(())
    }

    /// DescribeTimeToLive.
    pub fn describe_time_to_live(&self, now: Time, name: &str) -> Result<TimeToLiveDescription, ApiError> {
        let tables = self.tables.read();
        if tables.going(name, now).is_some() {
            return Err(unknown(name));
        }
        let table = tables.find(name)?;
        let settled = now >= table.control.time_to_live_settles;
        let (status, attribute_name) = match (&table.definition.time_to_live_attribute, settled) {
            (Some(attribute), true) => (TimeToLiveStatus::Enabled, Some(attribute)),
            (Some(attribute), false) => (TimeToLiveStatus::Enabling, Some(attribute)),
            (None, true) => (TimeToLiveStatus::Disabled, None),
            (None, false) => (TimeToLiveStatus::Disabling, table.control.former_time_to_live_attribute.as_ref()),
        };
        Ok(TimeToLiveDescription { status, attribute_name: attribute_name.cloned() })
    }

    /// Notes when the items of a table expire, or forgets it. Whoever writes an item does the same with the shard locked,
    /// so that what is noted is how the item stands.
    fn note_expiries(&self, name: &str, table_id: u64, enabled: bool) {
        let mut shard = 0;
        loop {
            let tables = self.tables.read();
            let table = tables.by_name.get(name).filter(|table| table.id == table_id);
            // It was changed again meanwhile: that change does the rest.
            let Some(table) = table.filter(|table| table.expiry.is_some() == enabled) else { return };
            if shard == table.items.shard_count() {
                return;
            }
            table.note_expiries_of(shard);
            shard += 1;
        }
    }
}

impl Table {
    fn check_time_to_live(&self, request: &UpdateTimeToLive, now: Time) -> Result<(), ApiError> {
        match (&self.definition.time_to_live_attribute, request.enabled) {
            (Some(attribute), _) if *attribute != request.attribute_name => {
                return Err(ApiError::validation(format!(
                    "TimeToLive is active on a different AttributeName: current AttributeName is {attribute}"
                )));
            }
            (Some(_), true) => return Err(ApiError::validation("TimeToLive is already enabled")),
            (None, false) => return Err(ApiError::validation("TimeToLive is already disabled")),
            (Some(_), false) | (None, true) => {}
        }
        match self.control.time_to_live_changed {
            Some(changed) if now < changed + CHANGE_INTERVAL => {
                Err(ApiError::validation("Time to live has been modified multiple times within a fixed interval"))
            }
            _ => Ok(()),
        }
    }

    fn note_expiries_of(&self, shard: usize) {
        let mut shard = self.items.write(shard);
        shard.forget_expiries();
        let Some(expiry) = &self.expiry else { return };
        let mut expiring: Vec<(u64, PackedItem)> = Vec::new();
        let _ = shard.visit_hashes(0..=u64::MAX, None, &mut |entry| {
            expiring.extend(expiry.expires_seconds(entry).map(|seconds| (seconds, entry.clone())));
            ControlFlow::Continue(())
        });
        for (seconds, entry) in &expiring {
            if let Some(key) = self.items.layout().key_of(entry) {
                shard.remember_expiry(*seconds, &key);
            }
        }
    }
}

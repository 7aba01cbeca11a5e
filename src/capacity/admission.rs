//! Admission by several meters at once: a write with its indexes, a transaction over tables.

use std::ptr;

use crate::api::{CapacityUnits, LimitKind};
use crate::time::Time;

use super::meter::Meter;

/// Units asked of one meter.
#[derive(Debug, Clone, Copy)]
pub struct Charge<'a> {
    /// Who is asked.
    pub meter: &'a Meter,
    /// For how much.
    pub units: CapacityUnits,
}

/// A meter that had no token left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    /// Which of the charges it was.
    pub position: usize,
    /// The limit.
    pub limit: LimitKind,
}

/// Takes every charge, or none: the error lists all that were refused. Charges of no units are not asked for.
///
/// The meters are locked together, in the order of their addresses, so that nobody sees tokens taken and given back.
pub fn admit_all(now: Time, charges: &[Charge<'_>]) -> Result<(), Vec<Refusal>> {
    if let [charge] = charges {
        return charge.meter.admit(now, charge.units).map_err(|limit| vec![Refusal { position: 0, limit }]);
    }
    let mut order: Vec<usize> = (0..charges.len()).filter(|&position| !charges[position].units.is_zero()).collect();
    order.sort_unstable_by_key(|&position| ptr::from_ref(charges[position].meter).addr());
    // A meter that is charged twice is locked once.
    let mut meters = Vec::with_capacity(order.len());
    for same_meter in order.chunk_by(|&left, &right| ptr::eq(charges[left].meter, charges[right].meter)) {
        meters.push((charges[same_meter[0]].meter.lock(), same_meter));
    }
    let mut refusals = Vec::new();
    for (limited, positions) in &mut meters {
        if let Some(limit) = limited.as_mut().and_then(|limited| limited.check(now).err()) {
            refusals.extend(positions.iter().map(|&position| Refusal { position, limit }));
        }
    }
    if !refusals.is_empty() {
        refusals.sort_unstable_by_key(|refusal| refusal.position);
        return Err(refusals);
    }
    for (limited, positions) in &mut meters {
        for &position in *positions {
            let Charge { meter, units } = charges[position];
            match limited {
                Some(limited) => limited.take(units),
                None => meter.count(units),
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::bucket::TokenBucket;
    use super::*;

    fn meter(units_per_second: u64) -> Meter {
        Meter::provisioned(TokenBucket::new(units_per_second, 300, 1, Time::ZERO))
    }

    fn charge(meter: &Meter, units: u64) -> Charge<'_> {
        Charge { meter, units: CapacityUnits::whole(units) }
    }

    #[test]
    fn one_refusal_leaves_every_meter_untouched() {
        let (table, empty, unlimited) = (meter(10), meter(0), Meter::unlimited());
        let charges = [charge(&table, 3), charge(&empty, 1), charge(&unlimited, 1)];
        let refusal = Refusal { position: 1, limit: LimitKind::ProvisionedThroughput };
        assert_eq!(admit_all(Time::ZERO, &charges), Err(vec![refusal]));
        assert_eq!([&table, &empty, &unlimited].map(Meter::consumed), [CapacityUnits::ZERO; 3]);
        let without_units = [charge(&table, 3), charge(&empty, 0), charge(&unlimited, 1)];
        assert_eq!(admit_all(Time::ZERO, &without_units), Ok(()));
        assert_eq!([&table, &empty, &unlimited].map(|meter| meter.consumed().as_f64()), [3.0, 0.0, 1.0]);
    }

    #[test]
    fn a_meter_may_be_charged_twice_in_one_admission() {
        let (table, other) = (meter(10), meter(10));
        let charges = [charge(&table, 3), charge(&other, 1), charge(&table, 10)];
        assert_eq!(admit_all(Time::ZERO, &charges), Ok(()));
        assert_eq!(table.consumed(), CapacityUnits::whole(13));
        let positions = |refusals: Vec<Refusal>| refusals.iter().map(|refusal| refusal.position).collect::<Vec<_>>();
        assert_eq!(admit_all(Time::ZERO, &charges).map_err(positions), Err(vec![0, 2]));
    }
}

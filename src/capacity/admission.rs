//! Admission by several tables and indexes at once: a write with its indexes, a transaction over tables.

use std::ptr;

use smallvec::SmallVec;

use crate::api::{CapacityUnits, LimitKind, ReadWrite};
use crate::time::Time;

use super::partition::{Access, Place};
use super::throughput::Throughput;

/// What is asked of one table or index for one key.
#[derive(Debug, Clone, Copy)]
pub struct Charge<'a> {
    /// Who is asked.
    pub throughput: &'a Throughput,
    /// For what.
    pub access: Access,
    /// For which key.
    pub place: &'a Place,
    /// For how much.
    pub units: CapacityUnits,
    /// How much larger what is stored there becomes.
    pub growth_bytes: i64,
}

/// A limit that refuses a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    /// The limit.
    pub limit: LimitKind,
    /// Whether the table or index is on-demand: it decides the exception (facts §4.1).
    pub on_demand: bool,
}

/// A charge that was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefusedCharge {
    /// Which of the charges it was.
    pub position: usize,
    /// Why.
    pub refusal: Refusal,
}

/// What the partition with this number answered to an access.
type OfPartition = (usize, Access, Result<(), Refusal>);

/// Takes every charge, or none: the error lists all that were refused. Charges of no units are not asked for.
///
/// Tables and indexes are locked together, in the order of their addresses, so that nobody sees tokens taken and given back.
pub fn admit_all(now: Time, charges: &[Charge<'_>]) -> Result<(), Vec<RefusedCharge>> {
    if let [charge] = charges {
        return charge.throughput.admit(now, charge).map_err(|refusal| vec![RefusedCharge { position: 0, refusal }]);
    }
    let address = |position: &usize| ptr::from_ref(charges[*position].throughput).addr();
    let mut order: Vec<usize> = (0..charges.len()).collect();
    order.sort_by_key(address);
    // One that is charged twice is locked once.
    let mut locked = Vec::with_capacity(order.len());
    for same in order.chunk_by(|left, right| address(left) == address(right)) {
        locked.push((charges[same[0]].throughput.lock(), same));
    }
    let mut refused = Vec::new();
    for (limited, positions) in &mut locked {
        let Some(limited) = limited else { continue };
        limited.advance(now);
        // Several charges of one request are one question to the table, and one to each partition.
        let mut whole: [Option<Result<(), Refusal>>; 2] = [None; 2];
        let mut of_partitions: SmallVec<[OfPartition; 8]> = SmallVec::new();
        for &position in positions.iter() {
            let Charge { access, place, units, .. } = charges[position];
            if units.is_zero() {
                continue;
            }
            let of_whole =
                *whole[access.kind() as usize].get_or_insert_with(|| limited.check_whole(now, access.kind()));
            let checked = of_whole.and_then(|()| {
                let at = limited.partition_of(place);
                if let Some((.., known)) = of_partitions.iter().find(|known| (known.0, known.1) == (at, access)) {
                    return *known;
                }
                let checked = limited.check_partition(now, access, at);
                of_partitions.push((at, access, checked));
                checked
            });
            if let Err(refusal) = checked {
                refused.push(RefusedCharge { position, refusal });
            }
        }
    }
    if !refused.is_empty() {
        refused.sort_unstable_by_key(|refused| refused.position);
        return Err(refused);
    }
    for (limited, positions) in &mut locked {
        for &position in *positions {
            match limited {
                Some(limited) => limited.take(now, &charges[position]),
                None => charges[position].throughput.count(&charges[position]),
            }
        }
        let Some(limited) = limited else { continue };
        for access in [ReadWrite::Read, ReadWrite::Write] {
            let charged = |position: &usize| {
                let charge = &charges[*position];
                charge.access.kind() == access && !charge.units.is_zero()
            };
            if positions.iter().any(charged) {
                limited.pass(access);
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::model::CapacityModel;
    use super::super::throughput::ResourceOptions;
    use super::*;
    use crate::api::CapacityMode;

    static PLACE: Place = Place::of_hash(7);

    fn table(units_per_second: u64) -> Throughput {
        let options = ResourceOptions::of(CapacityMode::provisioned(units_per_second, units_per_second));
        Throughput::new(&options, CapacityModel::default().without_routers(), Time::ZERO)
    }

    fn charge(throughput: &Throughput, units: u64) -> Charge<'_> {
        Charge { throughput, access: Access::Write, place: &PLACE, units: CapacityUnits::whole(units), growth_bytes: 0 }
    }

    /// Every router has to be asked sooner or later: one that is only ever charged would never report what it spent.
    #[test]
    fn several_charges_of_a_request_are_one_router_s() {
        for charges_each in 1..=5u64 {
            let options = ResourceOptions::of(CapacityMode::provisioned(100, 100));
            let table = Throughput::new(&options, CapacityModel::default(), Time::ZERO);
            for request in 0..20_000 {
                let charges: Vec<_> = (0..charges_each).map(|_| charge(&table, 1)).collect();
                let _ = admit_all(Time::from_nanos(request * 5_000_000), &charges);
            }
            // 100 seconds of 100 units, and what is handed out two seconds ahead.
            let consumed = table.consumed().write.as_f64();
            assert!((10_000.0..=10_350.0).contains(&consumed), "{charges_each} charges: {consumed}");
        }
    }

    fn consumed(tables: [&Throughput; 3]) -> [f64; 3] {
        tables.map(|table| table.consumed().write.as_f64())
    }

    #[test]
    fn one_refusal_leaves_everyone_untouched() {
        let (one, empty, unlimited) = (table(10), table(0), Throughput::unlimited());
        let charges = [charge(&one, 3), charge(&empty, 1), charge(&unlimited, 1)];
        let refusal = Refusal { limit: LimitKind::ProvisionedThroughput, on_demand: false };
        assert_eq!(admit_all(Time::ZERO, &charges), Err(vec![RefusedCharge { position: 1, refusal }]));
        assert_eq!(consumed([&one, &empty, &unlimited]), [0.0; 3]);
        let without_units = [charge(&one, 3), charge(&empty, 0), charge(&unlimited, 1)];
        assert_eq!(admit_all(Time::ZERO, &without_units), Ok(()));
        assert_eq!(consumed([&one, &empty, &unlimited]), [3.0, 0.0, 1.0]);
    }

    #[test]
    fn one_may_be_charged_twice_in_one_admission() {
        let (one, other) = (table(10), table(10));
        let charges = [charge(&one, 3), charge(&other, 1), charge(&one, 10)];
        assert_eq!(admit_all(Time::ZERO, &charges), Ok(()));
        assert_eq!(one.consumed().write, CapacityUnits::whole(13));
        let positions =
            |refused: Vec<RefusedCharge>| refused.iter().map(|refused| refused.position).collect::<Vec<_>>();
        assert_eq!(admit_all(Time::ZERO, &charges).map_err(positions), Err(vec![0, 2]));
    }
}

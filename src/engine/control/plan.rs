//! The rules of UpdateTable: what a request would change of a table, or why it may not.

use std::collections::BTreeSet;
use std::fmt;

use crate::api::{
    ApiError, BillingMode, CapacityMode, CapacityRange, CreateTable, ErrorKind, GlobalSecondaryIndex,
    GlobalSecondaryIndexUpdate, IndexName, KeyAttribute, MaximumUpdate, OnDemandThroughputUpdate,
    ProvisionedThroughput, UpdateGlobalSecondaryIndex, UpdateTable, WarmThroughput, WarmThroughputUpdate,
};
use crate::time::Time;

use super::super::schema::{check_table, key_attributes};
use super::super::table::Table;
use super::describe::warm_throughput;
use super::history::limit_exceeded;

const INVALID: &str = "One or more parameter values were invalid:";
/// More provisioned units than any quota allows.
const UNITS_MAX: u64 = 1_000_000_000_000;

/// What becomes of a table.
#[derive(Debug)]
pub struct Plan {
    /// Its definition afterwards: with the index that is created, without the one that is deleted.
    pub definition: CreateTable,
    /// The index that is created; in the definition it is the last one.
    pub created: Option<GlobalSecondaryIndex>,
    /// The position of the index that is deleted.
    pub deleted: Option<usize>,
    /// How the table's throughput changes.
    pub throughput: ThroughputChange,
    /// How that of its indexes changes, by their positions before.
    pub index_throughput: Vec<ThroughputChange>,
    pub switches_to_on_demand: bool,
    pub changes_class: bool,
}

/// How the throughput of a table or index changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ThroughputChange {
    pub changes: bool,
    /// Provisioned reads or writes increase.
    pub increases: bool,
    /// Provisioned reads or writes decrease.
    pub decreases: bool,
    pub warms: bool,
}

/// What a message is about.
#[derive(Clone, Copy)]
enum Subject<'a> {
    Table,
    Index(&'a IndexName),
}

impl fmt::Display for Subject<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Subject::Table => f.write_str("table"),
            Subject::Index(name) => write!(f, "index {name}"),
        }
    }
}

/// What may be asked for throughput.
#[derive(Clone, Copy)]
struct Asked {
    provisioned: Option<ProvisionedThroughput>,
    on_demand: Option<OnDemandThroughputUpdate>,
    warm: Option<WarmThroughputUpdate>,
}

/// Checks a request apart from the table.
pub fn check_request(request: &UpdateTable) -> Result<(), ApiError> {
    let updates = &request.global_secondary_index_updates;
    let nothing = request.billing_mode.is_none()
        && request.provisioned_throughput.is_none()
        && request.on_demand_throughput.is_none()
        && request.warm_throughput.is_none()
        && request.class.is_none()
        && request.deletion_protection.is_none()
        && updates.is_empty();
    if nothing {
        return Err(ApiError::validation(
            "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates or \
             SSESpecification or ReplicaUpdates is required",
        ));
    }
    let mut named = BTreeSet::new();
    if let Some(twice) = updates.iter().map(GlobalSecondaryIndexUpdate::index_name).find(|name| !named.insert(*name)) {
        return Err(invalid(format!(
            "Only one global secondary index update per index is allowed simultaneously. Index: {twice}"
        )));
    }
    let online = updates.iter().filter(|update| !matches!(update, GlobalSecondaryIndexUpdate::Update(_)));
    if online.count() > 1 {
        return Err(one_online_index());
    }
    check_bounds(request.provisioned_throughput, Subject::Table)?;
    updates.iter().try_for_each(|update| match update {
        GlobalSecondaryIndexUpdate::Update(update) => {
            check_bounds(update.provisioned_throughput, Subject::Index(&update.name))
        }
        GlobalSecondaryIndexUpdate::Create(index) => match index.capacity {
            CapacityMode::Provisioned { read, write } => {
                let asked =
                    ProvisionedThroughput { read_capacity_units: read.units, write_capacity_units: write.units };
                check_bounds(Some(asked), Subject::Index(&index.name))
            }
            CapacityMode::OnDemand { .. } => Ok(()),
        },
        GlobalSecondaryIndexUpdate::Delete(_) => Ok(()),
    })
}

impl Plan {
    /// What a checked request would change of the table, which is idle.
    pub fn new(table: &Table, request: &UpdateTable, now: Time, epoch_millis: u64) -> Result<Self, ApiError> {
        let definition = &table.definition;
        let before = mode_of(definition.capacity);
        let mode = request.billing_mode.unwrap_or(before);
        let mut plan = Plan {
            definition: definition.clone(),
            created: None,
            deleted: None,
            throughput: ThroughputChange::default(),
            index_throughput: vec![ThroughputChange::default(); table.global_indexes.len()],
            switches_to_on_demand: mode == BillingMode::PayPerRequest && before == BillingMode::Provisioned,
            changes_class: request.class.is_some_and(|class| class != definition.class),
        };
        if request.billing_mode == Some(BillingMode::Provisioned) && request.provisioned_throughput.is_none() {
            return Err(throughput_required(Subject::Table));
        }
        plan.change_table(table, request, mode, now)?;
        plan.change_indexes(table, request, mode, now)?;
        plan.definition.class = request.class.unwrap_or(definition.class);
        plan.definition.deletion_protection = request.deletion_protection.unwrap_or(definition.deletion_protection);
        check_table(&plan.definition)?;
        plan.check_attribute_definitions(definition, &request.attribute_definitions)?;
        plan.check_limits(table, epoch_millis)?;
        Ok(plan)
    }

    /// Whether anything changes that takes a while.
    pub fn changes_anything(&self, before: &CreateTable) -> bool {
        self.definition != *before
    }

    fn change_table(
        &mut self,
        table: &Table,
        request: &UpdateTable,
        mode: BillingMode,
        now: Time,
    ) -> Result<(), ApiError> {
        let before = (table.definition.capacity, table.definition.warm_throughput);
        let asked = Asked {
            provisioned: request.provisioned_throughput,
            on_demand: request.on_demand_throughput,
            warm: request.warm_throughput,
        };
        let warm = warm_throughput(&table.throughput, before.0, before.1, now);
        let after = changed(before, warm, mode, asked, Subject::Table)?;
        (self.definition.capacity, self.definition.warm_throughput) = after;
        self.throughput = ThroughputChange::between(before, after);
        Ok(())
    }

    fn change_indexes(
        &mut self,
        table: &Table,
        request: &UpdateTable,
        mode: BillingMode,
        now: Time,
    ) -> Result<(), ApiError> {
        let mut throughput: Vec<Option<&UpdateGlobalSecondaryIndex>> = vec![None; table.global_indexes.len()];
        let position = |name: &IndexName| table.global_indexes.iter().position(|global| global.index.name == *name);
        let known = |name| {
            position(name).ok_or_else(|| ApiError::new(ErrorKind::ResourceNotFound, "Requested resource not found"))
        };
        for update in &request.global_secondary_index_updates {
            match update {
                GlobalSecondaryIndexUpdate::Update(update) => throughput[known(&update.name)?] = Some(update),
                GlobalSecondaryIndexUpdate::Delete(name) => self.deleted = Some(known(name)?),
                GlobalSecondaryIndexUpdate::Create(index) => {
                    if position(&index.name).is_some() {
                        return Err(ApiError::validation(format!(
                            "Attempting to create an index which already exists: {}",
                            index.name
                        )));
                    }
                    self.created = Some(index.clone());
                }
            }
        }
        // One index at a time; the one that is being filled may be deleted.
        let in_creation = table.index_in_creation(now);
        if in_creation.is_some() && (self.created.is_some() || self.deleted.is_some_and(|at| Some(at) != in_creation)) {
            return Err(one_online_index());
        }
        for (at, (definition, global)) in
            self.definition.global_secondary_indexes.iter_mut().zip(&table.global_indexes).enumerate()
        {
            if self.deleted == Some(at) {
                continue;
            }
            let before = (definition.capacity, definition.warm_throughput);
            let update = throughput[at];
            let asked = Asked {
                provisioned: update.and_then(|update| update.provisioned_throughput),
                on_demand: update.and_then(|update| update.on_demand_throughput),
                warm: update.and_then(|update| update.warm_throughput),
            };
            let warm = warm_throughput(&global.throughput, before.0, before.1, now);
            let after = changed(before, warm, mode, asked, Subject::Index(&global.index.name))?;
            (definition.capacity, definition.warm_throughput) = after;
            self.index_throughput[at] = ThroughputChange::between(before, after);
        }
        if let Some(at) = self.deleted {
            self.definition.global_secondary_indexes.remove(at);
        }
        self.definition.global_secondary_indexes.extend(self.created.clone());
        Ok(())
    }

    /// Definitions are needed for the key of a new index, agree with the keys there are, and define nothing but keys.
    fn check_attribute_definitions(&self, before: &CreateTable, defined: &[KeyAttribute]) -> Result<(), ApiError> {
        let names = |attributes: &[&KeyAttribute]| {
            attributes.iter().map(|attribute| &*attribute.name).collect::<Vec<_>>().join(", ")
        };
        if let Some(index) = &self.created {
            let keys: Vec<&KeyAttribute> = index.key.attributes().collect();
            if !keys.iter().all(|key| defined.contains(key)) {
                return Err(invalid(format!(
                    "Some index key attributes are not defined in AttributeDefinitions. Keys: [{}], \
                     AttributeDefinitions: [{}]",
                    names(&keys),
                    names(&defined.iter().collect::<Vec<_>>())
                )));
            }
        }
        let mut known = BTreeSet::new();
        if let Some(twice) = defined.iter().find(|attribute| !known.insert(&attribute.name)) {
            return Err(invalid(format!("Duplicate AttributeName in AttributeDefinitions: {}", twice.name)));
        }
        let there = key_attributes(before);
        if let Some(other) = defined.iter().find(|attribute| {
            there.iter().any(|key| key.name == attribute.name && key.scalar_type != attribute.scalar_type)
        }) {
            return Err(invalid(format!("The type of the key attribute {} cannot be changed", other.name)));
        }
        let mut used = key_attributes(&self.definition);
        used.sort_unstable_by(|left, right| left.name.cmp(&right.name));
        used.dedup();
        if !defined.iter().all(|attribute| used.contains(&attribute)) {
            return Err(invalid(format!(
                "Some AttributeDefinitions are not used. AttributeDefinitions: [{}], keys used: [{}]",
                names(&defined.iter().collect::<Vec<_>>()),
                names(&used)
            )));
        }
        Ok(())
    }

    /// The limits on how often; if one change is over its limit, none is made.
    fn check_limits(&self, table: &Table, epoch_millis: u64) -> Result<(), ApiError> {
        if self.switches_to_on_demand {
            table.control.on_demand_switches.check(epoch_millis)?;
        }
        if self.changes_class {
            table.control.class_changes.check(epoch_millis)?;
        }
        if self.throughput.decreases {
            table.control.throughput.check_decrease(epoch_millis)?;
        }
        let indexes = self.index_throughput.iter().zip(&table.global_indexes);
        indexes
            .filter(|(change, _)| change.decreases)
            .try_for_each(|(_, global)| global.control.throughput.check_decrease(epoch_millis))
    }
}

type Capacity = (CapacityMode, Option<WarmThroughput>);

impl ThroughputChange {
    fn between(before: Capacity, after: Capacity) -> Self {
        let mut change = ThroughputChange { changes: before != after, warms: before.1 != after.1, ..Self::default() };
        if let (
            CapacityMode::Provisioned { read, write },
            CapacityMode::Provisioned { read: new_read, write: new_write },
        ) = (before.0, after.0)
        {
            change.increases = new_read.units > read.units || new_write.units > write.units;
            change.decreases = new_read.units < read.units || new_write.units < write.units;
        }
        change
    }
}

/// The capacity of a table or index once it is changed; `warm` is what it serves at once so far.
fn changed(
    before: Capacity,
    warm: WarmThroughput,
    mode: BillingMode,
    asked: Asked,
    subject: Subject<'_>,
) -> Result<Capacity, ApiError> {
    let capacity = match mode {
        BillingMode::Provisioned => provisioned(before.0, asked, subject)?,
        BillingMode::PayPerRequest => on_demand(before.0, asked, subject)?,
    };
    let raised = match asked.warm.filter(|asked| *asked != WarmThroughputUpdate::default()) {
        None => before.1,
        Some(asked) => Some(raised(warm, asked, subject)?),
    };
    Ok((capacity, raised))
}

fn provisioned(before: CapacityMode, asked: Asked, subject: Subject<'_>) -> Result<CapacityMode, ApiError> {
    if asked.on_demand.is_some() {
        return Err(invalid(match subject {
            Subject::Table => "OnDemandThroughput cannot be specified when BillingMode is PROVISIONED".to_owned(),
            Subject::Index(name) => {
                format!("OnDemandThroughput should not be specified for index: {name} when BillingMode is PROVISIONED")
            }
        }));
    }
    match (before, asked.provisioned) {
        (CapacityMode::OnDemand { .. }, None) => Err(throughput_required(subject)),
        (CapacityMode::OnDemand { .. }, Some(asked)) => {
            Ok(CapacityMode::provisioned(asked.read_capacity_units, asked.write_capacity_units))
        }
        (before @ CapacityMode::Provisioned { .. }, None) => Ok(before),
        (CapacityMode::Provisioned { read, write }, Some(asked)) => {
            let (new_read, new_write) = (asked.read_capacity_units, asked.write_capacity_units);
            if (new_read, new_write) == (read.units, write.units) {
                let short = if matches!(subject, Subject::Table) { "table" } else { "index" };
                return Err(ApiError::validation(format!(
                    "The provisioned throughput for the {subject} will not change. The requested value equals the current \
                     value. Current ReadCapacityUnits provisioned for the {short}: {new_read}. Requested \
                     ReadCapacityUnits: {new_read}. Current WriteCapacityUnits provisioned for the {short}: {new_write}. \
                     Requested WriteCapacityUnits: {new_write}. Refer to the Amazon DynamoDB Developer Guide for current \
                     limits and how to request higher limits."
                )));
            }
            Ok(CapacityMode::Provisioned {
                read: CapacityRange { units: new_read, ..read },
                write: CapacityRange { units: new_write, ..write },
            })
        }
    }
}

fn on_demand(before: CapacityMode, asked: Asked, subject: Subject<'_>) -> Result<CapacityMode, ApiError> {
    if asked.provisioned.is_some() {
        return Err(invalid(match subject {
            Subject::Table => {
                "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST"
                    .to_owned()
            }
            Subject::Index(name) => format!(
                "ProvisionedThroughput should not be specified for index: {name} when BillingMode is PAY_PER_REQUEST"
            ),
        }));
    }
    let (max_read_units, max_write_units) = match before {
        CapacityMode::OnDemand { max_read_units, max_write_units } => (max_read_units, max_write_units),
        CapacityMode::Provisioned { .. } => (None, None),
    };
    let asked = asked.on_demand.unwrap_or_default();
    let maximum = |before, asked: Option<MaximumUpdate>| match asked {
        None => before,
        Some(MaximumUpdate::Set(units)) => Some(units),
        Some(MaximumUpdate::Remove) => None,
    };
    Ok(CapacityMode::OnDemand {
        max_read_units: maximum(max_read_units, asked.max_read_request_units),
        max_write_units: maximum(max_write_units, asked.max_write_request_units),
    })
}

fn raised(warm: WarmThroughput, asked: WarmThroughputUpdate, subject: Subject<'_>) -> Result<WarmThroughput, ApiError> {
    let checked = |name: &str, before: u64, asked: Option<u64>| match asked {
        Some(asked) if asked < before => Err(invalid(format!(
            "Requested {name} for WarmThroughput for {subject} is lower than current WarmThroughput, decreasing \
             WarmThroughput is not supported"
        ))),
        asked => Ok(asked.unwrap_or(before)),
    };
    Ok(WarmThroughput {
        read_units_per_second: checked("ReadUnitsPerSecond", warm.read_units_per_second, asked.read_units_per_second)?,
        write_units_per_second: checked(
            "WriteUnitsPerSecond",
            warm.write_units_per_second,
            asked.write_units_per_second,
        )?,
    })
}

fn check_bounds(asked: Option<ProvisionedThroughput>, subject: Subject<'_>) -> Result<(), ApiError> {
    let Some(asked) = asked else { return Ok(()) };
    let values = [("ReadCapacityUnits", asked.read_capacity_units), ("WriteCapacityUnits", asked.write_capacity_units)];
    match values.into_iter().find(|(_, units)| *units > UNITS_MAX) {
        None => Ok(()),
        Some((name, units)) => {
            let of_index = match subject {
                Subject::Table => String::new(),
                Subject::Index(index) => format!(" for index {index}"),
            };
            Err(ApiError::validation(format!("Given value {units} for {name} is out of bounds{of_index}")))
        }
    }
}

const fn mode_of(capacity: CapacityMode) -> BillingMode {
    match capacity {
        CapacityMode::OnDemand { .. } => BillingMode::PayPerRequest,
        CapacityMode::Provisioned { .. } => BillingMode::Provisioned,
    }
}

fn throughput_required(subject: Subject<'_>) -> ApiError {
    invalid(match subject {
        Subject::Table => {
            "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED".to_owned()
        }
        Subject::Index(name) => format!("ProvisionedThroughput must be specified for index: {name}"),
    })
}

fn one_online_index() -> ApiError {
    limit_exceeded("Only 1 online index can be created or deleted simultaneously per table")
}

fn invalid(text: impl fmt::Display) -> ApiError {
    ApiError::validation(format!("{INVALID} {text}"))
}

//! Mistakes in workload files: the error is at the right place and says what was found and what was expected.

use std::path::Path;

use dynamometer::workload::{Overrides, Source, Workload, WorkloadError};

/// A workload with a bit of everything, and nothing wrong.
const SOUND: &str = r##"name = "sound"
seed = 7

[client]
timeout = "2s"
max_attempts = 5

[[tables]]
name = "notes"
partition_key = { name = "userId", type = "S" }
sort_key = { name = "noteId", type = "S" }
capacity = { provisioned = { read = 5, write = 5 } }
items = 1_000
items_per_partition = 10
item_size = 700
time_to_live = "expiresAt"

[tables.item]
userId = "user-{partition:04}"
noteId = "note-{sort:02}"
title = "a title"
stars = { uniform = { min = 1, max = 5 } }
state = { choice = { values = ["draft", "done"] } }
expiresAt = { timestamp = { format = "epoch_seconds" } }

[[tables.global_secondary_indexes]]
name = "by-stars"
partition_key = { name = "stars", type = "N" }
projection = { include = ["title"] }

[[tables.local_secondary_indexes]]
name = "by-title"
sort_key = { name = "title", type = "S" }

[[tables]]
name = "users"
partition_key = { name = "userId", type = "S" }
items = 50

[tables.item]
userId = "user-{record:04}"

[[operations]]
name = "get note"
type = "get"
table = "notes"
key = "zipfian"

[[operations]]
name = "list notes"
type = "query"
table = "notes"
key_condition = "userId = :user AND noteId > :note"
values = { user = { key = "userId" }, note = "note-05", two = 2 }
filter = "stars > :two"
limit = 10

[[operations]]
name = "best notes"
type = "query"
table = "notes"
index = "by-stars"

[[operations]]
name = "rename note"
type = "update"
table = "notes"
update = "SET title = :title"
condition = "attribute_exists(noteId)"
values = { title = { words = { length = 30 } } }

[[operations]]
name = "all users"
type = "scan"
table = "users"

[[operations]]
name = "many notes"
type = "batch_get"
table = "notes"
batch = { size = 20 }

[[operations]]
name = "add notes"
type = "batch_write"
table = "notes"
batch = { size = 10 }

[[operations]]
name = "add user"
type = "transact_write"

[[operations.actions]]
type = "put"
table = "users"

[[operations.actions]]
type = "delete"
table = "notes"
key = "uniform"

[[phases]]
name = "warm up"
duration = "5s"
rate = 10
warm_up = true

[[phases]]
name = "steady"
duration = "30s"
rate = { ramp = { from = 10, to = 60 } }
mix = { "get note" = 9, "list notes" = 1 }
"##;

/// What is replaced in the sound workload, by what, and words of the error. `«` marks where the error must be.
#[rustfmt::skip]
const MISTAKES: &[(&str, &str, &[&str])] = &[
    // TOML.
    ("seed = 7", "seed = «", &["seed"]),
    ("name = \"sound\"", "name = \"sound«", &["string"]),
    ("seed = 7", "seed = 7\n«seed = 8", &["duplicate key"]),
    ("[client]", "[client«", &["]"]),
    // Names of fields and choices.
    ("seed = 7", "«sede = 7", &["unknown field `sede`", "did you mean `seed`?"]),
    ("timeout = \"2s\"", "«time_out = \"2s\"", &["unknown field `time_out`", "did you mean `timeout`?"]),
    ("items = 1_000", "«itmes = 1_000", &["unknown field `itmes`", "did you mean `items`?"]),
    ("capacity = { provisioned = { read = 5, write = 5 } }", "capacity = { provisioned = { «reads = 5, write = 5 } }", &["unknown field `reads`", "did you mean `read`?"]),
    ("capacity = { provisioned =", "capacity = { «provisoned =", &["unknown variant `provisoned`", "did you mean `provisioned`?"]),
    ("stars = { uniform = { min = 1, max = 5 } }", "stars = { uniform = { min = 1, «maximum = 5 } }", &["unknown field `maximum`"]),
    ("stars = { uniform = {", "stars = { «unifrom = {", &["unknown variant `unifrom`", "did you mean `uniform`?"]),
    ("stars = { uniform = { min = 1, max = 5 } }", "stars = «{ uniform = { min = 1, max = 5 }, uuid = {} }", &["`uuid` is one member too many"]),
    ("key = \"zipfian\"", "key = «\"zipfain\"", &["unknown variant `zipfain`", "did you mean `zipfian`?"]),
    ("key = \"zipfian\"", "key = { zipfian = { «exponnent = 1.2 } }", &["unknown field `exponnent`", "did you mean `exponent`?"]),
    ("key = \"zipfian\"", "key = «{}", &["empty table"]),
    ("key = \"zipfian\"", "key = «\"record\"", &["needs a value"]),
    ("key = \"zipfian\"", "key = «\"hotspot\"", &["missing field `traffic`"]),
    ("rate = { ramp = {", "rate = { «rampe = {", &["unknown variant `rampe`", "did you mean `ramp`?"]),
    ("rate = { ramp = { from = 10, to = 60 } }", "rate = { ramp = { from = 10, to = 60, «too = 60 } }", &["unknown field `too`"]),
    ("type = \"get\"", "type = «\"got\"", &["unknown variant `got`", "did you mean `get`?"]),
    ("type = \"N\" }\nprojection", "type = «\"I\" }\nprojection", &["unknown variant `I`", "`S`, `N`"]),
    ("batch = { size = 20 }", "batch = { size = 20, «sizes = 3 }", &["unknown field `sizes`"]),
    ("[[operations.actions]]\ntype = \"put\"", "[[operations.actions]]\n«weight = 3\ntype = \"put\"", &["unknown field `weight`"]),
    // Types.
    ("seed = 7", "seed = «\"7\"", &["found the string \"7\"", "a whole number"]),
    ("seed = 7", "seed = «-7", &["-7", "a whole number from 0"]),
    ("items = 1_000", "items = «-1", &["-1", "a whole number from 0"]),
    ("items = 1_000", "items = «1.5", &["1.5", "a whole number from 0"]),
    ("items = 1_000", "items = «99999999999999999999", &["99999999999999999999"]),
    ("max_attempts = 5", "max_attempts = «5_000_000_000", &["5000000000"]),
    ("warm_up = true", "warm_up = «\"yes\"", &["found the string \"yes\"", "true or false"]),
    ("rate = 10", "rate = «\"10/s\"", &["found the string \"10/s\"", "operations per second"]),
    ("item_size = 700", "item_size = «\"700\"", &["found the string \"700\"", "a number or a distribution"]),
    ("key = \"zipfian\"", "key = «3", &["found the integer 3", "a name, or a table"]),
    ("title = \"a title\"", "title = «[\"a\"]", &["found a list, expected a text, a number"]),
    ("[[phases]]\nname = \"warm up\"\nduration = \"5s\"\nrate = 10\nwarm_up = true\n\n[[phases]]\nname = \"steady\"", "«[phases]\nname = \"steady\"", &["[[phases]]"]),
    // Missing.
    ("name = \"sound\"\n", "«", &["missing field `name`"]),
    ("[[tables]]\nname = \"users\"", "«[[tables]]", &["missing field `name`"]),
    ("duration = \"5s\"\n", "", &["mine.toml:102:1: ", "missing field `duration`"]),
    // Names.
    ("name = \"sound\"", "name = «\"a/b\"", &["letters, digits"]),
    ("name = \"users\"", "name = «\"notes\"", &["two tables named `notes`"]),
    ("name = \"users\"", "name = «\"u\"", &["3 to 255"]),
    ("name = \"list notes\"", "name = «\"get note\"", &["two operations named `get note`"]),
    ("name = \"steady\"", "name = «\"warm up\"", &["two phases named `warm up`"]),
    ("name = \"by-title\"", "name = «\"by-stars\"", &["two indexes named `by-stars`"]),
    // References.
    ("table = \"notes\"\nkey = \"zipfian\"", "table = «\"note\"\nkey = \"zipfian\"", &["there is no table `note`", "did you mean `notes`?"]),
    ("type = \"get\"\ntable = \"notes\"", "type = «\"get\"", &["which `table`?", "notes, users"]),
    ("index = \"by-stars\"", "index = «\"by-star\"", &["table `notes` has no index `by-star`", "did you mean `by-stars`?"]),
    ("mix = { \"get note\" = 9", "mix = { \"get notes\" = «9", &["no operation is named `get notes`", "did you mean `get note`?"]),
    ("seed = 7", "thresholds = [«\"p99 of get notes <= 5ms\"]", &["no operation is named `get notes`", "did you mean `get note`?"]),
    ("seed = 7", "thresholds = [«\"p99 <= 5\"]", &["`5` is not a length of time"]),
    ("seed = 7", "thresholds = [«\"latency <= 5ms\"]", &["`latency` is not measured"]),
    ("user = { key = \"userId\" }", "user = «{ key = \"userid\" }", &["`userid` is no key attribute of table `notes`", "did you mean `userId`?"]),
    // Tables.
    ("userId = \"user-{partition:04}\"\nnoteId", "noteId", &["mine.toml:10:26: ", "the item says nothing about its partition key `userId`", "add userId"]),
    ("userId = \"user-{partition:04}\"", "userId = «\"user-{record:04}\"", &["cannot have a partition key that tells them apart", "{partition}"]),
    ("userId = \"user-{partition:04}\"", "userId = «\"user-{partion:04}\"", &["unknown placeholder `{partion}`", "did you mean `partition`?"]),
    ("userId = \"user-{partition:04}\"", "userId = «\"user-{partition:04\"", &["single `{` or `}`"]),
    ("userId = \"user-{partition:04}\"", "userId = «{ partition = {} }", &["`userId` is of type S, but this gives N"]),
    ("userId = \"user-{partition:04}\"", "userId = «{ timestamp = {} }", &["a key must follow from the record alone"]),
    ("read = 5, write", "read = «5.5, write", &["found the floating point 5.5, expected units per second"]),
    ("noteId = \"note-{sort:02}\"", "noteId = «\"note\"", &["records 0 and 1 of table `notes` have the same key"]),
    ("noteId = \"note-{sort:02}\"", "noteId = «{ string = { length = 2_000 } }", &["`noteId` of record 0 has 2000 bytes; 1 to 1024"]),
    ("sort_key = { name = \"noteId\", type = \"S\" }", "sort_key = { name = «\"userId\", type = \"S\" }", &["another attribute than the partition key"]),
    ("{ name = \"stars\", type = \"N\" }", "{ name = \"stars\", type = \"S\" }", &["mine.toml:22:9: ", "`stars` is of type S, but this gives N"]),
    ("partition_key = { name = \"stars\", type = \"N\" }", "partition_key = [{ name = \"stars\", type = \"N\" }, { name = «\"stars\", type = \"N\" }]", &["the key has `stars` twice"]),
    ("partition_key = { name = \"stars\", type = \"N\" }", "partition_key = { name = \"stars\", type = \"N\" }\nsort_key = [{ name = \"title\", type = \"S\" }, { name = «\"stars\", type = \"N\" }]", &["the key has `stars` twice"]),
    ("partition_key = { name = \"stars\", type = \"N\" }", "partition_key = [{ name = \"stars\", type = \"N\" }, { name = \"title\", type = \"S\" }, { name = \"state\", type = \"S\" }, { name = \"noteId\", type = \"S\" }, { name = «\"userId\", type = \"S\" }]", &["1 to 4 attributes; here are 5"]),
    ("partition_key = { name = \"stars\", type = \"N\" }", "partition_key = []", &["mine.toml:27:8: ", "1 to 4 attributes; here are 0"]),
    ("partition_key = { name = \"stars\", type = \"N\" }", "partition_key = { name = \"stars\", type = \"N\" }\nsort_key = []", &["mine.toml:27:8: ", "1 to 4 attributes; here are 0"]),
    ("partition_key = { name = \"stars\", type = \"N\" }", "partition_key = [{ name = \"stars\", type = \"N\" }, { name = «\"userId\", type = \"N\" }]", &["`userId` is of type N here and of type S in another key"]),
    ("partition_key = { name = \"stars\", type = \"N\" }", "partition_key = [{ name = \"stars\", type = \"N\" }, { name = \"state\" }]", &["missing field `type`"]),
    ("partition_key = { name = \"stars\", type = \"N\" }", "partition_key = «5", &["expected a key attribute as { name = "]),
    ("read = 5, write = 5", "read = «0, write = 5", &["provisioned capacity is 0"]),
    ("read = 5,", "read = { min = «50, max = 5 },", &["min is 50", "between 1 and 5"]),
    ("items_per_partition = 10", "items_per_partition = 10\npartitions = «5", &["not both"]),
    ("items_per_partition = 10", "items_per_partition = «0", &["items_per_partition is 0"]),
    ("items = 50", "items = 50\nitems_per_partition = 5", &["mine.toml:37:26: ", "only where there is a sort key"]),
    ("item_size = 700", "item_size = «500_000", &["409600"]),
    ("item_size = 700", "item_size = «{ uniform = { min = 700, max = 100 } }", &["min is 700"]),
    ("items = 50", "items = 50\npadding_attribute = «\"filler\"", &["nothing is padded", "item_size"]),
    ("title = \"a title\"", "title = \"a title\"\npadding = «\"x\"", &["`padding` is the attribute that pads"]),
    ("title = \"a title\"", "title = «{ list = { of = { words = { length = 400_000 } }, count = 1_000 } }", &["`title` can take up to"]),
    ("title = \"a title\"", "title = \"a title\"\nbody = { list = { of = { words = { length = 400_000 } }, count = 2 } }", &["mine.toml:9:8: ", "items of table `notes` reach"]),
    ("time_to_live = \"expiresAt\"", "time_to_live = «\"expireAt\"", &["no attribute `expireAt`", "did you mean `expiresAt`?"]),
    ("time_to_live = \"expiresAt\"", "time_to_live = «\"state\"", &["`state` is of type S"]),
    ("partition_key = { name = \"userId\", type = \"S\" }\nitems = 50", "partition_key = { name = \"userId\", type = \"S\" }\nitems = 50\nlocal_secondary_indexes = [{ name = «\"by-name\", sort_key = { name = \"x\", type = \"S\" } }]", &["without a sort key has no local secondary indexes"]),
    ("{ include = [\"title\"] }", "{ include = [] }", &["mine.toml:27:8: ", "1 to 20", "keys_only"]),
    ("state = { choice = { values = [\"draft\", \"done\"] } }", "state = «{ choice = { values = [\"draft\", \"done\"], weights = [1] } }", &["2 values but 1 weights"]),
    ("state = { choice = { values = [\"draft\", \"done\"] } }", "state = «{ choice = { values = [] } }", &["weights"]),
    ("stars = { uniform = { min = 1, max = 5 } }", "stars = «{ uniform = { min = 5, max = 1 } }", &["5 to 1 is no such range"]),
    ("stars = { uniform = { min = 1, max = 5 } }", "stars = «{ index = { count = 0, distribution = \"uniform\" } }", &["count is 0"]),
    ("stars = { uniform = { min = 1, max = 5 } }", "stars = «{ index = { count = 9, distribution = \"new\" } }", &["for the keys of operations"]),
    ("title = \"a title\"", "title = { set = { of = «true, count = 2 } }", &["all strings, all numbers or all binaries"]),
    ("title = \"a title\"", "title = «{ boolean = { probability = 2 } }", &["probability is 2"]),
    ("title = \"a title\"", "title = { timestamp = { plus = «\"soon\" } }", &["`soon` is not a length of time"]),
    // Keys.
    ("key = \"zipfian\"", "key = «\"new\"", &["only a put can be about a `new` record"]),
    ("key = \"zipfian\"", "key = «{ same_as = 1 }", &["another action of a transaction"]),
    ("key = \"zipfian\"", "key = «{ hotspot = { records = 5_000, traffic = 0.5 } }", &["a hotspot of 5000 records, but there are 1000"]),
    ("key = \"zipfian\"", "key = «{ hotspot = { keys = 0.1, records = 5, traffic = 0.5 } }", &["either `keys`", "or `records`"]),
    ("key = \"zipfian\"", "key = «{ hotspot = { keys = 20, traffic = 0.5 } }", &["keys is 20", "0 to 1"]),
    ("key = \"zipfian\"", "key = «{ zipfian = { exponent = -1 } }", &["exponent is -1"]),
    ("table = \"users\"\n\n[[operations.actions]]\ntype = \"delete\"\ntable = \"notes\"\nkey = \"uniform\"", "table = \"users\"\n\n[[operations.actions]]\ntype = \"delete\"\ntable = \"notes\"\nkey = «{ same_as = 2 }", &["same_as is 2", "1 to 1"]),
    ("type = \"delete\"\ntable = \"notes\"\nkey = \"uniform\"", "type = \"delete\"\ntable = \"users\"\nkey = «{ same_as = 1 }", &["action 1 is about the same item"]),
    // Expressions.
    ("\"userId = :user AND noteId > :note\"", "«\"noteId > :note\"", &["missed key schema element: userId"]),
    ("\"userId = :user AND noteId > :note\"", "«\"userId > :user AND noteId > :note\"", &["Query key condition not supported"]),
    ("\"userId = :user AND noteId > :note\"", "«\"userId = :user AND stars > :note\"", &["missed key schema element: noteId"]),
    ("\"userId = :user AND noteId > :note\"", "«\"userId = :user AND noteId >> :note\"", &["Syntax error"]),
    ("\"userId = :user AND noteId > :note\"", "\"userId = «:usr AND noteId > :note\"", &["attribute value: :usr", "did you mean `:user`?"]),
    ("note = \"note-05\"", "note = 5", &["mine.toml:53:17: ", "does not match schema type"]),
    ("note = \"note-05\"", "note = \"note-05\", spare = «1", &["unused in expressions", ":spare"]),
    ("filter = \"stars > :two\"", "filter = «\"noteId > :two\"", &["non-primary key attributes", "noteId"]),
    ("filter = \"stars > :two\"", "filter = «\"contain(stars, :two)\"", &["Invalid function name", "contain"]),
    ("filter = \"stars > :two\"", "filter = «\"contains(stars, :two\"", &["Syntax error"]),
    ("update = \"SET title = :title\"", "update = \"SET «status = :title\"", &["reserved keyword: status", "#status"]),
    ("update = \"SET title = :title\"", "update = \"SET «#t = :title\"", &["attribute name: #t", "names = { t"]),
    ("update = \"SET title = :title\"", "update = «\"SET noteId = :title\"", &["part of the key"]),
    ("update = \"SET title = :title\"", "update = «\"ADD title :title\"", &["ADD"]),
    ("update = \"SET title = :title\"", "update = «\"SET stars = :title\"", &["`stars` of type S", "index `by-stars`"]),
    ("update = \"SET title = :title\"\n", "", &["mine.toml:66:8: ", "an update needs `update`"]),
    // Fields that mean nothing.
    ("key = \"zipfian\"", "key = \"zipfian\"\nfilter = «\"a = b\"", &["`filter` means nothing to a GetItem"]),
    ("key = \"zipfian\"", "key = \"zipfian\"\nconsistent_read = false\nforward = «true", &["`forward` means nothing to a GetItem"]),
    ("index = \"by-stars\"", "index = \"by-stars\"\nconsistent_read = «true", &["no strongly consistent reads"]),
    ("table = \"users\"\n\n[[operations.actions]]\ntype = \"delete\"", "table = \"users\"\nupdate = «\"SET a = b\"\n\n[[operations.actions]]\ntype = \"delete\"", &["`update` means nothing to this action"]),
    ("type = \"transact_write\"", "type = \"transact_write\"\nnames = { a = «\"b\" }", &["`names` means nothing to a TransactWriteItems", "[[operations.actions]]"]),
    ("type = \"delete\"\ntable = \"notes\"", "type = «\"get\"\ntable = \"notes\"", &["TransactWriteItems has no such action"]),
    ("type = \"transact_write\"", "type = \"transact_get\"", &["mine.toml:94:8: ", "TransactGetItems has no such action"]),
    ("type = \"scan\"\ntable = \"users\"", "type = \"scan\"\ntable = \"users\"\nsegments = «0", &["segments is 0", "between 1 and 1000000"]),
    ("type = \"scan\"\ntable = \"users\"", "type = \"scan\"\ntable = \"users\"\nfilter = \"userId = :u\"\nvalues = { u = «\"user-{record}\" }", &["a scan is about no record"]),
    ("type = \"scan\"\ntable = \"users\"", "type = \"scan\"\ntable = \"users\"\nfilter = \"userId = :u\"\nvalues = { u = «{ key = \"userId\" } }", &["a scan is about no record"]),
    ("table = \"notes\"\nkey = \"zipfian\"", "table = \"notes\"\nkey = \"zipfian\"\ncondition_failed = «\"success\"", &["`condition_failed` means nothing to a GetItem"]),
    ("condition = \"attribute_exists(noteId)\"", "condition_failed = «\"success\"", &["no `condition` that could fail"]),
    // Batches and limits.
    ("batch = { size = 20 }", "batch = { size = «101 }", &["the size of the batch can be 101", "at most 100"]),
    ("batch = { size = 10 }", "batch = { size = «{ uniform = { min = 1, max = 26 } } }", &["can be 26", "at most 25"]),
    ("batch = { size = 10 }", "batch = { size = «0 }", &["can be 0", "at least 1"]),
    ("batch = { size = 10 }", "batch = { size = 10, deletes = «1.5 }", &["deletes is 1.5"]),
    ("batch = { size = 10 }", "batch = { size = 10, deletes = «0.5 }", &["deletes of `new` records"]),
    ("limit = 10", "limit = «0", &["the limit can be 0", "at least 1"]),
    ("limit = 10", "limit = «2.5", &["2.5 is not a whole number"]),
    ("key = \"zipfian\"", "weight = «-1", &["weight is -1"]),
    ("key = \"zipfian\"", "weight = «nan", &["weight is NaN"]),
    // Client and phases.
    ("timeout = \"2s\"", "timeout = «\"2 seconds\"", &["`2 seconds` is not a length of time", "250ms"]),
    ("timeout = \"2s\"", "timeout = «\"0s\"", &["a time-out of nothing"]),
    ("max_attempts = 5", "max_attempts = «0", &["max_attempts is 0"]),
    ("seed = 7", "epoch = «\"yesterday\"", &["`yesterday` is not an RFC 3339 time"]),
    ("duration = \"5s\"", "duration = «\"5\"", &["`5` is not a length of time"]),
    ("duration = \"5s\"", "duration = «\"0s\"", &["longer than nothing"]),
    ("rate = 10", "rate = «-10", &["-10", "between 0"]),
    ("rate = 10", "rate = «inf", &["inf", "between 0"]),
    ("rate = 10", "rate = 10\nin_flight = «5", &["not both"]),
    ("name = \"warm up\"\nduration = \"5s\"\nrate = 10", "name = «\"warm up\"\nduration = \"5s\"", &["neither `rate` nor `in_flight`"]),
    ("rate = 10", "in_flight = «0", &["in_flight is 0"]),
    ("rate = { ramp = { from = 10, to = 60 } }", "rate = «{ steps = [] }", &["at least one rate"]),
    ("rate = { ramp = { from = 10, to = 60 } }", "rate = { spike = { base = 1, peak = 9, at = «\"20s\", length = \"20s\" } }", &["does not end within the phase"]),
    ("rate = { ramp = { from = 10, to = 60 } }", "rate = «{ sine = { mean = 5, amplitude = 9, period = \"1h\" } }", &["the amplitude is 9"]),
    ("rate = { ramp = { from = 10, to = 60 } }", "rate = { trace = { file = «\"nowhere.csv\", step = \"1m\" } }", &["nowhere.csv", "cannot be read"]),
    ("rate = { ramp = { from = 10, to = 60 } }", "rate = { trace = { file = \"trace.csv\", column = «\"request\", step = \"15m\" } }", &["no column `request`", "did you mean `requests`?"]),
    ("mix = { \"get note\" = 9, \"list notes\" = 1 }", "mix = «{}", &["the mix of phase `steady`"]),
];

fn parse(text: &str) -> Result<Workload, WorkloadError> {
    let source = Source { path: "mine.toml".into(), text: text.into() };
    Workload::parse(source, Path::new("workloads"), Overrides::default())
}

#[test]
fn the_sound_workload_is_sound() {
    let workload = parse(SOUND).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(workload.warnings, [] as [&str; 0]);
}

#[test]
fn mistakes_are_found_where_they_are() {
    let mut complaints = String::new();
    for (sound, mistaken, words) in MISTAKES {
        assert_eq!(SOUND.matches(sound).count(), 1, "one place to go wrong: {sound}");
        let marked = SOUND.replacen(sound, mistaken, 1);
        let place = marked.split_once('«').map(|(before, _)| {
            let column = before.chars().rev().take_while(|character| *character != '\n').count() + 1;
            format!("mine.toml:{}:{column}: ", before.matches('\n').count() + 1)
        });
        match parse(&marked.replace('«', "")) {
            Ok(_) => complaints += &format!("accepted:\n{mistaken}\n\n"),
            Err(error) => {
                let shown = error.to_string();
                let expected = place.iter().map(String::as_str).chain(words.iter().copied());
                let missing: Vec<&str> = expected.filter(|words| !shown.contains(words)).collect();
                if !missing.is_empty() {
                    complaints += &format!("{mistaken}\n{shown}\nlacks {missing:?}\n\n");
                }
            }
        }
    }
    assert!(complaints.is_empty(), "{complaints}");
}

#[test]
fn errors_show_the_line() {
    let error = parse(&SOUND.replace("seed = 7", "sede = 7")).err().unwrap();
    let shown = "\
mine.toml:2:1: unknown field `sede`, expected one of `name`, `description`, `seed`, `epoch`, `engine`, `cache`, `client`, `tables`, \
`operations`, `phases`, `faults`, `thresholds`
  |
2 | sede = 7
  | ^^^^
  = help: did you mean `seed`?";
    assert_eq!(error.to_string(), shown);
}

#[test]
fn an_empty_table_has_nothing_to_read() {
    let text = SOUND.replace("items = 1_000", "items = 0").replace("type = \"batch_write\"", "type = \"batch_get\"");
    let error = parse(&text).err().unwrap().to_string();
    assert!(error.starts_with("mine.toml:47:7: table `notes` has no items"), "{error}");
    // Inserts change that.
    parse(&SOUND.replace("items = 1_000", "items = 0")).unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn a_transaction_finds_an_item_for_every_action() {
    let text = SOUND.replace("items = 50", "items = 1").replace("type = \"put\"", "type = \"delete\"");
    let text = text.replace("type = \"delete\"\ntable = \"notes\"", "type = \"delete\"\ntable = \"users\"");
    let error = parse(&text).err().unwrap().to_string();
    assert!(error.contains("2 actions need 2 items of table `users`, which has 1"), "{error}");
}

#[test]
fn what_is_allowed_but_hardly_meant_is_a_warning() {
    for (sound, odd, warning) in [
        ("key = \"zipfian\"", "key = { record = 5_000 }", "mine.toml:47:7: table `notes` is loaded with 1000 items"),
        (
            "SET title = :title",
            "REMOVE a.b SET c = :title",
            "mine.toml:68:10: items as they are loaded refuse this update",
        ),
        ("item_size = 700", "item_size = 20", "mine.toml:15:13: items of 20 bytes are asked for"),
        ("\"expiresAt\"", "\"vanishes\"", "mine.toml:16:16: items have no attribute `vanishes`, so none expires"),
        ("name = \"title\"", "name = \"rank\"", "mine.toml:33:21: items have no attribute `rank`"),
    ] {
        let workload = parse(&SOUND.replacen(sound, odd, 1)).unwrap_or_else(|error| panic!("{error}"));
        let warnings = workload.warnings;
        assert!(warnings.iter().any(|found| found.starts_with(warning)), "{odd}: {warnings:?}");
    }
}

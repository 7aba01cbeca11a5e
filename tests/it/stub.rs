//! A DynamoDB that does as it is told: fixed answers, errors, broken connections, delays and stalls.
//!
//! It runs on a thread of its own, bound to 127.0.0.1 at a free port, until it is dropped. Operations without a script get an
//! empty answer (`{}`), DescribeTable gets the tables it was given.
#![allow(dead_code, reason = "every module of the crate uses a part")]

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

/// Longest request taken.
const REQUEST_MAX_BYTES: usize = 32 << 20;

/// What one request is answered with.
#[derive(Debug, Clone)]
pub enum Reply {
    /// This status and body.
    Answer { status: u16, body: Arc<str> },
    /// The first bytes of an answer that says it is longer, then the end of the connection.
    Truncated,
    /// The connection is reset instead of an answer.
    Reset,
    /// The connection stays open and silent.
    Silence,
}

impl Reply {
    /// Success with this body.
    pub fn ok(body: Value) -> Self {
        Reply::Answer { status: 200, body: body.to_string().into() }
    }

    /// This status and body, whatever it is.
    pub fn raw(status: u16, body: &str) -> Self {
        Reply::Answer { status, body: body.into() }
    }

    /// One of DynamoDB's errors with a message and nothing else.
    pub fn error(status: u16, name: &str, message: &str) -> Self {
        Self::error_with(status, name, json!({ "message": message }))
    }

    /// One of DynamoDB's errors with these members.
    pub fn error_with(status: u16, name: &str, mut members: Value) -> Self {
        members["__type"] = format!("com.amazonaws.dynamodb.v20120810#{name}").into();
        Reply::Answer { status, body: members.to_string().into() }
    }

    /// ProvisionedThroughputExceededException with one reason, such as `TableReadProvisionedThroughputExceeded` on `orders`.
    pub fn provisioned_throughput_exceeded(reason: &str, resource: &str) -> Self {
        let reasons = json!([{ "reason": reason, "resource": arn(resource) }]);
        let members = json!({ "message": "You exceeded your provisioned throughput.", "ThrottlingReasons": reasons });
        Self::error_with(400, "ProvisionedThroughputExceededException", members)
    }

    /// ThrottlingException with one reason, spelt with a small t as DynamoDB does.
    pub fn throttled(reason: &str, resource: &str) -> Self {
        let reasons = json!([{ "reason": reason, "resource": arn(resource) }]);
        let members = json!({ "message": "Throughput exceeds the limit.", "throttlingReasons": reasons });
        Self::error_with(400, "ThrottlingException", members)
    }
}

/// The ARN of `table` or `table/index/name`.
pub fn arn(resource: &str) -> String {
    format!("arn:aws:dynamodb:us-east-1:000000000000:table/{resource}")
}

/// A request as it came last.
#[derive(Debug, Clone)]
pub struct Seen {
    /// Request line and headers.
    pub head: String,
    /// The body.
    pub body: Value,
}

impl Seen {
    /// The value of a header, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.head, name)
    }
}

/// A time in which nothing is answered; what waits is answered at its end.
#[derive(Debug, Clone)]
struct Stall {
    operation: String,
    after: Duration,
    length: Duration,
}

/// What a stub is to do.
#[derive(Debug, Clone, Default)]
pub struct Script {
    replies: HashMap<String, Vec<Reply>>,
    tables: HashMap<String, Value>,
    delay: Duration,
    stall: Option<Stall>,
}

impl Script {
    /// Answers everything with success and nothing in it.
    pub fn new() -> Self {
        Self::default()
    }

    /// Answers `operation` with this, always.
    pub fn on(self, operation: &str, reply: Reply) -> Self {
        self.on_each(operation, [reply])
    }

    /// Answers the first request for `operation` with the first reply, and so on; the last one stays.
    pub fn on_each(mut self, operation: &str, replies: impl IntoIterator<Item = Reply>) -> Self {
        self.replies.insert(operation.to_owned(), replies.into_iter().collect());
        self
    }

    /// An active on-demand table with string keys, for DescribeTable.
    pub fn table(self, name: &str, partition_key: &str, sort_key: Option<&str>) -> Self {
        let keys = std::iter::once((partition_key, "HASH")).chain(sort_key.map(|key| (key, "RANGE")));
        let schema: Vec<_> = keys.clone().map(|(key, kind)| json!({ "AttributeName": key, "KeyType": kind })).collect();
        let types: Vec<_> = keys.map(|(key, _)| json!({ "AttributeName": key, "AttributeType": "S" })).collect();
        self.table_as(json!({
            "TableName": name, "TableStatus": "ACTIVE", "KeySchema": schema, "AttributeDefinitions": types,
            "TableArn": arn(name), "TableId": format!("id-of-{name}"),
            "BillingModeSummary": { "BillingMode": "PAY_PER_REQUEST" },
        }))
    }

    /// A table described by a TableDescription, for DescribeTable.
    pub fn table_as(mut self, description: Value) -> Self {
        let name = description["TableName"].as_str().unwrap_or_default().to_owned();
        self.tables.insert(name, description);
        self
    }

    /// Every answer takes this long. The timer's grain is a millisecond; zero means as fast as can be.
    pub fn delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Answers nothing from `after` the first request for `operation` on, for `length`. Requests that come in this time are
    /// answered at its end.
    pub fn stall(mut self, operation: &str, after: Duration, length: Duration) -> Self {
        self.stall = Some(Stall { operation: operation.to_owned(), after, length });
        self
    }

    /// Starts serving.
    pub fn start(self) -> Stub {
        let (ready, address) = mpsc::channel();
        let (stop, stopped) = oneshot::channel();
        let shared = Arc::new(Shared {
            script: self,
            state: Mutex::default(),
            connections: AtomicU64::new(0),
            served: Served::default(),
        });
        let served = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("stub".to_owned()).spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime for the stub");
            runtime.block_on(async move {
                let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port for the stub");
                ready.send(listener.local_addr().expect("the stub's address")).expect("the test waits for the stub");
                tokio::select! {
                    () = accept(listener, served) => {}
                    _ = stopped => {}
                }
            });
        });
        let thread = thread.expect("a thread for the stub");
        let address = address.recv().expect("the stub starts");
        Stub { address, shared, stop: Some(stop), thread: Some(thread) }
    }
}

/// A stub that serves. Dropping it closes its port and every connection.
pub struct Stub {
    address: SocketAddr,
    shared: Arc<Shared>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Stub {
    /// Its URL, such as `http://127.0.0.1:41234`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Requests that came for `operation`.
    pub fn count(&self, operation: &str) -> u64 {
        self.shared.lock().operations.get(operation).map_or(0, |seen| seen.count)
    }

    /// Requests that came in all.
    pub fn total(&self) -> u64 {
        self.shared.lock().operations.values().map(|seen| seen.count).sum()
    }

    /// Connections that were opened.
    pub fn connections(&self) -> u64 {
        self.shared.connections.load(Ordering::Relaxed)
    }

    /// The most requests that waited for their answers at once.
    pub fn most_at_once(&self) -> u64 {
        self.shared.served.most.load(Ordering::Relaxed)
    }

    /// The last request for `operation`.
    pub fn last(&self, operation: &str) -> Option<Seen> {
        let state = self.shared.lock();
        let seen = state.operations.get(operation)?;
        Some(Seen {
            head: String::from_utf8_lossy(&seen.head).into_owned(),
            body: serde_json::from_slice(&seen.body).unwrap_or(Value::Null),
        })
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct Shared {
    script: Script,
    state: Mutex<State>,
    connections: AtomicU64,
    served: Served,
}

impl Shared {
    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Default)]
struct State {
    operations: HashMap<String, OperationState>,
    /// When the stall begins and ends, once its operation was first asked for.
    stall: Option<(Instant, Instant)>,
}

#[derive(Default)]
struct OperationState {
    count: u64,
    head: Vec<u8>,
    body: Vec<u8>,
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((stream, _)) = listener.accept().await {
        shared.connections.fetch_add(1, Ordering::Relaxed);
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            // A client that hangs up is no business of the stub's.
            let _ = serve(stream, &shared).await;
        });
    }
}

/// The requests that wait for their answers: now, and at most.
#[derive(Debug, Default)]
struct Served {
    now: AtomicU64,
    most: AtomicU64,
}

impl Served {
    fn begin(&self) {
        self.most.fetch_max(self.now.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
    }

    fn end(&self) {
        self.now.fetch_sub(1, Ordering::Relaxed);
    }
}

async fn serve(mut stream: TcpStream, shared: &Shared) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = Vec::with_capacity(8 << 10);
    let mut answer = Vec::with_capacity(8 << 10);
    loop {
        let (head_end, end) = loop {
            if let Some(frame) = frame(&buffer)? {
                break frame;
            }
            if stream.read_buf(&mut buffer).await? == 0 {
                return Ok(());
            }
        };
        let (reply, release) = note(shared, &buffer[..head_end], &buffer[head_end..end]);
        buffer.drain(..end);
        shared.served.begin();
        if let Some(release) = release {
            tokio::time::sleep_until(release.into()).await;
        }
        shared.served.end();
        answer.clear();
        match reply {
            Reply::Answer { status, body } => {
                let head = format!(
                    "HTTP/1.1 {status} Stub\r\nContent-Type: application/x-amz-json-1.0\r\n\
                     x-amzn-RequestId: STUB\r\nContent-Length: {}\r\n\r\n",
                    body.len()
                );
                answer.extend_from_slice(head.as_bytes());
                answer.extend_from_slice(body.as_bytes());
                stream.write_all(&answer).await?;
            }
            Reply::Truncated => {
                stream.write_all(b"HTTP/1.1 200 Stub\r\nContent-Length: 1000\r\n\r\n{\"Item\":").await?;
                return Ok(());
            }
            Reply::Reset => {
                stream.set_zero_linger()?;
                return Ok(());
            }
            Reply::Silence => std::future::pending().await,
        }
    }
}

/// Counts the request, keeps it as the last of its operation, and says what to answer, and when unless at once.
fn note(shared: &Shared, head: &[u8], body: &[u8]) -> (Reply, Option<Instant>) {
    let text = std::str::from_utf8(head).unwrap_or_default();
    let target = header(text, "x-amz-target").unwrap_or_default();
    let operation = target.rsplit('.').next().unwrap_or_default();
    let now = Instant::now();
    let script = &shared.script;

    let mut state = shared.lock();
    let state = &mut *state;
    if !state.operations.contains_key(operation) {
        state.operations.insert(operation.to_owned(), OperationState::default());
    }
    let Some(seen) = state.operations.get_mut(operation) else {
        return (Reply::Reset, None);
    };
    seen.count += 1;
    seen.head.clear();
    seen.head.extend_from_slice(head);
    seen.body.clear();
    seen.body.extend_from_slice(body);

    if let (Some(stall), None) = (&script.stall, state.stall)
        && stall.operation == operation
    {
        let start = now + stall.after;
        state.stall = Some((start, start + stall.length));
    }
    let served = now + script.delay;
    let release = match state.stall {
        Some((start, end)) if (start..end).contains(&served) => Some(end),
        _ => (!script.delay.is_zero()).then_some(served),
    };
    let scripted = script.replies.get(operation).and_then(|replies| {
        let turn = usize::try_from(seen.count - 1).unwrap_or(usize::MAX);
        replies.get(turn).or(replies.last())
    });
    let reply = match scripted {
        Some(reply) => reply.clone(),
        None if operation == "DescribeTable" => describe_table(script, body),
        None => Reply::raw(200, "{}"),
    };
    (reply, release)
}

fn describe_table(script: &Script, body: &[u8]) -> Reply {
    let request: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
    match script.tables.get(request["TableName"].as_str().unwrap_or_default()) {
        Some(description) => Reply::ok(json!({ "Table": description })),
        None => Reply::error(400, "ResourceNotFoundException", "Requested resource not found"),
    }
}

/// Where the first request's head and body end, once both are there.
fn frame(buffer: &[u8]) -> io::Result<Option<(usize, usize)>> {
    // What does not begin with a method, such as TLS, is hung up on, as HTTP servers do.
    if buffer.first().is_some_and(|byte| !byte.is_ascii_uppercase()) {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let Some(at) = buffer.windows(4).position(|window| window == b"\r\n\r\n") else {
        return if buffer.len() > REQUEST_MAX_BYTES { Err(io::ErrorKind::InvalidData.into()) } else { Ok(None) };
    };
    let head_end = at + 4;
    let head = std::str::from_utf8(&buffer[..head_end]).map_err(|_| io::ErrorKind::InvalidData)?;
    let length: usize = header(head, "content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    if length > REQUEST_MAX_BYTES {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let end = head_end + length;
    Ok((buffer.len() >= end).then_some((head_end, end)))
}

/// The value of a header, by its name in lower case.
fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.split("\r\n").skip(1).find_map(|line| {
        let (known, value) = line.split_once(':')?;
        known.eq_ignore_ascii_case(name).then_some(value.trim())
    })
}

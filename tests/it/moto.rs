//! moto's server, somebody else's idea of DynamoDB: `pip install 'moto[server]'`.
//!
//! Where moto is not installed these tests say so and pass, so that a machine with nothing but Rust can run the rest;
//! with DYNO_REQUIRE_MOTO=1, as in `.ci/run`, they fail instead. One server serves all tests that run at the same time; tables need names of their own. Where it deviates from DynamoDB,
//! the tests that meet it say so.
#![allow(dead_code, reason = "every module of the crate uses a part")]

use std::fs::File;
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

/// Set to 1 to fail where moto is missing.
const REQUIRE: &str = "DYNO_REQUIRE_MOTO";
const STARTS_WITHIN: Duration = Duration::from_secs(60);

/// A running server; the process ends with it.
pub struct Moto {
    child: Child,
    url: String,
}

impl Moto {
    /// The running server, or a new one; `None` where moto is not installed. Panics if it is and does not start.
    pub fn server() -> Option<Arc<Moto>> {
        static RUNNING: Mutex<Weak<Moto>> = Mutex::new(Weak::new());
        if !Moto::is_installed() {
            assert!(std::env::var(REQUIRE).is_err(), "moto is missing; install it with `pip install 'moto[server]'`");
            eprintln!("skipped: moto is not installed");
            return None;
        }
        let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(server) = running.upgrade() {
            return Some(server);
        }
        let server = Arc::new(Moto::start());
        *running = Arc::downgrade(&server);
        Some(server)
    }

    /// Its URL.
    pub fn url(&self) -> &str {
        &self.url
    }

    fn is_installed() -> bool {
        let import = Command::new("python3").args(["-c", "import moto.server, flask"]).stderr(Stdio::null()).status();
        import.is_ok_and(|status| status.success())
    }

    fn start() -> Self {
        let log = tempfile::NamedTempFile::new().expect("a file for moto's log");
        let open = |log: &tempfile::NamedTempFile| -> File { log.reopen().expect("moto's log opens") };
        let address = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port");
        let child = Command::new("python3")
            .args(["-m", "moto.server", "-H", "127.0.0.1", "-p", &address.port().to_string()])
            .stdin(Stdio::null())
            .stdout(open(&log))
            .stderr(open(&log))
            .spawn();
        let mut server = match child {
            Ok(child) => Moto { child, url: format!("http://{address}") },
            Err(error) => panic!("python3 for moto's server does not start: {error}"),
        };
        let started = Instant::now();
        while TcpStream::connect(address).is_err() {
            if let Ok(Some(status)) = server.child.try_wait() {
                let log = std::fs::read_to_string(log.path()).unwrap_or_default();
                panic!("moto's server ended at once ({status})\n{log}");
            }
            assert!(started.elapsed() < STARTS_WITHIN, "moto's server does not listen after {STARTS_WITHIN:?}");
            std::thread::sleep(Duration::from_millis(50));
        }
        server
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

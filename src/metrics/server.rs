//! The server of metrics: one thread, a few connections, a few seconds for each.

use std::convert::Infallible;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ACCEPT, ALLOW, CONTENT_TYPE};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::runtime::Builder;
use tokio::sync::{Semaphore, oneshot, watch};

use super::text::{State, open_metrics, prometheus_text};

/// Connections served at a time; further ones wait.
const CONNECTIONS_MAX: usize = 16;
/// A connection lives no longer, whatever its other end does.
const CONNECTION_ENDS_AFTER: Duration = Duration::from_secs(10);
/// How long a scrape waits for a new state; where none comes, as while tables are created, it gets the last one.
const STATE_COMES_WITHIN: Duration = Duration::from_secs(1);
/// Requests with larger heads are refused.
const HEAD_BYTES_MAX: usize = 16 << 10;

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const PROMETHEUS_TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";
const PLAIN: &str = "text/plain; charset=utf-8";

/// A server that runs until it is dropped.
#[derive(Debug)]
pub(super) struct Server {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// What every connection shares.
#[derive(Debug, Clone)]
struct Scrapes {
    state: watch::Receiver<Arc<State>>,
    asked: Arc<AtomicBool>,
}

impl Server {
    /// Listens at an address and serves what `state` holds. `asked` is set when a new state is wanted.
    pub fn start(address: SocketAddr, state: watch::Receiver<Arc<State>>, asked: Arc<AtomicBool>) -> io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let (stop, stopped) = oneshot::channel();
        let scrapes = Scrapes { state, asked };
        let thread = thread::Builder::new().name("metrics".to_owned()).spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    () = accept(listener, scrapes) => {}
                    _ = stopped => {}
                }
            });
        })?;
        Ok(Server { address, stop: Some(stop), thread: Some(thread) })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic of the server's is no reason for another one.
            let _ = thread.join();
        }
    }
}

async fn accept(listener: TcpListener, scrapes: Scrapes) {
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        let Ok((stream, _)) = listener.accept().await else {
            // Too many open files, for instance: that passes, but not at once.
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let scrapes = scrapes.clone();
        tokio::spawn(async move {
            let answer = service_fn(move |request| {
                let scrapes = scrapes.clone();
                async move { Ok::<_, Infallible>(scrapes.answer(request).await) }
            });
            let mut http = http1::Builder::new();
            http.keep_alive(false).max_buf_size(HEAD_BYTES_MAX);
            let served = http.serve_connection(TokioIo::new(stream), answer);
            // Whoever went away, spoke something else or was too slow has no answer; the run goes on.
            let _ = tokio::time::timeout(CONNECTION_ENDS_AFTER, served).await;
            drop(place);
        });
    }
}

impl Scrapes {
    async fn answer(mut self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        if request.uri().path() != "/metrics" {
            return response(StatusCode::NOT_FOUND, PLAIN, "not found; metrics are at /metrics\n".to_owned());
        }
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            let mut refused = response(StatusCode::METHOD_NOT_ALLOWED, PLAIN, "GET or HEAD\n".to_owned());
            refused.headers_mut().insert(ALLOW, hyper::header::HeaderValue::from_static("GET, HEAD"));
            return refused;
        }
        let accepted = request.headers().get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
        let wants_open_metrics = accepted.into_iter().any(|value| value.contains("application/openmetrics-text"));
        self.state.mark_unchanged();
        self.asked.store(true, Ordering::Relaxed);
        // Without a new one the last one is as good as there is.
        let _ = tokio::time::timeout(STATE_COMES_WITHIN, self.state.changed()).await;
        let state = Arc::clone(&self.state.borrow());
        match open_metrics(&state) {
            Ok(text) if wants_open_metrics => response(StatusCode::OK, OPEN_METRICS, text),
            Ok(text) => response(StatusCode::OK, PROMETHEUS_TEXT, prometheus_text(&text)),
            Err(_) => response(StatusCode::INTERNAL_SERVER_ERROR, PLAIN, "metrics could not be written\n".to_owned()),
        }
    }
}

fn response(status: StatusCode, content_type: &'static str, text: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static(content_type));
    response
}

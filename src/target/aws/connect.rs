//! How the SDK's clients are made: for DynamoDB itself through the usual chain of credentials and region, for any other
//! endpoint from constants.

use std::fmt;
use std::time::Duration;

use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{
    BehaviorVersion, Builder, Credentials, ProvideCredentials, Region, SharedHttpClient, StalledStreamProtectionConfig,
};
use aws_sdk_dynamodb::{Client, Config};
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};

use crate::target::TargetError;

use super::AwsOptions;

/// The region requests to other endpoints are signed for, unless one is given.
pub(super) const DEFAULT_REGION: &str = "us-east-1";

/// What other endpoints get as credentials; letters alone, which DynamoDB Local insists on.
const DUMMY_KEY: &str = "dynamometer";

/// Host names under which AWS itself answers. Real credentials go nowhere else.
const AWS_DOMAINS: [&str; 4] = [".amazonaws.com", ".amazonaws.com.cn", ".api.aws", ".api.amazonwebservices.com.cn"];

/// How long creating, describing and deleting tables wait for one answer, and for all attempts together.
const ADMIN_ATTEMPT_TIMEOUT: Duration = Duration::from_secs(10);
const ADMIN_TIMEOUT: Duration = Duration::from_secs(30);
/// Attempts for describing tables and the like, which are not measured, and the back-off they start with.
const ADMIN_ATTEMPTS: u32 = 4;
const ADMIN_BACKOFF: Duration = Duration::from_millis(100);

/// Two clients for the same place: one measured, one for tables.
pub(super) struct Clients {
    /// For the measured operations: one attempt, no time-outs of its own.
    pub(super) calls: Client,
    /// For creating, describing and deleting tables: the standard retries, short time-outs.
    pub(super) tables: Client,
    /// Where both go.
    pub(super) place: Place,
}

/// Where requests go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// The endpoint's URL, where one was given.
    pub(super) endpoint: Option<Endpoint>,
    /// The region requests are signed for.
    pub(super) region: String,
}

impl Place {
    /// Whether AWS answers there, which costs money.
    pub(super) fn is_aws(&self) -> bool {
        self.endpoint.as_ref().is_none_or(Endpoint::is_aws)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.endpoint {
            Some(endpoint) => f.write_str(&endpoint.url),
            None => write!(f, "DynamoDB in {}", self.region),
        }
    }
}

/// A checked endpoint URL: scheme, host and port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Endpoint {
    url: String,
    host: String,
    tls: bool,
}

impl Endpoint {
    /// Checks `http[s]://host[:port][/]`.
    pub(super) fn parse(url: &str) -> Result<Self, TargetError> {
        let wrong = |why: &str| {
            TargetError::Settings(format!("the endpoint `{url}` {why}; write it like http://127.0.0.1:8000"))
        };
        let (tls, rest) = match url.split_once("://") {
            Some(("http", rest)) => (false, rest),
            Some(("https", rest)) => (true, rest),
            Some((scheme, _)) => return Err(wrong(&format!("has the scheme `{scheme}`, not http or https"))),
            None => return Err(wrong("does not begin with http:// or https://")),
        };
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        if authority.contains(|c: char| c.is_whitespace() || c.is_control() || "/?#@\\".contains(c)) {
            return Err(wrong("has more than a host and a port"));
        }
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
            _ => (authority, None),
        };
        if port.is_some_and(|port| !port.parse::<u16>().is_ok_and(|port| port > 0)) {
            return Err(wrong("has a port that is not between 1 and 65535"));
        }
        let bracketed = host.starts_with('[') && host.ends_with(']');
        if host.is_empty() || (host.contains(':') && !bracketed) {
            return Err(wrong("names no host"));
        }
        let scheme = if tls { "https" } else { "http" };
        Ok(Endpoint { url: format!("{scheme}://{authority}"), host: host.to_ascii_lowercase(), tls })
    }

    /// Whether AWS answers under this host name.
    pub(super) fn is_aws(&self) -> bool {
        AWS_DOMAINS.iter().any(|domain| self.host.ends_with(domain))
    }

    /// The region in a host name such as `dynamodb.eu-west-1.amazonaws.com`.
    fn region(&self) -> Option<&str> {
        self.host.strip_prefix("dynamodb.")?.split('.').next().filter(|region| region.contains('-'))
    }
}

/// Clients for an endpoint. Unless AWS answers there, nothing is looked up: not the environment, no profile, no metadata
/// service.
pub(super) async fn to_endpoint(url: &str, options: &AwsOptions) -> Result<Clients, TargetError> {
    let endpoint = Endpoint::parse(url)?;
    if endpoint.is_aws() {
        return through_chain(Some(endpoint), options).await;
    }
    if let Some(profile) = &options.profile {
        return Err(TargetError::Settings(format!(
            "the profile `{profile}` has no use at {}: an endpoint that is not AWS gets no credentials of yours",
            endpoint.url
        )));
    }
    let region = options.region.clone().unwrap_or_else(|| DEFAULT_REGION.to_owned());
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .http_client(http_client(endpoint.tls))
        .region(Region::new(region.clone()))
        .endpoint_url(&endpoint.url)
        .credentials_provider(Credentials::new(DUMMY_KEY, DUMMY_KEY, None, None, "dynamometer"));
    Ok(clients(config, Place { endpoint: Some(endpoint), region }, options))
}

/// Clients for AWS with the usual chain: environment, profile files, SSO, container and instance metadata.
///
/// Endpoint URLs configured in environment or profile are not followed: whoever asks for AWS gets AWS.
pub(super) async fn through_chain(endpoint: Option<Endpoint>, options: &AwsOptions) -> Result<Clients, TargetError> {
    let mut loader = aws_config::defaults(BehaviorVersion::latest()).http_client(http_client(true));
    if let Some(profile) = &options.profile {
        loader = loader.profile_name(profile);
    }
    let region = options.region.as_deref().or_else(|| endpoint.as_ref().and_then(Endpoint::region));
    if let Some(region) = region {
        loader = loader.region(Region::new(region.to_owned()));
    }
    let loaded = loader.load().await;
    let region = loaded.region().map(ToString::to_string).ok_or_else(|| {
        TargetError::Settings(
            "no AWS region is set; give one, or set AWS_REGION, or `region` in the profile".to_owned(),
        )
    })?;
    let no_credentials = |why: &str| {
        TargetError::Settings(format!(
            "no AWS credentials were found ({why}); log in, choose a profile, or set AWS_ACCESS_KEY_ID and \
             AWS_SECRET_ACCESS_KEY"
        ))
    };
    let provider = loaded.credentials_provider().ok_or_else(|| no_credentials("no provider is configured"))?;
    provider.provide_credentials().await.map_err(|error| no_credentials(&super::error::causes(&error)))?;

    let mut config = Builder::from(&loaded);
    config.set_endpoint_url(endpoint.as_ref().map(|endpoint| endpoint.url.clone()));
    Ok(clients(config, Place { endpoint, region }, options))
}

fn clients(config: Builder, place: Place, options: &AwsOptions) -> Clients {
    let calls = config
        .clone()
        .retry_config(RetryConfig::disabled())
        .timeout_config(match options.attempt_timeout {
            Some(timeout) => {
                TimeoutConfig::builder().operation_attempt_timeout(timeout).disable_connect_timeout().build()
            }
            None => TimeoutConfig::disabled(),
        })
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .build();
    let tables = config
        .retry_config(RetryConfig::standard().with_max_attempts(ADMIN_ATTEMPTS).with_initial_backoff(ADMIN_BACKOFF))
        .timeout_config(
            TimeoutConfig::builder()
                .operation_attempt_timeout(ADMIN_ATTEMPT_TIMEOUT)
                .operation_timeout(ADMIN_TIMEOUT)
                .build(),
        )
        .build();
    Clients { calls: Client::from_conf(calls), tables: Client::from_conf(tables), place }
}

/// The pool has no bound of its own: there are as many connections as attempts were ever in flight at once, and the runner
/// bounds those. Plain HTTP loads no certificates. No proxy is asked for, nor looked up in the environment.
fn http_client(tls: bool) -> SharedHttpClient {
    let builder = aws_smithy_http_client::Builder::new().pool_max_idle_per_host(usize::MAX);
    if tls { builder.tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https() } else { builder.build_http() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_read_as_scheme_host_and_port() {
        for (url, host, tls) in [
            ("http://127.0.0.1:8000", "127.0.0.1", false),
            ("http://[::1]:8000/", "[::1]", false),
            ("https://[::1]", "[::1]", true),
            ("https://DB.example.com", "db.example.com", true),
        ] {
            let endpoint = Endpoint::parse(url).unwrap();
            assert_eq!((endpoint.host.as_str(), endpoint.tls), (host, tls), "{url}");
            assert!(!endpoint.is_aws());
        }
    }

    #[test]
    fn a_wrong_endpoint_is_refused_with_the_reason() {
        for (url, reason) in [
            ("127.0.0.1:8000", "does not begin with http"),
            ("ftp://host", "scheme `ftp`"),
            ("http://", "names no host"),
            ("http://:8000", "names no host"),
            ("http://::1", "names no host"),
            ("http://host:0", "port"),
            ("http://host:65536", "port"),
            ("http://host:", "port"),
            ("http://host/path", "more than a host"),
            ("http://user@host", "more than a host"),
            ("http://host name", "more than a host"),
        ] {
            let error = Endpoint::parse(url).unwrap_err().to_string();
            assert!(error.contains(reason) && error.contains("http://127.0.0.1:8000"), "{url}: {error}");
        }
    }

    #[test]
    fn only_amazons_own_names_are_aws() {
        let endpoint = |url| Endpoint::parse(url).unwrap();
        for (url, region) in [
            ("https://dynamodb.eu-west-1.amazonaws.com", Some("eu-west-1")),
            ("https://dynamodb.cn-north-1.amazonaws.com.cn", Some("cn-north-1")),
            ("https://dynamodb.us-east-2.api.aws", Some("us-east-2")),
            ("https://vpce-0a1b.dynamodb.us-east-1.vpce.amazonaws.com", None),
        ] {
            assert!(endpoint(url).is_aws(), "{url}");
            assert_eq!(endpoint(url).region(), region, "{url}");
        }
        for url in ["https://amazonaws.com.evil.example", "https://notamazonaws.com", "http://localhost:8000"] {
            assert!(!endpoint(url).is_aws(), "{url}");
        }
    }
}

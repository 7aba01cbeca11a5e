//! What is looked up to reach an endpoint: at AWS the usual chain, elsewhere nothing.

use std::net::TcpListener;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use dynamometer::target::aws::{AwsOptions, AwsTarget};
use dynamometer::target::{Target, TargetError};
use serde_json::json;

use crate::stub::{Reply, Script};

use super::{any_get, call};

/// Tells the test below, run as a process of its own, what to reach.
const ENDPOINT: &str = "DYNO_TEST_ENDPOINT";
const NAME: &str = "aws_target::lookups::in_a_process_with_another_environment";

/// The environment belongs to the whole process, so this runs in one of its own.
#[tokio::test]
async fn in_a_process_with_another_environment() {
    match std::env::var(ENDPOINT).as_deref() {
        Err(_) => {}
        Ok("aws") => {
            let Err(error) = AwsTarget::aws(&AwsOptions::default()).await.map(drop) else {
                panic!("there are no credentials to be found");
            };
            assert!(error.to_string().contains("no AWS credentials were found"), "{error}");
        }
        Ok(url) => {
            let target = AwsTarget::endpoint(url, &AwsOptions::default()).await.unwrap();
            call(&target, any_get()).await.unwrap().result.unwrap();
            target.plan(&[super::table("orders")]).await.unwrap();
        }
    }
}

#[test]
fn an_endpoint_that_is_not_aws_gets_dummies_and_nothing_is_looked_up() {
    let stub = Script::new().on("GetItem", Reply::ok(json!({}))).start();
    let trap = Trap::set();
    trap.run(&stub.url());
    assert_eq!(trap.visits(), 0, "metadata service, container credentials or proxy were asked");

    let seen = stub.last("GetItem").unwrap();
    let authorization = seen.header("authorization").unwrap();
    assert!(authorization.contains("Credential=dynamometer/"), "{authorization}");
    assert!(authorization.contains("/us-east-1/dynamodb/aws4_request"), "{authorization}");
    assert_eq!(seen.header("x-amz-security-token"), None);
}

/// The trap of the test above catches: the usual chain does walk into it.
#[test]
fn aws_itself_is_reached_through_the_usual_chain() {
    let trap = Trap::set();
    trap.run("aws");
    assert!(trap.visits() > 0);
}

#[tokio::test]
async fn a_given_region_is_signed_for_and_recorded() {
    let stub = Script::new().start();
    let options = AwsOptions { region: Some("eu-central-1".to_owned()), ..AwsOptions::default() };
    let target = AwsTarget::endpoint(&stub.url(), &options).await.unwrap();
    call(&target, any_get()).await.unwrap().result.unwrap();
    let seen = stub.last("GetItem").unwrap();
    assert!(seen.header("authorization").unwrap().contains("/eu-central-1/dynamodb/"));

    let info = target.info();
    assert_eq!((info.kind.as_str(), info.endpoint), ("aws", stub.url()));
    assert!(info.settings.contains(&("region".to_owned(), "eu-central-1".to_owned())), "{:?}", info.settings);
    assert!(!target.is_aws());
}

#[tokio::test]
async fn a_profile_for_an_endpoint_that_is_not_aws_is_refused() {
    let options = AwsOptions { profile: Some("work".to_owned()), ..AwsOptions::default() };
    let error = AwsTarget::endpoint("http://127.0.0.1:8000", &options).await.map(drop).unwrap_err();
    assert!(matches!(&error, TargetError::Settings(text) if text.contains("`work`")), "{error}");
}

/// A listener that counts who comes, and an environment that leads everyone who looks to it.
struct Trap {
    address: String,
    visits: Arc<AtomicUsize>,
    files: tempfile::TempDir,
}

impl Trap {
    fn set() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let visits = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&visits);
        // Ends with the test process.
        std::thread::spawn(move || {
            for _visitor in listener.incoming() {
                counted.fetch_add(1, Ordering::SeqCst);
            }
        });
        let files = tempfile::tempdir().unwrap();
        let profile = "[profile trap]\nregion = mars-north-1\ncredential_source = Ec2InstanceMetadata\n\
                       role_arn = arn:aws:iam::000000000000:role/trap\n";
        std::fs::write(files.path().join("config"), profile).unwrap();
        Trap { address, visits, files }
    }

    fn visits(&self) -> usize {
        self.visits.load(Ordering::SeqCst)
    }

    fn run(&self, endpoint: &str) {
        let url = format!("http://{}", self.address);
        let mut command = Command::new(std::env::current_exe().unwrap());
        for (name, _) in
            std::env::vars().filter(|(name, _)| name.starts_with("AWS_") || name.to_ascii_uppercase().contains("PROXY"))
        {
            command.env_remove(name);
        }
        let output = command
            .args(["--exact", NAME, "--nocapture"])
            .env(ENDPOINT, endpoint)
            .env("AWS_PROFILE", "trap")
            .env("AWS_CONFIG_FILE", self.files.path().join("config"))
            .env("AWS_SHARED_CREDENTIALS_FILE", self.files.path().join("credentials"))
            .env("AWS_REGION", "mars-south-1")
            .env("AWS_ENDPOINT_URL", &url)
            .env("AWS_ENDPOINT_URL_DYNAMODB", &url)
            .env("AWS_EC2_METADATA_SERVICE_ENDPOINT", &url)
            .env("AWS_CONTAINER_CREDENTIALS_FULL_URI", format!("{url}/credentials"))
            .env("http_proxy", &url)
            .env("HTTP_PROXY", &url)
            .env("HTTPS_PROXY", &url)
            .env("ALL_PROXY", &url)
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && text.contains("1 passed"), "{text}\n{output:?}");
    }
}

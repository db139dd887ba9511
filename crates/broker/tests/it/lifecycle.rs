use crate::client::{Batch, Client, PATIENCE, fetch_request, start, start_with};
use kadence_broker::{Broker, BrokerError, Listener, Options};
use kafka_protocol::messages::{ApiKey, MetadataRequest, MetadataResponse};
use std::{
    net::{SocketAddr, TcpListener, TcpStream},
    sync::mpsc::sync_channel,
    thread,
};

#[test]
fn two_brokers_in_one_process_know_nothing_of_each_other() {
    let (one, two) = (start(), start());
    assert_ne!(one.cluster_id(), two.cluster_id());
    let mut client = Client::connect(&one);
    client.metadata("t");
    client.produce("t", 0, Batch::of(&["a"]).bytes());
    assert_eq!(one.stats().topics, 1);
    assert_eq!(two.stats().topics, 0);
    one.shutdown();
    Client::connect(&two).metadata("u");
}

#[test]
fn a_taken_port_is_an_error_that_names_the_address() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let error =
        Broker::start(Options { listeners: vec![Listener::on(address)], ..Options::default() }).unwrap_err();
    assert!(matches!(error, BrokerError::Listen { .. }));
    assert!(error.to_string().contains(&address.to_string()), "{error}");
    let none = Broker::start(Options { listeners: Vec::new(), ..Options::default() });
    assert!(matches!(none, Err(BrokerError::NoAddress)));
}

#[test]
fn session_timeouts_that_no_member_can_have_are_refused() {
    let mut options = Options::default();
    options.set("group.min.session.timeout.ms", "5000").unwrap();
    options.set("group.max.session.timeout.ms", "4999").unwrap();
    let error = Broker::start(options.clone()).unwrap_err().to_string();
    assert!(error.contains("=5000") && error.contains("=4999"), "{error}");
    options.set("group.max.session.timeout.ms", "5000").unwrap();
    Broker::start(options).unwrap().shutdown();
}

/// Open, half-open and waiting connections do not hold up the end, and the port is free afterwards.
#[test]
fn shutdown_ends_open_connections_and_frees_the_port() {
    let broker = start();
    let address = broker.addresses()[0];
    let mut idle = Client::connect(&broker);
    idle.metadata("t");
    let mut half = Client::connect(&broker);
    std::io::Write::write_all(&mut half.stream, &[0, 0]).unwrap();
    let mut waiting = Client::connect(&broker);
    waiting.send(ApiKey::Fetch, 12, &fetch_request("t", &[(0, 0)]).with_max_wait_ms(600_000));
    let (sender, receiver) = sync_channel(1);
    let stopping = thread::spawn(move || {
        broker.shutdown();
        sender.send(()).unwrap();
    });
    receiver.recv_timeout(PATIENCE).expect("shutdown does not wait");
    stopping.join().unwrap();
    assert!(idle.is_closed() && half.is_closed() && waiting.is_closed());
    assert!(TcpStream::connect(address).is_err());
    let again = start_with(|o| o.listeners = vec![Listener::on(address)]);
    assert_eq!(again.addresses(), [address]);
}

/// `tokio` does not let a runtime end inside another one; the broker has to.
#[test]
fn a_broker_may_be_dropped_inside_a_runtime() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async { drop(start()) });
}

#[test]
fn metadata_names_the_address_the_client_used() {
    let wanted: Vec<SocketAddr> = ["127.0.0.1:0", "[::1]:0"].iter().map(|a| a.parse().unwrap()).collect();
    let broker = start_with(|o| o.listeners = wanted.into_iter().map(Listener::on).collect());
    let ports: Vec<u16> = broker.addresses().iter().map(SocketAddr::port).collect();
    assert!(ports.iter().all(|port| *port == ports[0] && *port != 0), "{ports:?}");
    for address in broker.addresses() {
        let request = MetadataRequest::default().with_topics(None).with_allow_auto_topic_creation(true);
        let response: MetadataResponse = Client::to(*address).call(ApiKey::Metadata, 12, &request);
        assert_eq!(*response.brokers[0].host, address.ip().to_string());
        assert_eq!(response.brokers[0].port, i32::from(address.port()));
        assert_eq!(response.cluster_id.as_deref(), Some(broker.cluster_id()));
    }
    let broker = start_with(|o| o.listeners[0].advertised_host = Some("example.test".to_owned()));
    let request = MetadataRequest::default().with_topics(None).with_allow_auto_topic_creation(true);
    let response: MetadataResponse = Client::connect(&broker).call(ApiKey::Metadata, 12, &request);
    assert_eq!(&*response.brokers[0].host, "example.test");
}

#[test]
fn requests_are_counted_by_api_and_version() {
    let broker = start();
    let mut client = Client::connect(&broker);
    let request = MetadataRequest::default().with_topics(None);
    for version in [1, 12, 12] {
        let _: MetadataResponse = client.call(ApiKey::Metadata, version, &request);
    }
    let counted: Vec<_> = broker.requests().filter(|(_, _, count)| *count > 0).collect();
    assert_eq!(counted, [(ApiKey::Metadata, 1, 1), (ApiKey::Metadata, 12, 2)]);
    assert_eq!(
        broker.requests().count(),
        kadence_broker::served().flat_map(|(_, versions)| versions).count()
    );
}

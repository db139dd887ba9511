use std::sync::mpsc::{Receiver, sync_channel};

use super::*;

/// A server that gives back what it gets until the end, and then ends too.
fn echo() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for connection in listener.incoming() {
            let connection = connection.unwrap();
            connection.set_nodelay(true).unwrap();
            thread::spawn(move || io::copy(&mut &connection, &mut &connection));
        }
    });
    address
}

fn client(proxy: &DelayProxy) -> TcpStream {
    let client = TcpStream::connect(proxy.address()).unwrap();
    client.set_nodelay(true).unwrap();
    client.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    client
}

/// How long a byte is under way, there and back.
fn round_trip(mut client: &TcpStream) -> Duration {
    let start = SystemClock.now();
    client.write_all(&[7]).unwrap();
    client.read_exact(&mut [0]).unwrap();
    SystemClock.now().saturating_sub(start)
}

/// A server that takes one connection.
fn server() -> (SocketAddr, Receiver<TcpStream>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let (give, take) = sync_channel(1);
    thread::spawn(move || give.send(listener.accept().unwrap().0));
    (address, take)
}

#[test]
fn a_round_trip_lasts_as_long_as_asked() {
    for delay in [1, 5, 20].map(Duration::from_millis) {
        let proxy = DelayProxy::start(echo(), delay).unwrap();
        let client = client(&proxy);
        for _ in 0..10 {
            let lasted = round_trip(&client);
            assert!(lasted >= delay, "{lasted:?} instead of {delay:?}");
        }
    }
}

#[test]
fn many_requests_are_under_way_at_once() {
    let delay = Duration::from_millis(200);
    let proxy = DelayProxy::start(echo(), delay).unwrap();
    let mut client = client(&proxy);
    let start = SystemClock.now();
    for number in 0..100 {
        client.write_all(&[number]).unwrap();
    }
    let mut answers = [0; 100];
    client.read_exact(&mut answers).unwrap();
    let lasted = SystemClock.now().saturating_sub(start);
    assert!(answers.into_iter().eq(0..100));
    // One after the other they would take 20 s.
    assert!(lasted >= delay && lasted < Duration::from_secs(10), "{lasted:?}");
}

#[test]
fn a_delay_can_be_changed_while_connected() {
    let long = Duration::from_millis(400);
    let proxy = DelayProxy::start(echo(), long).unwrap();
    let client = client(&proxy);
    assert!(round_trip(&client) >= long);
    proxy.set_round_trip(Duration::ZERO);
    let fastest = (0..20).map(|_| round_trip(&client)).min().unwrap();
    assert!(fastest < long / 4, "{fastest:?}");
    proxy.set_round_trip(long);
    assert!(round_trip(&client) >= long);
}

#[test]
fn bytes_arrive_unchanged_and_in_order() {
    let proxy = DelayProxy::start(echo(), Duration::from_millis(4)).unwrap();
    let client = client(&proxy);
    // More than is in flight at most, in pieces of all sizes.
    let sent: Vec<u8> = (0..80_000_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let received = thread::scope(|scope| {
        scope.spawn(|| {
            let (mut rest, mut size) = (&*sent, 1);
            while let Some(piece) = rest.split_off(..size.min(rest.len())).filter(|piece| !piece.is_empty()) {
                (&client).write_all(piece).unwrap();
                size = size * 2 % 1_000_003;
            }
            client.shutdown(Shutdown::Write).unwrap();
        });
        let mut received = Vec::with_capacity(sent.len());
        (&client).read_to_end(&mut received).unwrap();
        received
    });
    assert!(received == sent, "{} of {} bytes", received.len(), sent.len());
}

#[test]
fn a_client_that_closes_is_gone_for_the_server() {
    let (address, accepted) = server();
    let proxy = DelayProxy::start(address, Duration::from_millis(2)).unwrap();
    let mut client = client(&proxy);
    client.write_all(b"last words").unwrap();
    drop(client);
    let mut heard = String::new();
    accepted.recv().unwrap().read_to_string(&mut heard).unwrap();
    assert_eq!(heard, "last words");
}

#[test]
fn a_server_that_closes_is_gone_for_the_client() {
    let (address, accepted) = server();
    let proxy = DelayProxy::start(address, Duration::from_millis(2)).unwrap();
    let mut client = client(&proxy);
    let mut server = accepted.recv().unwrap();
    server.write_all(b"last words").unwrap();
    drop(server);
    let mut heard = String::new();
    client.read_to_string(&mut heard).unwrap();
    assert_eq!(heard, "last words");
}

#[test]
fn a_proxy_that_is_gone_has_closed_its_connections() {
    let proxy = DelayProxy::start(echo(), Duration::ZERO).unwrap();
    let mut client = client(&proxy);
    round_trip(&client);
    drop(proxy);
    // An end or a reset, but no silence.
    let read = client.read(&mut [0]);
    assert!(!matches!(&read, Err(error) if error.kind() == io::ErrorKind::WouldBlock), "{read:?}");
    assert_ne!(read.unwrap_or(0), 1);
}

#[test]
fn a_client_without_a_server_is_turned_away() {
    let (address, accepted) = server();
    drop((TcpStream::connect(address).unwrap(), accepted.recv().unwrap()));
    // Nobody listens there any more, but for whoever was given the port since.
    let proxy = DelayProxy::start(address, Duration::ZERO).unwrap();
    assert_eq!(client(&proxy).read(&mut [0]).unwrap_or(0), 0);
}

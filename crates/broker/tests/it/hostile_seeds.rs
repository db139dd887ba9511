use crate::{
    client::{Batch, Client, start},
    versions,
};
use kadence_broker::served;
use kadence_wire::bounds::{DEFAULT_MAX_ELEMENTS, check_request};
use kafka_protocol::messages::ApiKey;
use std::{
    fs,
    io::{Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    path::Path,
    thread,
};

/// Stand in the seeds for what differs from broker to broker, as the door for fuzzing has them.
const TOPIC_ID: [u8; 16] = [0xa5; 16];
const PRODUCER_ID: [u8; 8] = [0x5a; 8];
const MEMBER_ID: [u8; 36] = *b"mmmmmmmm-mmmm-mmmm-mmmm-mmmmmmmmmmmm";

/// What the tests of all versions say to a broker, as fuzzing starts from it: a conversation for each version. With
/// `KADENCE_WRITE_SEEDS` set they are written to `fuzz/seeds`, where also lies what fuzzing found.
#[test]
fn seeds_for_fuzzing_are_whole_requests() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds/broker_requests");
    for (api, versions) in served() {
        for version in versions {
            let said = conversation(api, version);
            let mut rest = &said[..];
            while let Some((prefix, tail)) = rest.split_first_chunk() {
                let (request, tail) = tail.split_at(u32::from_be_bytes(*prefix) as usize);
                check_request(request, DEFAULT_MAX_ELEMENTS).unwrap();
                rest = tail;
            }
            assert!(rest.is_empty(), "{api:?} v{version}");
            if std::env::var_os("KADENCE_WRITE_SEEDS").is_some() {
                fs::create_dir_all(&folder).unwrap();
                fs::write(folder.join(format!("{api:?}-{version}")), said).unwrap();
            }
        }
    }
}

/// Every byte that the client of one version's test sends.
fn conversation(api: ApiKey, version: i16) -> Vec<u8> {
    let broker = start();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let between = listener.local_addr().unwrap();
    let to = broker.addresses()[0];
    let tap = thread::spawn(move || pass_on(&listener, to));
    let mut client = Client::to(between);
    let id = client.metadata("t").topic_id;
    client.produce("t", 0, Batch::of(&["a", "b"]).bytes());
    let producer_id = client.producer_id();
    versions::ask(&mut client, api, version, id);
    client.stream.shutdown(Shutdown::Write).unwrap();
    let mut said = tap.join().unwrap();
    replace(&mut said, id.as_bytes(), &TOPIC_ID);
    // Others follow it.
    for next in 0..8 {
        replace(&mut said, &(producer_id + next).to_be_bytes(), &PRODUCER_ID);
    }
    for at in 0..said.len().saturating_sub(MEMBER_ID.len()) {
        let text = &mut said[at..at + MEMBER_ID.len()];
        let is_id = text.iter().zip(MEMBER_ID).all(|(found, like)| match like {
            b'-' => *found == b'-',
            _ => found.is_ascii_hexdigit(),
        });
        if is_id {
            text.copy_from_slice(&MEMBER_ID);
        }
    }
    said
}

fn replace(said: &mut [u8], from: &[u8], to: &[u8]) {
    for at in 0..=said.len() - from.len() {
        if said[at..].starts_with(from) {
            said[at..at + to.len()].copy_from_slice(to);
        }
    }
}

/// Stands between a client and a broker, and returns what the client said.
fn pass_on(listener: &TcpListener, to: SocketAddr) -> Vec<u8> {
    let (mut client, _) = listener.accept().unwrap();
    let mut broker = TcpStream::connect(to).unwrap();
    let (mut answers, mut back) = (broker.try_clone().unwrap(), client.try_clone().unwrap());
    let answering = thread::spawn(move || std::io::copy(&mut answers, &mut back));
    let mut said = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let read = client.read(&mut piece).unwrap();
        if read == 0 {
            break;
        }
        said.extend_from_slice(&piece[..read]);
        broker.write_all(&piece[..read]).unwrap();
    }
    broker.shutdown(Shutdown::Write).unwrap();
    let _ = answering.join().unwrap();
    said
}

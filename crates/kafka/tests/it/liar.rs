//! A broker whose answers are not what they were.

use std::collections::HashMap;
use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use kadence_broker::{Broker, Listener, Options};
use kadence_kafka::Connection;
use kafka_protocol::messages::{FetchResponse, ListOffsetsResponse, MetadataResponse, ResponseHeader};
use kafka_protocol::protocol::{Decodable, Encodable, HeaderVersion};

/// An answer that may be falsified before the client sees it.
pub(crate) enum Answer<'a> {
    /// To a batch that was sent; it stays as it is.
    Produced,
    Fetch(&'a mut FetchResponse),
    Offsets(&'a mut ListOffsetsResponse),
    Metadata(&'a mut MetadataResponse),
}

type Lie = dyn Fn(Answer<'_>) + Send + Sync;

/// The embedded broker behind a proxy that all clients are sent to.
pub(crate) struct Liar {
    _broker: Broker,
    address: SocketAddr,
    is_lying: Arc<AtomicBool>,
    is_over: Arc<AtomicBool>,
}

impl Liar {
    /// Tells the truth until [`lie`](Self::lie).
    pub(crate) fn start(lie: impl Fn(Answer<'_>) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let bind = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let listeners = vec![Listener::on(bind).advertising(&address.to_string()).unwrap()];
        let broker = Broker::start(Options { listeners, ..Options::default() }).unwrap();
        let server = broker.addresses()[0];
        let liar = Self { _broker: broker, address, is_lying: Arc::default(), is_over: Arc::default() };
        let (is_lying, is_over) = (Arc::clone(&liar.is_lying), Arc::clone(&liar.is_over));
        let lie: Arc<Lie> = Arc::new(lie);
        thread::spawn(move || {
            for client in listener.incoming() {
                if is_over.load(Ordering::SeqCst) {
                    return;
                }
                let (lie, is_lying) = (Arc::clone(&lie), Arc::clone(&is_lying));
                let _ = client.and_then(|client| pass_on(client, server, lie, is_lying));
            }
        });
        liar
    }

    pub(crate) fn connection(&self) -> Connection {
        Connection::to(self.address.to_string())
    }

    /// From now on answers are falsified.
    pub(crate) fn lie(&self) {
        self.is_lying.store(true, Ordering::SeqCst);
    }
}

impl Drop for Liar {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::SeqCst);
        // Wakes the acceptor, which looks at the flag.
        let _ = TcpStream::connect(self.address);
    }
}

/// API and version of the requests under way, by correlation id.
type UnderWay = Arc<Mutex<HashMap<i32, (i16, i16)>>>;

fn pass_on(
    mut client: TcpStream,
    server: SocketAddr,
    lie: Arc<Lie>,
    is_lying: Arc<AtomicBool>,
) -> io::Result<()> {
    let mut server = TcpStream::connect(server)?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (mut to_client, mut from_server) = (client.try_clone()?, server.try_clone()?);
    let under_way = UnderWay::default();
    let seen = Arc::clone(&under_way);
    thread::spawn(move || {
        while let Ok(frame) = read_frame(&mut client) {
            let mut head = &frame[..];
            let (key, version, id) = (head.get_i16(), head.get_i16(), head.get_i32());
            seen.lock().unwrap().insert(id, (key, version));
            if write_frame(&mut server, &frame).is_err() {
                break;
            }
        }
        let _ = server.shutdown(Shutdown::Both);
    });
    thread::spawn(move || {
        while let Ok(mut frame) = read_frame(&mut from_server) {
            let request = under_way.lock().unwrap().remove(&(&frame[..]).get_i32());
            if is_lying.load(Ordering::SeqCst) {
                frame = match request {
                    Some((0, _)) => {
                        lie(Answer::Produced);
                        frame
                    }
                    Some((2, version)) => {
                        falsified::<ListOffsetsResponse>(&frame, version, |it| lie(Answer::Offsets(it)))
                    }
                    Some((1, version)) => {
                        falsified::<FetchResponse>(&frame, version, |it| lie(Answer::Fetch(it)))
                    }
                    Some((3, version)) => {
                        falsified::<MetadataResponse>(&frame, version, |it| lie(Answer::Metadata(it)))
                    }
                    _ => frame,
                };
            }
            if write_frame(&mut to_client, &frame).is_err() {
                break;
            }
        }
        let _ = to_client.shutdown(Shutdown::Both);
    });
    Ok(())
}

fn falsified<T: Decodable + Encodable + HeaderVersion>(
    frame: &Bytes,
    version: i16,
    lie: impl FnOnce(&mut T),
) -> Bytes {
    let mut rest = frame.clone();
    let header = ResponseHeader::decode(&mut rest, T::header_version(version)).unwrap();
    let mut answer = T::decode(&mut rest, version).unwrap();
    lie(&mut answer);
    let mut written = BytesMut::new();
    header.encode(&mut written, T::header_version(version)).unwrap();
    answer.encode(&mut written, version).unwrap();
    written.freeze()
}

fn read_frame(from: &mut TcpStream) -> io::Result<Bytes> {
    let mut length = [0; 4];
    from.read_exact(&mut length)?;
    let mut frame = vec![0; u32::from_be_bytes(length) as usize];
    from.read_exact(&mut frame)?;
    Ok(frame.into())
}

fn write_frame(to: &mut TcpStream, frame: &[u8]) -> io::Result<()> {
    let mut written = BytesMut::with_capacity(frame.len() + 4);
    written.put_u32(frame.len() as u32);
    written.put_slice(frame);
    to.write_all(&written)
}

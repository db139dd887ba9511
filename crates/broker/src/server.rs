//! Sockets: listeners, connections, frames in and out.
//!
//! Each connection is a task of its own and its requests are answered one after the other, as Kafka does. A panic
//! ends the connection it happened in; the listener does nothing but accept.

use crate::{
    answer::Answer,
    call::Came,
    close::Close,
    dispatch::{self, Admission, Reply},
    memory::{Memory, Share},
    node::Node,
};
use bytes::{Buf, Bytes, BytesMut};
use kadence_wire::frame::{self, PREFIX_LEN};
use std::{
    io,
    net::SocketAddr,
    pin::pin,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
    time::timeout,
};

/// How long to wait after a failed accept, which is mostly for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// The buffer of a quiet connection.
const SMALL_BUFFER: usize = 8 * 1024;
/// Above this a buffer is counted, and goes once its request is answered; so is what decoding takes. Below it,
/// clients get through while others fill the memory for requests.
const LARGE_BUFFER: usize = 64 * 1024;
/// A response has to be taken by the client within this time.
const WRITE_TIME: Duration = Duration::from_mins(2);

/// How long a client may stand still while it holds memory that others need.
const STALL_TIME: Duration = Duration::from_secs(2);

/// Why a connection ended.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Ended {
    #[error("the client closed the connection")]
    Eof,
    #[error("nothing complete came in time")]
    Idle,
    #[error("requests of all connections take too much memory")]
    Crowded,
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error(transparent)]
    Close(#[from] Close),
}

/// A socket that is listened on, and the place of its listener in the options.
pub(crate) struct Listening {
    pub(crate) socket: TcpListener,
    pub(crate) index: usize,
}

/// Accepts connections until `stop` changes, then ends them all.
pub(crate) async fn listen(listener: Listening, node: Arc<Node>, mut stop: watch::Receiver<bool>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = stop.changed() => break,
            accepted = listener.socket.accept() => match accepted {
                Ok((stream, _)) => open(&mut connections, stream, listener.index, &node),
                Err(_) => { let _ = timeout(ACCEPT_PAUSE, stop.changed()).await; }
            },
            Some(ended) = connections.join_next() => {
                if ended.is_err_and(|e| e.is_panic()) {
                    node.panics.fetch_add(1, Relaxed);
                }
            }
        }
        if *stop.borrow() {
            break;
        }
    }
    connections.shutdown().await;
}

fn open(connections: &mut JoinSet<()>, stream: TcpStream, listener: usize, node: &Arc<Node>) {
    let seat = Seat(Arc::clone(node));
    if node.connections.fetch_add(1, Relaxed) >= node.options.max_connections {
        return;
    }
    connections.spawn(async move {
        // Clients learn why from the missing answer, as with Kafka; the reason is of no use here.
        let _ = serve(stream, listener, &seat.0).await;
    });
}

/// Counts a connection for as long as it lives, also if it panics.
struct Seat(Arc<Node>);

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.connections.fetch_sub(1, Relaxed);
    }
}

async fn serve(mut stream: TcpStream, listener: usize, node: &Arc<Node>) -> Result<(), Ended> {
    stream.set_nodelay(true)?;
    let (local, peer) = (canonical(stream.local_addr()?), canonical(stream.peer_addr()?));
    let came = Came { local, peer, listener };
    let mut reader = Reader::new(&node.requests);
    loop {
        let frame = timeout(node.options.max_idle, reader.frame(&mut stream, node.options.max_request_bytes))
            .await
            .map_err(|_| Ended::Idle)??;
        let (answer, spending) = match dispatch::admit(node, came, frame)? {
            Admission::Answer(answer) => (answer, None),
            Admission::Request(request) => {
                let spending = request.spending();
                let mut cost = Share::new(&node.requests);
                if request.cost > LARGE_BUFFER && !cost.grow(request.cost) {
                    return Err(Ended::Crowded);
                }
                // In this order: a request that is here is carried out, though its client does not wait for it.
                let reply = tokio::select! {
                    biased;
                    reply = request.answer() => reply?,
                    () = gone(&stream) => return Err(Ended::Eof),
                };
                let answer = match reply {
                    Reply::Ready(answer) => answer,
                    Reply::Later(answer) => {
                        // It may take minutes; what the request took is free by then.
                        drop(cost);
                        reader.settle();
                        tokio::select! {
                            biased;
                            answer = answer => answer?,
                            () = gone(&stream) => return Err(Ended::Eof),
                        }
                    }
                };
                (answer, Some(spending))
            }
        };
        timeout(WRITE_TIME, write(&mut stream, answer, &node.requests)).await.map_err(|_| Ended::Idle)??;
        drop(spending);
        reader.settle();
    }
}

/// An IPv4 client of a socket for both families is told the IPv4 address.
fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

/// Returns once the client has closed its side, while a request waits. Further requests may be in the socket:
/// then the end is found when they are read.
async fn gone(stream: &TcpStream) {
    if !matches!(stream.peek(&mut [0]).await, Ok(0) | Err(_)) {
        std::future::pending::<()>().await;
    }
}

async fn write(stream: &mut TcpStream, answer: Answer, memory: &Memory) -> Result<(), Ended> {
    let holds = answer.iter().map(Bytes::len).sum::<usize>() > LARGE_BUFFER;
    for mut piece in answer {
        while piece.has_remaining() {
            if unless_stalled(memory, holds, stream.write_buf(&mut piece)).await? == 0 {
                return Err(Ended::Io(io::ErrorKind::WriteZero.into()));
            }
        }
    }
    Ok(())
}

/// Waits for a client to give or to take something. One that holds memory meanwhile is given up when nothing moves
/// and others need it.
async fn unless_stalled<T>(
    memory: &Memory,
    holds: bool,
    moving: impl Future<Output = io::Result<T>>,
) -> Result<T, Ended> {
    if !holds {
        return Ok(moving.await?);
    }
    let mut moving = pin!(moving);
    loop {
        match timeout(STALL_TIME, &mut moving).await {
            Ok(moved) => return Ok(moved?),
            Err(_) if memory.is_crowded() => return Err(Ended::Crowded),
            Err(_) => {}
        }
    }
}

pub(crate) struct Reader {
    buffer: BytesMut,
    share: Share,
}

impl Reader {
    /// A reader whose large buffers are counted in `memory`.
    pub(crate) fn new(memory: &Arc<Memory>) -> Self {
        Self { buffer: BytesMut::new(), share: Share::new(memory) }
    }

    /// The next request. Memory is taken as bytes arrive, never on the word of a length prefix.
    pub(crate) async fn frame(
        &mut self,
        stream: &mut (impl AsyncRead + Unpin),
        max: usize,
    ) -> Result<Bytes, Ended> {
        self.fill(stream, PREFIX_LEN).await?;
        let prefix = [self.buffer[0], self.buffer[1], self.buffer[2], self.buffer[3]];
        let len = frame::request_len(prefix, max).map_err(Close::Frame)?;
        self.fill(stream, PREFIX_LEN + len).await?;
        self.buffer.advance(PREFIX_LEN);
        Ok(self.buffer.split_to(len).freeze())
    }

    /// Reads until `wanted` bytes are in the buffer.
    async fn fill(&mut self, stream: &mut (impl AsyncRead + Unpin), wanted: usize) -> Result<(), Ended> {
        while self.buffer.len() < wanted {
            if self.buffer.len() == self.buffer.capacity() {
                self.enlarge(wanted)?;
            }
            let holds = self.share.bytes() > 0;
            let read = stream.read_buf(&mut self.buffer);
            if unless_stalled(self.share.memory(), holds, read).await? == 0 {
                return Err(Ended::Eof);
            }
        }
        Ok(())
    }

    /// At most doubles the buffer.
    fn enlarge(&mut self, wanted: usize) -> Result<(), Ended> {
        let more = (wanted - self.buffer.len()).clamp(SMALL_BUFFER, self.buffer.len().max(SMALL_BUFFER));
        self.buffer.reserve(more);
        let capacity = self.buffer.capacity();
        if capacity > LARGE_BUFFER && !self.share.grow(capacity.saturating_sub(self.share.bytes())) {
            return Err(Ended::Crowded);
        }
        Ok(())
    }

    /// Lets go of what a large request took. What came behind it stays counted, and is moved only when it has become
    /// much less, so that many small requests are not moved again and again.
    pub(crate) fn settle(&mut self) {
        if self.share.bytes() > 0 && self.buffer.len() <= self.share.bytes() / 2 {
            let rest = std::mem::take(&mut self.buffer);
            self.buffer = BytesMut::from(&rest[..]);
            self.share.shrink_to(self.buffer.len());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_behind_a_large_request_stays_counted() {
        let memory = Memory::new(1 << 20, None);
        let mut reader = Reader::new(&memory);
        assert!(reader.share.grow(300_000));
        for (rest, counted) in [(200_000, 300_000), (150_000, 150_000), (80_000, 150_000), (9, 9), (0, 0)] {
            reader.buffer.resize(rest, 0);
            reader.settle();
            assert_eq!((reader.buffer.len(), memory.used()), (rest, counted), "{rest}");
        }
    }
}

//! An HTTP server that plays a script: an answer per connection, in their order.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread::JoinHandle;

/// An answer. One without text ends the connection.
pub(crate) struct Reply(Option<String>);

impl Reply {
    pub(crate) fn json(status: u16, body: &str) -> Self {
        let len = body.len();
        Self(Some(format!(
            "HTTP/1.1 {status} Status\r\ncontent-type: application/vnd.schemaregistry.v1+json\r\n\
             content-length: {len}\r\nconnection: close\r\n\r\n{body}"
        )))
    }

    pub(crate) fn hang_up() -> Self {
        Self(None)
    }
}

/// A server that ends with its script.
pub(crate) struct Server {
    address: SocketAddr,
    thread: Option<JoinHandle<Vec<String>>>,
}

impl Server {
    pub(crate) fn start(script: Vec<Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let thread = std::thread::spawn(move || {
            let mut requests = Vec::new();
            for Reply(reply) in script {
                let (mut stream, _) = listener.accept().unwrap();
                let request = read(&stream);
                if request.is_empty() {
                    break;
                }
                requests.push(request);
                if let Some(reply) = reply {
                    stream.write_all(reply.as_bytes()).unwrap();
                }
            }
            requests
        });
        Self { address, thread: Some(thread) }
    }

    /// The address, as a URL without a scheme.
    pub(crate) fn url(&self) -> String {
        self.address.to_string()
    }

    /// The requests that came. What is left of the script is not
    /// played.
    pub(crate) fn requests(mut self) -> Vec<String> {
        self.stop()
    }

    fn stop(&mut self) -> Vec<String> {
        let Some(thread) = self.thread.take() else { return Vec::new() };
        // A connection without a request ends the script, if it is still being played.
        drop(TcpStream::connect(self.address));
        thread.join().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

fn read(stream: &TcpStream) -> String {
    let mut reader = BufReader::new(stream);
    let mut request = String::new();
    let mut len = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return String::new();
        }
        let lower = line.to_ascii_lowercase();
        if let Some(value) = lower.strip_prefix("content-length:") {
            len = value.trim().parse().unwrap();
        }
        request.push_str(&line);
        if line == "\r\n" {
            break;
        }
    }
    let mut body = vec![0; len];
    reader.read_exact(&mut body).unwrap();
    request + &String::from_utf8(body).unwrap()
}

use bytes::{BufMut, Bytes, BytesMut};
use kadence_broker::{Broker, Options};
use kafka_protocol::{
    messages::{
        ApiKey, BrokerId, FetchRequest, FetchResponse, InitProducerIdRequest, InitProducerIdResponse,
        MetadataRequest, MetadataResponse, ProduceRequest, ProduceResponse, RequestHeader, ResponseHeader,
        TopicName,
        fetch_request::{FetchPartition, FetchTopic},
        fetch_response::PartitionData,
        metadata_request::MetadataRequestTopic,
        metadata_response::MetadataResponseTopic,
        produce_request::{PartitionProduceData, TopicProduceData},
        produce_response::PartitionProduceResponse,
    },
    protocol::{Decodable, Encodable, StrBytes},
};
use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    thread,
    time::Duration,
};

pub(crate) fn text(s: &str) -> StrBytes {
    StrBytes::from_string(s.to_owned())
}

pub(crate) fn topic_name(s: &str) -> TopicName {
    TopicName(text(s))
}

/// Looks until it is so.
pub(crate) fn until(mut reached: impl FnMut() -> bool) {
    const BETWEEN_LOOKS: Duration = Duration::from_millis(1);
    for _ in 0..PATIENCE.as_millis() {
        if reached() {
            return;
        }
        thread::park_timeout(BETWEEN_LOOKS);
    }
    panic!("it is not reached");
}

pub(crate) fn start() -> Broker {
    start_with(|_| {})
}

pub(crate) fn start_with(change: impl FnOnce(&mut Options)) -> Broker {
    let mut options = Options::default();
    change(&mut options);
    Broker::start(options).expect("a broker starts on a free port")
}

/// Longer than the broker takes for anything, on a machine that does much else, too.
pub(crate) const PATIENCE: Duration = Duration::from_mins(2);

/// One connection. Calls panic where the broker does not answer.
pub(crate) struct Client {
    pub(crate) stream: TcpStream,
}

impl Client {
    pub(crate) fn connect(broker: &Broker) -> Self {
        Self::to(broker.addresses()[0])
    }

    pub(crate) fn to(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).expect("the listener accepts");
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream }
    }

    pub(crate) fn call<R: Decodable>(&mut self, api: ApiKey, version: i16, request: &impl Encodable) -> R {
        self.send(api, version, request);
        self.receive(api, version).unwrap_or_else(|e| panic!("{api:?} v{version}: {e}"))
    }

    pub(crate) fn send(&mut self, api: ApiKey, version: i16, request: &impl Encodable) {
        let body = encode(api, version, request);
        self.write_frame(&body).unwrap();
    }

    pub(crate) fn write_frame(&mut self, body: &[u8]) -> io::Result<()> {
        let mut frame = Vec::with_capacity(body.len() + 4);
        frame.put_i32(body.len() as i32);
        frame.put_slice(body);
        self.stream.write_all(&frame)
    }

    pub(crate) fn read_frame(&mut self) -> io::Result<Bytes> {
        let mut prefix = [0; 4];
        self.stream.read_exact(&mut prefix)?;
        let mut body = vec![0; i32::from_be_bytes(prefix) as usize];
        self.stream.read_exact(&mut body)?;
        Ok(Bytes::from(body))
    }

    pub(crate) fn receive<R: Decodable>(&mut self, api: ApiKey, version: i16) -> Result<R, String> {
        let mut body = self.read_frame().map_err(|e| e.to_string())?;
        let header = ResponseHeader::decode(&mut body, api.response_header_version(version)).unwrap();
        assert_eq!(header.correlation_id, 7);
        let response = R::decode(&mut body, version).map_err(|e| e.to_string())?;
        if body.is_empty() { Ok(response) } else { Err(format!("{} bytes are left", body.len())) }
    }

    /// Whether the broker closed the connection; waits for it.
    pub(crate) fn is_closed(&mut self) -> bool {
        match self.stream.read(&mut [0]) {
            Ok(read) => read == 0,
            Err(e) => matches!(e.kind(), io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe),
        }
    }

    pub(crate) fn metadata(&mut self, topic: &str) -> MetadataResponseTopic {
        let topics = vec![MetadataRequestTopic::default().with_name(Some(topic_name(topic)))];
        let request =
            MetadataRequest::default().with_topics(Some(topics)).with_allow_auto_topic_creation(true);
        let mut response: MetadataResponse = self.call(ApiKey::Metadata, 12, &request);
        response.topics.remove(0)
    }

    pub(crate) fn produce(&mut self, topic: &str, partition: i32, batch: Bytes) -> PartitionProduceResponse {
        let request = produce_request(topic, partition, batch);
        let mut response: ProduceResponse = self.call(ApiKey::Produce, 9, &request);
        response.responses.remove(0).partition_responses.remove(0)
    }

    pub(crate) fn fetch(&mut self, topic: &str, partition: i32, offset: i64) -> PartitionData {
        let request = fetch_request(topic, &[(partition, offset)]);
        let mut response: FetchResponse = self.call(ApiKey::Fetch, 12, &request);
        response.responses.remove(0).partitions.remove(0)
    }

    pub(crate) fn producer_id(&mut self) -> i64 {
        let response: InitProducerIdResponse = self.call(
            ApiKey::InitProducerId,
            4,
            &InitProducerIdRequest::default().with_transactional_id(None),
        );
        assert_eq!(response.error_code, 0);
        response.producer_id.0
    }
}

pub(crate) fn encode(api: ApiKey, version: i16, request: &impl Encodable) -> BytesMut {
    let mut body = BytesMut::new();
    RequestHeader::default()
        .with_request_api_key(api as i16)
        .with_request_api_version(version)
        .with_correlation_id(7)
        .with_client_id(Some(text("test")))
        .encode(&mut body, api.request_header_version(version))
        .unwrap();
    request.encode(&mut body, version).unwrap_or_else(|e| panic!("{api:?} v{version}: {e}"));
    body
}

pub(crate) fn produce_request(topic: &str, partition: i32, batch: Bytes) -> ProduceRequest {
    let data = PartitionProduceData::default().with_index(partition).with_records(Some(batch));
    let topic = TopicProduceData::default().with_name(topic_name(topic)).with_partition_data(vec![data]);
    ProduceRequest::default()
        .with_transactional_id(None)
        .with_acks(-1)
        .with_timeout_ms(1000)
        .with_topic_data(vec![topic])
}

pub(crate) fn fetch_request(topic: &str, partitions: &[(i32, i64)]) -> FetchRequest {
    let partitions = partitions.iter().map(|(partition, offset)| {
        FetchPartition::default()
            .with_partition(*partition)
            .with_fetch_offset(*offset)
            .with_partition_max_bytes(1 << 20)
    });
    FetchRequest::default()
        .with_replica_id(BrokerId(-1))
        .with_max_bytes(50 << 20)
        .with_min_bytes(1)
        .with_session_epoch(-1)
        .with_topics(vec![
            FetchTopic::default().with_topic(topic_name(topic)).with_partitions(partitions.collect()),
        ])
}

/// A batch of format version 2 with one value a record.
#[derive(Clone)]
pub(crate) struct Batch {
    pub(crate) producer: (i64, i16, i32),
    pub(crate) attributes: i16,
    pub(crate) base_timestamp: i64,
    /// Timestamp delta and value of each record.
    pub(crate) records: Vec<(i64, Vec<u8>)>,
}

impl Batch {
    pub(crate) fn of(values: &[&str]) -> Self {
        let records = values.iter().zip(0..).map(|(v, at)| (at, v.as_bytes().to_vec())).collect();
        Self { producer: (-1, -1, -1), attributes: 0, base_timestamp: 1_000, records }
    }

    pub(crate) fn by(mut self, id: i64, epoch: i16, sequence: i32) -> Self {
        self.producer = (id, epoch, sequence);
        self
    }

    pub(crate) fn records_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for (at, (delta, value)) in self.records.iter().enumerate() {
            let mut record = vec![0];
            varint(&mut record, *delta);
            varint(&mut record, at as i64);
            varint(&mut record, -1);
            varint(&mut record, value.len() as i64);
            record.extend_from_slice(value);
            varint(&mut record, 0);
            varint(&mut out, record.len() as i64);
            out.extend_from_slice(&record);
        }
        out
    }

    pub(crate) fn bytes(&self) -> Bytes {
        self.with_body(&self.records_bytes())
    }

    /// The batch around records that are compressed already.
    pub(crate) fn with_body(&self, records: &[u8]) -> Bytes {
        let latest = self.records.iter().map(|r| r.0).max().unwrap_or(0);
        let mut body = BytesMut::new();
        body.put_i16(self.attributes);
        body.put_i32(self.records.len() as i32 - 1);
        body.put_i64(self.base_timestamp);
        body.put_i64(self.base_timestamp + latest);
        body.put_i64(self.producer.0);
        body.put_i16(self.producer.1);
        body.put_i32(self.producer.2);
        body.put_i32(self.records.len() as i32);
        body.put_slice(records);
        let mut out = BytesMut::new();
        out.put_i64(0);
        out.put_i32(body.len() as i32 + 9);
        out.put_i32(-1);
        out.put_i8(2);
        out.put_u32(crc32c::crc32c(&body));
        out.put_slice(&body);
        out.freeze()
    }
}

/// A number in Kafka's zigzag form.
fn varint(out: &mut Vec<u8>, value: i64) {
    let mut rest = ((value << 1) ^ (value >> 63)) as u64;
    while rest >= 0x80 {
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

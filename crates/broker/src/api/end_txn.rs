//! `EndTxn`, key 26, versions 0 to 4.
//!
//! Version 5 belongs to transactions of version 2, which are not served. Differs from Kafka: the answer comes when
//! the end is marked in all partitions, so that the next transaction need not wait.

use super::{Api, fenced};
use crate::{call::Call, close::Close, transactions::Writer};
use kafka_protocol::messages::{ApiKey, EndTxnRequest, EndTxnResponse};

/// From here on clients know what it is to be fenced.
const FENCED: i16 = 2;

pub(crate) struct EndTxn;

impl Api for EndTxn {
    const KEY: ApiKey = ApiKey::EndTxn;
    const MIN: i16 = 0;
    const MAX: i16 = 4;
    type Request = EndTxnRequest;
    type Response = EndTxnResponse;

    fn answer(call: &Call, request: Self::Request) -> Result<Option<Self::Response>, Close> {
        let who = Writer {
            id: &request.transactional_id,
            producer_id: request.producer_id.0,
            epoch: request.producer_epoch,
        };
        let ended = call.node.transactions.end(&who, request.committed);
        let code = ended.err().map_or(0, |error| fenced(error, call.version, FENCED).code());
        Ok(Some(EndTxnResponse::default().with_error_code(code)))
    }
}

//! `AddOffsetsToTxn`, key 25, versions 0 to 4.

use super::{Api, fenced};
use crate::{call::Call, close::Close, transactions::Writer};
use kafka_protocol::messages::{AddOffsetsToTxnRequest, AddOffsetsToTxnResponse, ApiKey};

/// From here on clients know what it is to be fenced.
const FENCED: i16 = 2;

pub(crate) struct AddOffsetsToTxn;

impl Api for AddOffsetsToTxn {
    const KEY: ApiKey = ApiKey::AddOffsetsToTxn;
    const MIN: i16 = 0;
    const MAX: i16 = 4;
    type Request = AddOffsetsToTxnRequest;
    type Response = AddOffsetsToTxnResponse;

    fn answer(call: &Call, request: Self::Request) -> Result<Option<Self::Response>, Close> {
        let who = Writer {
            id: &request.transactional_id,
            producer_id: request.producer_id.0,
            epoch: request.producer_epoch,
        };
        let added = call.node.transactions.add_group(&who, &request.group_id);
        let code = added.err().map_or(0, |error| fenced(error, call.version, FENCED).code());
        Ok(Some(AddOffsetsToTxnResponse::default().with_error_code(code)))
    }
}

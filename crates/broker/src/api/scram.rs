//! `DescribeUserScramCredentials` and `AlterUserScramCredentials`, keys 50 and 51, version 0.
//!
//! Differs from Kafka: no listener has SASL, so there are no credentials, and none are taken.

use super::{Api, text};
use crate::{call::Call, close::Close, response_error::Refusal};
use kafka_protocol::{
    ResponseError,
    messages::{
        AlterUserScramCredentialsRequest, AlterUserScramCredentialsResponse, ApiKey,
        DescribeUserScramCredentialsRequest, DescribeUserScramCredentialsResponse,
        alter_user_scram_credentials_response::AlterUserScramCredentialsResult,
        describe_user_scram_credentials_response::DescribeUserScramCredentialsResult,
    },
    protocol::StrBytes,
};
use std::collections::BTreeMap;

pub(crate) struct DescribeUserScramCredentials;
pub(crate) struct AlterUserScramCredentials;

impl Api for DescribeUserScramCredentials {
    const KEY: ApiKey = ApiKey::DescribeUserScramCredentials;
    const MIN: i16 = 0;
    const MAX: i16 = 0;
    type Request = DescribeUserScramCredentialsRequest;
    type Response = DescribeUserScramCredentialsResponse;

    fn answer(_: &Call, request: Self::Request) -> Result<Option<Self::Response>, Close> {
        let mut asked: BTreeMap<StrBytes, usize> = BTreeMap::new();
        for user in request.users.unwrap_or_default() {
            *asked.entry(user.name).or_default() += 1;
        }
        let results = asked.into_iter().map(|(name, times)| {
            let user = &*name;
            let refusal = if times > 1 {
                let message = format!(
                    "Cannot describe SCRAM credentials for the same user twice in a single request: {user}"
                );
                Refusal::new(ResponseError::DuplicateResource, message)
            } else {
                let message = format!("Attempt to describe a user credential that does not exist: {user}");
                Refusal::new(ResponseError::ResourceNotFound, message)
            };
            DescribeUserScramCredentialsResult::default()
                .with_user(name)
                .with_error_code(refusal.error.code())
                .with_error_message(Some(text(&refusal.message)))
        });
        Ok(Some(DescribeUserScramCredentialsResponse::default().with_results(results.collect())))
    }
}

impl Api for AlterUserScramCredentials {
    const KEY: ApiKey = ApiKey::AlterUserScramCredentials;
    const MIN: i16 = 0;
    const MAX: i16 = 0;
    type Request = AlterUserScramCredentialsRequest;
    type Response = AlterUserScramCredentialsResponse;

    fn answer(_: &Call, request: Self::Request) -> Result<Option<Self::Response>, Close> {
        // One answer for each user.
        let mut refused = BTreeMap::new();
        for deletion in request.deletions {
            let message = "Attempt to delete a user credential that does not exist";
            refused.insert(deletion.name, (ResponseError::ResourceNotFound, message));
        }
        for credential in request.upsertions {
            let message = "This broker has no listener with SASL and takes no credentials";
            refused.insert(credential.name, (ResponseError::PolicyViolation, message));
        }
        let results = refused.into_iter().map(|(user, (error, message))| {
            AlterUserScramCredentialsResult::default()
                .with_user(user)
                .with_error_code(error.code())
                .with_error_message(Some(text(message)))
        });
        Ok(Some(AlterUserScramCredentialsResponse::default().with_results(results.collect())))
    }
}

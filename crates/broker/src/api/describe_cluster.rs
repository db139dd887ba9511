//! `DescribeCluster`, key 60, versions 0 to 2.
//!
//! The broker is listed at the address the client reached it at, as in `Metadata`.

use super::{Api, CLUSTER_OPERATIONS, NO_OPERATIONS, operations, text};
use crate::{call::Call, close::Close};
use kafka_protocol::{
    ResponseError,
    messages::{
        ApiKey, BrokerId, DescribeClusterRequest, DescribeClusterResponse,
        describe_cluster_response::DescribeClusterBroker,
    },
};

const BROKERS: i8 = 1;
const CONTROLLERS: i8 = 2;

pub(crate) struct DescribeCluster;

impl Api for DescribeCluster {
    const KEY: ApiKey = ApiKey::DescribeCluster;
    const MIN: i16 = 0;
    const MAX: i16 = 2;
    type Request = DescribeClusterRequest;
    type Response = DescribeClusterResponse;

    fn answer(call: &Call, request: Self::Request) -> Result<Option<Self::Response>, Close> {
        let response = DescribeClusterResponse::default().with_cluster_authorized_operations(NO_OPERATIONS);
        let of_cluster = operations(request.include_cluster_authorized_operations, CLUSTER_OPERATIONS);
        let refuse = |error: ResponseError, message: &str| {
            let response = response.clone().with_error_code(error.code()).with_controller_id(BrokerId(-1));
            Ok(Some(response.with_error_message(Some(text(message)))))
        };
        match request.endpoint_type {
            BROKERS => {}
            CONTROLLERS => {
                let message = "The request was sent to an endpoint of type BROKER, but we wanted an endpoint of type \
                               CONTROLLER";
                return refuse(ResponseError::MismatchedEndpointType, message);
            }
            other => {
                return refuse(
                    ResponseError::UnsupportedEndpointType,
                    &format!("Unsupported endpoint type {other}"),
                );
            }
        }
        let (host, port) = call.advertised();
        let broker =
            DescribeClusterBroker::default().with_broker_id(call.node_id()).with_host(host).with_port(port);
        Ok(Some(
            response
                .with_cluster_id(text(&call.node.cluster_id))
                .with_controller_id(call.node_id())
                .with_brokers(vec![broker])
                .with_cluster_authorized_operations(of_cluster),
        ))
    }
}

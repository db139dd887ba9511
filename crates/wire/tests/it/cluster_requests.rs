use crate::requests::{name, put, text, unknown};
use bytes::{Bytes, BytesMut};
use kafka_protocol::messages::{
    AlterClientQuotasRequest, AlterPartitionReassignmentsRequest, AlterUserScramCredentialsRequest, ApiKey,
    BrokerId, CreateAclsRequest, DeleteAclsRequest, DescribeAclsRequest, DescribeClientQuotasRequest,
    DescribeLogDirsRequest, DescribeQuorumRequest, DescribeUserScramCredentialsRequest, ElectLeadersRequest,
    ListConfigResourcesRequest, ListPartitionReassignmentsRequest, SaslHandshakeRequest,
    UpdateFeaturesRequest, alter_client_quotas_request as quotas,
    alter_partition_reassignments_request as reassignments, alter_user_scram_credentials_request as scram,
    create_acls_request::AclCreation, delete_acls_request::DeleteAclsFilter,
    describe_client_quotas_request::ComponentData, describe_log_dirs_request::DescribableLogDirTopic,
    describe_quorum_request as quorum, describe_user_scram_credentials_request::UserName,
    elect_leaders_request::TopicPartitions,
    list_partition_reassignments_request::ListPartitionReassignmentsTopics,
    update_features_request::FeatureUpdateKey,
};

/// Whether `api` is one of those here.
pub(crate) fn put_populated(out: &mut BytesMut, api: ApiKey, version: i16) -> bool {
    match api {
        ApiKey::SaslHandshake => {
            put(out, version, &SaslHandshakeRequest::default().with_mechanism(text("PLAIN")));
        }
        ApiKey::DescribeAcls | ApiKey::CreateAcls | ApiKey::DeleteAcls => acls(out, api, version),
        ApiKey::DescribeLogDirs | ApiKey::ElectLeaders => partitions(out, api, version),
        ApiKey::AlterPartitionReassignments | ApiKey::ListPartitionReassignments => {
            reassign(out, api, version);
        }
        ApiKey::DescribeClientQuotas | ApiKey::AlterClientQuotas => put_quotas(out, api, version),
        ApiKey::DescribeUserScramCredentials | ApiKey::AlterUserScramCredentials => {
            credentials(out, api, version);
        }
        ApiKey::DescribeQuorum => {
            let partition = quorum::PartitionData::default()
                .with_partition_index(3)
                .with_unknown_tagged_fields(unknown());
            let topic = quorum::TopicData::default()
                .with_topic_name(name("__cluster_metadata"))
                .with_partitions(vec![partition])
                .with_unknown_tagged_fields(unknown());
            let request = DescribeQuorumRequest::default().with_topics(vec![topic]);
            put(out, version, &request.with_unknown_tagged_fields(unknown()));
        }
        ApiKey::ListConfigResources => {
            let mut request = ListConfigResourcesRequest::default();
            if version >= 1 {
                request = request.with_resource_types(vec![2, 4]);
            }
            put(out, version, &request.with_unknown_tagged_fields(unknown()));
        }
        ApiKey::UpdateFeatures => {
            let update = FeatureUpdateKey::default().with_feature(text("f")).with_max_version_level(7);
            let update =
                if version == 0 { update.with_allow_downgrade(true) } else { update.with_upgrade_type(3) };
            let request = UpdateFeaturesRequest::default()
                .with_timeout_ms(9)
                .with_feature_updates(vec![update.with_unknown_tagged_fields(unknown())])
                .with_validate_only(version >= 1);
            put(out, version, &request.with_unknown_tagged_fields(unknown()));
        }
        _ => return false,
    }
    true
}

fn acls(out: &mut BytesMut, api: ApiKey, version: i16) {
    let tags = if version >= 2 { unknown() } else { std::collections::BTreeMap::new() };
    match api {
        ApiKey::DescribeAcls => {
            let request = DescribeAclsRequest::default()
                .with_resource_type_filter(1)
                .with_resource_name_filter(Some(text("r")))
                .with_pattern_type_filter(3)
                .with_principal_filter(Some(text("User:a")))
                .with_host_filter(None)
                .with_operation(1)
                .with_permission_type(1);
            put(out, version, &request.with_unknown_tagged_fields(tags));
        }
        ApiKey::CreateAcls => {
            let rule = AclCreation::default()
                .with_resource_type(2)
                .with_resource_name(text("r"))
                .with_resource_pattern_type(3)
                .with_principal(text("User:a"))
                .with_host(text("*"))
                .with_operation(3)
                .with_permission_type(3)
                .with_unknown_tagged_fields(tags.clone());
            let request = CreateAclsRequest::default().with_creations(vec![rule.clone(), rule]);
            put(out, version, &request.with_unknown_tagged_fields(tags));
        }
        _ => {
            let filter = DeleteAclsFilter::default()
                .with_resource_name_filter(Some(text("r")))
                .with_pattern_type_filter(3)
                .with_unknown_tagged_fields(tags.clone());
            let request = DeleteAclsRequest::default().with_filters(vec![filter.clone(), filter]);
            put(out, version, &request.with_unknown_tagged_fields(tags));
        }
    }
}

fn partitions(out: &mut BytesMut, api: ApiKey, version: i16) {
    let tags = if version >= 2 { unknown() } else { std::collections::BTreeMap::new() };
    if api == ApiKey::DescribeLogDirs {
        let topic = DescribableLogDirTopic::default()
            .with_topic(name("t"))
            .with_partitions(vec![0, 7])
            .with_unknown_tagged_fields(tags.clone());
        let request = DescribeLogDirsRequest::default().with_topics(Some(vec![topic]));
        // Its last version changes the answer only, and is not known to the messages.
        put(out, version.min(4), &request.with_unknown_tagged_fields(tags));
    } else {
        let topic = TopicPartitions::default()
            .with_topic(name("t"))
            .with_partitions(vec![0, 7])
            .with_unknown_tagged_fields(tags.clone());
        let request = ElectLeadersRequest::default()
            .with_election_type(i8::from(version >= 1))
            .with_topic_partitions(Some(vec![topic]))
            .with_timeout_ms(5);
        put(out, version, &request.with_unknown_tagged_fields(tags));
    }
}

fn reassign(out: &mut BytesMut, api: ApiKey, version: i16) {
    if api == ApiKey::AlterPartitionReassignments {
        let partition = reassignments::ReassignablePartition::default()
            .with_partition_index(1)
            .with_replicas(Some(vec![BrokerId(1), BrokerId(2)]))
            .with_unknown_tagged_fields(unknown());
        let topic = reassignments::ReassignableTopic::default()
            .with_name(name("t"))
            .with_partitions(vec![partition])
            .with_unknown_tagged_fields(unknown());
        let request = AlterPartitionReassignmentsRequest::default()
            .with_timeout_ms(5)
            // Before version 1 it has to be as if it were said.
            .with_allow_replication_factor_change(version < 1 || version % 2 == 0)
            .with_topics(vec![topic]);
        put(out, version, &request.with_unknown_tagged_fields(unknown()));
    } else {
        let topic = ListPartitionReassignmentsTopics::default()
            .with_name(name("t"))
            .with_partition_indexes(vec![0, 7])
            .with_unknown_tagged_fields(unknown());
        let request = ListPartitionReassignmentsRequest::default().with_topics(Some(vec![topic]));
        put(out, version, &request.with_unknown_tagged_fields(unknown()));
    }
}

fn put_quotas(out: &mut BytesMut, api: ApiKey, version: i16) {
    let tags = if version >= 1 { unknown() } else { std::collections::BTreeMap::new() };
    if api == ApiKey::DescribeClientQuotas {
        let component = ComponentData::default()
            .with_entity_type(text("user"))
            .with_match(Some(text("u")))
            .with_unknown_tagged_fields(tags.clone());
        let request =
            DescribeClientQuotasRequest::default().with_components(vec![component]).with_strict(true);
        put(out, version, &request.with_unknown_tagged_fields(tags));
    } else {
        let entity = quotas::EntityData::default()
            .with_entity_type(text("user"))
            .with_entity_name(None)
            .with_unknown_tagged_fields(tags.clone());
        let op = quotas::OpData::default()
            .with_key(text("producer_byte_rate"))
            .with_value(5.0)
            .with_unknown_tagged_fields(tags.clone());
        let entry = quotas::EntryData::default()
            .with_entity(vec![entity])
            .with_ops(vec![op])
            .with_unknown_tagged_fields(tags.clone());
        let request = AlterClientQuotasRequest::default().with_entries(vec![entry]).with_validate_only(true);
        put(out, version, &request.with_unknown_tagged_fields(tags));
    }
}

fn credentials(out: &mut BytesMut, api: ApiKey, version: i16) {
    if api == ApiKey::DescribeUserScramCredentials {
        let user = UserName::default().with_name(text("u")).with_unknown_tagged_fields(unknown());
        let request = DescribeUserScramCredentialsRequest::default().with_users(Some(vec![user]));
        put(out, version, &request.with_unknown_tagged_fields(unknown()));
    } else {
        let deletion = scram::ScramCredentialDeletion::default()
            .with_name(text("u"))
            .with_mechanism(1)
            .with_unknown_tagged_fields(unknown());
        let credential = scram::ScramCredentialUpsertion::default()
            .with_name(text("v"))
            .with_mechanism(2)
            .with_iterations(4096)
            .with_salt(Bytes::from_static(b"salt"))
            .with_salted_password(Bytes::from_static(b"salted"))
            .with_unknown_tagged_fields(unknown());
        let request = AlterUserScramCredentialsRequest::default()
            .with_deletions(vec![deletion])
            .with_upsertions(vec![credential]);
        put(out, version, &request.with_unknown_tagged_fields(unknown()));
    }
}

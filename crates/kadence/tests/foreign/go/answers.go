package main

import (
	"fmt"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"
)

// What anybody may do where nothing is forbidden, a bit for each operation.
const (
	onCluster = 0b1_1111_1010_0000 // create, alter, describe, act for the cluster, describe and alter settings, write idempotently
	onTopic   = 0b0_1101_1111_1000 // read, write, create, delete, alter, describe, describe and alter settings
	onGroup   = 0b0_1101_0100_1000 // read, delete, describe, describe and alter settings
)

// guess is what is said of a Kafka 4.3.1. It counts the APIs, all of them: a broker without the new protocol of groups
// is no version that is known.
const guess = "v4.3"

// guessWithoutNewGroups is what is said of a broker that lacks them, and what else nobody needs of one node.
const guessWithoutNewGroups = "between v0.11.0 and v1.0"

func guessesTheVersion(r *round) {
	response := must(kmsg.NewPtrApiVersionsRequest().RequestWith(r.ctx, r.direct))
	versions := kversion.FromApiVersionsResponse(response)
	expected := guess
	if !versions.HasKey(kmsg.ConsumerGroupHeartbeat.Int16()) {
		expected = guessWithoutNewGroups
	}
	same(versions.VersionGuess(), expected, "guess")
}

// refused is an answer's code, which has to be this error.
func refused(code int16, expected *kerr.Error, what string) {
	same(code, expected.Code, fmt.Sprintf("%s is answered with", what))
}

func asksForAccessControl(r *round) {
	handshake := kmsg.NewPtrSASLHandshakeRequest()
	handshake.Mechanism = "PLAIN"
	shaken := must(handshake.RequestWith(r.ctx, r.direct))
	refused(shaken.ErrorCode, kerr.IllegalSaslState, "a handshake")
	same(len(shaken.SupportedMechanisms), 0, "mechanisms")

	describe := kmsg.NewPtrDescribeACLsRequest()
	describe.ResourceType, describe.ResourcePatternType = kmsg.ACLResourceTypeAny, kmsg.ACLResourcePatternTypeAny
	describe.Operation, describe.PermissionType = kmsg.ACLOperationAny, kmsg.ACLPermissionTypeAny
	described := must(describe.RequestWith(r.ctx, r.direct))
	refused(described.ErrorCode, kerr.SecurityDisabled, "who describes")
	same(*described.ErrorMessage, "No Authorizer is configured on the broker", "message")

	create := kmsg.NewPtrCreateACLsRequest()
	creation := kmsg.NewCreateACLsRequestCreation()
	creation.ResourceType, creation.ResourceName = kmsg.ACLResourceTypeTopic, "topic"
	creation.ResourcePatternType = kmsg.ACLResourcePatternTypeLiteral
	creation.Principal, creation.Host = "User:somebody", "*"
	creation.Operation, creation.PermissionType = kmsg.ACLOperationRead, kmsg.ACLPermissionTypeAllow
	create.Creations = []kmsg.CreateACLsRequestCreation{creation, creation}
	created := must(create.RequestWith(r.ctx, r.direct))
	same(len(created.Results), 2, "results")
	refused(created.Results[1].ErrorCode, kerr.SecurityDisabled, "who creates")

	remove := kmsg.NewPtrDeleteACLsRequest()
	filter := kmsg.NewDeleteACLsRequestFilter()
	filter.ResourceType, filter.ResourcePatternType = kmsg.ACLResourceTypeAny, kmsg.ACLResourcePatternTypeAny
	filter.Operation, filter.PermissionType = kmsg.ACLOperationAny, kmsg.ACLPermissionTypeAny
	remove.Filters = []kmsg.DeleteACLsRequestFilter{filter}
	removed := must(remove.RequestWith(r.ctx, r.direct))
	same(len(removed.Results), 1, "results")
	refused(removed.Results[0].ErrorCode, kerr.SecurityDisabled, "who deletes")
}

func asksWhatMayBeDone(r *round) {
	name, group := r.topic(1), r.name("group")
	r.commit(group, name)
	cluster := kmsg.NewPtrDescribeClusterRequest()
	cluster.IncludeClusterAuthorizedOperations = true
	same(must(cluster.RequestWith(r.ctx, r.direct)).ClusterAuthorizedOperations, onCluster, "with the cluster")
	if r.version(kmsg.Metadata) >= 8 {
		metadata := kmsg.NewPtrMetadataRequest()
		metadata.IncludeTopicAuthorizedOperations = true
		metadata.IncludeClusterAuthorizedOperations = r.version(kmsg.Metadata) <= 10
		topic := kmsg.NewMetadataRequestTopic()
		topic.Topic = kmsg.StringPtr(name)
		metadata.Topics = []kmsg.MetadataRequestTopic{topic}
		found := must(metadata.RequestWith(r.ctx, r.direct))
		same(found.Topics[0].AuthorizedOperations, onTopic, "with a topic")
		if metadata.IncludeClusterAuthorizedOperations {
			same(found.AuthorizedOperations, onCluster, "with the cluster, by its metadata")
		}
	}
	if r.version(kmsg.DescribeGroups) >= 3 {
		groups := kmsg.NewPtrDescribeGroupsRequest()
		groups.Groups, groups.IncludeAuthorizedOperations = []string{group}, true
		same(must(groups.RequestWith(r.ctx, r.direct)).Groups[0].AuthorizedOperations, onGroup, "with a group")
	}
}

// commit has a group that nobody is a member of commit the offset 0 of a topic.
func (r *round) commit(group, topic string) {
	var offsets kadm.Offsets
	offsets.AddOffset(topic, 0, 0, -1)
	ok(must(r.admin.CommitOffsets(r.ctx, group, offsets)).Error())
}

func asksForReplicas(r *round) {
	name := r.topic(2)
	directories := kmsg.NewPtrDescribeLogDirsRequest()
	directories.Topics = []kmsg.DescribeLogDirsRequestTopic{{Topic: name, Partitions: []int32{0, 1}}}
	// A topic is told of before its directories are there.
	r.eventually("its directories", func() bool {
		described := must(directories.RequestWith(r.ctx, r.direct))
		same(len(described.Dirs), 1, "directories")
		ok(kerr.ErrorForCode(described.Dirs[0].ErrorCode))
		found := 0
		for _, topic := range described.Dirs[0].Topics {
			for _, partition := range topic.Partitions {
				same(partition.Size, 0, "bytes")
				found++
			}
		}
		return found == 2
	})

	elect := kmsg.NewPtrElectLeadersRequest()
	elect.TimeoutMillis = int32(patience.Milliseconds())
	elect.Topics = []kmsg.ElectLeadersRequestTopic{{Topic: name, Partitions: []int32{0, 7}}}
	elected := must(elect.RequestWith(r.ctx, r.direct))
	ok(kerr.ErrorForCode(elected.ErrorCode))
	same(len(elected.Topics), 1, "topics")
	for _, partition := range elected.Topics[0].Partitions {
		if partition.Partition == 0 {
			refused(partition.ErrorCode, kerr.ElectionNotNeeded, "an election")
		} else {
			refused(partition.ErrorCode, kerr.UnknownTopicOrPartition, "an election nowhere")
		}
	}

	assign := kmsg.NewPtrAlterPartitionAssignmentsRequest()
	assign.TimeoutMillis = elect.TimeoutMillis
	topic := kmsg.NewAlterPartitionAssignmentsRequestTopic()
	topic.Topic = name
	for partition, replicas := range [][]int32{{1}, {1, 2}} {
		wanted := kmsg.NewAlterPartitionAssignmentsRequestTopicPartition()
		wanted.Partition, wanted.Replicas = int32(partition), replicas
		topic.Partitions = append(topic.Partitions, wanted)
	}
	assign.Topics = []kmsg.AlterPartitionAssignmentsRequestTopic{topic}
	assigned := must(assign.RequestWith(r.ctx, r.direct))
	ok(kerr.ErrorForCode(assigned.ErrorCode))
	ok(kerr.ErrorForCode(assigned.Topics[0].Partitions[0].ErrorCode))
	refused(assigned.Topics[0].Partitions[1].ErrorCode, kerr.InvalidReplicaAssignment, "a node that is not there")

	list := kmsg.NewPtrListPartitionReassignmentsRequest()
	list.TimeoutMillis = elect.TimeoutMillis
	listed := must(list.RequestWith(r.ctx, r.direct))
	ok(kerr.ErrorForCode(listed.ErrorCode))
	same(len(listed.Topics), 0, "under way")
}

func asksForTheQuorum(r *round) {
	describe := kmsg.NewPtrDescribeQuorumRequest()
	topic := kmsg.NewDescribeQuorumRequestTopic()
	topic.Topic = "__cluster_metadata"
	topic.Partitions = []kmsg.DescribeQuorumRequestTopicPartition{{Partition: 0}}
	describe.Topics = []kmsg.DescribeQuorumRequestTopic{topic}
	described := must(describe.RequestWith(r.ctx, r.direct))
	ok(kerr.ErrorForCode(described.ErrorCode))
	partition := described.Topics[0].Partitions[0]
	ok(kerr.ErrorForCode(partition.ErrorCode))
	same(partition.LeaderID, 1, "leader")
	same(len(partition.CurrentVoters), 1, "voters")
	same(len(partition.Observers), 0, "observers")
	voter := partition.CurrentVoters[0]
	same(voter.ReplicaID, 1, "voter")
	same(voter.LogEndOffset >= partition.HighWatermark, true, "it has all")
}

func asksForQuotas(r *round) {
	quotas := must(kmsg.NewPtrDescribeClientQuotasRequest().RequestWith(r.ctx, r.direct))
	ok(kerr.ErrorForCode(quotas.ErrorCode))
	same(len(quotas.Entries), 0, "quotas")
	users := kmsg.NewPtrDescribeUserSCRAMCredentialsRequest()
	everybody := must(users.RequestWith(r.ctx, r.direct))
	ok(kerr.ErrorForCode(everybody.ErrorCode))
	same(len(everybody.Results), 0, "users")
	users.Users = []kmsg.DescribeUserSCRAMCredentialsRequestUser{{Name: "nobody"}}
	nobody := must(users.RequestWith(r.ctx, r.direct))
	same(len(nobody.Results), 1, "results")
	refused(nobody.Results[0].ErrorCode, kerr.ResourceNotFound, "who is nobody")
}

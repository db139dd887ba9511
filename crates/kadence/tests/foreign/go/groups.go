package main

import (
	"errors"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// staticMembers is the first version of JoinGroup in which members can have a name of their own.
const staticMembers = 5

func (r *round) member(group, topic string, options ...kgo.Opt) *kgo.Client {
	return r.client(append([]kgo.Opt{
		kgo.ConsumerGroup(group),
		kgo.ConsumeTopics(topic),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.DisableAutoCommit(),
	}, options...)...)
}

func (r *round) described(group string) kadm.DescribedGroup {
	return must(must(r.admin.DescribeGroups(r.ctx, group)).On(group, nil))
}

// settled waits until a group of so many members is stable.
func (r *round) settled(group string, members int) {
	r.eventually("the group is stable", func() bool {
		found := r.described(group)
		return found.State == "Stable" && len(found.Members) == members
	})
}

// committed is the offset that a group has committed; -1 is none. The oldest version answers for no more topics than it
// is asked for, and the client for administration asks for all.
func (r *round) committed(group, topic string) int64 {
	if r.version(kmsg.OffsetFetch) >= 2 {
		found, there := must(r.admin.FetchOffsets(r.ctx, group)).Lookup(topic, 0)
		if !there {
			return -1
		}
		ok(found.Err)
		return found.At
	}
	request := kmsg.NewPtrOffsetFetchRequest()
	request.Group = group
	request.Topics = []kmsg.OffsetFetchRequestTopic{{Topic: topic, Partitions: []int32{0}}}
	client := r.client()
	defer client.Close()
	found := must(request.RequestWith(r.ctx, client)).Topics[0].Partitions[0]
	ok(kerr.ErrorForCode(found.ErrorCode))
	return found.Offset
}

// shared waits until each of so many members has a partition. A cooperative group is stable for a moment before.
func (r *round) shared(group string, members int) {
	r.eventually("each has a partition", func() bool {
		found := r.described(group)
		having := 0
		for _, member := range found.Members {
			assigned, known := member.Assigned.AsConsumer()
			if known && len(assigned.Topics) == 1 && len(assigned.Topics[0].Partitions) == 1 {
				having++
			}
		}
		return found.State == "Stable" && having == members && len(found.Members) == members
	})
}

func sharesInAGroup(r *round) {
	for _, balancer := range []kgo.GroupBalancer{kgo.RangeBalancer(), kgo.CooperativeStickyBalancer()} {
		topic, group := r.topic(2), r.name("group")
		writer := r.client(kgo.RecordPartitioner(kgo.ManualPartitioner()))
		r.write(writer, topic, 6)
		one := r.member(group, topic, kgo.Balancers(balancer))
		r.read(one, 6)
		ok(one.CommitUncommittedOffsets(r.ctx))
		same(r.committed(group, topic), 6, "committed")
		two := r.member(group, topic, kgo.Balancers(balancer))
		r.shared(group, 2)
		one.Close()
		r.settled(group, 1)
		r.write(writer, topic, 1)
		same(r.read(two, 1)[0].Offset, 6, "goes on")
		two.Close()
		writer.Close()
	}
}

func administersGroups(r *round) {
	topic, group := r.topic(1), r.name("group")
	options := []kgo.Opt{kgo.SessionTimeout(6_000_000_000)}
	static := r.version(kmsg.JoinGroup) >= staticMembers && r.version(kmsg.LeaveGroup) >= 3
	if static {
		options = append(options, kgo.InstanceID("one"))
	}
	member := r.member(group, topic, options...)
	r.settled(group, 1)
	_, listed := must(r.admin.ListGroups(r.ctx))[group]
	same(listed, true, "listed")
	refused := must(r.admin.DeleteGroups(r.ctx, group))[group].Err
	same(errors.Is(refused, kerr.NonEmptyGroup), true, "a group with members is not deleted")
	member.Close()
	if static {
		same(len(r.described(group).Members), 1, "a static member that closed")
		ok(must(r.admin.LeaveGroup(r.ctx, kadm.LeaveGroup(group).InstanceIDs("one"))).Error())
	}
	r.eventually("the group is empty", func() bool { return r.described(group).State == "Empty" })

	var offsets kadm.Offsets
	offsets.Add(kadm.Offset{Topic: topic, At: 7, LeaderEpoch: -1, Metadata: "by hand"})
	ok(r.admin.CommitAllOffsets(r.ctx, group, offsets))
	same(r.committed(group, topic), 7, "committed by hand")
	ok(must(r.admin.DeleteOffsets(r.ctx, group, offsets.TopicsSet())).Error())
	same(r.committed(group, topic), -1, "still committed")
	ok(r.admin.CommitAllOffsets(r.ctx, group, offsets))
	ok(must(r.admin.DeleteGroups(r.ctx, group)).Error())
	_, listed = must(r.admin.ListGroups(r.ctx))[group]
	same(listed, false, "still listed")
}

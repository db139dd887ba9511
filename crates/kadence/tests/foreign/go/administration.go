package main

import (
	"errors"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// topic creates a topic that can be written to.
func (r *round) topic(partitions int32) string {
	name := r.name("topic")
	ok(must(r.admin.CreateTopic(r.ctx, partitions, 1, nil, name)).Err)
	r.eventually("the topic", func() bool {
		found := must(r.admin.Metadata(r.ctx, name)).Topics[name]
		led := 0
		for _, partition := range found.Partitions {
			if partition.Err == nil && partition.Leader >= 0 {
				led++
			}
		}
		return led == int(partitions)
	})
	return name
}

func describesTheCluster(r *round) {
	metadata := must(r.admin.BrokerMetadata(r.ctx))
	same(len(metadata.Brokers), 1, "brokers")
	node := metadata.Brokers[0].NodeID
	response := must(kmsg.NewPtrDescribeClusterRequest().RequestWith(r.ctx, r.client()))
	ok(kerr.ErrorForCode(response.ErrorCode))
	same(len(response.Brokers), 1, "brokers")
	same(response.Brokers[0].NodeID, node, "node")
	if metadata.Cluster != "" {
		same(response.ClusterID, metadata.Cluster, "cluster")
	}
}

func administersTopics(r *round) {
	name := r.topic(2)
	again := must(r.admin.CreateTopics(r.ctx, 1, 1, nil, name))
	same(errors.Is(again[name].Err, kerr.TopicAlreadyExists), true, "a topic that exists is refused")
	ok(must(r.admin.UpdatePartitions(r.ctx, 3, name)).Error())
	r.eventually("three partitions", func() bool {
		return len(must(r.admin.ListTopics(r.ctx, name))[name].Partitions) == 3
	})
	paged := kmsg.NewPtrDescribeTopicPartitionsRequest()
	paged.ResponsePartitionLimit = 2
	paged.Topics = []kmsg.DescribeTopicPartitionsRequestTopic{{Topic: name}}
	response := must(paged.RequestWith(r.ctx, r.client()))
	same(len(response.Topics[0].Partitions), 2, "partitions of the first page")
	same(response.NextCursor.Partition, 2, "the next page")
	ok(must(r.admin.DeleteTopics(r.ctx, name)).Error())
	r.eventually("it is gone", func() bool {
		return !must(r.admin.ListTopics(r.ctx)).Has(name)
	})
}

func administersSettings(r *round) {
	name := r.topic(1)
	value := func(setting string) string {
		configs := must(must(r.admin.DescribeTopicConfigs(r.ctx, name)).On(name, nil))
		for _, config := range configs.Configs {
			if config.Key == setting {
				return config.MaybeValue()
			}
		}
		return "missing"
	}
	before := value("retention.ms")
	change := []kadm.AlterConfig{{Op: kadm.SetConfig, Name: "retention.ms", Value: kadm.StringPtr("60000")}}
	ok(must(must(r.admin.AlterTopicConfigs(r.ctx, change, name)).On(name, nil)).Err)
	r.eventually("one change", func() bool { return value("retention.ms") == "60000" })
	whole := []kadm.AlterConfig{{Name: "retention.bytes", Value: kadm.StringPtr("5000")}}
	ok(must(must(r.admin.AlterTopicConfigsState(r.ctx, whole, name)).On(name, nil)).Err)
	r.eventually("all changed", func() bool {
		return value("retention.bytes") == "5000" && value("retention.ms") == before
	})
	brokers := must(r.admin.DescribeBrokerConfigs(r.ctx, 1))
	same(len(brokers), 1, "brokers")
	ok(brokers[0].Err)
}

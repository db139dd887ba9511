package main

import (
	"strings"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

func (r *round) transactional(id string) *kgo.Client {
	return r.client(kgo.TransactionalID(id), kgo.TransactionTimeout(patience))
}

// committedValues waits until these can be read: a commit is answered before its markers are written.
func (r *round) committedValues(topic, expected string) {
	r.eventually(expected, func() bool {
		return strings.Join(r.values(topic, kgo.ReadCommitted()), ", ") == expected
	})
}

func aborts(r *round) {
	topic := r.topic(1)
	client := r.transactional(r.name("transactional"))
	defer client.Close()
	for _, step := range []struct {
		body string
		end  kgo.TransactionEndTry
	}{{"kept", kgo.TryCommit}, {"dropped", kgo.TryAbort}, {"kept too", kgo.TryCommit}} {
		ok(client.BeginTransaction())
		ok(client.ProduceSync(r.ctx, &kgo.Record{Topic: topic, Value: []byte(step.body)}).FirstErr())
		ok(client.EndTransaction(r.ctx, step.end))
	}
	r.committedValues(topic, "kept, kept too")
	same(strings.Join(r.values(topic, kgo.ReadUncommitted()), ", "), "kept, dropped, kept too", "all")
}

func commitsOffsetsWithRecords(r *round) {
	source, target, group := r.topic(1), r.topic(1), r.name("group")
	writer := r.client()
	r.write(writer, source, 3)
	writer.Close()
	for _, step := range []struct {
		end       kgo.TransactionEndTry
		committed int64
	}{{kgo.TryAbort, -1}, {kgo.TryCommit, 3}} {
		session := must(kgo.NewGroupTransactSession(append(r.settings(),
			kgo.TransactionalID(group),
			kgo.ConsumerGroup(group),
			kgo.ConsumeTopics(source),
			kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
			kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		)...))
		for read := 0; read < 3; {
			fetches := session.PollFetches(r.ctx)
			ok(fetches.Err())
			if read == 0 {
				ok(session.Begin())
			}
			for _, record := range fetches.Records() {
				read++
				ok(session.ProduceSync(r.ctx, &kgo.Record{Topic: target, Value: record.Value}).FirstErr())
			}
		}
		committed := must(session.End(r.ctx, step.end))
		same(committed, bool(step.end), "committed")
		session.Close()
		r.eventually("the offset", func() bool { return r.committed(group, source) == step.committed })
	}
	r.committedValues(target, "body 0, body 1, body 2")
}

func looksAtTransactions(r *round) {
	topic, id := r.topic(1), r.name("transactional")
	client := r.transactional(id)
	defer client.Close()
	ok(client.BeginTransaction())
	ok(client.ProduceSync(r.ctx, &kgo.Record{Topic: topic, Value: []byte("open")}).FirstErr())
	listed, known := must(r.admin.ListTransactions(r.ctx, nil, []string{"Ongoing"}))[id]
	same(known, true, "listed")
	found := must(must(r.admin.DescribeTransactions(r.ctx, id)).On(id, nil))
	ok(found.Err)
	same(found.State, "Ongoing", "state")
	same(found.ProducerID, listed.ProducerID, "producer")
	same(found.Topics.Lookup(topic, 0), true, "the partition is in it")
	var places kadm.TopicsSet
	places.Add(topic, 0)
	producers := must(r.admin.DescribeProducers(r.ctx, places)).SortedProducers()
	same(len(producers), 1, "producers")
	same(producers[0].CurrentTxnStartOffset, 0, "where it began")
	ok(client.EndTransaction(r.ctx, kgo.TryCommit))
}

package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

var base = time.UnixMilli(1_000_000_000_000)

var codecs = []kgo.CompressionCodec{
	kgo.NoCompression(), kgo.GzipCompression(), kgo.SnappyCompression(), kgo.Lz4Compression(), kgo.ZstdCompression(),
}

// record is one of a series: everything in it follows from its number.
func record(topic string, number int) *kgo.Record {
	return &kgo.Record{
		Topic:     topic,
		Key:       fmt.Appendf(nil, "key %d", number),
		Value:     fmt.Appendf(nil, "body %d", number),
		Headers:   []kgo.RecordHeader{{Key: "h", Value: fmt.Append(nil, number)}},
		Timestamp: base.Add(time.Duration(number) * time.Second),
	}
}

// write sends a series and waits until the broker has it.
func (r *round) write(client *kgo.Client, topic string, count int) {
	for number := range count {
		ok(client.ProduceSync(r.ctx, record(topic, number)).FirstErr())
	}
}

// read takes records until there are as many.
func (r *round) read(client *kgo.Client, count int) []*kgo.Record {
	ctx, cancel := context.WithTimeout(r.ctx, patience)
	defer cancel()
	var records []*kgo.Record
	for len(records) < count {
		fetches := client.PollFetches(ctx)
		if err := fetches.Err0(); err != nil {
			panic(fmt.Errorf("%d of %d records: %w", len(records), count, err))
		}
		fetches.EachError(func(_ string, _ int32, err error) { panic(err) })
		records = append(records, fetches.Records()...)
	}
	same(len(records), count, "records")
	return records
}

// values are those that a reader of this isolation level sees up to the end of a partition.
func (r *round) values(topic string, level kgo.IsolationLevel) []string {
	committed := must(r.admin.ListCommittedOffsets(r.ctx, topic))
	if level == kgo.ReadUncommitted() {
		committed = must(r.admin.ListEndOffsets(r.ctx, topic))
	}
	end, _ := committed.Lookup(topic, 0)
	ok(end.Err)
	client := r.client(fromStart(topic), kgo.FetchIsolationLevel(level), kgo.KeepControlRecords())
	defer client.Close()
	var values []string
	for next := int64(0); next < end.Offset; {
		for _, record := range r.some(client) {
			next = record.Offset + 1
			if !record.Attrs.IsControl() {
				values = append(values, string(record.Value))
			}
		}
	}
	return values
}

// some takes whatever comes next.
func (r *round) some(client *kgo.Client) []*kgo.Record {
	ctx, cancel := context.WithTimeout(r.ctx, patience)
	defer cancel()
	fetches := client.PollFetches(ctx)
	ok(fetches.Err0())
	fetches.EachError(func(_ string, _ int32, err error) { panic(err) })
	return fetches.Records()
}

func fromStart(topic string) kgo.Opt {
	return kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: {0: kgo.NewOffset().AtStart()}})
}

func writesAndReads(r *round) {
	const count = 40
	for number, codec := range codecs {
		// Produce 7 is the first version that takes zstd.
		if number == 4 && r.version(kmsg.Produce) < 7 {
			continue
		}
		topic := r.topic(1)
		client := r.client(kgo.ProducerBatchCompression(codec), fromStart(topic))
		for number := range count {
			client.Produce(r.ctx, record(topic, number), nil)
		}
		ok(client.Flush(r.ctx))
		for number, found := range r.read(client, count) {
			expected := record(topic, number)
			same(found.Offset, int64(number), "offset")
			same(string(found.Key), string(expected.Key), "key")
			same(string(found.Value), string(expected.Value), "body")
			same(string(found.Headers[0].Value), string(expected.Headers[0].Value), "header")
			same(found.Timestamp.UnixMilli(), expected.Timestamp.UnixMilli(), "timestamp")
		}
		client.Close()
	}
}

func writesWithoutIdempotence(r *round) {
	for _, acks := range []kgo.Acks{kgo.NoAck(), kgo.LeaderAck(), kgo.AllISRAcks()} {
		topic := r.topic(1)
		client := r.client(kgo.RequiredAcks(acks), kgo.DisableIdempotentWrite(), fromStart(topic))
		r.write(client, topic, 5)
		r.read(client, 5)
		client.Close()
	}
	topic := r.topic(1)
	client := r.client(fromStart(topic))
	defer client.Close()
	r.write(client, topic, 5)
	id, _, err := client.ProducerID(r.ctx)
	ok(err)
	for _, found := range r.read(client, 5) {
		same(found.ProducerID, id, "producer")
	}
}

func listsOffsetsAndDeletes(r *round) {
	topic := r.topic(1)
	client := r.client()
	defer client.Close()
	r.write(client, topic, 10)
	offset := func(listed kadm.ListedOffsets, err error) int64 {
		found, _ := must(listed, err).Lookup(topic, 0)
		ok(found.Err)
		return found.Offset
	}
	same(offset(r.admin.ListStartOffsets(r.ctx, topic)), 0, "start")
	same(offset(r.admin.ListEndOffsets(r.ctx, topic)), 10, "end")
	same(offset(r.admin.ListOffsetsAfterMilli(r.ctx, base.UnixMilli()+3500, topic)), 4, "by time")
	if r.version(kmsg.ListOffsets) >= 7 {
		same(offset(r.admin.ListMaxTimestampOffsets(r.ctx, topic)), 9, "of the latest time")
	}
	var epochs kadm.OffsetForLeaderEpochRequest
	epochs.Add(topic, 0, 0)
	found := must(r.admin.OffsetForLeaderEpoch(r.ctx, epochs))[topic][0]
	ok(found.Err)
	same(found.EndOffset, 10, "end of the epoch")

	var before kadm.Offsets
	before.AddOffset(topic, 0, 6, -1)
	ok(must(r.admin.DeleteRecords(r.ctx, before)).Error())
	same(offset(r.admin.ListStartOffsets(r.ctx, topic)), 6, "start after the deletion")
	same(len(r.values(topic, kgo.ReadUncommitted())), 4, "records left")

	lost := r.client(kgo.ConsumeResetOffset(kgo.NoResetOffset()),
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: {0: kgo.NewOffset().At(2)}}))
	defer lost.Close()
	ctx, cancel := context.WithTimeout(r.ctx, patience)
	defer cancel()
	err := lost.PollFetches(ctx).Err()
	if err == nil || errors.Is(err, context.DeadlineExceeded) {
		panic(fmt.Errorf("an offset out of range: %v", err))
	}
}

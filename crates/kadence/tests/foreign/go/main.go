// Program foreign has franz-go, a client for Go, speak each version of each API to a broker: `foreign HOST:PORT`.
//
// It does the same in rounds. In round N each request has version N, or the nearest one that the broker serves; the
// round of the highest version is the last. Standard output has a line of JSON that names the client, and one for each
// check; the exit code is 1 if one failed. It is run unchanged against a real Kafka and against the embedded broker.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"
)

// patience is how long something may take that does not hang, on a machine that does much else.
const patience = 2 * time.Minute

// oldest are the first versions that the client can work with: of Produce, the first with today's batches (Kafka lists
// older ones, and refuses them); of Metadata, the first that says who the controller is.
var oldest = map[kmsg.Key]int16{kmsg.Produce: 3, kmsg.Metadata: 1}

// round is what the checks of one round work with.
type round struct {
	brokers  string
	number   int16
	versions *kversion.Versions
	ctx      context.Context
	admin    *kadm.Client
	// direct is the client behind admin, for requests that it does not know.
	direct *kgo.Client
	// names counts the names that were given out.
	names int
}

type check struct {
	name string
	body func(*round)
}

var checks = []check{
	{"the cluster is described", describesTheCluster},
	{"topics are administered", administersTopics},
	{"settings are administered", administersSettings},
	{"records are written and read", writesAndReads},
	{"offsets are listed and records deleted", listsOffsetsAndDeletes},
	{"an idempotent and a plain producer write", writesWithoutIdempotence},
	{"a group shares, commits and goes on", sharesInAGroup},
	{"groups are administered", administersGroups},
	{"what is aborted is not read", aborts},
	{"offsets are committed with the records", commitsOffsetsWithRecords},
	{"transactions are looked at", looksAtTransactions},
	{"the version is guessed", guessesTheVersion},
	{"what may be done is told of cluster topic and group", asksWhatMayBeDone},
	{"there is no access control", asksForAccessControl},
	{"one node keeps and leads all", asksForReplicas},
	{"one node is the quorum", asksForTheQuorum},
	{"there are no quotas and no users", asksForQuotas},
}

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: foreign HOST:PORT [ROUND]")
		os.Exit(2)
	}
	served, err := served(os.Args[1])
	if err == nil {
		err = beginTransactions(os.Args[1])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	first, last := int16(0), int16(0)
	for _, api := range served {
		last = max(last, api.MaxVersion)
	}
	if len(os.Args) > 2 {
		only, err := strconv.ParseInt(os.Args[2], 10, 16)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		first, last = int16(only), int16(only)
	}
	fmt.Printf("{\"client\": \"franz-go %s\"}\n", clientVersion())
	good := true
	for number := first; number <= last; number++ {
		good = play(os.Args[1], number, versionsOf(served, number)) && good
	}
	if !good {
		os.Exit(1)
	}
}

// clientVersion is the version of the client that this program was built with.
func clientVersion() string {
	info, _ := debug.ReadBuildInfo()
	for _, module := range info.Deps {
		if module.Path == "github.com/twmb/franz-go" {
			return strings.TrimPrefix(module.Version, "v")
		}
	}
	return "of no known version"
}

// served asks the broker what it serves.
func served(brokers string) ([]kmsg.ApiVersionsResponseApiKey, error) {
	client, err := kgo.NewClient(kgo.SeedBrokers(brokers))
	if err != nil {
		return nil, err
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	response, err := kmsg.NewPtrApiVersionsRequest().RequestWith(ctx, client)
	if err != nil {
		return nil, err
	}
	return response.ApiKeys, nil
}

// beginTransactions has the broker set up what it keeps of transactions. A client of the first round cannot: its version
// of FindCoordinator knows of groups alone, and it would be told for ever that the coordinator is another one.
func beginTransactions(brokers string) error {
	client, err := kgo.NewClient(kgo.SeedBrokers(brokers), kgo.TransactionalID("first"))
	if err != nil {
		return err
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	_, _, err = client.ProducerID(ctx)
	return err
}

// versionsOf is the version of each API in a round.
func versionsOf(served []kmsg.ApiVersionsResponseApiKey, number int16) *kversion.Versions {
	versions := new(kversion.Versions)
	for _, api := range served {
		least := max(api.MinVersion, oldest[kmsg.Key(api.ApiKey)])
		versions.SetMaxKeyVersion(api.ApiKey, min(max(number, least), api.MaxVersion))
	}
	// From version 10 on OffsetFetch answers with ids of topics. Until Metadata 12 a client cannot ask which topic has an
	// id, and leaves out what it does not happen to know.
	if metadata, _ := versions.LookupMaxKeyVersion(int16(kmsg.Metadata)); metadata < 12 {
		fetch, _ := versions.LookupMaxKeyVersion(int16(kmsg.OffsetFetch))
		versions.SetMaxKeyVersion(int16(kmsg.OffsetFetch), min(fetch, 9))
	}
	return versions
}

// play runs all checks in one round and says whether all went well.
func play(brokers string, number int16, versions *kversion.Versions) bool {
	good := true
	for _, check := range checks {
		began := time.Now()
		err := attempt(&round{brokers: brokers, number: number, versions: versions}, check.body)
		line := map[string]any{
			"check":   check.name,
			"round":   number,
			"ok":      err == nil,
			"seconds": time.Since(began).Round(100 * time.Millisecond).Seconds(),
		}
		if err != nil {
			line["detail"] = err.Error()
			good = false
		}
		text, _ := json.Marshal(line)
		fmt.Println(string(text))
	}
	return good
}

// attempt runs a check, whose failures are panics with an error.
func attempt(r *round, body func(*round)) (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
	defer cancel()
	r.ctx = ctx
	defer func() {
		if failure := recover(); failure != nil {
			if known, ok := failure.(error); ok {
				err = known
			} else {
				panic(failure)
			}
		}
	}()
	client := r.client()
	defer client.Close()
	r.direct, r.admin = client, kadm.NewClient(client)
	body(r)
	return nil
}

// client is a client that speaks the versions of this round.
func (r *round) client(options ...kgo.Opt) *kgo.Client {
	return must(kgo.NewClient(append(r.settings(), options...)...))
}

func (r *round) settings() []kgo.Opt {
	return []kgo.Opt{
		kgo.SeedBrokers(r.brokers),
		kgo.MaxVersions(r.versions),
		kgo.FetchMaxWait(50 * time.Millisecond),
		kgo.HeartbeatInterval(300 * time.Millisecond),
		kgo.MetadataMinAge(50 * time.Millisecond),
	}
}

// version is the version of an API in this round.
func (r *round) version(api kmsg.Key) int16 {
	version, found := r.versions.LookupMaxKeyVersion(api.Int16())
	same(found, true, "served")
	return version
}

// name is one that nobody else has.
func (r *round) name(prefix string) string {
	r.names++
	return fmt.Sprintf("%s-%d-%d-%d", prefix, r.number, r.names, time.Now().UnixNano())
}

func must[T any](value T, err error) T {
	ok(err)
	return value
}

func ok(err error) {
	if err != nil {
		panic(err)
	}
}

func same[T comparable](found, expected T, what string) {
	if found != expected {
		panic(fmt.Errorf("%s: %v instead of %v", what, found, expected))
	}
}

// eventually asks again until the answer is yes.
func (r *round) eventually(what string, ask func() bool) {
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for deadline := time.Now().Add(patience); !ask(); <-again.C {
		if time.Now().After(deadline) {
			panic(fmt.Errorf("%s: not within %s", what, patience))
		}
	}
}

// The client of the benchmarks: a bitswap peer that keeps a fixed number of
// wants open and times each of them.
//
// It behaves as boxo's own client does on the wire: want-blocks with
// sendDontHave, one persistent stream for all of its messages, a cancel for
// each block that has arrived (in the message that asks for the next), replies
// read from any number of inbound streams, frames decoded and blocks hashed by
// boxo's message package. It has no blockstore and no session, so that it is
// not what is measured.
//
// With a URL in place of a multiaddr it asks a trustless gateway instead.
//
// It prints a JSON line {"event":"ready"} once connected and warm, waits for a
// line on stdin, measures, and prints one line {"event":"result",…}.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/ipfs/go-cid"
)

// result is the line that the harness reads. Durations are in milliseconds.
type result struct {
	Event           string  `json:"event"`
	Blocks          int     `json:"blocks"`
	Bytes           int64   `json:"bytes"`
	Milliseconds    float64 `json:"milliseconds"`
	P50             float64 `json:"p50"`
	P99             float64 `json:"p99"`
	Duplicates      int     `json:"duplicates"`
	Unexpected      int     `json:"unexpected"`
	DontHaves       int     `json:"dontHaves"`
	InboundStreams  int     `json:"inboundStreams"`
	InboundMessages int     `json:"inboundMessages"`
	CPUSeconds      float64 `json:"cpuSeconds"`
}

func main() {
	address := flag.String("addr", "", "multiaddr of the peer to ask, with /p2p/, or URL of a gateway")
	httpVersion := flag.Int("http", 1, "version of HTTP for a gateway, 1 or 2")
	head := flag.Bool("head", false, "ask a gateway only whether it has the blocks")
	list := flag.String("cids", "", "file with a CID a line")
	open := flag.Int("open", 32, "wants to keep open")
	warmup := flag.Int("warmup", 0, "how many of the CIDs to fetch before measuring")
	stall := flag.Duration("stall", 30*time.Second, "give up when no block came for this long")
	flag.Parse()

	if err := run(endpoint{*address, *httpVersion, *head}, *list, *open, *warmup, *stall); err != nil {
		fmt.Fprintln(os.Stderr, "benchmark client:", err)
		os.Exit(1)
	}
}

func run(target endpoint, list string, open, warmup int, stall time.Duration) error {
	cids, err := readCids(list)
	if err != nil {
		return err
	}
	if warmup >= len(cids) {
		return errors.New("-warmup leaves nothing to measure")
	}

	f, err := newClient(target, open, stall)
	if err != nil {
		return err
	}
	defer f.close()

	if warmup > 0 {
		if _, err := f.fetch(cids[:warmup], open); err != nil {
			return fmt.Errorf("warming up: %w", err)
		}
	}

	out := json.NewEncoder(os.Stdout)
	if err := out.Encode(map[string]string{"event": "ready"}); err != nil {
		return err
	}
	if _, err := bufio.NewReader(os.Stdin).ReadString('\n'); err != nil {
		return fmt.Errorf("waiting to be started: %w", err)
	}

	cpu := cpuSeconds()
	r, err := f.fetch(cids[warmup:], open)
	if err != nil {
		return err
	}
	r.CPUSeconds = cpuSeconds() - cpu
	return out.Encode(r)
}

// client asks for blocks.
type client interface {
	fetch(cids []cid.Cid, open int) (result, error)
	close()
}

// endpoint is who is asked. What follows the address is for gateways.
type endpoint struct {
	address     string
	httpVersion int
	head        bool
}

func newClient(target endpoint, open int, stall time.Duration) (client, error) {
	if strings.HasPrefix(target.address, "http") {
		return newGateway(target, open, stall)
	}
	return connect(context.Background(), target.address, stall)
}

func readCids(path string) ([]cid.Cid, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var cids []cid.Cid
	for line := range strings.FieldsSeq(string(text)) {
		c, err := cid.Decode(line)
		if err != nil {
			return nil, fmt.Errorf("%s: %q: %w", path, line, err)
		}
		cids = append(cids, c)
	}
	return cids, nil
}

func cpuSeconds() float64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano()).Seconds()
}

// quantile takes the nearest rank of sorted durations, in milliseconds.
func quantile(sorted []time.Duration, q float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	i := min(int(q*float64(len(sorted))), len(sorted)-1)
	return float64(sorted[i]) / float64(time.Millisecond)
}

func summary(latencies []time.Duration, elapsed time.Duration, c counts) result {
	slices.Sort(latencies)
	return result{
		Event:           "result",
		Blocks:          len(latencies),
		Bytes:           c.bytes,
		Milliseconds:    float64(elapsed) / float64(time.Millisecond),
		P50:             quantile(latencies, 0.5),
		P99:             quantile(latencies, 0.99),
		Duplicates:      c.duplicates,
		Unexpected:      c.unexpected,
		DontHaves:       c.dontHaves,
		InboundStreams:  c.streams,
		InboundMessages: c.messages,
	}
}

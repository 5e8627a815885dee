package main

import (
	"context"
	"fmt"
	"math"
	"sync"
	"time"

	bsmsg "github.com/ipfs/boxo/bitswap/message"
	pb "github.com/ipfs/boxo/bitswap/message/pb"
	"github.com/ipfs/boxo/bitswap/network/bsnet"
	"github.com/ipfs/go-cid"
	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	"github.com/libp2p/go-libp2p/p2p/security/noise"
	"github.com/libp2p/go-libp2p/p2p/transport/tcp"
	"github.com/libp2p/go-msgio"
	ma "github.com/multiformats/go-multiaddr"
)

const maxFrame = 4 << 20

var protocols = []protocol.ID{
	bsnet.ProtocolBitswap,
	bsnet.ProtocolBitswapOneOne,
	bsnet.ProtocolBitswapOneZero,
	bsnet.ProtocolBitswapNoVers,
}

type counts struct {
	bytes                             int64
	duplicates, unexpected, dontHaves int
	streams, messages                 int
}

// fetcher keeps wants open at one peer. All that mu guards is touched by the
// readers of the inbound streams and by fetch.
type fetcher struct {
	host   host.Host
	stream network.Stream
	stall  time.Duration
	wake   chan struct{}
	// of the next want; only fetch touches it. Counts down over the client's
	// life as boxo's does: first asked, first served
	priority int32

	mu        sync.Mutex
	asked     map[cid.Cid]time.Time
	got       map[cid.Cid]struct{}
	arrived   []cid.Cid // since the writer last looked: to be cancelled, and replaced
	latencies []time.Duration
	counts    counts
}

// connect dials with a fresh identity over tcp, noise and yamux.
func connect(ctx context.Context, address string, stall time.Duration) (*fetcher, error) {
	target, err := ma.NewMultiaddr(address)
	if err != nil {
		return nil, fmt.Errorf("-addr %q: %w", address, err)
	}
	info, err := peer.AddrInfoFromP2pAddr(target)
	if err != nil {
		return nil, fmt.Errorf("-addr %q: %w", address, err)
	}
	h, err := libp2p.New(
		libp2p.NoListenAddrs,
		libp2p.Transport(tcp.NewTCPTransport),
		libp2p.Security(noise.ID, noise.New),
		libp2p.ResourceManager(&network.NullResourceManager{}),
		libp2p.DisableMetrics(),
	)
	if err != nil {
		return nil, err
	}
	f := &fetcher{
		host:     h,
		stall:    stall,
		priority: math.MaxInt32,
		wake:     make(chan struct{}, 1),
		asked:    map[cid.Cid]time.Time{},
		got:      map[cid.Cid]struct{}{},
	}
	for _, id := range protocols {
		h.SetStreamHandler(id, f.read)
	}

	dial, cancel := context.WithTimeout(ctx, stall)
	defer cancel()
	if err := h.Connect(dial, *info); err != nil {
		return nil, fmt.Errorf("dialling %s: %w", address, err)
	}
	f.stream, err = h.NewStream(ctx, info.ID, protocols...)
	if err != nil {
		return nil, fmt.Errorf("opening a bitswap stream to %s: %w", address, err)
	}
	return f, nil
}

func (f *fetcher) close() {
	f.stream.Close()
	f.host.Close()
}

// fetch keeps open wants in flight until each of cids has arrived, and starts
// its clock when it writes the first of them.
func (f *fetcher) fetch(cids []cid.Cid, open int) (result, error) {
	f.mu.Lock()
	f.arrived, f.counts = nil, counts{}
	f.latencies = make([]time.Duration, 0, len(cids))
	f.mu.Unlock()

	start := time.Now()
	next := min(open, len(cids))
	if err := f.send(nil, cids[:next]); err != nil {
		return result{}, err
	}

	stalled := time.NewTimer(f.stall)
	defer stalled.Stop()

	for done := 0; done < len(cids); {
		select {
		case <-f.wake:
		case <-stalled.C:
			f.mu.Lock()
			defer f.mu.Unlock()
			return result{}, fmt.Errorf("no block for %s, %d of %d are missing, %d were answered with DONT_HAVE", f.stall, len(cids)-done, len(cids), f.counts.dontHaves)
		}
		f.mu.Lock()
		arrived := f.arrived
		f.arrived = nil
		f.mu.Unlock()
		if len(arrived) == 0 {
			continue
		}
		stalled.Reset(f.stall)
		done += len(arrived)
		to := min(next+len(arrived), len(cids))
		if err := f.send(arrived, cids[next:to]); err != nil {
			return result{}, err
		}
		next = to
	}
	elapsed := time.Since(start)

	f.mu.Lock()
	defer f.mu.Unlock()
	return summary(f.latencies, elapsed, f.counts), nil
}

// send writes one message on the persistent stream.
func (f *fetcher) send(cancels, wants []cid.Cid) error {
	msg := bsmsg.New(false)
	for _, c := range cancels {
		msg.Cancel(c)
	}
	for _, c := range wants {
		msg.AddEntry(c, f.priority, pb.Message_Wantlist_Block, true)
		f.priority--
	}
	now := time.Now()
	f.mu.Lock()
	for _, c := range wants {
		f.asked[c] = now
	}
	f.mu.Unlock()
	if err := msg.ToNetV1(f.stream); err != nil {
		return fmt.Errorf("sending wants: %w", err)
	}
	return nil
}

// read is the handler of each inbound stream.
func (f *fetcher) read(s network.Stream) {
	defer s.Close()
	f.mu.Lock()
	f.counts.streams++
	f.mu.Unlock()

	reader := msgio.NewVarintReaderSize(s, maxFrame)
	for {
		msg, _, err := bsmsg.FromMsgReader(reader)
		if err != nil {
			return
		}
		f.receive(msg)
	}
}

// receive trusts the CIDs of the blocks: boxo computed them from the bytes.
func (f *fetcher) receive(msg bsmsg.BitSwapMessage) {
	now := time.Now()
	f.mu.Lock()
	f.counts.messages++
	f.counts.dontHaves += len(msg.DontHaves())
	for _, block := range msg.Blocks() {
		c := block.Cid()
		at, ok := f.asked[c]
		if !ok {
			if _, had := f.got[c]; had {
				f.counts.duplicates++
			} else {
				f.counts.unexpected++
			}
			continue
		}
		delete(f.asked, c)
		f.got[c] = struct{}{}
		f.latencies = append(f.latencies, now.Sub(at))
		f.counts.bytes += int64(len(block.RawData()))
		f.arrived = append(f.arrived, c)
	}
	f.mu.Unlock()
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

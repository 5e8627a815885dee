package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/ipfs/go-cid"
)

// gateway asks a trustless gateway for blocks: a GET for each, over HTTP/1.1
// with as many connections as wants, or over one connection with HTTP/2, which
// is what boxo's client does for an https URL.
type gateway struct {
	base   string
	http2  bool
	method string
	client *http.Client
	stall  time.Duration
}

// newGateway asks by HTTP/1.1 or HTTP/2, which needs an https URL. It checks no certificate.
func newGateway(target endpoint, open int, stall time.Duration) (*gateway, error) {
	base, err := url.Parse(target.address)
	if err != nil {
		return nil, fmt.Errorf("-addr %q: %w", target.address, err)
	}
	if target.httpVersion == 2 && base.Scheme != "https" {
		return nil, fmt.Errorf("-addr %q: HTTP/2 needs https", target.address)
	}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(target.httpVersion == 1)
	protocols.SetHTTP2(target.httpVersion == 2)
	method := http.MethodGet
	if target.head {
		method = http.MethodHead
	}
	return &gateway{
		base:   target.address,
		http2:  target.httpVersion == 2,
		method: method,
		stall:  stall,
		client: &http.Client{Transport: &http.Transport{
			Protocols:           protocols,
			TLSClientConfig:     &tls.Config{InsecureSkipVerify: true},
			MaxConnsPerHost:     open,
			MaxIdleConnsPerHost: open,
			ReadBufferSize:      16 << 10, // as boxo's
			DisableCompression:  true,
		}},
	}, nil
}

func (g *gateway) close() {
	g.client.CloseIdleConnections()
}

// fetch keeps open requests in flight until each of cids has been answered.
func (g *gateway) fetch(cids []cid.Cid, open int) (result, error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	next := make(chan cid.Cid)
	go func() {
		defer close(next)
		for _, c := range cids {
			select {
			case next <- c:
			case <-ctx.Done():
				return
			}
		}
	}()

	var mu sync.Mutex
	var failure error
	var total counts
	latencies := make([]time.Duration, 0, len(cids))
	start := time.Now()
	var workers sync.WaitGroup
	for range min(open, len(cids)) {
		workers.Go(func() {
			var buffer bytes.Buffer
			for c := range next {
				asked := time.Now()
				err := g.get(ctx, c, &buffer)
				mu.Lock()
				if err != nil && failure == nil {
					failure = err
					cancel()
				}
				latencies = append(latencies, time.Since(asked))
				total.bytes += int64(buffer.Len())
				mu.Unlock()
			}
		})
	}
	workers.Wait()
	if failure != nil {
		return result{}, failure
	}
	return summary(latencies, time.Since(start), total), nil
}

// get reads a block into buffer, and hashes it.
func (g *gateway) get(ctx context.Context, c cid.Cid, buffer *bytes.Buffer) error {
	ctx, cancel := context.WithTimeout(ctx, g.stall)
	defer cancel()
	target := g.base + "/ipfs/" + c.String() + "?format=raw"
	request, err := http.NewRequestWithContext(ctx, g.method, target, nil)
	if err != nil {
		return err
	}
	response, err := g.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	buffer.Reset()
	if _, err := io.Copy(buffer, response.Body); err != nil {
		return fmt.Errorf("%s: %w", target, err)
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s: %s", target, response.Status, buffer.String())
	}
	if g.http2 != (response.ProtoMajor == 2) {
		return fmt.Errorf("%s: answered by %s", target, response.Proto)
	}
	if g.method == http.MethodHead {
		return nil
	}
	got, err := c.Prefix().Sum(buffer.Bytes())
	if err != nil {
		return err
	}
	if !got.Equals(c) {
		return fmt.Errorf("%s: wrong bytes", target)
	}
	return nil
}

import { expect } from 'aegir/chai'
import { PEER, RPC, load, loadArgv } from '../support/config.ts'
import type { Given } from '../support/config.ts'

describe('mistakes in the configuration', () => {
  const cases: Array<[string, Given | string[], RegExp]> = [
    ['no downstream', {}, /^no downstream: .* -d/],
    ['an empty downstream', ['-d', ','], /^-d: names no downstream/],
    ['an unknown flag', ['--prot', '1'], /^Unknown option '--prot' \(see --help\)$/],
    ['a misspelt flag', ['--dowstream', RPC], /^Unknown option '--dowstream'; did you mean --downstream\? \(see --help\)$/],
    ['a misspelt variable', { flags: `-d ${RPC}`, env: { KITSUNE_DOWNSTREEM: 'http://user:hunter2@x' } }, /^KITSUNE_DOWNSTREEM: there is no such variable; did you mean KITSUNE_DOWNSTREAM\?$/],
    ['a flag in the place of a value', ['--grace', '-d', RPC], /^--grace: its value is missing, since another flag follows/],
    ['an unknown short flag', ['-x'], /'-x'/],
    ['a stray argument', [RPC], /^Unexpected argument/],
    ['a flag without its value', ['-d'], /'-d, --downstream <value>'/],
    ['preload without WebSockets', ['-d', RPC, '-p', '8081'], /^-p: .*add -w/],
    ['preload without an RPC', ['-d', `/ip4/10.0.0.1/tcp/4001/p2p/${PEER}`, '-w', '/ip4/0.0.0.0/tcp/0', '-p', '8081'], /^-p: no node can be asked to fetch/],
    ['an invalid port', ['-d', RPC, '-w', '/ip4/0.0.0.0/tcp/0', '-p', '80810'], /^-p: must be /],
    ['workers that preload without Redis', ['-d', RPC, '-w', '/ip4/0.0.0.0/tcp/0', '-p', '8081', '--workers', '2'], /^--workers: .*add --redis, or leave out -p$/],
    ['a recording of several workers', ['-d', RPC, '--workers', '2', '--record', 'r'], /^--record: a recording is of one process; leave out --workers$/],
    ['no workers', ['-d', RPC, '--workers', '0'], /^--workers: must be a whole number from 1 to 256/],
    ['Redis without preload', ['-d', RPC, '--redis', 'redis://a'], /^--redis: only preload needs it; use it together with -p/],
    ['a Redis that is not a URL', ['-d', RPC, '-w', '/ip4/0.0.0.0/tcp/0', '-p', '8081', '--redis', 'user:hunter2@a:6379'], /^--redis: must be a URL such as redis:/],
    ['fetch-through without an RPC', ['-d', `/ip4/10.0.0.1/tcp/4001/p2p/${PEER}`, '--fetch-through', 'on'], /^--fetch-through: no node can be asked/],
    ['a trusted proxy without a server', ['-d', RPC, '--trusted-proxy', '10.0.0.1'], /^--trusted-proxy: use it together with --http or -w/],
    ['a have-map of an unknown list', ['-d', RPC, '--have-map', 'pin'], /^--have-map: must be one of blocks, pins, off.*pins/],
    ['a have-map without an RPC', ['-d', `/ip4/10.0.0.1/tcp/4001/p2p/${PEER}`, '--have-map', 'blocks'], /^--have-map: no node can be asked for a list/],
    ['a proxy that is not a network', ['-d', RPC, '-w', '/ip4/0.0.0.0/tcp/0', '-p', '8081', '--trusted-proxy', 'proxy'], /^--trusted-proxy: "proxy" is neither/],
    ['text that is not an address', ['-d', 'node:5001'], /^-d: .*"node:5001".* neither a multiaddr nor an http/],
    ['a malformed URL', ['-d', 'http://'], /^-d: .*"http:\/\/"/],
    ['an RPC over UDP', ['-d', '/ip4/10.0.0.1/udp/4001/quic-v1'], /^-d: .*not the address of an HTTP API/],
    ['a swarm address over QUIC', ['-d', `/ip4/10.0.0.1/udp/4001/quic-v1/p2p/${PEER}`], /no QUIC or WebTransport/],
    ['a relayed address', ['-d', `/ip4/10.0.0.1/tcp/4001/p2p/${PEER}/p2p-circuit/p2p/${PEER}`], /relays/],
    ['two downstreams with one name', ['-d', `${RPC};name=a,http://b:5001;name=a`], /^-d: two downstreams are called a/],
    ['the same downstream twice', ['-d', `${RPC},${RPC}`], /two downstreams/],
    ['a weight of 0', ['-d', `${RPC};weight=0`], /^-d: a weight must be/],
    ['entries of 0', ['-d', `${RPC};entries=0`], /^-d: entries must be/],
    ['a weight that is not a number', ['-d', `${RPC};weight=much`], /^-d: a weight must be/],
    ['an unknown parameter', ['-d', `${RPC};wieght=2`], /unknown parameter "wieght"; did you mean weight\?/],
    ['a parameter without value', ['-d', `${RPC};name`], /expected key=value, got "name"/],
    ['a label that metrics do not allow', ['-d', `${RPC};label.a-b=x`], /^-d: label "a-b"/],
    ['a name with spaces', ['-d', `${RPC};name=a b`], /^-d: name "a b"/],
    ['a swarm address with a malformed peer id', ['-d', '/ip4/10.0.0.1/tcp/4001/p2p/noone'], /^-d: .*noone/],
    ['a password that is not percent-encoded', ['-d', 'http://a:%@node:5001'], /^-d: .*percent-encoded/],
    ['credentials in two places', { flags: '-d http://u:p@node:5001;auth-file=auth', files: { auth: 'u:p' } }, /auth-file needs an RPC address/],
    ['credentials for a swarm address', { flags: `-d /ip4/10.0.0.1/tcp/4001/p2p/${PEER};auth-file=auth`, files: { auth: 'u:p' } }, /auth-file needs an RPC address/],
    ['a missing auth-file', { flags: '-d http://node:5001;auth-file=auth' }, /^-d: cannot read auth-file auth: /],
    ['an auth-file without credentials', { flags: '-d http://node:5001;auth-file=auth', files: { auth: 'secret' } }, /expected user:password/],
    ['listening over QUIC', ['-d', RPC, '-l', '/ip4/0.0.0.0/udp/4001/quic-v1'], /^-l: .*no QUIC or WebTransport/],
    ['listening for WebSockets with -l', ['-d', RPC, '-l', '/ip4/0.0.0.0/tcp/4001/ws'], /^-l: .*belong to -w/],
    ['listening for TLS', ['-d', RPC, '-w', '/ip4/0.0.0.0/tcp/443/tls/ws'], /^-w: .*terminate TLS in a proxy/],
    ['a malformed address to listen on', ['-d', RPC, '-l', 'nonsense'], /^-l: "nonsense" is not a multiaddr/],
    ['an unknown strategy', ['-d', RPC, '--strategy', 'luck'], /^--strategy: .*luck/],
    ['a strategy whose name is misspelt', ['-d', RPC, '--strategy', 'roundrobin'], /^--strategy: there is no "roundrobin" .*; did you mean round-robin\?$/],
    ['no admin address', ['-d', RPC, '--admin', ''], /^--admin: must be host:port such as .*, not ""$/],
    ['no key', ['-d', RPC, '-k', ''], /^-k: must be a path, not ""$/],
    ['a host and port in place of a multiaddr', ['-d', RPC, '-l', '0.0.0.0:4001'], /^-l: "0.0.0.0:4001" is not a multiaddr; write \/ip4\/0.0.0.0\/tcp\/4001$/],
    ['an IPv6 host and port in place of a multiaddr', ['-d', RPC, '-w', '[::]:4001'], /^-w: .*; write \/ip6\/::\/tcp\/4001$/],
    ['a port in place of a multiaddr', ['-d', RPC, '-l', ':4001'], /^-l: .*; write \/ip4\/0.0.0.0\/tcp\/4001$/],
    ['an announced host and port', ['-d', RPC, '--announce', 'node.example:443'], /^--announce: .*; write \/dns\/node.example\/tcp\/443$/],
    ['an announced peer id that is malformed', ['-d', RPC, '--announce', '/ip4/1.2.3.4/tcp/1/p2p/abc'], /^--announce: .*"abc" is not a peer id$/],
    ['an announced peer id', ['-d', RPC, '--announce', `/ip4/1.2.3.4/tcp/1/p2p/${PEER}`], /^--announce: .*remove \/p2p\//],
    ['an admin address without host', ['-d', RPC, '--admin', ':9090'], /^--admin: must be host:port/],
    ['an invalid admin port', ['-d', RPC, '--admin', 'localhost:99999'], /^--admin: must be host:port/],
    ['a grace that is not a number', ['-d', RPC, '--grace', 'long'], /^--grace: must be a number of seconds from 0 to 86400, not "long"$/],
    ['a negative grace', ['-d', RPC, '--grace', '-1'], /^--grace: must be a number of seconds from 0 to 86400, not "-1"$/],
    ['a grace in hexadecimal', ['-d', RPC, '--grace', '0x10'], /^--grace: must be/],
    ['a negative number of connections', ['-d', RPC, '--max-connections=-1'], /^--max-connections: must be a whole number from 1 to/],
    ['half a connection', ['-d', RPC, '--max-connections', '1.5'], /^--max-connections: must be a whole number from 1 to 65000, not "1.5"$/],
    ['an invalid size', ['-d', RPC, '--max-unsent', '64MB'], /^--max-unsent: must be a size from .* such as 64MiB, not "64MB"$/],
    ['an unknown level', ['-d', RPC, '--log-level', 'warning'], /^--log-level: must be one of error, warn, info, debug, not "warning"/],
    ['unknown hash functions', ['-d', RPC, '--hashes', 'fsat'], /^--hashes: must be one of all, fast, not "fsat"/],
    ['an unknown log format', ['-d', RPC, '--log', 'jsn'], /^--log: must be one of text, json, not "jsn"; did you mean json\?$/],
    ['a probe without --check-config', ['-d', RPC, '--probe'], /^--probe: use it together with --check-config/],
    ['a wrong environment variable', { flags: `-d ${RPC}`, env: { KITSUNE_LISTEN: 'x' } }, /^KITSUNE_LISTEN: /],
    ['a missing config file', { flags: '--config c' }, /^--config: cannot read the config file c: /],
    ['a config file that is not JSON', { flags: '--config c', files: { c: '{' } }, /^--config: cannot read the config file c: /],
    ['a config file that is a list', { flags: '--config c', files: { c: [] } }, /^c: must contain a JSON object/],
    ['an unknown key in the file', { flags: '--config c', files: { c: { nodes: RPC } } }, /^c: unknown key "nodes"; known are downstream, listen/],
    ['a misspelt key in the file', { flags: '--config c', files: { c: { dowstream: RPC } } }, /^c: unknown key "dowstream"; did you mean downstream\?$/],
    ['a duplicate key in the file', { flags: '--config c', files: { c: `{\n"grace": 1,\n"downstream": "${RPC}",\n"grace": 2\n}` } }, /^c: the key "grace" occurs twice, the second time in line 4$/],
    ['a nested duplicate key', { flags: '--config c', files: { c: `{ "downstream": [{ "address": "${RPC}", "name": "a", "name": "b" }] }` } }, /^c: the key "downstream.0.name" occurs twice/],
    ['a wrong type in the file', { flags: '--config c', files: { c: { downstream: RPC, key: 5 } } }, /^c: key: must be a path, not 5$/],
    ['null for a number in the file', { flags: '--config c', files: { c: { downstream: RPC, grace: null } } }, /^c: grace: must be a number .*, not null$/],
    ['true for a number in the file', { flags: '--config c', files: { c: { downstream: RPC, grace: true } } }, /^c: grace: must be a number .*, not true$/],
    ['a list for a number in the file', { flags: '--config c', files: { c: { downstream: RPC, grace: [1] } } }, /^c: grace: must be a number .*, not \[1\]$/],
    ['a fraction of a connection in the file', { flags: '--config c', files: { c: { downstream: RPC, maxConnections: 1.5 } } }, /^c: maxConnections: must be a whole number .*, not 1.5$/],
    ['null for a size in the file', { flags: '--config c', files: { c: { downstream: RPC, maxInFlight: null } } }, /^c: maxInFlight: must be a size .*, not null$/],
    ['null for a list in the file', { flags: '--config c', files: { c: { downstream: RPC, listen: null } } }, /^c: listen: must be a string or a list of strings, not null$/],
    ['null for a label in the file', { flags: '--config c', files: { c: { downstream: [{ address: RPC, labels: { zone: null } }] } } }, /^c: downstream: .*the label zone must be a text or a number, not null$/],
    ['a wrong list in the file', { flags: '--config c', files: { c: { downstream: RPC, listen: [5] } } }, /^c: listen: must be a string or a list/],
    ['a downstream of the wrong type', { flags: '--config c', files: { c: { downstream: [5] } } }, /^c: downstream: each downstream must be a string, or an object/],
    ['a downstream with an unknown key', { flags: '--config c', files: { c: { downstream: [{ address: RPC, wieght: 2 }] } } }, /"wieght" is unknown or of the wrong type; did you mean weight\?/]
  ]

  for (const [name, given, message] of cases) {
    it(`${name}: one line that names the place`, () => {
      const err = failure(() => Array.isArray(given) ? loadArgv(given) : load(given))

      expect(err).to.have.property('name', 'ConfigError')
      expect(err.message).to.match(message).and.not.include('\n')
    })
  }

  it('never show a credential', () => {
    const urls = ['http://user:hunter2@', 'http://user:hunter2@node:5001;weight=0', 'http://user:hunter2@node:5001?x', 'http//user:hunter2@node', '/http://user:hunter2@x', 'http://user:hunter2@node:5001;name', 'http://user:hun@ter2@node:5001;nme=x']

    for (const argv of [...urls.map(url => ['-d', url]), [urls[1]], ['-d', 'http://user:hunter2@a,http://user:hunter2@a']]) {
      expect(failure(() => loadArgv(argv)).message).to.not.match(/hunter2|ter2/)
    }
  })
})

function failure (run: () => unknown): Error {
  try {
    run()
  } catch (err) {
    return err as Error
  }

  throw new Error('expected it to throw')
}

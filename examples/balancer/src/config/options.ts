import { DEFAULT_STRATEGY } from '@kitsune/want-router'
import { LIMIT_OPTIONS } from './limit-options.ts'
import type { Option } from './option.ts'

/**
 * Every option, in the order of the help. The short flags have the same meaning as in
 * go-libp2p-kitsune.
 */
export const OPTIONS = {
  downstream: {
    flag: 'downstream',
    short: 'd',
    env: 'KITSUNE_DOWNSTREAM',
    file: 'downstream',
    kind: 'list',
    value: 'address',
    help: [
      'a node to balance over: the RPC of a kubo node as multiaddr or URL,',
      'or a swarm address that ends in /p2p/<peer id>. May be followed by',
      ';name=a;weight=2;entries=16;label.zone=x;auth-file=path (quote it)'
    ]
  },
  listen: {
    flag: 'listen',
    short: 'l',
    env: 'KITSUNE_LISTEN',
    file: 'listen',
    kind: 'list',
    value: 'multiaddr',
    help: ['where to listen for TCP (default /ip4/0.0.0.0/tcp/0)']
  },
  websocket: {
    flag: 'websocket',
    short: 'w',
    env: 'KITSUNE_WEBSOCKET',
    file: 'websocket',
    kind: 'list',
    value: 'multiaddr',
    help: ['where to listen for WebSockets, with or without /ws (default: none)']
  },
  http: {
    flag: 'http',
    env: 'KITSUNE_HTTP',
    file: 'http',
    kind: 'list',
    value: 'host:port',
    help: [
      'where to serve blocks and provider records over HTTP (default: none);',
      'over TLS if there is a certificate, or write http:// before it'
    ]
  },
  tlsCert: {
    flag: 'tls-cert',
    env: 'KITSUNE_TLS_CERT',
    file: 'tlsCert',
    kind: 'text',
    value: 'path',
    help: ['certificate for --http, with its chain, as PEM; read again on change']
  },
  tlsKey: {
    flag: 'tls-key',
    env: 'KITSUNE_TLS_KEY',
    file: 'tlsKey',
    kind: 'text',
    value: 'path',
    help: ['private key of the certificate, as PEM; read again on change']
  },
  publicUrl: {
    flag: 'public-url',
    env: 'KITSUNE_PUBLIC_URL',
    file: 'publicUrl',
    kind: 'text',
    value: 'url',
    help: ['where clients reach --http, for provider records, as behind a proxy', '(default: the addresses of --http that are not those of all interfaces)']
  },
  trustedProxy: {
    flag: 'trusted-proxy',
    env: 'KITSUNE_TRUSTED_PROXY',
    file: 'trustedProxy',
    kind: 'list',
    value: 'range',
    help: ['proxies whose X-Forwarded-For is believed, as 10.0.0.0/8 (default: none)']
  },
  deniedStatus: {
    flag: 'denied-status',
    env: 'KITSUNE_DENIED_STATUS',
    file: 'deniedStatus',
    kind: 'text',
    value: '451|410',
    help: ['how --http answers for what a denylist has: 451, for legal reasons, or', '410, gone (default 451)']
  },
  key: {
    flag: 'key',
    short: 'k',
    env: 'KITSUNE_KEY',
    file: 'key',
    kind: 'text',
    value: 'path',
    help: ['private key file, created if absent (default ./key)']
  },
  preload: {
    flag: 'preload',
    short: 'p',
    env: 'KITSUNE_PRELOAD',
    file: 'preload',
    kind: 'text',
    value: 'port',
    help: ['where to serve /api/v0/refs, by which clients leave their data at the', 'nodes: a port, or host:port; needs -w and the RPC of a node', '(default: none)']
  },
  redis: {
    flag: 'redis',
    env: 'KITSUNE_REDIS',
    file: 'redis',
    kind: 'text',
    value: 'url',
    help: ['Redis or Valkey, by which several balancers with one key find the', 'clients of preload requests, as redis://10.0.0.3:6379 (default: none)']
  },
  fetchThrough: {
    flag: 'fetch-through',
    env: 'KITSUNE_FETCH_THROUGH',
    file: 'fetchThrough',
    kind: 'text',
    value: 'on|off',
    help: ['whether a node looks elsewhere for blocks that no node has, by its', 'RPC (default: on with -p, else off)']
  },
  announce: {
    flag: 'announce',
    env: 'KITSUNE_ANNOUNCE',
    file: 'announce',
    kind: 'list',
    value: 'multiaddr',
    help: ['announce these addresses to clients instead of the listening addresses']
  },
  strategy: {
    flag: 'strategy',
    env: 'KITSUNE_STRATEGY',
    file: 'strategy',
    kind: 'text',
    value: 'expression',
    help: [`decides which node is asked first (default ${DEFAULT_STRATEGY});`, 'a name may be the path of a module that exports a strategy']
  },
  haveMap: {
    flag: 'have-map',
    env: 'KITSUNE_HAVE_MAP',
    file: 'haveMap',
    kind: 'text',
    value: 'blocks|pins|off',
    help: ['read which blocks, or which of those that are pinned, each node lists by', 'its RPC, and ask the nodes that hold a block first (default off)']
  },
  haveMapInterval: {
    flag: 'have-map-interval',
    env: 'KITSUNE_HAVE_MAP_INTERVAL',
    file: 'haveMapInterval',
    kind: 'text',
    value: 'seconds',
    help: ['how long after a list has been read it is read again (default 600)']
  },
  admin: {
    flag: 'admin',
    env: 'KITSUNE_ADMIN',
    file: 'admin',
    kind: 'text',
    value: 'host:port',
    help: ['where to serve /healthz, /readyz, /metrics and /status', '(default 127.0.0.1:9090)']
  },
  workers: {
    flag: 'workers',
    env: 'KITSUNE_WORKERS',
    file: 'workers',
    kind: 'text',
    value: 'n',
    help: ['processes that share the identity and the ports; with -p they need', '--redis (default 1)']
  },
  grace: {
    flag: 'grace',
    env: 'KITSUNE_GRACE',
    file: 'grace',
    kind: 'text',
    value: 'seconds',
    help: ['how long transfers may take to finish after SIGTERM (default 30)']
  },
  ...LIMIT_OPTIONS,
  hashes: {
    flag: 'hashes',
    env: 'KITSUNE_HASHES',
    file: 'hashes',
    kind: 'text',
    value: 'all|fast',
    help: ['which hash functions to verify: all that kubo accepts, or only those', 'that are fast in JavaScript, without keccak and most of blake2', '(default all)']
  },
  denylist: {
    flag: 'denylist',
    env: 'KITSUNE_DENYLIST',
    file: 'denylist',
    kind: 'list',
    value: 'path|url',
    help: ['do not serve the blocks on this list, in the compact denylist format', '(*.deny); read again when it changes (default: none)']
  },
  record: {
    flag: 'record',
    env: 'KITSUNE_RECORD',
    file: 'record',
    kind: 'text',
    value: 'path',
    help: ['write all inputs and decisions of the router to this file, as lines', 'of JSON, for replays and simulations (default: none)']
  },
  logLevel: {
    flag: 'log-level',
    env: 'KITSUNE_LOG_LEVEL',
    file: 'logLevel',
    kind: 'text',
    value: 'level',
    help: ['the least important level that is logged: error, warn, info or debug', '(default info)']
  },
  log: {
    flag: 'log',
    env: 'KITSUNE_LOG',
    file: 'log',
    kind: 'text',
    value: 'format',
    help: ['text, or json for one object a line (default text)']
  },
  config: {
    flag: 'config',
    env: 'KITSUNE_CONFIG',
    kind: 'text',
    value: 'path',
    help: ['a JSON file with the options above as keys']
  },
  checkConfig: {
    flag: 'check-config',
    kind: 'switch',
    help: ['print the effective configuration as a config file, and exit']
  },
  probe: {
    flag: 'probe',
    kind: 'switch',
    help: ['with --check-config: also connect to each node; exit with 1 if any', 'cannot be reached']
  },
  json: {
    flag: 'json',
    kind: 'switch',
    help: ['print one line of JSON once listening: {"peerId","addresses","admin"},', 'with --http also "http", with -p "preload"']
  },
  help: { flag: 'help', short: 'h', kind: 'switch', help: ['print this and exit'] },
  version: { flag: 'version', kind: 'switch', help: ['print the version and exit'] }
} as const satisfies Record<string, Option>

/** Name of an option in this program. */
export type OptionName = keyof typeof OPTIONS

import type { Option } from './option.ts'

/** The options that limit clients and nodes, in the order of the help. */
export const LIMIT_OPTIONS = {
  maxConnections: {
    flag: 'max-connections',
    env: 'KITSUNE_MAX_CONNECTIONS',
    file: 'maxConnections',
    kind: 'text',
    value: 'n',
    help: ['connections of clients at the same time (default 2000)']
  },
  maxNewConnections: {
    flag: 'max-new-connections',
    env: 'KITSUNE_MAX_NEW_CONNECTIONS',
    file: 'maxNewConnections',
    kind: 'text',
    value: 'n',
    help: ['new connections a second from one address (default 512)']
  },
  maxWants: {
    flag: 'max-wants',
    env: 'KITSUNE_MAX_WANTS',
    file: 'maxWants',
    kind: 'text',
    value: 'n',
    help: ['wants kept for one client (default 1024)']
  },
  wantLifetime: {
    flag: 'want-lifetime',
    env: 'KITSUNE_WANT_LIFETIME',
    file: 'wantLifetime',
    kind: 'text',
    value: 'seconds',
    help: ['how long to keep a want that no node can serve (default 600)']
  },
  maxUnsent: {
    flag: 'max-unsent',
    env: 'KITSUNE_MAX_UNSENT',
    file: 'maxUnsent',
    kind: 'text',
    value: 'size',
    help: ['memory for blocks that wait for clients to read them (default 64MiB)']
  },
  maxInFlight: {
    flag: 'max-in-flight',
    env: 'KITSUNE_MAX_IN_FLIGHT',
    file: 'maxInFlight',
    kind: 'text',
    value: 'size',
    help: ['size of all blocks asked for at the same time (default 64MiB)']
  },
  maxNodeWants: {
    flag: 'max-node-wants',
    env: 'KITSUNE_MAX_NODE_WANTS',
    file: 'maxNodeWants',
    kind: 'text',
    value: 'n',
    help: ['wants open at one node (default 512)']
  },
  maxClientPreload: {
    flag: 'max-client-preload',
    env: 'KITSUNE_MAX_CLIENT_PRELOAD',
    file: 'maxClientPreload',
    kind: 'text',
    value: 'size',
    help: ['how much one client may preload within an hour, with -p', '(default 64GiB)']
  },
  maxPreload: {
    flag: 'max-preload',
    env: 'KITSUNE_MAX_PRELOAD',
    file: 'maxPreload',
    kind: 'text',
    value: 'size',
    help: ['how much all clients may preload within an hour, with -p', '(default 1TiB)']
  },
  ejectAfter: {
    flag: 'eject-after',
    env: 'KITSUNE_EJECT_AFTER',
    file: 'ejectAfter',
    kind: 'text',
    value: 'n',
    help: ['failures in a row that eject a node for a while (default 5)']
  },
  ejection: {
    flag: 'ejection',
    env: 'KITSUNE_EJECTION',
    file: 'ejection',
    kind: 'text',
    value: 'seconds',
    help: ['how long the first ejection lasts; the second lasts twice that', '(default 30)']
  }
} as const satisfies Record<string, Option>

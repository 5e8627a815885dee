import { ConfigError } from '../errors.ts'
import { address } from './values.ts'
import type { Setting } from './layers.ts'

function protocols (text: string, setting: Setting | undefined): string {
  return address(text, setting).getComponents().map(({ name }) => name).join('/')
}

/** A multiaddr of TCP. */
export function tcpAddress (text: string, setting: Setting | undefined): string {
  if (!/^ip[46]\/tcp$/.test(protocols(text, setting))) {
    throw new ConfigError(`${setting?.origin}: ${text}: expected /ip4/<address>/tcp/<port> or /ip6/...; there is no QUIC or WebTransport, and WebSocket addresses belong to -w`)
  }

  return text
}

/** A multiaddr of WebSockets, which ends in /ws. */
export function webSocketAddress (text: string, setting: Setting | undefined): string {
  const names = protocols(text, setting)

  if (!/^ip[46]\/tcp(\/ws)?$/.test(names)) {
    throw new ConfigError(`${setting?.origin}: ${text}: expected /ip4/<address>/tcp/<port>, with or without /ws; terminate TLS in a proxy in front`)
  }

  return names.endsWith('/ws') ? text : `${text.replace(/\/$/, '')}/ws`
}

/** A multiaddr that is announced to clients, without the peer id. */
export function announcedAddress (text: string, setting: Setting | undefined): string {
  if (protocols(text, setting).includes('p2p')) {
    throw new ConfigError(`${setting?.origin}: ${text}: remove /p2p/; the balancer appends its own peer id`)
  }

  return address(text, setting).toString()
}

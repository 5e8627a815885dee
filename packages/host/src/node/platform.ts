import { leanNoise } from '../lean-noise.ts'
import { corkedTcp } from './corked-tcp.ts'
import { createNoiseCrypto } from './noise-crypto.ts'
import { hardenedWebSockets } from './websockets.ts'
import type { Platform } from '../host-options.ts'

/** The platform Node.js: TCP and WebSockets, and noise by node:crypto. */
export const nodePlatform: Platform = ({ maxConnections, pending, upgradeTimeout, unfinishedTimeout }, warnMissing, trustedProxies) => {
  // sockets that are still silent, connections whose handshake is under way, and open connections
  const maxSockets = maxConnections + 2 * pending

  return {
    transports: [
      corkedTcp({ maxConnections: maxSockets }, warnMissing),
      hardenedWebSockets({ maxSockets, pending, upgradeTimeout, unfinishedTimeout }, warnMissing, trustedProxies)
    ],
    connectionEncrypters: [leanNoise(createNoiseCrypto(), warnMissing)]
  }
}

import { leanNoise } from '../lean-noise.ts'
import { corkedTcp } from './corked-tcp.ts'
import { createNoiseCrypto } from './noise-crypto.ts'
import { hardenedWebSockets } from './websockets.ts'
import type { Platform } from '../host-options.ts'

/** Node's: TCP and WebSockets, and noise by node:crypto. */
export const nodePlatform: Platform = ({ maxConnections, pending, upgradeTimeout, unfinishedTimeout }, warnMissing) => {
  const maxSockets = maxConnections + pending

  return {
    transports: [
      corkedTcp({ maxConnections: maxSockets }, warnMissing),
      hardenedWebSockets({ maxSockets, upgradeTimeout, unfinishedTimeout }, warnMissing)
    ],
    connectionEncrypters: [leanNoise(createNoiseCrypto(), warnMissing)]
  }
}

import { BITSWAP_PROTOCOLS } from '@kitsune/bitswap-codec'
import type { NetworkComponents } from './components.ts'
import type { NetworkLimits } from './defaults.ts'
import type { StreamHandler } from '@libp2p/interface'

/** Registers bitswap with a host. */
export interface ProtocolHandlers {
  /** Registers all versions, or none: throws if another service has registered one of them. */
  register (): Promise<void>
  unregister (): Promise<void>
}

/** Makes the handlers of the bitswap protocols; they are not registered yet. */
export function createProtocolHandlers (registrar: NetworkComponents['registrar'], limits: NetworkLimits, onStream: StreamHandler): ProtocolHandlers {
  return {
    async register () {
      const registered: string[] = []

      try {
        for (const protocol of BITSWAP_PROTOCOLS) {
          await registrar.handle(protocol, onStream, {
            maxInboundStreams: limits.maxInboundStreams,
            maxOutboundStreams: limits.maxOutboundStreams,
            runOnLimitedConnection: false
          })
          registered.push(protocol)
        }
      } catch (err) {
        // unregisters only these: another service's handlers stay
        await Promise.all(registered.map(async protocol => registrar.unhandle(protocol)))
        throw err
      }
    },

    async unregister () {
      for (const protocol of BITSWAP_PROTOCOLS) {
        await registrar.unhandle(protocol)
      }
    }
  }
}

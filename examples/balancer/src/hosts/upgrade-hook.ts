import type { MultiaddrConnection, Transport, Upgrader } from '@libp2p/interface'

/**
 * What is done around the upgrade of a socket to a connection. Calls `upgrade`
 * once, and gives or throws what that does; the socket may be changed before.
 */
export type AroundUpgrade = <T> (connection: MultiaddrConnection, upgrade: () => Promise<T>) => Promise<T>

/**
 * Has `around` called for every socket that a transport accepts or dials. The
 * upgrader, which libp2p hands to a transport with each listener and dial, is
 * the one place that sees them all. Changes the transport and returns it.
 */
export function aroundUpgrades <T extends Transport> (transport: T, around: AroundUpgrade): T {
  const { createListener, dial } = transport
  const wrap = (upgrader: Upgrader): Upgrader => ({
    upgradeInbound: async (connection, options) => around(connection, async () => upgrader.upgradeInbound(connection, options)),
    upgradeOutbound: async (connection, options) => around(connection, async () => upgrader.upgradeOutbound(connection, options)),
    createInboundAbortSignal: signal => upgrader.createInboundAbortSignal(signal),
    getConnectionEncrypters: () => upgrader.getConnectionEncrypters(),
    getStreamMuxers: () => upgrader.getStreamMuxers()
  })

  transport.createListener = options => createListener.call(transport, { ...options, upgrader: wrap(options.upgrader) })
  transport.dial = async (address, options) => dial.call(transport, address, { ...options, upgrader: wrap(options.upgrader) })

  return transport
}

import type { MultiaddrConnection, Transport, Upgrader } from '@libp2p/interface'

/**
 * Runs around the upgrade of a socket to a connection. It calls `upgrade` once, and
 * returns or throws its result; it may change the socket before that.
 */
export type UpgradeHook = <T> (connection: MultiaddrConnection, upgrade: () => Promise<T>) => Promise<T>

/**
 * Makes a transport call `around` for every socket that it accepts or dials. libp2p
 * gives the transport an upgrader with each listener and dial, and the upgrader is
 * the only place that sees all sockets. Changes the transport and returns it.
 */
export function hookUpgrades <T extends Transport> (transport: T, around: UpgradeHook): T {
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

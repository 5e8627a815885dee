import type { Connection } from '@libp2p/interface'

const PING = '/ipfs/ping/1.0.0'
const PING_LENGTH = 32

/** Pings a peer over a connection; resolves with the time until the answer, ms. */
export async function measureRoundTrip (connection: Connection, signal: AbortSignal): Promise<number> {
  const stream = await connection.newStream(PING, { signal, runOnLimitedConnection: true })

  try {
    const begin = performance.now()
    await new Promise<void>((resolve, reject) => {
      let received = 0
      stream.addEventListener('message', ({ data }) => {
        received += data.byteLength

        if (received >= PING_LENGTH) {
          resolve()
        }
      })
      stream.addEventListener('close', ({ error }) => { reject(error ?? new Error('The ping stream was closed')) })
      stream.send(crypto.getRandomValues(new Uint8Array(PING_LENGTH)))
    })
    const rtt = performance.now() - begin
    await stream.close({ signal })

    return rtt
  } catch (err) {
    stream.abort(err as Error)
    throw err
  }
}

import type { Stream } from '@libp2p/interface'

/** Which of the balancer's listeners is flooded. */
export type Transport = 'tcp' | 'ws'

/** A running flood: each of its loops ends with its time or its count. */
export interface Flood {
  /** Where the balancer listens, with /p2p/, and by which transport. */
  readonly address: string
  readonly transport: Transport
  /** Whether it runs at its full size, however long that takes. */
  readonly full: boolean
  /** CIDs of 25 MiB that the balancer's member has. */
  readonly wants: readonly string[]
  /** Called when its clients have connected: its time starts now. */
  begin (): void
  /** Aborts when the flood must end. */
  readonly over: boolean
  /** Counts what was sent, bytes. */
  sent (bytes: number): void
  /** Resolves after this time, or at once when the flood is over. */
  rest (ms: number): Promise<void>
}

/** What a flood sends, from which peers and how fast. */
export interface FloodKind {
  readonly name: string
  /** Whether it reports itself when its clients have connected and the flood begins. Default false. */
  readonly prepares?: boolean
  /** Whether its effect depends on the transport: then it is always measured over both. Default false. */
  readonly both?: boolean
  /** How many bytes the limits allow its clients to make the balancer hold while they are connected. Default 0. */
  readonly holds?: number
  run (flood: Flood): Promise<void>
}

/** A sender of bytes that can be full. */
interface Sender {
  send (data: Uint8Array): boolean
  readonly status: string
}

/** Sends at a rate of bytes a second, as long as the flood goes on and the other end takes it; `next` makes each piece. */
export async function pour (flood: Pick<Flood, 'over' | 'sent' | 'rest'>, to: Sender | Stream, rate: number, next: () => Uint8Array): Promise<void> {
  const begin = performance.now()
  let sent = 0

  while (!flood.over && to.status === 'open') {
    if (sent / rate > (performance.now() - begin) / 1000) {
      await flood.rest(5)
      continue
    }

    const data = next()
    sent += data.byteLength
    flood.sent(data.byteLength)

    if (!to.send(data)) {
      await flood.rest(20)
    }
  }
}

/** Runs tasks as long as the flood lasts, at most `count` in all, `parallel` at a time. */
export async function repeat (flood: Flood, { count, parallel = 1, perSecond = Infinity }: { count: number, parallel?: number, perSecond?: number }, run: (index: number) => Promise<void>): Promise<void> {
  const begin = performance.now()
  let next = 0

  await Promise.all(Array.from({ length: parallel }, async () => {
    while (!flood.over && next < count) {
      if (next / perSecond > (performance.now() - begin) / 1000) {
        await flood.rest(5)
        continue
      }

      try {
        await run(next++)
      } catch {
        // refused, as expected
        await flood.rest(5)
      }
    }
  }))
}

/** Dials in batches: the handshakes need not be simultaneous. */
export async function inBatches <T> (count: number, make: () => Promise<T>): Promise<T[]> {
  const all: T[] = []

  while (all.length < count) {
    all.push(...await Promise.all(Array.from({ length: Math.min(10, count - all.length) }, make)))
  }

  return all
}

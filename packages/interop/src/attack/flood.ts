import type { Stream } from '@libp2p/interface'

/** Which of the balancer's listeners is flooded. */
export type Transport = 'tcp' | 'ws'

/** A flood under way: every loop of it ends with its time or its count. */
export interface Flood {
  /** Where the balancer listens, with /p2p/, and by which transport. */
  readonly address: string
  readonly transport: Transport
  /** It is to be as large as it ever is, however long that takes. */
  readonly full: boolean
  /** CIDs of 25 MiB that the balancer's member has. */
  readonly wants: readonly string[]
  /** Its clients have connected: from now on it lasts as long as it may. */
  begin (): void
  /** The flood is to end. */
  readonly over: boolean
  /** Counts what was sent, bytes. */
  sent (bytes: number): void
  /** Resolves after this time, or at once when the flood is over. */
  rest (ms: number): Promise<void>
}

/** What is sent, by which peer and how fast. */
export interface FloodKind {
  readonly name: string
  /** It says itself when its clients have connected, and the flood begins. Default false. */
  readonly prepares?: boolean
  /** What it is about depends on the transport: it is always tried over both. Default false. */
  readonly both?: boolean
  /** What its clients may make the balancer hold while they are connected, as the limits of each allow, bytes. Default 0. */
  readonly holds?: number
  run (flood: Flood): Promise<void>
}

/** What sends bytes and can be full. */
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

/** Runs one after another as long as the flood goes on, at most `count` in all, with `parallel` under way at a time. */
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
        // refused: that is what is to be seen
        await flood.rest(5)
      }
    }
  }))
}

/** It is not handshakes that are to be simultaneous. */
export async function inBatches <T> (count: number, make: () => Promise<T>): Promise<T[]> {
  const all: T[] = []

  while (all.length < count) {
    all.push(...await Promise.all(Array.from({ length: Math.min(10, count - all.length) }, make)))
  }

  return all
}

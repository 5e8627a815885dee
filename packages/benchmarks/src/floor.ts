import { once } from 'node:events'
import { createServer } from 'node:net'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startProcess } from '@kitsune/interop'
import { FRAME, floorFrame } from './floor-frame.ts'
import { cpuUsage, since } from './process-usage.ts'
import { median } from './statistics.ts'
import type { AddressInfo, Server, Socket } from 'node:net'

/** The least cost of a proxy in Node that verifies blocks. */
export interface FloorFigure {
  cpuSecondsPerGiB: number
  /** Those of them in the kernel. */
  systemCpuSecondsPerGiB: number
  megabytesPerSecond: number
}

/** Medians of `runs` relays of `bytes` between two sockets, with this process at both ends. */
export async function floorFigure (runs: number, bytes: number): Promise<FloorFigure> {
  const results: FloorFigure[] = []

  for (let i = 0; i < runs; i++) {
    results.push(await relayOnce(bytes))
  }

  const of = (field: keyof FloorFigure): number => median(results.map(result => result[field]))

  return {
    cpuSecondsPerGiB: of('cpuSecondsPerGiB'),
    systemCpuSecondsPerGiB: of('systemCpuSecondsPerGiB'),
    megabytesPerSecond: of('megabytesPerSecond')
  }
}

async function relayOnce (bytes: number): Promise<FloorFigure> {
  const source = await listen()
  const sink = await listen()
  const accepted = Promise.all([once(source, 'connection'), once(sink, 'connection')])
  const relay = startProcess(process.execPath, [
    fileURLToPath(new URL(`floor-process${extname(import.meta.url)}`, import.meta.url)),
    ...[source, sink].map(server => `${(server.address() as AddressInfo).port}`)
  ])

  try {
    await relay.line(line => line.includes('"ready"'))
    const [[from], [to]] = await accepted as [[Socket], [Socket]]
    const frame = floorFrame()
    const count = Math.ceil(bytes / FRAME)

    // warm: code is compiled by then
    await pass(frame, Math.ceil(count / 8), from, to)

    const before = cpuUsage(relay.pid)
    const start = performance.now()
    await pass(frame, count, from, to)
    const seconds = (performance.now() - start) / 1_000

    const used = since(before, cpuUsage(relay.pid))

    return {
      cpuSecondsPerGiB: used.total / (count * FRAME / 2 ** 30),
      systemCpuSecondsPerGiB: used.system / (count * FRAME / 2 ** 30),
      megabytesPerSecond: count * FRAME / 1e6 / seconds
    }
  } finally {
    await relay.stop()
    source.close()
    sink.close()
  }
}

/** Sends the frame `count` times and resolves when as many bytes have come back. */
async function pass (frame: Buffer, count: number, from: Socket, to: Socket): Promise<void> {
  const arrived = new Promise<void>(resolve => {
    let left = count * frame.byteLength

    const onData = (data: Buffer): void => {
      left -= data.byteLength

      if (left <= 0) {
        to.off('data', onData)
        resolve()
      }
    }

    to.on('data', onData)
  })

  for (let i = 0; i < count; i++) {
    if (!from.write(frame)) {
      await once(from, 'drain')
    }
  }

  await arrived
}

async function listen (): Promise<Server> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')

  return server
}

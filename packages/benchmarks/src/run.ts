import { startClient } from './client.ts'
import { RunError } from './errors.ts'
import { cpuUsage, peakRss, since } from './process-usage.ts'
import { startSubject } from './subjects.ts'
import type { SubjectName } from './args.ts'
import type { ClientResult } from './client.ts'
import type { CpuUsage } from './process-usage.ts'
import type { Workload } from './workloads.ts'
import type { Kubo } from '@kitsune/interop'

/** One run of one subject under one workload, with a new process and a new client. */
export interface RunResult {
  workload: string
  subject: SubjectName
  /** Runs with the same number followed each other. */
  pair: number
  blocks: number
  bytes: number
  seconds: number
  /** Millions of bytes of blocks a second. */
  megabytesPerSecond: number
  blocksPerSecond: number
  /** Milliseconds from a want to its verified block. */
  p50: number
  p99: number
  /** CPU time of the subject during the measurement. */
  cpuSeconds: number
  /** Those of them in the kernel. */
  systemCpuSeconds: number
  /** Those of them on the main thread. */
  mainCpuSeconds: number
  cpuSecondsPerGiB: number
  cpuSecondsPer10kBlocks: number
  /** Peak memory from its start to the end of the run, bytes. */
  peakRss: number
  /** Of the kubo behind it, which is the subject itself for `direct`, and does nothing for `edge`. */
  kuboCpuSeconds: number
  clientCpuSeconds: number
  duplicates: number
  inboundStreams: number
  inboundMessages: number
}

/** One run of a workload and its processes. */
export interface RunInit {
  workload: Workload
  subject: SubjectName
  pair: number
  node: Kubo
  /** A folder with a CAR of the blocks, for `edge`. */
  cars: string
  client: string
  /** File of CIDs. */
  cids: string
  /** File to write a CPU profile to. */
  profile?: string
}

/** @throws {RunError} if blocks were missing or were not those asked for */
export async function run (init: RunInit): Promise<RunResult> {
  const { workload, node } = init
  const subject = await startSubject(init.subject, init)

  try {
    const client = await startClient({
      binary: init.client,
      address: subject.address,
      cids: init.cids,
      open: workload.open,
      warmup: workload.warmup
    })

    try {
      if (init.profile != null) {
        await subject.startProfile()
      }

      const before = { subject: cpuUsage(subject.pid), kubo: cpuUsage(node.pid) }
      const result = await client.run()
      const used = { subject: since(before.subject, cpuUsage(subject.pid)), kubo: since(before.kubo, cpuUsage(node.pid)) }

      if (init.profile != null) {
        await subject.stopProfile()
      }

      if (result.dontHaves > 0 || result.unexpected > 0 || result.blocks !== workload.blocks) {
        throw new RunError(`${init.subject}, ${workload.name}: ${result.blocks} of ${workload.blocks} blocks, ${result.dontHaves} DONT_HAVEs, ${result.unexpected} unsolicited`)
      }

      return {
        workload: workload.name,
        subject: init.subject,
        pair: init.pair,
        ...figures(result, used.subject),
        peakRss: peakRss(subject.pid),
        kuboCpuSeconds: used.kubo.total
      }
    } finally {
      await client.stop()
    }
  } finally {
    await subject.stop()
  }
}

function figures (result: ClientResult, cpu: CpuUsage): Omit<RunResult, 'workload' | 'subject' | 'pair' | 'peakRss' | 'kuboCpuSeconds'> {
  const { blocks, bytes } = result
  const seconds = result.milliseconds / 1_000

  return {
    blocks,
    bytes,
    seconds,
    megabytesPerSecond: bytes / 1e6 / seconds,
    blocksPerSecond: blocks / seconds,
    p50: result.p50,
    p99: result.p99,
    cpuSeconds: cpu.total,
    systemCpuSeconds: cpu.system,
    mainCpuSeconds: cpu.main,
    cpuSecondsPerGiB: cpu.total / (bytes / 2 ** 30),
    cpuSecondsPer10kBlocks: cpu.total / (blocks / 10_000),
    clientCpuSeconds: result.cpuSeconds,
    duplicates: result.duplicates,
    inboundStreams: result.inboundStreams,
    inboundMessages: result.inboundMessages
  }
}

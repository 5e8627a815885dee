/** The blocks that the client asks for, and how. */
export interface Workload {
  /** Block size and wants open, as in `256k-32`. */
  name: string
  /** Bytes in each block. */
  blockSize: number
  /** Wants that the client keeps open. */
  open: number
  /** Blocks that are measured. */
  blocks: number
  /** Blocks fetched before that, with as many wants open, so that code is compiled and windows have grown. */
  warmup: number
}

const KiB = 1024

/**
 * In the order in which they run and are printed. The warm-up is long because
 * the compiler of a new process would otherwise take a tenth of the measured time,
 * unlike in a proxy that runs for weeks.
 */
export const WORKLOADS: readonly Workload[] = [
  { name: '256k-32', blockSize: 256 * KiB, open: 32, blocks: 4_096, warmup: 1_024 },
  { name: '1k-1', blockSize: KiB, open: 1, blocks: 8_000, warmup: 4_000 },
  { name: '1k-32', blockSize: KiB, open: 32, blocks: 60_000, warmup: 20_000 },
  { name: '1k-256', blockSize: KiB, open: 256, blocks: 60_000, warmup: 20_000 }
]

/** The same workload, shortened: figures for development, not for publishing. */
export function quick (workload: Workload): Workload {
  return {
    ...workload,
    blocks: Math.ceil(workload.blocks / 4),
    warmup: Math.ceil(workload.warmup / 4)
  }
}

/** How many blocks of each size the downstream must hold for all of `workloads`: workloads of one size share them. */
export function blocksNeeded (workloads: readonly Workload[]): Map<number, number> {
  const needed = new Map<number, number>()

  for (const { blockSize, blocks, warmup } of workloads) {
    needed.set(blockSize, Math.max(needed.get(blockSize) ?? 0, blocks + warmup))
  }

  return needed
}

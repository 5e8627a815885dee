import { mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { createMapWriter, scanCar } from '@kitsune/block-source'
import { folderMapStore, fsStore } from '@kitsune/block-source/fs'
import { removeFolder, startKubo, temporaryFolder } from '@kitsune/interop'
import { fill, writeCar } from './blocks.ts'
import { buildClient } from './client.ts'
import { progress } from './print.ts'
import { run } from './run.ts'
import { blocksNeeded } from './workloads.ts'
import type { Options, SubjectName } from './args.ts'
import type { RunInit, RunResult } from './run.ts'
import type { Workload } from './workloads.ts'

/** A run to do, and the file for its CPU profile if it has one. */
export interface Turn {
  subject: SubjectName
  pair: number
  profile?: string
}

/**
 * All runs of all workloads, one after the other, against one kubo that holds
 * every block. `onProfile` is called for each CPU profile that was written.
 *
 * @throws {MissingToolError} if the client cannot be built
 * @throws {RunError} if a proxy did not deliver what was asked for
 */
export async function measure (kubo: string, workloads: readonly Workload[], options: Options, onProfile: (file: string) => void): Promise<RunResult[]> {
  progress('building the client')
  const client = await buildClient()

  progress('starting kubo')
  const node = await startKubo(kubo)
  const results: RunResult[] = []
  const folders: string[] = []

  if (options.profile != null) {
    mkdirSync(options.profile, { recursive: true })
  }

  try {
    const stored = new Map<number, string[]>()
    const inCars = new Map<number, string>()

    for (const [size, count] of blocksNeeded(workloads)) {
      progress(`putting ${count} blocks of ${size} bytes into kubo`)
      stored.set(size, await fill(node, size, count))

      if (options.subjects.includes('edge')) {
        const folder = temporaryFolder('benchmark-cars')
        folders.push(folder)
        inCars.set(size, folder)
        await fillFolder(folder, size, count)
      }
    }

    const folder = temporaryFolder('benchmark')

    for (const workload of workloads) {
      // the client asks for all CIDs in its file
      const cids = join(folder, workload.name)
      writeFileSync(cids, stored.get(workload.blockSize)?.slice(0, workload.blocks + workload.warmup).join('\n') ?? '')

      const common: Pick<RunInit, 'workload' | 'node' | 'cars' | 'client' | 'cids'> = { workload, node, cars: inCars.get(workload.blockSize) ?? '', client, cids }

      // otherwise the first subject would read the disk
      progress(`${workload.name}: reading all blocks once`)
      await run({ ...common, subject: 'direct', pair: -1 })

      for (const turn of turns(workload, options)) {
        const result = await run({ ...common, ...turn })
        results.push(result)
        progress(`${workload.name} ${turn.pair + 1}/${options.pairs} ${line(result)}`)

        if (turn.profile != null) {
          onProfile(turn.profile)
        }
      }
    }
  } finally {
    await node.stop()
    folders.forEach(removeFolder)
  }

  return results
}

/** The same blocks as in the kubo, in a CAR, with the map that `kitsune-index` makes. */
async function fillFolder (folder: string, size: number, count: number): Promise<void> {
  const name = 'blocks.car'
  await writeCar(join(folder, name), size, count)
  const store = fsStore({ folder })
  await createMapWriter(folderMapStore({ folder })).add([{ name, blocks: () => scanCar(store, name) }])
}

/** Interleaved; every second pair runs the other way round, so that no subject always follows the same other one. */
export function turns (workload: Workload, { subjects, pairs, profile }: Options): Turn[] {
  return Array.from({ length: pairs }, (_, pair) => {
    const ordered = pair % 2 === 0 ? subjects : [...subjects].reverse()

    return ordered.map(subject => {
      if (profile == null || subject === 'direct') {
        return { subject, pair }
      }

      const number = pairs > 1 ? `-${pair + 1}` : ''

      return { subject, pair, profile: resolve(profile, `${subject}-${workload.name}${number}.cpuprofile`) }
    })
  }).flat()
}

function line ({ subject, megabytesPerSecond, blocksPerSecond, p50, p99, cpuSecondsPerGiB, cpuSecondsPer10kBlocks, peakRss }: RunResult): string {
  return `${subject}: ${megabytesPerSecond.toFixed(1)} MB/s, ${blocksPerSecond.toFixed(0)} blocks/s, p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms, ` +
    `CPU ${cpuSecondsPerGiB.toFixed(2)} s/GiB, ${cpuSecondsPer10kBlocks.toFixed(2)} s/10k blocks, peak ${(peakRss / 1e6).toFixed(0)} MB`
}

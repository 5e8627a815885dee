import { basename, dirname, resolve } from 'node:path'
import { CID } from 'multiformats/cid'
import { fsStore } from '../stores/fs.ts'
import { checkCar } from './check-car.ts'
import { UsageError } from './errors.ts'
import { carObjects } from './library.ts'
import { hashCar, prepareCar } from './prepare-car.ts'
import type { Args, CommandName } from './args.ts'
import type { CarLibrary } from './library.ts'
import type { PreparedCar } from './prepare-car.ts'
import type { Report, Reporter } from './reporter.ts'

/** What a command works with. */
export interface CommandInit {
  readonly args: Args
  readonly library: CarLibrary
  readonly reporter: Reporter
  readonly signal: AbortSignal
}

/** How many CARs are read and uploaded at a time. */
const CONCURRENCY = 4

/** How many CARs one change of the block map adds: each change writes the whole root. */
const BATCH = 100

/** What the indexes of the CARs in a batch may take in memory, in bytes. */
const BATCH_BYTES = 64 << 20

/** The code of each command. */
export const COMMANDS: Record<CommandName, (init: CommandInit) => Promise<void>> = { add, ls, check, rm, compact }

/** A CAR that is uploaded and not listed yet, and the file that it is from. */
interface Uploaded {
  readonly file: string
  readonly car: PreparedCar
}

async function add ({ args, library, reporter, signal }: CommandInit): Promise<void> {
  const listed = new Set(await library.list())
  let batch: Uploaded[] = []
  let next = 0

  async function publish (): Promise<void> {
    const cars = batch
    batch = []
    const failures = cars.length === 0 ? new Map<string, Error>() : await library.publish(cars.map(({ car }) => car), { signal })

    for (const { file, car } of cars) {
      const error = failures.get(car.name)
      reporter.report(error == null ? reportOf('added', file, car) : { action: 'failed', file, error: error.message })
    }
  }

  async function addFile (file: string): Promise<void> {
    const path = resolve(file)
    const store = fsStore({ folder: dirname(path) })
    const hashed = await hashCar(store, basename(path), { signal })

    if (listed.has(hashed.name)) {
      reporter.report({ action: 'present', file, car: carObjects(hashed.name).cid, bytes: hashed.size })

      return
    }

    listed.add(hashed.name)
    const car = await prepareCar(hashed, { signal, progress: bytes => { reporter.progress(`reading ${file}`, bytes, hashed.size) } })

    if (args.dryRun) {
      reporter.report(reportOf('would add', file, car))
    } else {
      await library.upload(car, { signal, progress: bytes => { reporter.progress(`uploading ${file}`, bytes, car.size) } })
      batch.push({ file, car })
    }
  }

  const worker = async (): Promise<void> => {
    while (next < args.cars.length) {
      const file = args.cars[next++]

      try {
        await addFile(file)
      } catch (err) {
        signal.throwIfAborted()
        reporter.report({ action: 'failed', file, error: err instanceof Error ? err.message : String(err) })
      }

      if (batch.length >= BATCH || batch.reduce((sum, { car }) => sum + car.index.byteLength, 0) >= BATCH_BYTES) {
        await publish()
      }
    }
  }

  const ends = await Promise.allSettled(Array.from({ length: CONCURRENCY }, worker))
  const failed = ends.find(({ status }) => status === 'rejected')

  if (failed?.status === 'rejected') {
    throw failed.reason
  }

  await publish()
}

async function ls ({ library, reporter }: CommandInit): Promise<void> {
  for (const name of (await library.list()).sort()) {
    reporter.report({ action: 'listed', car: carObjects(name).cid })
  }
}

async function check ({ args, library, reporter, signal }: CommandInit): Promise<void> {
  const names = args.cars.length === 0 ? (await library.list()).sort() : namesOf(args.cars)

  for (const name of names) {
    const { cid } = carObjects(name)

    try {
      const size = (await library.store.stat(name, { signal }))?.size ?? 0
      const { blocks, unverified, faults } = await checkCar(library.store, name, { signal, progress: bytes => { reporter.progress(`checking ${cid}`, bytes, size) } })
      reporter.report(faults.length === 0
        ? { action: 'checked', car: cid, blocks, unverified }
        : { action: 'failed', car: cid, blocks, unverified, error: faults.join('; ') })
    } catch (err) {
      signal.throwIfAborted()
      reporter.report({ action: 'failed', car: cid, error: err instanceof Error ? err.message : String(err) })
    }
  }
}

async function rm ({ args, library, reporter, signal }: CommandInit): Promise<void> {
  for (const name of namesOf(args.cars)) {
    signal.throwIfAborted()

    if (!args.dryRun) {
      await library.remove(name, signal)
    }

    reporter.report({ action: args.dryRun ? 'would remove' : 'removed', car: carObjects(name).cid })
  }
}

async function compact ({ library, reporter }: CommandInit): Promise<void> {
  await library.compact()
  reporter.report({ action: 'compacted' })
}

/** The names of CARs, given their CIDs. They need not be in the list: `rm` also removes what an interrupted command has left of a CAR. */
function namesOf (cars: readonly string[]): string[] {
  return cars.map(car => {
    try {
      const cid = CID.parse(car).toString()

      return `${cid}/${cid}.car`
    } catch {
      throw new UsageError(`${JSON.stringify(car)} is not the CID of a CAR: ls prints those of the CARs in the target`)
    }
  })
}

function reportOf (action: Report['action'], file: string, { name, roots, blocks, unverified, size }: PreparedCar): Report {
  return { action, file, car: carObjects(name).cid, roots: roots.map(root => root.toString()), blocks, unverified, bytes: size }
}

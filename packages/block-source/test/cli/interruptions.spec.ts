import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'aegir/chai'
import { StoreUnavailableError } from '../../src/errors.ts'
import { folderMapStore } from '../../src/map/folder-map-store.ts'
import { carOf, rawBlocks } from '../sources/cars.ts'
import { run } from './context.ts'
import type { UploadStore } from '../../src/map/map-store.ts'

/** A store that calls `before` before each write, with the number of the write and the name of its object. */
function watched (store: UploadStore, before: (write: number, object: string) => Promise<void> | void): UploadStore {
  let writes = 0

  return {
    ...store,
    async put (object, bytes, options) {
      await before(writes++, object)
      await store.put(object, bytes, options)
    },
    async upload (object, from, options) {
      await before(writes++, object)
      await store.upload(object, from, options)
    },
    async remove (object) {
      await before(writes++, object)
      await store.remove(object)
    }
  }
}

describe('kitsune-index, interrupted or beside other processes', () => {
  let folder: string
  let path: string
  let car: string
  let target: string
  let store: UploadStore

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kitsune-index-'))
    path = join(folder, 'a.car')
    await writeFile(path, await carOf(await rawBlocks(5, 100)))
    const { reports } = await run(['add', path, '--to', folder, '--dry-run', '--json'])
    car = reports[0].car ?? ''
    await renew('target')
  })

  afterEach(async () => {
    await rm(folder, { recursive: true })
  })

  async function renew (name: string): Promise<void> {
    target = join(folder, name)
    await mkdir(target)
    store = folderMapStore({ folder: target })
  }

  const add = async (open: UploadStore = store, signal?: AbortSignal): Promise<number> => (await run(['add', path, '--to', target], { open: () => open, ...(signal == null ? {} : { signal }) })).code
  const remove = async (open: UploadStore = store): Promise<number> => (await run(['rm', target, car], { open: () => open })).code

  /** Each entry for a CAR refers to a CAR that exists with its index, and each listed CAR passes the check. */
  async function expectConsistent (): Promise<void> {
    const names = new Set<string>()

    for await (const name of store.list('')) {
      names.add(name)
    }

    for (const name of names) {
      if (name.split('/').length === 2 && name.endsWith(`/${car}`)) {
        expect([...names]).to.include.members([`${car}/${car}.car`, `${car}/${car}.car.idx`])
      }
    }

    expect(await run(['check', target])).to.deep.include({ code: 0, complaints: [] })
  }

  it('never lets readers find a half-written CAR, whichever write fails, and continues from there', async () => {
    for (let failing = 0; ; failing++) {
      await renew(`target-${failing}`)
      const code = await add(watched(store, write => {
        if (write >= failing) {
          throw new StoreUnavailableError('out of order')
        }
      }))
      await expectConsistent()

      if (code === 0) {
        // the CAR, its index, its root, a shard and the root of the map
        expect(failing).to.equal(5)
        break
      }

      expect(await add()).to.equal(0)
      expect((await run(['ls', target])).lines).to.deep.equal([car])
      await expectConsistent()
    }
  })

  it('never lets readers find a half-removed CAR, and continues from there', async () => {
    for (let failing = 0; ; failing++) {
      await renew(`target-${failing}`)
      await add()
      const code = await remove(watched(store, write => {
        if (write >= failing) {
          throw new StoreUnavailableError('out of order')
        }
      }))
      await expectConsistent()
      expect(await remove()).to.equal(0)
      expect((await run(['ls', target])).lines).to.deep.equal([])

      for await (const name of store.list(car)) {
        expect.fail(`${name} is left`)
      }

      if (code === 0) {
        expect(failing).to.equal(4)
        break
      }
    }
  })

  it('stops when it is interrupted, and continues when it is run again', async () => {
    const controller = new AbortController()
    const code = await add(watched(store, (_, object) => {
      if (object.endsWith('.idx')) {
        controller.abort(new Error('SIGINT'))
        controller.signal.throwIfAborted()
      }
    }), controller.signal)
    expect(code).to.equal(130)
    expect((await run(['ls', target])).lines).to.deep.equal([])

    const written: string[] = []
    expect(await add(watched(store, (_, object) => { written.push(object) }))).to.equal(0)
    // the CAR was there
    expect(written).to.not.include(`${car}/${car}.car`)
    await expectConsistent()
  })

  it('adds a CAR that another process removes in the meantime, whatever the moment', async () => {
    for (let moment = 0; moment < 5; moment++) {
      await renew(`target-${moment}`)
      expect(await add(watched(store, async write => {
        if (write === moment) {
          expect(await remove()).to.equal(0)
        }
      }))).to.equal(0)

      expect((await run(['ls', target])).lines).to.deep.equal([car])
      await expectConsistent()
    }
  })

  it('removes a CAR that another process adds in the meantime, or leaves all of it', async () => {
    for (let moment = 0; moment < 4; moment++) {
      await renew(`target-${moment}`)
      await add()
      expect(await remove(watched(store, async write => {
        if (write === moment) {
          expect(await add()).to.equal(0)
        }
      }))).to.equal(0)
      await expectConsistent()
      const { lines } = await run(['ls', target])
      expect(lines).to.deep.equal([])
    }
  })

  it('keeps all CARs that several processes add at the same time', async () => {
    const paths = await Promise.all(Array.from({ length: 12 }, async (_, i) => {
      const path = join(folder, `${i}.car`)
      await writeFile(path, await carOf(await rawBlocks(2, 50, 100 * (i + 1))))

      return path
    }))
    const runs = await Promise.all([0, 1, 2].map(async i => run(['add', ...paths.slice(3 * i, 3 * i + 6), '--to', target])))
    expect(runs.map(({ code }) => code)).to.deep.equal([0, 0, 0])
    expect((await run(['ls', target])).lines).to.have.lengthOf(12)
    await expectConsistent()
  })
})

describe('the arguments of kitsune-index', () => {
  it('are refused with exit code 2 and the reason', async () => {
    const cases: Array<readonly [argv: string[], reason: string]> = [
      [['upload'], '"upload" is not a command'],
      [['add', 'a.car'], 'name the target with --to'],
      [['add', '--to', 'x'], 'name at least one CAR'],
      [['ls'], 'name the folder or bucket'],
      [['ls', 'x', 'y'], 'takes one argument'],
      [['ls', 'x', '--to', 'y'], '--to is for add'],
      [['rm', 'x'], 'name at least one CAR'],
      [['rm', tmpdir(), 'a.car'], '"a.car" is not the CID of a CAR'],
      [['ls', 'no-such-folder'], 'no-such-folder: there is no such folder'],
      [['check', 'package.json'], 'package.json: there is no such folder'],
      [['compact', 'x', '--dry-run'], '--dry-run is for add and rm, and not for compact'],
      [['ls', 'x', '--region', 'auto'], '--region is for s3://<bucket>, and x is a folder'],
      [['ls', 'x', '--frobnicate'], '--frobnicate'],
      [['ls', 'gs://bucket'], 'a target must be a folder or s3://<bucket>'],
      [['ls', 's3://bucket/prefix'], 'a target must be a folder or s3://<bucket>'],
      [['ls', 's3://bucket'], 'set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY']
    ]

    for (const [argv, reason] of cases) {
      const { code, complaints } = await run(argv)
      expect(code, argv.join(' ')).to.equal(2)
      expect(complaints.join()).to.include(reason)
    }

    const env = { AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' }
    expect((await run(['ls', 's3://bucket', '--endpoint', 'ftp://x'], { env })).complaints.join()).to.include('endpoint must be an http')
  })

  it('may ask for help', async () => {
    for (const argv of [[], ['--help'], ['add', '-h']]) {
      const { code, lines } = await run(argv)
      expect(code).to.equal(0)
      expect(lines.join()).to.include('kitsune-index add')
    }
  })
})

import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { blake2b256 } from '@multiformats/blake2/blake2b'
import { expect } from 'aegir/chai'
import { carSource, dudewhereIndex, mapIndex } from '../../src/index.ts'
import { folderMapStore } from '../../src/map/folder-map-store.ts'
import { goFixture, readCar } from '../fixtures/original-tools.ts'
import { carOf, everyKind, rawBlocks } from '../sources/cars.ts'
import { run } from './context.ts'
import type { UploadStore } from '../../src/map/map-store.ts'

describe('kitsune-index, with a folder', () => {
  let folder: string
  let target: string
  let store: UploadStore

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kitsune-index-'))
    target = join(folder, 'target')
    store = folderMapStore({ folder: target })
  })

  afterEach(async () => {
    await rm(folder, { recursive: true })
  })

  async function file (name: string, bytes: Uint8Array): Promise<string> {
    await writeFile(join(folder, name), bytes)

    return join(folder, name)
  }

  async function files (count: number, blocksEach: number): Promise<string[]> {
    return Promise.all(Array.from({ length: count }, async (_, i) => file(`${i}.car`, await carOf(await rawBlocks(blocksEach, 200, i * 1000)))))
  }

  /** All files of the target except the root of the map, which contains random seeds. */
  async function objects (): Promise<string[]> {
    const names: string[] = []

    for await (const name of store.list('')) {
      names.push(name)
    }

    return names.sort()
  }

  it('adds a CAR that is found by any block, by its roots and by its index', async () => {
    const all = await everyKind()
    const { code, reports: [report] } = await run(['add', await file('a.car', await carOf(all)), '--to', target, '--json'])
    expect(code).to.equal(0)
    expect(report).to.include({ action: 'added', blocks: all.length, unverified: 1 })
    expect(report.roots).to.deep.equal([all[0].cid.toString()])

    const byMap = carSource({ store, index: mapIndex(store, { complete: true }), hashers: [blake2b256] })
    const byRoot = carSource({ store, index: dudewhereIndex({ dudewhere: store, satnav: store }), hashers: [blake2b256] })

    for (const { cid, bytes } of all) {
      expect(await byMap.get(cid)).to.deep.equal(bytes)
    }

    for (const { cid, bytes } of all) {
      expect(await byRoot.get(cid, { session: 'one' })).to.deep.equal(bytes)
    }
  })

  it('adds CARs that go-car writes, including a CARv2 with an index', async () => {
    for (const name of ['v1.car', 'v2-0401.car', 'v2-padded.car']) {
      const bytes = await goFixture(name)
      const { code } = await run(['add', await file(name, bytes), '--to', target])
      expect(code).to.equal(0)
    }

    const source = carSource({ store, index: mapIndex(store), hashers: [blake2b256] })

    for (const { cid, bytes } of await readCar(await goFixture('v1.car'))) {
      expect(await source.get(cid)).to.deep.equal(bytes)
    }

    expect((await run(['check', target])).code).to.equal(0)
  })

  it('lists, checks, removes and compacts', async () => {
    const paths = await files(3, 5)
    const added = await run(['add', ...paths, '--to', target, '--json'])
    const cars = added.reports.map(({ car }) => car ?? '').sort()
    expect((await run(['ls', target])).lines).to.deep.equal(cars)
    const checked = await run(['check', target, '--json'])
    expect(checked.reports).to.deep.equal(cars.map(car => ({ action: 'checked', car, blocks: 5, unverified: 0 })))

    expect((await run(['rm', target, cars[0]])).lines).to.deep.equal([`removed ${cars[0]}`])
    expect((await run(['ls', target])).lines).to.deep.equal(cars.slice(1))
    expect((await objects()).filter(name => name.includes(cars[0]))).to.deep.equal([])
    expect((await run(['compact', target])).code).to.equal(0)
    expect((await objects()).filter(name => name.endsWith('.rows'))).to.have.lengthOf(1)
    expect((await run(['check', target])).code).to.equal(0)
  })

  it('changes nothing if it adds CARs that are there already', async () => {
    const paths = await files(2, 3)
    await run(['add', ...paths, '--to', target])
    const before = await Promise.all((await objects()).map(async name => readFile(join(target, name))))
    const { code, reports } = await run(['add', ...paths, paths[0], '--to', target, '--json'])

    expect(code).to.equal(0)
    expect(reports.map(({ action }) => action)).to.deep.equal(['present', 'present', 'present'])
    expect(await Promise.all((await objects()).map(async name => readFile(join(target, name))))).to.deep.equal(before)
  })

  it('only prints what it would do with --dry-run', async () => {
    const paths = await files(2, 3)
    const { reports } = await run(['add', ...paths, '--to', target, '--dry-run', '--json'])
    expect(reports.map(({ action }) => action)).to.deep.equal(['would add', 'would add'])
    expect(await objects()).to.deep.equal([])

    await run(['add', ...paths, '--to', target])
    const before = await objects()
    const car = reports[0].car ?? ''
    expect((await run(['rm', target, car, '--dry-run'])).lines).to.deep.equal([`would remove ${car}`])
    expect(await objects()).to.deep.equal(before)
  })

  it('refuses a bad CAR with the offset and the reason, leaves nothing of it, and adds the others', async () => {
    const good = await carOf(await rawBlocks(4, 100))
    const cut = good.slice(0, -10)
    const wrong = good.slice()
    wrong[good.length - 1] ^= 1
    const paths = [
      await file('cut.car', cut),
      await file('wrong.car', wrong),
      await file('none.car', new TextEncoder().encode('no CAR')),
      await file('empty.car', await carOf([])),
      join(folder, 'missing.car')
    ]
    const { code, complaints, lines } = await run(['add', ...paths, await file('good.car', good), '--to', target])

    expect(code).to.equal(1)
    expect(lines).to.have.lengthOf(1)
    const text = complaints.join('\n')
    // its sections take 136 + 2 bytes each
    expect(text).to.match(new RegExp(`cut\\.car, offset ${good.length - 138}: a section of 136 bytes goes beyond the end`))
    expect(text).to.match(new RegExp(`wrong\\.car, offset ${good.length - 100}: the block does not hash to its CID`))
    expect(text).to.match(/none\.car, offset 0: /)
    expect(text).to.match(/empty\.car, offset \d+: there are no blocks in it/)
    expect(text).to.match(/missing\.car does not exist/)
    const car = (await run(['ls', target])).lines[0]
    expect((await objects()).filter(name => !name.includes(car) && !name.startsWith('map/'))).to.deep.equal([])
  })

  it('finds what is wrong with a CAR in the target', async () => {
    const [path] = await files(1, 6)
    const { reports: [{ car = '', roots: [root] = [] }] } = await run(['add', path, '--to', target, '--json'])
    const name = `${car}/${car}.car`

    const check = async (): Promise<string> => {
      const { code, complaints } = await run(['check', target, car])
      expect(code).to.equal(1)

      return complaints.join()
    }

    const bytes = await readFile(join(target, name))
    const index = await readFile(join(target, `${name}.idx`))

    index[40] ^= 1
    await store.put(`${name}.idx`, index)
    expect(await check()).to.include('car.idx is not the index of the CAR')
    await store.remove(`${name}.idx`)
    expect(await check()).to.include('car.idx does not exist')
    await store.remove(`${root}/${car}`)
    expect(await check()).to.include(`${root}/${car} does not exist`)
    bytes[bytes.length - 1] ^= 1
    await store.put(name, bytes)
    expect(await check()).to.include('the block does not hash to its CID')
    await store.remove(name)
    expect(await check()).to.include('does not exist')
  })

  it('finds that the map lacks a CAR', async () => {
    const [path] = await files(1, 6)
    const { reports: [{ car = '' }] } = await run(['add', path, '--to', target, '--json'])
    await rm(join(target, 'map'), { recursive: true })
    await run(['add', ...await files(2, 2).then(async ([, other]) => [other]), '--to', target])

    expect((await run(['check', target, car])).complaints.join()).to.include('the block map does not have 6 of its blocks')
  })

  it('adds 1,000 CARs with few changes of the map', async function () {
    this.timeout(60_000)
    const paths = await files(1000, 1)
    const puts: string[] = []
    const counting: UploadStore = {
      ...store,
      put: async (object, ...rest) => {
        puts.push(object)

        return store.put(object, ...rest)
      }
    }
    const { code, lines } = await run(['add', ...paths, '--to', target], { open: () => counting })

    expect(code).to.equal(0)
    expect(lines).to.have.lengthOf(1000)
    expect(puts.filter(name => name === 'map/root')).to.have.lengthOf(10)
    expect(await readdir(target)).to.have.lengthOf(1000 + 1000 + 1)
    expect((await run(['ls', target])).lines).to.have.lengthOf(1000)
  })
})

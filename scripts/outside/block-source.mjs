/* eslint-disable no-console */
import { deepEqual, equal, ok } from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createWriteStream, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { pathToFileURL } from 'node:url'
import { CarWriter } from '@ipld/car'
import { CID } from 'multiformats/cid'
import { sha256 } from 'multiformats/hashes/sha2'

/**
 * A program as a new user writes it, in a project that uses only the packages of this repository: it reads a folder of CARs,
 * fills a bucket with them by `kitsune-index`, and reads the bucket, with the README's code in files beside it.
 * The credentials and the endpoint of the bucket are in its environment.
 */
const folder = process.env.CARS ?? 'cars'
const cars = ['a.car', 'b.car'].map(name => join(folder, name))
const blocks = await Promise.all(Array.from({ length: 20 }, async (_, i) => {
  const bytes = new Uint8Array(10_000).fill(i)

  return { bytes, cid: CID.createV1(0x55, await sha256.digest(bytes)) }
}))
mkdirSync(folder, { recursive: true })
await writeCar(cars[0], blocks.slice(0, 10))
await writeCar(cars[1], blocks.slice(10))
const absent = CID.createV1(0x55, await sha256.digest(Uint8Array.of(1)))

await check('folder.ts')
console.log('a folder of CARs was read')

const indexed = ['s3://bucket', '--endpoint', process.env.ENDPOINT ?? '']
equal(run('add', ...cars, '--to', ...indexed).filter(line => line.startsWith('added bag')).length, cars.length)
ok(run('check', ...indexed).every(line => /^checked bag\w+ 10 blocks$/.test(line)))
await check('bucket.ts')
console.log('a bucket was filled and read')

/** @param {string} example */
async function check (example) {
  const { source } = await import(pathToFileURL(example).href)

  for (const { cid, bytes } of blocks) {
    deepEqual(await source.get(cid), bytes)
  }

  let got = 0

  for await (const { bytes } of source.getMany(blocks.map(({ cid }) => cid))) {
    got += Number(bytes != null)
  }

  equal(got, blocks.length)
  equal(source.complete, true)
  equal(await source.get(absent), undefined)
}

/** @param {string[]} args */
function run (...args) {
  return execFileSync('npx', ['--no', 'kitsune-index', ...args], { encoding: 'utf8' }).trim().split('\n')
}

/**
 * @param {string} path
 * @param {typeof blocks} some
 */
async function writeCar (path, some) {
  const { writer, out } = CarWriter.create(some[0].cid)
  const written = pipeline(Readable.from(out), createWriteStream(path))

  for (const block of some) {
    await writer.put(block)
  }

  await writer.close()
  await written
}

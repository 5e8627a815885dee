import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect } from 'aegir/chai'

const PROGRAM = fileURLToPath(new URL('../support/fast-objects-process.ts', import.meta.url))
const FAST = { connection: true, muxer: true, 'connection of the muxer': true, 'connection of the transport': true, streams: true }

describe('the objects of a connection', function () {
  this.timeout(30_000)

  for (const transport of ['tcp', 'ws'] as const) {
    it(`are fast to V8 at both ends, and so are those of its streams, over ${transport}`, async () => {
      const { stdout } = await promisify(execFile)(process.execPath, ['--allow-natives-syntax', PROGRAM, transport])
      expect(JSON.parse(stdout)).to.deep.equal({ near: FAST, far: FAST })
    })
  }
})

import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'aegir/chai'
import { boxoVersion, findGatewayCars, gatewayCarsMissing, gatewayCarsPath } from '../src/find-gateway-cars.ts'

describe('find-gateway-cars', () => {
  let folder: string
  let env: Record<string, string>

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kitsune-find-gateway-cars-'))
    env = { XDG_CACHE_HOME: folder }
  })

  afterEach(async () => {
    await rm(folder, { recursive: true })
  })

  it('names the cache by the version of boxo in the pinned kubo', () => {
    expect(boxoVersion()).to.match(/^\d+\.\d+\.\d+$/)
    expect(gatewayCarsPath(env)).to.match(/\/kitsune\/peers\/boxo-[\d.]+\/gateway-testdata$/)
  })

  it('finds an existing folder, and otherwise names the command that would help', async () => {
    expect(findGatewayCars(env)).to.equal(undefined)
    expect(gatewayCarsMissing(env)).to.include('npm run peers').and.include(gatewayCarsPath(env))
    await mkdir(gatewayCarsPath(env), { recursive: true })
    expect(findGatewayCars(env)).to.equal(gatewayCarsPath(env))
  })
})

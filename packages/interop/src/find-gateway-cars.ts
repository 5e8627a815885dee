import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { kuboModule } from './find-kubo.ts'
import { peerCache } from './peer-folders.ts'
import type { Environment } from './peer-folders.ts'

/** The version of boxo in the pinned kubo, for example `0.42.1`. */
export function boxoVersion (): string {
  const file = join(kuboModule(), 'go.mod')
  const version = /^\s*github\.com\/ipfs\/boxo v(\S+)/m.exec(readFileSync(file, 'utf8'))?.[1]

  if (version == null) {
    throw new Error(`${file} requires no version of github.com/ipfs/boxo`)
  }

  return version
}

/** Where `npm run peers` puts the CARs with which boxo tests its gateway; the version is part of the path. */
export function gatewayCarsPath (env: Environment = process.env): string {
  return join(peerCache(env), `boxo-${boxoVersion()}`, 'gateway-testdata')
}

/** What to print if they are needed and missing. */
export function gatewayCarsMissing (env: Environment = process.env): string {
  return `${gatewayCarsPath(env)} does not exist: run "npm run peers" at the root of the repository to fill it`
}

/** The folder, if it exists. */
export function findGatewayCars (env: Environment = process.env): string | undefined {
  const path = gatewayCarsPath(env)

  return existsSync(path) ? path : undefined
}

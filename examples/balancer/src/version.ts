import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The balancer's name, for peers and on the command line. */
export const NAME = 'kitsune-balancer'

/** The version in package.json. */
export function version (): string {
  const manifest: unknown = JSON.parse(readFileSync(fileURLToPath(import.meta.resolve(`${NAME}/package.json`)), 'utf8'))

  return (manifest as { version: string }).version
}

import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The script that npm links as `kitsune-index`. */
export function kitsuneIndexScript (): string {
  const folder = join(dirname(fileURLToPath(import.meta.resolve('@kitsune/block-source'))), '..', '..')
  const { bin } = createRequire(import.meta.url)(join(folder, 'package.json')) as { bin: Record<string, string> }

  return join(folder, bin['kitsune-index'])
}

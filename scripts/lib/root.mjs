import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder of the repository. */
export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..')

/** Files that these scripts keep between runs; `npm ci` deletes them. */
export const cache = join(root, 'node_modules', '.cache', 'kitsune')

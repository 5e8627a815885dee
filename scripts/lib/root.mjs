import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder of the repository. */
export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..')

/** What these scripts keep between runs; gone after `npm ci`. */
export const cache = join(root, 'node_modules', '.cache', 'kitsune')

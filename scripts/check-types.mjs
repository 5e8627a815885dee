import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { buildStale } from './lib/build.mjs'
import { runChecks } from './lib/checks.mjs'
import { root } from './lib/root.mjs'
import { workspaces } from './lib/workspaces.mjs'

/**
 * `npm run check-types`: type-checks these scripts and the sources, tests and
 * examples of every workspace. Neither the linter nor the tests do this.
 */
await buildStale(workspaces())

const folders = [root, ...workspaces().map(({ folder }) => folder)].filter(folder => existsSync(join(folder, 'tsconfig.json')))
await runChecks(folders.map(folder => ({ name: folder, command: join(root, 'node_modules', '.bin', 'tsc'), args: ['--noEmit', '--project', folder] })))

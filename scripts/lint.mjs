import { join } from 'node:path'
import { runChecks } from './lib/checks.mjs'
import { root } from './lib/root.mjs'
import { workspaces } from './lib/workspaces.mjs'

/**
 * `npm run lint`: lints these scripts, the rules that hold across workspaces, and
 * each workspace. `aegir run lint` would end at the first workspace that fails, and
 * say nothing of those after it.
 */
const bin = join(root, 'node_modules', '.bin')

await runChecks([
  { name: 'scripts', command: join(bin, 'aegir'), args: ['lint', '--files', 'scripts/**/*.{mjs,cjs,ts}'] },
  { name: 'rules across workspaces', command: join(bin, 'eslint'), args: ['--quiet', 'packages', 'examples'] },
  ...workspaces().map(({ name, folder }) => ({ name, command: 'npm', args: ['run', '--silent', '--if-present', 'lint'], cwd: folder }))
])

/* eslint-disable no-console */
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { anchors, links } from './lib/markdown.mjs'
import { missingTypes } from './lib/public-types.mjs'
import { root } from './lib/root.mjs'
import { workspaces } from './lib/workspaces.mjs'

/** @import { Workspace } from './lib/types.ts' */

/**
 * Checks parts of the documentation that no compiler checks: that links within the
 * repository have targets, and that each README begins with the description in its
 * package.json (aegir deletes sections of a README that does not). typedoc checks that
 * each published package exports the types in its public signatures.
 */
const files = globSync('**/*.md', { cwd: root, exclude: name => ['node_modules', 'dist', '.docs', '.git'].includes(name) })
const published = workspaces().filter(({ manifest }) => manifest.private !== true)
const problems = [...files.flatMap(brokenLinks), ...workspaces().flatMap(undescribed)]

for (const workspace of published) {
  problems.push(...(await missingTypes(workspace)).map(problem => `${workspace.name}: ${problem}`))
}

for (const problem of problems) {
  console.error(problem)
}

console.log(`${files.length} markdown files, ${published.length} packages, ${problems.length} problems`)
process.exitCode = problems.length === 0 ? 0 : 1

/** @param {string} file */
function brokenLinks (file) {
  const text = readFileSync(join(root, file), 'utf8')

  return links(text).filter(link => !/^[a-z]+:/i.test(link)).flatMap(link => {
    const [path, anchor] = link.split('#')
    const target = path === '' ? join(root, file) : join(root, dirname(file), decodeURIComponent(path))

    if (!existsSync(target)) {
      return [`${file}: ${link}: the target does not exist`]
    }

    if (anchor != null && target.endsWith('.md') && !anchors(readFileSync(target, 'utf8')).has(anchor)) {
      return [`${file}: ${link}: there is no such heading`]
    }

    return []
  })
}

/** @param {Workspace} workspace */
function undescribed ({ path, folder, manifest }) {
  const file = join(folder, 'README.md')

  if (!existsSync(file)) {
    return [`${path} has no README.md`]
  }

  return readFileSync(file, 'utf8').includes(`\n> ${manifest.description}\n`)
    ? []
    : [`${path}/README.md does not contain the line "> ${manifest.description}", package.json's description`]
}

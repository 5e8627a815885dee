/**
 * The entry points of a package, as a consumer imports them.
 *
 * @param {{ name: string, exports?: Record<string, unknown> }} manifest
 * @returns {string[]}
 */
export function entryPoints ({ name, exports = {} }) {
  return Object.keys(exports)
    .filter(path => path !== './package.json' && !path.includes('*') && !path.endsWith('.json'))
    .map(path => name + path.slice(1))
}

/** @import { Manifest } from './types.ts' */

/**
 * The package.json of a workspace for use outside of this repository: packages that
 * were packed come from the tarballs, and the repository's tools are left out.
 *
 * @param {Manifest} manifest
 * @param {ReadonlyMap<string, string>} packed - tarballs by package
 * @returns {Manifest}
 */
export function outsideManifest (manifest, packed) {
  /** @param {Record<string, string>} [versions] */
  const outside = (versions = {}) => Object.fromEntries(Object.entries(versions)
    .filter(([name]) => name !== 'aegir')
    .map(([name, version]) => [name, packed.has(name) ? `file:${packed.get(name)}` : version]))

  const dependencies = outside(manifest.dependencies)
  const devDependencies = outside(manifest.devDependencies)
  // what they depend on in turn comes from the tarballs, too
  const overrides = Object.fromEntries([...packed]
    .filter(([name]) => !(name in dependencies) && !(name in devDependencies))
    .map(([name, tarball]) => [name, `file:${tarball}`]))

  return { ...manifest, dependencies, devDependencies, overrides }
}

/**
 * The only block of code of a page that contains a text.
 *
 * @param {string} page
 * @param {string} what
 */
export function codeOf (page, what) {
  const [code, ...others] = [...page.matchAll(/```(?:ts|js)\n([^]*?)```/g)].map(([, block]) => block).filter(block => block.includes(what))

  if (code == null || others.length > 0) {
    throw new Error(`${code == null ? 'no block' : 'more than one block'} of code contains "${what}"`)
  }

  return code
}

/**
 * A program that fails unless each entry point can be imported and exports
 * something. It prints the names that each exports, as JSON.
 *
 * @param {string[]} entries
 */
export function runtimeConsumer (entries) {
  return `
const names = {}

for (const entry of ${JSON.stringify(entries)}) {
  names[entry] = Object.keys(await import(entry)).sort()

  if (names[entry].length === 0) {
    throw new Error(entry + ' exports nothing')
  }
}

console.log(JSON.stringify(names))
`
}

/**
 * A program that compiles only if the types of each entry point declare all of its
 * run-time exports, and none of them as `any`: a type becomes `any` if a declaration
 * is missing from the tarball.
 *
 * @param {Record<string, string[]>} names - the exports of each entry point
 */
export function typesConsumer (names) {
  const lines = ['type Known<T> = 0 extends 1 & T ? never : true', '']

  for (const [i, [entry, exported]] of Object.entries(names).entries()) {
    lines.push(`import * as entry${i} from '${entry}'`)

    for (const name of exported) {
      lines.push(`true satisfies Known<typeof entry${i}.${name}>`)
    }
  }

  return `${lines.join('\n')}\n`
}

/** The strictest settings under which a consumer may compile. */
export const consumerConfig = {
  compilerOptions: {
    target: 'ES2024',
    module: 'NodeNext',
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    noEmit: true,
    // check the packages' declarations instead of trusting them
    skipLibCheck: false,
    // libp2p's own declarations refer to node:events
    types: ['node']
  },
  include: ['*.ts']
}

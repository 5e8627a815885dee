/* eslint-disable no-console */

/**
 * Loaded before a script (`node --import`), which may therefore import what an
 * older Node lacks: TypeScript, above all. Under `npm run` the Node that `npm ci`
 * installed comes first on PATH, whatever the system's own is.
 */
const [major, minor] = process.versions.node.split('.').map(Number)

if (major < 22 || (major === 22 && minor < 18)) {
  console.error(`this is Node ${process.versions.node}, and 22.18 or later is needed: "npm ci" installs one, unless install scripts are off, and "npm start", "npm test" and the like use it`)
  process.exit(1)
}

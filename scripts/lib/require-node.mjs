/* eslint-disable no-console */

/**
 * Loaded before a script (`node --import`), so that the script may import what an
 * older Node does not support, above all TypeScript. Under `npm run` the Node that
 * `npm ci` installed comes first on PATH, before the system's own.
 */
const [major, minor] = process.versions.node.split('.').map(Number)

if (major < 22 || (major === 22 && minor < 18)) {
  console.error(`this is Node ${process.versions.node}, and 22.18 or later is needed: "npm ci" installs one, unless install scripts are off, and "npm start", "npm test" and the like use it`)
  process.exit(1)
}

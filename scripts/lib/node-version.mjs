/* eslint-disable no-console */

/**
 * Imported first, for its effect: these scripts import TypeScript, and libp2p
 * needs Node 22. Under `npm run` the Node of node_modules comes first on PATH,
 * whatever the system's own is.
 */
const [major, minor] = process.versions.node.split('.').map(Number)

if (major < 22 || (major === 22 && minor < 18)) {
  console.error(`this is Node ${process.versions.node}, and Node 22.18 or later is needed: run the script through npm ("npm start", "npm test", …) after "npm ci", which installs one`)
  process.exit(1)
}

/**
 * Programs import this module first. On an older Node all modules load, but fail later because
 * `Promise.withResolvers` or another function is missing.
 */
const [major] = process.versions.node.split('.')

if (Number(major) < 22) {
  process.stderr.write(`kitsune-balancer needs Node 22 or later; this is Node ${process.versions.node}\n`)
  process.exit(1)
}

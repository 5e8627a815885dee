/**
 * Imported before anything else by programs: on an older Node all of this loads,
 * and fails in the middle of its work for want of `Promise.withResolvers` or the
 * like.
 */
const [major] = process.versions.node.split('.')

if (Number(major) < 22) {
  process.stderr.write(`kitsune-balancer: this is Node ${process.versions.node}, and 22 or later is needed\n`)
  process.exit(1)
}

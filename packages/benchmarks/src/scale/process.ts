/**
 * A process that does one `Job`, its argument in JSON, and prints the result. The
 * cost of a call depends on what the process has compiled and has on the heap.
 */
import { print } from '../print.ts'
import { runJob } from './jobs.ts'
import type { Job } from './jobs.ts'

const { gc } = globalThis

if (gc == null) {
  throw new Error('this needs --expose-gc')
}

const job: Job = JSON.parse(process.argv[2])
print(JSON.stringify(runJob(job, () => { gc() })))

/**
 * A process that measures one thing: what an engine costs depends on what else
 * has been compiled and is on the heap. Its argument is a `Job`, and what it
 * prints the result.
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

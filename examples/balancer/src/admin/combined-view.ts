import { InvalidOptionError } from '@kitsune/want-router'
import { NAME, version } from '../version.ts'
import { combineMetrics, workerMetrics } from './combined-metrics.ts'
import type { AdminView } from './server.ts'
import type { WorkerProcess, WorkerProcesses } from '../workers/worker-processes.ts'

interface CombinedViewInit {
  readonly workers: Pick<WorkerProcesses, 'listening' | 'deaths'>
  /** How many workers are configured. */
  readonly count: number
  /** Called when an operator drains or resumes a node, so that a worker that starts later can be told. */
  onDraining (node: string, draining: boolean): void
}

/** Combines the views of all workers for the admin server. A worker that does not answer is left out. */
export function combinedView ({ workers, count, onDraining }: CombinedViewInit): AdminView {
  const own = workerMetrics(workers)

  async function all <T> (ask: (worker: WorkerProcess) => Promise<T>): Promise<Array<{ readonly worker: WorkerProcess, readonly answer: T }>> {
    const answers = await Promise.allSettled(workers.listening.map(async worker => ({ worker, answer: await ask(worker) })))

    return answers.flatMap(answer => answer.status === 'fulfilled' ? [answer.value] : [])
  }

  return {
    async notReady () {
      const reasons = await all(async worker => worker.ask('notReady'))

      // the workers that are ready serve the clients
      return reasons.some(({ answer }) => answer == null)
        ? undefined
        : reasons.map(({ worker, answer }) => `worker ${worker.number}: ${answer}`).join('; ') || 'no worker answers'
    },

    async problem () {
      const reasons = (await all(async worker => [await worker.ask('notReady'), await worker.ask('problem')]))
        .flatMap(({ worker, answer }) => answer.filter(reason => reason != null).map(reason => `worker ${worker.number}: ${reason}`))
      const missing = count - workers.listening.length

      return [...missing > 0 ? [`${missing} of ${count} workers are starting`] : [], ...reasons].join('; ') || undefined
    },

    async full () {
      const answers = await all(async worker => worker.ask('full'))

      return answers.length > 0 && answers.every(({ answer }) => answer)
    },

    async status () {
      const answers = await all(async worker => worker.ask('status'))
      const { peerId, addresses } = answers[0]?.answer ?? {}

      return {
        name: NAME,
        version: version(),
        peerId,
        addresses,
        workers: answers.map(({ worker: { number, pid }, answer }) => ({ worker: number, pid, ...answer }))
      }
    },

    async metrics () {
      const answers = await all(async worker => worker.ask('metrics'))

      return combineMetrics([...answers.map(({ answer }) => answer), await own.getMetricsAsJSON()])
    },

    async setDraining (node, draining) {
      const answers = await Promise.allSettled(workers.listening.map(async worker => worker.ask('setDraining', node, draining)))
      const refused = answers.find(({ status }) => status === 'rejected')
      const [shown] = answers.flatMap(answer => answer.status === 'fulfilled' && answer.value != null ? [answer.value] : [])

      if (shown == null) {
        if (refused?.status === 'rejected') {
          throw new InvalidOptionError(refused.reason instanceof Error ? refused.reason.message : String(refused.reason))
        }

        return
      }

      onDraining(node, draining)

      return shown
    }
  }
}

import { combinedView } from '../admin/combined-view.ts'
import { startAdminServer } from '../admin/server.ts'
import { loadOrCreateKey } from '../identity/key-file.ts'
import { createWorkerProcesses } from './worker-processes.ts'
import type { Announcement } from './messages.ts'
import type { BalancerConfig } from '../config/config.ts'
import type { Log } from '../log/log.ts'

/** A balancer in this process, or several in workers. */
export interface Running {
  readonly announcement: Announcement
  /** Applies the nodes of another valid configuration. */
  reload (config: BalancerConfig): void
  drain (options?: { signal?: AbortSignal }): Promise<void>
  stop (): Promise<void>
}

/** How long a worker may take to end after its grace period, ms. */
const END_TIME = 5000

/**
 * Starts balancers in their own processes, which share the public identity and the
 * listening ports; each has its own identity toward the nodes. This process only
 * accepts connections for them and has the admin server. A worker that dies is replaced.
 *
 * @throws {KeyFileError} the key file is unusable
 * @throws {WorkerFailedError} a worker could not start, and has printed the reason
 * @throws {StartError} the admin server cannot listen
 */
export async function startPrimary (config: BalancerConfig, log: Log): Promise<Running> {
  // here, since several workers that find no key would each create one
  await loadOrCreateKey(config.key, log)
  /** Nodes that an operator has drained: a worker that starts later must be told. */
  const draining = new Set<string>()
  const workers = createWorkerProcesses({
    count: config.workers,
    log,
    onStarted (worker) {
      for (const node of draining) {
        worker.ask('setDraining', node, true).catch(() => {})
      }
    }
  })
  const view = combinedView({
    workers,
    count: config.workers,
    onDraining (node, drain) {
      if (drain) {
        draining.add(node)
      } else {
        draining.delete(node)
      }
    }
  })
  const admin = await startAdminServer({ ...config.admin, view })

  async function stop (): Promise<void> {
    const ended = workers.ended()
    const timer = setTimeout(() => { workers.kill() }, END_TIME)
    await ended
    clearTimeout(timer)
    await admin.stop()
  }

  try {
    const announcement = await workers.start()
    log.info(`${config.workers} workers have started; admin ${admin.url}`, { event: 'workers-started', workers: config.workers, admin: admin.url })

    return {
      announcement: { ...announcement, admin: admin.url },
      reload () { workers.tell({ type: 'hang-up' }) },
      async drain () {
        // each worker waits for its transfers as long as its configuration allows
        workers.tell({ type: 'signal', name: 'SIGTERM' })
        await workers.ended()
      },
      stop
    }
  } catch (err) {
    workers.kill()
    await stop()
    throw err
  }
}

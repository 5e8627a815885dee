import cluster from 'node:cluster'
import { StartError, WorkerFailedError } from '../errors.ts'
import { WORKER_VARIABLE } from './worker.ts'
import type { Announcement, FromWorker, Question, Questions, ToWorker } from './messages.ts'
import type { Log } from '../log/log.ts'
import type { Worker } from 'node:cluster'

/** A worker that dies within this time after its start counts as failed, ms. */
const HEALTHY_AFTER = 10_000
/** The longest pause before a worker that failed several times in a row is started again, ms. The pauses are 1 s, 2 s, 4 s and so on. */
const MAX_PAUSE = 30_000
/** How long a worker may take to answer, ms. */
const ANSWER_TIME = 2000

interface WorkerProcessesInit {
  readonly count: number
  readonly log: Log
  /** Called when a worker listens: one of the first ones, or one that replaces another. */
  onStarted? (worker: WorkerProcess): void
}

/** One worker, as the primary sees it. */
export interface WorkerProcess {
  readonly number: number
  readonly pid: number | undefined
  /** @throws {StartError} it does not answer */
  ask <Q extends Question> (question: Q, ...args: Questions[Q]['args']): Promise<Questions[Q]['answer']>
}

/** The workers of a balancer. One that dies is replaced. */
export interface WorkerProcesses {
  /** The workers that listen. */
  readonly listening: readonly WorkerProcess[]
  /** Workers that have died so far. */
  readonly deaths: number
  /**
   * Starts the workers, the first one alone: if it fails, the others would fail too.
   *
   * @throws {WorkerFailedError} one of them has failed, and has printed the reason
   */
  start (): Promise<Announcement>
  tell (message: Exclude<ToWorker, { type: 'ask' }>): void
  /** Starts no more workers, and resolves when all of them have ended. */
  ended (): Promise<void>
  /** Kills the workers that have not ended yet. */
  kill (): void
}

/** Creates the workers of a primary, without starting them. */
export function createWorkerProcesses (init: WorkerProcessesInit): WorkerProcesses {
  return new Workers(init)
}

class Workers implements WorkerProcesses {
  readonly #init: WorkerProcessesInit
  readonly #running = new Set<RunningWorker>()
  readonly #pauses = new Set<NodeJS.Timeout>()
  readonly #allEnded = Promise.withResolvers<void>()
  #started = false
  #ending = false
  deaths = 0

  constructor (init: WorkerProcessesInit) {
    this.#init = init
  }

  get listening (): WorkerProcess[] {
    return [...this.#running].filter(({ announcement }) => announcement != null).sort((a, b) => a.number - b.number)
  }

  async start (): Promise<Announcement> {
    const announcement = await this.#launch(1, 0).listening
    await Promise.all(Array.from({ length: this.#init.count - 1 }, async (_, i) => this.#launch(i + 2, 0).listening))
    this.#started = true

    return announcement
  }

  tell (message: ToWorker): void {
    for (const worker of this.#running) {
      worker.send(message)
    }
  }

  async ended (): Promise<void> {
    this.#ending = true
    this.#pauses.forEach(clearTimeout)
    this.#checkEnded()
    await this.#allEnded.promise
  }

  kill (): void {
    for (const { process } of this.#running) {
      process.kill('SIGKILL')
    }
  }

  /** `failures` is the number of its predecessors in a row that died soon after their start. */
  #launch (number: number, failures: number): RunningWorker {
    const worker = new RunningWorker(number, () => { this.#init.onStarted?.(worker) })
    const since = performance.now()
    this.#running.add(worker)
    worker.process.on('exit', (code, signal) => {
      this.#running.delete(worker)
      this.#checkEnded()

      if (!this.#ending && this.#started) {
        this.deaths++
        this.#replace(number, signal ?? `exit code ${code}`, performance.now() - since < HEALTHY_AFTER ? failures + 1 : 0)
      }
    })

    return worker
  }

  #replace (number: number, reason: string, failures: number): void {
    // start the first replacement at once, since another process may have killed the worker
    const ms = failures < 2 ? 0 : Math.min(1000 * 2 ** (failures - 2), MAX_PAUSE)
    this.#init.log.error(`worker ${number} has ended (${reason}); another one starts ${ms === 0 ? 'now' : `in ${ms / 1000} s`}`, { event: 'worker-ended', worker: number, reason })
    const pause = setTimeout(() => {
      this.#pauses.delete(pause)
      this.#launch(number, failures).listening.catch(() => {})
    }, ms)
    this.#pauses.add(pause)
  }

  #checkEnded (): void {
    if (this.#ending && this.#running.size === 0) {
      this.#allEnded.resolve()
    }
  }
}

class RunningWorker implements WorkerProcess {
  readonly number: number
  readonly process: Worker
  readonly #listening = Promise.withResolvers<Announcement>()
  readonly #asked = new Map<number, PromiseWithResolvers<unknown>>()
  #questions = 0
  announcement: Announcement | undefined

  constructor (number: number, onStarted: () => void) {
    this.number = number
    this.process = cluster.fork({ [WORKER_VARIABLE]: number })
    this.process.on('message', (message: FromWorker) => {
      if (message.type === 'started') {
        this.announcement = message.announcement
        this.#listening.resolve(message.announcement)
        onStarted()
      } else {
        const { id, value, error } = message
        const asked = this.#asked.get(id)

        if (error == null) {
          asked?.resolve(value)
        } else {
          asked?.reject(Object.assign(new Error(error.message), { name: error.name }))
        }
      }
    })
    this.process.on('exit', code => {
      this.#listening.reject(new WorkerFailedError(code ?? 1))

      for (const { reject } of this.#asked.values()) {
        reject(new StartError(`worker ${number} has ended`))
      }
    })
    this.process.on('error', () => { /* a message could not be sent, since the worker is ending */ })
  }

  get pid (): number | undefined {
    return this.process.process.pid
  }

  get listening (): Promise<Announcement> {
    return this.#listening.promise
  }

  send (message: ToWorker): void {
    if (this.process.isConnected()) {
      this.process.send(message)
    }
  }

  async ask <Q extends Question> (question: Q, ...args: Questions[Q]['args']): Promise<Questions[Q]['answer']> {
    const id = ++this.#questions
    const asked = Promise.withResolvers<unknown>()
    const timer = setTimeout(() => { asked.reject(new StartError(`worker ${this.number} does not answer`)) }, ANSWER_TIME)
    this.#asked.set(id, asked)
    this.send({ type: 'ask', id, question, args })

    try {
      return await asked.promise as Questions[Q]['answer']
    } finally {
      clearTimeout(timer)
      this.#asked.delete(id)
    }
  }
}

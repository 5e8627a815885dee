import cluster from 'node:cluster'
import type { Announcement, FromWorker, Question, ToWorker } from './messages.ts'
import type { AdminServer, AdminView } from '../admin/server.ts'

/** A worker's connection to the primary, which represents all workers to operators. */
export interface WorkerLink {
  /** Counted from 1; a worker that replaces another one has the same number. */
  readonly number: number
  started (announcement: Announcement): void
  /** Lets the primary's admin server show the view. */
  serveAdmin (view: AdminView): Promise<AdminServer>
  onSignal (listener: (name: string) => void): void
  onHangUp (listener: () => void): void
}

/** The environment variable with a worker's number, which the primary sets. */
export const WORKER_VARIABLE = 'BALANCER_WORKER'

/** Undefined in a process that is not a worker. */
export function createWorkerLink (): WorkerLink | undefined {
  if (!cluster.isWorker) {
    return
  }

  const number = Number(process.env[WORKER_VARIABLE])
  let view: AdminView | undefined
  let onSignal = (name: string): void => { process.exit(name === 'SIGINT' ? 130 : 143) }
  let onHangUp = (): void => {}

  // a terminal or a service manager signals every process; a worker ignores that and follows the primary
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {})
  }

  process.on('message', (message: ToWorker) => {
    if (message.type === 'signal') {
      onSignal(message.name)
    } else if (message.type === 'hang-up') {
      onHangUp()
    } else {
      const { id, question, args } = message
      answer(view, question, args).then(
        value => { send({ type: 'answer', id, value }) },
        (err: Error) => { send({ type: 'answer', id, error: { name: err.name, message: err.message } }) }
      )
    }
  })

  return {
    number,
    started: announcement => { send({ type: 'started', announcement }) },
    async serveAdmin (shown) {
      view = shown

      return { url: '', stop: async () => {} }
    },
    onSignal: listener => { onSignal = listener },
    onHangUp: listener => { onHangUp = listener }
  }
}

async function answer (view: AdminView | undefined, question: Question, args: readonly unknown[]): Promise<unknown> {
  if (view == null) {
    return question === 'notReady' ? 'starting' : undefined
  }

  switch (question) {
    case 'metrics': return (await view.metrics()).getMetricsAsJSON()
    case 'setDraining': return view.setDraining(String(args[0]), args[1] === true)
    default: return view[question]?.()
  }
}

function send (message: FromWorker): void {
  // if the primary has gone, this process ends too
  process.send?.(message, undefined, undefined, () => {})
}

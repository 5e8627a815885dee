/** The addresses of a balancer that listens, as it prints them with `--json` and sends them to the primary. */
export interface Announcement {
  readonly peerId: string
  readonly addresses: readonly string[]
  readonly http?: readonly string[]
  readonly admin?: string
  readonly preload?: string
}

/** The questions that the primary asks a worker, with their arguments and answers. */
export interface Questions {
  notReady: { args: [], answer: string | undefined }
  problem: { args: [], answer: string | undefined }
  full: { args: [], answer: boolean }
  status: { args: [], answer: Readonly<Record<string, unknown>> }
  /** In the form of prom-client's registry. */
  metrics: { args: [], answer: readonly object[] }
  setDraining: { args: [node: string, draining: boolean], answer: unknown }
}

/** The name of a question that the primary asks a worker. */
export type Question = keyof Questions

/** Messages to a worker. */
export type ToWorker =
  | { readonly type: 'ask', readonly id: number, readonly question: Question, readonly args: readonly unknown[] }
  | { readonly type: 'signal', readonly name: string }
  | { readonly type: 'hang-up' }

/** Messages of a worker. */
export type FromWorker =
  | { readonly type: 'started', readonly announcement: Announcement }
  | { readonly type: 'answer', readonly id: number, readonly value?: unknown, readonly error?: { readonly name: string, readonly message: string } }

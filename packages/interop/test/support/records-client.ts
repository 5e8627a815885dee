import type { KuboInit } from '../../src/kubo.ts'

/** A kubo for which loopback is the internet, and which finds providers by the records of one server alone. */
export interface RecordsClientInit {
  /** Origin of that server. */
  readonly records: string
  /** Whether it takes blocks over HTTP. Default: true. */
  readonly http?: boolean
  /** Peers that it does not ask, though records may name them: the nodes behind a balancer. */
  readonly ignored?: readonly string[]
}

/** How such a kubo is started. Its log shows each request over HTTP. */
export function recordsClient ({ records, http = true, ignored = [] }: RecordsClientInit): KuboInit {
  return {
    asksProvenPeersOnly: true,
    log: 'error,httpnet=debug,bitswap/client=debug',
    config: {
      Routing: { Type: 'delegated', DelegatedRouters: [records], IgnoreProviders: ignored },
      Provide: { Enabled: false },
      HTTPRetrieval: { Enabled: http, TLSInsecureSkipVerify: true }
    }
  }
}

import { table } from './table.ts'

/** The parts of a .cpuprofile, as V8 writes it, that are read here. */
export interface CpuProfile {
  nodes: ProfileNode[]
  /** Ids of nodes, one for each sample. */
  samples: number[]
  /** Microseconds since the previous sample. */
  timeDeltas: number[]
}

interface ProfileNode {
  id: number
  callFrame: { functionName: string, url: string, lineNumber: number }
}

/** How much of the busy time a package or function took. */
export interface Share {
  name: string
  /** Its share of the time in which the process was not idle, from 0 to 1. */
  share: number
}

interface ProfileSummary {
  /** Seconds in which the process was not idle. */
  busy: number
  /** Self time by package, most first. */
  packages: Share[]
  /** Self time by function, most first. */
  functions: Share[]
}

/** Where the time goes: self time by package and by function. */
export function summarize (profile: CpuProfile): ProfileSummary {
  const frames = new Map(profile.nodes.map(({ id, callFrame }) => [id, callFrame]))
  const packages = new Map<string, number>()
  const functions = new Map<string, number>()
  let busy = 0

  for (const [i, id] of profile.samples.entries()) {
    const frame = frames.get(id)

    if (frame == null || frame.functionName === '(idle)') {
      continue
    }

    // the delta of a sample is the time before it
    const time = profile.timeDeltas[i + 1] ?? 0
    const owner = packageOf(frame.url, frame.functionName)
    const name = `${frame.functionName === '' ? '(anonymous)' : frame.functionName} ${owner}${place(frame)}`

    busy += time
    packages.set(owner, (packages.get(owner) ?? 0) + time)
    functions.set(name, (functions.get(name) ?? 0) + time)
  }

  const shares = (times: Map<string, number>): Share[] => [...times]
    .map(([name, time]) => ({ name, share: time / busy }))
    .sort((a, b) => b.share - a.share)

  return { busy: busy / 1e6, packages: shares(packages), functions: shares(functions) }
}

// names of Node's bindings in a profile, which does not say where they are
const NATIVE: Array<[owner: string, functions: readonly string[]]> = [
  ['garbage collector', ['(garbage collector)']],
  ['kernel: socket writes', ['writeBuffer', 'writev', 'writeLatin1String', 'writeUtf8String']],
  ['OpenSSL', ['update', 'final', 'setAAD', 'setAuthTag', 'getAuthTag', 'CipherBase', 'Hash', 'digest', 'oneShotDigest', 'hash']]
]

/** The package that a script belongs to. Functions without a script are native: V8's own, or bindings of Node's. */
export function packageOf (url: string, functionName: string): string {
  if (url === '') {
    return NATIVE.find(([, functions]) => functions.includes(functionName))?.[0] ?? 'native, other'
  }

  if (url.startsWith('wasm:')) {
    // the only one in libp2p: noise's cipher for small frames
    return 'wasm'
  }

  if (url.startsWith('node:')) {
    return 'node'
  }

  const [, dependency] = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url) ?? []

  if (dependency != null) {
    return dependency
  }

  // a workspace: links to them are resolved before they are loaded
  const [, workspace] = /\/(?:packages|examples)\/([^/]+)\//.exec(url) ?? []

  return workspace == null ? url : `kitsune: ${workspace}`
}

function place ({ url, lineNumber }: ProfileNode['callFrame']): string {
  return url === '' ? '' : ` ${url.slice(url.lastIndexOf('/') + 1)}:${lineNumber + 1}`
}

/** As two tables: the packages above half a percent, and the first 40 functions. */
export function printSummary ({ busy, packages, functions }: ProfileSummary): string {
  const rows = (shares: Share[]): string[][] => shares.map(({ name, share }) => [`${(share * 100).toFixed(1)} %`, name])

  return [
    `busy for ${busy.toFixed(2)} s`,
    '',
    ...table(['self time', 'package'], rows(packages.filter(({ share }) => share >= 0.005))),
    '',
    ...table(['self time', 'function'], rows(functions.slice(0, 40)))
  ].join('\n')
}

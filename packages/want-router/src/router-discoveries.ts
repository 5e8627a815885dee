import type { Discovery } from './discovery/discovery.ts'
import type { RemoveOptions } from './driver/member-targets.ts'
import type { MemberChange } from './engine/io.ts'
import type { TargetInit } from './targets/target.ts'
import type { ComponentLogger, Logger } from '@libp2p/interface'

interface DiscoveriesInit {
  readonly discoveries: readonly Discovery[]
  /** What members are added to. */
  readonly members: {
    add (target: TargetInit): void
    remove (id: string, options: RemoveOptions): Promise<void>
    update (id: string, change: MemberChange): void
  }
  readonly logger: ComponentLogger
  readonly log: Logger
}

/** Has the members of a router follow what discoveries find. */
export interface Discoveries {
  start (): void
  stop (): Promise<void>
}

/** Makes the discoveries of a router. None runs before `start`. */
export function createDiscoveries ({ discoveries, members, logger, log }: DiscoveriesInit): Discoveries {
  const stopping = new AbortController()
  const { signal } = stopping
  let running: Promise<unknown> | undefined

  async function follow (discovery: Discovery): Promise<void> {
    const found = createFoundSet(discovery.name, members, log)

    try {
      for await (const targets of discovery.discover({ logger, signal })) {
        if (signal.aborted) {
          return
        }

        found.change(targets)
      }
    } catch (err) {
      if (!signal.aborted) {
        log.error('%s ended, and the members that it found stay - %e', discovery.name, err)
      }
    }
  }

  return {
    start () { running ??= Promise.all(discoveries.map(follow)) },

    async stop () {
      stopping.abort()
      await running
    }
  }
}

interface FoundSet { change (targets: readonly TargetInit[]): void }

/** The members that one discovery has added. */
function createFoundSet (name: string, members: DiscoveriesInit['members'], log: Logger): FoundSet {
  const added = new Map<string, TargetInit>()
  /** Those that are being drained: aborting one removes it at once. */
  const leaving = new Map<string, AbortController>()
  let wanted = new Map<string, TargetInit>()

  function add (target: TargetInit): void {
    try {
      members.add(target)
      added.set(target.id, target)
    } catch (err) {
      // the others are not to suffer for it
      log.error('%s found %s, which cannot be a member - %e', name, target.id, err)
    }
  }

  /** What the application has changed stays, until the discovery changes it. */
  function update (before: TargetInit, target: TargetInit): void {
    added.set(target.id, target)

    if (before.weight === target.weight && JSON.stringify(before.labels) === JSON.stringify(target.labels)) {
      return
    }

    try {
      members.update(target.id, { weight: target.weight ?? 1, labels: target.labels ?? {} })
    } catch (err) {
      log.error('%s found an invalid change for %s - %e', name, target.id, err)
    }
  }

  function remove (id: string): void {
    const drain = new AbortController()
    added.delete(id)
    leaving.set(id, drain)
    members.remove(id, { drain: true, signal: drain.signal })
      .catch(err => { log('%s: %s is no member any more - %e', name, id, err) }) // the application has removed it
      .finally(() => {
        leaving.delete(id)
        const again = wanted.get(id)

        if (again != null) {
          add(again)
        }
      })
  }

  return {
    change (targets) {
      wanted = new Map(targets.map(target => [target.id, target]))

      for (const id of added.keys()) {
        if (!wanted.has(id)) {
          remove(id)
        }
      }

      for (const [id, target] of wanted) {
        const drain = leaving.get(id)
        const before = added.get(id)

        if (drain != null) {
          drain.abort() // it is added when it is gone
        } else if (before == null) {
          add(target)
        } else {
          update(before, target)
        }
      }
    }
  }
}

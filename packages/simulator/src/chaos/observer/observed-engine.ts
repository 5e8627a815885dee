import type { BitswapProtocol, WantKey } from '@kitsune/bitswap-codec'
import type { Engine, EngineStatus, Input, MemberStatus, Output, VerdictAsk } from '@kitsune/want-router/engine'

/** An engine whose subclass watches its input and output; queries are passed on. */
export abstract class ObservedEngine implements Engine {
  protected abstract readonly engine: Engine

  abstract put (input: Input): void
  abstract flush (out: Output): void
  abstract take (client: string, maxBytes: number, protocol: BitswapProtocol): ReturnType<Engine['take']>

  expects (member: string, prefix: Uint8Array): boolean { return this.engine.expects(member, prefix) }
  isWanted (key: WantKey): boolean { return this.engine.isWanted(key) }
  awaits (client: string, ask: Pick<VerdictAsk, 'number' | 'cid'>): boolean { return this.engine.awaits(client, ask) }
  get dirty (): boolean { return this.engine.dirty }
  get deadline (): number | undefined { return this.engine.deadline }
  status (): EngineStatus { return this.engine.status() }
  get unsent (): number { return this.engine.unsent }
  get anyUp (): boolean { return this.engine.anyUp }
  member (id: string): MemberStatus | undefined { return this.engine.member(id) }
  idleFor (client: string): number | undefined { return this.engine.idleFor(client) }
  watchAttempts (listener: Parameters<Engine['watchAttempts']>[0]): void { this.engine.watchAttempts(listener) }
  checkInvariants (): void { this.engine.checkInvariants() }
}
